"""What counts as a match, and how near it is.

Two fingerprints are compared by three Hamming distances: of the *row* hash (the key), of the
*column* hash and of the *perceptual* hash. Their `score = row + column + 2 * phash` decides, after
a filter on the row distance. The query is compared in several ways (upright, turned and mirrored,
without its uniform borders, its centre only). Each way is a `Probe` with limits of its own: the
more chances it has to be wrong, the tighter they are.

The limits were measured: see docs/how-it-works.md and `tests/benchmarks/accuracy.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from imageshelf.shelf.chunks import PictureHashes

Thumbnails = Callable[[Sequence[int]], Mapping[int, bytes]]  # by id

BITS = 64
LOW_INFORMATION_ROW = 4  # bits
LOW_INFORMATION_MEAN = 4.0  # grey levels of 255, mean absolute difference of the 16x16 thumbnails
HAND_WRITTEN_ROW = 10  # bits; a key written by hand has no column hash and no perceptual hash
UPRIGHT = ""


class Fingerprint(NamedTuple):
    """Three 64-bit hashes of one view of a picture, and whether it is nearly flat."""

    row: int
    column: int
    phash: int
    low_information: bool = False


class Limits(NamedTuple):
    """The largest row distance (bits) and score that still match."""

    row: int
    score: int


class Policy(NamedTuple):
    """What counts as a match, for each way of comparing the query; None skips that way."""

    upright: Limits
    turned: Limits | None
    trimmed: Limits | None
    centre: Limits | None
    low_information: bool = True  # whether flat pictures have the stricter rule
    percent: float | None = None  # of equal bits, if the plain radius was given that way

    @classmethod
    def within(cls, max_distance: int) -> Policy:
        """Return the plain Hamming radius on keys that users of ImageHash expect."""
        return cls(Limits(max_distance, 4 * BITS), None, None, None, low_information=False)

    @classmethod
    def alike(cls, percent: float) -> Policy:
        """Return the plain radius within which at least `percent` of the bits are equal."""
        return cls.within(max_distance(percent))._replace(percent=percent)


DEFAULT = Policy(Limits(14, 60), Limits(10, 40), Limits(14, 56), Limits(12, 44))
STRICT = Policy(Limits(14, 52), Limits(10, 40), Limits(14, 52), Limits(12, 40))
LOOSE = Policy(Limits(18, 64), Limits(10, 40), Limits(14, 56), Limits(12, 44))


class QueryPrints(NamedTuple):
    """The fingerprints of a query: whole, turned seven ways, without borders, and its centre."""

    whole: Fingerprint
    turned: Mapping[str, Fingerprint] = {}
    trimmed: Fingerprint | None = None
    centre: Fingerprint | None = None
    thumbnail: bytes = b""  # 16x16 luma
    keys: Mapping[str, bytes] = {}  # by turn; only of hashes other than the default


class Probe(NamedTuple):
    """One comparison: a fingerprint of the query against one stored view, with its limits."""

    view: str
    turn: str
    fingerprint: Fingerprint
    limits: Limits
    plain: bool = False  # the whole query upright against whole pictures


class Candidate(NamedTuple):
    """A stored picture within the limits of a probe; sorts nearest first."""

    score: int
    row: int
    column: int
    phash: int
    id: int
    turn: str
    view: str
    distance: int  # of the keys: `row`, unless the shelf has another hash


def fingerprint_of(hashes: PictureHashes, id_: int) -> Fingerprint | None:
    """Return the fingerprint of the picture with this id, or None if it has no such view."""
    at = int(np.searchsorted(hashes.ids, id_))
    if at == len(hashes.ids) or hashes.ids[at] != id_:
        return None
    return Fingerprint(*(part[at].item() for part in hashes[1:]))


def similarity(distance: int, bits: int = BITS) -> float:
    """Return the share of equal key bits in percent.

    >>> similarity(16)
    75.0
    """
    return 100 * (bits - distance) / bits


def max_distance(similarity_percent: float, bits: int = BITS) -> int:
    """Return the largest distance of keys, in bits, with at least this similarity.

    >>> max_distance(90)
    6
    """
    return int(bits * (100 - similarity_percent) / 100)


def score(row: int, column: int, phash: int) -> int:
    """Return the distance that decides: the perceptual hash counts twice."""
    return row + column + 2 * phash


def is_flat(query: QueryPrints, turn: str) -> bool:
    """Tell whether the query, turned this way, has too little detail to hash.

    A picture that only gets brighter from top to bottom is flat to a row hash, until it is turned
    on its side.
    """
    flat = query.whole.low_information
    return flat and (turn == UPRIGHT or query.turned[turn].low_information)


def probes(query: QueryPrints, policy: Policy) -> Iterator[Probe]:
    """Yield every comparison that the policy calls for, the plain one first."""
    upright = policy.upright
    flat = policy.low_information and query.whole.low_information
    if flat:
        upright = upright._replace(row=min(upright.row, LOW_INFORMATION_ROW))
    yield Probe("whole", UPRIGHT, query.whole, upright, plain=True)
    if policy.turned:
        for turn, fingerprint in query.turned.items():
            if not (flat and is_flat(query, turn)):
                yield Probe("whole", turn, fingerprint, policy.turned)
    if flat:
        return
    if policy.trimmed:
        yield Probe("trimmed", UPRIGHT, query.whole, policy.trimmed)
        if query.trimmed:
            yield Probe("whole", UPRIGHT, query.trimmed, policy.trimmed)
            yield Probe("trimmed", UPRIGHT, query.trimmed, policy.trimmed)
    if policy.centre:
        yield Probe("centre", UPRIGHT, query.whole, policy.centre)
        if query.centre:
            yield Probe("whole", UPRIGHT, query.centre, policy.centre)


def mean_difference(a: bytes, b: bytes) -> float:
    """Return the mean absolute difference of two thumbnails, in grey levels (0-255)."""
    first = np.frombuffer(a, np.uint8).astype(np.int16)
    return float(np.abs(first - np.frombuffer(b, np.uint8)).mean())


def lookalikes(thumbnail: bytes, others: Mapping[int, bytes]) -> set[int]:
    """Return the ids whose thumbnails are near enough for flat pictures to be copies."""
    return {
        id_
        for id_, other in others.items()
        if len(other) == len(thumbnail)
        and mean_difference(thumbnail, other) <= LOW_INFORMATION_MEAN
    }
