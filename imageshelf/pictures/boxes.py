"""What the boxes of a HEIF or AVIF file say about its main picture, and what else is in the file.

The structure is that of ISO/IEC 23008-12. Damaged boxes count as absent.
"""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from imageshelf.pictures import extras

MOST_BOXES = 10_000
MOST_META_BYTES = 4 << 20
ALPHA = (b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
AUXILIARY = re.compile(rb"auxC\0\0\0\0([^\0]*)\0")
_GAIN_MAP = re.compile(rb"gain_?map|21496", re.IGNORECASE)
_DEPTH = re.compile(rb"depth|disparity|auxid:2", re.IGNORECASE)


class BoxFacts(NamedTuple):
    """What the boxes say: `crop` is (left, top, right, bottom), applied before any turn."""

    crop: tuple[int, int, int, int] | None = None
    extras: int = 0  # the bits of extras.py


def box_facts(stream: BinaryIO) -> BoxFacts:
    """Return what the boxes of an open file say; moves the stream's position."""
    meta, brand, more = b"", b"", 0
    for kind, start, end in top_boxes(stream):
        if kind == b"ftyp":
            stream.seek(start)
            brand = stream.read(4)
        elif kind == b"mpvd" or (kind == b"moov" and brand != b"avis"):
            more |= extras.FILM  # Google's; a sequence, of which HEIF's decoder counts no frames
        elif kind == b"sefd":
            more |= extras.from_trailer(stream, end)
        elif kind == b"meta" and not meta:
            stream.seek(start)
            meta = stream.read(min(end - start, MOST_META_BYTES))
    more |= extras.GAIN_MAP * (b"tmap" in meta)
    for urn in AUXILIARY.findall(meta):
        if urn not in ALPHA:
            more |= _kind_of(urn)
    try:
        crop = _crop(meta)
    except (struct.error, IndexError, ZeroDivisionError):
        crop = None
    return BoxFacts(crop, more)


def _kind_of(urn: bytes) -> int:
    """Return what an auxiliary picture is: a matte, for example, is just another picture."""
    if _GAIN_MAP.search(urn):
        return extras.GAIN_MAP
    return extras.DEPTH if _DEPTH.search(urn) else extras.PICTURES


def top_boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the content of each outermost box, up to a damaged one."""
    at, total = 0, stream.seek(0, 2)
    for _ in range(MOST_BOXES):
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        start = at + 8
        if length == 1 and len(header) == 16:
            start, length = at + 16, int.from_bytes(header[8:], "big")
        end = min(total, at + length) if length else total
        if end < start:
            return
        yield kind, start, end
        at = end


def _inside(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield kind, data[at + 8 : at + length]
        at += length


def _crop(meta: bytes) -> tuple[int, int, int, int] | None:
    boxes = dict(_inside(meta[4:]))
    properties = dict(_inside(boxes.get(b"iprp", b"")))
    if b"clap" not in properties.get(b"ipco", b""):
        return None
    pitm = boxes.get(b"pitm", b"")
    main = int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8], "big")
    listed = list(_inside(properties[b"ipco"]))
    own = dict(
        listed[number - 1]
        for number in _associations(properties.get(b"ipma", b""), main)
        if 0 < number <= len(listed)
    )
    if not {b"clap", b"ispe"} <= own.keys():
        return None
    size = struct.unpack_from(">4x2I", own[b"ispe"])
    numbers = struct.unpack(">4I4i", own[b"clap"][:16] + own[b"clap"][16:32])
    wide, high, right, down = (numbers[n] / numbers[n + 1] for n in (0, 2, 4, 6))
    left = (size[0] - wide) / 2 + right
    top = (size[1] - high) / 2 + down
    box = tuple(map(round, (left, top, left + wide, top + high)))
    fits = 0 <= box[0] < box[2] <= size[0] and 0 <= box[1] < box[3] <= size[1]
    return (box[0], box[1], box[2], box[3]) if fits else None


def _associations(ipma: bytes, item: int) -> list[int]:
    """Return the numbers of an item's properties, from 1."""
    version, flags = ipma[0], ipma[3]
    (count,) = struct.unpack_from(">I", ipma, 4)
    at, wide = 8, 2 if flags & 1 else 1
    for _ in range(min(count, MOST_BOXES)):
        id_bytes = 4 if version else 2
        number = int.from_bytes(ipma[at : at + id_bytes], "big")
        at += id_bytes
        properties = [
            int.from_bytes(ipma[at + 1 + wide * n : at + 1 + wide * (n + 1)], "big")
            for n in range(ipma[at])
        ]
        at += 1 + wide * len(properties)
        if number == item:
            return [value & (0x7FFF if wide == 2 else 0x7F) for value in properties]
    return []
