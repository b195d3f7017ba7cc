"""Pictures that the hashes nominate by the dozen: which pairs of them cannot be near.

Thousands of filled forms are millions of pairs, too many to lay over each other. Each of the
pictures is reduced once, and products of matrices throw out whole blocks of pairs
(`overlay/coarse.py`); what is left is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.overlay import coarse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from imageshelf.copies.members import Members
    from imageshelf.copies.stars import MatchGraph
    from imageshelf.overlay.coarse import Coarse
    from imageshelf.searching.second_look import SecondLook

    Bits = npt.NDArray[np.uint8]

CROWD_CANDIDATES = 24  # prints that match one, from which on its pairs are sifted
MOST_PICTURES = 20_000  # 50 MB of bits; the pairs of any more are all looked at
PICTURES_PER_BLOCK = 256  # 8 MB of tiles


class Crowd:
    """The pictures with many candidates, and which pairs of them may be near."""

    def __init__(self, ids: Sequence[int], pictures: Sequence[Coarse]) -> None:
        """Compare all pictures, given by id, with one another."""
        self._place = {id_: at for at, id_ in enumerate(ids)}
        self._possible = possible_pairs(pictures)

    def excludes(self, a: int, b: int) -> bool:
        """Tell whether two pictures, upright, cannot be near."""
        first, second = self._place.get(a), self._place.get(b)
        if first is None or second is None:
            return False
        return not int(self._possible[first, second >> 3]) >> (7 - (second & 7)) & 1


def crowd_of(members: Members, graph: MatchGraph, second_look: SecondLook) -> Crowd:
    """Return the pictures that take part and have many candidates; each is read once."""
    ids = [id_ for id_ in graph.crowded(CROWD_CANDIDATES) if id_ in members.rows][:MOST_PICTURES]
    files = {id_: members.known_file(id_) for id_ in ids}
    reduced = dict(zip(ids, second_look.reduced(list(files.values())), strict=True))
    found = {id_: picture for id_, picture in reduced.items() if picture is not None}
    return Crowd(list(found), list(found.values()))


def possible_pairs(pictures: Sequence[Coarse]) -> Bits:
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


def _blocks(pictures: Sequence[Coarse], first: int) -> Iterator[tuple[coarse.Block, range]]:
    for start in range(first, len(pictures), PICTURES_PER_BLOCK):
        some = list(pictures[start : start + PICTURES_PER_BLOCK])
        yield coarse.block(some), range(start, start + len(some))
