"""What a search answers: the pictures that match, and what became of each query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.system.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Iterable


class Match(NamedTuple):
    """A picture on the shelf that matches a query; sorts nearest first.

    `distance` is the Hamming distance of the keys in bits, `similarity` the share of equal key bits
    in percent. `row`, `column` and `phash` are the distances of the default's three hashes, `score`
    is `row + column + 2 * phash`. The score decides and `distance` is `row`, unless the shelf was
    made with another hash. A key written by hand has only its own distance; its other measures are
    None.
    """

    rank: int
    path: str
    query: str
    distance: int
    row: int | None
    column: int | None
    phash: int | None
    score: int | None
    similarity: float
    kind: str
    turn: str
    width: int | None
    height: int | None
    size_bytes: int | None
    mtime_ns: int | None = None  # as indexed


class QueryOutcome(NamedTuple):
    """One query: how many pictures matched it, or why it could not be read."""

    path: str
    matches: int
    problem: str = ""
    low_information: bool = False


class Matches(list[Match]):
    """Matches, nearest first; `asked` has the outcome of every query, matched or not."""

    def __init__(self, matches: Iterable[Match] = (), asked: Iterable[QueryOutcome] = ()) -> None:
        super().__init__(matches)
        self.asked = list(asked)

    @classmethod
    def joined(cls, answers: Iterable[Matches]) -> Matches:
        """Return the answers to several queries as one, in the order of the queries."""
        parts = list(answers)
        return cls(
            [match for part in parts for match in part],
            [outcome for part in parts for outcome in part.asked],
        )

    def _repr_html_(self) -> str:
        return rendered(self, "html")
