"""How this checkout compares with another one: the same work in turn, medians of paired ratios.

git worktree add /tmp/before COMMIT
python tests/benchmarks/paired.py /tmp/before --scenario small camera query --pairs 15

Whole processes, A B B A B A ..., page cache warm. Each line gives the median of each side and the
median, over the pairs, of ours divided by theirs; below 1 this checkout is quicker. CPU time
includes the worker processes, and is the figure to trust on a machine that others use, too.

    small    index 1,000 different pictures of 500x375 into a new shelf
    camera   index different camera pictures (--photos DIR; drawn ones without it)
    rerun    index --tiny pictures again with nothing changed
    query    one cold query on a shelf of the 1,000 small pictures
    copy     the same with one of them saved again: decoded and looked at in the process
    large    the same with a camera picture saved again: decoded and looked at in a worker
    million  one cold query on a shelf of --count drawn pictures
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from compileall import compile_dir
from typing import TYPE_CHECKING, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks.files import camera_files, small_files, tiny_files  # noqa: E402
from tests.benchmarks.speed import Run, measure  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

SCENARIOS = ("small", "camera", "rerun", "query", "copy", "large", "million")
SAVE_AGAIN = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])"


class Work(NamedTuple):
    """A scenario's command, given a checkout and a folder that is new for each run."""

    name: str
    command: Callable[[str, str], list[str]]


def indexing(name: str, files: str) -> Work:
    """Index these files into a new shelf."""
    return Work(
        name,
        lambda root, fresh: [
            sys.executable,
            os.path.join(root, "index.py"),
            *("--dataset", files, "--shelve", os.path.join(fresh, "db.shelve"), "--quiet"),
        ],
    )


def indexed(root: str, files: str, place: str) -> str:
    """Return a shelf of these files that a checkout has filled, made once in a place."""
    shelf = os.path.join(place, f"{abs(hash((root, files)))}.shelve")
    if not os.path.exists(shelf):
        script = os.path.join(root, "index.py")
        words = [sys.executable, script, "-d", files, "-s", shelf, "-q"]
        subprocess.run(words, check=True)
    return shelf


def again(files: str, place: str) -> Work:
    """Index files that are on the shelf already."""
    return Work(
        "rerun",
        lambda root, _: [
            sys.executable,
            os.path.join(root, "index.py"),
            *("--dataset", files, "--shelve", indexed(root, files, place), "--quiet"),
        ],
    )


def asking(name: str, files: str, place: str, *, saved_again: bool = False) -> Work:
    """Ask a shelf of these files for the first of them, or for a copy of it."""
    walk = os.walk(files)
    query = min(os.path.join(folder, name) for folder, _, names in walk for name in names)
    if saved_again:
        copy = os.path.join(place, f"{name}.jpg")
        subprocess.run([sys.executable, "-c", SAVE_AGAIN, query, copy], check=True)
        query = copy
    return Work(
        name,
        lambda root, _: [
            sys.executable,
            os.path.join(root, "search.py"),
            *("--query", query, "--shelve", indexed(root, files, place)),
        ],
    )


def asking_many(picture: str, count: int, place: str) -> Work:
    """Ask a shelf of so many drawn pictures, each checkout's own."""

    def command(root: str, _: str) -> list[str]:
        shelf = os.path.join(place, f"{abs(hash(root))}-{count}.shelve")
        if not os.path.exists(shelf):
            script = os.path.join(root, "tests", "benchmarks", "cold.py")
            subprocess.run(
                [sys.executable, script, "--fill", shelf, "--count", str(count)], check=True
            )
        return [
            *(sys.executable, os.path.join(root, "search.py")),
            *("--query", picture, "--shelve", shelf),
        ]

    return Work(f"query of {count:,}", command)


def compared(work: Work, other: str, pairs: int) -> tuple[list[Run], list[Run]]:
    """Return the runs of this checkout and of the other; who begins changes from pair to pair."""
    runs: dict[str, list[Run]] = {ROOT: [], other: []}
    for number in range(-1, pairs):  # the first pair warms the caches and is not counted
        for root in (ROOT, other) if number % 2 else (other, ROOT):
            with tempfile.TemporaryDirectory() as fresh:
                run = measure(work.command(root, fresh))
            if number >= 0:
                runs[root].append(run)
    return runs[ROOT], runs[other]


def line(name: str, ours: list[Run], theirs: list[Run]) -> str:
    """Return one row of the table."""
    parts = [f"{name:20}"]
    for measured in ("wall_s", "cpu_s", "peak_bytes"):
        mine = [float(getattr(run, measured)) for run in ours]
        other = [float(getattr(run, measured)) for run in theirs]
        ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
        unit = 1e6 if measured == "peak_bytes" else 1
        middle = statistics.median(mine) / unit, statistics.median(other) / unit
        parts.append(f"{middle[0]:9.3f} {middle[1]:9.3f} {ratio:6.3f}")
    return "  ".join(parts)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other", help="the other checkout")
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--photos", help="a folder of camera pictures")
    parser.add_argument("--cameras", type=int, default=24)
    parser.add_argument("--tiny", type=int, default=100_000)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "imageshelf-bench"))
    options = parser.parse_args(argv)
    other, cache = os.path.abspath(options.other), options.cache
    os.makedirs(cache, exist_ok=True)
    for root in (ROOT, other):  # an environment may forbid this to the measured runs
        compile_dir(os.path.join(root, "imageshelf"), quiet=1)
    heads = "".join(f"{f'{what}: ours theirs ratio':>28}" for what in ("wall s", "CPU s", "MB"))
    print(f"{'':20}{heads}")
    with tempfile.TemporaryDirectory() as place:
        for name in options.scenario:
            if name == "small":
                work = indexing(name, small_files(cache, None))
            elif name == "camera":
                files = camera_files(cache, options.photos, options.cameras)
                work = indexing(f"camera, {options.cameras}", files)
            elif name == "rerun":
                work = again(tiny_files(cache, options.tiny), place)
            elif name in {"query", "copy"}:
                files = small_files(cache, None)
                work = asking(name, files, place, saved_again=name == "copy")
            elif name == "large":
                files = camera_files(cache, options.photos, options.cameras)
                work = asking(name, files, place, saved_again=True)
            else:
                files = small_files(cache, None)
                picture = os.path.join(files, min(os.listdir(files)))
                work = asking_many(picture, options.count, place)
            print(line(work.name, *compared(work, other, options.pairs)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
