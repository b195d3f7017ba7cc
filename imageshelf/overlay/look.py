"""The second look: two pictures laid over each other, and only then called a copy.

    verdict = look(Sheet(first), Sheet(second), turn=0)

A re-saved copy, whole on whole, takes 3 to 5 ms at a long side of 256; a picture that has to be
aligned about 12; a stranger under 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.overlay import alignment, differences, geometry, layout, verdict
from imageshelf.overlay.warping import warped

if TYPE_CHECKING:
    from imageshelf.overlay.alignment import Way
    from imageshelf.overlay.geometry import Matrix
    from imageshelf.overlay.sheets import Sheet
    from imageshelf.overlay.verdict import Verdict
    from imageshelf.overlay.warping import Warp

IDENTICAL = 0.995  # agreement at the fine level above which nothing is aligned
DRIFT = 0.03  # of the width: a refinement that moves less is compared with no movement at all
WORTH = 0.3  # agreement that not to move may lose against it


def look(first: Sheet, second: Sheet, turn: int = 0, warp: Warp = warped) -> Verdict:
    """Return what the first picture, turned, is to the second.

    Sheets are of pictures whose long side is 256; once more at 384 to 512 before a file goes.
    """
    upright = first.turned(turn)
    ways = alignment.starting_ways(upright, second)
    if ways[0].agreement < alignment.STRANGE:
        return verdict.unrelated(turn)
    whole = alignment.agreement(upright.fine, second.fine, geometry.IDENTITY)
    if whole > IDENTICAL:
        tries, alike = [geometry.IDENTITY], whole
    else:
        tries, alike = _aligned(upright, second, ways, whole, warp)
    return _best(upright, second, tries, alike, turn, warp)


def _aligned(
    first: Sheet, second: Sheet, ways: list[Way], whole: float, warp: Warp
) -> tuple[list[Matrix], float]:
    """Return the matrices to lay over by, and the agreement of the best."""
    refined = [alignment.coarse_way(first, second, way) for way in ways]
    best = max(refined, key=_preference)
    matrix = alignment.fine_matrix(first, second, best.matrix)
    agreement = alignment.agreement(first.fine, second.fine, matrix)
    laid = layout.laid_out(first, second, matrix, warp)
    if laid is not None:
        matrix = alignment.precise_matrix(laid)
    if geometry.movement(matrix) < DRIFT and whole > agreement - WORTH:
        return [geometry.IDENTITY, matrix], max(agreement, whole)
    return [matrix], agreement


def _preference(way: Way) -> float:
    moved = geometry.movement(way.matrix)
    return way.agreement + alignment.WHOLE_FIRST * way.whole - 0.3 * max(0.0, moved - 0.02)


def _best(  # noqa: PLR0913, PLR0917
    first: Sheet, second: Sheet, tries: list[Matrix], alike: float, turn: int, warp: Warp
) -> Verdict:
    measured: list[tuple[float, int, layout.Layout, differences.Differences]] = []
    for matrix in tries:
        laid = layout.laid_out(first, second, matrix, warp)
        if laid is not None:
            found = differences.measured(laid.first, laid.second, laid.valid)
            measured.append((_badness(found), len(measured), laid, found))
    if not measured:
        return verdict.unrelated(turn)
    _, _, laid, found = min(measured, key=lambda each: each[:2])
    return verdict.judged(first, second, laid, found, alike, turn)


def _badness(found: differences.Differences) -> float:
    """Return how much two pictures differ, the worst cells counted more."""
    if not found.cells.any():
        return np.inf
    residual = found.structure.residual.sum(axis=0)[found.cells]
    off = residual / (found.structure.common.sum(axis=0)[found.cells] + verdict.TEXTURE)
    return float(np.minimum(off, 1).mean() + 0.3 * np.quantile(off, 0.98))
