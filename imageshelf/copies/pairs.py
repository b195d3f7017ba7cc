"""All matching pairs of a shelf's pictures: what a search for each of them would find.

Two pictures are a pair when either of them, as the query, matches the other by the policy: upright,
turned or mirrored, without borders, in part. Hashes alone decide, with one bucket join (`joins.py`)
for each way of comparing. Only flat pictures need their thumbnails; `flat_pairs.py` compares them,
and leaves some out where there are too many. `tests/exhaustive.py` has the definition.

The row and column hashes of a turned picture are derived from its upright bits; `turning.py` says
how many turned copies that finds.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies import flat_pairs
from imageshelf.hashing import joins, turning
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching import policies
from imageshelf.searching.policies import Limits, Policy
from imageshelf.searching.query_prints import TURN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.searching.policies import ViewHashes

    Bits = npt.NDArray[np.uint8]
    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

VIEWS = ("centre", "trimmed", "whole")  # in the order in which policies.Candidate sorts them
TURN_ORDER = tuple(sorted(range(len(TURN_NAMES)), key=TURN_NAMES.__getitem__))  # likewise
PAIRS_BEFORE_COMPACTING = 4_000_000  # 64 MB

_RANK_OF_TURN = np.argsort(TURN_ORDER).astype(np.uint64)
_INVERSE = np.array(turning.INVERSE, np.uint8)
_EXACT = Limits(0, 4 * policies.BITS)  # equal keys always match, whatever the other hashes are


class PrintPair(NamedTuple):
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
class PrintPairs:
    """Pairs of matching prints, sorted by their numbers, each once, with its best comparison.

    Pictures that share a print match as well and are not listed. A pair takes 16 bytes.
    """

    numbers: Words  # first << 32 | second, first < second
    ranks: Words  # score, row, column, phash, turn and view, packed so that less is better
    crowded: Places  # flat prints with too many others near them

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[PrintPair]:
        """Iterate over the pairs."""
        return map(self.pair, range(len(self)))

    def pair(self, at: int) -> PrintPair:
        """Return one pair."""
        number, rank = int(self.numbers[at]), int(self.ranks[at])
        row, column, phash = (rank >> shift & 127 for shift in (19, 12, 5))
        turn, view = TURN_ORDER[rank >> 2 & 7], VIEWS[rank & 3]
        return PrintPair(
            number >> 32, number & 0xFFFFFFFF, rank >> 26, row, column, phash, turn, view
        )


class _OrientedPrints(NamedTuple):
    """Fingerprints of prints after a turn, and the numbers of the prints."""

    numbers: Places
    row: Hashes
    column: Hashes
    phash: Hashes
    turns: npt.NDArray[np.uint8]


class _Comparison(NamedTuple):
    """One way of comparing: every left fingerprint with every right one (None: all of the left)."""

    view: str
    limits: Limits
    left: _OrientedPrints
    right: _OrientedPrints | None


def all_pairs(
    prints: Prints, policy: Policy = policies.DEFAULT, work: Effort = ONE_CORE
) -> PrintPairs:
    """Return every pair of prints that match by the policy."""
    log = PairLog()
    comparisons = _comparisons(prints, policy)
    for number, comparison in enumerate(comparisons):
        progress = functools.partial(joins.part_progress, work.progress, number, len(comparisons))
        _compare(comparison, log, Effort(work.jobs, progress))
    crowded = _log_flat_pairs(prints, policy.upright, log) if policy.low_information else ()
    return log.pairs(np.array(crowded, np.int64))


def _comparisons(prints: Prints, policy: Policy) -> list[_Comparison]:
    plain = ~prints.whole.low_information if policy.low_information else None
    whole = _upright_prints(prints.whole, plain)
    comparisons = [_Comparison("whole", policy.upright, whole, None)]
    if policy.upright.score < _EXACT.score:
        comparisons.append(_Comparison("whole", _EXACT, whole, None))
    if policy.turned and prints.turned is not None:
        comparisons.append(
            _Comparison("whole", policy.turned, turned_prints(prints, whole.numbers), whole)
        )
    if policy.trimmed and prints.trimmed is not None:
        trimmed = _upright_prints(prints.trimmed, plain)
        comparisons.append(_Comparison("trimmed", policy.trimmed, trimmed, whole))
        comparisons.append(_Comparison("trimmed", policy.trimmed, trimmed, None))
    if policy.centre and prints.centre is not None:
        comparisons.append(
            _Comparison("centre", policy.centre, _upright_prints(prints.centre, plain), whole)
        )
    return comparisons


def _upright_prints(column: ViewHashes, plain: npt.NDArray[np.bool_] | None) -> _OrientedPrints:
    kept = slice(None) if plain is None else plain[column.ids]
    numbers = column.ids[kept]
    upright = np.zeros(len(numbers), np.uint8)
    return _OrientedPrints(
        numbers, column.row[kept], column.column[kept], column.phash[kept], upright
    )


def turned_prints(prints: Prints, numbers: Places) -> _OrientedPrints:
    """Return the fingerprints of these prints in seven orientations, one after the other."""
    assert prints.turned is not None
    upright = turning.Comparisons(*(bits[numbers] for bits in prints.comparisons))
    turns = range(1, len(TURN_NAMES))
    derived = [turning.turned(upright, turn) for turn in turns]
    return _OrientedPrints(
        np.tile(numbers, len(turns)),
        np.concatenate([hashes.row for hashes in derived]),
        np.concatenate([hashes.column for hashes in derived]),
        prints.turned[:, numbers].ravel(),
        np.repeat(np.array(turns, np.uint8), len(numbers)),
    )


def _compare(comparison: _Comparison, log: PairLog, work: Effort) -> None:
    left, right, limits = comparison.left, comparison.right or comparison.left, comparison.limits

    def sift(i: Places, j: Places) -> tuple[Words, Words] | None:
        phash = np.bitwise_count(left.phash[i] ^ right.phash[j])
        kept = np.flatnonzero(phash <= limits.score // 2)  # drops most pairs
        i, j, phash = i[kept], j[kept], phash[kept]
        column = np.bitwise_count(left.column[i] ^ right.column[j])
        row = np.bitwise_count(left.row[i] ^ right.row[j])
        score = score_of(row, column, phash)
        kept = np.flatnonzero((score <= limits.score) & (left.numbers[i] != right.numbers[j]))
        if not len(kept):
            return None
        i, j = i[kept], j[kept]
        rank = rank_of(comparison.view, row[kept], column[kept], phash[kept])
        return packed_pairs(left.numbers[i], right.numbers[j], rank, left.turns[i])

    use = joins.PairSink(sift, log.add)
    if comparison.right is None:
        joins.close_pairs_within(left.row, limits.row, use, work)
    else:
        joins.close_pairs(left.row, right.row, limits.row, use, work)


def packed_pairs(first: Places, second: Places, ranks: Words, turns: Bits) -> tuple[Words, Words]:
    """Return pairs as `PrintPairs` holds them; `turns` are those of the first print."""
    swapped = first > second
    turns = np.where(swapped, _INVERSE[turns], turns)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return (
        low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64),
        ranks | _RANK_OF_TURN[turns] << np.uint64(2),
    )


def score_of(row: Bits, column: Bits, phash: Bits) -> Places:
    """Return the `policies.score` of many pairs, which does not fit into eight bits."""
    score: Places = row.astype(np.int64) + column + 2 * phash.astype(np.int64)
    return score


def rank_of(view: str, row: Bits, column: Bits, phash: Bits) -> Words:
    """Pack measures in the order of `policies.Candidate`; the three bits of the turn stay zero."""
    packed = score_of(row, column, phash).astype(np.uint64)
    for distances in (row, column, phash):
        packed = packed << np.uint64(7) | distances
    return packed << np.uint64(5) | np.uint64(VIEWS.index(view))


class PairLog:
    """Collects pairs as they are found; drops those found twice now and then."""

    def __init__(self) -> None:
        self.numbers: list[Words] = []
        self.ranks: list[Words] = []
        self.count, self.compact_at = 0, PAIRS_BEFORE_COMPACTING

    def add(self, numbers: Words, ranks: Words) -> None:
        """Add pairs, packed as `PrintPairs` holds them."""
        self.numbers.append(numbers)
        self.ranks.append(ranks)
        self.count += len(numbers)
        if self.count > self.compact_at:
            self._compact()

    def _compact(self) -> None:
        numbers = np.concatenate([np.empty(0, np.uint64), *self.numbers])
        ranks = np.concatenate([np.empty(0, np.uint64), *self.ranks])
        order = np.lexsort((ranks, numbers))
        numbers, ranks = numbers[order], ranks[order]
        best = np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)]
        self.numbers, self.ranks = [numbers[best]], [ranks[best]]
        self.count = len(self.numbers[0])
        self.compact_at = max(PAIRS_BEFORE_COMPACTING, 2 * self.count)

    def pairs(self, crowded: Places) -> PrintPairs:
        """Return the pairs added so far, sorted, each once."""
        self._compact()
        return PrintPairs(self.numbers[0], self.ranks[0], crowded)


def _log_flat_pairs(prints: Prints, limits: Limits, log: PairLog) -> Places:
    """Add the pairs with a flat print to the log; return the flat prints in a crowd."""
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
        log.add(*packed_pairs(first[kept], second[kept], rank, upright))
    return np.flatnonzero(left_out)
