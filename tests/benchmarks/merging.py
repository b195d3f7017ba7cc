"""How fast one shelf takes over another, durable batches included.

    python tests/benchmarks/merging.py 1000000 [FOLDER]

Two shelves of drawn entries in two folders, half of the pictures on each. A second merge then finds
everything known.
FOLDER should lie on a real disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.shelf.merging import merge  # noqa: E402
from tests.benchmarks.shelf import filled  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Fill two shelves, merge one into the other, twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=int, nargs="?", default=100_000)
    parser.add_argument("folder", nargs="?")
    args = parser.parse_args(argv)
    half = args.pictures // 2
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        ours, theirs = os.path.join(folder, "ours.shelve"), os.path.join(folder, "b", "db.shelve")
        os.mkdir(os.path.dirname(theirs))
        filled(ours, half, seed=1)
        filled(theirs, half, seed=2)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for words in ("merged", "merged again"):
            start = time.perf_counter()
            summary = merge(theirs, ours)
            spent = time.perf_counter() - start
            print(
                f"{words}: {summary.new:,} new, {summary.same:,} known, of {summary.in_all:,} "
                f"now: {half / spent:,.0f} pictures/s"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak:.0f} MB, of which filling took {before:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
