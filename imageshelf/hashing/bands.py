"""Bands of a hash: by whose bits hashes are sorted into buckets, so that few need comparing.

64 bits are dealt into bands. Two hashes at most `radius` bits apart cannot differ much in every
band: with m bands whose limits add up to radius - m + 1, some band is within its limit. What is
near a hash is therefore in the bucket of one of its bands, or in one that few bits away.

A band takes its bits along the diagonals of the 8x8 grid: bits below each other agree too often
in photographs, which would fill few buckets and leave many empty.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

BITS = 64
WIDE_TABLE_HASHES = 50_000  # hashes: as many as it takes to make the larger tables


class Band(NamedTuple):
    """Some bits of a hash, and in how many of them two hashes may differ here."""

    bits: tuple[int, ...]  # 0 is the least significant; at most 16
    limit: int  # -1: this band need not be looked at


class Buckets(NamedTuple):
    """Hashes in the order of their buckets."""

    hashes: Hashes
    places: Places  # before sorting
    starts: Places  # of each bucket, and the end of the last


@functools.cache
def band_bits(count: int) -> tuple[tuple[int, ...], ...]:
    """Return the bits of so many bands, the widest first."""
    places = [(bit % 8 + bit // 8) % count for bit in range(BITS)]
    bits = [tuple(bit for bit in range(BITS) if places[bit] == n) for n in range(count)]
    return tuple(sorted(bits, key=len, reverse=True))


@functools.cache
def bands(radius: int, count: int) -> tuple[Band, ...]:
    """Return bands of which one is within its limit for any two hashes within the radius.

    >>> [(len(band.bits), band.limit) for band in bands(10, 4)]
    [(16, 2), (16, 2), (16, 2), (16, 1)]
    """
    least, more = divmod(radius - count + 1, count)
    return tuple(Band(bits, least + (n < more)) for n, bits in enumerate(band_bits(count)))


@functools.cache
def masks(width: int, limit: int) -> Places:
    """Return what to change in a bucket's number to reach those within the limit."""
    every = np.arange(1 << width)
    near: Places = every[np.bitwise_count(every) <= limit]
    return near


def bucket_number(hash_: int, bits: tuple[int, ...]) -> int:
    """Return the number of one hash's bucket: its bits of one band.

    >>> number(0b1100, (1, 2, 3))
    6
    """
    found = 0
    for place, bit in enumerate(bits):
        found |= (hash_ >> bit & 1) << place
    return found


def bucket_numbers(hashes: Hashes, bits: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Return `number` of each hash, by tables of eight bits, or of sixteen where those pay."""
    octets = np.ascontiguousarray(hashes).astype("<u8", copy=False).view(np.uint8)
    tables = [_octet_table(bits, octet) for octet in range(8)]
    if len(hashes) >= WIDE_TABLE_HASHES:
        pairs = zip(tables[::2], tables[1::2], strict=True)
        tables = [(high[:, None] | low).ravel() for low, high in pairs]
    places = octets.view("<u2" if len(hashes) >= WIDE_TABLE_HASHES else "u1").reshape(
        -1, len(tables)
    )
    found = np.zeros(len(hashes), np.uint16)
    for place, table in enumerate(tables):
        if table.any():
            found |= table[places[:, place]]
    return found


def _octet_table(bits: tuple[int, ...], octet: int) -> npt.NDArray[np.uint16]:
    """Return what each value of one octet of a hash adds to its number, uint16[256]."""
    every = np.arange(256)
    table = np.zeros(256, np.uint16)
    for place, bit in enumerate(bits):
        if bit // 8 == octet:
            table |= ((every >> bit % 8 & 1) << place).astype(np.uint16)
    return table


def bucketed(hashes: Hashes, bits: tuple[int, ...]) -> Buckets:
    """Return hashes sorted by the number of their buckets."""
    places, starts = bucket_order(hashes, bits)
    return Buckets(hashes[places], places, starts)


def bucket_order(hashes: Hashes, bits: tuple[int, ...]) -> tuple[Places, Places]:
    """Return which hashes stand in the buckets, one after the other, and where each begins."""
    found = bucket_numbers(hashes, bits)
    places = np.argsort(found, kind="stable")  # a radix sort: 16 bits
    sizes = np.bincount(found, minlength=1 << len(bits))
    return places, np.concatenate([[0], np.cumsum(sizes)])
