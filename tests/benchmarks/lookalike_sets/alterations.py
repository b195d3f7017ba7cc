"""Local alterations of a picture, each with the rectangle in which the two really differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, face, handwriting, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.lookalike_sets.sheets import Rng

    Rectangle = tuple[int, int, int, int]  # x, y, width, height in pixels
    Alter = Callable[[Image.Image, Image.Image, Rng], Image.Image]

SHARES = (0.003, 0.01, 0.03, 0.1)  # of the picture
SEEN = 24  # grey levels of a channel from which on somebody sees a difference
FILLED = 0.06  # share of the rectangle that must be seen to differ
PLACES = 40  # tried before a picture is given up as too empty for an alteration


class Altered(NamedTuple):
    """A picture of which a part was altered, and where."""

    image: Image.Image
    rectangle: Rectangle


def altered(
    image: Image.Image, sibling: Image.Image, how: str, share: float, rng: Rng
) -> Altered | None:
    """Picture altered somewhere within about a share of it; None if no place suits."""
    alter, ratio = ALTERATIONS[how]
    area = share * image.width * image.height
    wide = round(min(0.9 * image.width, (area * ratio) ** 0.5))
    tall = round(min(0.9 * image.height, area / wide))
    for _ in range(PLACES):
        left, top = rng.integers(image.width - wide + 1), rng.integers(image.height - tall + 1)
        corners = (int(left), int(top), int(left) + wide, int(top) + tall)
        part = alter(image.crop(corners), sibling.crop(corners), rng)
        within = _difference(image.crop(corners), part)
        if within is None or within[2] * within[3] < 0.4 * wide * tall:
            continue
        copy = image.copy()
        copy.paste(part, corners[:2])
        x, y, width, height = within
        return Altered(copy, (corners[0] + x, corners[1] + y, width, height))
    return None


def _difference(before: Image.Image, after: Image.Image) -> Rectangle | None:
    """Bounds of what is seen to differ; None if that is next to nothing."""
    apart = np.abs(np.asarray(before, np.int16) - np.asarray(after, np.int16)).max(2) > SEEN
    rows, columns = np.flatnonzero(apart.any(1)), np.flatnonzero(apart.any(0))
    if apart.mean() < FILLED:
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def _ink(part: Image.Image) -> tuple[int, int, int]:
    """Ink that can be read on a part."""
    return (24, 36, 110) if np.asarray(part.convert("L")).mean() > 110 else (236, 236, 240)


def _filled(part: Image.Image, _: Image.Image, rng: Rng) -> Image.Image:
    """A field filled in by hand, in one line or more."""
    part, ink = part.copy(), _ink(part)
    lines = max(1, part.height // 46)
    size = 0.62 * part.height / lines
    for n in range(lines):
        strip = handwriting(_long(rng, size, part.width), size, rng)
        cut = round(n * part.height / lines - 0.6 * size)
        strip = strip.crop((round(0.3 * size), 0, round(0.3 * size) + part.width, strip.height))
        part.paste(Image.new("RGB", strip.size, ink), (0, cut), strip)
    return part


def _retyped(part: Image.Image, _: Image.Image, rng: Rng) -> Image.Image:
    """What stood there is covered by the ground's colour, and other text typed over it."""
    ground = np.median(np.asarray(part).reshape(-1, 3), axis=0)
    sheet = Sheet(part.size, tuple(int(level) for level in ground))
    size = min(0.8 * part.height, 26.0)
    text = words.passage(rng, 2 + part.width * part.height // 4000)
    ink = _ink(sheet.image)
    for n, row in enumerate(wrapped(text, size, part.width)):
        sheet.text((0, n * size * 1.3), row, size, ink)
    return sheet.image


def _stickered(part: Image.Image, _: Image.Image, rng: Rng) -> Image.Image:
    """A round face laid over it."""
    sticker = Image.new("RGBA", (400, 400))
    pen = ImageDraw.Draw(sticker)
    red, green = int(rng.integers(180, 256)), int(rng.integers(60, 230))
    pen.ellipse((4, 4, 396, 396), (red, green, 40, 255), (60, 40, 10, 255), 10)
    for x in (130, 270):
        pen.ellipse((x - 26, 120, x + 26, 180), (40, 26, 10, 255))
    pen.arc((100, 130, 300, 320), 20, 160, (40, 26, 10, 255), 22)
    sticker = sticker.resize(part.size, Image.Resampling.LANCZOS)
    return Image.alpha_composite(part.convert("RGBA"), sticker).convert("RGB")


def _watermarked(part: Image.Image, _: Image.Image, rng: Rng) -> Image.Image:
    """Half-transparent letters across it, dark on light and light on dark."""
    text = words.pick(rng, ("SAMPLE", "(c) Kestrel", "PROOF ONLY", "Do not copy"))
    size = 0.95 * min(part.height, 100 * part.width / face(100).getlength(text))
    mask = Image.new("L", part.size)
    middle = (part.width / 2, part.height / 2)
    ImageDraw.Draw(mask).text(middle, text, 140, face(size), "mm", stroke_width=size / 20)
    part = part.copy()
    level = 0 if np.asarray(part.convert("L")).mean() > 110 else 255
    part.paste((level, level, level), (0, 0), mask)
    return part


def _erased(part: Image.Image, _: Image.Image, rng: Rng) -> Image.Image:
    """What stood there is gone: its surroundings grow over it from all four sides."""
    levels = np.asarray(part, np.float32)
    down = np.linspace(0, 1, part.height, dtype=np.float32)[:, None, None]
    across = np.linspace(0, 1, part.width, dtype=np.float32)[None, :, None]
    rows = levels[:1] * (1 - down) + levels[-1:] * down
    columns = levels[:, :1] * (1 - across) + levels[:, -1:] * across
    near_rows, near_columns = (np.minimum(t, 1 - t) + 1e-3 for t in (down, across))
    grown = (rows * near_columns + columns * near_rows) / (near_rows + near_columns)
    grown += rng.normal(0, 1.5, grown.shape).astype(np.float32)
    return Image.fromarray(np.clip(grown, 0, 255).astype(np.uint8))


def _swapped(_: Image.Image, sibling: Image.Image, rng: Rng) -> Image.Image:
    """What another picture of the set has there: another person's answer, another photograph."""
    return sibling


def _long(rng: Rng, size: float, width: float) -> str:
    """Words that fill a line."""
    text = words.clause(rng)
    while face(size).getlength(text) < width:
        text += " " + words.clause(rng)
    return text


ALTERATIONS: dict[str, tuple[Alter, float]] = {  # and how many times wider than high
    "filled in": (_filled, 6),
    "other text": (_retyped, 4),
    "sticker": (_stickered, 1),
    "watermark": (_watermarked, 5),
    "erased": (_erased, 1.5),
    "swapped": (_swapped, 2),
}
