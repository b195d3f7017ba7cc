"""Pictures that go around: memes, square codes, one webcam's hours."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, face, wrapped
from tests.scenes.brushes import below, develop, fractal, paint, ridge, sky, tint, vary
from tests.scenes.drawing import SCENES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.benchmarks.lookalike_sets.sheets import Rng

CAPTIONS = 10  # memes of each photograph
PLACES = ("portrait", "balloons", "fruit", "street", "beach", "city", "flowers", "mountains")
VIEW = (960, 540)


def meme(rng: Rng, number: int, layout: int) -> Image.Image:
    """A photograph that everybody knows, under another joke each time."""
    photo = _known(number // CAPTIONS, layout)
    if layout == 1:
        sheet = Sheet(photo.size)
        sheet.paste(photo, (0, 0))
        for top, text in ((20, words.clause(rng)), (480, words.clause(rng))):
            for n, row in enumerate(wrapped(text.upper(), 44, 680)[:2]):
                at, letters = (400, top + 54 * n), face(44)
                sheet.pen.text(at, row, "white", letters, "ma", stroke_width=4, stroke_fill="black")
        return sheet.image
    sheet = Sheet((800, 800))
    sheet.paste(photo, (0, 200))
    for n, row in enumerate(wrapped(words.passage(rng, 3), 36, 730)[:4]):
        sheet.text((30, 22 + 44 * n), row, 36)
    return sheet.image


@lru_cache(maxsize=2)
def _known(photo: int, layout: int) -> Image.Image:
    rng = np.random.default_rng([layout, photo, 8])
    return develop(SCENES[PLACES[(photo + 4 * layout) % len(PLACES)]](rng, (800, 600)), rng)


def code(rng: Rng, number: int, layout: int) -> Image.Image:
    """A square code on a label or a screen, with other contents each time."""
    sheet = Sheet((600, 680), "white" if layout == 1 else (28, 30, 36))
    cells, side = (29, 16) if layout == 1 else (37, 12)
    edge = (600 - cells * side) // 2
    sheet.box((edge - 36, edge - 36, 600 - edge + 36, 600 - edge + 36), "white")
    sheet.paste(square_code(rng, cells, side), (edge, edge))
    ink = (40, 40, 44) if layout == 1 else (210, 212, 218)
    sheet.text((300, 616), f"{words.number(rng, 4)}-{words.number(rng, 4)}", 30, ink, "ma")
    return sheet.image


def square_code(rng: Rng, cells: int, side: int) -> Image.Image:
    """A two-dimensional code: random modules and three finders."""
    modules = rng.integers(0, 2, (cells, cells)) * 255
    finder = np.pad(np.pad(np.zeros((3, 3)), 1, constant_values=255), 1)
    finder = np.pad(finder, 1, constant_values=255)
    modules[:8, :8], modules[:8, -8:], modules[-8:, :8] = (
        finder[1:, 1:],
        finder[1:, :8],
        finder[:8, 1:],
    )
    size = (cells * side, cells * side)
    return Image.fromarray(modules.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def webcam(rng: Rng, number: int, layout: int) -> Image.Image:
    """One view hour after hour: other clouds, other light, snow or none, the time below."""
    cover, ground, roofs = _view(layout)
    hour = rng.uniform(0, 1)
    top, bottom = vary(rng, (74, 124, 196), 12), vary(rng, (216, 224, 234), 8)
    canvas = sky(rng, VIEW, top, bottom, rng.uniform(0.1, 0.7))
    snow = rng.random() < 0.3
    land = ground * 0.45 + 130 if snow else ground
    paint(canvas, cover, land * (0.9 + 0.06 * fractal(rng, VIEW, 3.2))[..., None])
    paint(canvas, roofs, (222, 226, 232) if snow else (134, 70, 54))
    canvas *= 0.62 + 0.4 * np.sin(np.pi * hour)
    canvas *= np.array((1, 0.96 + 0.04 * hour, 0.9 + 0.1 * hour), np.float32)
    sheet = Sheet(VIEW)
    sheet.paste(develop(canvas, rng), (0, 0))
    sheet.box((0, 508, 960, 540), (20, 20, 24))
    stamp = f"{words.date(rng)}  {words.clock(rng)}"
    sheet.text((14, 514), f"Innsbruck cam {layout}   {stamp}", 19, "white")
    return sheet.image


@lru_cache(maxsize=2)
def _view(layout: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What stays the same before the webcam: where land is, its colours, the roofs."""
    rng = np.random.default_rng([layout, 11])
    line = (250 if layout == 1 else 180) - 46 * ridge(rng, VIEW[0], 2.4)
    cover = below(line, VIEW)
    ground = tint(fractal(rng, VIEW, 2.2), (36, 58, 34), (150, 158, 96))
    ground[330:] = tint(fractal(rng, VIEW, 1.6), (76, 84, 60), (170, 166, 130))[330:]
    roofs = np.zeros((VIEW[1], VIEW[0]), np.float32)
    for _ in range(26):
        x, y, wide = (int(n) for n in rng.integers((10, 340, 24), (900, 470, 60)))
        roofs[y : y + wide // 3, x : x + wide] = 1
        ground[y + wide // 3 : y + wide, x : x + wide] = vary(rng, (206, 196, 178), 14)
    return cover, ground, roofs
