"""Asking a shelf which of its pictures are this one, or nearly this one.

    matches = search("img.jpg", "db.shelve")
    for match in matches:
        print(match.distance, match.kind, match.path)

What the hashes nominate is laid over the query before it is called a match. Nothing here changes a
picture or a shelf.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from imageshelf.pictures import given_pictures, tasks
from imageshelf.pictures.recipe import current_recipe
from imageshelf.searching import keyword_options, kinds, queries, second_look
from imageshelf.searching.keyword_options import SearchKeywords
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.looks import Look
from imageshelf.searching.matches import Matches, QueryOutcome
from imageshelf.searching.policies import DEFAULT, Candidate, Policy
from imageshelf.searching.queries import QueryError
from imageshelf.searching.query_looks import looks_at
from imageshelf.searching.query_prints import (
    TURN_NAMES,
    QueryPicture,
    known_file,
    pictures_on_shelf,
    query_pictures,
)
from imageshelf.searching.ranking import Prospect, Ranking
from imageshelf.searching.stored_hashes import StoredHashes
from imageshelf.shelf import Shelf, ShelfError, names, open_shelf
from imageshelf.shelf import points as stored_points
from imageshelf.shelf.records import PictureRow
from imageshelf.system.deprecation import renamed_parameters
from imageshelf.system.files import UnreadableImage, size_if_known
from imageshelf.system.progress import in_notebook, share
from imageshelf.workers.jobs import WorkerError
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    from imageshelf.searching.pieces import PieceSearch

T = TypeVar("T")
Progress = Callable[[float], object]

SearchingError = (ShelfError, QueryError, UnreadableImage, WorkerError)  # each is one sentence
QUERIES_PER_BATCH = 512  # compared together: 15 MB of reduced pictures


@dataclass(frozen=True)
class SearchOptions:
    """What counts as an answer; the fields are options of `imageshelf search`."""

    policy: Policy = DEFAULT
    kinds: frozenset[str] | None = None  # only these kinds; `similar` comes only when it is named
    below: tuple[str, ...] = ()  # only pictures below these folders
    limit: int | None = None  # pictures listed per query
    hashes_only: bool = False  # believe the hashes: no second look
    pieces: bool = True  # also look for pieces, on a shelf with keypoints


@dataclass
class Searching:
    """A shelf opened for queries, as a context manager; it reads the hashes once."""

    shelve: str
    options: SearchOptions = field(default_factory=SearchOptions)

    def __enter__(self) -> Self:
        self.shelf: Shelf = open_shelf(self.shelve, "r")
        try:
            self._load()
        except BaseException:
            self.shelf.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._decoders.close()
        self.shelf.close()

    def _load(self) -> None:
        with self.shelf.snapshot():
            if self.shelf.catalogue is not None:
                queries.require_pictures(self.shelf, self.options.below)
            self.hashes = StoredHashes(self.shelf, self.shelve, self.options.policy)
        self._decoders = LimitedMap(second_look.WORK, memory_limit_mb=self.hashes.memory_limit_mb)
        current = current_recipe(hash_name=self.hashes.hash, full_decode=self.hashes.full_decode)
        self.note = self.shelf.mismatch(current) or ""  # set if the libraries now hash differently
        self._pieces = self._piece_search()
        self._below = tuple(os.path.join(names.folder(path), "") for path in self.options.below)

    def ask(
        self, arguments: Iterable[str], progress: Progress = lambda _: None
    ) -> Iterator[Matches]:
        """Yield the answer to each query: pictures, folders of them, "-", other shelves.

        An unreadable picture has no matches, and its `asked` entry says why. `progress` receives
        the share of the work that is done, from 0 to 1, unless the query is a single picture.
        Raises QueryError and ShelfError for arguments that cannot be read.
        """
        expanded = queries.expanded(arguments)
        decoded = queries.decoded(
            expanded,
            self._decoders,
            full_decode=self.hashes.full_decode,
            hash_name=self.hashes.hash,
            points=tasks.ASKED if self._pieces else "",
        )
        several = len(expanded.files) > 1
        parts = several + len(expanded.shelves)
        if several:
            part = _part_of_progress(progress, 0, parts)
            decoded = _with_progress(decoded, len(expanded.files), part)
        for batch in _in_batches(decoded):
            yield from self._answers_to(batch)
        for number, path in enumerate(expanded.shelves, start=int(several)):
            part = _part_of_progress(progress, number, parts)
            for pictures in _in_batches(pictures_on_shelf(path, self.shelf, part)):
                yield from self.answers(pictures)

    def _answers_to(self, batch: list[queries.Query]) -> Iterator[Matches]:
        pictures = [(query.path, query.picture) for query in batch if query.picture is not None]
        answers = self.answers(query_pictures(pictures))
        for query in batch:
            if query.picture is None:
                yield Matches(asked=[QueryOutcome(query.path, 0, query.problem)])
            else:
                yield next(answers)

    def answers(self, pictures: Sequence[QueryPicture]) -> Iterator[Matches]:
        """Yield what is found for each query picture: matches, nearest first, then the related.

        Comparing several pictures together is faster than one by one.
        """
        catalogue = self.shelf.catalogue
        candidates: list[list[Candidate]] = [[] for _ in pictures]
        if catalogue is not None:
            candidates = self.hashes.candidates_for_each(
                [query.prints for query in pictures],
                lambda ids: {row.id: row.thumbnail for row in catalogue.rows(ids)},
            )
        prospects = [
            [*self._catalogued(query, near), *self._hand_written(query)]
            for query, near in zip(pictures, candidates, strict=True)
        ]
        files, blind = [query.file for query in pictures], self.options.hashes_only
        looks = iter(looks_at(files, prospects, self._decoders, hashes_only=blind))
        answers = [[(prospect, next(looks)) for prospect in found] for found in prospects]
        if self._pieces:
            from imageshelf.searching import piece_answers

            piece_answers.add(self._pieces, pictures, answers, self._measured, self._decoders)
        for query, found in zip(pictures, answers, strict=True):
            yield self._answer(query, found)

    def _piece_search(self) -> PieceSearch | None:
        """Return what finds pieces, if the shelf has keypoints and they were asked for."""
        options = self.options
        wanted = options.pieces and (options.kinds is None or kinds.PIECE in options.kinds)
        if not wanted or self._is_plain_radius or self.shelf.catalogue is None:
            return None
        if stored_points.recipe(self.shelf.catalogue.db) is None:
            return None
        from imageshelf.searching.pieces import PieceSearch

        found = PieceSearch(self.shelf, unseen=options.hashes_only)
        if found.note and not self.note:
            self.note = f"{self.shelve} {found.note}"
        return found if found.is_there else None

    def _answer(self, query: QueryPicture, found: list[tuple[Prospect, Look]]) -> Matches:
        ranking = Ranking(
            self.hashes.bits,
            keys_decide=self.hashes.keys_decide,
            by_distance=self._is_plain_radius,
        )
        listed = (
            ranking.match(query.path, *each) for each in found if self._is_listed(each[1].kind)
        )
        kept = sorted(listed)[: self.options.limit]
        number = sum(match.match for match in kept)
        low = query.prints.whole.low_information
        outcome = QueryOutcome(query.path, number, "", low, len(kept) - number)
        return Matches(kept, [outcome])

    def _is_listed(self, kind: str) -> bool:
        """Tell whether pictures of this kind were asked for; a plain radius lists all kinds."""
        if self.options.kinds is not None:
            return kind in self.options.kinds
        return kind != kinds.SIMILAR or self._is_plain_radius

    @property
    def _is_plain_radius(self) -> bool:
        return self.hashes.keys_decide or not self.options.policy.low_information

    def _catalogued(self, query: QueryPicture, candidates: list[Candidate]) -> Iterator[Prospect]:
        if self.shelf.catalogue is None:
            return
        for candidate, row, file in self._on_shelf(candidates):
            yield Prospect(file, candidate, row, TURN_NAMES.index(candidate.turn))
        if self.options.policy.low_information:  # a plain radius means what it says
            yield from self._related(query, {candidate.id for candidate in candidates})

    def _related(self, query: QueryPicture, seen: set[int]) -> Iterator[Prospect]:
        """Yield other shots of the moment and similar pictures, which the policy leaves out."""
        for kind, ids, is_related in (
            (kinds.ANOTHER_SHOT, self._taken_near(query), kinds.is_burst),
            (
                kinds.SIMILAR,
                self._perhaps_similar(query),
                lambda a, b: kinds.is_similar(a.luma, b.luma),
            ),
        ):
            unseen = sorted(set(ids) - seen)
            measured = [self.hashes.measured(query.prints, id_) for id_ in unseen]
            candidates = [candidate for candidate in measured if candidate]
            for candidate, row, file in self._on_shelf(candidates):
                if is_related(query.file, file):
                    seen.add(candidate.id)
                    yield Prospect(file, candidate, row, kind=kind)

    def _taken_near(self, query: QueryPicture) -> Iterable[int]:
        requested = self.options.kinds is None or kinds.ANOTHER_SHOT in self.options.kinds
        taken = query.file.captured_at
        if not requested or taken is None:
            return ()
        span = (taken - kinds.BURST_MS, taken + kinds.BURST_MS)
        return self.shelf.whole_catalogue().taken_between(*span)

    def _perhaps_similar(self, query: QueryPicture) -> Iterable[int]:
        if self.options.kinds is None or kinds.SIMILAR not in self.options.kinds:
            return ()
        return self.hashes.perhaps_similar(query.prints)

    def _measured(self, query: QueryPicture, ids: Sequence[int]) -> Iterator[Prospect]:
        """Yield pictures with what the hashes measure between them and a query."""
        measured = [self.hashes.measured(query.prints, id_) for id_ in ids]
        for candidate, row, file in self._on_shelf([each for each in measured if each]):
            yield Prospect(file, candidate, row, TURN_NAMES.index(candidate.turn), kinds.PIECE)

    def _on_shelf(
        self, candidates: list[Candidate]
    ) -> Iterator[tuple[Candidate, PictureRow, KnownFile]]:
        """Yield candidates that are still on the shelf, with what the catalogue knows of them."""
        if not candidates:
            return
        catalogue = self.shelf.whole_catalogue()
        ids = [candidate.id for candidate in candidates]
        rows = {row.id: row for row in catalogue.rows(ids)}
        digests = catalogue.digests(ids)
        for candidate in candidates:
            row = rows.get(candidate.id)
            name = names.to_text(row.name) if row else ""
            if row and self._is_below(name) and name in self.shelf.get(row.key, ()):
                path = self.shelf.path_of(name)
                yield candidate, row, known_file(path, row, digests[row.id])

    def _hand_written(self, query: QueryPicture) -> Iterator[Prospect]:
        for name, distance in self.hashes.hand_written(query.prints):
            if self._is_below(name):
                path = self.shelf.path_of(name)
                yield Prospect(KnownFile(path, size_if_known(path)), key_distance=distance)

    def _is_below(self, name: str) -> bool:
        return not self._below or names.absolute(self.shelf.path_of(name)).startswith(self._below)


@renamed_parameters(question="options", shelve="shelf")
def search(
    query: Any,
    shelf: str | os.PathLike[str] = "db.shelve",
    options: SearchOptions | None = None,
    **keywords: Unpack[SearchKeywords],
) -> Matches:
    """Return the pictures on a shelf that match, nearest first; several queries keep their order.

    A query is a path, the bytes of a file, a Pillow image or an array of pixels, or a list of
    these; a path may be a folder or another shelf. Options are given by name, as in `strict=True,
    limit=5`: see SearchKeywords. Raises ShelfError for a shelf that cannot be read, and
    UnreadableImage if the only query cannot be read; of several, `asked` names those that could
    not.
    """
    chosen = options or SearchOptions(**keyword_options.fields(keywords))
    several = [query] if given_pictures.is_one(query) else query
    with (
        given_pictures.as_files(list(several)) as names_of,
        Searching(os.fspath(shelf), chosen) as searching,
        share("searching", quiet=not in_notebook()) as progress,
    ):
        matches = Matches.joined(searching.ask(names_of, progress)).renamed(names_of)
    if len(matches.asked) == 1 and matches.asked[0].problem:
        raise UnreadableImage(f"{matches.asked[0].path} {matches.asked[0].problem}")
    return matches


def _part_of_progress(progress: Progress, number: int, parts: int) -> Progress:
    """Return a callback for the share of one part, which reports the share of the whole."""
    return lambda share: progress((number + share) / parts)


def _with_progress(items: Iterator[T], count: int, progress: Progress) -> Iterator[T]:
    """Yield all items and report the share of them that the caller has finished."""
    for number, item in enumerate(items):
        progress(number / count)
        yield item
    progress(1.0)


def _in_batches(items: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(itertools.islice(items, QUERIES_PER_BATCH)):
        yield batch
