"""`search.py --duplicates --folders`: how much of each folder is elsewhere, and where."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
from pathlib import Path

import pytest

import search as script
from imageshelf import Settings, index
from imageshelf.copies.folders import Copies, FolderTree, Tally
from imageshelf.report import folders as report
from imageshelf.shelf import open_shelf
from tests.conftest import drawn
from tests.shelf_entries import entry

Output = pytest.CaptureFixture[str]
Pictures = dict[int, list[str]]  # by picture: the folder of each of its files


def drawn_pictures(rnd: random.Random) -> Pictures:
    folders = [
        "/r" + "".join(rnd.choice(("/a", "/b", "/c")) for _ in range(rnd.randrange(4)))
        for _ in range(rnd.randrange(1, 7))
    ]
    folders += ["/other", "s3://bucket/a"]
    return {n: rnd.choices(folders, k=rnd.choice((1, 1, 2, 3, 5))) for n in range(12)}


def is_in(folder: str, outer: str) -> bool:
    return folder == outer or folder.startswith(outer + "/")


def by_definition(pictures: Pictures, folder: str) -> tuple[int, int, dict[str, int]]:
    """Return how many files are in a folder, copied outside, and copied in each other folder."""
    files = [(n, place) for n, places in pictures.items() for place in places]
    inside = [n for n, place in files if is_in(place, folder)]
    copied = [n for n in inside if any(not is_in(place, folder) for place in pictures[n])]
    outer = {place for _, place in files}
    others = {
        other: sum(any(is_in(place, other) for place in pictures[n]) for n in inside)
        for other in outer
        if not is_in(other, folder) and not is_in(folder, other)
    }
    return len(inside), len(copied), {other: number for other, number in others.items() if number}


@pytest.mark.parametrize("seed", range(60))
def test_the_counts_are_those_of_the_definition(seed: int) -> None:
    pictures = drawn_pictures(random.Random(seed))
    tree = FolderTree({"/r", "/other"})
    for places in pictures.values():
        for place in places:
            tree.add(place, Tally(1, 10))
    copies = Copies(tree)
    for places in pictures.values():
        if len(places) > 1:
            held = sorted(set(places))
            copies.add(held, [Tally(places.count(one), 10 * places.count(one)) for one in held])
    listed = {folder.path: folder for folder in copies.listed()}
    for folder, (number, copied, others) in (
        (folder, by_definition(pictures, folder)) for folder in tree.totals
    ):
        assert tree.totals[folder] == (number, 10 * number)
        assert copies.copied.get(folder, (0, 0)) == (copied, 10 * copied)
        if folder in listed:
            assert copied
            entry_ = listed[folder]
            assert entry_.nearest_pictures >= max(others.values(), default=0)
            if entry_.nearest:
                there = by_definition(pictures, folder)
                assert not is_in(entry_.nearest, folder)
                assert not is_in(folder, entry_.nearest)
                assert entry_.nearest_pictures <= there[1]
                counted = sum(
                    any(is_in(place, entry_.nearest) for place in places)
                    * sum(is_in(place, folder) for place in places)
                    for places in pictures.values()
                )
                assert entry_.nearest_pictures == counted
        elif copied:  # something above it says the same, or contains it
            above = [one for one in listed.values() if is_in(folder, one.path)]
            assert any(one.is_contained or one.pictures == number for one in above)


@pytest.fixture
def shelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection, a stick of which all is in it, and a phone of which two of three are."""
    monkeypatch.chdir(tmp_path)
    for folder in ("Pictures/2019", "Pictures/2020", "USB stick/DCIM/100", "phone"):
        Path(folder).mkdir(parents=True)
    for n in range(8):
        year = "2019" if n < 4 else "2020"
        drawn(n).save(f"Pictures/{year}/{n}.jpg", quality=90)
        if n % 2:
            shutil.copy(f"Pictures/{year}/{n}.jpg", f"USB stick/DCIM/100/stick {n}.jpg")
    drawn(0, (80, 60)).save("phone/small.jpg")
    drawn(4, (80, 60)).save("phone/smaller.jpg")
    drawn(99).save("phone/own.jpg")
    index(["Pictures", "USB stick", "phone"], "db.shelve", Settings(jobs=0))
    return tmp_path / "db.shelve"


def told(capsys: Output, shelve: Path, *options: str) -> str:
    assert script.main(["-s", str(shelve), "--duplicates", "--folders", *options]) == 0
    return capsys.readouterr().out


def test_a_contained_folder_is_named_first_with_where_and_what_to_do(
    shelve: Path, capsys: Output
) -> None:
    lines = [" ".join(line.split()) for line in told(capsys, shelve).splitlines()]
    assert lines[0].startswith("all of 4 pictures in USB stick")
    assert lines[0].endswith("in Pictures, too")
    assert any(line.startswith("2 of 3 pictures in phone") for line in lines)
    assert not any("DCIM" in line for line in lines)
    assert lines[-2:] == [
        "Pictures has a copy of all that is in USB stick. To see what could go:",
        "python -m imageshelf clean --dataset 'USB stick' Pictures --reference Pictures",
    ]


def test_every_format_tells_the_same(shelve: Path, capsys: Output) -> None:
    as_json = json.loads(told(capsys, shelve, "--format", "json"))
    lines = told(capsys, shelve, "--format", "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == as_json
    table = list(csv.DictReader(io.StringIO(told(capsys, shelve, "--format", "csv"))))
    assert [row["folder"] for row in table] == [each["folder"] for each in as_json]
    assert tuple(table[0]) == report.FIELDS
    stick = as_json[0]
    assert stick["nearest"] == str(shelve.parent / "Pictures")
    assert (stick["pictures"], stick["copied"], stick["contained"]) == (4, 4, True)
    assert stick["copied_bytes"] == stick["size_bytes"] > 0


def test_a_scope_and_a_size_leave_pictures_out(shelve: Path, capsys: Output) -> None:
    scoped = json.loads(
        told(capsys, shelve, "-d", "phone", "-d", "Pictures/2020", "--format", "json")
    )
    assert {Path(each["folder"]).name for each in scoped} == {"phone", "2020"}
    assert "No folder holds a copy" in told(capsys, shelve, "--min-size", "99999999")


def test_the_page_has_the_table_below_the_groups(
    shelve: Path, tmp_path: Path, capsys: Output
) -> None:
    told(capsys, shelve, "--html", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Also elsewhere" in page
    assert str(tmp_path / "USB stick") in page


@pytest.mark.parametrize("option", ["--null", "--within", "--open", "--contact-sheet=x.jpg"])
def test_what_says_nothing_about_folders_is_refused(option: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as end:
        script.main(["--duplicates", "--folders", option])
    assert end.value.code == 2
    assert "--folders" in capsys.readouterr().err


def test_folders_go_with_duplicates_only(capsys: Output) -> None:
    with pytest.raises(SystemExit):
        script.main(["--query", "a.jpg", "--folders"])
    assert "--folders goes with duplicates" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="names that are not UTF-8")
def test_odd_names_are_told_and_cannot_steer_the_terminal(tmp_path: Path, capsys: Output) -> None:
    for folder in (b"a\x1b[31m", b"b\xff"):
        place = os.path.join(os.fsencode(tmp_path), folder)
        os.mkdir(place)
        drawn(1).save(os.fsdecode(place) + "/1.png")
    index([tmp_path], tmp_path / "db.shelve", Settings(jobs=0))
    text = told(capsys, tmp_path / "db.shelve")
    assert "\x1b" not in text
    assert text.count("all of") == 2


def test_sizes_come_in_pages(tmp_path: Path) -> None:
    with open_shelf(tmp_path / "db.shelve", "c") as shelf:
        catalogue = shelf.whole_catalogue()
        entries = [entry(b"%05d.jpg" % n, n) for n in range(2100)]
        catalogue.add(entries)
        sizes = [(each.name, each.facts.size_bytes) for each in entries]
        assert list(catalogue.sizes()) == sizes
