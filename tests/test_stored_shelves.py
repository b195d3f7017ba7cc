"""Shelves that earlier versions wrote, kept as files, still open and still answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imageshelf import search
from imageshelf.cleanup.undoing import history
from imageshelf.shelf import not_duplicates, open_shelf
from tests.fixture_shelf import unpack

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A shelf of schema 1 beside its pictures."""
    return unpack(FIXTURES / "schema_1", tmp_path / "album")


def tables(shelf: Path) -> list[Any]:
    with closing(sqlite3.connect(shelf)) as connection:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()


def test_the_first_version_is_whole(first: Path) -> None:
    with open_shelf(first) as shelf:
        assert shelf.check() == []
        counts = shelf.whole_catalogue().counts()
        assert (counts.pictures, counts.skipped) == (5, 1)
        assert shelf.hand_written() == [("00000000000000ff", ["by hand.jpg"])]
        assert len(not_duplicates.listed(shelf)) == 1


def test_the_first_version_is_searched(first: Path) -> None:
    before = first.read_bytes()
    photos = first.parent / "photos"
    matches = search(photos / "a large.jpg", first)
    assert [Path(match.path).name for match in matches] == ["a large.jpg", "a.jpg"]
    assert first.read_bytes() == before


def test_the_history_of_the_first_version_is_shown(first: Path) -> None:
    with open_shelf(first) as shelf:
        assert [past.state for past in history(shelf)] == ["undone", "done"]


def test_a_new_shelf_has_the_tables_of_the_first_version(first: Path, tmp_path: Path) -> None:
    open_shelf(tmp_path / "new.shelve", "n").close()
    assert tables(tmp_path / "new.shelve") == tables(first)
