"""Every hash within some bits of a query, without looking at every hash: multi-index hashing.

The hashes are kept sorted by each of five bands of 12 to 14 bits. Near a query is what lies, in
one of the bands, in the query's bucket or in a bucket few bits away (see bands.py): 2 % of all
hashes at radius 10, 8 % at 14. `hamming.within` looks at all and is the truth for the tests.

Many queries at once are sorted into buckets themselves, and each bucket of hashes is compared
with the queries near it (see batches.py).

Sorting costs as much as some 200 looks at everything, so this pays for many queries over large
collections only; `series` builds one when it does. `tests/benchmarks/near.py` measures from how
many queries on. It needs 60 bytes a hash beside the hashes themselves.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from imageshelf import hamming
from imageshelf.hamming import CrowdedError, Near
from imageshelf.pairing import bands, batches
from imageshelf.pairing.bands import Buckets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imageshelf.hamming import Pairs

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

COUNT = 5  # bands; of 4 ... 6 the fastest for one query among a million, and among ten million


def spared(radii: Sequence[int], count: int) -> float:
    """Return how many looks at all of so many hashes an index spares, of one look a query."""
    return len(radii) - batches.cost(np.array(radii, np.uint8), count, COUNT) / max(1, count)


class MultiIndex:
    """An index over hashes, `uint64[n]` with n below 2**31; it keeps the array, not a copy."""

    def __init__(self, hashes: Hashes, *, jobs: int = 1) -> None:
        self._hashes = hashes
        self._jobs = jobs
        with ThreadPoolExecutor(jobs) as pool:
            self._sorted = list(pool.map(self._by_band, bands.dealt(COUNT)))

    def _by_band(self, bits: tuple[int, ...]) -> Buckets:
        hashes, places, starts = bands.bucketed(self._hashes, bits)
        return Buckets(hashes, places.astype(np.int32), starts)

    def within(
        self, queries: Sequence[int], radii: Sequence[int], most: int | None = None
    ) -> list[Near]:
        """Return, for each query, every hash at most its radius (in bits) away.

        As hamming.within does: positions index the hashes, ascending; raises CrowdedError when
        there are more than `most` pairs.
        """
        found = []
        left = math.inf if most is None else most
        for query, radius in zip(queries, radii, strict=True):
            found.append(self._near(query, radius))
            left -= len(found[-1].positions)
            if left < 0:
                raise CrowdedError
        return found

    def pairs(self, queries: Sequence[int], radii: Sequence[int], most: int | None = None) -> Pairs:
        """Return what `within` returns, as one table."""
        asked = batches.Asked(np.array(queries, np.uint64), np.array(radii, np.uint8))
        width = batches.best_width(asked.radii, len(self._hashes), COUNT)
        if width is None:
            return hamming.table(self.within(queries, radii, most))
        return batches.Batch(self._hashes, self._sorted, asked, most).run(width, self._jobs)

    def _near(self, query: int, radius: int) -> Near:
        probes = []
        looked_at = 0
        for band, kept in zip(bands.bands(radius, COUNT), self._sorted, strict=True):
            if band.limit < 0:
                continue
            buckets = bands.masks(len(band.bits), band.limit) ^ bands.number(query, band.bits)
            starts, ends = kept.starts[buckets], kept.starts[buckets + 1]
            filled = np.flatnonzero(ends > starts)
            probes.append((kept, starts[filled], ends[filled]))
            looked_at += int((ends - starts).sum()) + batches.SLICE * len(filled)
        if looked_at > len(self._hashes):
            return hamming.within(self._hashes, [query], [radius])[0]
        found = [_looked_up(*probe, query, radius) for probe in probes]
        positions = np.concatenate([np.empty(0, np.int64), *(places for places, _ in found)])
        distances = np.concatenate([np.empty(0, np.uint8), *(apart for _, apart in found)])
        positions, first = np.unique(positions, return_index=True)  # found by several bands
        return Near(positions, distances[first])


def _looked_up(
    kept: Buckets, starts: Places, ends: Places, query: int, radius: int
) -> tuple[Places, npt.NDArray[np.uint8]]:
    """Return the places and distances of what is near among some buckets of one band."""
    if not len(starts):
        return np.empty(0, np.int64), np.empty(0, np.uint8)
    pieces = zip(starts.tolist(), ends.tolist(), strict=True)
    apart = hamming.distances(np.concatenate([kept.hashes[a:b] for a, b in pieces]), query)
    hits = np.flatnonzero(apart <= radius)
    joined = np.cumsum(ends - starts)
    piece = np.searchsorted(joined, hits, side="right")
    places = kept.places[hits + (ends - joined)[piece]].astype(np.int64)
    return places, apart[hits]
