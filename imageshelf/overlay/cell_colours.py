"""What differs in colour between two pictures that lie over each other, cell by cell.

Compared is the mean chroma of cells, after one linear map of the whole plane of colours.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.overlay import filters, tone
from imageshelf.overlay.filters import CELL, Floats, Mask

Colours = npt.NDArray[np.complex64]

TURNS_LESS = 0.1  # chroma a degree: clipped light looks like a turned hue, and is none
UNCHANGED = 3.0  # chroma that one cell in twenty is off by: no map is looked for


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


def compared(
    both: npt.NDArray[np.uint8], fitted: tone.Tone, cells: Mask, *, by_curve: bool
) -> Colour:
    """Return the colour in cells, and the map that leaves least of it.

    `by_curve` takes what the curve of the tone alone leaves: a poor JPEG file tints a pale ground,
    and no map of all colours explains that what is colourful keeps its own.
    """
    means = _cell_colours(both)
    ours, theirs = _chroma(means[0]), _chroma(means[1])
    strength = [_strength(chroma, cells) for chroma in (ours, theirs)]
    unmapped = np.abs(ours - theirs)
    maps = [(unmapped, 1 + 0j, 0j)]
    source, target = (0, theirs) if fitted.forward else (1, ours)
    if by_curve:
        pixels = tone.looked_up(fitted.shared, both[source]).astype(np.uint8)
        lit = _chroma(_cell_colours(pixels[np.newaxis])[0])
        maps = [(np.abs(target - lit), *_mapped(lit, target, cells)[1:])]
    elif _upper(unmapped, cells) > UNCHANGED:
        stronger = strength[0] >= strength[1]
        maps = [_mapped(ours, theirs, cells) if stronger else _mapped(theirs, ours, cells)]
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
