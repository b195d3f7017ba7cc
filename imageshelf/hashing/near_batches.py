"""Many near queries at once: queries and hashes meet in the buckets of a multi-index.

Every query is put into the buckets that it must look at, sorted by their numbers, and then each
bucket of hashes is compared with all its queries in one go. What is near a query is found at
least once, in the bucket of some band (see bands.py), and told once.

Comparing a bucket costs the interpreter as much as ten thousand comparisons. So the fewer
queries there are the larger buckets should be: only the leading bits of their numbers count.
"""

from __future__ import annotations

import functools
import math
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import bands, hamming
from imageshelf.hashing.hamming import CrowdedError, NearPairs
from imageshelf.hashing.tiles import Tiles, short_rows
from imageshelf.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from imageshelf.hashing.bands import Buckets
    from imageshelf.hashing.hamming import Near
    from imageshelf.hashing.tiles import Hits

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Radii = npt.NDArray[np.uint8]
    PlacePairs = tuple[Places, Places]  # queries, positions
    Task = Callable[[], list[PlacePairs]]

COMPARISON_S = 0.6e-9  # of two hashes; the costs that follow are in such comparisons: measured
BUCKET_COST = 12_000  # looking at a bucket together with its queries
VISIT_COST = 50  # a query in a bucket: sorting it in
LONE_QUERY_COST = 50_000  # one query, asked for itself
SLICE_COST = 600  # a bucket of one query, asked for itself
SKEW = 1.7  # how many more pairs share buckets than if bits were random
NARROWEST_BITS = 6  # bits; fewer buckets than 64 gain nothing
TASKS_PER_BAND = 8  # of one band, so that all cores end together


class NearQueries(NamedTuple):
    """Queries, how far around each to look, in bits, and how many pairs may be found."""

    hashes: Hashes  # uint64[m]
    radii: Radii  # uint8[m]
    most: int | None = None  # CrowdedError when there are more


def to_near_queries(queries: Sequence[int], radii: Sequence[int], most: int | None) -> NearQueries:
    """Return the same as arrays."""
    return NearQueries(np.array(queries, np.uint64), np.array(radii, np.uint8), most)


class _Visitors(NamedTuple):
    """The queries in the order of the buckets that they look at, once for each such bucket."""

    numbers: Places
    hashes: Hashes
    radii: Radii
    starts: Places  # of each bucket, and the end of the last


def scan(hashes: Hashes, near_queries: NearQueries, jobs: int) -> NearPairs:
    """Return every pair by comparing all queries with all hashes, uint64[n].

    Raises CrowdedError when more than `near_queries.most` were found.
    """
    tiles, count = Tiles(), _PairCount(near_queries.most)

    def some(part: slice) -> list[PlacePairs]:
        found = []
        for hits in tiles.close(near_queries.hashes[part], hashes, near_queries.radii[part]):
            count.add(len(hits.places))
            i, j = hits.pairs()
            found.append((i + part.start, j))
        return found

    work = len(near_queries.hashes) * len(hashes)
    found = _done_by_all(
        _shares(some, len(near_queries.hashes), jobs), jobs, work, near_queries.most
    )
    return _table(hashes, near_queries, found)


def one_by_one(
    within: Callable[[Sequence[int], Sequence[int], int | None], list[Near]],
    hashes: Hashes,
    near_queries: NearQueries,
    jobs: int,
    work: float,
) -> NearPairs:
    """Return every pair by a function like hamming.within, shared out on the cores.

    `work` is how many comparisons it takes. Raises CrowdedError when more than
    `near_queries.most` were found.
    """

    def some(part: slice) -> list[PlacePairs]:
        queries, radii = near_queries.hashes[part].tolist(), near_queries.radii[part].tolist()
        near = hamming.pair_table(within(queries, radii, near_queries.most))
        return [(near.queries + part.start, near.positions)]

    found = _done_by_all(
        _shares(some, len(near_queries.hashes), jobs), jobs, work, near_queries.most
    )
    return _table(hashes, near_queries, found)


def _shares(some: Callable[[slice], list[PlacePairs]], queries: int, jobs: int) -> list[Task]:
    """Return one task over so many queries as several, each of some of them."""
    several = max(1, -(-queries // (TASKS_PER_BAND * jobs)))
    return [
        functools.partial(some, slice(at, min(at + several, queries)))
        for at in range(0, queries, several)
    ]


def best_width(radii: Radii, count: int, band_count: int) -> int | None:
    """Return how many bits of its bands a batch should use, for so many hashes.

    0 stands for comparing every query with every hash, None for asking one query at a time.
    """
    return _cheapest(radii, count, band_count)[1]


def cost(radii: Radii, count: int, band_count: int) -> float:
    """Return how many comparisons of two hashes take as long as these queries."""
    return _cheapest(radii, count, band_count)[0]


def _cheapest(radii: Radii, count: int, band_count: int) -> tuple[float, int | None]:
    each = dict(zip(*(part.tolist() for part in np.unique(radii, return_counts=True)), strict=True))
    best: tuple[float, int | None] = (
        sum(n * _lone_cost(radius, count, band_count) for radius, n in each.items()), None
    )  # fmt: skip
    widest = max(len(bits) for bits in bands.band_bits(band_count))
    for width in (0, *range(NARROWEST_BITS, widest + 1)):
        needed = _batch_cost(each, count, band_count, width)
        if needed < best[0]:
            best = needed, width
    return best


@functools.cache
def _lone_cost(radius: int, count: int, band_count: int) -> float:
    looked_at = float(LONE_QUERY_COST)
    for band in bands.bands(radius, band_count):
        near = _near(len(band.bits), band.limit)
        share = min(1.0, SKEW * near / (1 << len(band.bits)))
        looked_at += near * SLICE_COST + share * count
    return min(looked_at, count)


def _batch_cost(each: Mapping[int, int], count: int, band_count: int, width: int) -> float:
    queries = sum(each.values())
    if width == 0:
        return BUCKET_COST * -(-queries * count // 65_536) + queries * count
    needed = 0.0
    for place in range(band_count):
        bits = min(width, len(bands.band_bits(band_count)[place]))
        needed += BUCKET_COST << bits
        for radius, n in each.items():
            near = _near(bits, bands.bands(radius, band_count)[place].limit)
            needed += n * (VISIT_COST * near + count * min(1.0, SKEW * near / (1 << bits)))
    return needed


def _near(width: int, limit: int) -> int:
    """Return how many numbers of so many bits lie within the limit of one."""
    return sum(math.comb(width, differing) for differing in range(limit + 1))


class QueryBatch:
    """Queries to be looked up in hashes that are kept sorted by each of some bands."""

    def __init__(self, hashes: Hashes, kept: Sequence[Buckets], near_queries: NearQueries) -> None:
        self._hashes, self._kept, self._queries = hashes, kept, near_queries
        self._count = _PairCount(near_queries.most)
        self._tiles = Tiles()

    def run(self, width: int, jobs: int) -> NearPairs:
        """Return every pair, by buckets of so many bits, or fewer where a band has no more.

        Raises CrowdedError when more than `near_queries.most` were found.
        """
        if width == 0:
            return scan(self._hashes, self._queries, jobs)
        tasks = []
        for place, kept in enumerate(self._kept):
            bits = bands.band_bits(len(self._kept))[place]
            used = min(width, len(bits))
            visitors = self._visitors(place, used)
            starts = kept.starts[:: 1 << len(bits) - used]
            full = np.flatnonzero((np.diff(starts) > 0) & (np.diff(visitors.starts) > 0))
            look = functools.partial(self._look, kept, starts, visitors)
            tasks += [
                functools.partial(look, part) for part in np.array_split(full, TASKS_PER_BAND)
            ]
        work = cost(self._queries.radii, len(self._hashes), len(self._kept))
        found = _done_by_all(tasks, jobs, work, self._queries.most)
        return _table(self._hashes, self._queries, found)

    def _visitors(self, place: int, used: int) -> _Visitors:
        bits = bands.band_bits(len(self._kept))[place]
        leading = bands.bucket_numbers(self._queries.hashes, bits) >> len(bits) - used
        numbers, buckets = [np.empty(0, np.int64)], [np.empty(0, np.uint16)]
        for radius in np.unique(self._queries.radii).tolist():
            limit = bands.bands(radius, len(self._kept))[place].limit
            changes = bands.masks(used, limit).astype(np.uint16)
            some = np.flatnonzero(self._queries.radii == radius)
            buckets.append(np.ravel(leading[some][:, None] ^ changes))
            numbers.append(np.repeat(some, len(changes)))
        every, bucket = np.concatenate(numbers), np.concatenate(buckets)
        every = every[np.argsort(bucket, kind="stable")]
        sizes = np.bincount(bucket, minlength=1 << used)
        return _Visitors(
            every,
            self._queries.hashes[every],
            self._queries.radii[every],
            np.concatenate([[0], np.cumsum(sizes)]),
        )

    def _look(
        self, kept: Buckets, starts: Places, visitors: _Visitors, full: Places
    ) -> list[PlacePairs]:
        """Compare these buckets with their visitors."""
        found: list[tuple[Hits, int, int]] = []
        edges = (starts[full], starts[full + 1], visitors.starts[full], visitors.starts[full + 1])
        for first, end, top, bottom in zip(*(edge.tolist() for edge in edges), strict=True):
            queries, radii = visitors.hashes[top:bottom], visitors.radii[top:bottom]
            for hits in self._tiles.close(queries, kept.hashes[first:end], radii):
                self._count.add(len(hits.places))
                found.append((hits, top, first))
        if not found:
            return []
        i, j = _places(found)
        return [(visitors.numbers[i], kept.places[j].astype(np.int64))]


def _places(found: Sequence[tuple[Hits, int, int]]) -> tuple[Places, Places]:
    """Return where the hits are among all visitors and all hashes, in one go."""
    lengths = [len(hits.places) for hits, _, _ in found]
    widths = np.repeat([hits.width for hits, _, _ in found], lengths)
    tops = np.repeat([hits.top + top for hits, top, _ in found], lengths)
    firsts = np.repeat([hits.first + first for hits, _, first in found], lengths)
    i, j = np.divmod(np.concatenate([hits.places for hits, _, _ in found]), widths)
    return i + tops, j + firsts


class _PairCount:
    """Stops a search that finds too much; threads may miscount a little, processes count apart."""

    def __init__(self, most: int | None) -> None:
        self.most, self._found = most, 0

    def add(self, number: int) -> None:
        self._found += number
        if self.most is not None and self._found > self.most:
            raise CrowdedError


def _done_by_all(
    tasks: Sequence[Task], jobs: int, work: float, most: int | None
) -> list[PlacePairs]:
    """Return what all tasks find; `work` is how many comparisons they take."""
    found, count = [], _PairCount(most)
    tasks = [functools.partial(short_rows, task) for task in tasks]
    with closing(forks.results(tasks, jobs, work * COMPARISON_S)) as answers:
        for parts in answers:
            found += parts
            count.add(sum(len(queries) for queries, _ in parts))
    return found


def _table(hashes: Hashes, near_queries: NearQueries, found: list[PlacePairs]) -> NearPairs:
    """Return every pair once, by query, then by position."""
    queries = np.concatenate([np.empty(0, np.int64), *(i for i, _ in found)])
    positions = np.concatenate([np.empty(0, np.int64), *(j for _, j in found)])
    # np.unique would do it by a table of its own, which takes many times as long for millions.
    order = np.sort(queries * len(hashes) + positions)
    order = order[np.append(True, order[1:] != order[:-1])[: len(order)]]
    queries, positions = np.divmod(order, max(1, len(hashes)))
    apart = np.bitwise_count(hashes[positions] ^ near_queries.hashes[queries])
    return NearPairs(queries, positions, apart)
