"""Opens connections to an SQLite file that are safe and leave nothing behind."""

import contextlib
import os
import sqlite3
import sys
from collections import Counter

from imageshelf.shelf import backends, names

LONGEST_SQL = 2**16  # bytes of a table's definition
POLL_S = 1.0  # Ctrl-C is noticed this often while waiting for another program
_READING_KIB = 2 * 1024  # of pages in memory: a reader goes through a table once
_WRITING_KIB = 32 * 1024  # the key index of a million pictures is 25 MB

_EITHER = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA fullfsync = ON",  # macOS leaves what is synced in the drive's cache; no other asks this
    f"PRAGMA cache_size = -{_READING_KIB}",
)
READER = ("PRAGMA query_only = ON",)
WRITER = (
    "PRAGMA synchronous = EXTRA",
    "PRAGMA cache_spill = OFF",  # a batch stays in memory: no lock before its commit
)


# Files that this process has open: to open and close one again would drop SQLite's locks on it.
OPEN: Counter[tuple[int, int]] = Counter()


def identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a shelf's file; None when it is not there."""
    try:
        status = os.stat(names.native(path))
    except OSError:
        return None
    return status.st_dev, status.st_ino


def opened(path: str) -> tuple[int, int] | None:
    """Note that SQLite has a file open in this process; return what `closed` wants."""
    if (found := identity(path)) is not None:
        OPEN[found] += 1
    return found


def closed(found: tuple[int, int] | None) -> None:
    """Note that SQLite has closed a file."""
    if found is not None:
        OPEN[found] -= 1
        if not OPEN[found]:
            del OPEN[found]


def is_open_here(path: str) -> bool:
    """Tell whether this process has the shelf open, or there is no file to recover."""
    found = identity(path)
    return found is None or OPEN[found] > 0


def connect(path: str, mode: str) -> sqlite3.Connection:
    """Open a file in one of the modes of `reading_modes`, or "rwc"; raises sqlite3.Error."""
    option = "immutable=1" if mode == "immutable" else f"mode={mode}"
    connection = sqlite3.connect(
        f"file:{_quoted(path)}?{option}", uri=True, timeout=POLL_S, isolation_level=None
    )
    try:
        _limit(connection)
        for pragma in _EITHER:
            connection.execute(pragma)
        for pragma in WRITER if mode == "rwc" else READER:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare_to_write(connection: sqlite3.Connection) -> None:
    """Enlarge the cache to hold the pages that batches change."""
    connection.execute(f"PRAGMA cache_size = -{_WRITING_KIB}")


def reading_modes(path: str) -> tuple[str, ...]:
    """Return the modes in which to try to open a file for reading, in order.

    Read-only, SQLite never rolls back: a journal that appears after the examination is not
    believed. Plain read-only leaves files behind if the shelf is in WAL mode; read-write with
    `query_only` does not. On a read-only medium, `immutable` reads a WAL file.
    """
    native = names.native(path)
    try:
        header = backends.header(native)
    except (OSError, ValueError):
        header = None
    if header is None or not header.wal:
        return ("ro",)
    left_over = os.path.exists(native + "-wal") and os.path.getsize(native + "-wal")
    return ("rw", "ro") if left_over else ("rw", "ro", "immutable")


def leave_wal(connection: sqlite3.Connection) -> None:
    """Undo the WAL mode in which Python's own shelve leaves a file, if nobody else has it open."""
    with contextlib.suppress(sqlite3.OperationalError):  # in use: go on in WAL
        mode = connection.execute("PRAGMA journal_mode").fetchone()
        if mode == ("wal",):
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()


def clear_journal(connection: sqlite3.Connection, path: str) -> None:
    """Remove the journal of a writer killed before it changed anything.

    Such a journal is harmless, but would stay until the next write.
    """
    if not os.path.exists(names.native(path) + "-journal"):
        return
    connection.execute("PRAGMA busy_timeout = 0")  # a journal in use is not left over
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("BEGIN IMMEDIATE")
        ((version,),) = connection.execute("PRAGMA user_version").fetchall()
        connection.execute(f"PRAGMA user_version = {version}")  # a write that changes nothing
        connection.execute("COMMIT")
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.execute(f"PRAGMA busy_timeout = {int(POLL_S * 1000)}")


def _quoted(path: str) -> str:
    """Quote a path for a `file:` address, byte for byte."""
    if os.sep != "/":
        path = path.replace(os.sep, "/")
        path = ("//" if path.startswith("//") else "///") + path  # a server, or a drive
    plain = b"/._-~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(chr(b) if b in plain else f"%{b:02X}" for b in names.to_bytes(path))


def _limit(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_SQL)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
