"""What differs between two pictures that lie over each other, cell by cell.

Structure is compared in three octaves of detail. In each the stronger picture is scaled down to the
weaker one, which undoes blur, sharpening and noise at once, and an octave that one of the two
hardly has is left out: that is the resolution of the poorer picture. Colour is compared as the mean
chroma of cells, after one linear map of the whole plane of colours.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters, tone
from imageshelf.overlay.filters import Floats, Mask, Picture

Colours = npt.NDArray[np.complex64]

CELL = 8  # pixels each way
OCTAVES = 3  # wavelengths of about 6, 12 and 24 pixels
SAMPLES = 3000  # of the tone, at most: means of 2x2 pixels
TURNS_LESS = 0.1  # chroma a degree: clipped light looks like a turned hue, and is none
UNCHANGED = 3.0  # chroma that one cell in twenty is off by: no map is looked for
COMPARABLE = 0.6  # of a cell, for it to be compared


class Structure(NamedTuple):
    """Energy of detail in cells, float32[OCTAVES, rows, columns], in grey levels squared."""

    residual: Floats  # of the difference
    common: Floats  # the mean of both
    ratio: Floats  # float32[OCTAVES]: contrast of the second picture's detail, of the first's


class Colour(NamedTuple):
    """Colour in cells, and the map that explains most of it."""

    residual: Floats  # float32[rows, columns]: distance in the plane of chroma after the map
    unmapped: Floats  # the same before the map
    first: float  # root of the mean square of the chroma
    second: float
    peaks: tuple[float, float]  # the third strongest chroma of a cell, of each
    scale: float  # of the map
    turn: float  # of the map, in degrees
    shift: float  # of the map: the tint that grey gets


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
    first: Picture, second: Picture, valid: Mask, differing: Mask | None = None
) -> Differences:
    """Return the differences of two pictures of one size; `valid` says which pixels count.

    Cells that are known to differ have no say in the tone.
    """
    first, second, valid = _padded(first), _padded(second), _emptied(valid)
    cells = filters.cell_means(valid.astype(np.float32), CELL) > COMPARABLE
    both = np.stack([first, second])
    samples = _samples(both, valid if differing is None else valid & ~_pixels(differing))
    fitted = tone.fitted(*samples)
    lumas = [float((part @ filters.LUMA).std()) for part in samples]
    toned = filters.smoothed(_toned(first, second, valid, fitted))
    return Differences(
        cells,
        _structure(toned, cells),
        _colour(both, fitted, cells),
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


def _samples(both: npt.NDArray[np.uint8], valid: Mask) -> tuple[Floats, Floats]:
    """Return float32[n, 3] of each picture: means of 2x2 pixels, evenly over what is valid."""
    step = max(2, round(math.sqrt(valid.size / SAMPLES)))
    height, width = valid.shape[0] - 1, valid.shape[1] - 1
    upper_left, *others = [
        both[:, down : height + down : step, across : width + across : step].astype(np.uint16)
        for down in (0, 1)
        for across in (0, 1)
    ]
    chosen = valid[:height:step, :width:step]
    means = sum(others, upper_left)[:, chosen].astype(np.float32) / 4
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


def _colour(both: npt.NDArray[np.uint8], fitted: tone.Tone, cells: Mask) -> Colour:
    means = _cell_colours(both)
    ours, theirs = _chroma(means[0]), _chroma(means[1])
    strength = [_strength(chroma, cells) for chroma in (ours, theirs)]
    unmapped = np.abs(ours - theirs)
    maps = [(unmapped, 1 + 0j, 0j)]
    if _upper(maps[0][0], cells) > UNCHANGED:
        stronger = strength[0] >= strength[1]
        maps = [_mapped(ours, theirs, cells) if stronger else _mapped(theirs, ours, cells)]
        source, target = (0, theirs) if fitted.forward else (1, ours)
        curved = tone.looked_up(fitted.shared, means[source])
        maps.append(_mapped(_chroma(curved), target, cells))
    residual, factor, shift = min(
        maps, key=lambda each: _upper(each[0], cells) + TURNS_LESS * abs(_degrees(each[1]))
    )
    turn = _degrees(factor)
    peaks = _peak(ours, cells), _peak(theirs, cells)
    return Colour(
        residual, unmapped, strength[0], strength[1], peaks, abs(factor), turn, abs(shift)
    )


def _degrees(factor: complex) -> float:
    return math.degrees(math.atan2(factor.imag, factor.real))


def _cell_colours(both: npt.NDArray[np.uint8]) -> Floats:
    """Return float32[2, rows, columns, 3], the mean colours of cells."""
    n, height, width, channels = both.shape
    down = both.reshape(n, height // CELL, CELL, width * channels).sum(axis=2, dtype=np.uint16)
    across = down.reshape(n, height // CELL, width // CELL, CELL, channels).sum(
        axis=3, dtype=np.uint16
    )
    return np.asarray(across.astype(np.float32) / (CELL * CELL))


def _chroma(colours: Floats) -> Colours:
    """Return complex64[...]: blue-yellow as the real part, red-green as the imaginary one."""
    parts = colours @ filters.CHROMA.T
    return (parts[..., 0] + 1j * parts[..., 1]).astype(np.complex64)


def _strength(chroma: Colours, cells: Mask) -> float:
    return float(np.sqrt((np.abs(chroma[cells]) ** 2).mean())) if cells.any() else 0.0


def _peak(chroma: Colours, cells: Mask) -> float:
    strengths = np.abs(chroma[cells])
    return float(np.partition(strengths, -3)[-3]) if len(strengths) > 2 else 0.0


def _upper(residual: Floats, cells: Mask) -> float:
    return filters.quantile(residual[cells], 0.95) if cells.any() else 0.0


def _mapped(source: Colours, target: Colours, cells: Mask) -> tuple[Floats, complex, complex]:
    """Return what one map leaves in each cell, and its factor (scale and turn) and shift.

    Reweighted least squares: cells that stay far off do not bend the map. Held a little to no
    change, where hardly anything is coloured.
    """
    weight = cells.astype(np.float32)
    residual, factor, shift = np.zeros(cells.shape, np.float32), 1 + 0j, 0j
    for _ in range(6):
        total = float(weight.sum()) + 1e-6
        middle, aim = (weight * source).sum() / total, (weight * target).sum() / total
        away = source - middle
        square = float((weight * np.abs(away) ** 2).sum()) + total
        product = complex((weight * (target - aim) * np.conj(away)).sum()) + total
        factor = product / square
        residual = np.abs(target - aim - factor * away).astype(np.float32)
        shift = complex(aim - factor * middle)
        scale = max(3.0, 1.5 * filters.quantile(residual[cells], 0.5)) if cells.any() else 3.0
        weight = (cells / (1 + (residual / scale) ** 2)).astype(np.float32)
    return residual, factor, shift
