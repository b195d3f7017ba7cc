"""Which stored pictures match a query: its ways of being looked at against columns of hashes.

What counts as a match is said in `matching`. One query costs a look at every row hash for each
way; many at once are compared together, view by view on several cores.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.searching import policy as matching
from imageshelf.searching.policy import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from imageshelf.searching.policy import Column, Policy, Probe, Thumbnails, Views

    Hashes = npt.NDArray[np.uint64]
    Compared = tuple[int, Candidate, bool]  # the place of its probe; whether the picture is flat
    Found = tuple[Candidate, bool]  # and whether it is flat, so that looks decide

MOST_PAIRS = 10_000_000  # of several queries at once, by the row hash: 200 MB
MANY = 32  # queries at once that are worth a thread for each view


def candidates(
    query: Views,
    stored: Mapping[str, Column],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[Candidate]:
    """Return every stored picture that matches, nearest first, each once.

    `stored` gives the columns of each view; `thumbnails` the 16x16 luma thumbnails of pictures,
    which are asked for only where there is little information in the hashes.
    """
    return candidates_of_each([query], stored, policy, thumbnails)[0]


def candidates_of_each(
    queries: Sequence[Views],
    stored: Mapping[str, Column],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[list[Candidate]]:
    """Return what `candidates` returns for each of several queries, in less time than one by one.

    Where too much is near to be held at once (thousands of white pages), fewer are asked at once.
    """
    try:
        return _candidates(queries, stored, policy, thumbnails)
    except hamming.CrowdedError:
        half = len(queries) // 2
        return [
            *candidates_of_each(queries[:half], stored, policy, thumbnails),
            *candidates_of_each(queries[half:], stored, policy, thumbnails),
        ]


def _candidates(
    queries: Sequence[Views],
    stored: Mapping[str, Column],
    policy: Policy,
    thumbnails: Thumbnails,
) -> list[list[Candidate]]:
    found: list[list[Found]] = [[] for _ in queries]
    wanted = [
        (n, probe) for n, query in enumerate(queries) for probe in matching.probes(query, policy)
    ]
    most = MOST_PAIRS if len(queries) > 1 else None
    here = {view: [(n, probe) for n, probe in wanted if probe.view == view] for view in stored}
    tasks = [
        partial(_compared, column, [probe for _, probe in here[view]], most)
        for view, column in stored.items()
    ]
    for view, answers in zip(stored, _side_by_side(tasks, len(queries)), strict=True):
        for at, candidate, low in answers:
            n, probe = here[view][at]
            flat = policy.low_information and (low or matching.is_flat(queries[n], probe.turn))
            if not flat or (probe.plain and candidate.row <= matching.LOW_INFORMATION_ROW):
                found[n].append((candidate, flat))
    return [
        sorted(each_once(query, some, thumbnails, nearness=tuple))
        for query, some in zip(queries, found, strict=True)
    ]


def each_once(
    query: Views,
    found: Sequence[Found],
    thumbnails: Thumbnails,
    *,
    nearness: Callable[[Candidate], tuple[object, ...]],
) -> list[Candidate]:
    """Return the nearest candidate of each picture; of the flat ones those that look alike."""
    flat = {candidate.id for candidate, is_doubtful in found if is_doubtful}
    alike = matching.looking_alike(query.thumbnail, thumbnails(sorted(flat)) if flat else {})
    kept = [c for c, is_doubtful in found if not is_doubtful or c.id in alike]
    return list({c.id: c for c in sorted(kept, key=nearness, reverse=True)}.values())


def _side_by_side(
    tasks: Sequence[Callable[[], list[Compared]]], queries: int
) -> Iterable[list[Compared]]:
    """Return what each task returns; the tasks of many queries share the cores.

    Where processes can be forked each task has all cores to itself already.
    """
    if queries < MANY:
        return [task() for task in tasks]
    from imageshelf.system.forks import can_fork

    if can_fork():
        return [task() for task in tasks]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: task(), tasks))


def _compared(column: Column, wanted: Sequence[Probe], most: int | None) -> list[Compared]:
    """Return what is within the limits: the place of the probe, and whether the picture is flat."""
    rows = [probe.fingerprint.row for probe in wanted]
    radii = [probe.limits.row for probe in wanted]
    if column.near is None:
        near = hamming.pair_table(hamming.within(column.row, rows, radii, most))
    else:
        near = column.near.pairs(rows, radii, most)
    asked, positions, row_apart = near

    def apart(stored: Hashes, hashes: list[int]) -> npt.NDArray[np.int64]:
        differing = stored[positions] ^ np.array(hashes, np.uint64)[asked]
        return np.asarray(np.bitwise_count(differing), np.int64)

    columns = apart(column.column, [probe.fingerprint.column for probe in wanted])
    phashes = apart(column.phash, [probe.fingerprint.phash for probe in wanted])
    scores = row_apart.astype(np.int64) + columns + 2 * phashes
    allowed = np.array([probe.limits.score for probe in wanted], np.int64)[asked]
    # An exact key is always listed, but only of the whole query upright.
    plain = np.array([probe.plain for probe in wanted], np.bool_)[asked]
    found = []
    for hit in np.flatnonzero((scores <= allowed) | ((row_apart == 0) & plain)):
        at, position, row = int(asked[hit]), positions[hit], int(row_apart[hit])
        measures = int(scores[hit]), row, int(columns[hit]), int(phashes[hit])
        id_, probe = int(column.ids[position]), wanted[at]
        candidate = Candidate(*measures, id_, probe.turn, probe.view, row)
        found.append((at, candidate, bool(column.low_information[position])))
    return found
