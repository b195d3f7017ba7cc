"""Small baseline pictures: the only files that are decoded outside a worker process.

    with small_baseline.required():
        picture = images.examine(task)  # raises NeedsWorker for every other file

A worker takes a tenth of a second to start. A baseline JPEG or a still PNG of two megapixels takes
a few milliseconds and little memory, whatever its bytes are, so a query that is one needs no
worker. What is checked are the very bytes that are then decoded.
"""

import io
import struct
from contextvars import ContextVar
from typing import BinaryIO

MOST_BYTES = 2_000_000
MOST_PIXELS = 2_000_000
HEADER_BYTES = 1 << 16  # within which the pixel data begin
PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
ANIMATED = b"acTL"  # a thousand frames fit into 2 MB
SOF0, SOS = 0xC0, 0xDA
SEGMENTS = {0xC4, SOF0, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}  # that a baseline header consists of

_required: ContextVar[bool] = ContextVar("_required", default=False)


class NeedsWorker(BaseException):
    """A file that must not be decoded in this process."""


class required:  # noqa: N801 - used like a function
    """Inside the block, files that are no small baseline pictures raise NeedsWorker."""

    def __enter__(self) -> None:
        self._token = _required.set(True)

    def __exit__(self, *_: object) -> None:
        _required.reset(self._token)


def leave_to_worker() -> None:
    """Raise NeedsWorker where small baseline pictures are required."""
    if _required.get():
        raise NeedsWorker


def held(stream: BinaryIO) -> BinaryIO:
    """Return a picture to be decoded: the stream itself, or what was checked of it, in memory."""
    if not _required.get():
        return stream
    stream.seek(0)
    data = stream.read(MOST_BYTES + 1)
    if not is_small_baseline(data):
        raise NeedsWorker
    return io.BytesIO(data)


def is_small_baseline(data: bytes) -> bool:
    """Tell whether the content of a file is a small baseline JPEG or a small still PNG."""
    if len(data) > MOST_BYTES:
        return False
    try:
        pixels = _png_pixels(data) if data.startswith(b"\x89") else _jpeg_pixels(data)
    except (IndexError, struct.error):  # the header ends too early
        return False
    return 0 < pixels <= MOST_PIXELS


def _png_pixels(data: bytes) -> int:
    """Return how many pixels a still PNG has, or 0."""
    begins = data.find(b"IDAT", 0, HEADER_BYTES)
    if not data.startswith(PNG_START) or begins < 0 or ANIMATED in data:
        return 0
    width, height = struct.unpack_from(">II", data, len(PNG_START))
    return int(width * height)


def _jpeg_pixels(data: bytes) -> int:
    """Return how many pixels a JPEG has that is baseline, of one scan, grey or colour; or 0.

    Further scans could repeat the work of the first a hundred thousand times.
    """
    if not data.startswith(b"\xff\xd8"):
        return 0
    at, pixels, components = 2, 0, 0
    while at < HEADER_BYTES:
        start, marker, length = struct.unpack_from(">BBH", data, at)
        if marker == SOS:
            return pixels if start == 0xFF and data[at + 4] == components else 0
        if start != 0xFF or marker not in SEGMENTS or (marker == SOF0 and pixels):
            return 0
        if marker == SOF0:
            bits, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            pixels = width * height if bits == 8 and components in {1, 3} else 0
            if not pixels:
                return 0
        at += 2 + length
    return 0
