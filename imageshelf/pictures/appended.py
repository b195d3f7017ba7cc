"""Digest what a file holds apart from its picture: an appended film, a second picture, a gain map.

A viewer does not show such content, but a copy without it is worth less than the original. It is
compared by digest. Plain metadata (EXIF, XMP, IPTC, comments, previews) does not count.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from imageshelf.pictures.boxes import ALPHA, AUXILIARY, MOST_META_BYTES, top_boxes
from imageshelf.pictures.extras import gif_frames
from imageshelf.pictures.jpeg_segments import APP0, APP1, APP15, END_MARKER, layout
from imageshelf.system.files import hole_bytes

if TYPE_CHECKING:
    import hashlib

CHUNK_BYTES = 1 << 20
WHOLE_BYTES = 1 << 27  # within which a JPEG picture ends
MOST_PARTS = 200_000  # chunks of one file; a hostile file has millions
LARGE_PRIVATE_BYTES = 4096  # a private PNG chunk from this size on may hold layers, not a note

_IN_SEGMENTS = (  # how application segments with pictures, sound or HDR data begin
    b"http://ns.adobe.com/xmp/extension/\0",  # Google's depth maps and unblurred originals
    b"FPXR\0",
    b"urn:iso:std:iso:ts:21496:-1\0",
    b"JP",  # JPEG XT
)
_ADOBE_RGB = re.compile(  # EXIF's interoperability index: a colour space without a profile
    rb"\0\x01\0\x02\0\0\0\x04R03\0|\x01\0\x02\0\x04\0\0\0R03\0"
)
_SRGB_GAMMA = (45455).to_bytes(4, "big")
_SRGB_COLOURS = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_PNG_METADATA = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"sPLT", b"caBX"}
_BOXES = {b"ftyp", b"meta", b"mdat", b"free", b"skip", b"wide", b"styp"}


class UnknownContent(Exception):  # noqa: N818  it is what the word says
    """The file holds more than its picture, and the rest cannot be told apart from it."""


def appended_digest(stream: BinaryIO, name: str) -> bytes:
    """Return a digest of what an open file holds apart from its picture; b"" for nothing.

    `name` is Pillow's name of the format. Colour descriptions that Pillow does not pass on count
    too. Raises UnknownContent if it cannot tell: such a file equals only its exact copies.
    """
    if name not in _WALKERS:
        raise UnknownContent
    parts: list[bytes] = []
    stream.seek(0)
    try:
        _WALKERS[name](stream, parts.append)
        if name != "TIFF":
            parts += _rest(stream)
    except (struct.error, IndexError):  # it ends too early: the decoder has the last word
        stream.seek(0)
        parts = _rest(stream)
    return _hasher(b"".join(parts)).digest() if parts else b""


def _hasher(start: bytes = b"") -> hashlib.blake2b:
    import hashlib

    return hashlib.blake2b(start, digest_size=32)


def _rest(stream: BinaryIO) -> list[bytes]:
    """Return the digest of the rest of the stream, [] if it is empty; final zeros are padding."""
    digest, zeros, anything = _hasher(), 0, False
    while chunk := stream.read(CHUNK_BYTES):
        kept = chunk.rstrip(b"\0")
        if kept:
            for _ in range(zeros // CHUNK_BYTES):
                digest.update(bytes(CHUNK_BYTES))
            digest.update(bytes(zeros % CHUNK_BYTES) + kept)
            zeros, anything = 0, True
        zeros += len(chunk) - len(kept)
        if not kept and (skipped := hole_bytes(stream)):
            stream.seek(skipped, os.SEEK_CUR)
            zeros += skipped
    return [digest.digest()] if anything else []


def _unpacked(stream: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _jpeg(stream: BinaryIO, note: Callable[[bytes], None]) -> None:
    data = stream.read(WHOLE_BYTES)
    found = layout(data)
    if not found.ended:
        raise IndexError if len(data) < WHOLE_BYTES else UnknownContent
    for marker, start, end in found.segments:
        segment = data[start + 4 : end]
        if APP0 <= marker <= APP15 and segment.startswith(_IN_SEGMENTS):
            note(segment)
        elif marker == APP1 and segment.startswith(b"Exif\0\0") and _ADOBE_RGB.search(segment):
            note(b"Adobe RGB")
    last = found.segments[-1].end if found.segments else len(END_MARKER)
    stream.seek(data.index(END_MARKER, last) + len(END_MARKER))


def _png(stream: BinaryIO, note: Callable[[bytes], None]) -> None:
    colours: dict[bytes, bytes] = {}
    stream.seek(8)
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in {b"gAMA", b"cHRM", b"cICP", b"sRGB", b"iCCP"}:
            colours[kind] = stream.read(min(length, 64))
            length -= len(colours[kind])
        elif kind[1] & 0x20 and length > LARGE_PRIVATE_BYTES and kind not in _PNG_METADATA:
            note(_part(stream, length))
            length = 0
        stream.seek(length + 4, os.SEEK_CUR)
        if kind == b"IEND":
            break
    else:
        raise UnknownContent
    if b"cICP" in colours:
        note(b"cICP" + colours[b"cICP"])
    elif not {b"sRGB", b"iCCP"} & set(colours):  # these override the older two
        for kind, usual in ((b"gAMA", _SRGB_GAMMA), (b"cHRM", _SRGB_COLOURS)):
            if colours.get(kind, usual) != usual:
                note(kind + colours[kind])


def _gif(stream: BinaryIO, _: Callable[[bytes], None]) -> None:
    if gif_frames(stream) is None:
        raise UnknownContent


def _webp(stream: BinaryIO, _: Callable[[bytes], None]) -> None:
    (length,) = _unpacked(stream, "<4xI")
    stream.seek(8 + length + length % 2)


def _bmp(stream: BinaryIO, _: Callable[[bytes], None]) -> None:
    (length,) = _unpacked(stream, "<2xI")
    if length < 26:
        raise UnknownContent
    stream.seek(length)


def _boxes(stream: BinaryIO, note: Callable[[bytes], None]) -> None:
    """Walk the boxes of a HEIF or AVIF file; Samsung puts films into a box of their own."""
    last = 0
    for kind, start, last in top_boxes(stream):
        stream.seek(start)
        if kind == b"meta":
            _meta(stream.read(min(last - start, MOST_META_BYTES)), note)
        elif kind not in _BOXES:
            note(kind + _part(stream, last - start))
    stream.seek(last)


def _meta(meta: bytes, note: Callable[[bytes], None]) -> None:
    """Check the description of a HEIF or AVIF picture; Pillow drops depth maps and extra bits."""
    if any(urn not in ALPHA for urn in AUXILIARY.findall(meta)) or b"tmap" in meta:
        raise UnknownContent
    at = meta.find(b"av1C")
    if at >= 0 and meta[at + 6] & 0x40:
        raise UnknownContent
    at = meta.find(b"colrnclx")
    if at >= 0:
        note(meta[at : at + 15])


def _part(stream: BinaryIO, length: int) -> bytes:
    digest = _hasher()
    while length > 0 and (chunk := stream.read(min(length, CHUNK_BYTES))):
        digest.update(chunk)
        length -= len(chunk)
    return digest.digest()


def _tiff(_stream: BinaryIO, _note: Callable[[bytes], None]) -> None:
    """Do nothing: the parts of a TIFF are anywhere; the tags of its pages tell of more pictures."""


_WALKERS: dict[str, Callable[[BinaryIO, Callable[[bytes], None]], None]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WEBP": _webp,
    "BMP": _bmp,
    "TIFF": _tiff,
    "AVIF": _boxes,
    "HEIF": _boxes,
}
