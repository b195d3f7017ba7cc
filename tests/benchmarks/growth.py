"""How cost grows with the number of pictures: a Markdown table and a plot, each row's exponent.

python tests/benchmarks/growth.py --svg docs/growth.svg

Each point is a process of its own, on one core, and its CPU time is told (shelf writes: wall time,
too, as they wait for the disk). All pairs are shared by all cores, and the CPU time is that of all.
Index runs read tiny drawn pictures (96x72), every other row drawn fingerprints that fall like
photographs' (drawn.py). Points once measured are kept in --results and not measured again: remove
that file to begin anew. Up to a million pictures everything takes half an hour, at ten million as
much again, 9 GB of memory and 7 GB of disk: of all pairs there a sixteenth is looked at, and
extrapolated (all_pairs.py).

The exponent is the slope of log(cost) over log(pictures) through the three largest sizes: 0 means
that size does not matter, 1 that twice as many cost twice as much, 2 four times. One row alone:

python tests/benchmarks/growth.py --part near --count 10000000
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import growth_plot, speed  # noqa: E402  small: see files.py about memory

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 10_000  # pipeline.BATCH_FILES
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SLOPE_OVER = 3  # points
RADIUS = 10
RUNS = 5
NEAR_QUERIES = 50
FOLDER_COUNT = 1_000  # pictures in one folder
SHARED_FROM, SHARE = 10_000_000, 16  # pictures from which on all pairs are told from a sixteenth
FIRST = """
import json, resource, sys
from imageshelf.indexing.run import Settings, index
index(sys.argv[1], sys.argv[2], Settings(jobs=1))
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
peak_bytes = spent[0].ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([each.ru_utime + each.ru_stime for each in spent] + [peak_bytes]))
"""
Points = dict[str, float]


class Row(NamedTuple):
    """One line of the table and the plot."""

    name: str
    part: str
    unit: str  # s or B


ROWS = (
    Row("index, tiny pictures", "index", "s"),
    Row("index: the parent alone", "index", "s"),
    Row("index: the parent's memory", "index", "B"),
    Row("index again, unchanged", "index", "s"),
    Row("index again: memory", "index", "B"),
    Row("shelf write", "shelf", "s"),
    Row("shelf write, wall", "shelf", "s"),
    Row("shelf write, alone", "shelf", "s"),
    Row("shelf write: memory", "shelf", "B"),
    Row("shelf file", "shelf", "B"),
    Row("cold search", "shelf", "s"),
    Row("cold search: memory", "shelf", "B"),
    Row("query, whole policy", "query", "s"),
    Row("near query", "near", "s"),
    Row("all pairs", "pairs", "s"),
    Row("all pairs: memory", "pairs", "B"),
)


def index_part(count: int, folder: str) -> Points:
    """Index so many tiny pictures, then again; CPU seconds with the worker's."""
    pictures, shelf = os.path.join(folder, "pictures"), os.path.join(folder, "db.shelve")
    part("pictures", count, pictures)
    command = [sys.executable, os.path.join(ROOT, "index.py"), "-d", pictures, "-s", shelf, "-qj1"]
    first = subprocess.run(
        [sys.executable, "-c", FIRST, pictures, shelf],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        env=speed.SURROUNDINGS,
    )
    parent, workers, peak_bytes = json.loads(first.stdout)
    again = speed.median([speed.measure(command) for _ in range(RUNS)])
    return {
        "index, tiny pictures": parent + workers,
        "index: the parent alone": parent,
        "index: the parent's memory": peak_bytes,
        "index again, unchanged": again.cpu_s,
        "index again: memory": again.peak_bytes,
    }


def pictures_part(count: int, folder: str) -> Points:
    """Draw so many tiny pictures."""
    import numpy as np

    rng = np.random.default_rng(0)
    for n in range(count):
        below = os.path.join(folder, f"{n // FOLDER_COUNT:04}")
        if n % FOLDER_COUNT == 0:
            os.makedirs(below)
        with open(os.path.join(below, f"IMG_{n:06}.jpg"), "wb") as file:
            file.write(tiny(rng))
    return {}


def tiny(rng: np.random.Generator) -> bytes:
    """JPEG of 96x72 with light and dark places, unlike every other."""
    import numpy as np
    from PIL import Image

    file = io.BytesIO()
    places = Image.fromarray(rng.integers(0, 256, (9, 12), np.uint8))
    places.resize((96, 72), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
    return file.getvalue()


def shelf_part(count: int, folder: str) -> Points:
    """Fill a shelf, batches of 10,000, and search it in new processes."""
    path = os.path.join(folder, "db.shelve")
    found = part("write", count, folder)
    part("pictures", 1, os.path.join(folder, "query"))
    query = os.path.join(folder, "query", "0000", "IMG_000000.jpg")
    search = [sys.executable, os.path.join(ROOT, "search.py"), "-q", query, "-s", path]
    runs = [speed.measure(search) for _ in range(RUNS + 1)]  # the first warms
    each = speed.median(runs[1:])
    found |= {"cold search": each.cpu_s, "cold search: memory": each.peak_bytes}
    return found


def write_part(count: int, folder: str, batch_size: int = BATCH) -> Points:
    """Fill a shelf; drawing is not counted. The rate of each tenth is told on stderr."""
    from imageshelf.pictures.recipe import current_recipe
    from imageshelf.shelf import open_shelf
    from tests.benchmarks import cold

    path, spent, told = os.path.join(folder, "db.shelve"), [0.0] * 3, [0.0] * 3
    os.makedirs(folder, exist_ok=True)
    done = told_at = 0
    with open_shelf(path, "c") as shelf:
        shelf.adopt(current_recipe())
        catalogue = shelf.whole_catalogue()
        for batch in cold.entries(count, batch=batch_size):
            before = clocks()
            catalogue.add(batch)
            spent = [s + now - b for s, now, b in zip(spent, clocks(), before, strict=True)]
            done += len(batch)
            if done - told_at >= count / 10:
                tell_rates(done, done - told_at, spent, told)
                told, told_at = spent, done
    return {
        "shelf write": spent[1],
        "shelf write, wall": spent[0],
        "shelf write, alone": alone_s(spent),
        "shelf write: memory": speed.peak_bytes(resource.getrusage(resource.RUSAGE_SELF)),
        "shelf file": os.path.getsize(path),
    }


def clocks() -> tuple[float, float, float]:
    """Wall time, CPU time, and time that this process waited for a core that others had."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            waited_s = int(file.read().split()[1]) / 1e9
    except OSError:  # Linux only
        waited_s = 0.0
    return time.perf_counter(), time.process_time(), waited_s


def alone_s(spent: Sequence[float]) -> float:
    """Wall time without waiting for a core; the clocks are not read at one moment."""
    wall_s, cpu_s, waited_s = spent
    return max(wall_s - waited_s, cpu_s)


def tell_rates(done: int, some: int, now: Sequence[float], before: Sequence[float]) -> None:
    """Print how many pictures a second the last some were written at."""
    spent = [b - a for a, b in zip(before, now, strict=True)]
    rates = [some / spent[0], some / alone_s(spent), some / spent[1]]
    told = "{:,.0f}/s of wall time, {:,.0f}/s without waiting for a core, {:,.0f}/s of CPU time"
    print(f"{done:,} written:", told.format(*rates), file=sys.stderr, flush=True)


def query_part(count: int, _: str) -> Points:
    """One query in all its ways, in process."""
    from imageshelf.searching import candidates, policies
    from tests.benchmarks import query

    stored = {
        "whole": query.column(count, 0),
        "trimmed": query.column(count, 1, query.BORDERED),
        "centre": query.column(count, 2),
    }
    asked = list(query.asked(NEAR_QUERIES))
    return {
        "query, whole policy": cpu_of(
            lambda one: candidates.candidates_for(one, stored, policies.DEFAULT, lambda _: {}),
            asked,
        )
    }


def near_part(count: int, _: str) -> Points:
    """One near query of the keys alone."""
    import numpy as np

    from imageshelf.hashing import hamming
    from tests.benchmarks.drawn import fingerprints

    hashes = fingerprints(count).row
    some = np.random.default_rng(0).choice(hashes, NEAR_QUERIES)
    asked = [int(hash_) ^ 0x8000100002000000 for hash_ in some]
    return {"near query": cpu_of(lambda one: hamming.within(hashes, [one], [RADIUS]), asked)}


def pairs_part(count: int, _: str) -> Points:
    """All pairs by the whole policy, on two cores at least; of very many, a share of them."""
    from imageshelf.system.process import cores
    from tests.benchmarks import all_pairs

    found = all_pairs.ours(count, max(2, cores()), SHARE if count >= SHARED_FROM else 1)
    return {"all pairs": found["cpu_s"], "all pairs: memory": found["peak_mb"] * 1e6}


def cpu_of(ask: Callable[[Any], object], asked: Sequence[object]) -> float:
    """Median CPU seconds of one call; the first, which warms, is not counted."""
    seconds = []
    for one in asked:
        start = time.process_time()
        ask(one)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds[1:])


PARTS: dict[str, Callable[[int, str], Points]] = {
    "index": index_part,
    "pictures": pictures_part,
    "shelf": shelf_part,
    "write": write_part,
    "query": query_part,
    "near": near_part,
    "pairs": pairs_part,
}
MOST = {  # beyond it a point takes hours, or more disk than is polite
    "index": 1_000_000,
    "shelf": 10_000_000,
    "query": 10_000_000,
    "near": 10_000_000,
    "pairs": 10_000_000,
}


def part(name: str, count: int, folder: str) -> Points:
    """Cost of one part at one size, by a process of its own."""
    command = [sys.executable, __file__, "--part", name, "--count", str(count)]
    answer = subprocess.run(
        [*command, "--folder", folder], check=True, stdout=subprocess.PIPE, text=True
    )
    found: Points = json.loads(answer.stdout)
    return found


def exponent(points: Mapping[int, float]) -> float:
    """Slope of log(cost) over log(count), through the largest sizes."""
    import numpy as np

    counts = sorted(points)[-SLOPE_OVER:]
    costs = [points[count] for count in counts]
    return float(np.polyfit(np.log(counts), np.log(costs), 1)[0])


def told(value: float, unit: str) -> str:
    """Three digits, and a unit that suits them: seconds and milliseconds, or bytes."""
    steps = ("B", "kB", "MB", "GB") if unit == "B" else ("us", "ms", "s")
    value *= 1 if unit == "B" else 1e6
    for step in steps[:-1]:
        if value < 999.5:
            return f"{value:.3g} {step}"
        value /= 1000
    return f"{value:.0f} {steps[-1]}" if value >= 99.5 else f"{value:.3g} {steps[-1]}"


def table(costs: Mapping[str, Mapping[int, float]]) -> str:
    """Markdown table: a line for each row, a column for each size."""
    sizes = sorted({count for points in costs.values() for count in points})
    lines = [
        f"| CPU time; memory, file | {' | '.join(f'{size:,}' for size in sizes)} | exponent |",
        f"|---|{'---:|' * len(sizes)}---:|",
    ]
    for row in ROWS:
        if points := costs.get(row.name):
            cells = (told(points[n], row.unit) if n in points else "" for n in sizes)
            slope = f"{exponent(points):.2f}" if len(points) > 1 else ""
            lines.append(f"| {row.name} | {' | '.join(cells)} | {slope} |")
    return "\n".join(lines)


def rows(part_name: str) -> list[str]:
    """Names of the rows that a part measures."""
    return [row.name for row in ROWS if row.part == part_name]


def kept(path: str) -> dict[str, dict[int, float]]:
    """Costs by row and size, as an earlier run left them."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {
            name: {int(count): cost for count, cost in points.items()}
            for name, points in json.load(file).items()
        }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [part for part in PARTS if part in MOST]
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--svg", metavar="FILE", help="draw the plot, too")
    parser.add_argument(
        "--results",
        metavar="FILE",
        default=os.path.join(tempfile.gettempdir(), "imageshelf-growth.json"),
        help="where points are kept",
    )
    parser.add_argument("--part", choices=PARTS, help="measure one part, and print JSON")
    parser.add_argument("--count", type=int, default=1_000, metavar="N")
    parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help="written together")
    parser.add_argument("--folder", help="where a part may write")
    args = parser.parse_args(argv)
    if args.part:
        run = PARTS[args.part]
        if args.part == "write":
            run = partial(write_part, batch_size=args.batch)
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(run(args.count, args.folder or folder)))
        return 0
    costs = kept(args.results)
    for count in sorted(args.sizes):
        for name in args.parts:
            if count <= MOST[name] and not any(count in costs.get(one, {}) for one in rows(name)):
                with tempfile.TemporaryDirectory() as folder:
                    found = part(name, count, folder)
                for one, cost in found.items():
                    costs.setdefault(one, {})[count] = cost
                with open(args.results, "w", encoding="utf-8") as file:
                    json.dump(costs, file, indent=1)
                print(f"{name} at {count:,} measured", file=sys.stderr, flush=True)
    print(table(costs))
    if args.svg:
        units = {row.name: row.unit for row in ROWS}
        with open(args.svg, "w", encoding="utf-8") as file:
            file.write(
                growth_plot.svg({name: costs[name] for name in units if name in costs}, units)
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
