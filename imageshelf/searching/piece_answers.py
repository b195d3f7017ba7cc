"""Adds the pieces that keypoints find to what the hashes found for queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imageshelf.searching.pieces import (
    MOST_LOOKS,
    SURER,
    PiecePair,
    PieceSearch,
    is_surer,
    look_of,
    looks_at,
)
from imageshelf.searching.ranking import Prospect

if TYPE_CHECKING:
    from imageshelf.searching.looks import Look
    from imageshelf.searching.query_prints import QueryPicture
    from imageshelf.workers.limited_map import LimitedMap

Answer = list[tuple[Prospect, "Look"]]
Measured = Callable[["QueryPicture", Sequence[int]], Iterator[Prospect]]


def add(
    search: PieceSearch,
    pictures: Sequence[QueryPicture],
    answers: Sequence[Answer],
    measured: Measured,
    decoders: LimitedMap,
) -> None:
    """Add pieces to the answer to each query, but not what is there as something surer.

    `measured` yields pictures by their ids, with what the hashes say of them. The surest of each
    query are laid over it.
    """
    pairs: list[PiecePair] = []
    places: list[tuple[int, Prospect, bool]] = []
    for number, query in enumerate(pictures):
        if query.points is None:
            continue
        found = {piece.id: piece for piece in search.found(query.points, query.file.size)}
        for prospect, look in answers[number]:
            if prospect.row and look.kind in SURER:
                found.pop(prospect.row.id, None)
        for rank, prospect in enumerate(measured(query, list(found))):
            if prospect.row:
                pairs.append(PiecePair(query.file, prospect.file, found[prospect.row.id]))
                places.append((number, prospect, rank < MOST_LOOKS and not search.unseen))
    asked = [pair for pair, (*_, wanted) in zip(pairs, places, strict=True) if wanted]
    seen = iter(looks_at(asked, decoders))
    for pair, (number, prospect, wanted) in zip(pairs, places, strict=True):
        _put(answers[number], prospect, next(seen) if wanted else look_of(pair.piece, None))


def _put(answer: Answer, prospect: Prospect, look: Look) -> None:
    """Add a piece to an answer; a picture that is there already is a piece if that is sure."""
    row = prospect.row
    there = [n for n, (each, _) in enumerate(answer) if each.row and row and each.row.id == row.id]
    if not there:
        answer.append((prospect, look))
    elif is_surer(look, answer[there[0]][1].kind):
        answer[there[0]] = prospect, look
