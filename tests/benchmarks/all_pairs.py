"""All pairs of a shelf by the whole default policy, against an exhaustive search of the keys.

python tests/benchmarks/all_pairs.py --count 100000 --rounds 3
python tests/benchmarks/all_pairs.py --count 1000000 --rounds 1
python tests/benchmarks/all_pairs.py --count 10000000 --side ours --share 16

The peer is faiss-cpu's IndexBinaryFlat, range search at radius 10 over the 64-bit keys on the same
number of threads: of one look (upright), where ours takes all (upright, seven turns, centre). A
sample of its queries is timed and extrapolated. Fingerprints are drawn (drawn.py): 2.4 in 10,000
pairs within row distance 14, as photographs'. The centre views are other drawn fingerprints,
unrelated to the pictures, but for every thousandth, which is the next picture's copy. Each
measurement is a process of its own, in turns.

With --share 16 ours, too, does but a sixteenth of the buckets of each band, and is extrapolated:
what its processes spend counts sixteen times, the pairs are those of the sample, and so is the
memory, of which a pair takes 16 bytes. At ten million everything would take some three hours of a
core.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imageshelf.copies.distinct_fingerprints import StoredPrints

    Hashes = NDArray[np.uint64]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = 5_000  # queries of the peer
RADIUS = 10
ODD_FREQUENCIES = 0x5555555555555555  # across: their signs change when a picture is mirrored


def stored(count: int) -> StoredPrints:
    """Fingerprints as a shelf of so many pictures would hold them."""
    from imageshelf.copies.distinct_fingerprints import StoredPrints
    from imageshelf.shelf.chunks import PictureHashes
    from tests.benchmarks.drawn import fingerprints

    ids, flat = np.arange(count), np.zeros(count, np.bool_)
    whole, centre = fingerprints(count), fingerprints(count, seed=1)
    for view, other in zip(centre, whole, strict=True):
        view[::1000] = np.roll(other, -1)[::1000]
    return StoredPrints(
        PictureHashes(ids, *whole, flat),
        lambda _: {},
        turned=turned(whole.phash),
        centre=PictureHashes(ids, *centre, flat),
    )


def turned(phash: Hashes) -> Hashes:
    """uint64[7, n]: the other orientations, as if every median were zero."""
    from imageshelf.hashing import turning

    found = []
    for quarters, mirror in turning.TURNS[1:]:
        bits = phash ^ np.uint64(ODD_FREQUENCIES) if mirror else phash
        for _ in range(quarters):
            bits = turning.exchanged(bits) ^ np.uint64(ODD_FREQUENCIES)
        found.append(bits)
    return np.array(found)


def ours(count: int, jobs: int, share: int = 1) -> dict[str, float]:
    """Seconds, CPU seconds, megabytes and pairs; of a share of the parts, extrapolated.

    A share needs more than one job: the parts are what forked processes do.
    """
    from imageshelf.copies import distinct_fingerprints, pairs
    from imageshelf.hashing.joins import Effort

    pictures = stored(count)
    with sampled(share):
        wall, (own, theirs) = time.perf_counter(), spent_s()
        found = pairs.all_pairs(distinct_fingerprints.distinct_prints(pictures), work=Effort(jobs))
        wall, (own_then, theirs_then) = time.perf_counter() - wall, spent_s()
    own, theirs = own_then - own, theirs_then - theirs
    return {
        "wall_s": own + share * (wall - own) if share > 1 else wall,
        "cpu_s": own + share * theirs,
        "peak_mb": peak_mb(),
        "pairs": len(found),
    }


@contextmanager
def sampled(share: int) -> Iterator[None]:
    """Within: joins cut each band into more parts, and do one of every so many, drawn by lot."""
    from imageshelf.hashing import joins

    whole, tasks, lot = joins._parts, joins.TASKS_PER_BAND, random.Random(1)

    def some(number: int) -> list[slice]:
        parts = whole(number)
        return [lot.choice(parts[at : at + share]) for at in range(0, len(parts), share)]

    changed = {"_parts": some, "TASKS_PER_BAND": share * tasks} if share > 1 else {}
    for name, value in changed.items():
        setattr(joins, name, value)
    try:
        yield
    finally:
        for name, value in (("_parts", whole), ("TASKS_PER_BAND", tasks)):
            setattr(joins, name, value)


def theirs(count: int, jobs: int) -> dict[str, float]:
    """Seconds and CPU seconds, extrapolated to all queries."""
    import faiss

    from tests.benchmarks.drawn import fingerprints

    faiss.omp_set_num_threads(jobs)
    keys = fingerprints(count).row.view(np.uint8).reshape(-1, 8)
    index = faiss.IndexBinaryFlat(64)
    index.add(keys)
    sample = keys[: min(SAMPLE, count)]
    wall, cpu = time.perf_counter(), cpu_s()
    index.range_search(sample, RADIUS)
    factor = count / len(sample)
    return {
        "wall_s": factor * (time.perf_counter() - wall),
        "cpu_s": factor * (cpu_s() - cpu),
        "peak_mb": peak_mb(),
    }


def cpu_s() -> float:
    """CPU time of this process and of those that it has forked, which have ended."""
    return sum(spent_s())


def spent_s() -> tuple[float, float]:
    """CPU time of this process, and of those that it has forked, which have ended."""
    import resource

    own, theirs = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, theirs.ru_utime + theirs.ru_stime


def peak_mb() -> float:
    """Of the largest process; what forked ones share with this one is counted in each."""
    import resource

    every = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(one.ru_maxrss for one in every) * 1024 / 1e6


def measured(side: str, args: argparse.Namespace) -> dict[str, float]:
    """Result of one side in a process of its own."""
    command = [sys.executable, __file__, "--side", side]
    command += ["--count", str(args.count), "--jobs", str(args.jobs), "--share", str(args.share)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(answer.stdout)
    print(side, {name: round(value, 1) for name, value in result.items()}, flush=True)
    return result


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--side", choices=("ours", "theirs"))
    parser.add_argument("--share", type=int, default=1, metavar="N", help="of ours, one part in N")
    args = parser.parse_args(argv)
    if args.share > 1 and args.jobs < 2:
        parser.error("a share is told apart from the rest by the processes that do it: --jobs 2")
    if args.side == "theirs":
        print(json.dumps(theirs(args.count, args.jobs)))
        return 0
    if args.side:
        print(json.dumps(ours(args.count, args.jobs, args.share)))
        return 0
    results: dict[str, list[dict[str, float]]] = {"theirs": [], "ours": []}
    for _ in range(args.rounds):
        for side, some in results.items():
            some.append(measured(side, args))
    for measure in ("wall_s", "cpu_s"):
        a, b = (np.median([one[measure] for one in results[side]]) for side in ("ours", "theirs"))
        print(f"{measure}: {a:.1f} against {b:.1f}, ratio {a / b:.2f}")
    print(f"peak memory {max(one['peak_mb'] for one in results['ours']):.0f} MB")
    return 0


if __name__ == "__main__":
    sys.path.append(ROOT)
    raise SystemExit(main())
