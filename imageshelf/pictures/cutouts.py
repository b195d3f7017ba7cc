"""Find the picture that lies on a ground of one colour among other things: a post, a chat, a page.

`borders` cuts off what is uniform, and what little stands in it. Here the ground may hold more than
the picture does. What differs from the ground is divided along the lines and columns that do not,
again and again, and the largest solid pieces may each be the picture. To be wrong costs a look.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from PIL import Image

from imageshelf.pictures.borders import border_level, differing_from, whole_pixels, without_borders
from imageshelf.pictures.reduction import Box, Reduced, whole

MOST_CUTOUTS = 4  # boxes told of one picture
DIVISIONS = 5  # along lines, then columns: a window, its page, a column of text, the picture
FEWEST_PIXELS = 10  # of a side of a piece
LEAST_SHARE = 0.02  # of the whole, that a piece takes up
MOST_SHARE = 0.98
TOGETHER = (0.25, 0.06)  # of the largest piece: such ones may be parts of one dark picture
PART = 0.7  # of what is inside the borders, that a picture among other things takes up at most
MAIN = 0.5  # of all that is not ground, that it is at least
EMPTY = 5  # of 255, the mean of a line that divides: an edge blurs over it
GROUND_SPREAD = 5  # levels
GROUND_SHARE = 0.12  # of all pixels, that the commonest level needs to be a ground
SAME_LEVEL = 4  # two grounds this close are one

_Cut = tuple[int, int, int, int]


def cutouts(reduced: Reduced) -> list[Box]:
    """Return where the picture may lie, at most MOST_CUTOUTS boxes, likelier ones first.

    The first is that of `without_borders` if there is one.
    """
    inside = without_borders(reduced)
    found = [inside] if inside else []
    outer = whole_pixels(reduced)
    if min(outer[2] - outer[0], outer[3] - outer[1]) < FEWEST_PIXELS:
        return found
    for level in _grounds(reduced.picture, outer):
        for cut in _likely(differing_from(reduced.picture.crop(outer), level)):
            box = _without_edges(cut, outer)
            if not any(_are_close(box, other) for other in found):
                found.append(box)
    return found[:MOST_CUTOUTS]


def main_cutout(reduced: Reduced, inside: Box) -> Box | None:
    """Return the box of a picture that is most of what is on a ground, but not nearly all of it.

    `inside` is that of `without_borders`. None where this has little ground left in it, or nothing
    stands out: a picture with dark parts on black is not to be cut to its light ones.
    """
    outer = whole_pixels(reduced)
    level = border_level(reduced.picture, outer)
    if level is None:
        return None
    mask = differing_from(reduced.picture.crop(outer), level)
    cut = next(_likely(mask), None)
    if cut is None:
        return None
    box = _without_edges(cut, outer)
    solid, everything = (sum(each.histogram()[255:]) for each in (mask.crop(cut), mask))
    is_part = _area(box) < PART * _area(inside)
    return box if is_part and solid >= MAIN * everything else None


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def cutout_boxes(picture: Any) -> list[Box]:
    """Return the cutouts of a colour picture, uint8[h, w, 3], in places from -1 to 1."""
    grey = Image.fromarray(picture).convert("L")
    width, height = grey.size
    return [
        (2 * x0 / width - 1, 2 * y0 / height - 1, 2 * x1 / width - 1, 2 * y1 / height - 1)
        for x0, y0, x1, y1 in cutouts(whole(grey))
    ]


def _grounds(picture: Image.Image, outer: _Cut) -> list[int]:
    """Return the level of a side that is uniform, and the commonest of all."""
    side = border_level(picture, outer)
    histogram = picture.histogram()
    sums = list(itertools.accumulate(histogram, initial=0))
    counts = [
        sums[min(256, level + GROUND_SPREAD + 1)] - sums[max(0, level - GROUND_SPREAD)]
        for level in range(256)
    ]
    common = max(range(256), key=counts.__getitem__)
    levels = [] if side is None else [side]
    if counts[common] >= GROUND_SHARE * sums[-1] and (
        side is None or abs(common - side) > SAME_LEVEL
    ):
        levels.append(common)
    return levels


def _likely(mask: Image.Image) -> Iterator[_Cut]:
    """Yield the largest piece of a mask, and what it spans together with other large ones."""
    area = mask.width * mask.height
    pieces = [
        (sum(piece.histogram()[255:]), cut)
        for cut, piece in _pieces(mask, (0, 0), DIVISIONS)
        if min(piece.size) >= FEWEST_PIXELS and piece.width * piece.height >= LEAST_SHARE * area
    ]
    if not pieces:
        return
    pieces.sort(reverse=True)
    most = pieces[0][0]
    for share in (1.0, *TOGETHER):
        sides = list(zip(*(cut for pixels, cut in pieces if pixels >= share * most), strict=True))
        cut = (min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))
        if (cut[2] - cut[0]) * (cut[3] - cut[1]) < MOST_SHARE * area:
            yield cut


def _pieces(
    mask: Image.Image, at: tuple[int, int], divisions: int
) -> Iterator[tuple[_Cut, Image.Image]]:
    """Yield the pieces of a mask that no empty line or column divides, and their bounds."""
    x, y = at
    rows = _runs(mask.resize((1, mask.height), Image.Resampling.BOX).tobytes())
    for top, bottom in rows:
        band = mask.crop((0, top, mask.width, bottom))
        columns = _runs(band.resize((band.width, 1), Image.Resampling.BOX).tobytes())
        for left, right in columns:
            piece = band.crop((left, 0, right, band.height))
            if divisions and (len(rows) > 1 or len(columns) > 1):
                yield from _pieces(piece, (x + left, y + top), divisions - 1)
            else:
                yield (x + left, y + top, x + right, y + bottom), piece


def _runs(means: bytes) -> list[tuple[int, int]]:
    """Return where lines that are not empty begin and end.

    >>> _runs(bytes([0, 90, 90, 0, 0, 255]))
    [(1, 3), (5, 6)]
    """
    runs, at = [], 0
    for is_full, lines in itertools.groupby(means, lambda mean: mean > EMPTY):
        length = len(list(lines))
        if is_full:
            runs.append((at, at + length))
        at += length
    return runs


def _without_edges(cut: _Cut, outer: _Cut) -> Box:
    """Return a cut as a box of the picture, without the pixels in which it and the ground mix."""
    width, height = outer[2] - outer[0], outer[3] - outer[1]
    left, top, right, bottom = cut
    return (
        outer[0] + left + (left > 0),
        outer[1] + top + (top > 0),
        outer[0] + right - (right < width),
        outer[1] + bottom - (bottom < height),
    )


def _are_close(box: Box, other: Box) -> bool:
    return max(abs(a - b) for a, b in zip(box, other, strict=True)) < 1.5
