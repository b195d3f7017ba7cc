"""Compares the files below the datasets with what the shelf remembers of them.

A dataset is walked in the bytewise order of its file names, the order in which the shelf lists
them. Both streams are merged, some files at a time: where nothing changed, that is one comparison
of two lists. Neither side is ever held in memory as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from imageshelf.indexing.file_list import FileList
from imageshelf.system.process import gc_paused

if TYPE_CHECKING:
    from imageshelf.pictures.header_facts import HeaderFacts
    from imageshelf.system.walking import Identity, Run, Walk


Row = tuple[bytes, int, int, int, int]  # the fields of Known
S = TypeVar("S")  # a status, of a file or at a URL

ABSOLUTE = re.compile(rb"/|[A-Za-z]:")


class Known(NamedTuple):
    """A file as the shelf remembers it; `state` is one of the constants below."""

    name: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    state: int


PICTURE, SKIPPED, RETRY, OTHER, OUTDATED, UNSURE = range(6)  # Known.state
PICTURES = {PICTURE, OUTDATED, UNSURE}


class Survey:
    """The outcome of comparing the datasets with the shelf.

    Every file is counted once: `new + changed + retried` are to be read (`to_read`, or `twins`,
    further names of the same inode), `same` are pictures already on the shelf, `still_skipped`
    and `others` are remembered as unreadable and as not pictures.
    """

    def __init__(self) -> None:
        self.to_read = FileList()
        self.twins: dict[bytes, list[bytes]] = {}
        self.new = self.changed = self.retried = self.same = 0
        self.still_skipped: list[bytes] = []
        self.others = self.links = 0
        self.vanished: list[Known] = []
        self.moved: list[tuple[bytes, bytes]] = []  # old name, new name
        self.renumbered: set[tuple[int, int]] = set()  # old device, new device
        self.unlisted: list[tuple[bytes, str]] = []  # folder, reason
        self.passed_over: list[tuple[bytes, str]] = []  # discarded folder, its kind
        self.by_header: list[tuple[bytes, HeaderFacts]] = []  # what headers add to same pictures


@gc_paused()
def compare(
    walk: Walk,
    known: Iterator[list[Row]],
    survey: Survey,
    judged: Callable[[list[Row]], list[Row]] = lambda rows: rows,
) -> None:
    """Compare a walk with the remembered names below the same prefix; add to the survey.

    `judged` decides about rows in the state UNSURE: it returns them as PICTURE or OUTDATED.
    """
    remembered = _Remembered(known, below=walk.prefix)
    links: dict[Identity, bytes] = {}
    with closing(iter(walk)) as runs:
        for run in runs:
            rows = remembered.up_to(run[-1][0])
            if len(rows) == len(run) and rows == [
                (name, status.st_size, status.st_mtime_ns, status.st_dev, PICTURE)
                for name, status in run
            ]:
                survey.same += len(run)
            else:
                _merge(run, judged(rows), survey, links, follow=walk.follow)
    survey.vanished += (Known(*row) for row in remembered.rest())
    survey.links += walk.links
    survey.unlisted += walk.unlisted
    survey.passed_over += walk.passed_over


class _Remembered:
    """The remembered files in order, read page by page.

    Below the shelf's own folder, absolute names are left out.
    """

    def __init__(self, pages: Iterator[list[Row]], below: bytes) -> None:
        self._pages = pages
        self._all = bool(below)
        self._page: list[Row] = []
        self._at = 0

    def up_to(self, last: bytes) -> list[Row]:
        """Return the next files up to and including this name."""
        rows: list[Row] = []
        while True:
            end = bisect_right(self._page, last, self._at, key=itemgetter(0))
            rows += self._page[self._at : end]
            self._at = end
            if end < len(self._page) or not self._next_page():
                return rows

    def rest(self) -> Iterator[Row]:
        """Yield all remaining files."""
        yield from self._page[self._at :]
        while self._next_page():
            yield from self._page

    def _next_page(self) -> bool:
        page = next(self._pages, None)
        if page is not None and not self._all:
            page = [row for row in page if not ABSOLUTE.match(row[0])]
        self._page, self._at = page or [], 0
        return page is not None


def _merge(
    run: Run, rows: Iterable[Row], survey: Survey, links: dict[Identity, bytes], *, follow: bool
) -> None:
    """Compare some files with the remembered ones, name by name.

    `links` holds the first name of each inode that may have several.
    """
    for name, status, before in matched(run, rows, survey):
        if before is None:
            survey.new += 1
        else:
            unchanged = before[1:3] == (status.st_size, status.st_mtime_ns)
            if unchanged and before.state != OUTDATED and before.device != status.st_dev:
                survey.renumbered.add((before.device, status.st_dev))
            if not to_be_read(before, survey, unchanged=unchanged):
                continue
        if status.st_nlink > 1 or follow:
            first = links.setdefault((status.st_dev, status.st_ino), name)
            if first != name and status.st_ino:
                survey.twins.setdefault(first, []).append(name)
                continue
        survey.to_read.append(name, status.st_size, status.st_mtime_ns)


def matched(
    files: Iterable[tuple[bytes, S]], rows: Iterable[Row], survey: Survey
) -> Iterator[tuple[bytes, S, Known | None]]:
    """Yield each file with what is remembered of it; what is remembered alone has vanished.

    Both are in the order of their names.
    """
    remembered = iter(rows)
    old = next(remembered, None)
    for name, status in files:
        while old is not None and old[0] < name:
            survey.vanished.append(Known(*old))
            old = next(remembered, None)
        if old is None or old[0] != name:
            yield name, status, None
        else:
            yield name, status, Known(*old)
            old = next(remembered, None)
    if old is not None:
        survey.vanished += [Known(*old), *(Known(*row) for row in remembered)]


def to_be_read(before: Known, survey: Survey, *, unchanged: bool) -> bool:
    """Count a remembered file; return whether it must be read again."""
    if not unchanged or before.state in {OUTDATED, UNSURE}:
        survey.changed += 1
        return True
    if before.state == SKIPPED:
        survey.still_skipped.append(before.name)
    survey.same += before.state == PICTURE
    survey.others += before.state == OTHER
    survey.retried += before.state == RETRY
    return before.state == RETRY
