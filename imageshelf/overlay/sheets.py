"""One picture, prepared to be laid over others: its brightness at several sizes, its borders."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters, geometry
from imageshelf.overlay.filters import Floats, Picture
from imageshelf.overlay.geometry import Box

COARSE = 64  # long side at which ways are tried
FINE = 128  # long side at which the best way is refined
RADIUS = {COARSE: 6, FINE: 8}  # of the local normalisation, in pixels of that size
POINTS = {COARSE: 1500, FINE: 2400}  # pixels that the refinement looks at: those of most contrast
TILES = 8  # along each side; every tile gives as many points
STAMP = 32  # pixels each way of what ways are compared by
FLAT = 0.7  # grey levels of detail of a stamp: less is no picture to go by
TOLERANCE = 12.0  # grey levels that a border may differ from its middle: what JPEG does to it
FRAMES = 3  # borders within borders
DEEPEST = 0.45  # of the picture, cut from one side at most
THINNEST = 0.01  # of the picture, cut in total, for a border to count
CENTRE: Box = (-0.9, -0.9, 0.9, 0.9)  # the middle nine tenths


# Returns where a picture may lie inside another one, uint8[h, w, 3], as boxes of it.
FindCutouts = Callable[[Picture], list[Box]]


class Points(NamedTuple):
    """Pixels worth aligning by: places, values, and slopes per unit of place, float32[n] each."""

    x: Floats
    y: Floats
    value: Floats
    across: Floats
    down: Floats


class Level:
    """An image to align by, its slopes, and so many pixels of most contrast."""

    def __init__(self, image: Floats, count: int) -> None:
        self.height, self.width = image.shape
        self.layers = filters.with_slopes(image)
        self.layers[1] *= self.width / 2
        self.layers[2] *= self.height / 2
        self._flat = self.layers.reshape(3, -1)
        self._count = count

    @functools.cached_property
    def points(self) -> Points:
        """The pixels of most contrast, equally many from every part of the picture."""
        slope = np.abs(self.layers[1] / self.width) + np.abs(self.layers[2] / self.height)
        return self._at(_strongest(slope, max(1, self._count // TILES**2)))

    @functools.cached_property
    def all_points(self) -> Points:
        """Every pixel; of a large level every second one each way, smoothed."""
        step = 2 if max(self.height, self.width) > COARSE else 1
        detail = filters.smoothed(self.layers[0]) if step > 1 else self.layers[0]
        at = np.arange(self.height * self.width).reshape(self.height, self.width)[::step, ::step]
        return self._at(at.ravel())._replace(value=detail[::step, ::step].ravel())

    @functools.cached_property
    def smooth(self) -> Floats:
        """What `all_points` are compared with."""
        detail = self.layers[0]
        return filters.smoothed(detail) if max(self.height, self.width) > COARSE else detail

    def _at(self, index: npt.NDArray[np.intp]) -> Points:
        y, x = np.divmod(index, self.width)
        unit_x, unit_y = (2 * x + 1) / self.width - 1, (2 * y + 1) / self.height - 1
        value, across, down = self._flat[:, index]
        return Points(unit_x.astype(np.float32), unit_y.astype(np.float32), value, across, down)

    def sampled(self, x: Floats, y: Floats) -> Floats:
        """Return float32[3, n]: value and slopes at places between the pixels, linearly."""
        return _between(self._flat, self.height, self.width, x, y)

    def sampled_smooth(self, x: Floats, y: Floats) -> Floats:
        """Return float32[n], the smooth value at places between the pixels."""
        flat = self.smooth.reshape(1, -1)
        return np.asarray(_between(flat, self.height, self.width, x, y)[0])


def _strongest(slope: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the flat places of the `count` steepest pixels of each tile."""
    height, width = (length // TILES for length in slope.shape)
    inner = slope[: height * TILES, : width * TILES].reshape(TILES, height, TILES, width)
    tiles = inner.transpose(0, 2, 1, 3).reshape(TILES, TILES, height * width)
    count = min(count, height * width)
    best = np.argpartition(tiles, -count, axis=2)[:, :, -count:]
    rows, columns = np.divmod(best, max(1, width))
    rows += (np.arange(TILES) * height)[:, None, None]
    columns += (np.arange(TILES) * width)[None, :, None]
    return np.asarray((rows * slope.shape[1] + columns).ravel())


def _between(flat: Floats, height: int, width: int, x: Floats, y: Floats) -> Floats:
    """Return float32[k, n]: k images at n places, linearly between their pixels."""
    across = np.clip((x + 1) * (width / 2) - 0.5, 0, width - 1.001).astype(np.float32)
    down = np.clip((y + 1) * (height / 2) - 0.5, 0, height - 1.001).astype(np.float32)
    left, top = across.astype(np.int32), down.astype(np.int32)
    across, down = across - left, down - top
    at = top * width + left
    upper = flat[:, at] * (1 - across) + flat[:, at + 1] * across
    at += width
    lower = flat[:, at] * (1 - across) + flat[:, at + 1] * across
    return np.asarray(upper * (1 - down) + lower * down)


class PictureSheet:
    """A picture, uint8[h, w, 3], and what is computed of it once, however often it is laid over."""

    def __init__(self, picture: Picture, find_cutouts: FindCutouts | None = None) -> None:
        if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 2:
            raise ValueError(f"expected a colour picture, uint8[h, w, 3], not {picture.shape}")
        self.picture, self._find_cutouts = picture, find_cutouts
        self.height, self.width = picture.shape[:2]
        self._stamps: dict[Box, Floats] = {}
        self._turned: tuple[int, PictureSheet] | None = None  # the last one

    def turned(self, turn: int) -> PictureSheet:
        """Return the sheet of the picture after a turn."""
        if not turn:  # not kept: a cycle is freed late, as the collector counts no megabytes
            return self
        if self._turned is None or self._turned[0] != turn:
            self._turned = (
                turn,
                PictureSheet(geometry.turned(self.picture, turn), self._find_cutouts),
            )
        return self._turned[1]

    def part(self, box: Box) -> PictureSheet:
        """Return the sheet of what lies in a box."""
        x0, y0, x1, y1 = ((edge + 1) / 2 for edge in box)
        rows = slice(round(y0 * self.height), max(round(y1 * self.height), 2))
        columns = slice(round(x0 * self.width), max(round(x1 * self.width), 2))
        return PictureSheet(np.ascontiguousarray(self.picture[rows, columns]))

    def halved(self) -> PictureSheet:
        """Return the sheet of the picture at half its size."""
        rows, columns = self.height // 2 * 2, self.width // 2 * 2
        quarters = self.picture[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3)
        half = (quarters.sum(axis=(1, 3), dtype=np.uint16) // 4).astype(np.uint8)
        return PictureSheet(half, self._find_cutouts)

    @functools.cached_property
    def luma(self) -> Floats:
        """Brightness, float32[h, w]."""
        return filters.luma(self.picture)

    @functools.cached_property
    def inner(self) -> Box | None:
        """The box inside uniform borders; None without borders, and where all is uniform."""
        return _without_borders(self.luma)

    @functools.cached_property
    def boxes(self) -> list[Box]:
        """The whole, and what is inside borders."""
        return [geometry.WHOLE] if self.inner is None else [geometry.WHOLE, self.inner]

    @functools.cached_property
    def cutouts(self) -> list[Box]:
        """The boxes in which a picture may lie on a ground of one colour, among other things."""
        return self._find_cutouts(self.picture) if self._find_cutouts else []

    @functools.cached_property
    def coarse(self) -> Level:
        """The picture at COARSE, light and contrast normalised away."""
        return _normalised_level(self.luma, COARSE)

    @functools.cached_property
    def fine(self) -> Level:
        """The picture at FINE, light and contrast normalised away."""
        return _normalised_level(self.luma, FINE)

    def stamp(self, box: Box) -> Floats:
        """Return float32[STAMP * STAMP]: a box, its light taken out, of length one.

        A flat picture gives zeros.
        """
        if box not in self._stamps:
            height, width = self.height / 2, self.width / 2
            x0, y0, x1, y1 = box
            pixels = ((x0 + 1) * width, (y0 + 1) * height, (x1 + 1) * width, (y1 + 1) * height)
            small = filters.resized(self.luma, (STAMP, STAMP), pixels)
            detail = (small - filters.local_mean(small, STAMP // 5)).ravel()
            length = float(np.sqrt(detail @ detail))
            self._stamps[box] = detail / length if length > FLAT * STAMP else np.zeros_like(detail)
        return self._stamps[box]


def _normalised_level(image: Floats, side: int) -> Level:
    return Level(filters.normalised(_reduced(image, side), RADIUS[side]), POINTS[side])


def _reduced(image: Floats, side: int) -> Floats:
    height, width = image.shape
    scale = min(1.0, side / max(height, width))
    if scale == 1:
        return image
    return filters.resized(image, (max(8, round(width * scale)), max(8, round(height * scale))))


def _without_borders(image: Floats) -> Box | None:
    height, width = image.shape
    x0, y0, x1, y1 = 0, 0, width, height
    for _ in range(FRAMES):
        part = image[y0:y1, x0:x1]
        level = _border_level(part)
        if level is None:
            break
        rows, columns = _unlike(part, level, 1), _unlike(part, level, 0)
        if not len(rows) or not len(columns):
            return None
        cut = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        if cut == (0, 0, x1 - x0, y1 - y0):
            break
        x0, y0, x1, y1 = x0 + cut[0], y0 + cut[1], x0 + cut[2], y0 + cut[3]
    return _box_or_none((x0, y0, x1, y1), width, height)


def _border_level(part: Floats) -> float | None:
    """Return the level of the first side whose outermost pixels are all alike."""
    for side in (part[0], part[-1], part[:, 0], part[:, -1]):
        low, high = float(side.min()), float(side.max())
        if high - low <= TOLERANCE:
            return (low + high) / 2
    return None


def _unlike(part: Floats, level: float, axis: int) -> npt.NDArray[np.intp]:
    """Return the lines that hold anything but the level."""
    return np.flatnonzero((np.abs(part - level) > TOLERANCE).any(axis=axis))


def _box_or_none(cut: tuple[int, int, int, int], width: int, height: int) -> Box | None:
    x0, y0, x1, y1 = cut
    if min((x1 - x0) / width, (y1 - y0) / height) > 1 - THINNEST:
        return None
    if max(x0 / width, 1 - x1 / width, y0 / height, 1 - y1 / height) > DEEPEST:
        return None
    return (2 * x0 / width - 1, 2 * y0 / height - 1, 2 * x1 / width - 1, 2 * y1 / height - 1)
