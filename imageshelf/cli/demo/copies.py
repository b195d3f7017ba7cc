"""Copies of a picture as people make them: one function a kind, from a Shot to encoded bytes."""

import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

ORIENTATION, SOFTWARE, RATING = 0x0112, 0x0131, 0x4746  # Exif tags
EXIF_IFD, TAKEN = 0x8769, 0x9003
TURNED_RIGHT = 6  # the orientation tag of a picture to be shown a quarter turn to the right
QUALITY = 70  # of the JPEG files of the scenes; a copy is saved at no better one


class Shot(NamedTuple):
    """A picture with its Exif, and the two as a JPEG file."""

    picture: Image.Image
    exif: Image.Exif
    encoded: bytes


Maker = Callable[[Shot], bytes]


def shot(encoded: bytes) -> Shot:
    """Return what a camera stored as a JPEG file."""
    with Image.open(io.BytesIO(encoded)) as picture:
        return Shot(picture.convert("RGB"), picture.getexif(), encoded)


def jpeg(picture: Image.Image, quality: int = QUALITY, exif: Image.Exif | None = None) -> bytes:
    """JPEG file of a picture, with Exif or without."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, exif=exif or Image.Exif())
    return file.getvalue()


def exact(shot: Shot) -> bytes:
    """Every byte the same."""
    return shot.encoded


def rated(shot: Shot) -> bytes:
    """Only the metadata rewritten, as a photo organiser does: the same pixels."""
    return _with_exif(shot.encoded, _also(shot.exif, {SOFTWARE: "Photo Organiser", RATING: 4}))


def tagged_turn(shot: Shot) -> bytes:
    """Quarter turn to the right by the orientation tag alone; the stored pixels are the same."""
    return _with_exif(shot.encoded, _also(shot.exif, {ORIENTATION: TURNED_RIGHT}))


def stored_sideways(shot: Shot) -> bytes:
    """Sideways pixels with a tag that puts it upright, as phones do: shown the same."""
    exif = _also(shot.exif, {ORIENTATION: TURNED_RIGHT})
    return jpeg(shot.picture.transpose(Image.Transpose.ROTATE_90), QUALITY, exif)


def truncated(shot: Shot) -> bytes:
    """First half of the file, as an interrupted download leaves it."""
    return shot.encoded[: len(shot.encoded) // 2]


def no_picture(shot: Shot) -> bytes:  # noqa: ARG001 - every maker takes a shot
    """Text, whatever the file is called."""
    return b"Milk, bread, two rolls of film.\n"


def resaved(quality: int) -> Maker:
    """Maker of a copy saved again at a JPEG quality."""
    return lambda shot: jpeg(shot.picture, quality, shot.exif)


def resized(side: int) -> Maker:
    """Maker of a copy whose longer side has so many pixels."""
    return lambda shot: jpeg(ImageOps.contain(shot.picture, (side, side)), QUALITY, shot.exif)


def messaged(shot: Shot) -> bytes:
    """Message as an app passes it on: at most 1600 pixels, quality 50, no metadata."""
    picture = shot.picture.copy()
    picture.thumbnail((1600, 1600))
    return jpeg(picture, 50)


def turned(how: Image.Transpose) -> Maker:
    """Maker of a turned or mirrored copy, its pixels stored anew."""
    return lambda shot: jpeg(shot.picture.transpose(how), QUALITY, shot.exif)


def converted(file_format: str) -> Maker:
    """Maker of a copy in another format, without metadata; PNG keeps the pixels of the JPEG."""

    def make(shot: Shot) -> bytes:
        file = io.BytesIO()
        with Image.open(io.BytesIO(shot.encoded)) as picture:
            picture.convert("RGB").save(file, file_format)
        return file.getvalue()

    return make


def bordered(shot: Shot) -> bytes:
    """White frame around the picture."""
    return jpeg(ImageOps.expand(shot.picture, 36, "white"), QUALITY, shot.exif)


def cropped(shot: Shot) -> bytes:
    """Less 5 % of its width and of its height."""
    width, height = shot.picture.size
    x, y = round(width * 0.025), round(height * 0.025)
    return jpeg(shot.picture.crop((x, y, width - x, height - y)), QUALITY, shot.exif)


def brighter(shot: Shot) -> bytes:
    """Every pixel brighter by a fifth."""
    return jpeg(shot.picture.point(lambda value: value * 1.2), QUALITY, shot.exif)


def grey(shot: Shot) -> bytes:
    """Without colour."""
    return jpeg(shot.picture.convert("L"), QUALITY, shot.exif)


def written(text: str, place: tuple[float, float], points: int, ink: int) -> Maker:
    """Maker of a copy with words centred on a place given in shares of the picture."""

    def make(shot: Shot) -> bytes:
        sheet = Image.new("RGBA", shot.picture.size, (255, 255, 255, 0))
        at = (place[0] * sheet.width, place[1] * sheet.height)
        font = ImageFont.load_default(points)
        ImageDraw.Draw(sheet).text(at, text, (255, 255, 255, ink), font, "mm")
        merged = Image.alpha_composite(shot.picture.convert("RGBA"), sheet)
        return jpeg(merged.convert("RGB"), QUALITY, shot.exif)

    return make


def next_frame(later_s: int) -> Maker:
    """Maker of a later frame of a burst: the hand has moved, and somebody walks through."""

    def make(shot: Shot) -> bytes:
        width, height = shot.picture.size
        x, y = 6 * later_s, 3 * later_s
        window = (x, y, width - 14 + x, height - 10 + y)
        moved = shot.picture.transform(
            (width, height), Image.Transform.EXTENT, window, Image.Resampling.BICUBIC
        )
        _draw_walker(moved, width * (0.3 + 0.2 * later_s), 0.72 * height, height / 5)
        noise = np.random.default_rng(later_s).normal(0, 3, (height, width, 1))
        pixels = np.clip(np.asarray(moved) + noise, 0, 255).astype(np.uint8)
        exif = _also(shot.exif, {})
        taken = str(exif.get_ifd(EXIF_IFD)[TAKEN])
        exif.get_ifd(EXIF_IFD)[TAKEN] = f"{taken[:-2]}{int(taken[-2:]) + later_s:02}"
        return jpeg(Image.fromarray(pixels), QUALITY, exif)

    return make


def _draw_walker(picture: Image.Image, x: float, y: float, tall: float) -> None:
    """Draw a person who stands at a place."""
    draw, wide = ImageDraw.Draw(picture), tall / 6
    draw.ellipse((x - wide, y - tall, x + wide, y - tall + 2 * wide), (196, 148, 120))
    draw.rectangle((x - wide, y - tall + 2 * wide, x + wide, y - tall / 2), (178, 34, 52))
    draw.rectangle((x - wide, y - tall / 2, x + wide, y), (34, 40, 72))


def _also(exif: Image.Exif, tags: Mapping[int, int | str]) -> Image.Exif:
    """Copy of the Exif with further tags."""
    more = Image.Exif()
    more.load(exif.tobytes())
    more.update(tags)
    return more


def _with_exif(encoded: bytes, exif: Image.Exif) -> bytes:
    """JPEG with the same compressed picture under other Exif; the pixels are not touched."""
    body, at = exif.tobytes(), encoded.index(b"\xff\xe1")
    end = at + 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    return encoded[: at + 2] + (len(body) + 2).to_bytes(2, "big") + body + encoded[end:]
