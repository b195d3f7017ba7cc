"""What a search answers: the pictures that match or are related, and what became of each query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.system.rendering import rendered

if TYPE_CHECKING:
    from imageshelf.pieces.placement import Placement


class Match(NamedTuple):
    """A picture on the shelf that was found for a query; sorts nearest first.

    `match` tells whether it is the same picture as the query: see `kinds.is_match`. Otherwise it is
    related, as its kind says, or could not be `compared`. `differs`, `regions` and `shows` are
    those of `second_look.Look`, `told` is that in words. `piece` says where a piece lies.

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
    match: bool = True
    compared: bool = True
    differs: float | None = None
    regions: tuple[tuple[int, int, int, int], ...] = ()
    shows: tuple[float, float] | None = None
    told: str = ""
    piece: Placement | None = None


class QueryOutcome(NamedTuple):
    """One query: how many pictures match it, or why it could not be read.

    `related` counts what was found besides: variants, other shots, and what could not be compared.
    """

    path: str
    matches: int
    problem: str = ""
    low_information: bool = False
    related: int = 0


class Matches(list[Match]):
    """What was found, matches first, nearest first; `asked` has the outcome of every query."""

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

    def renamed(self, names: Mapping[str, str]) -> Matches:
        """Return the answer with other names for its queries."""
        matches = [match._replace(query=names.get(match.query, match.query)) for match in self]
        return Matches(
            matches, [one._replace(path=names.get(one.path, one.path)) for one in self.asked]
        )

    def to_pandas(self) -> Any:
        """Return a DataFrame with a row for each match."""
        import pandas as pd

        return pd.DataFrame(self, columns=Match._fields)

    def _repr_html_(self) -> str:
        return rendered(self, "html")
