"""How fast index.py is beside every other tool that hashes a folder, and beside the floor; a table.

python tests/benchmarks/peers.py --photos PHOTOS --repeat-to 120 --runs 5
python tests/benchmarks/peers.py                      (the pictures are drawn)
python tests/benchmarks/peers.py --cores 1            (everything on one core)
python tests/benchmarks/peers.py --cold               (no picture in the page cache)

Each tool does its hashing job, reading and hashing every picture of the folder, through its own
public interface, as a whole process, on as many processes or threads as there are cores, where it
has such a choice. All take turns, A B C A B C, after a run of each that is not counted; figures are
medians, ratios are ratios of medians, CPU time includes all processes. A run counts only if every
picture was hashed. Peers are installed from PyPI on first use, each into an environment of its own
below --peers-dir; one that is not there, or fails, is named with the reason.

"peak MB" is the largest single process of the counted runs, "all MB" what all processes of the
first run took together, shared pages once. Needs a POSIX system; --cores, --cold and "all MB" need
Linux.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))

from tests.benchmarks import page_cache, peer_tools, speed  # noqa: E402
from tests.benchmarks.files import SMALL_COUNT, camera_files, small_files  # noqa: E402
from tests.benchmarks.tree_memory import Watch  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY_COUNT = 4_000  # small files, so many that starting weighs little
COLUMNS = (*speed.COLUMNS[1:5], "all MB", *speed.COLUMNS[5:], "note")
NOTES = (
    "{jobs} processes; three hashes and more, kept on a shelf",
    "one picture after the other; dHash, kept with `shelve`",
    "{jobs} processes; decodes, hashes nothing",
)


class Contest(NamedTuple):
    """A folder, those that hash it, and those that are not there, with the reason."""

    folder: str
    scenario: speed.Scenario
    missing: dict[str, str]


class Result(NamedTuple):
    """What came out over one folder: those measured, and those not, with the reason."""

    scenario: speed.Scenario
    medians: dict[str, speed.Run]
    tree_bytes: dict[str, int]
    missing: dict[str, str]


def contenders(
    name: str, dataset: str, count: int, args: argparse.Namespace
) -> tuple[speed.Scenario, dict[str, str]]:
    """Ours, the tutorial pair, the floor and every peer that is there; why the others are not."""
    scenario = speed.indexing(name, dataset, args.jobs, count)
    commands = [
        command._replace(note=peer_tools.noted(note, args.jobs))
        for command, note in zip(scenario.commands, NOTES, strict=True)
    ]
    missing = {}
    for peer in peer_tools.PEERS:
        if args.peers and peer.name not in args.peers:
            continue
        if peer.heavy and not (args.heavy or args.peers):
            missing[peer.name] = peer.heavy
            continue
        try:
            commands.append(peer_tools.command(peer, args.peers_dir, dataset, args.jobs))
        except peer_tools.NotInstalledError as reason:
            missing[peer.name] = f"not installed: {reason}"
    return scenario._replace(commands=commands), missing


def measured(
    scenario: speed.Scenario,
    missing: dict[str, str],
    runs: int,
    before: Callable[[], object] | None = None,
) -> Result:
    """Try each once, which warms page cache and imports, then time those that can do it."""
    able, trees, failed = [], {}, {}
    for command in scenario.commands:
        try:
            with Watch() as watch:
                speed.attempt(command, scenario.pictures)
        except RuntimeError as error:
            failed[command.name] = f"failed: {peer_tools.last_line(str(error))}"
        else:
            able.append(command)
            trees[command.name] = watch.peak_bytes
    ours = scenario.commands[0].name
    if ours in failed:
        raise SystemExit(f"{ours} {failed[ours]}")
    scenario = scenario._replace(commands=able)
    medians = speed.interleaved(scenario, runs, before or (lambda: None))
    return Result(scenario, medians, trees, {**failed, **missing})


def told(result: Result, runs: int) -> str:
    """What was measured, and the table, those that were not measured last."""
    notes = {command.name: command.note for command in result.scenario.commands}
    cells = []
    for _, name, *rest in speed.rows(result.scenario, result.medians):
        tree_bytes = result.tree_bytes[name]
        tree = f"{tree_bytes / speed.MEGABYTE:.0f}" if tree_bytes else ""
        cells.append([name, *rest[:3], tree, *rest[3:], notes[name]])
    for name, reason in result.missing.items():
        cells.append([name, *[""] * (len(COLUMNS) - 2), reason])
    counted = f"medians of {runs} runs each" if runs > 1 else "one run each"
    head = f"{result.scenario.name}; {counted}"
    return f"{head}\n\n{speed.markdown(COLUMNS, cells)}\n"


def prepared(args: argparse.Namespace) -> list[Contest]:
    """Build the files of each scenario asked for, and install the peers."""
    cores = f"{args.jobs} core{'s' if args.jobs > 1 else ''}"
    manner = f"{cores}, page cache {'cold' if args.cold else 'warm'}"
    folders: list[tuple[str, str, int]] = []
    if "camera" in args.scenario:
        folder = camera_files(args.cache, args.photos, args.repeat_to)
        folders.append((f"{args.repeat_to} camera JPEGs", folder, args.repeat_to))
    if "small" in args.scenario:
        folder = small_files(args.cache, args.photos)
        folders.append((f"{SMALL_COUNT:,} of 500x375", folder, SMALL_COUNT))
    if "many" in args.scenario:
        folder = small_files(args.cache, args.photos, MANY_COUNT)
        folders.append((f"{MANY_COUNT:,} different of 500x375", folder, MANY_COUNT))
    return [
        Contest(folder, *contenders(f"{name}, {manner}", folder, count, args))
        for name, folder, count in folders
    ]


class Cold:
    """Takes the files of a folder out of the page cache, and remembers what stayed in it."""

    def __init__(self, folder: str) -> None:
        self.paths = page_cache.below(folder)
        self.size_bytes = sum(map(os.path.getsize, self.paths))
        self.stayed_bytes = 0
        self.unknown = ""

    def __call__(self) -> None:
        page_cache.drop(self.paths)
        try:
            self.stayed_bytes = max(self.stayed_bytes, page_cache.cached_bytes(self.paths))
        except OSError as error:
            self.unknown = str(error)

    def said(self) -> str:
        """Tell how cold it was."""
        if self.unknown:
            return f"whether the pictures left the page cache is not known: {self.unknown}"
        share = self.stayed_bytes / self.size_bytes
        return f"of {self.size_bytes} bytes at most {share:.1%} were still in the page cache"


def chosen(cores: int | None) -> list[int]:
    """Numbers of so many of the cores that this process may use; of all of them for None."""
    if sys.platform != "linux":
        if cores is not None:
            raise SystemExit("--cores needs Linux")
        return list(range(os.cpu_count() or 1))
    allowed = sorted(os.sched_getaffinity(0))
    if cores is not None and not 1 <= cores <= len(allowed):
        raise SystemExit(f"--cores is from 1 to {len(allowed)} here")
    return allowed[:cores]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = os.path.join(tempfile.gettempdir(), "imageshelf-benchmarks")
    parser.add_argument("--photos", metavar="DIR", help="camera JPEGs to measure with")
    parser.add_argument("--repeat-to", type=int, default=120, metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--cores", type=int, metavar="N", help="all that there are, unless told")
    parser.add_argument("--cold", action="store_true", help="no picture in the page cache")
    names = [peer.name for peer in peer_tools.PEERS]
    parser.add_argument("--peers", nargs="+", choices=names, help="only these")
    parser.add_argument("--heavy", action="store_true", help="also those that bring gigabytes")
    kinds = ("camera", "small", "many")
    parser.add_argument("--scenario", nargs="+", choices=kinds, default=kinds[:2])
    parser.add_argument(
        "--cache", metavar="DIR", default=cache, help="where the files to measure with are kept"
    )
    parser.add_argument("--peers-dir", metavar="DIR", help="where peers are installed")
    args = parser.parse_args(argv)
    cores = chosen(args.cores)
    args.jobs = len(cores)
    args.peers_dir = args.peers_dir or os.path.join(args.cache, "peers")
    os.makedirs(args.cache, exist_ok=True)
    contests = prepared(args)
    if args.cores is not None and sys.platform == "linux":
        os.sched_setaffinity(0, cores)  # and so for all that is started from here on
    load = f"load average {os.getloadavg()[0]:.1f} before the first run"
    print(f"Python {sys.version.split()[0]}, {load}\n", flush=True)
    for folder, scenario, missing in contests:
        cold = Cold(folder) if args.cold else None
        print(told(measured(scenario, missing, args.runs, cold), args.runs), flush=True)
        if cold is not None:
            print(cold.said() + "\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
