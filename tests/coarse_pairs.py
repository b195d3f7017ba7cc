"""By definition: the slow twin that says of one pair what `coarse.possible` must say of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.overlay import coarse

if TYPE_CHECKING:
    import numpy.typing as npt


def possible_pair(first: coarse.Coarse, second: coarse.Coarse) -> bool:
    """Tell whether two pictures may be near, one tile after another."""
    if _another_hue_pair(
        coarse._centred_chroma(first.chroma), coarse._centred_chroma(second.chroma)
    ):
        return False
    wide = _tile_pairs(coarse._wide(first.luma), coarse._wide(second.luma))
    narrow = _tile_pairs(coarse._narrow(first.luma), coarse._narrow(second.luma))
    textured = {n for n, (_, total) in wide.items() if total > 2 * coarse.TEXTURED}
    if len(textured) >= coarse.MANY and all(
        wide[n][0] >= coarse.SIMILAR * wide[n][1] for n in textured
    ):
        return False
    apart = np.abs(coarse._levels(first.luma) - coarse._levels(second.luma))
    agrees = {
        n
        for n in textured
        if wide[n][0] < coarse.AGREES * wide[n][1] and apart[n] < coarse.SAME_TONE
    }
    placed = (
        first.whole
        and second.whole
        and len(agrees) >= coarse.PLACED * len(textured)
        and all(agrees & side for side in coarse.sides())
        and abs(first.shape / second.shape - 1) < coarse.SAME_SHAPE
    )
    ours, theirs = coarse._pixels(first.luma), coarse._pixels(second.luma)
    ink = np.minimum(ours, theirs).min(axis=1) < coarse.FAINT
    ink &= np.minimum(ours.max(axis=1), theirs.max(axis=1)) >= coarse.PAPER
    usual = sum(narrow[n][0] for n in agrees) / (1 + sum(narrow[n][1] for n in agrees))
    worst = max(
        (off - coarse.SLACK) / (total + coarse.TINY) * ink[n] for n, (off, total) in narrow.items()
    )
    return not (placed and worst > coarse.DIFFERS + coarse.MULTIPLE * usual)


def _tile_pairs(
    ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]
) -> dict[int, tuple[float, float]]:
    """Return the energy of the difference of each tile, and of both, by the tile's number."""
    return {
        n: (float(((a - b) ** 2).sum()), float((a * a).sum() + (b * b).sum()))
        for n, (a, b) in enumerate(zip(ours, theirs, strict=True))
    }


def _another_hue_pair(ours: npt.NDArray[np.complex64], theirs: npt.NDArray[np.complex64]) -> bool:
    spreads = [float(np.sqrt((np.abs(plane) ** 2).mean())) for plane in (ours, theirs)]
    if min(spreads) <= coarse.COLOURED:
        return False
    correlation = complex(ours.conj() @ theirs) / (len(ours) * spreads[0] * spreads[1])
    turned = abs(np.degrees(np.angle(correlation)))
    return bool(turned > coarse.ANOTHER_HUE and abs(correlation) > coarse.SAME_COLOURS)
