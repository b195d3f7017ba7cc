"""The hashes that a shelf's keys can be: names, bits, and the largest distance of a match.

This module imports nothing: options, recipes and workers need no more than these names.
"""

DEFAULT = "dhash"  # not in NAMES: it is the row hash, which every shelf has
BITS = {"ahash": 64, "phash": 64, "whash": 64, "marr": 576}
NAMES = tuple(BITS)
NEED_NUMPY = ("phash", "whash", "marr")  # in workers
# The largest distances, in bits, that do not yet match strangers. Measured by
# tests/benchmarks/other_hashes.py over 26 photographs and 48 drawn scenes. Each comment gives the
# copies found (re-saved, resized and re-toned | with watermarks, borders, small crops and turns),
# then how many of 334,924 pairs of strangers (40,300 of photographs) are within the distance.
DEFAULT_DISTANCE = {
    "ahash": 3,  # 95 % | 61 %, none; at 5 already 115 of photographs
    "phash": 10,  # 99.7 % | 74 %, none; 10 is also what users of ImageHash take
    "whash": 2,  # 95 % | 53 %, 1; at 4 there are 22, at 6 649
    "marr": 180,  # 99.1 % | 55 %, none; the nearest strangers differ in 200 of 576 bits
}


HASH_BITS = 64
