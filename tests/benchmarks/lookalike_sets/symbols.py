"""Small signs of one design: icons and logos."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

    Pen = ImageDraw.ImageDraw

WHITE = (255, 255, 255)
SIDE = 512


def _envelope(pen: Pen, ink: Ink) -> None:
    pen.rounded_rectangle((116, 166, 396, 346), 18, None, ink, 18)
    pen.line([(124, 176), (256, 276), (388, 176)], ink, 18, "curve")


def _house(pen: Pen, ink: Ink) -> None:
    pen.polygon([(256, 112), (412, 250), (100, 250)], ink)
    pen.rectangle((146, 250, 366, 390), ink)


def _gear(pen: Pen, ink: Ink) -> None:
    for n in range(8):
        angle = np.pi * n / 4
        x, y = 256 + 118 * np.cos(angle), 256 + 118 * np.sin(angle)
        pen.ellipse((x - 30, y - 30, x + 30, y + 30), ink)
    pen.ellipse((146, 146, 366, 366), None, ink, 62)


def _heart(pen: Pen, ink: Ink) -> None:
    t = np.linspace(0, 2 * np.pi, 90)
    x = 256 + 9.2 * 16 * np.sin(t) ** 3
    y = 246 - 9.2 * (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    pen.polygon(list(zip(x.tolist(), y.tolist(), strict=True)), ink)


def _star(pen: Pen, ink: Ink) -> None:
    angles = np.pi * (np.arange(10) / 5 - 0.5)
    radii = np.where(np.arange(10) % 2, 64, 160)
    corners = zip(256 + radii * np.cos(angles), 262 + radii * np.sin(angles), strict=True)
    pen.polygon([(float(x), float(y)) for x, y in corners], ink)


def _camera(pen: Pen, ink: Ink) -> None:
    pen.rounded_rectangle((104, 176, 408, 372), 28, ink)
    pen.rectangle((200, 140, 312, 180), ink)
    pen.ellipse((196, 212, 316, 332), None, (0, 0, 0, 0), 18)


def _lock(pen: Pen, ink: Ink) -> None:
    pen.rounded_rectangle((146, 236, 366, 396), 20, ink)
    pen.arc((180, 116, 332, 330), 180, 360, ink, 28)


def _bell(pen: Pen, ink: Ink) -> None:
    pen.pieslice((156, 126, 356, 366), 180, 360, ink)
    pen.polygon([(156, 244), (356, 244), (392, 348), (120, 348)], ink)
    pen.ellipse((226, 348, 286, 400), ink)


def _folder(pen: Pen, ink: Ink) -> None:
    pen.rounded_rectangle((106, 176, 406, 376), 20, ink)
    pen.rounded_rectangle((106, 146, 236, 226), 16, ink)


def _clock(pen: Pen, ink: Ink) -> None:
    pen.ellipse((112, 112, 400, 400), None, ink, 24)
    pen.line([(256, 170), (256, 262), (324, 300)], ink, 22, "curve")


def _person(pen: Pen, ink: Ink) -> None:
    pen.ellipse((190, 112, 322, 244), ink)
    pen.pieslice((116, 268, 396, 548), 180, 360, ink)


def _cloud(pen: Pen, ink: Ink) -> None:
    for box in ((110, 226, 250, 366), (178, 146, 348, 316), (276, 216, 406, 366)):
        pen.ellipse(box, ink)
    pen.rectangle((180, 290, 340, 366), ink)


def _page(pen: Pen, ink: Ink) -> None:
    pen.polygon([(156, 106), (296, 106), (366, 176), (366, 406), (156, 406)], ink)
    for y in (216, 266, 316):
        pen.line([(196, y), (326, y)], (0, 0, 0, 0), 16)


def _cart(pen: Pen, ink: Ink) -> None:
    pen.line([(96, 146), (150, 146), (196, 316), (372, 316)], ink, 22, "curve")
    pen.polygon([(162, 180), (412, 180), (378, 282), (190, 282)], ink)
    for x in (216, 346):
        pen.ellipse((x - 26, 342, x + 26, 394), ink)


def _magnifier(pen: Pen, ink: Ink) -> None:
    pen.ellipse((116, 116, 326, 326), None, ink, 30)
    pen.line([(300, 300), (400, 400)], ink, 40)


def _trash(pen: Pen, ink: Ink) -> None:
    pen.polygon([(150, 196), (362, 196), (340, 406), (172, 406)], ink)
    pen.rectangle((130, 146, 382, 178), ink)
    pen.rectangle((216, 112, 296, 150), ink)


GLYPHS: tuple[Callable[[Pen, Ink], None], ...] = (
    _envelope, _house, _gear, _heart, _star, _camera, _lock, _bell, _folder, _clock, _person,
    _cloud, _page, _cart, _magnifier, _trash,
)  # fmt: skip
BADGES = ("", "plus", "minus", "dot", "tick")


def icon(rng: Rng, number: int, layout: int) -> Image.Image:
    """One of sixteen glyphs of a family, plain or with one of four badges."""
    glyph, badge = number % len(GLYPHS), BADGES[number // len(GLYPHS) % len(BADGES)]
    ink = (*WHITE, 255) if layout == 1 else (40, 44, 56, 255)
    mark = Image.new("RGBA", (SIDE, SIDE))
    GLYPHS[glyph](ImageDraw.Draw(mark), ink)
    ground = Image.new("RGB", (SIDE, SIDE), WHITE)
    pen = ImageDraw.Draw(ground)
    if layout == 1:
        pen.rounded_rectangle((24, 24, 488, 488), 96, _ground(0.61, 0.77, 0.88, number))
    else:
        pen.ellipse((24, 24, 488, 488), _ground(0.12, 0.66, 0.96, number))
    ground.paste(mark, (0, 0), mark)
    _badge(ImageDraw.Draw(ground), badge)
    return ground


def _ground(hue: float, saturation: float, value: float, number: int) -> Ink:
    """Colour of the family; once all its icons are drawn it begins again in another."""
    turned = (hue + 0.37 * (number // (len(GLYPHS) * len(BADGES)))) % 1
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(turned, saturation, value))


def _badge(pen: Pen, badge: str) -> None:
    if not badge:
        return
    pen.ellipse(
        (326, 326, 476, 476), (214, 52, 60) if badge != "tick" else (46, 160, 80), WHITE, 10
    )
    if badge in {"plus", "minus"}:
        pen.rectangle((362, 393, 440, 409), WHITE)
    if badge == "plus":
        pen.rectangle((393, 362, 409, 440), WHITE)
    if badge == "tick":
        pen.line([(366, 402), (392, 428), (438, 374)], WHITE, 16, "curve")


def logo(rng: Rng, number: int, layout: int) -> Image.Image:
    """A firm's mark from a designer's kit: a shape cut by another, and the name below it."""
    sheet = Sheet((600, 600), "white" if layout == 1 else (22, 24, 30))
    ink = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(rng.random(), 0.7, 0.8))
    sides, cut = int(rng.integers(3, 9)), int(rng.integers(2, 7))
    turn, centre = rng.uniform(0, np.pi), np.array((300, 240))
    for radius, corners, fill in (
        (150, sides, ink),
        (92, cut, "white" if layout == 1 else (22, 24, 30)),
    ):
        angles = turn + 2 * np.pi * np.arange(corners) / corners
        around = centre + radius * np.stack((np.cos(angles), np.sin(angles)), 1)
        if corners > 2:
            sheet.pen.polygon([(float(x), float(y)) for x, y in around], fill)
        else:
            sheet.disc((300, 240), radius * 0.7, fill)
    initial = words.pick(rng, words.COMPANIES)
    sheet.bold((300, 240), initial[0], 84, ink, "mm")
    sheet.bold((300, 440), initial.upper(), 40, ink, "ma")
    sheet.text((300, 496), f"since {rng.integers(1850, 2020)}", 22, (128, 130, 136), "ma")
    return sheet.image
