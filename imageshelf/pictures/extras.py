"""What a file holds besides the picture that a viewer shows: films, maps, more pictures, frames.

A copy without them is worth less than the original. The catalogue keeps them with every picture:

    row.extras & FILM                  # PictureRow.extras and Facts.extras: bits, see below
    copy.extras & ~kept.extras         # what would be lost with the copy
    row.frames                         # of an animation, or pages; None where it is not known

Damaged parts count as absent.
"""

import re
import struct
from typing import BinaryIO

from imageshelf.pictures import metadata

FILM, GAIN_MAP, DEPTH, PICTURES = 1, 2, 4, 8  # a film or sound; light for HDR screens; distances
UNKNOWN = 16  # the reader could not tell what it is, or did not yet tell kinds apart
LAYERS = 32  # of a Photoshop file
WORDS = {  # in which each is told
    FILM: "a film",
    GAIN_MAP: "a gain map",
    DEPTH: "a depth map",
    PICTURES: "another picture",
    UNKNOWN: "something more",
    LAYERS: "layers",
}
MOST_PAGES = 10_000
MOST_BLOCKS = 1 << 20  # of a GIF file, of up to 255 bytes each
MOST_TRAILER_BYTES = 1 << 16

_XMP = (
    rb'(?P<film>(?:Motion_?Photo|MicroVideo)(?:="|>)1|Item:Semantic(?:="|>)MotionPhoto|GAudio:)'
    rb'|(?P<gain>hdrgm:Version|HDRGainMap|Item:Semantic(?:="|>)GainMap)'
    rb'|(?P<depth>GDepth:|Item:Semantic(?:="|>)(?:Depth|Confidence))'
    rb'|(?P<pictures>GImage:|Item:Semantic(?:="|>)Original)'
)
_NAMED = {"film": FILM, "gain": GAIN_MAP, "depth": DEPTH, "pictures": PICTURES}
_GAIN_MAP_SEGMENT = b"urn:iso:std:iso:ts:21496:-1"
_PICTURE_COUNT, _PICTURE_LIST = 0xB001, 0xB002  # tags of an MPO file's index
_PREVIEW, _DISPARITY = 0x01, 0x020002  # kinds of its pictures: the high byte, all three bytes
_SAMSUNG = {  # kinds of entries, as ExifTool's Samsung.pm has them
    0x0100: FILM,
    0x0201: FILM,
    0x0A30: FILM,
    0x0A20: PICTURES,
    0x0AB1: DEPTH,
    0x0B41: DEPTH,
}
_NOT_A_PAGE = 1 | 4  # bits of a directory's kind: a smaller version, a mask
_KIND_OF_PAGE = 254


def from_xmp(packet: bytes) -> int:
    """Return what an XMP packet announces."""
    extras = 0
    for match in re.finditer(_XMP, packet):
        extras |= _NAMED[str(match.lastgroup)]
    return extras


def from_segments(applications: list[tuple[str, bytes]]) -> int:
    """Return what the application segments of a JPEG file hold."""
    return GAIN_MAP * any(
        app == "APP2" and content.startswith(_GAIN_MAP_SEGMENT) for app, content in applications
    )


def picture_count(index: bytes) -> int:
    """Return how many pictures the index of an MPO file lists; previews of the first count."""
    count = _index(index).get(_PICTURE_COUNT, ())
    return count[0] if isinstance(count, tuple) and count else 0


def from_index(index: bytes) -> int:
    """Return what the index of an MPO file lists; smaller versions of the picture do not count."""
    listed = _index(index).get(_PICTURE_LIST, b"")
    if picture_count(index) < 2 or not isinstance(listed, bytes):
        return 0
    if len(listed) < 32:
        return PICTURES
    extras = 0
    for at in range(16, len(listed) - 15, 16):
        kind = int.from_bytes(listed[at : at + 4], "little" if index[:1] == b"I" else "big")
        kind &= 0xFFFFFF
        if kind >> 16 != _PREVIEW:
            extras |= DEPTH if kind == _DISPARITY else PICTURES
    return extras


def _index(index: bytes) -> dict[int, metadata.Value]:
    order, start, _ = metadata.header_of(lambda at, length: index[at : at + length]) or ("<", 0, 0)
    return metadata.directory(lambda at, length: index[at : at + length], order, start)


def from_trailer(stream: BinaryIO, end: int) -> int:
    """Return what is listed by a trailer that Samsung's cameras append, if one ends at `end`."""
    stream.seek(max(0, end - 8))
    size, mark = struct.unpack("<I4s", stream.read(8).rjust(8))
    if mark != b"SEFT":
        return 0
    stream.seek(max(0, end - 8 - size))
    listed = stream.read(min(size, MOST_TRAILER_BYTES))
    if len(listed) < 12 or listed[:4] != b"SEFH":
        return UNKNOWN
    extras = 0
    for (kind,) in struct.iter_unpack("<2xH8x", listed[12 : 12 + (len(listed) - 12) // 12 * 12]):
        extras |= _SAMSUNG.get(kind, 0)
    return extras


def tiff_pages(stream: BinaryIO) -> int:
    """Return the number of pages of an open TIFF file, without smaller versions and masks."""
    window = metadata.window_of(stream)
    order, at, big = metadata.header_of(window) or ("<", 0, False)
    counted, number = (8, "Q") if big else (2, "L")
    entry = struct.Struct(f"{order}H2x{number}L{'4x' * big}")
    pages, seen = 0, set[int]()
    while at and at not in seen and len(seen) < MOST_PAGES:
        seen.add(at)
        count = metadata.number(window(at, counted), order)
        table = window(at + counted, entry.size * min(count, metadata.MAX_TAGS))
        entries = entry.iter_unpack(table[: len(table) // entry.size * entry.size])
        kind = next((value for tag, _, value in entries if tag == _KIND_OF_PAGE), 0)
        pages += not kind & _NOT_A_PAGE
        at += counted + entry.size * count
        at = metadata.number(window(at, struct.calcsize(f"={number}")), order)
    return max(1, pages)


def gif_frames(stream: BinaryIO) -> int | None:
    """Return the number of frames of an open GIF file, and leave its position at the end.

    None if the file is no sound GIF up to its end.
    """
    frames = 0
    try:
        stream.seek(10)
        stream.seek(13 + _colour_bytes(stream.read(1)[0]))
        for _ in range(MOST_BLOCKS):
            kind = stream.read(1)
            if kind == b";":
                return frames
            if kind == b"!":
                stream.seek(1, 1)
            elif kind == b",":
                frames += 1
                stream.seek(1 + _colour_bytes(stream.read(9)[8]), 1)
            else:
                return None
            while length := stream.read(1)[0]:
                stream.seek(length, 1)
    except IndexError:
        pass
    return None


def _colour_bytes(flags: int) -> int:
    """Return the size of the colour table that the flags of a GIF block announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
