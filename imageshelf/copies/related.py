"""Pictures that are related although the policy does not match them.

Two pictures are shots of one moment when they were taken within ten seconds of each other and
their thumbnails are similar. Thumbnails are similar when they differ by at most 7.5 % on average;
among more than 5,000 pictures, only those with row or column hashes within 20 bits are compared,
as in a search. `tests/exhaustive.py` has the slow twins that define both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies.luma import CELLS, LumaThumbnails, load_luma
from imageshelf.copies.pair_log import Measures
from imageshelf.copies.stars import Relation
from imageshelf.hashing import hamming, joins
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching import kinds, policies
from imageshelf.searching.looks import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Prints, Thumbnails
    from imageshelf.copies.pair_log import Flags, PrintPairs
    from imageshelf.hashing.hamming import Places
    from imageshelf.shelf.chunks import PictureHashes

    Blocks = npt.NDArray[np.int32]

SIMILAR_LEVELS = kinds.SIMILAR_PERCENT * 255 / 100  # of 255, on average
PAIRS_PER_BATCH = 500_000


class IdPairs(NamedTuple):
    """Pairs of pictures by id, sorted, each once, with first < second."""

    first: Places
    second: Places


class RelatedPictures:
    """Which pictures are related although the policy does not match them, and how.

    A pair that comes with several kinds has the first of them.
    """

    def __init__(
        self,
        pairs_by_kind: Sequence[tuple[str, IdPairs]],
        prints: Prints,
        matching_pairs: PrintPairs,
    ) -> None:
        self._whole, self._kinds = prints.whole, [kind for kind, _ in pairs_by_kind]
        order = np.argsort(prints.pictures)
        self._ids = prints.pictures[order]
        self._prints = np.repeat(np.arange(len(prints.whole.ids)), np.diff(prints.starts))[order]
        every = [_no_pairs(), *(pairs for _, pairs in pairs_by_kind)]
        first, second = (np.concatenate(ends) for ends in zip(*every, strict=True))
        counts = [len(pairs.first) for _, pairs in pairs_by_kind]
        kind = np.repeat(np.arange(len(pairs_by_kind)), counts)
        new = self._is_new(first, second, matching_pairs)
        ends = np.concatenate([first[new], second[new]])
        by_end = np.argsort(ends, kind="stable")
        self._ends = ends[by_end]
        self._others = np.concatenate([second[new], first[new]])[by_end]
        self._kind = np.tile(kind[new], 2)[by_end]

    def _is_new(self, first: Places, second: Places, matching_pairs: PrintPairs) -> Flags:
        """Tell which pairs do not match and have not come before."""
        a, b = np.sort([self._print_of(first), self._print_of(second)], axis=0).astype(np.uint64)
        match = (a == b) | np.isin(a << np.uint64(32) | b, matching_pairs.numbers)
        _, once = np.unique(np.stack([first, second]), axis=1, return_index=True)
        new = np.zeros(len(first), np.bool_)
        new[once] = True
        new &= ~match
        return new

    def _print_of(self, pictures: Places) -> Places:
        numbers: Places = self._prints[np.searchsorted(self._ids, pictures)]
        return numbers

    @property
    def pictures(self) -> list[int]:
        """The ids of all pictures that are in any pair."""
        ids: list[int] = np.unique(self._ends).tolist()
        return ids

    def of(self, picture: int) -> Iterator[Relation]:
        """Yield the pictures that are related to this one, with the distances of the two."""
        start, end = np.searchsorted(self._ends, [picture, picture + 1])
        if start == end:
            return
        own = self._print_of(np.array([picture]))[0]
        others = self._others[start:end]
        for other, number, kind in zip(
            others.tolist(), self._print_of(others), self._kind[start:end].tolist(), strict=True
        ):
            row, column, phash = (
                hamming.distance(int(hashes[own]), int(hashes[number]))
                for hashes in (self._whole.row, self._whole.column, self._whole.phash)
            )
            measures = Measures(row, column, phash, policies.score(row, column, phash))
            yield Relation(other, picture, Look(self._kinds[kind], compared=True), measures)


def shot_pairs(ids: Places, taken_ms: Places, thumbnails: Thumbnails) -> IdPairs:
    """Return the pairs of different shots of one moment.

    `taken_ms` has the capture times of these pictures, ms since 1970, ascending.
    """
    batches = [_no_pairs()]
    for first, second in _near_in_time(taken_ms):
        involved, places = np.unique(np.concatenate([first, second]), return_inverse=True)
        luma = load_luma(thumbnails, ids[involved])
        kept = luma.within(places[: len(first)], places[len(first) :], SIMILAR_LEVELS)
        batches.append((ids[first[kept]], ids[second[kept]]))
    return _sorted(batches)


def _near_in_time(taken_ms: Places) -> Iterator[tuple[Places, Places]]:
    """Yield the places of shots within ten seconds of each other, many at a time.

    The times that `kinds.is_another_shot` tells apart from one form one run of the array. It begins
    at the next second for a time in whole seconds, otherwise at the next millisecond.
    """
    seconds, places = taken_ms // 1000 * 1000, np.arange(len(taken_ms))
    start = np.where(
        taken_ms == seconds,
        np.searchsorted(taken_ms, seconds + 1000),
        np.searchsorted(taken_ms, taken_ms, "right"),
    )
    counts = np.searchsorted(taken_ms, taken_ms + kinds.BURST_MS, "right") - start
    counts = np.maximum(counts, 0)
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(ends):
        before = ends[begin] - counts[begin]
        end = max(begin + 1, int(np.searchsorted(ends, before + PAIRS_PER_BATCH, "right")))
        batch = counts[begin:end]
        first = np.repeat(places[begin:end], batch)
        offset = np.arange(len(first)) - np.repeat(np.cumsum(batch) - batch, batch)
        if len(first):
            yield first, start[first] + offset
        begin = end


def similar_pairs(
    whole: PictureHashes,
    thumbnails: Thumbnails,
    work: Effort = ONE_CORE,
    exhaustive: int = kinds.SIMILAR_EXHAUSTIVE,
) -> IdPairs:
    """Return the pairs of similar pictures; of more than `exhaustive`, only those with near hashes.

    Near are row or column hashes within `kinds.SIMILAR_BITS`.
    """
    luma = load_luma(thumbnails, whole.ids)
    bounds = _lower_bounds(luma)
    batches = [_no_pairs()]

    def sift(i: Places, j: Places) -> tuple[Places, Places]:
        for bound in bounds:
            kept = np.abs(bound[i] - bound[j]).sum(axis=1) <= SIMILAR_LEVELS * CELLS
            i, j = i[kept], j[kept]
        kept = luma.within(i, j, SIMILAR_LEVELS)
        i, j = whole.ids[i[kept]], whole.ids[j[kept]]
        return np.minimum(i, j), np.maximum(i, j)

    use = joins.PairSink(sift, lambda first, second: batches.append((first, second)))
    if len(whole.ids) <= exhaustive:
        joins.close_pairs_within(whole.row, policies.BITS, use, work)
        return _sorted(batches)
    half = Effort(work.jobs, lambda share: work.progress(share / 2))
    joins.close_pairs_within(whole.row, kinds.SIMILAR_BITS, use, half)
    rest = Effort(work.jobs, lambda share: work.progress(0.5 + share / 2))
    joins.close_pairs_within(whole.column, kinds.SIMILAR_BITS, use, rest)
    return _sorted(batches)


def _lower_bounds(luma: LumaThumbnails) -> list[Blocks]:
    """Return the sums of whole thumbnails and of their 4x4 blocks.

    The pixels of two thumbnails differ at least as much as these sums, so thumbnails whose sums are
    too far apart need not be compared pixel by pixel.
    """
    blocks = luma.grey.reshape(-1, 4, 4, 4, 4).sum(axis=(2, 4), dtype=np.int32).reshape(-1, 16)
    return [blocks.sum(axis=1, dtype=np.int32)[:, None], blocks]


def _no_pairs() -> tuple[Places, Places]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


def _sorted(parts: list[tuple[Places, Places]]) -> IdPairs:
    """Return the pairs of all parts, sorted, each once, with first < second."""
    ends = np.sort(np.concatenate([np.stack(part, axis=1) for part in parts]), axis=1)
    pairs = np.unique(ends, axis=0)
    return IdPairs(pairs[:, 0], pairs[:, 1])
