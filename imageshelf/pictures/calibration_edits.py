"""Lightly edited copies of a picture and their hashes, for a calibration to look for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance, ImageOps

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import images
from imageshelf.pictures.decoding import decode
from imageshelf.system.files import open_regular, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    Edit = Callable[[Image.Image], Image.Image]

LONGEST_SIDE = 800  # pixels, to which a picture is reduced before it is edited
QUALITY = 80


def _cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    x, y = round(0.015 * width), round(0.015 * height)
    return picture.crop((x, y, width - x, height - y))


def _turned_a_little(picture: Image.Image) -> Image.Image:
    return picture.rotate(1, Image.Resampling.BICUBIC, fillcolor=255)


def _labelled(picture: Image.Image) -> Image.Image:
    """Return the picture with a bar near the bottom, like a caption or a logo."""
    width, height = picture.size
    labelled = picture.copy()
    labelled.paste(235, (width // 4, height * 88 // 100, width * 3 // 4, height * 94 // 100))
    return labelled


EDITS: dict[str, Edit] = {
    "saved again": lambda picture: picture,
    "half the size": lambda picture: picture.reduce(2),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "more contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(1.3),
    "labelled": _labelled,
    "framed by 2 %": lambda picture: ImageOps.expand(picture, picture.width // 50, 255),
    "cropped by 3 %": _cropped,
    "turned by 1 degree": _turned_a_little,
}


def _grey(path: str) -> Image.Image:
    """Return a picture as shown, in grey, at most LONGEST_SIDE long; raises UnreadableImage."""
    try:
        with open_regular(path) as stream:
            picture = decode(stream, path, full_decode=True).exact.picture
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc
    return (
        ImageOps.contain(picture, (LONGEST_SIDE, LONGEST_SIDE))
        if max(picture.size) > LONGEST_SIDE
        else picture
    )


def edited_files(path: str) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the name of each edit and the copy as a JPEG file; raises UnreadableImage."""
    picture = _grey(path)
    for name, edit in EDITS.items():
        file = io.BytesIO()
        edit(picture).save(file, "JPEG", quality=QUALITY)
        yield name, file


def edited_hashes(path: str, *, full_decode: bool) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Yield the name of each edit and the row, column and perceptual hash of the copy.

    Raises UnreadableImage.
    """
    for name, file in edited_files(path):
        view = images.thumbnails_of(file, full_decode=full_decode)
        hashes = fingerprints([view])
        yield name, (int(hashes.row[0]), int(hashes.column[0]), int(hashes.phash[0]))
