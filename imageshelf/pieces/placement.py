"""What a fit says: a piece of, contains, or shares a part with; and the rectangles in pixels."""

import math
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.agreement import Agreement
from imageshelf.pieces.fitting import Map, PieceFit, moved
from imageshelf.pieces.points import LONGEST
from imageshelf.pieces.relations import A_PIECE, CONTAINS, PART

Polygon = npt.NDArray[np.float64]  # [n, 2]
Box = tuple[int, int, int, int]  # x, y, width, height in pixels

ALL = 0.9  # share of a picture that is all of it
# What a match must have: spots that fit, their share of those that should be seen, and the share
# of the windows that agree. Patterns fit many ways, each badly; a sticker hides windows, not spots.
FITS = ((7, 0.15, 0.75), (15, 0.3, 0.5), (20, 0.15, 0.45), (20, 0.3, 0.3))
FEWEST_WINDOWS, FEWEST_OF_MANY, MANY = 10, 4, 20  # that agree; where so many spots fit
MOST_STRETCHED = 2.2
FARTHEST = 50.0  # times as far away as its nearest corner may the farthest corner of a match be


class Placement(NamedTuple):
    """Where a picture on the shelf and a query show the same."""

    relation: str
    query_box: Box
    match_box: Box
    turn: float  # degrees to the right that the query is turned against the match
    scale: float  # pixels of the query for each of the match, along a line
    mirrored: bool
    query_share: float  # of the query's area that the match shows too
    match_share: float
    query_size: tuple[int, int]  # width and height in pixels
    match_size: tuple[int, int]

    def reversed(self) -> Self:
        """Return the same with query and match exchanged."""
        other = {A_PIECE: CONTAINS, CONTAINS: A_PIECE}
        return self._replace(
            relation=other.get(self.relation, self.relation),
            query_box=self.match_box,
            match_box=self.query_box,
            turn=self.turn if self.mirrored else 0.0 - self.turn,
            scale=round(1 / self.scale, 4) if self.scale else 0.0,
            query_share=self.match_share,
            match_share=self.query_share,
            query_size=self.match_size,
            match_size=self.query_size,
        )


def frame_of(size: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of a picture in units.

    >>> frame_of((400, 300))
    (256.0, 192.0)
    """
    unit = LONGEST / max(1, *size)
    return size[0] * unit, size[1] * unit


def is_in_view(matrix: Map, match_size: tuple[int, int]) -> bool:
    """Tell whether a map shows all of a match: none of it lies on or behind the horizon.

    >>> is_in_view(np.eye(3), (400, 300))
    True
    >>> is_in_view(np.array([[1, 0, 0], [0, 1, 0], [-0.01, 0, 1]]), (400, 300))
    False
    """
    depths = np.column_stack([_corners(*frame_of(match_size)), np.ones(4)]) @ matrix[2]
    if not depths.min() * FARTHEST > depths.max():
        return False
    return abs(float(np.linalg.det(matrix))) > 1e-12 * float(np.abs(matrix).max()) ** 3


def holds(fit: PieceFit, seen: Agreement) -> bool:
    """Tell whether a fit is a match: enough points and pixels agree.

    Of 7.9 million wrong pairs none did; wrong photographs reached 9 spots, and 9 % of the windows.
    Phone screenshots with the same bars reached 20 spots and 66 %.
    """
    fewest = FEWEST_WINDOWS if fit.inliers < MANY else FEWEST_OF_MANY
    if seen.windows < fewest or fit.stretch >= MOST_STRETCHED:
        return False
    return any(
        fit.inliers >= max(spots, visible * fit.visible) and seen.share >= share
        for spots, visible, share in FITS
    )


def placed(
    matrix: Map, match_size: tuple[int, int], query_size: tuple[int, int], *, mirrored: bool
) -> Placement:
    """Return what the map of a match to a query says; both sizes are in pixels, as shown.

    For a mirrored match it leads to places in the mirrored query.
    """
    frame, query_frame = frame_of(match_size), frame_of(query_size)
    in_query = clipped(moved(matrix, _corners(*frame)), *query_frame)
    in_match = moved(np.asarray(np.linalg.inv(matrix)), in_query) if len(in_query) else in_query
    query_share = _area(in_query) / (query_frame[0] * query_frame[1])
    match_share = _area(in_match) / (frame[0] * frame[1])
    turn, scale = _turn_and_scale(matrix, in_match)
    if mirrored:
        in_query = np.column_stack([query_frame[0] - in_query[:, 0], in_query[:, 1]])
    whole = query_share > ALL, match_share > ALL
    relation = A_PIECE if whole[0] else CONTAINS if whole[1] else PART
    if all(whole) and match_share < query_share:
        relation = A_PIECE
    units = max(query_size) / LONGEST, max(match_size) / LONGEST
    return Placement(
        relation,
        _box(in_query * units[0], query_size),
        _box(in_match * units[1], match_size),
        round(turn, 1) + 0.0,  # no -0.0
        round(scale * units[0] / units[1], 4),
        mirrored,
        round(min(1.0, query_share), 4),
        round(min(1.0, match_share), 4),
        query_size,
        match_size,
    )


class Common(NamedTuple):
    """An upright rectangle of a match that lies in the query as a whole, too."""

    box: tuple[float, float, float, float]  # x, y, width, height in units of the match
    match_share: float  # of the longer side of the match that it takes up
    query_share: float


def common_box(
    matrix: Map, match_size: tuple[int, int], query_size: tuple[int, int]
) -> Common | None:
    """Return a large rectangle of what both show, or None if nothing is common."""
    frame, query_frame = frame_of(match_size), frame_of(query_size)
    in_query = clipped(moved(matrix, _corners(*frame)), *query_frame)
    if len(in_query) < 3:
        return None
    polygon = moved(np.asarray(np.linalg.inv(matrix)), in_query)
    low, high, middle = polygon.min(axis=0), polygon.max(axis=0), polygon.mean(axis=0)
    fits, fails = 0.0, 1.0
    box = _corners(*(high - low)) + low
    if _inside(box, polygon):
        fits = 1.0
    while fails - fits > 0.01:
        share = (fits + fails) / 2
        if _inside(middle + share * (box - middle), polygon):
            fits = share
        else:
            fails = share
    corners = middle + fits * (box - middle)
    width, height = corners[2] - corners[0]
    there = moved(matrix, corners)
    across, down = there.max(axis=0) - there.min(axis=0)
    if min(width, height) < 1:
        return None
    return Common(
        (float(corners[0, 0]), float(corners[0, 1]), float(width), float(height)),
        float(max(width, height)) / LONGEST,
        float(max(across, down)) / LONGEST,
    )


def _inside(places: Polygon, polygon: Polygon) -> bool:
    """Tell whether places lie in a convex polygon, or within a hundredth of a unit of it."""
    edge = np.roll(polygon, -1, axis=0) - polygon
    away = places[:, None] - polygon[None]
    side = edge[None, :, 0] * away[:, :, 1] - edge[None, :, 1] * away[:, :, 0]
    side = side / (np.hypot(*edge.T) + 1e-9)
    return bool((side >= -0.01).all() or (side <= 0.01).all())


def _turn_and_scale(matrix: Map, common: Polygon) -> tuple[float, float]:
    """Return how a map turns, in degrees, and enlarges, in the middle of what is common."""
    middle = common.mean(axis=0) if len(common) else np.zeros(2)
    ends = moved(matrix, middle + np.array([[0, 0], [1, 0], [0, 1]]))
    (a, c), (b, d) = ends[1] - ends[0], ends[2] - ends[0]
    return math.degrees(math.atan2(c - b, a + d)), math.sqrt(abs(a * d - b * c))


def _corners(width: float, height: float) -> Polygon:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def clipped(polygon: Polygon, width: float, height: float) -> Polygon:
    """Return what of a convex polygon lies in a rectangle from (0, 0): Sutherland-Hodgman."""
    points = list(polygon)
    for axis, limit, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        kept = []
        for at, point in enumerate(points):
            following = points[(at + 1) % len(points)]
            here, there = ((p[axis] - limit) * sign for p in (point, following))
            if here >= 0:
                kept.append(point)
            if here * there < 0:
                kept.append(point + (following - point) * (here / (here - there)))
        points = kept
    return np.array(points, np.float64).reshape(-1, 2)


def _area(polygon: Polygon) -> float:
    x, y = polygon.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _box(polygon: Polygon, size: tuple[int, int]) -> Box:
    """Return the rectangle around a polygon in whole pixels of a picture."""
    if not len(polygon):
        return (0, 0, 0, 0)
    low = np.clip(np.rint(polygon.min(axis=0)), 0, np.array(size) - 1).astype(int)
    high = np.clip(np.rint(polygon.max(axis=0)), low + 1, size).astype(int)
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    return (x0, y0, x1 - x0, y1 - y0)
