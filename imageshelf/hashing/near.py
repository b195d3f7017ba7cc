"""Find every hash within some bits of each of many queries.

A few queries are compared with all hashes (`hamming.within`). Many are joined with them through
buckets, like all pairs of a shelf (`joins`), on all cores; tests hold both to the definition.
`tests/benchmarks/near.py` measures them beside faiss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.hashing.hamming import CrowdedError, NearPairs

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes, Places

    Radii = npt.NDArray[np.int64]

MANY_COMPARISONS = 200_000_000  # a tenth of a second, which is worth buckets and processes


def near_pairs(hashes: Hashes, queries: Hashes, radii: Radii, most: int | None = None) -> NearPairs:
    """Return, for each query, every hash at most its radius (in bits) away, as one table.

    Raises CrowdedError if there are more than `most` pairs; one that is near in several bands may
    count several times.
    """
    if len(queries) * len(hashes) < MANY_COMPARISONS:
        nears = hamming.within(hashes, queries.tolist(), radii.tolist(), most)
        return hamming.pair_table(nears)
    return _joined(hashes, queries, radii, most)


class _Counter:
    """Stops a search that finds too many pairs; each process counts its own."""

    def __init__(self, most: int | None) -> None:
        self._left = math.inf if most is None else most

    def add(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise CrowdedError


def _joined(hashes: Hashes, queries: Hashes, radii: Radii, most: int | None) -> NearPairs:
    from imageshelf.hashing import joins
    from imageshelf.system.process import cores

    sifted, kept = _Counter(most), _Counter(most)
    numbers = [np.empty(0, np.int64)]  # of pairs: query * len(hashes) + position

    def keep(some: Places) -> None:
        kept.add(len(some))
        numbers.append(some)

    for radius in np.unique(radii).tolist():
        same_radius = np.flatnonzero(radii == radius)

        def sift(i: Places, j: Places, places: Places = same_radius) -> tuple[Places]:
            sifted.add(len(i))
            return (places[i] * len(hashes) + j,)

        sink = joins.PairSink(sift, keep)
        joins.close_pairs(queries[same_radius], hashes, radius, sink, joins.Effort(cores()))
    found, positions = np.divmod(_distinct(np.concatenate(numbers)), max(1, len(hashes)))
    return NearPairs(found, positions, np.bitwise_count(hashes[positions] ^ queries[found]))


def _distinct(numbers: Places) -> Places:
    """Return sorted numbers, each once; np.unique takes many times as long for millions."""
    ordered = np.sort(numbers)
    distinct: Places = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return distinct
