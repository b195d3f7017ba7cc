"""A decision about two pictures is kept by what they show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imageshelf.__main__ import main
from imageshelf.copies import grouping
from imageshelf.copies.groups import PairRules
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import digests
from imageshelf.shelf import names, not_duplicates, open_shelf
from tests.cleaning import indexed
from tests.keepers import copy, photo, rating, save, xmp

Output = pytest.CaptureFixture[str]
A, B = "p/a.jpg", "p/b.jpg"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two near copies, and another two, on a shelf."""
    monkeypatch.chdir(tmp_path)
    for one, other, seed in ((A, B, 1), ("p/c.jpg", "p/d.jpg", 2)):
        save(tmp_path / one, photo(seed))
        save(tmp_path / other, photo(seed).resize((240, 180)))
    indexed(tmp_path, "p")
    return tmp_path


def groups() -> list[list[str]]:
    with open_shelf("db.shelve") as shelf:
        rules = PairRules(not_duplicate=not_duplicates.lookup(shelf))
        found = grouping.find_groups(shelf, None, rules).groups
    return [[group.keeper.name, *(one.name for one in group.members)] for group in found]


def rate(path: Path) -> None:
    """Write a rating into a file, as a viewer does."""
    copy(path, "rated.jpg", add=xmp(rating(4)), age=5 * 10**9).replace(path)


def test_it_survives_a_rating_and_is_listed_by_name(home: Path, capsys: Output) -> None:
    assert len(groups()) == 2
    assert main(["not-duplicates", A, B]) == 0
    assert groups() == [["p/c.jpg", "p/d.jpg"]]
    rate(home / A)
    assert index("p", "db.shelve", Settings(jobs=0)).changed == 1
    assert groups() == [["p/c.jpg", "p/d.jpg"]]
    capsys.readouterr()
    assert main(["not-duplicates", "--list"]) == 0
    assert sorted(capsys.readouterr().out.split("\n")[0].split("  is not  ")) == [A, B]
    assert main(["not-duplicates", "--forget", A, B]) == 0
    assert len(groups()) == 2


def test_only_pictures_of_that_size_and_key_are_decoded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["not-duplicates", A, B]) == 0
    rate(home / A)
    index("p", "db.shelve", Settings(jobs=0))
    read: list[str] = []
    decode = digests.pixel_digest

    def noted(path: str) -> bytes:
        read.append(path)
        return decode(path)

    monkeypatch.setattr(digests, "pixel_digest", noted)
    with open_shelf("db.shelve") as shelf:
        catalogue = shelf.whole_catalogue()
        rows = [catalogue.row_of(names.to_bytes(f"p/{name}.jpg")) for name in "abcd"]
        said = not_duplicates.lookup(shelf)
        assert [said(a, b) for a in rows for b in rows if a and b].count(True) == 2
    assert [Path(path).name for path in read] == ["a.jpg"]


def test_what_0_1_0_remembered_by_bytes_keeps_working(home: Path) -> None:
    sizes = [(home / name).stat().st_size for name in (A, B)]
    pair = sorted(digests.digest(str(home / name)) for name in (A, B))
    with open_shelf("db.shelve", "w") as shelf:
        catalogue = shelf.whole_catalogue()
        catalogue.set_meta(not_duplicates.FOUND_BY, json.dumps(sizes))
        with catalogue.transaction():
            catalogue.db.write(not_duplicates.ADD, (*pair, 1))
    assert groups() == [["p/c.jpg", "p/d.jpg"]]


def test_pictures_that_show_the_same_are_told_apart_by_their_bytes(home: Path) -> None:
    copy(home / A, "rated.jpg", add=xmp(rating(4)))
    index("p", "db.shelve", Settings(jobs=0))
    assert main(["not-duplicates", A, "p/rated.jpg"]) == 0
    assert not [group for group in groups() if {A, "p/rated.jpg"} <= set(group)]
