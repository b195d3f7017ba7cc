"""Pictures that a shelf is asked about, as they are compared: decoded here, or on another shelf."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf import hashing, images, kinds, matching
from imageshelf.hash_names import DEFAULT
from imageshelf.kinds import Side
from imageshelf.matching import Fingerprint, Views
from imageshelf.shelf import ShelfError, names, open_shelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.images import Picture
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.catalogue import PictureRow

VIEWS = ("whole", "trimmed", "centre")
ROWS_AT_A_TIME = 4096


class Subject(NamedTuple):
    """A picture that is asked about: its fingerprints, and what its file is compared by."""

    path: str
    views: Views
    side: Side


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
        other_hash = recipe.hash != DEFAULT
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
