"""Where a picture has keypoints: blobs that stand out at their own size.

The method is that of Lowe, "Distinctive Image Features from Scale-Invariant Keypoints" (2004),
sections 3 and 4: extrema of differences of Gaussians over place and scale, three layers an octave,
without those on edges. The picture is not enlarged first, which would double the cost.
"""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Luma = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

LAYERS = 3  # of an octave, in which the blur doubles
SIGMA = 1.6  # pixels of blur of an octave's first layer
SENSOR = 0.5  # pixels of blur that a picture comes with
SMALLEST = 14  # pixels of the shorter side of an octave
CONTRAST = 0.25  # grey levels that an extremum reaches: at 0.8 soft pictures have too few points
EDGE = 10.0  # ratio of the curvatures along and across, from which it is an edge
BORDER = 3  # pixels along the edges of an octave without keypoints
MOST, MOST_ASKED = 600, 4_000  # keypoints of an octave; letters of a query may be thousands
FARTHEST = 0.6  # pixels or layers between an extremum and its pixel's middle
COARSE = 0.25  # octaves: how much more a coarse keypoint counts, as the power of two of an octave
CELLS = 5  # along each side: half of the keypoints are shared out over them
ASKED_CELLS = 8  # the same of a query, whose keypoints are all shared out


def _kernel(sigma: float) -> Floats:
    radius = max(1, int(np.ceil(2.8 * sigma)))
    x = np.arange(-radius, radius + 1)
    weights = np.exp(-x * x / (2 * sigma * sigma))
    return np.asarray(weights / weights.sum(), np.float32)


_FIRST = _kernel(float(np.sqrt(SIGMA**2 - SENSOR**2)))
_BETWEEN = tuple(
    _kernel(SIGMA * float(np.sqrt(2 ** (2 * (n + 1) / LAYERS) - 2 ** (2 * n / LAYERS))))
    for n in range(LAYERS + 2)
)


class Keypoints(NamedTuple):
    """Places in a scale space, n of each array."""

    octave: Ints
    layer: Floats  # between those of the octave
    y: Floats  # pixels of the octave
    x: Floats
    strength: Floats  # grey levels

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the keypoints of several parts as one."""
        arrays: list[Any] = [np.concatenate(each) for each in zip(*parts, strict=True)]
        return cls(*arrays)

    def at(self, index: Ints) -> Self:
        """Return some of the keypoints."""
        arrays: list[Any] = [array[index] for array in self]
        return type(self)(*arrays)

    @property
    def unit(self) -> Floats:
        """The pixels of the picture for each of the octave, float32[n]."""
        return np.exp2(self.octave).astype(np.float32)

    @property
    def sigma(self) -> Floats:
        """Their size in pixels of the octave, float32[n]."""
        return np.asarray(SIGMA * np.exp2(self.layer / LAYERS), np.float32)


NONE = Keypoints(np.zeros(0, np.int64), *(np.zeros(0, np.float32),) * 4)


def scale_space(luma: Luma) -> list[Floats]:
    """Return float32[LAYERS + 3, height, width] for each octave of a grey picture."""
    base = _blurred(luma.astype(np.float32), _FIRST)
    octaves = []
    while min(base.shape) >= SMALLEST:
        layers = [base]
        for kernel in _BETWEEN:
            layers.append(_blurred(layers[-1], kernel))
        octaves.append(np.stack(layers))
        base = layers[LAYERS][::2, ::2]
    return octaves


def _blurred(picture: Floats, kernel: Floats) -> Floats:
    """Return a picture after a symmetric kernel both ways; the edges are repeated."""
    return np.asarray(_blurred_down(_blurred_down(picture, kernel).T, kernel).T)


def _blurred_down(picture: Floats, kernel: Floats) -> Floats:
    radius, height = len(kernel) // 2, len(picture)
    padded = np.empty((height + 2 * radius, picture.shape[1]), np.float32)
    padded[:radius], padded[radius + height :] = picture[0], picture[-1]
    padded[radius : radius + height] = picture
    blurred = padded[radius : radius + height] * kernel[radius]
    both = np.empty_like(blurred)
    for n in range(1, radius + 1):
        above = padded[radius - n : radius - n + height]
        np.add(above, padded[radius + n : radius + n + height], out=both)
        both *= kernel[radius + n]
        blurred += both
    return np.asarray(blurred)


def detected(octaves: list[Floats], most: int = MOST) -> Keypoints:
    """Return the keypoints of a scale space, octave by octave, so many of each at most."""
    found = [_extrema(number, layers, most) for number, layers in enumerate(octaves)]
    return Keypoints.joined(found) if found else NONE


def _extrema(octave: int, layers: Floats, most: int) -> Keypoints:
    dog = np.subtract(layers[1:], layers[:-1])
    depth = np.abs(dog)
    largest = _largest_around(depth)
    inner = depth[1:-1, 1:-1, 1:-1]
    layer, y, x = np.nonzero((inner >= largest) & (inner > CONTRAST))
    layer, y, x = layer + 1, y + 1, x + 1
    height, width = dog.shape[1:]
    inside = (y >= BORDER) & (x >= BORDER) & (y < height - BORDER) & (x < width - BORDER)
    layer, y, x = layer[inside], y[inside], x[inside]
    if len(layer) > most:
        deepest = np.sort(np.argpartition(-depth[layer, y, x], most)[:most])
        layer, y, x = layer[deepest], y[deepest], x[deepest]
    return _refined(octave, dog, layer, y, x) if len(layer) else NONE


def _largest_around(depth: Floats) -> Floats:
    """Return the largest of the 27 values around each inner one."""
    rows = np.maximum(depth[:, :-2], depth[:, 1:-1])
    np.maximum(rows, depth[:, 2:], out=rows)
    places = np.maximum(rows[:, :, :-2], rows[:, :, 1:-1])
    np.maximum(places, rows[:, :, 2:], out=places)
    largest = np.maximum(places[:-2], places[1:-1])
    return np.maximum(largest, places[2:], out=largest)


def _refined(octave: int, dog: Floats, layer: Ints, y: Ints, x: Ints) -> Keypoints:
    """Return extrema between pixels, from a parabola, without those on edges."""
    middle = dog[layer, y, x]
    left, right = dog[layer, y, x - 1], dog[layer, y, x + 1]
    above, below = dog[layer, y - 1, x], dog[layer, y + 1, x]
    finer, coarser = dog[layer - 1, y, x], dog[layer + 1, y, x]
    dx, dy, ds = (right - left) / 2, (below - above) / 2, (coarser - finer) / 2
    dxx, dyy, dss = (
        a + b - 2 * middle for a, b in ((left, right), (above, below), (finer, coarser))
    )
    dxy = dog[layer, y + 1, x + 1] + dog[layer, y - 1, x - 1]
    dxy = (dxy - dog[layer, y + 1, x - 1] - dog[layer, y - 1, x + 1]) / 4
    determinant, trace = dxx * dyy - dxy * dxy, dxx + dyy
    blob = (determinant > 0) & (trace * trace * EDGE < (EDGE + 1) ** 2 * determinant)
    safe = np.where(determinant > 0, determinant, 1)
    across = np.clip((dxy * dy - dyy * dx) / safe, -FARTHEST, FARTHEST)
    down = np.clip((dxy * dx - dxx * dy) / safe, -FARTHEST, FARTHEST)
    deeper = np.clip(-ds / np.where(np.abs(dss) < 1e-6, 1e-6, dss), -FARTHEST, FARTHEST)
    strength = np.abs(middle + (dx * across + dy * down + ds * deeper) / 2)
    places = (layer + deeper, y + down, x + across, strength)
    octaves = np.full(len(layer), octave, np.int64)
    return Keypoints(octaves, *(each.astype(np.float32) for each in places)).at(
        np.flatnonzero(blob)
    )


def strongest(found: Keypoints, most: int, shape: tuple[int, int]) -> Keypoints:
    """Return at most so many keypoints of a picture of this height and width, the strongest first.

    Half of them are shared out over cells, so that one busy corner does not take all.
    """
    order = _by_strength(found)
    if len(order) <= most:
        return found.at(order)
    shared = _rank_in_cell(found.at(order), shape, CELLS) < max(1, most // (2 * CELLS * CELLS))
    return found.at(np.r_[order[shared], order[~shared]][:most])


def spread(found: Keypoints, most: int, shape: tuple[int, int]) -> Keypoints:
    """Return at most so many keypoints: of each cell the strongest, then the second of each.

    For queries: a small picture on a page of text, whose letters are stronger than anything in it,
    has as many as the text around it.
    """
    order = _by_strength(found)
    if len(order) > most:
        rank = _rank_in_cell(found.at(order), shape, ASKED_CELLS)
        order = order[np.argsort(rank, kind="stable")[:most]]
    return found.at(order)


def _by_strength(found: Keypoints) -> Ints:
    return np.argsort(-found.strength * np.exp2(COARSE * found.octave), kind="stable")


def _rank_in_cell(found: Keypoints, shape: tuple[int, int], cells: int) -> Ints:
    """Return how many keypoints before each one, in the order given, lie in the same cell."""
    row, column = (
        np.clip(at * found.unit * cells / length, 0, cells - 1).astype(np.int64)
        for at, length in ((found.y, shape[0]), (found.x, shape[1]))
    )
    cell = row * cells + column
    by_cell = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cell[by_cell]) > 0])
    sizes = np.diff(np.r_[starts, len(cell)])
    rank = np.empty(len(cell), np.int64)
    rank[by_cell] = np.arange(len(cell)) - np.repeat(starts, sizes)
    return rank
