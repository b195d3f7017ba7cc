"""The second look: two pictures laid over each other, and only then called a copy.

    verdict = look(Sheet(first), Sheet(second), turn=0)

A re-saved copy, whole on whole, takes 3 to 5 ms at a long side of 256; a picture that has to be
aligned about 12; a stranger under 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
from imageshelf.overlay.warping import warped

if TYPE_CHECKING:
    from imageshelf.overlay.alignment import Way
    from imageshelf.overlay.differences import Differences
    from imageshelf.overlay.geometry import Matrix
    from imageshelf.overlay.layout import Layout
    from imageshelf.overlay.sheets import PictureSheet
    from imageshelf.overlay.verdict import Verdict
    from imageshelf.overlay.warping import Warp

LIKELY = 0.6  # agreement of the whole stamps from which no movement is tried first
AGREED = 0.05  # usual residual, of the texture, of pictures that agree and need not be moved
DRIFT = 0.03  # of the width: a refinement that moves less is compared with no movement at all
TRUSTED = 0.4  # of the cells must agree for the tone to be fitted again without the others


def look(first: PictureSheet, second: PictureSheet, turn: int = 0, warp: Warp = warped) -> Verdict:
    """Return what the first picture, turned, is to the second.

    Sheets are of pictures whose long side is 256; once more at 384 to 512 before a file goes.
    """
    upright = first.turned(turn)
    if min(upright.height, upright.width, second.height, second.width) < layout.SMALLEST:
        return verdict.unrelated(turn)
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
    laid, found = overlay.laid, _retoned(overlay)
    return verdict.judged(upright, second, laid, found, overlay.alike, turn)


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
    """Return the overlay after alignment; without any movement where that agrees better."""
    refined = [alignment.coarse_way(first, second, way) for way in ways]
    matrix = alignment.fine_matrix(first, second, max(refined, key=_preference).matrix)
    laid = layout.laid_out(first, second, matrix, warp)
    if laid is not None:
        matrix = alignment.precise_matrix(laid)
    alike = alignment.agreement(first.fine, second.fine, matrix)
    moved = _overlay(first, second, matrix, alike, warp)
    overlays = [moved]
    if geometry.movement(matrix) < DRIFT:
        overlays.append(unmoved or _overlay(first, second, geometry.IDENTITY, alike, warp))
    known = [each for each in overlays if each is not None]
    return min(known, key=lambda each: _badness(each.found)) if known else None


def _preference(way: Way) -> float:
    moved = geometry.movement(way.matrix)
    return way.agreement + alignment.WHOLE_FIRST * way.whole - 0.3 * max(0.0, moved - 0.02)


def _badness(found: Differences) -> float:
    """Return how much two pictures differ, the worst cells counted more."""
    residual = found.structure.residual.sum(axis=0)[found.cells]
    off = residual / (found.structure.common.sum(axis=0)[found.cells] + evidence.TEXTURE)
    return float(np.minimum(off, 1).mean() + 0.3 * filters.quantile(off, 0.98))


def _retoned(overlay: _Overlay) -> Differences:
    """Return the differences after the tone was fitted without the parts that differ."""
    laid, found = overlay.laid, overlay.found
    if found.tone.model == "same":
        return found
    differing = regions.grown(evidence.cell_residuals(found), None)
    if not differing.any() or differing[found.cells].mean() > 1 - TRUSTED:
        return found
    return differences.measured(laid.first, laid.second, laid.valid, differing)
