"""Connected cells, and the rectangles around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class Rectangle(NamedTuple):
    """Columns x to x + width and rows y to y + height; `cells` of these are marked."""

    x: int
    y: int
    width: int
    height: int
    cells: int


def rectangles(marked: npt.NDArray[np.bool_]) -> list[Rectangle]:
    """Return the bounds of each connected part, the largest first; corners connect.

    >>> rectangles(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool))
    [Rectangle(x=0, y=0, width=2, height=2, cells=2)]
    """
    left = set(zip(*(axis.tolist() for axis in np.nonzero(marked)), strict=True))
    found = []
    while left:
        part = _part(left, min(left))
        rows, columns = zip(*part, strict=True)
        x, y = min(columns), min(rows)
        found.append(Rectangle(x, y, max(columns) + 1 - x, max(rows) + 1 - y, len(part)))
    return sorted(found, key=lambda rectangle: (-rectangle.cells, rectangle))


def _part(left: set[tuple[int, int]], start: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the cells connected with one, and take them out of those that are left."""
    left.discard(start)
    part, edge = [], [start]
    while edge:
        row, column = edge.pop()
        part.append((row, column))
        around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
        left -= around
        edge.extend(around)
    return part
