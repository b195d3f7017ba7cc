"""The files below the datasets, and what has happened to them since the shelf last saw them.

A dataset is walked in the bytewise order of its file names, the order in which the shelf gives
the names that it remembers. Both streams are merged, some files at a time: where nothing changed
that is one comparison of two lists, and neither side is ever held in memory as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.indexing.file_list import FileList
from imageshelf.system.process import gc_paused

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from imageshelf.system.walking import Identity, Run, Walk

    Row = tuple[bytes, int, int, int, int]  # the fields of Known

ABSOLUTE = re.compile(rb"/|[A-Za-z]:")


class Known(NamedTuple):
    """One file as the shelf remembers it; `state` is one of the constants below."""

    name: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    state: int


PICTURE, SKIPPED, RETRY, OTHER = range(4)  # Known.state


class Survey:
    """What a walk of the datasets found, held against what the shelf remembers.

    Every file met is counted once: `new + changed + retried` are to be read (`to_read`, or
    `twins` of one of them: further names of one inode), `same` are pictures already on the shelf,
    `still_skipped` and `others` are remembered as unreadable and as no pictures.
    """

    def __init__(self) -> None:
        self.to_read = FileList()
        self.twins: dict[bytes, list[bytes]] = {}
        self.new = self.changed = self.retried = self.same = 0
        self.still_skipped: list[bytes] = []
        self.others = self.links = 0
        self.vanished: list[Known] = []
        self.moved: list[tuple[bytes, bytes]] = []  # name before, name now
        self.renumbered: set[tuple[int, int]] = set()  # device before, device now
        self.unlisted: list[tuple[bytes, str]] = []  # folder, reason

    def merge(self, other: Survey) -> None:
        """Add what another dataset's walk found."""
        self.to_read.extend(other.to_read)
        for tally in ("new", "changed", "retried", "same", "others", "links"):
            setattr(self, tally, getattr(self, tally) + getattr(other, tally))
        self.twins.update(other.twins)
        self.still_skipped += other.still_skipped
        self.vanished += other.vanished
        self.renumbered |= other.renumbered
        self.unlisted += other.unlisted


@gc_paused()
def compare(walk: Walk, known: Iterator[list[Row]], survey: Survey) -> None:
    """Merge a walk with the remembered names below the same prefix into the survey."""
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
                _merge(run, rows, survey, links, follow=walk.follow)
    survey.vanished += (Known(*row) for row in remembered.rest())
    survey.links += walk.links
    survey.unlisted += walk.unlisted


class _Remembered:
    """The remembered files in order; absolute names do not lie below the shelf's folder."""

    def __init__(self, pages: Iterator[list[Row]], below: bytes) -> None:
        self._pages = pages
        self._all = bool(below)
        self._page: list[Row] = []
        self._at = 0

    def up_to(self, last: bytes) -> list[Row]:
        """Take the next files up to and with this name."""
        rows: list[Row] = []
        while True:
            end = bisect_right(self._page, last, self._at, key=_name)
            rows += self._page[self._at : end]
            self._at = end
            if end < len(self._page) or not self._turn():
                return rows

    def rest(self) -> Iterator[Row]:
        """Take all that is left."""
        yield from self._page[self._at :]
        while self._turn():
            yield from self._page

    def _turn(self) -> bool:
        page = next(self._pages, None)
        if page is not None and not self._all:
            page = [row for row in page if not ABSOLUTE.match(row[0])]
        self._page, self._at = page or [], 0
        return page is not None


def _merge(
    run: Run, rows: Iterable[Row], survey: Survey, links: dict[Identity, bytes], *, follow: bool
) -> None:
    """Merge some files with what is remembered of them and of names among theirs, one by one.

    `links` are the first names of inodes that may have several.
    """
    remembered = iter(rows)
    old = next(remembered, None)
    for name, status in run:
        while old is not None and old[0] < name:
            survey.vanished.append(Known(*old))
            old = next(remembered, None)
        if old is None or old[0] != name:
            survey.new += 1
        else:
            before, old = Known(*old), next(remembered, None)
            if not _to_be_read(before, status, survey):
                continue
        if status.st_nlink > 1 or follow:
            first = links.setdefault((status.st_dev, status.st_ino), name)
            if first != name and status.st_ino:
                survey.twins.setdefault(first, []).append(name)
                continue
        survey.to_read.append(name, status.st_size, status.st_mtime_ns)
    if old is not None:
        survey.vanished += [Known(*old), *(Known(*row) for row in remembered)]


def _to_be_read(before: Known, status: os.stat_result, survey: Survey) -> bool:
    """Count a file that is remembered; return whether it must be read again."""
    if (before.size_bytes, before.mtime_ns) != (status.st_size, status.st_mtime_ns):
        survey.changed += 1
        return True
    if before.device != status.st_dev:
        survey.renumbered.add((before.device, status.st_dev))
    if before.state == SKIPPED:
        survey.still_skipped.append(before.name)
    survey.same += before.state == PICTURE
    survey.others += before.state == OTHER
    survey.retried += before.state == RETRY
    return before.state == RETRY


def _name(row: Row) -> bytes:
    return row[0]
