"""What was measured, in the few numbers that a kind is decided by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from imageshelf.overlay import filters, geometry, layout
from imageshelf.overlay.differences import Differences, Structure
from imageshelf.overlay.filters import Floats, Mask
from imageshelf.overlay.geometry import Matrix
from imageshelf.overlay.layout import Layout
from imageshelf.overlay.sheets import PictureSheet

# Cells. Of 550 copies of photographs and 140 of documents (half 0) 99.5 % stay below 0.9 of what is
# allowed, but for hues turned; of 170 watermarks, captions and logos none does.
FLOOR = 8.0  # energy, grey levels squared, that a cell may differ by in any case
MULTIPLE = 8.0  # of what is typical of the pair
LEAST, MOST = 0.1, 0.5  # of its texture, that a cell may differ by
TEXTURE = 9.0  # energy of a cell that says something
FEWEST = 12  # cells: less is no comparison
# Colour. Of the same copies the third worst cell is off by 12 where the pair is clean, by up to 30
# after JPEG quality 3, GIF and contrast of 160 %, and then many others are off as well.
OFF_LEAST, OFF_MOST = 12.0, 40.0  # chroma of a cell, off by more than what is usual in the pair
OFF_MULTIPLE = 5.0  # of the chroma that one in ten cells is off by
KEPT = 0.35  # scale of the map of colours, below which they are gone, as in sepia, and not turned
GREY, COLOURED = 3.0, 10.0  # peaks of chroma below the one and above the other: a grey copy
SETTLED = 0.02  # residual of a cell, of its texture, in pictures that lie on each other
# Frames.
STILL = 0.006  # movement of a corner, in widths, that re-saving and resizing explain
FRAMED = 0.022  # the same where a border was found, whose edge is known to a pixel or two
STRAIGHT = 0.012  # turn and shear, in places, of what was cut and not turned


class Evidence(NamedTuple):
    """Numbers that the kind is decided by."""

    worst: float  # residual of the worst cell, of what is allowed
    coherence: float  # agreement of all of an octave, the worse of the two coarser ones, up to 1
    blurred: float  # contrast of the coarsest octave in one picture, of that in the other, >= 1
    texture: float  # energy of all octaves in the stronger picture, grey levels squared
    agreeing: float  # share of the cells with texture
    typical: float  # coherence of the typical cell with texture
    off_colour: int  # cells whose colour no map of all colours explains
    hue: float  # degrees that all colours are turned by
    tint: float  # chroma that all colours are shifted by
    colourless: bool  # one of the two is grey, and the other is not
    faded: float  # share of the colourfulness that one of the two lacks
    contrast: float  # of the stronger picture, of that of the weaker one
    untoned: float  # brightness that no tone explains, of the contrast
    placing: Placing
    marked: float  # the larger of both pictures'
    busy: float  # the smaller of both pictures'
    captioned: bool  # letters on the ground around a picture
    alike: float  # agreement of the normalised brightness


class Placing(NamedTuple):
    """How the frames of the pictures lie to each other."""

    movement: float  # of corners, whole or inside borders
    limit: float  # STILL or FRAMED
    cut: float  # largest share of width or height missing from the smaller one; 0 when still
    apart: bool  # each shows something that the other lacks


def cell_residuals(found: Differences) -> Floats:
    """Return the residual of each cell, of what it may be in a copy; 0 where nothing is compared.

    What it may be is learned from the pair: noise everywhere, the median residual; and a share of
    the texture, what is usual. A pair that agrees to a hundredth everywhere else is no copy where
    a tenth differs.
    """
    residual, common = _weighted(found)
    noise = filters.quantile(residual[found.cells], 0.5)
    share = min(MOST, max(LEAST, MULTIPLE * (usual_share(found) or 0.0)))
    allowed = FLOOR + MULTIPLE * noise + share * common
    return np.where(found.cells, residual / allowed, 0).astype(np.float32)


def usual_share(found: Differences) -> float | None:
    """Return the upper quartile of residuals, of their texture; None with next to no texture."""
    share, textured = _shares(found)
    return filters.quantile(share[textured], 0.75) if textured.sum() >= FEWEST else None


def on_each_other(found: Differences) -> bool:
    """Tell whether texture agrees in half of the cells, and on all four sides: nothing moved."""
    share, textured = _shares(found)
    agrees = textured & (share < SETTLED)
    rows, columns = textured.shape[0] // 2, textured.shape[1] // 2
    return bool(agrees.sum() >= max(FEWEST, textured.sum() / 2)) and all(
        agrees[half].sum() > 0.3 * textured[half].sum()
        for half in (np.s_[:rows], np.s_[rows:], np.s_[:, :columns], np.s_[:, columns:])
    )


def _shares(found: Differences) -> tuple[Floats, Mask]:
    """Return the residual of each cell, of its texture, and which cells have texture."""
    residual, common = _weighted(found)
    return residual / (common + TEXTURE / 2), found.cells & (common > TEXTURE)


def _weighted(found: Differences) -> tuple[Floats, Floats]:
    """Return residual and common energy of cells, of the octaves that both pictures have.

    Fully from 0.7 of the other's contrast, not at all below 0.3; the coarsest always by half.
    """
    ratio = found.structure.ratio
    weight = np.clip((np.minimum(ratio, 1 / np.maximum(ratio, 1e-3)) - 0.3) / 0.4, 0, 1)
    weight[-1] = max(weight[-1], 0.5)
    residual = np.tensordot(weight, found.structure.residual, 1)
    common = np.tensordot(weight, found.structure.common, 1)
    return residual.astype(np.float32), common.astype(np.float32)


def off_colour(found: Differences) -> Mask:
    """Return the cells whose colour no map of all colours explains."""
    residual = found.colour.residual
    usual = filters.quantile(residual[found.cells], 0.75)
    typical = filters.quantile(residual[found.cells], 0.9)
    typical = min(typical, 3 * usual + 1.5)  # a tenth of the picture may be of another colour
    return np.asarray(found.cells & (residual > min(OFF_MOST, OFF_LEAST + OFF_MULTIPLE * typical)))


def gathered(
    first: PictureSheet, second: PictureSheet, laid: Layout, found: Differences, alike: float
) -> Evidence:
    """Return the numbers that a kind is decided by."""
    cells, structure, colour = found.cells, found.structure, found.colour
    residuals = cell_residuals(found)
    residual, common = structure.residual[:, cells].mean(1), structure.common[:, cells].mean(1)
    coherence = 1 - residual / (2 * common + 1e-3)
    textured = cells & (structure.common.sum(axis=0) > TEXTURE)
    pale, strong = sorted((colour.first, colour.second))
    low, high = sorted(colour.peaks)
    beyond = [
        layout.outside(second, laid.matrix),
        layout.outside(first, geometry.inverse(laid.matrix)),
    ]
    return Evidence(
        worst=float(residuals.max()),
        coherence=float(coherence[1:].min()),
        blurred=float(_stronger(structure.ratio)[-1]),
        texture=float((common * _stronger(structure.ratio) ** 2).sum()),
        agreeing=float((residuals[textured] <= 1).mean()) if textured.any() else 1.0,
        typical=_typical_coherence(structure, textured),
        off_colour=int(off_colour(found).sum()),
        hue=abs(colour.turn) if low > COLOURED and colour.scale > KEPT else 0.0,
        tint=colour.shift,
        colourless=low < GREY and high > COLOURED,
        faded=0.0 if high < COLOURED else 1 - pale / strong,
        contrast=found.contrast,
        untoned=found.tone.cost,
        placing=placing(first, second, laid.matrix),
        marked=max(part.marked for part in beyond),
        busy=min(part.busy for part in beyond),
        captioned=any(part.captioned for part in beyond),
        alike=alike,
    )


def _typical_coherence(structure: Structure, textured: Mask) -> float:
    if not textured.any():
        return 1.0
    residual = structure.residual.sum(axis=0)[textured]
    return 1 - filters.quantile(residual / (2 * structure.common.sum(axis=0)[textured]), 0.5)


def _stronger(ratio: Floats) -> Floats:
    """Return the contrast of the stronger picture, of that of the weaker one, at most 30."""
    return np.asarray(np.minimum(np.maximum(ratio, 1 / np.maximum(ratio, 1e-3)), 30))


def placing(first: PictureSheet, second: PictureSheet, matrix: Matrix) -> Placing:
    """Return how the frames lie: on each other, one inside the other, or apart."""
    inverse = geometry.inverse(matrix)
    ways = []
    for source in second.boxes:
        for target in first.boxes:
            limit = STILL if source == target == geometry.WHOLE else FRAMED
            ways.append(_one_placing(matrix, inverse, source, target, limit))
    return min(ways, key=lambda way: (way.movement > way.limit, way.apart, way.cut, way.movement))


def _one_placing(
    matrix: Matrix, inverse: Matrix, source: geometry.Box, target: geometry.Box, limit: float
) -> Placing:
    movement = geometry.movement(matrix, source, target)
    if movement <= limit:
        return Placing(movement, limit, 0.0, False)
    inside = geometry.contained(matrix, source, target)
    around = geometry.contained(inverse, target, source)
    if min(inside, around) > limit or _crooked(matrix):
        return Placing(movement, limit, 1.0, True)
    if inside <= around:
        covered = geometry.moved(matrix, geometry.corners(source))
        whole = target
    else:
        covered, whole = geometry.moved(inverse, geometry.corners(target)), source
    span = covered.max(axis=0) - covered.min(axis=0)
    cut = 1 - span / (whole[2] - whole[0], whole[3] - whole[1])
    return Placing(movement, limit, float(cut.max()), False)


def _crooked(matrix: Matrix) -> bool:
    return float(max(abs(matrix[0, 1]), abs(matrix[1, 0]))) > STRAIGHT
