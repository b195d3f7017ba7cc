"""Open regular files without ever waiting for a FIFO, a device or a terminal.

If a file cannot be opened, the error says why.
"""

import errno
import io
import os
import stat
from typing import BinaryIO, NamedTuple

from imageshelf.system.paths import Url
from imageshelf.system.sentences import SentenceError

OPEN_FLAGS = os.O_RDONLY | sum(  # never wait for a FIFO's writer, never adopt a terminal
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)
MEMORY_LIMIT_MB = 2048  # of a worker process, by default
MEMORY_NOTE = "memory_limit_mb"  # a shelf notes the limit it was filled with, if that was larger

SINGLE_READ_BYTES = 1 << 20  # one call reads a file up to this size in half the time of a stream

AT_A_URL = "is at a URL, which only an index run reads"


class UnreadableImage(SentenceError):  # noqa: N818 - a name that scripts catch
    """A file that does not yield a picture.

    `reason` completes the sentence "this file ..."; `lasting` is False if the same file may be
    readable next time; `other` names the kind of a file that is not meant to be a picture.
    """

    def __init__(self, reason: str, *, lasting: bool = True, other: str = "") -> None:
        super().__init__(reason)
        self.reason, self.lasting, self.other = reason, lasting, other


def open_regular(path: str) -> BinaryIO:
    """Return a regular file opened for reading; raises UnreadableImage or OSError."""
    return os.fdopen(open_descriptor(path)[0], "rb")


def open_descriptor(path: str) -> tuple[int, os.stat_result]:
    """Return the descriptor and status of a regular file opened for reading.

    Raises UnreadableImage or OSError.
    """
    if isinstance(path, Url):
        raise UnreadableImage(AT_A_URL, lasting=False)
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
    """Return a freshly opened file as a stream, held in memory if it is small.

    A file that no longer has that size, or that one call does not return whole, is streamed
    instead. The descriptor stays open. Raises OSError.
    """
    if size_bytes <= SINGLE_READ_BYTES:
        data = os.read(descriptor, size_bytes + 1)
        if len(data) == size_bytes:
            return io.BytesIO(data)
        os.lseek(descriptor, 0, os.SEEK_SET)
    return os.fdopen(descriptor, "rb", closefd=False)


def hole_bytes(stream: BinaryIO) -> int:
    """Return how many of the next bytes are a hole in a sparse file; 0 if unknown.

    They are zeros and need not be read: 8 GB of them take no room on the disk, but 2 seconds to
    read and 10 to digest.
    """
    start = stream.tell()
    try:
        descriptor = stream.fileno()
        before = os.lseek(descriptor, 0, os.SEEK_CUR)  # the stream's buffer depends on it
        try:
            end = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as exc:
            if exc.errno != errno.ENXIO:
                return 0
            end = os.fstat(descriptor).st_size  # the hole reaches the end of the file
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
    except (OSError, AttributeError):  # not a real file, or a system without SEEK_DATA
        return 0
    return max(0, end - start)


_REASONS = {
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
    """Return the error as a reason of ours; none of them is lasting."""
    if isinstance(exc, MemoryError):
        return UnreadableImage("needs more memory than there is", lasting=False)
    reason = _REASONS.get(exc.errno or 0)
    return UnreadableImage(reason or f"cannot be read: {exc.strerror or exc}", lasting=False)


_NOFOLLOW = OPEN_FLAGS | getattr(os, "O_NOFOLLOW", 0)


class FileChangedError(Exception):
    """A file is not what it was when it was indexed; the message completes "this file ..."."""


INODES = 1 << 64  # that a shelf can tell apart


class Stamp(NamedTuple):
    """One state of one file; `inode` is 0 on file systems without inodes."""

    inode: int
    size_bytes: int
    mtime_ns: int


def stamp(status: os.stat_result) -> Stamp:
    """Return the stamp of a status from `os.stat`; wider inodes (ReFS) are cut to 64 bits."""
    return Stamp(status.st_ino % INODES, status.st_size, status.st_mtime_ns)


def open_same(path: str, known: Stamp) -> int:
    """Return a descriptor of the regular file at a path, which must be in a known state.

    Never follows a link at the end of the path and never waits for a FIFO. Raises FileChangedError.
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
    """Raise FileChangedError unless an open file is regular, unchanged and still at its path."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise FileChangedError("is not a regular file")
    require_state(stamp(status), known)
    try:
        at_path = os.lstat(path)
    except OSError as exc:
        raise FileChangedError(_why_not_open(exc)) from exc
    if not os.path.samestat(at_path, status):
        raise FileChangedError("was replaced by another file")


def require_state(now: Stamp, known: Stamp) -> None:
    """Raise FileChangedError unless both states are of one unchanged file."""
    if known.inode and now.inode != known.inode:
        raise FileChangedError("was replaced by another file meanwhile")
    if now[1:] != known[1:]:
        raise FileChangedError("has changed since it was indexed")


def _why_not_open(exc: OSError) -> str:
    if exc.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "is not there any more"
    if exc.errno == errno.ELOOP:
        return "is a symbolic link now"
    return f"cannot be opened: {exc.strerror or exc}"


def size_if_known(path: str) -> int:
    """Return the size of a file in bytes; -1 for a URL, or for what is not there."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return -1


def lstat(path: str) -> os.stat_result | None:
    """Return the status of what is at a path, links not followed, or None if nothing is."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
