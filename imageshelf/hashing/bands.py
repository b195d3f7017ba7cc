"""Bands of a hash: with hashes in buckets by some of their bits, few pairs need comparing.

The 64 bits are dealt into bands. Two hashes at most `radius` bits apart cannot differ much in every
band: with m bands whose limits add up to radius - m + 1, at least one band is within its limit. In
that band, the bucket of the one hash is the bucket of the other or a few bits away from it.

A band takes its bits along the diagonals of the 8x8 grid. Bits below each other agree too often in
photographs, which would fill few buckets and leave many empty.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes, Places


BITS = 64
WIDE_TABLE_HASHES = 50_000  # from here on, 16-bit tables are worth making


class Band(NamedTuple):
    """Some bits of a hash, and how many of them may differ between two near hashes."""

    bits: tuple[int, ...]  # 0 is the least significant; at most 16
    limit: int  # -1: this band need not be searched


class Buckets(NamedTuple):
    """Hashes sorted by bucket."""

    hashes: Hashes
    places: Places  # before sorting
    starts: Places  # of each bucket, then the end of the last


@functools.cache
def band_bits(count: int) -> tuple[tuple[int, ...], ...]:
    """Return the bits of each of `count` bands, the widest first."""
    places = [(bit % 8 + bit // 8) % count for bit in range(BITS)]
    bits = [tuple(bit for bit in range(BITS) if places[bit] == n) for n in range(count)]
    return tuple(sorted(bits, key=len, reverse=True))


@functools.cache
def bands(radius: int, count: int) -> tuple[Band, ...]:
    """Return bands such that any two hashes within the radius are within the limit of one band.

    >>> [(len(band.bits), band.limit) for band in bands(10, 4)]
    [(16, 2), (16, 2), (16, 2), (16, 1)]
    """
    least, more = divmod(radius - count + 1, count)
    return tuple(Band(bits, least + (n < more)) for n, bits in enumerate(band_bits(count)))


@functools.cache
def masks(width: int, limit: int) -> Places:
    """Return the numbers to XOR with a bucket's number to reach all buckets within the limit."""
    all_masks = np.arange(1 << width)
    near: Places = all_masks[np.bitwise_count(all_masks) <= limit]
    return near


def bucket_numbers(hashes: Hashes, bits: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Return the number of each hash's bucket: the hash's bits in one band.

    >>> bucket_numbers(np.array([0b1100], np.uint64), (1, 2, 3)).tolist()
    [6]

    They are looked up in tables of 8 bits, or of 16 if making those pays.
    """
    octets = np.ascontiguousarray(hashes).astype("<u8", copy=False).view(np.uint8)
    tables = [_octet_table(bits, octet) for octet in range(8)]
    if len(hashes) >= WIDE_TABLE_HASHES:
        pairs = zip(tables[::2], tables[1::2], strict=True)
        tables = [(high[:, None] | low).ravel() for low, high in pairs]
    width = "<u2" if len(hashes) >= WIDE_TABLE_HASHES else "u1"
    parts = octets.view(width).reshape(-1, len(tables))
    numbers = np.zeros(len(hashes), np.uint16)
    for place, table in enumerate(tables):
        if table.any():
            numbers |= table[parts[:, place]]
    return numbers


def _octet_table(bits: tuple[int, ...], octet: int) -> npt.NDArray[np.uint16]:
    """Return what each value of one octet of a hash adds to the bucket number, uint16[256]."""
    values = np.arange(256)
    table = np.zeros(256, np.uint16)
    for place, bit in enumerate(bits):
        if bit // 8 == octet:
            table |= ((values >> bit % 8 & 1) << place).astype(np.uint16)
    return table


def bucketed(hashes: Hashes, bits: tuple[int, ...]) -> Buckets:
    """Return hashes sorted by bucket."""
    numbers = bucket_numbers(hashes, bits)
    places = np.argsort(numbers, kind="stable")  # of 16 bits: a radix sort
    sizes = np.bincount(numbers, minlength=1 << len(bits))
    return Buckets(hashes[places], places, np.concatenate([[0], np.cumsum(sizes)]))
