"""How one picture lies in another: the map of places on which most pairs of points agree.

Nothing is drawn at random, so that equal pictures get equal answers: each pair of points that look
alike, with its size and direction, is a hypothesis of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.points import PiecePoints

Map = npt.NDArray[np.float64]  # [3, 3], of places in units
Places = npt.NDArray[np.float64]  # [n, 2]
Which = npt.NDArray[np.bool_]

NEAR = 15  # bits between two points of a pair
NEARLY_BEST = 3  # bits by which a point may be nearer to another
FEWEST = 4  # pairs that fit
HYPOTHESES, TRIED, ALIKE = 3, 40, 0.7  # refined; looked at; share of pairs that makes two the same
ROUNDS = 5
TOLERANCE = 4.0  # units of the stored picture
ASKED_TOLERANCE = 0.85  # units of the query: 1.6 of its pixels
OFF, OFF_A_UNIT = 3.0, 0.12  # units by which a hypothesis may be off, and more for far points
OCTAVES, RADIANS = 0.6, 0.5  # by which size and direction of a pair may be off
OFF_OCTAVES = 0.8  # between the size of a pair and the scale of the map
SPOT = 6.0  # units: points of one spot count once
FLAT = 9.0  # units squared: places that hardly leave a line determine no affine map
AFFINE, PERSPECTIVE = 5, 10  # pairs from which a map is fitted with more freedom
DAMPING = 1e-2  # of the perspective, a pair


class PieceFit(NamedTuple):
    """How a stored picture lies in a query."""

    matrix: Map  # takes places of the stored picture to places of the query
    inliers: int  # different spots of the stored picture whose points agree with it
    visible: int  # spots of the stored picture that should be seen in the query
    scale: float  # units of the query for each of the stored picture
    stretch: float  # how many times more one way than the other


def moved(matrix: Map, places: Places) -> Places:
    """Return where a map takes places, float64[n, 2]; on its horizon to no number."""
    three = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(three[:, :2] / three[:, 2:])


def fitted(
    stored: PiecePoints, asked: PiecePoints, frame: tuple[float, float], finest: float
) -> PieceFit | None:
    """Return how the stored picture lies in the query, or None if too few points agree.

    `frame` is the query's width and height in units, `finest` the size of its finest points, which
    is what smaller points of the stored picture may have become.
    """
    if min(len(stored.bits), len(asked.bits)) < FEWEST:
        return None
    pairs = _Pairs(stored, asked)
    if len(pairs.octaves) < FEWEST:
        return None
    best: tuple[int, Map] | None = None
    for which in pairs.hypotheses():
        refined = pairs.refined(which)
        if refined and (best is None or refined[0] > best[0]):
            best = refined
    if best is None:
        return None
    inliers, matrix = best
    linear = matrix[:2, :2]
    larger, smaller = np.linalg.svd(linear, compute_uv=False)
    scale = float(np.sqrt(abs(np.linalg.det(linear))))
    places = _places(stored)
    there = moved(matrix, places)
    inside = ((there >= 0) & (there <= frame)).all(axis=1)
    inside &= np.exp2(stored.size) * scale >= finest
    visible = max(inliers, _spots(places[inside]))
    return PieceFit(matrix, inliers, visible, scale, float(larger / (smaller + 1e-9)))


class _Pairs:
    """Points of two pictures that look alike."""

    def __init__(self, stored: PiecePoints, asked: PiecePoints) -> None:
        apart = np.bitwise_count(asked.bits[:, None] ^ stored.bits[None])
        nearest, rows = apart.argmin(axis=1), np.arange(len(apart))
        bits = apart[rows, nearest].astype(np.int64)
        best_of_stored = apart.min(axis=0)[nearest]
        good = (bits <= NEAR) & (bits <= best_of_stored + NEARLY_BEST)
        theirs, ours = nearest[good], rows[good]
        self.stored, self.asked = _places(stored)[theirs], _places(asked)[ours]
        self.octaves = (asked.size[ours] - stored.size[theirs]).astype(np.float64)
        self.turns = (asked.direction[ours] - stored.direction[theirs]).astype(np.float64)

    def hypotheses(self) -> Iterator[Which]:
        """Yield the pairs that agree with one of them, most first, each group but once."""
        change = np.exp2(self.octaves) * np.exp(1j * self.turns)
        x, y = (places @ np.array([1, 1j]) for places in (self.stored, self.asked))
        start = y - change * x
        off = np.abs(change[:, None] * x + start[:, None] - y) / np.abs(change)[:, None]
        allowed = OFF + OFF_A_UNIT * np.abs(x[:, None] - x)
        turned = np.abs((self.turns[:, None] - self.turns + np.pi) % (2 * np.pi) - np.pi)
        resized = np.abs(self.octaves[:, None] - self.octaves)
        agree = (off < allowed) & (resized < OCTAVES) & (turned < RADIANS)
        counts = agree.sum(axis=1)
        seen: list[Which] = []
        for pair in np.argsort(-counts, kind="stable")[:TRIED]:
            if counts[pair] < FEWEST or len(seen) == HYPOTHESES:
                return
            if all((agree[pair] & other).sum() <= ALIKE * counts[pair] for other in seen):
                seen.append(agree[pair])
                yield agree[pair]

    def refined(self, which: Which) -> tuple[int, Map] | None:
        """Return the number of spots, and the map, that a hypothesis grows to."""
        matrix = None
        for turn in range(ROUNDS):
            if _spots(self.stored[which]) < FEWEST:
                break
            matrix = self._map(which, freely=turn > 1)
            scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))) + 1e-9
            off = np.hypot(*(moved(matrix, self.stored) - self.asked).T) / scale
            allowed = max(TOLERANCE, ASKED_TOLERANCE / scale) * (1 if turn > 1 else 2)
            now = (off < allowed) & (np.abs(self.octaves - np.log2(scale)) < OFF_OCTAVES)
            done = turn > 2 and bool((now == which).all())
            which = now
            if done:
                break
        if matrix is None or which.sum() < FEWEST or np.linalg.det(matrix[:2, :2]) <= 0:
            return None
        return _spots(self.stored[which]), matrix

    def _map(self, which: Which, *, freely: bool) -> Map:
        stored, asked, count = self.stored[which], self.asked[which], int(which.sum())
        spread = stored - stored.mean(axis=0)
        narrow = np.linalg.eigvalsh(spread.T @ spread / count)[0]
        if count < AFFINE or narrow < FLAT:
            return _similarity(stored, asked)
        if count < PERSPECTIVE or not freely:
            return _affine(stored, asked)
        return _perspective(stored, asked)


def _similarity(stored: Places, asked: Places) -> Map:
    x, y = (places @ np.array([1, 1j]) for places in (stored, asked))
    from_middle = x - x.mean()
    total = float((np.abs(from_middle) ** 2).sum()) + 1e-9
    z = np.vdot(from_middle, y - y.mean()) / total
    start = y.mean() - z * x.mean()
    return np.array([[z.real, -z.imag, start.real], [z.imag, z.real, start.imag], [0, 0, 1]])


def _affine(stored: Places, asked: Places) -> Map:
    known = np.column_stack([stored, np.ones(len(stored))])
    solved = np.linalg.lstsq(known, asked, rcond=None)[0]
    return np.vstack([solved.T, [0, 0, 1]])


def _perspective(stored: Places, asked: Places) -> Map:
    """Return a homography by least squares; its perspective is damped, as few points say little."""
    to, back = _normal(stored), _normal(asked)
    (x, y), (u, v) = moved(to, stored).T, moved(back, asked).T
    none, one = np.zeros_like(x), np.ones_like(x)
    across = np.column_stack([x, y, one, none, none, none, -u * x, -u * y])
    down = np.column_stack([none, none, none, x, y, one, -v * x, -v * y])
    known, wanted = np.concatenate([across, down]), np.r_[u, v]
    normal = known.T @ known + 1e-9 * np.eye(8)
    normal[[6, 7], [6, 7]] += DAMPING * len(x)
    solved = np.linalg.solve(normal, known.T @ wanted)
    return np.asarray(np.linalg.inv(back) @ np.r_[solved, 1].reshape(3, 3) @ to)


def _normal(places: Places) -> Map:
    """Return what takes places to about 0, and about 1 apart."""
    (x, y), size = places.mean(axis=0), places.std() + 1e-6
    return np.array([[1 / size, 0, -x / size], [0, 1 / size, -y / size], [0, 0, 1]])


def _places(points: PiecePoints) -> Places:
    return np.column_stack([points.x, points.y]).astype(np.float64)


def _spots(places: Places) -> int:
    cells = np.floor(places / SPOT).astype(np.int64)
    return len(np.unique(cells @ np.array([1, 4096])))
