"""What an index run over copies costs, beside one over as many different pictures.

python tests/benchmarks/copies_cost.py --pairs 15
python tests/benchmarks/copies_cost.py --photos FOLDER

Strangers are up to 1,000 pictures of 500x375 (files.py), or those below --photos. Beside them 25
copies each of every twenty-fifth are indexed, as many files. The two take turns, and the median of
the ratios of their CPU time is told.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from tests.benchmarks import files, speed  # noqa: E402

COPIES = 25


def copied(strangers: list[str], folder: str) -> None:
    """Copy every twenty-fifth picture so often that there are as many files."""
    for number in range(len(strangers)):
        source = strangers[number // COPIES * COPIES]
        shutil.copy(source, os.path.join(folder, f"{number:05}{os.path.splitext(source)[1]}"))


def cpu_s(folder: str, shelf: str) -> float:
    """CPU seconds of an index run of its own."""
    index = os.path.join(ROOT, "index.py")
    command = [sys.executable, index, "-q", "--rebuild", "-s", shelf, "-d", folder]
    return speed.measure(command).cpu_s


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", metavar="DIR", help="different pictures, in one folder")
    parser.add_argument("--pairs", type=int, default=15, metavar="N")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        photos = os.path.realpath(args.photos) if args.photos else files.small_files(folder, None)
        strangers = [os.path.join(photos, name) for name in sorted(os.listdir(photos))]
        copies, shelf = os.path.join(folder, "copies"), os.path.join(folder, "db.shelve")
        os.mkdir(copies)
        copied(strangers, copies)
        ratios = [cpu_s(copies, shelf) / cpu_s(photos, shelf) for _ in range(args.pairs)]
    print(f"{len(strangers):,} files, {COPIES} copies each, beside as many strangers: CPU time")
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    print(f"{statistics.median(ratios):.3f} (median of {args.pairs}; {spread})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
