"""Filled forms by the thousand: what it costs to list the copies among them, and again.

python tests/benchmarks/forms.py --out FOLDER
python tests/benchmarks/forms.py --sizes 1000,3000

All are different, and each is nominated for nearly every other: 10,000 are 50 million pairs. They
are drawn (lookalike_sets/), indexed by index.py, and listed by search.py --duplicates, twice, and
once more for identical bytes alone. CPU time is that of all processes, memory the peak of the
largest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import speed  # noqa: E402
from tests.benchmarks.lookalike_sets import write  # noqa: E402

SIZES = (1_000, 3_000, 10_000)
SET = "form"
COLUMNS = ("forms", "listing, CPU", "wall", "memory", "again, CPU", "wall", "by bytes, CPU", "wall")


def drawn(count: int, folder: str) -> None:
    """Draw so many forms, except those that are there."""
    os.makedirs(folder, exist_ok=True)
    there = len(os.listdir(folder))
    for number in range(there, count):
        write(SET, number, 1, folder)


def rows(sizes: tuple[int, ...], folder: str) -> Iterator[str]:
    """Markdown lines: each size, and what a listing costs."""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---:" * len(COLUMNS) + "|"
    for count in sorted(sizes):
        pictures, shelf = (os.path.join(folder, f"{count}{end}") for end in ("", ".shelve"))
        drawn(count, pictures)
        index, search = (os.path.join(ROOT, script) for script in ("index.py", "search.py"))
        speed.measure([sys.executable, index, "-q", "--rebuild", "-s", shelf, "-d", pictures])
        listing = [sys.executable, search, "--duplicates", "-s", shelf]
        first, again = speed.measure(listing), speed.measure(listing)
        of_bytes = speed.measure([*listing, "--kind", "identical bytes"])
        cells = (
            f"{count:,}", f"{first.cpu_s:.0f} s", f"{first.wall_s:.0f} s",
            f"{first.peak_bytes / 1e6:.0f} MB", f"{again.cpu_s:.1f} s", f"{again.wall_s:.1f} s",
            f"{of_bytes.cpu_s:.1f} s", f"{of_bytes.wall_s:.1f} s",
        )  # fmt: skip
        yield "| " + " | ".join(cells) + " |"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES, metavar="N,M"
    )
    parser.add_argument("--out", metavar="DIR", help="draw there, and leave the pictures")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        for line in rows(args.sizes, os.path.realpath(args.out or folder)):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
