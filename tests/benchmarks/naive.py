"""The tutorial pair that everybody starts from, as it is: one process, one full decode a file.

python tests/benchmarks/naive.py --dataset PHOTOS --shelve naive.shelve
"""

from __future__ import annotations

import argparse
import glob
import os
import shelve

import imagehash
from PIL import Image


def index(dataset: str, shelf: str) -> int:
    """Number of pictures put on the shelf: dHash -> file names."""
    count = 0
    with shelve.open(shelf) as db:
        for path in glob.glob(os.path.join(dataset, "**", "*.*"), recursive=True):
            image = Image.open(path)
            key = str(imagehash.dhash(image))
            db[key] = [*db.get(key, []), os.path.basename(path)]
            count += 1
    return count


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-d", "--dataset", required=True, metavar="DIR")
    parser.add_argument("-s", "--shelve", required=True, metavar="FILE")
    args = parser.parse_args(argv)
    print(index(args.dataset, args.shelve), "pictures")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
