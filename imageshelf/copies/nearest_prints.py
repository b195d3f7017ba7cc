"""Which of some prints match one best, whole and upright: what a join would find, for one print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import luma
from imageshelf.copies.pair_log import Measures, rank_of, score_of
from imageshelf.searching import policies

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.hashing.hamming import Places
    from imageshelf.searching.policies import Policy


def nearest(
    prints: Prints, policy: Policy, number: int, others: Places, most: int
) -> list[tuple[int, Measures]]:
    """Return at most so many of these prints that match one, whole and upright, best first.

    With each come the distances. Flat ones whose thumbnails differ are left out at the end, so
    there may be fewer than match.
    """
    whole = prints.whole
    row, column, phash = (
        np.bitwise_count(hashes[others] ^ hashes[number])
        for hashes in (whole.row, whole.column, whole.phash)
    )
    score = score_of(row, column, phash)
    flat = policy.low_information & (whole.low_information[others] | whole.low_information[number])
    matches = row == 0
    for limits, where in ((policy.upright, True), (policy.relit, ~flat)):
        if limits:
            within = (score <= limits.score) & (row <= limits.row) & (phash <= limits.phash)
            matches |= within & where
    found = np.flatnonzero(matches)
    ranks = rank_of("whole", row[found], column[found], phash[found])
    if len(found) > most:  # of thousands, only the best are sorted
        found = found[ranks <= np.partition(ranks, most - 1)[most - 1]]
        ranks = rank_of("whole", row[found], column[found], phash[found])
    best = found[np.lexsort((others[found], ranks))[:most]]
    if flat[best].any():
        best = best[~flat[best] | _flat_alike(prints, number, others[best])]
    return [
        (int(others[at]), Measures(*(int(each[at]) for each in (row, column, phash, score))))
        for at in best
    ]


def _flat_alike(prints: Prints, number: int, others: Places) -> npt.NDArray[np.bool_]:
    """Tell which of these prints a flat one matches: by key, and by thumbnail."""
    thumbnails = luma.load_luma(prints.thumbnails, np.concatenate([[number], others]))
    places = np.arange(1, len(others) + 1)
    alike = thumbnails.within(np.zeros_like(places), places, policies.LOW_INFORMATION_MEAN)
    rows = prints.whole.row
    near = np.bitwise_count(rows[others] ^ rows[number]) <= policies.LOW_INFORMATION_ROW
    return np.asarray(alike & near)
