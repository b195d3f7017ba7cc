"""Keys of a full decode equal ImageHash's, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from imageshelf.hashing.fingerprints import fingerprints, grid, to_hex
from imageshelf.hashing.views import Thumbnails
from imageshelf.pictures import images
from imageshelf.searching import keys
from tests.conftest import drawn

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(1, 1), (3, 500), (500, 3), (9, 8), (8, 9), (10, 8), (65, 63), (160, 120), (401, 307)]
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("JPEG", "RGB", {"quality": 90}),
    ("JPEG", "RGB", {"quality": 60, "progressive": True, "subsampling": 2}),
    ("JPEG", "RGB", {"quality": 95, "subsampling": 0}),
    ("JPEG", "L", {}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "YCbCr", {}),
    ("PNG", "RGB", {}),
    ("PNG", "L", {}),
    ("PNG", "P", {}),
    ("PNG", "1", {}),
    ("GIF", "P", {}),
    ("GIF", "L", {}),
    ("GIF", "1", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGB", {"lossless": True}),
    ("BMP", "RGB", {}),
    ("BMP", "L", {}),
    ("BMP", "P", {}),
    ("BMP", "1", {}),
    ("TIFF", "RGB", {}),
    ("TIFF", "L", {}),
    ("TIFF", "P", {}),
    ("TIFF", "1", {}),
    ("TIFF", "CMYK", {}),
    ("TIFF", "YCbCr", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("AVIF", "RGB", {}),
]


def assert_equal(path: Path) -> None:
    with Image.open(path) as image:
        shown = ImageOps.exif_transpose(image)
        row = int(str(imagehash.dhash(shown)), 16)
        column = int(str(imagehash.dhash_vertical(shown)), 16)
        square = shown.convert("L").resize((32, 32), Image.Resampling.LANCZOS).tobytes()
    view = images.read(str(path), full_decode=True).whole
    ours = fingerprints([view])
    assert ours.row[0] == row, f"\n{grid(int(ours.row[0]))}\n\n{grid(row)}"
    assert ours.column[0] == column
    assert isinstance(view, Thumbnails)
    assert view.square == square
    assert keys.key(path, full_decode=True) == to_hex(row)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("kind", "mode", "options"), KINDS)
def test_a_full_decode_gives_imagehashs_key(
    tmp_path: Path, kind: str, mode: str, options: dict[str, Any], size: tuple[int, int]
) -> None:
    path = tmp_path / "picture"
    drawn(sum(size), size).convert(mode).save(path, kind, **options)
    assert_equal(path)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_full_decode_applies_the_orientation(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "picture"
    drawn(orientation, (203, 151)).save(path, kind, exif=exif)
    assert_equal(path)


def test_a_full_decode_applies_an_orientation_from_xmp(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    drawn(1, (203, 151)).save(path, "JPEG", xmp=b'<x tiff:Orientation="6"/>')
    assert_equal(path)


def test_noise_is_hashed_alike(tmp_path: Path) -> None:
    for seed in range(20):
        noise = np.random.default_rng(seed).integers(0, 256, (97, 131, 3), np.uint8)
        path = tmp_path / f"{seed}.png"
        Image.fromarray(noise).save(path)
        assert_equal(path)
