"""Everything that can be measured of one picture file: its views, a grey square, every hash."""

import os

from imageshelf.hashing import hash_names
from imageshelf.pictures import images
from imageshelf.pictures.decoding import decode
from imageshelf.pictures.look_tasks import SQUARE_PIXELS, FileMeasures, MeasureTask
from imageshelf.pictures.reduction import LANCZOS
from imageshelf.pictures.tasks import Refusal
from imageshelf.system.files import UnreadableImage, open_regular, unreadable
from imageshelf.system.paths import Url


def measured(task: MeasureTask) -> FileMeasures | Refusal:
    """Return what is measured of a file, or why it cannot be read; never raises for a bad file."""
    path, full_decode = task
    if not isinstance(path, Url) and not os.path.lexists(path):
        return Refusal("does not exist; check the spelling", lasting=False, other="")
    try:
        with open_regular(path) as stream:
            reduced = decode(stream, path, full_decode=full_decode).exact
        picture = images.read(path, full_decode=full_decode, turned=True)
        square = reduced.picture.resize((SQUARE_PIXELS, SQUARE_PIXELS), LANCZOS, reduced.box)
        keys = {
            name: images.read(path, full_decode=full_decode, hash_name=name).keys[0]
            for name in hash_names.NAMES
        }
    except UnreadableImage as exc:
        return Refusal(exc.reason, exc.lasting, exc.other)
    except (OSError, MemoryError) as exc:
        return Refusal(unreadable(exc).reason, lasting=False, other="")
    return FileMeasures(picture, square.tobytes(), keys)
