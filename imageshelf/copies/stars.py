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

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.hashing import turning
from imageshelf.searching.kinds import SAME_FILE
from imageshelf.searching.looks import Look, agree_as_well, is_small

if TYPE_CHECKING:
    from imageshelf.copies.pair_log import Measures, Nominee

    PairOfIds = tuple[int, int, Measures]
    MatchesOf = Callable[[int], Iterable[Nominee]]
    LooksAt = Callable[[Sequence[PairOfIds]], Sequence["Look | None"]]  # None for no relation
    RelationsOf = Callable[[int], Iterable["Relation"]]

PAIRS_TOGETHER = 1024  # looked at in one go, some before it is known that they are needed


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


def build_stars(  # noqa: PLR0913, PLR0917 - all that stars depend on
    ranked: Sequence[int],
    matches_of: MatchesOf,
    looks_at: LooksAt,
    relations_of: RelationsOf = lambda _: (),
    progress: Callable[[float], object] = lambda _: None,
    thrown_out: MatchesOf = lambda _: (),
) -> list[Star]:
    """Return the groups of pictures, which are ranked from the best to keep to the worst.

    Groups of copies come first; a picture is in at most one of them. Stars of related pictures
    follow, without those that are a copy of a keeper. `matches_of` returns what the hashes nominate
    for a picture, `looks_at` what is seen of (first, second, measures), and `relations_of` what is
    related to a picture although the hashes do not nominate it. `thrown_out` returns the best of
    what is no copy of a picture and was not looked at: a keeper of which nothing else is seen is
    related to that, or to its keeper.
    """
    building = _Building(ranked, matches_of, looks_at, progress)
    building.find_keepers()
    building.look_again(thrown_out)
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
        if is_small(relation.look.size):
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

    def look_again(self, thrown_out: MatchesOf) -> None:
        """Look at one pair of each keeper that was not seen to be related to any."""
        pairs: dict[tuple[int, int], PairOfIds] = {}
        named = {relation.to for some in self.related_to.values() for relation in some}
        for picture in self.keepers:
            if picture in self.related_to or picture in named:
                continue
            for other, measures in thrown_out(picture):
                home = self.joined[other].to if other in self.joined else other
                if home != picture and home in self.place:
                    above, below = sorted((home, picture), key=self.place.__getitem__)
                    pairs.setdefault((above, below), (above, below, measures))
                    break
        for pair, look in zip(pairs.values(), self.looks_at(list(pairs.values())), strict=True):
            if look is not None and not look.is_match:
                self._note(Relation(pair[1], pair[0], look, pair[2]))

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
    return agree_as_well(first.look, second.look)


def _root(picture: int, named: dict[int, Relation]) -> int:
    while picture in named:
        picture = named[picture].to
    return picture
