"""Cards: playing cards of a pack, identity cards of an issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.portraits import portrait
from tests.benchmarks.lookalike_sets.sheets import Sheet, face

if TYPE_CHECKING:
    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

    Pen = ImageDraw.ImageDraw

SUITS = "CDHS"
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "V", "C", "D", "R")
ROWS = {1: (0,), 2: (-1, 1), 3: (-1, 0, 1), 4: (-1, -1 / 3, 1 / 3, 1)}


def card(rng: Rng, number: int, layout: int) -> Image.Image:
    """A card of a tarot pack: four suits of fourteen, then the numbered trumps."""
    sheet = Sheet((500, 760), (226, 228, 224) if layout == 1 else (24, 84, 52))
    sheet.rounded((18, 18, 482, 742), 30, (253, 253, 250), (150, 150, 150))
    suit, rank = divmod(number, len(RANKS))
    if suit >= len(SUITS):
        _trump(sheet, rng, number - len(SUITS) * len(RANKS) + 1)
        return sheet.image
    colour = (196, 26, 38) if SUITS[suit] in "DH" else (20, 20, 24)
    for pasted in (
        _corner(suit, RANKS[rank], colour),
        _corner(suit, RANKS[rank], colour).rotate(180),
    ):
        sheet.image.paste(pasted, (0, 0), pasted)
    for x, y, size in _pips(rank + 1) if rank < 10 else ():
        _pip(sheet.pen, SUITS[suit], (x, y), size if layout == 1 else size * 1.2, colour)
    if rank >= 10:
        _court(sheet, suit, rank, colour)
    return sheet.image


def _corner(suit: int, rank: str, colour: Ink) -> Image.Image:
    layer = Image.new("RGBA", (500, 760))
    pen = ImageDraw.Draw(layer)
    pen.text((58, 40), rank, colour, face(56), "ma", stroke_width=2)
    _pip(pen, SUITS[suit], (58, 132), 22, colour)
    return layer


def _pips(count: int) -> list[tuple[float, float, float]]:
    """Places of a number of pips, as they are on every pack, and their size."""
    if count == 1:
        return [(250, 380, 90)]
    side = {2: 0, 3: 0}.get(count, min(4, count // 2))
    middle = count - 2 * side
    places = [(x, 380 + 230 * y, 36.0) for y in ROWS[side] for x in (165, 335)] if side else []
    spread = ROWS[middle] if side == 0 else {0: (), 1: (0,), 2: (-2 / 3, 2 / 3)}[middle]
    return [*places, *((250, 380 + 230 * y, 36.0) for y in spread)]


def _pip(pen: Pen, suit: str, at: tuple[float, float], size: float, colour: Ink) -> None:
    """Heart, diamond, club or spade around a point."""
    x, y = at
    half = 0.55 * size
    if suit == "D":
        pen.polygon(
            [
                (x, y - 1.15 * size),
                (x + 0.85 * size, y),
                (x, y + 1.15 * size),
                (x - 0.85 * size, y),
            ],
            colour,
        )
        return
    if suit == "C":
        for dx, dy in ((0, -0.55), (-0.6, 0.25), (0.6, 0.25)):
            cx, cy = x + dx * size, y + dy * size
            pen.ellipse((cx - half, cy - half, cx + half, cy + half), colour)
    else:
        way = 1 if suit == "H" else -1
        for dx in (-0.5, 0.5):
            cx, cy = x + dx * size, y - 0.4 * way * size
            pen.ellipse((cx - half, cy - half, cx + half, cy + half), colour)
        pen.polygon(
            [
                (x - size, y - 0.2 * way * size),
                (x + size, y - 0.2 * way * size),
                (x, y + 1.1 * way * size),
            ],
            colour,
        )
    if suit in "CS":
        pen.polygon(
            [(x, y), (x + 0.4 * size, y + 1.1 * size), (x - 0.4 * size, y + 1.1 * size)], colour
        )


def _court(sheet: Sheet, suit: int, rank: int, colour: Ink) -> None:
    """Half a figure, and the same upside down."""
    rng = np.random.default_rng([suit, rank])
    half = Image.new("RGB", (290, 270), (253, 250, 240))
    pen = ImageDraw.Draw(half)
    robe = tuple(int(level) for level in rng.integers(40, 220, 3))
    pen.polygon([(20, 270), (80, 150), (210, 150), (270, 270)], robe)
    for n in range(6):
        pen.line([(60 + 34 * n, 270), (100 + 18 * n, 150)], (240, 200, 60), 5)
    pen.ellipse((100, 60, 190, 170), (246, 214, 180))
    pen.arc((100, 50, 190, 180), 150, 30, (90, 56, 30), 16)
    for x in (127, 157):
        pen.ellipse((x, 106, x + 9, 114), (30, 30, 30))
    pen.line([(130, 144), (162, 144)], (170, 60, 60), 4)
    points = [
        (92, 66),
        (100, 20),
        (122, 50),
        (146, 8 + 6 * (13 - rank)),
        (168, 50),
        (190, 20),
        (198, 66),
    ]
    pen.polygon(points, (240, 196, 50), (120, 80, 20))
    pen.line([(40, 270), (40, 40)], (110, 80, 50), 9)
    _pip(pen, SUITS[suit], (236, 60), 28, colour)
    sheet.paste(half, (105, 110))
    sheet.paste(half.rotate(180), (105, 380))
    sheet.box((105, 110, 395, 650), None, (40, 60, 140), 3)


def _trump(sheet: Sheet, rng: Rng, value: int) -> None:
    """A numbered card with its landscape in two halves."""
    for turned in (False, True):
        half = Sheet((400, 300), tuple(int(level) for level in rng.integers(170, 240, 3)))
        for n in range(9):
            x, tall = rng.uniform(0, 400), rng.uniform(40, 170)
            fill = tuple(int(level) for level in rng.integers(40, 190, 3))
            half.pen.polygon([(x - 60, 300), (x, 300 - tall), (x + 60, 300)], fill)
            half.disc(
                (rng.uniform(0, 400), rng.uniform(20, 110)),
                rng.uniform(4, 22),
                fill if n % 2 else "white",
            )
        picture = half.image.rotate(180) if turned else half.image
        sheet.paste(picture, (50, 380 if turned else 80))
    for x, y in ((76, 50), (424, 50), (76, 710), (424, 710)):
        sheet.bold((x, y), str(value), 46, (20, 20, 60), "mm")


def identity_card(rng: Rng, number: int, layout: int) -> Image.Image:
    """A card of one issuer: portrait, name, dates, number, machine-readable lines."""
    sheet = Sheet((1000, 630), (214, 226, 238) if layout == 1 else (238, 226, 214))
    accent = (30, 60, 120) if layout == 1 else (120, 40, 40)
    t = np.linspace(0, 12 * np.pi, 500)
    for n in range(14):
        wave = 60 + 38 * n + 16 * np.sin(t + n * 0.6)
        sheet.line(
            list(zip(np.linspace(0, 1000, 500).tolist(), wave.tolist(), strict=True)),
            (190, 208, 222),
        )
    sheet.bold((40, 26), "IDENTITY CARD" if layout == 1 else "LIBRARY OF TRENTO", 36, accent)
    photo = portrait(rng, number, layout).resize((280, 350), Image.Resampling.LANCZOS)
    left = 390 if layout == 1 else 50
    sheet.paste(photo, (50 if layout == 1 else 670, 110))
    surname, first, born = (
        words.pick(rng, words.LAST),
        words.pick(rng, words.FIRST),
        words.date(rng),
    )
    code = words.number(rng, 9)
    rows = (("Surname", surname), ("Given name", first), ("Date of birth", born),
            ("Place of birth", words.pick(rng, words.TOWNS)), ("Card number", code))  # fmt: skip
    for n, (label, value) in enumerate(rows):
        sheet.text((left, 104 + 74 * n), label, 16, accent)
        sheet.bold((left, 124 + 74 * n), value, 28)
    for n, line in enumerate(
        (f"ID<{code}<<{born.replace('.', '')}<<<<<<<", f"{surname}<<{first}<<<<<<<<".upper())
    ):
        for column, sign in enumerate(line):
            sheet.text((60 + 27 * column, 520 + 44 * n), sign, 32, anchor="ma")
    return sheet.image
