"""How often strangers match, and how many false matches that means in a collection of a size.

python tests/benchmarks/strangers.py --count 1000000 --queries 3000

Drawn fingerprints (drawn.py) are strangers all: whatever matches is false. Each query is compared
with all of them, within the limits of each way of looking; the rate of a policy is that of its ways
together (upright once, turned seven times, centres twice). Drawn fingerprints were fitted to
photographs by their row distances, not by their scores: a collection's own rates are told by
`python -m imageshelf calibrate`.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.hashing import hamming  # noqa: E402
from imageshelf.searching import policies  # noqa: E402
from tests.benchmarks.drawn import fingerprints  # noqa: E402

POLICIES = {"default": policies.DEFAULT, "--strict": policies.STRICT, "--loose": policies.LOOSE}
WIDEST = 18  # bits of row distance, in any policy
SCORES = 4 * policies.BITS + 1
TURNED_WAYS, CENTRE_WAYS = 7, 2


def counted(count: int, queries: int) -> np.ndarray:
    """Pairs of strangers by row distance and score, int64[19, 257]."""
    stored, asked = fingerprints(count), fingerprints(queries, seed=5)
    found = np.zeros((WIDEST + 1) * SCORES, np.int64)
    for row, column, phash in zip(*asked, strict=True):
        near, apart = hamming.within(stored.row, [int(row)], [WIDEST])[0]
        score = apart.astype(np.int64) + np.bitwise_count(stored.column[near] ^ column)
        score += 2 * np.bitwise_count(stored.phash[near] ^ phash).astype(np.int64)
        found += np.bincount(apart.astype(np.int64) * SCORES + score, minlength=len(found))
    return found.reshape(WIDEST + 1, SCORES)


def within(counts: np.ndarray, limits: policies.Limits | None) -> int:
    """Pairs within some limits; none where a policy does not look that way."""
    return int(counts[: limits.row + 1, : limits.score + 1].sum()) if limits else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--queries", type=int, default=3_000, metavar="N")
    args = parser.parse_args(argv)
    counts, pairs = counted(args.count, args.queries), args.count * args.queries
    print(f"{pairs:,} pairs of strangers; {counts[:15].sum() / pairs:.2e} within row distance 14")
    print("| policy | upright | turned | centre | a query at 10^6 | at 10^9 |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, policy in POLICIES.items():
        ways = [within(counts, one) for one in (policy.upright, policy.turned, policy.centre)]
        rate = (ways[0] + TURNED_WAYS * ways[1] + CENTRE_WAYS * ways[2]) / pairs
        told = " | ".join(f"{way:,}" for way in ways)
        print(f"| {name} | {told} | {1e6 * rate:.3g} | {1e9 * rate:.3g} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
