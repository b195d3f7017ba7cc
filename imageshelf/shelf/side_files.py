"""The files beside a shelf that SQLite believes by their name, examined before it opens anything.

A rollback journal can name another file, a super-journal, which SQLite deletes after it has rolled
back (Database File Format, section 3; Atomic Commit In SQLite, section 5). A link makes SQLite read
or write elsewhere. A shelf may come from anybody, so side files are believed only if they are plain
files of the shelf's owner that name nothing. True ones always are: a shelf is never written
together with another database.
"""

import os
import stat
import sys
from contextlib import suppress
from typing import NamedTuple, Self

from imageshelf.shelf import names

JOURNAL, WAL, SHM = SUFFIXES = ("-journal", "-wal", "-shm")
JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")  # begins a journal, ends a super-journal's name
_TRAILER = 16  # bytes: length and checksum of the name, magic
_NO_LINKS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _NO_LINKS |= getattr(os, _flag, 0)


class StrangeSideFileError(Exception):
    """A file beside a shelf that no shelf of ours has; the sentence follows the shelf's name."""


class SideFileStamp(NamedTuple):
    """What must stay the same while a file is copied."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int


class SideFiles:
    """The side files of a shelf that hold something, open and examined; a context manager."""

    def __init__(self, path: str) -> None:
        """Examine what lies beside a shelf; raises StrangeSideFileError."""
        self.path = actual(path)  # where SQLite looks: beside the file that a link leads to
        self.files: dict[str, int] = {}  # suffix: descriptor
        try:
            self._examine()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        while self.files:
            os.close(self.files.popitem()[1])

    @property
    def hot(self) -> bool:
        """Whether SQLite would change the shelf by them: a journal or log with something in it."""
        journal = self.files.get(JOURNAL)
        return WAL in self.files or (
            journal is not None and read(journal, 0, 1) not in {b"", b"\0"}
        )

    def _examine(self) -> None:
        owner = _owner(self.path)
        for suffix in SUFFIXES:
            path = self.path + suffix
            try:
                status = os.lstat(path)
            except OSError:
                continue
            _refuse_strange(suffix, status, owner)
            if suffix == SHM or not status.st_size:  # closing -shm would drop locks of this process
                continue
            try:
                file = os.open(path, _NO_LINKS)
            except FileNotFoundError:  # its writer has just finished
                continue
            except OSError as exc:
                raise StrangeSideFileError(f"has a {suffix} beside it: {exc.strerror}") from exc
            self.files[suffix] = file
            _refuse_strange(suffix, os.fstat(file), owner)
        if JOURNAL in self.files and names_another(self.files[JOURNAL]):
            raise _strange(JOURNAL, "names another file that would be deleted with it")


def actual(path: str) -> str:
    """Return the path of the shelf's file as the system wants it, without symbolic links."""
    return os.path.realpath(names.native(path))


def refuse_strange(path: str) -> None:
    """Raise StrangeSideFileError unless SQLite may meet everything that lies beside a shelf."""
    SideFiles(path).close()


def names_another(journal: int) -> bool:
    """Tell whether a journal ends with the name of a super-journal, whatever its checksum."""
    size = os.fstat(journal).st_size
    trailer = read(journal, size - _TRAILER, _TRAILER) if size >= _TRAILER else b""
    length = int.from_bytes(trailer[:4], "big")
    return trailer[8:] == JOURNAL_MAGIC and 0 < length <= size - _TRAILER


def read(file: int, start: int, count: int) -> bytes:
    """Return up to so many bytes from a place in an open file."""
    if hasattr(os, "pread"):
        return os.pread(file, count, start)
    os.lseek(file, start, os.SEEK_SET)
    return os.read(file, count)


def stamp(status: os.stat_result) -> SideFileStamp:
    """Return what tells whether a file has changed."""
    return SideFileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def only_ours(folder: str) -> bool:
    """Tell whether nobody but this user (and root) can put files into a folder or swap it.

    Systems without POSIX modes do not say.
    """
    if os.name != "posix":
        return False
    inside = folder
    while True:
        try:
            status = os.lstat(inside)
        except OSError:
            return False
        shared = status.st_mode & 0o022
        sticky = status.st_mode & stat.S_ISVTX and inside != folder  # our entries in it stay ours
        if status.st_uid not in {0, os.geteuid()} or (shared and not sticky):
            return False
        if inside == (above := os.path.dirname(inside)):
            return True
        inside = above


def _owner(path: str) -> int:
    with suppress(OSError):
        return os.stat(path).st_uid
    return os.geteuid() if sys.platform != "win32" else 0


def _refuse_strange(suffix: str, status: os.stat_result, owner: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        link = stat.S_ISLNK(status.st_mode)
        raise _strange(suffix, "is a link" if link else "is not a regular file")
    if status.st_nlink > 1:
        raise _strange(suffix, "is a link: the file has another name too")
    if status.st_uid != owner:
        raise _strange(suffix, "belongs to another user than the shelf")


def _strange(suffix: str, why: str) -> StrangeSideFileError:
    return StrangeSideFileError(
        f"is not opened: the {suffix} beside it {why}, as no shelf of ours has. If it came "
        f"from somebody else, beware; if you know the shelf to be sound, move the {suffix} away"
    )
