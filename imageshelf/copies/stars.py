"""Groups that are stars: every member matches the keeper itself, so nothing is chained together.

Pictures are gone through from the best to keep to the worst. One that no group has taken yet takes
all later ones that match it; so the groups depend on the pictures alone, not on the order in which
pairs were found. What matches a member but not the keeper is beside the group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import turning
from imageshelf.searching.kinds import ANOTHER_SHOT, SAME_FILE, SIMILAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imageshelf.copies.pairs import Pairs
    from imageshelf.copies.prints import Prints

    Neighbours = Callable[[int], Iterable[tuple[int, "Measures"]]]
    Related = Callable[[int, int, "Measures"], str]  # the kind, "" for no relation
    Others = Callable[[int], Iterable["Relation"]]

NO_COPIES = frozenset({ANOTHER_SHOT, SIMILAR})


class Measures(NamedTuple):
    """How far two pictures are apart, and what the first must undergo to look like the second."""

    row: int = 0
    column: int = 0
    phash: int = 0
    score: int = 0
    turn: int = 0  # index into ORIENTATIONS


class Relation(NamedTuple):
    """A picture, and how it is related to another one, `to`."""

    id: int
    to: int
    kind: str
    measures: Measures


class Star(NamedTuple):
    """A picture to keep, what matches it, and what matches only one of those."""

    keeper: int
    members: tuple[Relation, ...]
    beside: tuple[Relation, ...] = ()


class Graph:
    """Which pictures match which, by their prints."""

    def __init__(self, prints: Prints, pairs: Pairs) -> None:
        self._prints, self._pairs = prints, pairs
        first = (pairs.numbers >> np.uint64(32)).astype(np.int64)
        second = (pairs.numbers & np.uint64(0xFFFFFFFF)).astype(np.int64)
        ends = np.concatenate([first, second])
        self._order = np.argsort(ends, kind="stable")
        self._starts = np.searchsorted(ends[self._order], np.arange(len(prints.whole.ids) + 1))
        involved = (np.diff(self._starts) > 0) | (np.diff(prints.starts) > 1)
        self._print_of = {
            picture: number
            for number in np.flatnonzero(involved).tolist()
            for picture in prints.pictures_of(number)
        }

    @property
    def pictures(self) -> list[int]:
        """The pictures that match any other."""
        return sorted(self._print_of)

    def upright(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yield pictures on two sides that match each other without a turn.

        Those that share a print stand on both sides.
        """
        of = self._prints.pictures_of
        for number in np.flatnonzero(np.diff(self._prints.starts) > 1).tolist():
            yield of(number), of(number)
        for pair in self._pairs:
            if not pair.turn:
                yield of(pair.first), of(pair.second)

    def matches(self, picture: int) -> Iterator[tuple[int, Measures]]:
        """Yield every picture that matches this one, with their distance."""
        own = self._print_of.get(picture)
        if own is None:
            return
        for other in self._prints.pictures_of(own):
            if other != picture:
                yield other, Measures()
        for at in self._order[self._starts[own] : self._starts[own + 1]].tolist():
            pair = self._pairs.pair(at % len(self._pairs))
            ahead = at < len(self._pairs)
            turn = pair.turn if ahead else turning.INVERSE[pair.turn]
            measures = Measures(pair.row, pair.column, pair.phash, pair.score, turn)
            for other in self._prints.pictures_of(pair.second if ahead else pair.first):
                yield other, measures


def stars(
    order: Sequence[int],
    matches: Neighbours,
    related: Related,
    beyond: Others = lambda _: (),
) -> list[Star]:
    """Return the groups of pictures that are given from the best to keep to the worst.

    Copies come first, each picture in one group at most. Then other shots and similar pictures,
    in groups of their own: of them each picture is in one more at most, and never one that is a
    copy of another; one that is in none is beside the group of a picture it is related to.
    `beyond` gives such relations of a picture that are no matches.
    """
    place = {picture: at for at, picture in enumerate(order)}
    taken: set[int] = set()
    copies: list[Star] = []
    others: dict[int, list[Relation]] = {}
    for keeper in order:
        if keeper in taken:
            continue
        found = [
            Relation(picture, keeper, kind, measures)
            for picture, measures in matches(keeper)
            if place.get(picture, -1) > place[keeper] and picture not in taken
            if (kind := related(keeper, picture, measures))
        ]
        if shots := [one for one in found if one.kind in NO_COPIES]:
            others[keeper] = shots
        members = tuple(one for one in found if one.kind not in NO_COPIES)
        taken.update(one.id for one in members)
        if members:
            copies.append(Star(keeper, members))
    besides = [star._replace(beside=_beside(star, place, matches, related)) for star in copies]
    left = [picture for picture in order if picture not in taken]
    return besides + _shots(left, lambda keeper: [*others.get(keeper, ()), *beyond(keeper)])


def _beside(
    star: Star, place: dict[int, int], matches: Neighbours, related: Related
) -> tuple[Relation, ...]:
    """Return what matches a member but not the keeper, by the first member that it matches."""
    known = {star.keeper, *(member.id for member in star.members)}
    known.update(picture for picture, _ in matches(star.keeper))
    beside = []
    for member in sorted(star.members, key=lambda one: place[one.id]):
        for picture, measures in matches(member.id):
            if picture in known or picture not in place or member.kind == SAME_FILE:
                continue
            kind = related(member.id, picture, measures)
            if kind and kind not in NO_COPIES:
                known.add(picture)
                beside.append(Relation(picture, member.id, kind, measures))
    return tuple(beside)


def _shots(order: list[int], others: Others) -> list[Star]:
    left = set(order)
    found: list[Star] = []
    home: dict[int, int] = {}  # which star a picture is in
    for keeper in order:
        if keeper in left:
            left.discard(keeper)  # what comes later and is related would have been taken before
            members = tuple(one for one in others(keeper) if one.id in left)
            left.difference_update(one.id for one in members)
            if members:
                home |= dict.fromkeys([keeper, *(one.id for one in members)], len(found))
                found.append(Star(keeper, members))
    return _with_the_lone(found, home, [one for one in order if one not in home], others)


def _with_the_lone(
    found: list[Star], home: dict[int, int], alone: list[int], others: Others
) -> list[Star]:
    """Return the stars with those beside them that would be in none: the end of a long burst."""
    beside: dict[int, Relation] = {}
    for star in found:
        for member in star.members:
            beside |= {one.id: one for one in others(member.id) if one.id not in home}
    for picture in alone:
        for one in others(picture):
            if one.id in home and picture not in beside:
                turn = turning.INVERSE[one.measures.turn]
                measures = one.measures._replace(turn=turn)
                beside[picture] = Relation(picture, one.id, one.kind, measures)
    more: dict[int, list[Relation]] = {}
    for picture in alone:
        if picture in beside:
            more.setdefault(home[beside[picture].to], []).append(beside[picture])
    return [star._replace(beside=tuple(more.get(at, ()))) for at, star in enumerate(found)]
