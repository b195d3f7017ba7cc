"""How many pairs of different pictures are told near, turned, or a variant: it should be none.

python tests/benchmarks/false_copies.py PHOTOS --drawn 6400
python tests/benchmarks/false_copies.py SERIES

PHOTOS are folders of pictures of different scenes, or of consecutive frames of a flight, beside as
many drawn snapshots (drawn.py, 500x375) as --drawn says. They are indexed by index.py and listed by
search.py --duplicates, which looks at all that the hashes nominate.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIZE = "500x375"


def run(*arguments: str) -> bytes:
    """What one of our scripts prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout


def told(folders: Sequence[str], shelf: str) -> tuple[int, Counter[str]]:
    """How many pictures are compared, and how many are told of each kind."""
    run("index.py", "-q", "-s", shelf, "-d", *folders)
    groups = json.loads(run("search.py", "--duplicates", "-s", shelf, "--format", "json"))
    kinds = Counter(
        one["kind"] if one["compared"] else "not compared"
        for group in groups
        for one in group
        if one["kind"]
    )
    sys.path.insert(0, ROOT)
    from imageshelf import open_shelf

    with open_shelf(shelf) as opened:
        return sum(len(names) for names in opened.values()), kinds


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="*", metavar="PHOTOS")
    parser.add_argument("--drawn", type=int, default=0, metavar="N")
    parser.add_argument("--out", metavar="DIR", help="draw there, and leave the pictures")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        folders = [os.path.realpath(each) for each in args.photos]
        if args.drawn:
            folders.append(os.path.realpath(args.out or os.path.join(folder, "drawn")))
            draw = ("tests/benchmarks/drawn.py", folders[-1], "--count", str(args.drawn))
            run(*draw, "--size", SIZE)
        number, kinds = told(folders, os.path.join(folder, "db.shelve"))
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    print(f"{number * (number - 1) // 2:,} pairs of {number:,} pictures; told: {counts}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
