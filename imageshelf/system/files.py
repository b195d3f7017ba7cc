"""Regular files, opened so that no FIFO, device or terminal can hold us up; and why not."""

from __future__ import annotations

import errno
import io
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.system.paths import Url

if TYPE_CHECKING:
    from typing import BinaryIO

OPEN_FLAGS = os.O_RDONLY | sum(  # never wait for a FIFO's writer, never adopt a terminal
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)
MEMORY_LIMIT_MB = 2048  # that a worker process may take, unless told otherwise
MEMORY_NOTE = "memory_limit_mb"  # on a shelf: the largest that it was filled with, if larger

SINGLE_READ_BYTES = 1 << 20  # files up to this size are read by one call: half the time of a stream

AT_AN_URL = "lies at an URL, which only index.py reads"


class UnreadableImage(Exception):  # noqa: N818  it is what the word says
    """A file that gives no picture.

    `reason` continues the sentence "this file ..."; `lasting` is False when the same file may be
    readable next time; `other` names the kind of a file that nobody would call a picture.
    """

    def __init__(self, reason: str, *, lasting: bool = True, other: str = "") -> None:
        super().__init__(reason)
        self.reason, self.lasting, self.other = reason, lasting, other


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading; raises UnreadableImage or OSError."""
    return os.fdopen(open_descriptor(path)[0], "rb")


def open_descriptor(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file for reading, give its status, too; raises UnreadableImage or OSError."""
    if isinstance(path, Url):
        raise UnreadableImage(AT_AN_URL, lasting=False)
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except ValueError as exc:  # a NUL in the name
        raise UnreadableImage(f"cannot be opened: {exc}") from exc
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnreadableImage("is not a regular file", lasting=False)
    return descriptor, status


def content(descriptor: int, size_bytes: int) -> BinaryIO:
    """Give a freshly opened file as a stream, in memory if it is small; leaves it open.

    A file that is no longer of that size, and one that does not come whole, are left to be read
    bit by bit. Raises OSError.
    """
    if size_bytes <= SINGLE_READ_BYTES:
        data = os.read(descriptor, size_bytes + 1)
        if len(data) == size_bytes:
            return io.BytesIO(data)
        os.lseek(descriptor, 0, os.SEEK_SET)
    return os.fdopen(descriptor, "rb", closefd=False)


def hole_bytes(stream: BinaryIO) -> int:
    """Return how many zeros come next in a sparse file that need not be read; 0 if unknown.

    8 GB of them take 2 seconds to read and 10 to digest, and no room on the disk.
    """
    here = stream.tell()
    try:
        descriptor = stream.fileno()
        before = os.lseek(descriptor, 0, os.SEEK_CUR)  # the stream's buffer relies on it
        try:
            there = os.lseek(descriptor, here, os.SEEK_DATA)
        except OSError as exc:
            if exc.errno != errno.ENXIO:
                return 0
            there = os.fstat(descriptor).st_size  # nothing but a hole to the end
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
    except (OSError, AttributeError):  # no file of the system's, or a system without holes
        return 0
    return max(0, there - here)


_SENTENCES = {
    errno.ENOENT: "vanished before it could be read",
    errno.EACCES: "may not be read: permission denied",
    errno.EPERM: "may not be read: permission denied",
    errno.ELOOP: "is a link that leads in a circle",
    errno.ENAMETOOLONG: "has a path that is too long for this system",
    errno.ENXIO: "is not a regular file",
    errno.ENODEV: "is not a regular file",
    errno.EISDIR: "is not a regular file",
}


def unreadable(exc: OSError | MemoryError) -> UnreadableImage:
    """Return the error in our words; what the system refuses now may work next time."""
    if isinstance(exc, MemoryError):
        return UnreadableImage("needs more memory than there is", lasting=False)
    known = _SENTENCES.get(exc.errno or 0)
    return UnreadableImage(known or f"cannot be read: {exc.strerror or exc}", lasting=False)


_NOFOLLOW = OPEN_FLAGS | getattr(os, "O_NOFOLLOW", 0)


class FileChangedError(Exception):
    """A file is not, or no longer, what it was; the message continues "this file ..."."""


class Stamp(NamedTuple):
    """One state of one file. `inode` is 0 on file systems that have none."""

    inode: int
    size_bytes: int
    mtime_ns: int


def stamp(status: os.stat_result) -> Stamp:
    """Return the stamp in what `os.stat` says."""
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def open_same(path: str, known: Stamp) -> int:
    """Return a descriptor of the regular file at a path, in the state that is known.

    Never follows a link at the end of the path, never waits for a FIFO. Raises FileChangedError.
    """
    try:
        descriptor = os.open(path, _NOFOLLOW)
    except OSError as exc:
        raise FileChangedError(_why_not_open(exc)) from exc
    except ValueError as exc:  # a NUL in the name
        raise FileChangedError(f"cannot be opened: {exc}") from exc
    try:
        require_same(descriptor, path, known)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def require_same(descriptor: int, path: str, known: Stamp) -> None:
    """Raise FileChangedError unless an open file is regular, as known, and still at its path."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise FileChangedError("is not a regular file")
    require_state(stamp(status), known)
    try:
        there = os.lstat(path)
    except OSError as exc:
        raise FileChangedError(_why_not_open(exc)) from exc
    if not os.path.samestat(there, status):
        raise FileChangedError("was replaced by another file")


def require_state(now: Stamp, known: Stamp) -> None:
    """Raise FileChangedError unless two states are of one unchanged file."""
    if known.inode and now.inode != known.inode:
        raise FileChangedError("was replaced by another file since it was indexed")
    if now[1:] != known[1:]:
        raise FileChangedError("has changed since it was indexed")


def _why_not_open(exc: OSError) -> str:
    if exc.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "is not there any more"
    if exc.errno == errno.ELOOP:
        return "is a symbolic link now"
    return f"cannot be opened: {exc.strerror or exc}"


def lstat(path: str) -> os.stat_result | None:
    """Return what is at a path, links not followed; None for nothing."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
