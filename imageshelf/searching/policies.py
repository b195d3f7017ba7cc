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

from imageshelf.searching.kinds import INVERTED

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
    """The largest row distance (bits), score, and distance of perceptual hashes that still match.

    With a limit of its own the perceptual hash is what pictures are looked up by.
    """

    row: int
    score: int
    phash: int = BITS

    @property
    def by(self) -> str:
        """The hash that pictures are looked up by."""
        return "row" if self.phash == BITS else "phash"


class Policy(NamedTuple):
    """What counts as a match, for each way of comparing the query; None skips that way."""

    upright: Limits
    turned: Limits | None
    trimmed: Limits | None
    centre: Limits | None
    inverted: Limits | None = None
    relit: Limits | None = None  # upright, where light from one side upset the row hash
    low_information: bool = True  # whether flat pictures have the stricter rule
    percent: float | None = None  # of equal bits, if the plain radius was given that way

    @classmethod
    def within(cls, max_distance: int) -> Policy:
        """Return the plain Hamming radius on keys that users of ImageHash expect."""
        return cls(
            Limits(max_distance, 4 * BITS), None, None, None, None, None, low_information=False
        )

    def only_upright(self) -> Policy:
        """Return the limits between whole pictures, neither turned nor in another light, alone."""
        return self._replace(turned=None, trimmed=None, centre=None, inverted=None, relit=None)

    @classmethod
    def alike(cls, percent: float) -> Policy:
        """Return the plain radius within which at least `percent` of the bits are equal."""
        return cls.within(max_distance(percent))._replace(percent=percent)


DEFAULT = Policy(
    Limits(14, 60),
    Limits(10, 40),
    Limits(14, 56),
    Limits(12, 44),
    Limits(10, 40),
    Limits(26, 62, 10),
)
STRICT = DEFAULT._replace(
    upright=Limits(14, 52), trimmed=Limits(14, 52), centre=Limits(12, 40), relit=None
)
LOOSE = DEFAULT._replace(upright=Limits(18, 64))


class QueryPrints(NamedTuple):
    """The fingerprints of a query: whole, turned seven ways, without borders, and its centre.

    `cutouts` are those of the places where a picture may lie inside it, by turn; the first is that
    without borders, if it has any.
    """

    whole: Fingerprint
    turned: Mapping[str, Fingerprint] = {}
    trimmed: Fingerprint | None = None
    centre: Fingerprint | None = None
    thumbnail: bytes = b""  # 16x16 luma
    keys: Mapping[str, bytes] = {}  # by turn; only of hashes other than the default
    cutouts: Sequence[Mapping[str, Fingerprint]] = ()
    inverted: Fingerprint | None = None


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
    return flat and (turn not in query.turned or query.turned[turn].low_information)


def probes(query: QueryPrints, policy: Policy) -> Iterator[Probe]:
    """Yield every comparison that the policy calls for, the plain one first."""
    upright = policy.upright
    flat = policy.low_information and query.whole.low_information
    if flat:
        upright = upright._replace(row=min(upright.row, LOW_INFORMATION_ROW))
    yield Probe("whole", UPRIGHT, query.whole, upright, plain=True)
    turned = [turn for turn in query.turned if not (flat and is_flat(query, turn))]
    yield from _probes_of("whole", {turn: query.turned[turn] for turn in turned}, policy.turned)
    yield from _cutout_probes(query, policy)
    if not flat:
        yield from _clear_probes(query, policy)


def _clear_probes(query: QueryPrints, policy: Policy) -> Iterator[Probe]:
    """Yield the comparisons of a query that shows enough to compare it in part, or in other light.

    A picture on the shelf may have been turned, and framed then.
    """
    whole = {UPRIGHT: query.whole}
    trimmed = {UPRIGHT: query.trimmed} if query.trimmed else {}
    centre = {UPRIGHT: query.centre} if query.centre else {}
    yield from _probes_of("whole", whole, policy.relit)
    yield from _probes_of("trimmed", whole, policy.trimmed)
    yield from _probes_of("whole", trimmed, policy.trimmed)
    yield from _probes_of("trimmed", trimmed, policy.trimmed)
    if policy.trimmed:
        yield from _probes_of("trimmed", query.turned, policy.turned)
    yield from _probes_of("centre", whole, policy.centre)
    yield from _probes_of("whole", centre, policy.centre)
    if query.inverted:
        yield from _probes_of("whole", {INVERTED: query.inverted}, policy.inverted)


def _cutout_probes(query: QueryPrints, policy: Policy) -> Iterator[Probe]:
    """Yield the comparisons of what lies inside the query, upright and turned."""
    for cutout in query.cutouts if policy.trimmed else ():
        clear = {turn: each for turn, each in cutout.items() if not each.low_information}
        upright = clear.pop(UPRIGHT, None)
        if upright and upright != query.trimmed:
            yield from _probes_of("whole", {UPRIGHT: upright}, policy.trimmed)
            yield from _probes_of("trimmed", {UPRIGHT: upright}, policy.trimmed)
        yield from _probes_of("whole", clear, policy.turned)


def _probes_of(
    view: str, fingerprints: Mapping[str, Fingerprint], limits: Limits | None
) -> Iterator[Probe]:
    if limits:
        for turn, fingerprint in fingerprints.items():
            yield Probe(view, turn, fingerprint, limits)


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
