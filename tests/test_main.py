"""`python -m imageshelf VERB`: what each verb prints, and its exit status."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from imageshelf import __main__ as program
from imageshelf import index
from tests.conftest import drawn


@pytest.fixture
def shelve(photos: Path) -> Path:
    index(photos, photos.parent / "db.shelve")
    return photos.parent / "db.shelve"


def test_a_sound_shelf_is_told_to_be_well(shelve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["check", "-s", str(shelve)]) == 0
    assert capsys.readouterr().out == "6 pictures: all is well\n"


def test_each_finding_comes_with_its_remedy(
    shelve: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "0.jpg").unlink()
    drawn(50).save(photos / "1.jpg")
    assert program.main(["check", "-s", str(shelve)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1 of 6 pictures is not where it was"
    assert told[3] == "1 of 6 pictures has changed since it was indexed"
    assert [Path(line.strip()).name for line in told[1::3]] == ["0.jpg", "1.jpg"]
    assert all(line.startswith("  remedy: ") for line in told[2::3])


def test_of_many_missing_pictures_the_first_are_named(
    shelve: Path, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.shelf.health.FILES_NAMED", 2)
    for number in range(3):
        (photos / f"{number}.jpg").unlink()
    assert program.main(["check", "-s", str(shelve)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "3 of 6 pictures are not where they were"
    assert [Path(line.strip()).name for line in told[1:-1]] == ["0.jpg", "1.jpg"]


def test_a_folder_without_pictures_is_told_with_what_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "list.txt").write_text("milk")
    monkeypatch.chdir(tmp_path)
    assert program.main(["index", "notes"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("No picture was found.")
    assert {"JPEG", "HEIF", "Photoshop"} <= set(told[1].split(", "))
    assert max(map(len, told)) <= 80


@pytest.mark.parametrize("option", [[], ["--show-skipped"]])
def test_the_option_that_names_skipped_files_is_hinted_at(
    option: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.jpg").write_text("milk")
    command = ["index", str(photos), "-s", str(tmp_path / "new.shelve"), *option]
    assert program.main(command) == 0
    told = capsys.readouterr().out
    assert ("--show-skipped names the skipped files." in told) == (not option)
    assert ("notes.jpg" in told) == bool(option)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "-s", "no.shelve"],
        ["calibrate", "-s", "no.shelve"],
        ["explain", "no.jpg", "none.jpg"],
        ["demo", "file"],
        ["clean", "-s", "no.shelve"],
        ["undo", "-s", "no.shelve"],
        ["history", "-s", "no.shelve"],
        ["not-duplicates", "-s", "no.shelve", "--list"],
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    assert program.main(arguments) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith("imageshelf: ")


def test_a_mistyped_picture_did_not_vanish(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["explain", str(photos / "0.jpg"), str(photos / "O.jpg")]) == 1
    assert capsys.readouterr().err.endswith("O.jpg does not exist; check the spelling\n")


def test_a_calibration_is_printed_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    for seed in range(50):
        drawn(seed).save(tmp_path / "photos" / f"{seed}.jpg")
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve)
    assert program.main(["calibrate", "-s", str(shelve), "--svg", str(tmp_path / "a.svg")]) == 0
    assert "50 pictures" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_two_pictures_are_explained(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["explain", str(photos / "0.jpg"), str(photos / "1.jpg")]) == 0
    assert "score" in capsys.readouterr().out


def test_the_installed_command_gives_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["imageshelf", "check", "-s", "no.shelve"])
    with pytest.raises(SystemExit) as ended:
        program.console()
    assert ended.value.code == 1
