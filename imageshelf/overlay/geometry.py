"""Places in pictures, and the 3x3 matrices that take those of one to those of another.

All matrices are affine: their last row is (0, 0, 1). Inside this room a picture reaches from -1
to 1 both ways, whatever its shape: to stretch or to resize a picture changes no place. Boxes are
(x0, y0, x1, y1) in the same units.
"""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Places = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

WHOLE: Box = (-1.0, -1.0, 1.0, 1.0)
IDENTITY: Matrix = np.eye(3)
TURNS = 8  # quarter turns to the right, 0 to 3; then the same after mirroring
INVERTED = 8  # no turn: light for dark


def turned(picture: npt.NDArray[np.uint8], turn: int) -> npt.NDArray[np.uint8]:
    """Return a picture after a turn: mirrored for 4 to 7, then turn % 4 quarters to the right.

    For INVERTED it stays upright, and light is dark.
    """
    if turn == INVERTED:
        return np.asarray(255 - picture)
    mirrored = picture[:, ::-1] if turn >= TURNS // 2 else picture
    return np.ascontiguousarray(np.rot90(mirrored, -(turn % 4)))


def inverse(matrix: Matrix) -> Matrix:
    """Return the matrix that takes everything back."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def of_box(box: Box) -> Matrix:
    """Return the matrix that takes the whole to a box of it."""
    x0, y0, x1, y1 = box
    across, down = (x1 - x0) / 2, (y1 - y0) / 2
    return np.array([[across, 0, (x0 + x1) / 2], [0, down, (y0 + y1) / 2], [0, 0, 1]])


def between(source: Box, target: Box) -> Matrix:
    """Return the matrix that takes one box to another."""
    return np.asarray(of_box(target) @ inverse(of_box(source)))


def corners(box: Box) -> Places:
    """Return float64[4, 2], clockwise from the upper left."""
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def moved(matrix: Matrix, places: Places) -> Places:
    """Return float64[n, 2], where a matrix takes so many places."""
    return np.asarray(places @ matrix[:2, :2].T + matrix[:2, 2])


def movement(matrix: Matrix, source: Box = WHOLE, target: Box = WHOLE) -> float:
    """Return how far a matrix takes corners of a box past those of another, in widths."""
    return float(np.abs(moved(matrix, corners(source)) - corners(target)).max()) / 2


def contained(matrix: Matrix, source: Box, target: Box) -> float:
    """Return how far a box, taken by a matrix, reaches out of another one, in widths."""
    places = moved(matrix, corners(source))
    low, high = np.array(target[:2]), np.array(target[2:])
    return max(0.0, float(max((low - places).max(), (places - high).max()))) / 2


def inner_bounds(matrix: Matrix, box: Box = WHOLE, within: Box = WHOLE) -> Box:
    """Return the upright box, within another, that a box taken by a matrix covers."""
    a, b, c, d = moved(matrix, corners(box))
    left, right = sorted((max(a[0], d[0]), min(b[0], c[0])))
    top, bottom = sorted((max(a[1], b[1]), min(c[1], d[1])))
    x0, y0, x1, y1 = within
    return (max(x0, left), max(y0, top), min(x1, right), min(y1, bottom))


def unit(places: Matrix) -> Matrix:
    """Return a matrix between places from -1 to 1 as one between places from 0 to 1."""
    to_unit = np.array([[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]])
    return np.asarray(to_unit @ places @ inverse(to_unit))


def from_unit(places: Matrix) -> Matrix:
    """Return what `unit` was given.

    >>> bool(np.allclose(from_unit(unit(of_box((0, -0.5, 1, 1)))), of_box((0, -0.5, 1, 1))))
    True
    """
    from_unit_ = np.array([[2.0, 0, -1], [0, 2, -1], [0, 0, 1]])
    return np.asarray(from_unit_ @ places @ inverse(from_unit_))


def grid(size: tuple[int, int]) -> Places:
    """Return float64[height * width, 2], the middles of all pixels, row by row."""
    width, height = size
    x, y = np.meshgrid(middles(width), middles(height))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def middles(pixels: int) -> Places:
    """Return float64[pixels], the middles of a row of pixels."""
    return np.asarray((2 * np.arange(pixels) + 1) / pixels - 1)
