"""Shelves made by an enemy, or by a failing disk: only ShelfError, nothing run, no memory eaten."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imageshelf.shelf import Shelf, ShelfError, hand_written, open_shelf, schema
from tests.shelf_entries import DECODERS, RECIPE, Place, entry, lists_of, skip

PICTURES = {b"photos/%d.jpg" % n: n % 30 for n in range(60)}


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: nothing here is about power cuts."""
    monkeypatch.setattr("imageshelf.shelf.connections.WRITER", ("PRAGMA synchronous = OFF",))


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A shelf of sixty pictures and two skipped files."""
    path = str(tmp_path / "db.shelve")
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        batch = [entry(name, row) for name, row in PICTURES.items()]
        shelf.whole_catalogue().add(batch, [skip(b"damaged.jpg"), skip(b"a.mov", other="video")])
    return path


def change(path: str, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for sql in statements:
            connection.execute(sql)


def change_schema(path: str, *statements: str) -> None:
    """Write into the table of tables itself."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    for sql in statements:
        connection.execute(sql)
    connection.close()


READS: dict[str, Callable[[Shelf], object]] = {
    "dict": dict,
    "len": len,
    "key": lambda shelf: shelf.get(f"{3:016x}"),
    "recipe": lambda shelf: shelf.recipe,
    "mismatch": lambda shelf: shelf.mismatch(RECIPE),
    "foreign": lambda shelf: shelf.hand_written(),
    "check": lambda shelf: shelf.check(),
    "known": lambda shelf: list(shelf.whole_catalogue().known(b"", DECODERS)),
    "counts": lambda shelf: shelf.whole_catalogue().counts(),
    "whole": lambda shelf: shelf.whole_catalogue().hashes(),
    "row_hashes": lambda shelf: list(shelf.whole_catalogue().row_hashes()),
    "is_empty": lambda shelf: shelf.whole_catalogue().is_empty(),
    "centre": lambda shelf: shelf.whole_catalogue().hashes("centre"),
    "trimmed": lambda shelf: shelf.whole_catalogue().hashes("trimmed"),
    "turned": lambda shelf: shelf.whole_catalogue().turned(),
    "rows": lambda shelf: shelf.whole_catalogue().rows(range(100)),
    "row_of": lambda shelf: shelf.whole_catalogue().row_of(b"photos/3.jpg"),
    "inode_of": lambda shelf: shelf.whole_catalogue().inode_of(b"photos/3.jpg"),
    "names": lambda shelf: shelf.whole_catalogue().names(range(100)),
    "digests": lambda shelf: shelf.whole_catalogue().digests(range(100)),
    "datasets": lambda shelf: shelf.whole_catalogue().datasets(),
    "suspects": lambda shelf: shelf.whole_catalogue().suspects(),
    "meta": lambda shelf: shelf.whole_catalogue().meta("folder"),
}
WRITES: dict[str, Callable[[Shelf], object]] = {
    "adopt": lambda shelf: shelf.adopt(RECIPE),
    "add": lambda shelf: shelf.whole_catalogue().add(
        [entry(b"photos/3.jpg", 5), entry(b"new", 6)], [skip(b"photos/4.jpg")]
    ),
    "rename": lambda shelf: shelf.whole_catalogue().rename(
        [(b"photos/5.jpg", b"moved", Place())]  # type: ignore[list-item]
    ),
    "forget": lambda shelf: shelf.whole_catalogue().forget([b"photos/6.jpg"]),
}


def use(path: str, flag: str = "r") -> list[str]:
    """Do everything that can be done with a shelf; give what was refused."""
    refused: list[str] = []
    try:
        shelf = open_shelf(path, flag)
    except ShelfError as exc:
        return [f"open: {exc}"]
    with shelf:
        for name, deed in (READS if flag == "r" else WRITES).items():
            try:
                deed(shelf)
            except ShelfError as exc:
                refused.append(f"{name}: {exc}")
    assert all(line.isprintable() for line in refused)
    return refused


@contextlib.contextmanager
def little_memory(megabytes: float) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 2**20
    finally:
        tracemalloc.stop()


def test_a_sound_shelf_is_refused_nothing(path: str) -> None:
    assert use(path) == []
    assert use(path, "w") == []


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE Dict", "CREATE VIEW Dict AS SELECT 1 AS key, 2 AS value"],
        ["CREATE VIEW extra AS SELECT * FROM Dict"],
        ["CREATE TRIGGER t AFTER INSERT ON Dict BEGIN DELETE FROM picture; END"],
        ["CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN DELETE FROM picture; END"],
        ["DROP TABLE meta", "CREATE VIEW meta AS SELECT 'schema_version' AS name, 1 AS value"],
        ["CREATE VIRTUAL TABLE extra USING fts5(x)"],
        ["DROP TABLE Dict", "CREATE VIRTUAL TABLE Dict USING fts5(key, value)"],
        ["DROP TABLE Dict", "CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB)"],
        [
            "DROP TABLE Dict",
            (
                "CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL "
                "GENERATED ALWAYS AS (zeroblob(1000000000)) VIRTUAL)"
            ),
        ],
        [
            "DROP TABLE Dict",
            "CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL CHECK (value > 5))",
        ],
        ["CREATE INDEX extra ON picture (size_bytes)"],
        ["CREATE INDEX extra ON picture (abs(size_bytes))"],
        ["CREATE TABLE extra (x)"],
        ["DROP TABLE skipped"],
        ["DROP TABLE Dict"],
        ["ALTER TABLE picture ADD COLUMN extra"],
        ["ALTER TABLE picture RENAME COLUMN frames TO pictures"],
    ],
    ids=lambda statements: statements[-1][:60],
)
def test_any_other_schema_is_refused_at_the_door(path: str, statements: list[str]) -> None:
    if "ON v" in statements[0]:
        change(path, "CREATE VIEW v AS SELECT 1 AS x")
    try:
        change(path, *statements)
    except sqlite3.OperationalError as exc:
        pytest.skip(f"this SQLite cannot make it: {exc}")
    before = Path(path).read_bytes()
    for flag in "rwcn":
        with pytest.raises(ShelfError, match="unexpected table or view") as caught:
            open_shelf(path, flag)
        assert str(caught.value).isprintable()
    assert Path(path).read_bytes() == before


SAME_PAGE = (
    "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
    "WHERE name = '{}') WHERE name = '{}'"
)


def test_a_thousand_tables_are_refused(path: str) -> None:
    change(path, "BEGIN", *(f"CREATE TABLE t{n} (x)" for n in range(1000)), "COMMIT")
    with pytest.raises(ShelfError, match="unexpected table"):
        open_shelf(path)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'Dict'",
        "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'picture'",
        SAME_PAGE.format("Dict", "chunk"),
        SAME_PAGE.format("chunk", "Dict"),
        "UPDATE sqlite_master SET rootpage = -1 WHERE name = 'sqlite_autoindex_Dict_1'",
        "UPDATE sqlite_master SET rootpage = 1 WHERE name = 'Dict'",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE Dict (x' WHERE name = 'Dict'",
        "UPDATE sqlite_master SET sql = NULL WHERE name = 'Dict'",
        "UPDATE sqlite_master SET sql = x'ff' WHERE name = 'Dict'",
        "UPDATE sqlite_master SET type = 'view' WHERE name = 'Dict'",
        "DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_Dict_1'",
        "INSERT INTO sqlite_master VALUES ('table', char(10) || char(27), 'x', 0, 'CREATE x')",
    ],
)
def test_a_forged_table_of_tables_gives_only_shelferror(path: str, sql: str) -> None:
    try:
        change_schema(path, sql)
    except sqlite3.OperationalError as exc:
        pytest.skip(f"this SQLite does not allow it: {exc}")
    with little_memory(50):
        assert use(path)
        use(path, "w")


def test_a_newer_schema_says_upgrade(path: str) -> None:
    change(path, "CREATE TABLE later (x)", "UPDATE meta SET value = 3 WHERE name LIKE 'schema%'")
    with pytest.raises(ShelfError, match=r"newer imageshelf \(schema 3.*upgrade imageshelf"):
        open_shelf(path)


@pytest.mark.parametrize("version", ["3", "1e99", "'3'", "x'03'", "NULL", "-5"])
def test_a_strange_schema_version_is_no_excuse(path: str, version: str) -> None:
    change(path, f"UPDATE meta SET value = {version} WHERE name = 'schema_version'")
    if version == "3":
        change(path, "CREATE VIEW later AS SELECT 1")
    else:
        change(path, "CREATE TABLE later (x)")
    with pytest.raises(ShelfError):
        open_shelf(path)


HUGE = "zeroblob(3000000)"
VALUES = [
    "NULL",
    "5",
    "-1",
    "1e308",
    "9223372036854775807",
    "-9223372036854775808",
    "4611686018427387904",
    "'text'",
    "''",
    "x''",
    "x'00'",
    "x'ff'",
    "zeroblob(70000)",
    HUGE,
    "CAST(x'ff' AS TEXT)",
    "'12abc'",
]
COLUMNS = [
    (table, column)
    for table, columns in {
        "Dict": "key value",
        "meta": "name value",
        "foreign_key": "key name",
        "dataset": "id name device options completed_ns",
        "picture": "id name dataset_id size_bytes mtime_ns device inode nlink format width height "
        "frames bits orientation flags captured_at camera metadata_flags jpeg_quality thumbnail "
        "digest pixel_digest sound",
        "chunk": "view n hashes",
        "skipped": "name size_bytes mtime_ns device reason lasting decoders other",
        "suspect": "name since_ns",
    }.items()
    for column in columns.split()
]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_any_value_in_any_column_gives_at_most_shelferror(
    path: str, tmp_path: Path, table: str, column: str
) -> None:
    change(
        path,
        "INSERT INTO foreign_key VALUES (x'61', x'62')",
        "INSERT INTO dataset (name) VALUES (x'61')",
        "INSERT INTO suspect VALUES (x'61', 5)",
    )
    sound = Path(path).read_bytes()
    one = f"WHERE {column} = (SELECT max({column}) FROM {table})"
    for value in VALUES:
        Path(path).write_bytes(sound)
        wheres = (one,) if value == HUGE else ("", one)  # one where UNIQUE refuses all of them
        for where in wheres:
            try:
                change(path, f"UPDATE {table} SET {column} = {value} {where}")
            except sqlite3.Error:  # NOT NULL too, or an id that is no number
                continue
            use(path)
            use(path, "w")
            break


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("UPDATE Dict SET value = 'text'", {"dict", "key", "check"}),
        ("UPDATE Dict SET value = zeroblob(100)", {"dict", "key"}),
        ("UPDATE chunk SET n = 4611686018427387904 WHERE view = 'whole'", {"whole", "centre"}),
        ("UPDATE chunk SET n = -1 WHERE view = 'whole'", {"whole", "turned", "trimmed"}),
        ("UPDATE chunk SET hashes = x'00' WHERE view = 'whole'", {"whole", "rows"}),
        ("UPDATE chunk SET hashes = zeroblob(1600) WHERE view = 'centre'", {"centre"}),
        ("UPDATE chunk SET hashes = 'text' WHERE view = 'trimmed'", {"trimmed"}),
        ("UPDATE chunk SET hashes = zeroblob(52) WHERE view = 'trimmed'", {"trimmed"}),
        ("UPDATE picture SET size_bytes = -1", {"rows", "row_of"}),
        ("UPDATE picture SET width = 'wide'", {"rows", "row_of"}),
        ("UPDATE picture SET thumbnail = x'00'", {"rows", "row_of"}),
        ("UPDATE picture SET thumbnail = zeroblob(80000)", {"rows"}),
        ("UPDATE meta SET value = 'x' WHERE name = 'dict_watermark'", {"foreign"}),
        ("UPDATE meta SET value = '1e9 zz' WHERE name = 'dict_watermark'", {"foreign"}),
        (f"UPDATE meta SET value = '{2**70} 00' WHERE name = 'dict_watermark'", {"foreign"}),
    ],
)
def test_wrong_values_are_noticed(path: str, sql: str, refused: set[str]) -> None:
    change(path, sql)
    there = {line.partition(":")[0] for line in use(path)}
    with open_shelf(path) as shelf:
        if shelf.check():
            there.add("check")
    assert refused <= there


def test_an_id_beyond_all_reason_stops_a_writer(path: str) -> None:
    change(path, f"UPDATE picture SET id = {2**62} WHERE id = 59")
    with open_shelf(path, "w") as shelf, pytest.raises(ShelfError, match="impossible picture id"):
        shelf.whole_catalogue().add([entry(b"new", 1)])


EXPLOIT = b"cos\nmkdir\n(S'executed'\ntR."


@pytest.mark.parametrize(
    "value",
    [
        EXPLOIT,
        b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93\x8c\x08executed\x85R.",
        b"(lp0\n" + EXPLOIT[:-1] + b"a.",
        pickle.dumps([["a"]]),
        b"]" + b"]" * 100_000 + b"a" * 100_000 + b".",
        b"\x80\x04]r\xff\xff\xff\x7f\x8d" + b"\xff" * 7 + b"\x7fa.",
    ],
)
def test_a_pickle_bomb_is_never_run(
    path: str, value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(os.path.dirname(path))
    connection = sqlite3.connect(path)
    connection.execute("UPDATE Dict SET value = ? WHERE key = ?", (value, b"%016x" % 3))
    connection.commit()
    connection.close()
    with little_memory(20), open_shelf(path) as shelf, pytest.raises(ShelfError, match="no list"):
        shelf[f"{3:016x}"]
    with open_shelf(path, "w") as shelf, pytest.raises(ShelfError, match="no list"):
        shelf.whole_catalogue().forget([b"photos/3.jpg"])
    assert not os.path.exists("executed")


def test_a_value_above_the_cap_is_refused_unread(path: str) -> None:
    change(path, f"UPDATE Dict SET value = zeroblob({200 * 2**20}) WHERE key = x'{b'0'.hex()}'")
    change(path, f"INSERT INTO Dict VALUES (x'6b6579', zeroblob({200 * 2**20}))")
    with little_memory(20), open_shelf(path) as shelf:
        with pytest.raises(ShelfError, match="too long"):
            shelf["key"]
        with pytest.raises(ShelfError, match="too long"):
            dict(shelf)
        assert shelf[f"{3:016x}"]


def test_rows_that_share_one_long_value_do_not_fill_memory(path: str, tmp_path: Path) -> None:
    """Cells of a b-tree may point to one overflow chain; here the claim alone is made."""
    connection = sqlite3.connect(path)
    rows = ((b"%d" % n, n, bytes(102_400)) for n in range(300))
    connection.executemany("INSERT INTO chunk VALUES ('whole', ? + 5, ?)", (r[1:] for r in rows))
    connection.commit()
    connection.close()
    with open_shelf(path) as shelf:
        shelf._db.size_bytes = lambda: 20 * 2**20  # type: ignore[method-assign]
        with little_memory(5), pytest.raises(ShelfError, match="more than its size"):
            shelf.whole_catalogue().hashes()


def test_tables_without_end_are_stopped(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imageshelf.shelf.database._TICKS", 2)
    monkeypatch.setattr("imageshelf.shelf.database._TICKS_PER_MB", 0)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with open_shelf(path) as shelf, pytest.raises(ShelfError, match="no end"):
        shelf._db.select(endless)


@pytest.mark.parametrize("seed", range(20))
def test_bit_flips_give_at_most_shelferror(path: str, seed: int) -> None:
    print("seed", seed)
    flip(path, random.Random(seed), times=10)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(100, 200))
def test_ten_thousand_bit_flips_give_at_most_shelferror(path: str, seed: int) -> None:
    print("seed", seed)
    flip(path, random.Random(seed), times=100)


def flip(path: str, rnd: random.Random, times: int) -> None:
    sound = Path(path).read_bytes()
    for _ in range(times):
        damaged = bytearray(sound)
        for _ in range(rnd.choice((1, 1, 5))):
            at = rnd.choice((rnd.randrange(len(sound)), rnd.randrange(100), page_head(rnd, sound)))
            damaged[at] ^= 1 << rnd.randrange(8)
        Path(path).write_bytes(damaged)
        for suffix in ("-journal", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)
        use(path)
        use(path, "w")


def page_head(rnd: random.Random, data: bytes) -> int:
    """Return a place where the shape of a page is written."""
    return rnd.randrange(len(data) // 4096) * 4096 + rnd.randrange(40)


@pytest.mark.parametrize("length", [0, 1, 99, 100, 512, 4095, 4096, 5000, 40_000])
def test_a_truncated_shelf_gives_only_shelferror(path: str, length: int) -> None:
    os.truncate(path, length)
    assert use(path)


def test_a_bare_hostile_file_is_refused_too(tmp_path: Path) -> None:
    path = str(tmp_path / "bare")
    change(path, schema.DICT, "INSERT INTO Dict VALUES ('text key', 'text')")
    with open_shelf(path) as shelf:
        assert dict(shelf) == {}  # keys are bytes, so nothing could look it up
        with pytest.raises(ShelfError):
            shelf.hand_written()
        assert shelf.check()


def test_hand_written_lists_keep_the_index_sound(path: str) -> None:
    with open_shelf(path, "w") as shelf:
        shelf["not hex"] = ["x", "x"]
        shelf[f"{3:016x}"] = ["photos/3.jpg", "photos/33.jpg", "photos/33.jpg"]
        assert use(path) == []
        shelf.whole_catalogue().add([entry(b"new", 3)])
        assert shelf[f"{3:016x}"] == ["new", "photos/3.jpg", "photos/33.jpg"]
        expected = lists_of(PICTURES | {b"new": 3}) | {"not hex": ["x", "x"]}
        assert dict(shelf) == expected
        assert hand_written.noted(shelf._db) == [(b"not hex", b"x")]
