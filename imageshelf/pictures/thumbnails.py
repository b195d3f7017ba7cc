"""Make small pictures to look at: upright, bounded in size, from a reduced decode.

A thumbnail is at most `longest` pixels wide and high and at most `most_bytes` large, without
metadata or a colour profile. Worker processes make it, so like `images` this module imports only
the standard library and Pillow.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, features

from imageshelf.pictures import metadata, reduction
from imageshelf.pictures.decoding import (
    Jpeg,
    checked_size,
    damage_reason,
    load_plugin,
    pillow_settings,
)
from imageshelf.pictures.formats import HEAD_BYTES, recognise, refusal
from imageshelf.system.files import UnreadableImage, open_regular, unreadable

if TYPE_CHECKING:
    from typing import BinaryIO

    from imageshelf.pictures.metadata import Tags

LONGEST_PIXELS = 360  # two fit side by side on a desktop screen, one fills a phone's
MOST_THUMBNAIL_BYTES = 11_000  # 15 kB as base64 in a page
# Tried in turn until the result is small enough; each with its usual share of the first's bytes.
QUALITIES = {75: 1.0, 60: 0.84, 45: 0.72, 30: 0.58, 15: 0.42}
HOPELESS_SHARE = 1.15  # of the bytes allowed: what is expected to be larger is not tried
WEBP_METHOD = 2  # takes 3 ms; the default, 4, saves 3 % of the bytes and takes 7 ms
SMALLEST_PIXELS = 32  # a thumbnail is never made smaller
CHANGED = "has changed since it was indexed"
GONE = "is gone: nothing is at its place any more"


class ThumbnailTask(NamedTuple):
    """A thumbnail to make; `size_bytes` and `mtime_ns` as indexed, -1 if unknown."""

    key: int  # the caller's own number for it
    path: str
    size_bytes: int = -1
    mtime_ns: int = -1
    longest: int = LONGEST_PIXELS
    most_bytes: int = MOST_THUMBNAIL_BYTES


class Thumbnail(NamedTuple):
    """An encoded small picture, or no `data` and a `note` that completes "this file ..."."""

    data: bytes = b""
    mime: str = ""
    width: int = 0  # of the thumbnail
    height: int = 0
    note: str = ""
    picture_width: int = 0  # of the picture, as shown
    picture_height: int = 0
    size_bytes: int = 0
    captured_at: int | None = None  # ms since 1970 on the camera's own clock
    mtime_ns: int = -1


def make_thumbnail(task: ThumbnailTask) -> Thumbnail:
    """Return the thumbnail of a file, or one without data that tells why; never raises."""
    try:
        with open_regular(task.path) as stream:
            status = os.fstat(stream.fileno())
            image, box, tags = opened(stream, task.path, task.longest)
            small = _shrunk(image, box, task.longest)
            small = _turned(small, tags.orientation)
            data, small = _encoded(small, task.most_bytes)
    except UnreadableImage as exc:
        return Thumbnail(note=exc.reason)
    except FileNotFoundError:
        return Thumbnail(note=GONE)
    except Exception as exc:  # noqa: BLE001 - anything that a decoder raises is about the file
        return Thumbnail(note=_reason(exc))
    stale = task.size_bytes not in {-1, status.st_size}
    stale = stale or task.mtime_ns not in {-1, status.st_mtime_ns}
    width, height = image.info["imageshelf_size"]
    if tags.orientation in reduction.SIDEWAYS:
        width, height = height, width
    return Thumbnail(
        data,
        MIME,
        *small.size,
        CHANGED if stale else "",
        width,
        height,
        status.st_size,
        tags.captured_at,
        status.st_mtime_ns,
    )


def _reason(exc: Exception) -> str:
    if isinstance(exc, MemoryError) or (isinstance(exc, OSError) and exc.errno is not None):
        return unreadable(exc).reason
    return damage_reason("a picture", exc)


def opened(stream: BinaryIO, path: str, least: int) -> tuple[Image.Image, reduction.Box, Tags]:
    """Return a picture decoded to `least` pixels each way or more, its extent and its tags.

    The orientation in the tags is not applied yet. `info["imageshelf_size"]` has the full size.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    name = recognise(head).format
    if not name:
        raise UnreadableImage(refusal(path, recognise(head))[0])
    if name == "JPEG":
        return _opened_jpeg(stream, least)
    load_plugin(name)
    with pillow_settings():
        image = Image.open(stream, formats=[name])
        size = checked_size(image.size)
        upright = name == "TIFF"  # Pillow turns these itself
        image.load()
        tags = metadata.Tags() if upright else metadata.embedded(image)[0]
    image.info["imageshelf_size"] = image.size if upright else size
    return image, (0, 0, *image.size), tags


def _opened_jpeg(stream: BinaryIO, least: int) -> tuple[Image.Image, reduction.Box, Tags]:
    image = Jpeg(stream)
    size = checked_size(image.size)
    tags, _ = metadata.embedded(image)
    drafted = image.draft("RGB", (least, least))
    box: reduction.Box = drafted[1] if drafted else (0, 0, *size)
    image.load()
    image.info["imageshelf_size"] = size
    return image, box, tags


def _shrunk(image: Image.Image, box: reduction.Box, longest: int) -> Image.Image:
    """Return the picture in colour over white, at most `longest` pixels wide and high."""
    x0, y0, x1, y1 = box
    scale = min(1.0, longest / max(x1 - x0, y1 - y0))
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    image = _in_colour(image)
    if image.mode == "P":  # palette numbers must not be interpolated
        image = image.convert("RGBA")
    if size != image.size or box != (0, 0, *image.size):
        image = image.resize(size, reduction.LANCZOS, box, reducing_gap=3.0)
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode in {"RGB", "L"} and not image.has_transparency_data:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return reduction.brightness(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = reduction.EXIF_TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


MIME = "image/webp" if features.check("webp") else "image/jpeg"


def _encoded(image: Image.Image, most_bytes: int) -> tuple[bytes, Image.Image]:
    """Return the picture in at most `most_bytes` bytes: coarser at first, then smaller."""
    image = image.copy()
    image.info.clear()  # drops metadata and profile
    while True:
        first, *others = QUALITIES
        data = _bytes(image, first)
        candidates = [q for q in others if len(data) * QUALITIES[q] <= most_bytes * HOPELESS_SHARE]
        while len(data) > most_bytes and candidates:
            data = _bytes(image, candidates.pop(0))
        if len(data) <= most_bytes or max(image.size) <= SMALLEST_PIXELS:
            return data, image
        image = image.resize([max(1, side * 2 // 3) for side in image.size], reduction.LANCZOS)


def _bytes(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    if MIME == "image/webp":
        image.save(stream, "WEBP", quality=quality, method=WEBP_METHOD)
    else:
        image.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()
