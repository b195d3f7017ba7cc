"""What pieces cost: an index run, bytes on the disk, a query, all pairs.

python tests/benchmarks/piece_costs.py index --runs 5
python tests/benchmarks/piece_costs.py index --pictures CAMERA --runs 3
python tests/benchmarks/piece_costs.py worker --pictures CAMERA --runs 5 --sample 24
python tests/benchmarks/piece_costs.py query --pictures PHOTOS --queries DIR --count 100000
python tests/benchmarks/piece_costs.py pairs --pictures PHOTOS --count 100000 --sample 1000

index: `index.py` with and without --pieces, alternating, over a folder (else 1,000 drawn pictures
of 500x375); CPU time of all processes, and the bytes that shelf and key file take for a picture.

worker: what a worker spends on a picture with and without keypoints, in this process: the least CPU
time of --runs, averaged over --sample pictures, which hardly depends on what else the machine does.

query: `search.py --query FOLDER` with and without --no-pieces, on a shelf of --pictures and so many
drawn entries: the CPU time that each picture takes more, its second decode, its keypoints and the
comparisons together. pairs: what `search.py --duplicates` adds on the same shelf, for a sample of
its pictures: each is looked up among all by its stored keypoints. What is found is not laid over.

A drawn entry has places, sizes and directions of the keypoints of a real picture. The bits of each
are mixed from two points of any real pictures: what both have in common stays, each other bit is
one's or the other's. How often such points lie near a real one is printed, beside real strangers.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.copies.pieces import PER_BATCH  # noqa: E402
from imageshelf.pictures.images import examine  # noqa: E402
from imageshelf.pictures.tasks import ASKED, STORED, StoredPoints, Task  # noqa: E402
from imageshelf.pieces import points, votes  # noqa: E402
from imageshelf.pieces.points import PiecePoints  # noqa: E402
from imageshelf.pieces.projection import Bits  # noqa: E402
from imageshelf.searching.pieces import PieceSearch  # noqa: E402
from imageshelf.shelf import open_shelf, point_index  # noqa: E402
from imageshelf.shelf import points as stored  # noqa: E402
from imageshelf.system.paths import located  # noqa: E402
from tests.benchmarks import collection, files  # noqa: E402

THUMBS = 100  # different ones among drawn entries
KEYS = ".pieces"  # ends the name of the key file beside a shelf


class Indexed(NamedTuple):
    """One index run."""

    cpu_s: float
    shelf_bytes: int
    key_bytes: int


def spent(script: str, *arguments: str) -> float:
    """CPU seconds of one of our scripts and of all that it starts."""
    before = os.times()
    command = [sys.executable, os.path.join(ROOT, script), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def indexed(pictures: str, *options: str) -> Indexed:
    """Index a folder onto a new shelf."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "db.shelve")
        cpu_s = spent("index.py", "-q", "-d", pictures, "-s", path, *options)
        keys = [path + KEYS] if os.path.exists(path + KEYS) else []
        return Indexed(cpu_s, os.path.getsize(path), sum(map(os.path.getsize, keys)))


def index_lines(pictures: str, runs: int) -> Iterator[str]:
    """Sentences: what --pieces adds to an index run over a folder."""
    count = len(list(collection.pictures(pictures)))
    pairs = [(indexed(pictures), indexed(pictures, "--pieces")) for _ in range(runs)]
    plain, pieces = (1e3 * np.median([pair[n].cpu_s for pair in pairs]) / count for n in (0, 1))
    ratio = np.median([pair[1].cpu_s / pair[0].cpu_s for pair in pairs])
    yield (
        f"{count} files, {runs} runs: {plain:.2f} ms of CPU a picture without pieces, {pieces:.2f} "
        f"with ({pieces - plain:+.2f} ms, {ratio:.2f} times)"
    )
    first, second = pairs[-1]
    more = (second.shelf_bytes - first.shelf_bytes) / count
    beside = second.key_bytes / count
    yield f"{more:,.0f} bytes a picture more on the shelf, {beside:,.0f} in the key file"


def worker_lines(pictures: str, runs: int, sample: int) -> Iterator[str]:
    """Sentence: what keypoints add to a worker's time for a picture."""
    paths = sorted(collection.pictures(pictures))
    chosen = paths[:: max(1, len(paths) // sample)][:sample]
    plain, kept, asked = (
        1e3 * float(np.mean([_least_s(path, wanted, runs) for path in chosen]))
        for wanted in ("", STORED, ASKED)
    )
    yield (
        f"{len(chosen)} files, least of {runs} runs: {plain:.2f} ms of CPU a picture, "
        f"{kept:.2f} with the keypoints that a shelf keeps ({kept - plain:+.2f} ms, "
        f"{kept / plain:.2f} times), {asked:.2f} with those of a query ({asked - plain:+.2f} ms)"
    )


def _least_s(path: str, wanted: str, runs: int) -> float:
    task, spent_s = Task(located(path), points=wanted), []
    for _ in range(runs):
        start = time.process_time()
        examine(task)
        spent_s.append(time.process_time() - start)
    return min(spent_s)


def real_points(pictures: Sequence[str]) -> list[PiecePoints]:
    """The keypoints of real pictures, as a shelf keeps them."""
    found = []
    for path in pictures:
        with Image.open(path) as opened:
            opened.draft("L", (points.STORED_PIXELS, points.STORED_PIXELS))
            grey = ImageOps.contain(opened.convert("L"), (points.STORED_PIXELS,) * 2)
        found.append(points.stored_points(np.asarray(grey)))
    return [each for each in found if len(each.bits)]


class DrawnPoints:
    """Keypoints of pictures that were never drawn, without end."""

    def __init__(self, real: Sequence[PiecePoints], seed: int) -> None:
        self._real, self._rng = real, np.random.default_rng(seed)
        self._bits = np.concatenate([each.bits for each in real])
        self._mirrored = np.concatenate([each.mirrored for each in real])

    def __iter__(self) -> Iterator[PiecePoints]:
        while True:
            frame = self._real[int(self._rng.integers(len(self._real)))]
            bits = self._mixed(self._bits, len(frame.bits))
            mirrored = self._mixed(self._mirrored, len(frame.mirrored))
            yield frame._replace(bits=bits, mirrored=mirrored)

    def _mixed(self, every: Bits, count: int) -> Bits:
        """Mix so many points from two of these each."""
        one, other = self._rng.integers(len(every), size=(2, count))
        mask = self._rng.integers(0, 1 << 64, count, np.uint64)
        return np.asarray((every[one] & mask) | (every[other] & ~mask))


def near_rate(pairs: Iterator[tuple[PiecePoints, PiecePoints]]) -> float:
    """Share of pairs of points of two pictures that are near enough to vote."""
    apart = np.concatenate(
        [np.bitwise_count(one.bits[:, None] ^ other.bits).ravel() for one, other in pairs]
    )
    return float(np.mean(apart <= votes.NEAR))


def drawn_thumb(seed: int) -> bytes:
    """A packed thumbnail of clouds."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 12)).astype(np.uint8)
    size = (points.THUMB_PIXELS, points.THUMB_PIXELS * 3 // 4)
    large = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    return points.packed_thumb(np.asarray(large))


def filled(path: str, count: int, real: Sequence[PiecePoints]) -> None:
    """Put so many drawn entries with drawn points on a shelf that has some."""
    from tests.benchmarks import shelf  # counts memory by a call that Windows does not have

    made, rng = iter(DrawnPoints(real, 1)), random.Random(1)  # the same ones each time
    thumbs = [drawn_thumb(seed) for seed in range(THUMBS)]
    with open_shelf(path, "w") as opened:
        catalogue = opened.whole_catalogue()
        for first in range(0, count, shelf.BATCH):
            batch = []
            for number in range(first, min(count, first + shelf.BATCH)):
                packed = StoredPoints(next(made).to_bytes(), thumbs[number % THUMBS])
                batch.append(shelf.drawn(number, rng)._replace(points=packed))
            catalogue.add(batch)
        point_index.update(catalogue.db, (0, 0), None)


def crowded(path: str, args: argparse.Namespace) -> Iterator[str]:
    """Index --pictures onto a shelf and add --count drawn entries; how like real ones they are."""
    spent("index.py", "-q", "--pieces", "-d", args.pictures, "-s", path)
    real = real_points(sorted(collection.pictures(args.pictures)))
    made = [points for points, _ in zip(DrawnPoints(real, 2), real, strict=False)]
    yield (
        f"{args.count:,} drawn entries; within {votes.NEAR} bits: {near_rate(pairwise(real)):.1e} "
        f"of pairs of points of real pictures, {near_rate(zip(real, made, strict=True)):.1e} of "
        "real and drawn ones"
    )
    filled(path, args.count, real)
    each = os.path.getsize(path + KEYS) / args.count
    yield f"the key file has {os.path.getsize(path + KEYS):,} bytes, {each:,.0f} for each entry"


def query_lines(folder: str, args: argparse.Namespace) -> Iterator[str]:
    """Sentences: what a query costs more on a shelf with pieces."""
    path = os.path.join(folder, f"query-{args.count}.shelve")
    if not os.path.exists(path):
        yield from crowded(path, args)
    count = len(list(collection.pictures(args.queries)))
    asked = ("-q", args.queries, "-s", path, "--format", "jsonl")
    spent("search.py", *asked)  # warms the page cache
    pairs = [(spent("search.py", *asked, "--no-pieces"), spent("search.py", *asked))
             for _ in range(args.runs)]  # fmt: skip
    plain, pieces = (1e3 * np.median([pair[n] for pair in pairs]) / count for n in (0, 1))
    yield (
        f"{count} queries among {args.count:,}, {args.runs} runs: {plain:.1f} ms of CPU each "
        f"without pieces, {pieces:.1f} with ({pieces - plain:+.1f} ms)"
    )


def pair_lines(folder: str, args: argparse.Namespace) -> Iterator[str]:
    """Sentence: what it takes to look all pictures of a shelf up by their stored points."""
    path = os.path.join(folder, f"query-{args.count}.shelve")
    if not os.path.exists(path):
        yield from crowded(path, args)
    with open_shelf(path, "r") as opened:
        every = list(stored.states(opened.whole_catalogue().db))
        sample = every[:: max(1, len(every) // args.sample)]
        search = PieceSearch(opened)
        start = time.process_time()
        for first in range(0, len(sample), PER_BATCH):
            search.pieces_of(sample[first : first + PER_BATCH])
        spent_s = time.process_time() - start
    each_ms, minutes = 1e3 * spent_s / len(sample), spent_s / len(sample) * len(every) / 60
    yield (
        f"{len(sample):,} of {len(every):,} pictures looked up by their stored points: "
        f"{each_ms:.1f} ms of CPU each, {minutes:.1f} minutes for all pairs"
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("index", "worker", "query", "pairs"))
    parser.add_argument("--pictures", metavar="DIR", help="real ones")
    parser.add_argument("--queries", metavar="DIR")
    parser.add_argument("--count", type=int, default=100_000, metavar="N", help="drawn entries")
    parser.add_argument("--sample", type=int, default=1_000, metavar="N", help="pictures")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--folder", metavar="DIR", help="keep shelves and pictures there")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or temporary
        if args.pictures is None:
            args.pictures = files.small_files(folder, None)
        args.queries = args.queries or args.pictures
        if args.what == "index":
            lines = index_lines(args.pictures, args.runs)
        elif args.what == "worker":
            lines = worker_lines(args.pictures, args.runs, args.sample)
        else:
            lines = {"query": query_lines, "pairs": pair_lines}[args.what](folder, args)
        for line in lines:
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
