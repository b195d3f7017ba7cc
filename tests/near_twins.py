"""Near hashes by the definition: the slow twins of `hamming`, `joins` and `near`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imageshelf.hashing.hamming import Near, NearPairs, pair_table

Hashes = npt.NDArray[np.uint64]
Words = npt.NDArray[np.uint64]
Radii = npt.NDArray[np.int64]


def within_exhaustive(hashes: npt.NDArray[np.uint64], query: int, radius: int) -> Near:
    """Return what `within` returns for one query."""
    apart = np.bitwise_count(hashes ^ np.uint64(query))
    positions = np.flatnonzero(apart <= radius)
    return Near(positions, apart[positions])


def within_words_exhaustive(words: Words, query: Words, radius: int) -> Near:
    """Return what `within_words` returns for one query, `uint64[words]`."""
    apart = np.bitwise_count(words ^ query[:, np.newaxis]).sum(axis=0, dtype=np.int64)
    positions = np.flatnonzero(apart <= radius)
    return Near(positions, apart[positions])


def close_pairs_exhaustive(left: Hashes, right: Hashes, radius: int) -> Iterator[tuple[int, int]]:
    """Yield every (i, j) with `left[i]` and `right[j]` within the radius."""
    for i, hash_ in enumerate(left):
        for j in np.flatnonzero(np.bitwise_count(right ^ hash_) <= radius):
            yield i, int(j)


def near_pairs_exhaustive(hashes: Hashes, queries: Hashes, radii: Radii) -> NearPairs:
    """Return what `near_pairs` returns."""
    asked = zip(queries.tolist(), radii.tolist(), strict=True)
    return pair_table([within_exhaustive(hashes, query, radius) for query, radius in asked])
