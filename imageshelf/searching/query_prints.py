"""Pictures that a shelf is asked about, as they are compared: decoded here, or on another shelf."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import kinds
from imageshelf.searching import policy as matching
from imageshelf.searching.kinds import Side
from imageshelf.searching.policy import Fingerprint, Views
from imageshelf.shelf import ShelfError, names, open_shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imageshelf.hashing.views import View
    from imageshelf.pictures.tasks import Picture
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.records import PictureRow

VIEWS = ("whole", "trimmed", "centre")
ROWS_AT_A_TIME = 4096
HASHED_AT_ONCE = 16  # pictures; their sketches as numbers stay in the processor's cache: 3 MB


class Subject(NamedTuple):
    """A picture that is asked about: its fingerprints, and what its file is compared by."""

    path: str
    views: Views
    side: Side


def subjects_of(pictures: Sequence[tuple[str, Picture]]) -> list[Subject]:
    """Return decoded pictures, by their paths, as the subjects of questions."""
    subjects = []
    for start in range(0, len(pictures), HASHED_AT_ONCE):
        some = pictures[start : start + HASHED_AT_ONCE]
        every = views_of([picture for _, picture in some])
        for (path, picture), views in zip(some, every, strict=True):
            facts = picture.facts
            side = Side(path, facts.size_bytes, facts.captured_at, luma=picture.luma)
            subjects.append(Subject(path, views, side))
    return subjects


def subjects_on(
    path: str, besides: Shelf, done: Callable[[float], object] = lambda _: None
) -> Iterator[Subject]:
    """Yield every picture on another shelf as a subject; its files need not be there.

    `done` is told the share of them that has been worked on, some thousands at a time. Raises
    ShelfError for a shelf whose hashes were made otherwise than those of `besides`.
    """
    with open_shelf(path) as other:
        recipe = other.recipe
        if recipe is None:
            raise ShelfError(f"{path} has no catalogue to ask about: index its pictures first")
        if sentence := besides.mismatch(recipe):
            raise ShelfError(f"{path} cannot be compared: {sentence}")
        catalogue = other.whole_catalogue()
        columns = {
            view: matching.Column(*hashes) for view, hashes in catalogue.hashes_of(VIEWS).items()
        }
        other_hash = recipe.hash != DEFAULT
        for start in range(0, len(columns["whole"].ids), ROWS_AT_A_TIME):
            done(start / len(columns["whole"].ids))
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
        done(1.0)


def side_of(path: str, row: PictureRow, digests: tuple[bytes | None, bytes | None, object]) -> Side:
    """Return what a picture on the shelf is compared by."""
    return Side(path, row.size_bytes, row.captured_at, *kinds.known(*digests), row.thumbnail)


def views_of(pictures: Sequence[Picture]) -> list[Views]:
    """Return the fingerprints of decoded pictures: whole, turned, trimmed, centre."""
    each = [_looked_at(picture) for picture in pictures]
    found = fingerprints([view for views in each for view in views])
    columns = (part.tolist() for part in found)
    prints = (Fingerprint(*numbers) for numbers in zip(*columns, strict=True))
    return [
        _views(picture, list(itertools.islice(prints, len(views))))
        for picture, views in zip(pictures, each, strict=True)
    ]


def _looked_at(picture: Picture) -> list[View]:
    optional = [picture.trimmed] if picture.trimmed else []
    return [picture.whole, picture.centre, *picture.turned, *optional]


def _views(picture: Picture, prints: list[Fingerprint]) -> Views:
    """Return what was looked at, in its order, as the views of one picture."""
    turns = [name for name, _ in ORIENTATIONS[1:]]
    turned = dict(zip(turns, prints[2:], strict=False)) if picture.turned else {}
    trimmed = prints[-1] if picture.trimmed else None
    keys = dict(zip([matching.UPRIGHT, *turns], picture.keys, strict=False))
    return Views(prints[0], turned, trimmed, prints[1], picture.luma, keys)
