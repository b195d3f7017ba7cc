"""Camera RAW: the picture that its camera made of it, by LibRaw, which rawpy wraps.

A RAW file stands for its embedded preview, or, without a large enough one, for a development of
half its size; both are handed on as a file that any reader of pictures takes. Size, orientation,
capture time and camera are the RAW's own.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import Image

from imageshelf.pictures import formats, jpeg_segments, metadata, reduction
from imageshelf.system.files import UnreadableImage

Check = Callable[[tuple[int, int]], object]

KIND = formats.FileKind("", formats.RAW, "a camera RAW file")
LEAST_PREVIEW = 640  # pixels of the longer side; smaller ones are for the display on the camera
# EXIF orientations by LibRaw's `flip`: transposed 4, then upside down 2, then mirrored 1
ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}


class StandIn(io.BytesIO):
    """The picture of a RAW file, as a JPEG or BMP file, and what the RAW says of itself."""

    size: tuple[int, int]  # of the RAW, as shown
    tags: metadata.Tags


def stand_in(stream: BinaryIO, check: Check) -> tuple[formats.FileKind, StandIn, bytes]:
    """Return what `decoding.recognised` does, of the picture of a RAW file.

    `check` raises if a size is too large to be developed. Raises UnreadableImage without rawpy,
    and whatever LibRaw raises.
    """
    try:
        import rawpy
    except ImportError as exc:
        raise UnreadableImage(f"is {KIND.words}: install rawpy") from exc
    found = _preview(rawpy, stream) or _development(rawpy, stream, check)
    head = found.getvalue()[: formats.HEAD_BYTES]
    return KIND._replace(format=formats.recognise(head).format), found, head


def _preview(rawpy: Any, stream: BinaryIO) -> StandIn | None:
    with _opened(rawpy, stream) as raw:
        try:
            preview = raw.extract_thumb()
        except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
            return None
        if preview.format == rawpy.ThumbFormat.JPEG:
            return _of_jpeg(raw.sizes, stream, preview.data)
        if max(preview.data.shape) < LEAST_PREVIEW:
            return None
        return _of_pixels(raw.sizes, stream, preview.data, turned=False)


def _development(rawpy: Any, stream: BinaryIO, check: Check) -> StandIn:
    with _opened(rawpy, stream) as raw:
        sizes = raw.sizes  # which the development halves
        check((sizes.width, sizes.height))
        raw.unpack()
        pixels = raw.postprocess(half_size=True, use_camera_wb=True)
        return _of_pixels(sizes, stream, pixels, turned=True)


def _opened(rawpy: Any, stream: BinaryIO) -> Any:
    """Open a file by its descriptor, so that LibRaw reads no more of it than it needs.

    Only Linux opens a descriptor as a file with a place of its own; elsewhere all of it is read.
    """
    raw = rawpy.RawPy()
    try:
        path = f"/proc/self/fd/{stream.fileno()}"
    except OSError:  # a file in memory
        path = ""
    stream.seek(0)
    if os.path.exists(path):
        raw.open_file(path)
    else:
        raw.open_buffer(stream)
    return raw


def _of_jpeg(sizes: Any, stream: BinaryIO, data: bytes) -> StandIn | None:
    """Return the preview with the RAW's orientation; None if it is too small or damaged."""
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
    except OSError:
        return None
    if max(image.size) < LEAST_PREVIEW:
        return None
    tags = _tags(sizes, stream, metadata.exif_tags(image.info.get("exif", b"")))
    upright = _is_upright(sizes, image.size)
    block = Image.Exif()
    block[0x0112] = 1 if upright else tags.orientation
    exif = block.tobytes()
    layout = jpeg_segments.layout(data)
    parts = [
        data[:2], b"\xff\xe1", (len(exif) + 2).to_bytes(2, "big"), exif,
        *(data[s.start : s.end] for s in layout.segments if not _is_exif(data, s)),
        jpeg_segments.END_MARKER if layout.ended else b"",
    ]  # fmt: skip
    return _filled(StandIn(b"".join(parts)), sizes, tags)


def _of_pixels(sizes: Any, stream: BinaryIO, pixels: Any, *, turned: bool) -> StandIn:
    """Return a bitmap, `turned` by LibRaw or not, as an upright BMP file."""
    tags = _tags(sizes, stream, metadata.Tags())
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    turn = reduction.EXIF_TURNS.get(tags.orientation)
    if not turned and turn is not None and not _is_upright(sizes, image.size):
        image = image.transpose(turn)
    found = StandIn()
    image.save(found, "BMP")
    return _filled(found, sizes, tags)


def _is_upright(sizes: Any, size: tuple[int, int]) -> bool:
    """Tell whether a preview is turned already although the sensor's picture is to be turned."""
    quarter = ORIENTATIONS.get(sizes.flip, 1) in reduction.SIDEWAYS
    return quarter and (size[0] > size[1]) != (sizes.width > sizes.height)


def _is_exif(data: bytes, segment: jpeg_segments.Segment) -> bool:
    exif = data[segment.start + 4 : segment.start + 10] == b"Exif\0\0"
    return exif and segment.marker == jpeg_segments.APP1


def _tags(sizes: Any, stream: BinaryIO, preview: metadata.Tags) -> metadata.Tags:
    """Return the tags of the RAW file, or where it is no TIFF file those of its preview."""
    tags = metadata.tiff_tags(stream)
    tags = tags if tags.camera or tags.captured_at else preview
    return tags._replace(orientation=ORIENTATIONS.get(sizes.flip, 1), raw=True)


def _filled(found: StandIn, sizes: Any, tags: metadata.Tags) -> StandIn:
    width, height = sizes.crop_width or sizes.width, sizes.crop_height or sizes.height
    sideways = tags.orientation in reduction.SIDEWAYS
    found.size = (height, width) if sideways else (width, height)
    found.tags = tags
    found.seek(0)
    return found
