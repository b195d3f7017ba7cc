"""Results as sheets, which the page, the notebook and the contact sheet show."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from imageshelf.report import calibration, duplicates, explanation
from imageshelf.report import folders as report_folders
from imageshelf.report.cards import (
    ASIDE,
    BESIDE,
    COPIES,
    DEVELOPED,
    KEEP,
    NOT_COMPARED,
    PIECES,
    QUERIES,
    QUERY,
    SHOTS,
    SIMILAR,
    VARIANTS,
    Card,
    CardGroup,
    Sheet,
)
from imageshelf.searching import kinds, looks
from imageshelf.searching.kinds import ANOTHER_SHOT, VARIANT
from imageshelf.system import terminal
from imageshelf.system.program import typed
from imageshelf.system.words import count, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imageshelf.copies.folders import FolderCopies
    from imageshelf.copies.groups import Duplicates, Group, Member
    from imageshelf.pieces.placement import Placement
    from imageshelf.searching.calibration import Calibration
    from imageshelf.searching.explanation import Explanation, MeasuredPicture
    from imageshelf.searching.matches import Match, Matches

    Boxes = tuple[tuple[int, int, int, int], ...]

NOT_LOOKED_AT = "not compared"
SECTIONS = {
    VARIANT: VARIANTS, kinds.DEVELOPED: DEVELOPED, kinds.PIECE: PIECES, ANOTHER_SHOT: SHOTS,
    kinds.SIMILAR: SIMILAR,
}  # fmt: skip


def of_matches(matches: Matches, shelf: str = "") -> Sheet:
    """Return a sheet of queries, each with its matches, nearest first."""
    by_query: dict[str, list[Match]] = {}
    for match in matches:
        by_query.setdefault(match.query, []).append(match)
    asked = [(query.path, query.problem) for query in matches.asked]
    asked = asked or [(path, "") for path in by_query]  # a list that was sliced or filtered
    groups = tuple(_matched(path, why, by_query.get(path, [])) for path, why in asked)
    number = sum(match.match for match in matches)
    matched = count(number, "match", "matches")
    if number < len(matches):
        matched += f" and {count(len(matches) - number, 'related picture')}"
    queries = count(len(groups), "query", "queries")
    place = os.path.abspath(shelf) if shelf else ""
    return Sheet(
        "Matches", groups, (f"{matched} for {queries}.",), place, nouns=("query", "queries")
    )


def _matched(query: str, problem: str, matches: Sequence[Match]) -> CardGroup:
    note = shown(problem)
    if not matches and not note:
        note = "No picture on the shelf matches."
    cards = (Card(os.path.abspath(query), role=QUERY), *map(_match_card, matches))
    return CardGroup(shown(os.path.basename(query) or query), cards, QUERIES, note)


def _match_card(match: Match) -> Card:
    card = Card(
        match.path,
        kind=match.kind,
        turn=match.turn,
        differs=_seen(match),
        facts=() if match.piece else _distances(match.distance, match.score, match.turn),
        width=match.width,
        height=match.height,
        size_bytes=-1 if match.size_bytes is None else match.size_bytes,
        mtime_ns=-1 if match.mtime_ns is None else match.mtime_ns,
        score=match.score,
    )
    return _outlined(card, match.regions, match.piece)


def _outlined(card: Card, regions: Boxes, piece: Placement | None) -> Card:
    """Return a card with what is outlined: what differs, or what a piece has in common."""
    if piece is None:
        return replace(card, regions=regions)
    return replace(card, regions=(piece.match_box,), in_first=(piece.query_box,))


def _distances(row: int, score: int | None, turn: str) -> tuple[str, ...]:
    """Return the measures in words: the distance in bits, the score, the turn."""
    scored = () if score is None else (f"score {score}",)
    return (count(row, "bit") + " apart", *scored, *((turn,) if turn else ()))


def of_duplicates(answer: Duplicates, shelf: str = "") -> Sheet:
    """Return a sheet of all groups of a shelf, after sentences that introduce them."""
    return of_groups(answer.groups, shelf, duplicates.sentences(answer))


def of_folders(folders: Sequence[FolderCopies], answer: Duplicates, shelf: str = "") -> Sheet:
    """Return the sheet of all groups, with a table of what folders have in common."""
    sheet = of_duplicates(answer, shelf)
    intro = (*sheet.intro, *report_folders.sentences(folders))
    return replace(sheet, intro=intro, panels=(report_folders.panel(folders),))


def of_groups(groups: Iterable[Group], shelf: str, intro: Iterable[str] = ()) -> Sheet:
    """Return a sheet of duplicate groups, with the choice that the keep rule suggests."""
    every = tuple(_grouped(group) for group in groups)
    program = ("imageshelf",) if typed() == "imageshelf" else (_python(), "-m", "imageshelf")
    command = (*program, "clean", "--shelve", os.path.abspath(shelf))
    return Sheet("Duplicates", every, tuple(intro), os.path.abspath(shelf), command)


def _grouped(group: Group) -> CardGroup:
    section = COPIES
    if group.members and not group.has_copies:
        section = SECTIONS.get(group.members[0].kind, NOT_COMPARED)
    cards = (
        _member_card(group.keeper, KEEP, (), "for this one: "),
        *(
            _member_card(member, KEEP, _measured(member))
            if member.keep or not member.compared  # what nobody has looked at goes by choice alone
            else _member_card(member, ASIDE, _measured(member), "for the first: ")
            for member in group.members
        ),
        *(_member_card(member, BESIDE, _measured(member)) for member in group.beside),
    )
    return CardGroup(cards[0].label, cards, section)


def _measured(member: Member) -> tuple[str, ...]:
    """Return the measures in words; of a piece, of which hashes say nothing, none."""
    return () if member.piece else _distances(member.row, member.score, member.turn)


def _seen(one: Match | Member) -> str:
    return one.told if one.compared else NOT_LOOKED_AT


def _member_card(member: Member, role: str, measured: tuple[str, ...], argues: str = "") -> Card:
    card = Card(
        member.path,
        member.name,
        role,
        kind=member.kind,
        turn=member.turn,
        differs=_seen(member) if member.kind else "",
        facts=(*measured, *((shown(member.camera),) if member.camera else ())),
        reason=shown(argues + member.reason) if member.reason else "",
        warning=shown(member.warning),
        width=member.width,
        height=member.height,
        size_bytes=member.size_bytes,
        mtime_ns=member.mtime_ns,
        captured_at=member.captured_at,
        score=member.score,
    )
    return _outlined(card, member.regions, member.piece)


def of_explanation(answer: Explanation) -> Sheet:
    """Return a sheet of two pictures with everything that was measured."""
    facts = (answer.turn,) if answer.turn else ()
    second = replace(
        _measured_card(answer.b, "B"),
        kind=answer.kind,
        turn=answer.turn,
        differs=looks.in_words(answer.look),
        facts=facts,
    )
    second = _outlined(second, answer.look.regions, answer.look.piece)
    both = (_measured_card(answer.a, "A"), second)
    group = CardGroup(" and ".join(card.label for card in both), both, section="")
    return Sheet(
        "Explanation",
        (group,),
        tuple(explanation.sentences(answer)),
        panels=explanation.panels(answer),
    )


def _measured_card(measured: MeasuredPicture, role: str) -> Card:
    facts = measured.facts
    return Card(
        os.path.abspath(measured.path),
        role=role,
        width=facts.width,
        height=facts.height,
        size_bytes=facts.size_bytes,
        captured_at=facts.captured_at,
    )


def of_calibration(answer: Calibration, shelf: str = "") -> Sheet:
    """Return a sheet with the plot and the tables, without pictures."""
    place = os.path.abspath(shelf) if shelf else ""
    sentences = tuple(calibration.sentences(answer))
    return Sheet("Calibration", (), sentences, place, panels=calibration.panels(answer))


def command_line(sheet: Sheet, selection: str) -> str:
    """Return the command that cleans up by an exported selection, ready to be pasted."""
    return " ".join(map(terminal.quoted, [*sheet.command, "--selection", selection]))


def _python() -> str:
    """Return the running interpreter, or "python" if its path would need quotes."""
    known = sys.executable and terminal.quoted(sys.executable) == sys.executable
    return sys.executable if known else "python"


def home() -> str:
    """Return the folder in which the command must run; "" for any, if it is installed."""
    try:
        metadata.distribution("imageshelf")
    except metadata.PackageNotFoundError:
        return os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    return ""
