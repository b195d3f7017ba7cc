"""The hashes on a shelf, all in memory, and which of them are near a picture.

A shelf of the default hash is asked by `matching`, one of another hash by `key_matching`; what
somebody wrote by hand is compared by its key alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imageshelf.hashing import hamming
from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.hashing.series import Series
from imageshelf.searching import candidates, kinds, policies
from imageshelf.searching.policies import UPRIGHT
from imageshelf.searching.queries import QueryError
from imageshelf.searching.query_prints import VIEWS
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imageshelf.searching.key_candidates import Radius
    from imageshelf.searching.policies import Candidate, Policy, QueryPrints, Thumbnails, ViewHashes
    from imageshelf.shelf import Shelf


class StoredHashes:
    """What of a shelf a policy compares, read once; call it within one moment of the shelf.

    Raises QueryError for a policy that the shelf's hash does not know.
    """

    def __init__(self, shelf: Shelf, shelve: str, policy: Policy) -> None:
        """Read the shelf, which the user calls `shelve`."""
        self.policy = policy
        recipe = shelf.recipe
        self.full_decode = recipe is not None and recipe.decode == "full"
        self.hash = recipe.hash if recipe else DEFAULT
        self.bits = BITS.get(self.hash, policies.BITS)
        self._radius = self._suited(shelve)
        self.columns: dict[str, ViewHashes] = {}
        catalogue = shelf.catalogue
        self.memory_limit_mb = MEMORY_LIMIT_MB
        if catalogue is not None:
            self.memory_limit_mb = catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
            for view, hashes in catalogue.hashes_of(self._views()).items():
                self.columns[view] = policies.ViewHashes(*hashes, near=Series(hashes.row))
        self._keys = catalogue.keys() if catalogue else None
        self._foreign = shelf.foreign()

    @property
    def by_key(self) -> bool:
        """Whether the shelf is of another hash than the default, so that its keys decide alone."""
        return self._radius is not None

    def candidates_of_each(
        self, queries: Sequence[QueryPrints], thumbnails: Thumbnails
    ) -> list[list[Candidate]]:
        """Return the pictures within the policy for each query, nearest first."""
        if self._keys is None or self._radius is None:
            return candidates.candidates_for_each(queries, self.columns, self.policy, thumbnails)
        from imageshelf.searching import key_candidates

        known = self._keys, self.columns["whole"], self._radius
        return [key_candidates.candidates_for(views, *known, thumbnails) for views in queries]

    def perhaps_similar(self, views: QueryPrints) -> list[int]:
        """Return every picture, or of more than 5,000 those with a row or column hash nearby."""
        whole = self.columns["whole"]
        if len(whole.ids) <= kinds.SIMILAR_EXHAUSTIVE:
            return [int(number) for number in whole.ids]
        print_ = views.whole
        (rows,) = hamming.within(whole.row, [print_.row], [kinds.SIMILAR_BITS])
        (columns,) = hamming.within(whole.column, [print_.column], [kinds.SIMILAR_BITS])
        return [
            int(whole.ids[at]) for at in {*rows.positions.tolist(), *columns.positions.tolist()}
        ]

    def measured(self, views: QueryPrints, number: int) -> Candidate | None:
        """Return the distances of one picture on the shelf; None if it has no hashes."""
        mine, other = views.whole, self.columns["whole"].fingerprint(number)
        if other is None:
            return None
        row, column, phash = (hamming.distance(mine[at], other[at]) for at in range(3))
        score = policies.score(row, column, phash)
        apart = row
        if self._keys is not None:
            from imageshelf.searching import key_candidates

            apart = key_candidates.key_distance(views.keys[UPRIGHT], self._keys, number)
        return policies.Candidate(score, row, column, phash, number, UPRIGHT, "whole", apart)

    def by_hand(self, views: QueryPrints) -> Iterator[tuple[str, int]]:
        """Yield name and distance of what is near among the keys that somebody wrote."""
        radius = min(policies.HAND_WRITTEN_ROW, self.policy.upright.row)
        if self._radius:  # what decides is the key alone, whoever wrote it
            radius = self._radius.upright
        row = views.whole.row.to_bytes(policies.BITS // 8, "big")
        own = views.keys.get(UPRIGHT, row)
        for key, listed in self._foreign:
            apart = _distance_to(key, own)
            if apart <= radius:
                yield from ((name, apart) for name in listed)

    def _suited(self, shelve: str) -> Radius | None:
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

    def _views(self) -> Sequence[str]:
        if self._radius:
            return ["whole"]
        wanted = {
            "whole": True, "trimmed": self.policy.trimmed, "centre": self.policy.centre
        }  # fmt: skip
        return [view for view in VIEWS if wanted[view]]


def _distance_to(key: str, own: bytes) -> int:
    """Return the distance to a key that somebody wrote; what is no key is as far as can be."""
    digits = 2 * len(own)
    if not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", key):
        return 4 * digits + 1
    return hamming.distance(int(key, 16), int.from_bytes(own, "big"))
