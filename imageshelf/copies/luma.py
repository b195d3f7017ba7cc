"""The 16x16 luma thumbnails of many pictures, compared a pair at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.prints import Thumbnails

    Places = npt.NDArray[np.int64]

CELLS = 256
BATCH = 100_000  # pairs compared at once: 50 MB
IDS_AT_A_TIME = 20_000  # asked for together: the catalogue hands out whole records


class Luma(NamedTuple):
    """Thumbnails by place: `grey` is uint8[n, 256]; where one is not known, `known` is false."""

    grey: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]

    def within(self, a: Places, b: Places, levels: float) -> npt.NDArray[np.bool_]:
        """Tell of each pair whether both are known and differ by so many of 255 on average."""
        found = self.known[a] & self.known[b]
        for start in range(0, len(a), BATCH):
            here = slice(start, start + BATCH)
            one, other = self.grey[a[here]], self.grey[b[here]]
            apart = np.maximum(one, other) - np.minimum(one, other)
            found[here] &= apart.sum(axis=1, dtype=np.int64) <= levels * CELLS
        return found


def luma(thumbnails: Thumbnails, ids: Places) -> Luma:
    """Return the thumbnails of these pictures, in their order."""
    grey, known = np.zeros((len(ids), CELLS), np.uint8), np.zeros(len(ids), np.bool_)
    for start in range(0, len(ids), IDS_AT_A_TIME):
        some = ids[start : start + IDS_AT_A_TIME].tolist()
        found = thumbnails(some)
        for at, number in enumerate(some, start):
            if len(pixels := found.get(number, b"")) == CELLS:
                grey[at], known[at] = np.frombuffer(pixels, np.uint8), True
    return Luma(grey, known)
