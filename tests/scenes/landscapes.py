"""Landscapes drawn from a seed: mountains, sunset, beach, forest, flowers, night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.scenes.brushes import (
    below,
    box,
    coordinates,
    disc,
    fractal,
    glow,
    paint,
    ridge,
    shape,
    sky,
    smooth,
    tint,
    vary,
    water,
)

if TYPE_CHECKING:
    from tests.scenes.brushes import Canvas, Point, Size

    Rng = np.random.Generator


def mountains(rng: Rng, size: Size) -> Canvas:
    """Snow mountains one behind the other, above a lake that mirrors them."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (74, 128, 200)), (214, 226, 238), rng.uniform(0.2, 0.6))
    y = coordinates(size)[1]
    for depth in range(3):
        crest = np.abs(ridge(rng, width, 2.9)) - 0.05 * ridge(rng, width, 1.8)
        line = height * (0.14 + 0.15 * depth + (0.2 - 0.04 * depth) * crest)
        bumps = fractal(rng, size, 3.0)
        slope = np.roll(bumps, 4, axis=1) - bumps
        relief = slope / slope.std()
        haze = 44 * (2 - depth)
        rock = tint(relief, (40 + haze, 50 + haze, 74 + haze), (104 + haze, 104 + haze, 112 + haze))
        paint(canvas, below(line, size), rock)
        snow = line[None, :] + height * (0.16 - 0.06 * depth + 0.03 * relief) - y
        white = tint(relief, (140, 164, 206), (255, 255, 255))
        paint(canvas, below(line, size) * smooth(snow, -6, 12), white)
    water(canvas, rng, int(height * rng.uniform(0.7, 0.8)), (38, 78, 108))
    return canvas


def sunset(rng: Rng, size: Size) -> Canvas:
    """Low sun over hazy hills."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (88, 70, 130)), (252, 176, 104), rng.uniform(0.3, 0.7))
    sun = (width * rng.uniform(0.15, 0.85), height * rng.uniform(0.3, 0.5))
    canvas += glow(size, sun, height * 0.16)[..., None] * np.array((150, 96, 30), np.float32)
    paint(canvas, disc(size, sun, (height * 0.05, height * 0.05), 3), (255, 244, 206))
    for depth in range(5):
        line = height * (0.5 + 0.1 * depth - (0.045 + 0.01 * depth) * ridge(rng, width, 2.9))
        shade = 1 - depth / 5
        far = np.array((30, 22, 44)) + shade * np.array((170, 96, 70))
        texture = fractal(rng, size, 2.6) + 0.3 * fractal(rng, size, 1.2)
        paint(canvas, below(line, size), tint(texture, far * 0.8, far * 1.25))
    return canvas


def beach(rng: Rng, size: Size) -> Canvas:
    """Sky, breaking waves, sand and parasols."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (60, 140, 214)), (206, 232, 246), rng.uniform(0.2, 0.6))
    horizon, y = height * rng.uniform(0.36, 0.48), coordinates(size)[1]
    waves = fractal(rng, size, 2.2, stretch=10)
    sea = tint(waves, (12, 92, 136), (62, 176, 186))
    paint(canvas, smooth(y - horizon, -1, 1), sea)
    paint(canvas, smooth(waves, 1.3, 2.0) * smooth(y - horizon, 20, 90), (244, 250, 250))
    shore = (
        height * (0.7 + 0.05 * ridge(rng, width, 3.2)) + np.linspace(-0.12, 0.12, width) * height
    )
    sand = tint(fractal(rng, size, 1.4), (200, 164, 116), (246, 222, 176))
    paint(canvas, below(shore - height * 0.025, size), (240, 248, 246))
    paint(canvas, below(shore, size), sand)
    for place in rng.permutation(5)[:3]:
        _parasol(canvas, rng, (width * (0.12 + 0.19 * place), height * rng.uniform(0.66, 0.78)))
    return canvas


def _parasol(canvas: Canvas, rng: Rng, at: Point) -> None:
    """Paint a striped parasol whose foot stands at a point."""
    height, width = canvas.shape[:2]
    size, radius = (width, height), height * 0.13
    x, foot = at
    paint(canvas, 0.4 * disc(size, (x + radius, foot), (radius, radius * 0.25), 8), (70, 50, 30))
    paint(canvas, shape(size, [box(x - 3, foot - 1.3 * radius, x + 3, foot)]), (240, 236, 228))
    colour, top = vary(rng, (216, 60, 52), 60), foot - 1.2 * radius
    across, down = coordinates(size)
    dome = disc(size, (x, top), (radius, 0.75 * radius)) * (down < top)
    reach = radius * np.sqrt(np.clip(1 - ((down - top) / (0.75 * radius)) ** 2, 0.01, 1))
    stripe = np.floor(np.arcsin(np.clip((across - x) / reach, -1, 1)) * 2.6) % 2
    shade = (1.05 - 0.3 * (across - x) / radius)[..., None]
    paint(canvas, dome * stripe, np.array((250, 246, 236)) * shade)
    paint(canvas, dome * (1 - stripe), np.asarray(colour) * shade)


def forest(rng: Rng, size: Size) -> Canvas:
    """Trunks in the mist, one row behind the other, ferns at their feet."""
    width, height = size
    leaves = fractal(rng, size, 2.2) + 0.6 * fractal(rng, size, 1.0)
    canvas = tint(leaves, vary(rng, (96, 134, 72)), vary(rng, (226, 236, 176)))
    canvas += glow(size, (width * rng.uniform(0.1, 0.9), height * 0.3), width * 0.5)[..., None] * 70
    x = coordinates(size)[0]
    for depth in range(5):
        mist = 1 - depth / 4
        bark = tint(fractal(rng, size, 1.8, 0.16), (46, 36, 28), (122, 98, 76)) * (1 - mist)
        for _ in range(5 - depth // 2):
            thick = width * (0.012 + 0.014 * depth) * rng.uniform(0.7, 1.3)
            across = (x - width * rng.random()) / thick - 0.3 * ridge(rng, height, 3)[:, None]
            trunk = np.clip((1 - np.abs(across)) * thick / 1.5, 0, 1).astype(np.float32)
            light = (1.15 - 0.6 * np.clip(across, -1, 1))[..., None]
            paint(canvas, trunk, bark * light + mist * np.array((156, 176, 128)))
        line = height * (0.68 + 0.06 * depth - 0.015 * ridge(rng, width, 1.6))
        fern = tint(fractal(rng, size, 1.3), (24, 52, 20), (130, 168, 62))
        paint(canvas, below(line, size), fern * (1 - 0.5 * mist) + 70 * mist)
    canvas *= np.exp(0.2 * fractal(rng, size, 2.8))[..., None]  # sun and shade
    return canvas


def flowers(rng: Rng, size: Size) -> Canvas:
    """Flowers in a field that reaches to the trees on the horizon."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (90, 156, 220)), (226, 238, 244), rng.uniform(0.3, 0.7))
    horizon = height * rng.uniform(0.3, 0.42)
    trees = horizon - height * (0.05 + 0.035 * ridge(rng, width, 1.9))
    paint(canvas, below(trees, size), tint(fractal(rng, size, 1.8), (30, 62, 44), (92, 128, 70)))
    field = np.full(width, horizon, np.float32)
    grass = fractal(rng, size, 2.4, 0.5) + 0.5 * fractal(rng, size, 1.0)
    paint(canvas, below(field, size), tint(grass, (42, 92, 30), (150, 178, 70)))
    colours = [vary(rng, base, 25) for base in ((222, 44, 50), (246, 196, 56), (232, 120, 170))]
    patches = fractal(rng, size, 2.6)
    for near in np.sort(rng.random(1500) ** 2.2):
        y, x = int(horizon + near * (height - horizon - 1)), rng.random()
        at = int(x * (width - 1))
        petal = colours[int(np.clip(patches[y, at] + 1.5, 0, 2.99))]
        _flower(canvas, (at, y), height * (0.002 + 0.026 * near), petal)
    return canvas


def _flower(canvas: Canvas, at: tuple[int, int], radius: float, colour: object) -> None:
    """Paint one blossom, shaded downwards, painted on its own few pixels only."""
    reach = int(radius * 1.2) + 2
    top, left = max(at[1] - reach, 0), max(at[0] - reach, 0)
    part = canvas[top : at[1] + reach, left : at[0] + reach]
    size, centre = (part.shape[1], part.shape[0]), (at[0] - left, at[1] - top)
    x, y = coordinates(size)
    angle = np.arctan2(y - centre[1], x - centre[0])
    petals = radius * (0.78 + 0.22 * np.cos(5 * angle + at[0]))
    away = np.hypot(x - centre[0], (y - centre[1]) * 1.3)
    light = (1.1 - 0.35 * (y - centre[1]) / radius)[..., None]
    paint(part, np.clip(petals - away, 0, 1), np.asarray(colour, np.float32) * light)
    paint(part, np.clip(radius * 0.3 - away, 0, 1), (92, 62, 22))


def night(rng: Rng, size: Size) -> Canvas:
    """Moonlit harbour: a village on the hills, its lamps in the water."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (8, 14, 40), 6), (52, 70, 118), rng.uniform(0.3, 0.6))
    canvas *= 0.75
    stars = (rng.random((height, width)) > 1 - 220 / (width * height)).astype(np.float32)
    paint(canvas, stars * rng.uniform(0.3, 1), (240, 240, 255))
    moon = (width * rng.uniform(0.12, 0.88), height * rng.uniform(0.12, 0.25))
    canvas += glow(size, moon, height * 0.12)[..., None] * np.array((110, 116, 120), np.float32)
    paint(canvas, disc(size, moon, (height * 0.05, height * 0.05), 2), (250, 246, 226))
    shore = int(height * rng.uniform(0.6, 0.7))
    for depth in range(3):
        line = shore - height * (0.2 - 0.06 * depth + 0.07 * ridge(rng, width, 2.6))
        dark = (22 + 12 * (2 - depth), 26 + 14 * (2 - depth), 52)
        hill = tint(fractal(rng, size, 2), dark, (70, 80, 118))
        paint(canvas, below(line, size), hill)
    for _ in range(60):
        lamp = (width * rng.random(), shore - height * 0.16 * rng.random() ** 1.5)
        warm = np.array((255, rng.uniform(150, 220), 90), np.float32)
        canvas += glow(size, lamp, height * rng.uniform(0.004, 0.012))[..., None] * warm
    water(canvas, rng, shore, (10, 18, 42))
    return canvas
