"""Tests of NAME.pieces: made of the shelf, bound to it, and never believed beyond it."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imageshelf
from imageshelf.pictures.tasks import StoredPoints
from imageshelf.pieces import votes
from imageshelf.shelf import open_shelf, point_index, points
from imageshelf.shelf.point_index import HEADER_BYTES
from tests.blobs import folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with six pictures and a shelf of them."""
    path = tmp_path_factory.mktemp("made")
    folder(path / "photos", 6)
    imageshelf.index(path / "photos", path / "db.shelve", jobs=0, pieces=True)
    return path


@pytest.fixture
def shelf(made: Path, tmp_path: Path) -> Path:
    """Return the path of a copy of that shelf, with its index."""
    for name in ("db.shelve", "db.shelve.pieces"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    return tmp_path / "db.shelve"


def records_of(shelf: Path) -> list[tuple[int, ...]] | None:
    """Return all that an index has, sorted; None if it is not believed."""
    with open_shelf(str(shelf)) as opened:
        found = point_index.opened(opened.whole_catalogue().db)
        if found is None:
            return None
        return sorted(record.item() for segment in found for record in segment.records)


def every_point(shelf: Path) -> list[tuple[int, ...]]:
    with open_shelf(str(shelf)) as opened:
        pages = list(point_index.pages(opened.whole_catalogue().db))
    return sorted(record.item() for page in pages for record in page)


def test_the_index_has_every_point_of_the_shelf(shelf: Path) -> None:
    found = records_of(shelf)
    assert found == every_point(shelf)
    assert found
    assert len({record[1] for record in found}) == 6


def test_keys_lead_to_their_points(shelf: Path) -> None:
    with open_shelf(str(shelf)) as opened:
        segments = point_index.opened(opened.whole_catalogue().db)
        assert segments is not None
        (segment,) = segments
        keys = votes.keys_of(segment.records["bits"], segment.key_bits)
        starts = segment.starts.astype(np.int64)
        assert (np.repeat(np.arange(len(starts) - 1), np.diff(starts)) == keys).all()


def test_an_index_merged_from_many_parts_is_the_same(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path(f"{shelf}.pieces").read_bytes()
    monkeypatch.setattr(point_index, "PART_POINTS", 100)
    monkeypatch.setattr(points, "FOLLOWING", points.FOLLOWING.replace("LIMIT 1024", "LIMIT 1"))
    with open_shelf(str(shelf)) as opened:
        point_index.update(opened.whole_catalogue().db, (0, 0), None)
    assert Path(f"{shelf}.pieces").read_bytes() == whole
    assert sorted(os.listdir(shelf.parent)) == ["db.shelve", "db.shelve.pieces"]


def test_a_few_more_pictures_are_appended(made: Path, tmp_path: Path) -> None:
    photos, shelf = folder(tmp_path / "photos", 40), tmp_path / "db.shelve"
    imageshelf.index(photos, shelf, jobs=0, pieces=True)
    before = Path(f"{shelf}.pieces").read_bytes()
    folder(photos, 2, first=40)
    imageshelf.index(photos, shelf, jobs=0)
    after = Path(f"{shelf}.pieces").read_bytes()
    assert after[HEADER_BYTES : len(before)] == before[HEADER_BYTES:]
    assert records_of(shelf) == every_point(shelf)
    with open_shelf(str(shelf)) as opened:
        assert len(point_index.opened(opened.whole_catalogue().db) or ()) == 2
    assert imageshelf.search(photos / "41.jpg", shelf, kinds="piece") == []


def test_an_index_of_other_points_is_not_believed(shelf: Path) -> None:
    with open_shelf(str(shelf), "w") as opened:
        db = opened.whole_catalogue().db
        with db.transaction():
            points.store(db, {1: StoredPoints(*points.rows(db, [2])[2])})
    assert records_of(shelf) is None


def test_an_index_of_another_shelf_is_not_believed(shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.shelve"
    imageshelf.index(folder(tmp_path / "other", 2), other, jobs=0, pieces=True)
    Path(f"{shelf}.pieces").write_bytes(Path(f"{other}.pieces").read_bytes())
    assert records_of(shelf) is None


def with_crc(header: bytes) -> bytes:
    return header[: HEADER_BYTES - 4] + zlib.crc32(header[: HEADER_BYTES - 4]).to_bytes(4, "little")


@pytest.mark.parametrize("length", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 100, -1])
def test_an_index_that_is_cut_is_not_believed(shelf: Path, length: int) -> None:
    index = Path(f"{shelf}.pieces")
    index.write_bytes(index.read_bytes()[:length])
    assert records_of(shelf) is None


def test_no_changed_header_is_believed_beyond_its_file(shelf: Path) -> None:
    index = Path(f"{shelf}.pieces")
    whole = index.read_bytes()
    chance = np.random.default_rng(5)
    believed = 0
    for _ in range(200):
        header = bytearray(whole[:HEADER_BYTES])
        for at in chance.integers(44, 72, 3):  # number of segments, and the first of them
            header[at] = int(chance.integers(0, 256))
        index.write_bytes(with_crc(bytes(header)) + whole[HEADER_BYTES:])
        believed += records_of(shelf) is not None  # nothing is read past the end
    assert believed < 200


def test_hostile_starts_and_ids_find_nothing_wrong(made: Path, shelf: Path) -> None:
    query = made / "photos" / "03.jpg"
    crop = shelf.parent / "crop.png"
    Image.open(query).crop((100, 60, 420, 330)).save(crop)
    imageshelf.index(made / "photos", made / "db.shelve", jobs=0)
    index = Path(f"{made / 'db.shelve'}.pieces")
    whole = index.read_bytes()
    try:
        for noise in (bytes(1), b"\xff", os.urandom(64)):
            body = (noise * len(whole))[: len(whole) - HEADER_BYTES]
            index.write_bytes(whole[:HEADER_BYTES] + body)
            found = imageshelf.search(crop, made / "db.shelve")
            assert {Path(match.path).name for match in found} <= {"03.jpg"}
    finally:
        index.write_bytes(whole)
    (found_one,) = imageshelf.search(crop, made / "db.shelve")
    assert found_one.kind == "piece"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("what", ["pipe", "folder", "link"])
def test_no_strange_file_is_opened_as_an_index(shelf: Path, what: str) -> None:
    index = Path(f"{shelf}.pieces")
    index.unlink()
    if what == "pipe":
        os.mkfifo(index)
    elif what == "folder":
        index.mkdir()
    else:
        index.symlink_to("/dev/zero")
    assert records_of(shelf) is None


def test_removing_takes_only_an_index(shelf: Path) -> None:
    index = Path(f"{shelf}.pieces")
    with open_shelf(str(shelf)) as opened:
        db = opened.whole_catalogue().db
        point_index.remove(db)
        assert not index.exists()
        point_index.remove(db)
        index.write_text("my own notes")
        point_index.remove(db)
    assert index.read_text() == "my own notes"


def test_a_damaged_table_is_one_sentence(shelf: Path) -> None:
    with open_shelf(str(shelf), "w") as opened:
        db = opened.whole_catalogue().db
        with db.transaction():
            db.write("UPDATE piece SET points = x'0102' WHERE picture_id = 3")
        with pytest.raises(imageshelf.ShelfError, match="is damaged: keypoints of 2 bytes"):
            point_index.update(db, (0, 0), None)
        with db.transaction():
            db.write("UPDATE piece SET points = 'text' WHERE picture_id = 3")
        with pytest.raises(imageshelf.ShelfError, match="is damaged: keypoints that are none"):
            point_index.update(db, (0, 0), None)
    assert len(os.listdir(shelf.parent)) == 2
