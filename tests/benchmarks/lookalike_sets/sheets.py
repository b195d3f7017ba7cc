"""A sheet to draw on, paper or screen, with the few strokes that templates are made of.

The only face is Pillow's own, so every machine draws the same; bold is a thicker stroke of it, and
handwriting is the face bent, slanted and unsteady.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rng = np.random.Generator
    Ink = str | tuple[int, ...]
    Point = tuple[float, float]
    Box = tuple[float, float, float, float]

INK = (28, 28, 32)
BLUE_INK = (24, 42, 128)


@lru_cache(maxsize=256)
def face(size: float) -> Any:
    """Pillow's own face at a size in pixels."""
    return ImageFont.load_default(size)


def template(layout: int, topic: str) -> Rng:
    """Generator of what all pictures of a set and layout have in common."""
    return np.random.default_rng([layout, *topic.encode()])


class Sheet:
    """A picture under way, and the pen over it."""

    def __init__(self, size: tuple[int, int], colour: Ink = "white") -> None:
        self.image = Image.new("RGB", size, colour)
        self.pen = ImageDraw.Draw(self.image)
        self.width, self.height = size

    def text(
        self, at: Point, text: str, size: float = 16, ink: Ink = INK, anchor: str = "la"
    ) -> float:
        """Write one line; its width in pixels."""
        self.pen.text(at, text, ink, face(size), anchor)
        return float(face(size).getlength(text))

    def bold(
        self, at: Point, text: str, size: float = 16, ink: Ink = INK, anchor: str = "la"
    ) -> float:
        """Write one line with a thicker stroke; its width in pixels."""
        self.pen.text(at, text, ink, face(size), anchor, stroke_width=size / 28)
        return float(face(size).getlength(text))

    def box(
        self, corners: Box, fill: Ink | None = None, line: Ink | None = None, width: int = 1
    ) -> None:
        self.pen.rectangle(corners, fill, line, width)

    def rounded(
        self, corners: Box, radius: float, fill: Ink | None = None, line: Ink | None = None
    ) -> None:
        self.pen.rounded_rectangle(corners, radius, fill, line)

    def disc(self, centre: Point, radius: float, fill: Ink | None, line: Ink | None = None) -> None:
        x, y = centre
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill, line)

    def line(self, points: Sequence[Point], ink: Ink = INK, width: int = 1) -> None:
        self.pen.line(list(points), ink, width)

    def paragraph(
        self, box: Box, text: str, size: float = 16, ink: Ink = INK, leading: float = 1.35
    ) -> float:
        """Write a text within the sides of a box, as far down as it goes; where it ends."""
        left, top, right, bottom = box
        for row in wrapped(text, size, right - left):
            if top + size > bottom:
                break
            self.text((left, top), row, size, ink)
            top += size * leading
        return top

    def justified(
        self, box: Box, text: str, size: float = 16, ink: Ink = INK, leading: float = 1.4
    ) -> float:
        """Write a text flush on both sides, as printers do; where it ends."""
        left, top, right, bottom = box
        rows = wrapped(text, size, right - left)
        for n, row in enumerate(rows):
            if top + size > bottom:
                break
            words = row.split()
            inked = sum(face(size).getlength(word) for word in words)
            gap = (right - left - inked) / max(1, len(words) - 1)
            gap = gap if n < len(rows) - 1 else size * 0.27
            x = left
            for word in words:
                x += self.text((x, top), word, size, ink) + gap
            top += size * leading
        return top

    def written(self, at: Point, text: str, size: float, rng: Rng, ink: Ink = BLUE_INK) -> float:
        """Write by hand, on a baseline that starts at a point; its width in pixels."""
        strip = handwriting(text, size, rng)
        place = (round(at[0]), round(at[1] - 1.5 * size))
        self.image.paste(Image.new("RGB", strip.size, ink), place, strip)
        return strip.width - size

    def paste(self, picture: Image.Image, at: Point) -> None:
        self.image.paste(picture, (round(at[0]), round(at[1])))


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Lines of a text that fit into a width."""
    rows, row = [], ""
    for word in text.split():
        longer = f"{row} {word}".strip()
        if row and face(size).getlength(longer) > width:
            rows.append(row)
            longer = word
        row = longer
    return [*rows, row]


def handwriting(text: str, size: float, rng: Rng) -> Image.Image:
    """Mask of a text by hand, its baseline at one and a half sizes from the top."""
    width = round(face(size).getlength(text) * 1.15 + size)
    strip = Image.new("L", (2 * width, round(4.4 * size)))
    pen, x = ImageDraw.Draw(strip), 0.6 * size
    for letter in text:
        tall = 2 * size * rng.normal(0.92, 0.07)
        pen.text((x, 3 * size + rng.normal(0, 0.05) * size), letter, 255, face(tall), "ls")
        x += face(tall).getlength(letter) * rng.normal(0.98, 0.05)
    slant = rng.uniform(0.15, 0.35)
    rise = rng.normal(0, 0.008)
    bend = (1, slant, -slant * 3 * size, rise, 1, 0)
    strip = strip.transform(strip.size, Image.Transform.AFFINE, bend, Image.Resampling.BILINEAR)
    return strip.reduce(2)
