"""Photograph-like scenes, drawn from a seed: an endless supply of pictures that nobody owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageOps

from tests.scenes.brushes import (
    ball,
    below,
    box,
    coordinates,
    develop,
    disc,
    fractal,
    glow,
    paint,
    ridge,
    shape,
    size_of,
    sky,
    tint,
    vary,
)
from tests.scenes.landscapes import beach, flowers, forest, mountains, night, sunset
from tests.scenes.townscapes import FRUITS, city, market, street

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from tests.scenes.brushes import Canvas, Mask, Point, Size

    Rng = np.random.Generator


def fruit(rng: Rng, size: Size) -> Canvas:
    """Still life: oranges, apples and plums on a cloth before a wall."""
    width, height = size
    canvas = tint(fractal(rng, size, 2.6), vary(rng, (74, 66, 62)), vary(rng, (156, 132, 104)))
    canvas *= (0.55 + 0.9 * glow(size, (width * rng.uniform(0, 1), 0), height * 0.9))[..., None]
    edge = height * (0.55 + 0.012 * ridge(rng, width, 3))
    folds = fractal(rng, size, 3.0) + 0.25 * fractal(rng, size, 1.0)
    cloth = tint(folds, (118, 130, 150), (236, 232, 220))
    paint(canvas, below(edge.astype(np.float32), size), cloth)
    for depth in range(12):
        radius = height * rng.uniform(0.07, 0.15)
        at = (width * rng.uniform(0.1, 0.9), height * (0.5 + 0.03 * depth))
        ball(canvas, rng, at, radius, vary(rng, FRUITS[rng.integers(5)], 10))
    return canvas


def portrait(rng: Rng, size: Size) -> Canvas:
    """Somebody in a straw hat, seen from behind, before a garden out of focus."""
    width, height = size
    leaf, sun = vary(rng, (70, 108, 66), 30), vary(rng, (214, 214, 150), 30)
    canvas = tint(fractal(rng, size, 3.4), leaf, sun)
    for _ in range(40):
        at, radius = (width * rng.random(), height * rng.random()), height * rng.uniform(0.02, 0.06)
        spot = rng.uniform(0.15, 0.5) * disc(size, at, (radius, radius), 3)
        paint(canvas, spot, vary(rng, (226, 208, 170), 50))
    unit = min(width, height)
    _figure(canvas, rng, (width * rng.uniform(0.35, 0.65), height * rng.uniform(0.3, 0.42)), unit)
    return canvas


def _figure(canvas: Canvas, rng: Rng, hat: Point, unit: float) -> None:
    """Paint shoulders, long hair and a straw hat with its band, lit from the left."""
    size = size_of(canvas)
    x, y = coordinates(size)
    light = (1.1 - 0.55 * (x - hat[0]) / (0.4 * unit))[..., None]

    def oval(down: float, wide: float, tall: float) -> Mask:
        return disc(size, (hat[0], hat[1] + down * unit), (wide * unit, tall * unit), 2)

    folds = 0.8 * fractal(rng, size, 3.2, 0.4) + 0.2 * fractal(rng, size, 1.0)
    cloth = tint(folds, vary(rng, (52, 84, 128), 45), vary(rng, (140, 166, 196), 30))
    paint(canvas, oval(0.86, 0.38, 0.52), cloth * light)
    strands = tint(fractal(rng, size, 1.6, 0.14), vary(rng, (44, 26, 16), 8), (140, 92, 52))
    paint(canvas, oval(0.26, 0.16, 0.34), strands * light)
    weave = np.sin(x / unit * 210) * np.sin(y / unit * 260) + 0.8 * fractal(rng, size, 1.5)
    straw = tint(weave, (186, 146, 84), (250, 222, 158)) * light
    paint(canvas, oval(0.06, 0.33, 0.1), straw * 0.86)
    paint(canvas, oval(0, 0.17, 0.15), straw)
    band = oval(0, 0.173, 0.15) * oval(0.075, 0.19, 0.032)
    paint(canvas, band, np.asarray(vary(rng, (150, 34, 50), 40)) * light)


def balloons(rng: Rng, size: Size) -> Canvas:
    """Hot-air balloons over a patchwork of fields."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (70, 132, 206)), (250, 226, 200), rng.uniform(0.2, 0.6))
    for depth in range(4):
        line = height * (0.68 + 0.09 * depth - 0.03 * ridge(rng, width, 2.6))
        fields = np.floor(1.6 * fractal(rng, size, 3.2, 2)) + 0.4 * fractal(rng, size, 1.2)
        ground = tint(fields, vary(rng, (62, 98, 44)), vary(rng, (206, 186, 96)))
        paint(canvas, below(line, size), ground * (0.75 + 0.08 * depth) + 12 * (3 - depth))
    for n, column in enumerate(rng.permutation(6)[:5]):
        radius = min(width, height) * rng.uniform(0.06, 0.1) * (1 + 0.3 * n)
        at = (width * (0.1 + 0.16 * column), height * rng.uniform(0.12, 0.52))
        _balloon(canvas, rng, at, radius)
    return canvas


def _balloon(canvas: Canvas, rng: Rng, at: Point, radius: float) -> None:
    """Paint one balloon with its gores, lit from the left, and its basket."""
    size = size_of(canvas)
    x, y = coordinates(size)
    mouth = 1.35
    v = np.clip((y - at[1]) / radius, -1, mouth)
    girth = np.where(v < 0, np.sqrt(1 - np.minimum(v, 0) ** 2), np.cos(1.02 * v)) * (v < mouth)
    u = (x - at[0]) / (radius * np.maximum(girth, 0.01))
    cover = np.clip((1 - np.abs(u)) * radius * girth, 0, 1).astype(np.float32)
    gore = np.floor(np.arcsin(np.clip(u, -1, 1)) * 8 / np.pi + 0.5) % 2
    light = np.clip(1.05 - 0.4 * u, 0.5, 1.5)[..., None]
    first, second = vary(rng, (220, 70, 50), 70), vary(rng, (250, 210, 90), 50)
    paint(canvas, cover * gore, np.asarray(first) * light)
    paint(canvas, cover * (1 - gore), np.asarray(second) * light)
    foot, half = at[1] + 1.5 * radius, 0.13 * radius
    basket = box(at[0] - half, foot, at[0] + half, foot + 0.2 * radius)
    paint(canvas, shape(size, [basket]), (92, 60, 36))


UNEVEN = 0.22  # deviation of the light on a snapshot, in natural logarithms

SCENES: dict[str, Callable[[Rng, Size], Canvas]] = {
    "mountains": mountains,
    "sunset": sunset,
    "beach": beach,
    "city": city,
    "fruit": fruit,
    "forest": forest,
    "flowers": flowers,
    "portrait": portrait,
    "market": market,
    "street": street,
    "night": night,
    "balloons": balloons,
}


def scene(seed: int, size: Size, kind: str | None = None) -> Image.Image:
    """Picture of a seed; without a kind the seed chooses one of SCENES."""
    rng = np.random.default_rng(seed)
    names = list(SCENES)
    chosen = kind or names[int(rng.integers(len(names)))]
    return develop(SCENES[chosen](rng, size), rng)


def snapshot(seed: int, size: Size) -> Image.Image:
    """Picture of a seed as somebody happened to take it: any scene, nearer or farther, mirrored.

    Light and shade fall on it unevenly. Unrelated snapshots are as far apart as photographs: about
    2.4 in 10,000 pairs lie within 14 bits of each other's row hash.
    """
    rng = np.random.default_rng(seed)
    names = list(SCENES)
    zoom = rng.uniform(1.0, 1.7)
    wide = (_smooth(size[0] * zoom), _smooth(size[1] * zoom))
    canvas = SCENES[names[int(rng.integers(len(names)))]](rng, wide)
    left, top = rng.integers(0, wide[0] - size[0] + 1), rng.integers(0, wide[1] - size[1] + 1)
    canvas = canvas[top : top + size[1], left : left + size[0]]
    canvas *= np.exp(UNEVEN * fractal(rng, size, 2.6))[..., None]
    picture = develop(canvas, rng)
    return ImageOps.mirror(picture) if rng.integers(2) else picture


def _smooth(length: float) -> int:
    """Next multiple of 32: noise costs up to four times more where large prime factors are."""
    return -(-int(length) // 32) * 32
