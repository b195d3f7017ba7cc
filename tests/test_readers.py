"""What older readers put on a shelf is read again where a mended reader may tell otherwise."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import images, readers, recipe
from imageshelf.pictures.header_facts import header_facts
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.workers import work
from tests.conftest import drawn

SETTINGS, IN_PROCESS = Settings(jobs=1), Settings(jobs=0)


def change(shelve: Path, sql: str, *values: Any) -> None:
    with contextlib.closing(sqlite3.connect(shelve)) as db, db:
        db.execute(sql, values)


def read_by(shelve: Path) -> dict[str, int | None]:
    with contextlib.closing(sqlite3.connect(shelve)) as db:
        return {
            Path(name.decode()).name: by
            for name, by in db.execute("SELECT name, read_by FROM picture")
        }


def tiff(**tags: int) -> bytes:
    """Return a grey TIFF picture of 64 x 64 with one directory for each page."""
    entries = {256: 64, 257: 64, 258: 8, 262: 1, 273: 8, 277: 1, 278: 64, 279: 4096}
    entries |= {int(name.removeprefix("tag")): value for name, value in tags.items()}
    listed = b"".join(struct.pack("<HHLL", tag, 4, 1, n) for tag, n in sorted(entries.items()))
    pixels = drawn(7, (64, 64)).convert("L").tobytes()
    directory = struct.pack("<H", len(entries)) + listed + bytes(4)
    return struct.pack("<2sHL", b"II", 42, 8 + len(pixels)) + pixels + directory


XMP = b'<x GCamera:MotionPhoto="1"/>'
TURN = b'<x tiff:Orientation="6"/>'


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


@pytest.fixture
def album(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    drawn(1).save(photos / "plain.jpg")
    drawn(2).save(photos / "turned.jpg", exif=orientation(6))
    drawn(8).save(photos / "film.jpg", xmp=XMP, exif=orientation(1))
    drawn(3).save(photos / "plain.png")
    drawn(4).convert("I;16").save(photos / "deep.tif")
    drawn(4).save(photos / "pages.tif", save_all=True, append_images=[drawn(9)])
    (photos / "signed.tif").write_bytes(tiff(tag339=2))
    drawn(5).save(photos / "plain.bmp")
    drawn(6).save(photos / "one.avif")
    drawn(6).save(photos / "two.gif", save_all=True, append_images=[drawn(9)])
    white = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    white.paste((255, 255, 255, 255), (0, 0, 3, 3))
    white.save(photos / "white.png")
    (photos / "broken.jpg").write_bytes((photos / "plain.jpg").read_bytes()[:900])
    return photos


def by_older_readers(shelve: Path, before: int | None = None) -> None:
    """Leave on a shelf what version 1 would have written."""
    change(shelve, "UPDATE picture SET read_by = ?", before)
    change(shelve, "UPDATE picture SET frames = NULL WHERE format IN ('TIFF', 'GIF')")
    change(shelve, "UPDATE picture SET flags = flags & 3 | (flags & 4)")


def columns(shelve: Path, name: str) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(shelve)) as db:
        return tuple(
            db.execute(
                "SELECT frames, flags >> 2 FROM picture WHERE CAST(name AS TEXT) LIKE ?",
                ("%" + name,),
            ).fetchone()
        )


def test_each_row_keeps_the_revision_of_its_reader(album: Path, tmp_path: Path) -> None:
    index(album, tmp_path / "db.shelve", SETTINGS)
    for name, by in read_by(tmp_path / "db.shelve").items():
        assert by == (1 if name.endswith(".bmp") else 2), name


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read, as they are read, by runs in this process."""
    tried: list[str] = []
    real = images.examine

    def examine(task: Task) -> Picture | Refusal:
        tried.append(Path(task.path).name)
        return real(task)

    monkeypatch.setattr(work, "examine", examine)
    return tried


@pytest.mark.parametrize("before", [None, 1])
def test_only_what_shows_the_case_is_read_again_once(
    album: Path, tmp_path: Path, examined: list[str], before: int | None
) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, IN_PROCESS)
    facts = {name: columns(shelve, name) for name in read_by(shelve)}
    by_older_readers(shelve, before)
    examined.clear()
    summary = index(album, shelve, IN_PROCESS)
    assert sorted(examined) == ["signed.tif", "two.gif", "white.png"]
    assert (summary.changed, summary.unchanged, summary.new) == (3, len(facts) - 3, 0)
    for name, by in read_by(shelve).items():
        shown = not name.startswith("plain.")  # these were not even looked at
        assert by == (2 if shown else before), name
        assert columns(shelve, name) == facts[name], name
    examined.clear()
    again = index(album, shelve, IN_PROCESS)
    assert (again.changed, again.unchanged, examined) == (0, len(facts), [])


def test_a_turn_that_only_xmp_asked_for_shows_in_the_header(
    album: Path, tmp_path: Path, examined: list[str]
) -> None:
    shelve = tmp_path / "db.shelve"
    drawn(9).save(album / "xmp.jpg", xmp=TURN, exif=orientation(1))
    index(album, shelve, IN_PROCESS)
    by_older_readers(shelve)
    change(shelve, "UPDATE picture SET orientation = 6 WHERE CAST(name AS TEXT) LIKE '%xmp.jpg'")
    examined.clear()
    index(album, shelve, IN_PROCESS)
    assert "xmp.jpg" in examined
    assert "turned.jpg" not in examined


def test_a_crop_shows_in_the_header(album: Path, tmp_path: Path, examined: list[str]) -> None:
    program = shutil.which("avifenc")
    if program is None:
        pytest.skip("avifenc is not installed")
    crop = ["--clap", "100,1,80,1,-20,1,10,1", str(album / "plain.png"), str(album / "cut.avif")]
    if subprocess.run([program, *crop], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this avifenc writes no crop")
    shelve = tmp_path / "db.shelve"
    index(album, shelve, IN_PROCESS)
    by_older_readers(shelve)
    examined.clear()
    index(album, shelve, IN_PROCESS)
    assert "cut.avif" in examined
    assert "one.avif" not in examined


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_jpeg_with_a_grey_corner_is_read_again(album: Path, tmp_path: Path, turn: int) -> None:
    path, shelve = album / "half.jpg", tmp_path / "db.shelve"
    drawn(11, (640, 480)).save(path, exif=orientation(turn))
    whole, status = path.read_bytes(), path.stat()
    half = drawn(11, (640, 480))
    half.paste((128, 128, 128), (0, 240, 640, 480))
    half.save(path, exif=orientation(turn), quality=100)
    index(album, shelve, SETTINGS)  # as older readers read the file that lost its end
    path.write_bytes(whole[: len(whole) // 2] + b"\xff\xd9" * (len(whole) - len(whole) // 2))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    by_older_readers(shelve)
    now = path.stat()
    where = "WHERE CAST(name AS TEXT) LIKE '%half.jpg'"
    change(
        shelve,
        f"UPDATE picture SET size_bytes = ?, mtime_ns = ? {where}",
        now.st_size,
        now.st_mtime_ns,
    )
    summary = index(album, shelve, SETTINGS)
    assert "half.jpg" not in read_by(shelve)
    assert [os.path.basename(skip.path) for skip in summary.skips] == ["broken.jpg", "half.jpg"]


def test_what_such_a_picture_was_called_before_goes(album: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, SETTINGS)
    change(shelve, "UPDATE picture SET read_by = NULL, camera = 'none' WHERE format = 'GIF'")
    change(shelve, "UPDATE picture SET frames = NULL WHERE format = 'GIF'")
    assert index(album, shelve, SETTINGS).changed == 1
    with contextlib.closing(sqlite3.connect(shelve)) as db:
        assert db.execute("SELECT camera FROM picture WHERE camera = 'none'").fetchall() == []


def test_a_picture_that_moved_or_went_meanwhile_is_followed(album: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, SETTINGS)
    by_older_readers(shelve)
    (album / "signed.tif").rename(album / "moved.tif")
    (album / "white.png").unlink()
    (album / "deep.tif").unlink()
    summary = index(album, shelve, SETTINGS)
    assert (summary.moved, summary.vanished, summary.changed) == (1, 2, 1)  # two.gif
    assert index(album, shelve, SETTINGS).changed == 1  # the moved one, where it is now
    assert read_by(shelve)["moved.tif"] == 2


@pytest.mark.parametrize("cut", [0, 1, 3, 8, 20, 400])
def test_no_header_stops_a_run(album: Path, cut: int) -> None:
    for path in album.iterdir():
        data = path.read_bytes()
        header_facts(io.BytesIO(data[:cut]))
        header_facts(io.BytesIO(data[:8] + b"\xff" * cut + data[8 + cut :]))


def test_a_skip_is_tried_again_once_by_each_revision(
    album: Path, tmp_path: Path, examined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, IN_PROCESS)
    examined.clear()
    index(album, shelve, IN_PROCESS)
    assert examined == []
    monkeypatch.setitem(readers.REVISIONS, "JPEG", 3)
    recipe.decoders.cache_clear()
    index(album, shelve, IN_PROCESS)
    index(album, shelve, IN_PROCESS)
    recipe.decoders.cache_clear()
    assert examined == ["broken.jpg"]


def test_every_format_has_a_revision() -> None:
    from imageshelf.pictures.decoding import PLUGINS

    assert {*PLUGINS, "JPEG", "MPO", "RAW"} == readers.REVISIONS.keys()
    for name, cases in [*readers.CASES.items(), *readers.HEADER_CASES.items()]:
        assert cases
        assert readers.REVISIONS[name] > readers.FIRST
