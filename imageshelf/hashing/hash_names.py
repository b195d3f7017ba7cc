"""The hashes that the keys of a shelf can be: names, bits, and the distance that still matches.

Nothing is imported here: options, recipes and workers need no more than this.
"""

from __future__ import annotations

DEFAULT = "dhash"  # not one of these: the row hash of the three that every shelf has
BITS = {"ahash": 64, "phash": 64, "whash": 64, "marr": 576}
NAMES = tuple(BITS)
NEED_NUMPY = ("phash", "whash", "marr")  # in workers
# Bits that still match: the largest at which copies are not paid for with strangers. Measured by
# tests/benchmarks/other_hashes.py over 26 photographs and 48 drawn scenes: copies found (re-saved,
# resized and re-toned | with watermarks, borders, small crops and turns), pairs of strangers within
# the distance of 334,924, of which 40,300 are of photographs.
DEFAULT_DISTANCE = {
    "ahash": 3,  # 95 % | 61 %, none; at 5 already 115 of photographs
    "phash": 10,  # 99.7 % | 74 %, none; 10 is also what users of ImageHash take
    "whash": 2,  # 95 % | 53 %, 1; at 4 there are 22, at 6 649
    "marr": 180,  # 99.1 % | 55 %, none; the nearest strangers differ in 200 of 576 bits
}


HASH_BITS = 64
