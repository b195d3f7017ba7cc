"""A near query among a hundred million keys, held in pieces that fit any machine.

python tests/benchmarks/simulation.py --count 100000000 --piece 10000000 --queries 60

Only keys are drawn (8 bytes each; they fall like photographs', as those of drawn.py do): the first
stage of a search. Each piece gets its index, answers every query at every radius, and is dropped;
the whole costs the sum of its pieces, one after another on one thread, and the largest memory is
one piece's. Half of the queries are keys of the collection with some bits changed, which must be
found; the answers to the first ones are held against a scan of everything. Medians of CPU time.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)

from imageshelf.hashing import hamming  # noqa: E402
from imageshelf.hashing.multi_index import MultiIndex  # noqa: E402
from tests.benchmarks import drawn  # noqa: E402

RADII = (4, 8, 10, 14)
CHANGED = (0x8000100002000000, 0x0100000000000001, 0x0000400200808000, 0)  # 3, 2, 4, 0 bits
HELD = 3  # queries whose answers are compared with those of a scan
BATCH = 200_000


def keys(count: int, seed: int) -> Hashes:
    """Row hashes as drawn.fingerprints has them, without the other two: five times faster."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(*np.indices((9, 9)))
    frequency[0, 0] = np.inf
    scale = (frequency ** (-drawn.SPECTRUM / 2)).astype(np.float32)
    down, across = drawn._cosines(8), drawn._cosines(9)
    brighter = np.einsum("yv,xu,vu->vuyx", down, np.diff(across, axis=0), scale).reshape(81, 64)
    found = np.empty(count, np.uint64)
    for first in range(0, count, BATCH):
        here = min(BATCH, count - first)
        waves = rng.standard_normal((here, 81), dtype=np.float32)
        found[first : first + here] = drawn._packed(waves @ brighter > 0)
    return found


def pieces(count: int, size: int) -> Iterator[Hashes]:
    """Yield the collection, piece by piece; the same each time."""
    for n, first in enumerate(range(0, count, size)):
        yield keys(min(size, count - first), n)


def queries(count: int, size: int, number: int) -> list[int]:
    """Changed keys of the first piece, and as many strangers."""
    rng = np.random.default_rng(0)
    known = rng.choice(keys(min(count, size), 0), number // 2).tolist()
    changed = [key ^ CHANGED[n % len(CHANGED)] for n, key in enumerate(known)]
    return [*changed, *keys(number - len(changed), 10**6).tolist()]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000_000, metavar="N")
    parser.add_argument("--piece", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--queries", type=int, default=60, metavar="N")
    args = parser.parse_args(argv)
    asked = queries(args.count, args.piece, args.queries)
    seconds = np.zeros((len(RADII), len(asked)))
    found = np.zeros((len(RADII), len(asked)), np.int64)
    building_s, scanning_s, drawing_s = 0.0, 0.0, 0.0
    last = time.process_time()
    for piece in pieces(args.count, args.piece):
        drawing_s, last = drawing_s + time.process_time() - last, time.process_time()
        index = MultiIndex(piece)
        building_s += time.process_time() - last
        for r, radius in enumerate(RADII):
            for q, query in enumerate(asked):
                began = time.process_time()
                near = index.within([query], [radius])[0]
                seconds[r, q] += time.process_time() - began
                found[r, q] += len(near.positions)
                if q < HELD:
                    began = time.process_time()
                    truth = hamming.within(piece, [query], [radius])[0]
                    scanning_s += time.process_time() - began
                    assert np.array_equal(truth.positions, near.positions)
        del index, piece
        last = time.process_time()
    half = args.queries // 2
    assert (found[:, :half] > 0).all(), "a key of the collection was not found"
    scan_ms = 1000 * scanning_s / (len(RADII) * HELD)
    print(f"{args.count:,} keys in pieces of {args.piece:,}; drawn in {drawing_s:.0f} s")
    print(f"indexes built in {building_s:.1f} s, {1e9 * building_s / args.count:.0f} ns a key")
    for r, radius in enumerate(RADII):
        print(
            f"radius {radius:2}: {1000 * np.median(seconds[r]):.2f} ms a query, a scan "
            f"{scan_ms:.0f} ms; {found[r, half:].mean():,.1f} strangers near a stranger"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {peak / (2**20 if sys.platform == 'darwin' else 1024):.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
