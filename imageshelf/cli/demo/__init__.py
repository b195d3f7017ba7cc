"""A folder to try things on: a dozen scenes, and copies of them of every known kind.

`SCENES` are the originals, files of `camera/`. `COPIES` says of each copy which scene it shows,
what was done to it and the kind that a search reports for the two. The scenes are
rendered, by tests/scenes/demo.py, so nobody owns them; the package holds them as JPEG files.
"""

import os
from typing import NamedTuple

from PIL import Image

from imageshelf.cli.demo.copies import (
    Maker,
    bordered,
    brighter,
    converted,
    cropped,
    exact,
    grey,
    messaged,
    next_frame,
    no_picture,
    rated,
    resaved,
    resized,
    shot,
    stored_sideways,
    tagged_turn,
    truncated,
    turned,
    written,
)
from imageshelf.system.sentences import SentenceError

SKIPPED = "skipped"
DAY_NS = 86_400 * 10**9
SCENES = (
    "mountains", "sunset", "beach", "city", "fruit", "forest",
    "flowers", "portrait", "market", "street", "night", "balloons",
)  # fmt: skip
_FILES = os.path.join(os.path.dirname(__file__), "scenes")
_Turn = Image.Transpose


class DemoError(SentenceError):
    """The demo cannot be written; one sentence says why."""


class DrawnCopy(NamedTuple):
    """One copy of a scene."""

    path: str  # below the demo folder, with / separators
    scene: str
    kind: str  # as a search says it, or SKIPPED for what no index can read
    what: str  # was done to it
    make: Maker


_caption = written("Sunday in the fields", (0.5, 0.93), 26, 255)
_watermark = written("(c) imageshelf demo", (0.5, 0.5), 54, 110)

COPIES = (
    DrawnCopy("backup/mountains.jpg", "mountains", "identical bytes", "an exact copy", exact),
    DrawnCopy("backup/portrait-copy.jpg", "portrait", "identical bytes", "an exact copy", exact),
    DrawnCopy(
        "backup/city-rated.jpg", "city", "identical pixels", "only metadata rewritten", rated
    ),
    DrawnCopy("edited/sunset-quality-60.jpg", "sunset", "near", "saved at quality 60", resaved(60)),
    DrawnCopy("edited/night-quality-30.jpg", "night", "near", "saved at quality 30", resaved(30)),
    DrawnCopy(
        "edited/beach-400-pixels.jpg", "beach", "near", "resized to 400 pixels", resized(400)
    ),
    DrawnCopy(
        "edited/market-400-pixels.jpg", "market", "near", "resized to 400 pixels", resized(400)
    ),
    DrawnCopy("edited/fruit-white-border.jpg", "fruit", "near", "a white border added", bordered),
    DrawnCopy("edited/flowers-caption.jpg", "flowers", "variant", "a caption added", _caption),
    DrawnCopy(
        "edited/mountains-watermark.jpg", "mountains", "variant", "a watermark added", _watermark
    ),
    DrawnCopy("edited/street-cropped-5-percent.jpg", "street", "near", "5 % cropped", cropped),
    DrawnCopy("edited/forest-brighter.jpg", "forest", "near", "brighter", brighter),
    DrawnCopy("edited/balloons-grey.jpg", "balloons", "near", "colour taken away", grey),
    DrawnCopy(
        "turned/forest-right.jpg", "forest", "turned", "turned right", turned(_Turn.ROTATE_270)
    ),
    DrawnCopy(
        "turned/balloons-left.jpg", "balloons", "turned", "turned left", turned(_Turn.ROTATE_90)
    ),
    DrawnCopy(
        "turned/fruit-upside-down.jpg", "fruit", "turned", "half turn", turned(_Turn.ROTATE_180)
    ),
    DrawnCopy(
        "turned/city-mirrored.jpg", "city", "turned", "mirrored", turned(_Turn.FLIP_LEFT_RIGHT)
    ),
    DrawnCopy(
        "turned/street-exif-only.jpg", "street", "turned", "turned by its Exif tag", tagged_turn
    ),
    DrawnCopy("turned/portrait-stored.jpg", "portrait", "near", "stored sideways", stored_sideways),
    DrawnCopy("messages/IMG-0001-portrait.jpg", "portrait", "near", "sent as a message", messaged),
    DrawnCopy("messages/IMG-0002-sunset.jpg", "sunset", "near", "sent as a message", messaged),
    DrawnCopy(
        "converted/fruit.png", "fruit", "identical pixels", "stored as PNG", converted("PNG")
    ),
    DrawnCopy("converted/flowers.webp", "flowers", "near", "stored as WebP", converted("WEBP")),
    DrawnCopy(
        "burst/beach-1-s-later.jpg", "beach", "another shot", "taken 1 s later", next_frame(1)
    ),
    DrawnCopy(
        "burst/beach-2-s-later.jpg", "beach", "another shot", "taken 2 s later", next_frame(2)
    ),
    DrawnCopy("damaged/night-truncated.jpg", "night", SKIPPED, "half of the file lost", truncated),
    DrawnCopy("damaged/shopping-list.jpg", "night", SKIPPED, "text with a wrong name", no_picture),
)


def camera_path(scene: str) -> str:
    """Return where the original of a scene lies below the demo folder, with / separators."""
    return f"camera/{scene}.jpg"


PATHS = [
    path
    for scene in SCENES
    for path in (camera_path(scene), *(copy.path for copy in COPIES if copy.scene == scene))
]


def write(folder: str) -> list[str]:
    """Write the scenes and their copies into a new or empty folder; return their paths.

    The same files every time; where they all are already, nothing is written. Raises DemoError
    when the folder holds something else or cannot be written.
    """
    there = [os.path.join(folder, *path.split("/")) for path in PATHS]
    if all(map(os.path.isfile, there)):
        return there
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise DemoError(f"{folder} is not empty; the demo is written into a new folder only")
        return [path for scene in SCENES for path in _write_scene(folder, scene)]
    except FileExistsError as exc:
        raise DemoError(f"{folder} is a file; the demo needs a new or empty folder") from exc
    except OSError as exc:
        raise DemoError(f"cannot write into {folder}: {exc.strerror}") from exc


def _write_scene(folder: str, scene: str) -> list[str]:
    """Write one scene and its copies; return their paths."""
    with open(os.path.join(_FILES, f"{scene}.jpg"), "rb") as file:
        taken = shot(file.read())
    makers: dict[str, Maker] = {camera_path(scene): exact}
    makers |= {copy.path: copy.make for copy in COPIES if copy.scene == scene}
    paths = [_write(folder, path, make(taken)) for path, make in makers.items()]
    status = os.stat(paths[0])  # the camera was first
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns - DAY_NS))
    return paths


def _write(folder: str, path: str, content: bytes) -> str:
    where = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(where), exist_ok=True)
    with open(where, "wb") as file:
        file.write(content)
    return where
