"""Decode an open file to an upright grey picture, with the one decoder that its content calls for.

Worker processes load this module, so Pillow's plug-ins are imported only when a file needs them.
"""

from __future__ import annotations

import io
import logging
import math
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imageshelf.pictures import extras, formats, metadata, reduction, small_baseline
from imageshelf.pictures.reduction import SIDEWAYS, Reduced
from imageshelf.pictures.spliced_file import Span, pieced, size_bytes
from imageshelf.system.files import MEMORY_LIMIT_MB, UnreadableImage

if TYPE_CHECKING:
    from imageshelf.pictures.boxes import BoxFacts
    from imageshelf.pictures.formats import FileKind
    from imageshelf.pictures.metadata import Tags

T = TypeVar("T")

PIXEL_BYTES = 10  # of memory per pixel at most, in WebP 16: tests/benchmarks/pixel_memory.py
PLUGINS = {  # format: the module that reads it for Pillow
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "HEIF": "pillow_heif",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
    "JXL": "pillow_jxl.JpegXLImagePlugin",
    "PSD": "PIL.PsdImagePlugin",
}
_OPTIONAL = {"HEIF": "pillow-heif", "JXL": "pillow-jxl-plugin"}  # packages that may be missing
FRAMES_IN_HEADER = {"PNG", "WEBP", "AVIF", "HEIF", "JXL"}  # these tell their number of frames there
PROGRESSIVE_BYTES = 1 << 27  # read whole; no camera or phone writes a larger picture
JPEG_BLOCK_BYTES = 1 << 20  # given to libjpeg at a time; with Pillow's 64 kB it takes 2 % longer
GREY = {127, 128}  # levels that libjpeg fills in for lost data
BOXED = {"AVIF", "HEIF"}
WITH_GAPS = {"JPEG2000", "JXL", "PSD"}  # see plugin_gaps.py
_FRAME_COUNTERS = {"GIF": extras.gif_frames, "TIFF": extras.tiff_pages}
TAIL_BYTES = 34
RAW_BITS = 16  # as LibRaw hands on samples; those of the sensor are known only after unpacking them
_memory_limit_mb = ContextVar("memory_limit_mb", default=MEMORY_LIMIT_MB)
_PROCESS_SETTINGS = threading.RLock()  # held while a decode changes settings of the process
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its errors go to stderr


class Turnable(NamedTuple):
    """A decoded grey picture, and the turn that makes it upright."""

    picture: Reduced
    turn: Image.Transpose | None

    def upright(self, longest: int) -> Image.Image:
        """Return the picture as shown, at most `longest` pixels along its longer side."""
        x0, y0, x1, y1 = self.picture.box
        scale = min(1.0, longest / max(x1 - x0, y1 - y0))
        size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
        small = self.picture.picture.resize(
            size, Image.Resampling.BILINEAR, self.picture.box, reducing_gap=2.0
        )
        return small if self.turn is None else small.transpose(self.turn)


class Decoded(NamedTuple):
    """An upright grey picture, and what its decoder knows about the file."""

    exact: Reduced  # what keys are computed from
    tags: Tags
    size: tuple[int, int]  # as shown
    format: str
    frames: int | None
    bits: int
    alpha: bool
    extras: int
    quality: int | None
    grey: Turnable | None = None  # what was decoded, if that was asked for


@contextmanager
def memory_limit(limit_mb: int) -> Iterator[None]:
    """Inside the block, refuse pictures too large for the memory limit."""
    token = _memory_limit_mb.set(limit_mb)
    try:
        yield
    finally:
        _memory_limit_mb.reset(token)


def pixel_limit() -> int:
    """Return how many pixels a picture may have."""
    return _memory_limit_mb.get() * 1_000_000 // PIXEL_BYTES


def decode(
    stream: BinaryIO,
    path: str,
    *,
    full_decode: bool,
    detail: tuple[int, int] | None = None,
    keep_grey: bool = False,
) -> Decoded:
    """Return the picture that the first bytes announce; `path` only words a refusal.

    `detail` is the smallest width and height that a reduced decode may leave, if a hash needs more
    than SMALLEST_SIZE and FINE_SIZE. Raises UnreadableImage, OSError or MemoryError.
    """
    content, stream, head = recognised(stream, path)
    fine = None if full_decode else detail or reduction.FINE_SIZE

    def attempt(source: BinaryIO) -> Decoded:
        source.seek(0)
        if content.format == "JPEG":
            decoded = _decode_jpeg(source, stream, full_decode=full_decode, detail=detail)
        else:
            decoded = _decode_other(source, content.format, head, fine)
        return decoded if keep_grey else decoded._replace(grey=None)

    decoded = with_mending(stream, content, attempt)
    if content.other != formats.RAW:
        return decoded
    raw: Any = stream
    return decoded._replace(
        tags=raw.tags, size=raw.size, format="RAW", frames=1, bits=RAW_BITS, alpha=False,
        extras=0, quality=None,
    )  # fmt: skip


def recognised(stream: BinaryIO, path: str) -> tuple[FileKind, BinaryIO, bytes]:
    """Return what an open file is, the stream from where its picture starts, and its first bytes.

    Of a camera RAW file it is a picture in it, and `other` of what it is says so. Raises
    UnreadableImage if it is no picture that can be read, and NeedsWorker if this process must not
    decode it.
    """
    stream.seek(0)
    head = stream.read(formats.HEAD_BYTES)
    stream.seek(0)
    content = formats.recognise(head)
    if content.other == formats.RAW or (content.format == "TIFF" and _is_raw(stream, path)):
        return _raw(stream, path)
    if not content.format and (start := formats.jpeg_start(head, path, content)):
        stream = small_baseline.held(pieced(stream, [Span(start, size_bytes(stream))]))
        return formats.recognise(head[start:]), stream, head[start:]
    if not content.format:
        reason, other = formats.refusal(path, content)
        raise UnreadableImage(reason, other=other)
    return content, small_baseline.held(stream), head


def with_mending(stream: BinaryIO, content: FileKind, attempt: Callable[[BinaryIO], T]) -> T:
    """Return what the attempt makes of a file, or of its picture's part if the rest is at fault.

    Raises UnreadableImage, OSError or MemoryError.
    """
    try:
        with _translated(content):
            return attempt(stream)
    except DamagedPicture as damage:
        small_baseline.leave_to_worker()  # what is mended may be something else
        from imageshelf.pictures.mending import mended

        with _translated(content):
            source = mended(stream, content.format, pixel_limit())
        if source is None:
            raise
        try:
            with _translated(content):
                return attempt(source)
        except DamagedPicture:
            raise damage from None


class DamagedPicture(UnreadableImage):
    """A file whose decoder refuses it."""


@contextmanager
def _translated(content: FileKind) -> Iterator[None]:
    """Inside the block, whatever a decoder raises about a file becomes UnreadableImage."""
    try:
        yield
    except (UnreadableImage, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise _too_large(max(map(int, re.findall(r"\d+", str(exc))), default=0)) from exc
    except Exception as exc:
        if isinstance(exc, OSError) and exc.errno is not None:  # the disk's fault
            raise
        raise DamagedPicture(formats.damage_reason(content.words, exc)) from exc


class Jpeg(JpegImageFile):
    """Pillow's JPEG reader without its search for a resolution in the EXIF data.

    The search would parse all of EXIF, stumble over broken data, and cost as much as opening the
    file. Instantiated directly, the reader also takes the first picture of an MPO file as a JPEG.
    """

    def _read_dpi_from_exif(self) -> None:
        pass


def _decode_jpeg(
    stream: BinaryIO, whole: BinaryIO, *, full_decode: bool, detail: tuple[int, int] | None
) -> Decoded:
    """Decode a JPEG picture; `whole` is the file, from which `stream` may leave something out."""
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
    image.decodermaxblock = JPEG_BLOCK_BYTES
    image.load()
    whole_bytes = size_bytes(whole)
    tail = _tail(whole, whole_bytes)
    _require_all_data(image, stream, tail)
    grey = Reduced(reduction.brightness(image), box)
    exact = grey if full_decode else grey.smaller(detail or reduction.FINE_SIZE)
    turn = reduction.EXIF_TURNS.get(tags.orientation)
    index = image.info.get("mp", b"")
    return Decoded(
        exact.turned(turn),
        tags,
        (height, width) if sideways else (width, height),
        format="MPO" if index and extras.picture_count(index) > 1 else "JPEG",
        frames=1,
        bits=image.bits,
        alpha=False,
        extras=extras.from_segments(image.applist)
        | (extras.from_xmp(xmp) if xmp else 0)
        | (extras.from_index(index) if index else 0)
        | (extras.from_trailer(whole, whole_bytes) if tail.endswith(b"SEFT") else 0),
        quality=_quality(image),
        grey=Turnable(grey, turn),
    )


def _spare_detail(image: JpegImageFile, stream: BinaryIO) -> None:
    """Have a progressive picture decoded from its averages alone, if nothing else is needed."""
    eighth = image.mode == "L" and image.decoderconfig[:1] == (8,)
    if eighth and "progressive" in image.info and size_bytes(stream) <= PROGRESSIVE_BYTES:
        from imageshelf.pictures import progressive

        stream.seek(0)
        data = stream.read()
        light = progressive.without_detail(data)
        image.fp = io.BytesIO(light) if light else stream
        image.info["all_scans"] = light is not None


def _require_all_data(image: JpegImageFile, stream: BinaryIO, tail: bytes) -> None:
    """Raise DamagedPicture if data of a decoded picture are lost, as far as cheap signs tell."""
    few = "progressive" in image.info and not image.info.get("all_scans")
    corner: object = image.im.getpixel((image.width - 1, image.height - 1))
    level = corner[0] if isinstance(corner, tuple) else corner
    repeated = tail[-1:] == tail[-2:-1] or tail[-3:-2] == tail[-4:-3]
    if not (few or repeated or level in GREY):  # nearly always
        return
    from imageshelf.pictures import completeness

    grey = completeness.ends_in_grey(image)
    padded = completeness.looks_padded(tail) and not completeness.ended_before_padding(stream)
    if not (few or grey or padded) or size_bytes(stream) > PROGRESSIVE_BYTES:
        return
    stream.seek(0)
    data = stream.read()
    full = padded or (few and completeness.lacks_scans(data))
    if (full or grey) and completeness.lost_data(
        data, completeness.FULL if full else completeness.EIGHTH
    ):
        raise DamagedPicture("is a JPEG picture that ends too early")


def _quality(image: JpegImageFile) -> int | None:
    luma_table = image.layer[0][3] if image.layer else 0
    table = image.quantization.get(luma_table)
    return metadata.jpeg_quality(table) if table else None


def _tail(stream: BinaryIO, total: int) -> bytes:
    stream.seek(max(0, total - TAIL_BYTES))
    return stream.read()


def _decode_other(
    stream: BinaryIO, name: str, head: bytes, fine: tuple[int, int] | None
) -> Decoded:
    """Decode in full; reduce to `fine` pixels or more."""
    load_plugin(name)
    boxes = _box_facts(stream) if name in BOXED else None
    stream.seek(0)
    with pillow_settings():
        image, tags = open_other(stream, name)
        checked_size(image.size)
        frames = getattr(image, "n_frames", 1) if name in FRAMES_IN_HEADER else 1
        size, box = load(image, stream, fine)  # a PNG's orientation may come after its pixels
        embedded, xmp = metadata.embedded(image)
        tags = metadata.with_xmp(tags, xmp) if tags else embedded
        grey = reduction.brightness(image)
    if boxes and boxes.crop and name == "AVIF":
        grey = grey.crop(boxes.crop)
        size, box = grey.size, (0, 0, *grey.size)
    width, height = size
    turn = reduction.EXIF_TURNS.get(tags.orientation)
    kept = Turnable(Reduced(grey, box), turn)
    if name == "TIFF" and turn is not None:  # as Pillow does: reducing first changes some bits
        exact = reduction.whole(grey.transpose(turn))
        exact = exact.smaller(fine) if fine else exact
    else:
        exact = Reduced(grey, box)
        exact = (exact.smaller(fine) if fine else exact).turned(turn)
    if name in _FRAME_COUNTERS:
        frames = _FRAME_COUNTERS[name](stream)
    return Decoded(
        exact,
        tags,
        (height, width) if turn and tags.orientation in SIDEWAYS else (width, height),
        format=name,
        frames=frames,
        bits=_bits(image, name, head, tags),
        alpha=image.has_transparency_data,
        extras=extras.from_xmp(xmp)
        | (boxes.extras if boxes else image.info.get("imageshelf_extras", 0)),
        quality=None,
        grey=kept,
    )


def avif_crop(stream: BinaryIO, name: str) -> tuple[int, int, int, int] | None:
    """Return the crop that an AVIF file asks for: libheif crops by itself, libavif does not."""
    return _box_facts(stream).crop if name == "AVIF" else None


def _box_facts(stream: BinaryIO) -> BoxFacts:
    from imageshelf.pictures.boxes import box_facts

    return box_facts(stream)


def opened(stream: BinaryIO, name: str) -> Image.Image:
    """Return a picture that is not yet decoded; raises UnreadableImage or what a decoder raises."""
    stream.seek(0)
    if name == "JPEG":
        return Jpeg(stream)
    load_plugin(name)
    return _file(stream, name)


def _file(stream: BinaryIO, name: str) -> Image.Image:
    """Open a file with Pillow, with what the format's plug-in leaves out."""
    if name not in WITH_GAPS:
        return Image.open(stream, formats=[name])
    from imageshelf.pictures import plugin_gaps

    if name == "JXL" and (header := plugin_gaps.jxl_header(stream)):
        checked_size(header.size)  # the plug-in decodes at once
    if name == "PSD":
        plugin_gaps.require_samples(stream)
    stream.seek(0)
    image = Image.open(stream, formats=[name])
    plugin_gaps.fill(image, stream)
    return image


def load(
    image: Image.Image, stream: BinaryIO, least: tuple[int, int] | None
) -> tuple[tuple[int, int], reduction.Box]:
    """Decode an open picture, a JPEG 2000 reduced to `least` pixels or more.

    Returns its full size, and the box of its true extent in what was decoded.
    """
    width, height = size = image.size
    if image.format == "JPEG2000" and least:
        from imageshelf.pictures import plugin_gaps

        plugin_gaps.reduce_wavelets(image, stream, least)
    image.load()
    if image.size == size or image.format != "JPEG2000":
        return image.size, (0, 0, *image.size)
    scale = 1 << round(math.log2(width / image.width))
    return size, (0, 0, width / scale, height / scale)


def open_other(stream: BinaryIO, name: str) -> tuple[Image.Image, Tags | None]:
    """Return an open picture that is not a JPEG, and the tags of a TIFF file.

    Pillow applies the orientation of a TIFF file, if it finds it. Here this is left to the caller,
    as for all other formats.
    """
    if name != "TIFF":
        return _file(stream, name), None
    from imageshelf.pictures import tiff_layouts

    file = tiff_layouts.described(stream)
    if file.layout is None or not file.layout.needs_samples():
        return tiff_layouts.opened(stream, file), file.tags
    from imageshelf.pictures import tiff_samples

    checked_size(tiff_samples.size(file.directory))
    return tiff_samples.picture(stream, file.directory, file.layout), file.tags


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
        plugin: Any = import_module(PLUGINS[name])
    except ImportError as exc:
        package = _OPTIONAL.get(name)
        remedy = f"install {package}" if package else f"this Pillow has no {name}"
        words = next(kind.words for kind in formats.KINDS if kind.format == name)
        raise UnreadableImage(f"is {words}: {remedy}") from exc
    if name == "JXL":
        plugin.DECODE_THREADS = 0  # each worker has one core
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


@contextmanager
def pillow_settings() -> Iterator[None]:
    """Inside the block, Pillow has our pixel limit, raises beyond it, and warns of nothing else."""
    with _PROCESS_SETTINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, pixel_limit()
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _is_raw(stream: BinaryIO, path: str) -> bool:
    """Tell whether a TIFF file is camera RAW, of which its own picture is only a preview."""
    small_baseline.leave_to_worker()
    tags = metadata.tiff_tags(stream)
    stream.seek(0)
    return tags.raw or formats.is_raw(path)


def _raw(stream: BinaryIO, path: str) -> tuple[FileKind, BinaryIO, bytes]:
    """Return the picture in a camera RAW file; LibRaw reads none with the name of another kind."""
    if not formats.is_raw(path) and formats.promised_kind(path) is not None:
        raise UnreadableImage("is a camera RAW file by another name", other=formats.RAW)
    small_baseline.leave_to_worker()
    from imageshelf.pictures import camera_raw

    with _translated(camera_raw.KIND):
        return camera_raw.stand_in(stream, checked_size)
