"""Brightness, smoothing, reduction and means over cells: the arithmetic of the room.

Pictures are uint8[h, w, 3] in RGB, everything else float32[h, w] or a stack of these.
"""

import functools

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]

CELL = 8  # pixels each way, of the cells that are compared
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
CHROMA = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
CUBIC = -0.5  # the parameter of Keys' kernel that Pillow's BICUBIC has
FLOOR = 36.0  # variance, grey levels squared: texture weaker than this is noise to normalise by


def luma(picture: Picture) -> Floats:
    """Return the brightness of each pixel, 0 to 255."""
    return np.asarray(picture.astype(np.float32) @ LUMA)


def smoothed(images: Floats, times: int = 1) -> Floats:
    """Smooth by [1 2 1]/4 along the last two axes so many times (variance 1/2 each).

    Edges are repeated. Sums of neighbours, twice for each time, and one division at the end.
    """
    *stack, height, width = images.shape
    padded = np.empty((*stack, height + 2 * times, width + 2 * times), np.float32)
    padded[..., times:-times, times:-times] = images
    padded[..., times:-times, :times] = images[..., :1]
    padded[..., times:-times, -times:] = images[..., -1:]
    padded[..., :times, :] = padded[..., times : times + 1, :]
    padded[..., -times:, :] = padded[..., -times - 1 : -times, :]
    for _ in range(2 * times):
        padded = padded[..., 1:, :] + padded[..., :-1, :]
    for _ in range(2 * times):
        padded = padded[..., 1:] + padded[..., :-1]
    padded *= np.float32(1 / 16**times)
    return padded


def cell_means(images: Floats, size: int) -> Floats:
    """Return the mean of each size x size cell of the last two axes, which are multiples of it."""
    *stack, height, width = images.shape
    down = images.reshape(*stack, height // size, size, width).sum(axis=-2)
    across = down.reshape(*stack, height // size, width // size, size).sum(axis=-1)
    return np.asarray(across / np.float32(size * size))


def local_mean(image: Floats, radius: int) -> Floats:
    """Return the mean over (2 radius + 1)^2 pixels around each; edges are repeated."""
    for _ in range(2):
        padded = np.pad(image, ((radius + 1, radius), (0, 0)), "edge").cumsum(0, np.float64)
        image = ((padded[2 * radius + 1 :] - padded[: -2 * radius - 1]) / (2 * radius + 1)).T
    return image.astype(np.float32)


def normalised(image: Floats, radius: int) -> Floats:
    """Return the image less its local mean, over its local spread: light and contrast are gone."""
    detail = image - local_mean(image, radius)
    return np.asarray(detail / np.sqrt(local_mean(detail * detail, radius) + FLOOR))


def quantile(values: Floats, share: float) -> float:
    """Return the value that so large a share of all lies below: a tenth of NumPy's overhead."""
    place = int(share * (values.size - 1))
    return float(np.partition(values.ravel(), place)[place])


def with_slopes(image: Floats) -> Floats:
    """Return float32[3, h, w]: the image, and its slopes per pixel along x and along y."""
    layers = np.zeros((3, *image.shape), np.float32)
    layers[0] = image
    layers[1, :, 1:-1] = (image[:, 2:] - image[:, :-2]) * 0.5
    layers[2, 1:-1] = (image[2:] - image[:-2]) * 0.5
    return layers


@functools.lru_cache(maxsize=64)
def weights(length: int, samples: int, start: float, stop: float) -> Floats:
    """Return float32[samples, length]: a cubic resampling of the pixels from `start` to `stop`.

    The kernel widens when it reduces, as Pillow's does, so that nothing is aliased.
    """
    scale = (stop - start) / samples
    support = max(1.0, abs(scale))
    centres = start + (np.arange(samples) + 0.5) * scale
    away = np.abs((np.arange(length) + 0.5)[None, :] - centres[:, None]) / support
    near = ((CUBIC + 2) * away - (CUBIC + 3)) * away * away + 1
    far = ((away - 5) * away + 8) * away - 4
    kernel = np.where(away < 1, near, np.where(away < 2, CUBIC * far, 0.0))
    total = kernel.sum(axis=1, keepdims=True)
    return (kernel / np.where(total == 0, 1, total)).astype(np.float32)


def resized(image: Floats, size: tuple[int, int], box: Box | None = None) -> Floats:
    """Return the box (x0, y0, x1, y1) of an image at (width, height); all of it without a box."""
    height, width = image.shape
    x0, y0, x1, y1 = box or (0, 0, width, height)
    down, across = weights(height, size[1], y0, y1), weights(width, size[0], x0, x1)
    return np.asarray(down @ image @ across.T)
