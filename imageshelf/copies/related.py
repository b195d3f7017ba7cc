"""Related beyond the policy: other shots of a moment, and pictures that are only similar.

Two pictures taken within ten seconds of each other whose thumbnails are similar are shots of one
moment. Similar pictures are those whose thumbnails differ by 7.5 % on average at most; among more
than 5,000, only those with a row or column hash within 20 bits, as a search does it.
`exhaustive.py` has the twins that define both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies.luma import CELLS, Luma, luma
from imageshelf.copies.stars import Measures, Relation
from imageshelf.hashing import hamming, joins
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching import kinds
from imageshelf.searching import policy as matching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from imageshelf.copies.pairs import Pairs
    from imageshelf.copies.prints import Prints, Thumbnails
    from imageshelf.searching.policy import Column

    Places = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Blocks = npt.NDArray[np.int32]

LEVELS = kinds.SIMILAR_PERCENT * 255 / 100  # of 255, on average
TOGETHER = 500_000  # pairs in time that are looked at together


class Some(NamedTuple):
    """Pairs of pictures by id, each pair once, first < second; sorted."""

    first: Places
    second: Places


class Beyond:
    """Which pictures are related although the policy does not match them, and how.

    Of several kinds for one pair the first counts.
    """

    def __init__(
        self, found: Sequence[tuple[str, Some]], prints: Prints, matching_pairs: Pairs
    ) -> None:
        self._whole, self._kinds = prints.whole, [kind for kind, _ in found]
        order = np.argsort(prints.pictures)
        self._ids = prints.pictures[order]
        self._prints = np.repeat(np.arange(len(prints.whole.ids)), np.diff(prints.starts))[order]
        none = [_none()]
        first = np.concatenate([a for a, _ in [*none, *(some for _, some in found)]])
        second = np.concatenate([b for _, b in [*none, *(some for _, some in found)]])
        kind = np.repeat(np.arange(len(found)), [len(some.first) for _, some in found])
        new = self._is_new(first, second, matching_pairs)
        ends = np.concatenate([first[new], second[new]])
        by_end = np.argsort(ends, kind="stable")
        self._ends = ends[by_end]
        self._others = np.concatenate([second[new], first[new]])[by_end]
        self._kind = np.tile(kind[new], 2)[by_end]

    def _is_new(self, first: Places, second: Places, matching_pairs: Pairs) -> Flags:
        """Tell which pairs are no matches and have not come before."""
        a, b = np.sort([self._print_of(first), self._print_of(second)], axis=0).astype(np.uint64)
        match = (a == b) | np.isin(a << np.uint64(32) | b, matching_pairs.numbers)
        _, once = np.unique(np.stack([first, second]), axis=1, return_index=True)
        new = np.zeros(len(first), np.bool_)
        new[once] = True
        new &= ~match
        return new

    def _print_of(self, pictures: Places) -> Places:
        found: Places = self._prints[np.searchsorted(self._ids, pictures)]
        return found

    @property
    def pictures(self) -> list[int]:
        """The pictures that are related to any other in this way."""
        some: list[int] = np.unique(self._ends).tolist()
        return some

    def of(self, picture: int) -> Iterator[Relation]:
        """Yield what is related to a picture, with the distances of the two."""
        start, end = np.searchsorted(self._ends, [picture, picture + 1])
        if start == end:
            return
        here = self._print_of(np.array([picture]))[0]
        others = self._others[start:end]
        for other, number, kind in zip(
            others.tolist(), self._print_of(others), self._kind[start:end].tolist(), strict=True
        ):
            row, column, phash = (
                hamming.distance(int(hashes[here]), int(hashes[number]))
                for hashes in (self._whole.row, self._whole.column, self._whole.phash)
            )
            measures = Measures(row, column, phash, matching.score(row, column, phash))
            yield Relation(other, picture, self._kinds[kind], measures)


def shots(ids: Places, taken_ms: Places, thumbnails: Thumbnails) -> Some:
    """Return the pairs of other shots of one moment.

    Capture times are ms since 1970 of pictures that have one, rising.
    """
    found = [_none()]
    for first, second in _near_in_time(taken_ms):
        wanted, places = np.unique(np.concatenate([first, second]), return_inverse=True)
        kept = luma(thumbnails, ids[wanted]).within(
            places[: len(first)], places[len(first) :], LEVELS
        )
        found.append((ids[first[kept]], ids[second[kept]]))
    return _sorted(found)


def _near_in_time(taken_ms: Places) -> Iterator[tuple[Places, Places]]:
    """Yield the places of shots within ten seconds, many at a time.

    What is another shot to `kinds.is_another_shot` lies in one piece: without a fraction of a
    second from the next second on, with one from the next millisecond on.
    """
    seconds, places = taken_ms // 1000 * 1000, np.arange(len(taken_ms))
    start = np.where(
        taken_ms == seconds,
        np.searchsorted(taken_ms, seconds + 1000),
        np.searchsorted(taken_ms, taken_ms, "right"),
    )
    number = np.searchsorted(taken_ms, taken_ms + kinds.SERIES_MS, "right") - start
    number = np.maximum(number, 0)
    ends = np.cumsum(number)
    begin = 0
    while begin < len(ends):
        before = ends[begin] - number[begin]
        end = max(begin + 1, int(np.searchsorted(ends, before + TOGETHER, "right")))
        some = number[begin:end]
        first = np.repeat(places[begin:end], some)
        offset = np.arange(len(first)) - np.repeat(np.cumsum(some) - some, some)
        if len(first):
            yield first, start[first] + offset
        begin = end


def similar(
    whole: Column,
    thumbnails: Thumbnails,
    work: Effort = ONE_CORE,
    exhaustive: int = kinds.SIMILAR_EXHAUSTIVE,
) -> Some:
    """Return the pairs of similar pictures, among more than `exhaustive` only what is near."""
    known = luma(thumbnails, whole.ids)
    bounds = _bounds(known)
    found = [_none()]

    def sift(i: Places, j: Places) -> tuple[Places, Places]:
        for bound in bounds:
            kept = np.abs(bound[i] - bound[j]).sum(axis=1) <= LEVELS * CELLS
            i, j = i[kept], j[kept]
        kept = known.within(i, j, LEVELS)
        i, j = whole.ids[i[kept]], whole.ids[j[kept]]
        return np.minimum(i, j), np.maximum(i, j)

    use = joins.PairSink(sift, lambda first, second: found.append((first, second)))
    if len(whole.ids) <= exhaustive:
        joins.close_pairs_within(whole.row, matching.BITS, use, work)
        return _sorted(found)
    half = Effort(work.jobs, lambda share: work.progress(share / 2))
    joins.close_pairs_within(whole.row, kinds.SIMILAR_BITS, use, half)
    rest = Effort(work.jobs, lambda share: work.progress(0.5 + share / 2))
    joins.close_pairs_within(whole.column, kinds.SIMILAR_BITS, use, rest)
    return _sorted(found)


def _bounds(known: Luma) -> list[Blocks]:
    """Return sums of whole thumbnails and of their 4x4 blocks: as far apart as these at least."""
    blocks = known.grey.reshape(-1, 4, 4, 4, 4).sum(axis=(2, 4), dtype=np.int32).reshape(-1, 16)
    return [blocks.sum(axis=1, dtype=np.int32)[:, None], blocks]


def _none() -> tuple[Places, Places]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


def _sorted(parts: list[tuple[Places, Places]]) -> Some:
    """Return pairs of ids, first < second, each once."""
    ends = np.sort(np.concatenate([np.stack(part, axis=1) for part in parts]), axis=1)
    pairs = np.unique(ends, axis=0)
    return Some(pairs[:, 0], pairs[:, 1])
