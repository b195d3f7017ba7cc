"""Hard negatives: different pictures that a hash easily takes for one another.

python tests/benchmarks/negatives.py FOLDER --count 200

Skies, gradients, documents with different text, text screenshots, dark scenes, solid colours.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.scenes.brushes import coordinates, develop, fractal, glow, sky, vary  # noqa: E402

Rng = np.random.Generator
SIZE = (500, 375)
WORDS = ("shelf", "of", "a", "picture", "and", "its", "hash", "near", "far", "light", "falls")


def a_sky(rng: Rng) -> Image.Image:
    """Clear or clouded, with nothing else in it."""
    top, bottom = vary(rng, (80, 140, 210)), vary(rng, (214, 228, 242))
    return develop(sky(rng, SIZE, top, bottom, rng.uniform(0, 0.5)), rng)


def a_gradient(rng: Rng) -> Image.Image:
    """Two colours and a straight way between them, at any angle."""
    x, y = coordinates(SIZE)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x / SIZE[0] + np.sin(angle) * y / SIZE[1]
    share = ((along - along.min()) / (along.max() - along.min()))[..., None]
    first, second = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    return Image.fromarray((first + share * (second - first)).astype(np.uint8))


def a_document(rng: Rng) -> Image.Image:
    """A page of text on white: a heading, paragraphs, ragged on the right."""
    page = Image.new("RGB", (500, 700), "white")
    pen, y = ImageDraw.Draw(page), 50
    pen.text((50, y), _line(rng, 3).upper(), "black", ImageFont.load_default(22))
    while (y := y + int(rng.choice((18, 18, 18, 40)))) < 640:
        pen.text((50, y), _line(rng, int(rng.integers(5, 11))), "black", ImageFont.load_default(12))
    return page


def a_chat(rng: Rng) -> Image.Image:
    """A screenshot of messages: bubbles on the left and on the right."""
    screen = Image.new("RGB", (360, 640), (236, 229, 221))
    pen, y = ImageDraw.Draw(screen), 60
    pen.rectangle((0, 0, 360, 44), fill=(7, 94, 84))
    pen.text((14, 12), _line(rng, 2), "white", ImageFont.load_default(16))
    while y < 600:
        wide, tall, mine = (
            int(rng.integers(120, 260)),
            int(rng.integers(1, 4)) * 16 + 12,
            rng.integers(2),
        )
        left = 350 - wide if mine else 10
        colour = (220, 248, 198) if mine else (255, 255, 255)
        pen.rounded_rectangle((left, y, left + wide, y + tall), 8, fill=colour)
        for row in range(tall // 16):
            text = _line(rng, max(1, wide // 50))
            pen.text((left + 8, y + 6 + 16 * row), text, "black", ImageFont.load_default(11))
        y += tall + 8
    return screen


def a_dark_scene(rng: Rng) -> Image.Image:
    """Almost black, a lamp or two, sensor noise."""
    canvas = np.zeros((SIZE[1], SIZE[0], 3), np.float32) + rng.uniform(2, 10)
    canvas += 1.5 * fractal(rng, SIZE, 2.5)[..., None]
    for _ in range(int(rng.integers(0, 3))):
        lamp = (rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1]))
        canvas += 160 * glow(SIZE, lamp, rng.uniform(3, 9))[..., None]
    return develop(canvas, rng)


def a_solid_colour(rng: Rng) -> Image.Image:
    """One colour and nothing else."""
    red, green, blue = (int(level) for level in rng.integers(0, 256, 3))
    return Image.new("RGB", SIZE, (red, green, blue))


NEGATIVES: dict[str, Callable[[Rng], Image.Image]] = {
    "sky": a_sky,
    "gradient": a_gradient,
    "document": a_document,
    "chat": a_chat,
    "dark": a_dark_scene,
    "solid": a_solid_colour,
}


def _line(rng: Rng, words: int) -> str:
    return " ".join(rng.choice(WORDS, words))


def draw(folder: str, count: int) -> list[str]:
    """Paths of count hard negatives, of each kind in turn; every one is another picture."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for seed in range(count):
        kind = list(NEGATIVES)[seed % len(NEGATIVES)]
        paths.append(os.path.join(folder, f"{seed:04}-{kind}.jpg"))
        NEGATIVES[kind](np.random.default_rng(seed)).save(paths[-1], quality=90)
    return paths


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=200, metavar="N")
    args = parser.parse_args(argv)
    print(len(draw(args.folder, args.count)), "hard negatives")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
