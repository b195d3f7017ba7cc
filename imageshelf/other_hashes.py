"""The other hashes that `--hash` names: average, perceptual, wavelet, Marr-Hildreth.

Each is taken from a small square grey picture, `side` pixels wide and high; workers reduce to it,
`key_of_square` makes the key. ImageHash defines the first three. `marr` is the 72-byte
Marr-Hildreth hash of pHash (phash.org, `ph_mh_imagehash`): the response of a "Mexican hat" at 31
x 31 places of a 512x512 picture with levelled brightness; each of 8 x 8 groups of 3 x 3 places
gives 9 bits, set where the response is above the group's mean.

Good for comparing with other tools. For finding copies the default, with its three hashes, finds
more and errs less.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.reduction import LANCZOS, brightness

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from PIL import Image

    Levels = npt.NDArray[np.uint8]
    Matrix = npt.NDArray[np.float64]

BITS = {"ahash": 64, "phash": 64, "whash": 64, "marr": 576}
NAMES = tuple(BITS)
# Bits that still match: the largest at which copies are not paid for with strangers. Measured by
# tests/benchmarks/other_hashes.py over 26 photographs and 48 drawn scenes: copies found (re-saved,
# resized and re-toned | with watermarks, borders, small crops and turns), pairs of strangers within
# the distance of 334,924, of which 40,300 are of photographs.
DEFAULT_DISTANCE = {
    "ahash": 3,  # 95 % | 61 %, none; at 5 already 115 of photographs
    "phash": 10,  # 99.7 % | 74 %, none; 10 is also what users of ImageHash take
    "whash": 2,  # 95 % | 53 %, 1; at 4 there are 22, at 6 649
    "marr": 180,  # 99.1 % | 55 %, none; the nearest strangers differ in 200 of 576 bits
}

_SIDES = {"ahash": 8, "phash": 32, "marr": 512}
_LEAST_WAVELET_SIDE = 8
_HAT_RADIUS, _HAT_SCALE = 8, 2.0  # pixels: alpha 2 and level 1, pHash's own
_BLOCK, _BLOCKS, _GROUP, _STEP = 16, 31, 3, 4


def side(name: str, size: tuple[int, int]) -> int:
    """Return the side of the square that a picture of `size` is reduced to.

    Wavelets use the largest power of two that fits in; the others' squares are fixed.

    >>> side("phash", (4000, 3000)), side("whash", (72, 64)), side("whash", (4000, 3000))
    (32, 64, 2048)
    """
    if name == "whash":
        return max(_LEAST_WAVELET_SIDE, 1 << (min(size).bit_length() - 1))
    return _SIDES[name]


def key_hex(name: str, picture: Image.Image) -> str:
    """Return the key of a picture: a hex digit for 4 bits.

    For `ahash`, `phash` and `whash` it is `str()` of ImageHash's hash of the same picture.
    """
    luma = brightness(picture)
    edge = side(name, luma.size)
    return key_of_square(name, luma.resize((edge, edge), LANCZOS))


def key_of_square(name: str, square: Image.Image) -> str:
    """Return the key of a grey picture that already is `side` pixels wide and high."""
    if name == "marr":
        return marr(np.asarray(square)).hex()
    import imagehash  # noqa: PLC0415  loads SciPy, 0.2 s

    hashes: dict[str, Callable[[Image.Image], object]] = {
        "ahash": imagehash.average_hash,
        "phash": imagehash.phash,
        "whash": imagehash.whash,
    }
    return str(hashes[name](square))


def marr(levels: Levels) -> bytes:
    """Return the 72-byte Marr-Hildreth hash of uint8[512, 512].

    pHash blurs by one pixel before it reduces; here the reduction itself is smooth. OpenCV's
    `MarrHildrethHash` has another sign in its kernel and other axes: its bits are different ones.
    """
    return _group_bits(_responses(equalised(levels), *_operators()))


def equalised(levels: Levels) -> Levels:
    """Return a picture whose brightness levels are used equally often, as OpenCV does it."""
    counts = np.bincount(levels.ravel(), minlength=256)
    lowest = counts[np.flatnonzero(counts)[0]]
    if lowest == levels.size:
        return levels
    scale = np.float32(255.0 / (levels.size - lowest))
    table = np.rint((np.cumsum(counts) - lowest).astype(np.float32) * scale)
    level: Levels = np.clip(table, 0, 255).astype(np.uint8)[levels]
    return level


@functools.cache
def _operators(sign: int = -1) -> tuple[Matrix, Matrix]:
    """Return two float64[31, 512]: the hat's two factors, summed over blocks of 16.

    The hat (2 - x² - y²) exp(-(x² + y²) / 2) is the sum of two products of a function of x and
    one of y. So filtering and summing are four small matrix products instead of a convolution.
    """
    x = np.arange(-_HAT_RADIUS, _HAT_RADIUS + 1) / _HAT_SCALE
    bell = np.exp(sign * x * x / 2)
    return _summed(bell), _summed((1 - x * x) * bell)


def _summed(weights: Matrix) -> Matrix:
    """Return float64[31, 512] that correlates with the weights, mirrored at the ends, in sums."""
    last = _SIDES["marr"] - 1
    at = np.arange(_BLOCK * _BLOCKS)
    rows: Matrix = np.zeros((at.size, last + 1))
    for offset, weight in enumerate(weights, -_HAT_RADIUS):
        source = np.abs(at + offset)
        rows[at, np.where(source > last, 2 * last - source, source)] += weight
    sums: Matrix = rows.reshape(_BLOCKS, _BLOCK, -1).sum(axis=1)
    return sums


def _responses(levels: Levels, bell: Matrix, dip: Matrix) -> Matrix:
    """Return float64[31, 31]: how strongly each block of 16x16 pixels answers to the hat."""
    picture = levels.astype(np.float64)
    answers: Matrix = dip @ picture @ bell.T + bell @ picture @ dip.T
    return answers


def _group_bits(responses: Matrix) -> bytes:
    places = range(0, _BLOCKS - _GROUP + 1, _STEP)
    groups = np.array(
        [responses[y : y + _GROUP, x : x + _GROUP].ravel() for y in places for x in places]
    )
    return np.packbits(groups > groups.mean(axis=1, keepdims=True)).tobytes()
