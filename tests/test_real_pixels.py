"""Enlarged copies are told from originals by the noise of compression."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from imageshelf.__main__ import main
from imageshelf.pictures import real_pixels, reduction
from imageshelf.pictures.cosine_blocks import compressed, cosines
from imageshelf.pictures.look_tasks import EnlargedTask
from imageshelf.pictures.real_pixels import Stored, is_enlarged, stored, was_enlarged
from tests.keepers import AGE_NS, DAY_NS, exif, photo, save

WAYS = Image.Resampling
SIZE = (400, 304)


def packed(picture: Image.Image, quality: int, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return file.getvalue()


def opened(data: bytes, mode: str = "RGB") -> Stored:
    image = Image.open(io.BytesIO(data))
    image.draft(mode, image.size)
    return stored(image)


def times(picture: Image.Image, by: float, way: Image.Resampling) -> Image.Image:
    return picture.resize((round(picture.width * by), round(picture.height * by)), way)


def called(larger: bytes, smaller: bytes) -> bool:
    return was_enlarged(opened(larger, "L"), opened(smaller))


def shown(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.fixture(scope="module")
def camera() -> bytes:
    return packed(photo(1, SIZE), 92)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("by", "quality"), [(2, 60), (3, 85), (2, 95), (1.6, 75)])
def test_what_is_made_of_the_file_is_seen(
    camera: bytes, way: Image.Resampling, by: float, quality: int
) -> None:
    assert called(packed(times(shown(camera), by, way), quality), camera)


@pytest.mark.parametrize("way", [WAYS.NEAREST, WAYS.BICUBIC, WAYS.LANCZOS])
@pytest.mark.parametrize("from_file", [False, True])
@pytest.mark.parametrize("blur", [0, 2])
def test_no_original_is_called_enlarged(
    way: Image.Resampling, from_file: bool, blur: float
) -> None:
    picture = photo(2, (800, 608)).filter(ImageFilter.GaussianBlur(blur))
    for by, quality, of_smaller in ((1.3, 55, 98), (2, 75, 90), (3, 90, 75)):
        larger = packed(picture, quality)
        source = shown(larger) if from_file else picture
        assert not called(larger, packed(times(source, 1 / by, way), of_smaller))


def test_a_smaller_copy_of_a_soft_file_knows_what_its_compression_rounded_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    larger = packed(photo(3, (800, 608)).filter(ImageFilter.GaussianBlur(3)), 60)
    smaller = packed(times(shown(larger), 1 / 1.4, WAYS.LANCZOS), 88)
    assert not called(larger, smaller)
    monkeypatch.setattr(real_pixels, "NOT_BEFORE", -100)
    assert called(larger, smaller)  # by the noise alone


def test_both_made_of_what_was_not_compressed_are_not_called_enlarged() -> None:
    picture = photo(4, SIZE)
    assert not called(packed(times(picture, 2, WAYS.BICUBIC), 85), packed(picture, 92))


def test_without_loss_only_the_larger_may_be_saved(camera: bytes) -> None:
    large = times(shown(camera), 2, WAYS.BICUBIC)
    assert called(packed(large, 0, "PNG"), camera)
    assert not called(packed(large, 85), packed(shown(camera), 0, "PNG"))


@pytest.mark.parametrize("size", [(800, 580), (420, 319), (120, 91)])
def test_nothing_is_claimed_of_another_shape_or_of_next_to_no_difference(
    camera: bytes, size: tuple[int, int]
) -> None:
    assert not called(packed(shown(camera).resize(size), 85), camera)


def test_nothing_is_claimed_of_a_flat_picture() -> None:
    smaller = packed(Image.new("RGB", SIZE, "teal"), 90)
    assert not called(packed(times(shown(smaller), 2, WAYS.BICUBIC), 90), smaller)


@pytest.mark.parametrize("side", range(144, 400, 31))
def test_any_size_is_looked_at(side: int) -> None:
    smaller = packed(photo(side, (side, side * 7 // 9)), 80)
    for by in (1.37, 2, 3.01):
        large = times(shown(smaller), by, WAYS.LANCZOS)
        assert called(packed(large, 90), smaller) == (min(large.size) >= 144)


@pytest.mark.parametrize("turn", range(len(reduction.ORIENTATIONS)))
@pytest.mark.parametrize("tag", [1, 6])
def test_a_turned_copy_is_seen(camera: bytes, tmp_path: Path, turn: int, tag: int) -> None:
    large = times(shown(camera), 2, WAYS.BICUBIC)
    undone = {Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
              Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90}  # fmt: skip
    way = reduction.ORIENTATIONS[turn][1]
    if way is not None:
        large = large.transpose(undone.get(way, way))
    if tag == 6:
        large = large.transpose(Image.Transpose.ROTATE_90)
    (tmp_path / "small.jpg").write_bytes(camera)
    block = Image.Exif()
    block[0x0112] = tag
    large.save(tmp_path / "large.jpg", quality=85, exif=block)
    paths = str(tmp_path / "large.jpg"), str(tmp_path / "small.jpg")
    assert is_enlarged(EnlargedTask(*paths, turn))
    assert not is_enlarged(EnlargedTask(*paths, (turn + 2) % 8))


def test_nothing_is_claimed_of_what_cannot_be_read(camera: bytes, tmp_path: Path) -> None:
    (tmp_path / "small.jpg").write_bytes(camera)
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("text.jpg", "not there.jpg"):
        assert not is_enlarged(EnlargedTask(str(tmp_path / name), str(tmp_path / "small.jpg"), 0))


def test_tables_of_zeros_are_no_error(camera: bytes) -> None:
    start = camera.index(b"\xff\xdb") + 5
    broken = camera[:start] + bytes(64) + camera[start + 64 :]
    large = packed(times(shown(camera), 2, WAYS.BICUBIC), 85)
    assert not called(large, broken)


def test_blocks_are_those_of_jpeg(camera: bytes) -> None:
    grey = opened(camera, "L")
    pixels = np.asarray(grey.image, np.float32)
    assert grey.steps is not None
    assert np.allclose((cosines(pixels) ** 2).sum(), (pixels**2).sum(), rtol=1e-5)
    changes = [np.abs(compressed(pixels, grey.steps, cut) - pixels).mean() for cut in range(8)]
    assert changes[0] < 0.5
    assert min(changes[1:]) > 1


def test_clean_takes_the_enlarged_copy_and_leaves_originals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = tmp_path / "enlarged", tmp_path / "reduced"
    picture = photo(5)
    block = exif(size=picture.size, thumbnail=picture)
    first = save(mine / "camera.jpg", picture, exif=block)
    with Image.open(first) as file:
        save(mine / "poster.jpg", times(file, 2, WAYS.LANCZOS), AGE_NS - DAY_NS, quality=97)
    picture = photo(6)
    small = times(picture, 0.5, WAYS.LANCZOS)
    save(other / "camera.jpg", small, AGE_NS - DAY_NS, exif=exif(size=small.size))
    save(other / "larger.jpg", picture, AGE_NS)
    shelf = str(tmp_path / "db.shelve")
    assert main(["index", str(tmp_path), "-s", shelf, "--quiet"]) == 0
    rule = ["clean", "-s", shelf, "--kind", "near"]
    assert main([*rule, "--show-left"]) == 0
    assert "stays: it has 480x360" in " ".join(capsys.readouterr().out.split())
    assert main([*rule, "--apply"]) == 0
    assert sorted(os.listdir(mine)) == ["camera.jpg"]
    assert sorted(os.listdir(other)) == ["camera.jpg", "larger.jpg"]
