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

from imageshelf.system.process import cores

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from imageshelf.shelf.catalogue import Catalogue

    File = tuple[bytes, int, int]  # name on the shelf, size, time: as FileList has them

# A run that dies loses one batch (pipeline.BATCH_FILES) and what is under way (workers.AHEAD, each
# item up to bundling.MOST files, for each worker): the file it died of is among so many of the
# files that are still to be read, if there were not more workers than twice the cores.
CAREFUL_FILES = 10_000 + 2 * cores() * 512
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

    def __init__(self, catalogue: Catalogue, time_limit_s: float, *, careful: bool) -> None:
        self._catalogue = catalogue
        self._careful = careful
        self._left = CAREFUL_FILES
        self._listed = catalogue.suspects()
        self._culprit = self._found_out(time.time_ns(), (time_limit_s + PATIENCE_S) * 1e9)

    def turns(self, files: Iterable[File]) -> Iterator[Turn]:
        """Yield all files in turns; the next turn is asked for when what came of one is kept.

        `careful` says that the run before did not end in order. A run may ask several times, for
        files to be read and then for files to be digested: whoever is on the list and among none
        of the former is among the latter.
        """
        if not (self._listed or self._careful):
            yield Turn(files, only=True)
            return
        suspects: list[File] = []
        others = _without(files, set(self._listed), suspects)
        noted: list[bytes] = []
        while some := list(islice(others, min(TOGETHER, self._left))):
            self._left -= len(some)
            self._list([name for name, _, _ in some], instead_of=noted)
            noted = [name for name, _, _ in some]
            yield Turn(some)
        self._list([], instead_of=noted)
        yield Turn(others)
        for one in suspects:
            self._list([one[0]], instead_of=self._listed.keys() - {one[0]})  # alone on the list
            yield Turn([one], culprit=one[0] == self._culprit)
        if suspects:
            self.lift()

    def lift(self) -> None:
        """Cross every name off, because this run ends in order."""
        self._list([], instead_of=self._listed)

    def _found_out(self, now_ns: int, patience_ns: float) -> bytes | None:
        """Return the name that was alone on the list, and for longer than reading it takes."""
        ((name, since_ns),) = self._listed.items() if len(self._listed) == 1 else [(None, 0)]
        return name if now_ns - since_ns > patience_ns else None

    def _list(self, names: Iterable[bytes], instead_of: Iterable[bytes]) -> None:
        """Write names down and cross others off, in one transaction of some 20 ms."""
        new = [name for name in names if name not in self._listed]  # else it stays since then
        gone = [name for name in instead_of if name in self._listed]
        if new or gone:
            self._catalogue.set_suspects(new, instead_of=gone)
            self._listed.update(dict.fromkeys(new, 0))
            for name in gone:
                del self._listed[name]


def _without(
    files: Iterable[File], suspects: Container[bytes], found: list[File]
) -> Iterator[File]:
    """Yield the files that are no suspects; collect the others."""
    for file in files:
        if file[0] in suspects:
            found.append(file)
        else:
            yield file
