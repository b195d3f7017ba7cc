"""The hashes on a shelf, all in memory, and which of them are near a query.

On a shelf of the default hash `policies` decides, on one of another hash `key_candidates`. Entries
written by hand are compared by their keys alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imageshelf.hashing import hamming
from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.searching import candidates, kinds, policies
from imageshelf.searching.policies import UPRIGHT, Candidate, Policy, QueryPrints, Thumbnails
from imageshelf.searching.queries import QueryError
from imageshelf.searching.query_prints import VIEWS
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE

if TYPE_CHECKING:
    from imageshelf.searching.key_candidates import Radius
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.chunks import PictureHashes


class StoredHashes:
    """All hashes on a shelf that a policy compares, read once and within one moment of the shelf.

    Raises QueryError for a policy that the shelf's hash does not support.
    """

    def __init__(self, shelf: Shelf, shelve: str, policy: Policy) -> None:
        """Read the shelf, which messages call `shelve`."""
        self.policy = policy
        recipe = shelf.recipe
        self.full_decode = recipe is not None and recipe.decode == "full"
        self.hash = recipe.hash if recipe else DEFAULT
        self.bits = BITS.get(self.hash, policies.BITS)
        self._radius = self._supported_radius(shelve)
        self.views: dict[str, PictureHashes] = {}
        catalogue = shelf.catalogue
        self.memory_limit_mb = MEMORY_LIMIT_MB
        if catalogue is not None:
            self.memory_limit_mb = catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
            self.views = catalogue.hashes_of(self._compared_views())
        self._keys = catalogue.keys() if catalogue else None
        self._hand_written = shelf.hand_written()

    @property
    def keys_decide(self) -> bool:
        """Whether keys alone decide, because the shelf was made with another hash."""
        return self._radius is not None

    def candidates_for_each(
        self, queries: Sequence[QueryPrints], thumbnails: Thumbnails
    ) -> list[list[Candidate]]:
        """Return the pictures that match each query by the policy, nearest first."""
        if self._keys is None or self._radius is None:
            return candidates.candidates_for_each(queries, self.views, self.policy, thumbnails)
        from imageshelf.searching import key_candidates

        stored = self._keys, self.views["whole"], self._radius
        return [key_candidates.candidates_for(prints, *stored, thumbnails) for prints in queries]

    def perhaps_similar(self, query: QueryPrints) -> list[int]:
        """Return the ids of all pictures; of more than 5,000, only those with near hashes."""
        whole = self.views["whole"]
        if len(whole.ids) <= kinds.SIMILAR_EXHAUSTIVE:
            return [int(id_) for id_ in whole.ids]
        (rows,) = hamming.within(whole.row, [query.whole.row], [kinds.SIMILAR_BITS])
        (columns,) = hamming.within(whole.column, [query.whole.column], [kinds.SIMILAR_BITS])
        return [
            int(whole.ids[at]) for at in {*rows.positions.tolist(), *columns.positions.tolist()}
        ]

    def measured(self, query: QueryPrints, id_: int) -> Candidate | None:
        """Return one picture on the shelf with its distances, or None if it has no hashes."""
        ours, theirs = query.whole, policies.fingerprint_of(self.views["whole"], id_)
        if theirs is None:
            return None
        row, column, phash = (hamming.distance(ours[at], theirs[at]) for at in range(3))
        score = policies.score(row, column, phash)
        distance = row
        if self._keys is not None:
            from imageshelf.searching import key_candidates

            distance = key_candidates.key_distance(query.keys[UPRIGHT], self._keys, id_)
        return policies.Candidate(score, row, column, phash, id_, UPRIGHT, "whole", distance)

    def hand_written(self, query: QueryPrints) -> Iterator[tuple[str, int]]:
        """Yield (name, distance) for entries written by hand whose keys are near."""
        radius = min(policies.HAND_WRITTEN_ROW, self.policy.upright.row)
        if self._radius:  # the key decides alone, whoever wrote it
            radius = self._radius.upright
        row = query.whole.row.to_bytes(policies.BITS // 8, "big")
        own = query.keys.get(UPRIGHT, row)
        for key, names in self._hand_written:
            distance = _distance_to(key, own)
            if distance <= radius:
                yield from ((name, distance) for name in names)

    def _supported_radius(self, shelve: str) -> Radius | None:
        radius = None
        if self.hash != DEFAULT:
            from imageshelf.searching import key_candidates

            try:
                radius = key_candidates.radius_for(self.hash, self.policy)
            except key_candidates.UnsuitedPolicyError as exc:
                raise QueryError(f"{shelve} {exc}") from exc
        if self.policy.upright.row > self.bits:
            raise QueryError(
                f"the keys on {shelve} have {self.bits} bits: expected --max-distance 0 to "
                f"{self.bits}, got {self.policy.upright.row}"
            )
        return radius

    def _compared_views(self) -> Sequence[str]:
        if self._radius:
            return ["whole"]
        limits = {"trimmed": self.policy.trimmed, "centre": self.policy.centre}
        return [view for view in VIEWS if view == "whole" or limits[view]]


def _distance_to(key: str, own: bytes) -> int:
    """Return the distance to a key written by hand; text that is not a key gets the largest."""
    digits = 2 * len(own)
    if not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", key):
        return 4 * digits + 1
    return hamming.distance(int(key, 16), int.from_bytes(own, "big"))
