from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.copies.grouping import find_groups
from imageshelf.copies.groups import GroupOptions, PairRules
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.digests import pixel_digest
from imageshelf.shelf import Shelf, names, not_duplicates, open_shelf
from imageshelf.shelf.not_duplicates import NotDuplicatesError
from tests.cleaning import copies, indexed
from tests.conftest import drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copies(tmp_path, {"photos/a.jpg": 1, "photos/c.jpg": 2})
    drawn(1, (48, 36)).save(tmp_path / "photos/b.jpg", quality=70)
    indexed(tmp_path, "photos")
    return tmp_path


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        yield shelf


def groups(shelf: Shelf) -> list[set[str]]:
    asked = PairRules(not_duplicate=not_duplicates.lookup(shelf, pixel_digest))
    found = find_groups(shelf, GroupOptions(), asked).groups
    return [{os.path.basename(m.path) for m in (g.keeper, *g.members)} for g in found]


def paths(shelf: Shelf, *wanted: str) -> list[str]:
    return [os.path.join(shelf.folder, "photos", name) for name in wanted]


def test_what_is_remembered_is_no_group_any_more(shelf: Shelf) -> None:
    assert groups(shelf) == [{"a.jpg", "b.jpg"}]
    assert not_duplicates.remember(shelf, paths(shelf, "a.jpg", "b.jpg"), pixel_digest) == 1
    assert groups(shelf) == []
    assert not_duplicates.remember(shelf, paths(shelf, "b.jpg", "a.jpg"), pixel_digest) == 0
    assert not_duplicates.listed(shelf, pixel_digest) in (
        [(["photos/a.jpg"], ["photos/b.jpg"])],
        [(["photos/b.jpg"], ["photos/a.jpg"])],
    )
    assert not_duplicates.forget(shelf, paths(shelf, "a.jpg", "b.jpg"), pixel_digest) == 1
    assert groups(shelf) == [{"a.jpg", "b.jpg"}]


@pytest.mark.parametrize("rebuild", [False, True])
def test_it_survives_a_rename_and_a_new_index_run(folder: Path, rebuild: bool) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        not_duplicates.remember(shelf, paths(shelf, "a.jpg", "b.jpg"), pixel_digest)
    (folder / "photos/a.jpg").rename(folder / "photos/renamed.jpg")
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0, rebuild=rebuild))
    with open_shelf(folder / "db.shelve") as shelf:
        assert shelf.whole_catalogue().row_of(names.to_bytes("photos/renamed.jpg"))
        assert groups(shelf) == []


def test_another_picture_under_the_name_is_another_picture(folder: Path) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        not_duplicates.remember(shelf, paths(shelf, "a.jpg", "b.jpg"), pixel_digest)
    drawn(1, (48, 36)).save(folder / "photos/b.jpg", quality=60)
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    with open_shelf(folder / "db.shelve") as shelf:
        assert groups(shelf) == [{"a.jpg", "b.jpg"}]


def test_three_pictures_are_three_pairs(shelf: Shelf) -> None:
    assert (
        not_duplicates.remember(shelf, paths(shelf, "a.jpg", "b.jpg", "c.jpg"), pixel_digest) == 3
    )


def test_content_that_is_not_there_is_listed_by_its_digest(folder: Path, shelf: Shelf) -> None:
    not_duplicates.remember(shelf, paths(shelf, "a.jpg", "b.jpg"), pixel_digest)
    shelf.whole_catalogue().forget([b"photos/a.jpg"])
    told = [side for pair in not_duplicates.listed(shelf, pixel_digest) for side in pair]
    assert sorted(side[0][0] for side in told) == ["<", "p"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ([], "name at least two pictures"),
        (["a.jpg"], "name at least two pictures"),
        (["a.jpg", "a.jpg"], "name at least two pictures"),
        (["a.jpg", "x.jpg"], "x.jpg is not on the shelf"),
        (["a.jpg", "copy.jpg"], "identical, byte for byte"),
        (["a.jpg", "gone.jpg"], "gone.jpg vanished"),
    ],
)
def test_what_cannot_be_remembered_is_one_sentence(
    folder: Path, wanted: list[str], sentence: str
) -> None:
    copies(folder, {"photos/copy.jpg": "photos/a.jpg", "photos/gone.jpg": 5})
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    (folder / "photos/gone.jpg").unlink()
    with open_shelf(folder / "db.shelve", "w") as shelf:
        with pytest.raises(NotDuplicatesError, match=sentence):
            not_duplicates.remember(shelf, paths(shelf, *wanted), pixel_digest)
        assert not_duplicates.listed(shelf, pixel_digest) == []
