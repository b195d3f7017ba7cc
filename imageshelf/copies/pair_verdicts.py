"""What is seen of pairs of pictures on a shelf, each pair once, however often it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imageshelf.hashing import turning
from imageshelf.overlay import coarse
from imageshelf.searching import kinds
from imageshelf.searching.looks import Look, identical
from imageshelf.searching.query_prints import TURN_NAMES
from imageshelf.searching.second_look import Pair, SecondLook

if TYPE_CHECKING:
    from imageshelf.copies.members import Members
    from imageshelf.copies.stars import PairOfIds
    from imageshelf.copies.verdict_cache import Ordered, VerdictCache
    from imageshelf.overlay.coarse import Coarse
    from imageshelf.shelf.records import PictureRow

    Content = tuple[bytes | int, bytes | int, int]  # digests, or ids where unknown, and the turn

SEVERAL = 3  # pairs of one picture: reading all of them once costs less than looking at each


class PairVerdicts:
    """The looks at a shelf's pairs, as the options want them.

    Pictures with the same bytes look the same, so one of them is looked at for all. A pair is
    looked at one way round; the other way it is the same look without regions.
    """

    def __init__(
        self, members: Members, second_look: SecondLook, memory: VerdictCache | None = None
    ) -> None:
        self.members, self.second_look = members, second_look
        self.memory = memory
        self._known: dict[Content, Look] = {}
        self._reduced: dict[int, Coarse | None] = {}  # by id

    def at(self, pairs: Sequence[PairOfIds]) -> list[Look | None]:
        """Return what is seen of (first, second, measures); None for what is left out.

        Left out are pairs that the options or the rules exclude, and kinds that are not requested.
        """
        waiting: dict[Content, Ordered] = {}
        for a, b, measures in pairs:
            content = self._content(a, b, measures.turn)
            both_ways = content, _reversed(content)
            known = any(each in waiting or each in self._known for each in both_ways)
            if not known and self._wants_look(a, b, measures.turn):
                waiting[content] = a, b, measures.turn
        kept = self.memory.known(waiting.values()) if self.memory else {}
        self._known.update({c: kept[pair] for c, pair in waiting.items() if pair in kept})
        unseen = {c: pair for c, pair in waiting.items() if pair not in kept}
        if self._only_identical:
            unseen = self._without_unequal(unseen)
        looks = self.second_look.at([self._pair(*pair) for pair in unseen.values()])
        for (content, pair), look in zip(unseen.items(), looks, strict=True):
            self._known[content] = look
            if self.memory:
                self.memory.note(pair, look)
        return [self._requested(self._look(a, b, measures.turn)) for a, b, measures in pairs]

    @property
    def _only_identical(self) -> bool:
        kinds_ = self.members.options.kinds
        return kinds_ is not None and kinds_ <= kinds.IDENTICAL

    def _without_unequal(self, pairs: dict[Content, Ordered]) -> dict[Content, Ordered]:
        """Return the pairs that may have identical pixels.

        A hundred re-saved copies of a picture are 5,000 pairs, none of them identical. So a picture
        of several pairs is read once, as are those it is paired with, and what differs is left out.
        """
        counts = Counter(id_ for a, b, _ in pairs.values() for id_ in (a, b))
        crowded = (p[:2] for p in pairs.values() if max(counts[p[0]], counts[p[1]]) >= SEVERAL)
        missing = sorted({id_ for both in crowded for id_ in both} - self._reduced.keys())
        files = [self.members.known_file(id_) for id_ in missing]
        self._reduced.update(zip(missing, self.second_look.reduced(files), strict=True))
        return {content: pair for content, pair in pairs.items() if self._are_equal(*pair[:2])}

    def _are_equal(self, a: int, b: int) -> bool:
        """Tell whether two pictures are equal when reduced; True also where one was not read."""
        first, second = self._reduced.get(a), self._reduced.get(b)
        if first is None or second is None:
            return True
        same_decoder = self.members.rows[a].format == self.members.rows[b].format
        return coarse.are_equal(first, second, exactly=same_decoder)

    def _look(self, a: int, b: int, turn: int) -> Look | None:
        """Return the look at one pair, which has been looked at if need be."""
        first, second = self.members.rows.get(a), self.members.rows.get(b)
        if first is None or second is None:
            return None
        if share_inode(first, second):
            return identical(kinds.SAME_FILE)
        if not self.members.comparable(a, b):
            return None
        if self.members.rules.kind is not None:
            return Look(self.members.rules.kind(first, second, TURN_NAMES[turn]), compared=True)
        content = self._content(a, b, turn)
        look, other_way = self._known.get(content), self._known.get(_reversed(content))
        if look is None and other_way is not None:
            look = other_way.reversed()
        return look or self._unseen(self._pair(a, b, turn))

    def _unseen(self, pair: Pair) -> Look | None:
        """Return what is known of a pair that nobody looks at."""
        if kinds.same_file(pair.first.path, pair.second.path):
            return identical(kinds.SAME_FILE)
        if kinds.identical_bytes(pair.first, pair.second):
            return identical(kinds.BYTES)
        if self.members.options.hashes_only:
            kind = kinds.kind_of(pair.first, pair.second, TURN_NAMES[pair.turn])
            return Look(kind, trusted=True)
        return None

    def _wants_look(self, a: int, b: int, turn: int) -> bool:
        """Tell whether only a look decides what two pictures are, and somebody wants to know."""
        first, second = self.members.rows.get(a), self.members.rows.get(b)
        options = self.members.options
        if first is None or second is None or options.hashes_only or self.members.rules.kind:
            return False
        if not self.members.comparable(a, b) or share_inode(first, second):
            return False
        digest = self.members.digest(a)
        if digest is not None and digest == self.members.digest(b):
            return False
        if options.kinds is None or options.kinds - kinds.IDENTICAL:
            return True
        by_pixels = not turn and not options.kinds <= kinds.BY_BYTES
        return by_pixels and _may_be_equal(first, second)

    def _requested(self, look: Look | None) -> Look | None:
        requested = self.members.options.kinds
        if look is None or requested is None or look.kind in requested:
            return look
        return None

    def _pair(self, a: int, b: int, turn: int) -> Pair:
        return Pair(self.members.known_file(a), self.members.known_file(b), turn)

    def _content(self, a: int, b: int, turn: int) -> Content:
        ours, theirs = self.members.digest(a), self.members.digest(b)
        return (a if ours is None else ours, b if theirs is None else theirs, turn)


def _reversed(content: Content) -> Content:
    first, second, turn = content
    return second, first, turning.INVERSE[turn]


def share_inode(a: PictureRow, b: PictureRow) -> bool:
    """Tell whether two rows are names of one file; an inode counts only if it has several names."""
    return min(a.nlink, b.nlink) > 1 and (a.device, a.inode) == (b.device, b.inode)


def _may_be_equal(a: PictureRow, b: PictureRow) -> bool:
    """Tell whether two pictures may have identical pixels, by their sizes and thumbnails."""
    sizes = [sorted((row.width, row.height)) for row in (a, b)]
    return sizes[0] == sizes[1] and not kinds.thumbnails_differ(a.thumbnail, b.thumbnail)
