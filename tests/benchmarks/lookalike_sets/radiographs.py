"""X-rays of one part of the body in one position: chests, and hands."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet
from tests.scenes.brushes import coordinates, disc, fractal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.benchmarks.lookalike_sets.sheets import Rng

    Film = NDArray[np.float32]
    Bone = tuple[list[tuple[float, float]], float]  # its course, its width in pixels

SIZE = (800, 900)


def radiograph(rng: Rng, number: int, layout: int) -> Image.Image:
    """A film with its markers: dense is bright, noise over everything."""
    film = _chest(rng) if layout == 1 else _hand(rng)
    film = film + 5 * fractal(rng, SIZE, 1.6)
    film = film + rng.standard_normal(film.shape, dtype=np.float32) * 4
    sheet = Sheet(SIZE)
    sheet.paste(Image.fromarray(np.clip(film, 0, 255).astype(np.uint8)).convert("RGB"), (0, 0))
    sheet.bold((60 if layout == 1 else 720, 70), "R" if layout == 1 else "L", 44, (220, 220, 220))
    sheet.text((24, 868), f"{words.number(rng, 7)}  {words.date(rng)}", 18, (200, 200, 200))
    return sheet.image


def _ellipse(at: tuple[float, float], radii: tuple[float, float], soft: float) -> Film:
    return disc(SIZE, at, radii, soft)


def _strokes(lines: list[Bone], blur: float) -> Film:
    """Density of bones that are lines of a width."""
    sheet = Image.new("L", SIZE)
    for points, wide in lines:
        one = Image.new("L", SIZE)
        pen = ImageDraw.Draw(one)
        pen.line(points, 255, round(wide), "curve")
        pen.line(points, 150, round(wide * 0.5), "curve")
        sheet = Image.fromarray(
            np.minimum(255, np.asarray(sheet, np.int32) + np.asarray(one) // 2).astype(np.uint8)
        )
    return np.asarray(sheet.filter(ImageFilter.GaussianBlur(blur)), np.float32) / np.float32(255)


def _chest(rng: Rng) -> Film:
    """Lungs, ribs, spine, heart, diaphragm, clavicles, of another person each time."""
    x, y = coordinates(SIZE)
    wide = rng.normal(1, 0.05)
    film = 30 + 150 * _ellipse((400, 520), (345 * wide, 560), 60)
    film += 20 * _ellipse((400, 60), (110, 140), 40)
    for side in (-1, 1):
        lung = (400 + side * 160 * wide, 400 + rng.normal(0, 8))
        air = _ellipse(lung, (rng.uniform(112, 128) * wide, rng.uniform(260, 290)), 50)
        film -= rng.uniform(88, 108) * air
        film += 16 * air * np.abs(fractal(rng, SIZE, 2.4))
        base = _ellipse((lung[0], 760 + rng.normal(0, 14)), (190 * wide, rng.uniform(120, 160)), 20)
        film += 52 * base * air
    heart = (430 + rng.normal(0, 10), 520 + rng.normal(0, 10))
    film += 40 * _ellipse(heart, (rng.uniform(96, 140), rng.uniform(130, 165)), 46)
    film += 30 * np.exp(-(((x - 400) / 34) ** 2)) * (1 + 0.25 * np.sin(y / rng.uniform(9.5, 11)))
    film += 52 * _strokes(_ribs(rng, wide), 3)
    if rng.random() < 0.3:
        spot = (400 + rng.choice((-1, 1)) * rng.uniform(90, 220), rng.uniform(280, 600))
        film += 40 * _ellipse(spot, (rng.uniform(14, 40), rng.uniform(14, 40)), 16)
    return np.asarray(film, np.float32)


def _ribs(rng: Rng, wide: float) -> list[Bone]:
    lines = []
    gap, droop = rng.uniform(52, 58), rng.uniform(0.75, 1.2)
    for side in (-1, 1):
        clavicle = [
            (400 + side * (40 + 270 * t), 176 - 40 * np.sin(2.6 * t) + 26 * t)
            for t in np.linspace(0, 1, 20)
        ]
        lines.append((clavicle, 20.0))
        for n in range(10):
            reach = wide * (150 + 130 * np.sin(0.28 * (n + 2)))
            top = 150 + gap * n
            arc = np.linspace(0, np.pi * 0.8, 30)
            points = [
                (
                    400 + side * (22 + reach * np.sin(a)),
                    top + droop * 90 * (1 - np.cos(a)) - 40 * np.sin(a),
                )
                for a in arc
            ]
            lines.append((points, 15.0))
    return lines


FINGERS = ((255, -38, 0.72), (310, -13, 0.98), (390, -2, 1.08), (465, 8, 1.0), (535, 22, 0.8))


def _hand(rng: Rng) -> Film:
    """Fingers, metacarpals, wrist and forearm within the flesh around them."""
    flesh = Image.new("L", SIZE)
    pen = ImageDraw.Draw(flesh)
    pen.polygon([(250, 520), (330, 470), (500, 470), (560, 540), (500, 780), (310, 760)], 255)
    pen.rectangle((305, 690, 505, 900), 255)
    bones: list[Bone] = [([(x, 780), (x + rng.normal(0, 6), 900)], 46.0) for x in (355, 455)]
    for n, (base, angle, length) in enumerate(FINGERS):
        way = np.radians(angle + rng.normal(0, 2.5))
        step = np.array((np.sin(way), -np.cos(way))) * length * rng.normal(1, 0.03)
        start = np.array((400 + (base - 400) * 0.5, 690 if n else 660))
        joints = [start + step * reach for reach in (0, 170, 300, 390, 450)]
        pen.line([tuple(joint) for joint in joints], 255, 74, "curve")
        pen.ellipse((*(joints[-1] - 37), *(joints[-1] + 37)), 255)
        bones += [bone for pair in pairwise(joints) for bone in _phalanx(*pair, 27.0 - 3 * n % 4)]
    film = 18 + 70 * np.asarray(flesh.filter(ImageFilter.GaussianBlur(9)), np.float32) / 255
    for _ in range(8):
        at = (rng.uniform(335, 475), rng.uniform(700, 775))
        film = film + 34 * _ellipse(at, (rng.uniform(20, 32), rng.uniform(18, 28)), 8)
    return np.asarray(film + 150 * _strokes(bones, 2.5), np.float32)


def _phalanx(first: NDArray[np.float64], second: NDArray[np.float64], wide: float) -> list[Bone]:
    """Shaft between two joints, and its two broader ends."""
    (x, y), (to_x, to_y) = first + 0.06 * (second - first), second - 0.06 * (second - first)
    ends = [([(px - 14, py), (px + 14, py)], 17.0) for px, py in ((x, y), (to_x, to_y))]
    return [([(x, y), (to_x, to_y)], wide), *ends]
