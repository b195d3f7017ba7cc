"""One near query among many hashes: multi-index hashing, the plain scan, and faiss.

python tests/benchmarks/near.py --count 10000000 --queries 200

Hashes are drawn (drawn.py) and fall like photographs'; queries are stored hashes with three bits
changed. Each method answers the same queries one at a time, the three in turns, on one thread;
medians. `pays from` is the number of queries after which building the index costs less than
scanning. A line ends with what each of 2,000 queries takes that are asked at once, on one core and
on all, five times in turns.
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

    from numpy.typing import NDArray

    from imageshelf.hashing.multi_index import MultiIndex

    Hashes = NDArray[np.uint64]

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


def together(
    indexes: Mapping[int, MultiIndex], queries: list[int], radius: int
) -> dict[int, float]:
    """Median milliseconds of each of many queries asked at once, by number of cores."""
    seconds: dict[int, list[float]] = {jobs: [] for jobs in indexes}
    for _ in range(ROUNDS):
        for jobs, index in indexes.items():
            start = time.perf_counter()
            index.pairs(queries, [radius] * len(queries))
            seconds[jobs].append(time.perf_counter() - start)
    return {jobs: 1000 * float(np.median(some)) / len(queries) for jobs, some in seconds.items()}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--queries", type=int, default=200, metavar="N")
    args = parser.parse_args(argv)
    import faiss

    from imageshelf.hashing import hamming
    from imageshelf.hashing.multi_index import MultiIndex
    from imageshelf.system.process import cores
    from tests.benchmarks.drawn import fingerprints

    hashes = fingerprints(args.count).row
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(hashes.view(np.uint8).reshape(-1, 8))
    indexes, built_s = {}, {}
    for jobs in (1, cores()):
        start = time.perf_counter()
        indexes[jobs] = MultiIndex(hashes, jobs=jobs)
        built_s[jobs] = time.perf_counter() - start
    index, building_s = indexes[1], built_s[1]
    built = " and ".join(f"in {seconds:.2f} s on {n}" for n, seconds in built_s.items())
    print(f"{args.count:,} hashes; built {built} of the cores")
    rng = np.random.default_rng(0)
    queries = [int(hash_) ^ 0x8000100002000000 for hash_ in rng.choice(hashes, args.queries)]
    for radius in RADII:

        def by_faiss(query: int, radius: int = radius) -> int:
            probe = np.array([[query]], np.uint64).view(np.uint8)
            return int(flat.range_search(probe, radius + 1)[0][-1])

        def by_index(query: int, radius: int = radius) -> int:
            return len(index.within([query], [radius])[0].positions)

        def by_scan(query: int, radius: int = radius) -> int:
            return len(hamming.within(hashes, [query], [radius])[0].positions)

        methods: Mapping[str, Callable[[int], object]] = {
            "faiss": by_faiss,
            "index": by_index,
            "scan": by_scan,
        }
        assert all(by_faiss(query) == by_index(query) == by_scan(query) for query in queries[:5])
        ms = timed(methods, queries)
        gain = ms["scan"] - ms["index"]
        pays = f"{1000 * building_s / gain:,.0f} queries" if gain > 0 else "nowhere"
        many = rng.choice(hashes, TOGETHER) ^ np.uint64(0x8000100002000000)
        each = together(indexes, many.tolist(), radius)
        at_once = ", ".join(f"{one:.3f} ms each on {jobs}" for jobs, one in each.items())
        print(
            f"radius {radius:2}: faiss {ms['faiss']:.2f} ms, index {ms['index']:.3f} ms, scan "
            f"{ms['scan']:.2f} ms; faiss / index {ms['faiss'] / ms['index']:.1f}, "
            f"pays from {pays}; {TOGETHER:,} at once {at_once}"
        )
    return 0


if __name__ == "__main__":
    sys.path.append(ROOT)
    raise SystemExit(main())
