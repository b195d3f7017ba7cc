"""Products on white from one studio: turned ware with labels, and one ware in many hues."""

from __future__ import annotations

import colorsys
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, template
from tests.scenes.brushes import coordinates, fractal, paint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.benchmarks.lookalike_sets.sheets import Rng

    Floats = NDArray[np.float32]

SIDE = 800
OUTLINES: tuple[tuple[tuple[float, float], ...], ...] = (  # height from 0 (foot) to 1, half width
    ((0, 0.17), (0.03, 0.19), (0.55, 0.19), (0.68, 0.14), (0.76, 0.06), (0.97, 0.055), (1, 0.06)),
    ((0, 0.2), (0.04, 0.22), (0.62, 0.22), (0.72, 0.2), (0.74, 0.1), (0.86, 0.1), (1, 0.1)),
    ((0, 0.13), (0.02, 0.15), (0.7, 0.15), (0.76, 0.13), (0.78, 0.09), (1, 0.09)),
    ((0, 0.12), (0.1, 0.2), (0.35, 0.24), (0.6, 0.17), (0.8, 0.1), (0.95, 0.12), (1, 0.14)),
    ((0, 0.24), (0.02, 0.25), (0.8, 0.25), (0.82, 0.26), (1, 0.26)),
    ((0, 0.1), (0.15, 0.25), (0.4, 0.3), (0.7, 0.25), (0.9, 0.16), (1, 0.18)),
)
HUES = 10
LABELS = ("Save", "Send", "Open", "Next", "Play", "Stop", "Buy", "Join", "Undo", "Copy", "Edit")


def product(rng: Rng, number: int, layout: int) -> Image.Image:
    """A bottle or jar of a shop's range, with the label of its sort."""
    shapes = OUTLINES[:3] if layout == 1 else OUTLINES[3:]
    outline = shapes[int(rng.integers(3))]
    tall = SIDE * (0.78 if layout == 1 else 0.6) * rng.uniform(0.97, 1.02)
    canvas = _studio(rng, outline, tall)
    ware = 255 * np.array(
        colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.25, 0.95))
    )
    rows, u, inside = _turned(outline, tall)
    surface = np.broadcast_to(ware.astype(np.float32), (*u.shape, 3)).copy()
    cap = 255 * np.array(colorsys.hsv_to_rgb(rng.random(), 0.3, rng.uniform(0.1, 0.9)))
    surface[rows > (0.8 if layout == 1 else 0.84)] = cap
    _stick(surface, rows, u, _label(rng, layout))
    _light(canvas, surface, u, inside)
    return _photographed(canvas, rng)


def _turned(outline: tuple[tuple[float, float], ...], tall: float) -> tuple[Floats, Floats, Floats]:
    """Height share of every pixel, its place across the ware from -1 to 1, and what is inside."""
    x, y = coordinates((SIDE, SIDE))
    foot = SIDE * 0.9
    rows = np.broadcast_to((foot - y) / tall, (SIDE, SIDE)).astype(np.float32)
    heights, halves = np.array(outline).T
    half = np.interp(rows[:, 0], heights, halves)
    for _ in range(3):  # three means of a window are nearly a Gaussian: shoulders are round
        half = np.convolve(np.pad(half, 8, "edge"), np.full(17, 1 / 17), "valid")
    half = half.astype(np.float32) * SIDE
    bulge = 0.035 * half[:, None]  # seen from a little above, rings are ellipses
    u = (x - SIDE / 2) / np.maximum(half[:, None], 1)
    rows = rows + bulge * (1 - np.clip(u, -1, 1) ** 2 - 0.5) / tall
    inside = np.clip((1 - np.abs(u)) * half[:, None], 0, 1) * np.clip(rows * tall, 0, 1)
    inside *= np.clip((1 - rows) * tall, 0, 1)
    return rows.astype(np.float32), np.clip(u, -1, 1), inside.astype(np.float32)


def _label(rng: Rng, layout: int) -> Image.Image:
    """Printed label: the house's frame, the sort's name, colour and picture."""
    paper = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(rng.random(), 0.12, 0.97))
    mark = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(rng.random(), 0.75, 0.6))
    sheet = Sheet((420, 320), paper)
    sheet.box((8, 8, 412, 312), None, mark, 3)
    sheet.bold((210, 30), "LUMARA" if layout == 1 else "Old Mill", 34, mark, "ma")
    what = f"{words.pick(rng, words.ADJECTIVES)} {words.pick(rng, words.NOUNS)}".title()
    sheet.bold((210, 88), what, 28, (30, 30, 30), "ma")
    for n in range(int(rng.integers(1, 4))):
        sheet.disc((210 + 60 * (n - 1), 190), rng.uniform(18, 38), mark)
    sheet.text(
        (210, 262),
        f"{rng.integers(1, 9) * 50} ml  No. {rng.integers(1, 99)}",
        24,
        (60, 60, 60),
        "ma",
    )
    return sheet.image


def _stick(surface: Floats, rows: Floats, u: Floats, label: Image.Image) -> None:
    """Wrap a label around the ware, 110 degrees of it."""
    print_ = np.asarray(label, np.float32)
    across = (np.arcsin(u) / np.radians(110) + 0.5) * label.width
    down = (0.5 - rows) / 0.36 * label.height
    on = (across >= 0) & (across < label.width) & (down >= 0) & (down < label.height)
    surface[on] = print_[down[on].astype(int), across[on].astype(int)]


def _light(canvas: Floats, surface: Floats, u: Floats, inside: Floats) -> None:
    """Light the ware by a large box on the left and a weaker one on the right."""
    facing = np.sqrt(1 - u * u)
    shade = 0.35 + 0.5 * np.clip(facing * 0.75 - u * 0.65, 0, 1) + 0.22 * facing
    shine = 90 * np.exp(-(((u + 0.55) / 0.09) ** 2)) + 38 * np.exp(-(((u - 0.72) / 0.06) ** 2))
    paint(canvas, inside, surface * shade[..., None] + shine[..., None])


def _studio(rng: Rng, outline: tuple[tuple[float, float], ...], tall: float) -> Floats:
    """White sweep with the soft shadow of what stands on it."""
    x, y = coordinates((SIDE, SIDE))
    wide = outline[0][1] * SIDE
    oval = ((x - SIDE * 0.52) / (1.25 * wide)) ** 2 + ((y - SIDE * 0.9) / (0.22 * wide)) ** 2
    shadow = 0.55 * np.exp(-oval)
    return np.repeat((253 - 150 * shadow)[..., None], 3, axis=2).astype(np.float32)


def _photographed(canvas: Floats, rng: Rng) -> Image.Image:
    noise = rng.standard_normal((*canvas.shape[:2], 1), dtype=np.float32) * 1.2
    picture = Image.fromarray(np.clip(canvas + noise, 0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(0.5))


def recoloured(rng: Rng, number: int, layout: int) -> Image.Image:
    """A garment or chair of a catalogue in one of ten hues, everything else the same."""
    garment, hue = divmod(number, HUES)
    light, mask, background = _ware(garment, layout)
    colour = 255 * np.array(colorsys.hsv_to_rgb(hue / HUES, 0.62, 0.78), np.float32)
    canvas = background.copy()
    paint(canvas, mask, colour * light[..., None])
    return _photographed(canvas, rng)


@lru_cache(maxsize=4)
def _ware(garment: int, layout: int) -> tuple[Floats, Floats, Floats]:
    """Folds' light, cover and surroundings of one garment, the same in every hue."""
    rng = np.random.default_rng([layout, garment, 77])
    outline, trim = Image.new("L", (2 * SIDE, 2 * SIDE)), Image.new("L", (2 * SIDE, 2 * SIDE))
    draw = _shirt if layout == 1 else _chair
    draw(ImageDraw.Draw(outline), ImageDraw.Draw(trim), rng)
    mask, extra = (
        np.asarray(one.reduce(2), np.float32) / np.float32(255) for one in (outline, trim)
    )
    folds = fractal(rng, (SIDE, SIDE), 3.6, 0.35) + 0.15 * fractal(rng, (SIDE, SIDE), 1.4)
    x, _ = coordinates((SIDE, SIDE))
    light = np.clip(0.95 - 0.25 * (x / SIDE - 0.4) + 0.07 * folds, 0.3, 1.25)
    background = np.full((SIDE, SIDE, 3), 250 if layout == 1 else 232, np.float32)
    soft = np.asarray(outline.reduce(2).filter(ImageFilter.GaussianBlur(14)), np.float32) / 255
    background -= 45 * np.roll(soft, (10, 6), (0, 1))[..., None]
    paint(background, extra * (1 - mask), (92, 66, 46) if layout == 2 else (40, 40, 44))
    cover = mask * (1 - extra) if layout == 1 else mask
    return light.astype(np.float32), cover, background


def _shirt(pen: ImageDraw.ImageDraw, trim: ImageDraw.ImageDraw, rng: Rng) -> None:
    """A pullover, T-shirt or dress laid flat; collar and buttons keep their colour."""
    sleeve, hem, waist = rng.uniform(0.25, 0.7), rng.uniform(0.7, 0.9), rng.uniform(0.2, 0.28)
    left = [(0.4, 0.14), (0.26, 0.2), (0.26 - 0.2 * sleeve, 0.2 + 0.75 * sleeve)]
    left += [(0.36 - 0.2 * sleeve, 0.24 + 0.78 * sleeve), (0.33, 0.4), (0.5 - waist, hem)]
    corners = left + [(1 - x, y) for x, y in reversed(left)]
    pen.polygon([(1600 * x, 1600 * y) for x, y in corners], 255)
    depth = rng.uniform(0.02, 0.09)
    pen.ellipse((640, 1600 * (0.14 - depth), 960, 1600 * (0.14 + depth)), 0)
    trim.ellipse((640, 1600 * (0.14 - depth), 960, 1600 * (0.14 + depth)), 0, 255, 22)
    for n in range(int(rng.integers(0, 6))):
        trim.ellipse((790, 420 + 130 * n, 812, 442 + 130 * n), 255)


def _chair(pen: ImageDraw.ImageDraw, trim: ImageDraw.ImageDraw, rng: Rng) -> None:
    """An armchair: cushions take the hue, legs and frame stay wood."""
    back, seat, wide = rng.uniform(0.16, 0.3), rng.uniform(0.56, 0.62), rng.uniform(0.24, 0.32)
    round_ = float(rng.uniform(20, 120))
    for x in (0.5 - wide, 0.5 + wide - 0.04):
        trim.polygon(
            [
                (1600 * (x + dx), 1600 * y)
                for dx, y in ((0, 0.7), (0.04, 0.7), (0.03, 0.92), (0.01, 0.92))
            ],
            255,
        )
    pen.rounded_rectangle(
        (1600 * (0.5 - wide + 0.03), 1600 * back, 1600 * (0.47 + wide), 1600 * seat), round_, 255
    )
    pen.rounded_rectangle(
        (1600 * (0.5 - wide), 1600 * seat, 1600 * (0.5 + wide), 1600 * 0.72), round_ / 2, 255
    )
    for x in (0.44 - wide, 0.48 + wide):
        pen.rounded_rectangle(
            (1600 * x, 1600 * 0.46, 1600 * (x + 0.08), 1600 * 0.74), round_ / 2, 255
        )


def button(rng: Rng, number: int, layout: int) -> Image.Image:
    """Buttons of one design: eight colours, and a word that every eighth shares."""
    word, hue = divmod(number, 8)
    labels = words.several(
        template(layout, "button"),
        ["Save", "Send", "Open", "Next", "Play", "Stop", "Buy", "Join", "Undo", "Copy", "Edit"],
        11,
    )
    red, green, blue = (int(255 * c) for c in colorsys.hsv_to_rgb(hue / 8, 0.7, 0.75))
    sheet = Sheet((480, 400) if layout == 1 else (640, 420), (245, 246, 248))
    x, y, radius = sheet.width / 2, sheet.height / 2, 22 if layout == 1 else 60
    corners = (x - 180, y - 60, x + 180, y + 60)
    sheet.rounded((corners[0], corners[1] + 6, corners[2], corners[3] + 8), radius, (205, 208, 214))
    sheet.rounded(corners, radius, (red, green, blue))
    turn, which = divmod(word, len(labels))
    sheet.bold((x, y), f"{labels[which]} {turn or ''}".strip(), 48, "white", "mm")
    return sheet.image
