"""All pairs by the definition: the twins that say what `pairs` and `no_copies` must find.

Every print is asked for as a query of search.py would be, and compared with every other.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import flat_pairs
from imageshelf.copies.pairs import NAMES, Book, Pairs, noted, rank_of, turned_side
from imageshelf.hashing import hamming
from imageshelf.searching import kinds, policies
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.policies import Fingerprint, Policy, Probe, QueryPrints, ViewHashes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.copies.prints import Prints, Thumbnails


def all_pairs_exhaustive(prints: Prints, policy: Policy = policies.DEFAULT) -> Pairs:
    """Return what `all_pairs` returns, by asking for every print what search would answer."""
    book = Book()
    left_out = np.zeros(len(prints.whole.ids), np.bool_)
    if policy.low_information:
        left_out = flat_pairs.crowded(prints, policy.upright.row)
    for number in np.flatnonzero(~left_out).tolist():
        query = views_of(prints, number)
        for probe in policies.probes(query, policy):
            turns = np.array([NAMES.index(probe.turn)], np.uint8)
            for other, row, column, phash, view in _answers(prints, query, probe, policy):
                if other != number and not left_out[other]:
                    apart = (np.array([bits], np.uint8) for bits in (row, column, phash))
                    ranks = rank_of(view, *apart)
                    book.add(*noted(np.array([number]), np.array([other]), ranks, turns))
    return book.closed(np.flatnonzero(left_out))


def views_of(prints: Prints, number: int) -> QueryPrints:
    """Return a print as the query that search would make of its picture."""
    one = np.array([number])
    whole = _fingerprint(prints.whole, number)
    turned = {}
    if prints.turned is not None:
        side = turned_side(prints, one)
        hashes = zip(side.row.tolist(), side.column.tolist(), side.phash.tolist(), strict=True)
        turned = {name: Fingerprint(*each) for name, each in zip(NAMES[1:], hashes, strict=True)}
    others = []
    for view in (prints.trimmed, prints.centre):
        at = -1 if view is None else int(np.searchsorted(view.ids, number))
        there = view is not None and at < len(view.ids) and view.ids[at] == number
        others.append(_fingerprint(view, at) if view is not None and there else None)
    thumbnail = prints.thumbnails([number]).get(number, b"")
    return QueryPrints(whole, turned, others[0], others[1], thumbnail)


def _fingerprint(column: ViewHashes, at: int) -> Fingerprint:
    hashes = (int(column.row[at]), int(column.column[at]), int(column.phash[at]))
    return Fingerprint(*hashes, bool(column.low_information[at]))


def _answers(
    prints: Prints, query: QueryPrints, probe: Probe, policy: Policy
) -> Iterator[tuple[int, int, int, int, str]]:
    """Yield (number, row, column, phash, view) of what one probe matches."""
    column = {"whole": prints.whole, "trimmed": prints.trimmed, "centre": prints.centre}[probe.view]
    if column is None:
        return
    own = "trimmed" if probe.fingerprint is query.trimmed else "whole"
    own = "centre" if probe.fingerprint is query.centre else own
    view = own if probe.view == "whole" else probe.view
    near = hamming.within_exhaustive(column.row, probe.fingerprint.row, probe.limits.row)
    for at, row in zip(near.positions.tolist(), near.distances.tolist(), strict=True):
        columns = hamming.distance(int(column.column[at]), probe.fingerprint.column)
        phash = hamming.distance(int(column.phash[at]), probe.fingerprint.phash)
        score = policies.score(row, columns, phash)
        exact = row == 0 and not probe.turn and view == "whole"
        if score > probe.limits.score and not exact:
            continue
        number, flat = int(column.ids[at]), bool(column.low_information[at])
        if policy.low_information and (flat or query.whole.low_information):
            if row > policies.LOW_INFORMATION_ROW or probe.turn or view != "whole":
                continue
            if not _thumbnails_alike(prints, query, number):
                continue
        yield number, row, columns, phash, view


def _thumbnails_alike(prints: Prints, query: QueryPrints, number: int) -> bool:
    own = query.thumbnail
    other = prints.thumbnails([number]).get(number, b"")
    alike = len(own) == len(other) > 0
    return alike and policies.mean_difference(own, other) <= policies.LOW_INFORMATION_MEAN


def shots_exhaustive(taken_ms: dict[int, int], thumbnails: Thumbnails) -> list[tuple[int, int]]:
    """Return what `no_copies.shots` returns, of capture times by id."""
    luma = thumbnails(sorted(taken_ms))
    sides = {number: KnownFile("", 0, ms, luma=luma[number]) for number, ms in taken_ms.items()}
    every = combinations(sorted(sides), 2)
    return [pair for pair in every if kinds.is_burst(*(sides[number] for number in pair))]


def similar_exhaustive(
    whole: ViewHashes, thumbnails: Thumbnails, bits: int
) -> list[tuple[int, int]]:
    """Return what `no_copies.similar` returns with row or column within so many bits."""
    luma = thumbnails(whole.ids.tolist())
    found = []
    for a, b in combinations(np.argsort(whole.ids).tolist(), 2):
        near = min(hamming.distance(int(h[a]), int(h[b])) for h in (whole.row, whole.column))
        first, second = int(whole.ids[a]), int(whole.ids[b])
        if near <= bits and kinds.is_similar(luma[first], luma[second]):
            found.append((first, second))
    return sorted(found)
