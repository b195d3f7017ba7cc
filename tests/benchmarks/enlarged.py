"""How many enlarged copies are seen to hold no more than their originals, and how many originals
are wrongly called enlarged beside copies made smaller.

python tests/benchmarks/enlarged.py --half 1                     (drawn pictures alone)
python tests/benchmarks/enlarged.py --half 1 --photos PHOTOS

Each picture is saved as a camera would (quality 92), enlarged 2 and 3 times in five ways, and saved
at qualities 60, 85 and 95: each of these beside the original should be seen. The picture, saved at
quality 50, 75 and 92, beside itself made 2 and 3 times smaller in five ways should not. Drawn ones
have grain and blur of various strengths. Photographs serve reduced to 900 pixels, and as they are
(saved at quality 75, made smaller in one way).
Thresholds are chosen on half 0 (every other picture) and reported on half 1.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pictures.real_pixels import holds_nothing_above  # noqa: E402
from tests.scenes.drawing import snapshot  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = [Image.Resampling(n) for n in (0, 4, 2, 3, 1)]
TIMES = (2, 3)
SIDE = 900
ENLARGED, ORIGINALS = "enlarged copies seen", "originals beside smaller copies called enlarged"


def saved(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


def drawn(seed: int) -> Image.Image:
    """Return a drawn scene as a camera of some grain and sharpness would take it."""
    rng = np.random.default_rng(seed)
    scene = snapshot(seed, (SIDE, SIDE * 3 // 4)).filter(
        ImageFilter.GaussianBlur(rng.uniform(0, 0.7))
    )
    grain = rng.normal(0, rng.uniform(1.5, 9), (scene.height, scene.width, 3))
    return Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8))


def photographs(folder: str) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder) if entry.is_file())


def pictures(what: int | str) -> Iterator[Image.Image]:
    if isinstance(what, int):
        yield drawn(what)
        return
    with Image.open(what) as file:
        whole = ImageOps.exif_transpose(file).convert("RGB")
    yield whole
    yield whole.resize((SIDE, round(SIDE * whole.height / whole.width)), Image.Resampling.LANCZOS)


def told(what: int | str) -> Counter[tuple[str, str, bool]]:
    """Return how often each case of a picture was called enlarged."""
    found: Counter[tuple[str, str, bool]] = Counter()
    for picture in pictures(what):
        original, is_whole = saved(picture, 92), picture.width > SIDE
        for times in TIMES:
            for way in WAYS[-1:] if is_whole else WAYS:
                small = picture.resize((picture.width // times, picture.height // times), way)
                for quality in (75,) if is_whole else (50, 75, 92):
                    called = holds_nothing_above(saved(picture, quality), saved(small, 85))
                    found[ORIGINALS, f"quality {quality}", called] += 1
                if is_whole:
                    continue
                large = picture.resize((picture.width * times, picture.height * times), way)
                for quality in (60, 85, 95):
                    called = holds_nothing_above(saved(large, quality), original)
                    found[ENLARGED, f"{way.name.lower()} x{times}", called] += 1
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--half", type=int, choices=[0, 1], default=1)
    parser.add_argument("--drawn", type=int, default=24, help="drawn pictures of this half")
    parser.add_argument("--photos", metavar="DIR", help="photographs, half of which are used")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(argv)
    every: list[int | str] = [2 * n + options.half for n in range(options.drawn)]
    if options.photos:
        every += photographs(options.photos)[options.half :: 2]
    found: Counter[tuple[str, str, bool]] = Counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for counts in pool.map(partial(told), every):
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
