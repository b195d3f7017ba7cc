"""Near queries one after another: every hash is looked at until an index would have paid.

A multi-index is built in the time of some 260 looks at all hashes. Then one query among a million
takes two fifths of such a look at radius 14 and a quarter at 10; of 2,000 at once each takes a
quarter and an eighth (`python tests/benchmarks/near.py --count N`). So small collections and few
queries never build one; at the worst, time doubles just when it has been built.
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

LARGE_HASHES = 50_000  # hashes; with fewer, looking at all is never slow
MANY_COMPARISONS = 200_000_000  # comparisons at once that are worth processes: a tenth of a second
INDEX_COST_LOOKS = 260  # what building an index costs, in looks at all hashes


class Series:
    """The hashes that are asked about, `uint64[n]`; the array is kept, not copied."""

    def __init__(self, hashes: npt.NDArray[np.uint64]) -> None:
        self._hashes = hashes
        self._asked: list[Sequence[int]] = []  # the radii of each time
        self._count = 0
        self._spared = 0.0
        self._index: MultiIndex | None = None

    def pairs(self, queries: Sequence[int], radii: Sequence[int], most: int | None) -> NearPairs:
        """Return, for each query, every hash at most its radius away, as one table.

        Raises CrowdedError when there are more than `most` pairs.
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

        asked = near_batches.to_near_queries(queries, radii, most)
        within = functools.partial(hamming.within, self._hashes)
        work = len(queries) * len(self._hashes)
        return near_batches.one_by_one(within, self._hashes, asked, cores(), work)

    def _where_it_pays(self, radii: Sequence[int]) -> MultiIndex | None:
        if self._index is None and len(self._hashes) >= LARGE_HASHES:
            self._asked.append(radii)
            self._count += len(radii)
            if self._count >= INDEX_COST_LOOKS:  # no query spares more than one look
                self._index = self._built_if_it_pays()
        return self._index

    def _built_if_it_pays(self) -> MultiIndex | None:
        from imageshelf.hashing import multi_index
        from imageshelf.system.process import cores

        self._spared += sum(multi_index.looks_spared(one, len(self._hashes)) for one in self._asked)
        self._asked.clear()
        if self._spared < INDEX_COST_LOOKS:
            return None
        return multi_index.MultiIndex(self._hashes, jobs=cores())
