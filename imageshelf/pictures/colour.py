"""A picture in colour at a size to be compared or looked at: upright, over white, 8 bits.

The decode is reduced where the format allows it. Only the standard library and Pillow are
imported: this is what worker processes load.
"""

import os
from typing import Any, BinaryIO

from PIL import Image

from imageshelf.pictures import metadata, reduction
from imageshelf.pictures.decoding import (
    Jpeg,
    avif_crop,
    checked_size,
    load,
    load_plugin,
    memory_limit,
    open_other,
    pillow_settings,
    recognised,
    with_mending,
)
from imageshelf.pictures.formats import RAW, damage_reason
from imageshelf.pictures.look_tasks import ColourPicture, ColourTask
from imageshelf.system.files import UnreadableImage, open_regular, unreadable
from imageshelf.system.paths import Url

# A picture as stored, the box of its true extent, and its tags, whose turn is still to be applied.
Opened = tuple[Image.Image, reduction.Box, metadata.Tags]


def colour_picture(task: ColourTask) -> ColourPicture:
    """Return a picture file reduced to `longest` pixels along its longer side, never enlarged.

    Raises UnreadableImage, also for what lies at a URL.
    """
    if isinstance(task.path, Url):
        raise UnreadableImage("is at a URL, where nothing is compared", lasting=False)
    try:
        with memory_limit(task.memory_limit_mb), open_regular(task.path) as stream:
            status = os.fstat(stream.fileno())
            return _colour_picture(stream, task, (status.st_size, status.st_mtime_ns))
    except UnreadableImage:
        raise
    except Exception as exc:
        raise refusal(exc) from exc


def refusal(exc: Exception) -> UnreadableImage:
    """Return what is wrong with a picture of which a decoder raised this: it may be anything."""
    if isinstance(exc, MemoryError) or (isinstance(exc, OSError) and exc.errno is not None):
        return unreadable(exc)
    return UnreadableImage(damage_reason("a picture", exc))


def _colour_picture(stream: BinaryIO, task: ColourTask, state: tuple[int, int]) -> ColourPicture:
    image, box, tags = opened(stream, task.path, task.longest)
    width, height = image.info["imageshelf_size"]
    if tags.orientation in reduction.SIDEWAYS:
        width, height = height, width
    small = upright(shrunk(image, box, task.longest), tags.orientation).convert("RGB")
    return ColourPicture(*small.size, small.tobytes(), (width, height), image.format or "", state)


def opened(stream: BinaryIO, path: str, longest: int, mode: str = "RGB") -> Opened:
    """Decode to at least `longest` pixels along the longer side; JPEG in `mode`, RGB or L.

    `info["imageshelf_size"]` is the full size.
    """
    content, stream, _ = recognised(stream, path)

    def attempt(source: BinaryIO) -> Opened:
        source.seek(0)
        if content.format == "JPEG":
            return _opened_jpeg(source, longest, mode)
        return _opened_other(source, content.format, longest)

    image, box, tags = with_mending(stream, content, attempt)
    if content.other == RAW:
        raw: Any = stream
        tags = raw.tags._replace(orientation=tags.orientation)
    return image, box, tags


def _opened_other(stream: BinaryIO, name: str, longest: int) -> Opened:
    load_plugin(name)
    crop = avif_crop(stream, name)
    stream.seek(0)
    with pillow_settings():
        image, tags = open_other(stream, name)
        checked_size(image.size)
        share = longest / max(image.size)
        least = max(1, round(image.width * share)), max(1, round(image.height * share))
        size, box = load(image, stream, least)
        embedded, xmp = metadata.embedded(image)
        tags = metadata.with_xmp(tags, xmp) if tags else embedded
    if crop:
        image = image.crop(crop)
        image.format = name
        size, box = image.size, (0, 0, *image.size)
    image.info["imageshelf_size"] = size
    return image, box, tags


def _opened_jpeg(stream: BinaryIO, longest: int, mode: str) -> Opened:
    image = Jpeg(stream)
    size = checked_size(image.size)
    tags, _ = metadata.embedded(image)
    share = longest / max(size)
    least = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    drafted = image.draft(mode, least)
    box: reduction.Box = drafted[1] if drafted else (0, 0, *size)
    image.load()
    image.info["imageshelf_size"] = size
    return image, box, tags


def shrunk(image: Image.Image, box: reduction.Box, longest: int) -> Image.Image:
    """Return the picture over its ground, RGB or L, at most `longest` pixels wide and high."""
    x0, y0, x1, y1 = box
    scale = min(1.0, longest / max(x1 - x0, y1 - y0))
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    image = _in_colour(image)
    if image.mode == "P":  # never interpolate palette numbers
        image = image.convert("RGBA")
    if size != image.size or box != (0, 0, *image.size):
        image = image.resize(size, reduction.LANCZOS, box, reducing_gap=3.0)
    if image.mode == "RGBA":
        level = reduction.ground(image.convert("L"), image.getchannel("A"))
        shown = Image.new("RGB", image.size, (level, level, level))
        shown.paste(image, mask=image.getchannel("A"))
        return shown
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode in {"RGB", "L"} and not image.has_transparency_data:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return reduction.brightness(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture as a viewer turns it."""
    turn = reduction.EXIF_TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
