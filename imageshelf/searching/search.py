"""Asking a shelf which of its pictures are this one, or nearly.

    matches = search("img.jpg", "db.shelve")
    for match in matches:
        print(match.distance, match.kind, match.path)

Nothing here changes a picture or a shelf.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeVar

from imageshelf.pictures.decoding import memory_limit
from imageshelf.pictures.recipe import current_recipe
from imageshelf.searching import kinds, policies, queries
from imageshelf.searching.matches import Match, Matches, QueryOutcome
from imageshelf.searching.policies import DEFAULT, Policy
from imageshelf.searching.queries import QueryError
from imageshelf.searching.query_prints import known_file, pictures_on_shelf, query_pictures
from imageshelf.searching.stored_hashes import StoredHashes
from imageshelf.shelf import ShelfError, names, open_shelf
from imageshelf.system.files import UnreadableImage
from imageshelf.workers.jobs import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from imageshelf.searching.kinds import KnownFile
    from imageshelf.searching.policies import Candidate
    from imageshelf.searching.query_prints import QueryPicture
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.records import PictureRow

    T = TypeVar("T")
    Done = Callable[[float], object]

SearchingError = (
    ShelfError,
    QueryError,
    UnreadableImage,
    WorkerError,
)  # what makes a search bad, in one sentence
QUERIES_PER_BATCH = (
    512  # queries that are compared together: 15 MB of what was kept of their pictures
)
SECTION_RANK = {kinds.ANOTHER_SHOT: 1000, kinds.SIMILAR: 2000}  # sections of their own, by rank


@dataclass(frozen=True)
class SearchOptions:
    """What counts as an answer; the fields are the options of `search.py`."""

    policy: Policy = DEFAULT
    kinds: frozenset[str] | None = None  # only these kinds; `similar` comes only when it is named
    below: tuple[str, ...] = ()  # only pictures below these folders
    limit: int | None = None  # matches a query


@dataclass
class Searching:
    """A shelf opened for questions; a context manager. Reads the hashes once, of one moment."""

    shelve: str
    question: SearchOptions = field(default_factory=SearchOptions)

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
            self.hashes = StoredHashes(self.shelf, self.shelve, self.question.policy)
        current = current_recipe(hash_name=self.hashes.hash, full_decode=self.hashes.full_decode)
        self.note = self.shelf.mismatch(current) or ""  # the libraries make other hashes now
        self._below = tuple(os.path.join(names.folder(one), "") for one in self.question.below)

    def ask(self, arguments: Iterable[str], done: Done = lambda _: None) -> Iterator[Matches]:
        """Yield the answer to each query: pictures, folders of them, "-", other shelves.

        A picture that cannot be read gives no matches, and its `asked` entry says why. `done` is
        told the share of the work that is done, from 0 to 1, unless one picture is all of it.
        Raises QueryError and ShelfError for arguments that cannot be taken apart.
        """
        asked = queries.expanded(arguments)
        decoded = queries.decoded(
            asked,
            full_decode=self.hashes.full_decode,
            hash_name=self.hashes.hash,
            memory_limit_mb=self.hashes.memory_limit_mb,
        )
        several = len(asked.files) > 1
        parts = several + len(asked.shelves)
        if several:
            decoded = _with_progress(decoded, len(asked.files), _part_of_progress(done, 0, parts))
        for some in _in_batches(decoded):
            yield from self._answers_to(some)
        for number, path in enumerate(asked.shelves, start=int(several)):
            subjects = pictures_on_shelf(path, self.shelf, _part_of_progress(done, number, parts))
            for those in _in_batches(subjects):
                yield from self.answers(those)

    def _answers_to(self, some: list[queries.Query]) -> Iterator[Matches]:
        pictures = [(query.path, query.picture) for query in some if query.picture is not None]
        answers = self.answers(query_pictures(pictures))
        for query in some:
            if query.picture is None:
                yield Matches(asked=[QueryOutcome(query.path, 0, query.problem)])
            else:
                yield next(answers)

    def answers(self, subjects: Sequence[QueryPicture]) -> Iterator[Matches]:
        """Yield the pictures that match each picture, nearest first; other shots come last.

        Several are compared with the shelf together, in less time than one by one.
        """
        catalogue = self.shelf.catalogue
        every: list[list[Candidate]] = [[] for _ in subjects]
        if catalogue is not None:
            every = self.hashes.candidates_of_each(
                [subject.views for subject in subjects],
                lambda ids: {row.id: row.thumbnail for row in catalogue.rows(ids)},
            )
        for subject, candidates in zip(subjects, every, strict=True):
            yield self._answer(subject, candidates)

    def _answer(self, subject: QueryPicture, candidates: list[Candidate]) -> Matches:
        with memory_limit(self.hashes.memory_limit_mb):
            found = sorted([*self._catalogued(subject, candidates), *self._by_hand(subject)])
        if self.question.kinds is not None:
            found = [match for match in found if match.kind in self.question.kinds]
        kept = found[: self.question.limit]
        low = subject.views.whole.low_information
        return Matches(kept, [QueryOutcome(subject.path, len(kept), "", low)])

    def _catalogued(self, subject: QueryPicture, found: list[Candidate]) -> Iterator[Match]:
        if self.shelf.catalogue is None:
            return
        for candidate, row, side in self._known(found):
            kind = kinds.kind_of(subject.side, side, candidate.turn)
            yield self._match(subject, candidate, row, side, kind)
        if self.question.policy.low_information:  # a plain radius means what it says
            yield from self._beyond(subject, {candidate.id for candidate in found})

    def _beyond(self, subject: QueryPicture, found: set[int]) -> Iterator[Match]:
        """Yield what the policy leaves out: other shots of a moment, and what is only similar."""
        for kind, ids, is_one in (
            (kinds.ANOTHER_SHOT, self._shot_near(subject), kinds.is_burst),
            (kinds.SIMILAR, self._perhaps_similar(subject), _is_similar),
        ):
            left = sorted(set(ids) - found)
            measured = [self.hashes.measured(subject.views, number) for number in left]
            candidates = [candidate for candidate in measured if candidate]
            for candidate, row, side in self._known(candidates):
                if is_one(subject.side, side):
                    found.add(candidate.id)
                    yield self._match(subject, candidate, row, side, kind)

    def _shot_near(self, subject: QueryPicture) -> Iterable[int]:
        wanted = self.question.kinds is None or kinds.ANOTHER_SHOT in self.question.kinds
        taken = subject.side.captured_at
        if not wanted or taken is None:
            return ()
        span = (taken - kinds.BURST_MS, taken + kinds.BURST_MS)
        return self.shelf.whole_catalogue().taken_between(*span)

    def _perhaps_similar(self, subject: QueryPicture) -> Iterable[int]:
        if self.question.kinds is None or kinds.SIMILAR not in self.question.kinds:
            return ()
        return self.hashes.perhaps_similar(subject.views)

    def _known(self, found: list[Candidate]) -> Iterator[tuple[Candidate, PictureRow, KnownFile]]:
        """Yield candidates with what the catalogue knows of them, if still on the shelf."""
        if not found:
            return
        catalogue = self.shelf.whole_catalogue()
        ids = [candidate.id for candidate in found]
        rows = {row.id: row for row in catalogue.rows(ids)}
        digests = catalogue.digests(ids)
        for candidate in found:
            row = rows.get(candidate.id)
            name = names.to_text(row.name) if row else ""
            if row and self._wanted(name) and name in self.shelf.get(row.key, ()):
                path = self.shelf.path_of(name)
                yield candidate, row, known_file(path, row, digests[row.id])

    def _match(
        self,
        subject: QueryPicture,
        candidate: Candidate,
        row: PictureRow,
        side: KnownFile,
        kind: str,
    ) -> Match:
        by_key = self.hashes.by_key or not self.question.policy.low_information
        nearness = candidate.distance if by_key else candidate.score
        return Match(
            rank=SECTION_RANK.get(kind, 0) + (-1 if kind == kinds.SAME_FILE else nearness),
            path=side.path,
            query=subject.path,
            distance=candidate.distance,
            row=candidate.row,
            column=candidate.column,
            phash=candidate.phash,
            score=candidate.score,
            similarity=policies.similarity(candidate.distance, self.hashes.bits),
            kind=kind,
            turn=candidate.turn,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
            mtime_ns=row.mtime_ns,
        )

    def _by_hand(self, subject: QueryPicture) -> Iterator[Match]:
        by_key = self.hashes.by_key
        for name, apart in self.hashes.by_hand(subject.views):
            if self._wanted(name):
                path = self.shelf.path_of(name)
                same = kinds.same_file(subject.path, path)
                yield Match(
                    # As if the other hashes were as far.
                    rank=-1 if same else apart if by_key else 4 * apart,
                    path=path,
                    query=subject.path,
                    distance=apart,
                    row=None if by_key else apart,
                    column=None,
                    phash=None,
                    score=None,
                    similarity=policies.similarity(apart, self.hashes.bits),
                    kind=kinds.SAME_FILE if same else kinds.NEAR,
                    turn="",
                    width=None,
                    height=None,
                    size_bytes=None,
                )

    def _wanted(self, name: str) -> bool:
        return not self._below or names.absolute(self.shelf.path_of(name)).startswith(self._below)


def search(
    query: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    shelve: str | os.PathLike[str] = "db.shelve",
    question: SearchOptions | None = None,
) -> Matches:
    """Return the pictures on a shelf that match, nearest first; many queries in their order.

    Raises ShelfError for a shelf that cannot be read, UnreadableImage for a single such query;
    of many, `asked` names the ones that could not be read.
    """
    several = [query] if isinstance(query, (str, os.PathLike)) else query
    paths = [os.fspath(path) for path in several]
    with Searching(os.fspath(shelve), question or SearchOptions()) as shelf:
        matches = Matches.joined(shelf.ask(paths))
    if len(matches.asked) == 1 and matches.asked[0].problem:
        raise UnreadableImage(f"{matches.asked[0].path} {matches.asked[0].problem}")
    return matches


def _is_similar(a: KnownFile, b: KnownFile) -> bool:
    return kinds.is_similar(a.luma, b.luma)


def _part_of_progress(done: Done, number: int, parts: int) -> Done:
    """Return what is told about one part of the work, for who is told about all of it."""
    return lambda share: done((number + share) / parts)


def _with_progress(items: Iterator[T], count: int, done: Done) -> Iterator[T]:
    """Yield all items; tell the share of them that has been worked on."""
    for number, item in enumerate(items):
        done(number / count)
        yield item
    done(1.0)


def _in_batches(items: Iterator[T]) -> Iterator[list[T]]:
    while some := list(itertools.islice(items, QUERIES_PER_BATCH)):
        yield some
