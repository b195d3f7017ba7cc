"""Brushes for drawn scenes: fractal noise, skies, ridges, balls, water, all from one seed.

A canvas is float32[height, width, 3], 0 to 255. A mask is float32[height, width], 0 to 1. Noise
with the power spectrum 1/f^beta gives the drawings the statistics of natural pictures (Field 1987,
"Relations between the statistics of natural images and the response properties of cortical cells").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Canvas = NDArray[np.float32]
    Mask = NDArray[np.float32]
    Colour = Sequence[float] | NDArray[np.floating]
    Size = tuple[int, int]  # width, height, as Pillow has it
    Point = tuple[float, float]


def fractal(rng: np.random.Generator, size: Size, beta: float = 2.0, stretch: float = 1.0) -> Mask:
    """Noise of spectrum 1/f^beta, mean 0 and deviation 1; stretch > 1 draws it out sideways."""
    width, height = size
    down = np.fft.fftfreq(height).astype(np.float32)[:, None] * height
    across = np.fft.rfftfreq(width).astype(np.float32)[None, :] * height * stretch
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf
    white = np.fft.rfft2(rng.standard_normal((height, width), dtype=np.float32))
    noise = np.fft.irfft2(white * frequency ** (-beta / 2), s=(height, width)).astype(np.float32)
    return np.asarray(noise / noise.std(), dtype=np.float32)


def ridge(rng: np.random.Generator, width: int, beta: float = 2.4) -> NDArray[np.float32]:
    """Fractal line across the picture, float32[width], mean 0 and deviation 1."""
    return fractal(rng, (4 * width, 1), beta)[0, :width]


def smooth(values: Mask, low: float, high: float) -> Mask:
    """0 below low, 1 above high, and a soft step between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def coordinates(size: Size) -> tuple[Mask, Mask]:
    """X and y of every pixel, in pixels, each shaped to broadcast over a canvas."""
    width, height = size
    x = np.arange(width, dtype=np.float32)[None, :]
    return x, np.arange(height, dtype=np.float32)[:, None]


def size_of(canvas: Canvas) -> Size:
    """Width and height, as Pillow has them."""
    return canvas.shape[1], canvas.shape[0]


def paint(canvas: Canvas, mask: Mask, colour: Colour) -> None:
    """Lay a colour, or another canvas, over the masked part of a canvas, in place."""
    canvas += mask[..., None] * (np.asarray(colour, dtype=np.float32) - canvas)


def below(line: NDArray[np.floating], size: Size) -> Mask:
    """Mask of what lies below a line of heights, with a soft edge."""
    cover = np.clip(coordinates(size)[1] - line[None, :] + 0.5, 0, 1)
    return np.asarray(cover, dtype=np.float32)


def disc(size: Size, centre: Point, radii: Point, soft: float = 1.0) -> Mask:
    """Mask of an ellipse whose edge is `soft` pixels wide."""
    x, y = coordinates(size)
    distance = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    cover = np.clip((1 - distance) * min(radii) / soft + 0.5, 0, 1)
    return np.asarray(cover, dtype=np.float32)


def glow(size: Size, centre: Point, radius: float) -> Mask:
    """Light that falls off from a point, 1 at its centre."""
    x, y = coordinates(size)
    square = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
    return np.asarray(1 / (1 + square / radius**2) ** 1.5, dtype=np.float32)


def shape(size: Size, polygons: Iterable[Sequence[Point]]) -> Mask:
    """Mask of filled polygons with smooth edges."""
    sheet = Image.new("L", (2 * size[0], 2 * size[1]))
    pen = ImageDraw.Draw(sheet)
    for polygon in polygons:
        pen.polygon([(2 * x, 2 * y) for x, y in polygon], fill=255)
    return np.asarray(sheet.reduce(2), dtype=np.float32) / np.float32(255)


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Corners of an upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def vary(rng: np.random.Generator, colour: Colour, by: float = 18) -> Colour:
    """Colour near another, by so many grey levels of deviation."""
    return np.clip(np.asarray(colour, np.float32) + rng.normal(0, by, 3).astype(np.float32), 0, 255)


def tint(texture: Mask, dark: Colour, light: Colour) -> Canvas:
    """Canvas between two colours, from noise of deviation 1."""
    t = np.clip(texture * 0.22 + 0.5, 0, 1)[..., None]
    first, second = np.asarray(dark, np.float32), np.asarray(light, np.float32)
    return np.asarray(first + t * (second - first), dtype=np.float32)


def sky(
    rng: np.random.Generator, size: Size, top: Colour, bottom: Colour, clouds: float = 0.5
) -> Canvas:
    """Sky from one colour to another with lit clouds; clouds is the covered share, 0 to 1."""
    height = size[1]
    fall = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    first, second = np.asarray(top, np.float32), np.asarray(bottom, np.float32)
    canvas = np.repeat(first + fall * (second - first), size[0], axis=1).astype(np.float32)
    canvas *= 1 + 0.05 * fractal(rng, size, 3.6)[..., None]
    cover = fractal(rng, size, 3.1, stretch=2.0)
    edge = 1.2 - 2.0 * clouds
    light = np.clip(232 + 20 * (cover - np.roll(cover, size[1] // 25, axis=0)), 150, 255)
    paint(canvas, 0.85 * smooth(cover, edge - 0.5, edge + 1.1), light[..., None] * (second / 255))
    return canvas


def water(canvas: Canvas, rng: np.random.Generator, horizon: int, colour: Colour) -> None:
    """Fill everything below the horizon with the rippled mirror image of what stands above it."""
    height, width = canvas.shape[:2]
    depth = height - horizon
    ripples = fractal(rng, (width, depth), 2.0, stretch=9)
    strength = np.linspace(0.5, 9, depth, dtype=np.float32)[:, None] * height / 800
    rows = horizon - 1 - np.arange(depth)[:, None] - (ripples * strength * 1.5).astype(int)
    columns = np.arange(width)[None, :] + (np.roll(ripples, 7, axis=0) * strength).astype(int)
    mirrored = canvas[np.clip(rows, 0, horizon - 1), np.clip(columns, 0, width - 1)]
    shade = np.asarray(colour, np.float32) * (1 + 0.16 * ripples[..., None])
    canvas[horizon:] = 0.6 * mirrored + 0.4 * shade


def ball(
    canvas: Canvas, rng: np.random.Generator, centre: Point, radius: float, colour: Colour
) -> None:
    """Paint a ball lit from the upper left, with a highlight and a shadow on the ground."""
    reach = round(1.7 * radius)
    left, top = max(round(centre[0]) - reach, 0), max(round(centre[1]) - reach, 0)
    part = canvas[top : round(centre[1]) + reach, left : round(centre[0]) + reach]
    size, centre = size_of(part), (centre[0] - left, centre[1] - top)
    x, y = coordinates(size)
    ground = (centre[0] + 0.35 * radius, centre[1] + 0.92 * radius)
    shadow = disc(size, ground, (1.15 * radius, 0.28 * radius), 0.3 * radius)
    paint(part, 0.5 * shadow, (30, 18, 12))
    u, v = (x - centre[0]) / radius, (y - centre[1]) / radius
    facing = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    light = np.clip(-0.45 * u - 0.55 * v + 0.7 * facing, 0, 1)
    skin = (0.28 + 0.82 * light) * (1 + 0.05 * fractal(rng, size, 1.6))
    surface = skin[..., None] * np.asarray(colour, np.float32) + 150 * (light**24)[..., None]
    paint(part, disc(size, centre, (radius, radius)), surface)


def develop(canvas: Canvas, rng: np.random.Generator) -> Image.Image:
    """Picture of a canvas: a little vignetting, a little grain, 8 bits."""
    size = size_of(canvas)
    x, y = coordinates(size)
    square = (x / size[0] - 0.5) ** 2 + (y / size[1] - 0.5) ** 2
    grain = rng.standard_normal((size[1], size[0], 1), dtype=np.float32) * 2.2
    pixels = canvas * (1 - 0.38 * square)[..., None] + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
