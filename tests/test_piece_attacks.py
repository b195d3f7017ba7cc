"""Attacks on pieces: hostile shelves and side files, killed and concurrent runs, odd maps."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import warnings
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import imageshelf
import index as index_script
import search as search_script
from imageshelf.cleanup import selection
from imageshelf.cleanup.planning import Rules
from imageshelf.cleanup.selection import Chosen, Selection
from imageshelf.copies.pieces import _unpacked
from imageshelf.indexing.run import Indexing
from imageshelf.indexing.settings import Settings
from imageshelf.pieces import placement
from imageshelf.pieces.agreement import AskedPicture, agreement
from imageshelf.pieces.fitting import moved
from imageshelf.pieces.points import PiecePoints
from imageshelf.review import work
from imageshelf.review.background import BackgroundJob
from imageshelf.searching.pieces import _Query
from imageshelf.shelf import open_shelf, point_index, points
from tests.blobs import blobs, folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with six pictures, a crop of one and a copy of another, and their shelf."""
    path = tmp_path_factory.mktemp("made")
    photos = folder(path / "photos", 6)
    blobs(3).crop((100, 60, 420, 330)).save(photos / "crop.jpg", quality=60)
    shutil.copy(photos / "01.jpg", photos / "copy.jpg")
    imageshelf.index(photos, path / "db.shelve", jobs=0, pieces=True)
    return path


@pytest.fixture
def shelf(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that shelf, beside a copy of its pictures."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "db.shelve"


def change(shelf: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(shelf)) as db, db:
        db.execute(sql, values)


def named(found: imageshelf.Duplicates) -> list[set[str]]:
    return [
        {Path(each.path).name for each in (group.keeper, *group.members)} for group in found.groups
    ]


def indexed_ids(shelf: Path) -> set[int] | None:
    """Return the pictures in the index, or None if it is not believed."""
    with open_shelf(str(shelf)) as opened:
        segments = point_index.opened(opened.whole_catalogue().db)
        if segments is None:
            return None
        return {int(id_) for segment in segments for id_ in segment.records["id"]}


# -- NAME.pieces ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="needs permissions")
def test_who_may_read_the_shelf_may_read_its_index(shelf: Path) -> None:
    shelf.chmod(0o640)
    Path(f"{shelf}.pieces").unlink()
    imageshelf.index(shelf.parent / "photos", shelf, jobs=0)
    assert Path(f"{shelf}.pieces").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_run_left_goes_with_the_next_but_not_what_is_being_written(
    shelf: Path,
) -> None:
    old, fresh = (Path(f"{shelf}.pieces.{word}.new") for word in ("abcdefgh", "ijklmnop"))
    mine = Path(f"{shelf}.pieces.of my own.new")
    for path in (old, fresh, mine):
        path.write_bytes(b"half of it")
        if path != fresh:
            os.utime(path, (1, 1))
    Path(f"{shelf}.pieces").unlink()
    imageshelf.index(shelf.parent / "photos", shelf, jobs=0)
    assert not old.exists()
    assert fresh.exists()
    assert mine.exists()


def test_another_file_of_that_name_is_left_alone(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = Path(f"{shelf}.pieces")
    notes.write_text("my own notes")
    words = "-d", str(shelf.parent / "photos"), "-s", str(shelf), "-j", "0"
    assert index_script.main(words) == 0
    assert "db.shelve.pieces is another file: move it away" in capsys.readouterr().out
    assert notes.read_text() == "my own notes"


def test_the_index_of_pictures_that_a_restored_shelf_does_not_have_is_not_believed(
    shelf: Path,
) -> None:
    photos, backup = shelf.parent / "photos", shelf.read_bytes()
    blobs(20).save(photos / "new.jpg")
    imageshelf.index(photos, shelf, jobs=0)
    newer = Path(f"{shelf}.pieces").read_bytes()
    shelf.write_bytes(backup)
    (photos / "new.jpg").unlink()
    blobs(21).save(photos / "other.jpg")
    crop = shelf.parent / "crop.png"
    blobs(21).crop((100, 60, 420, 330)).save(crop)
    Path(f"{shelf}.pieces").unlink()
    imageshelf.index(photos, shelf, jobs=0)
    Path(f"{shelf}.pieces").write_bytes(newer)
    assert indexed_ids(shelf) is None
    (found,) = imageshelf.search(crop, shelf)
    assert Path(found.path).name == "other.jpg"


def test_of_two_runs_at_once_neither_leaves_out_the_pictures_of_the_other(tmp_path: Path) -> None:
    shelf = tmp_path / "db.shelve"
    imageshelf.index(folder(tmp_path / "first", 40), shelf, jobs=0, pieces=True)
    second, third = folder(tmp_path / "second", 1, 60), folder(tmp_path / "third", 1, 61)
    with (
        Indexing(second, shelf, Settings(jobs=0)) as one,
        Indexing(third, shelf, Settings(jobs=0)) as other,
    ):
        for run in (one, other):
            run.survey()
            for batch in run.batches():
                run.remember(batch)
        for run in (one, other):
            run.settle()
            run.find_points()
            run.finish()
    with open_shelf(str(shelf)) as opened:
        everything = set(points.states(opened.whole_catalogue().db))
    assert len(everything) == 42
    assert indexed_ids(shelf) == everything


def test_why_keypoints_are_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = folder(tmp_path / "photos", 2)
    words = "-d", str(photos), "-s", str(tmp_path / "db.shelve"), "-j", "1"
    assert index_script.main(words) == 0
    assert index_script.main([*words, "--pieces", "--memory-limit", "1"]) == 0
    printed = capsys.readouterr().out
    assert "0 pictures with keypoints, 2 could not be read: the file is too large" in printed
    assert index_script.main(words) == 0
    assert "2 pictures with keypoints\n" in capsys.readouterr().out


# -- a hostile table ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE piece SET picture_id = 9223372036854775807 WHERE picture_id = 4", "cannot be"),
        ("UPDATE piece SET points = zeroblob(65534)", "keypoints that are none"),
        ("UPDATE piece SET thumb = x'01'", "a thumbnail without a size"),
        ("UPDATE picture SET width = 0", "a picture without a size"),
    ],
)
def test_a_hostile_table_is_one_sentence(
    shelf: Path, capsys: pytest.CaptureFixture[str], sql: str, said: str
) -> None:
    change(shelf, sql)
    Path(f"{shelf}.pieces").unlink()
    words = "-q", str(shelf.parent / "photos" / "crop.jpg"), "-s", str(shelf)
    assert search_script.main(words) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == printed.err.count("search.py: ")
    assert "uint" not in printed.err


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE piece SET picture_id = 500 WHERE picture_id = 4", "of 1 pictures that are not on"),
        ("UPDATE piece SET points = x'0102' WHERE picture_id = 4", "keypoints of 2 bytes"),
        ("UPDATE piece SET points = NULL WHERE picture_id = 4", "keypoints that are none"),
    ],
)
def test_a_check_finds_what_is_wrong_with_keypoints_and_what_mends_it(
    shelf: Path, sql: str, said: str
) -> None:
    change(shelf, sql)
    with open_shelf(str(shelf)) as opened:
        (finding,) = opened.check()
    assert said in finding
    assert "index with --no-pieces, then with --pieces" in finding
    for pieces in (False, True):
        imageshelf.index(shelf.parent / "photos", shelf, jobs=0, pieces=pieces)
    with open_shelf(str(shelf)) as opened:
        assert opened.check() == []
    assert indexed_ids(shelf)


@pytest.mark.parametrize("value", [-1, -(1 << 62), (1 << 63) - 1, b"\0", 1.5, "text", None])
def test_no_generation_stops_a_run(shelf: Path, value: object) -> None:
    change(shelf, "UPDATE meta SET value = ? WHERE name = 'piece_generation'", value)
    assert imageshelf.index(shelf.parent / "photos", shelf, jobs=0).with_points == 8
    assert indexed_ids(shelf)


# -- what is kept of pieces -----------------------------------------------------------------------

SOUND = '[0,["contains",[0,0,9,9],[0,0,5,5],0.0,1.0,false,0.4,1.0,[9,9],[5,5]],0.8]'


def test_what_was_kept_is_read() -> None:
    unpacked = _unpacked(SOUND)
    assert unpacked is not None
    swapped, (placed, agrees, compared) = unpacked
    assert (swapped, placed.query_box, agrees, compared) == (False, (0, 0, 9, 9), 0.8, True)


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("[0,0,9,9]", "[0,0,1e999,9]"),
        ("[0,0,9,9]", "[0,0,-9,9]"),
        ("[0,0,9,9]", "[0,0,9]"),
        ("[0,0,9,9]", '"0099"'),
        ("[0,0,9,9]", f"[0,0,{10**30},9]"),
        ("[9,9]", "[9]"),
        ("0.0,1.0", "NaN,1.0"),
        ("0.0,1.0", '"left",1.0'),
        ("0.0,1.0", "0.0,Infinity"),
        ("0.8]", "[]]"),
        ("0.8]", '"x"]'),
        ("contains", "is"),
        ('"contains"', "[1]"),
        (SOUND, "[" * 20_000),
        (SOUND, "null"),
    ],
)
def test_what_was_kept_and_is_odd_is_left_out(what: str, instead: str) -> None:
    assert _unpacked(SOUND.replace(what, instead, 1)) is None


# -- what is no piece -----------------------------------------------------------------------------


def test_copies_are_no_pieces_if_only_pieces_are_asked_for(shelf: Path) -> None:
    assert named(imageshelf.duplicates(shelf)) == [
        {"01.jpg", "copy.jpg"},
        {"03.jpg", "crop.jpg"},
    ]
    assert named(imageshelf.duplicates(shelf, kinds="piece")) == [{"03.jpg", "crop.jpg"}]


def test_a_chosen_piece_is_called_one_and_nothing_else_is(shelf: Path) -> None:
    with open_shelf(str(shelf)) as opened:
        for gone, kind in (("crop", "piece"), ("05", "chosen")):
            chosen = Chosen(("photos/03.jpg",), (f"photos/{gone}.jpg",))
            plan = selection.plan(opened, Selection(opened.path, (chosen,)), (), Rules())
            ((step,),) = (group.steps for group in plan.groups)
            assert step.kind == kind
            assert bool(step.warning) == (kind == "chosen")


def test_the_page_that_indexes_brings_the_index_up_to_date(shelf: Path) -> None:
    new = folder(shelf.parent / "new", 1, first=70)
    work.index(str(shelf), [str(new)], BackgroundJob("indexing", lambda: None))
    ids = indexed_ids(shelf)
    assert ids
    assert len(ids) == 9


def test_keypoints_of_a_file_that_has_changed_since_are_not_compared(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = shelf.parent / "photos"
    blobs(50).save(photos / "03.jpg")
    words = "-q", str(photos / "crop.jpg"), "-s", str(shelf)
    assert search_script.main(words) == 0
    assert "the query is a piece of it, 46 %, not compared" in capsys.readouterr().out
    (found,) = imageshelf.search(photos / "crop.jpg", shelf, kinds="piece")
    assert not found.compared
    blobs(3).save(photos / "03.jpg", quality=90)  # as it was
    (found,) = imageshelf.search(photos / "crop.jpg", shelf, kinds="piece")
    assert found.compared
    assert "not compared" not in found.told


def test_another_name_of_a_file_is_no_piece_of_it(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", 2)
    os.link(photos / "00.jpg", photos / "link.jpg")
    imageshelf.index(photos, tmp_path / "db.shelve", jobs=0, pieces=True)
    assert not imageshelf.duplicates(tmp_path / "db.shelve").groups
    assert not imageshelf.duplicates(tmp_path / "db.shelve", kinds="piece").groups


def test_listed_pieces_tell_what_the_hashes_measure(shelf: Path) -> None:
    (group,) = imageshelf.duplicates(shelf, kinds="piece").groups
    (member,) = group.members
    (match,) = imageshelf.search(group.keeper.path, shelf, kinds="piece")
    assert member.score > 0
    assert (member.row, member.column, member.phash, member.score) == (
        match.row,
        match.column,
        match.phash,
        match.score,
    )


def test_other_hashes_go_without_pieces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "-d", str(folder(tmp_path / "photos", 1)), "-s", str(tmp_path / "db"), "--hash", "phash"
    with pytest.raises(SystemExit) as stopped:
        index_script.main([*words, "--pieces"])
    assert stopped.value.code == 2
    assert "--pieces does not go with --hash phash" in capsys.readouterr().err
    with pytest.raises(ValueError, match="expected dhash with pieces, not phash"):
        imageshelf.index(tmp_path / "photos", tmp_path / "db", hash="phash", pieces=True)
    assert not (tmp_path / "db").exists()


# -- geometry -------------------------------------------------------------------------------------


def some_points(places: np.ndarray, chance: np.random.Generator) -> PiecePoints:
    bits = chance.integers(0, 1 << 63, len(places), np.uint64)
    x, y = places.astype(np.float32).T
    none = np.zeros(len(places), np.float32)
    return PiecePoints(bits, bits, x, y, none + 3, none)


def test_no_map_beyond_its_horizon_is_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    monkeypatch.setattr(placement, "holds", lambda *_: True)
    places = chance.uniform((10, 10), (110, 180), (60, 2))
    luma = chance.integers(0, 256, (36, 48)).astype(np.uint8)
    found = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tilt in (0.0, -0.001, -0.004, -0.0045, -0.006, -0.0075):
            stored = some_points(places, chance)
            x, y = moved(np.array([[0.4, 0, 5], [0, 0.4, 5], [tilt, 0, 1]]), places).T
            size = stored.size + np.float32(np.log2(0.4))
            asked = stored._replace(x=x.astype(np.float32), y=y.astype(np.float32), size=size)
            piece = _Query(asked, luma, (480, 360)).fitted(1, stored, luma, (480, 360))
            if piece:
                found += 1
                depths = np.array([[0, 0, 1], [256, 0, 1]]) @ piece.matrix[2]
                assert depths.min() > 0
                assert np.isfinite(piece.placement.scale)
    assert found


def test_maps_that_show_nothing_are_told() -> None:
    size = 400, 300
    assert placement.is_in_view(np.diag([0.1, 0.1, 1.0]), size)
    for matrix in (
        np.zeros((3, 3)),
        np.diag([1.0, 1.0, 0.0]),
        np.diag([1.0, 0.0, 1.0]),
        np.full((3, 3), np.nan),
        np.array([[1.0, 0, 0], [0, 1, 0], [-1 / 256, 0, 1]]),
        np.array([[1.0, 0, 0], [0, 1, 0], [-1 / 100, 0, 1]]),
        -np.eye(3),
    ):
        assert not placement.is_in_view(matrix, size)


@pytest.mark.parametrize("shape", [(1, 1), (1, 48), (48, 1)])
def test_a_query_of_one_row_agrees_with_nothing(shape: tuple[int, int]) -> None:
    thumb = np.full((36, 48), 9, np.uint8)
    asked = AskedPicture(np.zeros(shape, np.uint8))
    assert agreement(thumb, (256.0, 192.0), np.eye(3), asked).windows == 0


def test_every_size_that_a_header_may_have_is_checked(shelf: Path) -> None:
    index = Path(f"{shelf}.pieces")
    whole = index.read_bytes()
    at = struct.calcsize("<20s16sQI")
    for place in (
        (8, 1 << 63, 4096),
        (8, 1, (1 << 64) - 1),
        (24, 0, 4096),
        (40, 1, 4096),
        (0, 0, 0),
    ):
        header = bytearray(whole[: point_index.HEADER_BYTES - 4])
        header[at : at + 20] = struct.pack("<IQQ", *place)
        crc = zlib.crc32(header).to_bytes(4, "little")
        index.write_bytes(bytes(header) + crc + whole[point_index.HEADER_BYTES :])
        assert indexed_ids(shelf) is None
