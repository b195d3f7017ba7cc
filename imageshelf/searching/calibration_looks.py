"""What the second look leaves of the strangers that hashes nominate: part of a calibration.

A picture's mirror image is a stranger to all others. A sample of what the loosest policy nominates
for mirror images is laid over them, and that tells how much would be called a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing.near import near_pairs
from imageshelf.pictures.calibration_edits import MIRRORED
from imageshelf.searching import policies
from imageshelf.searching.second_look import Pair, SecondLook

if TYPE_CHECKING:
    from imageshelf.hashing.hamming import Hashes
    from imageshelf.searching.kinds import KnownFile
    from imageshelf.searching.policies import Limits
    from imageshelf.shelf.chunks import PictureHashes

COMPARISONS = 400_000_000  # of mirror images with pictures: half a second
LOOKS = 60  # pairs that are laid over each other, a second or two


class LookedAt(NamedTuple):
    """A pair of strangers that the hashes nominate, and whether the second look calls it a copy."""

    row: int
    score: int
    is_copy: bool


def left_of(looks: Sequence[LookedAt], limits: Limits) -> tuple[int, int]:
    """Return how many pairs within the limits were looked at, and how many are still copies.

    >>> left_of([LookedAt(9, 40, False), LookedAt(9, 50, True)], policies.Limits(14, 44))
    (1, 0)
    """
    within = [one for one in looks if one.row <= limits.row and one.score <= limits.score]
    return len(within), sum(one.is_copy for one in within)


def looks_at_strangers(
    whole: PictureHashes,
    mirrors: tuple[Hashes, Hashes, Hashes],
    files_of: Callable[[list[int]], dict[int, KnownFile]],
    *,
    seed: int = 0,
    memory_limit_mb: int,
) -> list[LookedAt]:
    """Return what is seen of a sample of nominated strangers, where both files can be read.

    `mirrors` has the row, column and perceptual hashes of all mirror images. `files_of` returns the
    files of pictures by position.
    """
    rng = np.random.default_rng(seed)
    limits = policies.LOOSE.upright
    most = max(1, COMPARISONS // max(1, len(whole.row)))
    queries = rng.permutation(np.flatnonzero(~whole.low_information))[:most]
    radii = np.full(len(queries), limits.row)
    places, others, rows = near_pairs(whole.row, mirrors[0][queries], radii, None)
    kept = (queries[places] != others) & ~whole.low_information[others]
    own, others, rows = queries[places[kept]], others[kept], rows[kept].astype(np.int64)
    columns = np.bitwise_count(mirrors[1][own] ^ whole.column[others]).astype(np.int64)
    scores = rows + columns + 2 * np.bitwise_count(mirrors[2][own] ^ whole.phash[others])
    near = np.flatnonzero(scores <= limits.score)
    sampled = rng.permutation(near)[:LOOKS].tolist()
    files = files_of(sorted({int(n) for at in sampled for n in (own[at], others[at])}))
    pairs = [Pair(files[int(own[at])], files[int(others[at])], MIRRORED) for at in sampled]
    with SecondLook(memory_limit_mb=memory_limit_mb) as looking:
        seen = looking.at(pairs)
    return [
        LookedAt(int(rows[at]), int(scores[at]), look.is_match)
        for at, look in zip(sampled, seen, strict=True)
        if look.compared
    ]
