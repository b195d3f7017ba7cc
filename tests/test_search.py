"""`search.py`: what a user asks, and the answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

import search as script
from imageshelf import Settings, index, open_shelf
from imageshelf.report.matches import FIELDS, matches_text
from imageshelf.searching import policies
from imageshelf.searching.matches import Matches
from imageshelf.searching.policies import Limits
from imageshelf.searching.search import SearchOptions, search
from tests.conftest import ROOT, drawn

Run = Callable[..., subprocess.CompletedProcess[str]]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX")


@pytest.fixture
def shelve(photos: Path, tmp_path: Path) -> Path:
    path = tmp_path / "db.shelve"
    index(photos, path, Settings(jobs=0))
    return path


def told(
    capsys: pytest.CaptureFixture[str], shelve: Path, *arguments: object, status: int = 0
) -> str:
    assert script.main(["--shelve", str(shelve), *map(str, arguments)]) == status
    return capsys.readouterr().out


def test_the_query_itself_comes_first_and_is_marked(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, shelve, "--query", photos / "0.jpg").splitlines()
    assert lines[0].endswith("0.jpg: 1 match")
    assert lines[2].split() == ["kind", "pixels", "size", "path"]
    assert lines[3].split()[:2] == ["same", "file"]
    assert lines[3].endswith(str(photos / "0.jpg"))


@pytest.mark.parametrize("how", [["--details"], ["--max-distance", "4"], ["--hashes-only"]])
def test_the_distances_come_with_details_and_where_they_decide(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str], how: list[str]
) -> None:
    lines = told(capsys, shelve, "--query", photos / "0.jpg", *how).splitlines()
    measures = ["distance", "similar", "row", "column", "perceptual", "score"]
    assert lines[2].split() == [*measures, "kind", "pixels", "size", "path"]
    assert lines[3].split()[:9] == ["0", "100", "%", "0", "0", "0", "0", "same", "file"]
    listed = told(capsys, shelve, "--duplicates", "--details")
    assert "row " not in listed or "score " in listed


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.resize((80, 60)),
        lambda image: image.convert("L"),
        lambda image: ImageEnhance.Brightness(image).enhance(1.3),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
    ],
)
def test_an_edited_copy_finds_its_original_and_no_stranger(
    tmp_path: Path, shelve: Path, photos: Path, edit: Callable[[Image.Image], Image.Image]
) -> None:
    query = tmp_path / "query.jpg"
    edit(drawn(2)).save(query, quality=50)
    found = search(query, shelve)
    assert [match.path for match in found] == [str(photos / "2.jpg")]
    assert found[0].kind == "near"


def test_no_match_is_an_answer(
    tmp_path: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(999).save(tmp_path / "stranger.png")
    assert "no picture on the shelf matches" in told(
        capsys, shelve, "-q", tmp_path / "stranger.png"
    )


def test_json_holds_the_documented_fields(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (only,) = json.loads(told(capsys, shelve, "-q", photos / "1.jpg", "--format", "json"))
    assert tuple(only) == FIELDS
    assert (only["width"], only["height"]) == (160, 120)
    assert only["size_bytes"] == (photos / "1.jpg").stat().st_size
    assert only["distance"] == only["row"] == only["score"] == 0
    (line,) = told(capsys, shelve, "-q", photos / "1.jpg", "--format", "jsonl").splitlines()
    assert json.loads(line) == only


def test_json_without_a_match_is_an_empty_list(
    tmp_path: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(999).save(tmp_path / "stranger.png")
    assert told(capsys, shelve, "-q", tmp_path / "stranger.png", "--format", "json") == "[]\n"
    assert told(capsys, shelve, "-q", tmp_path / "stranger.png", "--format", "jsonl") == ""


def test_a_plain_radius_finds_what_the_policy_leaves_out(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything = told(
        capsys, shelve, "-q", photos / "0.jpg", "--max-distance", 64, "--format", "jsonl"
    ).splitlines()
    assert len(everything) == 6
    distances = [json.loads(line)["distance"] for line in everything]
    assert distances == sorted(distances)


def test_limit_keeps_the_nearest(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-q", photos / "0.jpg", "--max-distance", 64, "--limit", 2, "--format", "jsonl"]
    lines = told(capsys, shelve, *options).splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0])["kind"] == "same file"


def test_dataset_keeps_pictures_below_a_folder(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-q", photos / "0.jpg", "--max-distance", 64, "-d", photos / "trip"]
    lines = told(capsys, shelve, *options, "--format", "jsonl").splitlines()
    assert {os.path.basename(json.loads(line)["path"]) for line in lines} == {"4.jpg", "5.jpg"}


def test_an_unreadable_query_is_not_said_to_have_a_match(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.jpg").write_text("milk")
    assert script.main([str(photos), "-s", str(shelve), "--unmatched"]) == 1
    sentence, problem = capsys.readouterr().err.splitlines()
    assert sentence == "Every query that can be read has a match on the shelf."
    assert "notes.jpg is not a picture" in problem


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--unmatched"], "Every query has a match on the shelf."),
        (["--unmatched", "-0"], "Every query has a match on the shelf."),
        (["--format", "jsonl", "--kind", "turned"], "No picture on the shelf matches."),
        (["-0", "--kind", "turned"], "No picture on the shelf matches."),
        (["--unmatched", "--format", "json"], ""),  # an empty list is an answer
        (["--kind", "turned"], ""),  # and so is a sentence
    ],
)
def test_where_nothing_is_printed_a_sentence_says_so(
    photos: Path,
    shelve: Path,
    options: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert script.main([str(photos), "-s", str(shelve), *options]) == 0
    printed = capsys.readouterr()
    assert bool(printed.out) != bool(sentence)
    assert printed.err.strip() == sentence


def test_a_folder_that_the_shelf_does_not_know_is_an_error(
    photos: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    told(capsys, shelve, "-q", photos / "0.jpg", "-d", photos / "trip", photos)
    for folder in ("other", "nowhere"):
        where = str(tmp_path / folder)
        assert script.main(["-s", str(shelve), str(photos / "0.jpg"), "-d", where]) == 1
        assert capsys.readouterr().err.endswith(f"no picture below {where}; was it indexed?\n")


def test_several_queries_are_answered_in_turn_and_a_bad_one_is_named(
    photos: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_text("no")
    queries = [photos / "0.jpg", tmp_path / "bad.jpg", photos / "1.jpg"]
    assert script.main(["-s", str(shelve), "-q", *map(str, queries)]) == 1
    out, err = capsys.readouterr()
    assert out.count("1 match") == 2
    assert err.count("\n") == 1
    assert "bad.jpg is not a picture" in err


def test_a_mistyped_query_is_reported_as_such(
    shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["-s", str(shelve), "-q", str(tmp_path / "typo.jpg")]) == 1
    assert "typo.jpg does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere.jpg", "folder"])
def test_a_query_that_is_not_a_picture_is_one_clear_line(
    shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "folder").mkdir()
    assert script.main(["-s", str(shelve), "-q", str(tmp_path / name)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("search.py: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("what", ["missing", "folder", "picture", "damaged", "gdbm"])
def test_a_bad_shelf_is_one_clear_line_and_nothing_is_created(
    photos: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    shelves = {
        "missing": tmp_path / "typo.shelve",
        "folder": photos,
        "picture": photos / "0.jpg",
        "damaged": tmp_path / "damaged.shelve",
        "gdbm": tmp_path / "gdbm.shelve",
    }
    data = bytearray(shelve.read_bytes())
    data[100:4096] = bytes(3996)
    shelves["damaged"].write_bytes(data)
    shelves["gdbm"].write_bytes(b"\xce\x9a\x57\x13" + bytes(60))
    before = sorted(tmp_path.rglob("*"))
    assert script.main(["-s", str(shelves[what]), "-q", str(photos / "0.jpg")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("search.py: ")
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_searching_leaves_the_shelf_as_it_was(photos: Path, shelve: Path) -> None:
    before = (shelve.read_bytes(), shelve.stat().st_mtime_ns, sorted(shelve.parent.iterdir()))
    search(photos / "0.jpg", shelve)
    assert (
        shelve.read_bytes(),
        shelve.stat().st_mtime_ns,
        sorted(shelve.parent.iterdir()),
    ) == before


def test_an_entry_written_by_hand_is_found_by_its_key(photos: Path, shelve: Path) -> None:
    first = search(photos / "3.jpg", shelve)[0]
    with open_shelf(shelve, "w") as db:
        key = next(key for key, names in db.items() if "photos/3.jpg" in names)
        near = f"{int(key, 16) ^ 0b101:016x}"
        db[near] = ["by hand.jpg"]
    found = search(photos / "3.jpg", shelve)
    assert [(os.path.basename(m.path), m.row, m.score) for m in found] == [
        ("3.jpg", 0, first.score),
        ("by hand.jpg", 2, None),
    ]
    index(photos, shelve, Settings(jobs=0))
    assert len(search(photos / "3.jpg", shelve)) == 2
    with open_shelf(shelve) as db:
        assert db[near] == ["by hand.jpg"]


def test_a_picture_deleted_since_is_still_listed(
    photos: Path, shelve: Path, tmp_path: Path
) -> None:
    shutil.copy(photos / "0.jpg", tmp_path / "query.jpg")
    (photos / "0.jpg").unlink()
    found = search(tmp_path / "query.jpg", shelve)
    assert [match.kind for match in found] == ["near"]  # nothing is left to compare bytes with
    assert "(not there now)" in matches_text(found)


def test_flat_pictures_do_not_all_match(tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for number, colour in enumerate(["white", "black", "grey", "navy", "snow"]):
        Image.new("RGB", (200, 150), colour).save(folder / f"{number}.png")
    index(folder, tmp_path / "db.shelve", Settings(jobs=0))
    found = search(folder / "0.png", tmp_path / "db.shelve")
    assert [os.path.basename(match.path) for match in found] == ["0.png", "4.png"]
    assert found.asked[0].low_information


def test_an_answer_shows_its_pictures_and_a_table_in_a_notebook(photos: Path, shelve: Path) -> None:
    shown = search(photos / "0.jpg", shelve)._repr_html_()
    assert shown.count("<tr>") == 2
    assert shown.count("<img") == 2  # the query and its match
    assert "<table" not in Matches()._repr_html_()


@posix
def test_open_says_so_when_there_is_no_display(photos: Path, shelve: Path, script_run: Run) -> None:
    done = script_run(
        "search.py", "-s", shelve, "-q", photos / "0.jpg", "--open", DISPLAY="", WAYLAND_DISPLAY=""
    )
    assert done.returncode == 0
    assert "no display" in done.stderr


@posix
def test_open_hands_the_viewer_an_argument_list(
    photos: Path, shelve: Path, tmp_path: Path, script_run: Run
) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    log = tmp_path / "log"
    opener.write_text(f'#!/bin/sh\nprintf "%s|" "$#" "$1" >> {log}\n')
    opener.chmod(0o755)
    odd = photos / "$(touch pwned);.jpg"
    drawn(60).save(odd)
    index(photos, shelve, Settings(jobs=0))
    done = script_run(
        "search.py", "-s", shelve, "-q", odd, "--open",
        DISPLAY=":9", PATH=f"{opener.parent}:{os.environ['PATH']}", cwd=tmp_path,
    )  # fmt: skip
    assert done.stderr.strip() == "opened 1"
    for _ in range(1000):
        if log.exists() and log.read_text().count("|") == 2:
            break
        subprocess.run(["sleep", "0.01"], check=True)
    assert log.read_text() == f"1|{odd}|"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "options",
    [["--max-distance", "577"], ["--limit", "0"], ["--format", "xml"], ["--max-distance", "x"]],
)
def test_wrong_usage_exits_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main(["-q", "x.jpg", *options])
    assert caught.value.code == 2
    assert " expects " in capsys.readouterr().err


# -- many queries ---------------------------------------------------------------------------------


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """A folder with copies of two pictures on the shelf, a stranger, and what is no picture."""
    folder = tmp_path / "phone"
    (folder / "sub").mkdir(parents=True)
    drawn(0).resize((120, 90)).save(folder / "a copy.jpg")
    drawn(1).transpose(Image.Transpose.ROTATE_90).save(folder / "sub" / "turned.jpg")
    drawn(999).save(folder / "stranger.jpg")
    (folder / "notes.txt").write_text("no picture, and nobody said it were one")
    return folder


def test_a_folder_queries_every_picture_below_it(
    phone: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, shelve, "-q", phone, "--format", "jsonl").splitlines()
    pairs = {(Path(m["query"]).name, Path(m["path"]).name) for m in map(json.loads, found)}
    assert pairs == {("a copy.jpg", "0.jpg"), ("turned.jpg", "1.jpg")}
    assert [asked.path for asked in script.matches.asked] == [
        str(phone / name) for name in ("a copy.jpg", "stranger.jpg", "sub/turned.jpg")
    ]


def test_unmatched_names_what_is_not_on_the_shelf(
    phone: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-q", phone, "--unmatched"]
    assert told(capsys, shelve, *options) == f"{phone / 'stranger.jpg'}\n"
    assert json.loads(told(capsys, shelve, *options, "--format", "json")) == [
        str(phone / "stranger.jpg")
    ]
    assert told(capsys, shelve, *options, "--exit-code", status=3)
    assert not told(capsys, shelve, "-q", phone / "a copy.jpg", "--unmatched", "--exit-code")


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_a_list_on_standard_input_is_queried(phone: Path, shelve: Path, separator: str) -> None:
    listing = separator.join([str(phone / "a copy.jpg"), str(phone / "stranger.jpg"), ""])
    done = subprocess.run(
        [sys.executable, str(ROOT / "search.py"), "-s", str(shelve), "-q", "-", "--unmatched"],
        input=listing,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{phone / 'stranger.jpg'}\n"


def test_another_shelf_is_queried_without_its_pictures(
    phone: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index(phone, tmp_path / "drawer.shelve", Settings(jobs=0))
    shutil.rmtree(phone)
    found = told(capsys, shelve, "-q", tmp_path / "drawer.shelve", "--format", "jsonl").splitlines()
    pairs = {(Path(m["query"]).name, Path(m["path"]).name) for m in map(json.loads, found)}
    assert ("a copy.jpg", "0.jpg") in pairs
    assert len(script.matches.asked) == 3
    index(tmp_path / "photos", tmp_path / "full.shelve", Settings(full_decode=True))
    assert script.main(["-s", str(shelve), "-q", str(tmp_path / "full.shelve")]) == 1
    assert "reduced" in capsys.readouterr().err


def test_a_query_in_its_own_shelf_is_the_same_file(
    shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, shelve, "-q", shelve, "--format", "jsonl").splitlines()
    assert [json.loads(line)["kind"] for line in found] == ["same file"] * 6


def test_a_folder_without_a_picture_is_one_clear_line(
    shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert script.main(["-s", str(shelve), "-q", str(tmp_path / "empty")]) == 1
    assert "no picture" in capsys.readouterr().err


# -- kinds ----------------------------------------------------------------------------------------


@pytest.fixture
def relatives(tmp_path: Path) -> Path:
    folder = tmp_path / "relatives"
    folder.mkdir()
    original = drawn(7)
    original.save(folder / "original.png")
    shutil.copy(folder / "original.png", folder / "bytes.png")
    original.save(folder / "pixels.bmp")
    original.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "turned.png")
    original.resize((100, 75)).save(folder / "near.jpg")
    return folder


def test_every_match_says_what_kind_it_is(relatives: Path, tmp_path: Path) -> None:
    index(relatives, tmp_path / "db.shelve", Settings(jobs=0))
    found = search(relatives / "original.png", tmp_path / "db.shelve")
    assert {Path(match.path).name: match.kind for match in found} == {
        "original.png": "same file",
        "bytes.png": "identical bytes",
        "pixels.bmp": "identical pixels",
        "turned.png": "turned",
        "near.jpg": "near",
    }
    assert {match.turn for match in found if match.kind == "turned"} == {"mirrored"}


def test_only_the_requested_kinds_are_listed(
    relatives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index(relatives, tmp_path / "db.shelve", Settings(jobs=0))
    options = ["-q", relatives / "original.png", "--format", "jsonl", "--kind"]
    for kinds, names in (
        ("identical-bytes,turned", {"bytes.png", "turned.png"}),
        ("identical pixels", {"pixels.bmp"}),
    ):
        lines = told(capsys, tmp_path / "db.shelve", *options, kinds).splitlines()
        assert {Path(json.loads(line)["path"]).name for line in lines} == names


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--strict", "--loose"], "--loose does not go with --strict"),
        (["--max-distance", "3", "--similarity", "90"], "does not go with"),
        (["--similarity", "101"], "expects a percentage from 0 to 100"),
        (["--kind", "nearly"], "did you mean near?"),
        (["--kind", "sketch"], "expects some of same file"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main(["-q", "x.jpg", *options])
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


# -- other forms ----------------------------------------------------------------------------------


def test_csv_and_null_separated_paths(
    photos: Path, shelve: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    options = ["-s", str(shelve), "-q", str(photos / "0.jpg")]
    assert script.main([*options, "--format", "csv"]) == 0
    header, row = capsysbinary.readouterr().out.decode().splitlines()
    assert header.split(",") == list(FIELDS)
    assert row.split(",")[1] == str(photos / "0.jpg")
    assert script.main([*options, "-0"]) == 0
    assert capsysbinary.readouterr().out == os.fsencode(photos / "0.jpg") + b"\0"


def test_the_answer_can_be_viewed(
    photos: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, sheet = tmp_path / "page.html", tmp_path / "sheet.png"
    told(capsys, shelve, "-q", photos / "0.jpg", "--html", page, "--contact-sheet", sheet)
    assert "data:image/" in page.read_text()
    with Image.open(sheet) as image:
        assert image.width > 100


@pytest.mark.parametrize("option", [["--html", "nowhere/p.html"], ["--contact-sheet", "s.txt"]])
def test_a_page_that_cannot_be_written_is_refused_before_the_search(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    assert script.main(["-s", str(shelve), "-q", str(photos / "0.jpg"), *option]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def taken(seed: int, path: Path, time: str, shift: int = 0) -> None:
    """Save a picture with a capture time, moved sideways as in a burst."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 {time}"
    wide = drawn(seed, (200, 120))
    wide.crop((shift, 0, shift + 160, 120)).save(path, exif=exif, quality=95)


def test_other_shots_of_a_moment_stand_in_a_section_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "burst"
    folder.mkdir()
    taken(3, folder / "first.jpg", "10:00:00")
    taken(3, folder / "second.jpg", "10:00:01", shift=3)  # near, yet no copy
    taken(3, folder / "third.jpg", "10:00:02", shift=4)
    taken(3, folder / "next day.jpg", "23:00:00", shift=25)
    taken(3, folder / "copy.jpg", "10:00:00")
    index(folder, tmp_path / "db.shelve", Settings(jobs=0))
    found = search(folder / "first.jpg", tmp_path / "db.shelve")
    kinds = {Path(match.path).stem: match.kind for match in found}
    assert kinds["copy"] == "identical bytes"
    assert kinds["second"] == kinds["third"] == "another shot"
    assert [match.kind for match in found][-2:] == ["another shot"] * 2
    assert "other shots of the same moment" in matches_text(found)
    # All others lie beyond this policy.
    exact = SearchOptions(policies.Policy(Limits(0, 0), None, None, None))
    beyond = search(folder / "first.jpg", tmp_path / "db.shelve", exact)
    assert {Path(m.path).stem for m in beyond if m.kind == "another shot"} >= {"second", "third"}


def test_similar_pictures_come_only_when_requested(tmp_path: Path) -> None:
    folder = tmp_path / "similar"
    folder.mkdir()
    base = drawn(5)
    base.save(folder / "base.png")
    Image.blend(base, drawn(6), 0.1).save(folder / "blend.png")
    drawn(9).save(folder / "stranger.png")
    index(folder, tmp_path / "db.shelve", Settings(jobs=0))
    (tmp_path / "away").mkdir()
    options = SearchOptions(policies.Policy(Limits(0, 0), None, None, None), frozenset({"similar"}))
    found = search(folder / "base.png", tmp_path / "db.shelve", options)
    assert [Path(match.path).name for match in found] == ["blend.png"]
    assert [m.kind for m in search(folder / "base.png", tmp_path / "db.shelve")].count(
        "similar"
    ) == 0
