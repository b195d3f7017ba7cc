"""Compute the row and column hashes of a turned picture from the bits of the upright one.

A row hash tells for each pixel whether the next one in its row is brighter; a column hash tells the
same about the pixel below. Both are grids of 8x8 bits. Mirroring the picture reverses the rows of
both grids and the direction of one grid's comparisons; a quarter turn exchanges the grids.

With the direction reversed, "brighter" becomes "darker". Where two neighbours are equally bright,
they are neither, so the darker bits are not the complement of the hash. For 3,325 turned copies of
pieces of photographs, saved smaller, the rule for turned pictures (row <= 10 and score <= 40) finds
98.4 % by complemented bits, because skies and walls are full of ties, up to 27 of 64 bits. It finds
100.0 % if the darker bits are known, as many as a search with the turned picture finds
(`tests/benchmarks/turned_bits.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from imageshelf.hashing.hamming import Hashes


TURNS = (  # for ORIENTATIONS: quarter turns to the right, and whether mirrored first
    (0, False),
    *((1, False), (2, False), (3, False)),
    *((0, True), (1, True), (2, True), (3, True)),
)
INVERTED = 8  # light for dark, counted with the turns
INVERSE = (0, 3, 2, 1, 4, 5, 6, 7, 8)  # the turn that undoes each; a mirrored turn undoes itself

# Masks and distances for exchanging the bits of an 8x8 grid, the first cell most significant.
_REVERSAL = ((0x5555555555555555, 1), (0x3333333333333333, 2), (0x0F0F0F0F0F0F0F0F, 4))
_TRANSPOSITION = ((0x00AA00AA00AA00AA, 7), (0x0000CCCC0000CCCC, 14), (0x00000000F0F0F0F0, 28))


class Comparisons(NamedTuple):
    """Where the next pixel is brighter (the hashes), and where it is darker; uint64[n] each."""

    row: Hashes
    column: Hashes
    row_darker: Hashes
    column_darker: Hashes


def complemented(row: Hashes, column: Hashes) -> Comparisons:
    """Return comparisons that count ties as darker: the best that the two hashes alone can tell."""
    return Comparisons(row, column, ~row, ~column)


def turned(pictures: Comparisons, turn: int) -> Comparisons:
    """Return the comparisons after a turn, an index into ORIENTATIONS."""
    quarters, mirror = TURNS[turn]
    if mirror:
        pictures = _mirrored(pictures)
    for _ in range(quarters):
        pictures = _mirrored(_transposed(pictures))
    return pictures


def _mirrored(pictures: Comparisons) -> Comparisons:
    row, column, row_darker, column_darker = map(rows_reversed, pictures)
    return Comparisons(row_darker, column, row, column_darker)


def _transposed(pictures: Comparisons) -> Comparisons:
    row, column, row_darker, column_darker = map(exchanged, pictures)
    return Comparisons(column, row, column_darker, row_darker)


def rows_reversed(hashes: Hashes) -> Hashes:
    """Return hashes with each row of eight bits reversed."""
    for mask, distance in _REVERSAL:
        kept, shift = np.uint64(mask), np.uint64(distance)
        hashes = (hashes >> shift & kept) | (hashes & kept) << shift
    return hashes


def exchanged(hashes: Hashes) -> Hashes:
    """Return hashes with rows and columns of bits exchanged (Hacker's Delight, 7-3)."""
    for mask, distance in _TRANSPOSITION:
        shift = np.uint64(distance)
        moved = (hashes ^ hashes >> shift) & np.uint64(mask)
        hashes = hashes ^ moved ^ moved << shift
    return hashes
