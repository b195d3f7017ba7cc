"""The hashes of thumbnails, held to ImageHash bit by bit."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import imagehash
import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from imageshelf.hashing.fingerprints import (
    column_hashes,
    fingerprints,
    from_hex,
    grid,
    low_information,
    row_hashes,
    to_hex,
)
from imageshelf.hashing.views import Thumbnails
from imageshelf.pictures import images
from imageshelf.pictures.recipe import current_recipe
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import keys
from imageshelf.system.files import UnreadableImage
from tests.conftest import drawn
from tests.turned_thumbnails import perceptual_hashes, turned_fingerprints

if TYPE_CHECKING:
    from imageshelf.hashing.fingerprints import Arrays


def picture(array: object) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(array))


def same_bits(ours: int, theirs: imagehash.ImageHash) -> None:
    expected = int(str(theirs), 16)
    assert ours == expected, f"ours\n{grid(ours)}\nImageHash\n{grid(expected)}"


@settings(deadline=None)
@given(arrays.arrays(np.uint8, (3, 8, 9)))
def test_row_hashes_are_imagehashs_dhash(thumbnails: Arrays) -> None:
    for ours, thumbnail in zip(row_hashes(thumbnails).tolist(), thumbnails, strict=True):
        same_bits(ours, imagehash.dhash(picture(thumbnail)))


@settings(deadline=None)
@given(arrays.arrays(np.uint8, (3, 9, 8)))
def test_column_hashes_are_imagehashs_vertical_dhash(thumbnails: Arrays) -> None:
    for ours, thumbnail in zip(column_hashes(thumbnails).tolist(), thumbnails, strict=True):
        same_bits(ours, imagehash.dhash_vertical(picture(thumbnail)))


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_perceptual_hashes_are_imagehashs_phash(seed: int) -> None:
    thumbnails = np.stack(
        [
            np.random.default_rng(seed).integers(0, 256, (32, 32), np.uint8),
            np.asarray(drawn(seed, (32, 32)).convert("L")),
        ]
    )
    for ours, thumb in zip(perceptual_hashes(thumbnails).tolist(), thumbnails, strict=True):
        same_bits(ours, imagehash.phash(picture(thumb)))


@pytest.mark.parametrize("level", [0, 1, 77, 255])
def test_a_flat_picture_has_one_bit_at_most_in_any_hash(level: int) -> None:
    flat = np.full((1, 32, 32), level, np.uint8)
    assert perceptual_hashes(flat).tolist() == [(level > 0) << 63]
    assert row_hashes(flat[:, :8, :9]).tolist() == [0]


def test_no_picture_gives_no_hash() -> None:
    found = fingerprints([])
    assert [len(part) for part in found] == [0, 0, 0, 0]
    assert turned_fingerprints([]).shape == (0, 7, 3)


def steps(*rises: int) -> Arrays:
    """Return a 9x8 thumbnail whose 64 differences are `rises`, from the middle grey."""
    differences = np.resize(rises, (8, 8))
    levels = 128 + np.cumsum(np.pad(differences, ((0, 0), (1, 0))), axis=1)
    return levels.astype(np.uint8)[None]


LOW = [
    (steps(0), True),
    (steps(1, -1), True),  # noise
    (steps(5), True),  # every bit set
    (steps(-5), True),
    (steps(5, -5), False),
    (steps(2, -2), False),
    (steps(*[5, -5] * 8, *[0] * 48), False),  # 16 clear steps, 8 bits
    (steps(*[5, -5] * 7, 5, *[0] * 49), True),  # 15 clear steps
    (steps(*[5] * 7, *[-5] * 57), True),  # 7 bits
]


@pytest.mark.parametrize(("thumbnail", "low"), LOW)
def test_little_information_is_recognised(thumbnail: Arrays, low: bool) -> None:
    assert low_information(thumbnail).tolist() == [low]


def test_a_photograph_like_picture_has_enough_information() -> None:
    thumbnails = np.stack([np.asarray(drawn(seed, (9, 8)).convert("L")) for seed in range(50)])
    assert not low_information(thumbnails).any()


def views(image: Image.Image) -> Thumbnails:
    sizes = ((9, 8), (8, 9), (32, 32))
    return Thumbnails(*(image.resize(size, Image.Resampling.LANCZOS).tobytes() for size in sizes))


def test_turned_thumbnails_hash_like_the_turned_picture() -> None:
    originals = [drawn(seed, (384, 384)).convert("L") for seed in range(8)]
    found = turned_fingerprints([views(image) for image in originals])
    assert found.shape == (8, 7, 3)
    for place, (name, turn) in enumerate(ORIENTATIONS[1:]):
        assert turn is not None
        exact = fingerprints([views(image.transpose(turn)) for image in originals])
        off = np.bitwise_count(found[:, place] ^ np.stack(exact[:3], axis=1))
        assert off.max() <= 5, f"{name}: {off.tolist()}"
        assert off.mean() < 1, name


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_hex_digits_come_back(value: int) -> None:
    digits = to_hex(value)
    assert len(digits) == 16
    assert from_hex(digits) == from_hex(digits.upper()) == value


@pytest.mark.parametrize(
    "text",
    ["", "0", "0" * 15, "0" * 17, "g" * 16, " " * 16, "0x" + "0" * 14, "\u0660" * 16, "1_" * 8],
)
def test_anything_but_16_hex_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="16 hex digits"):
        from_hex(text)


def test_a_key_is_16_hex_digits(photos: Path) -> None:
    path = photos / "0.jpg"
    with Image.open(path) as image:
        full = str(imagehash.dhash(image))
    assert keys.key(path, full_decode=True) == keys.key(str(path), full_decode=True) == full
    assert (int(keys.key(path), 16) ^ int(full, 16)).bit_count() <= 2


def test_a_key_of_no_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage):
        keys.key(tmp_path / "gone.jpg")


def test_a_recipe_names_what_makes_keys() -> None:
    recipe = current_recipe()
    assert recipe[:3] == ("dhash", 64, "reduced")
    assert recipe.pillow == PIL.__version__
    assert recipe.imagehash == imagehash.__version__
    assert from_hex(recipe.canary)
    assert current_recipe(full_decode=True).decode == "full"


def test_the_canary_is_the_same_in_another_process() -> None:
    code = "from imageshelf.pictures.recipe import current_recipe; print(current_recipe().canary)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == current_recipe().canary


@pytest.mark.parametrize("full_decode", [False, True])
def test_the_canary_notices_another_filter(
    monkeypatch: pytest.MonkeyPatch, full_decode: bool
) -> None:
    before = current_recipe(full_decode=full_decode).canary
    monkeypatch.setattr("imageshelf.pictures.reduction.LANCZOS", Image.Resampling.BOX)
    current_recipe.cache_clear()
    try:
        assert current_recipe(full_decode=full_decode).canary != before
    finally:
        current_recipe.cache_clear()


def test_hashing_loads_neither_imagehash_nor_scipy() -> None:
    code = (
        "import sys; from imageshelf.hashing import fingerprints\n"
        "from imageshelf.pictures.recipe import current_recipe; current_recipe()\n"
        "print([name for name in ('imagehash', 'scipy', 'pywt') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_stream_is_hashed_like_a_file(photos: Path) -> None:
    data = (photos / "0.jpg").read_bytes()
    assert images.thumbnails_of(io.BytesIO(data)) == images.read(str(photos / "0.jpg")).whole
