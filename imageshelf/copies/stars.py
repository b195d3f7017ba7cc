"""Groups that are stars: every member matches the keeper itself, so nothing is chained together.

Pictures are visited from the best to keep to the worst. A picture that is in no group yet becomes a
keeper and takes all later ones that match it. The groups therefore depend on the pictures alone,
not on the order in which pairs were found. What matches a member but not the keeper stands beside
the group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import turning
from imageshelf.searching.kinds import NOT_COPIES, SAME_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imageshelf.copies.pairs import PrintPairs
    from imageshelf.copies.prints import Prints

    MatchesOf = Callable[[int], Iterable[tuple[int, "Measures"]]]
    KindOf = Callable[[int, int, "Measures"], str]  # "" for no relation
    RelationsOf = Callable[[int], Iterable["Relation"]]


class Measures(NamedTuple):
    """How far apart two pictures are, and what the first must undergo to look like the second."""

    row: int = 0
    column: int = 0
    phash: int = 0
    score: int = 0
    turn: int = 0  # index into ORIENTATIONS


class Relation(NamedTuple):
    """A picture, and how it is related to another one, whose id is `to`."""

    id: int
    to: int
    kind: str
    measures: Measures


class Star(NamedTuple):
    """A picture to keep, the pictures that match it, and those that match only one of these."""

    keeper: int
    members: tuple[Relation, ...]
    beside: tuple[Relation, ...] = ()


class MatchGraph:
    """Which pictures match, derived from the pairs of their prints."""

    def __init__(self, prints: Prints, pairs: PrintPairs) -> None:
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
        """The ids of all pictures that match any other."""
        return sorted(self._print_of)

    def upright(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yield two lists of pictures, each of the first matching each of the second unturned.

        Pictures that share a print are in both lists.
        """
        pictures_of = self._prints.pictures_of
        for number in np.flatnonzero(np.diff(self._prints.starts) > 1).tolist():
            yield pictures_of(number), pictures_of(number)
        for pair in self._pairs:
            if not pair.turn:
                yield pictures_of(pair.first), pictures_of(pair.second)

    def matches(self, picture: int) -> Iterator[tuple[int, Measures]]:
        """Yield every picture that matches this one, with the measures of the two."""
        own = self._print_of.get(picture)
        if own is None:
            return
        for other in self._prints.pictures_of(own):
            if other != picture:
                yield other, Measures()
        for end in self._order[self._starts[own] : self._starts[own + 1]].tolist():
            pair = self._pairs.pair(end % len(self._pairs))
            is_first = end < len(self._pairs)
            turn = pair.turn if is_first else turning.INVERSE[pair.turn]
            measures = Measures(pair.row, pair.column, pair.phash, pair.score, turn)
            for other in self._prints.pictures_of(pair.second if is_first else pair.first):
                yield other, measures


def build_stars(
    ranked: Sequence[int],
    matches_of: MatchesOf,
    kind_of: KindOf,
    relations_of: RelationsOf = lambda _: (),
) -> list[Star]:
    """Return the groups of pictures, which are ranked from the best to keep to the worst.

    Groups of copies come first; a picture is in at most one of them. Groups of other shots and of
    similar pictures follow; a picture is in at most one of these, too, and in none if it is a copy
    of a keeper. A picture left over stands beside the group of one it is related to.
    `relations_of` returns the relations of a picture that the policy does not match.
    """
    place = {picture: at for at, picture in enumerate(ranked)}
    taken: set[int] = set()
    copies: list[Star] = []
    others: dict[int, list[Relation]] = {}
    for keeper in ranked:
        if keeper in taken:
            continue
        matches = [
            Relation(picture, keeper, kind, measures)
            for picture, measures in matches_of(keeper)
            if place.get(picture, -1) > place[keeper] and picture not in taken
            if (kind := kind_of(keeper, picture, measures))
        ]
        if shots := [match for match in matches if match.kind in NOT_COPIES]:
            others[keeper] = shots
        members = tuple(match for match in matches if match.kind not in NOT_COPIES)
        taken.update(member.id for member in members)
        if members:
            copies.append(Star(keeper, members))
    complete = [star._replace(beside=_beside(star, place, matches_of, kind_of)) for star in copies]
    left = [picture for picture in ranked if picture not in taken]
    return complete + _related_stars(
        left, lambda keeper: [*others.get(keeper, ()), *relations_of(keeper)]
    )


def _beside(
    star: Star, place: dict[int, int], matches_of: MatchesOf, kind_of: KindOf
) -> tuple[Relation, ...]:
    """Return what matches a member but not the keeper, each by the first member it matches."""
    known = {star.keeper, *(member.id for member in star.members)}
    known.update(picture for picture, _ in matches_of(star.keeper))
    beside = []
    for member in sorted(star.members, key=lambda member: place[member.id]):
        for picture, measures in matches_of(member.id):
            if picture in known or picture not in place or member.kind == SAME_FILE:
                continue
            kind = kind_of(member.id, picture, measures)
            if kind and kind not in NOT_COPIES:
                known.add(picture)
                beside.append(Relation(picture, member.id, kind, measures))
    return tuple(beside)


def _related_stars(ranked: list[int], relations_of: RelationsOf) -> list[Star]:
    left = set(ranked)
    stars: list[Star] = []
    star_of: dict[int, int] = {}  # the place of a picture's star
    for keeper in ranked:
        if keeper in left:
            left.discard(keeper)  # a related picture that ranks higher would have taken it
            members = tuple(other for other in relations_of(keeper) if other.id in left)
            left.difference_update(member.id for member in members)
            if members:
                star_of |= dict.fromkeys([keeper, *(member.id for member in members)], len(stars))
                stars.append(Star(keeper, members))
    alone = [picture for picture in ranked if picture not in star_of]
    return _with_strays(stars, star_of, alone, relations_of)


def _with_strays(
    stars: list[Star], star_of: dict[int, int], alone: list[int], relations_of: RelationsOf
) -> list[Star]:
    """Return the stars with the pictures beside them that are in none: the end of a long burst."""
    beside: dict[int, Relation] = {}
    for star in stars:
        for member in star.members:
            strays = [other for other in relations_of(member.id) if other.id not in star_of]
            beside |= {stray.id: stray for stray in strays}
    for picture in alone:
        for other in relations_of(picture):
            if other.id in star_of and picture not in beside:
                turn = turning.INVERSE[other.measures.turn]
                measures = other.measures._replace(turn=turn)
                beside[picture] = Relation(picture, other.id, other.kind, measures)
    strays_of: dict[int, list[Relation]] = {}
    for picture in alone:
        if picture in beside:
            strays_of.setdefault(star_of[beside[picture].to], []).append(beside[picture])
    return [star._replace(beside=tuple(strays_of.get(at, ()))) for at, star in enumerate(stars)]
