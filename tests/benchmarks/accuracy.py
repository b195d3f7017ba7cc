"""What search.py finds of edited copies, and what it wrongly finds; tables for the README.

python tests/benchmarks/accuracy.py PHOTOS --originals 1000 --edited 200 --negatives 200

Every kind of edit (edits.py) is made of the first 200 originals, seeded; they are looked for among
all originals and the hard negatives (negatives.py) through the real command lines: index.py, and
search.py --query FOLDER --format jsonl. Where PHOTOS holds too few pictures, or none is named,
snapshots are drawn (imageshelf/demo/scenes.py).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import drawn, negatives  # noqa: E402
from tests.benchmarks.edits import EDITS, finished  # noqa: E402

SIZE = (500, 375)
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
COLLECTIONS = (10**4, 10**5, 10**6)
SURE = 3.0  # none seen in n trials: at 95 % confidence fewer than 3 / n


class Query(NamedTuple):
    """One edited copy: where it is, what it was made from, and how."""

    path: str
    original: str
    group: str
    edit: str


class Tally(NamedTuple):
    """What the search said about all queries."""

    found: dict[tuple[str, str], list[bool]]  # (group, edit) -> one a query
    false_photographs: int
    false_negatives: int  # matches that are hard negatives
    first_right: int  # queries whose best match is the original


def originals(folder: str, photos: str | None, count: int) -> list[str]:
    """Paths of count different pictures: those given first, then drawn snapshots."""
    os.makedirs(folder)
    for n, source in enumerate(_pictures(photos, count)):
        shutil.copyfile(
            source, os.path.join(folder, f"{n:05}{os.path.splitext(source)[1].lower()}")
        )
    drawn.draw(os.path.join(folder, "drawn"), count - len(os.listdir(folder)), SIZE)
    return sorted(_below(folder))


def _pictures(photos: str | None, count: int) -> list[str]:
    found = sorted(_below(photos)) if photos else []
    return [path for path in found if path.lower().endswith(SUFFIXES)][:count]


def _below(folder: str) -> Iterator[str]:
    for where, _, names in os.walk(folder):
        yield from (os.path.join(where, name) for name in names)


def make_copies(task: tuple[int, str, str]) -> list[Query]:
    """Make every edited copy of one original, into a folder; (number, original, folder)."""
    number, original, folder = task
    with Image.open(original) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((1600, 1600))
    kinds = [(group, name, edit) for group, pairs in EDITS.items() for name, edit in pairs]
    queries = []
    for n, (group, name, edit) in enumerate(kinds):
        made = finished(edit(image, np.random.default_rng((number, n))))
        path = os.path.join(folder, f"{number:05}-{n:02}.{made.suffix}")
        with open(path, "wb") as file:
            file.write(made.data)
        queries.append(Query(path, original, group, name))
    return queries


def copies(folder: str, sources: Sequence[str]) -> list[Query]:
    """All edited copies of the originals, made on every core."""
    os.makedirs(folder)
    tasks = [(n, source, folder) for n, source in enumerate(sources)]
    with ProcessPoolExecutor() as pool:
        return [query for made in pool.map(make_copies, tasks) for query in made]


def searched(folder: str, shelf: str, options: Sequence[str]) -> dict[str, list[str]]:
    """Paths found for each query path, best first, from the command line's own answer."""
    script = os.path.join(ROOT, "search.py")
    command = [sys.executable, script, "--query", folder, "--shelve", shelf, "--format", "jsonl"]
    answer = subprocess.run([*command, *options], check=True, capture_output=True)
    found = defaultdict(list)
    for line in answer.stdout.splitlines():
        match = json.loads(line)
        found[os.path.abspath(match["query"])].append(os.path.abspath(match["path"]))
    return found


def tally(queries: Iterable[Query], found: dict[str, list[str]], hard: str) -> Tally:
    """Count what was found and what should not have been; hard is the folder of negatives."""
    by_kind: dict[tuple[str, str], list[bool]] = defaultdict(list)
    photographs = hard_ones = first = 0
    for query in queries:
        paths = found.get(query.path, [])
        by_kind[query.group, query.edit].append(query.original in paths)
        first += paths[:1] == [query.original]
        false = [path for path in paths if path != query.original]
        from_hard = sum(path.startswith(hard + os.sep) for path in false)
        photographs, hard_ones = photographs + len(false) - from_hard, hard_ones + from_hard
    return Tally(by_kind, photographs, hard_ones, first)


def recall_table(result: Tally) -> Iterator[str]:
    """Markdown lines: recall of each group, then of all kinds that were not all found."""
    yield "| copies | queries | found |"
    yield "|---|---:|---:|"
    groups: dict[str, list[bool]] = defaultdict(list)
    for (group, _), hits in result.found.items():
        groups[group] += hits
    groups["all"] = [hit for hits in result.found.values() for hit in hits]
    for group, hits in groups.items():
        yield f"| {group} | {len(hits):,} | {np.mean(hits):.2%} |"
    yield "\nKinds of which not all were found:\n"
    for (group, name), hits in result.found.items():
        if not all(hits):
            yield f"- {name} ({group}): {np.mean(hits):.1%}"


def false_table(result: Tally, photographs: int) -> Iterator[str]:
    """Lines about false matches, and what they mean for larger collections."""
    queries = sum(map(len, result.found.values()))
    hits = sum(sum(each) for each in result.found.values())
    false = result.false_photographs + result.false_negatives
    pairs = queries * (photographs - 1)
    yield f"\nbest match is the original: {result.first_right / queries:.2%} of {queries:,} queries"
    yield f"precision: {hits / max(1, hits + false):.4%}"
    yield f"false matches among photographs: {result.false_photographs} in {pairs:,} pairs"
    yield f"false matches with hard negatives: {result.false_negatives / queries:.5f} a query"
    rate = (result.false_photographs or SURE) / pairs
    word = "" if result.false_photographs else "fewer than "
    for size in COLLECTIONS:
        expected = rate * size * (size - 1) / 2
        yield f"expected false pairs in {size:,} pictures: {word}{expected:,.0f}"


def confused(found: dict[str, list[str]]) -> int:
    """Matches of hard negatives with anything but themselves."""
    return sum(path != query for query, paths in found.items() for path in paths)


def run(args: argparse.Namespace, folder: str) -> Iterator[str]:
    """Do everything below an empty folder; the lines of the report."""
    photographs = originals(os.path.join(folder, "originals"), args.photos, args.originals)
    hard = os.path.join(folder, "negatives")
    negatives.draw(hard, args.negatives)
    queries = copies(os.path.join(folder, "copies"), photographs[: args.edited])
    shelf = os.path.join(folder, "db.shelve")
    index = [sys.executable, os.path.join(ROOT, "index.py"), "-q", "-s", shelf, "-d"]
    subprocess.run([*index, os.path.join(folder, "originals"), hard], check=True)
    found = searched(os.path.join(folder, "copies"), shelf, args.options)
    result = tally(queries, found, hard)
    yield from recall_table(result)
    yield from false_table(result, len(photographs))
    wrong = confused(searched(hard, shelf, args.options))
    yield f"hard negatives as queries: {wrong / max(1, args.negatives):.4f} false matches a query"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", metavar="PHOTOS", help="a folder of photographs")
    parser.add_argument("--originals", type=int, default=1000, metavar="N")
    parser.add_argument("--edited", type=int, default=200, metavar="N")
    parser.add_argument("--negatives", type=int, default=200, metavar="N")
    parser.add_argument(
        "--options", nargs="+", default=[], metavar="OPTION", help="of search.py, without --"
    )
    args = parser.parse_args(argv)
    args.options = [f"--{option}" for option in args.options]
    with tempfile.TemporaryDirectory() as folder:
        for line in run(args, os.path.realpath(folder)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
