"""Pairs of which one picture is flat: keys nearly equal, and thumbnails nearly equal too.

Flat pictures (low information) come in crowds: ten thousand scanned pages lie within four bits of
each other, and comparing them all would be the square of that. A flat print with more than `CROWD`
others around it is therefore matched by nothing but an equal print, thumbnail included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies import luma
from imageshelf.hashing import hamming
from imageshelf.searching.policies import LOW_INFORMATION_MEAN, LOW_INFORMATION_ROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from imageshelf.copies.prints import Prints

    Places = npt.NDArray[np.int64]

CROWD = 1_000  # prints within the key distance for flat pictures
QUERIES = 256  # keys looked for at once
BATCH = 100_000  # pairs whose thumbnails are asked for at once


class Neighbours(NamedTuple):
    """Flat prints that share a key, and the prints around that key."""

    flat: Places
    around: Places


def crowded(prints: Prints, radius: int) -> npt.NDArray[np.bool_]:
    """Return bool[p]: the flat prints that have too many others around them."""
    among = np.zeros(len(prints.whole.ids), np.bool_)
    for flat, around in _neighbourhoods(prints, radius):
        among[flat] = len(around) - 1 > CROWD
    return among


def flat_pairs(
    prints: Prints, radius: int, left_out: npt.NDArray[np.bool_]
) -> Iterator[tuple[Places, Places]]:
    """Yield (first, second), prints that match although one or both are flat, first < second.

    The radius in bits is the policy's; that for flat pictures may be less and then counts.
    """
    low = prints.whole.low_information
    waiting: list[tuple[Places, Places]] = []
    for flat, around in _neighbourhoods(prints, radius):
        others = around[~left_out[around]]
        for number in flat[~left_out[flat]].tolist():
            # Two flat prints meet twice; a flat and another one only here.
            partners = others[(others > number) | ~low[others]]
            waiting.append((np.full(len(partners), number), partners))
        if sum(len(partners) for _, partners in waiting) >= BATCH:
            yield _alike(prints, waiting)
            waiting = []
    if waiting:
        yield _alike(prints, waiting)


def _neighbourhoods(prints: Prints, radius: int) -> Iterator[Neighbours]:
    radius = min(radius, LOW_INFORMATION_ROW)
    rows = prints.whole.row
    flat = np.flatnonzero(prints.whole.low_information)
    flat = flat[np.argsort(rows[flat], kind="stable")]
    keys, starts = np.unique(rows[flat], return_index=True)
    sharing = np.split(flat, starts[1:])
    for start in range(0, len(keys), QUERIES):
        some = keys[start : start + QUERIES].tolist()
        near = hamming.within(rows, some, [radius] * len(some))
        for own, (positions, _) in zip(sharing[start:], near, strict=False):
            yield Neighbours(own, positions)


def _alike(prints: Prints, waiting: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    first = np.concatenate([numbers for numbers, _ in waiting])
    second = np.concatenate([partners for _, partners in waiting])
    wanted, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    known = luma.luma(prints.thumbnails, wanted)
    kept = known.within(places[: len(first)], places[len(first) :], LOW_INFORMATION_MEAN)
    first, second = first[kept], second[kept]
    return np.minimum(first, second), np.maximum(first, second)
