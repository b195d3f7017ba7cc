"""What a distance of another hash means in one collection: the keys' part of a calibration.

As in `calibrating`, strangers are pairs with mirror images. Their keys cannot be had from stored
ones, so only the mirror images of the originals are compared, each with every other picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.pictures import edits, images
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import key_candidates as key_matching
from imageshelf.searching import policy as matching
from imageshelf.shelf import chunks
from imageshelf.system.files import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imageshelf.searching.key_candidates import Radius
    from imageshelf.shelf.chunks import Keys

    Counts = npt.NDArray[np.int64]  # [bits + 1]: pairs by the distance of their keys

_MIRRORED = [name for name, _ in ORIENTATIONS].index("mirrored")
_TURNED_WAYS = len(ORIENTATIONS) - 1


class KeyCounts(NamedTuple):
    """Pairs of one collection by the distance of their keys, int64[bits + 1] each.

    `pictures` are those on the shelf that show something.
    """

    hash: str
    pictures: int
    strangers: Counts
    all_pairs: Counts
    copies: Counts

    def found_percent(self, radius: Radius) -> float:
        """Return the share of copies that match upright."""
        return 100 * _share(self.copies, radius.upright)

    def false_a_query(self, radius: Radius) -> float:
        """Return the false matches to expect when a new picture is looked for."""
        chance = _share(self.strangers, radius.upright)
        if radius.turned is not None:
            chance += _TURNED_WAYS * _share(self.strangers, radius.turned)
        return chance * self.pictures

    def found_pairs(self, radius: Radius) -> float:
        """Return the pairs of this collection that match upright, true and false together."""
        return _share(self.all_pairs, radius.upright) * self.pictures * (self.pictures - 1) / 2


def _share(counts: Counts, distance: int) -> float:
    return float(counts[: distance + 1].sum() / max(counts.sum(), 1))


def default(name: str) -> Radius:
    """Return what matches on a shelf of this hash when nothing else is asked for."""
    return key_matching.radius(name, matching.DEFAULT)


def counted(
    name: str,
    keys: Keys,
    usable: npt.NDArray[np.bool_],
    originals: Sequence[Original],
    *,
    full_decode: bool,
) -> KeyCounts:
    """Return how far originals, their mirror images and copies are from what the shelf holds.

    `usable`, bool[n], leaves flat pictures out, of which no original is one; originals that cannot
    be read count nothing.
    """
    stored = keys.words[:, usable]
    strangers, all_pairs, copies = np.zeros((3, 64 * len(stored) + 1), np.int64)
    for position, path in originals:
        try:
            picture = images.read(path, full_decode=full_decode, turned=True, hash_name=name)
            edited = [
                images.key_of(file, name, full_decode=full_decode)
                for _, file in edits.edited_files(path)
            ]
        except UnreadableImage:
            continue
        own = keys.words[:, position : position + 1]
        mirrored = chunks.words_of([picture.keys[_MIRRORED]])
        strangers += _by_distance(stored, mirrored) - _by_distance(own, mirrored)
        all_pairs += _by_distance(stored, own) - _by_distance(own, own)
        copies += _by_distance(chunks.words_of(edited), own)
    return KeyCounts(name, int(usable.sum()), strangers, all_pairs, copies)


def _by_distance(words: npt.NDArray[np.uint64], query: npt.NDArray[np.uint64]) -> Counts:
    """Return how many keys, uint64[words, n], are how far from one, uint64[words, 1]."""
    bits = 64 * len(words)
    (near,) = hamming.within_words(words, query, [bits])
    return np.bincount(near.distances, minlength=bits + 1)


class Original(NamedTuple):
    """A picture to make copies of: where it stands in the arrays, and its file."""

    position: int
    path: str
