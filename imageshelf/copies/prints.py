"""The distinct fingerprints of a shelf's pictures: equal ones are compared once.

Copies byte for byte have equal fingerprints, and a shelf may hold thousands of them (white pages,
one picture of a training set). Joined as pictures they would be millions of pairs; here they are
one *print* with many pictures, and a match of two prints matches all their pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import turning
from imageshelf.searching.policies import ViewHashes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from imageshelf.searching import policies
    from imageshelf.shelf.catalogue import Catalogue

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Thumbnails = Callable[[Sequence[int]], Mapping[int, bytes]]

_ODD = np.uint64(0x9E3779B97F4A7C15)


class Stored(NamedTuple):
    """What a shelf holds of its pictures, all in the order of ids; a view may be left out.

    `turned` is uint64[7, n], the pHash in the other orientations; `darker` the comparisons of row
    and column hash the other way round, where they are kept. `thumbnails` gives 16x16 luma by id.
    """

    whole: ViewHashes
    thumbnails: Thumbnails
    turned: Hashes | None = None
    darker: tuple[Hashes, Hashes] | None = None
    centre: ViewHashes | None = None
    trimmed: ViewHashes | None = None  # of some pictures only


class Prints(NamedTuple):
    """Distinct fingerprints; their numbers 0 ... p - 1 are the ids of all columns here."""

    whole: ViewHashes
    thumbnails: Thumbnails  # by number of the print
    turned: Hashes | None  # uint64[7, p]
    comparisons: turning.Comparisons
    centre: ViewHashes | None
    trimmed: ViewHashes | None
    pictures: Places  # ids of the pictures, print by print
    starts: Places  # int64[p + 1], of each print in `pictures`, and the end

    def pictures_of(self, number: int) -> list[int]:
        """Return the ids of the pictures with this print, rising."""
        some: list[int] = self.pictures[self.starts[number] : self.starts[number + 1]].tolist()
        return some


def stored(catalogue: Catalogue, policy: policies.Policy) -> Stored:
    """Return what the policy needs of a catalogue."""

    def thumbnails(ids: Sequence[int]) -> Mapping[int, bytes]:
        return {row.id: row.thumbnail for row in catalogue.rows(ids)}

    turned = catalogue.turned() if policy.turned else None
    wanted = {"whole": True, "centre": policy.centre, "trimmed": policy.trimmed}
    columns = {
        view: ViewHashes(*hashes)
        for view, hashes in catalogue.hashes_of([view for view in wanted if wanted[view]]).items()
    }
    return Stored(
        columns["whole"],
        thumbnails,
        None if turned is None else turned.phash,
        None if turned is None else (turned.row_darker, turned.column_darker),
        columns.get("centre"),
        columns.get("trimmed"),
    )


def distinct(pictures: Stored) -> Prints:
    """Return the distinct fingerprints of pictures; the lowest id of a print comes first.

    Prints are equal when all their hashes are and, where there is little information in those,
    the thumbnails as well. They are numbered by their lowest ids.
    """
    words, low = _words(pictures), pictures.whole.low_information
    mixed = np.zeros(len(low), np.uint64)
    for word in words:
        mixed = (mixed ^ word) * _ODD
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
    return _taken(pictures, firsts, pictures.whole.ids[by_print], starts)


def _words(pictures: Stored) -> list[Hashes]:
    """Return everything by which prints differ, as uint64[n] each."""
    whole = pictures.whole
    words = [whole.row, whole.column, whole.phash, whole.low_information.astype(np.uint64)]
    words += list(pictures.turned) if pictures.turned is not None else []
    words += list(pictures.darker) if pictures.darker is not None else []
    if pictures.centre is not None:
        words += [pictures.centre.row, pictures.centre.column, pictures.centre.phash]
    if pictures.trimmed is not None:
        words += _spread(pictures.trimmed, whole.ids)
    return words + _thumbnail_words(pictures)


def _spread(some: ViewHashes, ids: Places) -> list[Hashes]:
    places = np.searchsorted(ids, some.ids)
    words = np.zeros((4, len(ids)), np.uint64)
    words[:, places] = some.row, some.column, some.phash, np.ones(len(places), np.uint64)
    return list(words)


def _thumbnail_words(pictures: Stored) -> list[Hashes]:
    """Return the thumbnails of flat pictures, numbered: equal numbers, equal thumbnails."""
    flat = np.flatnonzero(pictures.whole.low_information)
    word = np.zeros(len(pictures.whole.ids), np.uint64)
    if len(flat):
        ids = pictures.whole.ids[flat].tolist()
        found = pictures.thumbnails(ids)
        known: dict[bytes, int] = {}
        word[flat] = [known.setdefault(found.get(id_, b""), len(known)) for id_ in ids]
    return [word]


def _taken(pictures: Stored, firsts: Places, ids: Places, starts: Places) -> Prints:
    """Return the prints that the pictures at these places stand for."""
    whole = pictures.whole
    own_ids = whole.ids[firsts]
    row, column, phash = whole.row[firsts], whole.column[firsts], whole.phash[firsts]
    comparisons = turning.complemented(row, column)
    if pictures.darker is not None:
        comparisons = turning.Comparisons(row, column, *(d[firsts] for d in pictures.darker))

    def thumbnails(numbers: Sequence[int]) -> Mapping[int, bytes]:
        wanted = own_ids[list(numbers)].tolist()
        found = pictures.thumbnails(wanted)
        return {n: found[i] for n, i in zip(numbers, wanted, strict=True) if i in found}

    low = whole.low_information[firsts]
    return Prints(
        ViewHashes(np.arange(len(firsts)), row, column, phash, low),
        thumbnails,
        None if pictures.turned is None else pictures.turned[:, firsts],
        comparisons,
        _of(pictures.centre, own_ids),
        _of(pictures.trimmed, own_ids),
        ids,
        starts,
    )


def _of(view: ViewHashes | None, own_ids: Places) -> ViewHashes | None:
    """Return a view of those pictures that stand for a print, under the print's number."""
    if view is None:
        return None
    kept = np.flatnonzero(np.isin(view.ids, own_ids, assume_unique=True))
    ids = np.searchsorted(own_ids, view.ids[kept])
    row, column, phash = view.row[kept], view.column[kept], view.phash[kept]
    return ViewHashes(ids, row, column, phash, view.low_information[kept])
