"""How many enlarged copies are seen to hold no more than their originals, and how many originals
are wrongly called enlarged beside copies made smaller.

python tests/benchmarks/enlarged.py --seed 3 --drawn 60 --photos PHOTOS

Each picture is saved as a camera would (quality 92), enlarged 2 and 3 times in five ways, and each
is saved at three qualities: all of these beside the original should be seen. The picture, saved at
three qualities, beside itself made smaller in five ways should not. Drawn pictures have grain and
blur of various strengths. Photographs serve reduced (to at most half their width with --seed).

With --seed everything is drawn: pictures, their sizes, the five ways, how much smaller, and the
qualities. Without it, what the thresholds were chosen on is measured again: `--half 0`, every other
picture, and then `--half 1`, with photographs as they are, too.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pictures.real_pixels import holds_nothing_above  # noqa: E402
from tests.scenes.drawing import snapshot  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 900
ENLARGED, ORIGINALS = "enlarged copies seen", "originals beside smaller copies called enlarged"

Way = Callable[[Image.Image, tuple[int, int]], Image.Image]


def filtered(way: Image.Resampling) -> Way:
    return lambda picture, size: picture.resize(size, way)


def in_two_steps(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize as somebody who changes his mind about the size does."""
    between = (round((picture.width * size[0]) ** 0.5), round((picture.height * size[1]) ** 0.5))
    return picture.resize(between, Image.Resampling.BICUBIC).resize(size, Image.Resampling.LANCZOS)


WAYS: dict[str, Way] = {way.name.lower(): filtered(way) for way in Image.Resampling}
FIVE = ["nearest", "box", "bilinear", "bicubic", "lanczos"]


class Case(NamedTuple):
    """How one picture is treated."""

    width: int
    height: int  # of a drawn picture
    ways: list[str]
    qualities: tuple[int, ...] = (50, 75, 92)  # of the original, beside smaller copies
    of_enlarged: tuple[int, ...] = (60, 85, 95)
    smaller: tuple[float, float] = (2, 3)


def drawn_case(rng: np.random.Generator) -> Case:
    """Return a case of which nothing was known when the thresholds were chosen."""
    width, names = int(rng.integers(500, 1500)), [*WAYS, "two steps"]
    return Case(
        width,
        round(width * rng.uniform(0.55, 1.4)),
        [str(name) for name in rng.choice(names, 5, replace=False)],
        tuple(map(int, rng.integers(50, 98, 3))),
        tuple(map(int, rng.integers(50, 98, 3))),
        (float(rng.uniform(1.5, 2.5)), float(rng.uniform(2.5, 4))),
    )


TIMES = (2, 3)


def saved(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    """Return a drawn scene as a camera of some grain and sharpness would take it."""
    rng = np.random.default_rng(seed)
    scene = snapshot(seed, size).filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.7)))
    grain = rng.normal(0, rng.uniform(1.5, 9), (scene.height, scene.width, 3))
    return Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8))


def photographs(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.is_file())


def pictures(what: int | str, case: Case, *, whole: bool) -> Iterator[tuple[Image.Image, bool]]:
    """Yield a picture, and a photograph also as it is; tell which."""
    if isinstance(what, int):
        yield drawn(what, (case.width, case.height)), False
        return
    with Image.open(what) as file:
        upright = ImageOps.exif_transpose(file).convert("RGB")
    if whole:
        yield upright, True
    else:
        case = case._replace(width=min(case.width, upright.width // 2))
    size = case.width, round(case.width * upright.height / upright.width)
    yield upright.resize(size, Image.Resampling.LANCZOS), False


def told(what: int | str, seed: int | None = None) -> Counter[tuple[str, str, bool]]:
    """Return how often each case of a picture was called enlarged."""
    case = Case(SIDE, SIDE * 3 // 4, FIVE)
    if seed is not None:
        number = what if isinstance(what, int) else zlib.crc32(os.path.basename(what).encode())
        case = drawn_case(np.random.default_rng([seed, number]))
    found: Counter[tuple[str, str, bool]] = Counter()
    for picture, is_whole in pictures(what, case, whole=seed is None):
        original = saved(picture, 92)
        for name in case.ways[-1:] if is_whole else case.ways:
            way = WAYS.get(name, in_two_steps)
            for times in case.smaller:
                size = int(picture.width / times), int(picture.height / times)
                small = saved(way(picture, size), 85)
                for quality in (75,) if is_whole else case.qualities:
                    called = holds_nothing_above(saved(picture, quality), small)
                    found[ORIGINALS, name, called] += 1
            for times in () if is_whole else TIMES:
                large = way(picture, (picture.width * times, picture.height * times))
                for quality in case.of_enlarged:
                    called = holds_nothing_above(saved(large, quality), original)
                    found[ENLARGED, f"{name} x{times}", called] += 1
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, help="of all that is drawn; none: as it was chosen on")
    parser.add_argument("--half", type=int, choices=[0, 1], default=1)
    parser.add_argument("--drawn", type=int, default=24, help="how many pictures are drawn")
    parser.add_argument("--photos", metavar="DIR", help="photographs; half of them without --seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(argv)
    every: list[int | str] = [2 * n + options.half for n in range(options.drawn)]
    if options.seed is not None:
        every = [1000 * options.seed + n for n in range(options.drawn)]
    if options.photos:
        found_there = photographs(options.photos)
        every += found_there if options.seed is not None else found_there[options.half :: 2]
    found: Counter[tuple[str, str, bool]] = Counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for counts in pool.map(partial(told, seed=options.seed), every):
            found.update(counts)
    for name in (ENLARGED, ORIGINALS):
        cases = sorted({case for which, case, _ in found if which == name})
        for case in (*cases, "all"):
            hits = sum(
                n for (w, c, yes), n in found.items() if w == name and yes and case in {c, "all"}
            )
            total = sum(n for (w, c, _), n in found.items() if w == name and case in {c, "all"})
            print(f"{name}, {case}: {hits:,} of {total:,} ({hits / max(1, total):.1%})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
