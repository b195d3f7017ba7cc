"""The 72-byte Marr-Hildreth hash of pHash (phash.org, `ph_mh_imagehash`), in NumPy.

A "Mexican hat" filter is applied at 31 x 31 places of a 512x512 picture with equalised brightness.
Each of 8 x 8 groups of 3 x 3 places gives 9 bits, which are set where the response is above the
group's mean.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Levels = npt.NDArray[np.uint8]
    Matrix = npt.NDArray[np.float64]

SIDE = 512  # pixels, of the picture that is hashed
_HAT_RADIUS, _HAT_SCALE = 8, 2.0  # pixels: pHash's defaults, alpha 2 and level 1
_BLOCK, _BLOCKS, _GROUP, _STEP = 16, 31, 3, 4
_STEPS = 1024  # per grey level: finer differences between responses are rounding noise


def marr(levels: Levels) -> bytes:
    """Return the 72-byte Marr-Hildreth hash of uint8[512, 512].

    pHash blurs by one pixel before it reduces; here the reduction itself is smooth. OpenCV's
    `MarrHildrethHash` has another sign in its kernel and other axes, so its bits differ.
    """
    return _group_bits(_responses(equalised(levels), *_operators()))


def equalised(levels: Levels) -> Levels:
    """Return a picture that uses all brightness levels equally often, as OpenCV computes it."""
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

    The hat (2 - x² - y²) exp(-(x² + y²) / 2) is the sum of two products, each of a function of x
    and a function of y. Filtering and summing therefore take four small matrix products instead of
    a convolution.
    """
    x = np.arange(-_HAT_RADIUS, _HAT_RADIUS + 1) / _HAT_SCALE
    bell = np.exp(sign * x * x / 2)
    return _summed(bell), _summed((1 - x * x) * bell)


def _summed(weights: Matrix) -> Matrix:
    """Return float64[31, 512]: it correlates with the weights, mirrored at the ends, and sums."""
    last = SIDE - 1
    at = np.arange(_BLOCK * _BLOCKS)
    rows: Matrix = np.zeros((at.size, last + 1))
    for offset, weight in enumerate(weights, -_HAT_RADIUS):
        source = np.abs(at + offset)
        rows[at, np.where(source > last, 2 * last - source, source)] += weight
    sums: Matrix = rows.reshape(_BLOCKS, _BLOCK, -1).sum(axis=1)
    return sums


def _responses(levels: Levels, bell: Matrix, dip: Matrix) -> Matrix:
    """Return float64[31, 31]: how strongly each block of 16x16 pixels responds to the hat."""
    picture = levels.astype(np.float64)
    answers: Matrix = dip @ picture @ bell.T + bell @ picture @ dip.T
    return answers


def _group_bits(responses: Matrix) -> bytes:
    """Return the 72 bytes; rounding to whole numbers gives a flat group no bits on any machine."""
    steps = np.rint(responses * _STEPS).astype(np.int64)
    places = range(0, _BLOCKS - _GROUP + 1, _STEP)
    groups = np.array(
        [steps[y : y + _GROUP, x : x + _GROUP].ravel() for y in places for x in places]
    )
    return np.packbits(groups * _GROUP**2 > groups.sum(axis=1, keepdims=True)).tobytes()
