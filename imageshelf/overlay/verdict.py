"""From the evidence to a kind: near, variant, another shot, or something else.

Thresholds were chosen on half 0 of tests/benchmarks/overlay.py, which reports on half 1.
"""

from typing import Literal, NamedTuple

import numpy as np

from imageshelf.overlay import evidence, geometry, regions
from imageshelf.overlay.differences import Differences
from imageshelf.overlay.evidence import Evidence
from imageshelf.overlay.filters import Mask
from imageshelf.overlay.geometry import Box, Matrix
from imageshelf.overlay.layout import Layout
from imageshelf.overlay.regions import Region
from imageshelf.overlay.sheets import PictureSheet

Kind = Literal["near", "variant", "another", "other"]

# What a copy may not exceed. The worst of 370 copies of photographs and 97 of documents, half 0, is
# given behind each; blur of radius 3 and JPEG quality 3 are among them, the hue turned by 20
# degrees as well.
DIFFERS = 1.0  # residual of a cell, of what is allowed: 0.97 in 199 of 200 copies
COHERENT = 0.88  # agreement of all of an octave, where there is texture: 0.93
TEXTURED = 4.0  # energy of all octaves, grey levels squared, from which there is
BLURRED = 1.4  # ratio of the coarsest octave's contrast: 1.14
UNTONED = 0.33  # brightness that no tone explains, of the contrast: 0.23; another light: 0.42
CONTRAST = 2.0  # between the stronger and the weaker picture: 1.67
TURNED_HUE = 24.0  # degrees: 4 in documents, 20 where 20 were asked for
TINT = 30.0  # chroma that all colours are shifted by: 8
COLOUR_CELLS = 3  # cells of another colour: 1
FADED = 0.64  # of the colourfulness gone, for colours to differ; grey copies have lost all
LIBERTIES = 1.35  # contrast, hue, movement and colourfulness together, each of its own limit
CUT = 0.105  # of the width or height, cut away in all: a tenth by definition
GROUND = 0.001  # share outside the common area that differs from its ground in any border
MARKED = 0.01  # the same from which it is scene, and no border
BUSY = 0.15  # of a strip that only one shows, for each of two, to be scene and not paper
# What makes a variant, and another shot.
HALF = 0.5  # of the textured cells agree
RELATED = 0.6  # coherence of the typical cell; 0.9 in copies
SURELY = (
    0.94  # the same where neither tone nor detail is explained: pages of a book 0.89, forms 0.98
)
ALIKE = 0.55  # agreement of the normalised brightness of another shot
_ENDLESS = (-9.0, -9.0, 9.0, 9.0)


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
        "cut": seen.marked > MARKED and not place.apart and place.cut > CUT,
        "caption": seen.captioned,
        "outside": still and seen.marked > MARKED,
        "light": seen.untoned > UNTONED,
        "contrast": seen.contrast > CONTRAST,
        "colour": coloured and seen.off_colour >= COLOUR_CELLS,
        "tint": coloured and seen.tint > TINT,
        "hue": coloured and seen.hue > TURNED_HUE,
        "liberties": _liberties(seen, moved=place.movement if still else 0.0) > LIBERTIES,
    }
    return tuple(name for name, holds in tests.items() if holds)


def _liberties(seen: Evidence, *, moved: float) -> float:
    faded = 0.0 if seen.colourless else seen.faded / (FADED)
    return seen.contrast - 1 + seen.hue / TURNED_HUE + moved / evidence.FRAMED + faded


def kind_of(seen: Evidence, why: tuple[str, ...]) -> Kind:
    """Return the kind that reasons make."""
    if not why:
        return "near"
    all_over = {"light", "coherence"} <= set(why)  # pages of a book, codes, scores
    related = seen.agreeing >= HALF and seen.typical > (SURELY if all_over else RELATED)
    if related and not ("apart" in why and seen.busy > BUSY):
        return "variant"
    return "another" if related or seen.alike > ALIKE else "other"


def judged(  # noqa: PLR0913, PLR0917
    first: PictureSheet,
    second: PictureSheet,
    laid: Layout,
    found: Differences,
    alike: float,
    turn: int,
) -> Verdict:
    """Return the verdict over two pictures that were laid over each other."""
    if found.cells.sum() < evidence.FEWEST:
        return unrelated(turn)
    seen = evidence.gathered(first, second, laid, found, alike)
    why = reasons(seen)
    residuals = evidence.cell_residuals(found)
    off_colour = _of_another_colour(found, why)
    marked = regions.grown(residuals, off_colour)
    share = float(marked[found.cells].mean())
    return Verdict(
        kind_of(seen, why),
        1 - share,
        share,
        regions.told(laid, found, marked, coloured=off_colour is not None),
        seen.colourless or seen.faded > FADED or off_colour is not None,
        shown(first, second, laid.matrix, seen),
        tuple(map(tuple, geometry.unit(laid.matrix).round(6).tolist())),
        turn,
        why,
    )


def _of_another_colour(found: Differences, why: tuple[str, ...]) -> Mask | None:
    """Return the cells whose colour is among the reasons; None where colour is none."""
    if {"hue", "tint"} & set(why):
        return np.asarray(found.cells & (found.colour.unmapped > evidence.OFF_LEAST))
    return evidence.off_colour(found) if "colour" in why else None


def unrelated(turn: int) -> Verdict:
    """Return the verdict over two pictures that have nothing in common to compare."""
    same = tuple(map(tuple, geometry.IDENTITY.tolist()))
    return Verdict("other", 0.0, 1.0, (), False, (1.0, 1.0), same, turn, ("strange",))


def shown(
    first: PictureSheet, second: PictureSheet, matrix: Matrix, seen: Evidence
) -> tuple[float, float]:
    """Return the shares of the scene, all that either shows, that each of the two shows.

    Uniform ground around the common area is no part of the scene.
    """
    if seen.placing.movement <= seen.placing.limit or seen.marked < GROUND:
        return (1.0, 1.0)
    return shares(matrix, first.inner or geometry.WHOLE, second.inner or geometry.WHOLE)


def shares(matrix: Matrix, first: Box, theirs: Box) -> tuple[float, float]:
    """Return the shares of all that a box of the first and one of the second picture show."""
    ours = geometry.inner_bounds(geometry.inverse(matrix), first, _ENDLESS)
    common = (
        max(ours[0], theirs[0]),
        max(ours[1], theirs[1]),
        min(ours[2], theirs[2]),
        min(ours[3], theirs[3]),
    )
    scene = _area(ours) + _area(theirs) - _area(common)
    return (_area(ours) / scene, _area(theirs) / scene)


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
