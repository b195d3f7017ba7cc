"""What a worker does with a small JPEG beyond decoding it, and what each part is worth; a table.

python tests/benchmarks/worker_parts.py                        (the pictures are drawn)
python tests/benchmarks/worker_parts.py --photos PHOTOS --runs 15

All in one process, in CPU time. Every line does what the line above does, and one thing more; they
take turns, and figures are medians. The first line is the floor: the file read and decoded by
libjpeg-turbo alone, to the smallest size that will do.
"""

from __future__ import annotations

import argparse
import gc
import os
import pickle
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))

from imageshelf.pictures import images, reduction  # noqa: E402
from imageshelf.pictures.decoding import Jpeg  # noqa: E402
from imageshelf.pictures.tasks import Task  # noqa: E402
from imageshelf.system import files as system_files  # noqa: E402
from tests.benchmarks import floor  # noqa: E402
from tests.benchmarks.files import SMALL_COUNT, small_files  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUNDLE = 4  # files that a worker gets at a time


def opened(path: str) -> Jpeg:
    """Read a file and its header."""
    descriptor, status = system_files.open_descriptor(path)
    try:
        return Jpeg(system_files.content(descriptor, status.st_size))
    finally:
        os.close(descriptor)


def decoded(path: str) -> None:
    """Decode it to grey, as small as will do."""
    image = opened(path)
    image.draft("L", reduction.SMALLEST_SIZE)
    image.load()


def checked(path: str) -> None:
    """Do all that precedes the views: metadata, whether data are lost, whether it has changed."""
    images._opened(Task(path))


def each(do: Callable[[str], object]) -> Callable[[Sequence[str]], object]:
    """Do something with each file of a bundle."""
    return lambda paths: [do(path) for path in paths]


def examined(paths: Sequence[str]) -> object:
    """Return what a worker answers."""
    return images.examine_together([Task(path) for path in paths])


def sent(paths: Sequence[str]) -> None:
    """Have it answered in bytes, and read."""
    pickle.loads(pickle.dumps(examined(paths), 5))


PARTS: dict[str, Callable[[Sequence[str]], object]] = {
    "floor: read, decoded by libjpeg-turbo": each(floor.decode),
    "opened safely, header read by Pillow": each(opened),
    "and decoded": each(decoded),
    "and metadata, appended data, checks that all is there": each(checked),
    "and views: rows, sketches, borders, luma; four files at a time": examined,
    "and the answer packed and unpacked": sent,
}


def measured(paths: Sequence[str], runs: int) -> dict[str, float]:
    """Median CPU ms of a file, for each part."""
    bundles = [paths[at : at + BUNDLE] for at in range(0, len(paths), BUNDLE)]
    taken: dict[str, list[float]] = {name: [] for name in PARTS}
    gc.disable()
    for _ in range(runs + 1):
        for name, do in PARTS.items():
            start = time.process_time()
            for bundle in bundles:
                do(bundle)
            taken[name].append((time.process_time() - start) / len(paths) * 1000)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", metavar="DIR", help="pictures to cut the small ones out of")
    parser.add_argument("--count", type=int, default=SMALL_COUNT, metavar="N")
    parser.add_argument("--runs", type=int, default=9, metavar="N")
    cache = os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks")
    parser.add_argument("--cache", metavar="DIR", default=cache)
    args = parser.parse_args(argv)
    folder = small_files(args.cache, args.photos, args.count)
    paths = floor.jpegs(folder)
    before = 0.0
    print("| part | CPU ms a file | more than the line above |\n|---|---:|---:|")
    for name, taken_ms in measured(paths, args.runs).items():
        print(f"| {name} | {taken_ms:.3f} | {taken_ms - before:+.3f} |")
        before = taken_ms
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
