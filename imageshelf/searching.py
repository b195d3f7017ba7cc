"""Asking a shelf which of its pictures are this one, or nearly.

    matches = search("img.jpg", "db.shelve")
    for match in matches:
        print(match.distance, match.kind, match.path)

Nothing here changes a picture or a shelf.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from imageshelf import hamming, hashing, images, matching
from imageshelf.images import UnreadableImage
from imageshelf.matching import DEFAULT, Fingerprint, Policy, Views
from imageshelf.shelf import ShelfError, open_shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from imageshelf.catalogue import PictureRow
    from imageshelf.images import Picture
    from imageshelf.matching import Candidate, Column
    from imageshelf.shelf import Shelf

SearchingError = (ShelfError, UnreadableImage)  # what makes a search bad, in one sentence
SAME_FILE = "same file"
VIEWS = ("whole", "trimmed", "centre")


class Match(NamedTuple):
    """A picture on the shelf that matches a query; sorts nearest first.

    `distance` (= `row`), `column` and `phash` are Hamming distances in bits, `score` is
    `row + column + 2 * phash`, `similarity` the share of equal key bits in percent. A key that
    was written by hand has a row distance only: its other measures are None.
    """

    rank: int
    path: str
    query: str
    row: int
    column: int | None
    phash: int | None
    score: int | None
    similarity: float
    kind: str
    turn: str
    width: int | None
    height: int | None
    size_bytes: int | None

    @property
    def distance(self) -> int:
        """The Hamming distance of the keys, in bits."""
        return self.row


class Asked(NamedTuple):
    """One query: how many pictures matched it, or why it could not be read."""

    path: str
    matches: int
    problem: str = ""
    low_information: bool = False


class Matches(list[Match]):
    """Matches, nearest first; `asked` tells about each query, also those without a match."""

    def __init__(self, matches: Iterable[Match] = (), asked: Iterable[Asked] = ()) -> None:
        super().__init__(matches)
        self.asked = list(asked)

    @classmethod
    def joined(cls, answers: Iterable[Matches]) -> Matches:
        """Return the answers to several queries as one, in the order of the queries."""
        every = list(answers)
        return cls(
            [match for answer in every for match in answer],
            [asked for answer in every for asked in answer.asked],
        )

    def _repr_html_(self) -> str:
        from imageshelf import report  # noqa: PLC0415 - only a notebook asks

        return report.html_table(self)


@dataclass(frozen=True)
class Question:
    """What counts as an answer; the fields are the options of `search.py`."""

    policy: Policy = DEFAULT
    dataset: str | None = None  # only pictures below this folder
    limit: int | None = None  # matches a query
    stored: tuple[str, ...] = VIEWS


@dataclass
class Searching:
    """A shelf opened for questions; a context manager. Reads the hashes once."""

    shelve: str
    question: Question = field(default_factory=Question)

    def __enter__(self) -> Self:
        self.shelf: Shelf = open_shelf(self.shelve, "r")
        try:
            self._load()
        except BaseException:
            self.shelf.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shelf.close()

    def _load(self) -> None:
        recipe = self.shelf.recipe
        self.full_decode = recipe is not None and recipe.decode == "full"
        self.columns: dict[str, Column] = {}
        catalogue = self.shelf.catalogue
        if catalogue is not None:
            for view in self._views():
                self.columns[view] = matching.Column(*catalogue.hashes(view))
        self._foreign = self.shelf.foreign()

    def _views(self) -> Sequence[str]:
        policy = self.question.policy
        wanted = {"whole": True, "trimmed": policy.trimmed, "centre": policy.centre}
        return [view for view in VIEWS if wanted[view]]

    def ask(self, path: str) -> Matches:
        """Return the pictures that match the one at `path`, nearest first.

        A query that cannot be read gives no matches, and its `asked` entry says why.
        """
        try:
            picture = images.read(
                path, full_decode=self.full_decode, turned=self.question.policy.turned is not None
            )
        except UnreadableImage as exc:
            return Matches(asked=[Asked(path, 0, exc.reason)])
        return self.answer(path, picture)

    def answer(self, path: str, picture: Picture) -> Matches:
        """Return the pictures that match a decoded query."""
        views = views_of(picture)
        found = sorted([*self._catalogued(path, views), *self._by_hand(path, views)])
        kept = found[: self.question.limit]
        return Matches(kept, [Asked(path, len(kept), "", views.whole.low_information)])

    def _catalogued(self, query: str, views: Views) -> Iterator[Match]:
        catalogue = self.shelf.catalogue
        if catalogue is None:
            return
        found = matching.candidates(
            views,
            self.columns,
            self.question.policy,
            lambda ids: {row.id: row.thumbnail for row in catalogue.rows(ids)},
        )
        rows = {row.id: row for row in catalogue.rows([candidate.id for candidate in found])}
        for candidate in found:
            row = rows[candidate.id]
            name = os.fsdecode(row.name)
            if self._wanted(name) and name in self.shelf.get(row.key, ()):
                yield self._match(query, candidate, row, self.shelf.path_of(name))

    def _match(self, query: str, candidate: Candidate, row: PictureRow, path: str) -> Match:
        kind = _kind(query, path, candidate)
        return Match(
            rank=self._rank(kind, candidate),
            path=path,
            query=query,
            row=candidate.row,
            column=candidate.column,
            phash=candidate.phash,
            score=candidate.score,
            similarity=matching.similarity(candidate.row),
            kind=kind,
            turn=candidate.turn,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
        )

    def _rank(self, kind: str, candidate: Candidate) -> int:
        if kind == SAME_FILE:
            return -1
        return candidate.score if self.question.policy.low_information else candidate.row

    def _by_hand(self, query: str, views: Views) -> Iterator[Match]:
        radius = min(matching.FOREIGN_ROW, self.question.policy.upright.row)
        for key, names in self._foreign:
            row = hamming.distance(hashing.from_hex(key), views.whole.row)
            for name in names if row <= radius else ():
                if self._wanted(name):
                    path = self.shelf.path_of(name)
                    yield Match(
                        4 * row, path, query, row, None, None, None, matching.similarity(row),
                        _kind(query, path, None), "", None, None, None,
                    )  # fmt: skip

    def _wanted(self, name: str) -> bool:
        if self.question.dataset is None:
            return True
        below = os.path.join(os.path.abspath(self.question.dataset), "")
        return self.shelf.path_of(name).startswith(below)


def views_of(picture: Picture) -> Views:
    """Return the fingerprints of a decoded picture: whole, turned, trimmed, centre."""
    optional = [picture.trimmed] if picture.trimmed else []
    found = hashing.fingerprints([picture.whole, picture.centre, *picture.turned, *optional])
    prints = [
        Fingerprint(*numbers)
        for numbers in zip(
            found.row.tolist(),
            found.column.tolist(),
            found.phash.tolist(),
            found.low_information.tolist(),
            strict=True,
        )
    ]
    turns = [name for name, _ in images.ORIENTATIONS[1:]]
    turned = dict(zip(turns, prints[2:], strict=False)) if picture.turned else {}
    trimmed = prints[-1] if picture.trimmed else None
    return Views(prints[0], turned, trimmed, prints[1], picture.luma)


def search(
    query: str | os.PathLike[str],
    shelve: str | os.PathLike[str] = "db.shelve",
    question: Question | None = None,
) -> Matches:
    """Return the pictures on a shelf that match a picture, nearest first.

    Raises ShelfError for a shelf that cannot be read, UnreadableImage for such a query.
    """
    with Searching(os.fspath(shelve), question or Question()) as shelf:
        matches = shelf.ask(os.fspath(query))
    if matches.asked[0].problem:
        raise UnreadableImage(f"{os.fspath(query)}: {matches.asked[0].problem}")
    return matches


def _kind(query: str, path: str, candidate: Candidate | None) -> str:
    try:
        if os.path.samefile(query, path):
            return SAME_FILE
    except OSError:
        return "missing"
    return "turned" if candidate is not None and candidate.turn else "near"
