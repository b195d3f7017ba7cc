"""The floor: what libjpeg-turbo alone needs to give a small grey picture of every JPEG.

python tests/benchmarks/floor.py --dataset PHOTOS --jobs 2

Each file is read and decoded to luma at the smallest DCT scale that still leaves 72 x 64 pixels
(1/8 for camera pictures, 1/4 for 500 x 375). Nothing is hashed, nothing is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os

import simplejpeg

LEAST_WIDTH, LEAST_HEIGHT = 72, 64


def decode(path: str) -> int:
    """Number of luma samples of one reduced file."""
    with open(path, "rb") as file:
        data = file.read()
    height, width, _, _ = simplejpeg.decode_jpeg_header(
        data, min_width=LEAST_WIDTH, min_height=LEAST_HEIGHT
    )
    luma = simplejpeg.decode_jpeg(
        data, colorspace="GRAY", min_width=LEAST_WIDTH, min_height=LEAST_HEIGHT
    )
    assert luma.shape[:2] == (height, width)
    return int(luma.size)


def jpegs(dataset: str) -> list[str]:
    """Paths of the JPEG files below a folder."""
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(dataset)
        for name in names
        if name.lower().endswith((".jpg", ".jpeg"))
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-d", "--dataset", required=True, metavar="DIR")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), metavar="N")
    args = parser.parse_args(argv)
    paths = jpegs(args.dataset)
    chunk = max(1, min(16, len(paths) // (8 * args.jobs)))
    with multiprocessing.Pool(args.jobs) as pool:
        samples = list(pool.imap_unordered(decode, paths, chunk))
    print(len(samples), "pictures,", sum(samples), "samples")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
