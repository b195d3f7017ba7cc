"""Asking a shelf for its own duplicates.

    for group in duplicates("db.shelve").groups:
        print(group.keeper.path, [member.path for member in group.members])

Whatever hash the keys of a shelf are, its pictures are compared by the default's three hashes,
which every catalogue has. A radius of one hash is good enough for a query that somebody looks at;
among all pairs of a large collection, and where pictures are put away, it would be wrong too often:
a million pictures make 500 billion pairs.

Nothing here changes a picture or a shelf; `python -m imageshelf clean` acts on the groups.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageshelf.copies import grouping as groups
from imageshelf.copies.decoding_ahead import Reading
from imageshelf.copies.groups import Asked, Question
from imageshelf.hashing.joins import Effort
from imageshelf.shelf import not_duplicates, open_shelf
from imageshelf.system.process import cores

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.copies.groups import Duplicates


def duplicates(
    shelve: str | os.PathLike[str] = "db.shelve",
    question: Question | None = None,
    done: Callable[[float], None] = lambda _: None,
    read: Callable[[float], None] = lambda _: None,
) -> Duplicates:
    """Return every group of copies on a shelf, and which one to keep.

    `done` is told the share of the comparing that is done, and after it `read` the share of the
    files that had to be decoded. Raises ShelfError, and WorkerError when no worker can start.
    """
    with open_shelf(os.fspath(shelve)) as shelf:
        asked = Asked(not_duplicate=not_duplicates.asked(shelf))
        work, reading = Effort(cores(), done), Reading(cores(), read)
        return groups.find(shelf, question or Question(), asked, work, reading)
