"""Where pictures differ: marked cells, and tight rectangles around connected ones."""

from typing import NamedTuple

import numpy as np

from imageshelf.overlay import differences
from imageshelf.overlay.differences import Differences
from imageshelf.overlay.filters import CELL, Floats, Mask
from imageshelf.overlay.layout import Layout

FAINTLY = 0.35  # residual of a cell, of what is allowed, that belongs to a part that differs beside
GAP = 2  # cells: parts no further apart are one
VISIBLE = 8.0  # grey levels that a pixel differs by, at least, in a part that differs
OF_MOST = 0.2  # of the most that a pixel of the part differs by


class Region(NamedTuple):
    """A rectangle that differs, in shares of the second picture's width and height."""

    x: float
    y: float
    width: float
    height: float


class Rectangle(NamedTuple):
    """Columns x to x + width and rows y to y + height, in which so many cells are marked."""

    x: int
    y: int
    width: int
    height: int
    cells: int


def grown(residuals: Floats, off_colour: Mask | None) -> Mask:
    """Return the cells that differ, and those connected with them that faintly do."""
    marked = residuals > 1 if off_colour is None else (residuals > 1) | off_colour
    faint = residuals > FAINTLY
    before = 0
    while (count := int(marked.sum())) > before:
        before = count
        marked |= faint & _neighbours(marked)
    return marked


def _neighbours(marked: Mask) -> Mask:
    """Return the cells beside marked ones, corners among them."""
    across = marked.copy()
    across[:, 1:] |= marked[:, :-1]
    across[:, :-1] |= marked[:, 1:]
    around = across.copy()
    around[1:] |= across[:-1]
    around[:-1] |= across[1:]
    return around


def told(laid: Layout, found: Differences, marked: Mask, *, coloured: bool) -> tuple[Region, ...]:
    """Return tight rectangles around marked cells, in shares of the second picture."""
    if not marked.any():
        return ()
    height, width = laid.valid.shape
    off = differences.pixels_off(found, coloured=coloured)[:height, :width]
    x0, y0, x1, y1 = ((edge + 1) / 2 for edge in laid.box)
    across, down = (x1 - x0) / width, (y1 - y0) / height
    tight = [tightened(rectangle, off) for rectangle in rectangles(marked)]
    return tuple(
        Region(x0 + x * across, y0 + y * down, right * across, bottom * down)
        for x, y, right, bottom, _ in tight
    )


def tightened(cells: Rectangle, off: Floats) -> Rectangle:
    """Return the rectangle of the pixels that visibly differ in a rectangle of cells."""
    x, y, width, height = (CELL * edge for edge in cells[:4])
    part = off[y : y + height, x : x + width]
    visible = part > max(VISIBLE, OF_MOST * float(part.max()))
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    if not len(rows):
        return Rectangle(x, y, part.shape[1], part.shape[0], cells.cells)
    left, top = int(columns[0]), int(rows[0])
    size = int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top
    return Rectangle(x + left, y + top, size[0], size[1], cells.cells)


def rectangles(marked: Mask) -> list[Rectangle]:
    """Return the bounds of each connected part, the largest first; small gaps connect.

    >>> rectangles(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool))
    [Rectangle(x=0, y=0, width=2, height=2, cells=2)]
    """
    found = []
    for part in parts(marked):
        rows, columns = zip(*part, strict=True)
        x, y = min(columns), min(rows)
        found.append(Rectangle(x, y, max(columns) + 1 - x, max(rows) + 1 - y, len(part)))
    return sorted(found, key=lambda rectangle: (-rectangle.cells, rectangle))


def parts(marked: Mask) -> list[list[tuple[int, int]]]:
    """Return the (row, column) of marked cells, of each part that small gaps do not divide."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(marked)), strict=True))
    steps = [(i, j) for i in range(-GAP, GAP + 1) for j in range(-GAP, GAP + 1)]
    found = []
    while left:
        edge = [left.pop()]
        part = list(edge)
        while edge:
            row, column = edge.pop()
            around = {(row + i, column + j) for i, j in steps} & left
            left -= around
            edge.extend(around)
            part.extend(around)
        found.append(part)
    return found
