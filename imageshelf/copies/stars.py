"""Groups that are stars: every member matches the keeper itself, so nothing is chained together.

Pictures are visited from the best to keep to the worst. One that matches no keeper so far becomes a
keeper; any other one joins the keeper, ranked above it, that it is nearest to: by kind, by the
share that agrees, by score. The groups therefore depend on the pictures alone, not on the order in
which pairs were found. What matches a member but not the keeper stands beside the group.

A small picture that agrees as well with several keepers, which differ from each other, shows too
little to tell which one it is of: it is in no group.

A variant or another shot matches no keeper, so it is one itself. Related keepers form stars of
their own, after the groups: each names the one that it is nearest to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import turning
from imageshelf.searching.kinds import IDENTICAL, SAME_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.copies.pairs import PrintPairs
    from imageshelf.searching.looks import Look

    PairOfIds = tuple[int, int, "Measures"]
    MatchesOf = Callable[[int], Iterable[tuple[int, "Measures"]]]
    LooksAt = Callable[[Sequence[PairOfIds]], Sequence["Look | None"]]  # None for no relation
    RelationsOf = Callable[[int], Iterable["Relation"]]

SMALL_PIXELS = 200  # of the longer side: of so small a form nobody can tell who filled it in
AS_WELL = 0.01  # share that agrees: a smaller difference tells nothing about a small picture
PAIRS_TOGETHER = 1024  # looked at in one go, some before it is known that they are needed


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
    look: Look
    measures: Measures

    @property
    def kind(self) -> str:
        """The kind of the two."""
        return self.look.kind

    @property
    def nearness(self) -> tuple[object, ...]:
        """A key that sorts the nearest first; of equally near ones the caller's order counts."""
        return not self.look.is_match, *self.look.nearness, self.measures.score

    def reversed(self) -> Relation:
        """Return the same with the two exchanged."""
        measures = self.measures._replace(turn=turning.INVERSE[self.measures.turn])
        return Relation(self.to, self.id, self.look.reversed(), measures)


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

    def crowded(self, least: int) -> list[int]:
        """Return the pictures whose print matches so many others or more, sorted."""
        many = np.flatnonzero(np.diff(self._starts) >= least).tolist()
        return sorted(id_ for number in many for id_ in self._prints.pictures_of(number))

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


def build_stars(  # noqa: PLR0913, PLR0917 - all that stars depend on
    ranked: Sequence[int],
    matches_of: MatchesOf,
    looks_at: LooksAt,
    relations_of: RelationsOf = lambda _: (),
    progress: Callable[[float], object] = lambda _: None,
    looks_again_at: LooksAt | None = None,
) -> list[Star]:
    """Return the groups of pictures, which are ranked from the best to keep to the worst.

    Groups of copies come first; a picture is in at most one of them. Stars of related pictures
    follow, without those that are a copy of a keeper. `matches_of` returns what the hashes nominate
    for a picture, `looks_at` what is seen of (first, second, measures), and `relations_of` what is
    related to a picture although the hashes do not nominate it. A keeper of which nothing is seen
    is related to the one above it with the best score, if `looks_again_at` sees that.
    """
    building = _Building(ranked, matches_of, looks_at, progress)
    building.find_keepers()
    if looks_again_at:
        building.look_again(looks_again_at)
    return building.copies() + building.related(relations_of)


class _Building:
    """Stars in the making: who is a keeper, which keeper each other picture joins, and the rest."""

    def __init__(
        self,
        ranked: Sequence[int],
        matches_of: MatchesOf,
        looks_at: LooksAt,
        progress: Callable[[float], object],
    ) -> None:
        self.ranked, self.matches_of, self.looks_at = ranked, matches_of, looks_at
        self.progress = progress
        self.place = {picture: at for at, picture in enumerate(ranked)}
        self.keepers: list[int] = []
        self.joined: dict[int, Relation] = {}
        self._small: dict[int, list[Relation]] = {}  # of a small picture: all that it matches
        self.related_to: dict[int, list[Relation]] = {}  # by the lower picture
        self._seen: dict[int, list[Relation]] = {}  # of a keeper: all that was seen
        self._unseen: dict[int, tuple[int, int, PairOfIds]] = {}  # the best pair with one above

    def find_keepers(self) -> None:
        """Decide for each picture whether it is a keeper, or which one it joins."""
        for at, picture in enumerate(self.ranked):
            if picture in self.joined:
                continue
            if picture not in self._seen:
                self.progress(at / len(self.ranked))
                self._look_ahead(at)
            self.keepers.append(picture)
            for relation in self._seen.pop(picture):
                self._note(relation)
        self.progress(1.0)

    def _note(self, relation: Relation) -> None:
        if not relation.look.is_match:
            self.related_to.setdefault(relation.id, []).append(relation)
            return
        if max(relation.look.size) in range(1, SMALL_PIXELS + 1):
            self._small.setdefault(relation.id, []).append(relation)
        before = self.joined.get(relation.id)
        if before is None or relation.nearness < before.nearness:
            self.joined[relation.id] = relation

    def _look_ahead(self, at: int) -> None:
        """See the pairs of the picture at this place, and of later ones that may be keepers.

        A picture that is nominated for one before it is likely to join that one, so its own pairs
        wait until this is known.
        """
        touched: set[int] = set()
        pairs: list[PairOfIds] = []
        for picture in self.ranked[at:]:
            if picture in self.joined or picture in touched or picture in self._seen:
                continue
            own = [
                (picture, other, measures)
                for other, measures in self.matches_of(picture)
                if self.place.get(other, -1) > self.place[picture]
            ]
            touched.update(other for _, other, _ in own)
            pairs += own
            self._seen[picture] = []
            if len(pairs) >= PAIRS_TOGETHER:
                break
        for (picture, other, measures), look in zip(pairs, self.looks_at(pairs), strict=True):
            if look is not None:
                self._seen[picture].append(Relation(other, picture, look, measures))
            else:
                pair = measures.score, self.place[picture], (picture, other, measures)
                self._unseen[other] = min(self._unseen.get(other, pair), pair)

    def look_again(self, looks_at: LooksAt) -> None:
        """Look at one pair of each keeper that was not seen to be related to any."""
        keepers = set(self.keepers)
        pairs = [
            pair
            for picture in self.keepers
            if picture not in self.related_to and picture in self._unseen
            if (pair := self._unseen[picture][-1])[0] in keepers
        ]
        for (picture, other, measures), look in zip(pairs, looks_at(pairs), strict=True):
            if look is not None and not look.is_match:
                self._note(Relation(other, picture, look, measures))

    def copies(self) -> list[Star]:
        """Return the groups of copies, with what stands beside them."""
        members: dict[int, list[Relation]] = {}
        for picture in self.ranked:
            relation = self.joined.get(picture)
            if relation and not is_torn(self._small.get(picture, ())):
                members.setdefault(relation.to, []).append(relation)
        stars = [
            Star(keeper, tuple(members[keeper])) for keeper in self.keepers if keeper in members
        ]
        beside = self._beside(stars)
        return [star._replace(beside=tuple(beside.get(star.keeper, ()))) for star in stars]

    def _beside(self, stars: list[Star]) -> dict[int, list[Relation]]:
        """Return what matches a member but not the keeper, each by the first member it matches."""
        pairs: list[PairOfIds] = []
        homes: list[int] = []
        for star in stars:
            known = {star.keeper, *(member.id for member in star.members)}
            known.update(picture for picture, _ in self.matches_of(star.keeper))
            for member in star.members:
                if member.kind == SAME_FILE:
                    continue
                for picture, measures in self.matches_of(member.id):
                    if picture not in known and picture in self.place:
                        pairs.append((member.id, picture, measures))
                        homes.append(star.keeper)
        beside: dict[int, list[Relation]] = {}
        shown: set[tuple[int, int]] = set()
        for pair, home, look in zip(pairs, homes, self.looks_at(pairs), strict=True):
            member_id, other, measures = pair
            if look is not None and look.is_match and (home, other) not in shown:
                shown.add((home, other))
                beside.setdefault(home, []).append(Relation(other, member_id, look, measures))
        return beside

    def related(self, relations_of: RelationsOf) -> list[Star]:
        """Return the stars of related keepers.

        Each keeper names the nearest of those ranked above it; one that can name none, and that
        nobody names, the nearest below. The first of those that hang together is the star's
        keeper; who names it is a member, and who names a member stands beside.
        """
        options = self._options(relations_of)
        named = {}
        for picture in self.keepers:
            if above := [one for one in options.get(picture, ()) if self._is_below(one)]:
                named[picture] = min(above, key=self._order)
        wanted = {one.to for one in named.values()}
        for picture in self.keepers:
            if picture in options and picture not in named and picture not in wanted:
                named[picture] = min(options[picture], key=self._order)
        return self._trees(named)

    def _options(self, relations_of: RelationsOf) -> dict[int, list[Relation]]:
        """Return for each keeper what it is related to among the keepers, both ways round."""
        keepers = set(self.keepers)
        options: dict[int, list[Relation]] = {}
        for picture in self.keepers:
            seen = self.related_to.get(picture, ())
            beyond = [one.reversed() for one in relations_of(picture)]
            for one in seen:
                options.setdefault(picture, []).append(one)
                options.setdefault(one.to, []).append(one.reversed())
            options.setdefault(picture, []).extend(one for one in beyond if one.to in keepers)
        return {picture: some for picture, some in options.items() if some}

    def _is_below(self, relation: Relation) -> bool:
        return self.place[relation.id] > self.place[relation.to]

    def _order(self, relation: Relation) -> tuple[object, ...]:
        return *relation.nearness, self.place[relation.to]

    def _trees(self, named: dict[int, Relation]) -> list[Star]:
        members: dict[int, list[Relation]] = {}
        beside: dict[int, list[Relation]] = {}
        for picture in self.keepers:
            if picture in named:
                root = _root(picture, named)
                kind = members if named[picture].to == root else beside
                kind.setdefault(root, []).append(named[picture])
        return [
            Star(keeper, tuple(members[keeper]), tuple(beside.get(keeper, ())))
            for keeper in self.keepers
            if keeper in members
        ]


def is_torn(matches: Sequence[Relation]) -> bool:
    """Tell whether a small picture agrees as well with several keepers."""
    if len(matches) < 2:
        return False
    first, second = sorted(matches, key=lambda one: one.nearness)[:2]
    as_well = (first.look.agrees or 0.0) - (second.look.agrees or 0.0) <= AS_WELL
    return first.kind == second.kind and first.kind not in IDENTICAL and as_well


def _root(picture: int, named: dict[int, Relation]) -> int:
    while picture in named:
        picture = named[picture].to
    return picture
