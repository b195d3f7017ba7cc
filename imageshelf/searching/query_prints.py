"""Query pictures, ready to be compared: decoded here, or taken from another shelf."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.hashing.views import View, inverted
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.pictures.tasks import Picture, QueryPoints
from imageshelf.searching import kinds, policies
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.policies import Fingerprint, QueryPrints, fingerprint_of
from imageshelf.shelf import Shelf, ShelfError, names, open_shelf
from imageshelf.shelf.records import PictureRow

TURN_NAMES = (policies.UPRIGHT, *(name for name, _ in ORIENTATIONS[1:]), kinds.INVERTED)
VIEWS = ("whole", "trimmed", "centre")
ROWS_PER_READ = 4096
PICTURES_PER_HASHING = 16  # 3 MB of floating-point sketches, which stay in the processor's cache


class QueryPicture(NamedTuple):
    """A picture to search for: its fingerprints, and what is known of its file."""

    path: str
    prints: QueryPrints
    file: KnownFile
    points: QueryPoints | None = None  # if pieces are looked for


def query_pictures(pictures: Sequence[tuple[str, Picture]]) -> list[QueryPicture]:
    """Return decoded pictures, given as (path, picture), as query pictures."""
    queries = []
    for start in range(0, len(pictures), PICTURES_PER_HASHING):
        batch = pictures[start : start + PICTURES_PER_HASHING]
        every = prints_of([picture for _, picture in batch])
        for (path, picture), prints in zip(batch, every, strict=True):
            facts = picture.facts
            file = KnownFile(
                path, facts.size_bytes, facts.captured_at, luma=picture.luma,
                size=(facts.width, facts.height),
            )  # fmt: skip
            points = picture.points if isinstance(picture.points, QueryPoints) else None
            queries.append(QueryPicture(path, prints, file, points))
    return queries


def pictures_on_shelf(
    path: str, target: Shelf, progress: Callable[[float], object] = lambda _: None
) -> Iterator[QueryPicture]:
    """Yield every picture on another shelf as a query to `target`; its files need not exist.

    `progress` receives the share of the pictures that is done, every few thousand. Raises
    ShelfError for a shelf whose hashes were not made in the same way as those of `target`.
    """
    with open_shelf(path) as other:
        recipe = other.recipe
        if recipe is None:
            raise ShelfError(f"{path} has no catalogue to ask about: index its pictures first")
        if sentence := target.mismatch(recipe):
            raise ShelfError(f"{path} cannot be compared: {sentence}")
        catalogue = other.whole_catalogue()
        views = catalogue.hashes_of(VIEWS)
        other_hash = recipe.hash != DEFAULT
        every_id = views["whole"].ids
        for start in range(0, len(every_id), ROWS_PER_READ):
            progress(start / len(every_id))
            ids = every_id[start : start + ROWS_PER_READ].tolist()
            digests = catalogue.digests(ids)
            for row in catalogue.rows(ids):
                file_path = other.path_of(names.to_text(row.name))
                print_of = {view: fingerprint_of(hashes, row.id) for view, hashes in views.items()}
                whole = print_of["whole"]
                if len(row.key) * 4 != recipe.bits:
                    raise ShelfError(f"{path} was rebuilt meanwhile: search again")
                if whole is not None:
                    prints = QueryPrints(
                        whole, {}, print_of["trimmed"], print_of["centre"], thumbnail=row.thumbnail,
                        keys={policies.UPRIGHT: bytes.fromhex(row.key)} if other_hash else {},
                    )  # fmt: skip
                    file = known_file(file_path, row, digests[row.id])
                    yield QueryPicture(file_path, prints, file)
        progress(1.0)


def known_file(
    path: str, row: PictureRow, digests: tuple[bytes | None, bytes | None, object]
) -> KnownFile:
    """Return what the catalogue knows of a picture's file."""
    return KnownFile(
        path, row.size_bytes, row.captured_at, *kinds.known_digests(*digests), row.thumbnail,
        (row.width, row.height),
    )  # fmt: skip


def prints_of(pictures: Sequence[Picture]) -> list[QueryPrints]:
    """Return the fingerprints of decoded pictures: whole, turned, trimmed, centre."""
    views_of_each = [_views_of(picture) for picture in pictures]
    hashes = fingerprints([view for views in views_of_each for view in views])
    columns = (part.tolist() for part in hashes)
    prints = (Fingerprint(*numbers) for numbers in zip(*columns, strict=True))
    return [
        _query_prints(picture, list(itertools.islice(prints, len(views))))
        for picture, views in zip(pictures, views_of_each, strict=True)
    ]


def _views_of(picture: Picture) -> list[View]:
    optional = [picture.trimmed] if picture.trimmed else []
    inside = itertools.chain.from_iterable(picture.cutouts)
    dark = [inverted(picture.whole)] if picture.turned else []
    return [picture.whole, picture.centre, *picture.turned, *optional, *dark, *inside]


def _query_prints(picture: Picture, prints: list[Fingerprint]) -> QueryPrints:
    """Return the fingerprints of one picture's views, given in the order of `_views_of`."""
    every = iter(prints)
    whole, centre = next(every), next(every)
    names = [policies.UPRIGHT, *(name for name, _ in ORIENTATIONS[1:])]
    turned = dict(zip(names[1:], every, strict=False)) if picture.turned else {}
    trimmed = next(every) if picture.trimmed else None
    dark = next(every) if picture.turned else None
    cutouts = [dict(zip(names, every, strict=False)) for _ in picture.cutouts]
    keys = dict(zip(names, picture.keys, strict=False))
    return QueryPrints(whole, turned, trimmed, centre, picture.luma, keys, cutouts, dark)
