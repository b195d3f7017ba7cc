"""Rolls back what a dead writer left beside a shelf, in a private copy, and carries it over.

SQLite opens journals by name. Copies are made from descriptors that were examined, into a folder
that only this user can enter, so what SQLite meets there is what was examined.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import suppress

from imageshelf.shelf import names, side_files
from imageshelf.shelf.errors import IN_USE, WAIT_S, ShelfError
from imageshelf.shelf.side_files import JOURNAL, SUFFIXES, WAL, SideFiles, SideFileStamp
from imageshelf.system.words import shown

# SQLite's locks are on these bytes of the file (File Locking And Concurrency, section 3; os.h).
_LOCKS, _WRITERS, _ALL = 0x40000000, 2, 512  # pending and reserved come first, then shared
_BLOCK = 4096  # bytes compared and written at once
_PIECE = 2**20  # bytes copied at once
_PAUSE_S = 0.01
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Copy:
    """A shelf and its journal or log in a folder of their own; `path` is the copied shelf."""

    def __init__(self, path: str) -> None:
        import tempfile  # 4 ms, hardly ever needed

        self.folder = tempfile.mkdtemp(prefix="imageshelf-")  # mode 0700
        if os.name == "posix" and not side_files.only_ours(os.path.realpath(self.folder)):
            self.remove()
            shared = shown(os.path.dirname(self.folder))
            raise ShelfError(
                f"{shown(path)} was left half written by a program that died. To mend it, let "
                f"TMPDIR name a folder where only you can write, not {shared}"
            )
        self.path = names.absolute(os.path.join(self.folder, "db.shelve"))
        self.original = path
        self.stamps: dict[str, SideFileStamp] = {}  # of what was copied, by suffix

    def remove(self) -> None:
        """Delete the copy."""
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)


def in_use(beside: SideFiles) -> bool:
    """Tell whether a living program writes to the shelf, so that its journal is no leftover."""
    for mode in (os.O_RDWR, os.O_RDONLY):
        with suppress(OSError):
            file = os.open(beside.path, mode | _BINARY)
            try:
                return not _lock(file, whole=WAL in beside.files and mode == os.O_RDWR)
            finally:
                os.close(file)
    return False


def copied(beside: SideFiles) -> Copy | None:
    """Return a private copy of a shelf with its journal or log; None if it changed meanwhile."""
    copy = Copy(beside.path)
    try:
        shelf = os.open(beside.path, os.O_RDONLY | _BINARY)
        try:
            files = {"": shelf, **beside.files}
            copy.stamps = {
                suffix: side_files.stamp(os.fstat(file)) for suffix, file in files.items()
            }
            for suffix, file in files.items():
                _copy(file, names.native(copy.path) + suffix)
            whole = copy.stamps == {
                s: side_files.stamp(os.fstat(file)) for s, file in files.items()
            }
        finally:
            os.close(shelf)
        if whole and not in_use(beside):
            return copy
    except OSError as exc:
        copy.remove()
        raise ShelfError(
            f"{shown(beside.path)} was left half written by a program that died, and cannot be "
            f"copied to {shown(copy.folder)} to be mended: {exc.strerror}"
        ) from exc
    except BaseException:
        copy.remove()
        raise
    copy.remove()
    return None


def is_plausible(copy: Copy) -> bool:
    """Tell whether a copy, rolled back, is no larger than what it was made of."""
    known = sum(stamp.size_bytes for stamp in copy.stamps.values())
    return os.stat(names.native(copy.path)).st_size <= known + 2**16


def carry_over(copy: Copy) -> None:
    """Write what was rolled back over the shelf, on the disk before its journal goes.

    Cut off anywhere, the journal is still there and leads to the same content. Does nothing when
    the shelf has changed since it was copied. Raises ShelfError.
    """
    path = copy.original
    try:
        file = os.open(path, os.O_RDWR | _BINARY)
        try:
            _wait_for_lock(file, path)
            if copy.stamps != {"": side_files.stamp(os.fstat(file)), **_beside(path)}:
                return
            for at, block in _differences(file, names.native(copy.path)):
                write(file, path, at, block)
            truncate(file, path, os.stat(names.native(copy.path)).st_size)
            sync(file, path)
            for suffix in SUFFIXES:
                remove(path + suffix)
        finally:
            os.close(file)
    except OSError as exc:
        raise ShelfError(
            f"{shown(path)} was left half written by a program that died, and cannot be mended: "
            f"{exc.strerror}"
        ) from exc


def _beside(path: str) -> dict[str, SideFileStamp]:
    found = {}
    for suffix in (JOURNAL, WAL):
        with suppress(OSError):
            status = os.lstat(path + suffix)
            if status.st_size:
                found[suffix] = side_files.stamp(status)
    return found


def _copy(file: int, target: str) -> None:
    with open(target, "xb", buffering=0) as copy:
        at = 0
        while data := side_files.read(file, at, _PIECE):
            copy.write(data)
            at += len(data)


def _differences(file: int, path: str) -> Iterator[tuple[int, bytes]]:
    """Yield (place, bytes) of the blocks of a file that another open file does not have so."""
    with open(path, "rb") as wanted:
        at = 0
        while piece := wanted.read(_PIECE):
            there = side_files.read(file, at, len(piece))
            if piece != there:
                for start in range(0, len(piece), _BLOCK):
                    block = piece[start : start + _BLOCK]
                    if block != there[start : start + _BLOCK]:
                        yield at + start, block
            at += len(piece)


# -- locks as SQLite's ----------------------------------------------------------------------------


def _wait_for_lock(file: int, path: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not _lock(file, whole=True):
        if time.monotonic() > deadline:
            raise ShelfError(f"{shown(path)} {IN_USE}")
        time.sleep(_PAUSE_S)


def _lock(file: int, *, whole: bool) -> bool:
    """Lock a shelf as its only user, or only as its only writer; return whether that worked.

    The lock goes when the file is closed.
    """
    start, count = _LOCKS, _ALL if whole else _WRITERS
    try:
        import fcntl
    except ImportError:  # Windows
        return _lock_on_windows(file, start, count)
    try:  # a file that may not be written can be locked against writers only
        fcntl.lockf(file, (fcntl.LOCK_EX if whole else fcntl.LOCK_SH) | fcntl.LOCK_NB, count, start)
    except BlockingIOError:
        return False
    except OSError as exc:  # no locks on this file system: nobody else can have one either
        return exc.errno not in {errno.EACCES, errno.EAGAIN}
    return True


def _lock_on_windows(file: int, start: int, count: int) -> bool:
    import msvcrt

    os.lseek(file, start, os.SEEK_SET)
    try:
        msvcrt.locking(file, msvcrt.LK_NBLCK, count)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


# -- what changes the shelf; the simulation of power cuts records these ---------------------------


def write(file: int, path: str, at: int, data: bytes) -> None:  # noqa: ARG001
    """Write bytes to a place in an open file."""
    os.lseek(file, at, os.SEEK_SET)
    while data:
        data = data[os.write(file, data) :]


def truncate(file: int, path: str, size: int) -> None:  # noqa: ARG001
    """Truncate or extend an open file to this size."""
    os.ftruncate(file, size)


def sync(file: int, path: str) -> None:  # noqa: ARG001
    """Put an open file on the disk."""
    os.fsync(file)
    with suppress(ImportError, OSError):
        import fcntl

        if flush := getattr(fcntl, "F_FULLFSYNC", 0):  # macOS leaves it in the drive's cache
            fcntl.fcntl(file, flush)


def remove(path: str) -> None:
    """Remove a file, on the disk, if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    with suppress(OSError):  # Windows opens no folders
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
