"""Edited copies of a picture, every kind that people and programs make, in four groups.

python tests/benchmarks/edits.py PICTURE FOLDER   (one copy of each kind, to look at)

`EDITS[group]` lists (name, edit). An edit takes an RGB picture and a random generator and gives an
RGB picture, which is then saved as JPEG at quality 90, or a whole file as (bytes, suffix).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps


class File(NamedTuple):
    """A copy whose encoding is the point of it."""

    data: bytes
    suffix: str


Rng = np.random.Generator
Edit = Callable[[Image.Image, Rng], Image.Image | File]
ORIENTATION = 0x0112
SIDES = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC)


def saved(image: Image.Image, suffix: str, **options: Any) -> File:
    """File of a picture; the suffix chooses the format."""
    file = io.BytesIO()
    formats = {"jpg": "JPEG", "tif": "TIFF"}
    image.save(file, formats.get(suffix, suffix.upper()), **options)
    return File(file.getvalue(), suffix)


def finished(made: Image.Image | File) -> File:
    """File of whatever an edit gave."""
    return made if isinstance(made, File) else saved(made, "jpg", quality=90)


def _jpeg(quality: int) -> Edit:
    return lambda image, _: saved(image, "jpg", quality=quality)


def _format(suffix: str, mode: str = "RGB", **options: Any) -> Edit:
    return lambda image, _: saved(image.convert(mode), suffix, **options)


def _scale(factor: float) -> Edit:
    def edit(image: Image.Image, rng: Rng) -> Image.Image:
        size = [max(1, round(side * factor)) for side in image.size]
        return image.resize((size[0], size[1]), SIDES[rng.integers(2)])

    return edit


def _stretch(factor: float) -> Edit:
    return lambda image, _: image.resize((round(image.width * factor), image.height))


def _enhance(kind: type[Any], factor: float) -> Edit:
    def edit(image: Image.Image, _: Rng) -> Image.Image:
        enhanced: Image.Image = kind(image).enhance(factor)
        return enhanced

    return edit


def _gamma(power: float) -> Edit:
    curve = [round(255 * (value / 255) ** power) for value in range(256)]
    return lambda image, _: image.point(curve * 3)


def _hue(degrees: int) -> Edit:
    def edit(image: Image.Image, _: Rng) -> Image.Image:
        hue, saturation, value = image.convert("HSV").split()
        turned = hue.point([(level + degrees * 256 // 360) % 256 for level in range(256)])
        return Image.merge("HSV", (turned, saturation, value)).convert("RGB")

    return edit


def _sepia(image: Image.Image, _: Rng) -> Image.Image:
    return ImageOps.colorize(image.convert("L"), (40, 20, 0), (255, 240, 200))


def _filter(how: ImageFilter.Filter | type[ImageFilter.Filter]) -> Edit:
    return lambda image, _: image.filter(how)


def _noise(deviation: float) -> Edit:
    def edit(image: Image.Image, rng: Rng) -> Image.Image:
        pixels = np.asarray(image) + rng.normal(0, deviation, (image.height, image.width, 3))
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

    return edit


def _sixteen_bits(image: Image.Image, _: Rng) -> File:
    grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
    return saved(Image.fromarray(grey), "png")


def _alpha(image: Image.Image, _: Rng) -> File:
    image = image.convert("RGBA")
    image.putalpha(255)
    return saved(image, "png")


def _messaged(image: Image.Image, _: Rng) -> File:
    image = ImageOps.contain(image, (1600, 1600)) if max(image.size) > 1600 else image
    return saved(image.filter(ImageFilter.SHARPEN), "jpg", quality=70)


def _label(image: Image.Image, place: tuple[float, float], text: str, ink: int) -> Image.Image:
    """Write a text of an eighth of the height, centred on a place given in shares."""
    sheet = Image.new("RGBA", image.size, (255, 255, 255, 0))
    font = ImageFont.load_default(max(8, image.height // 12))
    at = (place[0] * image.width, place[1] * image.height)
    ImageDraw.Draw(sheet).text(at, text, (255, 255, 255, ink), font, "mm")
    return Image.alpha_composite(image.convert("RGBA"), sheet).convert("RGB")


def _watermark(image: Image.Image, rng: Rng) -> Image.Image:
    return _label(image, (rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)), "(c) somebody", 120)


def _tiled_watermark(image: Image.Image, _: Rng) -> Image.Image:
    for x in (0.25, 0.75):
        for y in (0.2, 0.5, 0.8):
            image = _label(image, (x, y), "SAMPLE", 80)
    return image


def _caption(image: Image.Image, _: Rng) -> Image.Image:
    return _label(image, (0.5, 0.92), "Summer holidays", 255)


def _logo(image: Image.Image, rng: Rng) -> Image.Image:
    image, side = image.copy(), min(image.size) // 8
    left = int(rng.integers(2)) * (image.width - side)
    top = int(rng.integers(2)) * (image.height - side)
    colour = tuple(int(level) for level in rng.integers(0, 256, 3))
    ImageDraw.Draw(image).ellipse((left, top, left + side, top + side), fill=colour)
    return image


def _border(share: float, colour: str) -> Edit:
    return lambda image, _: ImageOps.expand(image, round(max(image.size) * share), colour)


def _bars(across: float, down: float) -> Edit:
    """Black bars that bring the picture to a multiple of its width or height."""

    def edit(image: Image.Image, _: Rng) -> Image.Image:
        sheet = Image.new("RGB", (round(image.width * across), round(image.height * down)))
        sheet.paste(image, ((sheet.width - image.width) // 2, (sheet.height - image.height) // 2))
        return sheet

    return edit


def _crop(share: float) -> Edit:
    """Cut away a share of the width and of the height, anywhere."""

    def edit(image: Image.Image, rng: Rng) -> Image.Image:
        width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
        left, top = rng.integers(image.width - width + 1), rng.integers(image.height - height + 1)
        return image.crop((int(left), int(top), int(left) + width, int(top) + height))

    return edit


def _rotate(degrees: float) -> Edit:
    def edit(image: Image.Image, rng: Rng) -> Image.Image:
        return image.rotate(degrees * (1 if rng.integers(2) else -1), Image.Resampling.BICUBIC)

    return edit


def _turn(how: Image.Transpose) -> Edit:
    return lambda image, _: image.transpose(how)


def _tagged(orientation: int) -> Edit:
    """Turn by the Exif tag alone, the pixels as they were."""

    def edit(image: Image.Image, _: Rng) -> File:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        return saved(image, "jpg", quality=90, exif=exif)

    return edit


def _perspective(strength: float) -> Edit:
    def edit(image: Image.Image, rng: Rng) -> Image.Image:
        width, height = image.size
        inward = rng.uniform(0, strength, 8) * np.tile((width, height), 4)
        corners = np.array([0, 0, 0, height, width, height, width, 0], dtype=float)
        corners += inward * (1, 1, 1, -1, -1, -1, -1, 1)
        how = Image.Transform.QUAD
        return image.transform(image.size, how, tuple(corners), Image.Resampling.BICUBIC)

    return edit


def _phone_screenshot(image: Image.Image, _: Rng) -> File:
    screen = Image.new("RGB", (720, 1280), (18, 18, 22))
    picture = ImageOps.contain(image, (720, 1000))
    screen.paste(picture, (0, (1280 - picture.height) // 2))
    pen, font = ImageDraw.Draw(screen), ImageFont.load_default(28)
    pen.text((24, 14), "12:34", "white", font)
    pen.text((600, 14), "87 %", "white", font)
    pen.text((360, 1240), "Share    Edit    Delete", "white", font, "mm")
    return saved(screen, "png")


def _desktop_screenshot(image: Image.Image, _: Rng) -> File:
    screen = Image.new("RGB", (1280, 800), (236, 236, 236))
    picture = ImageOps.contain(image, (1000, 640))
    screen.paste(picture, (140, 80))
    pen, font = ImageDraw.Draw(screen), ImageFont.load_default(18)
    pen.rectangle((0, 0, 1280, 40), fill=(60, 64, 72))
    pen.text((16, 10), "Picture viewer", "white", font)
    return saved(screen, "png")


def _meme(image: Image.Image, _: Rng) -> Image.Image:
    band = image.height // 5
    sheet = Image.new("RGB", (image.width, image.height + band), "white")
    sheet.paste(image, (0, band))
    font = ImageFont.load_default(max(8, band // 3))
    ImageDraw.Draw(sheet).text((sheet.width / 2, band / 2), "when it works", "black", font, "mm")
    return sheet


Brightness, Contrast, Colour = ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color

EDITS: dict[str, list[tuple[str, Edit]]] = {
    "resaved, resized, retoned": [
        *((f"JPEG quality {q}", _jpeg(q)) for q in (90, 75, 60, 40, 20, 10, 5, 3)),
        *((f"scaled to {s} %", _scale(s / 100)) for s in (12, 25, 50, 75, 150, 200)),
        ("PNG", _format("png")),
        ("WebP quality 80", _format("webp", quality=80)),
        ("WebP quality 20", _format("webp", quality=20)),
        ("GIF", _format("gif")),
        ("TIFF", _format("tif", compression="tiff_lzw")),
        ("CMYK JPEG", _format("jpg", "CMYK", quality=90)),
        ("16-bit PNG", _sixteen_bits),
        ("palette PNG", _format("png", "P")),
        ("PNG with alpha", _alpha),
        ("grey", _format("jpg", "L", quality=90)),
        *((f"brightness {f} %", _enhance(Brightness, f / 100)) for f in (60, 80, 120, 140)),
        *((f"contrast {f} %", _enhance(Contrast, f / 100)) for f in (60, 80, 130, 160)),
        *((f"gamma {g}", _gamma(g)) for g in (0.5, 0.7, 1.5, 2.0)),
        *((f"saturation {f} %", _enhance(Colour, f / 100)) for f in (30, 180)),
        *((f"hue by {d} degrees", _hue(d)) for d in (20, 60)),
        ("sepia", _sepia),
        *((f"blur {r}", _filter(ImageFilter.GaussianBlur(r))) for r in (1, 3)),
        ("sharpened", _filter(ImageFilter.UnsharpMask(2, 150))),
        *((f"noise {d}", _noise(d)) for d in (8, 20)),
        ("messaging app", _messaged),
    ],
    "light": [
        ("watermark", _watermark),
        ("tiled watermark", _tiled_watermark),
        ("caption", _caption),
        ("logo", _logo),
        ("white border 2 %", _border(0.02, "white")),
        ("white border 6 %", _border(0.06, "white")),
        ("black border 4 %", _border(0.04, "black")),
        ("letterbox", _bars(1, 1.3)),
        ("pillarbox", _bars(1.3, 1)),
        *((f"crop {c} %", _crop(c / 100)) for c in (2, 4)),
        *((f"rotated {d} degree", _rotate(d)) for d in (1, 1.5)),
        *((f"width times {f}", _stretch(f)) for f in (0.8, 1.25)),
    ],
    "turned, mirrored": [
        *((how.name.lower().replace("_", " "), _turn(how)) for how in Image.Transpose),
        *((f"Exif orientation {n}", _tagged(n)) for n in range(2, 9)),
    ],
    "hard": [
        *((f"crop {c} %", _crop(c / 100)) for c in (8, 10, 15, 20, 30, 40, 50)),
        *((f"rotated {d} degrees", _rotate(d)) for d in (3, 5, 10)),
        *((f"perspective {p} %", _perspective(p / 100)) for p in (5, 10)),
        ("phone screenshot", _phone_screenshot),
        ("desktop screenshot", _desktop_screenshot),
        ("caption band", _meme),
    ],
}


def main(argv: list[str] | None = None) -> int:
    source, folder = sys.argv[1:] if argv is None else argv
    os.makedirs(folder, exist_ok=True)
    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    for n, (name, edit) in enumerate(pair for pairs in EDITS.values() for pair in pairs):
        made = finished(edit(image, np.random.default_rng(n)))
        with open(os.path.join(folder, f"{n:02}-{name}.{made.suffix}"), "wb") as file:
            file.write(made.data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
