"""What a scanner or a telephone's camera does to a page: skew, uneven light, grain, specks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from tests.scenes.brushes import fractal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rng = np.random.Generator


def scanned(page: Image.Image, rng: Rng, skew: float = 1.0, grain: float = 3.0) -> Image.Image:
    """Scan of a page: turned by up to skew degrees, its corners a little off, grey and noisy."""
    laid = _laid(page, rng, skew).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    return _lit(laid, rng, grain)


def _laid(page: Image.Image, rng: Rng, skew: float) -> Image.Image:
    """Page as it lies on the glass, which is almost white beside it."""
    width, height = page.size
    angle = np.radians(rng.uniform(-skew, skew))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)]) * (width / 2, height / 2)
    corners = corners @ turn + rng.normal(0, 0.002 * width * skew, (4, 2))
    corners += (width / 2, height / 2)
    corners += rng.normal(0, 0.003 * width * skew, 2)
    return page.transform(
        page.size,
        Image.Transform.QUAD,
        tuple(corners.ravel()),
        Image.Resampling.BICUBIC,
        fillcolor=(246, 246, 244),
    )


def _lit(page: Image.Image, rng: Rng, grain: float) -> Image.Image:
    """Page under the lamp: a slope of light, paper's own cloudiness, sensor noise, dust."""
    width, height = page.size
    levels: NDArray[np.float32] = np.asarray(page, np.float32)
    slope = np.linspace(rng.uniform(0.93, 1), rng.uniform(0.93, 1), width, dtype=np.float32)
    paper = 1 - np.float32(0.012) * np.abs(fractal(rng, page.size, 2.2))
    tone = np.array((1, rng.uniform(0.985, 1), rng.uniform(0.95, 0.99)), np.float32)
    levels = 12 + 0.93 * levels * slope[None, :, None] * paper[..., None] * tone
    levels = levels + grain * rng.standard_normal((height, width, 1), dtype=np.float32)
    for _ in range(int(rng.integers(2, 9))):
        x, y = int(rng.integers(width - 2)), int(rng.integers(height - 2))
        levels[y : y + 2, x : x + int(rng.integers(1, 3))] *= 0.5
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
