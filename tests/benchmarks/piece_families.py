"""Pieces of a picture and pictures that hold it: cropped, turned, photographed, posted, collaged.

python tests/benchmarks/piece_families.py PICTURE FOLDER   (one of each family and drawing)

`FAMILIES[group]` lists (name, edit). An edit takes a Source and gives a Made. The two drawings
differ in everything that a limit could be fitted to by accident: shapes, places, screens, gaps,
grounds, stickers. What reposts.py draws (posts, chats, windows, memes) is used as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import reposts  # noqa: E402
from tests.benchmarks.edits import File, finished, saved  # noqa: E402
from tests.benchmarks.lookalike_sets import words  # noqa: E402
from tests.benchmarks.lookalike_sets.sheets import Sheet  # noqa: E402

if TYPE_CHECKING:
    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

Picture = Image.Image
Box = tuple[float, float, float, float]  # left, top, width, height in pixels
OTHERS = 8  # pictures beside the original that a 3x3 collage takes
BICUBIC = Image.Resampling.BICUBIC


class Source(NamedTuple):
    """What an edit works on."""

    image: Picture
    others: Sequence[Picture]  # other pictures of the shelf, for collages and grounds
    rng: Rng
    drawing: int


class Made(NamedTuple):
    """A copy, and what is true of it."""

    picture: Picture | File
    shown: Box | None = None  # the rectangle of the original that a crop shows
    turn: float | None = None  # degrees clockwise
    others: int = 0  # how many of the other pictures it holds too, from the first


Edit = Callable[[Source], Made]


def _crop(lost: float, where: str) -> Edit:
    """Keep a rectangle about the middle, or one that is off it."""

    def edit(source: Source) -> Made:
        keep = (1 - lost) ** 0.5
        shape = 1.0 if source.drawing == 1 else source.rng.uniform(max(keep, 0.85), 1)
        shape = shape if source.rng.integers(2) else 1 / shape
        wide, tall = min(1, keep * shape), min(1, keep / shape)
        if where == "middle":
            places = 0.5 + (source.drawing - 1) * source.rng.uniform(-0.1, 0.1, 2)
        else:
            corner = source.rng.integers(0, 2, 2)
            places = source.rng.uniform(0, 1, 2) if source.drawing == 2 else corner.astype(float)
        return _cut(source.image, wide, tall, places.tolist())

    return edit


def _cut(image: Picture, wide: float, tall: float, places: Sequence[float]) -> Made:
    """Cut out shares of the width and the height, at places between 0 and 1."""
    width, height = round(image.width * wide), round(image.height * tall)
    left, top = (
        round(p * (a - b)) for p, a, b in zip(places, image.size, (width, height), strict=True)
    )
    part = image.crop((left, top, left + width, top + height))
    return Made(part, (left, top, width, height))


def _square(source: Source) -> Made:
    """Keep a square of half the area, or as large a one as there is."""
    width, height = source.image.size
    side = min((0.5 * width * height) ** 0.5, width, height)
    places = [0.5, 0.5] if source.drawing == 1 else source.rng.uniform(0, 1, 2).tolist()
    return _cut(source.image, side / width, side / height, places)


def _then(first: Edit, change: Callable[[Picture, int], Picture | File]) -> Edit:
    """Edit, then change all of what was made; the truth about it stays."""

    def edit(source: Source) -> Made:
        made = first(source)
        assert isinstance(made.picture, Image.Image)
        return made._replace(picture=change(made.picture, source.drawing))

    return edit


def _poor(image: Picture, _: int) -> File:
    return saved(image, "jpg", quality=30)


def _within(side: int) -> Callable[[Picture, int], Picture]:
    return lambda image, _: ImageOps.contain(image, (side, side), Image.Resampling.LANCZOS)


def _toned(image: Picture, drawing: int) -> Picture:
    if drawing == 1:
        return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(1.2)).enhance(1.3)
    return image.point([40 + round(200 * (value / 255) ** 0.7) for value in range(256)] * 3)


def _grey(image: Picture, drawing: int) -> Picture:
    grey = image.convert("L")
    return grey if drawing == 1 else ImageOps.colorize(grey, (40, 20, 0), (255, 240, 200))


def _blurred(image: Picture, _: int) -> Picture:
    return image.filter(ImageFilter.GaussianBlur(0.003 * max(image.size)))


def _stretched(image: Picture, drawing: int) -> Picture:
    across, down = (1.2, 1.0) if drawing == 1 else (1.0, 1.2)
    return image.resize((round(across * image.width), round(down * image.height)), BICUBIC)


def _turn(degrees: float, *, inner: bool) -> Edit:
    """Turn either way: the corners filled, or the largest rectangle within the turned picture."""

    def edit(source: Source) -> Made:
        image, rng, drawing = source.image, source.rng, source.drawing
        angle = degrees + (drawing - 1) * rng.uniform(-0.9, 0.9)
        angle = angle if rng.integers(2) else -angle
        ground = "black" if drawing == 1 else words.pick(rng, ("white", "#303840"))
        whole = inner or drawing == 2
        turned = image.rotate(-angle, BICUBIC, expand=whole, fillcolor=ground)
        if inner:
            wide, tall = _inscribed(image.size, angle, square=drawing == 2)
            left, top = (turned.width - wide) / 2, (turned.height - tall) / 2
            turned = turned.crop((round(left), round(top), round(left + wide), round(top + tall)))
        return Made(turned, turn=angle)

    return edit


def _inscribed(size: tuple[int, int], degrees: float, *, square: bool) -> tuple[float, float]:
    """Width and height of the rectangle of a picture's shape, or square, inside the turned one."""
    cosine, sine = (abs(f(np.radians(degrees))) for f in (np.cos, np.sin))
    if square:
        side = 0.995 * min(size) / (cosine + sine)
        return side, side
    width, height = size
    scale = 0.995 * min(
        width / (width * cosine + height * sine), height / (width * sine + height * cosine)
    )
    return width * scale, height * scale


def _perspective(strength: float) -> Edit:
    """Seen from the side: cut to a frame, or whole before a ground."""

    def edit(source: Source) -> Made:
        image, rng = source.image, source.rng
        frame = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * image.size
        if source.drawing == 1:  # what the frame shows are four places inside the picture
            inward = strength * rng.uniform(0.4, 1, (4, 2)) * image.size
            taken = frame + inward * ((1, 1), (-1, 1), (-1, -1), (1, -1))
            how = _homography(frame, taken)
        else:  # one side is farther away
            far = strength * image.height * np.array([(0, 1), (0, 0), (0, 0), (0, -1)]) / 2
            nearer = strength * image.width * np.array([(1, 0), (0, 0), (0, 0), (1, 0)]) / 2
            seen = frame + far + nearer
            seen = seen if rng.integers(2) else (seen * (-1, 1) + (image.width, 0))[[1, 0, 3, 2]]
            how = _homography(seen, frame)
        transform = Image.Transform.PERSPECTIVE
        return Made(image.transform(image.size, transform, how, BICUBIC, fillcolor="#202428"))

    return edit


def _homography(
    start: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    end: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> tuple[float, ...]:
    """The eight numbers with which Pillow takes four places to four others."""
    rows, sides = [], []
    for (x, y), (u, v) in zip(start, end, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        sides += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(sides)).tolist())


def _repost(name: str) -> Edit:
    """An edit of reposts.py by its name."""
    (edit,) = (
        edit for pairs in reposts.FAMILIES.values() for key, edit in pairs if key == name
    )  # fmt: skip
    return lambda source: Made(edit(source.image, source.rng, source.drawing))


def _after(first: Edit, second: Edit) -> Edit:
    """One edit of what another one made; nothing is known of the places afterwards."""

    def edit(source: Source) -> Made:
        made = first(source)
        assert isinstance(made.picture, Image.Image)
        return second(source._replace(image=made.picture))

    return edit


def _medium(image: Picture, _: int) -> File:
    return saved(image, "jpg", quality=70)


def _chat_on_a_pattern(source: Source) -> Made:
    """A message with the picture, on small drawings or on a dimmed photograph."""
    rng, drawing = source.rng, source.drawing
    size = (620, 1240) if drawing == 1 else (720, 1440)
    sheet = Sheet(size, (236, 229, 218))
    if drawing == 1:
        for n in range(260):
            _doodle(sheet, rng, (48 * (n % 13) + 20, 62 * (n // 13) + 20))
    else:
        ground = ImageOps.fit(source.others[0], size).filter(ImageFilter.GaussianBlur(3))
        sheet.paste(ImageEnhance.Brightness(ground).enhance(0.5), (0, 0))
    sheet.box((0, 0, size[0], 96), (18, 96, 86) if drawing == 1 else (32, 34, 40))
    sheet.bold((96, 50), words.name(rng), 24, "white")
    bubble: Ink = (224, 246, 204) if drawing == 1 else (56, 66, 92)
    ink: Ink = (20, 24, 20) if drawing == 1 else (236, 238, 242)
    share = 0.7 if drawing == 1 else 0.8
    picture = ImageOps.contain(source.image, (round(share * size[0]), round(0.5 * size[1])))
    left, top = (size[0] - picture.width - 26, 220) if drawing == 1 else (26, 330)
    foot = 56 if drawing == 1 else 12
    corners = (left - 8, top - 8, left + picture.width + 8, top + picture.height + foot)
    sheet.rounded(corners, 12, bubble)
    sheet.paste(picture, (left, top))
    if drawing == 1:
        sheet.text((left + 6, top + picture.height + 14), words.clause(rng)[:34], 20, ink)
    y = corners[3] + 24
    while y < size[1] - 160:
        text = words.clause(rng)[:40]
        wide = 40 + sheet.text((0, size[1] + 40), text, 21)  # below the sheet: its width alone
        x = 26 if rng.integers(2) else size[0] - 26 - wide
        sheet.rounded((x, y, x + wide, y + 52), 14, bubble if x > 26 else "white")
        sheet.text((x + 18, y + 14), text, 21, ink if x > 26 else (20, 24, 20))
        y += 70
    return Made(sheet.image, others=drawing - 1)


def _doodle(sheet: Sheet, rng: Rng, at: tuple[float, float]) -> None:
    """One of the small drawings that chats have on their grounds."""
    x, y = at
    line = (218, 208, 194)
    kind, size = rng.integers(4), rng.uniform(7, 14)
    if kind == 0:
        sheet.disc((x, y), size, None, line)
    elif kind == 1:
        sheet.box((x - size, y - size, x + size, y + size * 0.6), None, line, 2)
    elif kind == 2:
        sheet.line([(x - size, y + size), (x, y - size), (x + size, y + size)], line, 2)
    else:
        sheet.line([(x - size, y), (x + size, y), (x, y - size), (x, y + size)], line, 2)


def _collage(across: int) -> Edit:
    """As many pictures across as down; ours at any place, each cut to the cell's shape."""

    def edit(source: Source) -> Made:
        rng, drawing = source.rng, source.drawing
        width, height = (960, 720) if drawing == 1 else (1200, 800)
        gap, ground = (6, "white") if drawing == 1 else (16, "#1c1c20")
        wide, tall = (width - gap * (across + 1)) // across, (height - gap * (across + 1)) // across
        sheet = Sheet((width, height), ground)
        cells = rng.permutation(across * across)
        for cell, picture in zip(cells, (source.image, *source.others), strict=False):
            down, right = divmod(int(cell), across)
            at = (gap + right * (wide + gap), gap + down * (tall + gap))
            sheet.paste(ImageOps.fit(picture, (wide, tall), Image.Resampling.LANCZOS), at)
        return Made(sheet.image, others=across * across - 1)

    return edit


def _on_a_ground(share: float) -> Edit:
    """The picture on a share of a larger one: on a photograph, or on a page of text."""

    def edit(source: Source) -> Made:
        rng, drawing, image = source.rng, source.drawing, source.image
        size = (1200, 900) if drawing == 1 else (1000, 1300)
        scale = (share * size[0] * size[1] / (image.width * image.height)) ** 0.5
        scale = min(scale, 0.98 * size[0] / image.width, 0.98 * size[1] / image.height)
        part = (round(scale * image.width), round(scale * image.height))
        picture = image.resize(part, Image.Resampling.LANCZOS)
        sheet = Sheet(size, "white" if rng.integers(2) else (248, 244, 234))
        if drawing == 1:
            sheet.paste(ImageOps.fit(source.others[0], size), (0, 0))
        else:
            sheet.bold((60, 50), words.title(rng), 40)
            sheet.justified((60, 120, 940, 1240), words.passage(rng, 40), 19)
        left, top = (round(rng.uniform(0, a - b)) for a, b in zip(size, part, strict=True))
        if drawing == 2:
            sheet.box((left - 12, top - 12, left + part[0] + 12, top + part[1] + 12), "white")
        sheet.paste(picture, (left, top))
        return Made(sheet.image, others=2 - drawing)

    return edit


def _stickers(share: float) -> Edit:
    """Stickers at any places until they cover a share: faces, or labels with text."""

    def edit(source: Source) -> Made:
        rng, drawing = source.rng, source.drawing
        width, height = source.image.size
        sheet = Sheet(source.image.size)
        sheet.paste(source.image, (0, 0))
        covered = Image.new("1", source.image.size)
        pen = ImageDraw.Draw(covered)
        area = min(share / 2.5, 0.07) * width * height
        while np.asarray(covered).mean() < share:
            x, y = rng.uniform(0.08, 0.92, 2) * (width, height)
            colour = tuple(int(level) for level in rng.integers(40, 256, 3))
            if drawing == 1:
                radius = (area / np.pi) ** 0.5
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), 1)
                _face(sheet, (x, y), radius, colour)
            else:
                half = ((area * 2.2) ** 0.5 / 2, (area / 2.2) ** 0.5 / 2)
                corners = (x - half[0], y - half[1], x + half[0], y + half[1])
                pen.rectangle(corners, 1)
                sheet.rounded(corners, half[1] / 3, colour, "white")
                sheet.bold((x, y), words.title(rng)[4:15], half[1] * 0.8, "black", "mm")
        return Made(sheet.image)

    return edit


def _face(sheet: Sheet, at: tuple[float, float], radius: float, colour: Ink) -> None:
    x, y = at
    sheet.disc(at, radius, colour, "black")
    for side in (-0.35, 0.35):
        sheet.disc((x + side * radius, y - 0.25 * radius), 0.13 * radius, "black")
    mouth = [(x - 0.45 * radius, y + 0.3 * radius), (x, y + 0.55 * radius)]
    sheet.line([*mouth, (x + 0.45 * radius, y + 0.3 * radius)], "black", max(1, round(radius / 9)))


def _mirrored(edit: Edit) -> Edit:
    """Mirror the original first; of the places and the turn nothing is said."""

    def mirrored(source: Source) -> Made:
        made = edit(source._replace(image=ImageOps.mirror(source.image)))
        return made._replace(shown=None, turn=None)

    return mirrored


def _whole(source: Source) -> Made:
    return Made(source.image)


_LESS, _MORE = (10, 20, 30, 40, 50, 60), (70, 80)
_ANGLES = (2, 5, 10, 20, 30, 45, 160)
_HALF, _OFF = _crop(0.5, "off"), _crop(0.4, "off")


def _crops(shares: Sequence[int]) -> list[tuple[str, Edit]]:
    return [
        (f"{lost} % lost, {where}", _crop(lost / 100, where))
        for lost in shares
        for where in ("middle", "off")
    ]


CROPS = "crops that keep 40 % or more"
MIRRORED = "mirrored"
PLAIN: dict[str, list[tuple[str, Edit]]] = {
    CROPS: [
        *_crops(_LESS),
        ("square", _square),
        ("50 % lost, JPEG quality 30", _then(_HALF, _poor)),
        ("50 % lost, 256 pixels", _then(_HALF, _within(256))),
        ("50 % lost, other tones", _then(_HALF, _toned)),
        ("50 % lost, grey", _then(_HALF, _grey)),
        ("40 % lost, blurred", _then(_OFF, _blurred)),
        ("40 % lost, stretched by 20 %", _then(_OFF, _stretched)),
    ],
    "smaller crops": _crops(_MORE),
    "turned": [
        (f"{degrees} degrees, {'inner rectangle' if inner else 'corners filled'}",
         _turn(degrees, inner=inner))
        for inner in (False, True)
        for degrees in _ANGLES
    ],
    "perspective": [(f"perspective {p} %", _perspective(p / 100)) for p in (6, 12, 20)],
    "screenshots": [
        *((name, _repost(name)) for name in (
            "viewer, light", "viewer, dark", "chat, light", "chat, dark", "photo site, light",
            "photo site, dark", "short message, light", "browser, article, light",
            "browser, article, dark", "browser, picture alone, dark",
        )),
        ("chat on a pattern", _chat_on_a_pattern),
        ("viewer, of a crop", _then(_after(_OFF, _repost("viewer, dark")), _medium)),
        ("post, of a crop", _then(_after(_OFF, _repost("photo site, light")), _medium)),
    ],
    "memes": [
        (name, _repost(name)) for name in (
            "text over the picture", "one bar above", "one bar below", "bars on both sides, white",
        )
    ],
    "collages 2x2": [("collage 2x2", _collage(2))],
    "collages 3x3": [("collage 3x3", _collage(3))],
    "on a ground": [(f"on {p} % of a ground", _on_a_ground(p / 100)) for p in (50, 25, 12.5)],
    "stickers over 5 %": [("stickers over 5 %", _stickers(0.05))],
    "stickers over 15 %": [("stickers over 15 %", _stickers(0.15))],
    "stickers over 30 %": [("stickers over 30 %", _stickers(0.30))],
    "whole copies": [
        ("JPEG quality 30", _then(_whole, _poor)),
        *((f"{side} pixels", _then(_whole, _within(side))) for side in (256, 128)),
    ],
}  # fmt: skip
TWINS = (  # families that are made of the mirrored picture, too
    "30 % lost, off", "50 % lost, middle", "10 degrees, inner rectangle", "perspective 12 %",
    "viewer, dark", "chat, light", "text over the picture", "collage 2x2", "on 25 % of a ground",
    "stickers over 15 %",
)  # fmt: skip
FAMILIES: dict[str, list[tuple[str, Edit]]] = {
    **PLAIN,
    MIRRORED: [
        (f"{MIRRORED}: {name}", _mirrored(edit))
        for pairs in PLAIN.values()
        for name, edit in pairs
        if name in TWINS
    ],
}


def main(argv: list[str] | None = None) -> int:
    source, folder = sys.argv[1:] if argv is None else argv
    os.makedirs(folder, exist_ok=True)
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((1000, 1000))
    others = [image.rotate(40 * n) for n in range(1, OTHERS + 1)]
    for n, (name, edit) in enumerate(pair for pairs in FAMILIES.values() for pair in pairs):
        for drawing in (1, 2):
            rng = np.random.default_rng((n, drawing))
            made = finished(edit(Source(image, others, rng, drawing)).picture)
            stem = f"{n:02}-{name.replace(':', '')}-{drawing}"
            with open(os.path.join(folder, f"{stem}.{made.suffix}"), "wb") as file:
                file.write(made.data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
