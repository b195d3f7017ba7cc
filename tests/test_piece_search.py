"""Pieces through the command line: `index.py --pieces`, `search.py`, `--duplicates`, `explain`."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import imageshelf
import index as index_script
import search as search_script
from imageshelf.__main__ import main
from imageshelf.indexing import points as run_points
from imageshelf.pieces import points as piece_points
from imageshelf.searching.looks import Look
from imageshelf.searching.pieces import look_of
from imageshelf.shelf import open_shelf, point_index
from tests.blobs import blobs, folder

SIZE = 500, 375


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with eight pictures in `photos`, and a shelf of them with keypoints."""
    path = tmp_path_factory.mktemp("indexed")
    folder(path / "photos", 8)
    imageshelf.index(path / "photos", path / "db.shelve", jobs=0, pieces=True)
    return path


@pytest.fixture
def shelf(indexed: Path, tmp_path: Path) -> Path:
    """Return a copy of that shelf, beside a copy of its pictures."""
    shutil.copytree(indexed, tmp_path, dirs_exist_ok=True)
    return tmp_path / "db.shelve"


@pytest.fixture
def crop(tmp_path: Path) -> Path:
    """Return a crop of 03.jpg, mirrored and saved badly."""
    path = tmp_path / "crop.jpg"
    ImageOps.mirror(blobs(3).crop((100, 60, 420, 330))).save(path, quality=40)
    return path


def run(capsys: pytest.CaptureFixture[str], script: Any, *words: object) -> tuple[int, str, str]:
    status = script.main([str(word) for word in words])
    return status, *capsys.readouterr()


def rows(shelf: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shelf)) as db:
        return db.execute(sql).fetchall()


# -- index.py -------------------------------------------------------------------------------------


def test_keys_are_those_of_a_shelf_without_keypoints(indexed: Path, tmp_path: Path) -> None:
    blobs(50, (4000, 3000)).save(tmp_path / "camera.jpg", quality=85)
    blobs(51).save(tmp_path / "progressive.jpg", progressive=True)
    blobs(52).save(tmp_path / "drawn.png")
    exif = Image.Exif()
    exif[274] = 6
    blobs(53, (1200, 900)).save(tmp_path / "turned.jpg", exif=exif)
    shutil.copytree(indexed / "photos", tmp_path / "photos")
    imageshelf.index(tmp_path, tmp_path / "plain.shelve", jobs=0)
    imageshelf.index(tmp_path, tmp_path / "pieces.shelve", jobs=0, pieces=True)
    tables = ("Dict ORDER BY key", "chunk ORDER BY view, n", "picture ORDER BY id")
    for table in tables:
        plain, pieces = (
            rows(tmp_path / name, f"SELECT * FROM {table}")
            for name in ("plain.shelve", "pieces.shelve")
        )
        assert plain == pieces
    assert rows(tmp_path / "plain.shelve", "SELECT count(*) FROM piece") == [(0,)]
    assert rows(tmp_path / "pieces.shelve", "SELECT count(*) FROM piece") == [(12,)]
    assert not (tmp_path / "plain.shelve.pieces").exists()


def test_pieces_are_asked_for_once_and_kept_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, shelf = folder(tmp_path / "photos", 3), tmp_path / "db.shelve"
    words = ("-d", photos, "-s", shelf, "-j", 0)
    assert "keypoints" not in run(capsys, index_script, *words)[1]
    assert "3 pictures with keypoints\n" in run(capsys, index_script, *words, "--pieces")[1]
    folder(photos, 1, first=3)
    (photos / "00.jpg").unlink()
    blobs(90).save(photos / "01.jpg", quality=70)
    (photos / "02.jpg").rename(photos / "moved.jpg")
    before = dict(rows(shelf, "SELECT picture_id, points FROM piece"))
    assert "3 pictures with keypoints\n" in run(capsys, index_script, *words)[1]
    names = rows(shelf, "SELECT name, points FROM picture JOIN piece ON id = picture_id")
    kept = [points for name, points in names if name.endswith(b"moved.jpg")]
    assert kept[0] in before.values()
    changed = [points for name, points in names if name.endswith(b"01.jpg")]
    assert changed[0] not in before.values()
    assert "keypoints" not in run(capsys, index_script, *words, "--no-pieces")[1]
    assert rows(shelf, "SELECT count(*) FROM piece") == [(0,)]
    assert not Path(f"{shelf}.pieces").exists()
    assert "keypoints" not in run(capsys, index_script, *words)[1]


def test_a_rebuilt_shelf_has_keypoints_again(shelf: Path) -> None:
    summary = imageshelf.index(shelf.parent / "photos", shelf, jobs=0, rebuild=True)
    assert summary.with_points == 8


def test_keypoints_of_another_recipe_are_made_anew(
    shelf: Path, crop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(piece_points, "recipe", lambda: "of tomorrow")
    status, out, err = run(capsys, search_script, "-q", crop, "-s", shelf)
    assert status == 0
    assert "no picture on the shelf matches\n" in out
    assert "keypoints of another version" in err
    assert imageshelf.index(shelf.parent / "photos", shelf, jobs=0).with_points == 8
    assert rows(shelf, "SELECT value FROM meta WHERE name = 'piece_recipe'") == [("of tomorrow",)]


def test_a_picture_that_cannot_be_read_now_is_counted(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(shelf)) as db, db:
        db.execute("DELETE FROM piece WHERE picture_id < 3")
    monkeypatch.setattr("imageshelf.pictures.keypoints.found", _refuse)
    out = run(capsys, index_script, "-d", shelf.parent / "photos", "-s", shelf, "-j", 0)[1]
    assert "5 pictures with keypoints, 3 could not be read: the file is not there\n" in out


def _refuse(*_: object, **__: object) -> None:
    raise imageshelf.system.files.UnreadableImage("is not there")


def test_an_index_that_cannot_be_written_costs_only_time(
    tmp_path: Path,
    crop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(point_index, "_written", full)
    photos, shelf = folder(tmp_path / "photos", 5), tmp_path / "db.shelve"
    status, out, _ = run(capsys, index_script, "-d", photos, "-s", shelf, "-j", 0, "--pieces")
    assert status == 0
    assert "the index of keypoints could not be written (No space left on device)" in out
    assert sorted(os.listdir(tmp_path)) == ["crop.jpg", "db.shelve", "photos"]
    assert "the query is a piece of it" in run(capsys, search_script, "-q", crop, "-s", shelf)[1]


def test_a_stop_keeps_the_keypoints_that_were_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, shelf = folder(tmp_path / "photos", 6), tmp_path / "db.shelve"
    imageshelf.index(photos, shelf, jobs=0)
    monkeypatch.setattr(run_points, "BATCH_S", 0.0)
    store, times = run_points.PointRun._store, []

    def stopped(self: Any, found: Any) -> None:
        store(self, found)
        times.append(len(found))
        if len(times) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_points.PointRun, "_store", stopped)
    with pytest.raises(KeyboardInterrupt):
        imageshelf.index(photos, shelf, jobs=0, pieces=True)
    assert rows(shelf, "SELECT count(*) FROM piece") == [(3,)]
    monkeypatch.setattr(run_points.PointRun, "_store", store)
    assert imageshelf.index(photos, shelf, jobs=0).with_points == 6


def test_worker_processes_find_the_same_points(indexed: Path, tmp_path: Path) -> None:
    shutil.copytree(indexed / "photos", tmp_path / "photos")
    for name, jobs in (("here", 0), ("there", 2)):
        imageshelf.index(tmp_path / "photos", tmp_path / name, jobs=jobs, pieces=True)
    every = "SELECT * FROM piece ORDER BY picture_id"
    here, there = (rows(tmp_path / name, every) for name in ("here", "there"))
    assert here == there


# -- search.py ------------------------------------------------------------------------------------


def test_a_crop_is_found_with_its_rectangle(
    shelf: Path, crop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, search_script, "-q", crop, "-s", shelf)
    assert (status, err) == (0, "")
    assert "no picture on the shelf matches, 1 related" in out
    assert "pieces, no copies:" in out
    assert "the query is a piece of it, 46 %, mirrored" in out
    out = run(capsys, search_script, "-q", crop, "-s", shelf, "--format", "json")[1]
    (match,) = json.loads(out)
    assert (match["kind"], match["match"], match["compared"]) == ("piece", False, True)
    assert match["path"].endswith("03.jpg")
    piece = match["piece"]
    assert (piece["relation"], piece["mirrored"]) == ("a piece of", True)
    assert piece["match_box"] == pytest.approx([100, 60, 320, 270], abs=3)
    assert piece["query_box"] == pytest.approx([0, 0, 320, 270], abs=2)
    assert piece["turn"] == pytest.approx(0, abs=1)
    assert piece["scale"] == pytest.approx(1, abs=0.02)
    out = run(capsys, search_script, "-q", crop, "-s", shelf, "--format", "csv")[1]
    assert "relation a piece of; query_box 0,0,3" in out


def test_pieces_are_no_matches(shelf: Path, crop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("-q", crop, "-s", shelf)
    assert run(capsys, search_script, *words, "--exit-code")[0] == 3
    assert run(capsys, search_script, *words, "--unmatched")[1].endswith("crop.jpg\n")
    assert run(capsys, search_script, *words, "--null")[1] == ""


@pytest.mark.parametrize(
    "words", [["--no-pieces"], ["--kind", "near"], ["--max-distance", "4"], ["--similarity", "90"]]
)
def test_pieces_are_left_out(
    shelf: Path, crop: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, search_script, "-q", crop, "-s", shelf, *words)[1]
    assert out.endswith("no picture on the shelf matches\n")


def test_without_the_index_all_points_are_read_and_nothing_is_written(
    shelf: Path, crop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = run(capsys, search_script, "-q", crop, "-s", shelf)[1]
    Path(f"{shelf}.pieces").unlink()
    before = shelf.read_bytes()
    status, out, err = run(capsys, search_script, "-q", crop, "-s", shelf)
    assert (status, out) == (0, wanted)
    assert "has no index of its present keypoints" in err
    assert shelf.read_bytes() == before
    assert not Path(f"{shelf}.pieces").exists()


def test_what_is_not_there_is_told_by_its_points(
    shelf: Path, crop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(shelf.parent / "photos")
    out = run(capsys, search_script, "-q", crop, "-s", shelf, "--format", "json")[1]
    (match,) = json.loads(out)
    assert (match["kind"], match["match"], match["compared"]) == ("piece", False, False)


def test_a_copy_stays_a_copy(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = shelf.parent / "copy.jpg"
    blobs(2).save(copy, quality=50)
    out = run(capsys, search_script, "-q", copy, "-s", shelf, "--format", "json")[1]
    (match,) = json.loads(out)
    assert (match["kind"], match["piece"]) == ("near", None)


def test_a_flat_or_tiny_query_finds_no_piece(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for size in ((1, 1), (20_000, 20), (400, 300)):
        path = shelf.parent / "flat.png"
        Image.new("RGB", size, (90, 90, 90)).save(path)
        status, out, err = run(capsys, search_script, "-q", path, "-s", shelf)
        assert (status, err) == (0, "")
        assert "related" not in out


def test_a_collage_contains_its_pictures(shelf: Path) -> None:
    sheet = Image.new("RGB", (1000, 750))
    for number, at in enumerate(((0, 0), (500, 0), (0, 375), (500, 375))):
        sheet.paste(blobs(number), at)
    sheet.save(shelf.parent / "collage.jpg", quality=85)
    found = imageshelf.search(shelf.parent / "collage.jpg", shelf)
    relations = {Path(match.path).name: match.piece.relation for match in found if match.piece}
    assert relations == dict.fromkeys(["00.jpg", "01.jpg", "02.jpg", "03.jpg"], "contains")


def test_what_was_moved_a_little_is_no_piece(shelf: Path) -> None:
    """Overlapping views of one place share a part: what is near moves more than what is far."""
    near, far = blobs(60, (700, 300)), blobs(61, (700, 375))
    views = []
    for shift in (0, 60):
        view = far.crop((shift // 4, 0, shift // 4 + 500, 375))
        view.paste(near.crop((shift * 2, 0, shift * 2 + 500, 190)), (0, 185))
        views.append(view)
    views[0].save(shelf.parent / "photos" / "view.jpg", quality=92)
    imageshelf.index(shelf.parent / "photos", shelf, jobs=0)
    views[1].save(shelf.parent / "other.jpg", quality=92)
    for match in imageshelf.search(shelf.parent / "other.jpg", shelf):
        assert match.piece is None or match.piece.relation == "shares a part with"


def test_hostile_points_on_a_shelf_are_one_sentence(
    shelf: Path, crop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for column, value in (("points", "x'00'"), ("thumb", "x'00'"), ("thumb", "7")):
        with closing(sqlite3.connect(shelf)) as db, db:
            db.execute(f"UPDATE piece SET {column} = {value}")
        status, _, err = run(capsys, search_script, "-q", crop, "-s", shelf)
        assert status == 1
        assert "is damaged" in err
        assert err.count("\n") == 1


# -- duplicates, clean, explain -------------------------------------------------------------------


@pytest.fixture
def with_crop(shelf: Path) -> Path:
    """Return a shelf that has two crops of 03.jpg and a copy of it, too."""
    photos = shelf.parent / "photos"
    blobs(3).crop((100, 60, 420, 330)).save(photos / "crop.png")
    blobs(3).crop((10, 10, 300, 250)).resize((580, 480)).save(photos / "large.jpg")
    shutil.copy(photos / "03.jpg", photos / "same.jpg")
    imageshelf.index(photos, shelf, jobs=0)
    return shelf


def test_duplicates_lists_pieces_below_what_has_them(
    with_crop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, search_script, "--duplicates", "-s", with_crop)[1]
    copies, _, pieces = out.partition("pieces, no copies, each below")
    assert "same.jpg" in copies
    assert pieces.count("the first contains it") == 2
    assert "is a piece, not a copy" in pieces
    words = ("--duplicates", "-s", with_crop, "--format", "json")
    groups = json.loads(run(capsys, search_script, *words)[1])
    listed = [[Path(one["path"]).name for one in group] for group in groups]
    keeper = listed[0][0]
    assert listed[1][0] == keeper
    assert sorted(listed[1][1:]) == ["crop.png", "large.jpg"]
    member = groups[1][listed[1].index("crop.png")]
    assert (member["kind"], member["match"], member["role"]) == ("piece", False, "keep")
    assert member["score"] == member["row"] + member["column"] + 2 * member["phash"] > 20
    assert member["piece"]["query_box"] == pytest.approx([100, 60, 320, 270], abs=4)
    out = run(capsys, search_script, "--duplicates", "--no-pieces", "-s", with_crop)[1]
    assert "pieces, no copies" not in out


def test_a_second_listing_looks_new_pictures_up_alone(
    with_crop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imageshelf.searching.pieces import PieceSearch

    asked: list[int] = []
    pieces_of = PieceSearch.pieces_of

    def noting(self: PieceSearch, ids: list[int]) -> Any:
        asked.extend(ids)
        return pieces_of(self, ids)

    monkeypatch.setattr(PieceSearch, "pieces_of", noting)
    first = imageshelf.duplicates(with_crop)
    assert len(asked) == 10
    kept = rows(with_crop, "SELECT max(a_id), max(b_id) FROM verdict WHERE rule > 1000")
    assert kept == [(-1, -1)]  # also of the first picture, whose id is 0 and may be in a crowd
    asked.clear()
    again = imageshelf.duplicates(with_crop)
    assert asked == []
    assert [g.members for g in again.groups] == [g.members for g in first.groups]
    photos = with_crop.parent / "photos"
    blobs(5).crop((100, 60, 420, 330)).save(photos / "new.png")
    blobs(91).save(photos / "crop.png")
    imageshelf.index(photos, with_crop, jobs=0)
    third = imageshelf.duplicates(with_crop)
    assert len(asked) == 2
    names = {Path(m.path).name for g in third.groups for m in g.members if m.kind == "piece"}
    assert names == {"new.png", "large.jpg"}


def test_clean_takes_no_piece(with_crop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("clean", "-s", str(with_crop), "--kind", "near,turned", "--format", "json")
    assert main(list(words)) == 0
    plan = capsys.readouterr().out
    assert "crop.png" not in plan
    assert "large.jpg" not in plan
    with pytest.raises(SystemExit) as stopped:
        main(["clean", "-s", str(with_crop), "--kind", "piece"])
    assert stopped.value.code == 2


def test_what_is_kept_on_a_strangers_shelf_is_not_believed(
    with_crop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imageshelf.duplicates(with_crop)
    forged = '[0,["a piece of",[0,0,1,1],[0,0,1,1],0,1,false,1,1,[1,1],[1,1]],1.0]'
    for text in (forged, "[]", "[0,[9],1]", "nonsense", "[[[[[["):
        with closing(sqlite3.connect(with_crop)) as db, db:
            db.execute("UPDATE verdict SET result = ? WHERE a_id < 0 AND a_id <> b_id", (text,))
        imageshelf.duplicates(with_crop)  # ours, with an odd text: no traceback
    monkeypatch.setattr("imageshelf.shelf.marks.is_ours", lambda _: False)
    found = imageshelf.duplicates(with_crop)
    boxes = {m.piece.query_box for g in found.groups for m in g.members if m.piece}
    assert boxes
    assert (0, 0, 1, 1) not in boxes


def test_explain_says_where(
    shelf: Path, crop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, sheet = tmp_path / "both.html", tmp_path / "both.png"
    original = str(shelf.parent / "photos" / "03.jpg")
    assert main(["explain", str(crop), original, "--html", str(page)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("A is a piece of B, 46 %, mirrored.\n")
    assert "What both show, in pixels of each:" in out
    assert "piece, no match" in out
    assert '"inFirst":[[0,0,3' in page.read_text(encoding="utf-8").replace(" ", "")
    assert main(["explain", original, str(crop), "--contact-sheet", str(sheet)]) == 0
    assert capsys.readouterr().out.startswith("A contains B, mirrored.\n")
    stranger = str(shelf.parent / "photos" / "05.jpg")
    assert main(["explain", str(crop), stranger]) == 0
    assert "piece" not in capsys.readouterr().out


def test_the_page_has_a_section_of_pieces(with_crop: Path, tmp_path: Path) -> None:
    page = tmp_path / "groups.html"
    assert search_script.main(["--duplicates", "-s", str(with_crop), "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "Pieces, each with the picture that it comes from" in text
    assert '"inFirst"' in text


def test_a_piece_that_could_not_be_seen_keeps_what_its_points_say(shelf: Path, crop: Path) -> None:
    from imageshelf.searching.pieces import FoundPiece

    (match,) = imageshelf.search(crop, shelf)
    assert match.piece is not None
    found = FoundPiece(1, 30, 0.9, np.eye(3), match.piece)
    look: Look = look_of(found, None)
    assert (look.kind, look.compared, look.is_match) == ("piece", False, False)
    assert look.piece == match.piece


def test_hashes_only_leaves_pieces_unseen(shelf: Path, crop: Path) -> None:
    (match,) = imageshelf.search(crop, shelf, hashes_only=True)
    assert (match.kind, match.compared, match.match) == ("piece", False, False)


def test_merged_shelves_get_their_keypoints_from_the_next_run(shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.shelve"
    imageshelf.index(folder(tmp_path / "more", 2, first=40), other, jobs=0)
    assert main(["merge", str(other), "-s", str(shelf)]) == 0
    with open_shelf(str(shelf)) as opened:
        assert opened.whole_catalogue().pictures() == 10
    assert imageshelf.index(tmp_path / "more", shelf, jobs=0).with_points == 10
