"""How fast a shelf takes pictures and gives them back, durable batches included.

    python tests/benchmarks/shelf.py 1000000 [FOLDER]

Entries are drawn: random hashes and thumbnails, names in twelve folders. They are drawn before the
clock runs; every batch of 10,000 is one durable transaction. FOLDER should lie on a real disk.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.pictures.metadata import Facts  # noqa: E402
from imageshelf.shelf import open_shelf  # noqa: E402
from imageshelf.shelf.records import Entry  # noqa: E402
from tests.shelf_entries import RECIPE  # noqa: E402

BATCH = 10_000  # pipeline.BATCH_FILES
SIZES = "SELECT view, sum(length(hashes)) FROM chunk GROUP BY view ORDER BY view"
COLD = """
import sys, time, numpy
from imageshelf.shelf import open_shelf
start = time.perf_counter()
shelf = open_shelf(sys.argv[1])
opened = time.perf_counter()
count = len(shelf.catalogue.hashes().ids)
read = time.perf_counter()
names = sum(map(len, shelf.catalogue.known(b"")))
known = time.perf_counter()
print(f"open {1e3 * (opened - start):.1f} ms, hashes of {count:,} {1e3 * (read - opened):.0f} ms, "
      f"known {1e6 * (known - read) / names:.2f} us a name")
"""


def drawn(number: int, rnd: random.Random) -> Entry:
    """Return one entry, quickly."""
    hashes = [rnd.getrandbits(64) for _ in range(15)]
    facts = Facts(
        2_000_000 + number, 1_700_000_000_000_000_000 + number, 66_000, number, 1,
        "JPEG", 4000, 3000, 1, 8, 1, False, False, 1_600_000_000_000, "Canon EOS 5D", 0, 92,
    )  # fmt: skip
    return Entry(
        b"photos/2019-%02d/IMG_%07d.jpg" % (number // 1000 % 12, number),
        f"{hashes[0]:016x}",
        facts,
        low_information=False,
        thumbnail=rnd.randbytes(256),
        whole=(hashes[0], hashes[1], hashes[2]),
        centre=(hashes[3], hashes[4], hashes[5]),
        trimmed=(hashes[0], 1, 2) if number % 20 == 0 else None,
        turned_phash=tuple(hashes[6:13]),
        darker=(hashes[13], hashes[14]),
    )


def filled(path: str, pictures: int, seed: int = 1) -> float:
    """Fill a new shelf and return the seconds that it took, drawing not counted."""
    rnd = random.Random(seed)
    spent = 0.0
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        catalogue = shelf.whole_catalogue()
        for first in range(0, pictures, BATCH):
            last = min(first + BATCH, pictures)
            batch = [drawn(number, rnd) for number in range(first, last)]
            start = time.perf_counter()
            catalogue.add(batch)
            spent += time.perf_counter() - start
    return spent


def sizes(path: str, pictures: int) -> str:
    """Say how many bytes the hashes of each view take on a shelf, a picture."""
    with closing(sqlite3.connect(path)) as db:
        return ", ".join(f"{view} {size / pictures:.1f}" for view, size in db.execute(SIZES))


def main(argv: list[str] | None = None) -> int:
    """Fill a shelf, then read it in a new process, thrice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=int, nargs="?", default=100_000)
    parser.add_argument("folder", nargs="?")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = os.path.join(folder, "db.shelve")
        spent = filled(path, args.pictures)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        each = os.path.getsize(path) / args.pictures
        print(f"add {args.pictures / spent:,.0f} pictures/s, {each:.0f} bytes each, {peak:.0f} MB")
        print("of which", sizes(path, args.pictures))
        for _ in range(3):
            subprocess.run([sys.executable, "-c", COLD, path], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
