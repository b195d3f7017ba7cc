"""The messages of what looks closer at pictures than an index run does: tasks out, answers back.

Only the standard library is imported. The tasks of an index run are in tasks.py: its workers start
a millisecond sooner without these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.system.files import MEMORY_LIMIT_MB

if TYPE_CHECKING:
    from imageshelf.overlay.verdict import Verdict
    from imageshelf.pictures.tasks import Picture

SQUARE_PIXELS = 50  # side of the grey squares whose squared error `explain` reports


class MeasureTask(NamedTuple):
    """A picture file of which everything is measured: see `measures.measured`."""

    path: str
    full_decode: bool = False


class FileMeasures(NamedTuple):
    """Everything that is measured of one picture."""

    picture: Picture  # in all orientations
    square: bytes  # uint8[SQUARE_PIXELS, SQUARE_PIXELS], grey
    keys: dict[str, bytes]  # of the other hashes, by name


class ColourTask(NamedTuple):
    """A picture file to be reduced in colour: see `colour.colour_picture`."""

    path: str
    longest: int  # pixels along the longer side
    memory_limit_mb: int = MEMORY_LIMIT_MB


class EnlargedTask(NamedTuple):
    """Two pictures, the first with more pixels: see `real_pixels.is_enlarged`."""

    larger: str
    smaller: str
    turn: int  # what the larger must undergo: an index into reduction.ORIENTATIONS
    memory_limit_mb: int = MEMORY_LIMIT_MB


class ColourPicture(NamedTuple):
    """A reduced picture, upright, in colour."""

    width: int
    height: int
    pixels: bytes  # uint8[height, width, 3]
    size: tuple[int, int]  # width and height of the picture as shown
    format: str
    state: tuple[int, int]  # the file's size in bytes and mtime in ns


class OriginTask(NamedTuple):
    """A picture file whose origin is asked for: see `origin.origin`."""

    path: str
    luma: bytes  # 16x16, upright, as in the catalogue


class LookTask(NamedTuple):
    """Two picture files to be laid over each other: see `work_overlay.laid_over`."""

    first: str
    second: str
    turn: int  # what the first must undergo: an index into reduction.ORIENTATIONS
    longest: int
    memory_limit_mb: int = MEMORY_LIMIT_MB


class PieceTask(NamedTuple):
    """A query, and a picture that it shows in part: see `work_pieces.piece_laid_over`."""

    query: str
    match: str
    matrix: tuple[float, ...]  # 3x3, takes places of the match, in units, to those of the query
    mirrored: bool  # of the query
    memory_limit_mb: int = MEMORY_LIMIT_MB


class DifferenceTask(NamedTuple):
    """Two pictures whose difference is to be drawn: see `work_overlay.difference`."""

    first: str
    second: str
    turn: int
    memory_limit_mb: int = MEMORY_LIMIT_MB


class LaidOver(NamedTuple):
    """What came of laying one picture over another; without a verdict, `problem` says why.

    `indistinct` tells that the reduced pictures do not differ: all pixels may be identical. `size`
    is the second picture's width and height, and `states` are size and mtime of both files as they
    were read. `scale` is how many pixels the first has for each of the second, of what both show,
    and `grey` whether each of the two has no colour.
    """

    verdict: Verdict | None
    indistinct: bool = False
    size: tuple[int, int] = (0, 0)
    states: tuple[tuple[int, int], tuple[int, int]] | None = None
    problem: str = ""
    scale: float = 1.0
    grey: tuple[bool, bool] = (False, False)
