"""How long one cold `search.py --query` takes, beside starting Python with the same libraries.

python tests/benchmarks/cold.py --count 1000 1000000 --runs 15

Whole processes in turn, page cache warm; medians. Shelves are drawn, their hashes fall like
photographs' (drawn.py), and kept in the cache for the next time; the query is a drawn picture of
500x375. Two yardsticks: `import numpy, PIL.Image`, what any such program needs, and
`import imagehash, sqlite3, argparse`, what the tutorial's own search script begins with.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from typing import TYPE_CHECKING

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks.speed import HERE, MEGABYTE, Run, measure, median  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.shelf.records import Entry

YARDSTICKS = ("import numpy, PIL.Image", "import imagehash, sqlite3, argparse")
BATCH = 10_000


def shelf_of(cache: str, count: int) -> str:
    """Path of a shelf of so many drawn pictures, made once, by a process of its own."""
    path = os.path.join(cache, f"drawn-{count}.shelve")
    if not os.path.exists(path):  # the one who measures stays small: its children begin as it is
        measure(
            [sys.executable, os.path.join(HERE, "cold.py"), "--fill", path, "--count", str(count)]
        )
    return path


def fill(path: str, count: int) -> None:
    """Make a shelf of so many drawn pictures."""
    from imageshelf.pictures.recipe import current_recipe
    from imageshelf.shelf import open_shelf

    with open_shelf(path + ".part", "n") as shelf:
        shelf.adopt(current_recipe())
        catalogue = shelf.whole_catalogue()
        for batch in entries(count):
            catalogue.add(batch)
    os.rename(path + ".part", path)


def entries(count: int, batch: int = BATCH) -> Iterator[list[Entry]]:
    """Yield drawn pictures, so many at a time; every view has hashes of its own."""
    from tests.benchmarks.drawn import fingerprints
    from tests.benchmarks.shelf import drawn

    rnd = random.Random(1)
    for first in range(0, count, batch):
        here = min(batch, count - first)
        hashes = fingerprints(2 * here, seed=first)
        triples = list(zip(*(part.tolist() for part in hashes[:3]), strict=True))
        yield [
            drawn(first + n, rnd)._replace(
                key=f"{triples[n][0]:016x}",
                whole=triples[n],
                centre=triples[here + n],
                trimmed=None,
            )
            for n in range(here)
        ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, nargs="+", default=[1000, 1_000_000], metavar="N")
    parser.add_argument("--runs", type=int, default=15, metavar="N")
    parser.add_argument(
        "--cache",
        metavar="DIR",
        default=os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks"),
        help="where the drawn shelves are kept for the next time",
    )
    parser.add_argument("--fill", metavar="FILE", help="only draw this shelf")
    args = parser.parse_args(argv)
    if args.fill:
        fill(args.fill, *args.count)
        return 0
    os.makedirs(args.cache, exist_ok=True)
    query = os.path.join(args.cache, "query.jpg")
    drawing = f"from tests.benchmarks.drawn import picture; picture(7, (500, 375)).save({query!r})"
    os.chdir(ROOT)
    measure([sys.executable, "-c", drawing])
    commands = {code: [sys.executable, "-c", code] for code in YARDSTICKS}
    search = [sys.executable, os.path.join(ROOT, "search.py"), "-q", query, "-s"]
    for count in args.count:
        commands[f"search.py, {count:,}"] = [*search, shelf_of(args.cache, count)]
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(args.runs + 1):  # the first warms
        for name, command in commands.items():
            runs[name].append(measure(command))
    medians = {name: median(each[1:]) for name, each in runs.items()}
    print("| program | wall ms | CPU ms | peak MB | of numpy, PIL.Image | of imagehash, ... |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, run in medians.items():
        times = " | ".join(f"{run.wall_s / medians[one].wall_s:.2f}" for one in YARDSTICKS)
        figures = f"{1e3 * run.wall_s:.0f} | {1e3 * run.cpu_s:.0f}"
        print(f"| {name} | {figures} | {run.peak_bytes / MEGABYTE:.0f} | {times} |")
    least = {name: min(run.wall_s for run in each[1:]) for name, each in runs.items()}
    print("least:", ", ".join(f"{name} {1e3 * wall_s:.0f} ms" for name, wall_s in least.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
