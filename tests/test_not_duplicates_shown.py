"""A decision about two pictures is kept by what they show."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from imageshelf.__main__ import main
from imageshelf.copies import grouping, shown_digests
from imageshelf.copies.groups import PairRules
from imageshelf.copies.shown_digests import ShownDigests
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import digests
from imageshelf.pictures.digests import pixel_digest
from imageshelf.pictures.tasks import DigestTask
from imageshelf.shelf import names, not_duplicates, open_shelf
from imageshelf.system.paths import Url
from imageshelf.workers import limited_map
from imageshelf.workers.work import digested
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
        rules = PairRules(not_duplicate=not_duplicates.lookup(shelf, pixel_digest))
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


def test_only_pictures_of_that_size_and_key_are_decoded(home: Path) -> None:
    assert main(["not-duplicates", A, B]) == 0
    rate(home / A)
    index("p", "db.shelve", Settings(jobs=0))
    read: list[str] = []

    def noted(path: str) -> bytes:
        read.append(path)
        return pixel_digest(path)

    with open_shelf("db.shelve") as shelf:
        catalogue = shelf.whole_catalogue()
        rows = [catalogue.row_of(names.to_bytes(f"p/{name}.jpg")) for name in "abcd"]
        said = not_duplicates.lookup(shelf, noted)
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


@pytest.mark.skipif(os.name != "posix", reason="workers end by signals")
@pytest.mark.parametrize("behaviour", ["segfault", "loop", "eat", "exit"])
def test_a_picture_whose_decoder_goes_wrong_costs_only_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, behaviour: str
) -> None:
    bad = f"p/later {behaviour}.jpg"
    photo(1).resize((360, 270)).save(bad, progressive=True)
    index("p", "db.shelve", Settings(jobs=0))
    assert main(["not-duplicates", A, bad]) == 0
    rate(home / bad)
    index("p", "db.shelve", Settings(jobs=0))
    assert len(groups()) == 2
    monkeypatch.setattr(shown_digests, "WORK", "tests.odd_decoders:examine_or_misbehave")
    monkeypatch.setattr(limited_map, "TIME_LIMIT_S", 1.0)
    with open_shelf("db.shelve") as shelf, ShownDigests() as shown:
        rows = [shelf.whole_catalogue().row_of(names.to_bytes(name)) for name in (A, bad)]
        one, other = (row for row in rows if row)
        assert not not_duplicates.lookup(shelf, shown)(one, other)
        assert shown(str(home / A)) == pixel_digest(str(home / A))
    assert main(["not-duplicates", "--list"]) == 0
    assert A in capsys.readouterr().out
    assert main(["not-duplicates", B, bad]) == 0
    assert "1 pair remembered" in capsys.readouterr().out


def test_nothing_at_a_url_is_fetched() -> None:
    with ShownDigests() as shown:
        assert not shown(Url("http://127.0.0.1:9/a.jpg"))


def test_only_small_baseline_pictures_are_decoded_in_the_program(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo(1).save("p/progressive.jpg", progressive=True)
    expected = [pixel_digest(name) for name in (A, "p/progressive.jpg")]
    read: list[str] = []

    def noted(task: DigestTask) -> bytes | None:
        digest = digested(task)
        read.append(task.path)
        return digest

    monkeypatch.setattr("imageshelf.copies.shown_digests.digested", noted)
    with ShownDigests() as shown:
        assert [shown(name) for name in (A, "p/progressive.jpg")] == expected
    assert read == [A]
