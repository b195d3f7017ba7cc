"""The pieces on a shelf: crops, screenshots and collages of pictures that are on it, too.

Every picture is looked up by its stored keypoints, once: what was found is kept like the looks at
pairs, and a second listing asks for new pictures only. Copies that could go are left out, as their
keeper has the same pieces.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imageshelf.copies.members import Members
from imageshelf.copies.pair_log import Measures
from imageshelf.copies.pair_verdicts import share_inode
from imageshelf.copies.stars import Relation, Star
from imageshelf.hashing import hamming
from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.pieces.relations import A_PIECE, PART, RELATIONS
from imageshelf.searching import kinds, policies, second_look
from imageshelf.searching.looks import Look
from imageshelf.shelf import points, verdicts
from imageshelf.shelf.verdicts import KeptLook
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    from imageshelf.copies.groups import Duplicates, Group, PairRules
    from imageshelf.pieces.placement import Placement
    from imageshelf.searching.pieces import FoundPiece
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.chunks import PictureHashes
    from imageshelf.shelf.records import PictureRow

RULE = 1  # one more whenever what is found, or what it is called, may change
LARGEST = 1 << 31  # of the numbers that say how two pictures lie
PER_BATCH = 256  # pictures looked up between two reports of progress

Pair = tuple[int, int]  # a query and a match
Placed = tuple["Placement", float | None, bool]  # how they lie, what agrees, compared or not


def added(
    shelf: Shelf,
    answer: Duplicates,
    of_every_kind: Callable[[], Duplicates],
    rules: PairRules,
    progress: Callable[[float], object],
) -> Duplicates:
    """Return the groups of a shelf and, after them, its pieces, with pictures that have them.

    What `of_every_kind` finds is no piece, whatever kinds the answer is limited to.
    """
    options = answer.options
    recipe = points.recipe(shelf.whole_catalogue().db)
    wanted = options.kinds is None or kinds.PIECE in options.kinds
    if recipe is None or not (wanted and options.pieces and options.policy.low_information):
        return answer
    from imageshelf.searching.pieces import PieceSearch

    search = PieceSearch(shelf)
    if not search.is_there or (shelf.recipe and shelf.recipe.hash != DEFAULT):
        return answer
    groups = of_every_kind().groups
    spare = {each.id for group in groups for each in group.members if each.match}
    related = {frozenset((group.keeper.id, each.id)) for group in groups for each in group.members}
    listing = _Listing(Members(shelf, options, rules), f"{RULE} {recipe}", spare)
    for start, batch in listing.batches():
        progress(start)
        listing.note(batch, search.pieces_of(batch))
    limit_mb = shelf.whole_catalogue().number(MEMORY_NOTE, MEMORY_LIMIT_MB)
    with LimitedMap(second_look.WORK, memory_limit_mb=limit_mb) as decoders:
        listing.look(decoders, unseen=options.hashes_only)
    listing.keep()
    progress(1.0)
    pieces = [pair for pair in listing.found if frozenset(pair) not in related]
    return replace(answer, groups=(*answer.groups, *listing.groups(pieces)))


class _Listing:
    """All pieces among some pictures: those known before, and those found now."""

    def __init__(self, members: Members, rule: str, left_out: set[int]) -> None:
        self.members = members
        self._rule = zlib.crc32(rule.encode())
        states = points.states(members.shelf.whole_catalogue().db)
        self._states = {id_: state for id_, state in states.items() if id_ not in left_out}
        self._asked: set[int] = set()
        self.found: dict[Pair, Placed] = {}
        self._new: list[int] = []  # pictures that were looked up now
        self._unseen: dict[Pair, FoundPiece] = {}
        self._read()
        # Of the others nothing has to be known: on a second listing that is nearly all.
        members.add(sorted((self._states.keys() - self._asked).union(*self.found)))

    def _read(self) -> None:
        """Read what is kept of these pictures, as far as their files are as they were."""
        lower = sorted(~id_ for id_ in self._states)
        for kept in verdicts.kept_looks(self.members.shelf, lower):
            a, b = ~kept.a_id, ~kept.b_id
            states = self._states.get(a), self._states.get(b)
            if kept.rule != self._rule or states != (kept[2:4], kept[4:6]):
                continue
            if a == b:
                self._asked.add(a)
            elif unpacked := _unpacked(kept.result):
                swapped, placed = unpacked
                self.found[(b, a) if swapped else (a, b)] = placed

    def batches(self) -> Iterator[tuple[float, list[int]]]:
        """Yield (share that is done, ids) of the pictures that were not looked up before."""
        missing = [id_ for id_ in self.members.rows if id_ not in self._asked]
        for start in range(0, len(missing), PER_BATCH):
            yield start / len(missing), missing[start : start + PER_BATCH]

    def note(self, asked: Sequence[int], answers: dict[int, list[FoundPiece]]) -> None:
        """Note what was found for pictures that were looked up; a pair is found from both ends."""
        self._new += asked
        others = {piece.id for found in answers.values() for piece in found} & self._states.keys()
        self.members.add(sorted(others - self.members.rows.keys()))
        there = others & self.members.rows.keys()  # unless the options leave it out
        for id_, found in answers.items():
            for piece in found:
                ways = (id_, piece.id), (piece.id, id_)
                known = any(way in self.found or way in self._unseen for way in ways)
                if piece.id in there and not known:
                    self._unseen[ways[0]] = piece

    def look(self, decoders: LimitedMap, *, unseen: bool) -> None:
        """Lay what was found now over each other."""
        from imageshelf.searching.pieces import PiecePair, look_of, looks_at

        pairs = [
            PiecePair(self.members.known_file(a), self.members.known_file(b), piece)
            for (a, b), piece in self._unseen.items()
        ]
        if unseen:
            looks = [look_of(pair.piece, None) for pair in pairs]
        else:
            looks = looks_at(pairs, decoders)
        for pair, look in zip(self._unseen, looks, strict=True):
            if look.piece:
                self.found[pair] = look.piece, look.agrees, look.compared

    def keep(self) -> None:
        """Keep on the shelf what was looked up and seen now, if it is this user's."""
        rows = [self._kept(id_, id_, "[]") for id_ in self._new]
        for pair in self._unseen:
            placed, agrees, compared = self.found.get(pair, (None, None, False))
            if placed and compared:
                a, b = sorted(pair, reverse=True)
                packed = json.dumps([int(a != pair[0]), placed, agrees], separators=(",", ":"))
                rows.append(self._kept(a, b, packed))
        verdicts.keep(self.members.shelf, rows, [])

    def _kept(self, a: int, b: int, result: str) -> KeptLook:
        states = (*_state(self.members.rows[a]), *_state(self.members.rows[b]))
        return KeptLook(~a, ~b, *states, self._rule, result)

    def groups(self, pairs: Iterable[Pair]) -> list[Group]:
        """Return pieces below the pictures that they come from; the larger of two that share."""
        by_whole: dict[int, list[Relation]] = {}
        hashes = self.members.shelf.whole_catalogue().hashes()
        for a, b in sorted(pairs):
            if not self.members.comparable(a, b):
                continue
            if share_inode(self.members.rows[a], self.members.rows[b]):
                continue
            placed, agrees, compared = self.found[a, b]
            look = Look(kinds.PIECE, compared=compared, agrees=agrees, piece=placed)
            relation = Relation(b, a, look, _measures(hashes, a, b))
            larger = placed.relation == PART and self._pixels(b) > self._pixels(a)
            if placed.relation == A_PIECE or larger:
                relation = relation.reversed()
            by_whole.setdefault(relation.to, []).append(relation)
        stars = [Star(whole, tuple(found)) for whole, found in by_whole.items()]
        return sorted(map(self.members.group, stars), key=lambda group: group.keeper.path)

    def _pixels(self, id_: int) -> int:
        row = self.members.rows[id_]
        return row.width * row.height


def _measures(hashes: PictureHashes, a: int, b: int) -> Measures:
    """Return the distances of the hashes of two pictures."""
    ours, theirs = policies.fingerprint_of(hashes, a), policies.fingerprint_of(hashes, b)
    if ours is None or theirs is None:
        return Measures()
    row, column, phash = (hamming.distance(ours[at], theirs[at]) for at in range(3))
    return Measures(row, column, phash, policies.score(row, column, phash))


def _state(row: PictureRow) -> tuple[int, int]:
    return row.size_bytes, row.mtime_ns


def _unpacked(result: str) -> tuple[bool, Placed] | None:
    """Return whether the pair is the other way round, and how it lies; None for anything else."""
    from imageshelf.pieces.placement import Placement

    try:
        swapped, fields, agrees = json.loads(result)
        relation, *boxes_and_numbers, mirrored, query_share, match_share, size, other = fields
        box, other_box, *numbers = boxes_and_numbers
        turn, scale, query_share, match_share = map(_number, (*numbers, query_share, match_share))
        placed = Placement(
            relation, _lengths(box, 4), _lengths(other_box, 4), turn, scale, bool(mirrored),
            query_share, match_share, _lengths(size, 2), _lengths(other, 2),
        )  # fmt: skip
        share = None if agrees is None else _number(agrees)
        return (bool(swapped), (placed, share, True)) if relation in RELATIONS else None
    except (ValueError, TypeError, RecursionError):
        return None


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise ValueError("no number of a piece")
    return value


def _lengths(values: Any, count: int) -> Any:
    """Return so many whole numbers as a tuple: a box or a size in pixels."""
    whole = isinstance(values, list) and all(isinstance(each, int) for each in values)
    if not whole or len(values) != count or not all(0 <= each <= LARGEST for each in values):
        raise ValueError("no box and no size of a piece")
    return tuple(values)
