"""The tables of a shelf, and the test that a file has exactly these.

`Dict` is the standard library's, to the letter: `shelve.open` on Python 3.13 reads and writes it.
The other tables are the catalogue, in the same file and changed in the same transactions. A shelf
from somebody else can carry views, triggers or virtual tables under these names, so the stored SQL
must equal ours word for word before anything is read.
"""

from collections.abc import Iterable
from typing import NamedTuple

SCHEMA_VERSION = 2

DICT = "CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)"

# shelf_id and mark among others: see marks.py.
META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID"

# Hand-written entries of Dict that an index run noted: they belong to no row of picture.
FOREIGN_KEY = (
    "CREATE TABLE foreign_key (key BLOB, name BLOB, PRIMARY KEY (key, name)) WITHOUT ROWID"
)

DATASET = """CREATE TABLE dataset (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,
    device INTEGER, options TEXT, completed_ns INTEGER)"""

# flags: 1 low information, 2 alpha, 4 extras, and which (8 film, 16 gain map, 32 depth map, 64 more
# pictures, 128 unknown); metadata_flags: 1 GPS, 2 rating; sound: 0 or 1 once the picture was
# decoded in full. captured_at: milliseconds of local time since 1970. read_by: revision of the
# reader of its format. origin: what the file says of where it comes from, as JSON, once read.
PICTURE = """CREATE TABLE picture (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,
    dataset_id INTEGER, size_bytes INTEGER, mtime_ns INTEGER, device INTEGER, inode INTEGER,
    nlink INTEGER, format TEXT, width INTEGER, height INTEGER, frames INTEGER, bits INTEGER,
    orientation INTEGER, flags INTEGER, captured_at INTEGER, camera TEXT,
    metadata_flags INTEGER, jpeg_quality INTEGER, thumbnail BLOB, digest BLOB,
    pixel_digest BLOB, sound INTEGER, read_by INTEGER, origin TEXT)"""

# The hashes of pictures 4096 n to 4096 n + 4095, packed: see chunks.py.
CHUNK = "CREATE TABLE chunk (view TEXT, n INTEGER, hashes BLOB, PRIMARY KEY (view, n))"

SKIPPED = """CREATE TABLE skipped (name BLOB PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER,
    device INTEGER, reason TEXT, lasting INTEGER, decoders TEXT, other TEXT) WITHOUT ROWID"""

SUSPECT = "CREATE TABLE suspect (name BLOB PRIMARY KEY, since_ns INTEGER) WITHOUT ROWID"

NOT_DUPLICATE = """CREATE TABLE not_duplicate (digest_a BLOB, digest_b BLOB, added_ns INTEGER,
    PRIMARY KEY (digest_a, digest_b)) WITHOUT ROWID"""

# The marks of cleanup, action and setting tell rows that this user's runs wrote: see marks.py.
CLEANUP = """CREATE TABLE cleanup (id INTEGER PRIMARY KEY, started_ns INTEGER, state TEXT,
    options TEXT, mark BLOB)"""

ACTION = """CREATE TABLE action (cleanup_id INTEGER, n INTEGER, verb TEXT, source BLOB,
    target BLOB, digest BLOB, stat TEXT, state TEXT, reason TEXT, mark BLOB,
    PRIMARY KEY (cleanup_id, n))"""

# What a pair of pictures turned out to be, by a version of the rule; true while both files have
# this size and time. a_id < b_id; a_id = b_id says which of a crowd a picture may be near. Negative
# ids, inverted, are of pieces: see verdicts.py.
VERDICT = """CREATE TABLE verdict (a_id INTEGER, b_id INTEGER, a_size_bytes INTEGER,
    a_mtime_ns INTEGER, b_size_bytes INTEGER, b_mtime_ns INTEGER, rule INTEGER, result TEXT,
    PRIMARY KEY (a_id, b_id)) WITHOUT ROWID"""

SETTING = "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT, mark BLOB) WITHOUT ROWID"

# Keypoints and a larger thumbnail, by which pieces of pictures are found.
PIECE = "CREATE TABLE piece (picture_id INTEGER PRIMARY KEY, points BLOB, thumb BLOB)"

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
    VERDICT,
    SETTING,
    PIECE,
)

# A burst is looked for by time, beyond the policy: without this, every row would be read.
CAPTURED = "CREATE INDEX captured ON picture (captured_at) WHERE captured_at IS NOT NULL"

TABLES = tuple(sql.split()[2] for sql in (DICT, *CATALOGUE))

# What `--rebuild` forgets; what people decided stays.
REBUILT = (
    *("Dict", "foreign_key", "dataset", "picture", "chunk", "skipped", "suspect"),
    *("verdict", "piece"),
)

# Version 1: without the last three tables, and without these columns.
_NEW_TABLES = (VERDICT, SETTING, PIECE)
_NEW_COLUMNS = {
    PICTURE: ("read_by INTEGER", "origin TEXT"),
    CLEANUP: ("mark BLOB",),
    ACTION: ("mark BLOB",),
}
FROM_1_TO_2 = (
    *(
        f"ALTER TABLE {sql.split()[2]} ADD COLUMN {column}"
        for sql, columns in _NEW_COLUMNS.items()
        for column in columns
    ),
    *_NEW_TABLES,
)

# SQLite makes these by itself for UNIQUE and for PRIMARY KEY (but not of WITHOUT ROWID tables).
_OWN_INDEXES = {"Dict": 1, "dataset": 1, "picture": 1, "chunk": 1, "action": 1}

OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100"

Object = tuple[object, object, object, object]


class UnexpectedTableError(ValueError):
    """The file's tables are not those of a shelf; the message names the first odd one."""


class Schema(NamedTuple):
    """The tables of a file: "whole" for a shelf of a version, "bare" for `Dict` alone, "empty"."""

    kind: str
    version: int = SCHEMA_VERSION


def layout(objects: Iterable[Object]) -> Schema:
    """Return the layout of a file with these rows of `OBJECTS`; UnexpectedTableError if odd."""
    actual = {_normal(row) for row in objects}
    if not actual:
        return Schema("empty")
    if actual == _expected((DICT,)):
        return Schema("bare")
    expected = _expected((DICT, *CATALOGUE, CAPTURED))
    if actual == expected:
        return Schema("whole")
    if actual == _expected((DICT, *_first_version(), CAPTURED)):
        return Schema("whole", 1)
    raise UnexpectedTableError(min(str(name) for _, name, _, _ in actual ^ expected))


def _first_version() -> Iterable[str]:
    """Return the statements of version 1's catalogue."""
    return [
        sql.replace(", " + ", ".join(_NEW_COLUMNS.get(sql, "-")), "")
        for sql in CATALOGUE
        if sql not in _NEW_TABLES
    ]


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
