"""Walk the files below a folder, in the bytewise order of their names on the shelf.

    for run in Walk("/photos", b"photos/"):
        for name, status in run:           # b"photos/2019/a.jpg", os.stat_result

Most folders hold nothing but plain files, so on POSIX a walk lists names alone at first. It then
asks for the status of each name relative to the open folder, which saves the system a search, and
the status tells what the entry is. If that is not a plain file, the folder is listed again with the
type of each entry.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice

from imageshelf.system import discarded, paths

AnyEntry = os.DirEntry[bytes] | os.DirEntry[str]
Identity = tuple[int, int]  # device, inode
Run = list[tuple[bytes, os.stat_result]]  # consecutive files: name, status

# Files that systems leave beside pictures; skipped silently, like names that begin with a dot.
SYSTEM_NAMES = frozenset(
    os.fsencode(name)
    for name in (
        "@eaDir", "System Volume Information", "lost+found", "__MACOSX", "Thumbs.db",
        "ehthumbs.db", "desktop.ini", "Icon\r",
    )
)  # fmt: skip
DOT, SLASH = b"./"
RUN_FILES = 128  # whose status is asked for together: few enough for the processor's cache
LISTING_ENTRIES = 1024  # of a listing, looked at together
# How many nested folders are kept open; the status of deeper files is asked for by their path.
OPEN_DEPTH = 16 if os.name == "posix" and os.stat in os.supports_dir_fd else 0
LEAF_LINKS = 2  # of a folder without subfolders
JUNCTION = 0xA0000003  # Windows' IO_REPARSE_TAG_MOUNT_POINT
KEEP_ENTRIES = os.name == "nt"  # where a listing includes the status, and asking opens the file


class Walk:
    """The files of one dataset, in the bytewise order of their names on the shelf."""

    def __init__(  # noqa: PLR0913 - all by name
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

        `exclude` holds patterns for `excluder`, which are matched against `below` plus the path
        below `root`. `ignore` holds names to skip, such as the shelf's own files; the name of a
        folder ends in a slash. Discarded folders are not entered, whatever `root` is.
        """
        self.root = root if os.name == "posix" else paths.extended(root, longer_than=0)
        self.prefix, self.below = prefix, below
        self.follow = follow_symlinks
        self.unlisted: list[tuple[bytes, str]] = []  # folder's name on the shelf, reason
        self.links = 0  # symbolic links that were not followed, dangle or loop
        self._excluded = excluder(exclude) if exclude else None
        self.passed_over: list[tuple[bytes, str]] = []  # discarded folder's name, its kind
        self._ignore: dict[bytes, list[bytes]] = {}  # folder's prefix: names in it
        for name in ignore:
            at = name.rstrip(b"/").rfind(b"/") + 1
            self._ignore.setdefault(name[:at], []).append(name[at:])

    def __iter__(self) -> Generator[Run]:
        """Yield runs of consecutive files, each with its name on the shelf and its status."""
        # On POSIX paths stay bytes all the way.
        root = os.fsencode(self.root) if os.name == "posix" else self.root
        stack = [self._entered(WalkFolder(root, self.prefix, (_identity(root),)), depth=0)]
        try:
            while stack:
                folder = stack[-1]
                if folder.at == len(folder.names):
                    stack.pop().close()
                elif folder.at == folder.next_below():
                    stack.append(self._entered(folder.below(follow=self.follow), len(stack)))
                elif run := self._run(folder):
                    yield run
        finally:
            for folder in stack:
                folder.close()

    def _run(self, folder: WalkFolder) -> Run:
        """Return the next files of a folder with their status, up to the next subfolder at most."""
        start, end = folder.at, min(folder.at + RUN_FILES, folder.next_below())
        names = folder.names[start:end]
        try:
            run = folder.statuses(names, follow=self.follow)
        except OSError:
            run = []
        if folder.simple and not (run and all(map(stat.S_ISREG, {s.st_mode for _, s in run}))):
            self._list_again(folder)
            return []
        folder.at = end
        return run or self._run_with_gaps(folder, names)

    def _run_with_gaps(self, folder: WalkFolder, names: Iterable[bytes]) -> Run:
        run: Run = []
        for name in names:
            try:
                run += folder.statuses([name], follow=self.follow)
            except OSError:  # it vanished after it was listed, or is a dangling link
                self.links += os.path.islink(folder.path_of(name))
        return run

    def _entered(self, folder: WalkFolder, depth: int) -> WalkFolder:
        """Return a folder with its wanted entries listed in order."""
        if folder.ancestors[-1] in folder.ancestors[:-1]:  # a link to a folder above
            self.links += 1
            return folder
        try:
            if depth < OPEN_DEPTH:
                folder.open()
                if not (self.follow or self._excluded or folder.has_folders()):
                    folder.simple = True
                    folder.names = os.listdir(os.fsencode(folder.path))
            if not folder.simple:
                self._list_with_types(folder)
        except OSError as exc:
            self._give_up(folder, exc)
        self._arrange(folder)
        if folder.marked and depth:
            self.passed_over.append((folder.prefix, discarded.SET_ASIDE))
            folder.leave()
        return folder

    def _arrange(self, folder: WalkFolder, start: bytes = b"") -> None:
        folder.arrange(self._ignore.get(folder.prefix, ()), start)

    def _list_with_types(self, folder: WalkFolder) -> None:
        """List a folder and ask for the type of each entry."""
        folder.simple = False
        folder.names = []
        with os.scandir(folder.path) as listing:
            entries: Iterator[AnyEntry] = iter(listing)
            while page := list(islice(entries, LISTING_ENTRIES)):
                self._add(folder, page)

    def _list_again(self, folder: WalkFolder) -> None:
        """List with types, from where the walk has come, a folder that was taken for a simple one.

        All entries so far were plain files, so anything else is still ahead.
        """
        start = folder.names[folder.at]
        try:
            self._list_with_types(folder)
        except OSError as exc:
            self._give_up(folder, exc)
        self._arrange(folder, start)

    def _give_up(self, folder: WalkFolder, exc: OSError) -> None:
        self.unlisted.append((folder.prefix, exc.strerror or str(exc)))
        folder.names.clear()

    def _add(self, folder: WalkFolder, entries: list[AnyEntry]) -> None:
        names = [os.fsencode(entry.name) for entry in entries]
        try:  # for most folders this one question is enough
            plain = all(entry.is_file(follow_symlinks=False) for entry in entries)
        except OSError:
            plain = False
        if not plain or self._excluded:
            names = [self._wanted(folder, *pair) for pair in zip(names, entries, strict=True)]
        if KEEP_ENTRIES:
            folder.entries.update(zip(names, entries, strict=True))
        folder.names += filter(None, names)

    def _wanted(self, folder: WalkFolder, name: bytes, entry: AnyEntry) -> bytes:
        """Return the name of an entry, with a slash if it is a folder; b"" for an unwanted one."""
        if name[0] == DOT or name in SYSTEM_NAMES:
            folder.marked |= name == discarded.MARKER
            self._is_passed_over(folder, name, entry)
            return b""
        inside = folder.prefix[len(self.prefix) :] + name
        if self._excluded and self._excluded(self.below + inside):
            return b""
        return self._of_type(folder, name, entry)

    def _of_type(self, folder: WalkFolder, name: bytes, entry: AnyEntry) -> bytes:
        try:
            if KEEP_ENTRIES and not self.follow and _is_junction(entry):
                self.links += 1
                return b""
            if entry.is_dir(follow_symlinks=self.follow):
                if self._is_passed_over(folder, name, entry):
                    return b""
                return name + b"/"  # a folder then sorts where the names below it do
            if not self.follow and entry.is_symlink():
                self.links += 1
                return b""
        except OSError:  # asking for its status will tell why
            pass
        return name

    def _is_passed_over(self, folder: WalkFolder, name: bytes, entry: AnyEntry) -> bool:
        kind = discarded.kind_of(name)
        try:
            if not kind or not entry.is_dir(follow_symlinks=self.follow):
                return False
        except OSError:
            return False
        self.passed_over.append((folder.prefix + name + b"/", kind))
        return True


class WalkFolder:
    """A folder during a walk: its wanted entries, and how far the walk has come."""

    def __init__(self, path: str | bytes, prefix: bytes, ancestors: tuple[Identity, ...]) -> None:
        self.path, self.prefix, self.ancestors = path, prefix, ancestors
        self.names: list[bytes] = []
        self.at = 0
        self.simple = False  # expected to hold plain files only
        self.marked = False  # as what a clean-up set aside
        self.entries: dict[bytes, AnyEntry] = {}
        self._folders: list[int] = []  # positions of subfolders in `names`, the next one last
        self._descriptor: int | None = None

    def open(self) -> None:
        """Open the folder, so that files can be found by name relative to it."""
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the folder if it is open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def has_folders(self) -> bool:
        """Tell whether the open folder has subfolders; most file systems know without a listing."""
        return self._descriptor is not None and os.fstat(self._descriptor).st_nlink > LEAF_LINKS

    def arrange(self, ignore: Iterable[bytes], start: bytes = b"") -> None:
        """Sort the names and drop hidden and ignored ones; the walk goes on at `start`."""
        names = self.names
        names.sort()
        hidden = bisect_left(names, b"."), bisect_left(names, b"/")
        self.marked |= discarded.MARKER in names[slice(*hidden)]
        del names[slice(*hidden)]
        for name in (*SYSTEM_NAMES, *ignore):
            at = bisect_left(names, name)
            if names[at : at + 1] == [name]:
                del names[at]
        self.at = bisect_left(names, start)
        if not self.simple:
            folders = [at for at, name in enumerate(names) if name[-1] == SLASH and at >= self.at]
            self._folders = folders[::-1]

    def leave(self) -> None:
        """Forget the rest of the folder."""
        self.names.clear()
        self._folders.clear()
        self.at = 0

    def next_below(self) -> int:
        """Return the position in `names` of the next subfolder, or the end if there is none."""
        return self._folders[-1] if self._folders else len(self.names)

    def below(self, *, follow: bool) -> WalkFolder:
        """Return the subfolder that the walk has come to, and move past it."""
        name = self.names[self._folders.pop()]
        self.at += 1
        path = self.path_of(name[:-1])
        ancestors = (*self.ancestors, _identity(path)) if follow else self.ancestors
        return WalkFolder(path, self.prefix + name, ancestors)

    def statuses(self, names: Iterable[bytes], *, follow: bool) -> Run:
        """Return files with their status; OSError if one of them has none."""
        prefix, ask, path_of, entries = self.prefix, os.stat, self.path_of, self.entries
        if (opened := self._descriptor) is not None:
            return [(prefix + n, ask(n, dir_fd=opened, follow_symlinks=follow)) for n in names]
        if entries:
            return [(prefix + n, entries[n].stat(follow_symlinks=follow)) for n in names]
        return [(prefix + n, ask(path_of(n), follow_symlinks=follow)) for n in names]

    def path_of(self, name: bytes) -> str | bytes:
        """Return the path of an entry."""
        if isinstance(self.path, bytes):
            return os.path.join(self.path, name)
        return os.path.join(self.path, os.fsdecode(name))


def _identity(path: str | bytes) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _is_junction(entry: AnyEntry) -> bool:
    """Tell whether a folder on Windows is a second name of another, not a mounted volume."""
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == JUNCTION and not os.path.ismount(entry.path)


def excluder(patterns: Sequence[str]) -> Callable[[bytes], str]:
    """Return a function that returns the first pattern to exclude a path below the dataset, or "".

    A pattern with a slash must match the whole path, one without the last part.
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
    """Tell whether a path below the dataset, or a folder on the way to it, is excluded."""
    parts = below.split(b"/")
    return any(excluded(b"/".join(parts[: end + 1])) for end in range(len(parts)))
