"""The scenes that `imageshelf demo` lays out, as a camera would have written them.

python -m tests.scenes.demo    draws them into imageshelf/cli/demo/scenes/ anew
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from imageshelf.cli.demo.copies import EXIF_IFD, QUALITY, TAKEN
from tests.scenes.drawing import scene

FOLDER = Path(__file__).resolve().parents[2] / "imageshelf" / "cli" / "demo" / "scenes"
LANDSCAPE, PORTRAIT = (1200, 800), (800, 1200)
LONGER_SIDE = 720  # of the files: all of them together are half a megabyte
MAKE, MODEL = 0x010F, 0x0110  # Exif tags
SUBSECOND = 0x9291


class DrawnScene(NamedTuple):
    """One scene, how it is drawn, and what its camera wrote."""

    name: str
    seed: int
    size: tuple[int, int]
    model: str
    taken: str

    def picture(self) -> Image.Image:
        """Return the scene in the size of its file."""
        picture = scene(self.seed, self.size, self.name)
        picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
        return picture


# The seeds were chosen so that no scene looks like another in any orientation: their 64-bit row
# hashes are at least 19 bits apart, and a test holds them there.
DEMO = (
    DrawnScene("mountains", 5, LANDSCAPE, "Box Camera", "2024:02:11 09:14:05"),
    DrawnScene("sunset", 6, LANDSCAPE, "Box Camera", "2024:06:21 21:40:33"),
    DrawnScene("beach", 2, LANDSCAPE, "Box Camera", "2024:07:30 15:02:10"),
    DrawnScene("city", 4, LANDSCAPE, "Box Camera", "2024:09:14 19:55:47"),
    DrawnScene("fruit", 4, LANDSCAPE, "View Camera", "2024:10:02 11:20:00"),
    DrawnScene("forest", 2, PORTRAIT, "Pocket Phone", "2024:10:19 16:31:12"),
    DrawnScene("flowers", 2, LANDSCAPE, "Box Camera", "2025:05:17 10:08:51"),
    DrawnScene("portrait", 2, PORTRAIT, "Pocket Phone", "2025:05:17 10:26:03"),
    DrawnScene("market", 5, LANDSCAPE, "Box Camera", "2025:06:07 09:47:29"),
    DrawnScene("street", 4, PORTRAIT, "Pocket Phone", "2025:06:07 12:13:44"),
    DrawnScene("night", 1, LANDSCAPE, "View Camera", "2025:08:09 23:02:18"),
    DrawnScene("balloons", 1, PORTRAIT, "Pocket Phone", "2025:09:27 08:05:36"),
)


def camera_exif(make: str, model: str, taken: str) -> Image.Exif:
    """Exif as a camera writes it; taken is "YYYY:MM:DD hh:mm:ss"."""
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = make, model
    exif.get_ifd(EXIF_IFD).update({TAKEN: taken, SUBSECOND: "120"})
    return exif


def encoded(one: DrawnScene) -> bytes:
    """Return the file of a scene."""
    file = io.BytesIO()
    exif = camera_exif("Drawn", one.model, one.taken)
    one.picture().save(file, "JPEG", quality=QUALITY, optimize=True, exif=exif)
    return file.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in DEMO:
        (FOLDER / f"{one.name}.jpg").write_bytes(encoded(one))
