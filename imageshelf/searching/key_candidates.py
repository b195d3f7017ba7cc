"""What counts as a match on a shelf whose keys are another hash: a radius of that hash.

Every catalogue holds the three hashes of `policies`, but a query to such a shelf is answered by the
hash that the shelf was made with. `hash_names` has its default distance, with the reason. Turned
and mirrored, a query has seven more chances to be wrong, so these limits are tighter in the same
proportion as in the default policy (10 bits for 14). Flat pictures follow the default's rule, too:
upright only, rows within 4 bits, thumbnails within 4 of 255 grey levels. Measurements showed that
other hashes tell hardly more about a flat picture. `--max-distance` and `--similarity` are plain
radii: they look upright only and know no rule for flat pictures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE
from imageshelf.searching import policies
from imageshelf.searching.candidates import nearest_of_each
from imageshelf.searching.policies import (
    DEFAULT,
    LOW_INFORMATION_ROW,
    UPRIGHT,
    Candidate,
    Policy,
    QueryPrints,
)
from imageshelf.shelf import chunks
from imageshelf.shelf.chunks import PictureHashes, StoredKeys


class UnsuitedPolicyError(ValueError):
    """A policy that has no meaning for a hash; one sentence says which policies do."""


class Radius(NamedTuple):
    """The largest distances of keys that still match, in bits; `turned` is None for no turns."""

    upright: int
    turned: int | None
    low_information: bool  # whether flat pictures have the stricter rule


def radius_for(name: str, policy: Policy) -> Radius:
    """Return what a policy means for a hash; raise UnsuitedPolicyError if it means nothing.

    >>> radius_for("phash", DEFAULT)
    Radius(upright=10, turned=7, low_information=True)
    """
    if policy.percent is not None:
        return Radius(policies.max_distance(policy.percent, BITS[name]), None, False)
    if not policy.low_information:
        return Radius(policy.upright.row, None, False)
    if policy != DEFAULT:
        raise UnsuitedPolicyError(
            f"holds {name} keys, which know no --strict and no --loose: say --max-distance N "
            f"(0 to {BITS[name]} bits, {DEFAULT_DISTANCE[name]} without it)"
        )
    upright = DEFAULT_DISTANCE[name]
    turned = upright * DEFAULT.turned.row // DEFAULT.upright.row if DEFAULT.turned else None
    return Radius(upright, turned, True)


def candidates_for(
    query: QueryPrints,
    keys: StoredKeys,
    whole: PictureHashes,
    limits: Radius,
    thumbnails: Callable[[Sequence[int]], Mapping[int, bytes]],
) -> list[Candidate]:
    """Return every stored picture within the limits, nearest first, each once.

    `keys` and `whole` are of the same pictures. `thumbnails` returns 16x16 luma by id; it is called
    only for flat pictures.
    """
    matches = []
    for candidate, low in _within(query, keys, whole, limits):
        flat = limits.low_information and (low or policies.is_flat(query, candidate.turn))
        if not flat or not (candidate.turn or candidate.row > LOW_INFORMATION_ROW):
            matches.append((candidate, flat))
    best = nearest_of_each(query, matches, thumbnails, nearness=_nearness)
    return sorted(best, key=_nearness)


def key_distance(key: bytes, keys: StoredKeys, id_: int) -> int:
    """Return the distance of a key to the key of the picture with this id, which must have one."""
    stored = keys.words[:, np.searchsorted(keys.ids, id_)]
    return int(np.bitwise_count(chunks.words_of([key])[:, 0] ^ stored).sum())


def _within(
    query: QueryPrints, keys: StoredKeys, whole: PictureHashes, limits: Radius
) -> Iterator[tuple[Candidate, bool]]:
    """Yield every stored picture whose key is within the limits, and whether it is flat."""
    turns = [turn for turn in query.keys if turn == UPRIGHT or limits.turned is not None]
    radii = [limits.upright if turn == UPRIGHT else limits.turned or 0 for turn in turns]
    words = chunks.words_of([query.keys[turn] for turn in turns])
    near = hamming.within_words(keys.words, words, radii)
    for turn, (positions, distances) in zip(turns, near, strict=True):
        ours = query.whole if turn == UPRIGHT else query.turned[turn]
        for at, bits in zip(positions.tolist(), distances.tolist(), strict=True):
            theirs = whole.row[at], whole.column[at], whole.phash[at]
            row, column, phash = (
                hamming.distance(a, int(b)) for a, b in zip(ours[:3], theirs, strict=True)
            )
            score = policies.score(row, column, phash)
            id_ = int(keys.ids[at])
            yield (
                Candidate(score, row, column, phash, id_, turn, "whole", bits),
                bool(whole.low_information[at]),
            )


def _nearness(candidate: Candidate) -> tuple[int, Candidate]:
    return candidate.distance, candidate
