"""What search finds of each family of edits, in two drawings: one to choose limits, one to report.

python tests/benchmarks/families.py --photos DIR... --drawing 2
python tests/benchmarks/families.py --drawing 1 --groups reposts --edited 20

The families are the 91 edits of edits.py and the 49 of reposts.py. Each is made of --edited
originals: photographs of DIRs, every second one for each drawing, then drawn snapshots. All
originals are indexed by index.py, and every copy is asked about by search.py --query FOLDER
--format jsonl. Found is what the answer lists: as a match (near, turned, identical), as a variant,
or as another kind. A stranger is another original that is listed for a copy; DIRs must hold no two
pictures of one scene.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import collection, drawn, reposts  # noqa: E402
from tests.benchmarks.edits import EDITS, File, finished  # noqa: E402

KINDS = ("match", "variant", "other kind")


class Family(NamedTuple):
    """An edit in one drawing."""

    group: str
    name: str


class Copy(NamedTuple):
    """One edited copy, where it is and what it was made from."""

    path: str
    original: str
    family: Family


class Answer(NamedTuple):
    """What was said of a copy: how its original is listed, "" if it is not, and strangers."""

    copy: Copy
    told: str
    strangers: tuple[str, ...]


def families(groups: Sequence[str]) -> list[Family]:
    """Every family, of these groups only if any are named."""
    every = [
        Family(group, name)
        for table in (EDITS, reposts.FAMILIES)
        for group, pairs in table.items()
        for name, _ in pairs
    ]
    named = {group for group in groups if group != "reposts"}
    named |= set(reposts.FAMILIES) if "reposts" in groups else set()
    return [family for family in every if family.group in named or not groups]


def edited(image: Image.Image, family: Family, drawing: int, seed: int) -> File:
    """The copy of a picture in a family."""
    rng = np.random.default_rng((drawing, seed, *family.name.encode()))
    if family.group in EDITS:
        return finished(dict(EDITS[family.group])[family.name](image, rng))
    return finished(dict(reposts.FAMILIES[family.group])[family.name](image, rng, drawing))


def make_copies(task: tuple[int, str, str, int, Sequence[Family]]) -> list[Copy]:
    """Make every copy of one original: (number, original, folder, drawing, families)."""
    number, original, folder, drawing, wanted = task
    image = collection.upright(original)
    image.thumbnail((collection.LONGEST, collection.LONGEST))
    copies = []
    for n, family in enumerate(wanted):
        copy = edited(image, family, drawing, number)
        path = os.path.join(folder, f"{number:04}-{n:03}.{copy.suffix}")
        with open(path, "wb") as file:
            file.write(copy.data)
        copies.append(Copy(path, original, family))
    return copies


def asked(
    copies: Sequence[Copy], folder: str, shelf: str, options: Sequence[str] = ()
) -> list[Answer]:
    """What the command line says of every copy."""
    script = os.path.join(ROOT, "search.py")
    command = [sys.executable, script, "-q", folder, "-s", shelf, "--format", "jsonl", *options]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for line in printed.splitlines():
        match = json.loads(line)
        told = "match" if match["match"] else match["kind"]
        told = told if told in KINDS else "other kind"
        found[os.path.abspath(match["query"])][os.path.abspath(match["path"])] = told
    answers = []
    for copy in copies:
        listed = found.get(copy.path, {})
        strangers = tuple(told for path, told in listed.items() if path != copy.original)
        answers.append(Answer(copy, listed.get(copy.original, ""), strangers))
    return answers


def row(name: str, answers: Sequence[Answer]) -> str:
    """Markdown line: how many copies, what is said of them, strangers."""
    told = Counter(answer.told for answer in answers)
    count = len(answers)
    shares = [f"{told[kind] / count:.1%}" for kind in KINDS]
    strangers = Counter(kind for answer in answers for kind in answer.strangers)
    found = f"{1 - told[''] / count:.1%}"
    wrong = [str(strangers[kind]) for kind in KINDS]
    return f"| {name} | {count} | {found} | " + " | ".join([*shares, *wrong]) + " |"


def table(answers: Sequence[Answer]) -> Iterator[str]:
    """Markdown lines: each group, then each family that is not all told a match."""
    yield (
        "| copies | made | found | " + " | ".join(KINDS) + " | strangers: match | variant | other |"
    )
    yield "|---|" + "---:|" * (2 + 2 * len(KINDS))
    by_group: dict[str, list[Answer]] = defaultdict(list)
    by_family: dict[Family, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_group[answer.copy.family.group].append(answer)
        by_family[answer.copy.family].append(answer)
    for group, some in by_group.items():
        yield row(f"**{group}**", some)
    yield row("**all**", answers)
    for family, some in by_family.items():
        if any(answer.told != "match" for answer in some):
            yield row(f"{family.group}: {family.name}", some)


def originals(folder: str, args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """All originals, copied or drawn below a folder, and those that are edited."""
    sources = sorted(path for photos in args.photos for path in collection.pictures(photos))
    photographs = [collection.copied(source, n, folder) for n, source in enumerate(sources)]
    missing = max(0, args.originals - len(photographs))
    scenes = drawn.draw(os.path.join(folder, "drawn"), missing, collection.SIZE)
    halves = photographs[args.drawing - 1 :: 2], scenes[args.drawing - 1 :: 2]
    photos = evenly(halves[0], args.edited)
    return [*photographs, *scenes], [*photos, *evenly(halves[1], args.edited - len(photos))]


def evenly(paths: Sequence[str], count: int) -> list[str]:
    """So many of the paths, from the first to the last, or all."""
    count = min(count, len(paths))
    return [paths[n * len(paths) // count] for n in range(count)]


def run(args: argparse.Namespace, folder: str) -> Iterator[str]:
    """Do everything below a folder; the lines of the report."""
    wanted = families(args.groups)
    every, chosen = originals(os.path.join(folder, "originals"), args)
    copies_folder = os.path.join(folder, f"copies-{args.drawing}")
    os.makedirs(copies_folder, exist_ok=True)
    tasks = [(n, path, copies_folder, args.drawing, wanted) for n, path in enumerate(chosen)]
    with ProcessPoolExecutor() as pool:
        copies = [copy for some in pool.map(make_copies, tasks) for copy in some]
    shelf = os.path.join(folder, "db.shelve")
    index = [sys.executable, os.path.join(ROOT, "index.py"), "-q", "--rebuild", "-s", shelf, "-d"]
    subprocess.run([*index, os.path.join(folder, "originals")], check=True)
    photographs = sum(os.sep + "drawn" + os.sep not in path for path in chosen)
    yield (
        f"drawing {args.drawing}: {len(copies):,} copies in {len(wanted)} families of "
        f"{len(chosen)} originals ({photographs} photographs), among {len(every):,}\n"
    )
    yield from table(asked(copies, copies_folder, shelf, [f"--{name}" for name in args.options]))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", nargs="+", default=[], metavar="DIR")
    parser.add_argument("--drawing", type=int, choices=(1, 2), default=1)
    parser.add_argument("--originals", type=int, default=300, metavar="N")
    parser.add_argument("--edited", type=int, default=60, metavar="N")
    parser.add_argument(
        "--groups", nargs="+", default=[], metavar="GROUP", help="these only; reposts: all of them"
    )
    parser.add_argument("--folder", metavar="DIR", help="keep the pictures there")
    parser.add_argument(
        "--options", nargs="+", default=[], metavar="OPTION", help="of search.py, without --"
    )
    args = parser.parse_args(argv)
    known = {family.group for family in families(())} | {"reposts"}
    if unknown := set(args.groups) - known:
        parser.error(f"no such group: {', '.join(sorted(unknown))}; of {', '.join(sorted(known))}")
    with tempfile.TemporaryDirectory() as folder:
        for line in run(args, os.path.realpath(args.folder or folder)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
