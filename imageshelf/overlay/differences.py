"""What differs between two pictures that lie over each other, cell by cell.

Structure is compared in three octaves of detail. In each the stronger picture is scaled down to the
weaker one, which undoes blur, sharpening and noise at once, and an octave that one of the two
hardly has is left out: that is the resolution of the poorer picture. Colour: `cell_colours.py`.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters, tone
from imageshelf.overlay.cell_colours import Colour, compared
from imageshelf.overlay.filters import CELL, Floats, Mask, Picture

OCTAVES = 3  # wavelengths of about 6, 12 and 24 pixels
SAMPLES = 3000  # of the tone, at most: means of 2x2 pixels
EVEN = 12  # grey levels between those pixels, for a place to be of one colour
FEWEST_SAMPLES = 300  # of such places, for the tone to be taken from them alone
COMPARABLE = 0.6  # of a cell, for it to be compared


class Structure(NamedTuple):
    """Energy of detail in cells, float32[OCTAVES, rows, columns], in grey levels squared."""

    residual: Floats  # of the difference
    common: Floats  # the mean of both
    ratio: Floats  # float32[OCTAVES]: contrast of the second picture's detail, of the first's


class Differences(NamedTuple):
    """All that the verdict goes by."""

    cells: Mask  # bool[rows, columns]: compared
    structure: Structure
    colour: Colour
    tone: tone.Tone
    contrast: float  # of the stronger picture, of that of the weaker one
    off: Floats  # float32[h, w]: what brightness, in the same tone, differs by, smoothed
    pictures: Picture  # uint8[2, h, w, 3], filled up to whole cells


def measured(
    first: Picture,
    second: Picture,
    valid: Mask,
    differing: Mask | None = None,
    fitted: tone.Tone | None = None,
) -> Differences:
    """Return the differences of two pictures of one size; `valid` says which pixels count.

    Cells that are known to differ have no say in the tone, which may be given.
    """
    first, second, valid = _padded(first), _padded(second), _emptied(valid)
    cells = filters.cell_means(valid.astype(np.float32), CELL) > COMPARABLE
    both = np.stack([first, second])
    samples = _samples(both, valid if differing is None else valid & ~_pixels(differing))
    given, fitted = fitted is not None, fitted or tone.fitted(*samples)
    lumas = [float((part @ filters.LUMA).std()) for part in samples]
    toned = filters.smoothed(_toned(first, second, valid, fitted))
    return Differences(
        cells,
        _structure(toned, cells),
        compared(both, fitted, cells, by_curve=given),
        fitted,
        max(lumas) / max(1.0, min(lumas)),
        np.abs(toned[0] - toned[1]),
        both,
    )


def pixels_off(found: Differences, *, coloured: bool) -> Floats:
    """Return float32[h, w], what pixels differ by; in colour as well, beyond what is usual."""
    if not coloured:
        return found.off
    first, second = (filters.smoothed(_chroma_planes(part)) for part in found.pictures)
    apart = np.hypot(*(first - second))
    usual = filters.quantile(apart, 0.5)
    return np.asarray(np.maximum(found.off, 0.5 * np.maximum(apart - usual, 0)))


def _chroma_planes(picture: Picture) -> Floats:
    return np.ascontiguousarray((picture.astype(np.float32) @ filters.CHROMA.T).transpose(2, 0, 1))


def _pixels(cells: Mask) -> Mask:
    """Return the pixels of cells."""
    return cells.repeat(CELL, axis=0).repeat(CELL, axis=1)


def _padded(picture: Picture) -> Picture:
    """Return a picture filled up to whole cells with its last pixels."""
    down, across = _missing(picture)
    return np.pad(picture, ((0, down), (0, across), (0, 0)), "edge") if down or across else picture


def _emptied(valid: Mask) -> Mask:
    """Return a mask filled up to whole cells with nothing."""
    down, across = _missing(valid)
    return np.pad(valid, ((0, down), (0, across))) if down or across else valid


def _missing(image: npt.NDArray[np.generic]) -> tuple[int, int]:
    return -image.shape[0] % CELL, -image.shape[1] % CELL


def tones_of_light(first: Picture, second: Picture, valid: Mask, least: float) -> list[tone.Tone]:
    """Return the tones of other light that is clipped, there and back, from even places.

    Those that change the typical sample by `least` levels. A pale ground gets lighter then, and
    white does not; pixels at edges, which mix what is beside them, say little about it.
    """
    both = np.stack([_padded(first), _padded(second)])
    return tone.of_light(*_samples(both, _emptied(valid), even=True), least)


def _samples(
    both: npt.NDArray[np.uint8], valid: Mask, *, even: bool = False
) -> tuple[Floats, Floats]:
    """Return float32[n, 3] of each picture: means of 2x2 pixels, evenly over what is valid.

    Only of squares in one colour, if so wanted and there are enough.
    """
    step = max(2, round(math.sqrt(valid.size / SAMPLES)))
    height, width = valid.shape[0] - 1, valid.shape[1] - 1
    corners = [
        both[:, down : height + down : step, across : width + across : step].astype(np.uint16)
        for down in (0, 1)
        for across in (0, 1)
    ]
    chosen = valid[:height:step, :width:step]
    if even:
        flat = chosen & (np.ptp(corners, axis=0).max(axis=(0, 3)) < EVEN)
        chosen = flat if flat.sum() >= FEWEST_SAMPLES else chosen
    means = sum(corners[1:], corners[0])[:, chosen].astype(np.float32) / 4
    return means[0], means[1]


def _toned(first: Picture, second: Picture, valid: Mask, fitted: tone.Tone) -> Floats:
    """Return float32[2, h, w]: the brightness of both in one tone, equal where not valid."""
    if fitted.forward:
        lumas = np.stack([fitted.applied(first), filters.luma(second)])
    else:
        lumas = np.stack([filters.luma(first), fitted.applied(second)])
    outside = ~valid
    if outside.any():
        lumas[0][outside] = lumas[1][outside]
    return lumas


def _structure(toned: Floats, cells: Mask) -> Structure:
    octaves = [_octave(detail, cells) for detail in _details(toned)]
    residual, common, ratio = zip(*octaves, strict=True)
    return Structure(np.stack(residual), np.stack(common), np.array(ratio, np.float32))


def _details(level: Floats) -> list[Floats]:
    """Return what each octave holds: float32[2, h, w], each half as large as the one before."""
    details = []
    for n in range(OCTAVES):
        smooth = filters.smoothed(level, 2)
        details.append(level - smooth)
        if n < OCTAVES - 1:
            level = filters.cell_means(smooth, 2)
    return details


def _octave(detail: Floats, cells: Mask) -> tuple[Floats, Floats, float]:
    size = detail.shape[1] // cells.shape[0]
    ours, theirs = filters.cell_means(detail * detail, size)
    product = filters.cell_means(detail[0] * detail[1], size)
    ratio = _ratio(ours, theirs, cells)
    down = max(ratio, 0.05) if ratio < 1 else 1 / min(ratio, 20.0)
    if ratio < 1:
        ours, product = ours * down * down, product * down
    else:
        theirs, product = theirs * down * down, product * down
    return np.maximum(ours + theirs - 2 * product, 0), (ours + theirs) / 2, ratio


def _ratio(ours: Floats, theirs: Floats, cells: Mask) -> float:
    """Return the contrast of the second picture's detail, of the first's: the median of cells."""
    if not cells.any():
        return 1.0
    total = ours + theirs
    textured = cells & (total > max(1.0, filters.quantile(total[cells], 0.5)))
    if textured.sum() <= 4:
        return 1.0
    squares = (theirs[textured] + 0.05) / (ours[textured] + 0.05)
    return math.sqrt(filters.quantile(squares, 0.5))
