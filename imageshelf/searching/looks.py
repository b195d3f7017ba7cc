"""What was seen of two pictures laid over each other, and that in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pieces.relations import A_PIECE, CONTAINS
from imageshelf.searching import kinds

if TYPE_CHECKING:
    from imageshelf.overlay.regions import Region
    from imageshelf.pieces.placement import Placement

    Regions = tuple[tuple[int, int, int, int], ...]

PLACES = (("upper", "middle", "lower"), ("left", "centre", "right"))
SMALL_PIXELS = 200  # of the longer side: of so small a form nobody can tell who filled it in
AS_WELL = 0.01  # share that agrees: a smaller difference tells nothing about a small picture
SENTENCES = {
    kinds.SAME_FILE: "One file under two names",
    kinds.BYTES: "The same picture, byte for byte",
    kinds.PIXELS: "The same picture in every pixel",
    kinds.TURNED: "The same picture",
    kinds.NEAR: "The same picture",
    kinds.VARIANT: "The same picture",
    kinds.DEVELOPED: "A camera RAW and what was developed from it",
    kinds.ANOTHER_SHOT: "Two shots of one scene",
}
COPIES = frozenset({kinds.TURNED, kinds.NEAR, kinds.DEVELOPED})  # which are not identical
SAME_SIZE = 0.02  # of a line: a larger change is a resize
ALL_SHOWN = 0.995  # share of a scene that is all of it
ALL_OVER = 0.5  # of the picture's width or height: a region that large has no side


class Look(NamedTuple):
    """What two pictures are to each other.

    `compared` is false if one could not be read: then `kind` is what the hashes would say, and the
    rest is unknown. `trusted` takes that for the truth: --hashes-only. `regions` are (x, y, width,
    height) in pixels of the second picture, the largest first; `shows` has the shares of the scene
    that the first and the second show.
    """

    kind: str
    compared: bool = False
    agrees: float | None = None  # share of what both show
    differs: float | None = None
    regions: Regions = ()
    shows: tuple[float, float] | None = None
    colour_differs: bool = False
    size: tuple[int, int] = (0, 0)  # of the second picture; (0, 0) if unknown
    scale: float = 1.0  # pixels of the first for each of the second, of what both show
    grey: tuple[bool, bool] = (False, False)  # whether each of the two has no colour
    trusted: bool = False
    states: tuple[tuple[int, int], tuple[int, int]] | None = None  # size, mtime of what was read
    piece: Placement | None = None  # where both show the same, of a piece

    @property
    def is_match(self) -> bool:
        """Whether the two are a match, by `kinds.is_match`."""
        return kinds.is_match(self.kind, compared=self.compared or self.trusted)

    def reversed(self) -> Look:
        """Return the look from the second picture at the first, whose regions are not known."""
        shows = self.shows and (self.shows[1], self.shows[0])
        piece = self.piece and self.piece.reversed()
        scale, grey = 1 / self.scale, (self.grey[1], self.grey[0])
        return self._replace(
            regions=(), shows=shows, size=(0, 0), scale=scale, grey=grey, piece=piece
        )

    @property
    def nearness(self) -> tuple[int, float]:
        """A key that sorts the nearest first: the kind, then the share that agrees."""
        return kinds.KINDS.index(self.kind), -(self.agrees or 0.0)


def identical(kind: str) -> Look:
    """Return what is known without a look of two names, or two copies, of the same bytes."""
    return Look(kind, compared=True, agrees=1.0, differs=0.0, shows=(1.0, 1.0))


def is_small(size: tuple[int, int]) -> bool:
    """Tell whether a picture of this size may agree with several different ones."""
    return 0 < max(size) <= SMALL_PIXELS


def agree_as_well(first: Look, second: Look) -> bool:
    """Tell whether a picture is as near to the second of two as to the first, and not identical."""
    alike = first.kind == second.kind and first.is_match and first.kind not in kinds.IDENTICAL
    return alike and (first.agrees or 0.0) - (second.agrees or 0.0) <= AS_WELL


def sentence(look: Look, turn: str = "") -> str:
    """Return what two pictures, A and B, are to each other, in one sentence.

    >>> sentence(Look("near", True, 0.97, 0.03, ((9, 9, 1, 1),), size=(10, 10), scale=1 / 1.44))
    'The same picture; 3 % differs, lower right; B is 1.2 times larger.'
    """
    if look.piece:
        return piece_in_words(look.piece, "A", "B") + "."
    parts = [SENTENCES.get(look.kind, "Two different pictures")]
    if turn and look.kind in {*COPIES, kinds.VARIANT}:
        parts[0] += f", {turn}"
    if not look.compared:
        parts.append("they could not be compared")
    elif look.kind in {*COPIES, kinds.VARIANT}:
        parts += filter(None, [what_differs(look)])
        times = resized(look)
        if abs(times - 1) > SAME_SIZE:
            larger = "A" if times > 1 else "B"
            parts.append(f"{larger} is {max(times, 1 / times):.2g} times larger")
        if look.shows and min(look.shows) < ALL_SHOWN:
            ours, theirs = (f"{100 * share:.0f} %" for share in look.shows)
            parts.append(f"A shows {ours} of the scene, B {theirs}")
    return "; ".join(parts) + "."


def resized(look: Look) -> float:
    """Return how many times larger the first picture is along a line, of what both show."""
    return math.sqrt(look.scale)


def in_pixels(regions: Iterable[Region], size: tuple[int, int]) -> Regions:
    """Return regions, given in shares, as whole pixels of a picture of that size.

    >>> in_pixels([(0.5, 0.25, 0.25, 0.5)], (640, 480))
    ((320, 120, 160, 240),)
    """
    width, height = size
    found = []
    for x, y, across, down in regions:
        left, top = round(x * width), round(y * height)
        right, bottom = round((x + across) * width), round((y + down) * height)
        found.append((left, top, max(1, right - left), max(1, bottom - top)))
    return tuple(found)


def where(region: tuple[int, int, int, int], size: tuple[int, int]) -> str:
    """Return in words where a region lies in a picture: "lower right", "centre", "all over".

    >>> where((600, 400, 30, 60), (640, 480)), where((0, 0, 640, 60), (640, 480))
    ('lower right', 'upper')
    """
    x, y, width, height = region
    large = width > ALL_OVER * size[0], height > ALL_OVER * size[1]
    if all(large):
        return "all over"
    column = min(2, 3 * (2 * x + width) // (2 * size[0]))
    row = min(2, 3 * (2 * y + height) // (2 * size[1]))
    words = [PLACES[0][row]] if not large[1] else []
    words += [PLACES[1][column]] if not large[0] else []
    if words in (["middle", "centre"], ["middle"], ["centre"]):
        return words[-1]
    return " ".join(word for word in words if word not in {"middle", "centre"})


def in_words(look: Look, asker: str = "the query") -> str:
    """Return how alike two copies are, or else what differs, and where; "" if nothing is known.

    >>> in_words(Look("variant", True, 0.96, 0.04, ((600, 400, 30, 60),), size=(640, 480)))
    '4 % differs, lower right'
    >>> in_words(Look("near", True, 0.98, 0.02, scale=4.0))
    '98 % alike, resized'
    """
    if look.piece:
        return piece_in_words(look.piece, asker) + ("" if look.compared else ", not compared")
    parts = []
    if look.kind in COPIES and look.agrees is not None:
        parts.append(f"{100 * look.agrees:.0f} % alike")
        if abs(resized(look) - 1) > SAME_SIZE:
            parts.append("resized")
    else:
        return what_differs(look)
    if look.colour_differs:
        parts.append("another colour")
    return ", ".join(parts)


def piece_in_words(placed: Placement, asker: str = "the query", found: str = "it") -> str:
    """Return how a query is related to what was found: "the query is a piece of it"."""
    verb = "is " if placed.relation == A_PIECE else ""
    parts = [f"{asker} {verb}{placed.relation} {found}"]
    if placed.relation == A_PIECE:
        parts.append(f"{100 * placed.match_share:.0f} %")
        parts.append(where(placed.match_box, placed.match_size))
    elif placed.relation == CONTAINS:
        parts.append(where(placed.query_box, placed.query_size))
    parts = [part for part in parts if part != "all over"]
    if placed.mirrored:
        parts.append("mirrored")
    if abs(placed.turn) >= 1:
        side = "right" if placed.turn > 0 else "left"
        parts.append(f"turned {abs(placed.turn):.0f} degrees {side}")
    return ", ".join(parts)


def what_differs(look: Look) -> str:
    """Return how much differs, and where; "" where nothing does."""
    parts = []
    if look.differs and look.kind != kinds.SIMILAR:
        percent = max(1, round(100 * look.differs))
        parts.append(f"{percent} % differs")
        if look.regions and look.size[0]:
            parts.append(where(look.regions[0], look.size))
    if look.colour_differs:
        parts.append("another colour" if parts else "differs in colour")
    return ", ".join(parts)
