"""Read what a file says about its picture: orientation, capture time, camera, quality.

This reader takes only the few tags that are needed, and damaged or hostile EXIF cannot stop it: a
tag that cannot be read counts as absent.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

    Window = Callable[[int, int], bytes]  # (offset, length) -> the bytes there, perhaps fewer

GPS, RATING = 1, 2  # metadata_flags
MAX_TAGS = 512  # in one directory; a hostile one claims 65,535
MAX_VALUE_BYTES = 4096
CAMERA_CHARACTERS = 80
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - camera clocks have no time zone

_BITS_PER_SAMPLE, _COMPRESSION_OF_RAW, _MAKE, _MODEL = 258, 262, 271, 272
_ORIENTATION, _SUB_DIRECTORIES, _RATING, _EXIF, _GPS = 274, 330, 18246, 34665, 34853
_DNG_VERSION, _KIND_OF_PICTURE, _TAKEN, _TAKEN_FRACTION, _LATITUDE = 50706, 254, 36867, 37521, 2
_DATE_FIELDS = ((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2))  # of YYYY:MM:DD HH:MM:SS
_CLASSIC, _BIG = 42, 43  # versions of TIFF
_RAW_COLOURS = {32803, 34892}  # one colour filter per pixel, or linear sensor values
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 16: "Q", 17: "q"}  # by type
_TEXT, _UNDEFINED = 2, 7

Value = bytes | tuple[int, ...]


class Facts(NamedTuple):
    """What the catalogue keeps about a picture file; width and height as shown."""

    size_bytes: int
    mtime_ns: int
    device: int
    inode: int
    nlink: int
    format: str
    width: int
    height: int
    frames: int | None  # of an animation, or pages; None in a file that is damaged further on
    bits: int  # per sample
    orientation: int  # 1-8 as in EXIF; already applied to width and height
    alpha: bool
    extras: int  # what else the file holds: the bits of extras.py
    captured_at: int | None  # ms since 1970 on the camera's own clock
    camera: str | None
    metadata_flags: int  # GPS, RATING
    jpeg_quality: int | None  # 1-100 on the scale of the Independent JPEG Group
    read_by: int | None = None  # the revision of its format's reader, if known


class Tags(NamedTuple):
    """The EXIF tags that are needed, already interpreted."""

    orientation: int = 1
    has_orientation: bool = False  # whether there is such a tag: 1 is an answer too
    captured_at: int | None = None
    camera: str | None = None
    flags: int = 0
    bits: int | None = None
    raw: bool = False  # a TIFF file whose first picture is only the preview of a camera RAW


def exif_tags(block: bytes) -> Tags:
    """Return the tags of an EXIF block, with or without the leading `Exif` and two NULs."""
    block = block.removeprefix(b"Exif\0\0")
    return _tags(lambda offset, length: block[offset : offset + length])


def tiff_tags(stream: BinaryIO) -> Tags:
    """Return the tags of the first picture in an open TIFF file; moves the stream's position."""
    return _tags(window_of(stream))


class TiffDirectory(NamedTuple):
    """The first directory of a TIFF file: its values, and their types as TIFF numbers them."""

    order: str  # of bytes, as in `struct`
    tags: dict[int, Value]
    kinds: dict[int, int]


def tiff_directory(stream: BinaryIO, most_value_bytes: int) -> TiffDirectory:
    """Return the first directory of an open TIFF file; moves the stream's position."""
    window = window_of(stream)
    order, start, big = header_of(window) or ("<", 0, False)
    kinds: dict[int, int] = {}
    tags = directory(window, order, start, big=big, most_bytes=most_value_bytes, kinds=kinds)
    return TiffDirectory(order, tags, kinds)


def window_of(stream: BinaryIO) -> Window:
    """Return what reads a piece of an open file, which may be shorter than asked for."""

    def window(offset: int, length: int) -> bytes:
        if offset >= 1 << 63:
            return b""
        stream.seek(offset)
        return stream.read(length)

    return window


def header_of(window: Window) -> tuple[str, int, bool] | None:
    """Return the byte order, where the first directory starts, and whether it is BigTIFF."""
    order = {b"II": "<", b"MM": ">"}.get(window(0, 2))
    version = number(window(2, 2), order) if order else 0
    if order is None or version not in {_CLASSIC, _BIG}:
        return None
    big = version == _BIG
    return order, number(window(8, 8) if big else window(4, 4), order), big


def _tags(window: Window) -> Tags:
    if (header := header_of(window)) is None:
        return Tags()
    order, start, big = header
    first = directory(window, order, start, big=big)
    exif = directory(window, order, _first(first, _EXIF), big=big)
    gps = directory(window, order, _first(first, _GPS), big=big)
    orientation = first.get(_ORIENTATION)
    valid = isinstance(orientation, tuple) and len(orientation) == 1 and 1 <= orientation[0] <= 8
    return Tags(
        orientation=_first(first, _ORIENTATION) if valid else 1,
        has_orientation=_ORIENTATION in first,
        captured_at=_moment(_text(exif, _TAKEN), _text(exif, _TAKEN_FRACTION)),
        camera=_camera(_text(first, _MAKE), _text(first, _MODEL)),
        flags=GPS * (_LATITUDE in gps) | RATING * (_first(first, _RATING) > 0),
        bits=_first(first, _BITS_PER_SAMPLE) or None,
        raw=_DNG_VERSION in first
        or _first(first, _COMPRESSION_OF_RAW) in _RAW_COLOURS
        or (_first(first, _KIND_OF_PICTURE) == 1 and _SUB_DIRECTORIES in first),
    )


def number(data: bytes, order: str) -> int:
    """Return a whole number in a byte order, as in `struct`."""
    return int.from_bytes(data, "little" if order == "<" else "big")


def directory(  # noqa: PLR0913
    window: Window,
    order: str,
    offset: int,
    *,
    big: bool = False,
    most_bytes: int = MAX_VALUE_BYTES,
    kinds: dict[int, int] | None = None,
) -> dict[int, Value]:
    """Return the readable tags of one TIFF directory: text as bytes, whole numbers as a tuple.

    Their types are added to `kinds`.
    """
    if not offset:
        return {}
    counted, form = (8, "HHQ8s") if big else (2, "HHL4s")
    entry = struct.Struct(order + form)
    count = min(number(window(offset, counted), order), MAX_TAGS)
    table = window(offset + counted, entry.size * count)
    tags: dict[int, Value] = {}
    for tag, kind, length, data in entry.iter_unpack(
        table[: len(table) // entry.size * entry.size]
    ):
        code = _WHOLE_NUMBERS.get(kind)
        size = length * (struct.calcsize("=" + code) if code else 1)
        if code is None and kind not in {_TEXT, _UNDEFINED}:
            tags[tag] = b""  # a fraction, for example: only its presence matters
            continue
        if size > most_bytes:
            continue
        if kinds is not None:
            kinds[tag] = kind
        value = data if size <= len(data) else window(number(data, order), size)
        value = value[:size]
        if code and len(value) == size:
            tags[tag] = struct.unpack(f"{order}{length}{code}", value)
        elif not code:
            tags[tag] = value
    return tags


def _first(directory: dict[int, Value], tag: int) -> int:
    value = directory.get(tag)
    return value[0] if isinstance(value, tuple) and value else 0


def _text(directory: dict[int, Value], tag: int) -> str:
    value = directory.get(tag)
    return (
        value.partition(b"\0")[0].decode("utf-8", "replace").strip() if type(value) is bytes else ""
    )


def _camera(make: str, model: str) -> str | None:
    """Return make and model, the make only once; None if nothing is printable."""
    if make and model.lower().startswith(make.split(maxsplit=1)[0].lower()):
        make = ""
    name = " ".join(f"{make} {model}".split())
    return "".join(filter(str.isprintable, name))[:CAMERA_CHARACTERS].strip() or None


def _moment(text: str, fraction: str) -> int | None:
    """Return milliseconds since 1970 for text like `2019:07:30 14:05:09`, or None."""
    try:
        numbers = [int(text[at : at + width]) for at, width in _DATE_FIELDS]
        moment = dt.datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
    thousandths = int(f"{fraction:0<3.3}") if fraction.isascii() and fraction.isdigit() else 0
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1) + thousandths


# Pillow's ImageOps.exif_transpose falls back to this tag, and so do we.
_XMP_ORIENTATION = rb'tiff:Orientation(?:="|>)([1-8])'
_XMP_RATING = rb'xmp:Rating(?:="|>)[1-5]'

_TURNED_BY_DECODER = {"HEIF", "JXL"}
_TURNED_BY_FORMAT = {"HEIF", "AVIF", "JXL"}  # Pillow passes AVIF's own turn on as if it were EXIF's


def embedded(image: Image.Image) -> tuple[Tags, bytes]:
    """Return the tags and the XMP packet of an open picture that is not a TIFF file.

    Where the format has turns of its own, the orientation is what its decoder left to be done.
    """
    info = image.info
    block = info.get("exif") or b""
    if not block and "Raw profile type exif" in info:  # ImageMagick's, in a PNG text chunk
        try:
            block = bytes.fromhex("".join(str(info["Raw profile type exif"]).split("\n")[3:]))
        except ValueError:
            block = b""
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    packet = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else bytes(xmp)
    tags = exif_tags(block) if block else Tags()
    # A JPEG XL file made of a JPEG gives that JPEG back, which is still to be turned.
    if image.format in _TURNED_BY_DECODER and not getattr(image, "jpeg", False):
        tags = tags._replace(orientation=1)
    return with_xmp(tags, packet, oriented=image.format in _TURNED_BY_FORMAT), packet


def with_xmp(tags: Tags, packet: bytes, *, oriented: bool = False) -> Tags:
    """Return the tags with the rating of an XMP packet, and with its orientation if none is known.

    An EXIF tag takes precedence, and so does a format with turns of its own (`oriented`).
    """
    if not packet:
        return tags
    known = oriented or tags.has_orientation
    if not known and (match := re.search(_XMP_ORIENTATION, packet)):
        tags = tags._replace(orientation=int(match[1]))
    if re.search(_XMP_RATING, packet):
        tags = tags._replace(flags=tags.flags | RATING)
    return tags


_LUMA_STEPS = (  # ISO/IEC 10918-1, table K.1
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)


@functools.cache
def _sum(place: int) -> int:
    """Return the sum of libjpeg's luma table at quality 100 - place; it grows with place."""
    return sum(luma_steps(100 - place))


def luma_steps(quality: int) -> list[int]:
    """Return libjpeg's luma table at a quality from 1 to 100."""
    scale = 200 - 2 * quality if quality >= 50 else 5000 // quality
    return [min(max((step * scale + 50) // 100, 1), 255) for step in _LUMA_STEPS]


def jpeg_quality(table: Sequence[int]) -> int:
    """Return the quality, 1-100, at which libjpeg's luma steps have the same total.

    Exact for libjpeg's own tables; for others, the nearest in coarseness.
    """
    total = sum(table)
    place = min(bisect_left(range(100), total, key=_sum), 99)
    if place and total - _sum(place - 1) < _sum(place) - total:
        place -= 1
    return 100 - place
