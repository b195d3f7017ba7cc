"""The tables of a shelf, and the test that a file has exactly these.

`Dict` is the standard library's, to the letter: `shelve.open` on Python 3.13 reads and writes it.
The other tables are the catalogue, in the same file and changed in the same transactions. A shelf
from somebody else can carry views, triggers or virtual tables under these names, so the stored SQL
must equal ours word for word before anything is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA_VERSION = 1

DICT = "CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)"

META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID"

# Hand-written entries of Dict that an index run noted: they belong to no row of picture.
FOREIGN_KEY = (
    "CREATE TABLE foreign_key (key BLOB, name BLOB, PRIMARY KEY (key, name)) WITHOUT ROWID"
)

DATASET = """CREATE TABLE dataset (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,
    device INTEGER, options TEXT, completed_ns INTEGER)"""

# flags: 1 low information, 2 alpha, 4 extras; metadata_flags: 1 GPS, 2 rating; sound: 0 or 1 once
# the picture was decoded in full. captured_at: milliseconds of local time since 1970.
PICTURE = """CREATE TABLE picture (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,
    dataset_id INTEGER, size_bytes INTEGER, mtime_ns INTEGER, device INTEGER, inode INTEGER,
    nlink INTEGER, format TEXT, width INTEGER, height INTEGER, frames INTEGER, bits INTEGER,
    orientation INTEGER, flags INTEGER, captured_at INTEGER, camera TEXT,
    metadata_flags INTEGER, jpeg_quality INTEGER, thumbnail BLOB, digest BLOB,
    pixel_digest BLOB, sound INTEGER)"""

# The hashes of pictures 4096 n to 4096 n + 4095, packed: see chunks.py.
CHUNK = "CREATE TABLE chunk (view TEXT, n INTEGER, hashes BLOB, PRIMARY KEY (view, n))"

SKIPPED = """CREATE TABLE skipped (name BLOB PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER,
    device INTEGER, reason TEXT, lasting INTEGER, decoders TEXT, other TEXT) WITHOUT ROWID"""

SUSPECT = "CREATE TABLE suspect (name BLOB PRIMARY KEY, since_ns INTEGER) WITHOUT ROWID"

NOT_DUPLICATE = """CREATE TABLE not_duplicate (digest_a BLOB, digest_b BLOB, added_ns INTEGER,
    PRIMARY KEY (digest_a, digest_b)) WITHOUT ROWID"""

CLEANUP = """CREATE TABLE cleanup (id INTEGER PRIMARY KEY, started_ns INTEGER, state TEXT,
    options TEXT)"""

ACTION = """CREATE TABLE action (cleanup_id INTEGER, n INTEGER, verb TEXT, source BLOB,
    target BLOB, digest BLOB, stat TEXT, state TEXT, reason TEXT, PRIMARY KEY (cleanup_id, n))"""

CATALOGUE = (
    META,
    FOREIGN_KEY,
    DATASET,
    PICTURE,
    CHUNK,
    SKIPPED,
    SUSPECT,
    NOT_DUPLICATE,
    CLEANUP,
    ACTION,
)

# A burst is looked for by time, beyond the policy: without this, every row would be read.
CAPTURED = "CREATE INDEX captured ON picture (captured_at) WHERE captured_at IS NOT NULL"

TABLES = tuple(sql.split()[2] for sql in (DICT, *CATALOGUE))

# What `--rebuild` forgets; what people decided stays.
REBUILT = ("Dict", "foreign_key", "dataset", "picture", "chunk", "skipped", "suspect")

# SQLite makes these by itself for UNIQUE and for PRIMARY KEY (but not of WITHOUT ROWID tables).
_OWN_INDEXES = {"Dict": 1, "dataset": 1, "picture": 1, "chunk": 1, "action": 1}

OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100"

Object = tuple[object, object, object, object]


class UnexpectedTableError(ValueError):
    """The file's tables are not those of a shelf; the message names the first odd one."""


def kind(objects: Iterable[Object]) -> str:
    """Return "whole" for a shelf, "bare" for a plain `dbm.sqlite3` file, "empty" for no tables.

    `objects` are the rows of `OBJECTS`. UnexpectedTableError for anything else.
    """
    actual = {_normal(row) for row in objects}
    if not actual:
        return "empty"
    if actual == _expected((DICT,)):
        return "bare"
    expected = _expected((DICT, *CATALOGUE, CAPTURED))
    if actual != expected:
        raise UnexpectedTableError(min(str(name) for _, name, _, _ in actual ^ expected))
    return "whole"


def _expected(statements: Iterable[str]) -> set[Object]:
    objects: set[Object] = set()
    for sql in statements:
        _, kind_, table = sql.split()[:3]
        if kind_ == "INDEX":
            objects.add(("index", table, sql.split()[4], sql))
            continue
        objects.add(("table", table, table, " ".join(sql.split())))
        if table in _OWN_INDEXES:
            objects.add(("index", f"sqlite_autoindex_{table}_1", table, None))
    return objects


def _normal(row: Object) -> Object:
    """Normalise white space: the standard library's CREATE TABLE covers five lines."""
    *rest, sql = row
    if isinstance(sql, str):
        sql = " ".join(sql.split()).replace("( ", "(").replace(" )", ")")
    return rest[0], rest[1], rest[2], sql
