"""Near queries among many hashes: ours and faiss, one at a time and many at once.

python tests/benchmarks/near.py --count 1000000 --queries 200

Hashes are drawn (drawn.py) and fall like photographs'; queries are stored hashes with three bits
changed. Both answer the same queries one at a time, in turns, on one thread; medians. A line ends
with what each of 2,000 queries takes that are asked at once, on all cores; median of five times.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RADII = (4, 6, 8, 10, 14)
TOGETHER, ROUNDS = 2_000, 5  # queries; times


def timed(methods: Mapping[str, Callable[[int], object]], queries: list[int]) -> dict[str, float]:
    """Median milliseconds a query, the methods in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for query in queries:
        for name, method in methods.items():
            start = time.perf_counter()
            method(query)
            seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * float(np.median(some)) for name, some in seconds.items()}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--queries", type=int, default=200, metavar="N")
    args = parser.parse_args(argv)
    import faiss

    from imageshelf.hashing import hamming
    from imageshelf.hashing.near import near_pairs
    from tests.benchmarks.drawn import fingerprints

    hashes = fingerprints(args.count).row
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(hashes.view(np.uint8).reshape(-1, 8))
    print(f"{args.count:,} hashes")
    rng = np.random.default_rng(0)
    queries = [int(hash_) ^ 0x8000100002000000 for hash_ in rng.choice(hashes, args.queries)]
    many = rng.choice(hashes, TOGETHER) ^ np.uint64(0x8000100002000000)
    for radius in RADII:

        def by_faiss(query: int, radius: int = radius) -> int:
            probe = np.array([[query]], np.uint64).view(np.uint8)
            return int(flat.range_search(probe, radius + 1)[0][-1])

        def ours(query: int, radius: int = radius) -> int:
            return len(hamming.within(hashes, [query], [radius])[0].positions)

        def together(_: int, radius: int = radius) -> int:
            return len(near_pairs(hashes, many, np.full(TOGETHER, radius)).positions)

        assert all(by_faiss(query) == ours(query) for query in queries[:5])
        ms = timed({"faiss": by_faiss, "ours": ours}, queries)
        at_once = timed({"at once": together}, [0] * ROUNDS)["at once"]
        print(
            f"radius {radius:2}: faiss {ms['faiss']:.2f} ms, ours {ms['ours']:.2f} ms; "
            f"{TOGETHER:,} at once {at_once / TOGETHER:.3f} ms each"
        )
    return 0


if __name__ == "__main__":
    sys.path.append(ROOT)
    raise SystemExit(main())
