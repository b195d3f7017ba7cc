"""Pairs of matching prints, sixteen bytes each, and how they are collected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from imageshelf.hashing import turning
from imageshelf.searching.query_prints import TURN_NAMES

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Places

    Bits = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Words = npt.NDArray[np.uint64]
    Nominee = tuple[int, "Measures"]  # a picture that the hashes nominate for another

VIEWS = ("centre", "trimmed", "whole")  # in the order in which policies.Candidate sorts them
TURN_ORDER = tuple(sorted(range(len(TURN_NAMES)), key=TURN_NAMES.__getitem__))  # likewise
CROWD_CANDIDATES = 24  # prints that match one, from which on its pairs are sifted
PAIRS_BEFORE_COMPACTING = 4_000_000  # 64 MB

_TURNED = np.uint64(0b1111 << 2)  # bits of a rank, zero for upright pairs
_RANK_OF_TURN = np.argsort(TURN_ORDER).astype(np.uint64)
_INVERSE = np.array(turning.INVERSE, np.uint8)


class Measures(NamedTuple):
    """How far apart two pictures are, and what the first must undergo to look like the second."""

    row: int = 0
    column: int = 0
    phash: int = 0
    score: int = 0
    turn: int = 0  # index into ORIENTATIONS


class PrintPair(NamedTuple):
    """Two matching prints; `turn` says what the first must undergo to look like the second."""

    first: int
    second: int
    score: int
    row: int
    column: int
    phash: int
    turn: int  # index into ORIENTATIONS
    view: str


@dataclass(frozen=True)
class PrintPairs:
    """Pairs of matching prints, sorted by their numbers, each once, with its best comparison.

    Pictures that share a print match as well and are not listed. A pair takes 16 bytes.
    """

    numbers: Words  # first << 32 | second, first < second
    ranks: Words  # score, row, column, phash, turn and view, packed so that less is better
    crowded: Places  # flat prints with too many others near them

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[PrintPair]:
        """Iterate over the pairs."""
        return map(self.pair, range(len(self)))

    def pair(self, at: int) -> PrintPair:
        """Return one pair."""
        number, rank = int(self.numbers[at]), int(self.ranks[at])
        row, column, phash = (rank >> shift & 127 for shift in (20, 13, 6))
        turn, view = TURN_ORDER[rank >> 2 & 15], VIEWS[rank & 3]
        return PrintPair(
            number >> 32, number & 0xFFFFFFFF, rank >> 27, row, column, phash, turn, view
        )


def packed_pairs(first: Places, second: Places, ranks: Words, turns: Bits) -> tuple[Words, Words]:
    """Return pairs as `PrintPairs` holds them; `turns` are those of the first print."""
    swapped = first > second
    turns = np.where(swapped, _INVERSE[turns], turns)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return (
        low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64),
        ranks | _RANK_OF_TURN[turns] << np.uint64(2),
    )


def score_of(row: Bits, column: Bits, phash: Bits) -> Places:
    """Return the `policies.score` of many pairs, which does not fit into eight bits."""
    score: Places = row.astype(np.int64) + column + 2 * phash.astype(np.int64)
    return score


def rank_of(view: str, row: Bits, column: Bits, phash: Bits) -> Words:
    """Pack measures in the order of `policies.Candidate`; the four bits of the turn stay zero."""
    packed = score_of(row, column, phash).astype(np.uint64)
    for distances in (row, column, phash):
        packed = packed << np.uint64(7) | distances
    return packed << np.uint64(6) | np.uint64(VIEWS.index(view))


def is_upright(ranks: Words) -> Flags:
    """Tell which pairs match without a turn."""
    return np.asarray(ranks & _TURNED == 0)


def ends(numbers: Words) -> tuple[Places, Places]:
    """Return the first and the second prints of pairs."""
    first, second = numbers >> np.uint64(32), numbers & np.uint64(0xFFFFFFFF)
    return first.astype(np.int64), second.astype(np.int64)


def crowded(numbers: Words, tried: Flags) -> Places:
    """Return the prints, by number, that are in a crowd by these pairs and were not tried yet."""
    counts = np.bincount(np.concatenate(ends(numbers)), minlength=len(tried))
    return np.flatnonzero((counts >= CROWD_CANDIDATES) & ~tried)


class Sieve(Protocol):
    """Throws out pairs of prints that many others match, once it has read their pictures."""

    def read(self, numbers: Words) -> None:
        """Read the pictures of the prints that are in many of these pairs."""

    def kept(self, numbers: Words, ranks: Words) -> Flags:
        """Tell which of these pairs stay."""

    def crowd(self) -> Flags:
        """Tell which prints, bool[p], need not be compared upright with each other."""

    def known_pairs(self) -> tuple[Places, Places]:
        """Return the pairs of these prints that stay if they match, first < second."""


class PairLog:
    """Collects pairs as they are found; drops those found twice now and then, and what is sieved.

    A pair that matches upright and turned is two until the end, as a sieve may drop one of them.
    """

    def __init__(self, sieve: Sieve | None = None) -> None:
        self.sieve = sieve
        self.numbers: list[Words] = []
        self.ranks: list[Words] = []
        self.count, self.compact_at = 0, PAIRS_BEFORE_COMPACTING

    def add(self, numbers: Words, ranks: Words) -> None:
        """Add pairs, packed as `PrintPairs` holds them."""
        if self.sieve:
            kept = self.sieve.kept(numbers, ranks)
            numbers, ranks = numbers[kept], ranks[kept]
        self.numbers.append(numbers)
        self.ranks.append(ranks)
        self.count += len(numbers)
        if self.count > self.compact_at:
            self._compact()

    def _compact(self) -> None:
        numbers = np.concatenate([np.empty(0, np.uint64), *self.numbers])
        ranks = np.concatenate([np.empty(0, np.uint64), *self.ranks])
        self.numbers, self.ranks = [], []
        numbers, ranks = _best(numbers, ranks, apart=is_upright(ranks))
        if self.sieve:
            self.sieve.read(numbers)
            kept = self.sieve.kept(numbers, ranks)
            numbers, ranks = numbers[kept], ranks[kept]
        self.numbers, self.ranks, self.count = [numbers], [ranks], len(numbers)
        self.compact_at = max(PAIRS_BEFORE_COMPACTING, 2 * self.count)

    def pairs(self, crowded: Places) -> PrintPairs:
        """Return the pairs added so far, sorted, each once."""
        self._compact()
        numbers, ranks = self.numbers[0], self.ranks[0]
        return PrintPairs(*_best(numbers, ranks, np.zeros(len(numbers), np.bool_)), crowded)


def _best(numbers: Words, ranks: Words, apart: Flags) -> tuple[Words, Words]:
    """Return the pairs sorted, each with its best rank; each once for either value of `apart`."""
    order = np.lexsort((ranks, apart, numbers))
    numbers, ranks, apart = numbers[order], ranks[order], apart[order]
    new = np.ones(len(numbers), np.bool_)
    new[1:] = (numbers[1:] != numbers[:-1]) | (apart[1:] != apart[:-1])
    return numbers[new], ranks[new]
