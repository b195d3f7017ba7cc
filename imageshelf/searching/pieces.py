"""Pieces: what the keypoints on a shelf find for a query, and where both show the same.

Points vote for pictures and poses, the pictures with most votes are fitted, a stored thumbnail has
to agree, and what is left is laid over the query, rectified by the fit: parallax and what moved
leave differences that no edit does. Then it is no piece, but a picture that shares a part with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.pictures.images import examine
from imageshelf.pictures.look_tasks import PieceTask
from imageshelf.pictures.tasks import ASKED, STORED, Picture, QueryPoints, StoredPoints, Task
from imageshelf.pieces import placement, points, votes
from imageshelf.pieces.agreement import AskedPicture, agreement
from imageshelf.pieces.fitting import Map, fitted
from imageshelf.pieces.placement import ALL, Placement
from imageshelf.pieces.relations import PART
from imageshelf.pieces.scale_space import SIGMA
from imageshelf.searching import kinds
from imageshelf.searching.looks import Look
from imageshelf.shelf import point_index
from imageshelf.shelf import points as stored
from imageshelf.system.paths import Url
from imageshelf.workers.jobs import Lost

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.pictures.look_tasks import LaidOver
    from imageshelf.pieces.points import PiecePoints
    from imageshelf.pieces.scale_space import Luma
    from imageshelf.pieces.votes import KeySegment
    from imageshelf.searching.kinds import KnownFile
    from imageshelf.shelf import Shelf
    from imageshelf.workers.limited_map import LimitedMap

    Margins = npt.NDArray[np.float16]
    _Stored = tuple[PiecePoints, Luma, tuple[int, int]]  # points, thumbnail, size in pixels

CANDIDATES = 30  # of each hand, with most votes, that are fitted
STORED_CANDIDATES = 8  # the same where all pictures are looked up by their stored points
SEGMENTS_KEPT = 128  # of a thousand pictures each: 300 MB
MOST_KEPT = 20_000  # pictures whose points are kept in memory: 100 MB
MOST_LOOKS = 16  # of one query
# Kinds that stay what they are, whatever the keypoints say.
SURER = frozenset({*kinds.MATCHES, kinds.VARIANT, kinds.DEVELOPED})
IN_PART = 0.5  # share that differs, from which a marked picture is none


class FoundPiece(NamedTuple):
    """A picture on the shelf that shows the same as a query, by keypoints and thumbnail."""

    id: int
    spots: int  # that fit
    agrees: float  # share of the thumbnail's windows
    matrix: Map  # takes its places, in units, to those of the query, mirrored if it is mirrored
    placement: Placement


class PieceSearch:
    """The keypoints of a shelf, to be searched; `note` says what is wrong with them, if anything.

    Without an index of the present points all of them are read for each query. With `unseen`
    nothing is laid over the query.
    """

    def __init__(self, shelf: Shelf, *, unseen: bool = False) -> None:
        self.note, self.unseen = "", unseen
        self._kept: dict[int, _Stored] = {}
        catalogue = shelf.catalogue
        recipe = stored.recipe(catalogue.db) if catalogue is not None else None
        self.is_there = recipe == points.recipe()
        if catalogue is None or recipe is None:
            return
        self._db = catalogue.db
        self._segments = point_index.opened(self._db) if self.is_there else []
        if not self.is_there:
            self.note = "has keypoints of another version, which find nothing: index with --pieces"
        elif self._segments is None:
            self.note = (
                "has no index of its present keypoints: all are read, which takes longer; "
                "index again"
            )

    def found(self, asked: QueryPoints, size: tuple[int, int]) -> list[FoundPiece]:
        """Return what shows the same as a query of this size in pixels, the surest first.

        A picture is found once, by the hand that more points agree on.
        """
        return self._best(*_asked(asked, size), CANDIDATES)

    def pieces_of(self, ids: Sequence[int]) -> dict[int, list[FoundPiece]]:
        """Return, by id, what shows the same as pictures on the shelf, by their stored points."""
        answers = {}
        for id_, (own, thumb, size) in self._stored(ids).items():
            found = self._best(_Query(own, thumb, size), (None, None), STORED_CANDIDATES)
            answers[id_] = [piece for piece in found if piece.id != id_]
        return answers

    def _best(
        self, query: _Query, margins: tuple[Margins | None, Margins | None], most: int
    ) -> list[FoundPiece]:
        """Return what a query finds, as it is and mirrored, the surest first."""
        best: dict[int, FoundPiece] = {}
        for hand, certain in zip((query, query.flipped()), margins, strict=True):
            ids = self._voted(hand.points, certain, most)
            for id_, (theirs, thumb, size) in self._stored(ids).items():
                piece = hand.fitted(id_, theirs, thumb, size)
                if piece and (id_ not in best or best[id_].spots < piece.spots):
                    best[id_] = piece
        return sorted(best.values(), key=lambda piece: (-piece.spots, piece.id))

    def _stored(self, ids: Sequence[int]) -> dict[int, _Stored]:
        """Return points, thumbnails and sizes of pictures, by id; those read last are kept."""
        missing = [id_ for id_ in ids if id_ not in self._kept]
        rows, sizes = stored.rows(self._db, missing), stored.sizes(self._db, missing)
        found = {id_: self._kept[id_] for id_ in ids if id_ in self._kept}
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        try:
            for id_ in rows.keys() & sizes.keys():
                theirs = points.from_bytes(rows[id_].points)
                thumb = points.thumb_from_bytes(rows[id_].thumb)
                found[id_] = self._kept[id_] = (theirs, thumb, sizes[id_])
        except ValueError as exc:
            raise stored.damaged(self._db, str(exc)) from exc
        return {id_: found[id_] for id_ in ids if id_ in found}

    def _voted(self, asked: PiecePoints, margins: Margins | None, most: int) -> list[int]:
        """Return the ids of the pictures with most votes."""
        counts: dict[int, float] = {}
        for segment in self._segments if self._segments is not None else self._read_all():
            for count, id_ in votes.voted(segment, asked, margins, most):
                counts[id_] = max(count, counts.get(id_, 0.0))
        ranked = sorted((-count, id_) for id_, count in counts.items())
        return [id_ for _, id_ in ranked[:most]]

    def _read_all(self) -> Iterator[KeySegment]:
        """Yield all points as segments; those of a smaller shelf are kept for the next query."""
        kept: list[KeySegment] | None = []
        for page in point_index.pages(self._db):
            segment = votes.sorted_segment(page, votes.key_bits_for(len(page)))
            if kept is not None:
                kept.append(segment)
                kept = kept if len(kept) <= SEGMENTS_KEPT else None
            yield segment
        self._segments = kept


class _Query:
    """A query, as it is or mirrored: its points, its brightness, its size in pixels."""

    def __init__(
        self, own: PiecePoints, luma: Luma, size: tuple[int, int], *, mirrored: bool = False
    ) -> None:
        self.points, self.size, self.mirrored = own, size, mirrored
        self.frame = placement.frame_of(size)
        pixels = max(luma.shape) if max(luma.shape) > points.THUMB_PIXELS else points.STORED_PIXELS
        self._finest = SIGMA * points.LONGEST / pixels
        self._luma = luma
        self._picture = AskedPicture(luma)

    def flipped(self) -> _Query:
        """Return the mirrored query."""
        own = self.points.flipped(self.frame[0])
        return _Query(own, self._luma[:, ::-1], self.size, mirrored=not self.mirrored)

    def fitted(
        self, id_: int, theirs: PiecePoints, thumb: Luma, size: tuple[int, int]
    ) -> FoundPiece | None:
        """Return how a picture lies in the query, if points and thumbnail agree."""
        fit = fitted(theirs, self.points, self.frame, self._finest)
        if fit is None or fit.inliers < placement.FITS[0][0]:
            return None
        if not placement.is_in_view(fit.matrix, size):
            return None
        seen = agreement(thumb, placement.frame_of(size), fit.matrix, self._picture)
        if not placement.holds(fit, seen):
            return None
        placed = placement.placed(fit.matrix, size, self.size, mirrored=self.mirrored)
        return FoundPiece(id_, fit.inliers, seen.share, fit.matrix, placed)


def between(query: KnownFile, match: KnownFile, decoders: LimitedMap) -> Look | None:
    """Return how the one picture shows a part of the other, by their files; None if it does not.

    `decoders` is a map of `second_look.WORK`.
    """
    wanted = [
        Task(query.path, memory_limit_mb=decoders.memory_limit_mb, points=ASKED),
        Task(match.path, memory_limit_mb=decoders.memory_limit_mb, points=STORED),
    ]
    answers = dict(decoders(wanted, here=examine))
    ours, theirs = (answers[task] for task in wanted)
    if not isinstance(ours, Picture) or not isinstance(theirs, Picture):
        return None
    if not isinstance(ours.points, QueryPoints) or not isinstance(theirs.points, StoredPoints):
        return None
    sizes = [(picture.facts.width, picture.facts.height) for picture in (ours, theirs)]
    own = _asked(ours.points, sizes[0])[0]
    other = points.from_bytes(theirs.points.points), points.thumb_from_bytes(theirs.points.thumb)
    found = [hand.fitted(0, *other, sizes[1]) for hand in (own, own.flipped())]
    best = max((piece for piece in found if piece), key=lambda piece: piece.spots, default=None)
    return looks_at([PiecePair(query, match, best)], decoders)[0] if best else None


def _asked(asked: QueryPoints, size: tuple[int, int]) -> tuple[_Query, tuple[Margins, Margins]]:
    """Return a query of its packed points, and the margins of both hands."""
    shape = -1, points.KEY_BITS
    margins = [np.frombuffer(packed, np.float16).reshape(shape) for packed in asked.margins]
    width, height = asked.size
    luma = np.frombuffer(asked.luma, np.uint8).reshape(height, width)
    mirrored = np.frombuffer(asked.mirrored, np.uint64)
    query = _Query(points.from_bytes(asked.points)._replace(mirrored=mirrored), luma, size)
    return query, (margins[0], margins[1])


class PiecePair(NamedTuple):
    """A query and a piece that was found for it."""

    query: KnownFile
    match: KnownFile
    piece: FoundPiece


def looks_at(pairs: Sequence[PiecePair], decoders: LimitedMap) -> list[Look]:
    """Return what is seen of each pair, laid over each other as their points fit."""
    pieces = {n: _task(pair, decoders.memory_limit_mb) for n, pair in enumerate(pairs)}
    wanted = [task for n, task in pieces.items() if _is_readable(pairs[n])]
    answers = dict(decoders(list(dict.fromkeys(wanted)), here=_look_here))
    seen = [answers.get(pieces[n]) for n in range(len(pairs))]
    return [
        look_of(pair.piece, laid if _is_of(pair, laid) else None)
        for pair, laid in zip(pairs, seen, strict=True)
    ]


def _is_of(pair: PiecePair, laid: LaidOver | Lost | None) -> bool:
    """Tell whether the files that were read are still as large as those with these keypoints."""
    if laid is None or isinstance(laid, Lost) or laid.states is None:
        return True
    (query_bytes, _), (match_bytes, _) = laid.states
    return (query_bytes, match_bytes) == (pair.query.size_bytes, pair.match.size_bytes)


def look_of(piece: FoundPiece, laid: LaidOver | Lost | None) -> Look:
    """Return what a piece is after it was laid over the query; None and Lost: it could not be."""
    placed = piece.placement
    if not isinstance(laid, Lost) and laid is not None and laid.verdict is not None:
        verdict = laid.verdict
        whole = min(placed.query_share, placed.match_share) > ALL
        kept = verdict.kind == "near" or (
            verdict.kind == "variant" and verdict.differs < IN_PART and not whole
        )
        placed = placed if kept else placed._replace(relation=PART)
        return Look(
            kinds.PIECE,
            compared=True,
            agrees=piece.agrees,
            states=laid.states,
            piece=placed,
        )
    return Look(kinds.PIECE, agrees=piece.agrees, piece=placed)


def is_surer(piece: Look, kind: str) -> bool:
    """Tell whether a piece says more of two pictures than the kind that was found otherwise."""
    shared = piece.piece is None or piece.piece.relation == PART
    return kind == kinds.SIMILAR or (kind not in SURER and not shared)


def _task(pair: PiecePair, memory_limit_mb: int) -> PieceTask:
    piece = pair.piece
    matrix = tuple(piece.matrix.ravel().tolist())
    return PieceTask(
        pair.query.path, pair.match.path, matrix, piece.placement.mirrored, memory_limit_mb
    )


def _is_readable(pair: PiecePair) -> bool:
    at_urls = isinstance(pair.query.path, Url) or isinstance(pair.match.path, Url)
    return not at_urls and pair.match.pixel_digest != kinds.DAMAGED


def _look_here(task: PieceTask) -> LaidOver:
    from imageshelf.workers import work_pieces

    return work_pieces.piece_laid_over(task)
