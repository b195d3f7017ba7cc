"""Turned copies found by derived bits, against searching with the turned picture itself.

python tests/benchmarks/turned_bits.py --dataset PHOTOS --pieces 20

Of every picture random pieces are cut (a photograph of its own each), of every piece seven turned
copies are made at 60 % of its size and JPEG quality 80. `searched` turns the query before it is
reduced, as search.py does; `derived` turns the bits of its row and column hash (turning.py) and
takes the perceptual hash of the turned picture, as search.py --duplicates does. Without a dataset
scenes are drawn.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONGEST = 1600  # pixels; of a picture before pieces are cut
ROW_LIMIT, SCORE_LIMIT = 10, 40


def pieces(dataset: str | None, count: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """Pieces of 30-70 % of the width and height of each picture."""
    for picture in photographs(dataset):
        for _ in range(count):
            width, height = (int(side * rng.uniform(0.3, 0.7)) for side in picture.size)
            left, top = (
                int(rng.integers(0, all_of - part))
                for all_of, part in zip(picture.size, (width, height), strict=True)
            )
            yield picture.crop((left, top, left + width, top + height))


def photographs(dataset: str | None) -> Iterator[Image.Image]:
    """Upright pictures below a folder; drawn ones without."""
    if dataset is None:
        from tests.benchmarks.drawn import picture

        yield from (picture(seed, (1600, 1200)) for seed in range(30))
        return
    for folder, _, names in sorted(os.walk(dataset)):
        for name in sorted(names):
            if name.lower().endswith((".jpg", ".jpeg")):
                with Image.open(os.path.join(folder, name)) as image:
                    image.draft("RGB", (LONGEST, LONGEST))
                    upright = ImageOps.exif_transpose(image).convert("RGB")
                upright.thumbnail((LONGEST, LONGEST))
                yield upright


def encoded(image: Image.Image, scale: float, quality: int) -> io.BytesIO:
    """JPEG file of a picture, resized."""
    file = io.BytesIO()
    width, height = (max(80, round(side * scale)) for side in image.size)
    image.resize((width, height)).save(file, "JPEG", quality=quality)
    file.seek(0)
    return file


def hashes(
    files: list[io.BytesIO], folder: str
) -> tuple[Hashes, Hashes, Hashes, NDArray[np.bool_]]:
    """uint64[n, 3] upright, uint64[n, 7, 3] turned and low information, by reduced decodes."""
    from imageshelf.hashing.fingerprints import fingerprints
    from imageshelf.pictures import images
    from tests.turned_thumbnails import turned_fingerprints

    path = os.path.join(folder, "piece.jpg")
    upright, turned, thumbs, low = [], [], [], []
    for file in files:
        with open(path, "wb") as out:
            out.write(file.getvalue())
        picture = images.read(path, turned=True)
        found = fingerprints([picture.whole, *picture.turned])
        every = np.stack(found[:3], axis=1)
        upright.append(every[0])
        turned.append(every[1:])
        thumbs.append(turned_fingerprints([picture.whole])[0, :, :2])
        low.append(bool(found.low_information[0]))
    return np.array(upright), np.array(turned), np.array(thumbs), np.array(low)


def apart(a: Hashes, b: Hashes) -> NDArray[np.int64]:
    distances: NDArray[np.int64] = np.bitwise_count(a ^ b).astype(np.int64)
    return distances


def derived_bits(upright: Hashes) -> Hashes:
    """uint64[n, 7, 2]: row and column hash after each turn, from the upright bits."""
    from imageshelf.hashing import turning

    plain = turning.complemented(upright[:, 0], upright[:, 1])
    both = [turning.turned(plain, turn)[:2] for turn in range(1, 8)]
    return np.stack([np.stack(pair, axis=1) for pair in both], axis=1)


def report(name: str, distances: NDArray[np.int64], limits: list[tuple[int, int]]) -> None:
    """Recall at each pair of limits, of `int[n, 7, 3]` row, column and phash distances."""
    row = distances[..., 0]
    score = row + distances[..., 1] + 2 * distances[..., 2]
    shares = [f"{100 * ((row <= r) & (score <= s)).mean():.2f} % at {r}/{s}" for r, s in limits]
    print(f"{name:28} mean row {row.mean():.2f}, score {score.mean():.2f};", ", ".join(shares))


def main(argv: list[str] | None = None) -> int:
    import tempfile

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-d", "--dataset", metavar="DIR")
    parser.add_argument("--pieces", type=int, default=20, metavar="N")
    args = parser.parse_args(argv)
    from imageshelf.hashing import turning
    from imageshelf.pictures.reduction import ORIENTATIONS

    originals, copies = [], []
    for piece in pieces(args.dataset, args.pieces, np.random.default_rng(0)):
        originals.append(encoded(piece, 1, 92))
        for _, turn in ORIENTATIONS[1:]:
            assert turn is not None
            copies.append(encoded(piece.transpose(turn), 0.6, 80))
    with tempfile.TemporaryDirectory() as folder:
        upright, turned, exact, flat = hashes(originals, folder)
        found, back, _, flat_copies = hashes(copies, folder)
    keep = ~flat & ~flat_copies.reshape(-1, 7).any(axis=1)  # flat pictures match upright only
    upright, turned, exact = upright[keep], turned[keep], exact[keep]
    found, back = found.reshape(-1, 7, 3)[keep], back.reshape(-1, 7, 7, 3)[keep]
    derived = derived_bits(upright)
    limits = [(10, 40), (11, 40), (12, 42), (12, 44)]
    off = apart(derived, turned[..., :2])
    print(len(upright), "pieces; derived bits off by turn (row, column), mean and most:")
    print(off.mean(axis=0).round(2).tolist(), off.max(axis=(0, 1)).tolist())
    report("searched", apart(turned, found), limits)
    phash = apart(turned[..., 2], found[..., 2])
    bits = apart(derived, found[..., :2])
    report("derived, one way", np.concatenate([bits, phash[..., None]], axis=2), limits)
    undone = np.array([turning.INVERSE[turn] - 1 for turn in range(1, 8)])
    other = apart(upright[:, None, 2], back[:, np.arange(7), undone, 2])
    least = np.minimum(phash, other)
    report("derived, better way", np.concatenate([bits, least[..., None]], axis=2), limits)
    bits = apart(exact, found[..., :2])
    report("turned thumbnail, better way", np.concatenate([bits, least[..., None]], axis=2), limits)
    other_way = apart(upright[:, None, :], back[:, np.arange(7), undone])
    report("searched, other way", other_way, limits)
    return 0


if __name__ == "__main__":
    sys.path.append(ROOT)
    raise SystemExit(main())
