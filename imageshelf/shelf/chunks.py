"""Hashes of 4,096 pictures packed into one BLOB, so that a cold search reads little.

Picture `id` lies in chunk `n = id // 4096` at `slot = id % 4096`. All numbers are little-endian.
A planar view stores one plane after another, each with `capacity` values, one per slot. The
capacity is the smallest of 64, 128, ... 4096 that holds the chunk's last picture.

    view      bytes a picture   layout
    whole     25                planes row, column, phash (uint64), then state (uint8):
                                0 absent, 1 present, 3 present and low information
    centre    24                planes row, column, phash
    turned    72                planes of the pHash in the 7 other orientations, then of where the
                                next pixel is darker: along rows, along columns
    trimmed   26, if it has     uint16 slots[k], rising; then k times (row, column, phash)
    ahash     8                 the keys of a shelf of that hash; so do phash and whash
    marr      72                the keys of such a shelf, 9 planes: the first 64 bits, ...

The state in `whole` applies to the other planar views too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing.hash_names import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLOTS = 4096
SMALLEST = 64
ABSENT, PRESENT, LOW_INFORMATION = 0, 1, 3
WORDS = {"whole": 3, "centre": 3, "turned": 9}  # uint64 planes of each planar view
_PLANES = WORDS | {name: bits // 64 for name, bits in BITS.items()}  # the view named for the hash
U64 = np.dtype("<u8")
_U16 = np.dtype("<u2")
_TRIMMED = 26  # bytes


class PictureHashes(NamedTuple):
    """The hashes of one view of all pictures that have it, sorted by id."""

    ids: NDArray[np.int64]
    row: NDArray[np.uint64]
    column: NDArray[np.uint64]
    phash: NDArray[np.uint64]
    low_information: NDArray[np.bool_]


class StoredKeys(NamedTuple):
    """The keys of all pictures present, on a shelf whose hash is not the default."""

    ids: NDArray[np.int64]
    words: NDArray[np.uint64]  # [bits / 64, n], the first bits first


class TurnedHashes(NamedTuple):
    """The hashes from which the 7 other orientations of all pictures present are made."""

    ids: NDArray[np.int64]
    phash: NDArray[np.uint64]  # [7, n]
    row_darker: NDArray[np.uint64]
    column_darker: NDArray[np.uint64]


class Planes:
    """One chunk of a planar view, unpacked for changes: `words[plane, slot]`, and `state`."""

    def __init__(self, view: str, blob: bytes | None) -> None:
        self.view = view
        self.words = np.zeros((_PLANES[view], SMALLEST), np.uint64)
        self.state = np.zeros(SMALLEST, np.uint8)
        if blob is not None:
            size = capacity(view, len(blob))
            self.words = np.frombuffer(blob, U64, _PLANES[view] * size).reshape(-1, size).copy()
            if view == "whole":
                self.state = np.frombuffer(blob, np.uint8, size, _PLANES[view] * size * 8).copy()

    def reserve(self, slot: int) -> None:
        """Grow to hold a slot."""
        size = self.words.shape[1]
        if slot >= size:
            size = 1 << slot.bit_length()
            room = size - self.words.shape[1]
            self.words = np.pad(self.words, ((0, 0), (0, room)))
            self.state = np.pad(self.state, (0, room))

    def to_bytes(self) -> bytes:
        """Pack the chunk again."""
        words = self.words.astype(U64, copy=False).tobytes()
        return words + self.state.tobytes() if self.view == "whole" else words


def capacity(view: str, length: int) -> int:
    """Return how many slots a planar BLOB of this length has; ValueError if it is none."""
    each = 8 * _PLANES[view] + (view == "whole")
    size, rest = divmod(length, each)
    if rest or size & (size - 1) or not SMALLEST <= size <= SLOTS:
        raise ValueError(f"a chunk of {length:,} bytes is none of view {view!r}")
    return size


def unpack_trimmed(blob: bytes) -> dict[int, tuple[int, int, int]]:
    """Return slot -> (row, column, phash) of a trimmed chunk; ValueError if it is malformed."""
    slots, words = split_trimmed(blob)
    return {
        slot: (w[0], w[1], w[2]) for slot, w in zip(slots.tolist(), words.tolist(), strict=True)
    }


def split_trimmed(blob: bytes) -> tuple[NDArray[np.uint16], NDArray[np.uint64]]:
    """Return slots[k] and words[k, 3] of a trimmed chunk; ValueError if it is malformed."""
    count, rest = divmod(len(blob), _TRIMMED)
    slots = np.frombuffer(blob, _U16, count)
    if rest or count > SLOTS or (count and slots[-1] >= SLOTS) or (slots[1:] <= slots[:-1]).any():
        raise ValueError("a trimmed chunk is malformed")
    return slots, np.frombuffer(blob, U64, 3 * count, 2 * count).reshape(count, 3)


def pack_trimmed(hashes: dict[int, tuple[int, int, int]]) -> bytes:
    """Return the trimmed chunk for slot -> (row, column, phash)."""
    slots = sorted(hashes)
    words = np.array([hashes[slot] for slot in slots], U64)
    return np.array(slots, _U16).tobytes() + words.tobytes()


def words_of(keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """Return words[bits / 64, n] for n keys of equal length."""
    big = np.frombuffer(b"".join(keys), ">u8").reshape(len(keys), -1)
    return np.ascontiguousarray(big.T, np.uint64)


def hex_of(words: NDArray[np.uint64]) -> list[bytes]:
    """Return the keys in words[bits / 64, n] as written on the shelf.

    >>> hex_of(np.array([[255, 1]], np.uint64))
    [b'00000000000000ff', b'0000000000000001']
    """
    digits, each = words.T.astype(">u8").tobytes().hex().encode(), 16 * len(words)
    return [digits[at : at + each] for at in range(0, len(digits), each)]


def join(view: str, blobs: Sequence[tuple[int, bytes]]) -> NDArray[np.uint64]:
    """Return words[plane, slot] of a planar view, with the slots of all chunks in a row."""
    sizes = [capacity(view, len(blob)) for _, blob in blobs]
    words = np.empty((_PLANES[view], sum(sizes)), np.uint64)
    start = 0
    for (_, blob), size in zip(blobs, sizes, strict=True):
        words[:, start : start + size] = np.frombuffer(blob, U64, _PLANES[view] * size).reshape(
            -1, size
        )
        start += size
    return words


def states(blobs: Sequence[tuple[int, bytes]]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the ids and states of all slots in chunks of the whole view."""
    sizes = [capacity("whole", len(blob)) for _, blob in blobs]
    state = np.empty(sum(sizes), np.uint8)
    ids = np.empty(sum(sizes), np.int64)
    start = 0
    for (n, blob), size in zip(blobs, sizes, strict=True):
        state[start : start + size] = np.frombuffer(blob, np.uint8, size, 24 * size)
        ids[start : start + size] = np.arange(n * SLOTS, n * SLOTS + size)
        start += size
    return ids, state
