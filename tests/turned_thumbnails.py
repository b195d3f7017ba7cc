"""The hashes of turned pictures, from their turned thumbnails: the plain way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing import sketch_hashes
from imageshelf.hashing.fingerprints import (
    column_hashes,
    hashed,
    row_hashes,
    turned_perceptual_hashes,
)
from imageshelf.hashing.sketch_hashes import HashInputs
from imageshelf.hashing.turning import TURNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imageshelf.hashing.views import View

    Arrays = npt.NDArray[np.uint8]
    Hashes = npt.NDArray[np.uint64]


def perceptual_hashes(squares: Arrays) -> Hashes:
    """Return uint64[n] for uint8[n, 32, 32]: whether each low frequency exceeds the median."""
    rows, columns = (np.zeros((len(squares), *shape), np.uint8) for shape in ((8, 9), (9, 8)))
    return hashed(HashInputs(rows, columns, sketch_hashes.waves(squares))).phash


def turned_fingerprints(views: Sequence[View]) -> Hashes:
    """Return uint64[n, 7, 3]: row, column and phash of the other seven ORIENTATIONS.

    The thumbnails are turned, which is exact for mirrors and half turns and a few bits off for
    quarter turns.
    """
    upright = sketch_hashes.hash_inputs(views)
    hashes = np.empty((len(views), len(TURNS) - 1, 3), np.uint64)
    for number, (quarters, mirror) in enumerate(TURNS[1:]):
        thumbnails = upright.rows, upright.columns
        wide, tall = thumbnails[::-1] if quarters % 2 else thumbnails
        hashes[:, number, 0] = row_hashes(_turned(wide, quarters, mirror))
        hashes[:, number, 1] = column_hashes(_turned(tall, quarters, mirror))
    hashes[:, :, 2] = turned_perceptual_hashes(upright.waves)
    return hashes


def _turned(pictures: Arrays, quarters: int, mirror: bool) -> Arrays:
    return np.rot90(pictures[..., ::-1] if mirror else pictures, -quarters, axes=(-2, -1))
