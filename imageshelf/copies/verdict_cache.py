"""What was seen of a shelf's pairs before, and what is learned now and worth keeping."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from imageshelf.searching.looks import Look
from imageshelf.searching.second_look import RULE
from imageshelf.shelf import verdicts
from imageshelf.shelf.verdicts import KeptLook

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def known(self, pairs: Iterable[Ordered]) -> dict[Ordered, Look]:
        """Return what is kept of these pairs, as far as their files are as they were."""
        wanted = list(pairs)
        lower = {min(a, b) for a, b, _ in wanted} - self._read
        self._read |= lower
        for kept in verdicts.kept_looks(self.members.shelf, sorted(lower)):
            if kept.rule == RULE and self._holds(kept):
                self._known.update(_unpacked(kept))
        return {pair: self._known[pair] for pair in wanted if pair in self._known}

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

    def keep(self, pixel_digests: dict[str, bytes]) -> bool:
        """Write what is new; `pixel_digests` are by path. Tell whether the shelf took it."""
        digests = []
        for id_, row in self.members.rows.items():
            path = self.members.copies[id_].path
            new = self.members.learned.get(id_), pixel_digests.get(path) or None
            if any(new) and _state_of(path) == _state(row):
                of_bytes, of_pixels, sound = self.members.digests[id_]
                digests.append((id_, new[0] or of_bytes, new[1] or of_pixels, sound))
        origins = self.members.learned_origins
        return verdicts.keep(self.members.shelf, self._new, digests, origins)


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
    except (ValueError, TypeError):
        return {}


def _look(*values: Any) -> Look:
    kind, agrees, differs, regions, shows, colour, size, scale, grey = values
    return Look(
        str(kind), True, agrees, differs, tuple(map(tuple, regions)), tuple(shows), colour,
        tuple(size), scale, tuple(grey),
    )  # fmt: skip
