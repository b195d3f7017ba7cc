"""What a picture file, a sidecar or a Takeout record says that a person wrote, and when and where.

Of a picture file EXIF, IPTC, XMP and PNG's texts are read; a field that stands in several is taken
from XMP, which programs write last, then from IPTC, then from EXIF. Files are hostile: pictures are
read on workers, and a value that makes no sense is left out.
"""

import codecs
import json
import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

from PIL import Image, IptcImagePlugin

from imageshelf.pictures import mending, metadata
from imageshelf.pictures.annotations import Annotations, Position, combined
from imageshelf.pictures.decoding import (
    opened,
    pillow_settings,
    recognised,
    with_mending,
)
from imageshelf.pictures.xmp import LONGEST, MOST_BYTES, XmpError, read_packet
from imageshelf.system.files import UnreadableImage, open_regular

_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_TAKEN, _FRACTION, _OFFSET = 0x9003, 0x9291, 0x9011
_DESCRIPTION, _USER_COMMENT, _RATING = 0x010E, 0x9286, 0x4746
_TITLE, _COMMENT, _KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9E  # of Windows, in UTF-16
_IPTC_TITLE, _IPTC_KEYWORDS, _IPTC_CAPTION = (2, 5), (2, 25), (2, 120)
_CHARACTERS = {b"ASCII\0\0\0": "", b"UNICODE\0": "utf-16", bytes(8): ""}
_PNG_CAPTIONS = ("Description", "Comment", "parameters", "prompt")
_BY_GOOGLE = {
    "title", "url", "imageViews", "creationTime", "photoLastModifiedTime", "googlePhotosOrigin",
}  # fmt: skip
_BY_CAMERA = re.compile(
    r"(olympus|minolta|konica|sony|samsung|kodak|dcim|default|dig)\b.*", re.IGNORECASE
)


class AnnotationTask(NamedTuple):
    """A picture to read, with its sidecars and its Takeout records."""

    path: str
    sidecars: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class ReadAnnotations(NamedTuple):
    """What was read; `problem` names a file that could not be read, and why, "" for none."""

    annotations: Annotations
    problem: str = ""


def read_all(task: AnnotationTask) -> ReadAnnotations:
    """Return what is said in a picture's sidecars, in its file and in its records, in this order.

    Never raises for a bad file. This is what worker processes do.
    """
    readers = [
        *((read_sidecar, path) for path in task.sidecars),
        (read_picture, task.path),
        *((read_takeout, path) for path in task.records),
    ]
    found = []
    for read, path in readers:
        try:
            found.append(read(path))
        except (XmpError, UnreadableImage) as exc:
            return ReadAnnotations(Annotations(), f"{os.path.basename(path)} {exc}")
        except OSError as exc:
            return ReadAnnotations(Annotations(), f"{os.path.basename(path)}: {exc.strerror}")
    return ReadAnnotations(combined(Annotations(), found).annotations)


def read_picture(path: str) -> Annotations:
    """Return what a picture file says.

    Raises XmpError for a packet that is refused, UnreadableImage for what is no picture, OSError.
    """
    tried: list[BinaryIO] = []

    def attempt(file: BinaryIO) -> tuple[bytes, Annotations, Annotations, Annotations]:
        tried.append(file)
        return _of_picture(file, content.format)

    with open_regular(path) as stream, pillow_settings():
        content, source, _ = recognised(stream, path)
        packet, *others = with_mending(source, content, attempt)
        if len(tried) > 1 and content.format == "PNG" and mending.has_png_texts(source):
            raise XmpError("has texts that cannot be read")
    own = read_packet(packet) if packet.strip(b"\0 \t\r\n") else Annotations()
    return combined(own, others).annotations


def read_sidecar(path: str) -> Annotations:
    """Return what an XMP sidecar says. Raises XmpError and OSError."""
    return read_packet(content_of(path))


def read_takeout(path: str) -> Annotations:
    """Return what a record of Google Takeout says. Raises XmpError and OSError.

    Its `title` is the file's name and says nothing.
    """
    record = _record(path)
    people = record.get("people")
    listed = people if isinstance(people, list) else []
    names = [each.get("name") for each in listed if isinstance(each, Mapping)]
    return Annotations(
        taken=_of_timestamp(_inner(record, "photoTakenTime").get("timestamp")),
        position=_of_takeout(_inner(record, "geoData"))
        or _of_takeout(_inner(record, "geoDataExif")),
        keywords=tuple(_text(name) for name in names if _text(name)),
        caption=_text(record.get("description")),
    )


def record_statements(path: str) -> frozenset[tuple[str, object]]:
    """Return all that a record of Takeout says but for what Google notes for itself.

    Raises XmpError and OSError.
    """
    found: set[tuple[str, object]] = set()
    for name, value in _record(path).items():
        values = value if isinstance(value, list) else [value]
        found.update(
            (name, json.dumps(each, sort_keys=True))
            for each in values
            if name not in _BY_GOOGLE and each
        )
    return frozenset(found)


def content_of(path: str) -> bytes:
    """Return the bytes of a sidecar or record. Raises XmpError if it is too large, and OSError."""
    with open_regular(path) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise XmpError(f"is larger than {MOST_BYTES >> 20} MB")
    return data


def _record(path: str) -> Mapping[str, Any]:
    try:
        record = json.loads(content_of(path))
    except (ValueError, RecursionError) as exc:
        raise XmpError("is no JSON") from exc
    if not isinstance(record, Mapping):
        raise XmpError("is no record of Takeout")
    return record


def _inner(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = record.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _of_timestamp(seconds: object) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC; Takeout writes them as text."""
    with suppress(ValueError, OverflowError, OSError, TypeError):
        if number := int(str(seconds)):
            return datetime.fromtimestamp(number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def _of_takeout(place: Mapping[str, Any]) -> Position | None:
    """Return a position; Takeout writes zeros for none."""
    numbers = [place.get(name) for name in ("latitude", "longitude", "altitude")]
    if not all(isinstance(number, int | float) for number in numbers[:2]) or not any(numbers[:2]):
        return None
    with suppress(ValueError, OverflowError, TypeError):
        latitude, longitude, altitude = (float(number or 0) for number in numbers)
        return _valid(latitude, longitude, altitude or None)
    return None


def _valid(latitude: float, longitude: float, altitude: float | None) -> Position | None:
    known = abs(latitude) <= 90 and abs(longitude) <= 180  # which no NaN is
    if altitude is not None and not math.isfinite(altitude):
        altitude = None
    return Position(latitude, longitude, altitude) if known else None


def _text(value: object) -> str:
    return value.strip("\0 \t\r\n")[:LONGEST] if isinstance(value, str) else ""


# -- picture files --------------------------------------------------------------------------------


def _of_picture(stream: BinaryIO, name: str) -> tuple[bytes, Annotations, Annotations, Annotations]:
    """Return a picture's XMP packet, and what IPTC, EXIF and texts say."""
    image = opened(stream, name)
    if name == "PNG":
        image.load()  # texts may stand behind the pixels
    return _packet(image), _of_iptc(image), _of_exif(image), _of_texts(image)


def _packet(image: Image.Image) -> bytes:
    tags = getattr(image, "tag_v2", {})
    packet = tags.get(700) or metadata.embedded(image)[1]
    return packet if isinstance(packet, bytes) else b""


def _of_texts(image: Image.Image) -> Annotations:
    """Return what the texts of a PNG file say."""
    texts = {name: _text(image.info.get(name)) for name in ("Title", *_PNG_CAPTIONS)}
    captions = (texts[name] for name in _PNG_CAPTIONS if texts[name])
    return Annotations(caption=next(captions, ""), title=texts["Title"])


def _of_iptc(image: Image.Image) -> Annotations:
    try:
        fields = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a parser of hostile bytes; without them nothing is lost
        fields = {}

    def texts(tag: tuple[int, int]) -> list[str]:
        values = fields.get(tag) or []
        every = values if isinstance(values, list) else [values]
        return [text for text in map(_of_bytes, every) if text]

    return Annotations(
        keywords=tuple(dict.fromkeys(texts(_IPTC_KEYWORDS))),
        caption=next(iter(texts(_IPTC_CAPTION)), ""),
        title=next(iter(texts(_IPTC_TITLE)), ""),
    )


def _of_bytes(value: object) -> str:
    """Return text whose encoding nobody states: UTF-8 where it is that, else Latin-1."""
    if not isinstance(value, bytes):
        return ""
    try:
        return _text(value.decode())
    except UnicodeDecodeError:
        return _text(value.decode("latin-1"))


def _of_exif(image: Image.Image) -> Annotations:
    try:
        exif = image.getexif()
        more, gps = exif.get_ifd(_EXIF_DIRECTORY), exif.get_ifd(_GPS_DIRECTORY)
    except Exception:  # noqa: BLE001 - as above
        return Annotations()
    keywords = _utf16(exif.get(_KEYWORDS)).split(";")
    caption = _of_ascii(exif.get(_DESCRIPTION))
    if re.fullmatch(_BY_CAMERA, caption):
        caption = ""
    rating = exif.get(_RATING)
    return Annotations(
        taken=_taken(more),
        position=_of_gps(gps),
        rating=rating if isinstance(rating, int) and 1 <= rating <= 5 else None,
        keywords=tuple(dict.fromkeys(word.strip() for word in keywords if word.strip())),
        caption=caption
        or _utf16(exif.get(_COMMENT))
        or _comment(more.get(_USER_COMMENT), exif.endian),
        title=_utf16(exif.get(_TITLE)),
    )


def _utf16(value: object) -> str:
    if isinstance(value, tuple) and all(isinstance(n, int) and 0 <= n < 256 for n in value):
        value = bytes(value)
    return _text(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else ""


def _of_ascii(value: object) -> str:
    """Return a text of EXIF, which Pillow decodes as Latin-1, and most programs write as UTF-8."""
    try:
        return _of_bytes(value.encode("latin-1")) if isinstance(value, str) else ""
    except UnicodeEncodeError:
        return _text(value)


def _comment(value: object, endian: str | None) -> str:
    """Return EXIF's UserComment, which begins with the name of its characters."""
    if not isinstance(value, bytes) or (characters := _CHARACTERS.get(value[:8])) is None:
        return ""
    if characters == "utf-16" and value[8:10] not in {codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE}:
        characters = "utf-16-be" if endian == ">" else "utf-16-le"
    text = _text(value[8:].decode(characters, "replace")) if characters else _of_bytes(value[8:])
    return text if text.isprintable() or "\n" in text else ""


def _taken(tags: Mapping[int, Any]) -> str:
    """Return the capture time in ISO 8601, with its offset if the camera knew it."""
    match = re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", _text(tags.get(_TAKEN)))
    if not match or match[1] == "0000":
        return ""
    fraction, offset = _text(tags.get(_FRACTION)), _text(tags.get(_OFFSET))
    fraction = f".{fraction}" if re.fullmatch(r"\d{1,9}", fraction) else ""
    offset = offset if re.fullmatch(r"[+-]\d\d:\d\d", offset) else ""
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}{fraction}{offset}"


def _of_gps(tags: Mapping[int, Any]) -> Position | None:
    with suppress(TypeError, ValueError, ArithmeticError, LookupError):
        north, east = (
            sum(float(part) / 60**n for n, part in enumerate(tags[tag][:3])) for tag in (2, 4)
        )
        if str(tags.get(1, "N")).startswith("S"):
            north = -north
        if str(tags.get(3, "E")).startswith("W"):
            east = -east
        altitude = float(tags[6]) if 6 in tags else None
        if altitude is not None and tags.get(5) in {1, b"\1"}:
            altitude = -altitude
        if north or east:  # zeros are what is written without a fix
            return _valid(north, east, altitude)
    return None
