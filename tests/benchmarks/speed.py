"""How fast index.py is, beside the tutorial pair and beside the floor; a table for the README.

python tests/benchmarks/speed.py --photos PHOTOS --repeat-to 120 --runs 5

Whole processes, interleaved A B A B in one run, page cache warm; figures are medians, ratios are
ratios of medians. CPU time includes the worker processes. Memory is that of the largest single
process. Without --photos the pictures are drawn. Needs a POSIX system (os.wait4).
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import IO

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks.files import (  # noqa: E402
    SMALL_COUNT,
    camera_files,
    small_files,
    tiny_files,
)

MEGABYTE = 1e6
COLUMNS = ("files", "program", "wall s", "CPU s", "peak MB", "ours, wall", "ours, CPU")
# Modules compiled once, as on any user's machine.
SURROUNDINGS = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


class Run(NamedTuple):
    """What one whole process cost."""

    wall_s: float
    cpu_s: float  # of the process and all its children
    peak_bytes: int  # of the largest single process


def printed(_fresh: str, output: str) -> int:
    """Return how many pictures a run says that it has dealt with, as in "1,000 pictures"."""
    counts = re.findall(r"([\d,]+) pictures", output)
    return int(counts[-1].replace(",", "")) if counts else 0


class Command(NamedTuple):
    """One contender: its name, and the arguments of a run given a fresh folder to write into."""

    name: str
    arguments: Callable[[str], list[str]]
    hashed: Callable[[str, str], int] = printed  # how many pictures, by that folder and the output
    note: str = ""


class Scenario(NamedTuple):
    """Contenders over the same files; the first one is ours."""

    name: str
    commands: list[Command]
    pictures: int | None = None  # that each has to hash; None where that is not looked at


def measure(arguments: Sequence[str], output: IO[bytes] | None = None) -> Run:
    """Cost of a whole process; raises RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile() as words:
        began = time.perf_counter()
        process = subprocess.Popen(  # the child's own usage comes from wait4, not from Popen
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=words,
            env=SURROUNDINGS,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: {words.read()[-2000:].decode()}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, peak_bytes(usage))


def peak_bytes(usage: resource.struct_rusage) -> int:
    """Peak memory of a process."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def attempt(command: Command, pictures: int | None) -> Run:
    """Cost of one run; raises RuntimeError when it fails, or has not hashed that many pictures."""
    with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryFile() as output:
        run = measure(command.arguments(fresh), output)
        output.seek(0)
        if pictures is not None:
            hashed = command.hashed(fresh, output.read().decode(errors="replace"))
            if hashed != pictures:
                raise RuntimeError(f"{command.name}: {hashed} of {pictures} pictures hashed")
    return run


def interleaved(
    scenario: Scenario, runs: int, before: Callable[[], object] = lambda: None
) -> dict[str, Run]:
    """Medians of every contender; they take turns, so that a slow minute hits them all.

    What is to come before each run, outside its time, can be given.
    """
    measured: dict[str, list[Run]] = {command.name: [] for command in scenario.commands}
    for _ in range(runs):
        for command in scenario.commands:
            before()
            measured[command.name].append(attempt(command, scenario.pictures))
    return {name: median(each) for name, each in measured.items()}


def median(runs: Sequence[Run]) -> Run:
    """Median of each figure on its own."""
    wall, cpu, peak = zip(*runs, strict=True)
    return Run(statistics.median(wall), statistics.median(cpu), int(statistics.median(peak)))


def rows(scenario: Scenario, medians: dict[str, Run]) -> Iterator[list[str]]:
    """Cells of the table: figures of each contender, and how ours compares with them."""
    first = scenario.commands[0].name
    for name, run in medians.items():
        figures = f"{run.wall_s:.2f}", f"{run.cpu_s:.2f}", f"{run.peak_bytes / MEGABYTE:.0f}"
        ratios = (compared(medians[first][n], run[n]) for n in (0, 1))
        yield [scenario.name, name, *figures, *(("", "") if name == first else ratios)]


def compared(ours_s: float, theirs_s: float) -> str:
    """How our time compares with another, as a sentence would say it."""
    if ours_s < theirs_s:
        return f"{theirs_s / ours_s:.2f} x faster"
    return f"{ours_s / theirs_s:.2f} x its time"


def table(results: Sequence[tuple[Scenario, dict[str, Run]]]) -> str:
    """Markdown table of all scenarios."""
    return markdown(COLUMNS, (row for result in results for row in rows(*result)))


def markdown(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Markdown table; columns of seconds and megabytes stand to the right."""
    rules = ["---:" if name.endswith((" s", " MB")) else "---" for name in columns]
    lines = (f"| {' | '.join(row)} |" for row in (columns, *cells))
    head, *rest = lines
    return "\n".join([head, f"|{'|'.join(rules)}|", *rest])


def ours(dataset: str, jobs: int) -> Command:
    """Index a folder onto a fresh shelf."""
    return Command(
        "index.py", lambda fresh: _index(dataset, os.path.join(fresh, "db.shelve"), jobs)
    )


def _index(dataset: str, shelf: str, jobs: int) -> list[str]:
    script = os.path.join(ROOT, "index.py")
    return [sys.executable, script, "-d", dataset, "-s", shelf, "-j", str(jobs)]


def _script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, os.path.join(HERE, name), *arguments]


def indexing(name: str, dataset: str, jobs: int, pictures: int) -> Scenario:
    """Index a folder of so many pictures: ours, the tutorial pair, the floor."""

    def naive(fresh: str) -> list[str]:
        return _script("naive.py", "-d", dataset, "-s", os.path.join(fresh, "naive.shelve"))

    def floor(fresh: str) -> list[str]:
        return _script("floor.py", "-d", dataset, "-j", str(jobs))

    commands = [ours(dataset, jobs), Command("naive pair", naive), Command("floor", floor)]
    return Scenario(name, commands, pictures)


def with_views(name: str, dataset: str, jobs: int) -> Scenario:
    """Index a folder: ours, and ours without hashing centres and what is inside borders."""

    def bare(fresh: str) -> list[str]:
        shelf = os.path.join(fresh, "db.shelve")
        return _script("bare_index.py", "-d", dataset, "-s", shelf, "-j", str(jobs), "-q")

    return Scenario(name, [ours(dataset, jobs), Command("without views", bare)])


def rerunning(name: str, dataset: str, shelf: str, jobs: int) -> Scenario:
    """Index a folder again onto the shelf that knows it, beside a bare scan."""
    again = Command("index.py again", lambda _: _index(dataset, shelf, jobs))
    bare = Command("bare scan", lambda _: _script("bare_scan.py", dataset))
    return Scenario(name, [again, bare])


def scenarios(args: argparse.Namespace) -> Iterator[Scenario]:
    """Build the files of each scenario asked for, and the scenario."""
    if "camera" in args.scenario:
        folder = camera_files(args.cache, args.photos, args.repeat_to)
        yield indexing(f"{args.repeat_to} camera JPEGs", folder, args.jobs, args.repeat_to)
    if "small" in args.scenario:
        folder = small_files(args.cache, args.photos)
        yield indexing(f"{SMALL_COUNT:,} of 500x375", folder, args.jobs, SMALL_COUNT)
    if "views" in args.scenario:
        folder = camera_files(args.cache, args.photos, args.repeat_to)
        yield with_views(f"{args.repeat_to} camera JPEGs", folder, args.jobs)
        folder = small_files(args.cache, args.photos)
        yield with_views(f"{SMALL_COUNT:,} of 500x375", folder, args.jobs)
    if "rerun" in args.scenario:
        for count in args.tiny:
            folder = tiny_files(args.cache, count)
            shelf = os.path.join(args.cache, f"tiny-{count}.shelve")
            new = not os.path.exists(shelf)
            first = measure(_index(folder, shelf, args.jobs))
            if new:
                peak_mb = first.peak_bytes / MEGABYTE
                print(f"first run over {count:,}: {first.cpu_s:.0f} s of CPU, {peak_mb:.0f} MB")
            yield rerunning(f"{count:,} unchanged", folder, shelf, args.jobs)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("camera", "small", "rerun", "views")
    parser.add_argument("--photos", metavar="DIR", help="camera JPEGs to measure with")
    parser.add_argument("--repeat-to", type=int, default=120, metavar="N")
    parser.add_argument(
        "--tiny", type=int, nargs="+", default=[100_000], metavar="N",
        help="how many files to run again over: 1,000,000 take 6 GB and, at first, ten minutes",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--scenario", nargs="+", choices=names, default=names[:3])
    parser.add_argument(
        "--cache",
        metavar="DIR",
        default=os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks"),
        help="where the files to measure with are kept for the next time",
    )
    args = parser.parse_args(argv)
    os.makedirs(args.cache, exist_ok=True)
    results = []
    for scenario in scenarios(args):
        interleaved(scenario, 1)  # warms the page cache, and every import
        results.append((scenario, interleaved(scenario, args.runs)))
        print(table(results[-1:]), flush=True)
    print(f"\n{args.runs} runs each, {args.jobs} processes, Python {sys.version.split()[0]}\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
