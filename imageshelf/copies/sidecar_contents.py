"""Whether a sidecar or a Takeout record says anything that others do not, in whatever words.

Capture time, position and rating are compared as values, for programs write them in many ways;
all of a Takeout record that XMP has room for likewise. Everything else must stand there as it is.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from imageshelf.pictures import xmp
from imageshelf.pictures.annotations import Annotations, combined
from imageshelf.pictures.xmp import XmpError
from imageshelf.system.files import UnreadableImage

AS_VALUES = {f"{{{xmp.EXIF}}}{name}" for name in (
    "DateTimeOriginal", "GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef",
)} | {f"{{{xmp.PHOTOSHOP}}}DateCreated", f"{{{xmp.XAP}}}Rating"}  # fmt: skip
IN_RECORDS = {"photoTakenTime", "geoData", "geoDataExif", "people", "description"}
UNREADABLE = (XmpError, UnreadableImage, OSError, RecursionError)


class Said(NamedTuple):
    """What one file says: all its values, those to be compared as such, and the rest as it is."""

    annotations: Annotations
    values: Annotations
    rest: frozenset[tuple[str, object]]


def said_in_packet(data: bytes) -> Said:
    """Return what an XMP packet says; raises XmpError."""
    every = xmp.read_packet(data)
    values = Annotations(every.taken, every.position, every.rating)
    return Said(every, values, _without(xmp.statements(data), AS_VALUES))


def says_no_more(path: str, others: Iterable[str], further: Iterable[Said] = ()) -> bool:
    """Tell whether all that a sidecar or record says stands in others, or in what they will say.

    False for any other file, and for what cannot be read. What cannot be read of the others
    says nothing.
    """
    known = list(further)
    for other in others:
        with suppress(*UNREADABLE):
            known += filter(None, [_said_in(other)])
    try:
        said = _said_in(path)
    except UNREADABLE:
        return False
    if said is None or not known:
        return False
    every = combined(Annotations(), (one.annotations for one in known)).annotations
    if combined(every, [said.values]) != (every, ()):
        return False
    return said.rest <= frozenset[tuple[str, object]]().union(*(one.rest for one in known))


def _said_in(path: str) -> Said | None:
    from imageshelf.pictures import annotated_file  # loads Pillow

    if path.casefold().endswith(".xmp"):
        return said_in_packet(annotated_file.content_of(path))
    if path.casefold().endswith(".json"):
        values = annotated_file.read_takeout(path)
        return Said(values, values, _without(annotated_file.record_statements(path), IN_RECORDS))
    return None


def _without(said: frozenset[tuple[str, object]], names: set[str]) -> frozenset[tuple[str, object]]:
    return frozenset((name, value) for name, value in said if name not in names)
