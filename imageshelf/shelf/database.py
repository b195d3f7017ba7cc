"""The one gateway to SQLite: safe connections, and errors as one sentence.

A shelf may come from anybody and must survive anything. A connection therefore trusts nothing in
the file (`trusted_schema=OFF`, no memory map, a limit on every value's length and every query's
time), waits for other programs instead of failing, and commits durably (`journal_mode=DELETE`,
`synchronous=EXTRA`; SQLite's default can lose the last commit in a power cut).
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from imageshelf.shelf import connections, names, pickled, schema, side_files
from imageshelf.shelf.errors import GONE, WAIT_S, ShelfError, primary, sentence
from imageshelf.system.words import shown

T = TypeVar("T")

SHORT_BYTES = 2**16  # bytes: no name or thumbnail is longer
CHUNK_BYTES = 2**20  # bytes: no packed chunk is longer
LIST_BYTES = pickled.MAX_BYTES + SHORT_BYTES  # bytes: a list of names
VALUES_PER_QUERY = 500  # parameters of one IN (...)
_TICK = 1_000_000  # instructions of SQLite's machine between two looks at the clock
_TICKS = 200  # a query over a million rows takes 20
_TICKS_PER_MB = 8  # of the file, for larger ones


class Database:
    """A connection to one shelf file. Every error is a ShelfError that names the file."""

    def __init__(
        self,
        path: str,
        *,
        writable: bool,
        modes: Sequence[str] = (),
        file: str | None = None,
        at_close: Callable[[], object] = lambda: None,
    ) -> None:
        """Open a file for reading or, if `writable`, for writing, creating it if needed.

        `file` is a copy that stands for the shelf at `path`. What lies beside the file must have
        been examined: `opening.open_database` does.
        """
        self.path, self.file = path, file or path
        self.writable = writable
        self.kind, self.version = schema.Schema("empty")
        self.recipe: str | None = None  # as stored when this connection took it on
        self._ticks = 0
        self._connection: sqlite3.Connection | None = None
        self._writing = False  # inside `transaction`
        self._prepared = False  # to write
        self._others_may_write = False  # in the file's folder
        self._at_close = at_close
        self._identity: tuple[int, int] | None = None
        self._size_bytes = 0
        modes = modes or (("rwc",) if writable else connections.reading_modes(self.file))
        for mode in modes:
            try:
                self._open(mode)
            except (sqlite3.Error, UnicodeDecodeError) as exc:
                self._drop()
                if mode == modes[-1] or primary(exc) not in _TRY_NEXT_MODE:
                    raise self._error(exc) from exc
            except BaseException:
                self._drop()
                raise
            else:
                return

    def _open(self, mode: str) -> None:
        self._connection = _waiting(lambda: connections.connect(self.file, mode))
        self._identity = connections.opened(self.file)
        self.size_bytes()
        self._connection.set_progress_handler(self._tick, _TICK)
        self._check_schema()
        if self.writable:
            connections.leave_wal(self._connection)
            connections.clear_journal(self._connection, self.file)

    def check_schema(self) -> None:
        """Set `kind` and `version`; raise ShelfError unless the tables are exactly a shelf's."""
        with self._translated():
            self._check_schema()

    def _check_schema(self) -> None:
        rows = self._rows(schema.OBJECTS)
        try:
            self.kind, self.version = schema.layout(rows)
        except schema.UnexpectedTableError as exc:
            raise self.wrong(self._newer() or _odd_table(exc)) from exc

    def _newer(self) -> str | None:
        """Return a sentence if a later imageshelf made this shelf; it may have any tables."""
        sql = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
        rows = self._rows(sql)
        if [" ".join(str(row[0]).split()) for row in rows] != [" ".join(schema.META.split())]:
            return None
        rows = self._rows("SELECT value FROM meta WHERE name = 'schema_version'")
        version = rows[0][0] if rows else None
        if not isinstance(version, int) or version <= schema.SCHEMA_VERSION:
            return None
        return (
            f"was written by a newer imageshelf (schema {version}, this one knows "
            f"{schema.SCHEMA_VERSION}); upgrade imageshelf"
        )

    def close(self) -> None:
        """Close the connection; a second close does nothing."""
        if self._connection is None:
            return
        if self.writable:
            connections.leave_wal(self._connection)
        self._drop()
        self._at_close()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
            connections.closed(self._identity)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._connection is None

    def select(self, sql: str, values: Sequence[Any] = (), longest: int = SHORT_BYTES) -> list[Any]:
        """Return all rows of a query; a value longer than `longest` bytes is an error."""
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            return self._rows(sql, values)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        # A cursor left open by an error would keep its lock on the file even after `close`.
        with contextlib.closing(self._retrying(sql, values)) as cursor:
            return cursor.fetchall()

    def select_in(self, sql: str, values: Sequence[Any], longest: int = SHORT_BYTES) -> list[Any]:
        """Return all rows of a query with `IN (*)`, asked for a few hundred values at a time."""
        rows: list[Any] = []
        for start in range(0, len(values), VALUES_PER_QUERY):
            some = values[start : start + VALUES_PER_QUERY]
            rows += self.select(sql.replace("*", ",".join("?" * len(some))), some, longest)
        return rows

    def select_all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a query over a whole table.

        More bytes than the file has are an error: in a hostile file many rows share one value.
        """
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SHORT_BYTES)
            rows: list[Any] = []
            room = self.size_bytes()
            with contextlib.closing(self._retrying(sql, values)) as cursor:
                while more := cursor.fetchmany(VALUES_PER_QUERY):
                    room -= sum(len(v) for row in more for v in row if isinstance(v, (bytes, str)))
                    if room < 0:
                        raise self.wrong("claims to hold more than its size; it is damaged")
                    rows += more
            return rows

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one change; return the number of rows changed."""
        with self._translated():
            self._connected().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIST_BYTES)
            with contextlib.closing(self._retrying(sql, values)) as cursor:
                return cursor.rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one change for each row of values."""
        with self._translated():
            connection = self._connected()
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIST_BYTES)
            self._ticks = 0
            connection.executemany(sql, rows).close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Inside the block, all changes are one durable transaction; nested blocks join the outer.

        A transaction waits for the disk once, some 18 ms.
        """
        if not self.writable:
            raise self.wrong("is open for reading only")
        if self._writing:
            yield
            return
        if not self._prepared:
            with self._translated():
                connections.prepare_to_write(self._connected())
            self._prepared = True
            folder = os.path.dirname(side_files.actual(self.file))
            self._others_may_write = not side_files.only_ours(folder)
        if self._others_may_write:
            self._examine_side_files()
        self.write("BEGIN IMMEDIATE")
        self._writing = True
        try:
            yield from self._until_end("COMMIT")
        finally:
            self._writing = False

    def _examine_side_files(self) -> None:
        """Raise ShelfError if something strange has come to lie beside the file since it opened."""
        try:
            side_files.refuse_strange(self.file)
        except side_files.StrangeSideFileError as exc:
            raise self.wrong(str(exc)) from exc

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Inside the block, all queries see one state of the file."""
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
        """Return the present size of the file and its write-ahead log; the last if it is gone."""
        path = names.native(self.file)
        with contextlib.suppress(OSError):
            status = os.stat(path)
            if (status.st_dev, status.st_ino) == self._identity:
                self._size_bytes = status.st_size
        with contextlib.suppress(OSError):
            return self._size_bytes + os.stat(path + "-wal").st_size
        return self._size_bytes

    def wrong(self, sentence: str) -> ShelfError:
        """Return the error for this file; the sentence follows its name."""
        return ShelfError(f"{shown(self.path)} {sentence}")

    @contextlib.contextmanager
    def readable(self) -> Iterator[None]:
        """Inside the block, a ValueError says what is wrong with a row: the shelf is damaged."""
        try:
            yield
        except ValueError as exc:
            raise self.wrong(f"is damaged: {exc}") from exc

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise self.wrong("has been closed")
        return self._connection

    def _retrying(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Run a statement, waiting for other programs."""

        def run() -> sqlite3.Cursor:
            self._ticks = 0
            return self._connected().execute(sql, values)

        return _waiting(run)

    def _tick(self) -> bool:
        """Tell SQLite to stop a query that a damaged or hostile file has made endless."""
        self._ticks += 1
        return self._ticks > _TICKS and self._ticks > _TICKS_PER_MB * self.size_bytes() / 2**20

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as exc:
            raise self._error(exc) from exc
        except OverflowError as exc:  # computed from a row, and beyond SQLite's 64 bits
            raise self.wrong("holds a number beyond all reason; it is damaged") from exc

    def _error(self, exc: Exception) -> ShelfError:
        in_place = self._identity is not None and self.file == self.path
        if in_place and connections.identity(self.file) != self._identity:
            return self.wrong(GONE)
        return self.wrong(sentence(exc, os.path.dirname(self.path) if self.writable else None))


def _waiting(call: Callable[[], T]) -> T:
    """Return the result of a call, waiting for other programs; Ctrl-C interrupts the wait."""
    deadline = None
    while True:
        try:
            return call()
        except sqlite3.OperationalError as exc:
            if primary(exc) != sqlite3.SQLITE_BUSY:
                raise
            deadline = deadline or time.monotonic() + WAIT_S - connections.POLL_S
            if time.monotonic() > deadline:
                raise


_TRY_NEXT_MODE = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN))


def _odd_table(exc: Exception) -> str:
    return f"is not a shelf, or has been tampered with: unexpected table or view {shown(str(exc))}"
