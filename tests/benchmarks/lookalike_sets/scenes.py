"""Photographs of nearly nothing, six moments of each: skies, seas, nights.

Clouds drift and change, waves come and go, windows are lit; what stands still is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.scenes.brushes import (
    coordinates,
    develop,
    disc,
    fractal,
    glow,
    paint,
    ridge,
    sky,
    smooth,
    vary,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Rng

SIZE = (960, 640)
MOMENTS = 6


def _place(number: int, layout: int, topic: int) -> tuple[Rng, int]:
    """Generator of what the moments of a place have in common, and which moment it is."""
    place, moment = divmod(number, MOMENTS)
    return np.random.default_rng([layout, place, topic]), moment


def clouds(rng: Rng, number: int, layout: int) -> Image.Image:
    """Sky alone, some minutes later each time: blue with clouds, or an evening's."""
    common, moment = _place(number, layout, 13)
    blue, evening = ((70, 128, 204), (206, 226, 244)), ((64, 70, 122), (246, 176, 120))
    top, bottom = (vary(common, colour, 10) for colour in (blue if layout == 1 else evening))
    canvas = sky(common, SIZE, top, bottom, -2)  # without its own clouds
    first, second = (fractal(common, SIZE, 3.0, stretch=2.0) for _ in range(2))
    drift = common.uniform(14, 40, 2) * moment
    moved = np.roll(first, int(drift[0]), 1) + np.roll(second, -int(drift[1]), 1)
    cover = (moved + np.float32(0.25) * fractal(rng, SIZE, 2.2)) / np.float32(1.45)
    light = np.clip(232 + 20 * (cover - np.roll(cover, 24, axis=0)), 150, 255)
    edge = 1.2 - 2 * float(common.uniform(0.15, 0.6))
    share = 0.85 * smooth(cover.astype(np.float32), edge - 0.5, edge + 1.1)
    paint(canvas, share, light[..., None] * (np.asarray(bottom, np.float32) / 255))
    return develop(canvas, rng)


def sea(rng: Rng, number: int, layout: int) -> Image.Image:
    """Sky, horizon and water from one beach, other waves each time; now and then a sail."""
    common, _ = _place(number, layout, 14)
    x, y = coordinates(SIZE)
    day, dull = ((120, 160, 210), (220, 232, 240)), ((90, 96, 108), (196, 200, 204))
    top, bottom = (vary(common, colour, 8) for colour in (day if layout == 1 else dull))
    canvas = sky(common, SIZE, top, bottom, common.uniform(0, 0.4))
    horizon = 270 + common.normal(0, 12)
    depth = np.clip((y - horizon) / (SIZE[1] - horizon), 0, 1)
    waves = sum(
        (0.5 + depth) * np.where(np.abs(depth - at) < wide, fractal(rng, SIZE, 2.1, stretch), 0)
        for at, wide, stretch in ((0.1, 0.1, 24.0), (0.35, 0.15, 12.0), (0.75, 0.25, 6.0))
    )
    water = vary(common, (44, 92, 128) if layout == 1 else (70, 84, 90), 8)
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
    """A dark street or harbour: the same lamps, other lit windows, noise."""
    common, _ = _place(number, layout, 15)
    canvas = np.full((SIZE[1], SIZE[0], 3), (7, 8, 14), np.float32)
    canvas += 2.0 * fractal(rng, SIZE, 2.6)[..., None]
    x, y = coordinates(SIZE)
    roofs = 330 + 46 * np.round(ridge(common, SIZE[0], 2.2).astype(float) * 2) / 2
    wall = (y > roofs[None, :]) & (y < 480)
    paint(canvas, wall.astype(np.float32) + 0 * x, (14, 14, 19))
    _windows(canvas, rng, roofs)
    ripple = np.clip(0.5 + 0.5 * fractal(rng, SIZE, 1.8, 6), 0, 1.5)
    for _ in range(int(common.integers(2, 7))):
        lamp = (common.uniform(30, 930), common.uniform(300, 470))
        colour = np.array((255, 196, 110) if common.random() < 0.8 else (190, 220, 255), np.float32)
        light = glow(SIZE, lamp, common.uniform(5, 12))[..., None]
        canvas += 1.3 * light * colour
        if layout == 1:  # on wet ground
            streak = np.exp(-(((x - lamp[0]) / 12) ** 2)) * np.clip((y - 480) / 30, 0, 1)
            canvas += 0.35 * (streak * ripple * np.exp(-(y - 480) / 120))[..., None] * colour
    if layout == 2:
        moon = (common.uniform(100, 860), common.uniform(60, 200))
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
