"""Tell whether the data of a JPEG file reach to the end of its picture.

A file of which the end was lost, and that was closed or padded since, decodes without an error: the
decoder fills what is missing with grey, or takes zeros for data. The sure sign is what happens if
bytes are added to the data: a decoder that had all it needs ignores them, and one that ran out
draws them.
"""

import io
import os
from typing import BinaryIO

from PIL.JpegImagePlugin import JpegImageFile

from imageshelf.pictures import jpeg_segments
from imageshelf.pictures.jpeg_segments import END_MARKER, core, layout
from imageshelf.pictures.reduction import strips

PADDING_BYTES = 16  # of one value: data end so only by padding, or in one flat picture of thousands
LEAST_REST_BYTES = 512  # behind a picture that lacks its end marker: other data, not its own
FULL, EIGHTH = 1, 8  # scales: one shows all that the data hold, the other the averages of blocks
_GREY = {127, 128}  # what a decoder fills in
_BLOCK_BYTES = 1 << 16
_MOST_PADDING_BYTES = 1 << 24

_MORE = bytes((73 * number + 41) % 255 for number in range(256))
# With restart intervals, data are drawn only after the marker of their interval.
_MORE_DATA = _MORE + b"".join(bytes([0xFF, 0xD0 + number]) + _MORE for number in range(8))


def looks_padded(tail: bytes) -> bool:
    """Tell whether a JPEG file ends in padding; `tail` is its last bytes."""
    tail = tail.removesuffix(END_MARKER)[-PADDING_BYTES:]
    return len(tail) == PADDING_BYTES and tail == tail[:1] * PADDING_BYTES


def ended_before_padding(stream: BinaryIO) -> bool:
    """Tell whether a padded JPEG file has an end marker just before its padding."""
    at = stream.seek(0, os.SEEK_END)
    stream.seek(at - len(END_MARKER))
    at -= len(END_MARKER) * (stream.read() == END_MARKER)
    stream.seek(at - 1)
    padding = stream.read(1)
    for _ in range(_MOST_PADDING_BYTES // _BLOCK_BYTES):
        start = max(0, at - _BLOCK_BYTES)
        stream.seek(start)
        kept = stream.read(at - start).rstrip(padding)
        if len(kept) >= len(END_MARKER) or not start:
            return kept.endswith(END_MARKER)
        at = start + len(kept)
    return False


def ends_in_grey(image: JpegImageFile) -> bool:
    """Tell whether the last block of a decoded picture may have been filled in by the decoder."""
    right, bottom = image.size
    if not _is_grey(image.getpixel((right - 1, bottom - 1))):
        return False
    if image.mode != "L" or len(image.layer) == 1:
        return True
    scale = image.decoderconfig[0] if image.decoderconfig else 1
    across, down = (max(1, 8 * factor // scale) for factor in image.layer[0][1:3])
    box = (right - 1) // across * across, (bottom - 1) // down * down, right, bottom
    return _is_grey(image.crop(box).getextrema())


def _is_grey(levels: object) -> bool:
    return _GREY.issuperset(levels if isinstance(levels, tuple) else [levels])


def lacks_scans(data: bytes) -> bool:
    """Tell whether a progressive file lacks scans: its end may be lost."""
    return jpeg_segments.lacks_scans(data, layout(data))


def lost_data(data: bytes, scale: int = FULL) -> bool:
    """Tell whether the last scan of a JPEG file ends before its picture does.

    At the scale EIGHTH, only missing averages of blocks are noticed. The caller has checked the
    picture's size.
    """
    found = layout(data)
    if (
        found.scans_end is None
        or found.cut
        or (not found.ended and jpeg_segments.lacks_scans(data, found))
    ):
        return True
    body = core(data, found).rstrip(b"\xff")
    stripped = body.rstrip(body[-1:])
    if len(body) - len(stripped) >= PADDING_BYTES:
        if _is_complete(stripped, scale):
            return False  # the padding lies behind the picture
        if _is_complete(body[:-2], scale):
            return True  # padding was taken for data: real data end with the picture
    return not _is_complete(body, scale)


def has_rest(data: bytes) -> bool:
    """Tell whether data follow the picture: in a file without an end marker, somebody else's."""
    body = core(data, layout(data)).rstrip(b"\xff")
    body = body.rstrip(body[-1:])
    return len(body) > 8 * LEAST_REST_BYTES and _is_complete(body[:-LEAST_REST_BYTES], FULL)


def _is_complete(body: bytes, scale: int) -> bool:
    drawn = _drawn(body, scale)
    return drawn is not None and drawn == _drawn(body + _MORE_DATA, scale)


def _drawn(body: bytes, scale: int) -> tuple[int, ...] | None:
    """Return hashes of a picture's pixels, or None if it cannot be decoded."""
    try:
        image = JpegImageFile(io.BytesIO(body + END_MARKER))
        if scale == EIGHTH:
            image.draft("L", (1, 1))
        image.load()
    except (OSError, SyntaxError, ValueError, IndexError):
        return None
    return tuple(hash(strip.tobytes()) for strip in strips(image))
