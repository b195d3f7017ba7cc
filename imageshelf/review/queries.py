"""Pictures that somebody drops onto the page, and what the shelf has of them.

The shelf's hashes stay in memory from the first query on, until the shelf changes.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from imageshelf.report import sheets
from imageshelf.review.work import State, state_of
from imageshelf.searching.matches import Matches
from imageshelf.searching.search import Searching, SearchOptions

if TYPE_CHECKING:
    from imageshelf.report.cards import CardGroup

KEPT = 8  # queries whose pictures are kept, so that they can be compared
LISTED = 60  # pictures


class Queries:
    """Queries to one shelf, one after the other; `answers` are the last ones, by name."""

    def __init__(self, shelf: str) -> None:
        self.shelf = shelf
        self.answers: dict[str, CardGroup] = {}
        self._numbers = itertools.count(1)
        self._folder = tempfile.TemporaryDirectory(prefix="imageshelf-")  # readable by us alone
        self._searching: Searching | None = None
        self._state: State = None
        self._thread = ThreadPoolExecutor(1, "imageshelf search")  # the only one with the shelf

    def close(self) -> None:
        """Close the shelf and forget the pictures."""
        self._thread.submit(self._end).result()
        self._thread.shutdown()
        self._folder.cleanup()

    def ask(self, picture: bytes) -> tuple[str, CardGroup]:
        """Return the name of a query and its answer; raises one of SearchingError."""
        return self._thread.submit(self._ask, picture).result()

    def _ask(self, picture: bytes) -> tuple[str, CardGroup]:
        name = f"q{next(self._numbers)}"
        path = os.path.join(self._folder.name, name)
        with open(path, "xb") as file:
            file.write(picture)
        matches = Matches.joined(self._open().ask([path]))
        (group,) = sheets.of_matches(matches, self.shelf).groups
        self.answers[name] = replace(group, title="Your picture")
        while len(self.answers) > KEPT:
            old = next(iter(self.answers))
            del self.answers[old]
            os.unlink(os.path.join(self._folder.name, old))
        return name, self.answers[name]

    def _open(self) -> Searching:
        state = state_of(self.shelf)
        if self._searching is None or state != self._state:
            self._end()
            self._searching = Searching(self.shelf, SearchOptions(limit=LISTED)).__enter__()
            self._state = state
        return self._searching

    def _end(self) -> None:
        if self._searching is not None:
            self._searching.__exit__()
            self._searching = None
