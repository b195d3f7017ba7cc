"""What indexing a picture costs over Pillow's own decode of it, format by format.

python tests/benchmarks/formats.py [PHOTOS] --runs 5

Each picture of a folder (drawn ones of 3 MP and 0.2 MP without one) is saved in every format that
Pillow writes here, then examined as a worker of `index.py` does it and decoded as Pillow does it
(`Image.open` and `load` of the open file, with the same plug-in), in turn, in this process, page
cache warm. CPU time of all threads; sums over the pictures of each one's median; ratios of those.
A drawn camera RAW with a preview is compared with that preview as a JPEG file, indexed likewise;
without one with LibRaw's development at half size.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from imageshelf.pictures import images
from imageshelf.pictures.tasks import Picture, Task
from tests.benchmarks.drawn import picture
from tests.benchmarks.files import SMALL, jpegs
from tests.raw_files import dng
from tests.test_further_formats import photoshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGE = (2000, 1500)
FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {  # name: Pillow's format, mode, options
    "PNG": ("PNG", "RGB", {"compress_level": 6}),
    "PNG with alpha": ("PNG", "RGBA", {"compress_level": 6}),
    "WebP": ("WEBP", "RGB", {"quality": 85}),
    "WebP lossless": ("WEBP", "RGB", {"lossless": True, "method": 0}),
    "HEIC": ("HEIF", "RGB", {"quality": 80}),
    "AVIF": ("AVIF", "RGB", {"quality": 75, "speed": 9}),
    "GIF": ("GIF", "P", {}),
    "TIFF": ("TIFF", "RGB", {}),
    "TIFF, LZW": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "BMP": ("BMP", "RGB", {}),
    "JPEG, decoded in full": ("JPEG", "RGB", {"quality": 90}),
    "JPEG 2000": ("JPEG2000", "RGB", {"irreversible": True, "quality_layers": [20]}),
    "JPEG XL": ("JXL", "RGB", {"quality": 90}),
    "Photoshop": ("PSD", "RGB", {}),
    "RAW with a preview": ("RAW", "RGB", {"preview": True}),
    "RAW, developed": ("RAW", "RGB", {"preview": False}),
}


def sources(photos: str | None, most: int) -> Iterator[Image.Image]:
    """Yield the pictures to save."""
    if photos is None:
        yield picture(1, SMALL)
        yield picture(2, LARGE)
        return
    for path in jpegs(photos)[:most]:
        with Image.open(path) as image:
            yield image.convert("RGB")


def saved(image: Image.Image, name: str) -> bytes:
    """Return a picture as a file of a format."""
    kind, mode, options = FORMATS[name]
    if kind == "PSD":
        return photoshop(image.convert(mode), packed=True)  # as Photoshop writes it
    if kind == "RAW":
        return dng(image, preview_of(image) if options["preview"] else None)
    stream = io.BytesIO()
    image.convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def preview_of(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    large = max(1.0, 660 / max(image.size))  # smaller ones are not used
    size = round(large * image.width), round(large * image.height)
    image.resize(size).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def developed(path: str) -> None:
    """Develop a RAW file at half size with LibRaw alone."""
    import rawpy

    with rawpy.imread(path) as raw:
        raw.postprocess(half_size=True, use_camera_wb=True)


def pillow(path: str) -> None:
    """Decode a file with Pillow alone."""
    with open(path, "rb") as stream, Image.open(stream) as image:
        image.load()


def ours(path: str) -> None:
    """Examine a file as a worker does."""
    answer = images.examine(Task(path))
    assert isinstance(answer, Picture), answer


def medians(path: str, other: tuple[Callable[[str], None], str], runs: int) -> list[float]:
    """CPU seconds of both ways, in turn; `other` is the other way and what it reads."""
    ways = [(ours, path), other]
    times: list[list[float]] = [[], []]
    for run in range(runs + 1):  # the first warms
        for (way, read), spent in zip(ways, times, strict=True):
            began = time.process_time()
            way(read)
            if run:
                spent.append(time.process_time() - began)
    return [statistics.median(spent) for spent in times]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", metavar="PHOTOS")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--most", type=int, default=6, metavar="N", help="pictures of PHOTOS")
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=[*FORMATS], metavar="NAME")
    args = parser.parse_args(argv)
    import pillow_heif
    import pillow_jxl  # noqa: F401 - it registers itself

    pillow_heif.register_heif_opener()
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    with tempfile.TemporaryDirectory() as folder:
        path, jpeg = os.path.join(folder, "a.dng"), os.path.join(folder, "preview")
        for image in sources(args.photos, args.most):
            size = "larger" if image.width * image.height > 10**6 else "500x375"
            for name in args.format:
                Path(path).write_bytes(saved(image, name))
                Path(jpeg).write_bytes(preview_of(image))
                others = {"RAW with a preview": (ours, jpeg), "RAW, developed": (developed, path)}
                found = medians(path, others.get(name, (pillow, path)), args.runs)
                total = sums[name, size]
                total[:] = [a + b for a, b in zip(total, found, strict=True)]
    print(
        "| format | pictures | ours, CPU ms | the other, CPU ms | ours, of it | ms a picture more |"
    )
    print("|---|---|---:|---:|---:|---:|")
    pictures = {"larger": 0, "500x375": 0}
    for image in sources(args.photos, args.most):
        pictures["larger" if image.width * image.height > 10**6 else "500x375"] += 1
    for (name, size), (mine, theirs) in sums.items():
        figures = f"{mine * 1e3:.1f} | {theirs * 1e3:.1f} | {mine / theirs:.2f}"
        more = (mine - theirs) * 1e3 / pictures[size]
        print(f"| {name} | {size} | {figures} | {more:.1f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
