"""How many enlarged copies are seen to be made of their originals, and how many originals are
wrongly called enlarged beside copies made smaller; and how near the nearest are.

python tests/benchmarks/enlarged.py --seed 11 --drawn 20 --photos PHOTOS

Everything is drawn from the seed: pictures, their sizes, five of nine ways of resizing, how much
smaller, and the qualities. Each picture is saved as a camera would. This file is enlarged 2 and 3
times in each way and saved at three qualities: all of these should be seen. Beside copies made
smaller, of files and of what the files were saved from, no original should be called enlarged.
A quarter of the originals are out of focus, so that they hold nothing that the smaller ones lack.
Drawn pictures have grain and blur of various strengths. Photographs serve reduced to at most half
their width, since they were enlarged or compressed by others.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pictures.real_pixels import CERTAIN, NOT_BEFORE, Gains, gains, stored  # noqa: E402
from tests.scenes.drawing import snapshot  # noqa: E402

ENLARGED, ORIGINALS = "enlarged copies seen", "originals beside smaller copies called enlarged"

Way = Callable[[Image.Image, tuple[int, int]], Image.Image]


def filtered(way: Image.Resampling) -> Way:
    return lambda picture, size: picture.resize(size, way)


def in_two_steps(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize as somebody who changes his mind about the size does."""
    between = (round((picture.width * size[0]) ** 0.5), round((picture.height * size[1]) ** 0.5))
    return picture.resize(between, Image.Resampling.BICUBIC).resize(size, Image.Resampling.LANCZOS)


WAYS: dict[str, Way] = {way.name.lower(): filtered(way) for way in Image.Resampling}
WAYS["two steps"] = in_two_steps
TIMES = (2, 3)
NOTHING = Gains(-1, -1)  # can be said


class Case(NamedTuple):
    """How one picture is treated."""

    width: int
    height: int  # of a drawn picture
    ways: list[str]
    camera: int  # quality of what is enlarged
    of_enlarged: list[int]  # qualities
    of_originals: list[int]
    of_smaller: list[int]
    smaller: tuple[float, float]  # times
    blur: float  # of originals beside smaller copies, in pixels


def drawn_case(rng: np.random.Generator) -> Case:
    """Return a case of which nothing was known when the thresholds were chosen."""
    width = int(rng.integers(400, 1000))
    return Case(
        width,
        round(width * rng.uniform(0.55, 1.4)),
        [str(name) for name in rng.choice(list(WAYS), 5, replace=False)],
        int(rng.integers(80, 99)),
        rng.integers(50, 98, 3).tolist(),
        rng.integers(50, 98, 3).tolist(),
        rng.integers(70, 101, 3).tolist(),
        (float(rng.uniform(1.25, 2.5)), float(rng.uniform(2.5, 4))),
        float(rng.uniform(0.5, 3)) if rng.random() < 0.25 else 0.0,
    )


def saved(picture: Image.Image, quality: int, mode: str = "RGB") -> Image.Image:
    """Return a picture opened again from the JPEG that it was saved as."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    opened = Image.open(file)
    opened.draft(mode, opened.size)
    return opened


def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    """Return a drawn scene as a camera of some grain and sharpness would take it."""
    rng = np.random.default_rng(seed)
    scene = snapshot(seed, size).filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.7)))
    grain = rng.normal(0, rng.uniform(1.5, 9), (scene.height, scene.width, 3))
    return Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8))


def photographs(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.is_file())


def picture_of(what: int | str, case: Case) -> Image.Image:
    if isinstance(what, int):
        return drawn(what, (case.width, case.height))
    with Image.open(what) as file:
        upright = ImageOps.exif_transpose(file).convert("RGB")
    width = min(case.width, upright.width // 2)
    size = width, round(width * upright.height / upright.width)
    return upright.resize(size, Image.Resampling.LANCZOS)


class Told(NamedTuple):
    """What was told of one picture beside another."""

    what: str
    case: str
    gains: Gains
    cpu_s: float

    @property
    def called(self) -> bool:
        return self.gains.apart > CERTAIN and self.gains.before > NOT_BEFORE


def compared(what: str, case: str, larger: Image.Image, smaller: Image.Image) -> Told:
    start = time.process_time()
    found = gains(stored(larger), stored(smaller))
    return Told(what, case, found or NOTHING, time.process_time() - start)


def told(what: int | str, seed: int) -> list[Told]:
    """Return what is told of each case of a picture."""
    number = what if isinstance(what, int) else zlib.crc32(os.path.basename(what).encode())
    case = drawn_case(np.random.default_rng([seed, number]))
    picture = picture_of(what, case)
    original = saved(picture, case.camera)
    found = []
    for name, times in itertools.product(case.ways, TIMES):
        large = WAYS[name](original, (picture.width * times, picture.height * times))
        for quality in case.of_enlarged:
            grey = saved(large, quality, "L")
            found.append(compared(ENLARGED, f"{name} x{times}", grey, original))
    picture = picture.filter(ImageFilter.GaussianBlur(case.blur))
    for quality, of_smaller in zip(case.of_originals, case.of_smaller, strict=True):
        original, grey = saved(picture, quality), saved(picture, quality, "L")
        for name, share in itertools.product(case.ways, case.smaller):
            size = int(picture.width / share), int(picture.height / share)
            source = (picture, original)[len(found) // 2 % 2]
            small = saved(WAYS[name](source, size), of_smaller)
            soft = ", out of focus" * (case.blur > 0)
            found.append(compared(ORIGINALS, f"{name}{soft}", grey, small))
    return found


def report(found: list[Told]) -> None:
    for what in (ENLARGED, ORIGINALS):
        every = [one for one in found if one.what == what]
        for case in (*sorted({one.case for one in every}), "all"):
            calls = [one.called for one in every if case in {one.case, "all"}]
            print(f"{what}, {case}: {sum(calls):,} of {len(calls):,} ({np.mean(calls):.1%})")
        apart = sorted(one.gains.apart for one in every if one.gains.before > NOT_BEFORE)
        before = sorted(one.gains.before for one in every if one.gains.apart > CERTAIN)
        for name, values in (("saved apart", apart), ("made of its file", before)):
            ends = values[:: -1 if what == ORIGINALS else 1][:5]
            print(f"{what}, nearest to {name}:", ", ".join(f"{value:.3f}" for value in ends))
    cost = np.quantile([one.cpu_s for one in found], (0.5, 1))
    print(f"CPU time of a pair: {cost[0]:.2f} s at the median, {cost[1]:.2f} at most")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn [1]")
    parser.add_argument("--drawn", type=int, default=24, help="how many pictures are drawn [24]")
    parser.add_argument("--photos", metavar="DIR", help="photographs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(argv)
    every: list[int | str] = [1000 * options.seed + n for n in range(options.drawn)]
    if options.photos:
        every += photographs(options.photos)
    found = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for some in pool.map(partial(told, seed=options.seed), every):
            found += some
    report(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
