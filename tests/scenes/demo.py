"""The scenes that `imageshelf demo` lays out, as a camera would have written them.

python -m tests.scenes.demo [NAME...]    renders them into imageshelf/cli/demo/scenes/ anew

Needs POV-Ray 3.7 (Debian: `povray`, `povray-includes`); all of them take some 40 minutes on two
cores. What is in a scene stands in demo_pov/NAME.pov.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from imageshelf.cli.demo.copies import EXIF_IFD, QUALITY, TAKEN

FOLDER = Path(__file__).resolve().parents[2] / "imageshelf" / "cli" / "demo" / "scenes"
SOURCES = Path(__file__).with_name("demo_pov")
LANDSCAPE, PORTRAIT = (720, 480), (480, 720)
MAKE, MODEL = 0x010F, 0x0110  # Exif tags
SUBSECOND = 0x9291
GRAIN = 1.6  # grey levels of deviation
VIGNETTE = 0.3  # of the light, in the corners


class RenderedScene(NamedTuple):
    """One scene, and what its camera wrote."""

    name: str
    size: tuple[int, int]
    model: str
    taken: str

    def rendered(self, share: float = 1.0) -> Image.Image:
        """Return the scene as POV-Ray renders it, at a share of its width and height."""
        width, height = (round(side * share) for side in self.size)
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder, "scene.png")
            subprocess.run(
                ["povray", f"+I{self.name}.pov", f"+O{picture}", f"+W{width}", f"+H{height}",
                 "+A0.1", "+AM2", "+R3", "-D"],
                cwd=SOURCES, check=True, capture_output=True,
            )  # fmt: skip
            return Image.open(picture).convert("RGB")


# No scene looks like another in any orientation: a test holds their row hashes apart.
DEMO = (
    RenderedScene("mountains", LANDSCAPE, "Box Camera", "2024:02:11 09:14:05"),
    RenderedScene("sunset", LANDSCAPE, "Box Camera", "2024:06:21 21:40:33"),
    RenderedScene("beach", LANDSCAPE, "Box Camera", "2024:07:30 15:02:10"),
    RenderedScene("city", LANDSCAPE, "Box Camera", "2024:09:14 19:55:47"),
    RenderedScene("fruit", LANDSCAPE, "View Camera", "2024:10:02 11:20:00"),
    RenderedScene("forest", PORTRAIT, "Pocket Phone", "2024:10:19 16:31:12"),
    RenderedScene("flowers", LANDSCAPE, "Box Camera", "2025:05:17 10:08:51"),
    RenderedScene("portrait", PORTRAIT, "Pocket Phone", "2025:05:17 10:26:03"),
    RenderedScene("market", LANDSCAPE, "Box Camera", "2025:06:07 09:47:29"),
    RenderedScene("street", PORTRAIT, "Pocket Phone", "2025:06:07 12:13:44"),
    RenderedScene("night", LANDSCAPE, "View Camera", "2025:08:09 23:02:18"),
    RenderedScene("balloons", PORTRAIT, "Pocket Phone", "2025:09:27 08:05:36"),
)


def camera_exif(make: str, model: str, taken: str) -> Image.Exif:
    """Exif as a camera writes it; taken is "YYYY:MM:DD hh:mm:ss"."""
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = make, model
    exif.get_ifd(EXIF_IFD).update({TAKEN: taken, SUBSECOND: "120"})
    return exif


def encoded(one: RenderedScene, rendered: Image.Image) -> bytes:
    """Return the file of a scene: its light as a lens and a sensor leave it, and its Exif."""
    width, height = rendered.size
    down, across = np.ogrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    grain = np.random.default_rng(0).normal(0, GRAIN, (height, width, 1))
    light = 1 - VIGNETTE * 2 * (down**2 + across**2)[..., None]
    pixels = np.asarray(rendered, np.float32) * light + grain
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    file = io.BytesIO()
    exif = camera_exif("Drawn", one.model, one.taken)
    picture.save(file, "JPEG", quality=QUALITY, optimize=True, exif=exif)
    return file.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in DEMO:
        if one.name in (sys.argv[1:] or [scene.name for scene in DEMO]):
            (FOLDER / f"{one.name}.jpg").write_bytes(encoded(one, one.rendered()))
