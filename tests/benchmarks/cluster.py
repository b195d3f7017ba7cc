"""How fast a Dask cluster on this machine indexes, beside worker processes without Dask.

    python tests/benchmarks/cluster.py --photos PHOTOS --repeat-to 240 --runs 5

Scheduler and workers (two, of one thread each) are already running when the clock starts, and share
the cores with everything else: the difference is what Dask costs. Whole processes, in turn; CPU and
memory are those of index.py and the processes it starts itself, not of the cluster.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks.files import (  # noqa: E402
    SMALL_COUNT,
    camera_files,
    small_files,
    tiny_files,
)
from tests.benchmarks.speed import Command, Scenario, interleaved, table  # noqa: E402
from tests.dask_processes import dask_processes  # noqa: E402

WORKERS = 2
TINY_COUNT = 20_000


def indexing(name: str, dataset: list[str], scheduler: str) -> Scenario:
    """Index folders: on the cluster, and on as many processes of its own."""

    def there(fresh: str) -> list[str]:
        return [*here(fresh)[:-2], "--scheduler", scheduler]

    def here(fresh: str) -> list[str]:
        script = os.path.join(ROOT, "index.py")
        shelf = os.path.join(fresh, "db.shelve")
        return [sys.executable, script, "-q", "-d", *dataset, "-s", shelf, "-j", str(WORKERS)]

    return Scenario(name, [Command("--scheduler", there), Command("--jobs 2", here)])


def scenarios(args: argparse.Namespace, scheduler: str) -> Iterator[Scenario]:
    folder = camera_files(args.cache, args.photos, args.repeat_to)
    yield indexing(f"{args.repeat_to} camera JPEGs", [folder], scheduler)
    folder = small_files(args.cache, args.photos)
    yield indexing(f"{SMALL_COUNT:,} of 500x375", [folder], scheduler)
    folder = tiny_files(args.cache, TINY_COUNT)
    yield indexing(f"{TINY_COUNT:,} tiny ones", [folder], scheduler)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", metavar="DIR", help="camera JPEGs to measure with")
    parser.add_argument("--repeat-to", type=int, default=120, metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument(
        "--cache",
        metavar="DIR",
        default=os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks"),
        help="where the files to measure with are kept for the next time",
    )
    args = parser.parse_args(argv)
    os.makedirs(args.cache, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        dask_processes(Path(folder), WORKERS) as processes,
    ):
        results = []
        for scenario in scenarios(args, processes.address):
            interleaved(scenario, 1)  # warms the page cache, and every import
            results.append((scenario, interleaved(scenario, args.runs)))
            print(table(results[-1:]), flush=True)
    print(f"\n{args.runs} runs each, Python {sys.version.split()[0]}\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
