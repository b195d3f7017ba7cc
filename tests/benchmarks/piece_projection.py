"""Learns how 64 bits are made of a keypoint's surroundings: imageshelf/pieces/projection.bin.

python tests/benchmarks/piece_projection.py projection.bin --drawn 100
python tests/benchmarks/piece_projection.py FILE --photos CAMERA --drawn 50 --judged PHOTOS
python tests/benchmarks/piece_projection.py FILE --judged PHOTOS   (a file that is there)

The recipe. Each picture, drawn or of the folders given, is reduced to 256 pixels. Six times it
is turned by any angle, scaled by 0.5 to 2, stretched and sheared by up to 7 %, brightened or
dimmed, given another contrast, and saved as a JPEG of quality 30 to 90. Keypoints of such a view
that lie where one of the picture lies, at its size and direction, are pairs. Half the covariance of
their differences is the noise; the covariance of all keypoints is noise and signal. Descriptors are
whitened by the noise; the 64 directions with most signal are kept, each weighed by the share of it
that is signal, and rotated at random. The thresholds are the medians. The same pictures and seed
give the same file.

Printed is what the bits do to pairs, and to keypoints of different pictures, among the pictures of
--judged, from which nothing is learnt. Of the pictures given only sums over all keypoints remain.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[Any]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pieces import descriptors, projection  # noqa: E402
from imageshelf.pieces.scale_space import detected, scale_space, strongest  # noqa: E402
from tests.benchmarks import collection, drawn, lookalike_sets  # noqa: E402

SIDE = 256  # pixels along the longer side of the picture
LARGE = 700  # and of what the views are made of
VIEWS, JUDGED_VIEWS = 6, 1  # of a picture that is learnt from, or judged with
MOST = 400  # keypoints of each
FIRST_SEED = 1_000_000  # of drawn pictures: those of the other benchmarks stay strangers
SETS = ("portrait", "product", "sea", "night", "map", "news", "book-page", "slide")
EVERY_SET = 4  # of so many drawn pictures one is of SETS, the others are snapshots
DISTANCES = (4, 6, 8, 10, 12, 15)  # bits at which pairs and strangers are counted


class Sightings(NamedTuple):
    """Keypoints of a picture, places and sizes in its pixels, and their surroundings."""

    x: Floats
    y: Floats
    sigma: Floats
    direction: Floats
    values: NDArray[np.float32]


class Pairs(NamedTuple):
    """Surroundings of points seen twice, float32[n, 128] each, and all of the first pictures."""

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    every: NDArray[np.float32]


def sightings(luma: NDArray[np.uint8], *, several: bool) -> Sightings:
    """The keypoints of a grey picture; `several`: with every direction that they have."""
    octaves = scale_space(luma)
    found = strongest(detected(octaves), MOST, luma.shape)
    sampler = descriptors.Sampler(octaves)
    upright = sampler.patches(found, np.zeros(len(found.x), np.float32))
    which, angles = descriptors.directions(upright, several=several)
    found = found.at(which)
    values = descriptors.described(sampler.patches(found, angles))
    places = (found.x * found.unit, found.y * found.unit, found.sigma * found.unit)
    return Sightings(*places, angles, values)


def picture(source: str | int) -> Image.Image:
    """A picture by its path, or drawn by its number."""
    if isinstance(source, str):
        with Image.open(source) as opened:
            opened.draft("RGB", (2 * LARGE, 2 * LARGE))
            image = ImageOps.exif_transpose(opened).convert("RGB")
    elif source % EVERY_SET == 0:
        turn, number = source // EVERY_SET, FIRST_SEED + source
        image = lookalike_sets.drawn(SETS[turn % len(SETS)], number, 1 + turn % 2)
    else:
        image = drawn.picture(FIRST_SEED + source, (640, 480))
    image.thumbnail((LARGE, LARGE))
    return image


def view(
    image: Image.Image, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Floats, Floats, float]:
    """A picture seen again: its pixels, and the way back from them: matrix, shift, turn."""
    scale, turn = np.exp2(rng.uniform(-1, 1)), rng.uniform(0, 2 * np.pi)
    bend = np.diag([1, rng.uniform(0.93, 1.07)]) @ [[1, rng.uniform(-0.07, 0.07)], [0, 1]]
    cosine, sine = np.cos(turn) / scale, np.sin(turn) / scale
    reduced = max(image.size) / SIDE
    back = np.array([[cosine, -sine], [sine, cosine]]) @ bend * reduced
    side = round(1.3 * SIDE * max(1, scale))
    shift = np.array(image.size) / 2 - back @ (side / 2, side / 2)
    numbers = (*back[0], shift[0], *back[1], shift[1])
    larger = max(1.0, reduced / scale)  # reduced first, as no resampling here is antialiased
    small = image.resize([max(1, round(s / larger)) for s in image.size], Image.Resampling.BOX)
    numbers = tuple(float(number) / larger for number in numbers)
    seen = small.transform((side, side), Image.Transform.AFFINE, numbers, Image.Resampling.BICUBIC)
    seen = ImageEnhance.Brightness(seen).enhance(rng.uniform(0.7, 1.3))
    seen = ImageEnhance.Contrast(seen).enhance(rng.uniform(0.75, 1.3))
    file = io.BytesIO()
    seen.save(file, "JPEG", quality=int(rng.choice((30, 50, 70, 90))))
    with Image.open(file) as opened:
        return np.asarray(opened.convert("L")), back / reduced, shift / reduced, turn


def pairs_of(task: tuple[str | int, int, int]) -> Pairs:
    """Points of one picture that are seen twice: (path or number, seed, views)."""
    source, seed, views = task
    image, rng = picture(source), np.random.default_rng(seed)
    grey = image.convert("L")
    first = sightings(np.asarray(ImageOps.contain(grey, (SIDE, SIDE), 2)), several=False)
    found = []
    for _ in range(views if len(first.x) else 0):
        seen, back, shift, turn = view(image, rng)
        again = sightings(seen, several=True)
        places = np.stack([again.x + 0.5, again.y + 0.5], 1) @ back.T + shift - 0.5
        away = np.hypot(places[:, 0, None] - first.x, places[:, 1, None] - first.y)
        size = again.sigma * np.sqrt(abs(np.linalg.det(back)))
        turned = again.direction[:, None] + turn - first.direction
        away[np.abs(np.log2(size[:, None] / first.sigma)) > 0.35] = np.inf
        away[np.abs((turned + np.pi) % (2 * np.pi) - np.pi) > 0.35] = np.inf
        nearest = away.argmin(1)
        same = away.min(1) < 0.5 * first.sigma[nearest] + 0.7
        found.append((first.values[nearest[same]], again.values[same]))
    none = np.zeros((0, descriptors.VALUES), np.float32)
    one, other = (np.concatenate([none, *(pair[n] for pair in found)]) for n in (0, 1))
    return Pairs(one, other, first.values)


def all_pairs(sources: Sequence[str | int], seed: int, views: int) -> list[Pairs]:
    """The pairs of every picture, made on every core."""
    with ProcessPoolExecutor() as pool:
        tasks = [(source, seed + n, views) for n, source in enumerate(sources)]
        return list(pool.map(pairs_of, tasks))


def learnt(pairs: Sequence[Pairs], recipe: str, seed: int) -> projection.Projection:
    """The projection that tells points apart best, in the precision of its file."""
    first, second, every = (np.concatenate(some).astype(float) for some in zip(*pairs, strict=True))
    values, bits = descriptors.VALUES, projection.BITS
    mean = every.mean(0)
    noise, total = np.cov((first - second).T) / 2, np.cov(every.T)
    level, axes = np.linalg.eigh(noise + 1e-3 * np.trace(noise) / values * np.eye(values))
    whitened = axes / np.sqrt(level)
    strength, rest = np.linalg.eigh(whitened.T @ total @ whitened)
    strength, matrix = strength[::-1][:bits], whitened @ rest[:, ::-1][:, :bits]
    matrix *= np.maximum(strength - 1, 0.05) / strength / np.sqrt(strength)
    matrix = matrix @ np.linalg.qr(np.random.default_rng(seed).normal(size=(bits, bits)))[0]
    matrix /= ((first - second) @ matrix).std(0)
    matrix = matrix.astype(np.float16).astype(np.float32)
    threshold = np.median((every - mean) @ matrix, axis=0).astype(np.float32)
    return projection.Projection(mean.astype(np.float32), matrix, threshold, recipe)


def statistics(made: projection.Projection, pairs: Sequence[Pairs]) -> Iterator[str]:
    """Lines: how far apart two sightings of one point are, and points of different pictures."""
    one, other = (
        projection.packed(made.margins(np.concatenate([each[n] for each in pairs]))) for n in (0, 1)
    )
    apart = np.bitwise_count(one ^ other)
    shuffled = np.random.default_rng(1).permutation
    everyone = [projection.packed(made.margins(each.every)) for each in pairs if len(each.every)]
    strange = np.concatenate(
        [
            np.bitwise_count(shuffled(mine)[:150, None] ^ shuffled(theirs)[None, :150]).ravel()
            for mine, theirs in pairwise(everyone)
        ]
    )
    yield f"{len(apart):,} pairs: {np.median(apart):.0f} bits apart (median)"
    yield "| bits | pairs within | strangers within |\n|---:|---:|---:|"
    for bits in DISTANCES:
        yield f"| {bits} | {(apart <= bits).mean():.1%} | {(strange <= bits).mean():.1e} |"
    limit = np.flatnonzero(np.bincount(strange, minlength=65).cumsum() <= 1e-4 * len(strange))
    most = int(limit[-1]) if len(limit) else 0
    yield f"within {most} bits, as 1 in 10,000 strangers at most is: {(apart <= most).mean():.1%}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", metavar="FILE", help="written, or read if nothing is learnt from")
    parser.add_argument("--photos", nargs="+", default=[], metavar="DIR")
    parser.add_argument("--drawn", type=int, default=0, metavar="N")
    parser.add_argument("--judged", nargs="+", default=[], metavar="DIR")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args(argv)
    listed = partial(map, collection.pictures)
    photographs = sorted(path for some in listed(args.photos) for path in some)
    if photographs or args.drawn:
        pairs = all_pairs([*photographs, *range(args.drawn)], args.seed, VIEWS)
        recipe = (
            f"pieces 1: piece_projection.py, {args.drawn} drawn pictures, {len(photographs)} "
            f"photographs, seed {args.seed}, {sum(len(each.first) for each in pairs)} pairs"
        )
        with open(args.file, "wb") as file:
            file.write(learnt(pairs, recipe, args.seed).to_bytes())
    with open(args.file, "rb") as file:
        made = projection.read(file.read())
    print(made.recipe)
    judged = sorted(path for some in listed(args.judged) for path in some)
    if judged:
        print("\n".join(statistics(made, all_pairs(judged, args.seed + 1, JUDGED_VIEWS))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
