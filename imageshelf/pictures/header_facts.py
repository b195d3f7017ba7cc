"""What the header of a file says of a picture that an older reader put on the shelf.

Nothing is decoded: the process that walks the datasets looks, and has workers read what must be.
"""

from typing import BinaryIO, NamedTuple

from imageshelf.pictures import extras, formats, jpeg_segments, metadata
from imageshelf.pictures.boxes import box_facts

MOST_HEADER_BYTES = 1 << 18


class HeaderFacts(NamedTuple):
    """Facts that are noted without reading a picture again, because its header shows no case."""

    extras: int = 0  # the bits of extras.py
    frames: int | None = None


def header_facts(stream: BinaryIO) -> HeaderFacts | None:
    """Return what the header of an open file adds to what an older reader noted.

    None if it shows that the latest revision reads the picture otherwise.
    """
    name = formats.recognise(stream.read(formats.HEAD_BYTES)).format
    looks = {"JPEG": _jpeg, "TIFF": _tiff, "AVIF": _boxes, "HEIF": _boxes}
    return looks[name](stream, name) if name in looks else None


def _jpeg(stream: BinaryIO, _: str) -> HeaderFacts | None:
    total = stream.seek(0, 2)
    stream.seek(0)
    data = stream.read(MOST_HEADER_BYTES)
    found, tags, by_xmp = extras.from_trailer(stream, total), metadata.Tags(), 1
    for marker, start, end in jpeg_segments.layout(data).segments:
        content = data[start + 4 : end]
        if marker == jpeg_segments.APP1 and content.startswith(b"Exif\0\0"):
            tags = metadata.exif_tags(content)
        elif marker == jpeg_segments.APP1:
            found |= extras.from_xmp(content)
            by_xmp = metadata.with_xmp(metadata.Tags(), content).orientation
        elif marker == jpeg_segments.APP2:
            found |= extras.from_index(content.removeprefix(b"MPF\0"))
            found |= extras.from_segments([("APP2", content)])
    passed_over = by_xmp != 1 and tags.has_orientation and tags.orientation == 1
    return None if passed_over else HeaderFacts(found)


def _tiff(stream: BinaryIO, _: str) -> HeaderFacts | None:
    from imageshelf.pictures import tiff_layouts  # with Pillow

    if tiff_layouts.is_unusual(stream) or tiff_layouts.has_unusual_turn(stream):
        return None
    return HeaderFacts(frames=extras.tiff_pages(stream))


def _boxes(stream: BinaryIO, name: str) -> HeaderFacts | None:
    facts = box_facts(stream)
    return None if facts.crop and name == "AVIF" else HeaderFacts(facts.extras)
