"""Pictures that the hashes nominate by the dozen: which pairs of them cannot be near.

Thousands of filled forms are millions of pairs, too many to lay over each other, or to remember.
Each of the pictures is reduced once, and products of matrices throw out whole blocks of pairs
(`overlay/coarse.py`) while the pairs are being found; what is left is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import nearest_prints, pair_log, possible_bits
from imageshelf.copies.pair_log import Measures
from imageshelf.overlay import coarse

if TYPE_CHECKING:
    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.copies.members import Members
    from imageshelf.copies.pair_log import Flags, Nominee, Words
    from imageshelf.copies.verdict_cache import VerdictCache
    from imageshelf.hashing.hamming import Places
    from imageshelf.overlay.coarse import Coarse
    from imageshelf.searching.policies import Policy
    from imageshelf.searching.second_look import SecondLook


MOST_PRINTS = 20_000  # 50 MB of bits; the pairs of any more are all looked at
MOST_NEAREST = 8  # thrown out: related to a picture is the best that is not its own copy


class CrowdSieve:
    """Throws out pairs of crowded pictures that cannot be near: a `pair_log.Sieve`.

    Pictures that take no part, or cannot be read, keep all their pairs. A crowd that an earlier
    answer kept on the shelf is known from the start.
    """

    def __init__(
        self,
        prints: Prints,
        members: Members,
        second_look: SecondLook,
        memory: VerdictCache,
    ) -> None:
        self._prints, self._members, self._memory = prints, members, memory
        self._policy: Policy = members.options.policy
        self._second_look = second_look
        self._is_new = False
        self._numbers = np.empty(0, np.int64)  # of the prints in the crowd
        self._pictures: dict[int, Coarse | None] = {}  # by id: what was read
        self._of_id: dict[int, int] = {}  # places in `_possible`
        self._possible = np.zeros((0, 0), np.uint8)  # of pictures
        count = len(prints.whole.ids)
        self._tried = np.zeros(count, np.bool_)
        self._place = np.full(count, -1, np.int64)  # of a print in `_possible_prints`
        self._possible_prints = np.zeros((1, 1), np.uint8)
        self._starts = np.zeros(1, np.int64)  # of each print's pictures in `_possible`, and the end
        self._known_pairs = (np.empty(0, np.int64), np.empty(0, np.int64))
        self._kept = memory.crowd()
        if self._kept:
            self._recall()

    def _recall(self) -> None:
        """Take what an earlier answer found of prints all of whose pictures it knew."""
        sizes = np.diff(self._prints.starts)
        numbers = np.repeat(np.arange(len(sizes)), sizes)
        ours = np.isin(self._prints.pictures, list(self._kept))
        known = np.flatnonzero(np.bincount(numbers[ours], minlength=len(sizes)) == sizes)
        self._tried[known] = True
        self._take({n: self._prints.pictures_of(n) for n in known.tolist()}, self._kept)

    def read(self, numbers: Words) -> None:
        """Read the pictures of the prints that are in many of these pairs."""
        new = pair_log.crowded(numbers, self._tried)
        new = new[: max(0, MOST_PRINTS - int(self._tried.sum()))]
        self._tried[new] = True
        if not len(new):
            return
        numbers_tried = [*self._numbers.tolist(), *new.tolist()]
        self._members.add([id_ for n in new.tolist() for id_ in self._prints.pictures_of(n)])
        ids_of = {n: self._prints.pictures_of(n) for n in numbers_tried}
        wanted = [n for n in numbers_tried if all(id_ in self._members.rows for id_ in ids_of[n])]
        self._compare({n: ids_of[n] for n in wanted})

    def _compare(self, ids_of: dict[int, list[int]]) -> None:
        """Find what may be near among the pictures of prints, by their ids."""
        ids = [id_ for some in ids_of.values() for id_ in some]
        kept = self._kept
        if self._read([id_ for id_ in ids if id_ not in kept]):
            self._read(ids)
            kept = {}
        unread = {id_ for id_ in ids if id_ not in kept and self._pictures[id_] is None}
        self._take({n: some for n, some in ids_of.items() if not unread.intersection(some)}, kept)
        self._is_new = not kept

    def _take(self, readable: dict[int, list[int]], kept: dict[int, list[int]]) -> None:
        """Note what may be near among the pictures of prints, as it is kept, or else as read."""
        ids = [id_ for some in readable.values() for id_ in some]
        if kept:
            self._possible = possible_bits.from_partners(ids, kept)
        else:
            read = (self._pictures[id_] for id_ in ids)
            self._possible = possible_bits.of_pictures([each for each in read if each is not None])
            self._throw_out_again(ids)
        self._numbers = np.fromiter(readable, np.int64)
        self._of_id = {id_: at for at, id_ in enumerate(ids)}
        self._place[:] = -1
        self._place[self._numbers] = np.arange(len(readable))
        self._starts = np.cumsum([0, *map(len, readable.values())])
        self._possible_prints = possible_bits.of_prints(self._possible, self._starts[:-1])
        self._known_pairs = possible_bits.pairs_of(self._possible_prints, self._numbers)

    def _throw_out_again(self, ids: Sequence[int]) -> None:
        """Throw out what an earlier answer did: its pairs were not looked for any more."""
        if not self._kept:
            return
        new = np.packbits([id_ not in self._kept for id_ in ids])
        before = possible_bits.from_partners(ids, self._kept)
        for row, id_ in enumerate(ids):
            if id_ in self._kept:
                self._possible[row] &= before[row] | new

    def crowd(self) -> Flags:
        """Tell which prints, bool[p], need not be compared upright with each other."""
        return self._place >= 0

    def known_pairs(self) -> tuple[Places, Places]:
        """Return the pairs of these prints that stay if they match, first < second."""
        return self._known_pairs

    def note(self) -> None:
        """Have what was found kept on the shelf, if any of it is new."""
        if self._is_new:
            self._memory.note_crowd(dict(possible_bits.partners(list(self._of_id), self._possible)))

    def _read(self, ids: Sequence[int]) -> bool:
        """Read pictures, each once; tell whether any of these can be read."""
        missing = [id_ for id_ in ids if id_ not in self._pictures]
        files = [self._members.known_file(id_) for id_ in missing]
        self._pictures.update(zip(missing, self._second_look.reduced(files), strict=True))
        return any(self._pictures[id_] is not None for id_ in ids)

    def kept(self, numbers: Words, ranks: Words) -> Flags:
        """Tell which pairs stay."""
        if not len(self._numbers):  # no crowd, or no picture of it can be read
            return np.ones(len(numbers), np.bool_)
        first, second = pair_log.ends(numbers)
        row, column = self._place[first], self._place[second]
        known = (row >= 0) & (column >= 0) & pair_log.is_upright(ranks)
        byte = self._possible_prints[row, column >> 3]
        return np.asarray(
            ~known | (byte >> (7 - (column & 7)).astype(np.uint8) & 1).astype(np.bool_)
        )

    def left(self, picture: int, nominees: Iterable[Nominee]) -> Iterator[Nominee]:
        """Yield what may be near a picture among the pictures nominated for it, with measures."""
        own = self._of_id.get(picture)
        if own is None:
            yield from nominees
            return
        crowd: list[Nominee] = []
        for other, measures in nominees:
            at = self._of_id.get(other)
            if measures.turn or at is None:
                yield other, measures
            elif self._possible[own, at >> 3] & 128 >> (at & 7):
                crowd.append((other, measures))
            else:
                self._throw_out(picture, other)
        pictures = [self._pictures.get(id_) for id_ in (picture, *(id_ for id_, _ in crowd))]
        known = [each for each in pictures if each is not None]
        if len(known) < len(pictures):  # an earlier run compared them, and it is all in the bits
            yield from crowd
            return
        for (other, measures), differs in zip(
            crowd, coarse.differing(known[0], known[1:]), strict=True
        ):
            if differs:
                self._throw_out(picture, other)
            else:
                yield other, measures

    def _throw_out(self, picture: int, other: int) -> None:
        """Remember that a pair cannot be near."""
        a, b = self._of_id[picture], self._of_id[other]
        self._possible[a, b >> 3] &= ~(128 >> (b & 7)) & 255
        self._possible[b, a >> 3] &= ~(128 >> (a & 7)) & 255

    def thrown_out(self, picture: int, number: int) -> list[Nominee]:
        """Return the best of what was thrown out for a picture with this print, best first."""
        place = self._place[number]
        if place < 0:
            return []
        bits = np.unpackbits(self._possible[self._of_id[picture]], count=len(self._of_id))
        out = np.bitwise_or.reduceat(bits, self._starts[:-1]) == 0
        out[place] = False
        twins = [id_ for id_ in self._prints.pictures_of(number) if not bits[self._of_id[id_]]]
        nearest = nearest_prints.nearest(
            self._prints, self._policy, number, self._numbers[out], MOST_NEAREST
        )
        return [
            *((id_, Measures()) for id_ in twins if id_ != picture),
            *((id_, measures) for n, measures in nearest for id_ in self._prints.pictures_of(n)),
        ]
