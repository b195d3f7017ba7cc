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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.copies import flat_pairs
from imageshelf.copies.pair_log import (
    PairLog,
    PrintPairs,
    packed_pairs,
    rank_of,
    score_of,
)
from imageshelf.hashing import joins, turning
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching import policies
from imageshelf.searching.policies import Limits, Policy

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.copies.pair_log import Sieve, Words
    from imageshelf.hashing.hamming import Hashes, Places
    from imageshelf.shelf.chunks import PictureHashes


_ALL_BUT_MEAN = np.uint64(2**63 - 1)
_EXACT = Limits(0, 4 * policies.BITS)  # equal keys always match, whatever the other hashes are


class _OrientedPrints(NamedTuple):
    """Fingerprints of prints after a turn, and the numbers of the prints."""

    numbers: Places
    row: Hashes
    column: Hashes
    phash: Hashes
    turns: npt.NDArray[np.uint8]

    def only(self, some: npt.NDArray[np.bool_]) -> _OrientedPrints:
        """Return some of them."""
        row, column, phash = (hashes[some] for hashes in (self.row, self.column, self.phash))
        return _OrientedPrints(self.numbers[some], row, column, phash, self.turns[some])

    def places_of(self, numbers: Places) -> Places:
        """Return where these prints are among upright ones, -1 for what is not."""
        if not len(self.numbers):
            return np.full(len(numbers), -1)
        places = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return np.where(self.numbers[places] == numbers, places, -1)


class _Comparison(NamedTuple):
    """One way of comparing: every left fingerprint with every right one (None: all of the left)."""

    view: str
    limits: Limits
    left: _OrientedPrints
    right: _OrientedPrints | None


def all_pairs(
    prints: Prints,
    policy: Policy = policies.DEFAULT,
    work: Effort = ONE_CORE,
    sieve: Sieve | None = None,
) -> PrintPairs:
    """Return every pair of prints that match by the policy, and that the sieve lets through."""
    log = PairLog(sieve)
    comparisons = _comparisons(prints, policy)
    for number, comparison in enumerate(comparisons):
        progress = functools.partial(joins.part_progress, work.progress, number, len(comparisons))
        parts = [comparison]
        if sieve and not comparison.left.turns.any():  # a crowd may be known since the last one
            crowd = sieve.crowd()
            parts = _without_pairs_within(comparison, crowd)
            _log_known(comparison, *sieve.known_pairs(), log)
        for each, part in enumerate(parts):
            share = functools.partial(joins.part_progress, progress, each, len(parts))
            _compare(part, log, Effort(work.jobs, share))
    crowded = _log_flat_pairs(prints, policy.upright, log) if policy.low_information else ()
    return log.pairs(np.array(crowded, np.int64))


def _comparisons(prints: Prints, policy: Policy) -> list[_Comparison]:
    plain = ~prints.whole.low_information if policy.low_information else None
    whole = _upright_prints(prints.whole, plain)
    comparisons = [_Comparison("whole", policy.upright, whole, None)]
    if policy.upright.score < _EXACT.score:
        comparisons.append(_Comparison("whole", _EXACT, whole, None))
    if policy.relit:
        comparisons.append(_Comparison("whole", policy.relit, whole, None))
    if policy.inverted:
        inverted = inverted_prints(prints, whole.numbers)
        comparisons.append(_Comparison("whole", policy.inverted, inverted, whole))
    turned = None
    if policy.turned and prints.turned is not None:
        turned = turned_prints(prints, whole.numbers)
        comparisons.append(_Comparison("whole", policy.turned, turned, whole))
    if policy.trimmed and prints.trimmed is not None:
        trimmed = _upright_prints(prints.trimmed, plain)
        if turned is not None and policy.turned:
            comparisons.append(_Comparison("trimmed", policy.turned, turned, trimmed))
        comparisons.append(_Comparison("trimmed", policy.trimmed, trimmed, whole))
        comparisons.append(_Comparison("trimmed", policy.trimmed, trimmed, None))
    if policy.centre and prints.centre is not None:
        comparisons.append(
            _Comparison("centre", policy.centre, _upright_prints(prints.centre, plain), whole)
        )
    return comparisons


def _upright_prints(column: PictureHashes, plain: npt.NDArray[np.bool_] | None) -> _OrientedPrints:
    kept = slice(None) if plain is None else plain[column.ids]
    numbers = column.ids[kept]
    upright = np.zeros(len(numbers), np.uint8)
    return _OrientedPrints(
        numbers, column.row[kept], column.column[kept], column.phash[kept], upright
    )


def _without_pairs_within(
    comparison: _Comparison, crowd: npt.NDArray[np.bool_]
) -> list[_Comparison]:
    """Return comparisons that find the same, but for pairs of which both are in the crowd."""
    view, limits, left, right = comparison
    rest, inside = (left.only(of) for of in (~crowd[left.numbers], crowd[left.numbers]))
    if not len(inside.numbers):
        return [comparison]
    if right is None:
        return [_Comparison(view, limits, rest, None), _Comparison(view, limits, rest, inside)]
    others = right.only(~crowd[right.numbers])
    return [_Comparison(view, limits, rest, right), _Comparison(view, limits, inside, others)]


def _log_known(comparison: _Comparison, first: Places, second: Places, log: PairLog) -> None:
    """Add those of some pairs of prints that this comparison would find to the log."""
    left, right = comparison.left, comparison.right or comparison.left
    ways = [(first, second)] if comparison.right is None else [(first, second), (second, first)]
    for ours, theirs in ways:
        i, j = left.places_of(ours), right.places_of(theirs)
        both = (i >= 0) & (j >= 0)
        found = _sifted(comparison, i[both], j[both])
        if found is not None:
            log.add(*found)


def turned_prints(prints: Prints, numbers: Places) -> _OrientedPrints:
    """Return the fingerprints of these prints in seven orientations, one after the other."""
    assert prints.turned is not None
    upright = turning.Comparisons(*(bits[numbers] for bits in prints.comparisons))
    turns = range(1, len(turning.TURNS))
    derived = [turning.turned(upright, turn) for turn in turns]
    return _OrientedPrints(
        np.tile(numbers, len(turns)),
        np.concatenate([hashes.row for hashes in derived]),
        np.concatenate([hashes.column for hashes in derived]),
        prints.turned[:, numbers].ravel(),
        np.repeat(np.array(turns, np.uint8), len(numbers)),
    )


def inverted_prints(prints: Prints, numbers: Places) -> _OrientedPrints:
    """Return the fingerprints of these prints with light for dark.

    Of the perceptual hash, the mean brightness, the first bit, stays above the median.
    """
    return _OrientedPrints(
        numbers,
        prints.comparisons.row_darker[numbers],
        prints.comparisons.column_darker[numbers],
        prints.whole.phash[numbers] ^ _ALL_BUT_MEAN,
        np.full(len(numbers), turning.INVERTED, np.uint8),
    )


def _sifted(comparison: _Comparison, i: Places, j: Places) -> tuple[Words, Words] | None:
    """Return those of the pairs left[i], right[j] that match, packed; None if there are none."""
    left, right, limits = comparison.left, comparison.right or comparison.left, comparison.limits
    phash = np.bitwise_count(left.phash[i] ^ right.phash[j])
    kept = np.flatnonzero(phash <= min(limits.phash, limits.score // 2))  # drops most pairs
    i, j, phash = i[kept], j[kept], phash[kept]
    column = np.bitwise_count(left.column[i] ^ right.column[j])
    row = np.bitwise_count(left.row[i] ^ right.row[j])
    score = score_of(row, column, phash)
    within = (score <= limits.score) & (row <= limits.row)
    kept = np.flatnonzero(within & (left.numbers[i] != right.numbers[j]))
    if not len(kept):
        return None
    i, j = i[kept], j[kept]
    rank = rank_of(comparison.view, row[kept], column[kept], phash[kept])
    return packed_pairs(left.numbers[i], right.numbers[j], rank, left.turns[i])


def _compare(comparison: _Comparison, log: PairLog, work: Effort) -> None:
    left, right, limits = comparison.left, comparison.right or comparison.left, comparison.limits
    use = joins.PairSink(functools.partial(_sifted, comparison), log.add)
    ours, theirs, radius = left.row, right.row, limits.row
    if limits.by == "phash":
        ours, theirs, radius = left.phash, right.phash, limits.phash
    if comparison.right is None:
        joins.close_pairs_within(ours, radius, use, work)
    else:
        joins.close_pairs(ours, theirs, radius, use, work)


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
