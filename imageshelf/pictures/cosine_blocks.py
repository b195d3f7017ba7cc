"""Blocks of 8x8 pixels as JPEG compresses them: transformed by cosines, and rounded to steps."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.float32]

BLOCK = 8  # pixels each way


def cosines(pixels: Pixels) -> Pixels:
    """Return the cosine transform of each block of a picture: float32[block, 8, 8]."""
    import numpy as np

    height, width = pixels.shape
    blocks = pixels.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    return (_basis() @ blocks.reshape(-1, BLOCK, BLOCK) @ _basis().T).astype(np.float32, copy=False)


def compressed(pixels: Pixels, steps: Pixels, cut: int) -> Pixels:
    """Return a picture of any size compressed by these steps, its first block `cut` pixels less."""
    import numpy as np

    ends = [(cut, -(side + cut) % BLOCK) for side in pixels.shape]
    padded = np.pad(pixels, ends, "edge")
    blocks = np.round(cosines(padded) / steps) * steps
    rows = (_basis().T @ blocks @ _basis()).reshape(-1, padded.shape[1] // BLOCK, BLOCK, BLOCK)
    whole = rows.transpose(0, 2, 1, 3).reshape(padded.shape).astype(np.float32, copy=False)
    return whole[cut:, cut:][: pixels.shape[0], : pixels.shape[1]]


@cache
def _basis() -> Pixels:
    import numpy as np

    order = np.arange(BLOCK)
    basis = np.cos((2 * order[None, :] + 1) * order[:, None] * np.pi / (2 * BLOCK)) / 2
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)
