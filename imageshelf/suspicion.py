"""Files that may have taken a whole run down with them: found out, and then left alone.

A decoder that crashes costs its worker, not the run. But a run can end together with a file: the
system kills it for want of memory, the machine resets, `--jobs 0` decodes without protection. So
after a run that did not end in order, the next one is careful: it writes the names of a few files
down, reads them, and crosses them off. What is left on that list after another such end is read
last, each alone. A file that was alone on the list is the culprit.

This costs nothing after a run that came to its end, or was stopped by a signal that it heard.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imageshelf.shelf.catalogue import Catalogue

    File = tuple[bytes, int, int]  # name on the shelf, size, time: as scanning.FileList has them

# A run that dies loses one batch (pipeline.BATCH_FILES) and what its workers have in hand: the file
# it died of is among so many of the files that are still to be read.
CAREFUL_FILES = 12_000
TOGETHER = 128  # files on the list at a time
PATIENCE_S = 10.0  # beyond the time limit; a shorter while ago, another run may be reading the file
REASON = "ended two runs that read it, or the runs ended by chance just then; --retry-skipped tries"


class Turn(NamedTuple):
    """Files to be read together, in order; a culprit is to be skipped with REASON instead."""

    files: Iterable[File]
    culprit: bool = False
    only: bool = False  # nobody is under suspicion: there is no other turn


class Suspicion:
    """The list of suspects of one run; it is kept on the shelf."""

    def __init__(self, catalogue: Catalogue, time_limit_s: float) -> None:
        self._catalogue = catalogue
        self._patience_ns = int((time_limit_s + PATIENCE_S) * 1e9)
        self._noted: set[bytes] = set()

    def turns(self, files: Iterable[File], *, careful: bool) -> Iterator[Turn]:
        """Yield all files in turns; the next turn is asked for when one is on the shelf.

        `careful` after a run that did not end in order.
        """
        before = self._catalogue.suspects()
        if not (before or careful):
            yield Turn(files, only=True)
            return
        self._noted = set(before)
        culprit = self._culprit(before)
        suspects: list[File] = []
        others = _without(files, before, suspects)
        first = islice(others, CAREFUL_FILES)
        while some := list(islice(first, TOGETHER)):
            self._note(some)
            yield Turn(some)
            self._cross_off(name for name, _, _ in some)
        yield Turn(others)
        for one in suspects:
            self._note([one])
            self._cross_off(self._noted - {one[0]})  # alone on the list
            yield Turn([one], culprit=one[0] == culprit)
        self.lift()

    def lift(self) -> None:
        """Cross every name off, because this run ends in order."""
        self._cross_off(set(self._noted))

    def _culprit(self, before: dict[bytes, int]) -> bytes | None:
        """Return the name that was alone on the list, and for longer than reading it takes."""
        ((name, since_ns),) = before.items() if len(before) == 1 else [(None, 0)]
        return name if time.time_ns() - since_ns > self._patience_ns else None

    def _note(self, files: Iterable[File]) -> None:
        new = [name for name, _, _ in files if name not in self._noted]
        if new:  # who is on the list already stays there since then
            self._catalogue.set_suspects(new)
            self._noted.update(new)

    def _cross_off(self, names: Iterable[bytes]) -> None:
        gone = list(names)
        if gone:
            self._catalogue.clear_suspects(gone)
            self._noted.difference_update(gone)


def _without(
    files: Iterable[File], suspects: dict[bytes, int], found: list[File]
) -> Iterator[File]:
    """Yield the files that are no suspects; collect the others."""
    for file in files:
        if file[0] in suspects:
            found.append(file)
        else:
            yield file
