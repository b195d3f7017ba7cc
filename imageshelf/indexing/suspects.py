"""Finds the file that keeps killing whole runs, and skips it.

A crashing decoder costs its worker, not the run. But a file can end the whole run: the system runs
out of memory, the machine resets, `--jobs 0` decodes without protection. After a run that died,
the next one is careful: it notes the names of a few files, reads them, and removes the names. The
files still noted after another death are read last, one by one. A file that was alone on the list
is the culprit.

This costs nothing after a run that ended in order or was stopped by a signal.
"""

import time
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from imageshelf.indexing.file_list import File
from imageshelf.shelf.catalogue import Catalogue
from imageshelf.system.process import cores

# A run that dies loses one batch (batches.BATCH_FILES) and the files under way (workers.AHEAD items
# of up to bundling.MOST files for each worker). The culprit is among that many of the files still
# to be read, unless there were more workers than twice the cores.
CAREFUL_FILES = 10_000 + 2 * cores() * 512
FILES_PER_ROUND = 128  # files on the list at once
PATIENCE_S = 10.0  # beyond the time limit; until then, another run may still be reading the file
REASON = "ended two runs that read it, or the runs ended by chance just then; --retry-skipped tries"


class Round(NamedTuple):
    """Files to read together, in order; a culprit is to be skipped with REASON instead."""

    files: Iterable[File]
    culprit: bool = False
    only: bool = False  # there are no suspects, so there is no other round


class SuspectList:
    """The suspects of one run, noted on the shelf.

    `careful` says that the previous run died.
    """

    def __init__(self, catalogue: Catalogue, time_limit_s: float, *, careful: bool) -> None:
        self._catalogue = catalogue
        self._careful = careful
        self._left = CAREFUL_FILES
        self._listed = catalogue.suspects()
        self._culprit = self._find_culprit(time.time_ns(), (time_limit_s + PATIENCE_S) * 1e9)

    def rounds(self, files: Iterable[File]) -> Iterator[Round]:
        """Yield all files in rounds; ask for the next round once the results of one are stored.

        A run asks twice, for the files to read and for those to digest. A suspect may be among
        either.
        """
        if not (self._listed or self._careful):
            yield Round(files, only=True)
            return
        suspects: list[File] = []
        others = _without(files, set(self._listed), suspects)
        noted: list[bytes] = []
        while some := list(islice(others, min(FILES_PER_ROUND, self._left))):
            self._left -= len(some)
            self._list([name for name, _, _ in some], instead_of=noted)
            noted = [name for name, _, _ in some]
            yield Round(some)
        self._list([], instead_of=noted)
        yield Round(others)
        for file in suspects:
            name = file[0]
            self._list([name], instead_of=self._listed.keys() - {name})  # alone on the list
            yield Round([file], culprit=name == self._culprit)
        if suspects:
            self.lift()

    def lift(self) -> None:
        """Clear the list, because this run ends in order."""
        self._list([], instead_of=self._listed)

    def _find_culprit(self, now_ns: int, patience_ns: float) -> bytes | None:
        """Return the name that was alone on the list for longer than reading takes, or None."""
        ((name, since_ns),) = self._listed.items() if len(self._listed) == 1 else [(None, 0)]
        return name if now_ns - since_ns > patience_ns else None

    def _list(self, names: Iterable[bytes], instead_of: Iterable[bytes]) -> None:
        """Note names and remove others, in one transaction of some 20 ms."""
        new = [name for name in names if name not in self._listed]  # the others keep their time
        gone = [name for name in instead_of if name in self._listed]
        if new or gone:
            self._catalogue.set_suspects(new, instead_of=gone)
            self._listed.update(dict.fromkeys(new, 0))
            for name in gone:
                del self._listed[name]


def _without(
    files: Iterable[File], suspects: Container[bytes], left_out: list[File]
) -> Iterator[File]:
    """Yield the files that are not suspects; collect the others in `left_out`."""
    for file in files:
        if file[0] in suspects:
            left_out.append(file)
        else:
            yield file
