"""Revisions of the readers of formats: what was read by an older one may have to be read again.

A revision is raised when a mended reader gives some pictures another key or other facts, or reads
what was refused. For some of these pictures the catalogue shows the case; for others, the file's
header does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

FIRST = 1  # of every reader, before revisions were noted

TURNED = "turned"  # by an orientation other than 1, perhaps one that viewers pass over
SWALLOWED = "swallowed"  # transparent, and with hardly anything to see
UNCOUNTED = "uncounted"  # the number of frames is not known
GREY = "grey"  # a corner is of the grey that decoders fill in for lost data
MORE = "more"  # the file holds more than a picture, but what is not known
ANY = "any"

REVISIONS = {
    **dict.fromkeys(("JPEG", "MPO", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF"), 2),
    "BMP": FIRST,
}
CASES = {  # of the latest revision: what is read again for what the catalogue shows
    "JPEG": (GREY,),
    "MPO": (GREY,),
    "PNG": (TURNED, SWALLOWED),
    "GIF": (SWALLOWED, UNCOUNTED),
    "WEBP": (TURNED, SWALLOWED),
    "TIFF": (SWALLOWED,),
    "AVIF": (TURNED, SWALLOWED),
    "HEIF": (TURNED, SWALLOWED),
}
HEADER_CASES = {  # of what else the header is looked at
    "JPEG": (TURNED, MORE),
    "MPO": (TURNED, MORE),
    "TIFF": (ANY,),
    "AVIF": (ANY,),
    "HEIF": (ANY,),
}
MOST_HEADER_BYTES = 1 << 18


class HeaderFacts(NamedTuple):
    """Facts that are noted without reading a picture again, because its header shows no case."""

    extras: int = 0  # the bits of extras.py
    frames: int | None = None


def header_facts(stream: BinaryIO) -> HeaderFacts | None:
    """Return what the header of an open file adds to what an older reader noted.

    None if it shows that the latest revision reads the picture otherwise.
    """
    from imageshelf.pictures import formats

    name = formats.recognise(stream.read(formats.HEAD_BYTES)).format
    looks = {"JPEG": _jpeg, "TIFF": _tiff, "AVIF": _boxes, "HEIF": _boxes}
    return looks[name](stream, name) if name in looks else None


def _jpeg(stream: BinaryIO, _: str) -> HeaderFacts | None:
    from imageshelf.pictures import extras, jpeg_segments, metadata

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
    from imageshelf.pictures import extras, tiff_layouts

    if tiff_layouts.is_unusual(stream) or tiff_layouts.has_unusual_turn(stream):
        return None
    return HeaderFacts(frames=extras.tiff_pages(stream))


def _boxes(stream: BinaryIO, name: str) -> HeaderFacts | None:
    from imageshelf.pictures.boxes import box_facts

    facts = box_facts(stream)
    return None if facts.crop and name == "AVIF" else HeaderFacts(facts.extras)


def revisions() -> str:
    """Return a line that changes with every revision."""
    return " ".join(f"{name} {revision}" for name, revision in REVISIONS.items())
