"""Pictures that may have the same bytes: of as many bytes, and in a crowd, of the same digest.

Ten thousand scanned forms, each nominated for all others, are fifty million pairs. When only
identical bytes are asked for, hardly any of these is worth remembering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.copies import byte_digests, pair_log

if TYPE_CHECKING:
    from imageshelf.copies.byte_digests import DecodeOptions
    from imageshelf.copies.distinct_fingerprints import Prints, StoredPrints
    from imageshelf.copies.members import Members
    from imageshelf.copies.pair_log import Flags, Words
    from imageshelf.hashing.hamming import Places

UNKNOWN = -1


class ByteSieve:
    """Throws out pairs of pictures whose bytes differ: a `pair_log.Sieve`.

    The prints were made with the sizes of the files, so that each has one size.
    """

    def __init__(
        self, prints: Prints, pictures: StoredPrints, members: Members, decoding: DecodeOptions
    ) -> None:
        assert pictures.sizes is not None
        self._prints, self._members, self._decoding = prints, members, decoding
        places = np.searchsorted(pictures.whole.ids, prints.pictures[prints.starts[:-1]])
        self._sizes = pictures.sizes[places]
        self._contents = np.full(len(places), UNKNOWN)  # equal numbers for equal digests
        self._numbers: dict[bytes, int] = {}
        self._tried = np.zeros(len(places), np.bool_)

    def read(self, numbers: Words) -> None:
        """Digest the pictures of the prints that are in many of these pairs."""
        new = pair_log.crowded(numbers, self._tried)
        self._tried[new] = True
        ids_of = {number: self._prints.pictures_of(number) for number in new.tolist()}
        ids = [id_ for some in ids_of.values() for id_ in some]
        self._members.add(ids)
        there = [id_ for id_ in ids if id_ in self._members.rows]
        byte_digests.read_digests(self._members, there, self._decoding)
        for number, some in ids_of.items():
            digests = {self._members.digest(id_) for id_ in some}
            digest = digests.pop()
            if digest is not None and not digests:
                self._contents[number] = self._numbers.setdefault(digest, len(self._numbers))

    def kept(self, numbers: Words, _: Words) -> Flags:
        """Tell which of these pairs stay."""
        first, second = pair_log.ends(numbers)
        a, b = self._contents[first], self._contents[second]
        same_content = (a == b) | (a == UNKNOWN) | (b == UNKNOWN)
        return np.asarray((self._sizes[first] == self._sizes[second]) & same_content)

    def crowd(self) -> Flags:
        """Tell which prints need not be compared with each other: none."""
        return np.zeros(len(self._sizes), np.bool_)

    def known_pairs(self) -> tuple[Places, Places]:
        """Return no pairs."""
        return np.empty(0, np.int64), np.empty(0, np.int64)
