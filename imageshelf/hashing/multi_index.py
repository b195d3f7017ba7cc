"""Find every hash within some bits of a query without comparing all: multi-index hashing.

The hashes are kept sorted by each of five bands of 12 to 14 bits. In at least one band, whatever is
near a query is in the query's bucket or in one a few bits away (see `bands`): 2 % of all hashes at
radius 10 and 8 % at 14. `hamming.within` compares all hashes; tests hold the two
equal.

Many queries at once are sorted into buckets too, and each bucket of hashes is compared with the
queries near it (see `near_batches`), on all cores.

Sorting costs as much as some 200 scans of all hashes, so an index pays off only for many queries
over large collections; `series` decides when to build one. `tests/benchmarks/near.py` measures from
how many queries on. An index needs 60 bytes per hash on top of the hashes themselves.
"""

from __future__ import annotations

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing import bands, hamming, near_batches
from imageshelf.hashing.bands import Buckets
from imageshelf.hashing.hamming import CrowdedError, Near

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imageshelf.hashing.hamming import NearPairs

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

BAND_COUNT = 5  # of 4 ... 6 the fastest for one query among a million, and among ten million
WIDEST_BAND_BITS = 14


def scans_spared(radii: Sequence[int], count: int) -> float:
    """Return how many scans of so many hashes an index spares; without it, each query is one."""
    comparisons = near_batches.cost(np.array(radii, np.uint8), count, BAND_COUNT)
    return len(radii) - comparisons / max(1, count)


class MultiIndex:
    """An index of hashes, `uint64[n]` with n below 2**31; it keeps the array, not a copy."""

    def __init__(self, hashes: Hashes, *, jobs: int = 1) -> None:
        self._hashes = hashes
        self._jobs = jobs
        # All bands in one array each, so that a query is looked up in all of them at once.
        self._kept = Buckets(
            np.empty(BAND_COUNT * len(hashes), np.uint64),
            np.empty(BAND_COUNT * len(hashes), np.int32),
            np.zeros((BAND_COUNT << WIDEST_BAND_BITS) + 1, np.int64),
        )
        with ThreadPoolExecutor(jobs) as pool:
            self._sorted = list(pool.map(self._sort_by_band, range(BAND_COUNT)))

    def _sort_by_band(self, band: int) -> Buckets:
        """Sort the hashes by one band into their part of the arrays; return that part."""
        places, starts = bands.bucket_order(self._hashes, bands.band_bits(BAND_COUNT)[band])
        first, number = band * len(self._hashes), band << WIDEST_BAND_BITS
        part = slice(first, first + len(self._hashes))
        sorted_part = Buckets(self._kept.hashes[part], self._kept.places[part], starts)
        np.take(self._hashes, places, out=sorted_part.hashes, mode="clip")  # "clip" spares a copy
        sorted_part.places[:] = places
        self._kept.starts[number : number + len(starts)] = starts + first
        return sorted_part

    def within(
        self, queries: Sequence[int], radii: Sequence[int], most: int | None = None
    ) -> list[Near]:
        """Return, for each query, every hash at most its radius (in bits) away.

        Like `hamming.within`: positions index the hashes, ascending. Raises CrowdedError if there
        are more than `most` pairs.
        """
        nears = []
        left = math.inf if most is None else most
        for query, radius in zip(queries, radii, strict=True):
            nears.append(self._near(query, radius))
            left -= len(nears[-1].positions)
            if left < 0:
                raise CrowdedError
        return nears

    def pairs(
        self, queries: Sequence[int], radii: Sequence[int], most: int | None = None
    ) -> NearPairs:
        """Return what `within` returns, as one table."""
        near_queries = near_batches.to_near_queries(queries, radii, most)
        width = near_batches.best_width(near_queries.radii, len(self._hashes), BAND_COUNT)
        if width is None:
            work = near_batches.cost(near_queries.radii, len(self._hashes), BAND_COUNT)
            return near_batches.one_by_one(
                self.within, self._hashes, near_queries, self._jobs, work
            )
        return near_batches.QueryBatch(self._hashes, self._sorted, near_queries).run(
            width, self._jobs
        )

    def _near(self, query: int, radius: int) -> Near:
        changes, band = _changes(radius)
        numbers = [bands.bucket_number(query, bits) for bits in bands.band_bits(BAND_COUNT)]
        buckets = changes ^ np.array(numbers)[band]
        buckets.sort()
        starts, ends = self._kept.starts[buckets], self._kept.starts[buckets + 1]
        breaks = np.flatnonzero(starts[1:] != ends[:-1])  # adjacent buckets are read in one go
        starts = starts[np.concatenate([[0], breaks + 1])]
        ends = ends[np.concatenate([breaks, [len(ends) - 1]])]
        sizes = ends - starts
        if int(sizes.sum()) + near_batches.SLICE_COST * len(starts) > len(self._hashes):
            return hamming.within(self._hashes, [query], [radius])[0]
        edges = zip(starts.tolist(), ends.tolist(), strict=True)
        near = np.concatenate([self._kept.hashes[a:b] for a, b in edges])
        distances = hamming.distances(near, query)
        hits = np.flatnonzero(distances <= radius)
        joined = np.cumsum(sizes)
        piece = np.searchsorted(joined, hits, side="right")
        places = self._kept.places[hits + (ends - joined)[piece]].astype(np.int64)
        positions, first = np.unique(
            places, return_index=True
        )  # several bands may find the same one
        return Near(positions, distances[hits[first]])


@functools.cache
def _changes(radius: int) -> tuple[Places, Places]:
    """Return the changes to a query's bucket numbers in all bands, and the band of each change.

    A bucket's number has the number of its band before its WIDEST_BAND_BITS bits.
    """
    changes, places = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for place, band in enumerate(bands.bands(radius, BAND_COUNT)):
        band_masks = bands.masks(len(band.bits), band.limit)
        changes.append(band_masks | place << WIDEST_BAND_BITS)
        places.append(np.full(len(band_masks), place))
    return np.concatenate(changes), np.concatenate(places)
