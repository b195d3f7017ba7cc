"""The rule above the chain: nothing goes that has more of anything than the copy that stays.

Where each of two copies has something that the other lacks, both stay, and the reason says what.
"""

from __future__ import annotations

from typing import NamedTuple

from imageshelf.copies.companions import TAKEOUT, without_twin
from imageshelf.copies.keep_rule import RankedCopy, frames_in_words, joined, written_beyond
from imageshelf.copies.sidecar_contents import says_no_more
from imageshelf.pictures.extras import WORDS
from imageshelf.system.words import with_article

MORE_SCENE = 0.01  # of all that either shows
MORE_PIXELS = 1.03  # times as many: rounding, or a row that a lossless turn cut away, is less
MEGA = 1_000_000
TAKEN_OVER = {"xmp sidecar", TAKEOUT}  # kinds of companions


class Seen(NamedTuple):
    """What laying one copy over another told: of the first, then of the second.

    `scale` is how many times as many pixels the first has of what both show. `enlarged` tells that
    the one with more was made by enlarging the other.
    """

    scale: float = 1.0
    shows: tuple[float, float] = (1.0, 1.0)
    enlarged: bool = False

    def reversed(self) -> Seen:
        """Return the same with the two exchanged."""
        return Seen(1 / self.scale, (self.shows[1], self.shows[0]), self.enlarged)


def why_both_stay(going: RankedCopy, kept: RankedCopy, seen: Seen) -> str:
    """Return what a copy has that the one to keep lacks, and the reverse; "" if it may go."""
    ours = merits(going, kept, seen)
    if not ours:
        return ""
    theirs = merits(kept, going, seen.reversed())
    more = f"; {kept.name} has {joined(theirs)}" if theirs else ""
    return f"stays: it has {joined(ours)}{more}"


def apart_from_words(copy: RankedCopy) -> RankedCopy:
    """Return a copy without what `clean --take-over` leaves to the picture that stays."""
    origin = copy.origin and copy.origin._replace(written=())
    companions = tuple(one for one in copy.companions if one.kind not in TAKEN_OVER)
    return copy._replace(origin=origin, companions=companions)


def merits(one: RankedCopy, other: RankedCopy, seen: Seen) -> list[str]:
    """Return in words what one copy has and the other lacks."""
    found = []
    if one.frames > other.frames:
        found.append(frames_in_words(one))
    found += [words for bit, words in WORDS.items() if one.extras & ~other.extras & bit]
    if seen.shows[0] > seen.shows[1] + MORE_SCENE:
        found.append("more of the scene")
    if other.grey and not one.grey:
        found.append("colour")
    if one.deep_bits > other.deep_bits:
        found.append(f"{one.deep_bits} bits for each sample")
    if seen.scale > MORE_PIXELS and not seen.enlarged:
        found.append(_size(one))
    found += [
        with_article(companion.kind)
        for companion in without_twin(one.companions, other.companions)
        if not says_no_more(companion.path, [each.path for each in other.companions])
    ]
    return found + written_beyond(one, other)


def _size(copy: RankedCopy) -> str:
    pixels = copy.width * copy.height
    return f"{pixels / MEGA:.1f} megapixels" if pixels >= MEGA else f"{copy.width}x{copy.height}"
