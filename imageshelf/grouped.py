"""The shelf's own duplicates: groups of copies, which one to keep, and why.

    with open_shelf("db.shelve") as shelf:
        for group in find(shelf).groups:
            print(group.keeper.path, group.keeper.reason)

Nothing here changes a picture or a shelf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.grouping import NOT_COPIES, Asked, Cast, Group, Member, Question
from imageshelf.kinds import SAME_FILE
from imageshelf.pairing import pairs, prints, stars
from imageshelf.pairing.joins import ALONE, Work

if TYPE_CHECKING:
    from imageshelf.shelf import Shelf

__all__ = ["Asked", "Duplicates", "Group", "Member", "Question", "expected_false_pairs", "find"]

# Of all pairs; measured over 17.6 million pairs of photographs and extrapolated. Documents have
# more.
FALSE_PAIRS = (6e-8, 12e-8)


class Duplicates(NamedTuple):
    """All groups, copies first, in the order of the keepers' paths."""

    groups: tuple[Group, ...]
    pictures: int  # that were compared
    crowded: int  # flat pictures that were matched by equality alone: there are too many
    false_pairs: tuple[int, int]  # to expect, from and to

    def _repr_html_(self) -> str:
        from imageshelf.page import notebook, sheets  # noqa: PLC0415 - only a notebook asks

        return notebook.html_cards(sheets.of_duplicates(self))


def expected_false_pairs(pictures: int) -> tuple[int, int]:
    """Return how many false pairs to expect by the default policy, from and to.

    >>> expected_false_pairs(1_000_000)
    (30000, 60000)
    """
    every = pictures * (pictures - 1) / 2
    low, high = (round(every * share) for share in FALSE_PAIRS)
    return low, high


def find(
    shelf: Shelf,
    question: Question | None = None,
    asked: Asked | None = None,
    work: Work = ALONE,
) -> Duplicates:
    """Return the duplicates on a shelf, by default telling their kinds by reading files.

    Raises ShelfError, and NoFolderError for a reference that is no folder.
    """
    question = question or Question()
    cast = Cast(shelf, question, asked or Asked())
    distinct = prints.distinct(prints.stored(shelf.whole_catalogue(), question.policy))
    found = pairs.all_pairs(distinct, question.policy, work)
    graph = stars.Graph(distinct, found)
    cast.enter(graph.pictures)
    groups = [
        cast.group(star)
        for star in stars.stars(cast.order(), graph.matches, cast.related)
        if question.kinds or any(one.kind != SAME_FILE for one in star.members)
    ]
    groups.sort(key=lambda group: (_no_copies(group), group.keeper.path))
    compared = len(distinct.pictures)
    crowded = sum(len(distinct.pictures_of(number)) for number in found.crowded.tolist())
    return Duplicates(tuple(groups), compared, crowded, expected_false_pairs(compared))


def _no_copies(group: Group) -> bool:
    return all(member.kind in NOT_COPIES for member in group.members)
