"""From what was measured to a kind: near, variant, another shot, or something else.

Thresholds were chosen on one half of a corpus of copies and look-alikes and are reported on the
other by tests/benchmarks/overlay.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from imageshelf.overlay import differences, geometry, layout, regions

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.overlay.differences import Differences
    from imageshelf.overlay.geometry import Matrix
    from imageshelf.overlay.layout import Layout
    from imageshelf.overlay.sheets import Sheet

    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

Kind = Literal["near", "variant", "another", "other"]

# Cells. Of 550 copies of photographs and 140 of documents (half 0) 99.5 % stay below 0.9 of what is
# allowed, but for hues turned; of 170 watermarks, captions and logos none does.
FLOOR = 8.0  # energy, grey levels squared, that a cell may differ by in any case
MULTIPLE = 8.0  # of what is typical of the pair
LEAST, MOST = 0.1, 0.5  # of its texture, that a cell may differ by
TEXTURE = 9.0  # energy of a cell that says something
DIFFERS = 1.0  # residual of a cell, of what is allowed, above which it differs
COHERENT = 0.82  # agreement of all of an octave, below which a picture is no copy
BLURRED = 1.75  # ratio of the coarsest octave's contrast: more is no re-saving
STILL = 0.006  # movement of a corner, in widths, that re-saving and resizing explain
FRAMED = 0.022  # the same where a border was found, whose edge is known to a pixel or two
CUT = 0.105  # of the width or height, cut away in all
STRAIGHT = 0.012  # turn and shear of what was cut, in places
CONTRAST = 2.0  # between the stronger and the weaker picture
TURNED_HUE = 24.0  # degrees
FADED = 0.36  # of the colourfulness left, unless all of it went
GREY, COLOURED = 3.0, 10.0  # peaks of chroma below the one and above the other: a grey copy
OFF_LEAST, OFF_MOST = 12.0, 40.0  # chroma of a cell, off by more than what is usual in the pair
COLOUR_CELLS = 3  # so many of them are a part of another colour
LIBERTIES = 1.35  # contrast, hue, movement and colourfulness together, each of its own limit
MARKED = 0.01  # share outside the common area that is no uniform border
BUSY = 0.15  # of a strip that only one shows, for each of two, to be scene and not paper
TEXTURED = 4.0  # energy of all octaves below which coherence says nothing
HALF = 0.5  # of the textured cells agree in a variant
RELATED = 0.45  # coherence of a variant
ALIKE = 0.55  # agreement of the normalised brightness of another shot
FEWEST = 12  # cells: less is no comparison


class Region(NamedTuple):
    """A rectangle that differs, in shares of the second picture's width and height."""

    x: float
    y: float
    width: float
    height: float


class Verdict(NamedTuple):
    """What one picture is to another, `first` turned by `turn`, `second` as it is."""

    kind: Kind
    agrees: float  # share of the common area that agrees
    differs: float  # share of the common area that differs
    regions: tuple[Region, ...]  # what differs, the largest first
    colour_differs: bool
    shows: tuple[float, float]  # share of the scene that the first and the second show
    geometry: tuple[tuple[float, ...], ...]  # 3x3, places of the second -> of the first, 0 to 1
    turn: int  # of the first picture: quarters to the right, after mirroring for 4 to 7
    reasons: tuple[str, ...]  # why it is not near
    inverted: bool = False  # reserved: a negative


class Evidence(NamedTuple):
    """Numbers that the kind is decided by."""

    worst: float
    coherence: float
    blurred: float
    texture: float
    agreeing: float
    off_colour: int
    hue: float
    colourless: bool
    faded: float
    contrast: float
    placing: Placing
    marked: float  # the larger of both pictures'
    busy: float  # the smaller of both pictures'
    captioned: bool
    alike: float


class Placing(NamedTuple):
    """How the frames of the pictures lie to each other."""

    movement: float  # of corners, whole or inside borders
    limit: float  # STILL or FRAMED
    cut: float  # largest share of width or height missing from the smaller one; 0 when still
    apart: bool  # each shows something that the other lacks


def cell_residuals(found: Differences) -> Floats:
    """Return the residual of each cell, of what it may be in a copy; 0 where nothing is compared.

    What it may be is learned from the pair: noise everywhere, the median residual; and a share of
    the texture, the upper quartile of textured cells. A pair that agrees to a hundredth everywhere
    else is no copy where a tenth differs.
    """
    residual, common = _weighted(found)
    noise = float(np.median(residual[found.cells]))
    textured = found.cells & (common > TEXTURE)
    share = residual[textured] / (common[textured] + TEXTURE / 2)
    typical = float(np.quantile(share, 0.75)) if len(share) >= FEWEST else 0.0
    allowed = FLOOR + MULTIPLE * noise + min(MOST, max(LEAST, MULTIPLE * typical)) * common
    return np.where(found.cells, residual / allowed, 0).astype(np.float32)


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
    typical = float(np.quantile(residual[found.cells], 0.9))
    return np.asarray(found.cells & (residual > min(OFF_MOST, OFF_LEAST + 5 * typical)))


def evidence(
    first: Sheet, second: Sheet, laid: Layout, found: Differences, alike: float
) -> Evidence:
    """Return the numbers that a kind is decided by."""
    cells, structure, colour = found.cells, found.structure, found.colour
    residuals = cell_residuals(found)
    residual, common = structure.residual[:, cells].mean(1), structure.common[:, cells].mean(1)
    coherence = 1 - residual / (2 * common + 1e-3)
    textured = cells & (structure.common.sum(axis=0) > TEXTURE)
    pale, strong = sorted((colour.first, colour.second))
    low, high = sorted(colour.peaks)
    blurred = float(max(structure.ratio[-1], 1 / max(1e-3, float(structure.ratio[-1]))))
    beyond = [
        layout.outside(second, laid.matrix),
        layout.outside(first, geometry.inverse(laid.matrix)),
    ]
    return Evidence(
        worst=float(residuals.max()),
        coherence=float(coherence[1:].min()),
        blurred=blurred,
        texture=float(common.sum()),
        agreeing=float((residuals[textured] <= DIFFERS).mean()) if textured.any() else 1.0,
        off_colour=int(off_colour(found).sum()),
        hue=abs(colour.turn) if low > COLOURED else 0.0,
        colourless=low < GREY and high > COLOURED,
        faded=0.0 if high < COLOURED else 1 - pale / strong,
        contrast=found.contrast,
        placing=placing(first, second, laid.matrix),
        marked=max(part.marked for part in beyond),
        busy=min(part.busy for part in beyond),
        captioned=any(part.captioned for part in beyond),
        alike=alike,
    )


def placing(first: Sheet, second: Sheet, matrix: Matrix) -> Placing:
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


def reasons(seen: Evidence) -> tuple[str, ...]:
    """Return why a picture is not near; nothing where it is."""
    place = seen.placing
    still = place.movement <= place.limit
    coloured = not seen.colourless
    tests = {
        "part": seen.worst > DIFFERS,
        "coherence": seen.texture > TEXTURED and seen.coherence < COHERENT,
        "sharpness": seen.texture > TEXTURED and seen.blurred > BLURRED,
        "apart": not still and place.apart,
        "cut": not still and not place.apart and place.cut > CUT,
        "caption": seen.captioned,
        "outside": still and seen.marked > MARKED,
        "contrast": seen.contrast > CONTRAST,
        "colour": coloured and seen.off_colour >= COLOUR_CELLS,
        "hue": coloured and seen.hue > TURNED_HUE,
        "liberties": _liberties(seen, moved=place.movement if still else 0.0) > LIBERTIES,
    }
    return tuple(name for name, holds in tests.items() if holds)


def _liberties(seen: Evidence, *, moved: float) -> float:
    faded = 0.0 if seen.colourless else seen.faded / (1 - FADED)
    return seen.contrast - 1 + seen.hue / TURNED_HUE + moved / FRAMED + faded


def kind_of(seen: Evidence, why: tuple[str, ...]) -> Kind:
    """Return the kind that reasons make."""
    if not why:
        return "near"
    related = seen.agreeing >= HALF and seen.coherence > RELATED
    if related and not ("apart" in why and seen.busy > BUSY):
        return "variant"
    return "another" if related or seen.alike > ALIKE else "other"


def judged(  # noqa: PLR0913, PLR0917
    first: Sheet, second: Sheet, laid: Layout, found: Differences, alike: float, turn: int
) -> Verdict:
    """Return the verdict over two pictures that were laid over each other."""
    if found.cells.sum() < FEWEST:
        return unrelated(turn)
    seen = evidence(first, second, laid, found, alike)
    why = reasons(seen)
    marked = cell_residuals(found) > DIFFERS
    if {"colour", "hue"} & set(why):
        marked |= off_colour(found)
    share = float(marked[found.cells].mean())
    return Verdict(
        kind_of(seen, why),
        1 - share,
        share,
        told(laid, marked),
        seen.colourless or seen.faded > 1 - FADED or bool({"colour", "hue"} & set(why)),
        shown(first, second, laid.matrix, seen.placing),
        tuple(map(tuple, geometry.unit(laid.matrix).round(6).tolist())),
        turn,
        why,
    )


def unrelated(turn: int) -> Verdict:
    """Return the verdict over two pictures that have nothing in common to compare."""
    same = tuple(map(tuple, geometry.IDENTITY.tolist()))
    return Verdict("other", 0.0, 1.0, (), False, (1.0, 1.0), same, turn, ("strange",))


def told(laid: Layout, marked: Mask) -> tuple[Region, ...]:
    """Return the rectangles around marked cells, in shares of the second picture."""
    height, width = laid.valid.shape
    x0, y0, x1, y1 = ((edge + 1) / 2 for edge in laid.box)
    across, down = (x1 - x0) / width, (y1 - y0) / height
    found = []
    for each in regions.rectangles(marked):
        left, top = each.x * differences.CELL, each.y * differences.CELL
        right = min(width, left + each.width * differences.CELL)
        bottom = min(height, top + each.height * differences.CELL)
        found.append(
            Region(
                x0 + left * across, y0 + top * down, (right - left) * across, (bottom - top) * down
            )
        )
    return tuple(found)


def shown(first: Sheet, second: Sheet, matrix: Matrix, place: Placing) -> tuple[float, float]:
    """Return the shares of the scene, all that either shows, that each of the two shows."""
    if place.movement <= place.limit:
        return (1.0, 1.0)
    theirs = second.inner or geometry.WHOLE
    ours = geometry.inner_bounds(geometry.inverse(matrix), first.inner or geometry.WHOLE, _ENDLESS)
    common = (
        max(ours[0], theirs[0]),
        max(ours[1], theirs[1]),
        min(ours[2], theirs[2]),
        min(ours[3], theirs[3]),
    )
    scene = _area(ours) + _area(theirs) - _area(common)
    return (_area(ours) / scene, _area(theirs) / scene)


_ENDLESS = (-9.0, -9.0, 9.0, 9.0)


def _area(box: geometry.Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
