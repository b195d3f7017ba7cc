"""Answer many near queries at once: queries meet hashes in the buckets of a multi-index.

Every query is put into the buckets that it must search, sorted by their numbers. Each bucket of
hashes is then compared with all its queries in one go. Whatever is near a query is found at least
once, in the bucket of some band (see `bands`), and returned once.

A bucket costs the interpreter as much as ten thousand comparisons. The fewer queries there are, the
larger buckets should be, so only the leading bits of their numbers may count.
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

COMPARISON_S = 0.6e-9  # of two hashes; the costs below are in such comparisons: measured
BUCKET_COST = 12_000  # a bucket with its queries
VISIT_COST = 50  # sorting a query into a bucket
LONE_QUERY_COST = 50_000  # a query answered by itself
SLICE_COST = 600  # each bucket of such a query
SKEW = 1.7  # how many more pairs share buckets than with random bits
NARROWEST_BITS = 6  # fewer buckets than 64 gain nothing
TASKS_PER_BAND = 8  # enough that all cores finish together


class NearQueries(NamedTuple):
    """Queries, the radius of each in bits, and how many pairs may be found."""

    hashes: Hashes  # uint64[m]
    radii: Radii  # uint8[m]
    most: int | None = None  # CrowdedError if there are more


def to_near_queries(queries: Sequence[int], radii: Sequence[int], most: int | None) -> NearQueries:
    """Return the queries as arrays."""
    return NearQueries(np.array(queries, np.uint64), np.array(radii, np.uint8), most)


class _Visitors(NamedTuple):
    """The queries sorted by the buckets that they search, once for each such bucket."""

    numbers: Places
    hashes: Hashes
    radii: Radii
    starts: Places  # of each bucket, then the end of the last


def scan(hashes: Hashes, near_queries: NearQueries, jobs: int) -> NearPairs:
    """Return every pair by comparing all queries with all hashes, uint64[n].

    Raises CrowdedError if there are more than `near_queries.most`.
    """
    tiles, count = Tiles(), _PairCount(near_queries.most)

    def compare(part: slice) -> list[PlacePairs]:
        pairs = []
        for hits in tiles.close_pairs(near_queries.hashes[part], hashes, near_queries.radii[part]):
            count.add(len(hits.places))
            i, j = hits.pairs()
            pairs.append((i + part.start, j))
        return pairs

    work = len(near_queries.hashes) * len(hashes)
    pairs = _run_all(
        _shares(compare, len(near_queries.hashes), jobs), jobs, work, near_queries.most
    )
    return _table(hashes, near_queries, pairs)


def one_by_one(
    within: Callable[[Sequence[int], Sequence[int], int | None], list[Near]],
    hashes: Hashes,
    near_queries: NearQueries,
    jobs: int,
    work: float,
) -> NearPairs:
    """Return every pair by a function like `hamming.within`, on several cores.

    `work` estimates how many comparisons it takes. Raises CrowdedError if there are more than
    `near_queries.most`.
    """

    def answer(part: slice) -> list[PlacePairs]:
        queries, radii = near_queries.hashes[part].tolist(), near_queries.radii[part].tolist()
        near = hamming.pair_table(within(queries, radii, near_queries.most))
        return [(near.queries + part.start, near.positions)]

    pairs = _run_all(_shares(answer, len(near_queries.hashes), jobs), jobs, work, near_queries.most)
    return _table(hashes, near_queries, pairs)


def _shares(task: Callable[[slice], list[PlacePairs]], queries: int, jobs: int) -> list[Task]:
    """Return a task over all queries as several tasks, each over some of them."""
    size = max(1, -(-queries // (TASKS_PER_BAND * jobs)))
    return [
        functools.partial(task, slice(at, min(at + size, queries)))
        for at in range(0, queries, size)
    ]


def best_width(radii: Radii, count: int, band_count: int) -> int | None:
    """Return how many bits of its bands a batch should use with so many hashes.

    0 means comparing every query with every hash, None answering one query at a time.
    """
    return _cheapest(radii, count, band_count)[1]


def cost(radii: Radii, count: int, band_count: int) -> float:
    """Return how many comparisons of two hashes take as long as answering these queries."""
    return _cheapest(radii, count, band_count)[0]


def _cheapest(radii: Radii, count: int, band_count: int) -> tuple[float, int | None]:
    unique = (part.tolist() for part in np.unique(radii, return_counts=True))
    counts = dict(zip(*unique, strict=True))  # radius: queries
    best: tuple[float, int | None] = (
        sum(n * _lone_cost(radius, count, band_count) for radius, n in counts.items()), None
    )  # fmt: skip
    widest = max(len(bits) for bits in bands.band_bits(band_count))
    for width in (0, *range(NARROWEST_BITS, widest + 1)):
        needed = _batch_cost(counts, count, band_count, width)
        if needed < best[0]:
            best = needed, width
    return best


@functools.cache
def _lone_cost(radius: int, count: int, band_count: int) -> float:
    cost = float(LONE_QUERY_COST)
    for band in bands.bands(radius, band_count):
        near = _near(len(band.bits), band.limit)
        share = min(1.0, SKEW * near / (1 << len(band.bits)))
        cost += near * SLICE_COST + share * count
    return min(cost, count)


def _batch_cost(counts: Mapping[int, int], count: int, band_count: int, width: int) -> float:
    queries = sum(counts.values())
    if width == 0:
        return BUCKET_COST * -(-queries * count // 65_536) + queries * count
    needed = 0.0
    for place in range(band_count):
        bits = min(width, len(bands.band_bits(band_count)[place]))
        needed += BUCKET_COST << bits
        for radius, n in counts.items():
            near = _near(bits, bands.bands(radius, band_count)[place].limit)
            needed += n * (VISIT_COST * near + count * min(1.0, SKEW * near / (1 << bits)))
    return needed


def _near(width: int, limit: int) -> int:
    """Return how many numbers of so many bits are within the limit of any one."""
    return sum(math.comb(width, differing) for differing in range(limit + 1))


class QueryBatch:
    """Queries to look up in hashes that are sorted by each of several bands."""

    def __init__(self, hashes: Hashes, kept: Sequence[Buckets], near_queries: NearQueries) -> None:
        self._hashes, self._kept, self._queries = hashes, kept, near_queries
        self._count = _PairCount(near_queries.most)
        self._tiles = Tiles()

    def run(self, width: int, jobs: int) -> NearPairs:
        """Return every pair, using buckets of so many bits, or as many as a band has.

        Raises CrowdedError if there are more than `near_queries.most`.
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
            compare = functools.partial(self._compare, kept, starts, visitors)
            tasks += [
                functools.partial(compare, part) for part in np.array_split(full, TASKS_PER_BAND)
            ]
        work = cost(self._queries.radii, len(self._hashes), len(self._kept))
        pairs = _run_all(tasks, jobs, work, self._queries.most)
        return _table(self._hashes, self._queries, pairs)

    def _visitors(self, place: int, used: int) -> _Visitors:
        bits = bands.band_bits(len(self._kept))[place]
        leading = bands.bucket_numbers(self._queries.hashes, bits) >> len(bits) - used
        numbers, buckets = [np.empty(0, np.int64)], [np.empty(0, np.uint16)]
        for radius in np.unique(self._queries.radii).tolist():
            limit = bands.bands(radius, len(self._kept))[place].limit
            changes = bands.masks(used, limit).astype(np.uint16)
            same_radius = np.flatnonzero(self._queries.radii == radius)
            buckets.append(np.ravel(leading[same_radius][:, None] ^ changes))
            numbers.append(np.repeat(same_radius, len(changes)))
        visitors, bucket = np.concatenate(numbers), np.concatenate(buckets)
        visitors = visitors[np.argsort(bucket, kind="stable")]
        sizes = np.bincount(bucket, minlength=1 << used)
        return _Visitors(
            visitors,
            self._queries.hashes[visitors],
            self._queries.radii[visitors],
            np.concatenate([[0], np.cumsum(sizes)]),
        )

    def _compare(
        self, kept: Buckets, starts: Places, visitors: _Visitors, full: Places
    ) -> list[PlacePairs]:
        """Compare these buckets with their visitors."""
        all_hits: list[tuple[Hits, int, int]] = []
        edges = (starts[full], starts[full + 1], visitors.starts[full], visitors.starts[full + 1])
        for first, end, top, bottom in zip(*(edge.tolist() for edge in edges), strict=True):
            queries, radii = visitors.hashes[top:bottom], visitors.radii[top:bottom]
            for hits in self._tiles.close_pairs(queries, kept.hashes[first:end], radii):
                self._count.add(len(hits.places))
                all_hits.append((hits, top, first))
        if not all_hits:
            return []
        i, j = _places(all_hits)
        return [(visitors.numbers[i], kept.places[j].astype(np.int64))]


def _places(all_hits: Sequence[tuple[Hits, int, int]]) -> tuple[Places, Places]:
    """Return the places of all hits among the visitors and among the hashes."""
    lengths = [len(hits.places) for hits, _, _ in all_hits]
    widths = np.repeat([hits.width for hits, _, _ in all_hits], lengths)
    tops = np.repeat([hits.top + top for hits, top, _ in all_hits], lengths)
    firsts = np.repeat([hits.first + first for hits, _, first in all_hits], lengths)
    i, j = np.divmod(np.concatenate([hits.places for hits, _, _ in all_hits]), widths)
    return i + tops, j + firsts


class _PairCount:
    """Stops a search that finds too many pairs.

    Threads may miscount a little; each process counts only its own.
    """

    def __init__(self, most: int | None) -> None:
        self.most, self._found = most, 0

    def add(self, number: int) -> None:
        self._found += number
        if self.most is not None and self._found > self.most:
            raise CrowdedError


def _run_all(tasks: Sequence[Task], jobs: int, work: float, most: int | None) -> list[PlacePairs]:
    """Return what all tasks find; `work` estimates how many comparisons they take."""
    pairs, count = [], _PairCount(most)
    tasks = [functools.partial(short_rows, task) for task in tasks]
    with closing(forks.results(tasks, jobs, work * COMPARISON_S)) as answers:
        for answer in answers:
            pairs += answer
            count.add(sum(len(queries) for queries, _ in answer))
    return pairs


def _table(hashes: Hashes, near_queries: NearQueries, pairs: list[PlacePairs]) -> NearPairs:
    """Return every pair once, sorted by query, then by position."""
    queries = np.concatenate([np.empty(0, np.int64), *(i for i, _ in pairs)])
    positions = np.concatenate([np.empty(0, np.int64), *(j for _, j in pairs)])
    # np.unique would build a hash table, which takes many times as long for millions.
    order = np.sort(queries * len(hashes) + positions)
    order = order[np.append(True, order[1:] != order[:-1])[: len(order)]]
    queries, positions = np.divmod(order, max(1, len(hashes)))
    apart = np.bitwise_count(hashes[positions] ^ near_queries.hashes[queries])
    return NearPairs(queries, positions, apart)
