"""Pictures as cards in groups, which the page, the notebook and the contact sheet show.

Code that shows a `Sheet` knows nothing of searching or duplicates; `sheets` makes them of results.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from imageshelf.pictures import thumbnails
from imageshelf.pictures.thumbnails import Thumbnail, ThumbnailTask
from imageshelf.report.thumbnails import made
from imageshelf.shelf.names import to_bytes
from imageshelf.system.words import day, instant, shown, size

if TYPE_CHECKING:
    from imageshelf.report.panels import Panel

QUERY, KEEP, ASIDE, BESIDE = "query", "keep", "set aside", "beside"
CHOICES = (KEEP, ASIDE)
# Sections of a sheet, in their order on it.
QUERIES, COPIES = "Queries", "Copies"
DEVELOPED = "Camera RAW, and what was developed from it"
VARIANTS, SHOTS = "Variants, of which a part differs", "Other shots of the same moment"
PIECES = "Pieces, each with the picture that it comes from"
SIMILAR, NOT_COMPARED = "Similar pictures", "Could not be compared"
MANY_BYTES = 60_000_000  # of all thumbnails of one page; more pictures get smaller ones
LEAST_BYTES = 3_000
LEAST_LONGEST = 160  # pixels
SELECTION_VERSION = 1
LAST_NS = 250_000_000_000 * 10**9  # the year 9892; later times are not believed


@dataclass(frozen=True)
class Card:
    """One picture and everything to say about it. Lengths are in pixels; -1 and None: unknown."""

    path: str  # absolute
    name: str = ""  # on the shelf; "" for a picture that is not on one
    role: str = ""  # QUERY, KEEP, ASIDE, BESIDE or ""; KEEP and ASIDE can be chosen
    kind: str = ""
    turn: str = ""  # of the first card in the group, to look like this one
    differs: str = ""  # in words: what the second look saw, or that there was none
    facts: tuple[str, ...] = ()
    reason: str = ""
    warning: str = ""
    width: int | None = None
    height: int | None = None
    size_bytes: int = -1
    mtime_ns: int = -1
    captured_at: int | None = None  # ms since 1970 on the camera's own clock
    score: int | None = None
    regions: tuple[tuple[int, int, int, int], ...] = ()  # that differ from the first card
    in_first: tuple[tuple[int, int, int, int], ...] = ()  # of a piece: what both show; so `regions`
    thumbnail: Thumbnail | None = None  # None: not made yet

    @property
    def label(self) -> str:
        """The file's name, every character visible."""
        return shown(os.path.basename(self.path) or self.path)

    @property
    def folder(self) -> str:
        """The folder it lies in, every character visible."""
        return shown(os.path.dirname(self.path))

    @property
    def link(self) -> str:
        """The file as a URI, its name's bytes percent-encoded; "" for a path that is relative."""
        try:
            return PurePath(self.path).as_uri()
        except ValueError:
            return ""

    @property
    def pixels(self) -> str:
        """Width and height in words, "" when unknown."""
        known = self.width, self.height
        if self.thumbnail and not self.width:
            known = self.thumbnail.picture_width, self.thumbnail.picture_height
        return f"{known[0]} \u00d7 {known[1]}" if known[0] else ""

    @property
    def size(self) -> str:
        """The file's size in words, "" when unknown."""
        known = self.size_bytes
        if known < 0 and self.thumbnail:
            known = self.thumbnail.size_bytes
        return size(known) if known > 0 else ""

    @property
    def date(self) -> str:
        """When it was taken, or else written, in words; "" when unknown."""
        known, mtime_ns = self.captured_at, self.mtime_ns
        if self.thumbnail:
            known = self.thumbnail.captured_at if known is None else known
            mtime_ns = self.thumbnail.mtime_ns if mtime_ns < 0 else mtime_ns
        return moment(known, mtime_ns)

    def wanted(self, key: int, pictures: int) -> ThumbnailTask:
        """Return the thumbnail to make of it, on a sheet of so many pictures."""
        most_bytes = budget(pictures)
        # Bytes grow with the area: a smaller thumbnail looks better than a harder compressed one.
        share = math.sqrt(most_bytes / thumbnails.MOST_THUMBNAIL_BYTES)
        longest = max(LEAST_LONGEST, round(thumbnails.LONGEST_PIXELS * share))
        return ThumbnailTask(key, self.path, self.size_bytes, self.mtime_ns, longest, most_bytes)


@dataclass(frozen=True)
class CardGroup:
    """Pictures that belong together; the others are compared with the first."""

    title: str
    cards: tuple[Card, ...]
    section: str = COPIES
    note: str = ""

    @property
    def choosing(self) -> bool:
        """Whether there is anything to decide: more than one card that can be kept or go."""
        return sum(card.role in CHOICES for card in self.cards) > 1

    @property
    def key(self) -> str:
        """16 hex digits that change with the pictures of the group."""
        names = b"\0".join(to_bytes(card.name or card.path) for card in self.cards)
        return hashlib.sha256(names).hexdigest()[:16]


@dataclass(frozen=True)
class Sheet:
    """Everything that one page shows."""

    title: str
    groups: tuple[CardGroup, ...]
    intro: tuple[str, ...] = ()  # sentences
    shelf: str = ""  # its path, absolute
    command: tuple[str, ...] = ()  # for the clean-up, without the selection; () for none
    panels: tuple[Panel, ...] = ()  # below the pictures
    nouns: tuple[str, str] = ("group", "groups")  # for a group of cards

    @property
    def cards(self) -> Iterator[Card]:
        """Every card, group after group."""
        return (card for group in self.groups for card in group.cards)

    @property
    def key(self) -> str:
        """16 hex digits that change with the shelf and with any group."""
        keys = "".join(group.key for group in self.groups)
        return hashlib.sha256(to_bytes(self.shelf) + keys.encode()).hexdigest()[:16]


def moment(captured_at: int | None, mtime_ns: int = -1) -> str:
    """Return a capture time in words, or else the day when the file was written.

    >>> moment(1_700_000_000_000), moment(None, 1_700_000_000 * 10**9)
    ('2023-11-14 22:13', 'written 2023-11-14')
    """
    if captured_at is None:
        return f"written {day(mtime_ns)}" if 0 <= mtime_ns < LAST_NS else ""
    return f"{instant(captured_at):%Y-%m-%d %H:%M}"


def budget(pictures: int) -> int:
    """Return how many bytes a thumbnail may take on a sheet of so many pictures.

    >>> budget(100), budget(10_000)
    (11000, 6000)
    """
    share = MANY_BYTES // max(pictures, 1)
    return max(LEAST_BYTES, min(thumbnails.MOST_THUMBNAIL_BYTES, share))


def pictured(cards: Sequence[Card], jobs: int | None = None) -> list[Card]:
    """Return the cards, with missing thumbnails made."""
    wanted = [
        card.wanted(at, len(cards)) for at, card in enumerate(cards) if card.thumbnail is None
    ]
    answer = list(cards)
    for wish, thumbnail in made(wanted, jobs) if wanted else ():
        answer[wish.key] = replace(answer[wish.key], thumbnail=thumbnail)
    return answer
