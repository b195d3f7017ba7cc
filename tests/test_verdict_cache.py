"""What a shelf keeps of the looks at its pairs: never wrong, and never on somebody else's shelf."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from imageshelf.copies import grouping
from imageshelf.copies.byte_digests import DecodeOptions
from imageshelf.copies.duplicates import duplicates
from imageshelf.copies.groups import Duplicates
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.searching import second_look
from imageshelf.searching.second_look import Pair
from imageshelf.shelf import open_shelf
from tests.conftest import drawn


@pytest.fixture
def shelve(tmp_path: Path) -> Path:
    """A shelf with near copies, a variant, and identical bytes and pixels."""
    photos = tmp_path / "photos"
    photos.mkdir()
    original = drawn(1, (320, 240))
    original.save(photos / "a.png")
    original.save(photos / "a packed.png", compress_level=1)
    original.resize((200, 150)).save(photos / "small.jpg", quality=80)
    changed = original.copy()
    changed.paste("white", (200, 100, 250, 150))
    changed.save(photos / "variant.png")
    shutil.copy(photos / "small.jpg", photos / "small copy.jpg")
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path / "db.shelve"


def answer(shelve: Path, *, keep: bool = True) -> Duplicates:
    with open_shelf(shelve) as shelf:
        return grouping.find_groups(shelf, decoding=DecodeOptions(0, keep=keep))


def rows(shelve: Path) -> int:
    with open_shelf(shelve) as shelf:
        db = shelf.whole_catalogue().db
        return int(db.select("SELECT count(*) FROM verdict")[0][0])


def test_a_second_answer_is_the_same_and_looks_at_nothing(
    shelve: Path, looks: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answer(shelve)
    assert looks
    looks.clear()
    monkeypatch.setattr("imageshelf.workers.work_overlay.work", lambda _: pytest.fail("read again"))
    assert answer(shelve).groups == first.groups
    assert looks == []


def test_a_changed_picture_is_looked_at_again(shelve: Path, looks: list[Pair]) -> None:
    answer(shelve)
    before = rows(shelve)
    changed = shelve.parent / "photos/variant.png"
    drawn(2, (320, 240)).save(changed)
    index(changed.parent, shelve, Settings(jobs=0))
    looks.clear()
    groups = answer(shelve).groups
    assert not [pair for pair in looks if str(changed) not in {pair.first.path, pair.second.path}]
    assert "variant.png" not in {Path(one.path).name for g in groups for one in g.members}
    drawn(3, (320, 240)).save(shelve.parent / "photos/new.png")  # something new to write
    shutil.copy(shelve.parent / "photos/small.jpg", shelve.parent / "photos/b.jpg")
    index(changed.parent, shelve, Settings(jobs=0))
    answer(shelve)
    assert rows(shelve) < before + 1  # what was seen of the old variant is dropped


def test_a_picture_that_leaves_takes_its_looks_along(shelve: Path) -> None:
    answer(shelve)
    for path in (shelve.parent / "photos").glob("small*"):
        path.unlink()
    index(shelve.parent / "photos", shelve, Settings(jobs=0))
    with open_shelf(shelve) as shelf:
        db = shelf.whole_catalogue().db
        left = {id_ for (id_,) in db.select("SELECT id FROM picture")}
        assert rows(shelve)
        assert {id_ for pair in db.select("SELECT a_id, b_id FROM verdict") for id_ in pair} <= left
    index(shelve.parent / "photos", shelve, Settings(jobs=0, rebuild=True))
    assert rows(shelve) == 0


def test_nothing_is_kept_of_files_that_are_not_as_indexed(shelve: Path) -> None:
    for path in (shelve.parent / "photos").iterdir():
        os.utime(path, ns=(1, 1))
    answer(shelve)
    assert rows(shelve) == 0


def test_another_rule_looks_again(
    shelve: Path, looks: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(shelve)
    seen = len(looks)
    monkeypatch.setattr("imageshelf.copies.verdict_cache.RULE", second_look.RULE + 1)
    answer(shelve)
    assert len(looks) == 2 * seen


def test_a_shelf_that_is_not_ours_is_only_read(
    shelve: Path, looks: list[Pair], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(shelve)
    kept, seen = rows(shelve), len(looks)
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "another user's"))
    before = shelve.read_bytes()
    answer(shelve)
    assert len(looks) == 2 * seen  # what it claims is not believed
    assert shelve.read_bytes() == before
    assert kept


def test_a_shelf_that_cannot_be_written_is_only_read(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imageshelf.shelf import ShelfError, verdicts

    def refused(*_: object) -> None:
        raise ShelfError("is read-only")

    monkeypatch.setattr(verdicts, "open_shelf", refused)
    assert answer(shelve).groups
    assert rows(shelve) == 0


def test_duplicates_keeps_and_a_plan_does_not(shelve: Path) -> None:
    before = shelve.read_bytes()
    answer(shelve, keep=False)
    assert shelve.read_bytes() == before
    duplicates(shelve)
    assert rows(shelve) > 0


@pytest.mark.parametrize("result", ["", "{}", "[1]", '[0,0,"near"]', "null", "[[[[", '"x"'])
def test_what_is_no_look_is_passed_over(shelve: Path, looks: list[Pair], result: str) -> None:
    first = answer(shelve)
    with open_shelf(shelve, "w") as shelf:
        shelf.whole_catalogue().db.write("UPDATE verdict SET result = ?", (result,))
    looks.clear()
    assert answer(shelve).groups == first.groups
    assert looks
