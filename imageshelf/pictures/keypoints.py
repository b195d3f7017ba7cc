"""The keypoints of a decoded picture, for a shelf or for a query.

NumPy is loaded here, which workers of an ordinary index run do without.
"""

from typing import BinaryIO

import numpy as np

from imageshelf.pictures import colour, reduction
from imageshelf.pictures.decoding import Decoded, Turnable
from imageshelf.pictures.reduction import Reduced
from imageshelf.pictures.tasks import QueryPoints, StoredPoints
from imageshelf.pieces import points
from imageshelf.pieces.scale_space import Luma

ENOUGH = 0.93  # of the pixels that points are looked for in: 250 of 256, of half a 500x375 picture


def found(
    decoded: Decoded, stream: BinaryIO, path: str, *, asked: bool
) -> StoredPoints | QueryPoints:
    """Return the points of a picture, of which `stream` is the file.

    It is decoded again where the decode for its key left too few pixels. Raises what that raises.
    """
    longest = points.ASKED_PIXELS if asked else points.STORED_PIXELS
    grey = decoded.grey
    if grey is None or _is_too_small(grey.picture, decoded.size, longest):
        image, box, tags = colour.opened(stream, path, int(longest * ENOUGH), mode="L")
        turn = reduction.EXIF_TURNS.get(tags.orientation)
        grey = Turnable(Reduced(reduction.brightness(image), box), turn)
    luma = _array(grey, longest)
    if not asked:
        thumb = points.packed_thumb(_array(grey, points.THUMB_PIXELS))
        return StoredPoints(points.stored_points(luma).to_bytes(), thumb)
    found_points, *margins = points.asked_points(luma)
    height, width = luma.shape
    return QueryPoints(
        found_points._replace(mirrored=found_points.mirrored[: points.MIRRORED_MOST]).to_bytes(),
        found_points.mirrored.tobytes(),
        (margins[0].tobytes(), margins[1].tobytes()),
        (width, height),
        luma.tobytes(),
    )


def _is_too_small(picture: Reduced, size: tuple[int, int], longest: int) -> bool:
    x0, y0, x1, y1 = picture.box
    return max(x1 - x0, y1 - y0) < ENOUGH * min(longest, max(size))


def _array(grey: Turnable, longest: int) -> Luma:
    return np.asarray(grey.upright(longest))
