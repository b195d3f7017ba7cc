"""The messages between a run and its workers: tasks out, pictures or refusals back.

Only the standard library is imported: the process that hands out the tasks does without Pillow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.system.files import MEMORY_LIMIT_MB

if TYPE_CHECKING:
    from imageshelf.hashing.views import Sketch, View
    from imageshelf.pictures.metadata import Facts


STORED, ASKED = "stored", "asked"  # what a task's `points` are for


class StoredPoints(NamedTuple):
    """Keypoints and a thumbnail, by which pieces of pictures are found, packed for a shelf."""

    points: bytes
    thumb: bytes


class QueryPoints(NamedTuple):
    """Keypoints of a query, packed, with how certain their bits are, and its brightness."""

    points: bytes
    mirrored: bytes  # uint64[n]: the bits of all points, mirrored
    margins: tuple[bytes, bytes]  # float16[n, KEY_BITS], as it is and mirrored
    size: tuple[int, int]  # of `luma`
    luma: bytes


class Picture(NamedTuple):
    """Everything that the catalogue needs of one picture, in about 3 kB."""

    whole: View
    centre: Sketch  # of the middle 90 % of width and height
    trimmed: Sketch | None  # without uniform borders; None if it has none
    luma: bytes  # 16x16 brightness, row by row
    turned: tuple[Sketch, ...]  # the other seven orientations, or ()
    facts: Facts
    keys: tuple[bytes, ...] = ()  # by another hash: one, or one for each of eight orientations
    # Of a query, where a picture may lie inside it, each in eight orientations.
    cutouts: tuple[tuple[Sketch, ...], ...] = ()
    points: StoredPoints | QueryPoints | None = None


class Task(NamedTuple):
    """One file to examine, in the state that the scan saw; -1 if that does not matter."""

    path: str
    size_bytes: int = -1
    mtime_ns: int = -1
    full_decode: bool = False
    memory_limit_mb: int = MEMORY_LIMIT_MB  # decides how many pixels the picture may have
    hash: str = DEFAULT
    points: str = ""  # STORED or ASKED: keypoints are wanted, too


class Bundle(NamedTuple):
    """Several small files to examine; the answer is a list in the same order."""

    tasks: tuple[Task, ...]


class Refusal(NamedTuple):
    """Why a file is not indexed; see UnreadableImage."""

    reason: str
    lasting: bool
    other: str


class DigestTask(NamedTuple):
    """A picture to digest: its bytes, or all its pixels."""

    name: bytes
    path: str
    pixels: bool
    memory_limit_mb: int = MEMORY_LIMIT_MB
