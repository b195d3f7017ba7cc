"""Pictures as cards in groups: what the page, the notebook and the contact sheet show.

A result becomes a `Sheet` here (`of_matches`, `of_groups`); what shows it knows nothing of
searching or of duplicates.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import os
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from imageshelf import report, terminal
from imageshelf.page import thumbnails
from imageshelf.page.thumbnails import Thumbnail, Wanted
from imageshelf.shelf.names import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imageshelf.searching import Match, Matches

QUERY, KEEP, ASIDE, BESIDE = "query", "keep", "set aside", "beside"
CHOICES = (KEEP, ASIDE)
# Sections of a sheet, in their order on it.
QUERIES, COPIES = "Queries", "Copies"
SHOTS, SIMILAR = "Other shots of the same moment", "Similar pictures"
SECTIONS = {"another shot": SHOTS, "similar": SIMILAR}
MANY_BYTES = 60_000_000  # of all thumbnails of one page; more pictures get smaller ones
LEAST_BYTES = 3_000
LEAST_LONGEST = 160  # pixels
SELECTION_VERSION = 1
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - camera clocks know no time zone


@dataclass(frozen=True)
class Card:
    """One picture with what there is to say about it. Lengths in pixels, -1 and None: unknown."""

    path: str  # absolute
    name: str = ""  # on the shelf; "" for a picture that is not on one
    role: str = ""  # QUERY, KEEP, ASIDE, BESIDE or ""; KEEP and ASIDE can be chosen
    kind: str = ""
    turn: str = ""  # what the first card of the group undergoes to look like this one
    facts: tuple[str, ...] = ()
    reason: str = ""
    warning: str = ""
    width: int | None = None
    height: int | None = None
    size_bytes: int = -1
    mtime_ns: int = -1
    captured_at: int | None = None  # ms since 1970 on the camera's own clock
    score: int | None = None
    thumbnail: Thumbnail | None = None  # None: not made yet

    @property
    def label(self) -> str:
        """The file's name, every character visible."""
        return report.shown(os.path.basename(self.path) or self.path)

    @property
    def folder(self) -> str:
        """The folder it lies in, every character visible."""
        return report.shown(os.path.dirname(self.path))

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
        return report.size(known) if known > 0 else ""

    @property
    def date(self) -> str:
        """When it was taken, in words, "" when unknown."""
        known = self.captured_at
        if known is None and self.thumbnail:
            known = self.thumbnail.captured_at
        return moment(known)

    def wanted(self, key: int, pictures: int) -> Wanted:
        """Return the thumbnail to make of it among so many pictures."""
        most_bytes = budget(pictures)
        # The bytes go with the area: shrinking by that looks better than compressing harder.
        share = math.sqrt(most_bytes / thumbnails.MOST_BYTES)
        longest = max(LEAST_LONGEST, round(thumbnails.LONGEST * share))
        return Wanted(key, self.path, self.size_bytes, self.mtime_ns, longest, most_bytes)


@dataclass(frozen=True)
class CardGroup:
    """Pictures that belong together; the first is what the others are compared with."""

    title: str
    cards: tuple[Card, ...]
    section: str = COPIES
    note: str = ""

    @property
    def choosing(self) -> bool:
        """Whether there is anything to decide: a card to keep and another one."""
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
    command: tuple[str, ...] = ()  # the clean-up's, without the selection; () when none is wanted

    @property
    def cards(self) -> Iterator[Card]:
        """Every card, group after group."""
        return (card for group in self.groups for card in group.cards)

    @property
    def key(self) -> str:
        """16 hex digits that change with the shelf and with any group."""
        keys = "".join(group.key for group in self.groups)
        return hashlib.sha256(to_bytes(self.shelf) + keys.encode()).hexdigest()[:16]


class Member(Protocol):
    """What is asked of a picture of a duplicate group; see duplicates.Member."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def turn(self) -> str: ...  # noqa: D102
    @property
    def row(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int | None: ...  # noqa: D102
    @property
    def height(self) -> int | None: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102
    @property
    def mtime_ns(self) -> int: ...  # noqa: D102
    @property
    def captured_at(self) -> int | None: ...  # noqa: D102
    @property
    def camera(self) -> str | None: ...  # noqa: D102
    @property
    def keep(self) -> bool: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def warning(self) -> str: ...  # noqa: D102


class Group(Protocol):
    """What is asked of a duplicate group; see duplicates.Group."""

    @property
    def keeper(self) -> Member: ...  # noqa: D102
    @property
    def members(self) -> Sequence[Member]: ...  # noqa: D102
    @property
    def beside(self) -> Sequence[Member]: ...  # noqa: D102


def moment(captured_at: int | None) -> str:
    """Return a capture time in words.

    >>> moment(1_700_000_000_000)
    '2023-11-14 22:13'
    """
    if captured_at is None:
        return ""
    return f"{_EPOCH + dt.timedelta(milliseconds=captured_at):%Y-%m-%d %H:%M}"


# -- matches --------------------------------------------------------------------------------------


def of_matches(matches: Matches, shelf: str = "") -> Sheet:
    """Return a sheet of queries, each with its matches, nearest first."""
    by_query: dict[str, list[Match]] = {}
    for match in matches:
        by_query.setdefault(match.query, []).append(match)
    asked = [(one.path, one.problem) for one in matches.asked]
    asked = asked or [(path, "") for path in by_query]  # a list that was sliced or filtered
    groups = tuple(_matched(path, why, by_query.get(path, [])) for path, why in asked)
    found = report.count(len(matches), "match", "matches")
    queries = report.count(len(groups), "query", "queries")
    return Sheet("Matches", groups, (f"{found} for {queries}.",), shelf)


def _matched(query: str, problem: str, found: Sequence[Match]) -> CardGroup:
    note = report.shown(problem)
    if not found and not note:
        note = "No picture on the shelf matches."
    cards = (Card(os.path.abspath(query), role=QUERY), *map(_match_card, found))
    return CardGroup(report.shown(os.path.basename(query) or query), cards, QUERIES, note)


def _match_card(match: Match) -> Card:
    return Card(
        match.path,
        kind=match.kind,
        turn=match.turn,
        facts=_distances(match.distance, match.score, match.turn),
        width=match.width,
        height=match.height,
        size_bytes=-1 if match.size_bytes is None else match.size_bytes,
        score=match.score,
    )


def _distances(row: int, score: int | None, turn: str) -> tuple[str, ...]:
    """Return what is measured in words: the distance in bits, the score, how it was turned."""
    scored = () if score is None else (f"score {score}",)
    return (report.count(row, "bit") + " apart", *scored, *((turn,) if turn else ()))


# -- duplicates -----------------------------------------------------------------------------------


def of_groups(groups: Iterable[Group], shelf: str, intro: Iterable[str] = ()) -> Sheet:
    """Return a sheet of duplicate groups, each with what the keep rule suggests."""
    every = tuple(_grouped(group) for group in groups)
    command = ("python", "-m", "imageshelf", "clean", "--shelve", os.path.abspath(shelf))
    return Sheet("Duplicates", every, tuple(intro), os.path.abspath(shelf), command)


def _grouped(group: Group) -> CardGroup:
    others = [member for member in group.members if member.id != group.keeper.id]
    section = COPIES
    if others and all(member.kind in SECTIONS for member in others):
        section = SECTIONS[others[0].kind]
    cards = (
        _member_card(group.keeper, KEEP, ()),
        *(_member_card(one, KEEP if one.keep else ASIDE, _measured(one)) for one in others),
        *(_member_card(one, BESIDE, _measured(one)) for one in group.beside),
    )
    return CardGroup(cards[0].label, cards, section)


def _measured(member: Member) -> tuple[str, ...]:
    return _distances(member.row, member.score, member.turn)


def _member_card(member: Member, role: str, measured: tuple[str, ...]) -> Card:
    return Card(
        member.path,
        member.name,
        role,
        kind=member.kind,
        turn=member.turn,
        facts=(*measured, *((report.shown(member.camera),) if member.camera else ())),
        reason=report.shown(member.reason),
        warning=report.shown(member.warning),
        width=member.width,
        height=member.height,
        size_bytes=member.size_bytes,
        mtime_ns=member.mtime_ns,
        captured_at=member.captured_at,
        score=member.score,
    )


# -- pictures -------------------------------------------------------------------------------------


def budget(pictures: int) -> int:
    """Return how many bytes a thumbnail may take among so many.

    >>> budget(100), budget(10_000)
    (15000, 6000)
    """
    share = MANY_BYTES // max(pictures, 1)
    return max(LEAST_BYTES, min(thumbnails.MOST_BYTES, share))


def pictured(cards: Sequence[Card], jobs: int | None = None) -> list[Card]:
    """Return the cards with their thumbnails, made where they are missing."""
    wanted = [
        card.wanted(at, len(cards)) for at, card in enumerate(cards) if card.thumbnail is None
    ]
    answer = list(cards)
    for wish, thumbnail in thumbnails.made(wanted, jobs) if wanted else ():
        answer[wish.key] = replace(answer[wish.key], thumbnail=thumbnail)
    return answer


def command_line(sheet: Sheet, selection: str) -> str:
    """Return the command that a clean-up of an exported selection takes, to be pasted."""
    return " ".join(map(terminal.quoted, [*sheet.command, "--selection", selection]))
