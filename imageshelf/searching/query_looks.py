"""The second look at all that the hashes nominate for queries.

Of a query with many candidates, a form among forms, the best are looked at; the others are reduced
and compared in blocks first (`overlay/coarse.py`), and what cannot be near is `similar`, unseen.

A small picture that agrees as well with several pictures, which differ from each other, shows too
little to tell which one it is of: it is `similar` to them, whether it is the query or is found.
"""

from collections.abc import Sequence

from imageshelf.searching import kinds
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.looks import Look, agree_as_well, is_small
from imageshelf.searching.query_prints import TURN_NAMES
from imageshelf.searching.ranking import Prospect
from imageshelf.searching.second_look import Pair, SecondLook
from imageshelf.workers.limited_map import LimitedMap

ALWAYS_SEEN = 48  # candidates of one query, the best: a list of them is read from its top
MOST_RIVALS = 8  # that a small picture is compared with: it need not be torn between all
PICTURES_PER_BLOCK = 256
NOT_NEAR = Look(kinds.SIMILAR, compared=True)  # what only the coarse comparison has seen


def looks_at(
    queries: Sequence[KnownFile],
    prospects: Sequence[Sequence[Prospect]],
    decoders: LimitedMap,
    *,
    hashes_only: bool,
) -> list[Look]:
    """Return what is seen of every prospect of each query, one query after the other.

    `decoders` is a map of `second_look.WORK`.
    """
    if hashes_only:
        return [
            Look(each.kind or kinds.kind_of(query, each.file, TURN_NAMES[each.turn]), trusted=True)
            for query, found in zip(queries, prospects, strict=True)
            for each in found
        ]
    with SecondLook(memory_limit_mb=decoders.memory_limit_mb, decoders=decoders) as looking:
        known = [
            _without_looking(query, found, looking)
            for query, found in zip(queries, prospects, strict=True)
        ]
        nominated = [
            Pair(query, prospect.file, prospect.turn)
            for query, found, looks in zip(queries, prospects, known, strict=True)
            for prospect, look in zip(found, looks, strict=True)
            if look is None
        ]
        seen = iter(looking.at(nominated))
        answers: list[Look] = []
        for query, found, looks in zip(queries, prospects, known, strict=True):
            every = [look or next(seen) for look in looks]
            torn = _torn(query, found, every, looking)
            answers += [NOT_NEAR if n in torn else look for n, look in enumerate(every)]
    return answers


def _without_looking(
    query: KnownFile, found: Sequence[Prospect], looking: SecondLook
) -> list[Look | None]:
    """Return the looks that thumbnails and the coarse comparison decide; None for the others."""
    looks = [Look(each.kind, compared=True) if each.kind else None for each in found]
    upright = [n for n, each in enumerate(found) if not each.kind and not each.turn]
    rest = sorted(upright, key=lambda n: found[n].score)[ALWAYS_SEEN:]
    for start in range(0, len(rest), PICTURES_PER_BLOCK):
        some = rest[start : start + PICTURES_PER_BLOCK]
        for n in _not_near(query, {n: found[n].file for n in some}, looking):
            looks[n] = NOT_NEAR
    return looks


def _not_near(query: KnownFile, files: dict[int, KnownFile], looking: SecondLook) -> list[int]:
    """Return which of the files cannot be near the query."""
    from imageshelf.overlay import coarse

    own, *others = looking.reduced([query, *files.values()])
    pictures = {n: each for n, each in zip(files, others, strict=True) if each is not None}
    if own is None or not pictures:
        return []
    every = list(pictures.values())
    possible = coarse.possible(coarse.block([own]), coarse.block(every))[0]
    differing = coarse.differing(own, every)
    return [n for n, stays in zip(pictures, possible & ~differing, strict=True) if not stays]


def _torn(
    query: KnownFile, found: Sequence[Prospect], looks: Sequence[Look], looking: SecondLook
) -> set[int]:
    """Return the places of matches between which a small picture is torn."""
    near = [
        n for n, look in enumerate(looks)
        if look.is_match and look.compared and look.kind not in kinds.IDENTICAL
    ]  # fmt: skip
    if is_small(query.size):
        best = min(near, key=lambda n: looks[n].nearness, default=-1)
        rivals = [n for n in near if n != best and agree_as_well(looks[best], looks[n])]
        pairs = [Pair(found[best].file, found[n].file) for n in rivals[:MOST_RIVALS]]
        return set(near) if any(not look.is_match for look in looking.at(pairs)) else set()
    others = sorted(
        (n for n, look in enumerate(looks) if look.compared and not look.is_match),
        key=lambda n: found[n].score,
    )[:MOST_RIVALS]
    torn = set()
    for n in near:
        if is_small(found[n].file.size) and not found[n].turn:
            pairs = [Pair(found[m].file, found[n].file) for m in others if not found[m].turn]
            if any(agree_as_well(looks[n], look) for look in looking.at(pairs)):
                torn.add(n)
    return torn
