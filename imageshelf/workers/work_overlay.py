"""What workers do for a question: decode a query, or two pictures to lay them over each other.

Each process keeps the sheets of the pictures it saw last, as one picture is often compared with
many. The imports below count neither against the memory limit nor the time of the first pair.
"""

import math
import os
from functools import lru_cache
from typing import NamedTuple

for _setting in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_setting, "1")  # each worker has one core
import numpy as np  # noqa: E402 - after the settings
import numpy.typing as npt  # noqa: E402

from imageshelf.overlay import differences, geometry, layout  # noqa: E402
from imageshelf.overlay.coarse import Coarse, coarse  # noqa: E402
from imageshelf.overlay.comparison import look  # noqa: E402
from imageshelf.overlay.sheets import PictureSheet  # noqa: E402
from imageshelf.overlay.verdict import Verdict, unrelated  # noqa: E402
from imageshelf.pictures.colour import colour_picture  # noqa: E402
from imageshelf.pictures.cutouts import cutout_boxes  # noqa: E402
from imageshelf.pictures.difference_picture import drawn  # noqa: E402
from imageshelf.pictures.look_tasks import (  # noqa: E402
    ColourPicture,
    ColourTask,
    DifferenceTask,
    EnlargedTask,
    FileMeasures,
    LaidOver,
    LookTask,
    MeasureTask,
    PieceTask,
)
from imageshelf.pictures.tasks import Bundle, DigestTask, Task  # noqa: E402
from imageshelf.pictures.warping import warped  # noqa: E402
from imageshelf.system.files import UnreadableImage  # noqa: E402
from imageshelf.workers.work import Answer, digested, work_turned  # noqa: E402

Item = (
    DifferenceTask
    | LookTask
    | PieceTask
    | DigestTask
    | ColourTask
    | EnlargedTask
    | MeasureTask
    | Task
    | Bundle
)
Outcome = LaidOver | Coarse | FileMeasures | bytes | bool | Answer | list[Answer] | None
Pixels = npt.NDArray[np.uint8]

SHEETS_KEPT = 48  # of about 1 MB each
LONGEST, LONGEST_DRAWN = 256, 720  # pixels, of pictures that are laid over, and of what is drawn
LEAST = 64  # pixels each way that can be laid over; the pixels of smaller pictures are repeated
BLANK_LEVELS, ALIKE_LEVELS = 12, 6  # spread of a channel of blank paper; between two means
GREY_LEVELS, GREY_PERCENT = 6, 99  # spread of the channels in so many of a grey picture's pixels
EQUAL_LEVELS = 2.0  # mean difference of one picture decoded at two scales; re-saving may do as much


class _Reduced(NamedTuple):
    sheet: PictureSheet
    size: tuple[int, int]
    format: str
    state: tuple[int, int]
    grey: bool


def work(item: Item) -> Outcome:
    """Return what the function for this kind of item makes of it."""
    if isinstance(item, LookTask):
        return laid_over(item)
    if isinstance(item, DigestTask):
        return digested(item)
    if isinstance(item, ColourTask):
        return coarse_picture(item)
    if isinstance(item, EnlargedTask):
        from imageshelf.pictures.real_pixels import is_enlarged

        return is_enlarged(item)
    if isinstance(item, PieceTask):
        from imageshelf.workers.work_pieces import piece_laid_over

        return piece_laid_over(item)
    return difference(item) if isinstance(item, DifferenceTask) else _of_one(item)


def _of_one(item: MeasureTask | Task | Bundle) -> Outcome:
    if isinstance(item, MeasureTask):
        from imageshelf.pictures.measures import measured

        return measured(item)
    return work_turned(item)


def coarse_picture(task: ColourTask) -> Coarse | None:
    """Return what stands for a picture in comparisons of many, or None if it cannot be read."""
    try:
        reduced = _reduced(task.path, task.longest, task.memory_limit_mb, *_state(task.path))
    except UnreadableImage:
        return None
    return coarse(reduced.sheet)


def laid_over(task: LookTask) -> LaidOver:
    """Return what the first picture, turned, is to the second; never raises for a bad file."""
    try:
        first, second = (
            _reduced(path, task.longest, task.memory_limit_mb, *_state(path))
            for path in (task.first, task.second)
        )
    except UnreadableImage as exc:
        return LaidOver(None, problem=exc.reason)
    verdict = _without_a_look(first.sheet, second.sheet, task.turn)
    if verdict is None:
        verdict = look(first.sheet, second.sheet, task.turn, warped)
    indistinct = not task.turn and verdict.kind == "near" and _equal(first, second)
    return LaidOver(
        verdict,
        indistinct,
        second.size,
        (first.state, second.state),
        scale=_scale(verdict, first.size, second.size),
        grey=(first.grey, second.grey),
    )


def difference(task: DifferenceTask) -> bytes:
    """Return a JPEG file of what differs where both show the same; b"" where they do not."""
    seen = laid_over(LookTask(*task[:3], LONGEST, task.memory_limit_mb)).verdict
    if seen is None or seen.kind == "other":
        return b""
    try:
        first, second = (
            _reduced(path, LONGEST_DRAWN, task.memory_limit_mb, *_state(path)).sheet
            for path in (task.first, task.second)
        )
    except UnreadableImage:
        return b""
    matrix = geometry.from_unit(np.array(seen.geometry))
    laid = layout.laid_out(first.turned(task.turn), second, matrix, warped)
    if laid is None:
        return b""
    found = differences.measured(laid.first, laid.second, laid.valid)
    height, width = laid.valid.shape
    return drawn(laid.second, found.off[:height, :width])


def _scale(verdict: Verdict, first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return how many pixels the first has for each of the second, of what both show."""
    (a, b, _), (c, d, _), _ = verdict.geometry
    pixels = abs(a * d - b * c) * first[0] * first[1] / (second[0] * second[1])
    return pixels if 0 < pixels < math.inf else 1.0


def _without_a_look(first: PictureSheet, second: PictureSheet, turn: int) -> Verdict | None:
    """Return the verdict on equal pictures, and on blank ones, of which only the colour says much.

    None for all others.
    """
    ours, theirs = geometry.turned(first.picture, turn), second.picture
    blank = _blank(ours) and _blank(theirs)
    if np.array_equal(ours, theirs) or (blank and _alike(ours, theirs)):
        same = tuple(map(tuple, geometry.IDENTITY.tolist()))
        return Verdict("near", 1.0, 0.0, (), False, (1.0, 1.0), same, turn, ())
    return unrelated(turn) if blank else None


def _blank(picture: Pixels) -> bool:
    return int(np.ptp(picture, axis=(0, 1)).max()) <= BLANK_LEVELS


def _alike(first: Pixels, second: Pixels) -> bool:
    return float(np.abs(first.mean(axis=(0, 1)) - second.mean(axis=(0, 1))).max()) <= ALIKE_LEVELS


def _equal(first: _Reduced, second: _Reduced) -> bool:
    """Tell whether reduced pictures do not differ; of one format they must be equal."""
    ours, theirs = first.sheet.picture, second.sheet.picture
    if first.size != second.size or ours.shape != theirs.shape:
        return False
    if first.format == second.format:
        return bool(np.array_equal(ours, theirs))
    return float(np.abs(ours.astype(np.int16) - theirs).mean()) <= EQUAL_LEVELS


def _state(path: str) -> tuple[int, int, int]:
    """Return what changes with a file, so that a sheet that is kept is the file's own."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return (0, 0, 0)  # reading it will say why
    return status.st_size, status.st_mtime_ns, status.st_ino


@lru_cache(SHEETS_KEPT)
def _reduced(path: str, longest: int, memory_limit_mb: int, *_state: int) -> _Reduced:
    picture = colour_picture(ColourTask(path, longest, memory_limit_mb))
    pixels = _array(picture)
    spread = np.ptp(pixels, axis=2)
    # A share, not np.percentile, which imports numpy.ma: 10 ms of each cold query.
    grey = bool(np.count_nonzero(spread <= GREY_LEVELS) >= spread.size * GREY_PERCENT / 100)
    return _Reduced(
        PictureSheet(pixels, cutout_boxes), picture.size, picture.format, picture.state, grey
    )


def _array(picture: ColourPicture) -> Pixels:
    pixels = np.frombuffer(picture.pixels, np.uint8)
    array = pixels.reshape(picture.height, picture.width, 3)
    for axis in (0, 1):  # places are shares of a side, so a side may be stretched alone
        array = np.repeat(array, -(-LEAST // array.shape[axis]), axis)
    return array
