"""Folders of pictures to measure with, made once and kept: camera size, 500 x 375, tiny.

python tests/benchmarks/files.py PHOTOS FOLDER   (cuts 1,000 pictures of 500 x 375 out of PHOTOS)

Pictures are made in processes of their own: a child's peak memory, as the system counts it, begins
with that of the process that started it, so the one that measures must stay small.
"""

from __future__ import annotations

import hashlib
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
DRAWN_CAMERA = 24  # different pictures of camera size; more files are further copies of them


def camera_files(cache: str, photos: str | None, count: int) -> str:
    """Folder of count camera pictures: those given, or drawn ones, repeated under new names."""
    sources = _sources(cache, photos)
    folder = os.path.join(cache, f"camera-{_key(photos, count)}")
    return _filled(folder, lambda part: _copies(sources, part, count))


def small_files(cache: str, photos: str | None) -> str:
    """Folder of 1,000 different pictures of 500 x 375: parts of those given, or drawn ones."""
    folder = os.path.join(cache, f"small-{_key(photos, SMALL_COUNT)}")
    if photos is None:
        _run_drawn(folder, SMALL_COUNT, SMALL)
        return folder
    script = os.path.join(HERE, "files.py")
    command = [sys.executable, script, photos]
    return _filled(folder, lambda part: _run([*command, part]))


def tiny_files(cache: str, count: int) -> str:
    """Folder of so many different pictures of 96 x 72, a thousand in each folder below."""
    script = os.path.join(HERE, "growth.py")
    command = [sys.executable, script, "--part", "pictures", "--count", str(count), "--folder"]
    folder = os.path.join(cache, f"tiny-{count}")
    return _filled(folder, lambda part: _run([*command, part]))


def _sources(cache: str, photos: str | None) -> list[str]:
    folder = photos or os.path.join(cache, "drawn")
    if photos is None:
        _run_drawn(folder, DRAWN_CAMERA, CAMERA)
    return jpegs(folder)


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


def _copies(sources: Sequence[str], folder: str, count: int) -> None:
    below = os.path.join(folder, "000")
    os.mkdir(below)
    for n in range(count):
        shutil.copyfile(sources[n % len(sources)], os.path.join(below, f"IMG_{n:06}.jpg"))


def cut(sources: Sequence[str], folder: str) -> None:
    """Cut 1,000 pictures of 500 x 375 out of larger ones, each from another place."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - see above

    for n in range(SMALL_COUNT):
        with Image.open(sources[n % len(sources)]) as opened:
            opened.draft("RGB", (1500, 1125))
            whole = ImageOps.contain(opened.convert("RGB"), (1000, 1000))
        turn = n // len(sources)
        across, down = turn % 7 / 6, turn // 7 / 6  # where the piece is cut, from 0 to 1
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
    photos, folder = sys.argv[1:] if argv is None else argv
    os.makedirs(folder, exist_ok=True)
    cut(jpegs(photos), folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
