"""Which pictures match, by the pairs of their prints: what groups are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import pair_log
from imageshelf.copies.pair_log import Measures, PrintPairs
from imageshelf.hashing import turning

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.copies.coarse_filter import CrowdSieve
    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.copies.pair_log import Nominee


class MatchGraph:
    """Which pictures match, derived from the pairs of their prints."""

    def __init__(self, prints: Prints, pairs: PrintPairs, sieve: CrowdSieve | None = None) -> None:
        self._prints, self._sieve = prints, sieve
        self._pairs = _PairsByPrint(pairs, len(prints.whole.ids))
        involved = (self._pairs.counts > 0) | (np.diff(prints.starts) > 1)
        if sieve:
            involved |= sieve.crowd()
        self._print_of = {
            picture: number
            for number in np.flatnonzero(involved).tolist()
            for picture in prints.pictures_of(number)
        }

    @property
    def pictures(self) -> list[int]:
        """The ids of all pictures that match any other."""
        return sorted(self._print_of)

    def matches(self, picture: int) -> Iterator[Nominee]:
        """Yield every picture that matches this one and may be near, with their measures."""
        others = self._others(picture)
        return others if self._sieve is None else self._sieve.left(picture, others)

    def thrown_out(self, picture: int) -> Iterator[Nominee]:
        """Yield the best of what the sieve threw out of this one's matches, the best first."""
        own = self._print_of.get(picture)
        if self._sieve and own is not None:
            yield from self._sieve.thrown_out(picture, own)

    def _others(self, picture: int) -> Iterator[Nominee]:
        own = self._print_of.get(picture)
        if own is None:
            return
        yield from ((id_, Measures()) for id_ in self._prints.pictures_of(own) if id_ != picture)
        for number, measures in self._pairs.of(own):
            for other in self._prints.pictures_of(number):
                yield other, measures


class _PairsByPrint:
    """Pairs of prints, found by either of the two."""

    def __init__(self, pairs: PrintPairs, prints: int) -> None:
        self._pairs = pairs
        ends = np.concatenate(pair_log.ends(pairs.numbers))
        self._order = np.argsort(ends, kind="stable")
        self._starts = np.searchsorted(ends[self._order], np.arange(prints + 1))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many pairs each print is in."""
        return np.diff(self._starts)

    def of(self, number: int) -> Iterator[Nominee]:
        """Yield the other print of each pair, with measures from this one to it."""
        for end in self._order[self._starts[number] : self._starts[number + 1]].tolist():
            pair = self._pairs.pair(end % len(self._pairs))
            is_first = end < len(self._pairs)
            turn = pair.turn if is_first else turning.INVERSE[pair.turn]
            other = pair.second if is_first else pair.first
            yield other, Measures(pair.row, pair.column, pair.phash, pair.score, turn)
