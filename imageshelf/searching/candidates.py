"""Which stored pictures match a query: each of its probes against the hashes of a stored view.

`policies` defines what a match is. `near` finds the row hashes near each probe; the probes of many
queries are looked up together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.hashing.near import near_pairs
from imageshelf.searching import policies
from imageshelf.searching.policies import Candidate, Policy, Probe, QueryPrints, Thumbnails

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes
    from imageshelf.shelf.chunks import PictureHashes

    Answer = tuple[int, Candidate, bool]  # place of the probe; candidate; whether it is flat
    Doubtful = tuple[Candidate, bool]  # true for a flat candidate, whose thumbnail must decide

PAIRS_IN_MEMORY = 10_000_000  # of several queries within the row distance: 200 MB


def candidates_for(
    query: QueryPrints,
    stored: Mapping[str, PictureHashes],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[Candidate]:
    """Return every stored picture that matches, nearest first, each once.

    `stored` has the hashes of each view. `thumbnails` returns 16x16 luma thumbnails by id; it is
    called only for flat pictures.
    """
    return candidates_for_each([query], stored, policy, thumbnails)[0]


def candidates_for_each(
    queries: Sequence[QueryPrints],
    stored: Mapping[str, PictureHashes],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[list[Candidate]]:
    """Return what `candidates_for` returns for each query, faster than one by one.

    If too many pairs are near to be held in memory (thousands of white pages), the queries are
    compared in halves.
    """
    try:
        return _candidates_at_once(queries, stored, policy, thumbnails)
    except hamming.CrowdedError:
        half = len(queries) // 2
        return [
            *candidates_for_each(queries[:half], stored, policy, thumbnails),
            *candidates_for_each(queries[half:], stored, policy, thumbnails),
        ]


def _candidates_at_once(
    queries: Sequence[QueryPrints],
    stored: Mapping[str, PictureHashes],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[list[Candidate]]:
    near: list[list[Doubtful]] = [[] for _ in queries]
    probes = [
        (n, probe) for n, query in enumerate(queries) for probe in policies.probes(query, policy)
    ]
    pair_limit = PAIRS_IN_MEMORY if len(queries) > 1 else None
    probes_of = {view: [(n, probe) for n, probe in probes if probe.view == view] for view in stored}
    for view, hashes in stored.items():
        view_probes = [probe for _, probe in probes_of[view]]
        for place, candidate, low in _compared(hashes, view_probes, pair_limit):
            n, probe = probes_of[view][place]
            shows_little = probe.plain and queries[n].whole.low_information
            flat = policy.low_information and (low or shows_little)
            if not flat or (probe.plain and candidate.row <= policies.LOW_INFORMATION_ROW):
                near[n].append((candidate, flat))
    return [
        sorted(nearest_of_each(query, candidates, thumbnails, nearness=tuple))
        for query, candidates in zip(queries, near, strict=True)
    ]


def nearest_of_each(
    query: QueryPrints,
    candidates: Sequence[Doubtful],
    thumbnails: Thumbnails,
    *,
    nearness: Callable[[Candidate], tuple[object, ...]],
) -> list[Candidate]:
    """Return the nearest candidate for each picture; flat ones only if their thumbnails agree."""
    flat = {candidate.id for candidate, is_flat in candidates if is_flat}
    alike = policies.lookalikes(query.thumbnail, thumbnails(sorted(flat)) if flat else {})
    kept = [c for c, is_flat in candidates if not is_flat or c.id in alike]
    return list({c.id: c for c in sorted(kept, key=nearness, reverse=True)}.values())


def _compared(view: PictureHashes, probes: Sequence[Probe], pair_limit: int | None) -> list[Answer]:
    """Return the stored pictures within the limits of each probe."""
    answers = []
    for by in ("row", "phash"):
        numbers = [n for n, probe in enumerate(probes) if probe.limits.by == by]
        some = [probes[n] for n in numbers]
        for n, candidate, is_flat in _looked_up(view, some, by, pair_limit) if some else ():
            answers.append((numbers[n], candidate, is_flat))
    return answers


def _looked_up(
    view: PictureHashes, probes: Sequence[Probe], by: str, pair_limit: int | None
) -> Iterator[Answer]:
    """Yield the stored pictures within the limits of each probe, looked up by one of the hashes."""
    hashes = np.array([getattr(probe.fingerprint, by) for probe in probes], np.uint64)
    radii = np.array([getattr(probe.limits, by) for probe in probes], np.int64)
    places, positions, near = near_pairs(getattr(view, by), hashes, radii, pair_limit)

    def distances(stored: Hashes, hashes: list[int]) -> npt.NDArray[np.int64]:
        differing = stored[positions] ^ np.array(hashes, np.uint64)[places]
        return np.asarray(np.bitwise_count(differing), np.int64)

    columns = distances(view.column, [probe.fingerprint.column for probe in probes])
    rows, phashes = near.astype(np.int64), near.astype(np.int64)
    if by == "row":
        phashes = distances(view.phash, [probe.fingerprint.phash for probe in probes])
    else:
        rows = distances(view.row, [probe.fingerprint.row for probe in probes])
    scores = rows + columns + 2 * phashes
    limits = np.array([probe.limits.score for probe in probes], np.int64)[places]
    within = rows <= np.array([probe.limits.row for probe in probes], np.int64)[places]
    # Equal keys always match, but only for the whole query upright.
    plain = np.array([probe.plain for probe in probes], np.bool_)[places]
    for hit in np.flatnonzero(((scores <= limits) & within) | ((rows == 0) & plain)):
        place, position, row = int(places[hit]), positions[hit], int(rows[hit])
        measures = int(scores[hit]), row, int(columns[hit]), int(phashes[hit])
        id_, probe = int(view.ids[position]), probes[place]
        candidate = Candidate(*measures, id_, probe.turn, probe.view, row)
        yield place, candidate, bool(view.low_information[position])
