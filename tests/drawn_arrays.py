"""Pictures as arrays, drawn from seeds by NumPy alone: uint8[h, w, 3]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters

Picture = npt.NDArray[np.uint8]
SIZE = (256, 192)  # width, height


def scene(seed: int, size: tuple[int, int] = SIZE) -> Picture:
    """Clouds of several sizes in several colours, with discs and bars over them."""
    rng = np.random.default_rng(seed)
    width, height = size
    canvas = np.zeros((height, width, 3), np.float32)
    for cells in (4, 9, 20, 45):
        for channel in range(3):
            grain = rng.normal(0, 1, (cells, cells)).astype(np.float32)
            canvas[..., channel] += 90 / cells**0.5 * filters.resized(grain, size)
    canvas = canvas * (0.6, 0.5, 0.5) + 120
    y, x = np.mgrid[:height, :width]
    for _ in range(9):
        at, radius = rng.uniform(0, 1, 2) * size, rng.uniform(6, 26)
        canvas[np.hypot(x - at[0], y - at[1]) < radius] = rng.uniform(20, 235, 3)
    return as_bytes(canvas)


def form(seed: int, size: tuple[int, int] = (192, 256)) -> Picture:
    """One form, filled in differently: a heading, labels, ruled lines, and words on these."""
    template, rng = np.random.default_rng(99), np.random.default_rng(seed)
    page = np.full((size[1], size[0], 3), 250, np.uint8)
    page[8:26, 10 : size[0] - 10] = (40, 70, 130)
    for top in range(40, size[1] - 20, 18):
        words(page, template, (top, 12), 30)
        page[top + 12, 60 : size[0] - 12] = 120
        words(page, rng, (top, 64), int(rng.integers(30, 100)))
    return page


def screen(seed: int) -> Picture:
    """White rows on a pale ground, each with a coloured icon and some words: 480 x 640."""
    rng = np.random.default_rng(seed)
    page = np.full((640, 480, 3), 242, np.uint8)
    icons = ((231, 190, 60), (60, 190, 231), (200, 80, 70), (225, 200, 225))
    for n in range(10):
        top = 24 + 60 * n
        page[top : top + 50] = 255
        page[top + 10 : top + 40, 20:50] = icons[n % 4]
        line = np.full((12, 150, 3), 255, np.uint8)
        words(line, rng, (0, 0), int(rng.integers(50, 150)))
        page[top + 12 : top + 36, 80:380] = line.repeat(2, axis=0).repeat(2, axis=1)
    return page


def words(page: Picture, rng: np.random.Generator, at: tuple[int, int], length: int) -> None:
    """Write something that looks like words onto a page, ten pixels high."""
    top, left = at
    strokes = rng.random((8, length)) < 0.45
    strokes[:, rng.random(length) < 0.3] = False
    page[top + 2 : top + 10, left : left + length][strokes] = 30


def as_bytes(values: npt.NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def noisy(picture: Picture, deviation: float, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, deviation, picture.shape)
    return as_bytes(picture + noise)


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    channels = [filters.resized(picture[..., n].astype(np.float32), size) for n in range(3)]
    return as_bytes(np.stack(channels, axis=2))


def cropped(picture: Picture, shares: tuple[float, float, float, float]) -> Picture:
    """The picture less so much of its left, upper, right and lower side."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (
        round(share * length) for share, length in zip(shares, (width, height) * 2, strict=True)
    )
    return picture[top : height - bottom, left : width - right]


def framed(picture: Picture, pixels: int, level: int = 255) -> Picture:
    room = ((pixels, pixels), (pixels, pixels), (0, 0))
    return np.pad(picture, room, constant_values=level)
