"""What other libraries are given to do by peers.py: to hash every picture below a folder.

python -P tests/benchmarks/peer_jobs.py difPy FOLDER 2   (with the Python that has difPy)

Each through its own public interface, with as many processes or threads as are named last. Nothing
of this project is imported here: the environment of a peer holds that peer alone.
"""

from __future__ import annotations

import multiprocessing
import os
import sys


def paths(dataset: str) -> list[str]:
    """Paths of all files below a folder."""
    return [os.path.join(folder, name) for folder, _, names in os.walk(dataset) for name in names]


def difpy(dataset: str, jobs: int) -> int:
    """Number of pictures that difPy has made its small colour pictures of; it has no hash."""
    import difPy

    built = difPy.build(dataset, show_progress=False, processes=jobs)
    return int(built.stats["total_files"]) - int(built.stats["invalid_files"]["count"])


def perception(dataset: str, jobs: int) -> int:
    """Number of pictures that perception has hashed."""
    from perception.hashers import DHash

    records = DHash().compute_parallel(paths(dataset), max_workers=jobs)
    return sum(bool(record["hash"]) for record in records)


def imagededup(dataset: str, jobs: int) -> int:
    """Number of pictures that imagededup has hashed."""
    from imagededup.methods import DHash

    hashes = DHash(verbose=False).encode_images(dataset, recursive=True, num_enc_workers=jobs)
    return len(hashes)


def czkawka(dataset: str, jobs: int) -> int:
    """Number of pictures that czkawka's binding has hashed and compared, in threads of its own.

    It tells no more than the groups of similar pictures. What it has read is as much as all files
    hold, or no picture counts.
    """
    from czkawka import ImageSimilarity

    before = read_bytes()
    finder = ImageSimilarity()
    finder.set_directories([dataset])
    finder.set_similarity(0)
    finder.find_similar()
    files = paths(dataset)
    whole = read_bytes() - before >= sum(map(os.path.getsize, files))
    return len(files) if whole else 0


def read_bytes() -> int:
    """Bytes that this process has read so far, from wherever they came; Linux only."""
    with open("/proc/self/io", encoding="ascii") as file:
        return int(file.readline().removeprefix("rchar:"))


def czkawka_pool(dataset: str, jobs: int) -> int:
    """Number of pictures that czkawka's binding has hashed, one by one.

    It holds the interpreter's lock meanwhile, so threads would take turns; hence processes.
    """
    with multiprocessing.Pool(jobs) as pool:
        return sum(map(bool, pool.imap_unordered(czkawka_hash, paths(dataset), 4)))


def czkawka_hash(path: str) -> str:
    """Hash of one file, as czkawka's binding writes it."""
    from czkawka import ImageSimilarity

    return str(ImageSimilarity().hash_image(path))


def immaculate(dataset: str, _jobs: int) -> int:
    """Number of pictures that immaculate has hashed and compared, in threads of its own."""
    from immaculate import find_duplicates

    return len(paths(dataset)) - len(find_duplicates(dataset).skipped)


JOBS = {
    "difPy": difpy,
    "perception": perception,
    "imagededup": imagededup,
    "immaculate": immaculate,
    "czkawka": czkawka,
    "czkawka-pool": czkawka_pool,
}


def main(argv: list[str] | None = None) -> int:
    name, dataset, jobs = sys.argv[1:] if argv is None else argv
    print(JOBS[name](dataset, int(jobs)), "pictures")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
