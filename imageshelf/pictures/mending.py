"""The part of a file that its picture needs, for decoders that refuse the file for the rest.

Viewers pass over text, profiles, physical sizes and other parts beside the picture if these are
broken, very large or unknown. Pillow refuses some such files. Here they are read again without
those parts. What the picture itself consists of is never repaired.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from imageshelf.pictures.spliced_file import Piece, Span, pieced, size_bytes

WHOLE_BYTES = 1 << 27  # a JPEG or a box file is mended in memory; none of a camera's is larger
MOST_CHUNKS = 100_000
KEPT_TEXT_BYTES = 1 << 18  # of EXIF or XMP; larger is left out

_PNG_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_PNG_ANIMATION = {b"acTL": 8, b"fcTL": 26}
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_PNG_XMP = b"XML:com.adobe.xmp\0\0"
_WEBP_PICTURE = {  # chunk: the flag that announces it, unless that of the original counts
    **dict.fromkeys((b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"), 0),
    b"EXIF": 8,
    b"XMP ": 4,
}
_WEBP_HEADER_BYTES = 10
_HIDDEN_ITEM = re.compile(rb"(infe[\2\3]...(?:..|....)\0\0)(?:Exif|mime)", re.DOTALL)
_USUAL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}
_WEBP_FLAGS = 0x12  # of VP8X: alpha, animation; the others announce a profile and metadata


def mended(stream: BinaryIO, name: str, most_pixels: int) -> BinaryIO | None:
    """Return the picture's part of an open file, as a file of the same format `name`.

    None if nothing can be left out, or if the picture itself is incomplete, which is not found out
    for a picture of more than `most_pixels`.
    """
    mend = _MENDERS.get(name)
    if mend is None:
        return None
    stream.seek(0)
    try:
        pieces = mend(stream, most_pixels)
    except (struct.error, IndexError, ValueError):  # it ends where it should not
        return None
    return pieced(stream, pieces) if pieces else None


def _jpeg(stream: BinaryIO, most_pixels: int) -> list[Piece]:
    from imageshelf.pictures import jpeg_segments
    from imageshelf.pictures.completeness import lost_data

    data = stream.read(WHOLE_BYTES + 1)
    found = jpeg_segments.layout(data)
    if len(data) > WHOLE_BYTES or found.scans_end is None:
        return []
    frame = next((each[0] for each in found.segments if each[0] in jpeg_segments.FRAMES), 0)
    if frame in jpeg_segments.PROCESSES_NOT_READ:
        raise SyntaxError(f"{jpeg_segments.PROCESSES_NOT_READ[frame]} process")
    small = jpeg_segments.pixels(data, found) <= most_pixels
    if not found.ended and small and lost_data(data):
        return []
    # A cut end marker may have left its first byte.
    end = len(data[: found.scans_end].rstrip(b"\xff"))
    pieces = [
        Span(piece.start, min(piece.end, end)) if isinstance(piece, Span) else piece
        for piece in jpeg_segments.needed(data, found)
    ]
    return [*pieces, jpeg_segments.END_MARKER]


def has_png_texts(stream: BinaryIO) -> bool:
    """Tell whether a PNG file has texts, of which a mended one has none but XMP."""
    return any(kind in _PNG_TEXTS for _, kind, _ in _chunks(stream))


def _chunks(stream: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """Yield where each chunk of a PNG file begins, its kind, and the length of its data."""
    at = 8
    for _ in range(MOST_CHUNKS):
        stream.seek(at)
        header = stream.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        yield at, kind, length
        at += 12 + length


def _png(stream: BinaryIO, _: int) -> list[Piece]:
    pieces: list[Piece] = [stream.read(8)]
    pixels = False
    for at, kind, length in _chunks(stream):
        if kind in _PNG_PICTURE or (pixels and kind == b"fdAT"):
            pieces.append(Span(at, at + 12 + length))
            pixels = pixels or kind == b"IDAT"
        elif _is_sound_chunk(stream, kind, length):
            pieces.append(Span(at, at + 12 + length))
        if kind == b"IEND":
            return pieces
    return [*pieces, b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))] if pixels else []


def _is_sound_chunk(stream: BinaryIO, kind: bytes, length: int) -> bool:
    """Tell whether a chunk is one of the few that change how a picture is shown, and is sound."""
    usual = _PNG_ANIMATION.get(kind)
    wanted = length <= 256 if kind == b"tRNS" else length <= KEPT_TEXT_BYTES
    if not wanted or (kind not in {b"tRNS", b"eXIf", b"iTXt"} and usual != length):
        return False
    data, checksum = stream.read(length), stream.read(4)
    if checksum != struct.pack(">I", zlib.crc32(kind + data)):
        return False
    return kind != b"iTXt" or data.startswith(_PNG_XMP)


def _webp(stream: BinaryIO, _: int) -> list[Piece]:
    total, at, metadata = size_bytes(stream), 12, 0
    pieces: list[Piece] = []
    header: bytes | None = None
    while at + 8 <= total:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        end = at + 8 + length
        if kind == b"VP8X" and length == _WEBP_HEADER_BYTES:
            header = stream.read(length)
        elif kind in _WEBP_PICTURE and end <= total:
            pieces += [Span(at, end), bytes(length % 2)]
            metadata |= _WEBP_PICTURE[kind]
        at = end + length % 2
    if header:
        flags = header[0] & _WEBP_FLAGS | metadata
        pieces.insert(0, struct.pack("<4sIB", b"VP8X", len(header), flags) + header[1:])
    body = sum(p.end - p.start if isinstance(p, Span) else len(p) for p in pieces)
    return [struct.pack("<4sI4s", b"RIFF", body + 4, b"WEBP"), *pieces] if pieces else []


def _boxes(stream: BinaryIO, usual: bytes) -> list[Piece]:
    """Return a HEIF or AVIF file with a usual brand, and EXIF and XMP of no known kind."""
    data = stream.read(WHOLE_BYTES + 1)
    at = data.find(b"iinf")
    if len(data) > WHOLE_BYTES or at < 4:
        return []
    end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
    items = data[at:end]
    hidden = _HIDDEN_ITEM.sub(rb"\1skip", items)
    brand = data[8:12] if data[8:12] in _USUAL_BRANDS else usual
    if hidden == items and brand == data[8:12]:
        return []
    return [data[:8], brand, Span(12, at), hidden, Span(end, len(data))]


_MENDERS: dict[str, Callable[[BinaryIO, int], list[Piece]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "AVIF": lambda stream, _: _boxes(stream, b"avif"),
    "HEIF": lambda stream, _: _boxes(stream, b"heic"),
}
