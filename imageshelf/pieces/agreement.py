"""Whether the pixels bear a fit out: a stored thumbnail beside what the query shows there."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.fitting import Map, moved
from imageshelf.pieces.points import LONGEST
from imageshelf.pieces.scale_space import Luma

Values = npt.NDArray[np.float64]

WINDOW, STEP = 8, 2  # pixels of the thumbnail
TEXTURE = 25.0  # grey levels squared: variance of a window, on either side, that can be compared
LEAST_VARIANCE = 4.0
ALIKE = 0.7  # correlation of windows that agree


class Agreement(NamedTuple):
    """How many windows with texture agree, and which share of them."""

    windows: int
    share: float


class AskedPicture:
    """A grey picture to be compared with thumbnails, at several sizes, each made once."""

    def __init__(self, luma: Luma) -> None:
        self._luma = luma
        self._unit = max(luma.shape) / LONGEST  # pixels
        self._sizes: dict[int, Values] = {}

    @property
    def is_a_line(self) -> bool:
        """Whether it has no two rows or columns to look between."""
        return bool(min(self._luma.shape) < 2)

    def shown(self, places: Values, units: float) -> tuple[Values, npt.NDArray[np.bool_]]:
        """Return the brightness at places, so many units apart, and which lie inside."""
        apart = units * self._unit
        factor = max(1, min(round(apart), min(self._luma.shape) // 2))
        picture = self._reduced(factor)
        height, width = picture.shape
        x, y = (places.T * (self._unit / factor)) - 0.5
        inside = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
        x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
        left, top = x.astype(np.int64), y.astype(np.int64)
        x, y = x - left, y - top
        at, flat = top * width + left, picture.ravel()
        upper = flat[at] * (1 - x) + flat[at + 1] * x
        lower = flat[at + width] * (1 - x) + flat[at + width + 1] * x
        return upper * (1 - y) + lower * y, inside

    def _reduced(self, factor: int) -> Values:
        if factor not in self._sizes:
            height, width = (length // factor for length in self._luma.shape)
            whole = self._luma[: height * factor, : width * factor].astype(np.float64)
            blocks = whole.reshape(height, factor, width, factor)
            self._sizes[factor] = blocks.mean(axis=(1, 3))
        return self._sizes[factor]


def agreement(
    thumb: Luma, frame: tuple[float, float], matrix: Map, asked: AskedPicture
) -> Agreement:
    """Return how far a thumbnail of a picture agrees with the query that it lies in.

    `frame` is the picture's width and height in units, `matrix` takes its places to the query's.
    """
    height, width = thumb.shape
    if min(height, width) < WINDOW or asked.is_a_line:
        return Agreement(0, 0.0)
    y, x = np.mgrid[0:height, 0:width]
    places = np.column_stack(
        [(x.ravel() + 0.5) * frame[0] / width, (y.ravel() + 0.5) * frame[1] / height]
    )
    apart = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))) * frame[0] / width
    values, inside = asked.shown(moved(matrix, places), apart)
    ours, theirs = thumb.astype(np.float64), values.reshape(height, width)
    pixels = WINDOW * WINDOW
    whole = _sums(inside.reshape(height, width).astype(np.float64)) > pixels - 0.5
    mean, other_mean = _sums(ours) / pixels, _sums(theirs) / pixels
    variance = _sums(ours * ours) / pixels - mean**2
    other = _sums(theirs * theirs) / pixels - other_mean**2
    together = _sums(ours * theirs) / pixels - mean * other_mean
    compared = whole & (np.maximum(variance, other) > TEXTURE)
    least = np.maximum(variance, LEAST_VARIANCE) * np.maximum(other, LEAST_VARIANCE)
    alike = together[compared] > ALIKE * np.sqrt(least[compared])
    return Agreement(int(alike.sum()), float(alike.mean()) if len(alike) else 0.0)


def _sums(values: Values) -> Values:
    """Return the sums over all windows."""
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    total[1:, 1:] = values.cumsum(0).cumsum(1)
    upper, lower = total[:-WINDOW], total[WINDOW:]
    sums = lower[:, WINDOW:] - lower[:, :-WINDOW] - upper[:, WINDOW:] + upper[:, :-WINDOW]
    return np.asarray(sums[::STEP, ::STEP])
