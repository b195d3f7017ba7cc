"""What workers do for pieces: lay one over the other, rectified as their keypoints fit."""

import numpy as np

from imageshelf.overlay.comparison import look
from imageshelf.overlay.sheets import PictureSheet
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.look_tasks import ColourPicture, ColourTask, LaidOver, PieceTask
from imageshelf.pictures.warping import rectified, warped
from imageshelf.pieces import placement
from imageshelf.pieces.fitting import Map
from imageshelf.pieces.scale_space import Luma
from imageshelf.system.files import UnreadableImage

PIXELS = 256  # of the longer side of what is common, at which overlay's thresholds were chosen
MOST_PIXELS = 1024  # of the longer side of a picture that is read for a small part of it
FEWEST_PIXELS = 32  # of the shorter side of what is common


def piece_laid_over(task: PieceTask) -> LaidOver:
    """Return what the query is to the match where both show the same; never raises for a file."""
    matrix = np.array(task.matrix).reshape(3, 3)
    try:
        query_size, query, state = _first_read(task.query, task.memory_limit_mb)
        match_size, match, other_state = _first_read(task.match, task.memory_limit_mb)
        common = placement.common_box(matrix, match_size, query_size)
        if common is None:
            return LaidOver(None, problem="nothing of both is left to compare")
        query = _finer(task.query, query, query_size, common.query_share, task.memory_limit_mb)
        match = _finer(task.match, match, match_size, common.match_share, task.memory_limit_mb)
    except UnreadableImage as exc:
        return LaidOver(None, problem=exc.reason)
    x, y, width, height = common.box
    scale = PIXELS / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if min(size) < FEWEST_PIXELS:
        return LaidOver(None, problem="too little of both is left to compare")
    # From pixels of the result to units of the match, from there to units of the query.
    to_match = np.array([[width / size[0], 0, x], [0, height / size[1], y], [0, 0, 1]])
    first = rectified(_mirrored(query, task.mirrored), _pixels(query) @ matrix @ to_match, size)
    second = rectified(_array(match), _pixels(match) @ to_match, size)
    verdict = look(PictureSheet(first), PictureSheet(second), 0, warped)
    return LaidOver(verdict, size=match_size, states=(state, other_state))


def _first_read(
    path: str, memory_limit_mb: int
) -> tuple[tuple[int, int], ColourPicture, tuple[int, int]]:
    picture = colour_picture(ColourTask(path, PIXELS, memory_limit_mb))
    return picture.size, picture, picture.state


def _finer(
    path: str, picture: ColourPicture, size: tuple[int, int], share: float, memory_limit_mb: int
) -> ColourPicture:
    """Return a picture at a size at which a share of its longer side has enough pixels."""
    longest = min(MOST_PIXELS, round(PIXELS / max(share, 0.01)), max(size))
    if longest <= max(picture.width, picture.height) * 1.2:
        return picture
    return colour_picture(ColourTask(path, longest, memory_limit_mb))


def _array(picture: ColourPicture) -> Luma:
    pixels = np.frombuffer(picture.pixels, np.uint8)
    return pixels.reshape(picture.height, picture.width, 3)


def _mirrored(picture: ColourPicture, mirrored: bool) -> Luma:
    pixels = _array(picture)
    return np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels


def _pixels(picture: ColourPicture) -> Map:
    """Return the map from units to pixels of a reduced picture."""
    frame = placement.frame_of((picture.width, picture.height))
    return np.diag([picture.width / frame[0], picture.height / frame[1], 1.0])
