"""Find every hash within some bits of a query by comparing all of them.

The Hamming distance of two hashes is the number of bits in which they differ: the population
count of their exclusive or. NumPy counts a million 64-bit hashes in about half a millisecond if the
intermediate results stay in the processor's cache, hence the blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]
    _Part = tuple[Places, npt.NDArray[np.integer]]

BLOCK_HASHES = 32_768  # 256 KiB of exclusive ors: measured best of 4,096 ... 1,000,000


class Near(NamedTuple):
    """The hashes within a radius of one query, in stored order."""

    positions: Places
    distances: npt.NDArray[np.integer]


class NearPairs(NamedTuple):
    """The hashes near each of several queries, sorted by query, then by position."""

    queries: Places  # places in the list of queries
    positions: Places
    distances: npt.NDArray[np.integer]


class CrowdedError(Exception):
    """There are more pairs than were allowed: ask for fewer queries at once."""


def distance(a: int, b: int) -> int:
    """Return the number of bits that differ.

    >>> distance(0b1010, 0b0110)
    2
    """
    return (a ^ b).bit_count()


def within(
    hashes: Hashes,
    queries: Sequence[int],
    radii: Sequence[int],
    most: int | None = None,
) -> list[Near]:
    """Return, for each query, every hash at most its radius (in bits) away.

    All queries are compared with one block of hashes before the next block is read, so ten queries
    cost about seven times as much as one. Hashes are `uint64[n]`; positions index them, ascending.
    Raises CrowdedError if there are more than `most` pairs.
    """
    left = math.inf if most is None else most
    parts: list[list[_Part]] = [[] for _ in queries]
    probes = [np.uint64(query) for query in queries]
    apart = np.empty(BLOCK_HASHES, np.uint64)
    count = np.empty(BLOCK_HASHES, np.uint8)
    for start in range(0, len(hashes), BLOCK_HASHES):
        block = hashes[start : start + BLOCK_HASHES]
        bits, bits_set = apart[: len(block)], count[: len(block)]
        for number, (probe, radius) in enumerate(zip(probes, radii, strict=True)):
            np.bitwise_xor(block, probe, out=bits)
            np.bitwise_count(bits, out=bits_set)
            if bits_set.min() <= radius:
                hits = np.flatnonzero(bits_set <= radius)
                parts[number].append((hits + start, bits_set[hits]))
                left -= len(hits)
                if left < 0:
                    raise CrowdedError
    return [_joined(query_parts) for query_parts in parts]


def pair_table(nears: Sequence[Near]) -> NearPairs:
    """Return the results of all queries as one table."""
    empty = np.empty(0, np.int64)
    return NearPairs(
        np.repeat(np.arange(len(nears)), [len(near.positions) for near in nears]),
        np.concatenate([empty, *(near.positions for near in nears)]),
        np.concatenate([np.empty(0, np.uint8), *(near.distances for near in nears)]),
    )


def within_words(words: Hashes, queries: Hashes, radii: Sequence[int]) -> list[Near]:
    """Return, for each query, every hash of several words at most its radius away.

    Hashes are `uint64[words, n]`, queries `uint64[words, m]`. They are compared word by word, so
    that intermediate results stay in the processor's cache.
    """
    parts: list[list[_Part]] = [[] for _ in radii]
    for start in range(0, words.shape[1], BLOCK_HASHES):
        block = words[:, start : start + BLOCK_HASHES]
        for number, radius in enumerate(radii):
            apart = np.zeros(block.shape[1], np.uint16)
            for plane, word in zip(block, queries[:, number], strict=True):
                apart += np.bitwise_count(plane ^ word)
            hits = np.flatnonzero(apart <= radius)
            if len(hits):
                parts[number].append((hits + start, apart[hits]))
    return [_joined(query_parts) for query_parts in parts]


def _joined(parts: list[_Part]) -> Near:
    if not parts:
        return Near(np.empty(0, np.int64), np.empty(0, np.uint8))
    return Near(np.concatenate([p for p, _ in parts]), np.concatenate([d for _, d in parts]))
