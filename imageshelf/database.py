"""The one gateway to SQLite: connections that are safe to open, and errors as one sentence.

A shelf may come from anybody and must survive anything, so a connection trusts nothing in the file
(`trusted_schema=OFF`, no memory map, every value's length limited before it is fetched, no endless
query), waits for other programs rather than failing, and commits durably
(`journal_mode=DELETE`, `synchronous=EXTRA`: SQLite's default can lose the last commit in a power
cut).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from typing import TYPE_CHECKING, Any

from imageshelf import backends, names, pickled, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WAIT_S = 30.0  # for another program that is writing
POLL_S = 1.0  # Ctrl-C is noticed this often while waiting
SHORT = 2**16  # bytes: no name or thumbnail is longer
CHUNK = 2**20  # bytes: no packed chunk is longer
LONG = pickled.LONGEST + SHORT  # bytes: a list of names
PLACES = 500  # parameters of one IN (...)
_CACHE_KIB = 32 * 1024  # the key index of a million pictures is 25 MB
_TICK = 1_000_000  # instructions of SQLite's machine between two looks at the clock
_TICKS = 200  # a query over a million rows takes 20
_TICKS_PER_MB = 8  # of the file, for larger ones

_EITHER = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
)
_WRITER = (
    "PRAGMA synchronous = EXTRA",
    "PRAGMA cache_spill = OFF",  # a batch stays in memory: no lock before its commit
)


class ShelfError(Exception):
    """One line: what was expected of the shelf, what came, and what to do."""


class Database:
    """A connection to one shelf file. Every error is a ShelfError that names the file."""

    def __init__(self, path: str, *, writable: bool) -> None:
        """Open an existing file; `writable` also makes a new one. See `attempt` for reading."""
        self.path = path
        self.writable = writable
        self._ticks = 0
        self._connection: sqlite3.Connection | None = None
        self.kind = "empty"
        last: sqlite3.Error | None = None
        for mode in ("rwc",) if writable else _reading_modes(path):
            try:
                self._connect(mode)
            except sqlite3.Error as exc:
                self._drop()
                last = exc
                if _primary(exc) not in _TRY_NEXT_MODE:
                    break
            else:
                return
        raise self._error(last) from last

    def _connect(self, mode: str) -> None:
        option = "immutable=1" if mode == "immutable" else f"mode={mode}"
        self._connection = sqlite3.connect(
            f"file:{_quoted(self.path)}?{option}",
            uri=True,
            timeout=POLL_S,
            isolation_level=None,
        )
        _limit(self._connection)
        self._connection.set_progress_handler(self._tick, _TICK)
        for pragma in (*_EITHER, *(_WRITER if self.writable else ())):
            self._connection.execute(pragma)
        if not self.writable:
            self._connection.execute("PRAGMA query_only = ON")
        self.check_schema()
        if self.writable:
            self._leave_wal()

    def check_schema(self) -> None:
        """Raise ShelfError unless the tables are exactly a shelf's; sets `kind`."""
        rows = self._retrying(schema.OBJECTS, ()).fetchall()
        try:
            self.kind = schema.kind(rows)
        except schema.UnexpectedTableError as exc:
            raise self.wrong(self._newer() or _odd_table(exc)) from exc

    def _newer(self) -> str | None:
        """Tell a shelf of a later imageshelf, which may have any tables, from a strange one."""
        sql = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
        rows = self._retrying(sql, ()).fetchall()
        if [" ".join(str(row[0]).split()) for row in rows] != [" ".join(schema.META.split())]:
            return None
        rows = self._retrying("SELECT value FROM meta WHERE name = 'schema_version'", ()).fetchall()
        version = rows[0][0] if rows else None
        if not isinstance(version, int) or version <= schema.SCHEMA_VERSION:
            return None
        return (
            f"was written by a newer imageshelf (schema {version}, this one knows "
            f"{schema.SCHEMA_VERSION}); upgrade imageshelf"
        )

    def _leave_wal(self) -> None:
        """Turn a file that Python's own shelve put into WAL mode back, when we are alone."""
        assert self._connection is not None
        with contextlib.suppress(sqlite3.OperationalError):  # in use: go on in WAL
            mode = self._connection.execute("PRAGMA journal_mode").fetchone()
            if mode == ("wal",):
                self._connection.execute("PRAGMA journal_mode = DELETE").fetchone()

    def close(self) -> None:
        """Close the connection; a second close does nothing."""
        if self._connection is None:
            return
        if self.writable:
            self._leave_wal()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._connection is None

    def select(self, sql: str, values: Sequence[Any] = (), longest: int = SHORT) -> list[Any]:
        """Give all rows of a query; no value longer than `longest` bytes is ever fetched."""
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            return self._retrying(sql, values).fetchall()

    def select_in(self, sql: str, values: Sequence[Any], longest: int = SHORT) -> list[Any]:
        """Give all rows of a query with `IN (*)`, some hundred values at a time."""
        rows: list[Any] = []
        for start in range(0, len(values), PLACES):
            some = values[start : start + PLACES]
            rows += self.select(sql.replace("*", ",".join("?" * len(some))), some, longest)
        return rows

    def select_all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Give all rows of a query over a whole table.

        More bytes than the file has are refused: a hostile one lets many rows share one value.
        """
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SHORT)
            cursor = self._retrying(sql, values)
            rows = cursor.fetchmany(PLACES)
            more = rows
            room = self.size_bytes()
            while more:
                room -= sum(len(v) for row in more for v in row if isinstance(v, (bytes, str)))
                if room < 0:
                    raise self.wrong("claims to hold more than its size; it is damaged")
                more = cursor.fetchmany(PLACES)
                rows += more
        return rows

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one change and give the number of rows changed."""
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONG)
            return self._retrying(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one change for each row of values."""
        with self._translated():
            connection = self._connected()
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONG)
            self._ticks = 0
            connection.executemany(sql, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, durably, or nothing is."""
        if not self.writable:
            raise self.wrong("is open for reading only")
        self.write("BEGIN IMMEDIATE")
        yield from self._until_end("COMMIT")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All queries inside see one state of the file."""
        if self._connected().in_transaction:
            yield
            return
        self.write("BEGIN")
        yield from self._until_end("COMMIT")

    def _until_end(self, end: str) -> Iterator[None]:
        try:
            yield
            self.write(end)
        except BaseException:
            connection = self._connection
            if connection is not None and connection.in_transaction:  # a full disk rolls back too
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise

    def size_bytes(self) -> int:
        """Give the size of the file now, with what is still in its write-ahead log."""
        size = 0
        for suffix in ("", "-wal"):
            with contextlib.suppress(OSError):
                size += os.stat(names.native(self.path) + suffix).st_size
        return size

    def wrong(self, sentence: str) -> ShelfError:
        """Give the error for this file; the sentence goes on after its name."""
        return ShelfError(f"{shown(self.path)} {sentence}")

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise self.wrong("has been closed")
        return self._connection

    def _retrying(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Run a statement, waiting for other programs; Ctrl-C interrupts the wait."""
        deadline = None
        while True:
            self._ticks = 0
            try:
                return self._connected().execute(sql, values)
            except sqlite3.OperationalError as exc:
                if _primary(exc) != sqlite3.SQLITE_BUSY:
                    raise
                deadline = deadline or time.monotonic() + WAIT_S - POLL_S
                if time.monotonic() > deadline:
                    raise

    def _tick(self) -> bool:
        """Stop a query that a damaged or hostile file has made endless."""
        self._ticks += 1
        return self._ticks > _TICKS and self._ticks > _TICKS_PER_MB * self.size_bytes() / 2**20

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise self._error(exc) from exc

    def _error(self, exc: sqlite3.Error | None) -> ShelfError:
        code = _primary(exc)
        if code == sqlite3.SQLITE_CANTOPEN and self.writable:
            folder = os.path.dirname(self.path)
            return self.wrong(f"cannot be written: is the folder {shown(folder)} writable?")
        return self.wrong(_SENTENCES.get(code, f"cannot be used: {exc}"))


def shown(path: str) -> str:
    """Give a path for a message: one line, printable whatever it holds."""
    if path.isprintable():
        return path
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)


_SENTENCES = {
    sqlite3.SQLITE_BUSY: f"is in use by another program (waited {WAIT_S:.0f} s); try again later",
    sqlite3.SQLITE_LOCKED: "is in use by this program already",
    sqlite3.SQLITE_FULL: (
        "has no room to grow: the disk is full. Nothing of this batch was written, all earlier "
        "ones are intact; free some space and run again"
    ),
    sqlite3.SQLITE_IOERR: (
        "could not be read or written: a full or failing disk, or a lost network share. "
        "Completed batches are intact"
    ),
    sqlite3.SQLITE_READONLY: "cannot be written: it or its folder is read-only",
    sqlite3.SQLITE_PERM: "cannot be opened: permission denied",
    sqlite3.SQLITE_AUTH: "cannot be opened: permission denied",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore a copy, or index into a new file",
    sqlite3.SQLITE_NOTADB: "is damaged or not a shelf; restore a copy, or index into a new file",
    sqlite3.SQLITE_FORMAT: "is damaged; restore a copy, or index into a new file",
    sqlite3.SQLITE_TOOBIG: "holds a value that is too long to be a shelf's; it is damaged",
    sqlite3.SQLITE_INTERRUPT: "holds tables that have no end; it is damaged",
}

_TRY_NEXT_MODE = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN))


def _primary(exc: sqlite3.Error | None) -> int:
    """Give SQLite's error code without its refinement; 1 where Python itself complains."""
    return getattr(exc, "sqlite_errorcode", 1) & 0xFF


def _odd_table(exc: Exception) -> str:
    return f"is not a shelf, or has been tampered with: unexpected table or view {shown(str(exc))}"


def _quoted(path: str) -> str:
    """Quote a path for a `file:` address, byte for byte."""
    if os.sep != "/":
        path = "/" + path.replace(os.sep, "/")
    plain = b"/._-~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(chr(b) if b in plain else f"%{b:02X}" for b in names.to_bytes(path))


def _reading_modes(path: str) -> tuple[str, ...]:
    """Give the ways to open a file for reading, the first that works is taken.

    Plain read-only cannot undo a write that a killed program left half done, and leaves files
    behind when the shelf is in WAL mode; opened read-write with `query_only`, SQLite does the one
    and tidies the other. On a medium that cannot be written, `immutable` reads a WAL file.
    """
    native = names.native(path)
    try:
        found = backends.header(native)
    except (OSError, ValueError):
        found = None
    if found is None or not found.wal:
        return ("ro", "rw")
    left_over = os.path.exists(native + "-wal") and os.path.getsize(native + "-wal")
    return ("rw", "ro") if left_over else ("rw", "ro", "immutable")


def _limit(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, CHUNK)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
