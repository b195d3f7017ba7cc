"""Make small pictures to look at: upright, bounded in size, from a reduced decode.

A thumbnail is at most `longest` pixels wide and high and at most `most_bytes` large, without
metadata or a colour profile. Worker processes make it, so like `images` this module imports only
the standard library and Pillow.
"""

import io
import os
from typing import NamedTuple

from PIL import Image, features

from imageshelf.pictures import colour, reduction
from imageshelf.system.files import UnreadableImage, open_regular

LONGEST_PIXELS = 360  # pixels; two stand side by side on a desk, one fills a phone
MOST_THUMBNAIL_BYTES = 11_000  # 15 kB in the base64 of a page
# Tried in turn until the bytes suffice, each with its usual share of the bytes of the first.
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
            image, box, tags = colour.opened(stream, task.path, task.longest)
            small = colour.shrunk(image, box, task.longest)
            small = colour.upright(small, tags.orientation)
            data, small = _encoded(small, task.most_bytes)
    except UnreadableImage as exc:
        return Thumbnail(note=exc.reason)
    except FileNotFoundError:
        return Thumbnail(note=GONE)
    except Exception as exc:  # noqa: BLE001 - anything that a decoder raises is about the file
        return Thumbnail(note=colour.refusal(exc).reason)
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
