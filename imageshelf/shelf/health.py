"""Checks whether a shelf can be trusted: `python -m imageshelf check`.

Four questions: is the file whole, does the near index find what an exhaustive scan finds, are the
pictures on the disk still as the shelf remembers them, and do the installed libraries still make
the same hashes?
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.hashing.multi_index import MultiIndex
from imageshelf.pictures.recipe import current_recipe
from imageshelf.shelf import names
from imageshelf.system.paths import Url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.shelf import Shelf
    from imageshelf.shelf.catalogue import Catalogue

SAMPLE = 50  # queries that compare the near index with an exhaustive scan
RADII = (0, 4, 10, 14, 18)
PAGE = 4096


class Finding(NamedTuple):
    """A fault and its remedy."""

    what: str
    remedy: str


def findings(shelf: Shelf, *, seed: int = 0) -> Iterator[Finding]:
    """Yield every fault of a shelf."""
    for sentence in shelf.check():
        yield Finding(sentence, "restore a copy of the shelf, or index with --rebuild")
    catalogue = shelf.catalogue
    if catalogue is None:
        yield Finding("the shelf has keys but no catalogue", "index with --rebuild")
        return
    yield from _recipe(shelf)
    yield from _near_index(catalogue, seed)
    yield from _near_keys(catalogue, seed)
    yield from _disk(shelf, catalogue)


def _recipe(shelf: Shelf) -> Iterator[Finding]:
    recipe = shelf.recipe
    if recipe is None:
        yield Finding("nothing was indexed yet", "index.py puts pictures on the shelf")
        return
    current = current_recipe(hash_name=recipe.hash, full_decode=recipe.decode == "full")
    if sentence := shelf.mismatch(current):
        yield Finding(sentence, "index with --rebuild, or install the versions of then")


def _near_index(catalogue: Catalogue, seed: int) -> Iterator[Finding]:
    """Compare the near index with an exhaustive scan, for stored and random queries.

    All three search methods are tried: the linear scan, buckets per query, and the join.
    """
    rows = catalogue.hashes().row
    if not len(rows):
        return
    rng = np.random.default_rng(seed)
    stored = rng.choice(rows, min(SAMPLE, len(rows)), replace=False)
    queries = [int(query) for query in stored] + [
        int(query) for query in rng.integers(0, 2**64, SAMPLE, np.uint64)
    ]
    index = MultiIndex(rows)
    for radius in RADII:
        radii = [radius] * len(queries)
        truth = hamming.pair_table(
            [hamming.within_exhaustive(rows, query, radius) for query in queries]
        )
        for table in (
            hamming.pair_table(hamming.within(rows, queries, radii)),
            hamming.pair_table(index.within(queries, radii)),
            index.pairs(queries, radii),
        ):
            if not all(map(np.array_equal, table, truth)):
                yield Finding(
                    f"the near index misses keys within {radius} bits",
                    "report this as a bug, with the shelf",
                )
                return


def _near_keys(catalogue: Catalogue, seed: int) -> Iterator[Finding]:
    """Do the same for the keys of another hash, at radii up to a third of their bits."""
    keys = catalogue.keys()
    if keys is None or not len(keys.ids):
        return
    count, bits = len(keys.ids), 64 * len(keys.words)
    chosen = np.random.default_rng(seed).choice(count, min(SAMPLE, count), replace=False)
    queries = keys.words[:, chosen]
    for radius in range(0, bits // 3, bits // 15):
        results = hamming.within_words(keys.words, queries, [radius] * len(chosen))
        for query, near in zip(queries.T, results, strict=True):
            truth = hamming.within_words_exhaustive(keys.words, query, radius)
            if near.positions.tolist() != truth.positions.tolist():
                yield Finding(
                    f"the near index misses keys within {radius} of {bits} bits",
                    "report this as a bug, with the shelf",
                )
                return


def _disk(shelf: Shelf, catalogue: Catalogue) -> Iterator[Finding]:
    """Compare size and time of every picture on the disk with the shelf's record."""
    gone = changed = 0
    ids = catalogue.hashes().ids
    for start in range(0, len(ids), PAGE):
        for row in catalogue.rows(ids[start : start + PAGE].tolist()):
            path = shelf.path_of(names.to_text(row.name))
            if isinstance(path, Url):  # index.py compares it with its listing
                continue
            try:
                status = os.stat(path)
            except OSError:
                gone += 1
                continue
            changed += (status.st_size, status.st_mtime_ns) != (row.size_bytes, row.mtime_ns)
    if gone:
        yield Finding(
            f"{gone:,} of {len(ids):,} pictures are not where they were",
            "mount their drive, or index their folder again",
        )
    if changed:
        yield Finding(
            f"{changed:,} of {len(ids):,} pictures have changed since they were indexed",
            "index their folder again",
        )
