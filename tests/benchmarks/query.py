"""One query by the whole policy among a million pictures, and many pictures asked for in one call.

python tests/benchmarks/query.py --count 1000000 --queries 100
python tests/benchmarks/query.py --batch 300 --photos PHOTOS --on 1000000 --runs 5

The first compares drawn fingerprints (drawn.py) in all ways that the default policy knows: upright,
turned, without borders (one picture in ten has some), in part. Median, in this process, on one
thread. (Sharing the comparisons of one query among threads was tried:
blocks that fit the cache are done in 10 microseconds each, and two threads took twice as long.)

The second is a whole process, `search.py --query FOLDER`, beside one that only starts up and
decodes the same pictures on as many workers; in turns. The shelf holds drawn entries (shelf.py).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pictures.reduction import ORIENTATIONS  # noqa: E402
from imageshelf.searching import candidates, policies  # noqa: E402
from imageshelf.searching.policies import Fingerprint, QueryPrints  # noqa: E402
from imageshelf.shelf.chunks import PictureHashes  # noqa: E402
from tests.benchmarks import shelf, speed  # noqa: E402
from tests.benchmarks.drawn import fingerprints  # noqa: E402
from tests.benchmarks.files import camera_files, small_files  # noqa: E402

BORDERED = 10  # one picture in so many has a view without borders
DECODE = """
import sys
from imageshelf.searching import queries, second_look
from imageshelf.workers.limited_map import LimitedMap
arguments = queries.expanded(sys.argv[1:])
with LimitedMap(second_look.WORK) as decoders:
    decoded = queries.decoded(arguments, decoders, full_decode=False)
    print(sum(query.picture is not None for query in decoded))
"""


def column(count: int, seed: int, step: int = 1) -> PictureHashes:
    """Return fingerprints of every step-th of count pictures."""
    made = fingerprints(count // step, seed)
    return PictureHashes(
        np.arange(0, count // step * step, step), *made, np.zeros(count // step, np.bool_)
    )


def asked(count: int) -> Iterator[QueryPrints]:
    """Yield queries in all their views."""
    made = fingerprints(10 * count, seed=9)
    each = [
        Fingerprint(int(row), int(column), int(phash))
        for row, column, phash in zip(*made, strict=True)
    ]
    names = [name for name, _ in ORIENTATIONS[1:]]
    for n in range(0, 10 * count, 10):
        whole, *turned, trimmed, centre = each[n : n + 10]
        yield QueryPrints(whole, dict(zip(names, turned, strict=True)), trimmed, centre)


def one_query(count: int, queries: int) -> Iterator[str]:
    """Measure single queries, each looked at in all ways."""
    stored = {
        "whole": column(count, 0),
        "trimmed": column(count, 1, BORDERED),
        "centre": column(count, 2),
    }
    every = list(asked(queries))
    times = []
    found = 0
    for query in every:
        start = time.perf_counter()
        matches = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {})
        times.append(time.perf_counter() - start)
        found += len(matches)
    probes = len(list(policies.probes(every[0], policies.DEFAULT)))
    yield f"{count:,} pictures, {probes} comparisons of each, {queries} queries, {found} matches"
    yield f"one query: {1000 * float(np.median(times)):.2f} ms"


def batch(args: argparse.Namespace, kind: str) -> Iterator[str]:
    """Measure whole searches for a folder of pictures, and their decoding alone."""
    if kind == "camera":
        folder = camera_files(args.cache, args.photos, args.batch)
    else:
        every, folder = small_files(args.cache, args.photos), os.path.join(args.cache, "batch")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name in sorted(os.listdir(every))[: args.batch]:
            shutil.copyfile(os.path.join(every, name), os.path.join(folder, name))
    path = os.path.join(args.cache, f"drawn-{args.on}.shelve")
    if not os.path.exists(path):
        shelf.filled(path, args.on)
    search = [sys.executable, os.path.join(ROOT, "search.py"), "-q", folder, "-s", path]
    decode = [sys.executable, "-c", f"import sys; sys.path.insert(0, {ROOT!r})\n{DECODE}", folder]
    scenario = speed.Scenario(
        f"{args.batch} {kind} JPEGs on {args.on:,}",
        [
            speed.Command("search.py --query FOLDER", lambda _: [*search, "--format", "jsonl"]),
            speed.Command("start-up and decoding", lambda _: decode),
        ],
    )
    speed.interleaved(scenario, 1)  # warms the page cache, and every import
    yield speed.table([(scenario, speed.interleaved(scenario, args.runs))])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--queries", type=int, default=100, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N", help="ask for so many pictures instead")
    parser.add_argument("--photos", metavar="DIR", help="camera JPEGs to ask for, or cut")
    parser.add_argument("--on", type=int, default=1_000_000, metavar="N", help="entries on a shelf")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument(
        "--cache",
        metavar="DIR",
        default=os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks"),
        help="where the files to measure with are kept for the next time",
    )
    args = parser.parse_args(argv)
    if args.batch is None:
        lines = one_query(args.count, args.queries)
    else:
        os.makedirs(args.cache, exist_ok=True)
        lines = (line for kind in ("camera", "small") for line in batch(args, kind))
    for line in lines:
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
