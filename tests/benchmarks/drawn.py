"""Pictures and fingerprints to measure with, where nobody's photographs may be shipped.

python tests/benchmarks/drawn.py pictures/camera --count 24 --size 4000x3000
python tests/benchmarks/drawn.py pictures/small --count 1000 --size 500x375
python tests/benchmarks/drawn.py --fingerprints 6000

What is there already is kept, so a folder of an earlier run costs nothing.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.scenes.brushes import fractal  # noqa: E402
from tests.scenes.demo import camera_exif  # noqa: E402
from tests.scenes.drawing import snapshot  # noqa: E402

SCENE_PIXELS = 2_000_000  # above this a scene is drawn smaller, enlarged, and given fresh detail
SPECTRUM = 2.4  # 2.4 in 10,000 unrelated pairs fall within row distance 14, as photographs do
BATCH = 50_000  # fingerprints drawn at once: 50 MB


class Job(NamedTuple):
    """One picture to draw."""

    path: str
    seed: int
    size: tuple[int, int]


class Fingerprints(NamedTuple):
    """Hashes of pictures that were never drawn: uint64[n] each."""

    row: Hashes
    column: Hashes
    phash: Hashes


def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    """Snapshot of a seed at any size; one of camera size carries detail down to the pixel."""
    shrink = max(1.0, (size[0] * size[1] / SCENE_PIXELS) ** 0.5)
    drawn = snapshot(seed, (round(size[0] / shrink), round(size[1] / shrink)))
    if shrink == 1:
        return drawn
    rng = np.random.default_rng(seed)
    large = np.asarray(drawn.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    large += _detail(rng, size)[..., None]
    return Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))


def _detail(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.int16]:
    """Texture and sensor noise for a picture of camera size, from one tile laid side by side."""
    tile = 5.0 * fractal(rng, (1024, 1024), 1.2) + rng.normal(0, 2.5, (1024, 1024))
    tile = np.block([[tile, tile[:, ::-1]], [tile[::-1], tile[::-1, ::-1]]]).astype(np.int16)
    across, down = -(-size[0] // 2048), -(-size[1] // 2048)
    return np.asarray(np.tile(tile, (down, across))[: size[1], : size[0]])


def encoded(image: Image.Image, seed: int) -> bytes:
    """JPEG file as cameras write it: quality 93, colour at half resolution, Exif."""
    day, minute = 1 + seed % 28, seed // 28 % 60
    exif = camera_exif("Drawn", "Benchmark", f"2025:03:{day:02} 12:{minute:02}:00")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=93, subsampling="4:2:0", exif=exif)
    return file.getvalue()


def draw_one(job: Job) -> str:
    """Path of a picture that was drawn, whole or not at all."""
    data = encoded(picture(job.seed, job.size), job.seed)
    with open(job.path + ".part", "wb") as file:
        file.write(data)
    os.replace(job.path + ".part", job.path)
    return job.path


def draw(folder: str, count: int, size: tuple[int, int], *, jobs: int | None = None) -> list[str]:
    """Paths of count drawn pictures; those already there are kept."""
    os.makedirs(folder, exist_ok=True)
    wanted = [
        Job(os.path.join(folder, f"{seed:05}-{size[0]}x{size[1]}.jpg"), seed, size)
        for seed in range(count)
    ]
    missing = [job for job in wanted if not os.path.exists(job.path)]
    if missing:
        with ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
            list(pool.map(draw_one, missing))
    return [job.path for job in wanted]


def fingerprints(count: int, seed: int = 0) -> Fingerprints:
    """Fingerprints that fall like photographs', from pictures of spectrum 1/f^SPECTRUM.

    A picture is its 9 x 9 lowest cosine coefficients: they give the two thumbnails by a matrix
    product, and the perceptual hash as they stand. A million take three seconds.
    """
    rng = np.random.default_rng(seed)
    parts = [_batch(rng, min(BATCH, count - at)) for at in range(0, count, BATCH)]
    return Fingerprints(*(np.concatenate(hashes) for hashes in zip(*parts, strict=True)))


def _batch(rng: np.random.Generator, count: int) -> Fingerprints:
    order = np.arange(9)
    frequency = np.hypot(order[:, None], order[None, :])
    frequency[0, 0] = np.inf
    waves = rng.standard_normal((count, 9, 9), dtype=np.float32)
    waves *= frequency.astype(np.float32) ** (-SPECTRUM / 2)
    wide = _cosines(8) @ waves @ _cosines(9).T
    tall = _cosines(9) @ waves @ _cosines(8).T
    low = waves[:, :8, :8].reshape(count, 64)
    low[:, 0] = np.inf  # the mean brightness outweighs every wave
    return Fingerprints(
        _packed(wide[:, :, 1:] > wide[:, :, :-1]),
        _packed(tall[:, 1:, :] > tall[:, :-1, :]),
        _packed(low > np.median(low, axis=1, keepdims=True)),
    )


def _cosines(samples: int) -> NDArray[np.float32]:
    """float32[samples, 9]: the nine slowest cosines at so many sample points."""
    places = (np.arange(samples) + 0.5) / samples
    return np.cos(np.pi * np.outer(places, np.arange(9))).astype(np.float32)


def _packed(bits: NDArray[np.bool_]) -> Hashes:
    """uint64[n] of bool[n, ...] with 64 bits each, the first bit most significant."""
    packed = np.packbits(bits.reshape(len(bits), 64), axis=1)
    return np.ascontiguousarray(packed).view(">u8").ravel().astype(np.uint64)


def near_rate(hashes: Hashes, distance: int = 14) -> float:
    """Share of all pairs of hashes that lie within a distance."""
    pairs = len(hashes) * (len(hashes) - 1) / 2
    near = sum(
        np.count_nonzero(np.bitwise_count(hashes[n] ^ hashes[n + 1 :]) <= distance)
        for n in range(len(hashes) - 1)
    )
    return float(near / pairs)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--count", type=int, default=24, metavar="N")
    parser.add_argument("--size", default="4000x3000", metavar="WxH")
    parser.add_argument("--fingerprints", type=int, default=0, metavar="N")
    args = parser.parse_args(argv)
    if args.folder:
        width, height = map(int, args.size.split("x"))
        paths = draw(args.folder, args.count, (width, height))
        print(len(paths), "pictures,", sum(map(os.path.getsize, paths)) // len(paths), "bytes each")
    if args.fingerprints:
        rate = near_rate(fingerprints(args.fingerprints).row)
        print(f"{1e4 * rate:.2f} in 10,000 unrelated pairs within row distance 14")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
