"""Every hash within some bits of a query, without looking at every hash: multi-index hashing.

The hashes are kept sorted by each of four bands of 16 bits. Near a query is what lies, in one of
the bands, in the query's bucket or in a bucket few bits away (see bands.py): at 10,000,000 hashes
that is 2 % of them at radius 10. `hamming.within` looks at all and is the truth for the tests.

Sorting costs as much as many looks at everything, so this pays for long series of queries over
large collections only; `series` builds one when it does. `tests/benchmarks/near.py` measures from
how many queries on: 260 over ten million hashes. It needs 48 bytes a
hash beside the hashes themselves.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf import hamming
from imageshelf.hamming import Near
from imageshelf.pairing import bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

COUNT = 4  # bands of 16 bits
MOST = 8  # a search that would look at more than one in so many hashes looks at all


class _Sorted(NamedTuple):
    """The hashes sorted by one band."""

    hashes: Hashes
    places: npt.NDArray[np.int32]
    starts: Places  # of each bucket, and the end of the last


class MultiIndex:
    """An index over hashes, `uint64[n]` with n below 2**31; it keeps the array, not a copy."""

    def __init__(self, hashes: Hashes, *, jobs: int = 1) -> None:
        self._hashes = hashes
        with ThreadPoolExecutor(jobs) as pool:
            self._sorted = list(pool.map(self._by_band, bands.dealt(COUNT)))

    def _by_band(self, bits: tuple[int, ...]) -> _Sorted:
        hashes, places, starts = bands.bucketed(self._hashes, bits)
        return _Sorted(hashes, places.astype(np.int32), starts)

    def within(self, queries: Sequence[int], radii: Sequence[int]) -> list[Near]:
        """Return, for each query, every hash at most its radius (in bits) away.

        As hamming.within does: positions index the hashes, ascending.
        """
        return [self._near(query, radius) for query, radius in zip(queries, radii, strict=True)]

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
            looked_at += int((ends - starts).sum())
        if looked_at * MOST > len(self._hashes):
            return hamming.within(self._hashes, [query], [radius])[0]
        found = [_looked_up(*probe, query, radius) for probe in probes]
        positions = np.concatenate([np.empty(0, np.int64), *(places for places, _ in found)])
        distances = np.concatenate([np.empty(0, np.uint8), *(apart for _, apart in found)])
        positions, first = np.unique(positions, return_index=True)  # found by several bands
        return Near(positions, distances[first])


def _looked_up(
    kept: _Sorted, starts: Places, ends: Places, query: int, radius: int
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
