"""Lightly edited copies of a picture and their hashes, for a calibration to look for.

Worker processes make them.
"""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageEnhance, ImageOps

from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.pictures import images
from imageshelf.pictures.decoding import decode
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.pictures.tasks import Refusal
from imageshelf.system.files import UnreadableImage, open_regular, unreadable

Edit = Callable[[Image.Image], Image.Image]

LONGEST_SIDE = 800  # pixels, to which a picture is reduced before it is edited
QUALITY = 80
MIRRORED = [name for name, _ in ORIENTATIONS].index("mirrored")


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


def _edited_files(path: str) -> Iterator[BinaryIO]:
    """Yield the copy that each edit makes, as a JPEG file; raises UnreadableImage."""
    picture = _grey(path)
    for edit in EDITS.values():
        file = io.BytesIO()
        edit(picture).save(file, "JPEG", quality=QUALITY)
        yield file


class EditsTask(NamedTuple):
    """A picture to make copies of, and how these are hashed."""

    path: str
    full_decode: bool
    hash: str = DEFAULT


class EditedKeys(NamedTuple):
    """Keys by another hash: of a picture's mirror image, and of its copies, edit by edit."""

    mirrored: bytes
    copies: list[bytes]


def edited_hashes(task: EditsTask) -> list[tuple[int, int, int]] | Refusal:
    """Return the row, column and perceptual hash of each copy, edit by edit."""
    try:
        files = list(_edited_files(task.path))
        views = [images.thumbnails_of(file, full_decode=task.full_decode) for file in files]
    except UnreadableImage as exc:
        return Refusal(exc.reason, exc.lasting, exc.other)
    hashes = fingerprints(views)
    columns = hashes.row.tolist(), hashes.column.tolist(), hashes.phash.tolist()
    return list(zip(*columns, strict=True))


def edited_keys(task: EditsTask) -> EditedKeys | Refusal:
    """Return the keys of the mirror image and of each copy."""
    path, full_decode, name = task
    try:
        picture = images.read(path, full_decode=full_decode, turned=True, hash_name=name)
        files = list(_edited_files(path))
        copies = [images.key_of(file, name, full_decode=full_decode) for file in files]
    except UnreadableImage as exc:
        return Refusal(exc.reason, exc.lasting, exc.other)
    return EditedKeys(picture.keys[MIRRORED], copies)
