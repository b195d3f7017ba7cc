"""Pairs with a flat picture: their keys are nearly equal, and so are their thumbnails.

Flat pictures (low information) come in crowds: ten thousand scanned pages lie within four bits of
each other, and comparing each with each would take a hundred million comparisons. A flat print with
more than `CROWD_PRINTS` others near it therefore matches only an equal print, thumbnail included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies import luma
from imageshelf.hashing import hamming
from imageshelf.searching.policies import LOW_INFORMATION_MEAN, LOW_INFORMATION_ROW

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.hashing.hamming import Places


CROWD_PRINTS = 1_000  # within the key distance for flat pictures
KEYS_PER_LOOKUP = 256
PAIRS_PER_BATCH = 100_000  # whose thumbnails are read together


class Neighbourhood(NamedTuple):
    """Flat prints that share a key, and all prints near that key."""

    flat: Places
    near: Places


def crowded(prints: Prints, radius: int) -> npt.NDArray[np.bool_]:
    """Return bool[p]: the flat prints that have too many others near them."""
    flags = np.zeros(len(prints.whole.ids), np.bool_)
    for flat, near in _neighbourhoods(prints, radius):
        flags[flat] = len(near) - 1 > CROWD_PRINTS
    return flags


def flat_pairs(
    prints: Prints, radius: int, left_out: npt.NDArray[np.bool_]
) -> Iterator[tuple[Places, Places]]:
    """Yield (first, second), matching prints of which one or both are flat, first < second.

    `radius` is the policy's, in bits; the one for flat pictures counts where it is smaller.
    """
    low = prints.whole.low_information
    waiting: list[tuple[Places, Places]] = []
    for flat, near in _neighbourhoods(prints, radius):
        others = near[~left_out[near]]
        for number in flat[~left_out[flat]].tolist():
            # Two flat prints meet twice, a flat one and another only here.
            partners = others[(others > number) | ~low[others]]
            waiting.append((np.full(len(partners), number), partners))
        if sum(len(partners) for _, partners in waiting) >= PAIRS_PER_BATCH:
            yield _alike(prints, waiting)
            waiting = []
    if waiting:
        yield _alike(prints, waiting)


def _neighbourhoods(prints: Prints, radius: int) -> Iterator[Neighbourhood]:
    radius = min(radius, LOW_INFORMATION_ROW)
    rows = prints.whole.row
    flat = np.flatnonzero(prints.whole.low_information)
    flat = flat[np.argsort(rows[flat], kind="stable")]
    keys, starts = np.unique(rows[flat], return_index=True)
    sharing = np.split(flat, starts[1:])
    for start in range(0, len(keys), KEYS_PER_LOOKUP):
        batch = keys[start : start + KEYS_PER_LOOKUP].tolist()
        near = hamming.within(rows, batch, [radius] * len(batch))
        for prints_of_key, (positions, _) in zip(sharing[start:], near, strict=False):
            yield Neighbourhood(prints_of_key, positions)


def _alike(prints: Prints, waiting: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    first = np.concatenate([numbers for numbers, _ in waiting])
    second = np.concatenate([partners for _, partners in waiting])
    involved, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    thumbnails = luma.load_luma(prints.thumbnails, involved)
    kept = thumbnails.within(places[: len(first)], places[len(first) :], LOW_INFORMATION_MEAN)
    first, second = first[kept], second[kept]
    return np.minimum(first, second), np.maximum(first, second)
