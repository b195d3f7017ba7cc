"""What is asked of a picture file, and what is told of it: the words between a run and its workers.

Only the standard library is imported: the process that hands out the work does without Pillow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.system.files import MEMORY_LIMIT_MB

if TYPE_CHECKING:
    from imageshelf.hashing.views import Sketch, View
    from imageshelf.overlay.verdict import Verdict
    from imageshelf.pictures.metadata import Facts

# Equal pixels give nearly equal thumbnails: a JPEG at its reduced size and the same pixels in a BMP
# differ by 7 levels at most on 47 photographs, and by 26 on the worst of 520 drawn patterns
# (one-pixel grids at quality 3).
CELL_LEVELS = 40


class Picture(NamedTuple):
    """Everything the catalogue wants of one picture, in about 3 kB."""

    whole: View
    centre: Sketch  # of the middle 90 % of width and height
    trimmed: Sketch | None  # without uniform borders; None when it has none
    luma: bytes  # 16x16 brightness, row by row
    turned: tuple[Sketch, ...]  # the other seven orientations, or ()
    facts: Facts
    keys: tuple[bytes, ...] = ()  # of another hash: the key, or those of all eight orientations


class Task(NamedTuple):
    """One file to examine, as the scan saw it; -1 where that does not matter."""

    path: str
    size_bytes: int = -1
    mtime_ns: int = -1
    full_decode: bool = False
    memory_limit_mb: int = MEMORY_LIMIT_MB  # decides how many pixels the picture may have
    hash: str = DEFAULT


class Bundle(NamedTuple):
    """Several small files to examine; a list of answers comes back, in their order."""

    tasks: tuple[Task, ...]


class Refusal(NamedTuple):
    """Why a file is not indexed; see UnreadableImage."""

    reason: str
    lasting: bool
    other: str


class Wanted(NamedTuple):
    """A picture to be digested: its bytes, or every pixel of it."""

    name: bytes
    path: str
    pixels: bool
    memory_limit_mb: int = MEMORY_LIMIT_MB


class ColourTask(NamedTuple):
    """A picture file to be reduced in colour: see `colour.colour_picture`."""

    path: str
    longest: int  # pixels along the longer side
    memory_limit_mb: int = MEMORY_LIMIT_MB


class ColourPicture(NamedTuple):
    """A reduced picture, upright, in colour."""

    width: int
    height: int
    pixels: bytes  # uint8[height, width, 3]
    size: tuple[int, int]  # width and height of the picture as shown
    format: str
    state: tuple[int, int]  # the file's size in bytes and mtime in ns


class LookTask(NamedTuple):
    """Two picture files to be laid over each other: see `work_overlay.laid_over`."""

    first: str
    second: str
    turn: int  # what the first must undergo: an index into reduction.ORIENTATIONS
    longest: int
    memory_limit_mb: int = MEMORY_LIMIT_MB


class LaidOver(NamedTuple):
    """What came of laying one picture over another; without a verdict, `problem` says why.

    `indistinct` tells that the reduced pictures do not differ: all pixels may be identical. `size`
    is the second picture's width and height, and `states` are size and mtime of both files as they
    were read.
    """

    verdict: Verdict | None
    indistinct: bool = False
    size: tuple[int, int] = (0, 0)
    states: tuple[tuple[int, int], tuple[int, int]] | None = None
    problem: str = ""
