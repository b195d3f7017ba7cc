"""`search.py --duplicates`: groups of copies, told in every form."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

import search as script
from imageshelf import Settings, index
from imageshelf.report import duplicates
from imageshelf.report.duplicates import FIELDS
from tests.conftest import drawn


@pytest.fixture
def shelve(photos: Path, tmp_path: Path) -> Path:
    """A shelf of six pictures and, in a folder of their own, copies of three of them."""
    backup = photos / "backup"
    backup.mkdir()
    shutil.copy(photos / "0.jpg", backup / "0.jpg")
    with Image.open(photos / "1.jpg") as image:
        image.save(backup / "1.png")
    drawn(2).transpose(Image.Transpose.ROTATE_90).save(backup / "2 turned.jpg", quality=90)
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path / "db.shelve"


def told(capsys: pytest.CaptureFixture[str], shelve: Path, *options: object) -> str:
    assert script.main(["-s", str(shelve), "--duplicates", *map(str, options)]) == 0
    return capsys.readouterr().out


def kinds(capsys: pytest.CaptureFixture[str], shelve: Path, *options: object) -> dict[str, str]:
    groups = json.loads(told(capsys, shelve, "--format", "json", *options))
    return {
        Path(picture["path"]).name: picture["turn"] or picture["kind"]
        for group in groups
        for picture in group
        if picture["role"] == "spare"
    }


def test_every_group_names_the_one_to_keep_and_why_the_others_could_go(
    shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, shelve)
    assert text.startswith("3 groups of copies among 9 pictures; 2 pictures of ")
    assert text.count("\nkeep ") == 3
    assert "identical bytes" in text
    assert "identical pixels" in text
    assert "turned 90 degrees" in text


@pytest.mark.parametrize(
    ("options", "way_on"),
    [
        ([], "clean"),
        (["--kind", "turned"], "clean --kind turned"),
        (["--kind", "identical-pixels,turned"], "clean --kind identical-pixels,turned"),
        (["--min-size", "1MB"], ""),
    ],
)
def test_the_summary_ends_with_the_command_that_shows_what_would_go(
    shelve: Path, options: list[str], way_on: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, shelve, *options).splitlines()
    expected = f"To see what would go: python -m imageshelf {way_on} --shelve {shelve}"
    assert (lines[-1] == expected) == bool(way_on)


def test_groups_are_numbered_between_two_summaries_and_can_be_limited(
    shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, shelve, "--limit", 2).splitlines()
    headings = [line for line in lines if line[:2] in {"1:", "2:", "3:"}]
    assert [heading[:13] for heading in headings] == ["1: 2 pictures", "2: 2 pictures"]
    assert lines.count("2 of 3 groups are listed") == 2
    first = lines[: lines.index("")]
    assert lines[-len(first) :] == first


def test_json_csv_and_bare_paths_tell_the_same(
    shelve: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def out(*options: str) -> bytes:
        assert script.main(["-s", str(shelve), "--duplicates", *options]) == 0
        return capsysbinary.readouterr().out

    groups = json.loads(out("--format", "json"))
    lines = [json.loads(line) for line in out("--format", "jsonl").splitlines()]
    assert groups == lines
    assert tuple(groups[0][0]) == FIELDS
    assert len(out("--format", "csv").splitlines()) == 1 + sum(map(len, groups))
    spare = {p["path"]: p["kind"] for group in groups for p in group if p["role"] == "spare"}
    by_rule = [path for path, kind in spare.items() if kind.startswith("identical")]
    assert out("-0").split(b"\0") == [*map(os.fsencode, by_rule), b""]
    assert out("-0", "--kind", "turned,identical-bytes,identical-pixels").count(b"\0") == len(spare)


def test_folders_kinds_and_sizes_choose_the_groups(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(kinds(capsys, shelve)) == 3
    assert len(kinds(capsys, shelve, "--kind", "identical-bytes")) == 1
    assert len(kinds(capsys, shelve, "--within")) == 0
    assert len(kinds(capsys, shelve, "--across")) == 3
    assert len(kinds(capsys, shelve, "-d", photos / "backup")) == 0
    assert len(kinds(capsys, shelve, "--min-size", "10000000")) == 0


def test_the_groups_can_be_looked_at(
    shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, shelve, "--html", tmp_path / "groups.html")
    assert "--selection" in (tmp_path / "groups.html").read_text()


def test_no_duplicates_is_an_answer(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index(photos / "trip", tmp_path / "small.shelve", Settings(jobs=0))
    assert "0 groups of copies" in told(capsys, tmp_path / "small.shelve")


def test_a_folder_that_is_not_on_the_shelf_is_one_line(
    shelve: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-s", str(shelve), "--duplicates", "-d", str(photos), "-d", str(photos / "trap")]
    assert script.main(options) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert f"holds no picture below {photos / 'trap'}; was it indexed?" in error


@pytest.mark.parametrize("options", [["--format", "json"], ["--format", "csv"], ["-0"], []])
def test_a_large_collection_is_told_of_false_pairs_first_and_not_among_the_data(
    shelve: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
) -> None:
    monkeypatch.setattr(duplicates, "MANY", 9)
    assert script.main(["-s", str(shelve), "--duplicates", *options]) == 0
    out, error = capsys.readouterr()
    told, quiet = (error, out) if options else (out, error)
    assert told.startswith("expect 0 to 0 pairs of strangers among so many pictures; --strict")
    assert "expect" not in quiet


@pytest.mark.parametrize(
    "options",
    [
        ["--duplicates", "-q", "x.jpg"],
        ["--duplicates", "--unmatched"],
        ["--duplicates", "--limit", "3", "-0"],
        ["-q", "x.jpg", "--across"],
        ["--duplicates", "--across", "--within"],
        [],
    ],
)
def test_options_that_belong_to_the_other_question_are_refused(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main(options)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
