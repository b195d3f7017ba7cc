"""What two pictures have in common, at the resolution of the poorer one, pixel on pixel."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters, geometry
from imageshelf.overlay.filters import Mask, Picture
from imageshelf.overlay.geometry import Box, Matrix
from imageshelf.overlay.sheets import PictureSheet

# Takes a picture, a matrix from places of the result to places of the picture (-1 to 1), and
# the result's (width, height); returns uint8[height, width, 3]. Cubic, and without aliasing
# where the result has fewer pixels. What lies outside of the picture may be anything.
Warp = Callable[[Picture, npt.NDArray[np.float64], tuple[int, int]], Picture]

POORER = 0.87  # of the other's pixels along a line: the other one is reduced
SMALLEST = 16  # pixels each way: less is not compared
EDGE = 2  # pixels along a cut or a border that are left out: they mix
HAIRLINE = 256  # a border of one pixel in so many of the longer side says nothing
SHARP_EDGE = 0.004  # in places: an edge nearer to the picture's own than this is its own
UNMOVED = 0.15  # pixels at a corner: the first picture is taken as it is
NOT_GROUND = 24.0  # grey levels from the middle of its strip: no uniform border
THINNED = 2  # every second pixel each way is enough to tell what is outside
CAPTION = 0.01  # of the picture: letters on the uniform ground of a strip
STRIP = 2  # pixels between what is compared and the strips outside of it


class Layout(NamedTuple):
    """Both pictures on one grid, which is the second one's, reduced if need be."""

    first: Picture
    second: Picture
    valid: Mask  # bool[h, w]: pixels that both pictures have
    matrix: Matrix  # places of the second picture -> places of the first
    box: Box  # of the second picture: what the grid covers


def laid_out(
    first: PictureSheet, second: PictureSheet, matrix: Matrix, warp: Warp
) -> Layout | None:
    """Return the common area of two pictures; None where there is next to none."""
    size, below = _grid(first, second, matrix, warp)
    covered = _own_edges(geometry.inner_bounds(geometry.inverse(matrix)))
    x0, y0, x1, y1 = _pixels(covered, size)
    if x1 - x0 < SMALLEST or y1 - y0 < SMALLEST:
        return None
    box = (2 * x0 / size[0] - 1, 2 * y0 / size[1] - 1, 2 * x1 / size[0] - 1, 2 * y1 / size[1] - 1)
    through = matrix @ geometry.of_box(box)
    if first.picture.shape == below.shape and _still(matrix, size):
        above = first.picture[y0:y1, x0:x1]
    else:
        above = warp(first.picture, through, (x1 - x0, y1 - y0))
    valid = _valid(first, through, (x1 - x0, y1 - y0), box)
    return Layout(above, below[y0:y1, x0:x1], valid, matrix, box)


def without_hairlines(laid: Layout) -> Layout:
    """Return the common area without its outermost pixels: a hairline, half-transparent rows.

    Of an icon a row of pixels is no hairline: the same layout is returned.
    """
    valid = np.zeros_like(laid.valid)
    inner = round(max(valid.shape) / HAIRLINE)
    if not inner:
        return laid
    kept = np.s_[inner:-inner, inner:-inner]
    valid[kept] = laid.valid[kept]
    return laid._replace(valid=valid)


def _grid(
    first: PictureSheet, second: PictureSheet, matrix: Matrix, warp: Warp
) -> tuple[tuple[int, int], Picture]:
    """Return the size of the second picture, and the picture, reduced to the first's resolution."""
    area = abs(float(np.linalg.det(matrix[:2, :2]))) * first.width * first.height
    scale = math.sqrt(area / (second.width * second.height))
    size = (second.width, second.height)
    if scale > POORER:
        return size, second.picture
    size = (max(SMALLEST, round(size[0] * scale)), max(SMALLEST, round(size[1] * scale)))
    return size, warp(second.picture, geometry.IDENTITY, size)


def _still(matrix: Matrix, size: tuple[int, int]) -> bool:
    return geometry.movement(matrix) * max(size) < UNMOVED


def _own_edges(box: Box) -> Box:
    """Return the box, its edges on the picture's own where they nearly are."""
    x0, y0, x1, y1 = box
    near = -1 + SHARP_EDGE, 1 - SHARP_EDGE
    return (
        -1 if x0 < near[0] else x0,
        -1 if y0 < near[0] else y0,
        1 if x1 > near[1] else x1,
        1 if y1 > near[1] else y1,
    )


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the pixels inside a box, those that a third is missing of counted in."""
    (x0, y0, x1, y1), (width, height) = box, size
    return (
        max(0, math.ceil((x0 + 1) / 2 * width - 0.34)),
        max(0, math.ceil((y0 + 1) / 2 * height - 0.34)),
        min(width, math.floor((x1 + 1) / 2 * width + 0.34)),
        min(height, math.floor((y1 + 1) / 2 * height + 0.34)),
    )


def _valid(first: PictureSheet, through: Matrix, size: tuple[int, int], box: Box) -> Mask:
    """Return which pixels lie inside the first picture, and off the edges where one is cut."""
    width, height = size
    reach = np.abs(geometry.moved(through, geometry.corners(geometry.WHOLE))).max()
    if reach <= 1 + 1 / max(first.width, first.height):
        valid = np.ones((height, width), np.bool_)
    else:
        places = np.abs(geometry.moved(through, geometry.grid(size)))
        margin = 1 - 2 / np.array([first.width, first.height])
        valid = (places < margin).all(axis=1).reshape(height, width)
    left, top, right, bottom = _cut_sides(through, box)
    valid[:, : EDGE * left] = False
    valid[: EDGE * top] = False
    valid[:, width - EDGE * right :] = False
    valid[height - EDGE * bottom :] = False
    return valid


def _cut_sides(through: Matrix, box: Box) -> tuple[bool, bool, bool, bool]:
    """Return where the common area ends inside of either picture: left, top, right, bottom."""
    own = box[0] <= -1, box[1] <= -1, box[2] >= 1, box[3] >= 1
    inner = 1 - SHARP_EDGE
    places = geometry.moved(through, np.array([(-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0)]))
    theirs = (
        places[0, 0] < -inner,
        places[1, 1] < -inner,
        places[2, 0] > inner,
        places[3, 1] > inner,
    )
    left, top, right, bottom = (
        not (ours and other) for ours, other in zip(own, theirs, strict=True)
    )
    return left, top, right, bottom


class Outside(NamedTuple):
    """What a picture shows beyond the common area."""

    marked: float  # share of the picture that is not of its strip's ground
    busy: float  # the same of the busiest strip alone
    captioned: bool  # a strip is uniform ground with something on it


def outside(sheet: PictureSheet, matrix: Matrix) -> Outside:
    """Return what a picture shows beyond another one, to whose places the matrix takes its own.

    On each of four sides, uniform ground is a border, and no part of the scene.
    """
    if geometry.contained(matrix, geometry.WHOLE, geometry.WHOLE) < SHARP_EDGE / 2:
        return Outside(0.0, 0.0, False)
    image = sheet.luma[::THINNED, ::THINNED]
    places = geometry.moved(matrix, geometry.grid((image.shape[1], image.shape[0])))
    reach = 1 + 2 * STRIP / max(sheet.width, sheet.height)
    x, y = places[:, 0], places[:, 1]
    flat = image.ravel()
    marked, busy, captioned = 0, 0.0, False
    for strip in (flat[y < -reach], flat[y > reach], flat[x < -reach], flat[x > reach]):
        if strip.size:
            off = int((np.abs(strip - filters.quantile(strip, 0.5)) > NOT_GROUND).sum())
            marked += off
            busy = max(busy, off / strip.size)
            captioned |= CAPTION * image.size < off < 0.5 * strip.size
    return Outside(marked / image.size, busy, captioned)
