"""How one picture lies over another: a matrix from places of the second to places of the first.

The ways in which two pictures can lie over each other (whole on whole, inside its borders on
whole, the middle on whole ...) are compared as stamps of 32x32; the likeliest are refined at 64
pixels, and the best of these at 128, by efficient second-order minimisation (Benhimane and Malis,
2004) over the few thousand pixels of most contrast. Light and contrast are normalised away before.
"""

from typing import NamedTuple

import numpy as np

from imageshelf.overlay import filters, geometry, tone
from imageshelf.overlay.filters import Floats
from imageshelf.overlay.geometry import Box, Matrix
from imageshelf.overlay.layout import Layout
from imageshelf.overlay.sheets import CENTRE, Level, PictureSheet, Points

SURE = 0.97  # agreement of the whole stamps above which no other way is tried
STRANGE = 0.3  # agreement of the best stamps below which nothing is: two pictures, not one
WAYS = 3  # refined at the coarse level, at most
BEHIND = 0.35  # in agreement of stamps, below the best: not refined
INSIDE = 0.6  # agreement of stamps for a picture to be looked for inside another one
WHOLE_FIRST = 0.08  # what whole on whole is preferred by, in agreement
FURTHEST = 0.25  # of the width, that a refinement may move a corner; beyond it has lost its way
STILL = 0.02  # pixels of movement at which a refinement ends
PRECISE = 0.03  # of the width, that the last refinement may move a corner
PRECISE_POINTS = 3000  # that it looks at
SPARSE = 8  # one pixel in so many is enough for its tone
SMALLEST_SHARE = (
    0.3  # of the second picture, that the first must cover: a wide frame takes 0.55 of it
)


class Way(NamedTuple):
    """One way to lie over each other, and how well the normalised brightness agrees, up to 1."""

    agreement: float
    matrix: Matrix
    whole: bool  # on whole, neither side without its borders


def starting_ways(first: PictureSheet, second: PictureSheet) -> list[Way]:
    """Return the likeliest ways, the best first, by their stamps."""
    whole = Way(_alike(first, geometry.WHOLE, second, geometry.WHOLE), geometry.IDENTITY, True)
    if whole.agreement > SURE:
        return [whole]
    ways = [whole]
    for source in (*second.boxes, CENTRE):
        for target in (*first.boxes, CENTRE):
            if source != target and (source, target) != (CENTRE, CENTRE):
                matrix = geometry.between(source, target)
                ways.append(Way(_alike(first, target, second, source), matrix, False))
    ways.sort(key=lambda way: -way.agreement)
    return [way for way in ways[:WAYS] if way.agreement > ways[0].agreement - BEHIND]


def boxes_inside(first: PictureSheet, second: PictureSheet) -> list[tuple[Box, Box]]:
    """Return the likeliest boxes of the first and the second picture that show the same.

    One of each two at least is a cutout: a picture on a ground among other things.
    """
    alike = [
        (_alike(first, target, second, source), target, source)
        for sources, targets in (
            (second.cutouts, [*first.boxes, *first.cutouts]),
            (second.boxes, first.cutouts),
        )
        for source in sources
        for target in targets
    ]
    alike.sort(reverse=True)
    return [(target, source) for agreement, target, source in alike[:WAYS] if agreement > INSIDE]


def matrix_inside(first: PictureSheet, second: PictureSheet, boxes: tuple[Box, Box]) -> Way:
    """Return how the picture in a box of the second lies over that in a box of the first.

    Both are aligned as pictures of their own: in a screenshot they are a few pixels wide.
    """
    ours, theirs = first.part(boxes[0]), second.part(boxes[1])
    start = coarse_way(ours, theirs, Way(0.0, geometry.IDENTITY, True))
    matrix = fine_matrix(ours, theirs, start.matrix)
    placed = geometry.of_box(boxes[0]) @ matrix @ geometry.inverse(geometry.of_box(boxes[1]))
    return Way(agreement(ours.fine, theirs.fine, matrix), placed, False)


def _alike(first: PictureSheet, target: Box, second: PictureSheet, source: Box) -> float:
    ours, theirs = first.stamp(target), second.stamp(source)
    if not (ours.any() or theirs.any()):
        return 1.0  # two flat pictures are as alike as can be
    return float(ours @ theirs)


def agreement(first: Level, second: Level, matrix: Matrix) -> float:
    """Return the correlation of two levels laid over each other, -1 to 1; -1 without overlap."""
    points = second.all_points
    x, y = _taken(matrix, points)
    inside = (np.abs(x) < 1) & (np.abs(y) < 1)
    share = float(inside.mean())
    if share < SMALLEST_SHARE:
        return -1.0
    ours, theirs = points.value[inside], first.sampled_smooth(x[inside], y[inside])
    length = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return float(ours @ theirs) / length if length > 1e-3 else 1.0


def coarse_way(first: PictureSheet, second: PictureSheet, way: Way) -> Way:
    """Return a way refined at the coarse level."""
    starts = [way.matrix, _shifted(first, second, way.matrix)]
    scored = [
        (agreement(first.coarse, second.coarse, matrix), n) for n, matrix in enumerate(starts)
    ]
    best, n = max(scored)
    refined = refine(first.coarse, second.coarse, starts[n], steps=8)
    score = agreement(first.coarse, second.coarse, refined)
    if score < best - 0.01 or geometry.movement(refined @ geometry.inverse(starts[n])) > FURTHEST:
        return Way(best, starts[n], way.whole)
    return Way(score, refined, way.whole)


def fine_matrix(first: PictureSheet, second: PictureSheet, matrix: Matrix) -> Matrix:
    """Return a matrix refined at the fine level; as it was where that agrees less."""
    before = agreement(first.fine, second.fine, matrix)
    refined = refine(first.fine, second.fine, matrix, steps=8)
    lost = geometry.movement(refined @ geometry.inverse(matrix)) > FURTHEST
    if lost or agreement(first.fine, second.fine, refined) < before - 0.01:
        return matrix
    return refined


def precise_matrix(laid: Layout) -> Matrix:
    """Return the matrix of a layout, refined on its own grid by brightness in the same tone.

    Normalised brightness is off where a border or a cut runs through its window: by a pixel or
    two of 256 (5 % white borders around documents and photographs), which this takes to a tenth.
    """
    lumas = np.stack([filters.luma(laid.first), filters.luma(laid.second)])
    ours, theirs = lumas[:, laid.valid][:, ::SPARSE]
    lumas[0] = tone.looked_up(tone.curve(ours, theirs), lumas[0])
    lumas[0][~laid.valid] = lumas[1][~laid.valid]
    first, second = (Level(image, PRECISE_POINTS) for image in filters.smoothed(lumas))
    refined = refine(first, second, geometry.IDENTITY, steps=6)
    if geometry.movement(refined) > PRECISE:
        return laid.matrix
    box = geometry.of_box(laid.box)
    return np.asarray(laid.matrix @ box @ refined @ geometry.inverse(box))


def _taken(matrix: Matrix, points: Points) -> tuple[Floats, Floats]:
    """Return where a matrix takes points."""
    m = matrix.astype(np.float32)
    x = m[0, 0] * points.x + m[0, 1] * points.y + m[0, 2]
    return x, m[1, 0] * points.x + m[1, 1] * points.y + m[1, 2]


def refine(first: Level, second: Level, matrix: Matrix, *, steps: int) -> Matrix:
    """Return the matrix after a few steps towards the one that makes two levels agree best.

    Affine: pictures taken of pictures, in perspective, are no copies, and eight elements drift
    where there is little to hold them. Pixels that stay far off are given little weight: a part
    may differ.
    """
    points = second.points
    for _ in range(steps):
        x, y = _taken(matrix, points)
        value, across, down = first.sampled(x, y)
        off = points.value - value
        inside = (np.abs(x) < 1) & (np.abs(y) < 1)
        if inside.sum() < 50:
            return matrix
        spread = 2 * (1.48 * filters.quantile(np.abs(off[inside]), 0.5) + 1e-3)
        weight = inside / (1 + (off / spread) ** 2)
        columns = _columns(points, *_mean_slopes(matrix, points, across, down))
        weighted = columns * weight
        square = (weighted @ columns.T).astype(np.float64)
        square[np.diag_indices_from(square)] *= 1.001
        square[np.diag_indices_from(square)] += 1e-3 * len(off)
        step = np.linalg.solve(square, (weighted @ off).astype(np.float64))
        matrix = matrix @ (geometry.IDENTITY + np.append(step, (0, 0, 0)).reshape(3, 3))
        if float(np.abs(step).max()) * second.width / 2 < STILL:
            break
    return matrix


def _mean_slopes(
    matrix: Matrix, points: Points, across: Floats, down: Floats
) -> tuple[Floats, Floats]:
    """Return the slopes per unit of the second picture, the mean of both pictures' own."""
    m = matrix.astype(np.float32)
    return (
        (points.across + across * m[0, 0] + down * m[1, 0]) / 2,
        (points.down + across * m[0, 1] + down * m[1, 1]) / 2,
    )


def _columns(points: Points, across: Floats, down: Floats) -> Floats:
    """Return float32[6, n]: what each element of the increment changes at each point."""
    x, y = points.x, points.y
    return np.stack([across * x, across * y, across, down * x, down * y, down])


def _shifted(first: PictureSheet, second: PictureSheet, matrix: Matrix) -> Matrix:
    """Return the matrix after the shift that phase correlation finds, a sixth of a side at most."""
    level = second.coarse
    points = level.all_points
    x, y = _taken(matrix, points)
    size = (level.height, level.width)
    theirs = first.coarse.sampled_smooth(np.clip(x, -1, 1), np.clip(y, -1, 1)).reshape(size)
    window = np.hanning(size[0] + 2)[1:-1, None] * np.hanning(size[1] + 2)[None, 1:-1]
    cross = np.conj(np.fft.rfft2(level.layers[0] * window)) * np.fft.rfft2(theirs * window)
    peaks = np.fft.irfft2(cross / (np.abs(cross) ** 0.7 + 1e-3), size)
    peaks[size[0] // 6 : -(size[0] // 6) or None] = -np.inf
    peaks[:, size[1] // 6 : -(size[1] // 6) or None] = -np.inf
    down, across = np.unravel_index(int(peaks.argmax()), size)
    shift = np.eye(3)
    shift[0, 2] = 2 / size[1] * (across if across < size[1] / 2 else across - size[1])
    shift[1, 2] = 2 / size[0] * (down if down < size[0] / 2 else down - size[0])
    return np.asarray(matrix @ shift)
