"""The hashes of thumbnails: three 64-bit numbers per picture, and their written form.

ImageHash defines the bits: `row` is `imagehash.dhash`, `column` is `imagehash.dhash_vertical`,
`phash` is `imagehash.phash`, each with the first bit as the most significant. They are computed
here, a batch at a time, because ImageHash would load SciPy at every start; tests hold them equal.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import sketch_hashes
from imageshelf.hashing.hash_names import HASH_BITS
from imageshelf.hashing.turning import TURNS

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes
    from imageshelf.hashing.sketch_hashes import HashInputs
    from imageshelf.hashing.views import View

    Arrays = npt.NDArray[np.uint8]
    Waves = npt.NDArray[np.float64]

CLEAR_STEP_LEVELS = 2  # a smaller difference may be noise
FEWEST_CLEAR_STEPS = 16  # of 64
FEWEST_BITS = 8  # set, and as many unset
DCT_DECIMALS = 3  # of coefficients up to a million; further decimals are rounding noise


class Fingerprints(NamedTuple):
    """The hashes of n views, and which views have too little detail to trust them."""

    row: Hashes
    column: Hashes
    phash: Hashes
    low_information: npt.NDArray[np.bool_]


def _packed(bits: npt.NDArray[np.bool_]) -> Hashes:
    """Return bool[n, 8, 8] as uint64[n], the first bit most significant."""
    octets = np.packbits(bits.reshape(len(bits), HASH_BITS), axis=1)
    return octets.view(">u8").reshape(len(bits)).astype(np.uint64)


def row_hashes(thumbnails: Arrays) -> Hashes:
    """Return uint64[n] for uint8[n, 8, 9]: whether a pixel is brighter than its left one."""
    return _packed(thumbnails[:, :, 1:] > thumbnails[:, :, :-1])


def column_hashes(thumbnails: Arrays) -> Hashes:
    """Return uint64[n] for uint8[n, 9, 8]: whether each pixel is brighter than the one above."""
    return _packed(thumbnails[:, 1:, :] > thumbnails[:, :-1, :])


def darker(rows: Arrays, columns: Arrays) -> tuple[Hashes, Hashes]:
    """Return where each pixel is darker than the one before it, along rows and along columns.

    Together with the row and column hashes these give the exact hashes of the picture turned or
    mirrored.
    """
    return (
        _packed(rows[:, :, 1:] < rows[:, :, :-1]),
        _packed(columns[:, 1:, :] < columns[:, :-1, :]),
    )


def _above_median(waves: Waves) -> Hashes:
    """Return uint64[n]: whether each of 64 coefficients exceeds their median.

    They are rounded first: in a flat or symmetric picture many are zero but for noise. A number
    exceeds the median of 64 if it exceeds the 32nd smallest, even with ties.
    """
    low = np.round(waves, DCT_DECIMALS).reshape(-1, HASH_BITS)
    below = np.partition(low, HASH_BITS // 2 - 1, axis=1)[:, HASH_BITS // 2 - 1 : HASH_BITS // 2]
    return _packed(low > below)


def low_information(thumbnails: Arrays) -> npt.NDArray[np.bool_]:
    """Return bool[n] for uint8[n, 8, 9]: True for blank walls, skies, documents, logos."""
    steps = np.diff(thumbnails.astype(np.int16), axis=2)
    clear = (np.abs(steps) >= CLEAR_STEP_LEVELS).sum(axis=(1, 2))
    ones = (steps > 0).sum(axis=(1, 2))
    few = (ones < FEWEST_BITS) | (ones > HASH_BITS - FEWEST_BITS)
    low: npt.NDArray[np.bool_] = few | (clear < FEWEST_CLEAR_STEPS)
    return low


def fingerprints(views: Sequence[View]) -> Fingerprints:
    """Return the hashes of n views, in their order."""
    return hashed(sketch_hashes.hash_inputs(views))


def hashed(inputs: HashInputs) -> Fingerprints:
    """Return the hashes of n views from their hash inputs."""
    return Fingerprints(
        row_hashes(inputs.rows),
        column_hashes(inputs.columns),
        _above_median(inputs.waves),
        low_information(inputs.rows),
    )


def turned_perceptual_hashes(waves: Waves) -> Hashes:
    """Return uint64[n, 7] for float64[n, 8, 8]: the phash of the other seven ORIENTATIONS.

    A quarter turn exchanges the two directions; mirroring changes the sign of odd frequencies.
    """
    places, signs = _exchanges()
    turned = waves.reshape(-1, HASH_BITS)[:, places] * signs
    return _above_median(turned).reshape(-1, len(TURNS[1:]))


@functools.cache
def _exchanges() -> tuple[npt.NDArray[np.intp], Waves]:
    """Return int[7, 64] and float64[7, 64]: the source of each turned frequency, and its sign."""
    odd = np.where(np.arange(8) % 2, -1.0, 1.0)
    numbers = np.arange(1.0, HASH_BITS + 1).reshape(8, 8)
    turned = []
    for quarters, mirror in TURNS[1:]:
        waves = numbers * odd if mirror else numbers
        for _ in range(quarters):
            waves = waves.T * odd
        turned.append(waves.ravel())
    signed = np.array(turned)
    return np.abs(signed).astype(np.intp) - 1, np.sign(signed)


def to_hex(value: int) -> str:
    """Return a key's 16 hex digits, as the shelf and the screen have them.

    >>> to_hex(0xBEEF)
    '000000000000beef'
    """
    return f"{value:016x}"


def from_hex(digits: str) -> int:
    """Return the number that 16 hex digits stand for; raises ValueError for anything else.

    >>> from_hex("000000000000beef") == 0xBEEF
    True
    """
    if not re.fullmatch("[0-9a-fA-F]{16}", digits):
        raise ValueError(f"expected a key of 16 hex digits, not {digits!r}")
    return int(digits, 16)


def grid(value: int) -> str:
    """Return the bits of a hash as a picture of 8 rows of 8.

    >>> print(grid(0x8040201008040201).replace(".", "-"))
    # - - - - - - -
    - # - - - - - -
    - - # - - - - -
    - - - # - - - -
    - - - - # - - -
    - - - - - # - -
    - - - - - - # -
    - - - - - - - #
    """
    bits = f"{value:064b}".translate({ord("0"): ".", ord("1"): "#"})
    return "\n".join(" ".join(bits[at : at + 8]) for at in range(0, HASH_BITS, 8))
