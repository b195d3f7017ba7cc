"""Every pair of hashes within a radius, without looking at every pair.

The hashes are sorted into buckets by the bits of one band after the other, and each bucket is
compared with the buckets whose number lies within the band's limit (see bands.py). A million
photographs at radius 14 have five bands of 12-14 bits with limit 2, and 7 % of all pairs are
looked at.
"""

from __future__ import annotations

import functools
import math
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imageshelf.hashing.bands import Band, Buckets, bands, bucketed, masks
from imageshelf.hashing.tiles import Tiles, short_rows
from imageshelf.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Arrays = tuple[npt.NDArray[Any], ...]
    Sift = Callable[[Places, Places], Arrays | None]
    Keep = Callable[..., None]  # takes these arrays
    Progress = Callable[[float], None]

BATCH_PAIRS = 16_384  # pairs reported at once: fewer, and the calls cost more than the pairs
TASKS_PER_BAND = 64  # of one band, so that all cores end together
FEWEST_BANDS, MOST_BANDS = 4, 16  # 65,536 buckets of 16 bits ... 16 of 4
PAIR_COST_NS = 0.5  # one comparison
BUCKET_COST_NS = 12_000  # looking at a bucket
NEIGHBOUR_COST_NS = 150  # looking at each of its neighbours
SKEW = 1.7  # how many more pairs share buckets than if bits were random: measured


def best_bands(radius: int, left: int, right: int) -> tuple[Band, ...]:
    """Return the bands that cost least for so many hashes; () when comparing all pairs does."""
    cost, chosen = PAIR_COST_NS * left * right, tuple[Band, ...]()
    for count in range(FEWEST_BANDS, MOST_BANDS + 1):
        choice = bands(radius, count)
        needed = sum(_cost(band, left, right) for band in choice)
        if needed < cost:
            cost, chosen = needed, choice
    return chosen


def _cost(band: Band, left: int, right: int) -> float:
    buckets = 1 << len(band.bits)
    near = sum(math.comb(len(band.bits), differing) for differing in range(band.limit + 1))
    share = min(1.0, SKEW * near / buckets)
    overhead = BUCKET_COST_NS + NEIGHBOUR_COST_NS * near
    return PAIR_COST_NS * left * right * share + min(buckets, left) * overhead * (near > 0)


def close_pairs_exhaustive(left: Hashes, right: Hashes, radius: int) -> Iterator[tuple[int, int]]:
    """Yield every (i, j) with `left[i]` and `right[j]` within the radius: the definition."""
    for i, hash_ in enumerate(left):
        for j in np.flatnonzero(np.bitwise_count(right ^ hash_) <= radius):
            yield i, int(j)


class Effort(NamedTuple):
    """How a join is done: on so many cores, telling the share of the work that is done."""

    jobs: int = 1
    done: Progress = lambda _: None


ONE_CORE = Effort()


class PairSink(NamedTuple):
    """What becomes of the pairs that a join finds, some thousands at a time.

    `sift(i, j)` is called with arrays of places, perhaps by another process, and gives the arrays
    that are wanted of them, if any; `keep` is called with those, in this process and thread.
    """

    sift: Sift
    keep: Keep


def close_pairs(
    left: Hashes, right: Hashes, radius: int, use: PairSink, work: Effort = ONE_CORE
) -> None:
    """Find the pairs of places i, j with `left[i]` and `right[j]` within the radius.

    Every such pair is found at least once and at most once a band, in no particular order.
    """
    _Join(left, right, radius, use).run(best_bands(radius, len(left), len(right)), work)


def close_pairs_within(hashes: Hashes, radius: int, use: PairSink, work: Effort = ONE_CORE) -> None:
    """Do as `close` with the same hashes on both sides, for i != j in either order."""
    _Join(hashes, None, radius, use).run(best_bands(radius, len(hashes), len(hashes) // 2), work)


class _Join:
    def __init__(self, left: Hashes, right: Hashes | None, radius: int, use: PairSink) -> None:
        self.within = right is None  # the same hashes on both sides
        self.left, self.right = left, left if right is None else right
        self.radius, self.use = radius, use
        self._tiles = Tiles()

    def run(self, chosen: Sequence[Band], work: Effort) -> None:
        if not chosen:
            rows = [functools.partial(self._rows, part) for part in _parts(len(self.left))]
            self._do(rows, PAIR_COST_NS * len(self.left) * len(self.right), work)
        useful = [band for band in chosen if band.limit >= 0]
        for number, band in enumerate(useful):
            left = bucketed(self.left, band.bits)
            right = left if self.within else bucketed(self.right, band.bits)
            full = np.flatnonzero(np.diff(left.starts))
            look = functools.partial(self._buckets, left, right, masks(len(band.bits), band.limit))
            tasks = [functools.partial(look, full[part]) for part in _parts(len(full))]
            done = functools.partial(part_progress, work.done, number, len(useful))
            self._do(tasks, _cost(band, len(self.left), len(self.right)), Effort(work.jobs, done))

    def _do(self, tasks: Sequence[Callable[[], list[Arrays]]], cost: float, work: Effort) -> None:
        """Do some tasks of so many nanoseconds; keep what they find."""
        tasks = [functools.partial(short_rows, task) for task in tasks]
        with closing(forks.results(tasks, work.jobs, cost * 1e-9)) as answers:
            for count, found in enumerate(answers, 1):
                for arrays in found:
                    self.use.keep(*arrays)
                work.done(count / len(tasks))

    def _rows(self, part: slice) -> list[Arrays]:
        """Compare some hashes with all; of the same hashes, with those that follow."""
        start = part.start if self.within else 0
        tiles = self._tiles.close(self.left[part], self.right[start:], self.radius)
        pairs = (hits.pairs() for hits in tiles)
        return self._sifted((i + part.start, j + start) for i, j in pairs)

    def _buckets(
        self, left: Buckets, right: Buckets, changes: Places, numbers: Places
    ) -> list[Arrays]:
        """Compare each of these buckets with its neighbours."""
        return self._sifted(self._of_buckets(left, right, changes, numbers))

    def _of_buckets(
        self, left: Buckets, right: Buckets, changes: Places, numbers: Places
    ) -> Iterator[tuple[Places, Places]]:
        for number in numbers.tolist():
            near = changes ^ number
            if self.within:
                near = near[near >= number]  # the others come here from their own side
            starts, ends = right.starts[near], right.starts[near + 1]
            joined = np.cumsum(ends - starts)  # where each piece ends among the others
            if not joined[-1]:
                continue
            pieces = zip(starts.tolist(), ends.tolist(), strict=True)
            others = np.concatenate([right.hashes[a:b] for a, b in pieces])
            own = slice(left.starts[number], left.starts[number + 1])
            tiles = self._tiles.close(left.hashes[own], others, self.radius)
            for i, j in _in_batches(hits.pairs() for hits in tiles):
                piece = np.searchsorted(joined, j, side="right")
                place = j + (ends - joined)[piece]
                yield left.places[i + own.start], right.places[place]

    def _sifted(self, pairs: Iterable[tuple[Places, Places]]) -> list[Arrays]:
        found = []
        for i, j in _in_batches(pairs):
            different = i != j if self.within else slice(None)
            arrays = self.use.sift(i[different], j[different])
            if arrays is not None:
                found.append(arrays)
        return found


def _in_batches(parts: Iterable[tuple[Places, Places]]) -> Iterator[tuple[Places, Places]]:
    """Yield the same pairs, at least BATCH at a time but for the last time."""
    some: list[tuple[Places, Places]] = []
    count = 0
    for part in parts:
        some.append(part)
        count += len(part[0])
        if count >= BATCH_PAIRS:
            yield _joined(some)
            some, count = [], 0
    if some:
        yield _joined(some)


def _joined(parts: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([i for i, _ in parts]), np.concatenate([j for _, j in parts])


def part_progress(done: Progress, number: int, of: int, share: float) -> None:
    """Tell the share of all that is done when one part of several is done to a share."""
    done((number + share) / of)


def _parts(count: int) -> list[slice]:
    """Cut a number of things into as many parts as there are tasks, or fewer."""
    step = max(1, -(-count // TASKS_PER_BAND))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
