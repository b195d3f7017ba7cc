"""By definition: the slow twins that say what `pairs`, `related` and `stars` must find.

Every print is compared with every other, as a query of search.py would be.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import flat_pairs
from imageshelf.copies.pair_log import PairLog, PrintPairs, packed_pairs, rank_of
from imageshelf.copies.pairs import inverted_prints, turned_prints
from imageshelf.hashing import hamming
from imageshelf.searching import kinds, looks, policies
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.policies import Fingerprint, Policy, Probe, QueryPrints
from imageshelf.searching.query_prints import TURN_NAMES
from imageshelf.shelf.chunks import PictureHashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imageshelf.copies.distinct_fingerprints import Prints, Thumbnails
    from imageshelf.searching.looks import Look


def all_pairs_exhaustive(prints: Prints, policy: Policy = policies.DEFAULT) -> PrintPairs:
    """Return what `all_pairs` returns, by comparing each print as search.py compares a query."""
    log = PairLog()
    left_out = np.zeros(len(prints.whole.ids), np.bool_)
    if policy.low_information:
        left_out = flat_pairs.crowded(prints, policy.upright.row)
    for number in np.flatnonzero(~left_out).tolist():
        query = query_of_print(prints, number)
        for probe in policies.probes(query, policy):
            turns = np.array([TURN_NAMES.index(probe.turn)], np.uint8)
            for other, row, column, phash, view in _answers(prints, query, probe, policy):
                if other != number and not left_out[other]:
                    distances = (np.array([bits], np.uint8) for bits in (row, column, phash))
                    ranks = rank_of(view, *distances)
                    log.add(*packed_pairs(np.array([number]), np.array([other]), ranks, turns))
    return log.pairs(np.flatnonzero(left_out))


def homes_exhaustive(
    ranked: Sequence[int],
    look_at: Callable[[int, int], Look | None],
    score: Callable[[int, int], int],
) -> dict[int, int]:
    """Return the keeper of each picture, itself for a keeper, as `build_stars` groups them.

    `look_at` returns what is seen of two pictures, None if the hashes do not nominate them. Small
    pictures that are torn between keepers are left out.
    """
    homes: dict[int, int] = {}
    torn = set()
    for picture in ranked:
        near = []
        for place, keeper in enumerate(ranked):
            look = look_at(keeper, picture) if homes.get(keeper) == keeper else None
            if look is not None and look.is_match:
                near.append((look.nearness, score(keeper, picture), place, keeper))
        homes[picture] = min(near)[-1] if near else picture
        if len(near) > 1 and _is_torn(near, look_at(homes[picture], picture)):
            torn.add(picture)
    return {picture: keeper for picture, keeper in homes.items() if picture not in torn}


def _is_torn(near: list[tuple[tuple[int, float], int, int, int]], look: Look | None) -> bool:
    small = look is not None and 0 < max(look.size) <= looks.SMALL_PIXELS
    (kind, agrees), (other_kind, other_agrees) = (nearness for nearness, *_ in sorted(near)[:2])
    as_well = other_agrees - agrees <= looks.AS_WELL
    return small and as_well and kind == other_kind and kinds.KINDS[kind] not in kinds.IDENTICAL


def named_exhaustive(
    ranked: Sequence[int],
    homes: dict[int, int],
    look_at: Callable[[int, int], Look | None],
    score: Callable[[int, int], int],
) -> dict[int, int]:
    """Return the keeper that each related keeper names, as `build_stars` does."""
    keepers = [picture for picture in ranked if homes.get(picture) == picture]

    def nearest(picture: int, others: Sequence[int]) -> list[int]:
        related = [(other, look_at(other, picture)) for other in others if other != picture]
        near = [
            (look.nearness, score(other, picture), ranked.index(other), other)
            for other, look in related
            if look is not None and not look.is_match
        ]
        return [other for *_, other in sorted(near)]

    above = {p: nearest(p, keepers[:at]) for at, p in enumerate(keepers)}
    named = {picture: others[0] for picture, others in above.items() if others}
    for picture in keepers:
        others = nearest(picture, keepers)
        if others and picture not in named and picture not in named.values():
            named[picture] = others[0]
    return named


def query_of_print(prints: Prints, number: int) -> QueryPrints:
    """Return a print as the query that a search would make of its picture."""
    whole = _fingerprint(prints.whole, number)
    turned = {}
    if prints.turned is not None:
        seven = turned_prints(prints, np.array([number]))
        hashes = zip(seven.row.tolist(), seven.column.tolist(), seven.phash.tolist(), strict=True)
        turned = {
            name: Fingerprint(*each) for name, each in zip(TURN_NAMES[1:-1], hashes, strict=True)
        }
    others = []
    for view in (prints.trimmed, prints.centre):
        at = -1 if view is None else int(np.searchsorted(view.ids, number))
        has_view = view is not None and at < len(view.ids) and view.ids[at] == number
        others.append(_fingerprint(view, at) if view is not None and has_view else None)
    thumbnail = prints.thumbnails([number]).get(number, b"")
    dark = inverted_prints(prints, np.array([number]))
    inverted = Fingerprint(int(dark.row[0]), int(dark.column[0]), int(dark.phash[0]))
    return QueryPrints(whole, turned, others[0], others[1], thumbnail, inverted=inverted)


def _fingerprint(view: PictureHashes, at: int) -> Fingerprint:
    hashes = (int(view.row[at]), int(view.column[at]), int(view.phash[at]))
    return Fingerprint(*hashes, bool(view.low_information[at]))


def _answers(
    prints: Prints, query: QueryPrints, probe: Probe, policy: Policy
) -> Iterator[tuple[int, int, int, int, str]]:
    """Yield (number, row, column, phash, view) of the prints that one probe matches."""
    column = {"whole": prints.whole, "trimmed": prints.trimmed, "centre": prints.centre}[probe.view]
    if column is None:
        return
    own = "trimmed" if probe.fingerprint is query.trimmed else "whole"
    own = "centre" if probe.fingerprint is query.centre else own
    view = own if probe.view == "whole" else probe.view
    for at, hash_ in enumerate(column.row.tolist()):
        row = hamming.distance(hash_, probe.fingerprint.row)
        columns = hamming.distance(int(column.column[at]), probe.fingerprint.column)
        phash = hamming.distance(int(column.phash[at]), probe.fingerprint.phash)
        score = policies.score(row, columns, phash)
        exact = row == 0 and not probe.turn and view == "whole"
        limits = probe.limits
        within = score <= limits.score and row <= limits.row and phash <= limits.phash
        if not within and not exact:
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


def shot_pairs_exhaustive(
    taken_ms: dict[int, int], thumbnails: Thumbnails
) -> list[tuple[int, int]]:
    """Return what `related.shot_pairs` returns, for capture times by id."""
    luma = thumbnails(sorted(taken_ms))
    files = {number: KnownFile("", 0, ms, luma=luma[number]) for number, ms in taken_ms.items()}
    every = combinations(sorted(files), 2)
    return [pair for pair in every if kinds.is_burst(*(files[number] for number in pair))]


def similar_pairs_exhaustive(
    whole: PictureHashes, thumbnails: Thumbnails, bits: int
) -> list[tuple[int, int]]:
    """Return what `related.similar_pairs` returns when it compares hashes within so many bits."""
    luma = thumbnails(whole.ids.tolist())
    pairs = []
    for a, b in combinations(np.argsort(whole.ids).tolist(), 2):
        near = min(hamming.distance(int(h[a]), int(h[b])) for h in (whole.row, whole.column))
        first, second = int(whole.ids[a]), int(whole.ids[b])
        if near <= bits and kinds.is_similar(luma[first], luma[second]):
            pairs.append((first, second))
    return sorted(pairs)
