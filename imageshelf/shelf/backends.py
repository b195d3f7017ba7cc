"""Recognises files that are not shelves, above all those of the other `dbm` backends.

Python's `shelve` uses whichever backend it finds (gdbm, ndbm, dumb), and each leaves different
files at or beside the path. They are recognised by content, named in a message, never written to.
"""

import contextlib
import mmap
import os
import stat

from imageshelf.shelf.side_files import JOURNAL_MAGIC
from imageshelf.system.program import typed

SQLITE_MAGIC = b"SQLite format 3\0"
_WAL_VERSION = 2  # bytes 18 and 19 of a database in write-ahead mode

_GDBM_MAGIC = frozenset((0x13579ACE, 0x13579ACD, 0x13579ACF, 0x13579AD0, 0x13579AD1))
_BERKELEY_MAGIC = frozenset((0x00061561, 0x00053162))
_COMPANIONS = {  # what the other backends leave beside the path
    (".dat", ".dir"): "dbm.dumb",
    (".pag", ".dir"): "ndbm",
    (".db",): "ndbm (Berkeley DB)",
}


class Header:
    """The first bytes of a file: whether it is `empty`, in `wal` mode, or has a `problem`."""

    def __init__(self, data: bytes) -> None:
        self.empty = not data
        self.wal = data[18:20] == bytes([_WAL_VERSION, _WAL_VERSION])
        self.problem = None if self.empty else _problem(data)


def header(path: str) -> Header | None:
    """Return the header of a regular file, or None if there is no file.

    Raises OSError if it cannot be read, and ValueError with a sentence if it is not a regular file.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise ValueError("is a folder, not a shelf")
    if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for ever
        raise ValueError("is not a regular file")
    with open(path, "rb") as file:
        content = Header(file.read(100))
    if content.problem and _restorable(os.path.realpath(path) + "-journal"):
        content.problem = None
    return content


def _restorable(journal: str) -> bool:
    """Tell whether a journal holds the first page of a database.

    A power cut may leave garbage in the sector that was being written; SQLite restores it from the
    journal when it opens the file.
    """
    with contextlib.suppress(OSError, ValueError), open(journal, "rb") as file:
        if file.read(len(JOURNAL_MAGIC)) == JOURNAL_MAGIC:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return content.find(b"\0\0\0\1" + SQLITE_MAGIC) > 0
    return False


def _remedy() -> str:
    return f"index the pictures again into a new file: {typed('index')} DIR --shelve NEW"


def beside(path: str) -> str | None:
    """Return a sentence about another backend's files beside a missing path, else None."""
    for suffixes, backend in _COMPANIONS.items():
        if all(os.path.isfile(path + suffix) for suffix in suffixes):
            files = " and ".join(os.path.basename(path) + suffix for suffix in suffixes)
            return f"is a {backend} shelf ({files}), not an SQLite one; {_remedy()}"
    return None


def _problem(data: bytes) -> str | None:
    if data.startswith(SQLITE_MAGIC):
        return None
    for order in ("little", "big"):
        if int.from_bytes(data[:4], order) in _GDBM_MAGIC:
            return f"is a gdbm shelf, not an SQLite one; {_remedy()}"
        if {int.from_bytes(data[at : at + 4], order) for at in (0, 12)} & _BERKELEY_MAGIC:
            return f"is a Berkeley DB (ndbm) shelf, not an SQLite one; {_remedy()}"
    return "is not a shelf (no SQLite database)"
