"""What was seen of a shelf's pairs before, and what is learned now and worth keeping."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from imageshelf.hashing import turning
from imageshelf.searching.looks import Look
from imageshelf.searching.second_look import RULE
from imageshelf.shelf import verdicts
from imageshelf.shelf.verdicts import KeptLook

if TYPE_CHECKING:
    from imageshelf.copies.members import Members
    from imageshelf.shelf.records import PictureRow

    State = tuple[int, int]  # a file's size in bytes and mtime in ns
    Ordered = tuple[int, int, int]  # the first and the second picture, and the turn of the first


class VerdictCache:
    """The looks that a shelf keeps, read as they are needed and written at the end."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self._read: set[int] = set()
        self._known: dict[Ordered, Look] = {}
        self._new: list[KeptLook] = []
        self._crowd: dict[int, KeptLook] = {}

    def known(self, pairs: Iterable[Ordered]) -> dict[Ordered, Look]:
        """Return what is kept of these pairs, as far as their files are as they were."""
        wanted = list(pairs)
        lower = {min(a, b) for a, b, _ in wanted} - self._read
        self._read |= lower
        for kept in verdicts.kept_looks(self.members.shelf, sorted(lower)):
            if kept.rule == RULE and kept.a_id < kept.b_id and self._holds(kept):
                self._known.update(_unpacked(kept))
        found = {}
        for pair in wanted:
            other_way = pair[1], pair[0], turning.INVERSE[pair[2]]
            if pair in self._known:
                found[pair] = self._known[pair]
            elif other_way in self._known:
                found[pair] = self._known[other_way].reversed()
        return found

    def crowd(self) -> dict[int, list[int]]:
        """Return, by id, which pictures of higher ids may be near it, of one crowd at most.

        They are added to those that take part.
        """
        rows = [row for row in verdicts.kept_crowds(self.members.shelf) if row.rule == RULE]
        self.members.add([row.a_id for row in rows])
        found = {row.a_id: _of_crowd(row.result) for row in rows if self._holds(row)}
        crowds = Counter(crowd for crowd, _ in found.values() if crowd)
        largest = crowds.most_common(1)[0][0] if crowds else ""
        return {id_: others for id_, (crowd, others) in found.items() if crowd and crowd == largest}

    def note_crowd(self, partners: dict[int, list[int]]) -> None:
        """Note, by id, which pictures of higher ids may be near it, of all of a crowd."""
        crowd = blake2b(repr(list(partners)).encode(), digest_size=8).hexdigest()
        for id_, others in partners.items():
            state = _state(self.members.rows[id_])
            result = json.dumps([crowd, others], separators=(",", ":"))
            self._crowd[id_] = KeptLook(id_, id_, *state, *state, RULE, result)

    def _holds(self, kept: KeptLook) -> bool:
        states = kept[2:4], kept[4:6]
        rows = [self.members.rows.get(id_) for id_ in kept[:2]]
        return all(row and _state(row) == state for row, state in zip(rows, states, strict=True))

    def note(self, pair: Ordered, look: Look) -> None:
        """Note what was seen of a pair, if its files were as the catalogue knows them."""
        a, b, turn = pair
        rows = self.members.rows[a], self.members.rows[b]
        if look.states is None or look.states != tuple(map(_state, rows)):
            return
        low, high = sorted(pair[:2])
        states = (*_state(self.members.rows[low]), *_state(self.members.rows[high]))
        self._new.append(KeptLook(low, high, *states, RULE, _packed(look, turn, swapped=a > b)))

    def keep(self, pixel_digests: dict[str, bytes], crashed: AbstractSet[str]) -> bool:
        """Write what is new, by path: digests, and what ends its decoder, which is not sound.

        Tells whether the shelf took it.
        """
        digests = []
        for id_, row in self.members.rows.items():
            path = self.members.copies[id_].path
            new = self.members.learned.get(id_), pixel_digests.get(path) or None
            unsound = path in crashed
            if (any(new) or unsound) and _state_of(path) == _state(row):
                of_bytes, of_pixels, sound = self.members.digests[id_]
                sound = False if unsound else sound
                digests.append((id_, new[0] or of_bytes, new[1] or of_pixels, sound))
        crowd = [
            row
            for id_, row in self._crowd.items()
            if _state_of(self.members.copies[id_].path) == row[2:4]
        ]
        origins = self.members.learned_origins
        return verdicts.keep(self.members.shelf, self._new + crowd, digests, origins)


def _state(row: PictureRow) -> State:
    return row.size_bytes, row.mtime_ns


def _state_of(path: str) -> State | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _packed(look: Look, turn: int, *, swapped: bool) -> str:
    values = (look.kind, look.agrees, look.differs, look.regions, look.shows, look.colour_differs)
    more = look.size, look.scale, look.grey
    return json.dumps([int(swapped), turn, *values, *more], separators=(",", ":"))


def _unpacked(kept: KeptLook) -> dict[Ordered, Look]:
    """Return the pair, in the order in which it was seen, and the look; {} for what is no look."""
    try:
        swapped, turn, *values = json.loads(kept.result)
        return {(kept[1], kept[0], turn) if swapped else (*kept[:2], turn): _look(*values)}
    except (ValueError, TypeError, RecursionError):
        return {}


def _of_crowd(result: str) -> tuple[str, list[int]]:
    """Return the crowd and the ids in what is kept of it; "" and none for anything else."""
    try:
        crowd, others = json.loads(result)
        return str(crowd), list(map(int, others))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return "", []


def _look(*values: Any) -> Look:
    kind, agrees, differs, regions, shows, colour, size, scale, grey = values
    return Look(
        str(kind), True, agrees, differs, tuple(map(tuple, regions)), tuple(shows), colour,
        tuple(size), scale, tuple(grey),
    )  # fmt: skip
