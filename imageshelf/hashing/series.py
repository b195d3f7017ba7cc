"""Near queries one after another: compare with every hash until an index would have paid off.

Building a multi-index takes as long as some 260 scans of all hashes. After that, one query among a
million takes two fifths of a scan at radius 14 and a quarter at 10; of 2,000 queries at once, each
takes a quarter and an eighth (`python tests/benchmarks/near.py --count N`). Small collections and
few queries therefore never build one. At worst, time has doubled just after it was built.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from imageshelf.hashing import hamming

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from imageshelf.hashing.hamming import NearPairs
    from imageshelf.hashing.multi_index import MultiIndex

LARGE_HASHES = 50_000  # with fewer, a scan is never slow
MANY_COMPARISONS = 200_000_000  # at once: a tenth of a second, which is worth processes
INDEX_COST_SCANS = 260  # what building an index costs, in scans of all hashes


class Series:
    """Hashes to query, `uint64[n]`; the array is kept, not copied."""

    def __init__(self, hashes: npt.NDArray[np.uint64]) -> None:
        self._hashes = hashes
        self._radii: list[Sequence[int]] = []  # of each call
        self._count = 0
        self._spared = 0.0
        self._index: MultiIndex | None = None

    def pairs(self, queries: Sequence[int], radii: Sequence[int], most: int | None) -> NearPairs:
        """Return, for each query, every hash at most its radius away, as one table.

        Raises CrowdedError if there are more than `most` pairs.
        """
        index = self._where_it_pays(radii)
        if index is not None:
            return index.pairs(queries, radii, most)
        if len(queries) * len(self._hashes) >= MANY_COMPARISONS:
            return self._on_all_cores(queries, radii, most)
        return hamming.pair_table(hamming.within(self._hashes, queries, radii, most))

    def _on_all_cores(
        self, queries: Sequence[int], radii: Sequence[int], most: int | None
    ) -> NearPairs:
        from imageshelf.hashing import near_batches
        from imageshelf.system.process import cores

        near_queries = near_batches.to_near_queries(queries, radii, most)
        within = functools.partial(hamming.within, self._hashes)
        work = len(queries) * len(self._hashes)
        return near_batches.one_by_one(within, self._hashes, near_queries, cores(), work)

    def _where_it_pays(self, radii: Sequence[int]) -> MultiIndex | None:
        if self._index is None and len(self._hashes) >= LARGE_HASHES:
            self._radii.append(radii)
            self._count += len(radii)
            if self._count >= INDEX_COST_SCANS:  # no query spares more than one scan
                self._index = self._built_if_it_pays()
        return self._index

    def _built_if_it_pays(self) -> MultiIndex | None:
        from imageshelf.hashing import multi_index
        from imageshelf.system.process import cores

        self._spared += sum(
            multi_index.scans_spared(radii, len(self._hashes)) for radii in self._radii
        )
        self._radii.clear()
        if self._spared < INDEX_COST_SCANS:
            return None
        return multi_index.MultiIndex(self._hashes, jobs=cores())
