"""Which of many pictures may be near each other, a bit for each pair.

Ten thousand pictures take 12 MB. Row and column are the places of the two pictures; the rows are
packed as `np.packbits` packs them, and the matrix is symmetrical.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.overlay import coarse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imageshelf.copies.pair_log import Bits
    from imageshelf.hashing.hamming import Places
    from imageshelf.overlay.coarse import Coarse

PICTURES_PER_BLOCK = 256  # 8 MB of tiles


def pairs_of(possible: Bits, numbers: Places) -> tuple[Places, Places]:
    """Return the pairs of prints, first < second, whose bits are set."""
    rows = [np.flatnonzero(np.unpackbits(row, count=len(numbers))) for row in possible]
    first = np.repeat(numbers, [len(row) for row in rows])
    second = numbers[np.concatenate([np.empty(0, np.int64), *rows])]
    return first[first < second], second[first < second]


def of_prints(possible: Bits, starts: Places) -> Bits:
    """Return for prints, whose pictures begin at `starts`, whether any two pictures may be near."""
    count = len(possible)
    if len(starts) == count:
        return possible
    rows = np.bitwise_or.reduceat(possible, starts, axis=0)
    columns = (np.unpackbits(row, count=count) for row in rows)
    return np.stack([np.packbits(np.bitwise_or.reduceat(column, starts)) for column in columns])


def from_partners(ids: Sequence[int], kept: Mapping[int, Sequence[int]]) -> Bits:
    """Return what `of_pictures` did, from what `partners` made of it."""
    place = {id_: at for at, id_ in enumerate(ids)}
    found = np.zeros((len(ids), (len(ids) + 7) // 8), np.uint8)
    for id_, others in kept.items():
        for a, b in ((place.get(id_), place.get(other)) for other in (id_, *others)):
            if a is not None and b is not None:
                found[a, b >> 3] |= 128 >> (b & 7)
                found[b, a >> 3] |= 128 >> (a & 7)
    return found


def of_pictures(pictures: Sequence[Coarse]) -> Bits:
    """Return uint8[n, n / 8], bits that tell which pairs may be near, symmetrical."""
    found = np.zeros((len(pictures), (len(pictures) + 7) // 8), np.uint8)
    for first, rows in _blocks(pictures, 0):
        for second, columns in _blocks(pictures, rows.start):
            possible = coarse.possible(first, second)
            for some, these, those in ((possible, rows, columns), (possible.T, columns, rows)):
                packed = np.packbits(some, axis=1)
                at = those.start // 8
                found[these.start : these.stop, at : at + packed.shape[1]] = packed
    return found


def partners(ids: Sequence[int], possible: Bits) -> Iterator[tuple[int, list[int]]]:
    """Yield each picture with those of higher id that may be near it."""
    every = np.array(ids)
    for id_, row in zip(ids, possible, strict=True):
        others = every[np.unpackbits(row, count=len(ids)).astype(np.bool_)]
        yield id_, others[others > id_].tolist()


def _blocks(pictures: Sequence[Coarse], first: int) -> Iterator[tuple[coarse.Block, range]]:
    for start in range(first, len(pictures), PICTURES_PER_BLOCK):
        some = list(pictures[start : start + PICTURES_PER_BLOCK])
        yield coarse.block(some), range(start, start + len(some))
