"""Rows that this user's runs wrote are told from all others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from imageshelf.shelf import marks, open_shelf
from imageshelf.shelf.marks import Marks
from imageshelf.system.user_key import UserKeyError

OURS = Marks(b"k" * 32, b"i" * 16)
ROWS: list[tuple[Any, ...]] = [  # every two differ
    ("action", 1, 2, "move"),
    ("cleanup", 1, 2, "move"),
    ("action", 12, "move"),
    ("action", 1, 2, "move", None),
    ("action", 1, 2, "move", b""),
    ("action", 1, 2, "move", ""),
    ("action", 1, 2, b"move"),
    ("action", "1", 2, "move"),
    ("action", 1, 2, "mov", "e"),
    ("action", 1, 2, "mov", b"e"),
    ("action", -1, 2, "move"),
    ("action", 1, 2, "m\udcffve"),
    ("action", 1, 2, None, "move"),
    ("action1", 2, "move"),
    ("action", 2**63, 2, "move"),
]


def test_a_mark_fits_its_row() -> None:
    for row in ROWS:
        assert OURS.fits(OURS.of(*row), *row)


def test_no_two_rows_have_the_same_mark() -> None:
    for one, other in combinations(ROWS, 2):
        assert not OURS.fits(OURS.of(*one), *other), (one, other)


def test_it_is_the_published_algorithm() -> None:
    text = b"s\0\0\0\0\0\0\0\x0cimageshelf 1s\0\0\0\0\0\0\0\5shelfb\0\0\0\0\0\0\0\x10"
    import hashlib
    import hmac

    expected = hmac.new(b"k" * 32, text + b"i" * 16, hashlib.sha256).digest()
    assert OURS.of("shelf") == expected


@pytest.mark.parametrize("mark", [None, 5, "", "x" * 32, b"", b"\0" * 32, OURS.of("shelf")[:31]])
def test_what_is_no_mark_fits_nothing(mark: object) -> None:
    assert not OURS.fits(mark, "shelf")


def test_another_shelf_and_another_key_have_other_marks() -> None:
    mark = OURS.of("shelf")
    assert not Marks(b"k" * 32, b"j" * 16).fits(mark, "shelf")
    assert not Marks(b"l" * 32, b"i" * 16).fits(mark, "shelf")


def test_a_shelf_we_make_is_ours_and_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "db.shelve"
    with open_shelf(path, "c") as shelf:
        assert marks.is_ours(shelf._db)
        first = marks.stored_id(shelf._db)
    with open_shelf(path, "n") as shelf:
        assert marks.is_ours(shelf._db)
        assert marks.stored_id(shelf._db) != first  # what was marked before fits no more


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = zeroblob(32) WHERE name = 'mark'",
        "UPDATE meta SET value = zeroblob(16) WHERE name = 'shelf_id'",
        "UPDATE meta SET value = hex(value) WHERE name = 'mark'",
        "UPDATE meta SET value = 5 WHERE name = 'shelf_id'",
        "DELETE FROM meta WHERE name = 'mark'",
        "DELETE FROM meta WHERE name = 'shelf_id'",
    ],
)
def test_a_forged_shelf_is_not_ours(change: str, tmp_path: Path) -> None:
    path = tmp_path / "db.shelve"
    open_shelf(path, "c").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(change)
    with open_shelf(path) as shelf:
        assert not marks.is_ours(shelf._db)


def test_a_shelf_of_another_user_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "db.shelve"
    open_shelf(path, "c").close()
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "another"))
    with open_shelf(path, "w") as shelf:
        assert shelf.marks() is None
        mark = shelf.marks_to_write().of("setting", "keep", "newest")
        assert not marks.is_ours(shelf._db)
        ours = shelf.marks()
        assert ours is not None
        assert ours.fits(mark, "setting", "keep", "newest")


def test_without_a_place_for_the_key_a_shelf_works_unmarked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "file" / "state"))
    with open_shelf(tmp_path / "db.shelve", "c") as shelf:
        shelf["00" * 8] = ["a.jpg"]
        assert shelf.check() == []
        assert shelf.marks() is None
        assert not marks.is_ours(shelf._db)
        with pytest.raises(UserKeyError, match="IMAGESHELF_STATE"):
            shelf.marks_to_write()
