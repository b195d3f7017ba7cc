"""Near queries one after another: every hash is looked at until an index would have paid.

A multi-index over ten million hashes is built in the time of 260 looks at all of them and then
answers in a fifth to a thirtieth of the time, radius 14 to 4. Over one million it gains little
at radius 10 and loses at 14 (`python tests/benchmarks/near.py --count N`). So small collections
and few queries never build one; at the worst, time doubles just when it has been built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf import hamming

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from imageshelf.hamming import Near
    from imageshelf.pairing.multi_index import MultiIndex

LARGE = 5_000_000  # hashes
PATIENCE = 260  # queries


class Series:
    """The hashes that are asked about, `uint64[n]`; the array is kept, not copied."""

    def __init__(self, hashes: npt.NDArray[np.uint64]) -> None:
        self._hashes = hashes
        self._asked = 0
        self._index: MultiIndex | None = None

    def within(self, queries: Sequence[int], radii: Sequence[int]) -> list[Near]:
        """Return, for each query, every hash at most its radius away, as hamming.within does."""
        if self._index is None and self._asked >= PATIENCE and len(self._hashes) >= LARGE:
            from imageshelf.pairing.multi_index import MultiIndex  # noqa: PLC0415  few ever need it

            self._index = MultiIndex(self._hashes)
        self._asked += len(queries)
        if self._index is None:
            return hamming.within(self._hashes, queries, radii)
        return self._index.within(queries, radii)
