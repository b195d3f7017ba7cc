"""Warp a picture by a matrix with Pillow; `tests/numpy_warp.py` does the same by definition."""

import numpy as np
import numpy.typing as npt
from PIL import Image

BICUBIC = Image.Resampling.BICUBIC
STRAIGHT = 1e-3  # elements smaller than this move no corner of 256 pixels by more than 0.13
ROUNDING = 1e-6  # of places, past the edge of the picture
COARSER = 1.15  # reductions beyond this are averaged before they are interpolated


def warped(
    picture: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64], size: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Return the picture warped by the matrix, as `imageshelf.overlay.layout.Warp` defines it."""
    image = Image.fromarray(picture)
    if only_scales(matrix):
        return np.asarray(image.resize(size, BICUBIC, _box(matrix, image.size)))
    across, down = reduction(picture, matrix, size)
    if max(across, down) > COARSER:
        smaller = max(4, round(image.width / across)), max(4, round(image.height / down))
        image = image.resize(smaller, BICUBIC)
    pixels = _in_pixels(matrix, image.size, size)
    return np.asarray(image.transform(size, Image.Transform.AFFINE, pixels, BICUBIC))


def rectified(
    picture: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64], size: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Return the picture as a map from places of the result, both in pixels, shows it.

    The map may have perspective. Its reductions are averaged beforehand, by whole numbers.
    """
    image = Image.fromarray(picture)
    factor = int(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))) or 1
    if factor > 1:
        image = image.reduce(factor)
        matrix = np.diag([1 / factor, 1 / factor, 1]) @ matrix
    numbers = (matrix / matrix[2, 2]).ravel()[:8].tolist()
    return np.asarray(image.transform(size, Image.Transform.PERSPECTIVE, numbers, BICUBIC))


def reduction(
    picture: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64], size: tuple[int, int]
) -> tuple[float, float]:
    """Return how many pixels of the picture one of the result spans, along x and y of the picture.

    Never less than one.
    """
    height, width = picture.shape[:2]
    step = np.abs(matrix[:2, :2]) / np.array(size)
    return max(1.0, width * float(step[0].max())), max(1.0, height * float(step[1].max()))


def only_scales(matrix: npt.NDArray[np.float64]) -> bool:
    """Tell whether a matrix takes the whole to an upright box within the picture."""
    aside = max(abs(matrix[0, 1]), abs(matrix[1, 0]))
    scales = matrix[0, 0], matrix[1, 1]
    reach = max(abs(matrix[0, 2]) + scales[0], abs(matrix[1, 2]) + scales[1])
    return bool(aside < STRAIGHT and min(scales) > 0 and reach <= 1 + ROUNDING)


def _box(
    matrix: npt.NDArray[np.float64], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return the box, in pixels, that the whole result comes from."""
    edges = [
        min(max((1 + matrix[n, 2] + sign * matrix[n, n]) * size[n] / 2, 0.0), size[n])
        for sign in (-1, 1)
        for n in (0, 1)
    ]
    return edges[0], edges[1], edges[2], edges[3]


def _in_pixels(
    matrix: npt.NDArray[np.float64], source: tuple[int, int], target: tuple[int, int]
) -> tuple[float, ...]:
    """Return the six numbers that map pixels of the result to pixels of the source."""
    from_pixels = np.array([[2 / target[0], 0, -1], [0, 2 / target[1], -1], [0, 0, 1]])
    to_pixels = np.array([[source[0], 0, source[0]], [0, source[1], source[1]], [0, 0, 2]]) / 2
    return tuple((to_pixels @ matrix @ from_pixels)[:2].ravel().tolist())
