"""The hashes beside the default: equal to ImageHash, and Marr-Hildreth equal to what it says."""

import functools
import subprocess
import sys
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from imageshelf.hashing import marr_hildreth
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE, NAMES
from imageshelf.hashing.marr_hildreth import marr
from imageshelf.pictures import other_keys
from imageshelf.pictures.other_keys import key_of_square, side
from imageshelf.pictures.reduction import brightness, whole
from tests.scenes.drawing import scene

SIZES = ((1, 1), (7, 5), (8, 8), (9, 200), (64, 64), (100, 75), (333, 222), (700, 500))
IMAGEHASH: dict[str, Callable[[Image.Image], imagehash.ImageHash]] = {
    "ahash": imagehash.average_hash,
    "phash": imagehash.phash,
    "whash": imagehash.whash,
}


def key_hex(name: str, picture: Image.Image) -> str:
    """The key of a picture, decoded in full."""
    exact = whole(brightness(picture))
    return other_keys.keys(name, exact, full_decode=True, turned=False)[0].hex()


@functools.cache
def picture(seed: int, size: tuple[int, int] = (600, 400)) -> Image.Image:
    return scene(seed, size).convert("L")


def distance(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


@pytest.mark.parametrize("name", IMAGEHASH)
@pytest.mark.parametrize("size", SIZES)
def test_keys_equal_imagehash(name: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(size[0]).integers(0, 256, size[::-1]).astype(np.uint8)
    for luma in (Image.fromarray(noise), picture(3, (300, 200)).resize(size), Image.new("L", size)):
        if name == "whash" and min(size) < 8:  # ImageHash refuses these
            assert len(key_hex(name, luma)) == 16
        else:
            assert key_hex(name, luma) == str(IMAGEHASH[name](luma))


@pytest.mark.parametrize("name", IMAGEHASH)
def test_a_picture_in_colour_has_the_key_of_imagehash(name: str) -> None:
    colours = scene(2, (300, 200))
    assert key_hex(name, colours) == str(IMAGEHASH[name](colours))


@pytest.mark.parametrize("name", NAMES)
def test_a_key_has_a_hex_digit_for_4_bits(name: str) -> None:
    key = key_hex(name, picture(1))
    assert len(key) == BITS[name] / 4
    assert set(key) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_that_reduces_gives_the_same_key(name: str) -> None:
    luma = picture(2, (640, 480))
    edge = side(name, luma.size)
    square = luma.resize((edge, edge), Image.Resampling.LANCZOS)
    assert key_of_square(name, square) == key_hex(name, luma)


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_within_the_default_distance_and_strangers_are_not(name: str) -> None:
    pictures = [picture(seed, (480, 320)) for seed in range(12)]
    keys = [key_hex(name, luma) for luma in pictures]
    for luma, key in zip(pictures, keys, strict=True):
        copy = ImageEnhance.Contrast(luma).enhance(1.1).resize((360, 240))
        assert distance(key_hex(name, copy), key) <= DEFAULT_DISTANCE[name]
    pairs = [distance(a, b) for at, a in enumerate(keys) for b in keys[:at]]
    assert min(pairs) > DEFAULT_DISTANCE[name]


def test_marr_equals_opencv_but_for_opencvs_kernel_and_axes() -> None:
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is not installed")
    theirs = cv2.img_hash.MarrHildrethHash_create()
    noise = np.random.default_rng(5).integers(0, 256, (512, 512)).astype(np.uint8)
    for levels in [*(np.asarray(picture(seed, (512, 512))) for seed in range(8)), noise]:
        blurred = cv2.GaussianBlur(levels, (7, 7), 0)
        equalised = marr_hildreth.equalised(blurred)
        assert np.array_equal(equalised, cv2.equalizeHist(blurred))
        # OpenCV writes exp(a / 2) where pHash has exp(-a / 2), and exchanges rows and columns.
        responses = marr_hildreth._responses(equalised, *marr_hildreth._operators(sign=1)).T
        assert marr_hildreth._group_bits(responses) == theirs.compute(levels).tobytes()


def test_marr_equals_the_convolution_that_it_stands_for() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    levels = np.asarray(picture(4, (512, 512)))
    y, x = np.mgrid[-8:9, -8:9] / 2
    hat = (2 - x * x - y * y) * np.exp(-(x * x + y * y) / 2)
    equalised = marr_hildreth.equalised(levels).astype(float)
    response = ndimage.correlate(equalised, hat, mode="mirror")
    blocks = response[:496, :496].reshape(31, 16, 31, 16).sum(axis=(1, 3))
    bits = []
    for row in range(0, 29, 4):
        for column in range(0, 29, 4):
            group = blocks[row : row + 3, column : column + 3]
            bits += [value > group.mean() for value in group.ravel()]
    assert marr(levels) == np.packbits(bits).tobytes()


def test_numpy_imagehash_and_scipy_are_loaded_only_for_a_key() -> None:
    loaded = "print({'imagehash', 'scipy', 'numpy'} & set(sys.modules))"
    code = f"import sys, imageshelf.pictures.other_keys; {loaded}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_flat_picture_has_no_bits_of_rounding_noise(level: int) -> None:
    assert marr(np.full((512, 512), level, np.uint8)) == bytes(72)


def test_every_name_has_its_bits_and_distance() -> None:
    assert set(BITS) == set(DEFAULT_DISTANCE) == set(NAMES)
    assert all(0 < DEFAULT_DISTANCE[name] < BITS[name] / 2 for name in NAMES)
