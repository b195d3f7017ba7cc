"""How nearly the reduced decode's keys agree with those of a full decode.

python tests/benchmarks/agreement.py PHOTOS

PHOTOS are files or folders; every picture below them is hashed three times: reduced, as index.py
does it, in full, as index.py --full-decode does it, and by ImageHash alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

import imagehash
from PIL import Image, ImageOps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.searching import keys, queries  # noqa: E402
from imageshelf.system.files import UnreadableImage  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTOS")
    apart: Counter[int] = Counter()
    exact = pictures = 0
    for path in queries.expanded(parser.parse_args().photos).files:
        try:
            reduced, full = (keys.key(path, full_decode=full) for full in (False, True))
        except UnreadableImage:
            continue
        pictures += 1
        exact += full == imagehash_key(path)
        apart[(int(reduced, 16) ^ int(full, 16)).bit_count()] += 1
    mean = sum(bits * number for bits, number in apart.items()) / max(pictures, 1)
    print(f"{pictures} pictures")
    print(f"--full-decode equals imagehash.dhash: {exact}")
    print(f"reduced equals --full-decode: {apart[0]} ({100 * apart[0] / max(pictures, 1):.1f} %)")
    print(f"bits apart: {mean:.2f} on average, {max(apart, default=0)} at most")
    print("pictures by bits apart:", dict(sorted(apart.items())))
    return 0


def imagehash_key(path: str) -> str:
    """Return the key by ImageHash alone; "" where Pillow by itself cannot read the picture."""
    try:
        with Image.open(path) as image:
            return str(imagehash.dhash(ImageOps.exif_transpose(image)))
    except OSError:
        return ""


if __name__ == "__main__":
    raise SystemExit(main())
