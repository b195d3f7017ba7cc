"""How much memory a decode takes for each pixel: what the limit of pixels is derived from.

python tests/benchmarks/pixel_memory.py --million 40

A drawn picture of so many million pixels is saved in every format and read by a process of its own
three ways: as `index.py` does, with `--full-decode`, and for the digest of its pixels. Told is how
far the process's address space grew at its peak, in bytes a pixel.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WAYS = ("index", "full", "digest")
READ = """
import sys
sys.path.insert(0, sys.argv[1])
from imageshelf.pictures import digests, images
def mapped(which):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(which))
path, way = sys.argv[2:4]
before = mapped("VmSize")
if way == "digest":
    digests.pixel_digest(path)
else:
    answer = images.examine(images.Task(path, full_decode=way == "full"))
    assert isinstance(answer, images.Picture), answer
print(mapped("VmPeak") - before)
"""


def saved(folder: str, million: float) -> Iterator[tuple[str, str]]:
    """Save a picture in one format after the other; yield its name and path."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    side = round(math.sqrt(million * 1e6))
    patches = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    colour = Image.fromarray(patches).resize((side, side), Image.Resampling.NEAREST)
    grey = colour.convert("L")
    alpha = colour.convert("RGBA")
    alpha.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    turned = Image.Exif()
    turned[274] = 6
    for name, picture, suffix, options in (
        ("JPEG", colour, "jpg", {"quality": 80}),
        ("JPEG progressive", colour, "jpg", {"quality": 80, "progressive": True}),
        ("JPEG CMYK", colour.convert("CMYK"), "jpg", {"quality": 80}),
        ("PNG", colour, "png", {"compress_level": 1}),
        ("PNG turned", colour, "png", {"compress_level": 1, "exif": turned}),
        ("PNG alpha", alpha, "png", {"compress_level": 1}),
        ("PNG 16 bits", deep, "png", {"compress_level": 1}),
        ("GIF", grey, "gif", {}),
        ("BMP", colour, "bmp", {}),
        ("TIFF alpha", alpha, "tif", {"compression": "tiff_lzw"}),
        ("TIFF float", Image.fromarray(np.asarray(grey).astype(np.float32)), "tif", {}),
        ("WebP", colour, "webp", {"quality": 50, "method": 0}),
        ("AVIF", colour, "avif", {"speed": 10}),
        ("HEIC", colour, "heic", {"quality": 30}),
    ):
        path = os.path.join(folder, f"a.{suffix}")
        picture.save(path, **options)
        yield name, path
        os.unlink(path)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--million", type=float, default=40.0, metavar="PIXELS")
    million = parser.parse_args(argv).million
    print(f"{'bytes a pixel':18}" + "".join(f"{way:>8}" for way in WAYS))
    with tempfile.TemporaryDirectory() as folder:
        for name, path in saved(folder, million):
            cells = []
            for way in WAYS:
                command = [sys.executable, "-c", READ, ROOT, path, way]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                cells.append(f"{int(done.stdout) / million / 1e6:8.1f}")
            print(f"{name:18}" + "".join(cells), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
