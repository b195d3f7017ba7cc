"""Street maps of one application: another town each time, or another way through the same town."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.benchmarks.lookalike_sets.sheets import Ink, Point, Rng

SIZE = (900, 900)
WAYS = 3  # pictures of each town
NODES = 13


class Palette(NamedTuple):
    """Colours of a map."""

    land: Ink
    water: Ink
    park: Ink
    street: Ink
    casing: Ink
    main: Ink
    label: Ink
    way: Ink


PALETTES = (
    Palette(
        (242, 239, 233), (170, 211, 223), (200, 226, 190), (255, 255, 255), (206, 202, 196),
        (250, 214, 130), (80, 80, 84), (30, 100, 240),
    ),
    Palette(
        (36, 40, 48), (22, 48, 74), (34, 62, 52), (74, 80, 92), (28, 31, 38),
        (130, 112, 74), (190, 196, 206), (240, 90, 80),
    ),
)  # fmt: skip


def street_map(rng: Rng, number: int, layout: int) -> Image.Image:
    """A town from above with a way through it, three ways for each town."""
    palette = PALETTES[layout - 1]
    base, nodes = _town(number // WAYS, layout)
    sheet = Sheet(SIZE)
    sheet.paste(base, (0, 0))
    points = _way(rng, nodes)
    sheet.pen.line(points, palette.way, 11, "curve")
    for end, ink in ((points[0], (40, 160, 80)), (points[-1], (220, 40, 50))):
        sheet.disc(end, 15, ink, "white")
    sheet.rounded((24, 24, 560, 92), 14, "white" if layout == 1 else (52, 58, 68))
    name = words.street(rng)
    sheet.text((48, 42), name, 26, palette.label)
    sheet.bold((876, 850), f"{rng.integers(4, 58)} min", 34, palette.way, "ra")
    return sheet.image


def _way(rng: Rng, nodes: NDArray[np.float64]) -> list[Point]:
    """Corners of a way between two crossings that can be seen, never twice through the same."""
    seen = np.asarray(((nodes > 90) & (nodes < 810)).all(2))
    rows, columns = np.nonzero(seen)
    start = int(rng.integers(len(rows)))
    at = (int(rows[start]), int(columns[start]))
    drift = words.pick(rng, ((1, 1), (1, -1), (-1, 1), (-1, -1)))
    way = [at]
    while len(way) < 14:
        steps = [(at[0] + drift[0], at[1]), (at[0], at[1] + drift[1]), (at[0] - drift[0], at[1])]
        free = [step for step in steps if seen[step] and step not in way]
        if not free:
            break
        at = words.pick(rng, free[:2])
        way.append(at)
    points = [(float(nodes[step][0]), float(nodes[step][1])) for step in way]
    return points if len(points) > 4 else _way(rng, nodes)


@lru_cache(maxsize=2)
def _town(town: int, layout: int) -> tuple[Image.Image, NDArray[np.float64]]:
    """Map of a town without a way, and where its streets cross: [row, column] -> x, y."""
    rng, palette = np.random.default_rng([layout, town, 9]), PALETTES[layout - 1]
    sheet, nodes = Sheet(SIZE, palette.land), _crossings(rng)
    for _ in range(int(rng.integers(2, 6))):
        row, column = rng.integers(0, NODES - 3, 2)
        block = nodes[row : row + 3, column : column + 3]
        around = [block[0, 0], block[0, 2], block[2, 2], block[2, 0]]
        sheet.pen.polygon([(float(x), float(y)) for x, y in around], palette.park)
    _river(sheet, rng, palette)
    main = set(rng.integers(0, NODES, 3).tolist())
    for casing in (True, False):
        for n in range(NODES):
            for line in (nodes[n], nodes[:, n]):
                _street(sheet, rng, line, palette, casing=casing, main=n in main)
    for n in range(0, NODES, 2):
        _name(sheet, rng, nodes[n], palette)
    return sheet.image, nodes


def _crossings(rng: Rng) -> NDArray[np.float64]:
    """A grid turned and bent at random."""
    steps = np.linspace(-1.35, 1.35, NODES)
    grid = np.stack(np.meshgrid(steps, steps), -1)
    angle = rng.uniform(0, np.pi / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bend = 0.12 * np.sin(rng.uniform(1, 3, 2) * grid[..., ::-1] + rng.uniform(0, 6, 2))
    loose = rng.normal(0, 0.035, grid.shape)
    return np.asarray((grid + bend + loose) @ turn * 450 + 450)


def _river(sheet: Sheet, rng: Rng, palette: Palette) -> None:
    along = np.linspace(-100, 1000, 60)
    across = rng.uniform(200, 700) + 110 * np.sin(along / rng.uniform(90, 220) + rng.uniform(0, 6))
    points = list(zip(along.tolist(), across.tolist(), strict=True))
    sheet.pen.line(points, palette.water, int(rng.integers(26, 70)), "curve")


def _street(
    sheet: Sheet, rng: Rng, line: NDArray[np.float64], palette: Palette, *, casing: bool, main: bool
) -> None:
    wide = 15 if main else 8
    points = [(float(x), float(y)) for x, y in line]
    ink = palette.casing if casing else palette.main if main else palette.street
    sheet.pen.line(points, ink, wide + 4 if casing else wide, "curve")


def _name(sheet: Sheet, rng: Rng, line: NDArray[np.float64], palette: Palette) -> None:
    """Write a street's name along the middle of it."""
    text, middle = words.pick(rng, words.STREETS), len(line) // 2 + int(rng.integers(-3, 3))
    (x, y), (to_x, to_y) = line[middle], line[middle + 1]
    label = Image.new("L", (int(face(17).getlength(text)) + 8, 24))
    strip = Sheet(label.size, "black")
    strip.text((4, 2), text, 17, "white")
    angle = -np.degrees(np.arctan2(to_y - y, to_x - x))
    mask = strip.image.convert("L").rotate(angle, Image.Resampling.BICUBIC, expand=True)
    place = (round(x - mask.width / 2), round(y - mask.height / 2))
    sheet.image.paste(Image.new("RGB", mask.size, palette.label), place, mask)
