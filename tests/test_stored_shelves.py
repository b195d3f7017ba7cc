"""Shelves that earlier versions wrote, kept as files, still open and still answer."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imageshelf import Settings, index, search
from imageshelf.cleanup.history import history
from imageshelf.pictures.digests import pixel_digest
from imageshelf.shelf import ShelfError, marks, not_duplicates, open_shelf, schema
from tests.fixture_shelf import unpack

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A shelf of schema 1 beside its pictures."""
    return unpack(FIXTURES / "schema_1", tmp_path / "album")


def tables(shelf: Path) -> list[Any]:
    """Return the definitions of all tables and indexes, however they are laid out in lines."""
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    with closing(sqlite3.connect(shelf)) as connection:
        return [(*row, (sql or "").split()) for *row, sql in connection.execute(sql)]


def test_the_first_version_is_whole(first: Path) -> None:
    with open_shelf(first) as shelf:
        assert shelf.check() == []
        counts = shelf.whole_catalogue().counts()
        assert (counts.pictures, counts.skipped) == (5, 1)
        assert shelf.hand_written() == [("00000000000000ff", ["by hand.jpg"])]
        assert len(not_duplicates.listed(shelf, pixel_digest)) == 1


def test_the_first_version_is_searched(first: Path) -> None:
    before = first.read_bytes()
    photos = first.parent / "photos"
    matches = search(photos / "a large.jpg", first)
    assert [Path(match.path).name for match in matches] == ["a large.jpg", "a.jpg"]
    assert first.read_bytes() == before


def test_the_history_of_the_first_version_is_shown(first: Path) -> None:
    with open_shelf(first) as shelf:
        assert [past.state for past in history(shelf)] == ["undone", "done"]


def everything(shelf: Path) -> dict[str, list[Any]]:
    """Return the rows of every table, but for what a migration adds."""
    with closing(sqlite3.connect(shelf)) as connection:
        found = {}
        for table in schema.TABLES:
            if table in {"verdict", "setting", "piece"}:
                continue
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(c for c in columns if c not in {"read_by", "origin", "mark"})
            found[table] = connection.execute(f"SELECT {kept} FROM {table}").fetchall()
    found["meta"] = [row for row in found["meta"] if row[0] not in ADDED]
    return found


ADDED = {"schema_version", "shelf_id", "mark"}


def test_whatever_writes_migrates_the_first_version(first: Path, tmp_path: Path) -> None:
    before = everything(first)
    open_shelf(first, "w").close()
    open_shelf(tmp_path / "new.shelve", "n").close()
    assert tables(first) == tables(tmp_path / "new.shelve")
    assert everything(first) == before
    assert os.listdir(first.parent).count("db.shelve") == 1
    with open_shelf(first) as shelf:
        assert shelf.check() == []
        assert marks.is_ours(shelf._db)


def test_an_index_run_goes_on_with_the_first_version(first: Path) -> None:
    summary = index(first.parent / "photos", first, Settings(jobs=0))
    assert summary.seen == 6
    assert summary.moved == summary.vanished == 0
    with open_shelf(first) as shelf:
        assert shelf.check() == []
        assert shelf._db.version == schema.SCHEMA_VERSION
        assert len(not_duplicates.listed(shelf, pixel_digest)) == 1
        assert [past.state for past in history(shelf)] == ["undone", "done"]


def test_the_first_version_refuses_the_second_with_its_sentence(tmp_path: Path) -> None:
    """It compares the table meta word for word, and reads the version there."""
    open_shelf(tmp_path / "new.shelve", "n").close()
    with closing(sqlite3.connect(tmp_path / "new.shelve")) as connection:
        sql = "SELECT sql FROM sqlite_master WHERE name = 'meta'"
        assert connection.execute(sql).fetchone() == (FIRST_META,)
        sql = "SELECT value FROM meta WHERE name = 'schema_version'"
        assert connection.execute(sql).fetchone() == (2,)


FIRST_META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID"


def test_a_version_between_the_two_is_refused(first: Path) -> None:
    with closing(sqlite3.connect(first)) as connection:
        connection.execute(schema.FROM_1_TO_2[0])
    for flag in "rw":
        with pytest.raises(ShelfError, match="unexpected table"):
            open_shelf(first, flag)


def test_a_migration_without_room_changes_nothing(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(first)

    def fails(_: object) -> None:
        raise OSError

    monkeypatch.setattr(marks, "claim", fails)
    with pytest.raises(OSError):
        open_shelf(first, "w")
    assert tables(first) == before
