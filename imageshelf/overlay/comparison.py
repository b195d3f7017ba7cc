"""The second look: two pictures laid over each other, and only then called a copy.

    verdict = look(PictureSheet(first), PictureSheet(second), 0, warped)

At a long side of 256, with Pillow's warp, a re-saved copy takes 5 ms of CPU at the median, a form
filled in differently 9, a picture that has to be aligned 21, a stranger 1
(tests/benchmarks/overlay.py, on a busy machine).
"""

from typing import NamedTuple

import numpy as np

from imageshelf.overlay import (
    alignment,
    differences,
    evidence,
    filters,
    geometry,
    layout,
    regions,
    verdict,
)
from imageshelf.overlay.alignment import Way
from imageshelf.overlay.differences import Differences
from imageshelf.overlay.geometry import Matrix
from imageshelf.overlay.layout import Layout, Warp
from imageshelf.overlay.sheets import PictureSheet
from imageshelf.overlay.verdict import Verdict

LIKELY = 0.6  # agreement of the whole stamps from which no movement is tried first
AGREED = 0.05  # usual residual, of the texture, of pictures that agree and need not be moved
LOST = 0.45  # agreement after alignment, below which there is nothing to lay over; copies: 0.7
DRIFT = 0.03  # of the width: a refinement that moves less is compared with no movement at all
WIDER = 0.95  # area inside the wider border, of that inside the other one: 0.82 for 5 %
HALVED = 384  # long side from which pictures are halved where one has next to no
EMPTY = 0.55  # contrast of the finest detail, of the other's: it was enlarged
CHANGED = 0.75  # levels, of the typical sample, by which another tone can explain a part
BETTER = 0.5  # cost of a light, of that of the tone before: 0.1 to 0.4 in copies, 0.6 in others
AT_EDGE = 0.03  # of the picture, from its edge: told regions end within a cell
NO_WORSE = 1.6  # the usual residual, of that before: up to 1.5 in copies, 2.2 and more in others
TRUSTED = 0.4  # of the cells must agree for the tone to be fitted again without the others


def look(first: PictureSheet, second: PictureSheet, turn: int, warp: Warp) -> Verdict:
    """Return what the first picture, turned, is to the second.

    `warp` is that of `pictures.warping`. Sheets are of pictures whose long side is 256; once more
    at 384 to 512 before a file goes.
    """
    upright = first.turned(turn)
    if min(upright.height, upright.width, second.height, second.width) < layout.SMALLEST:
        return verdict.unrelated(turn)
    told = _told(upright, second, turn, warp)
    if told.kind != "other":
        return told
    inside = _told_inside(upright, second, turn, warp)
    return told if inside is None or inside.kind == "other" else inside


def _told(upright: PictureSheet, second: PictureSheet, turn: int, warp: Warp) -> Verdict:
    ways = alignment.starting_ways(upright, second)
    best = ways[0].agreement
    if best < alignment.STRANGE:
        return verdict.unrelated(turn)
    overlay = None
    if any(way.whole and way.agreement > LIKELY for way in ways):
        overlay = _overlay(upright, second, geometry.IDENTITY, best, warp)
    if overlay is None or not _settled(overlay.found):
        overlay = _aligned(upright, second, ways, overlay, warp)
    if overlay is None:
        return verdict.unrelated(turn)
    if _too_large(upright, overlay.found):
        return _told(upright.halved(), second.halved(), turn, warp)
    return _judged(upright, second, overlay, turn)


def _told_inside(
    upright: PictureSheet, second: PictureSheet, turn: int, warp: Warp
) -> Verdict | None:
    """Return the verdict over one picture inside another: a post, a chat, a page with it.

    Such a one is a variant at most: it has more to it than the picture.
    """
    boxes = alignment.boxes_inside(upright, second)
    ways = [alignment.matrix_inside(upright, second, both) for both in boxes]
    best = max(ways, key=lambda way: way.agreement, default=None)
    if best is None or best.agreement < LOST:
        return None
    laid = layout.laid_out(upright, second, best.matrix, warp)
    matrix = best.matrix if laid is None else alignment.precise_matrix(laid)
    overlay = _overlay(upright, second, matrix, best.agreement, warp)
    if overlay is None:
        return None
    found = _retoned(overlay)
    told = verdict.judged(upright, second, overlay.laid, found, overlay.alike, turn)
    shows = verdict.shares(overlay.laid.matrix, geometry.WHOLE, geometry.WHOLE)
    kind = "variant" if told.kind == "near" else told.kind
    return told._replace(kind=kind, shows=shows, reasons=(*told.reasons, "inside"))


class _Overlay(NamedTuple):
    """Two pictures laid over each other, one way."""

    laid: Layout
    found: Differences
    alike: float  # agreement of the normalised brightness


def _overlay(
    first: PictureSheet, second: PictureSheet, matrix: Matrix, alike: float, warp: Warp
) -> _Overlay | None:
    laid = layout.laid_out(first, second, matrix, warp)
    if laid is None:
        return None
    found = differences.measured(laid.first, laid.second, laid.valid)
    return _Overlay(laid, found, alike) if found.cells.any() else None


def _settled(found: Differences) -> bool:
    """Tell whether pictures lie on each other, whatever else differs."""
    if evidence.on_each_other(found):
        return True
    usual = evidence.usual_share(found)
    return (usual or 0.0) < AGREED and float(evidence.cell_residuals(found).max()) <= 1


def _aligned(
    first: PictureSheet, second: PictureSheet, ways: list[Way], unmoved: _Overlay | None, warp: Warp
) -> _Overlay | None:
    """Return the overlay after alignment; without any movement where that agrees better.

    A refinement is at places of the second. The edge of a border is in one picture alone, so where
    the first has a wider border, its own places are tried as well.
    """
    matrices = [_refined(first, second, ways)]
    if _inner_area(first) < WIDER * _inner_area(second):
        back = [way._replace(matrix=geometry.inverse(way.matrix)) for way in ways]
        matrices.append(geometry.inverse(_refined(second, first, back)))
    known = [each for matrix in matrices for each in _laid(first, second, matrix, unmoved, warp)]
    return min(known, key=lambda each: _badness(each.found)) if known else unmoved


def _refined(first: PictureSheet, second: PictureSheet, ways: list[Way]) -> Matrix:
    refined = [alignment.coarse_way(first, second, way) for way in ways]
    return alignment.fine_matrix(first, second, max(refined, key=_preference).matrix)


def _laid(
    first: PictureSheet, second: PictureSheet, matrix: Matrix, unmoved: _Overlay | None, warp: Warp
) -> list[_Overlay]:
    """Return the overlays by a matrix, and without movement where it moves next to nothing."""
    alike = alignment.agreement(first.fine, second.fine, matrix)
    if alike < LOST:
        return []
    laid = layout.laid_out(first, second, matrix, warp)
    if laid is not None:
        matrix = alignment.precise_matrix(laid)
    overlays = [_overlay(first, second, matrix, alike, warp)]
    if geometry.movement(matrix) < DRIFT:
        overlays.append(unmoved or _overlay(first, second, geometry.IDENTITY, alike, warp))
    return [each for each in overlays if each is not None]


def _inner_area(sheet: PictureSheet) -> float:
    x0, y0, x1, y1 = sheet.inner or geometry.WHOLE
    return (x1 - x0) * (y1 - y0)


def _preference(way: Way) -> float:
    moved = geometry.movement(way.matrix)
    return way.agreement + alignment.WHOLE_FIRST * way.whole - 0.3 * max(0.0, moved - 0.02)


def _badness(found: Differences) -> float:
    """Return how much two pictures differ, the worst cells counted more."""
    residual = found.structure.residual.sum(axis=0)[found.cells]
    off = residual / (found.structure.common.sum(axis=0)[found.cells] + evidence.TEXTURE)
    return float(np.minimum(off, 1).mean() + 0.3 * filters.quantile(off, 0.98))


def _too_large(first: PictureSheet, found: Differences) -> bool:
    """Tell whether one picture has next to none of the detail that the other has at this size."""
    least = min(float(found.structure.ratio[0]), 1 / max(1e-3, float(found.structure.ratio[0])))
    return max(first.height, first.width) >= HALVED and least < EMPTY


def _retoned(overlay: _Overlay) -> Differences:
    """Return the differences after the tone was fitted without the parts that differ."""
    laid, found = overlay.laid, overlay.found
    if found.tone.model == "same":
        return found
    differing = regions.grown(evidence.cell_residuals(found), None)
    if not differing.any() or differing[found.cells].mean() > 1 - TRUSTED:
        return found
    return differences.measured(laid.first, laid.second, laid.valid, differing)


def _judged(upright: PictureSheet, second: PictureSheet, overlay: _Overlay, turn: int) -> Verdict:
    """Return the verdict on an overlay: near if there is a light in which all agrees.

    And if all agrees but for a hairline along the edges. Where one picture has a row of white
    there, or of half-transparent pixels, cells beside it differ.
    """
    laid, found = overlay.laid, _retoned(overlay)
    told = verdict.judged(upright, second, laid, found, overlay.alike, turn)
    if told.kind != "variant":
        return told
    if told.regions and all(map(_at_an_edge, told.regions)):
        inner = layout.without_hairlines(laid)
        within = found if inner is laid else differences.measured(*inner[:3])
        other = verdict.judged(upright, second, inner, within, overlay.alike, turn)
        if other.kind == "near":
            return other
    least = CHANGED if found.tone.model == "same" and "part" in told.reasons else 0.0
    for fitted in differences.tones_of_light(*laid[:3], least):
        lit = differences.measured(*laid[:3], fitted=fitted)
        other = verdict.judged(upright, second, laid, lit, overlay.alike, turn)
        if other.kind == "near" and not other.colour_differs and _explains(lit, found):
            return other
    return told


def _at_an_edge(region: regions.Region) -> bool:
    """Tell whether a region reaches an edge of the picture."""
    x, y, width, height = region
    return min(x, y) < AT_EDGE or max(x + width, y + height) > 1 - AT_EDGE


def _explains(lit: Differences, found: Differences) -> bool:
    """Tell whether a light explains all colours, and the tone far better or the rest as well.

    What hides a pale mark does neither: the more is left everywhere, the more a cell may differ by.
    """
    if (lit.colour.residual[lit.cells] > evidence.OFF_LEAST).sum() >= verdict.COLOUR_CELLS:
        return False
    left, before = (evidence.usual_share(each) or 0.0 for each in (lit, found))
    return lit.tone.cost < BETTER * found.tone.cost or left < NO_WORSE * before
