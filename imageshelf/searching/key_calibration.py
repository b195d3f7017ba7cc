"""What a distance between keys of another hash means in one collection: part of a calibration.

As in `calibration`, strangers are pairs with mirror images. The keys of mirror images cannot be
derived from stored ones, so only the sampled originals are mirrored, and each mirror image is
compared with every other picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.pictures.calibration_edits import EditedKeys, EditsTask, edited_keys
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import key_candidates, policies
from imageshelf.shelf import chunks
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.searching.key_candidates import Radius
    from imageshelf.shelf.chunks import StoredKeys

    Counts = npt.NDArray[np.int64]  # [bits + 1]: pairs by the distance of their keys

EDITED_KEYS = "imageshelf.pictures.calibration_edits:edited_keys"
_TURNED_WAYS = len(ORIENTATIONS) - 1


class KeyCounts(NamedTuple):
    """Pairs of one collection by the distance of their keys, int64[bits + 1] each.

    `pictures` is how many pictures on the shelf are not flat.
    """

    hash: str
    pictures: int
    strangers: Counts
    all_pairs: Counts
    copies: Counts

    def found_percent(self, radius: Radius) -> float:
        """Return the percentage of copies that match upright."""
        return 100 * _share(self.copies, radius.upright)

    def false_a_query(self, radius: Radius) -> float:
        """Return how many false matches to expect of a query with a new picture."""
        chance = _share(self.strangers, radius.upright)
        if radius.turned is not None:
            chance += _TURNED_WAYS * _share(self.strangers, radius.turned)
        return chance * self.pictures

    def found_pairs(self, radius: Radius) -> float:
        """Return how many pairs of this collection match upright, true and false together."""
        return _share(self.all_pairs, radius.upright) * self.pictures * (self.pictures - 1) / 2


def _share(counts: Counts, distance: int) -> float:
    return float(counts[: distance + 1].sum() / max(counts.sum(), 1))


def default_radius(name: str) -> Radius:
    """Return the radius that a shelf of this hash uses by default."""
    return key_candidates.radius_for(name, policies.DEFAULT)


def key_counts(
    name: str,
    keys: StoredKeys,
    usable: npt.NDArray[np.bool_],
    originals: Sequence[SampledPicture],
    *,
    full_decode: bool,
) -> KeyCounts:
    """Count the distances of originals, their mirror images and copies to the keys on the shelf.

    `usable`, bool[n], is false for flat pictures; no original is flat. Unreadable originals are
    not counted.
    """
    stored = keys.words[:, usable]
    strangers, all_pairs, copies = np.zeros((3, 64 * len(stored) + 1), np.int64)
    tasks = [EditsTask(path, full_decode, name) for _, path in originals]
    with LimitedMap(EDITED_KEYS) as edited:
        answers = dict(edited(tasks, here=edited_keys))
    for (position, _), task in zip(originals, tasks, strict=True):
        answer = answers[task]
        if not isinstance(answer, EditedKeys):
            continue
        own = keys.words[:, position : position + 1]
        mirrored = chunks.words_of([answer.mirrored])
        strangers += _by_distance(stored, mirrored) - _by_distance(own, mirrored)
        all_pairs += _by_distance(stored, own) - _by_distance(own, own)
        copies += _by_distance(chunks.words_of(answer.copies), own)
    return KeyCounts(name, int(usable.sum()), strangers, all_pairs, copies)


def _by_distance(words: npt.NDArray[np.uint64], query: npt.NDArray[np.uint64]) -> Counts:
    """Return how many keys, uint64[words, n], have each distance to a query, uint64[words, 1]."""
    bits = 64 * len(words)
    (near,) = hamming.within_words(words, query, [bits])
    return np.bincount(near.distances, minlength=bits + 1)


class SampledPicture(NamedTuple):
    """A picture to make copies of: its position in the arrays of hashes, and its file."""

    position: int
    path: str
