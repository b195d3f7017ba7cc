"""The shelf's own duplicates: groups of copies, which one to keep, and why.

    with open_shelf("db.shelve") as shelf:
        for group in find(shelf).groups:
            print(group.keeper.path, group.keeper.reason)

Nothing here changes a picture or a shelf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import pairs, prints, stars
from imageshelf.copies import related as no_copies
from imageshelf.copies.decoding_ahead import HERE, read_ahead
from imageshelf.copies.groups import (
    NOT_COPIES,
    Asked,
    Duplicates,
    Group,
    Member,
    Question,
    expected_false_pairs,
)
from imageshelf.copies.members import Cast
from imageshelf.copies.related import Beyond
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching.kinds import ANOTHER_SHOT, SAME_FILE, SIMILAR
from imageshelf.shelf import ShelfError, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.copies.decoding_ahead import Reading
    from imageshelf.copies.prints import Stored
    from imageshelf.copies.related import Some
    from imageshelf.shelf import Shelf

__all__ = ["Asked", "Group", "Member", "Question", "find"]


def find(
    shelf: Shelf,
    question: Question | None = None,
    asked: Asked | None = None,
    work: Effort = ONE_CORE,
    reading: Reading = HERE,
) -> Duplicates:
    """Return the duplicates on a shelf, by default telling their kinds by reading files.

    Raises ShelfError, also when there is no picture below a folder that is asked for, and
    NoFolderError for a reference that is no folder.
    """
    question = question or Question()
    _require_pictures(shelf, question.below)
    cast = Cast(shelf, question, asked or Asked())
    stored = prints.stored(shelf.whole_catalogue(), question.policy)
    distinct = prints.distinct(stored)
    found = pairs.all_pairs(distinct, question.policy, work)
    graph = stars.Graph(distinct, found)
    beyond = Beyond(list(_no_matches(shelf, stored, question, work)), distinct, found)
    cast.enter(sorted({*graph.pictures, *beyond.pictures}))
    read_ahead(cast, graph, reading)

    def more(keeper: int) -> list[stars.Relation]:
        return [one for one in beyond.of(keeper) if cast.comparable(keeper, one.id)]

    groups = [
        cast.group(star)
        for star in stars.stars(cast.order(), graph.matches, cast.related, more)
        if question.kinds or any(one.kind != SAME_FILE for one in star.members)
    ]
    groups.sort(key=lambda group: (_no_copies(group), group.keeper.path))
    compared = len(distinct.pictures)
    crowded = sum(len(distinct.pictures_of(number)) for number in found.crowded.tolist())
    return Duplicates(tuple(groups), compared, crowded, expected_false_pairs(compared))


def _require_pictures(shelf: Shelf, folders: tuple[str, ...]) -> None:
    """Refuse a folder that the shelf does not know: mistyped, or never indexed."""
    for folder in folders:
        prefixes = names.prefixes_below(names.absolute(folder), shelf.folder)
        if not any(next(shelf.whole_catalogue().known(prefix), None) for prefix in prefixes):
            raise ShelfError(f"{shelf.path} holds no picture below {folder}; was it indexed?")


def _no_matches(
    shelf: Shelf, stored: Stored, question: Question, work: Effort
) -> Iterator[tuple[str, Some]]:
    """Yield what is wanted that the policy leaves out, as a search has it."""
    wanted = question.kinds
    if not question.policy.low_information:  # a plain radius means what it says
        return
    if wanted is None or ANOTHER_SHOT in wanted:
        taken = shelf.whole_catalogue().taken()
        known = np.array(taken, np.int64).reshape(-1, 2)
        known = known[np.isin(known[:, 0], stored.whole.ids)]
        yield ANOTHER_SHOT, no_copies.shots(known[:, 0], known[:, 1], stored.thumbnails)
    if wanted is not None and SIMILAR in wanted:
        yield SIMILAR, no_copies.similar(stored.whole, stored.thumbnails, work)


def _no_copies(group: Group) -> bool:
    return all(member.kind in NOT_COPIES for member in group.members)
