"""The 16x16 luma thumbnails of many pictures, and which pairs of them look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.distinct_fingerprints import Thumbnails
    from imageshelf.hashing.hamming import Places


CELLS = 256
PAIRS_PER_BATCH = 100_000  # 50 MB
IDS_PER_READ = 20_000  # the catalogue hands out whole records


class LumaThumbnails(NamedTuple):
    """Thumbnails by place: `grey` is uint8[n, 256], `known` is false where there is none."""

    grey: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]

    def within(self, a: Places, b: Places, levels: float) -> npt.NDArray[np.bool_]:
        """Tell for each pair whether both are known and differ by so many levels on average."""
        alike = self.known[a] & self.known[b]
        for start in range(0, len(a), PAIRS_PER_BATCH):
            here = slice(start, start + PAIRS_PER_BATCH)
            first, second = self.grey[a[here]], self.grey[b[here]]
            difference = np.maximum(first, second) - np.minimum(first, second)
            alike[here] &= difference.sum(axis=1, dtype=np.int64) <= levels * CELLS
        return alike


def load_luma(thumbnails: Thumbnails, ids: Places) -> LumaThumbnails:
    """Return the thumbnails of these pictures, in their order."""
    grey, known = np.zeros((len(ids), CELLS), np.uint8), np.zeros(len(ids), np.bool_)
    for start in range(0, len(ids), IDS_PER_READ):
        batch = ids[start : start + IDS_PER_READ].tolist()
        pixels_by_id = thumbnails(batch)
        for place, id_ in enumerate(batch, start):
            if len(pixels := pixels_by_id.get(id_, b"")) == CELLS:
                grey[place], known[place] = np.frombuffer(pixels, np.uint8), True
    return LumaThumbnails(grey, known)
