"""Folders of pictures to measure with, made once and kept: camera size, 500 x 375, tiny.

python tests/benchmarks/files.py cut PHOTOS FOLDER 1000   (as many of 500 x 375 out of PHOTOS)
python tests/benchmarks/files.py vary PHOTOS FOLDER 240   (as many different ones of their size)

Pictures are made in processes of their own: a child's peak memory, as the system counts it, begins
with that of the process that started it, so the one that measures must stay small.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = os.path.dirname(os.path.abspath(__file__))
CAMERA, SMALL = (4000, 3000), (500, 375)
SMALL_COUNT = 1_000
DRAWN_CAMERA = 24  # drawn pictures of camera size; more files are varied ones
SHIFT = 96  # pixels cut from two sides of a picture that has been turned in all ways


def camera_files(cache: str, photos: str | None, count: int) -> str:
    """Folder of count different camera pictures: those given, or drawn ones, then varied ones.

    No two are copies of one another: identical files would be digested, too, which no other tool
    does, and which no folder of a camera's asks for.
    """
    sources = photos or _drawn(cache)
    folder = os.path.join(cache, f"cameras-{_key(photos, count)}")
    return _filled(folder, lambda part: _run(_script("vary", sources, part, str(count))))


def small_files(cache: str, photos: str | None, count: int = SMALL_COUNT) -> str:
    """Folder of different pictures of 500 x 375: parts of those given, or drawn ones."""
    folder = os.path.join(cache, f"small-{_key(photos, count)}")
    if photos is None:
        _run_drawn(folder, count, SMALL)
        return folder
    return _filled(folder, lambda part: _run(_script("cut", photos, part, str(count))))


def tiny_files(cache: str, count: int) -> str:
    """Folder of so many different pictures of 96 x 72, a thousand in each folder below."""
    script = os.path.join(HERE, "growth.py")
    command = [sys.executable, script, "--part", "pictures", "--count", str(count), "--folder"]
    folder = os.path.join(cache, f"tiny-{count}")
    return _filled(folder, lambda part: _run([*command, part]))


def _drawn(cache: str) -> str:
    folder = os.path.join(cache, "drawn")
    _run_drawn(folder, DRAWN_CAMERA, CAMERA)
    return folder


def _script(*words: str) -> list[str]:
    return [sys.executable, os.path.join(HERE, "files.py"), *words]


def jpegs(folder: str) -> list[str]:
    """Paths of the JPEG files in a folder; exits when there are none."""
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    found = [path for path in paths if path.lower().endswith((".jpg", ".jpeg"))]
    if not found:
        raise SystemExit(f"no JPEG files in {folder}")
    return found


def _key(photos: str | None, count: int) -> str:
    """Name for a cached folder, by what it was made from."""
    if photos is None:
        return f"drawn-{count}"
    return f"{hashlib.sha256(os.path.abspath(photos).encode()).hexdigest()[:8]}-{count}"


def _filled(folder: str, fill: Callable[[str], None]) -> str:
    """Fill a cached folder once; a half-filled one is begun again."""
    if not os.path.isdir(folder):
        shutil.rmtree(folder + ".part", ignore_errors=True)
        os.makedirs(folder + ".part")
        fill(folder + ".part")
        os.rename(folder + ".part", folder)
    return folder


def vary(sources: Sequence[str], folder: str, count: int) -> None:
    """Fill a folder with so many different pictures: the sources, then those turned and cut.

    What is not a source is saved with its source's quantization tables and subsampling, to about
    its size.
    """
    from concurrent.futures import ProcessPoolExecutor

    below = os.path.join(folder, "000")
    os.makedirs(below, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        made = [
            pool.submit(_varied, source, os.path.join(below, f"IMG_{n:06}.jpg"), n // len(sources))
            for n, source in enumerate(itertools.islice(itertools.cycle(sources), count))
        ]
    for one in made:
        one.result()


def _varied(source: str, path: str, number: int) -> None:
    """Write the variant of a picture with this number; 0 is the file itself."""
    from PIL import Image, JpegImagePlugin

    if number == 0:
        shutil.copyfile(source, path)
        return
    cut_pixels, turn = divmod(number, 8)
    with Image.open(source) as opened:
        assert isinstance(opened, JpegImagePlugin.JpegImageFile)
        tables, sampling = opened.quantization, JpegImagePlugin.get_sampling(opened)
        left = cut_pixels * SHIFT
        picture = opened.crop((left, left, *opened.size))
    if turn:
        picture = picture.transpose(Image.Transpose(turn - 1))
    picture.save(path, qtables=tables, subsampling=sampling)


def cut(sources: Sequence[str], folder: str, count: int) -> None:
    """Cut so many pictures of 500 x 375 out of larger ones, each from another place."""
    from PIL import Image, ImageOps

    places = max(7, math.ceil(math.sqrt(count / len(sources))))  # in a row, and rows of them
    for first, source in enumerate(sources):
        with Image.open(source) as opened:
            opened.draft("RGB", (1500, 1125))
            whole = ImageOps.contain(opened.convert("RGB"), (1000, 1000))
        for turn, n in enumerate(range(first, count, len(sources))):
            # Where the piece is cut, from 0 to 1.
            down, across = (at / (places - 1) for at in divmod(turn, places))
            left, top = across * whole.width / 3, down * whole.height / 3
            box = (left, top, left + whole.width * 2 / 3, top + whole.height * 2 / 3)
            part = ImageOps.fit(whole.crop(box), SMALL)
            part.save(os.path.join(folder, f"small-{n:04}.jpg"), quality=90)


def _run_drawn(folder: str, count: int, size: tuple[int, int]) -> None:
    wanted = ("--count", str(count), "--size", f"{size[0]}x{size[1]}")
    script = os.path.join(HERE, "drawn.py")
    command = [sys.executable, script, folder, *wanted]
    _run(command)


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main(argv: list[str] | None = None) -> int:
    what, photos, folder, *count = sys.argv[1:] if argv is None else argv
    os.makedirs(folder, exist_ok=True)
    {"cut": cut, "vary": vary}[what](jpegs(photos), folder, int(*count))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
