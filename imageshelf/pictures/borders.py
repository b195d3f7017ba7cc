"""Find uniform borders of a picture: letterbox bars, white frames, mats of any one colour.

What stands in a border, apart from the picture, counts as border too: a caption, or the bars and
buttons of a screenshot.
"""

import functools
import itertools
from typing import Any

from PIL import Image

from imageshelf.pictures.reduction import Box, Reduced

TOLERANCE_LEVELS = 10  # that JPEG may move a border's grey from its middle
DEEPEST_CUT = 0.45  # of width or height, from one side at most
LEAST_CUT = 0.02  # of width or height, in total, for a border to count
NESTED_BORDERS = 4  # at most: a letterboxed film in a white frame has two
DOMINANT_SHARE = 0.75  # of all that is not border: such a piece makes the rest captions and buttons

_Cut = tuple[int, int, int, int]


def without_borders(reduced: Reduced) -> Box | None:
    """Return the box of the picture inside its uniform borders, or None if it has no borders.

    A picture that is flat all over has no inside. The row of pixels in which border and picture
    mix is cut off too. Captions and buttons go with the border that separates them from the
    picture.
    """
    x0, y0, x1, y1 = reduced.box
    outer = whole_pixels(reduced)
    if outer[2] - outer[0] < 3 or outer[3] - outer[1] < 3:
        return None
    inner = _inside(reduced.picture, outer)
    if inner is None or inner == outer:
        return None
    left, top = _limited(inner[0], outer[0], x0, x1, 1), _limited(inner[1], outer[1], y0, y1, 1)
    right = _limited(inner[2], outer[2], x1, x0, -1)
    bottom = _limited(inner[3], outer[3], y1, y0, -1)
    wide_enough = right - left <= (1 - LEAST_CUT) * (x1 - x0)
    tall_enough = bottom - top <= (1 - LEAST_CUT) * (y1 - y0)
    if not (wide_enough or tall_enough) or right - left < 1 or bottom - top < 1:
        return None
    return (left, top, right, bottom)


def whole_pixels(reduced: Reduced) -> _Cut:
    """Return the pixels that lie inside the picture's box wholly."""
    x0, y0, x1, y1 = reduced.box
    return (round(x0 + 0.49), round(y0 + 0.49), int(x1), int(y1))


def _limited(inner: int, outer: int, near: float, far: float, inwards: int) -> float:
    """Return where to cut one side, whose edge is `near` and whose opposite edge is `far`."""
    if inner == outer:
        return near
    deepest = near + DEEPEST_CUT * (far - near)
    return min(inner + 1, deepest) if inwards > 0 else max(inner - 1, deepest)


def _inside(picture: Image.Image, cut: _Cut) -> _Cut | None:
    """Return the bounds of what differs from the borders, nested ones too; None if nothing does."""
    for _ in range(NESTED_BORDERS):
        middle = border_level(picture, cut)
        if middle is None:
            break
        differing = differing_from(picture.crop(cut), middle)
        if differing.getbbox() is None:
            return None
        x, y = cut[:2]
        left, top, right, bottom = _largest_part(differing)
        if (left, top, right, bottom) == (0, 0, *differing.size):
            break
        cut = (x + left, y + top, x + right, y + bottom)
    return cut


def _largest_part(differing: Image.Image) -> _Cut:
    """Return the bounds of what is white, without small parts that black lines separate.

    It looks for lines across the whole width, then down the whole height, then across again.
    """
    width, height = differing.size
    top, bottom = _main_run(differing.resize((1, height), Image.Resampling.BOX).tobytes())
    band = differing.crop((0, top, width, bottom))
    left, right = _main_run(band.resize((width, 1), Image.Resampling.BOX).tobytes())
    part = band.crop((left, 0, right, bottom - top))
    above, below = _main_run(part.resize((1, bottom - top), Image.Resampling.BOX).tobytes())
    return left, top + above, right, top + below


def _main_run(shares: bytes) -> tuple[int, int]:
    """Return where the longest run of lines that are not black begins and ends.

    If no run is by far the longest, return the start of the first and the end of the last. Return
    everything if very long lines hide a few pixels in their mean.
    """
    if 0 not in shares or not any(shares):
        return 0, len(shares)
    at, runs = 0, []
    for is_white, lines in itertools.groupby(shares, bool):
        length = len(list(lines))
        if is_white:
            runs.append((length, at, at + length))
        at += length
    longest, begin, end = max(runs)
    if longest >= DOMINANT_SHARE * sum(length for length, _, _ in runs):
        return begin, end
    return runs[0][1], runs[-1][2]


def border_level(picture: Image.Image, cut: _Cut) -> int | None:
    """Return the grey level of the first side whose outermost pixels are all alike."""
    left, top, right, bottom = cut
    if not _may_have_border(picture, cut):  # most have none; going on copies all pixels
        return None
    width, pixels = picture.width, picture.tobytes()
    first, last = top * width, (bottom - 1) * width
    for side in (
        pixels[first + left : first + right],
        pixels[last + left : last + right],
        pixels[first + left : last + right : width],
        pixels[first + right - 1 : last + right : width],
    ):
        low, high = min(side), max(side)
        if high - low <= TOLERANCE_LEVELS:
            return (low + high) // 2
    return None


def _may_have_border(picture: Image.Image, cut: _Cut) -> bool:
    """Tell whether a few pixels along some side are all alike."""
    left, top, right, bottom = cut
    level: Any = picture.load()
    right, bottom = right - 1, bottom - 1
    x1, x2, x3 = _places(left, right)
    y1, y2, y3 = _places(top, bottom)
    return (
        _alike(level[left, top], level[x1, top], level[x2, top], level[x3, top])
        or _alike(level[left, bottom], level[x1, bottom], level[x2, bottom], level[x3, bottom])
        or _alike(level[left, top], level[left, y1], level[left, y2], level[left, y3])
        or _alike(level[right, bottom], level[right, y1], level[right, y2], level[right, y3])
    )


def _alike(*levels: int) -> bool:
    return max(levels) - min(levels) <= TOLERANCE_LEVELS


def _places(first: int, last: int) -> tuple[int, int, int]:
    """Return three places, evenly spaced between two."""
    return (3 * first + last) // 4, (first + last) // 2, (first + 3 * last) // 4


def differing_from(picture: Image.Image, level: int) -> Image.Image:
    """Return a mask that is white where the picture is not, within the tolerance, of a level."""
    return picture.point(_difference(level))


@functools.cache
def _difference(middle: int) -> bytes:
    """Return a look-up table that blackens what is within the tolerance of `middle`."""
    return bytes(0 if abs(level - middle) <= TOLERANCE_LEVELS else 255 for level in range(256))
