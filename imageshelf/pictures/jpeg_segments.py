"""The segments of a JPEG file, and the file without those that a picture does not need.

Viewers read a JPEG whose application segments are broken, that has stray bytes around its
segments, or that lacks only its end marker. Pillow's reader refuses such files.
"""

import re
from typing import NamedTuple

from imageshelf.pictures.spliced_file import Piece, Span

SOI, EOI, SOS, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROCESSES_NOT_READ = {
    **dict.fromkeys((0xC3, 0xCB), "lossless"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical"),
}
PROGRESSIVE_FRAMES = {0xC2, 0xCA}
END_MARKER = bytes([0xFF, EOI])
MOST_SEGMENTS = 20_000  # libjpeg walks through more, and takes seconds for each thousand scans
JFIF_BYTES, ADOBE_BYTES = 14, 12  # the least that a decoder needs of either

WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_MARKER = re.compile(rb"\xff([^\xff\x00])", re.DOTALL)
_AFTER_SCAN = re.compile(rb"\xff([^\xff\x00\xd0-\xd7])", re.DOTALL)


class Segment(NamedTuple):
    """A segment: its marker, and where it starts and ends. That of a scan includes its data."""

    marker: int
    start: int
    end: int


class JpegLayout(NamedTuple):
    """The segments up to the end marker.

    `ended` tells whether there is one, `cut` whether the file ends inside a segment.
    """

    segments: list[Segment]
    ended: bool
    cut: bool = False

    @property
    def scans_end(self) -> int | None:
        """Return where the data of the last scan end, or None without a scan."""
        ends = [segment.end for segment in self.segments if segment.marker == SOS]
        return ends[-1] if ends else None


def layout(data: bytes) -> JpegLayout:
    """Return the segments of a JPEG file that starts with its start marker."""
    segments: list[Segment] = []
    at = 2
    while (match := _MARKER.search(data, at)) and len(segments) < MOST_SEGMENTS:
        marker, start, at = match[1][0], match.end() - 2, match.end()
        if marker == EOI:
            return JpegLayout(segments, ended=True)
        if marker in WITHOUT_LENGTH:
            continue
        at += int.from_bytes(data[at : at + 2], "big")
        if marker == SOS:
            after = _AFTER_SCAN.search(data, at)
            at = after.start() if after else len(data)
        if at > len(data):
            return JpegLayout(segments, ended=False, cut=True)
        segments.append(Segment(marker, start, at))
    return JpegLayout(segments, ended=False)


def needed(data: bytes, found: JpegLayout) -> list[Piece]:
    """Return the pieces that a JPEG's picture, EXIF and XMP consist of, without an end marker."""
    spans = [
        Span(segment.start, segment.end) for segment in found.segments if _is_needed(data, segment)
    ]
    return [data[:2], *spans]


def core(data: bytes, found: JpegLayout) -> bytes:
    """Return what a decoder needs of a JPEG file up to the end of its last scan."""
    last = found.scans_end or 0
    kept = [
        data[segment.start : segment.end]
        for segment in found.segments
        if segment.end <= last and segment.marker != APP1 and _is_needed(data, segment)
    ]
    return b"".join([data[:2], *kept])


def _is_needed(data: bytes, segment: Segment) -> bool:
    marker, content = segment.marker, data[segment.start + 4 : min(segment.end, segment.start + 64)]
    if marker == APP0:
        return content.startswith(b"JFIF\0") and len(content) >= JFIF_BYTES
    if marker == APP1:
        return content.startswith((b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"))
    if marker == APP14:
        return content.startswith(b"Adobe") and len(content) >= ADOBE_BYTES
    return marker != COMMENT and not APP0 <= marker <= APP15


def pixels(data: bytes, found: JpegLayout) -> int:
    """Return how many pixels the frame has; 0 without one."""
    for marker, start, _ in found.segments:
        if marker in FRAMES:
            height, width = data[start + 5 : start + 7], data[start + 7 : start + 9]
            return int.from_bytes(height, "big") * int.from_bytes(width, "big")
    return 0


def lacks_scans(data: bytes, found: JpegLayout) -> bool:
    """Tell whether bits of coefficients are in no scan; in a sequential file, whole components."""
    bits: dict[int, bytearray] = {}
    for marker, start, _ in found.segments:
        if marker in FRAMES and not bits:
            count = data[start + 9]
            progressive = marker in PROGRESSIVE_FRAMES
            bits = {
                id_: bytearray(b"\1" * 64) for id_ in data[start + 10 : start + 10 + 3 * count : 3]
            }
        elif marker == SOS:
            count = data[start + 4]
            limits = data[start + 5 + 2 * count : start + 8 + 2 * count]
            if len(limits) < 3 or not bits:
                return True
            first, last, places = limits if progressive else (0, 63, 0)
            for id_ in data[start + 5 : start + 5 + 2 * count : 2]:
                if id_ in bits:
                    bits[id_][first : last + 1] = bytes([places & 15]) * (last + 1 - first)
    return not bits or any(map(any, bits.values()))
