"""Many hashes against many: every pair is compared, a tile of pairs at a time.

A tile is as many comparisons as stay in the processor's cache; NumPy does one in some
40 microseconds without holding the interpreter, so that several threads can work.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    Radius = int | npt.NDArray[np.uint8]  # bits, of all; or uint8[len(ours)]

TILE = 65_536  # comparisons at once: 0.5 MiB of exclusive ors; measured best of 8,192 ... 131,072
SHORT_ROWS = 128  # below 8,192, NumPy's default, rows of less than 3,000 are not copied: 3 x faster


class Hits(NamedTuple):
    """The close pairs of one tile.

    Hit `h` is the pair of `ours[top + h // width]` and `others[first + h % width]`.
    """

    places: Places
    top: int
    first: int
    width: int

    def pairs(self) -> tuple[Places, Places]:
        """Return the places in ours and in others."""
        i, j = np.divmod(self.places, self.width)
        return i + self.top, j + self.first


class Tiles:
    """Room for one tile a thread; a thread keeps NumPy's buffer size of it until it ends."""

    def __init__(self) -> None:
        self._own = threading.local()

    def close(self, ours: Hashes, others: Hashes, radius: Radius) -> Iterator[Hits]:
        """Yield the pairs at most so many bits apart, a tile at a time."""
        bits, counts = self._buffers()
        limits = radius if isinstance(radius, int) else radius[:, None]
        for first in range(0, len(others), TILE):
            part = others[first : first + TILE]
            width = len(part)
            height = TILE // width
            for top in range(0, len(ours), height):
                block = ours[top : top + height, None]
                size = len(block) * width
                apart = counts[:size].reshape(-1, width)
                np.bitwise_xor(block, part, out=bits[:size].reshape(-1, width))
                np.bitwise_count(bits[:size], out=counts[:size])
                allowed = limits if isinstance(limits, int) else limits[top : top + height]
                hits = np.flatnonzero(apart <= allowed)
                if len(hits):
                    yield Hits(hits, top, first, width)

    def _buffers(self) -> tuple[Hashes, npt.NDArray[np.uint8]]:
        if not hasattr(self._own, "buffers"):
            np.setbufsize(SHORT_ROWS)  # of this thread alone
            self._own.buffers = np.empty(TILE, np.uint64), np.empty(TILE, np.uint8)
        buffers: tuple[Hashes, npt.NDArray[np.uint8]] = self._own.buffers
        return buffers
