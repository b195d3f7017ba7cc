"""The distinct fingerprints of a shelf's pictures, so that equal ones are compared once.

Byte-for-byte copies have equal fingerprints, and a shelf may hold thousands of them (white pages,
one picture of a training set). Joined as pictures they would make millions of pairs. Here they are
one *print* with many pictures, and when two prints match, all their pictures do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import turning
from imageshelf.shelf.chunks import PictureHashes

if TYPE_CHECKING:
    from imageshelf.hashing.hamming import Hashes, Places
    from imageshelf.searching import policies
    from imageshelf.shelf.catalogue import Catalogue

    Thumbnails = Callable[[Sequence[int]], Mapping[int, bytes]]

_ODD_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class StoredPrints(NamedTuple):
    """The hashes on a shelf, in the order of picture ids; views that no policy needs are None.

    `turned` is the pHash in the other orientations, uint64[7, n]. `darker` has the comparisons of
    the row and column hashes the other way round, if the shelf keeps them. `thumbnails` returns
    16x16 luma by id.
    """

    whole: PictureHashes
    thumbnails: Thumbnails
    turned: Hashes | None = None
    darker: tuple[Hashes, Hashes] | None = None
    centre: PictureHashes | None = None
    trimmed: PictureHashes | None = None  # only some pictures have one
    sizes: Hashes | None = None  # of files, in bytes, where only the same bytes count


class Prints(NamedTuple):
    """Distinct fingerprints, numbered 0 ... p - 1; these numbers are the `ids` of the views."""

    whole: PictureHashes
    thumbnails: Thumbnails  # by print number
    turned: Hashes | None  # uint64[7, p]
    comparisons: turning.Comparisons
    centre: PictureHashes | None
    trimmed: PictureHashes | None
    pictures: Places  # picture ids, print by print
    starts: Places  # int64[p + 1]: where each print starts in `pictures`, and the end

    def pictures_of(self, number: int) -> list[int]:
        """Return the ids of the pictures with this print, ascending."""
        ids: list[int] = self.pictures[self.starts[number] : self.starts[number + 1]].tolist()
        return ids


def picture_hashes(
    catalogue: Catalogue, policy: policies.Policy, *, with_sizes: bool = False
) -> StoredPrints:
    """Return the hashes of a catalogue that the policy needs."""

    def thumbnails(ids: Sequence[int]) -> Mapping[int, bytes]:
        return {row.id: row.thumbnail for row in catalogue.rows(ids)}

    turned = catalogue.turned() if policy.turned else None
    limits = {"centre": policy.centre, "trimmed": policy.trimmed}
    needed = ["whole", *(view for view in limits if limits[view])]
    views = catalogue.hashes_of(needed)
    sizes = None
    if with_sizes:
        known = dict(catalogue.sizes_by_id())  # not all that has hashes, on a damaged shelf
        every = [known.get(id_, 0) for id_ in views["whole"].ids.tolist()]
        sizes = np.array(every, np.int64).astype(np.uint64)
    return StoredPrints(
        views["whole"],
        thumbnails,
        None if turned is None else turned.phash,
        None if turned is None else (turned.row_darker, turned.column_darker),
        views.get("centre"),
        views.get("trimmed"),
        sizes,
    )


def distinct_prints(pictures: StoredPrints) -> Prints:
    """Return the distinct fingerprints of pictures, numbered by the lowest picture id of each.

    Prints are equal when all their hashes are equal, in flat pictures their thumbnails, too, and
    the sizes of the files where they count.
    """
    words, low = _words(pictures), pictures.whole.low_information
    mixed = np.zeros(len(low), np.uint64)
    for word in words:
        mixed = (mixed ^ word) * _ODD_MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed, kind="stable")
    new = np.ones(len(order), np.bool_)
    if len(order):
        new[1:] = np.any([word[order][1:] != word[order][:-1] for word in words], axis=0)
    firsts = np.minimum.reduceat(order, np.flatnonzero(new)) if len(order) else order
    numbers = np.empty(len(order), np.int64)  # of each picture's print
    numbers[order] = np.argsort(np.argsort(firsts))[np.cumsum(new) - 1]
    firsts = np.sort(firsts)
    by_print = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[by_print], np.arange(len(firsts) + 1))
    return _prints_at(pictures, firsts, pictures.whole.ids[by_print], starts)


def _words(pictures: StoredPrints) -> list[Hashes]:
    """Return all that prints may differ in, each as uint64[n]."""
    whole = pictures.whole
    words = [whole.row, whole.column, whole.phash, whole.low_information.astype(np.uint64)]
    words += list(pictures.turned) if pictures.turned is not None else []
    words += list(pictures.darker) if pictures.darker is not None else []
    if pictures.centre is not None:
        words += [pictures.centre.row, pictures.centre.column, pictures.centre.phash]
    if pictures.trimmed is not None:
        words += _spread(pictures.trimmed, whole.ids)
    words += [pictures.sizes] if pictures.sizes is not None else []
    return words + _thumbnail_words(pictures)


def _spread(view: PictureHashes, ids: Places) -> list[Hashes]:
    places = np.searchsorted(ids, view.ids)
    words = np.zeros((4, len(ids)), np.uint64)
    words[:, places] = view.row, view.column, view.phash, np.ones(len(places), np.uint64)
    return list(words)


def _thumbnail_words(pictures: StoredPrints) -> list[Hashes]:
    """Return uint64[n]: equal numbers for flat pictures with equal thumbnails, 0 for others."""
    flat = np.flatnonzero(pictures.whole.low_information)
    word = np.zeros(len(pictures.whole.ids), np.uint64)
    if len(flat):
        ids = pictures.whole.ids[flat].tolist()
        thumbnails = pictures.thumbnails(ids)
        numbers: dict[bytes, int] = {}
        word[flat] = [numbers.setdefault(thumbnails.get(id_, b""), len(numbers)) for id_ in ids]
    return [word]


def _prints_at(pictures: StoredPrints, firsts: Places, ids: Places, starts: Places) -> Prints:
    """Return the prints of which the pictures at `firsts` are the first."""
    whole = pictures.whole
    own_ids = whole.ids[firsts]
    row, column, phash = whole.row[firsts], whole.column[firsts], whole.phash[firsts]
    comparisons = turning.complemented(row, column)
    if pictures.darker is not None:
        comparisons = turning.Comparisons(row, column, *(d[firsts] for d in pictures.darker))

    def thumbnails(numbers: Sequence[int]) -> Mapping[int, bytes]:
        ids_asked = own_ids[list(numbers)].tolist()
        known = pictures.thumbnails(ids_asked)
        return {n: known[id_] for n, id_ in zip(numbers, ids_asked, strict=True) if id_ in known}

    low = whole.low_information[firsts]
    return Prints(
        PictureHashes(np.arange(len(firsts)), row, column, phash, low),
        thumbnails,
        None if pictures.turned is None else pictures.turned[:, firsts],
        comparisons,
        _renumbered(pictures.centre, own_ids),
        _renumbered(pictures.trimmed, own_ids),
        ids,
        starts,
    )


def _renumbered(view: PictureHashes | None, own_ids: Places) -> PictureHashes | None:
    """Return a view of the first picture of each print, with print numbers as ids."""
    if view is None:
        return None
    kept = np.flatnonzero(np.isin(view.ids, own_ids, assume_unique=True))
    ids = np.searchsorted(own_ids, view.ids[kept])
    row, column, phash = view.row[kept], view.column[kept], view.phash[kept]
    return PictureHashes(ids, row, column, phash, view.low_information[kept])
