"""Decode an open file to an upright grey picture, with the one decoder that its content calls for.

Worker processes load this module, so Pillow's plug-ins are imported only when a file needs them.
"""

from __future__ import annotations

import io
import os
import re
import threading
import warnings
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imageshelf.pictures import formats, metadata, reduction
from imageshelf.pictures.reduction import SIDEWAYS, Reduced
from imageshelf.system.files import MEMORY_LIMIT_MB, UnreadableImage

if TYPE_CHECKING:
    from typing import BinaryIO

    from imageshelf.pictures.metadata import Tags

PIXEL_BYTES = 10  # of memory per pixel at most, in WebP 16: tests/benchmarks/pixel_memory.py
PLUGINS = {  # format: the module that reads it for Pillow
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "HEIF": "pillow_heif",
}
FRAMES_IN_HEADER = {"PNG", "WEBP", "AVIF", "HEIF"}  # these tell their number of frames there
PROGRESSIVE_BYTES = 1 << 27  # read whole; no camera or phone writes a larger picture
TAIL_BYTES = 16
_memory_limit_mb = ContextVar("memory_limit_mb", default=MEMORY_LIMIT_MB)
_PROCESS_SETTINGS = threading.RLock()  # held while a decode changes settings of the process


class Decoded(NamedTuple):
    """An upright grey picture, and what its decoder knows about the file."""

    exact: Reduced  # what keys are computed from
    tags: Tags
    size: tuple[int, int]  # as shown
    format: str
    frames: int | None
    bits: int
    alpha: bool
    extras: bool
    quality: int | None


class memory_limit:  # noqa: N801 - used like a function
    """Inside the block, refuse pictures too large for the memory limit."""

    __slots__ = ("_limit_mb", "_token")

    def __init__(self, limit_mb: int) -> None:
        self._limit_mb = limit_mb

    def __enter__(self) -> None:
        self._token = _memory_limit_mb.set(self._limit_mb)

    def __exit__(self, *_: object) -> None:
        _memory_limit_mb.reset(self._token)


def pixel_limit() -> int:
    """Return how many pixels a picture may have."""
    return _memory_limit_mb.get() * 1_000_000 // PIXEL_BYTES


def decode(
    stream: BinaryIO, path: str, *, full_decode: bool, detail: tuple[int, int] | None = None
) -> Decoded:
    """Return the picture that the first bytes announce; `path` only words a refusal.

    `detail` is the smallest width and height that a reduced decode may leave, if a hash needs more
    than SMALLEST_SIZE and FINE_SIZE. Raises UnreadableImage, OSError or MemoryError.
    """
    stream.seek(0)
    head = stream.read(formats.HEAD_BYTES)
    stream.seek(0)
    content = formats.recognise(head)
    if not content.format:
        reason, other = formats.refusal(path, content)
        raise UnreadableImage(reason, other=other)
    try:
        if content.format == "TIFF":
            refuse_raw(stream, path)
        if content.format == "JPEG":
            return _decode_jpeg(stream, full_decode=full_decode, detail=detail)
        fine = None if full_decode else detail or reduction.FINE_SIZE
        return _decode_other(stream, content.format, head, fine)
    except (UnreadableImage, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise _too_large(max(map(int, re.findall(r"\d+", str(exc))), default=0)) from exc
    except OSError as exc:
        if exc.errno is not None:  # the disk's fault, not the picture's
            raise
        raise UnreadableImage(damage_reason(content.words, exc)) from exc
    except Exception as exc:  # anything else that a decoder raises is about the file
        raise UnreadableImage(damage_reason(content.words, exc)) from exc


_ENDS_EARLY = (
    r"truncated|not enough (image )?data|requires a (bytes|buffer)|out of range|premature|"
    r"unexpected end|end.of.(file|data|stream)|\beof\b"
)
_OTHER_VARIANT = (
    r"unsupported|not (supported|available|implemented)|cannot handle|"
    r"unknown (pixel|data|raw|image|compression|predictor)"
)
_TOO_LARGE = r"too large|decompressed data|max_text"
_REASONS = (  # what decoders' messages mean: their own words would help nobody
    (re.compile(_ENDS_EARLY), "that ends too early"),
    (re.compile(_OTHER_VARIANT), "of a variant that is not read"),
    (re.compile(_TOO_LARGE), "with a part that is too large"),
)


def damage_reason(words: str, exc: Exception) -> str:
    """Return what a decoder's exception says about a file, completing "this file ..."."""
    message = str(exc).lower()
    for pattern, reason in _REASONS:
        if pattern.search(message):
            return f"is {words} {reason}"
    return f"is {words} that is damaged"


class Jpeg(JpegImageFile):
    """Pillow's JPEG reader without its search for a resolution in the EXIF data.

    The search would parse all of EXIF, stumble over broken data, and cost as much as opening the
    file. Instantiated directly, the reader also takes the first picture of an MPO file as a JPEG.
    """

    def _read_dpi_from_exif(self) -> None:
        pass


def _decode_jpeg(stream: BinaryIO, *, full_decode: bool, detail: tuple[int, int] | None) -> Decoded:
    image = Jpeg(stream)
    width, height = checked_size(image.size)
    tags, xmp = metadata.embedded(image)
    sideways = tags.orientation in SIDEWAYS
    box: reduction.Box = (0, 0, width, height)
    if not full_decode:
        least = detail or reduction.SMALLEST_SIZE
        drafted = image.draft("L", least[::-1] if sideways else least)
        box = drafted[1] if drafted else box
        _spare_detail(image, stream)
    image.load()
    exact = Reduced(reduction.brightness(image), box)
    exact = exact if full_decode else exact.smaller(detail or reduction.FINE_SIZE)
    several = metadata.is_multi_picture(image.info.get("mp", b""))
    return Decoded(
        exact.turned(reduction.EXIF_TURNS.get(tags.orientation)),
        tags,
        (height, width) if sideways else (width, height),
        format="MPO" if several else "JPEG",
        frames=1,
        bits=image.bits,
        alpha=False,
        extras=several or metadata.has_extras(xmp, _tail(stream)),
        quality=_quality(image),
    )


def _spare_detail(image: JpegImageFile, stream: BinaryIO) -> None:
    """Have a progressive picture decoded from its averages alone, if nothing else is needed."""
    eighth = image.mode == "L" and image.decoderconfig[:1] == (8,)
    if eighth and "progressive" in image.info and _size_bytes(stream) <= PROGRESSIVE_BYTES:
        from imageshelf.pictures import progressive

        stream.seek(0)
        light = progressive.without_detail(stream.read())
        image.fp = io.BytesIO(light) if light else stream


def _size_bytes(stream: BinaryIO) -> int:
    return stream.seek(0, os.SEEK_END)


def _quality(image: JpegImageFile) -> int | None:
    luma_table = image.layer[0][3] if image.layer else 0
    table = image.quantization.get(luma_table)
    return metadata.jpeg_quality(table) if table else None


def _tail(stream: BinaryIO) -> bytes:
    stream.seek(-TAIL_BYTES, os.SEEK_END)
    return stream.read()


def _decode_other(
    stream: BinaryIO, name: str, head: bytes, fine: tuple[int, int] | None
) -> Decoded:
    """Decode in full; reduce to `fine` pixels or more."""
    load_plugin(name)
    with pillow_settings():
        image = Image.open(stream, formats=[name])
        checked_size(image.size)
        frames = getattr(image, "n_frames", 1) if name in FRAMES_IN_HEADER else None
        tags = metadata.tiff_tags(stream) if name == "TIFF" else None
        if tags:
            stream.seek(0)
        image.load()  # the orientation of a PNG may come after its pixels
        grey = reduction.brightness(image)
    applied = tags is not None  # Pillow turns TIFF pictures itself
    tags = tags or metadata.embedded(image)[0]
    turn = None if applied else reduction.EXIF_TURNS.get(tags.orientation)
    exact = reduction.whole(grey)
    exact = (exact.smaller(fine) if fine else exact).turned(turn)
    width, height = image.size
    return Decoded(
        exact,
        tags,
        (height, width) if turn and tags.orientation in SIDEWAYS else (width, height),
        format=name,
        frames=1 if name == "BMP" else frames,
        bits=_bits(image, name, head, tags),
        alpha=image.has_transparency_data,
        extras=bool(image.info.get("aux") or image.info.get("depth_images")),
        quality=None,
    )


def _bits(image: Image.Image, name: str, head: bytes, tags: Tags) -> int:
    """Return the number of bits per sample in the file."""
    if name == "PNG":
        return head[24]
    if name == "AVIF" and (at := head.find(b"pixi")) > 0:
        return head[at + 9] if at + 9 < len(head) else 8
    return int(tags.bits or image.info.get("bit_depth") or 8)


def load_plugin(name: str) -> None:
    """Load the plug-in for a format; raises UnreadableImage if it is not installed."""
    try:
        plugin = import_module(PLUGINS[name])
    except ImportError as exc:
        remedy = "install pillow-heif" if name == "HEIF" else f"this Pillow has no {name}"
        raise UnreadableImage(f"is a {name} picture: {remedy}") from exc
    if name == "HEIF" and name not in Image.OPEN:
        plugin.register_heif_opener()


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size if it may be decoded; raises UnreadableImage if it is above the limit."""
    if size[0] * size[1] > pixel_limit():
        raise _too_large(size[0] * size[1])
    return size


def _too_large(pixels: int) -> UnreadableImage:
    limit = f"more than the limit of {pixel_limit() / 1e6:,.0f} million"
    reason = f"is too large: {pixels / 1e6:,.0f} million pixels, {limit}"
    return UnreadableImage(reason, lasting=False)  # the limit may be higher next time


class pillow_settings:  # noqa: N801 - used like a function
    """Inside the block, Pillow has our pixel limit, raises beyond it, and warns of nothing else."""

    def __enter__(self) -> None:
        _PROCESS_SETTINGS.acquire()
        self.limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, pixel_limit()
        self.warnings = warnings.catch_warnings()
        self.warnings.__enter__()
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)

    def __exit__(self, *_: object) -> None:
        self.warnings.__exit__(None, None, None)
        Image.MAX_IMAGE_PIXELS = self.limit
        _PROCESS_SETTINGS.release()


def refuse_raw(stream: BinaryIO, path: str) -> None:
    """Raise UnreadableImage if a TIFF file is camera RAW."""
    tags = metadata.tiff_tags(stream)
    stream.seek(0)
    if tags.raw or formats.promised_kind(path) == "raw":
        raise UnreadableImage("is a camera RAW file, which is not indexed", other="raw")
