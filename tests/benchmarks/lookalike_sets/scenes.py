"""Photographs of nearly nothing: skies, seas, nights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.cli.demo.brushes import (
    coordinates,
    develop,
    disc,
    fractal,
    glow,
    paint,
    ridge,
    sky,
    vary,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Rng

SIZE = (960, 640)


def clouds(rng: Rng, number: int, layout: int) -> Image.Image:
    """Sky alone, one day after the other: blue with clouds, or an evening's."""
    top, bottom = (
        ((70, 128, 204), (206, 226, 244)) if layout == 1 else ((64, 70, 122), (246, 176, 120))
    )
    canvas = sky(rng, SIZE, vary(rng, top, 8), vary(rng, bottom, 8), rng.uniform(0.15, 0.6))
    return develop(canvas, rng)


def sea(rng: Rng, number: int, layout: int) -> Image.Image:
    """Sky, horizon and water from the same beach; now and then a sail."""
    x, y = coordinates(SIZE)
    top, bottom = (
        ((120, 160, 210), (220, 232, 240)) if layout == 1 else ((90, 96, 108), (196, 200, 204))
    )
    canvas = sky(rng, SIZE, vary(rng, top, 8), vary(rng, bottom, 8), rng.uniform(0.1, 0.5))
    horizon = 270 + rng.normal(0, 3)
    depth = np.clip((y - horizon) / (SIZE[1] - horizon), 0, 1)
    waves = sum(
        (0.5 + depth) * np.where(np.abs(depth - at) < wide, fractal(rng, SIZE, 2.1, stretch), 0)
        for at, wide, stretch in ((0.1, 0.1, 24.0), (0.35, 0.15, 12.0), (0.75, 0.25, 6.0))
    )
    water = vary(rng, (44, 92, 128) if layout == 1 else (70, 84, 90), 8)
    surface = np.asarray(water, np.float32) * (1.25 - 0.5 * depth + 0.16 * waves)[..., None]
    foam = np.clip(waves - 1.7 + 0.6 * depth, 0, 1)[..., None]
    surface = surface + foam * (235 - surface)
    paint(canvas, np.clip(y - horizon, 0, 1) + 0 * x, surface)
    if rng.random() < 0.4:
        _sail(canvas, rng, horizon)
    return develop(canvas, rng)


def _sail(canvas: NDArray[np.float32], rng: Rng, horizon: float) -> None:
    x, y = coordinates(SIZE)
    at, tall = rng.uniform(80, 880), rng.uniform(20, 60)
    up = np.clip((y - horizon + tall) / tall, 0, 1)
    sail = (np.abs(x - at - 0.1 * tall) < 0.3 * tall * up) & (y < horizon) & (y > horizon - tall)
    paint(canvas, sail.astype(np.float32), (244, 242, 236))
    paint(canvas, disc(SIZE, (at, horizon + 3), (0.35 * tall, 4)), (60, 46, 40))


def night(rng: Rng, number: int, layout: int) -> Image.Image:
    """A dark street or harbour: some lamps, lit windows, noise."""
    canvas = np.full((SIZE[1], SIZE[0], 3), (7, 8, 14), np.float32)
    canvas += 2.0 * fractal(rng, SIZE, 2.6)[..., None]
    x, y = coordinates(SIZE)
    roofs = 330 + 46 * np.round(ridge(rng, SIZE[0], 2.2).astype(float) * 2) / 2
    wall = (y > roofs[None, :]) & (y < 480)
    paint(canvas, wall.astype(np.float32) + 0 * x, (14, 14, 19))
    _windows(canvas, rng, roofs)
    ripple = np.clip(0.5 + 0.5 * fractal(rng, SIZE, 1.8, 6), 0, 1.5)
    for _ in range(int(rng.integers(2, 7))):
        lamp = (rng.uniform(30, 930), rng.uniform(300, 470))
        colour = np.array((255, 196, 110) if rng.random() < 0.8 else (190, 220, 255), np.float32)
        light = glow(SIZE, lamp, rng.uniform(5, 12))[..., None]
        canvas += 1.3 * light * colour
        if layout == 1:  # on wet ground
            streak = np.exp(-(((x - lamp[0]) / 12) ** 2)) * np.clip((y - 480) / 30, 0, 1)
            canvas += 0.35 * (streak * ripple * np.exp(-(y - 480) / 120))[..., None] * colour
    if layout == 2:
        moon = (rng.uniform(100, 860), rng.uniform(60, 200))
        canvas += 0.5 * glow(SIZE, moon, 26)[..., None] * np.array((220, 226, 240), np.float32)
        paint(canvas, disc(SIZE, moon, (20, 20)), (232, 232, 222))
    canvas += rng.standard_normal(canvas.shape, dtype=np.float32) * 3.5
    return develop(canvas, rng)


def _windows(
    canvas: NDArray[np.float32],
    rng: Rng,
    roofs: NDArray[np.float64],
) -> None:
    """Light some windows of the houses below the roofs."""
    for left in range(10, SIZE[0] - 20, 26):
        for top in range(int(roofs[left : left + 12].max()) + 12, 460, 30):
            if rng.random() < 0.16:
                canvas[top : top + 14, left : left + 10] = vary(rng, (214, 168, 92), 25)
