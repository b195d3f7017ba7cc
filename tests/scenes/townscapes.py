"""Townscapes drawn from a seed: skyline, market, street."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.scenes.brushes import (
    box,
    coordinates,
    fractal,
    paint,
    shape,
    size_of,
    sky,
    smooth,
    tint,
    vary,
    water,
)

if TYPE_CHECKING:
    from tests.scenes.brushes import Canvas, Colour, Mask, Point, Size

    Rng = np.random.Generator


FRUITS = [(236, 136, 30), (196, 36, 34), (150, 176, 52), (92, 40, 84), (232, 190, 60)]


def city(rng: Rng, size: Size) -> Canvas:
    """Skyline at dusk with lit windows, mirrored in a river."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (44, 62, 120), 10), (246, 158, 122), rng.uniform(0.3, 0.6))
    shore, unit = int(height * 0.76), width / 24
    for depth in range(3):
        left = -unit * rng.random()
        while left < width:
            wide = unit * rng.uniform(1.2, 2.8)
            top = shore - height * rng.uniform(0.12, 0.62 - 0.14 * depth)
            _tower(canvas, rng, (left, top, left + wide, shore), 0.35 + 0.25 * (2 - depth))
            left += wide + unit * rng.uniform(0, 1.2)
    water(canvas, rng, shore, (28, 34, 66))
    return canvas


def _tower(
    canvas: Canvas, rng: Rng, corners: tuple[float, float, float, float], haze: float
) -> None:
    """Paint one tower block: haze 0 (near) to 1 (far), its windows lit at random."""
    left, top, right, bottom = (round(corner) for corner in corners)
    part = canvas[top:bottom, max(left, 0) : max(right, 0)]
    if not part.size:
        return
    wall = np.asarray(vary(rng, (44, 44, 66), 12)) * (1 - haze) + np.array((150, 106, 126)) * haze
    side = np.linspace(1.25, 0.75, part.shape[1], dtype=np.float32)[None, :, None]
    part[:] = wall * side
    step = max(4, canvas.shape[1] // 110)
    floors, across = part.shape[0] // step, part.shape[1] // step
    lamps = (rng.random((floors, across)) < rng.uniform(0.2, 0.6)) * rng.random((floors, across))
    pane = np.zeros((step, step), np.float32)
    pane[1 : step // 2 + 1, : step // 2 + 1] = 1 - 0.6 * haze
    lit = np.kron(np.sqrt(lamps), pane).astype(np.float32)
    paint(part[: lit.shape[0], : lit.shape[1]], lit, (255, 214, 138))


def market(rng: Rng, size: Size) -> Canvas:
    """Market stalls under striped awnings, heaped with fruit."""
    width, height = size
    canvas = tint(fractal(rng, size, 2.2), vary(rng, (112, 92, 78)), vary(rng, (216, 196, 168)))
    canvas[int(0.8 * height) :] *= 0.72
    wood = tint(fractal(rng, size, 1.6, 7), (92, 62, 38), (176, 130, 84))
    stalls = int(rng.integers(2, 4))
    for stall in range(stalls):
        left = width * (stall + rng.uniform(0.0, 0.12)) / stalls
        right = left + width * rng.uniform(0.8, 0.88) / stalls
        _stall(canvas, rng, (left, right), wood)
    return canvas


def _stall(canvas: Canvas, rng: Rng, span: Point, wood: Canvas) -> None:
    """Paint one stall between two places: three shaded shelves of fruit and the awning."""
    height, size = canvas.shape[0], size_of(canvas)
    (left, right), top = span, height * rng.uniform(0.08, 0.24)
    low, foot = top + 0.2 * height, 0.9 * height
    paint(canvas, 0.72 * shape(size, [box(left, low, right, foot)]), (34, 26, 24))
    for row in range(3):
        shelf = low + (row + 1.15) * (foot - low) / 3.3
        colour, radius = vary(rng, FRUITS[rng.integers(5)], 12), height * rng.uniform(0.022, 0.04)
        for layer in range(3):
            for x in np.arange(left + radius * (1 + layer % 2), right - radius, 1.8 * radius):
                at = (float(x), shelf - radius * (3.4 - 1.3 * layer))
                _piece(canvas, at, radius, vary(rng, colour, 9))
        paint(canvas, shape(size, [box(left, shelf, right, shelf + 0.035 * height)]), wood)
    slant, stripes = 0.03 * (right - left), int(rng.integers(7, 12))
    colour, edges = vary(rng, (190, 50, 44), 60), np.linspace(0, 1, stripes + 1)
    for n in range(stripes):
        a, b = (left + (right - left) * edge for edge in edges[n : n + 2])
        over = [(a + slant, top), (b + slant, top), (b - slant, low), (a - slant, low)]
        shade = np.linspace(1.1, 0.75, height)[:, None, None]
        paint(canvas, shape(size, [over]), np.asarray((246, 240, 226) if n % 2 else colour) * shade)


def _piece(canvas: Canvas, at: Point, radius: float, colour: Colour) -> None:
    """Paint one small fruit on its own few pixels only."""
    top, left = max(int(at[1] - radius) - 1, 0), max(int(at[0] - radius) - 1, 0)
    part = canvas[top : int(at[1] + radius) + 2, left : int(at[0] + radius) + 2]
    if not part.size:
        return
    x, y = coordinates((part.shape[1], part.shape[0]))
    u, v = (x - at[0] + left) / radius, (y - at[1] + top) / radius
    light = np.clip(1.15 - 0.7 * np.hypot(u + 0.4, v + 0.4), 0.2, 1.2)[..., None]
    paint(part, np.clip((1 - np.hypot(u, v)) * radius + 0.5, 0, 1), np.asarray(colour) * light)


def street(rng: Rng, size: Size) -> Canvas:
    """Street in perspective: facades on both sides, cobbles, a lit sky at its end."""
    width, height = size
    canvas = sky(rng, size, vary(rng, (110, 160, 214)), (250, 232, 206), rng.uniform(0.2, 0.6))
    vanishing = (width * rng.uniform(0.35, 0.65), height * rng.uniform(0.52, 0.62))
    x, y = coordinates(size)
    depth = np.clip((y - vanishing[1]) / (height - vanishing[1]), 0.02, 1)
    rows = np.sin(60 / depth**0.7) + np.sin((x - vanishing[0]) / depth * 40 / width)
    stones = tint(rows * 0.9 + fractal(rng, size, 1.6), (78, 72, 70), (178, 166, 150))
    paint(canvas, smooth(y - vanishing[1], -1, 1) * np.ones_like(x), stones)
    plaster = fractal(rng, size, 1.9)
    for side in (-1, 1):
        for house in range(6):
            span = (1.3 * 0.66**house, 1.3 * 0.66 ** (house + 1))
            _house(canvas, rng, vanishing, (side * span[0], side * span[1]), plaster)
    return canvas


def _house(canvas: Canvas, rng: Rng, at: Point, span: Point, plaster: Mask) -> None:
    """Paint one facade between two depths: 0 at the vanishing point, 1 near, left below 0."""
    size, tall, lit = size_of(canvas), rng.uniform(0.75, 1.15), 1.0 if span[0] > 0 else 0.72

    def corner(along: float, level: float) -> Point:
        depth = span[0] + (span[1] - span[0]) * along
        return at[0] + size[0] * 0.5 * depth, at[1] + abs(depth) * size[1] * (0.42 - level * tall)

    def pane(a: float, b: float, low: float, high: float) -> list[Point]:
        return [corner(a, low), corner(b, low), corner(b, high), corner(a, high)]

    dark, light = vary(rng, (176, 128, 96), 30), vary(rng, (236, 206, 164), 20)
    paint(canvas, shape(size, [pane(0, 1, 0, 1)]), tint(plaster, dark, light) * lit)
    grid = [(a, low) for a in (0.1, 0.42, 0.74) for low in (0.06, 0.28, 0.5, 0.72)]
    openings = shape(size, [pane(a, a + 0.16, low, low + 0.13) for a, low in grid])
    paint(canvas, openings, np.asarray(vary(rng, (58, 66, 80), 14)) * lit)
    paint(canvas, shape(size, [pane(0, 1, 0.95, 1)]), np.array((112, 62, 48)) * lit)
