"""Compare every pair of two sets of hashes, a tile of pairs at a time.

A tile is as many comparisons as fit into the processor's cache. NumPy does one in some 40
microseconds without holding the interpreter's lock, so several threads can work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes, Places

    Buffers = tuple[Hashes, npt.NDArray[np.uint8], npt.NDArray[np.bool_]]

T = TypeVar("T")

TILE_COMPARISONS = 65_536  # 0.5 MiB of exclusive ors; measured best of 8,192 ... 131,072
BUFFER_ELEMENTS = 128  # with NumPy's default, 8,192, rows below 3,000 are copied: 3 x slower


class Hits(NamedTuple):
    """The close pairs of one tile.

    Hit `h` is the pair of `ours[top + h // width]` and `others[first + h % width]`.
    """

    places: Places
    top: int
    first: int
    width: int

    def pairs(self) -> tuple[Places, Places]:
        """Return the places in `ours` and in `others`."""
        i, j = np.divmod(self.places, self.width)
        return i + self.top, j + self.first


def short_rows(found: Iterator[T]) -> Iterator[T]:
    """Yield what is found by comparing tiles; while it is looked for, NumPy copies no short rows.

    The buffer size is set for the thread, which may be the user's own, so it is put back each time.
    """
    while True:
        before = np.setbufsize(BUFFER_ELEMENTS)
        try:
            part = next(found)
        except StopIteration:
            return
        finally:
            np.setbufsize(before)
        yield part


class Tiles:
    """Buffers for one tile per thread."""

    def __init__(self) -> None:
        self._own = threading.local()

    def close_pairs(self, ours: Hashes, others: Hashes, radius: int) -> Iterable[Hits]:
        """Return the pairs within the radius, tile by tile; most buckets are one tile."""
        if len(ours) * len(others) <= TILE_COMPARISONS:
            places = self._tile(ours[:, None], others, radius)
            return [Hits(places, 0, 0, len(others))] if len(places) else []
        return self._tiled(ours, others, radius)

    def _tiled(self, ours: Hashes, others: Hashes, radius: int) -> Iterator[Hits]:
        for first in range(0, len(others), TILE_COMPARISONS):
            part = others[first : first + TILE_COMPARISONS]
            height = TILE_COMPARISONS // len(part)
            for top in range(0, len(ours), height):
                rows = slice(top, top + height)
                places = self._tile(ours[rows, None], part, radius)
                if len(places):
                    yield Hits(places, top, first, len(part))

    def _tile(self, ours: Hashes, others: Hashes, radius: int) -> Places:
        """Return the indices of close pairs of uint64[n, 1] and uint64[m] in a flat bool[n, m]."""
        bits, counts, close = self._buffers()
        shape, size = (len(ours), len(others)), len(ours) * len(others)
        np.bitwise_xor(ours, others, bits[:size].reshape(shape))
        np.bitwise_count(bits[:size], counts[:size])
        np.less_equal(counts[:size], radius, close[:size])
        (places,) = close[:size].nonzero()
        return places

    def _buffers(self) -> Buffers:
        if not hasattr(self._own, "buffers"):
            kinds = np.uint64, np.uint8, np.bool_
            self._own.buffers = tuple(np.empty(TILE_COMPARISONS, kind) for kind in kinds)
        buffers: Buffers = self._own.buffers
        return buffers
