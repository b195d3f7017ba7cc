"""`python -m imageshelf check`: every finding with its remedy."""

import os
from pathlib import Path

import pytest

from imageshelf import Settings, index, open_shelf
from imageshelf import __main__ as verbs
from imageshelf.pictures.recipe import current_recipe
from imageshelf.shelf import health
from tests.conftest import drawn


@pytest.fixture
def shelve(photos: Path, tmp_path: Path) -> Path:
    path = tmp_path / "db.shelve"
    index(photos, path, Settings(jobs=0))
    return path


def found(shelve: Path) -> list[str]:
    with open_shelf(shelve) as shelf:
        return [finding.what for finding in health.findings(shelf)]


def test_a_fresh_shelf_is_well(shelve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(shelve) == []
    assert verbs.main(["check", "--shelve", str(shelve)]) == 0
    assert "6 pictures: all is well" in capsys.readouterr().out


def test_pictures_gone_and_changed_are_counted(photos: Path, shelve: Path) -> None:
    (photos / "0.jpg").unlink()
    drawn(50).save(photos / "1.jpg")
    os.utime(photos / "2.jpg", ns=(1, 1))
    assert found(shelve) == [
        "1 of 6 pictures is not where it was",
        "2 of 6 pictures have changed since they were indexed",
    ]


def test_a_key_deleted_by_hand_is_noticed(shelve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_shelf(shelve, "w") as shelf:
        del shelf[next(iter(shelf))]
    assert found(shelve)
    assert verbs.main(["check", "--shelve", str(shelve)]) == 1
    assert "remedy" in capsys.readouterr().out


def test_libraries_that_make_other_hashes_are_noticed(
    shelve: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import search as script

    recipe = current_recipe()
    other = recipe._replace(canary="0" * 16, pillow="99.0")
    for user in ("shelf.health", "searching.search"):
        monkeypatch.setattr(f"imageshelf.{user}.current_recipe", lambda **_: other)
    (sentence,) = found(shelve)
    assert "99.0 now" in sentence
    assert script.main(["-s", str(shelve), "-q", str(photos / "0.jpg")]) == 0
    assert "99.0 now" in capsys.readouterr().err


def test_a_shelf_that_cannot_be_opened_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verbs.main(["check", "--shelve", str(tmp_path / "none.shelve")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
