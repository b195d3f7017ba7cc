"""How much faster a progressive JPEG is read from its averages than from all of its scans.

python tests/benchmarks/progressive.py PHOTOS --runs 7

Each JPEG of a folder (drawn pictures of 12 MP without one) is saved again as progressive with its
own tables and sampling, then decoded to 1/8 luma both ways in turn, page cache warm: as `index.py`
does it, in a worker process, and as Pillow does it when it is asked for a scaled decode, in this
one. The lumas must be equal. Figures are means over the files of each file's median, ratios are
ratios of those.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from imageshelf.pictures import decoding, reduction
from imageshelf.workers.pool import workers
from tests.benchmarks.drawn import picture
from tests.benchmarks.files import CAMERA, jpegs

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.workers.pool import Mapper

SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0", -1: "grey or other"}


class Pair(NamedTuple):
    """Medians of one file, in seconds."""

    sampling: str
    ours_s: float
    scaled_s: float


def progressive(image: Image.Image) -> bytes:
    """Give the picture saved again as a progressive JPEG."""
    stream = io.BytesIO()
    own = {"quality": "keep"} if image.format == "JPEG" else {"quality": 90}
    image.save(stream, "JPEG", progressive=True, **own)
    return stream.getvalue()


def scaled(data: bytes) -> bytes:
    """Give the luma that Pillow's scaled decode gives, reduced as `index.py` would."""
    image = JpegImageFile(io.BytesIO(data))
    drafted = image.draft("L", reduction.SMALLEST_SIZE)
    assert drafted is not None
    image.load()
    return reduction.Reduced(image, drafted[1]).smaller(reduction.FINE_SIZE).picture.tobytes()


def ours(data: bytes) -> bytes:
    """Give the luma that `index.py` takes its hashes from."""
    return decoding.decode(io.BytesIO(data), "", full_decode=False).exact.picture.tobytes()


def timed(data: bytes) -> float:
    """Give the seconds that our way takes; a worker process does this."""
    return _seconds(ours, data)


def _seconds(way: Callable[[bytes], object], data: bytes) -> float:
    began = time.perf_counter()
    way(data)
    return time.perf_counter() - began


def measured(data: bytes, sampling: str, runs: int, worker: Mapper[bytes, float]) -> Pair:
    """Time both ways in turn."""
    assert sorted(ours(data)) == sorted(scaled(data))  # perhaps turned by its orientation
    ours_s: list[float] = []
    scaled_s: list[float] = []
    list(worker([data]))  # not counted
    for _ in range(runs):
        ((_, seconds),) = worker([data])
        assert isinstance(seconds, float), seconds
        ours_s.append(seconds)
        scaled_s.append(_seconds(scaled, data))
    return Pair(sampling, statistics.median(ours_s), statistics.median(scaled_s))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", metavar="PHOTOS")
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    pairs: dict[str, list[Pair]] = defaultdict(list)
    way: Callable[[bytes], float] | str = "tests.benchmarks.progressive:timed"
    with workers(way, jobs=1) as worker:
        for number, source in enumerate(jpegs(args.photos) if args.photos else [None] * 4):
            with Image.open(source) if source else picture(number, CAMERA) as image:
                data, sampling = progressive(image), SAMPLINGS[get_sampling(image) if source else 2]
                if min(image.width // 72, image.height // 64) < 8:  # not decoded to 1/8
                    continue
            pairs[sampling].append(measured(data, sampling, args.runs, worker))
    if not pairs:
        raise SystemExit("no JPEG file of 576x512 or more, which is what 1/8 is enough for")
    print("| sampling | files | ours ms | scaled decode ms | faster, all | least |")
    print("|---|---:|---:|---:|---:|---:|")
    groups = {**pairs, "all": [pair for group in pairs.values() for pair in group]}
    for name, group in groups.items():
        mine = statistics.mean(pair.ours_s for pair in group)
        theirs = statistics.mean(pair.scaled_s for pair in group)
        least = min(pair.scaled_s / pair.ours_s for pair in group)
        figures = f"{mine * 1e3:.1f} | {theirs * 1e3:.1f} | {theirs / mine:.1f} x | {least:.1f} x"
        print(f"| {name} | {len(group)} | {figures} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
