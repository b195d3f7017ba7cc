"""The records stored on a shelf, one per picture, checked when read."""

import os
from types import NoneType
from typing import Any, NamedTuple

from imageshelf.pictures.extras import UNKNOWN
from imageshelf.pictures.metadata import Facts
from imageshelf.pictures.tasks import StoredPoints

LOW_INFORMATION, ALPHA, EXTRAS = 1, 2, 4  # bits of the column picture.flags
_EXTRAS_SHIFT, _EXTRAS_BITS = 3, 31  # in the same column: which extras; 0 before they were noted
THUMBNAIL_BYTES = 256
_SIGN, _WRAP = 2**63, 2**64

Hashes3 = tuple[int, int, int]  # row, column, phash
Move = tuple[bytes, bytes, "os.stat_result"]  # name before, name now, the file as it is now


class Entry(NamedTuple):
    """A picture to store; hashes are 64-bit integers (row, column, phash)."""

    name: bytes
    key: str
    facts: Facts
    low_information: bool
    thumbnail: bytes
    whole: Hashes3
    centre: Hashes3
    trimmed: Hashes3 | None
    turned_phash: tuple[int, ...]  # of the 7 other orientations
    darker: tuple[int, int]  # where the next pixel is darker, along rows and along columns
    points: StoredPoints | None = None


class Skip(NamedTuple):
    """A file that is not on the shelf, and why; `other` names its kind if it is no picture."""

    name: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    reason: str
    lasting: bool
    decoders: str
    other: str


class Added(NamedTuple):
    """How many pictures an `add` stored for the first time, and how many again."""

    new: int
    changed: int


class Counts(NamedTuple):
    """How much is on a shelf; `skipped` are pictures, `others` are not."""

    keys: int
    pictures: int
    skipped: int
    others: int


class PictureRow(NamedTuple):
    """A picture as stored in the catalogue."""

    id: int
    name: bytes
    key: str
    dataset_id: int | None
    size_bytes: int
    mtime_ns: int
    device: int
    inode: int
    nlink: int
    format: str
    width: int
    height: int
    frames: int | None
    bits: int
    orientation: int
    low_information: bool
    alpha: bool
    extras: int  # the bits of pictures/extras.py
    captured_at: int | None
    camera: str | None
    metadata_flags: int
    jpeg_quality: int | None
    thumbnail: bytes


COLUMNS: tuple[
    tuple[str, type | tuple[type, ...]], ...
] = (  # of the table picture, and what each may hold
    ("id", int),
    ("name", bytes),
    ("dataset_id", (int, NoneType)),
    ("size_bytes", int),
    ("mtime_ns", int),
    ("device", int),
    ("inode", int),
    ("nlink", int),
    ("format", str),
    ("width", int),
    ("height", int),
    ("frames", (int, NoneType)),
    ("bits", int),
    ("orientation", int),
    ("flags", int),
    ("captured_at", (int, NoneType)),
    ("camera", (str, NoneType)),
    ("metadata_flags", int),
    ("jpeg_quality", (int, NoneType)),
    ("thumbnail", bytes),
)
COLUMN_NAMES = ", ".join(name for name, _ in COLUMNS)
_AT = {name: at for at, (name, _) in enumerate(COLUMNS)}
_COUNTED = tuple(_AT[name] for name in ("size_bytes", "nlink", "width", "height", "flags"))


def signed(number: int) -> int:
    """Fit an unsigned 64-bit (or, on ReFS, wider) device or inode number into SQLite's INTEGER."""
    return (number + _SIGN) % _WRAP - _SIGN


def unsigned(number: int) -> int:
    """Return the number that `signed` fitted in."""
    return number % _WRAP


def storable(text: str) -> str:
    """Return text that UTF-8 can hold; a reason may quote a name that is not UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def picture_values(number: int, dataset: int | None, entry: Entry) -> tuple[Any, ...]:
    """Return the row of the table picture for an entry, in the order of `COLUMNS`."""
    size, mtime, device, inode, *shape, alpha, extras, captured, camera, noted, quality, _ = (
        entry.facts
    )
    flags = LOW_INFORMATION * bool(entry.low_information) | ALPHA * bool(alpha)
    return (
        *(number, entry.name, dataset, size, mtime, signed(device), signed(inode), *shape),
        *(flags | extras_flags(extras), captured, camera and storable(camera), noted, quality),
        entry.thumbnail,
    )


def picture_row(values: tuple[Any, ...], key: str) -> PictureRow:
    """Return the record for a row of `COLUMNS`; ValueError if a value is impossible."""
    for value, (name, kind) in zip(values, COLUMNS, strict=True):
        if not isinstance(value, kind):
            raise ValueError(f"{name} of picture {values[0]!r:.40} is {type(value).__name__}")  # noqa: TRY004
    if min(values[at] for at in _COUNTED) < 0 or len(values[-1]) != THUMBNAIL_BYTES:
        raise ValueError(f"impossible sizes of picture {values[0]}")
    number, name, dataset, size, mtime, device, inode, *shape, flags, captured, camera = values[:17]
    return PictureRow._make(
        (
            *(number, name, key, dataset, size, mtime, unsigned(device), unsigned(inode), *shape),
            *(bool(flags & LOW_INFORMATION), bool(flags & ALPHA), _extras(flags)),
            *(captured, camera, *values[17:]),
        )
    )


def extras_flags(extras: int) -> int:
    """Return the bits of picture.flags for what a file holds besides its picture."""
    return EXTRAS * bool(extras) | extras << _EXTRAS_SHIFT


def _extras(flags: int) -> int:
    known = flags >> _EXTRAS_SHIFT & _EXTRAS_BITS
    return known or UNKNOWN * bool(flags & EXTRAS)


def skip_values(skip: Skip) -> tuple[Any, ...]:
    """Return the row of the table skipped."""
    name, size_bytes, mtime_ns, device, reason, *others = skip
    return name, size_bytes, mtime_ns, signed(device), storable(reason), *others
