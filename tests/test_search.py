"""`search.py`: what a user asks and is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

import search as script
from imageshelf import index, open_shelf, report
from imageshelf.searching import Matches, search
from tests.conftest import drawn

Run = Callable[..., subprocess.CompletedProcess[str]]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX")


@pytest.fixture
def shelve(photos: Path, tmp_path: Path) -> Path:
    path = tmp_path / "db.shelve"
    index(photos, path)
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
    assert lines[2].split() == ["distance", "similar", "score", "kind", "pixels", "size", "path"]
    assert lines[3].split()[:6] == ["0", "100", "%", "0", "same", "file"]
    assert lines[3].endswith(str(photos / "0.jpg"))


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
    assert tuple(only) == report.FIELDS
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


def test_several_queries_are_answered_in_turn_and_a_bad_one_is_named(
    photos: Path, shelve: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_text("no")
    queries = [photos / "0.jpg", tmp_path / "bad.jpg", photos / "1.jpg"]
    assert script.main(["-s", str(shelve), "-q", *map(str, queries)]) == 1
    out, err = capsys.readouterr()
    assert out.count("1 match") == 2
    assert err.count("\n") == 1
    assert "bad.jpg: " in err


@pytest.mark.parametrize("name", ["nowhere.jpg", "folder"])
def test_a_query_that_is_no_picture_is_one_clear_line(
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
    index(photos, shelve)
    assert len(search(photos / "3.jpg", shelve)) == 2
    with open_shelf(shelve) as db:
        assert db[near] == ["by hand.jpg"]


def test_a_picture_deleted_since_is_still_told_of(
    photos: Path, shelve: Path, tmp_path: Path
) -> None:
    shutil.copy(photos / "0.jpg", tmp_path / "query.jpg")
    (photos / "0.jpg").unlink()
    (only,) = search(tmp_path / "query.jpg", shelve)
    assert only.kind == "missing"


def test_flat_pictures_do_not_all_match(tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for number, colour in enumerate(["white", "black", "grey", "navy", "snow"]):
        Image.new("RGB", (200, 150), colour).save(folder / f"{number}.png")
    index(folder, tmp_path / "db.shelve")
    found = search(folder / "0.png", tmp_path / "db.shelve")
    assert [os.path.basename(match.path) for match in found] == ["0.png", "4.png"]
    assert found.asked[0].low_information


def test_an_answer_is_a_table_for_a_notebook(photos: Path, shelve: Path) -> None:
    found = search(photos / "0.jpg", shelve)
    assert found._repr_html_().count("<tr>") == 2
    assert Matches()._repr_html_() == "<p></p>"


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
    index(photos, shelve)
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
    [["--max-distance", "65"], ["--limit", "0"], ["--format", "xml"], ["--max-distance", "x"]],
)
def test_wrong_usage_exits_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main(["-q", "x.jpg", *options])
    assert caught.value.code == 2
    assert "expected" in (err := capsys.readouterr().err) or "invalid choice" in err
