"""What becomes of a picture that goes around: reposted, captioned, framed, filtered, inverted.

python tests/benchmarks/reposts.py PICTURE FOLDER   (one of each family and drawing, to look at)

`FAMILIES[group]` lists (name, edit). An edit takes an RGB picture, a random generator and the
number of a drawing, 1 or 2, and gives a picture. The two drawings differ in everything that a
limit could be fitted to by accident: screen, margins, colours, amount of text, strength.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks.edits import finished  # noqa: E402
from tests.benchmarks.lookalike_sets import words  # noqa: E402
from tests.benchmarks.lookalike_sets.sheets import Sheet, face, wrapped  # noqa: E402

if TYPE_CHECKING:
    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

Edit = Callable[[Image.Image, "Rng", int], Image.Image]
Picture = Image.Image
PHONES = {1: (540, 1080), 2: (600, 1200)}
DESKTOPS = {1: (1280, 800), 2: (1440, 810)}
LIGHT: dict[int, Ink] = {1: (255, 255, 255), 2: (246, 246, 248)}
DARK: dict[int, Ink] = {1: (0, 0, 0), 2: (24, 26, 32)}
PALE, GREY = (232, 234, 238), (140, 142, 148)


def _screen(size: tuple[int, int], drawing: int, *, dark: bool) -> tuple[Sheet, Ink]:
    """An empty screen, and what is written with on it."""
    return Sheet(size, (DARK if dark else LIGHT)[drawing]), PALE if dark else (24, 26, 30)


def _status(sheet: Sheet, rng: Rng, ink: Ink) -> None:
    """The clock and the battery at the top of a phone's screen."""
    sheet.text((22, 10), words.clock(rng), 20, ink)
    sheet.text((sheet.width - 22, 10), f"{rng.integers(9, 100)} %", 20, ink, "ra")


def _icons(sheet: Sheet, y: float, ink: Ink, count: int, *, across: float = 1.0) -> None:
    """So many icons side by side: rings, dashes, hearts as far as a screenshot cares."""
    for n in range(count):
        x = sheet.width * across * (n + 0.5) / count
        if n % 2:
            sheet.disc((x, y), 13, None, ink)
        else:
            sheet.box((x - 12, y - 10, x + 12, y + 10), None, ink, 3)


def _fitted(image: Picture, width: float, tallest: float) -> Picture:
    return ImageOps.contain(image, (round(width), round(tallest)), Image.Resampling.LANCZOS)


def _photo_site(image: Picture, rng: Rng, drawing: int, *, dark: bool) -> Picture:
    """A post from edge to edge: who it is of above, reactions and a text below."""
    sheet, ink = _screen(PHONES[drawing], drawing, dark=dark)
    _status(sheet, rng, ink)
    top = 60 if drawing == 1 else 116
    if drawing == 2:
        sheet.bold((24, 56), "Pictures", 30, ink)
    sheet.disc((46, top + 34), 22, GREY)
    sheet.bold((82, top + 12), words.pick(rng, words.FIRST), 20, ink)
    sheet.text((82, top + 38), words.pick(rng, words.TOWNS), 16, GREY)
    picture = _fitted(image, sheet.width, 0.56 * sheet.height)
    sheet.paste(picture, ((sheet.width - picture.width) // 2, top + 72))
    below = top + 72 + picture.height
    _icons(sheet, below + 34, ink, 3 if drawing == 1 else 4, across=0.4)
    sheet.bold((20, below + 62), f"{rng.integers(12, 9000)} likes", 19, ink)
    text = words.passage(rng, int(rng.integers(1, 4)))
    sheet.paragraph((20, below + 92, sheet.width - 20, below + 220), text, 19, ink)
    _icons(sheet, sheet.height - 44, ink, 5)
    return sheet.image


def _short_message(image: Picture, rng: Rng, drawing: int, *, dark: bool) -> Picture:
    """A post of a text service: a text, the picture with round corners inset, reactions."""
    sheet, ink = _screen(PHONES[drawing], drawing, dark=dark)
    _status(sheet, rng, ink)
    margin, head = (84, 70) if drawing == 1 else (30, 128)
    sheet.disc((46, head + 30), 24, GREY)
    sheet.bold((84, head + 8), words.pick(rng, words.LAST), 20, ink)
    text = words.passage(rng, int(rng.integers(1, 4)))
    start = head + (40 if drawing == 1 else 72)
    top = sheet.paragraph((margin, start, sheet.width - 24, start + 190), text, 20, ink) + 14
    picture = _fitted(image, sheet.width - margin - 24, 0.5 * sheet.height)
    _paste_rounded(sheet, picture, (margin, top), 18)
    below = top + picture.height
    if drawing == 2:
        sheet.text((margin, below + 14), f"{words.clock(rng)} · {words.date(rng)}", 17, GREY)
        below += 34
    _icons(sheet, below + 36, GREY, 4)
    if drawing == 1:  # the next one begins
        sheet.disc((46, below + 110), 24, GREY)
        sheet.paragraph(
            (margin, below + 90, sheet.width - 24, sheet.height - 90),
            words.passage(rng, 2),
            20,
            ink,
        )
    _icons(sheet, sheet.height - 44, ink, 5 if drawing == 1 else 4)
    return sheet.image


def _paste_rounded(sheet: Sheet, picture: Picture, at: tuple[float, float], radius: int) -> None:
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width, picture.height), radius, 255)
    sheet.image.paste(picture, (round(at[0]), round(at[1])), mask)


def _chat(image: Picture, rng: Rng, drawing: int, *, dark: bool) -> Picture:
    """A picture between the bubbles of a conversation, on a ground of one colour."""
    sheet, ink = _screen(PHONES[drawing], drawing, dark=dark)
    bubble = (44, 48, 56) if dark else (228, 236, 226) if drawing == 1 else (214, 226, 244)
    sheet.box((0, 0, sheet.width, 92), bubble)
    sheet.disc((50, 62), 20, GREY)
    sheet.bold((84, 50), words.pick(rng, words.FIRST), 22, ink)
    y, own = 120.0, bool(rng.integers(2))
    for n in range(int(rng.integers(1, 4))):
        y = _bubble(sheet, rng, y, bubble, ink, right=own != bool(n % 2))
    picture = _fitted(image, (0.74 if drawing == 1 else 0.66) * sheet.width, 0.42 * sheet.height)
    left = sheet.width - picture.width - 22 if own else 22
    _paste_rounded(sheet, picture, (left, y), 14 if drawing == 1 else 6)
    y += picture.height + 16
    while y < sheet.height - 200:
        y = _bubble(sheet, rng, y, bubble, ink, right=bool(rng.integers(2)))
    sheet.rounded((20, sheet.height - 74, sheet.width - 90, sheet.height - 26), 22, None, GREY)
    sheet.disc((sheet.width - 48, sheet.height - 50), 22, GREY)
    return sheet.image


def _bubble(sheet: Sheet, rng: Rng, y: float, fill: Ink, ink: Ink, *, right: bool) -> float:
    rows = wrapped(words.clause(rng), 20, 0.6 * sheet.width)
    wide = max(face(20).getlength(row) for row in rows) + 32
    left = sheet.width - 22 - wide if right else 22
    tall = 28 * len(rows) + 22
    sheet.rounded((left, y, left + wide, y + tall), 16, fill)
    for n, row in enumerate(rows):
        sheet.text((left + 16, y + 10 + 28 * n), row, 20, ink)
    return y + tall + 14


def _meme(image: Picture, rng: Rng, drawing: int, *, bars: str, ground: str) -> Picture:
    """Text on a bar above the picture, below it, or both."""
    size = image.width / (17 if drawing == 1 else 22)
    strips = []
    for _ in bars:
        text = words.clause(rng) if drawing == 1 else words.passage(rng, 1)
        rows = wrapped(text.upper() if drawing == 1 else text, size, 0.92 * image.width)[:3]
        strip = Sheet((image.width, round(size * (1.4 * len(rows) + 0.9))), ground)
        for n, row in enumerate(rows):
            ink = "black" if ground == "white" else "white"
            middle = drawing == 1
            x = image.width / 2 if middle else 0.04 * image.width
            strip.bold((x, size * (0.4 + 1.4 * n)), row, size, ink, "ma" if middle else "la")
        strips.append(strip.image)
    above = strips[0].height if "t" in bars else 0
    tall = image.height + sum(strip.height for strip in strips)
    sheet = Sheet((image.width, tall), ground)
    sheet.paste(image, (0, above))
    for name, bar in zip(bars, strips, strict=True):
        sheet.paste(bar, (0, 0 if name == "t" else tall - bar.height))
    return sheet.image


def _impact(image: Picture, rng: Rng, drawing: int) -> Picture:
    """Outlined text on the picture itself, above and below."""
    sheet = Sheet(image.size)
    sheet.paste(image, (0, 0))
    size = image.height / (10 if drawing == 1 else 14)
    for y, anchor in ((0.03, "ma"), (0.97, "md")):
        text = wrapped(words.clause(rng).upper(), size, 0.94 * image.width)[0]
        at = (image.width / 2, y * image.height)
        sheet.pen.text(
            at, text, "white", face(size), anchor, stroke_width=size / 12, stroke_fill="black"
        )
    return sheet.image


def _browser(image: Picture, rng: Rng, drawing: int, *, dark: bool, page: str) -> Picture:
    """A browser's window: tabs, an address, and a page with the picture on it."""
    sheet, ink = _screen(DESKTOPS[drawing], drawing, dark=dark)
    frame = (52, 54, 60) if dark else (222, 225, 230)
    bars = 84 if drawing == 1 else 104
    sheet.box((0, 0, sheet.width, bars), frame)
    for n in range(int(rng.integers(2, 6))):
        fill = sheet.image.getpixel((5, bars + 5)) if not n else frame
        sheet.rounded((80 + 190 * n, 8, 262 + 190 * n, 46), 8, fill)  # type: ignore[arg-type]
        sheet.text((96 + 190 * n, 18), words.title(rng)[:18], 15, ink)
    sheet.rounded((130, 50, sheet.width - 150, bars - 6), 14, LIGHT[drawing] if not dark else GREY)
    sheet.text((150, 55), f"https://{words.mail(rng).partition('@')[2]}/{rng.integers(999)}", 16)
    room = sheet.height - bars
    if page == "alone":
        picture = _fitted(image, 0.62 * sheet.width, 0.86 * room)
        sheet.paste(picture, ((sheet.width - picture.width) // 2, bars + 0.06 * room))
        return sheet.image
    left = 0.1 * sheet.width if drawing == 1 else 0.24 * sheet.width
    wide = (0.52 if drawing == 1 else 0.46) * sheet.width
    sheet.bold((left, bars + 20), words.title(rng), 30, ink)
    text = words.passage(rng, 2)
    top = sheet.paragraph((left, bars + 66, left + wide, bars + 140), text, 17, ink) + 12
    picture = _fitted(image, wide, 0.66 * room)
    sheet.paste(picture, (left, top))
    y = top + picture.height + 12
    if y < sheet.height - 20:
        sheet.paragraph((left, y, left + wide, sheet.height - 4), words.passage(rng, 6), 17, ink)
    beside = left + wide + 40 if drawing == 1 else 20
    for n in range(7):
        sheet.paragraph(
            (beside, bars + 30 + 84 * n, beside + 250, bars + 100 + 84 * n),
            words.title(rng) + " " + words.clause(rng), 16, GREY,
        )  # fmt: skip
    return sheet.image


def _viewer(image: Picture, rng: Rng, drawing: int, *, dark: bool) -> Picture:
    """A phone's own viewer: the picture across, buttons and small pictures in the bars."""
    sheet, ink = _screen(PHONES[drawing], drawing, dark=dark)
    _status(sheet, rng, ink)
    if drawing == 2:
        sheet.bold((sheet.width / 2, 70), words.date(rng), 22, ink, "ma")
    picture = _fitted(image, sheet.width, 0.66 * sheet.height)
    sheet.paste(picture, ((sheet.width - picture.width) / 2, (sheet.height - picture.height) / 2))
    _icons(sheet, sheet.height - 60, ink, 4 if drawing == 1 else 5)
    return sheet.image


def _mat(image: Picture, rng: Rng, drawing: int) -> Picture:
    share = rng.uniform(0.04, 0.09) if drawing == 1 else rng.uniform(0.06, 0.12)
    colour = words.pick(
        rng, ("white", "black") if drawing == 1 else ("#d8cfc0", "#202830", "white")
    )
    return ImageOps.expand(image, round(share * max(image.size)), colour)


def _letterbox(image: Picture, rng: Rng, drawing: int) -> Picture:
    across, down = (1.0, 1.34) if drawing == 1 else (1.0, rng.uniform(1.15, 1.6))
    if drawing == 2 and rng.integers(2):
        across, down = down, across
    sheet = Sheet((round(image.width * across), round(image.height * down)), "black")
    sheet.paste(image, ((sheet.width - image.width) // 2, (sheet.height - image.height) // 2))
    return sheet.image


def _caption(image: Picture, rng: Rng, drawing: int) -> Picture:
    return _meme(image, rng, drawing, bars="t" if rng.integers(2) else "b", ground="white")


def _turned(how: Image.Transpose, then: Edit) -> Edit:
    return lambda image, rng, drawing: then(image.transpose(how), rng, drawing)


def _then_turned(how: Image.Transpose, first: Edit) -> Edit:
    return lambda image, rng, drawing: first(image, rng, drawing).transpose(how)


def _inverted(image: Picture, _: Rng, drawing: int, *, how: str = "") -> Picture:
    """Dark mode of a picture; `how` gives its brightness alone, or its colours kept."""
    if how == "grey":
        return ImageOps.invert(image.convert("L")).convert("RGB")
    if how == "hue kept":  # as browsers' dark modes do it: inverted, and the hue turned back
        hue, saturation, value = ImageOps.invert(image).convert("HSV").split()
        turned = hue.point([(level + 128) % 256 for level in range(256)])
        return Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    inverted = ImageOps.invert(image)
    if how == "smaller":
        share = 0.5 if drawing == 1 else 0.37
        return inverted.resize((round(image.width * share), round(image.height * share)))
    return inverted


def _shade(image: Picture, light: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Picture:
    return Image.fromarray(np.clip(np.asarray(image) * light, 0, 255).astype(np.uint8))


def _vignette(image: Picture, rng: Rng, drawing: int) -> Picture:
    x, y = np.meshgrid(np.linspace(-1, 1, image.width), np.linspace(-1, 1, image.height))
    away = np.hypot(x, y) / np.sqrt(2)
    if drawing == 1:
        light = 1 - rng.uniform(0.6, 0.85) * away**2
    else:
        light = 1 / (1 + rng.uniform(1.2, 2.2) * away**3)
    return _shade(image, light[..., None])


def _light_leak(image: Picture, rng: Rng, drawing: int) -> Picture:
    """Warm light over one side or corner, as of a camera that does not close."""
    x, y = np.meshgrid(np.linspace(0, 1, image.width), np.linspace(0, 1, image.height))
    x = x if rng.integers(2) else 1 - x
    if drawing == 1:
        glow = rng.uniform(0.7, 0.95) * np.exp(-((x / 0.28) ** 2))
    else:
        y = y if rng.integers(2) else 1 - y
        glow = rng.uniform(0.75, 1.0) * np.exp(-((np.hypot(x, y) / 0.5) ** 2))
    colour = np.array((255, 140, 50) if drawing == 1 else (255, 90, 70), float)
    pixels = np.asarray(image).astype(float)
    lit = 255 - (255 - pixels) * (255 - colour * glow[..., None]) / 255  # screened
    return Image.fromarray(lit.astype(np.uint8))


def _faded(image: Picture, rng: Rng, drawing: int) -> Picture:
    low, high = (50, 225) if drawing == 1 else (70, 245)
    return image.point([low + value * (high - low) // 255 for value in range(256)] * 3)


def _duotone(image: Picture, rng: Rng, drawing: int) -> Picture:
    dark, light = ("#1b1464", "#ffd35c") if drawing == 1 else ("#3a0ca3", "#80ffdb")
    return ImageOps.colorize(ImageOps.autocontrast(image.convert("L")), dark, light)


def _posterised(image: Picture, rng: Rng, drawing: int) -> Picture:
    return ImageOps.posterize(image, 3 if drawing == 1 else 2)


def _polaroid(image: Picture, rng: Rng, drawing: int) -> Picture:
    edge = round((0.05 if drawing == 1 else 0.08) * image.width)
    sheet = Sheet((image.width + 2 * edge, image.height + 6 * edge), (250, 249, 244))
    sheet.paste(image, (edge, edge))
    at = (2 * edge, image.height + 4 * edge)
    sheet.written(at, words.title(rng)[:16], max(10, 0.9 * edge), rng)
    return sheet.image


def _rounded(image: Picture, rng: Rng, drawing: int) -> Picture:
    sheet = Sheet(image.size, "white" if drawing == 1 else "black")
    radius = round((0.06 if drawing == 1 else 0.11) * max(image.size))
    _paste_rounded(sheet, image, (0, 0), radius)
    return sheet.image


def _subtitled(image: Picture, rng: Rng, drawing: int) -> Picture:
    """A film's still between black bars, its subtitle in the lower one."""
    sheet = Sheet((image.width, round(image.height * (1.36 if drawing == 1 else 1.5))), "black")
    bar = (sheet.height - image.height) // 2
    sheet.paste(image, (0, bar))
    at = (image.width / 2, sheet.height - bar / 2)
    ink = "white" if drawing == 1 else "#ffe27a"
    sheet.text(at, words.clause(rng), max(9, bar / 3), ink, "mm")
    return sheet.image


def _blurred_ground(image: Picture, rng: Rng, drawing: int) -> Picture:
    """A story: the picture across the screen, over itself, enlarged and blurred."""
    size = PHONES[drawing]
    ground = ImageOps.fit(image, size).filter(ImageFilter.GaussianBlur(24))
    picture = _fitted(image, size[0] * (1.0 if drawing == 1 else 0.9), size[1])
    ground.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return ground


def _sticker(image: Picture, rng: Rng, drawing: int) -> Picture:
    sheet = Sheet(image.size)
    sheet.paste(image, (0, 0))
    radius = (0.12 if drawing == 1 else 0.16) * min(image.size)
    x, y = rng.uniform(0.2, 0.8, 2) * image.size
    colour = tuple(int(level) for level in rng.integers(60, 256, 3))
    sheet.disc((x, y), radius, colour, "white")
    for side in (-0.35, 0.35):
        sheet.disc((x + side * radius, y - 0.2 * radius), 0.12 * radius, "black")
    return sheet.image


def _banner(image: Picture, rng: Rng, drawing: int) -> Picture:
    sheet = Sheet(image.size)
    sheet.paste(image, (0, 0))
    share = 0.2 if drawing == 1 else 0.28
    top = (1 - share) * image.height if drawing == 1 else 0.08 * image.height
    sheet.box((0, top, image.width, top + share * image.height), "#c81e32" if drawing == 1 else INK)
    size = share * image.height / 3
    at = (image.width / 2, top + share * image.height / 2)
    sheet.bold(at, words.title(rng), size, "white", "mm")
    return sheet.image


INK = (20, 24, 40)


def _cropped(width: float, height: float) -> Edit:
    def edit(image: Picture, rng: Rng, drawing: int) -> Picture:
        scale = min(image.width / width, image.height / height)
        size = round(width * scale), round(height * scale)
        middle = (0.5, 0.5) if drawing == 1 else (0.3, 0.4)
        return ImageOps.fit(image, size, centering=middle)

    return edit


def _one_ground(kind: Callable[..., Picture]) -> list[tuple[str, Edit]]:
    name = kind.__name__.strip("_").replace("_", " ")
    return [
        (f"{name}, {'dark' if dark else 'light'}", partial(kind, dark=dark))
        for dark in (False, True)
    ]


_TURNS = {
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "turned right": Image.Transpose.ROTATE_270,
    "turned left": Image.Transpose.ROTATE_90,
}
_FRAMES: dict[str, Edit] = {"mat": _mat, "letterbox": _letterbox, "caption": _caption}

FAMILIES: dict[str, list[tuple[str, Edit]]] = {
    "posts and chats": [
        *_one_ground(_photo_site),
        *_one_ground(_short_message),
        *_one_ground(_chat),
    ],
    "memes, two bars": [
        (f"bars on both sides, {ground}", partial(_meme, bars="tb", ground=ground))
        for ground in ("white", "black")
    ],
    "browser": [
        ("browser, article, light", partial(_browser, dark=False, page="article")),
        ("browser, article, dark", partial(_browser, dark=True, page="article")),
        ("browser, picture alone, light", partial(_browser, dark=False, page="alone")),
        ("browser, picture alone, dark", partial(_browser, dark=True, page="alone")),
    ],
    "turned and framed": [
        (f"{name}, {frame}", _turned(how, edit))
        for name, how in _TURNS.items()
        for frame, edit in _FRAMES.items()
    ],
    "framed and turned": [
        (f"{frame}, then {name}", _then_turned(how, edit))
        for name, how in _TURNS.items()
        for frame, edit in _FRAMES.items()
        if name != "turned left"
    ],
    "inverted": [
        ("inverted", _inverted),
        *(
            (f"inverted, {how}", partial(_inverted, how=how))
            for how in ("grey", "smaller", "hue kept")
        ),
    ],
    "vignette, light leak": [("vignette", _vignette), ("light leak", _light_leak)],
    "other reposts": [
        ("one bar above", partial(_meme, bars="t", ground="white")),
        ("one bar below", partial(_meme, bars="b", ground="black")),
        ("text over the picture", _impact),
        *_one_ground(_viewer),
        ("polaroid", _polaroid),
        ("rounded corners", _rounded),
        ("letterbox with subtitle", _subtitled),
        ("over itself, blurred", _blurred_ground),
        ("large sticker", _sticker),
        ("banner", _banner),
        ("faded", _faded),
        ("duotone", _duotone),
        ("posterised", _posterised),
        ("cropped square", _cropped(1, 1)),
        ("cropped 16:9", _cropped(16, 9)),
    ],
}


def main(argv: list[str] | None = None) -> int:
    source, folder = sys.argv[1:] if argv is None else argv
    os.makedirs(folder, exist_ok=True)
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((1000, 1000))
    for n, (name, edit) in enumerate(pair for pairs in FAMILIES.values() for pair in pairs):
        for drawing in (1, 2):
            made = finished(edit(image, np.random.default_rng((n, drawing)), drawing))
            with open(os.path.join(folder, f"{n:02}-{name}-{drawing}.{made.suffix}"), "wb") as file:
                file.write(made.data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
