"""Asking a shelf which of its pictures are this one, or nearly.

    matches = search("img.jpg", "db.shelve")
    for match in matches:
        print(match.distance, match.kind, match.path)

Nothing here changes a picture or a shelf.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from imageshelf import hamming, hashing, images, key_matching, kinds, matching, queries
from imageshelf.decoding import memory_limit
from imageshelf.hash_names import BITS
from imageshelf.hash_names import DEFAULT as DHASH
from imageshelf.kinds import Side
from imageshelf.matching import DEFAULT, Fingerprint, Policy, Views
from imageshelf.opening import MEMORY_LIMIT_MB, MEMORY_NOTE, UnreadableImage
from imageshelf.pairing.series import Series
from imageshelf.queries import QueryError
from imageshelf.shelf import ShelfError, names, open_shelf
from imageshelf.workers import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from imageshelf.images import Picture
    from imageshelf.matching import Candidate, Column
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.catalogue import PictureRow

    Thumbnails = Callable[[Sequence[int]], Mapping[int, bytes]]  # by id

SearchingError = (
    ShelfError,
    QueryError,
    UnreadableImage,
    WorkerError,
)  # what makes a search bad, in one sentence
VIEWS = ("whole", "trimmed", "centre")
ROWS_AT_A_TIME = 4096
LAST = {kinds.ANOTHER_SHOT: 1000, kinds.SIMILAR: 2000}  # sections of their own, by rank


class Match(NamedTuple):
    """A picture on the shelf that matches a query; sorts nearest first.

    `distance` is the Hamming distance of the keys in bits, `similarity` the share of equal key bits
    in percent. `row`, `column` and `phash` are the distances of the default's three hashes, `score`
    is `row + column + 2 * phash`: it decides, and `distance` is `row`, unless the shelf was made
    with another hash. Of a key that was written by hand nothing but its own distance is known:
    the other measures are None.
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
        from imageshelf.page import notebook, sheets  # noqa: PLC0415

        return notebook.html_cards(sheets.of_matches(self)) + report.html_table(self)


@dataclass(frozen=True)
class Question:
    """What counts as an answer; the fields are the options of `search.py`."""

    policy: Policy = DEFAULT
    kinds: frozenset[str] | None = None  # only these kinds; `similar` comes only when it is named
    below: tuple[str, ...] = ()  # only pictures below these folders
    limit: int | None = None  # matches a query


class Subject(NamedTuple):
    """A picture that is asked about: its fingerprints, and what its file is compared by."""

    path: str
    views: Views
    side: Side


@dataclass
class Searching:
    """A shelf opened for questions; a context manager. Reads the hashes once, of one moment."""

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
        with self.shelf.one_moment():
            self._read()
        current = hashing.current_recipe(hash_name=self.hash, full_decode=self.full_decode)
        self.note = self.shelf.mismatch(current) or ""  # the libraries make other hashes now

    def _read(self) -> None:
        recipe = self.shelf.recipe
        self.full_decode = recipe is not None and recipe.decode == "full"
        self.hash = recipe.hash if recipe else DHASH
        self._refuse_unsuited()
        self.columns: dict[str, Column] = {}
        catalogue = self.shelf.catalogue
        self.memory_limit_mb = MEMORY_LIMIT_MB
        if catalogue is not None:
            self.memory_limit_mb = catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
            for view in self._views():
                hashes = catalogue.hashes(view)
                self.columns[view] = matching.Column(*hashes, near=Series(hashes.row))
        self._keys = catalogue.keys() if catalogue else None
        self._foreign = self.shelf.foreign()
        self._below = tuple(os.path.join(names.folder(one), "") for one in self.question.below)

    def _refuse_unsuited(self) -> None:
        """Raise QueryError for a policy that the shelf's hash does not know."""
        self.bits = BITS.get(self.hash, matching.BITS)
        policy = self.question.policy
        try:
            self._radius = None if self.hash == DHASH else key_matching.radius(self.hash, policy)
        except key_matching.UnsuitedPolicyError as exc:
            raise QueryError(f"{self.shelve} {exc}") from exc
        if policy.upright.row > self.bits:
            raise QueryError(
                f"the keys on {self.shelve} have {self.bits} bits: expected --max-distance 0 to "
                f"{self.bits}, got {policy.upright.row}"
            )

    def _views(self) -> Sequence[str]:
        if self._radius:
            return ["whole"]
        policy = self.question.policy
        wanted = {"whole": True, "trimmed": policy.trimmed, "centre": policy.centre}
        return [view for view in VIEWS if wanted[view]]

    def ask(self, arguments: Iterable[str]) -> Iterator[Matches]:
        """Yield the answer to each query: pictures, folders of them, "-", other shelves.

        A picture that cannot be read gives no matches, and its `asked` entry says why. Raises
        QueryError and ShelfError for arguments that cannot be taken apart.
        """
        asked = queries.taken_apart(arguments)
        for query in queries.decoded(
            asked,
            full_decode=self.full_decode,
            hash_name=self.hash,
            memory_limit_mb=self.memory_limit_mb,
        ):
            if query.picture is None:
                yield Matches(asked=[Asked(query.path, 0, query.problem)])
            else:
                yield self.answer(subject_of(query.path, query.picture))
        for path in asked.shelves:
            for subject in subjects_on(path, self.shelf):
                yield self.answer(subject)

    def answer(self, subject: Subject) -> Matches:
        """Return the pictures that match a picture, nearest first; other shots come last."""
        with memory_limit(self.memory_limit_mb):
            found = sorted([*self._catalogued(subject), *self._by_hand(subject)])
        if self.question.kinds is not None:
            found = [match for match in found if match.kind in self.question.kinds]
        kept = found[: self.question.limit]
        low = subject.views.whole.low_information
        return Matches(kept, [Asked(subject.path, len(kept), "", low)])

    def _catalogued(self, subject: Subject) -> Iterator[Match]:
        catalogue = self.shelf.catalogue
        if catalogue is None:
            return
        found = self._candidates(
            subject.views, lambda ids: {row.id: row.thumbnail for row in catalogue.rows(ids)}
        )
        for candidate, row, side in self._known(found):
            kind = kinds.kind_of(subject.side, side, candidate.turn)
            yield self._match(subject, candidate, row, side, kind)
        if self.question.policy.low_information:  # a plain radius means what it says
            yield from self._beyond(subject, {candidate.id for candidate in found})

    def _candidates(self, views: Views, thumbnails: Thumbnails) -> list[Candidate]:
        if self._keys is None or self._radius is None:
            return matching.candidates(views, self.columns, self.question.policy, thumbnails)
        whole = self.columns["whole"]
        return key_matching.candidates(views, self._keys, whole, self._radius, thumbnails)

    def _beyond(self, subject: Subject, found: set[int]) -> Iterator[Match]:
        """Yield what the policy leaves out: other shots of a moment, and what is only similar."""
        for kind, ids, is_one in (
            (kinds.ANOTHER_SHOT, self._shot_near(subject), kinds.is_series),
            (kinds.SIMILAR, self._perhaps_similar(subject), _is_similar),
        ):
            left = sorted(set(ids) - found)
            candidates = [c for number in left if (c := self._distances(subject, number))]
            for candidate, row, side in self._known(candidates):
                if is_one(subject.side, side):
                    found.add(candidate.id)
                    yield self._match(subject, candidate, row, side, kind)

    def _shot_near(self, subject: Subject) -> Iterable[int]:
        wanted = self.question.kinds is None or kinds.ANOTHER_SHOT in self.question.kinds
        taken = subject.side.captured_at
        if not wanted or taken is None:
            return ()
        span = (taken - kinds.SERIES_MS, taken + kinds.SERIES_MS)
        return self.shelf.whole_catalogue().taken_between(*span)

    def _perhaps_similar(self, subject: Subject) -> Iterable[int]:
        """Return every picture, or of more than 5,000 those with a row or column hash nearby."""
        whole = self.columns["whole"]
        if self.question.kinds is None or kinds.SIMILAR not in self.question.kinds:
            return ()
        if len(whole.ids) <= kinds.SIMILAR_EXHAUSTIVE:
            return [int(number) for number in whole.ids]
        print_ = subject.views.whole
        (rows,) = hamming.within(whole.row, [print_.row], [kinds.SIMILAR_BITS])
        (columns,) = hamming.within(whole.column, [print_.column], [kinds.SIMILAR_BITS])
        return [
            int(whole.ids[at]) for at in {*rows.positions.tolist(), *columns.positions.tolist()}
        ]

    def _distances(self, subject: Subject, number: int) -> Candidate | None:
        mine, other = subject.views.whole, self.columns["whole"].fingerprint(number)
        if other is None:
            return None
        row, column, phash = (hamming.distance(mine[at], other[at]) for at in range(3))
        score = matching.score(row, column, phash)
        apart = row
        if self._keys is not None:
            apart = key_matching.distance(subject.views.keys[matching.UPRIGHT], self._keys, number)
        return matching.Candidate(
            score, row, column, phash, number, matching.UPRIGHT, "whole", apart
        )

    def _known(self, found: list[Candidate]) -> Iterator[tuple[Candidate, PictureRow, Side]]:
        """Yield candidates with what the catalogue knows of them, if still on the shelf."""
        catalogue = self.shelf.whole_catalogue()
        ids = [candidate.id for candidate in found]
        rows = {row.id: row for row in catalogue.rows(ids)}
        digests = catalogue.digests(ids)
        for candidate in found:
            row = rows.get(candidate.id)
            name = names.to_text(row.name) if row else ""
            if row and self._wanted(name) and name in self.shelf.get(row.key, ()):
                path = self.shelf.path_of(name)
                yield candidate, row, side_of(path, row, digests[row.id])

    def _match(
        self, subject: Subject, candidate: Candidate, row: PictureRow, side: Side, kind: str
    ) -> Match:
        by_key = self._radius is not None or not self.question.policy.low_information
        nearness = candidate.distance if by_key else candidate.score
        return Match(
            rank=LAST.get(kind, 0) + (-1 if kind == kinds.SAME_FILE else nearness),
            path=side.path,
            query=subject.path,
            distance=candidate.distance,
            row=candidate.row,
            column=candidate.column,
            phash=candidate.phash,
            score=candidate.score,
            similarity=matching.similarity(candidate.distance, self.bits),
            kind=kind,
            turn=candidate.turn,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
            mtime_ns=row.mtime_ns,
        )

    def _by_hand(self, subject: Subject) -> Iterator[Match]:
        radius = min(matching.FOREIGN_ROW, self.question.policy.upright.row)
        if self._radius:  # what decides is the key alone, whoever wrote it
            radius = self._radius.upright
        row = subject.views.whole.row.to_bytes(matching.BITS // 8, "big")
        own = subject.views.keys.get(matching.UPRIGHT, row)
        for key, listed in self._foreign:
            apart = _distance_to(key, own)
            for name in listed if apart <= radius else ():
                if self._wanted(name):
                    path = self.shelf.path_of(name)
                    same = kinds.same_file(subject.path, path)
                    yield Match(
                        # As if the other hashes were as far.
                        rank=-1 if same else apart if self._radius else 4 * apart,
                        path=path,
                        query=subject.path,
                        distance=apart,
                        row=None if self._radius else apart,
                        column=None,
                        phash=None,
                        score=None,
                        similarity=matching.similarity(apart, self.bits),
                        kind=kinds.SAME_FILE if same else kinds.NEAR,
                        turn="",
                        width=None,
                        height=None,
                        size_bytes=None,
                    )

    def _wanted(self, name: str) -> bool:
        return not self._below or names.absolute(self.shelf.path_of(name)).startswith(self._below)


def subject_of(path: str, picture: Picture) -> Subject:
    """Return a decoded picture as the subject of a question."""
    facts = picture.facts
    side = Side(path, facts.size_bytes, facts.captured_at, luma=picture.luma)
    return Subject(path, views_of(picture), side)


def subjects_on(path: str, besides: Shelf) -> Iterator[Subject]:
    """Yield every picture on another shelf as a subject; its files need not be there.

    Raises ShelfError for a shelf whose hashes were made otherwise than those of `besides`.
    """
    with open_shelf(path) as other:
        recipe = other.recipe
        if recipe is None:
            raise ShelfError(f"{path} has no catalogue to ask about: index its pictures first")
        if sentence := besides.mismatch(recipe):
            raise ShelfError(f"{path} cannot be compared: {sentence}")
        catalogue = other.whole_catalogue()
        columns = {view: matching.Column(*catalogue.hashes(view)) for view in VIEWS}
        other_hash = recipe.hash != DHASH
        for start in range(0, len(columns["whole"].ids), ROWS_AT_A_TIME):
            ids = columns["whole"].ids[start : start + ROWS_AT_A_TIME].tolist()
            digests = catalogue.digests(ids)
            for row in catalogue.rows(ids):
                file = other.path_of(names.to_text(row.name))
                prints = {view: column.fingerprint(row.id) for view, column in columns.items()}
                whole = prints["whole"]
                if len(row.key) * 4 != recipe.bits:
                    raise ShelfError(f"{path} was rebuilt meanwhile: search again")
                if whole is not None:
                    views = Views(
                        whole, {}, prints["trimmed"], prints["centre"], thumbnail=row.thumbnail,
                        keys={matching.UPRIGHT: bytes.fromhex(row.key)} if other_hash else {},
                    )  # fmt: skip
                    yield Subject(file, views, side_of(file, row, digests[row.id]))


def side_of(path: str, row: PictureRow, digests: tuple[bytes | None, bytes | None, object]) -> Side:
    """Return what a picture on the shelf is compared by."""
    return Side(path, row.size_bytes, row.captured_at, *kinds.known(*digests), row.thumbnail)


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
    keys = dict(zip([matching.UPRIGHT, *turns], picture.keys, strict=False))
    return Views(prints[0], turned, trimmed, prints[1], picture.luma, keys)


def search(
    query: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    shelve: str | os.PathLike[str] = "db.shelve",
    question: Question | None = None,
) -> Matches:
    """Return the pictures on a shelf that match, nearest first; many queries in their order.

    Raises ShelfError for a shelf that cannot be read, UnreadableImage for a single such query;
    of many, `asked` names the ones that could not be read.
    """
    several = [query] if isinstance(query, (str, os.PathLike)) else query
    paths = [os.fspath(path) for path in several]
    with Searching(os.fspath(shelve), question or Question()) as shelf:
        matches = Matches.joined(shelf.ask(paths))
    if len(matches.asked) == 1 and matches.asked[0].problem:
        raise UnreadableImage(f"{matches.asked[0].path} {matches.asked[0].problem}")
    return matches


def _is_similar(a: Side, b: Side) -> bool:
    return kinds.is_similar(a.luma, b.luma)


def _distance_to(key: str, own: bytes) -> int:
    """Return the distance to a key that somebody wrote; what is no key is as far as can be."""
    digits = 2 * len(own)
    if not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", key):
        return 4 * digits + 1
    return hamming.distance(int(key, 16), int.from_bytes(own, "big"))
