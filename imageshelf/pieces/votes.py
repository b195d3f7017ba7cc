"""Which pictures may hold a piece of a query: points that look alike vote for a common pose.

Points are sorted by their first bits. A query looks each of its points up with all combinations of
its least certain bits (query-directed probing: Lv et al., "Multi-Probe LSH", 2007), and every point
found votes for where its picture lies in the query (Lowe 2004, section 7.3).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.pieces.descriptors import TURN
from imageshelf.pieces.points import (
    KEY_BITS,
    LEAST_SIZE,
    LONGEST,
    PLACES_A_UNIT,
    SIZES_AN_OCTAVE,
    PiecePoints,
)
from imageshelf.pieces.projection import Bits
from imageshelf.pieces.scale_space import Ints

Longs = npt.NDArray[np.int64]

# A point in the index: as `PiecePoints.to_bytes` has it, with its picture's id.
RECORD = np.dtype(
    [("bits", "<u8"), ("id", "<u4"), ("x", "<u2"), ("y", "<u2"), ("size", "u1"), ("turn", "u1")]
)
FEWEST_KEY_BITS = 8
POINTS_A_KEY = 12
MOST_A_KEY = 256  # points that are looked at, of one key
NEAR = 12  # bits between two sightings of a point; 9 in 10 are nearer, 2 strangers in 100,000
FLIPS = 4  # least certain bits of a key that are tried both ways
ANGLES = 12  # bins of a turn
FARTHEST = 5.0  # octaves between the sizes of one point in two pictures
FEWEST_VOTES = 2  # points that look alike, for a picture to be worth a thought
_PICTURE, _OCTAVES, _GRID = 28, 16, 512  # bits below the id in a bin's number; its other parts


class KeySegment(NamedTuple):
    """Points of many pictures, sorted by the first `key_bits` of their bits."""

    key_bits: int
    starts: npt.NDArray[np.uint32]  # [2**key_bits + 1]: where each key's points begin
    records: npt.NDArray[np.void]  # of RECORD


def key_bits_for(points: int) -> int:
    """Return how many bits make keys of some dozen points each."""
    return int(np.clip(np.ceil(np.log2(max(1, points) / POINTS_A_KEY)), FEWEST_KEY_BITS, KEY_BITS))


def records_of(id_: int, points: bytes, count: int) -> npt.NDArray[np.void]:
    """Return the index records of a picture's stored points."""
    records = np.empty(count, RECORD)
    records["id"] = id_
    at = 0
    for name in ("bits", "x", "y", "size", "turn"):
        records[name] = np.frombuffer(points, RECORD[name], count, at)
        at += RECORD[name].itemsize * count
    return records


def sorted_segment(records: npt.NDArray[np.void], key_bits: int) -> KeySegment:
    """Return the records of all pictures, sorted, with where the records of each key begin."""
    ordered = in_order(records)
    counts = np.bincount(keys_of(ordered["bits"], key_bits), minlength=1 << key_bits)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
    return KeySegment(key_bits, starts, ordered)


def in_order(records: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return records in the order of their longest keys, those of one in the order given."""
    return records[np.argsort(keys_of(records["bits"], KEY_BITS), kind="stable")]


def keys_of(bits: Bits, key_bits: int) -> Longs:
    """Return so many bits of points as numbers; a shorter key begins a longer one."""
    return (bits & np.uint64((1 << KEY_BITS) - 1)).astype(np.int64) >> (KEY_BITS - key_bits)


def probes(bits: Bits, margins: npt.NDArray[np.float16] | None, key_bits: int) -> Longs:
    """Return int64[n, k]: the keys under which each point is looked up.

    Without margins every single bit is tried both ways, and none else.
    """
    keys = keys_of(bits, key_bits)
    if margins is None:
        flips = np.concatenate([[0], 1 << np.arange(key_bits)])
        return np.asarray(keys[:, None] ^ flips)
    used = np.abs(margins[:, KEY_BITS - key_bits :])
    least = np.argpartition(used, FLIPS, axis=1)[:, :FLIPS]
    subsets = np.arange(1 << FLIPS)[:, None] >> np.arange(FLIPS) & 1
    flips = ((1 << least.astype(np.int64))[:, None, :] * subsets).sum(axis=2)
    return np.asarray(keys[:, None] ^ flips)


def voted(
    segment: KeySegment, asked: PiecePoints, margins: npt.NDArray[np.float16] | None, most: int
) -> list[tuple[float, int]]:
    """Return (votes, id) of the pictures that most points agree on, the best first."""
    if not len(asked.bits) or not len(segment.records):
        return []
    point, found = _looked_up(segment, asked, margins)
    near = np.bitwise_count(found["bits"] ^ asked.bits[point])
    ids = found["id"].astype(np.int64)
    # A point that is found in many pictures says little of each: letters have many.
    weight = (1 - near / (2.0 * NEAR)) / np.sqrt(np.bincount(point, minlength=1)[point])
    several = np.isin(ids, _repeated(ids))
    point, found, ids, weight = point[several], found[several], ids[several], weight[several]
    if not len(ids):
        return []
    return _best(_bins(ids, *_poses(asked, point, found)), weight, most)


def _looked_up(
    segment: KeySegment, asked: PiecePoints, margins: npt.NDArray[np.float16] | None
) -> tuple[Ints, npt.NDArray[np.void]]:
    """Return which point found each record, and the records, without those that are far."""
    keys = probes(asked.bits, margins, segment.key_bits)
    last = len(segment.records)  # a damaged index may say anything
    start = np.minimum(segment.starts[keys.ravel()].astype(np.int64), last)
    end = np.minimum(segment.starts[keys.ravel() + 1].astype(np.int64), last)
    count = np.clip(end - start, 0, MOST_A_KEY)
    offset = np.repeat(start - np.cumsum(count) + count, count)
    at = offset + np.arange(len(offset))
    point = np.repeat(np.repeat(np.arange(len(keys)), keys.shape[1]), count)
    near = np.bitwise_count(segment.records["bits"][at] ^ asked.bits[point]) <= NEAR
    return point[near], segment.records[at[near]]  # to take all of them would take twice as long


def _repeated(ids: Longs) -> Longs:
    numbers, counts = np.unique(ids, return_counts=True)
    return numbers[counts >= FEWEST_VOTES]


def _poses(
    asked: PiecePoints, point: Ints, found: npt.NDArray[np.void]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.complex128]]:
    """Return by how much each record's picture is turned and enlarged, and where its middle is."""
    turn = asked.direction[point] - found["turn"] * np.float32(TURN / 256)
    size = found["size"] * np.float32(1 / SIZES_AN_OCTAVE) + np.float32(LEAST_SIZE)
    octaves = np.clip(asked.size[point] - size, -FARTHEST, FARTHEST).astype(np.float64)
    unit = 1 / PLACES_A_UNIT
    middle = complex(LONGEST / 2, LONGEST * 3 / 8)  # of most pictures; any fixed place would do
    away = middle - (found["x"] * unit + 1j * (found["y"] * unit))
    return turn, octaves, asked.places[point] + np.exp2(octaves) * np.exp(1j * turn) * away


def _bins(
    ids: Longs,
    turn: npt.NDArray[np.float64],
    octaves: npt.NDArray[np.float64],
    middle: npt.NDArray[np.complex128],
) -> list[Longs]:
    """Return the bins of picture and pose, as numbers: bins overlap by half, four over each pose.

    A number is four times the bin, and which of the four; the picture is what `_PICTURE` leaves.
    """
    angle = turn * (ANGLES / TURN)
    bins: list[Longs] = []
    for shift, moved in ((0.0, 0.0), (0.5, 0.5), (0.0, 0.5), (0.5, 0.0)):
        turned = np.floor(angle + shift).astype(np.int64) % ANGLES
        octave = np.floor(octaves + 6 + shift).astype(np.int64)
        width = LONGEST / 2 * np.exp2(octave - 5.5 - shift)
        across, down = (
            np.floor(part / width + moved).astype(np.int64) % _GRID
            for part in (middle.real, middle.imag)
        )
        pose = ((turned * _OCTAVES + octave) * _GRID + across) * _GRID + down
        bins.append(((ids << _PICTURE) + pose) * 4 + len(bins))
    return bins


def _best(bins: list[Longs], weight: npt.NDArray[np.float64], most: int) -> list[tuple[float, int]]:
    """Return the pictures with the fullest bins."""
    numbers, inverse = np.unique(np.concatenate(bins), return_inverse=True)
    votes = np.bincount(inverse, np.tile(weight, len(bins)))
    pictures = numbers // 4 >> _PICTURE
    order = np.lexsort((-votes, pictures))
    first = np.flatnonzero(np.r_[True, np.diff(pictures[order]) > 0])
    best = order[first]
    ranked = best[np.argsort(-votes[best], kind="stable")[:most]]
    return list(zip(votes[ranked].tolist(), pictures[ranked].tolist(), strict=True))
