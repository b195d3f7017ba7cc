"""Digests of pictures that look the same, so that no search has to read them again.

Whether two pictures have identical bytes or identical pixels cannot be told from their hashes. It
is found out once, for pictures whose keys are equal and whose sizes agree, and kept in the
catalogue. A digest is as true as the catalogue: until the file's size or time changes.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from imageshelf.shelf.catalogue import Catalogue, PictureRow

    Digests = Mapping[int, tuple[bytes | None, bytes | None, object]]  # by id: bytes, pixels

AT_A_TIME = 20_000  # pictures with equal keys, looked at together


class Wanted(NamedTuple):
    """A picture to be digested: its bytes, or every pixel of it."""

    id: int
    path: str
    pixels: bool


def digested(wanted: Wanted) -> bytes | None:
    """Return the digest, or None for a picture that cannot be read now; what a worker does."""
    from imageshelf import kinds  # noqa: PLC0415  15 ms that a run without a pair need not pay
    from imageshelf.opening import UnreadableImage  # noqa: PLC0415

    try:
        if is_url(wanted.path):
            from imageshelf import fetching  # noqa: PLC0415 - only who reads URLs pays for it

            return fetching.digested(wanted.path, pixels=wanted.pixels)
        return (kinds.pixel_digest if wanted.pixels else kinds.digest)(wanted.path)
    except (UnreadableImage, OSError):
        return None


def equal_keys(catalogue: Catalogue) -> Iterator[list[PictureRow]]:
    """Yield pictures with equal keys, those of a key always together, many keys at a time."""
    import numpy as np  # noqa: PLC0415  workers do without it

    hashes = catalogue.hashes()
    _, inverse, counts = np.unique(hashes.row, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(counts[inverse] > 1)
    ids = hashes.ids[shared[np.argsort(inverse[shared], kind="stable")]].tolist()
    together: list[PictureRow] = []
    for start in range(0, len(ids), AT_A_TIME):
        together += catalogue.rows(ids[start : start + AT_A_TIME])
        last = together[-1].key if together and start + AT_A_TIME < len(ids) else ""
        rest = [row for row in together if row.key == last]
        yield [row for row in together if row.key != last]
        together = rest
    if together:
        yield together


def lacking_bytes(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return those without a digest whose key and file size another has too, each by itself."""
    return [
        [row]
        for alike in _alike(rows, lambda row: (row.key, row.size_bytes))
        for row in alike
        if known[row.id][0] is None
    ]


def lacking_pixels(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return those without a pixel digest that may have the pixels of another.

    Equal keys, equal measures, other bytes; those with equal bytes together.
    """
    lacking = []
    for alike in _alike(rows, lambda row: (row.key, *sorted((row.width, row.height)))):
        classes: dict[Hashable, list[PictureRow]] = defaultdict(list)
        for row in alike:
            classes[known[row.id][0] or row.id].append(row)
        if len(classes) > 1:
            lacking += [same for same in classes.values() if known[same[0].id][1] is None]
    return lacking


def _alike(
    rows: Iterable[PictureRow], trait: Callable[[PictureRow], Hashable]
) -> Iterator[list[PictureRow]]:
    groups: dict[Hashable, list[PictureRow]] = defaultdict(list)
    for row in rows:
        groups[trait(row)].append(row)
    return (group for group in groups.values() if len(group) > 1)
