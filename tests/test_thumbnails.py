"""Thumbnails: upright, in colour over white, small, and a reason where there is none."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imageshelf.pictures import thumbnails
from imageshelf.pictures.reduction import EXIF_TURNS
from imageshelf.pictures.thumbnails import Thumbnail, ThumbnailTask, make_thumbnail
from imageshelf.report.thumbnails import made
from tests.conftest import drawn

CORNERS = ("red", "lime", "blue", "yellow")  # top left, top right, bottom left, bottom right


def picture(thumbnail: Thumbnail) -> Image.Image:
    assert thumbnail.data, thumbnail.note
    return Image.open(io.BytesIO(thumbnail.data)).convert("RGB")


def quartered(size: tuple[int, int] = (640, 320)) -> Image.Image:
    """Return a picture whose four quarters have four colours."""
    image = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for at, colour in enumerate(CORNERS):
        image.paste(Image.new("RGB", half, colour), (at % 2 * half[0], at // 2 * half[1]))
    return image


def corners(image: Image.Image) -> list[str]:
    """Return the names of the colours in the four quarters."""
    where = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    found = []
    for x, y in where:
        pixel = np.array(image.getpixel((int(x * image.width), int(y * image.height))))
        distances = {name: np.abs(pixel - Image.new("RGB", (1, 1), name).getpixel((0, 0))).sum()
                     for name in CORNERS}  # fmt: skip
        found.append(min(distances, key=lambda name: distances[name]))
    return found


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_upright_as_a_viewer_shows_it(tmp_path: Path, orientation: int) -> None:
    image, path = quartered(), tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif)
    turn = EXIF_TURNS.get(orientation)
    upright = image.transpose(turn) if turn is not None else image
    thumbnail = make_thumbnail(ThumbnailTask(0, str(path)))
    assert corners(picture(thumbnail)) == corners(upright)
    assert (thumbnail.picture_width, thumbnail.picture_height) == upright.size
    assert (thumbnail.width > thumbnail.height) == (upright.width > upright.height)


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "RGB"), ("PNG", "P"), ("PNG", "L"), ("PNG", "I;16"), ("GIF", "P"), ("WEBP", "RGB"),
     ("TIFF", "CMYK"), ("JPEG", "CMYK"), ("TIFF", "LAB"), ("BMP", "RGB"), ("PNG", "1"),
     ("PNG", "LA"), ("TIFF", "F")],
)  # fmt: skip
def test_every_kind_of_picture_has_a_thumbnail(tmp_path: Path, form: str, mode: str) -> None:
    path = tmp_path / f"a.{form.lower()}"
    source = drawn(1, (500, 300))
    source = source.convert("L") if mode == "I;16" else source
    image = source.convert(mode, dither=Image.Dither.NONE)
    if mode == "LAB":
        image = Image.new("LAB", (500, 300), (120, 140, 130))
    image.save(path, form)
    thumbnail = make_thumbnail(ThumbnailTask(0, str(path)))
    assert picture(thumbnail).size == (360, 216)
    assert (thumbnail.picture_width, thumbnail.picture_height) == (500, 300)


def test_transparency_is_over_white(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (400, 400), (0, 0, 0, 0)).save(path)
    assert np.asarray(picture(make_thumbnail(ThumbnailTask(0, str(path))))).min() > 250


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    drawn(1, (40, 30)).save(path)
    assert picture(make_thumbnail(ThumbnailTask(0, str(path)))).size == (40, 30)


@pytest.mark.parametrize("most_bytes", [15_000, 4_000, 1_500])
def test_noise_keeps_to_the_bytes_it_may_take(tmp_path: Path, most_bytes: int) -> None:
    path = tmp_path / "a.png"
    Image.frombytes("RGB", (800, 800), os.urandom(800 * 800 * 3)).save(path)
    thumbnail = make_thumbnail(ThumbnailTask(0, str(path), most_bytes=most_bytes))
    assert 0 < len(thumbnail.data) <= most_bytes


def test_neither_metadata_nor_profile_goes_along(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    drawn(1).save(path, exif=exif, comment=b"a secret", icc_profile=b"p" * 200)
    data = make_thumbnail(ThumbnailTask(0, str(path))).data
    assert b"where I live" not in data
    assert b"secret" not in data
    assert "icc_profile" not in Image.open(io.BytesIO(data)).info


def test_a_file_that_changed_says_so_and_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    drawn(1).save(path)
    status = path.stat()
    same = make_thumbnail(ThumbnailTask(0, str(path), status.st_size, status.st_mtime_ns))
    assert (same.note, bool(same.data)) == ("", True)
    for wanted in (
        ThumbnailTask(0, str(path), status.st_size + 1),
        ThumbnailTask(0, str(path), mtime_ns=status.st_mtime_ns - 1),
    ):
        assert make_thumbnail(wanted).note == thumbnails.CHANGED
        assert make_thumbnail(wanted).data


def test_a_file_without_a_picture_gives_a_reason(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    whole = io.BytesIO()
    drawn(1, (600, 400)).save(whole, "JPEG")
    (tmp_path / "half.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (tmp_path / "folder.jpg").mkdir()
    for name in ("text.jpg", "empty.jpg", "half.jpg", "folder.jpg", "nothing.jpg"):
        thumbnail = make_thumbnail(ThumbnailTask(0, str(tmp_path / name)))
        assert (thumbnail.data, bool(thumbnail.note)) == (b"", True), name
    assert make_thumbnail(ThumbnailTask(0, str(tmp_path / "nothing.jpg"))).note == thumbnails.GONE
    assert "ends too early" in make_thumbnail(ThumbnailTask(0, str(tmp_path / "half.jpg"))).note


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_a_fifo_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert (
        make_thumbnail(ThumbnailTask(0, str(tmp_path / "pipe.jpg"))).note == "is not a regular file"
    )


def test_workers_make_them_all(photos: Path) -> None:
    wishes = [ThumbnailTask(at, str(path)) for at, path in enumerate(sorted(photos.rglob("*.jpg")))]
    found = dict(made(wishes, jobs=2))
    assert found == {wish: make_thumbnail(wish) for wish in wishes}
    assert all(thumbnail.data for thumbnail in found.values())
