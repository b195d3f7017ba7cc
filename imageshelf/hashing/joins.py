"""Find every pair of hashes within a radius without comparing every pair.

The hashes are sorted into buckets by the bits of one band after another. Each bucket is compared
with the buckets whose numbers are within the band's limit (see `bands`). A million photographs at
radius 14 have five bands of 12-14 bits with limit 2, and 7 % of all pairs are compared.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imageshelf.hashing.bands import Band, Buckets, bands, bucketed, masks
from imageshelf.hashing.tiles import Tiles, short_rows
from imageshelf.system import forks

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes, Places

    Arrays = tuple[npt.NDArray[Any], ...]
    Pairs = tuple[Places, Places]  # of places in the left and in the right hashes
    Sift = Callable[[Places, Places], Arrays | None]
    Keep = Callable[..., None]  # takes the arrays that Sift returned
    Progress = Callable[[float], None]

BATCH_PAIRS = 16_384  # reported at once: with fewer, the calls cost more than the pairs
TASKS_PER_BAND = 64  # enough that all cores finish together
FEWEST_BANDS, MOST_BANDS = 4, 16  # 65,536 buckets of 16 bits ... 16 of 4
PAIR_COST_NS = 0.5  # one comparison
BUCKET_COST_NS = 12_000  # a bucket, apart from comparisons
NEIGHBOUR_COST_NS = 150  # each of its neighbours, likewise
SKEW = 1.7  # how many more pairs share buckets than with random bits: measured


def best_bands(radius: int, left: int, right: int) -> tuple[Band, ...]:
    """Return the bands that cost least for so many hashes; () if comparing all pairs costs less."""
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


class Effort(NamedTuple):
    """How many cores a join may use, and whom to tell the share that is done."""

    jobs: int = 1
    progress: Progress = lambda _: None


ONE_CORE = Effort()


class PairSink(NamedTuple):
    """What to do with the pairs that a join finds, some thousands at a time.

    `sift(i, j)` gets arrays of places, perhaps in another process, and returns arrays to keep, or
    None. `keep` gets those arrays in this process and thread.
    """

    sift: Sift
    keep: Keep


def close_pairs(
    left: Hashes, right: Hashes, radius: int, sink: PairSink, effort: Effort = ONE_CORE
) -> None:
    """Find the places i, j with `left[i]` and `right[j]` within the radius.

    Every such pair is found, in no particular order, and only once unless a process dies.
    """
    _Join(left, right, radius, sink).run(best_bands(radius, len(left), len(right)), effort)


def close_pairs_within(
    hashes: Hashes, radius: int, sink: PairSink, effort: Effort = ONE_CORE
) -> None:
    """Do the same with these hashes on both sides, for i != j, in one order or the other."""
    _Join(hashes, None, radius, sink).run(best_bands(radius, len(hashes), len(hashes) // 2), effort)


class _Join:
    def __init__(self, left: Hashes, right: Hashes | None, radius: int, sink: PairSink) -> None:
        self.within = right is None  # the same hashes on both sides
        self.left, self.right = left, left if right is None else right
        self.radius, self.sink = radius, sink
        self._tiles = Tiles()
        self._band = np.uint64(0)  # its bits; none: all hashes are in one bucket
        self._earlier: list[tuple[np.uint64, int]] = []  # bits and limits of bands that are done

    def run(self, chosen: Sequence[Band], effort: Effort) -> None:
        if not chosen:
            rows = [functools.partial(self._rows, part) for part in _parts(len(self.left))]
            self._do(rows, PAIR_COST_NS * len(self.left) * len(self.right), effort)
        useful = [band for band in chosen if band.limit >= 0]
        for number, band in enumerate(useful):
            self._band = _mask(band)
            self._earlier = [(_mask(before), before.limit) for before in useful[:number]]
            left = bucketed(self.left, band.bits)
            right = left if self.within else bucketed(self.right, band.bits)
            full = np.flatnonzero(np.diff(left.starts))
            compare = functools.partial(
                self._buckets, left, right, masks(len(band.bits), band.limit)
            )
            tasks = [functools.partial(compare, full[part]) for part in _parts(len(full))]
            progress = functools.partial(part_progress, effort.progress, number, len(useful))
            self._do(
                tasks, _cost(band, len(self.left), len(self.right)), Effort(effort.jobs, progress)
            )

    def _do(
        self, tasks: Sequence[Callable[[], Iterator[Pairs]]], cost_ns: float, effort: Effort
    ) -> None:
        """Run tasks that take so many nanoseconds in all; keep what they find."""
        tasks_of_sifting = [functools.partial(self._sifted, task) for task in tasks]
        done = 0
        with closing(forks.results(tasks_of_sifting, effort.jobs, cost_ns * 1e-9)) as answers:
            for arrays in answers:
                if arrays is None:
                    done += 1
                    effort.progress(done / len(tasks))
                else:
                    self.sink.keep(*arrays)

    def _rows(self, part: slice) -> Iterator[Pairs]:
        """Compare some hashes with all others, or in a join within, with those that follow."""
        start = part.start if self.within else 0
        for hits in self._tiles.close_pairs(self.left[part], self.right[start:], self.radius):
            i, j = hits.pairs()
            yield i + part.start, j + start

    def _buckets(
        self, left: Buckets, right: Buckets, changes: Places, numbers: Places
    ) -> Iterator[Pairs]:
        """Compare each of these buckets with its neighbours."""
        for number in numbers.tolist():
            near = changes ^ number
            if self.within:
                near = near[near >= number]  # the others meet this bucket when it is their turn
            starts, ends = right.starts[near], right.starts[near + 1]
            joined = np.cumsum(ends - starts)  # where each piece ends in `others`
            if not joined[-1]:
                continue
            pieces = zip(starts.tolist(), ends.tolist(), strict=True)
            others = np.concatenate([right.hashes[a:b] for a, b in pieces])
            own = slice(left.starts[number], left.starts[number + 1])
            tiles = self._tiles.close_pairs(left.hashes[own], others, self.radius)
            for i, j in _in_batches(hits.pairs() for hits in tiles):
                piece = np.searchsorted(joined, j, side="right")
                place = j + (ends - joined)[piece]
                yield left.places[i + own.start], right.places[place]

    def _are_new(self, i: Places, j: Places) -> npt.NDArray[np.bool_]:
        """Tell which pairs no earlier band has found, and a bucket not the other way round.

        Of ten thousand forms, each nominated for all others, every band finds all the pairs.
        """
        differing = self.left[i] ^ self.right[j]
        new = np.ones(len(i), np.bool_)
        if self.within:
            new = (differing & self._band != 0) | (i < j)
        for mask, limit in self._earlier:
            new &= np.bitwise_count(differing & mask) > limit
        return new

    def _sifted(self, task: Callable[[], Iterator[Pairs]]) -> Iterator[Arrays | None]:
        """Yield what is kept of the pairs that a task finds, then None for its end."""
        for i, j in short_rows(_in_batches(task())):
            new = self._are_new(i, j)
            arrays = self.sink.sift(i[new], j[new])
            if arrays is not None:
                yield arrays
        yield None


def _mask(band: Band) -> np.uint64:
    return np.uint64(sum(1 << bit for bit in band.bits))


def _in_batches(parts: Iterable[Pairs]) -> Iterator[Pairs]:
    """Yield the same pairs, at least BATCH_PAIRS at a time except the last."""
    batch: list[Pairs] = []
    count = 0
    for part in parts:
        batch.append(part)
        count += len(part[0])
        if count >= BATCH_PAIRS:
            yield _joined(batch)
            batch, count = [], 0
    if batch:
        yield _joined(batch)


def _joined(parts: list[Pairs]) -> Pairs:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([i for i, _ in parts]), np.concatenate([j for _, j in parts])


def part_progress(progress: Progress, number: int, of: int, share: float) -> None:
    """Report the share of the whole work when a share of part `number` is done."""
    progress((number + share) / of)


def _parts(count: int) -> list[slice]:
    """Return slices of so many things, at most one per task."""
    step = max(1, -(-count // TASKS_PER_BAND))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
