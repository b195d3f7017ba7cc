"""All pairs of a shelf's pictures that match: what search would answer for every one of them.

Two pictures are a pair when either, taken for the query, matches the other by the policy: upright,
turned or mirrored, without borders, in part. Hashes alone decide, by a bucket join for each way of
looking (see joins.py); only flat pictures need their thumbnails (see flat_pairs.py, also for those
that are left out because there are too many of them). `exhaustive_pairs.py` is the definition.

The row and column hash of a turned picture are derived from its upright bits (see turning.py, also
for how many turned copies that finds).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies import flat_pairs
from imageshelf.hashing import joins, turning
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import policy as matching
from imageshelf.searching.policy import Limits, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from imageshelf.copies.prints import Prints
    from imageshelf.searching.policy import Column

    Bits = npt.NDArray[np.uint8]
    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

VIEWS = ("centre", "trimmed", "whole")  # in the order in which matching.Candidate sorts them
NAMES = (matching.UPRIGHT, *(name for name, _ in ORIENTATIONS[1:]))
TURN_ORDER = tuple(sorted(range(len(NAMES)), key=NAMES.__getitem__))  # and here too
COMPACT = 4_000_000  # pairs noted before those found twice are dropped: 64 MB

_RANK_OF_TURN = np.argsort(TURN_ORDER).astype(np.uint64)
_INVERSE = np.array(turning.INVERSE, np.uint8)
_EXACT = Limits(0, 4 * matching.BITS)  # an equal key is always a match, whatever the other hashes


class Pair(NamedTuple):
    """Two matching prints; `turn` says what the first must undergo to look like the second."""

    first: int
    second: int
    score: int
    row: int
    column: int
    phash: int
    turn: int  # index into ORIENTATIONS
    view: str


@dataclass(frozen=True)
class Pairs:
    """Matching prints in the order of their numbers, each pair once, by its best comparison.

    Pictures that share a print match too and are not listed. 16 bytes a pair.
    """

    numbers: Words  # first << 32 | second, first < second
    ranks: Words  # score, row, column, phash, turn and view, packed so that less is better
    crowded: Places  # flat prints with too many others around them

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[Pair]:
        """Iterate over the pairs."""
        return map(self.pair, range(len(self)))

    def pair(self, at: int) -> Pair:
        """Return one pair."""
        number, rank = int(self.numbers[at]), int(self.ranks[at])
        row, column, phash = (rank >> shift & 127 for shift in (19, 12, 5))
        turn, view = TURN_ORDER[rank >> 2 & 7], VIEWS[rank & 3]
        return Pair(number >> 32, number & 0xFFFFFFFF, rank >> 26, row, column, phash, turn, view)


class _Side(NamedTuple):
    """Fingerprints to be compared, of prints by number; each after its turn."""

    numbers: Places
    row: Hashes
    column: Hashes
    phash: Hashes
    turns: npt.NDArray[np.uint8]


class _Look(NamedTuple):
    """One way of looking: every left fingerprint against every right one (None: the same)."""

    view: str
    limits: Limits
    left: _Side
    right: _Side | None


def all_pairs(prints: Prints, policy: Policy = matching.DEFAULT, work: Effort = ONE_CORE) -> Pairs:
    """Return every pair of prints that match by the policy."""
    book = Book()
    looks = _looks(prints, policy)
    for number, look in enumerate(looks):
        done = functools.partial(joins.part_progress, work.progress, number, len(looks))
        _look(look, book, Effort(work.jobs, done))
    crowded = _flat(prints, policy.upright, book) if policy.low_information else ()
    return book.closed(np.array(crowded, np.int64))


def _looks(prints: Prints, policy: Policy) -> list[_Look]:
    plain = ~prints.whole.low_information if policy.low_information else None
    whole = _side(prints.whole, plain)
    looks = [_Look("whole", policy.upright, whole, None)]
    if policy.upright.score < _EXACT.score:
        looks.append(_Look("whole", _EXACT, whole, None))
    if policy.turned and prints.turned is not None:
        looks.append(_Look("whole", policy.turned, turned_side(prints, whole.numbers), whole))
    if policy.trimmed and prints.trimmed is not None:
        trimmed = _side(prints.trimmed, plain)
        looks.append(_Look("trimmed", policy.trimmed, trimmed, whole))
        looks.append(_Look("trimmed", policy.trimmed, trimmed, None))
    if policy.centre and prints.centre is not None:
        looks.append(_Look("centre", policy.centre, _side(prints.centre, plain), whole))
    return looks


def _side(column: Column, plain: npt.NDArray[np.bool_] | None) -> _Side:
    kept = slice(None) if plain is None else plain[column.ids]
    numbers = column.ids[kept]
    upright = np.zeros(len(numbers), np.uint8)
    return _Side(numbers, column.row[kept], column.column[kept], column.phash[kept], upright)


def turned_side(prints: Prints, numbers: Places) -> _Side:
    """Return the seven other orientations of these prints, orientation by orientation."""
    assert prints.turned is not None
    upright = turning.Comparisons(*(bits[numbers] for bits in prints.comparisons))
    turns = range(1, len(NAMES))
    derived = [turning.turned(upright, turn) for turn in turns]
    return _Side(
        np.tile(numbers, len(turns)),
        np.concatenate([found.row for found in derived]),
        np.concatenate([found.column for found in derived]),
        prints.turned[:, numbers].ravel(),
        np.repeat(np.array(turns, np.uint8), len(numbers)),
    )


def _look(look: _Look, book: Book, work: Effort) -> None:
    left, right, limits = look.left, look.right or look.left, look.limits

    def sift(i: Places, j: Places) -> tuple[Words, Words] | None:
        phash = np.bitwise_count(left.phash[i] ^ right.phash[j])
        kept = np.flatnonzero(phash <= limits.score // 2)  # most end here
        i, j, phash = i[kept], j[kept], phash[kept]
        column = np.bitwise_count(left.column[i] ^ right.column[j])
        row = np.bitwise_count(left.row[i] ^ right.row[j])
        score = score_of(row, column, phash)
        kept = np.flatnonzero((score <= limits.score) & (left.numbers[i] != right.numbers[j]))
        if not len(kept):
            return None
        i, j = i[kept], j[kept]
        rank = rank_of(look.view, row[kept], column[kept], phash[kept])
        return noted(left.numbers[i], right.numbers[j], rank, left.turns[i])

    use = joins.PairSink(sift, book.add)
    if look.right is None:
        joins.close_pairs_within(left.row, limits.row, use, work)
    else:
        joins.close_pairs(left.row, right.row, limits.row, use, work)


def noted(first: Places, second: Places, ranks: Words, turns: Bits) -> tuple[Words, Words]:
    """Return numbers and ranks of pairs in either order; the turn is that of the first."""
    swapped = first > second
    turns = np.where(swapped, _INVERSE[turns], turns)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return (
        low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64),
        ranks | _RANK_OF_TURN[turns] << np.uint64(2),
    )


def score_of(row: Bits, column: Bits, phash: Bits) -> Places:
    """Return matching.score of many, which does not fit into eight bits."""
    score: Places = row.astype(np.int64) + column + 2 * phash.astype(np.int64)
    return score


def rank_of(view: str, row: Bits, column: Bits, phash: Bits) -> Words:
    """Pack measures as matching.Candidate sorts them; the turn's three bits are still zero."""
    packed = score_of(row, column, phash).astype(np.uint64)
    for apart in (row, column, phash):
        packed = packed << np.uint64(7) | apart
    return packed << np.uint64(5) | np.uint64(VIEWS.index(view))


class Book:
    """Pairs as they are found; those found again are dropped now and then."""

    def __init__(self) -> None:
        self.numbers: list[Words] = []
        self.ranks: list[Words] = []
        self.noted, self.compact_at = 0, COMPACT

    def add(self, numbers: Words, ranks: Words) -> None:
        """Note pairs by their numbers and ranks."""
        self.numbers.append(numbers)
        self.ranks.append(ranks)
        self.noted += len(numbers)
        if self.noted > self.compact_at:
            self._compact()

    def _compact(self) -> None:
        numbers = np.concatenate([np.empty(0, np.uint64), *self.numbers])
        ranks = np.concatenate([np.empty(0, np.uint64), *self.ranks])
        order = np.lexsort((ranks, numbers))
        numbers, ranks = numbers[order], ranks[order]
        best = np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)]
        self.numbers, self.ranks = [numbers[best]], [ranks[best]]
        self.noted = len(self.numbers[0])
        self.compact_at = max(COMPACT, 2 * self.noted)

    def closed(self, crowded: Places) -> Pairs:
        """Return what was noted, in order."""
        self._compact()
        return Pairs(self.numbers[0], self.ranks[0], crowded)


def _flat(prints: Prints, limits: Limits, book: Book) -> Places:
    """Note the pairs of which one is flat; return the flat prints in a crowd."""
    left_out = flat_pairs.crowded(prints, limits.row)
    whole = prints.whole
    for first, second in flat_pairs.flat_pairs(prints, limits.row, left_out):
        row, column, phash = (
            np.bitwise_count(hashes[first] ^ hashes[second])
            for hashes in (whole.row, whole.column, whole.phash)
        )
        score = score_of(row, column, phash)
        kept = np.flatnonzero((score <= limits.score) | (row == 0))
        rank = rank_of("whole", row[kept], column[kept], phash[kept])
        upright = np.zeros(len(kept), np.uint8)
        book.add(*noted(first[kept], second[kept], rank, upright))
    return np.flatnonzero(left_out)
