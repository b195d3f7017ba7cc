"""What search.py finds of edited copies, and what it wrongly finds; tables for the README.

python tests/benchmarks/accuracy.py PHOTOS --originals 1000 --edited 200 --negatives 200 --beside

Every kind of edit (edits.py) is made of 200 originals, seeded; the copies are looked for among all
originals and the hard negatives (negatives.py) through the real command lines: index.py, and
search.py --query FOLDER --format jsonl. Where PHOTOS holds too few pictures, or none is named,
snapshots are drawn (imageshelf/demo/scenes.py); --pieces cuts photographs into twelve first.
--beside asks other methods too (baselines.py). PHOTOS must hold no two pictures of one scene: a
match of theirs would be counted as false.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import baselines, collection  # noqa: E402
from tests.benchmarks.collection import Query, Wanted  # noqa: E402

DRAWN = os.path.join(os.sep, "originals", "drawn", "")  # in the path of every drawn one
COLLECTIONS = (10**4, 10**5, 10**6)
SURE = 3.0  # none seen in n trials: at 95 % confidence fewer than 3 / n


class Tally(NamedTuple):
    """What a method said about all queries."""

    found: dict[tuple[str, str], list[bool]]  # (group, edit) -> one a query
    confused: Counter[tuple[str, str]]  # (original, what its copies match too) -> how many do
    false_negatives: int  # matches that are hard negatives
    first_right: int  # queries whose best match is the original

    def groups(self) -> dict[str, list[bool]]:
        """Return what was found of each group, and of all."""
        groups: dict[str, list[bool]] = defaultdict(list)
        for (group, _), hits in self.found.items():
            groups[group] += hits
        groups["all"] = [hit for hits in self.found.values() for hit in hits]
        return groups

    def false(self, *, drawn: bool) -> int:
        """Return the false matches that a drawn scene is part of, or those of photographs only."""
        pairs = self.confused.items()
        return sum(n for pair, n in pairs if any(DRAWN in path for path in pair) == drawn)


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
    confused: Counter[tuple[str, str]] = Counter()
    hard_ones = first = 0
    for query in queries:
        paths = found.get(query.path, [])
        by_kind[query.group, query.edit].append(query.original in paths)
        first += paths[:1] == [query.original]
        for path in paths:
            if path.startswith(hard + os.sep):
                hard_ones += 1
            elif path != query.original:
                confused[query.original, path] += 1
    return Tally(by_kind, confused, hard_ones, first)


def recall_table(result: Tally) -> Iterator[str]:
    """Markdown lines: recall of each group, then of all kinds that were not all found."""
    yield "| copies | queries | found |"
    yield "|---|---:|---:|"
    for group, hits in result.groups().items():
        yield f"| {group} | {len(hits):,} | {np.mean(hits):.2%} |"
    yield "\nKinds of which not all were found:\n"
    for (group, name), hits in result.found.items():
        if not all(hits):
            yield f"- {name} ({group}): {np.mean(hits):.1%}"


def false_table(result: Tally, photographs: int, originals: int) -> Iterator[str]:
    """Lines about false matches, and what they mean for larger collections."""
    queries = len(result.groups()["all"])
    hits = sum(result.groups()["all"])
    false, pairs = result.confused.total(), queries * (originals - 1)
    yield f"\nbest match is the original: {result.first_right / queries:.2%} of {queries:,} queries"
    yield f"precision: {hits / max(1, hits + false + result.false_negatives):.4%}"
    yield (
        f"false matches: {result.false(drawn=False)} among the {photographs} photographs and "
        f"pieces, {result.false(drawn=True)} with drawn scenes; in {pairs:,} pairs, "
        f"of {len({frozenset(pair) for pair in result.confused})} pairs of originals"
    )
    yield f"false matches with hard negatives: {result.false_negatives / queries:.5f} a query"
    rate = (false or SURE) / pairs
    word = "" if false else "fewer than "
    for size in COLLECTIONS:
        expected = rate * size * (size - 1) / 2
        yield f"expected false pairs in {size:,} pictures: {word}{expected:,.0f}"


def alike(found: dict[str, list[str]], of: Iterable[str]) -> Iterator[str]:
    """Lines about hard negatives that match one another, kind by kind of query."""
    queries: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for path in of:
        kind = os.path.splitext(path)[0].rpartition("-")[2]
        queries[kind] += 1
        wrong[kind] += sum(match != path for match in found.get(path, ()))
    mean = wrong.total() / max(1, queries.total())
    yield f"hard negatives as queries: {mean:.4f} false matches a query; of each kind:"
    yield ", ".join(f"{kind} {wrong[kind] / count:.2f}" for kind, count in queries.items())


def side_by_side(results: dict[str, Tally]) -> Iterator[str]:
    """Markdown lines: what each method finds of each group, and what it finds wrongly."""
    groups = next(iter(results.values())).groups()
    yield "\n| method | " + " | ".join(groups) + " | false: photographs | drawn | negatives |"
    yield "|---|" + "---:|" * (len(groups) + 3)
    for name, result in results.items():
        shares = [f"{np.mean(hits):.1%}" for hits in result.groups().values()]
        counts = (result.false(drawn=False), result.false(drawn=True), result.false_negatives)
        false = [f"{count:,}" for count in counts]
        yield f"| {name} | " + " | ".join([*shares, *false]) + " |"


def run(args: argparse.Namespace, folder: str) -> Iterator[str]:
    """Do everything below a folder; the lines of the report."""
    wanted = Wanted(args.photos, args.originals, args.edited, args.negatives, args.pieces)
    made = collection.made(folder, wanted)
    yield (
        f"{len(made.photographs)} photographs, {len(made.pieces)} pieces of them, "
        f"{len(made.drawn)} drawn scenes; {len(made.queries):,} copies of {args.edited}\n"
    )
    shelf = os.path.join(folder, "db.shelve")
    index = [sys.executable, os.path.join(ROOT, "index.py"), "-q", "--rebuild", "-s", shelf, "-d"]
    subprocess.run([*index, os.path.join(folder, "originals"), made.hard], check=True)
    result = tally(made.queries, searched(made.copies, shelf, args.options), made.hard)
    yield from recall_table(result)
    real = len(made.photographs) + len(made.pieces)
    yield from false_table(result, real, len(made.originals))
    hard = sorted(os.path.join(made.hard, name) for name in os.listdir(made.hard))
    yield from alike(searched(made.hard, shelf, args.options), hard)
    if args.beside:
        yield from side_by_side({"search.py": result, **beside(made, hard)})
        yield from baselines.installed()[1]


def beside(made: collection.Collection, hard: Sequence[str]) -> dict[str, Tally]:
    """Return what other methods find, by their names."""
    methods, _ = baselines.installed()
    paths = [query.path for query in made.queries]
    answers = baselines.found([*made.originals, *hard], paths, methods)
    return {method.name: tally(made.queries, found, made.hard) for method, found in answers}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", metavar="PHOTOS", help="a folder of photographs")
    parser.add_argument("--originals", type=int, default=1000, metavar="N")
    parser.add_argument("--edited", type=int, default=200, metavar="N")
    parser.add_argument("--negatives", type=int, default=200, metavar="N")
    parser.add_argument("--pieces", action="store_true", help="cut the photographs into pieces too")
    parser.add_argument("--beside", action="store_true", help="ask other methods too")
    parser.add_argument("--folder", metavar="DIR", help="keep the pictures there, to use again")
    parser.add_argument(
        "--options", nargs="+", default=[], metavar="OPTION", help="of search.py, without --"
    )
    args = parser.parse_args(argv)
    args.options = [f"--{option}" for option in args.options]
    with tempfile.TemporaryDirectory() as folder:
        if args.folder:
            os.makedirs(args.folder, exist_ok=True)
        for line in run(args, os.path.realpath(args.folder or folder)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
