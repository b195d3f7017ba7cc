"""What the surroundings of a keypoint look like: 128 numbers, whatever its size and direction.

Histograms of gradients as in SIFT (Lowe 2004, sections 5 and 6), as square roots of shares
(Arandjelovic and Zisserman, "Three things everyone should know", 2012).
"""

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.scale_space import LAYERS, SIGMA, Floats, Ints, Keypoints

VALUES = 128
SIDE = 16  # samples along each side of a patch
STEP = 0.75  # sigmas between samples
CELLS = 4  # along each side of a patch; each has DIRECTIONS shares
DIRECTIONS = 8
BINS = 36  # in which the direction of a keypoint is looked for
NEARLY = 0.8  # of the strongest direction, from which another is one too
TURN = 2 * np.pi


def _mirror() -> Ints:
    """Return where each value of a mirrored picture's descriptor comes from."""
    values = np.arange(VALUES).reshape(DIRECTIONS, CELLS, CELLS)
    return values[-np.arange(DIRECTIONS) % DIRECTIONS][:, ::-1, :].ravel()


MIRROR = _mirror()
_OFFSETS = np.arange(SIDE + 2) - (SIDE + 1) / 2  # one more on each side, for the gradients
_ACROSS, _DOWN = (grid.ravel().astype(np.float32) for grid in np.meshgrid(_OFFSETS, _OFFSETS))
_FROM_MIDDLE = (_OFFSETS[1:-1, None] ** 2 + _OFFSETS[None, 1:-1] ** 2) / 2
_NARROW = np.exp(-_FROM_MIDDLE / 4.5**2).astype(np.float32)  # weights for the direction
_WIDE = np.exp(-_FROM_MIDDLE / 8.0**2).astype(np.float32)  # and for the descriptor


def _pooling() -> Floats:
    """Return float32[SIDE**2, CELLS**2]: how much each sample counts in each cell."""
    middles = (np.arange(CELLS) + 0.5) * SIDE / CELLS - 0.5
    apart = np.abs(np.arange(SIDE)[:, None] - middles) * CELLS / SIDE
    share = np.clip(1 - apart, 0, None).astype(np.float32)
    return np.asarray(np.einsum("ia,jb->ijab", share, share).reshape(SIDE**2, CELLS**2))


_POOLING = _pooling()


class Sampler:
    """Patches of a scale space around keypoints, along their direction."""

    def __init__(self, octaves: list[Floats]) -> None:
        shapes = np.array([octave.shape for octave in octaves])
        self._flat = np.concatenate([octave.ravel() for octave in octaves])
        self._start = np.r_[0, np.cumsum(shapes.prod(axis=1))]
        self._height, self._width = shapes[:, 1], shapes[:, 2]

    def patches(self, points: Keypoints, directions: Floats) -> Floats:
        """Return float32[n, SIDE + 2, SIDE + 2], linearly between pixels."""
        height, width = self._height[points.octave], self._width[points.octave]
        layer = np.clip(np.rint(points.layer), 0, LAYERS + 1).astype(np.int64)
        first = (self._start[points.octave] + layer * height * width).astype(np.int32)[:, None]
        reach = STEP * SIGMA * np.exp2(points.layer / LAYERS)
        cosine = (np.cos(directions) * reach).astype(np.float32)[:, None]
        sine = (np.sin(directions) * reach).astype(np.float32)[:, None]
        x = points.x[:, None] + cosine * _ACROSS - sine * _DOWN
        y = points.y[:, None] + sine * _ACROSS + cosine * _DOWN
        np.clip(x, 0, (width - 1.001).astype(np.float32)[:, None], out=x)
        np.clip(y, 0, (height - 1.001).astype(np.float32)[:, None], out=y)
        left, top = x.astype(np.int32), y.astype(np.int32)
        x -= left
        y -= top
        row = width.astype(np.int32)[:, None]
        at = first + top * row + left
        upper = self._between(at, x)
        lower = self._between(at + row, x)
        lower -= upper
        lower *= y
        upper += lower
        return upper.reshape(-1, SIDE + 2, SIDE + 2)

    def _between(self, at: npt.NDArray[np.int32], share: Floats) -> Floats:
        """Return what lies so far between pixels and their right neighbours."""
        value = self._flat.take(at)
        change = self._flat.take(at + 1)
        change -= value
        change *= share
        value += change
        return value


def _gradients(patches: Floats) -> tuple[Floats, Floats]:
    """Return length and direction, in radians, of the slope at the inner samples."""
    across = patches[:, 1:-1, 2:] - patches[:, 1:-1, :-2]
    down = patches[:, 2:, 1:-1] - patches[:, :-2, 1:-1]
    return np.sqrt(across * across + down * down), np.arctan2(down, across)


def directions(patches: Floats, *, several: bool) -> tuple[Ints, Floats]:
    """Return which patches have a direction, and it in radians; `several` gives all of them.

    Patches are upright. A patch with two directions is there twice.
    """
    length, angle = _gradients(patches)
    length *= _NARROW
    place = angle * np.float32(BINS / TURN)
    lower = np.floor(place)
    share = place - lower
    bins = lower.astype(np.int32) % BINS
    first: Ints = (np.arange(len(patches)) * BINS)[:, None, None]
    count = len(patches) * BINS
    lower_sums = np.bincount((first + bins).ravel(), (length * (1 - share)).ravel(), count)
    upper_sums = np.bincount((first + (bins + 1) % BINS).ravel(), (length * share).ravel(), count)
    histogram = (lower_sums + upper_sums).astype(np.float64).reshape(-1, BINS)
    for _ in range(3):
        histogram = (np.roll(histogram, 1, 1) + histogram + np.roll(histogram, -1, 1)) / 3
    before, after = np.roll(histogram, 1, 1), np.roll(histogram, -1, 1)
    least = (NEARLY if several else 1 - 1e-4) * histogram.max(1, keepdims=True)
    peaks = (histogram > before) & (histogram >= after) & (histogram >= least)
    which, at = np.nonzero(peaks)
    if not several:
        which, places = np.unique(which, return_index=True)
        at = at[places]
    left, middle, right = before[which, at], histogram[which, at], after[which, at]
    shift = (left - right) / (2 * (left - 2 * middle + right) - 1e-9)
    angles = (at + np.clip(shift, -0.5, 0.5)) * (TURN / BINS)
    return which, angles.astype(np.float32)


def described(patches: Floats) -> Floats:
    """Return float32[n, VALUES]: of each direction, the shares of the cells, row by row."""
    length, angle = _gradients(patches)
    length *= _WIDE
    place = angle * np.float32(DIRECTIONS / TURN)
    lower: Floats = np.floor(place)
    count = len(patches)
    share = (length * (place - lower)).reshape(count, -1)
    length = length.reshape(count, -1)
    bins = lower.astype(np.int32).reshape(count, -1) % DIRECTIONS
    samples = SIDE * SIDE
    spread = np.zeros(count * DIRECTIONS * samples, np.float32)
    first = np.arange(count, dtype=np.int32)[:, None] * (DIRECTIONS * samples)
    at = first + np.arange(samples, dtype=np.int32)
    spread[at + bins * samples] = length - share
    spread[at + (bins + 1) % DIRECTIONS * samples] += share
    values = (spread.reshape(-1, samples) @ _POOLING).reshape(count, VALUES)
    values /= values.sum(axis=1, keepdims=True) + np.float32(1e-6)
    return np.asarray(np.sqrt(values), np.float32)
