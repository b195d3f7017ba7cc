"""The files below the datasets, and what has happened to them since the shelf last saw them.

A dataset is walked in the bytewise order of its file names, the order in which the shelf gives
the names that it remembers. Both streams are merged: an unchanged file costs one `stat` and one
comparison, and neither side is ever held in memory as a whole.
"""

from __future__ import annotations

import fnmatch
import gc
import os
import re
import stat
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from imageshelf import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    AnyEntry = os.DirEntry[bytes] | os.DirEntry[str]
    Identity = tuple[int, int]  # device, inode
    Level = tuple[Iterator[tuple[bytes, AnyEntry]], tuple[Identity, ...]]

# Files that systems leave beside pictures; passed over without a word, like every name that
# begins with a dot.
SYSTEM_NAMES = frozenset(
    os.fsencode(name)
    for name in (
        "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
        "__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r",
    )
)  # fmt: skip
ABSOLUTE = re.compile(rb"/|[A-Za-z]:")
DOT, SLASH = b"./"


class DatasetError(Exception):
    """A dataset that cannot be indexed; the message says why and what to do."""


class Known(NamedTuple):
    """One file as the shelf remembers it; `state` is one of the constants below."""

    name: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    state: int


PICTURE, SKIPPED, RETRY, OTHER = range(4)  # Known.state


class FileList:
    """Files still to be read, about 60 bytes each, so that a million of them fit anywhere."""

    def __init__(self) -> None:
        self._names = bytearray()
        self._numbers = array("q")

    def append(self, name: bytes, size_bytes: int, mtime_ns: int) -> None:
        """Add one file by its name on the shelf."""
        self._names += name + b"\0"
        self._numbers.append(size_bytes)
        self._numbers.append(mtime_ns)

    def __len__(self) -> int:
        return len(self._numbers) // 2

    def __iter__(self) -> Iterator[tuple[bytes, int, int]]:
        start = 0
        for at in range(0, len(self._numbers), 2):
            end = self._names.index(0, start)
            yield bytes(self._names[start:end]), self._numbers[at], self._numbers[at + 1]
            start = end + 1


@dataclass
class Survey:
    """What a walk of the datasets found, held against what the shelf remembers.

    Every file met is counted once: `new + changed + retried` are to be read (`to_read`, or
    `twins` of one of them: further names of one inode), `same` are pictures already on the shelf,
    `still_skipped` and `others` are remembered as unreadable and as no pictures.
    """

    to_read: FileList = field(default_factory=FileList)
    twins: dict[bytes, list[bytes]] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    retried: int = 0
    same: int = 0
    still_skipped: list[bytes] = field(default_factory=list)
    others: int = 0
    links: int = 0
    vanished: list[Known] = field(default_factory=list)
    moved: list[tuple[bytes, bytes]] = field(default_factory=list)  # name before, name now
    renumbered: set[tuple[int, int]] = field(default_factory=set)  # device before, device now
    unlisted: list[tuple[bytes, str]] = field(default_factory=list)  # folder, reason

    def merge(self, other: Survey) -> None:
        """Add what another dataset's walk found."""
        for name, size_bytes, mtime_ns in other.to_read:
            self.to_read.append(name, size_bytes, mtime_ns)
        for tally in ("new", "changed", "retried", "same", "others", "links"):
            setattr(self, tally, getattr(self, tally) + getattr(other, tally))
        self.twins.update(other.twins)
        self.still_skipped += other.still_skipped
        self.vanished += other.vanished
        self.renumbered |= other.renumbered
        self.unlisted += other.unlisted


class Walk:
    """One dataset's files in bytewise order of their names on the shelf."""

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        root: str,
        prefix: bytes,
        *,
        exclude: Sequence[str] = (),
        follow_symlinks: bool = False,
        ignore: Iterable[bytes] = (),
        below: bytes = b"",
    ) -> None:
        """Prepare to walk `root`; a name is `prefix` plus the path below `root`.

        `exclude` are patterns as for `excluder`, held against `below` plus the path below `root`;
        `ignore` are names to pass over (the shelf's own files; a folder's name ends in a slash).
        """
        self.root = root if os.name == "posix" else spelling.extended(root, longer_than=0)
        self.prefix, self.below = prefix, below
        self.follow = follow_symlinks
        self.unlisted: list[tuple[bytes, str]] = []  # name of the folder on the shelf, reason
        self.links = 0  # symbolic links not followed, dangling ones, and loops
        self._excluded = excluder(exclude) if exclude else None
        self._ignore = frozenset(ignore)

    def __iter__(self) -> Iterator[list[tuple[bytes, os.stat_result]]]:
        """Yield runs of files, consecutive in order: name on the shelf, status."""
        # Bytes in, bytes out: on POSIX a name is never decoded on its way to the shelf.
        root = os.fsencode(self.root) if os.name == "posix" else self.root
        stack: list[Level] = [(self._listing(root, self.prefix, ()), (_identity(root),))]
        follow = self.follow
        while stack:
            listing, ancestors = stack[-1]
            run: list[tuple[bytes, os.stat_result]] = []
            for name, entry in listing:
                if name[-1] == SLASH:
                    ancestors = (*ancestors, _identity(entry.path)) if follow else ancestors
                    stack.append((self._listing(entry.path, name, ancestors), ancestors))
                    break
                try:
                    run.append((name, entry.stat(follow_symlinks=follow)))
                except OSError:  # vanished since it was listed, or a dangling link
                    self.links += entry.is_symlink()
            else:
                stack.pop()
            if run:
                yield run

    def _listing(
        self, path: str | bytes, prefix: bytes, ancestors: tuple[Identity, ...]
    ) -> Iterator[tuple[bytes, AnyEntry]]:
        """Return the wanted entries of a folder in order; the name of a folder ends in a slash."""
        if ancestors and ancestors[-1] in ancestors[:-1]:  # a link back to a folder above
            self.links += 1
            return iter(())
        wanted: list[tuple[bytes, AnyEntry]] = []
        everything, ignore = self._excluded is None, self._ignore
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    name = entry.name if type(entry.name) is bytes else os.fsencode(entry.name)
                    if name[0] == DOT or name in SYSTEM_NAMES:
                        continue
                    name = prefix + name
                    try:  # most are plain files: no call and no question more
                        plain = everything and entry.is_file(follow_symlinks=False)
                    except OSError:
                        plain = False
                    if not plain:
                        self._add(wanted, name, entry)
                    elif name not in ignore:
                        wanted.append((name, entry))
        except OSError as exc:
            self.unlisted.append((prefix, exc.strerror or str(exc)))
            return iter(())
        wanted.sort(key=itemgetter(0))
        return iter(wanted)

    def _add(self, wanted: list[tuple[bytes, AnyEntry]], name: bytes, entry: AnyEntry) -> None:
        if self._excluded and self._excluded(self.below + name[len(self.prefix) :]):
            return
        try:
            if entry.is_dir(follow_symlinks=self.follow):
                name += b"/"  # so a folder sorts exactly where the names below it do
            elif not self.follow and entry.is_symlink():
                self.links += 1
                return
        except OSError:  # its status says why
            pass
        if name not in self._ignore:
            wanted.append((name, entry))


def _identity(path: str | bytes) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def excluder(patterns: Sequence[str]) -> Callable[[bytes], str]:
    """Return a test of a path below the dataset: the first pattern that excludes it, or "".

    A pattern with a slash is held against the whole path, one without against the last part.
    """
    compiled = [
        (pattern, "/" in pattern, re.compile(os.fsencode(fnmatch.translate(pattern.strip("/")))))
        for pattern in patterns
    ]

    def test(below: bytes) -> str:
        last = below.rpartition(b"/")[2]
        for pattern, whole, expression in compiled:
            if expression.match(below if whole else last):
                return pattern
        return ""

    return test


def any_part(excluded: Callable[[bytes], str], below: bytes) -> bool:
    """Return whether a path below the dataset, or a folder that it lies in, is excluded."""
    parts = below.split(b"/")
    return any(excluded(b"/".join(parts[: end + 1])) for end in range(len(parts)))


def check_dataset(root: str) -> None:
    """Raise DatasetError unless `root` is a folder that can be listed."""
    try:
        mode = os.stat(root).st_mode
        if not stat.S_ISDIR(mode):
            raise DatasetError(f"--dataset expects a folder, {root!r} is a file")
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise DatasetError(
            f"the dataset {root!r} does not exist; check the spelling, or mount its drive"
        ) from None
    except OSError as exc:
        raise DatasetError(f"the dataset {root!r} cannot be listed: {exc.strerror}") from exc


def outermost(roots: Iterable[str]) -> list[str]:
    """Return the absolute roots, without those that lie below another, in order.

    >>> outermost(["/photos/2024", "/photos", "/photos"])
    ['/photos']
    """
    chosen: list[str] = []
    for root in sorted({spelling.folder(root) for root in roots}, key=len):
        if not any(root == other or root.startswith(os.path.join(other, "")) for other in chosen):
            chosen.append(root)
    return sorted(chosen)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within: no search for cycles; a walk makes none, and looking costs a twentieth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_uncollected()
def compare(  # noqa: C901, PLR0912 - one merge: three streams of cases, told in one place
    walk: Walk, known: Iterator[list[tuple[bytes, int, int, int, int]]], survey: Survey
) -> None:
    """Merge a walk with the remembered names below the same prefix into the survey."""
    remembered = _flat(known, below=walk.prefix)
    old = next(remembered, None)
    tally = [0, 0, 0, 0]
    first_of: dict[tuple[int, int], bytes] = {}
    for run in walk:
        for name, status in run:
            while old is not None and old[0] < name:
                survey.vanished.append(Known(*old))
                old = next(remembered, None)
            if old is None or old[0] != name:
                survey.new += 1
            else:
                _, size_bytes, mtime_ns, device, state = old
                old = next(remembered, None)
                if size_bytes != status.st_size or mtime_ns != status.st_mtime_ns:
                    survey.changed += 1
                else:
                    tally[state] += 1
                    if device != status.st_dev:
                        survey.renumbered.add((device, status.st_dev))
                    if state != RETRY:
                        if state == SKIPPED:
                            survey.still_skipped.append(name)
                        continue
            if status.st_nlink > 1 or walk.follow:
                first = first_of.setdefault((status.st_dev, status.st_ino), name)
                if first != name and status.st_ino:
                    survey.twins.setdefault(first, []).append(name)
                    continue
            survey.to_read.append(name, status.st_size, status.st_mtime_ns)
    if old is not None:
        survey.vanished.append(Known(*old))
        survey.vanished += (Known(*rest) for rest in remembered)
    survey.same += tally[PICTURE]
    survey.retried += tally[RETRY]
    survey.others += tally[OTHER]
    survey.links += walk.links
    survey.unlisted += walk.unlisted


def _flat(
    known: Iterator[list[tuple[bytes, int, int, int, int]]], below: bytes
) -> Iterator[tuple[bytes, int, int, int, int]]:
    """Yield the remembered files one by one; absolute names do not lie below the shelf's folder."""
    everything = chain.from_iterable(known)
    return everything if below else (one for one in everything if not ABSOLUTE.match(one[0]))
