"""Every hash within some bits of a query: the near index.

The Hamming distance of two hashes is the number of bits in which they differ: the population
count of their exclusive or. NumPy counts a million 64-bit hashes in about half a millisecond
when the intermediate results stay in the processor's cache, hence the blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

BLOCK = 32_768  # hashes; 256 KiB of exclusive ors: measured best of 4,096 ... 1,000,000


class Near(NamedTuple):
    """The hashes within a radius of one query, in the order in which they are stored."""

    positions: npt.NDArray[np.int64]
    distances: npt.NDArray[np.uint8]


def distance(a: int, b: int) -> int:
    """Return the number of differing bits.

    >>> distance(0b1010, 0b0110)
    2
    """
    return (a ^ b).bit_count()


def distances(hashes: npt.NDArray[np.uint64], query: int) -> npt.NDArray[np.uint8]:
    """Return the Hamming distance of every hash to the query, `uint8[n]`."""
    apart: npt.NDArray[np.uint8] = np.bitwise_count(hashes ^ np.uint64(query))
    return apart


def within_exhaustive(hashes: npt.NDArray[np.uint64], query: int, radius: int) -> Near:
    """Return what `within` returns for one query, by the definition: the truth for the tests."""
    apart = distances(hashes, query)
    positions = np.flatnonzero(apart <= radius)
    return Near(positions, apart[positions])


def within(
    hashes: npt.NDArray[np.uint64], queries: Sequence[int], radii: Sequence[int]
) -> list[Near]:
    """Return, for each query, every hash at most its radius (in bits) away.

    All queries are compared with one block of hashes before the next block is read, so that ten
    queries cost about seven times one. Hashes are `uint64[n]`; positions index them, ascending.
    """
    found: list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]]] = [[] for _ in queries]
    probes = [np.uint64(query) for query in queries]
    apart = np.empty(BLOCK, np.uint64)
    count = np.empty(BLOCK, np.uint8)
    for start in range(0, len(hashes), BLOCK):
        block = hashes[start : start + BLOCK]
        bits, bits_set = apart[: len(block)], count[: len(block)]
        for number, (probe, radius) in enumerate(zip(probes, radii, strict=True)):
            np.bitwise_xor(block, probe, out=bits)
            np.bitwise_count(bits, out=bits_set)
            if bits_set.min() <= radius:
                here = np.flatnonzero(bits_set <= radius)
                found[number].append((here + start, bits_set[here]))
    return [_joined(parts) for parts in found]


def _joined(parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]]) -> Near:
    if not parts:
        return Near(np.empty(0, np.int64), np.empty(0, np.uint8))
    return Near(np.concatenate([p for p, _ in parts]), np.concatenate([d for _, d in parts]))
