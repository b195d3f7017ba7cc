"""Frames of a burst, six of each scene, in which somebody or something has moved on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.scenes.drawing import SCENES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.lookalike_sets.sheets import Rng

FRAMES = 6
SIZE, MARGIN = (960, 640), 32
PLACES = ("mountains", "beach", "city", "street", "flowers", "forest", "market", "balloons")
COATS = ((150, 36, 40), (32, 60, 110), (220, 200, 60), (46, 92, 60), (230, 230, 226), (40, 40, 44))


def tripod(rng: Rng, number: int, layout: int) -> Image.Image:
    """The camera stands; what walks, flies or drives by is somewhere else each time."""
    scene, frame = divmod(number, FRAMES)
    return _taken(_frame(scene, frame, layout), rng, (0, 0), 0)


def hand_held(rng: Rng, number: int, layout: int) -> Image.Image:
    """The same, and the camera moves a little with the hand."""
    scene, frame = divmod(number, FRAMES)
    shift = rng.uniform(-MARGIN * 0.6, MARGIN * 0.6, 2)
    return _taken(_frame(scene + 50, frame, layout), rng, (shift[0], shift[1]), rng.normal(0, 0.35))


@lru_cache(maxsize=2)
def _place(scene: int, layout: int) -> Image.Image:
    """What does not move, with a margin around it."""
    rng = np.random.default_rng([layout, scene, 5])
    size = (SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN)
    canvas = SCENES[PLACES[(scene + 3 * layout) % len(PLACES)]](rng, size)
    return Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))


def _frame(scene: int, frame: int, layout: int) -> Image.Image:
    """Place with its subjects where they are at this frame."""
    picture = _place(scene, layout).copy()
    rng = np.random.default_rng([layout, scene, 6])  # who is there, and how fast
    for _ in range(int(rng.integers(1, 4))):
        who = SUBJECTS[int(rng.integers(len(SUBJECTS)))]
        tall = SIZE[1] * rng.uniform(0.13, 0.3)
        x = picture.width * rng.uniform(0.15, 0.6) + frame * tall * rng.uniform(0.35, 0.8)
        y = picture.height * (rng.uniform(0.15, 0.4) if who is _bird else rng.uniform(0.72, 0.92))
        figure = who(rng, round(tall), frame)
        picture.paste(figure, (round(x) % picture.width, round(y - tall)), figure)
    return picture


def _taken(picture: Image.Image, rng: Rng, shift: tuple[float, float], turn: float) -> Image.Image:
    """Photograph of what is there: the camera's movement, its grain, its exposure."""
    angle, x, y = np.radians(turn), picture.width / 2, picture.height / 2
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    moved = (
        cos,
        sin,
        x - x * cos - y * sin + shift[0],
        -sin,
        cos,
        y + x * sin - y * cos + shift[1],
    )
    how = Image.Transform.AFFINE
    picture = picture.transform(picture.size, how, moved, Image.Resampling.BICUBIC)
    picture = picture.crop((MARGIN, MARGIN, MARGIN + SIZE[0], MARGIN + SIZE[1]))
    grain = rng.standard_normal((SIZE[1], SIZE[0], 1), dtype=np.float32) * 2.5
    levels = np.asarray(picture, np.float32) * rng.normal(1, 0.008) + grain
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def _walker(rng: Rng, tall: int, frame: int) -> Image.Image:
    """Somebody in a coat, one leg before the other."""
    figure = Image.new("RGBA", (2 * tall, 2 * tall))
    pen, u = ImageDraw.Draw(figure), 2 * tall / 100
    coat, trousers = COATS[int(rng.integers(len(COATS)))], (38, 40, 52, 255)
    skin = tuple(int(level) for level in rng.integers((150, 100, 70), (236, 200, 170)))
    step = 11 * np.sin(2.1 * frame + rng.uniform(0, 6))
    for swing in (step, -step):
        pen.line([(50 * u, 58 * u), ((50 + swing) * u, 97 * u)], trousers, round(8 * u))
        pen.ellipse(((46 + swing) * u, 94 * u, (57 + swing) * u, 99 * u), (20, 18, 18, 255))
    shade = tuple(int(0.75 * level) for level in coat)
    for swing, colour in ((-step, shade), (step, coat)):
        pen.line([(50 * u, 28 * u), ((50 + 0.8 * swing) * u, 58 * u)], (*colour, 255), round(6 * u))
        if swing == -step:
            pen.rounded_rectangle((40 * u, 20 * u, 60 * u, 64 * u), 8 * u, (*coat, 255))
            pen.rounded_rectangle((52 * u, 21 * u, 60 * u, 64 * u), 6 * u, (*shade, 255))
    pen.ellipse((43 * u, 4 * u, 57 * u, 20 * u), (*skin, 255))
    pen.pieslice((42 * u, 2 * u, 58 * u, 20 * u), 170, 350, (52, 36, 24, 255))
    return _finished(figure)


def _bird(rng: Rng, tall: int, frame: int) -> Image.Image:
    """A gull with its wings up or down."""
    figure = Image.new("RGBA", (2 * tall, 2 * tall))
    pen, u = ImageDraw.Draw(figure), 2 * tall / 100
    lift = 34 * np.sin(1.7 * frame + rng.uniform(0, 6))
    for side, grey in ((-1, 150), (1, 205)):
        tip = ((50 + 46 * side) * u, (50 - lift) * u)
        elbow = ((50 + 22 * side) * u, (42 - 0.7 * lift) * u)
        pen.polygon([(46 * u, 50 * u), elbow, tip, (54 * u, 56 * u)], (grey, grey, grey + 6, 255))
        pen.line([elbow, tip], (40, 40, 46, 255), round(2 * u))
    pen.ellipse((38 * u, 46 * u, 66 * u, 58 * u), (238, 238, 236, 255))
    pen.ellipse((60 * u, 43 * u, 71 * u, 53 * u), (244, 244, 242, 255))
    pen.polygon([(70 * u, 47 * u), (78 * u, 49 * u), (70 * u, 50 * u)], (226, 150, 30, 255))
    return _finished(figure)


def _car(rng: Rng, tall: int, frame: int) -> Image.Image:
    """A car seen from the side."""
    figure = Image.new("RGBA", (4 * tall, 2 * tall))
    pen, u = ImageDraw.Draw(figure), 2 * tall / 100
    paint = tuple(int(level) for level in rng.integers(40, 230, 3))
    dark = tuple(int(0.65 * level) for level in paint)
    pen.polygon(
        [(50 * u, 62 * u), (75 * u, 36 * u), (130 * u, 36 * u), (155 * u, 62 * u)], (*paint, 255)
    )
    pen.polygon(
        [(62 * u, 60 * u), (79 * u, 41 * u), (100 * u, 41 * u), (100 * u, 60 * u)],
        (70, 86, 98, 255),
    )
    pen.polygon(
        [(104 * u, 60 * u), (104 * u, 41 * u), (126 * u, 41 * u), (142 * u, 60 * u)],
        (84, 102, 116, 255),
    )
    pen.rounded_rectangle((16 * u, 58 * u, 184 * u, 88 * u), 10 * u, (*paint, 255))
    pen.rectangle((18 * u, 78 * u, 182 * u, 88 * u), (*dark, 255))
    for x in (52, 150):
        pen.ellipse(((x - 14) * u, 72 * u, (x + 14) * u, 100 * u), (22, 22, 24, 255))
        pen.ellipse(((x - 7) * u, 79 * u, (x + 7) * u, 93 * u), (160, 160, 166, 255))
    return _finished(figure)


def _finished(figure: Image.Image) -> Image.Image:
    return figure.reduce(2).filter(ImageFilter.GaussianBlur(0.6))


SUBJECTS: tuple[Callable[[Rng, int, int], Image.Image], ...] = (_walker, _bird, _car)
