"""Screenshots of a telephone: chats, settings, news."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, face, template, wrapped
from tests.scenes.drawing import SCENES

if TYPE_CHECKING:
    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

PHONE = (720, 1440)


class Look(NamedTuple):
    """Colours of an application."""

    back: Ink
    bar: Ink
    on_bar: Ink
    ink: Ink
    faint: Ink
    mine: Ink
    theirs: Ink
    accent: Ink


LIGHT = Look(
    (236, 229, 221), (7, 94, 84), (255, 255, 255), (20, 22, 24), (120, 124, 128), (220, 248, 198),
    (255, 255, 255), (0, 132, 110),
)  # fmt: skip
DARK = Look(
    (18, 20, 26), (30, 33, 42), (236, 238, 242), (228, 230, 234), (134, 140, 150), (52, 74, 148),
    (42, 46, 56), (88, 130, 255),
)  # fmt: skip


def _phone(rng: Rng, look: Look, title: str) -> Sheet:
    """Screen with its status bar, and the application's bar below."""
    sheet = Sheet(PHONE, look.back)
    sheet.box((0, 0, 720, 150), look.bar)
    sheet.text((32, 14), words.clock(rng), 26, look.on_bar)
    sheet.box((640, 18, 684, 38), None, look.on_bar, 2)
    sheet.box((643, 21, int(rng.integers(647, 681)), 35), look.on_bar)
    for n in range(4):
        sheet.box((560 + 12 * n, 36 - 5 * n, 567 + 12 * n, 39), look.on_bar)
    sheet.line([(40, 100), (26, 86), (40, 72)], look.on_bar, 4)
    sheet.bold((128, 70), title, 32, look.on_bar)
    return sheet


def chat(rng: Rng, number: int, layout: int) -> Image.Image:
    """Messages of a chat, the same application, theme and size of letters each time."""
    look = LIGHT if layout == 1 else DARK
    sheet = _phone(rng, look, words.name(rng))
    shade = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(rng.random(), 0.4, 0.8))
    sheet.disc((88, 88), 28, shade)
    y = 176.0
    while y < 1250:
        y = _bubble(sheet, rng, look, y)
    sheet.box((0, 1336, 720, 1440), look.back)
    sheet.rounded((24, 1350, 600, 1420), 35, look.theirs)
    sheet.text((60, 1368), "Message", 28, look.faint)
    sheet.disc((660, 1385), 36, look.accent)
    sheet.pen.polygon([(646, 1369), (682, 1385), (646, 1401), (652, 1385)], look.on_bar)
    return sheet.image


def _bubble(sheet: Sheet, rng: Rng, look: Look, y: float) -> float:
    """One message on its side; where the next one goes."""
    rows = wrapped(words.passage(rng, int(rng.integers(1, 3))), 26, 480)[: int(rng.integers(1, 6))]
    wide = max(face(26).getlength(row) for row in rows) + 48
    wide, tall = max(wide, 170), 36 * len(rows) + 46
    left, fill = (696 - wide, look.mine) if rng.integers(2) else (24, look.theirs)
    sheet.rounded((left, y, left + wide, y + tall), 18, fill)
    for n, row in enumerate(rows):
        sheet.text((left + 22, y + 12 + 36 * n), row, 26, look.ink)
    sheet.text((left + wide - 18, y + tall - 28), words.clock(rng), 18, look.faint, "ra")
    return y + tall + 14


def settings(rng: Rng, number: int, layout: int) -> Image.Image:
    """One page of the settings: the same rows, other switches and values."""
    look = LIGHT if layout == 2 else DARK
    common = template(layout, "settings")
    back = (242, 242, 246) if layout == 2 else look.back
    sheet = _phone(rng, look._replace(back=back), "Settings")
    labels = words.several(common, words.LISTS["settings"], 14)
    card = "white" if layout == 2 else look.bar
    for n, label in enumerate(labels):
        y = 176 + 86 * n + 26 * (n // 5)
        sheet.box((0, y, 720, y + 85), card)
        hue = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(n / 14, 0.6, 0.85))
        sheet.rounded((28, y + 18, 76, y + 66), 12, hue)
        sheet.text((104, y + 26), label, 28, look.ink)
        sheet.line([(104, y + 85), (720, y + 85)], back)
        if common.random() < 0.6:
            _switch(sheet, (600, y + 20), look, on=bool(rng.integers(2)))
        else:
            value = words.pick(rng, words.LISTS["values"])
            sheet.text((664, y + 28), value, 26, look.faint, "ra")
            sheet.line([(680, y + 34), (690, y + 43), (680, y + 52)], look.faint, 3)
    return sheet.image


def _switch(sheet: Sheet, at: tuple[float, float], look: Look, *, on: bool) -> None:
    x, y = at
    sheet.rounded((x, y, x + 84, y + 46), 23, look.accent if on else look.faint)
    sheet.disc((x + (61 if on else 23), y + 23), 19, "white")


def news(rng: Rng, number: int, layout: int) -> Image.Image:
    """Headlines of a news application with their pictures."""
    sheet = Sheet(PHONE, "white" if layout == 1 else (250, 247, 240))
    accent = (190, 20, 30) if layout == 1 else (20, 50, 90)
    sheet.box((0, 0, 720, 120), accent)
    sheet.text((32, 12), words.clock(rng), 24, "white")
    sheet.bold((360, 52), "DAILY POST" if layout == 1 else "The Courier", 42, "white", "ma")
    for x, name in zip((36, 190, 350, 520), ("Top", "World", "Sport", "Culture"), strict=True):
        sheet.text((x, 138), name, 26, accent if name == "Top" else (90, 90, 96))
    sheet.box((30, 174, 96, 180), accent)
    top = 200.0
    if layout == 1:
        sheet.paste(_press_photo(rng, (720, 384)), (0, 184))
        for n, row in enumerate(wrapped(words.sentence(rng), 36, 650)[:2]):
            sheet.bold((32, 586 + 46 * n), row, 36)
        top = 700
    while top < 1400:
        sheet.paste(_press_photo(rng, (192, 160)), (496 if layout == 1 else 32, top + 12))
        left = 32 if layout == 1 else 250
        for n, row in enumerate(wrapped(words.sentence(rng), 29, 430)[:3]):
            sheet.bold((left, top + 14 + 38 * n), row, 29)
        sheet.text((left, top + 140), f"{rng.integers(2, 59)} min ago", 22, (130, 130, 136))
        sheet.line([(32, top + 184), (688, top + 184)], (222, 222, 226))
        top += 190
    return sheet.image


def _press_photo(rng: Rng, size: tuple[int, int]) -> Image.Image:
    """Photograph-like picture of any scene."""
    kinds = ("mountains", "sunset", "city", "street", "fruit", "flowers", "portrait", "night")
    canvas = SCENES[words.pick(rng, kinds)](rng, (size[0] // 2, size[1] // 2))
    small = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)
