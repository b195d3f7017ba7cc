"""A folder to try things on: a dozen drawn scenes, and copies of them of every known kind.

`ORIGINALS` are the scenes, as files of `camera/`. `COPIES` says of each copy which scene it shows,
what was done to it and the kind that a search reports for the two.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from PIL import Image

from imageshelf.cli.demo.copies import (
    Maker,
    bordered,
    brighter,
    camera_exif,
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
from imageshelf.cli.demo.scenes import scene

SKIPPED = "skipped"
_LANDSCAPE, _PORTRAIT = (1200, 800), (800, 1200)
_Turn = Image.Transpose


class DemoError(Exception):
    """The demo cannot be drawn; one sentence says why."""


class DrawnScene(NamedTuple):
    """One scene as a camera wrote it."""

    name: str  # of the scene; the file is camera/NAME.jpg
    seed: int
    size: tuple[int, int]
    model: str
    taken: str

    @property
    def path(self) -> str:
        """Where it lies below the demo folder, with / separators."""
        return f"camera/{self.name}.jpg"


class DrawnCopy(NamedTuple):
    """One copy of an original."""

    path: str  # below the demo folder, with / separators
    original: str  # the name of the scene it shows
    kind: str  # as a search says it, or SKIPPED for what no index can read
    what: str  # was done to it
    make: Maker


# The seeds were chosen so that no scene looks like another in any orientation: their 64-bit row
# hashes are at least 19 bits apart, and a test holds them there.
ORIGINALS = (
    DrawnScene("mountains", 5, _LANDSCAPE, "Box Camera", "2024:02:11 09:14:05"),
    DrawnScene("sunset", 6, _LANDSCAPE, "Box Camera", "2024:06:21 21:40:33"),
    DrawnScene("beach", 2, _LANDSCAPE, "Box Camera", "2024:07:30 15:02:10"),
    DrawnScene("city", 4, _LANDSCAPE, "Box Camera", "2024:09:14 19:55:47"),
    DrawnScene("fruit", 4, _LANDSCAPE, "View Camera", "2024:10:02 11:20:00"),
    DrawnScene("forest", 2, _PORTRAIT, "Pocket Phone", "2024:10:19 16:31:12"),
    DrawnScene("flowers", 2, _LANDSCAPE, "Box Camera", "2025:05:17 10:08:51"),
    DrawnScene("portrait", 2, _PORTRAIT, "Pocket Phone", "2025:05:17 10:26:03"),
    DrawnScene("market", 5, _LANDSCAPE, "Box Camera", "2025:06:07 09:47:29"),
    DrawnScene("street", 4, _PORTRAIT, "Pocket Phone", "2025:06:07 12:13:44"),
    DrawnScene("night", 1, _LANDSCAPE, "View Camera", "2025:08:09 23:02:18"),
    DrawnScene("balloons", 1, _PORTRAIT, "Pocket Phone", "2025:09:27 08:05:36"),
)

_caption = written("Sunday in the fields", (0.5, 0.93), 44, 255)
_watermark = written("(c) imageshelf demo", (0.5, 0.5), 90, 110)

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


PATHS = [
    path
    for original in ORIGINALS
    for path in (original.path, *(copy.path for copy in COPIES if copy.original == original.name))
]


def draw(folder: str) -> list[str]:
    """Paths of the originals and copies it drew into a new or empty folder, in table order.

    The same files every time; where they all are already, nothing is drawn. Raises DemoError when
    the folder holds something else or cannot be written.
    """
    there = [os.path.join(folder, *path.split("/")) for path in PATHS]
    if all(map(os.path.isfile, there)):
        return there
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise DemoError(f"{folder} is not empty; the demo is drawn into a new folder only")
        return [path for original in ORIGINALS for path in _draw_one(folder, original)]
    except FileExistsError as exc:
        raise DemoError(f"{folder} is a file; the demo needs a new or empty folder") from exc
    except OSError as exc:
        raise DemoError(f"cannot draw into {folder}: {exc.strerror}") from exc


def _draw_one(folder: str, original: DrawnScene) -> list[str]:
    """Draw one scene and its copies; the paths."""
    picture = scene(original.seed, original.size, original.name)
    taken = shot(picture, camera_exif("Drawn", original.model, original.taken))
    copies = [copy for copy in COPIES if copy.original == original.name]
    wanted = [(original.path, exact), *((copy.path, copy.make) for copy in copies)]
    return [_write(folder, path, make(taken)) for path, make in wanted]


def _write(folder: str, path: str, content: bytes) -> str:
    where = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(where), exist_ok=True)
    with open(where, "wb") as file:
        file.write(content)
    return where
