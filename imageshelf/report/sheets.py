"""Results as sheets: what the page, the notebook and the contact sheet show of each."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from imageshelf.report import calibration as calibrate_report
from imageshelf.report import duplicates as duplicates_report
from imageshelf.report import explanation as explain_report
from imageshelf.report.cards import (
    ASIDE,
    BESIDE,
    COPIES,
    KEEP,
    QUERIES,
    QUERY,
    SHOTS,
    SIMILAR,
    Card,
    CardGroup,
    Sheet,
)
from imageshelf.system import terminal
from imageshelf.system.words import count, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imageshelf.copies.groups import Duplicates, Group, Member
    from imageshelf.searching.calibration import Calibration
    from imageshelf.searching.explanation import Explanation, MeasuredPicture
    from imageshelf.searching.matches import Match, Matches

SECTIONS = {"another shot": SHOTS, "similar": SIMILAR}


def of_matches(matches: Matches, shelf: str = "") -> Sheet:
    """Return a sheet of queries, each with its matches, nearest first."""
    by_query: dict[str, list[Match]] = {}
    for match in matches:
        by_query.setdefault(match.query, []).append(match)
    asked = [(one.path, one.problem) for one in matches.asked]
    asked = asked or [(path, "") for path in by_query]  # a list that was sliced or filtered
    groups = tuple(_matched(path, why, by_query.get(path, [])) for path, why in asked)
    found = count(len(matches), "match", "matches")
    queries = count(len(groups), "query", "queries")
    place = os.path.abspath(shelf) if shelf else ""
    return Sheet("Matches", groups, (f"{found} for {queries}.",), place, nouns=("query", "queries"))


def _matched(query: str, problem: str, found: Sequence[Match]) -> CardGroup:
    note = shown(problem)
    if not found and not note:
        note = "No picture on the shelf matches."
    cards = (Card(os.path.abspath(query), role=QUERY), *map(_match_card, found))
    return CardGroup(shown(os.path.basename(query) or query), cards, QUERIES, note)


def _match_card(match: Match) -> Card:
    return Card(
        match.path,
        kind=match.kind,
        turn=match.turn,
        facts=_distances(match.distance, match.score, match.turn),
        width=match.width,
        height=match.height,
        size_bytes=-1 if match.size_bytes is None else match.size_bytes,
        mtime_ns=-1 if match.mtime_ns is None else match.mtime_ns,
        score=match.score,
    )


def _distances(row: int, score: int | None, turn: str) -> tuple[str, ...]:
    """Return what is measured in words: the distance in bits, the score, how it was turned."""
    scored = () if score is None else (f"score {score}",)
    return (count(row, "bit") + " apart", *scored, *((turn,) if turn else ()))


def of_duplicates(found: Duplicates, shelf: str = "") -> Sheet:
    """Return a sheet of all groups of a shelf; what to know of them is said first."""
    return of_groups(found.groups, shelf, duplicates_report.sentences(found))


def of_groups(groups: Iterable[Group], shelf: str, intro: Iterable[str] = ()) -> Sheet:
    """Return a sheet of duplicate groups, each with what the keep rule suggests."""
    every = tuple(_grouped(group) for group in groups)
    command = (_python(), "-m", "imageshelf", "clean", "--shelve", os.path.abspath(shelf))
    return Sheet("Duplicates", every, tuple(intro), os.path.abspath(shelf), command)


def _grouped(group: Group) -> CardGroup:
    section = COPIES
    if group.members and all(member.kind in SECTIONS for member in group.members):
        section = SECTIONS[group.members[0].kind]
    cards = (
        _member_card(group.keeper, KEEP, (), "for this one: "),
        *(
            _member_card(one, KEEP, _measured(one))
            if one.keep
            else _member_card(one, ASIDE, _measured(one), "for the first: ")
            for one in group.members
        ),
        *(_member_card(one, BESIDE, _measured(one)) for one in group.beside),
    )
    return CardGroup(cards[0].label, cards, section)


def _measured(member: Member) -> tuple[str, ...]:
    return _distances(member.row, member.score, member.turn)


def _member_card(member: Member, role: str, measured: tuple[str, ...], argues: str = "") -> Card:
    return Card(
        member.path,
        member.name,
        role,
        kind=member.kind,
        turn=member.turn,
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


def of_explanation(told: Explanation) -> Sheet:
    """Return a sheet of two pictures with everything that was measured."""
    facts = (told.turn,) if told.turn else ()
    second = replace(_measured_card(told.b, "B"), kind=told.kind, turn=told.turn, facts=facts)
    both = (_measured_card(told.a, "A"), second)
    group = CardGroup(" and ".join(card.label for card in both), both, section="")
    return Sheet(
        "Explanation",
        (group,),
        tuple(explain_report.sentences(told)),
        panels=explain_report.panels(told),
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


def of_calibration(told: Calibration, shelf: str = "") -> Sheet:
    """Return a sheet of the plot and the tables, without pictures."""
    place = os.path.abspath(shelf) if shelf else ""
    sentences = tuple(calibrate_report.sentences(told))
    return Sheet("Calibration", (), sentences, place, panels=calibrate_report.panels(told))


def command_line(sheet: Sheet, selection: str) -> str:
    """Return the command that a clean-up of an exported selection takes, to be pasted."""
    return " ".join(map(terminal.quoted, [*sheet.command, "--selection", selection]))


def _python() -> str:
    """Return the interpreter that runs this, or its plain name when it would have to be quoted."""
    known = sys.executable and terminal.quoted(sys.executable) == sys.executable
    return sys.executable if known else "python"


def home() -> str:
    """Return the folder that the command must be run in; "" when any will do: it is installed."""
    try:
        metadata.distribution("imageshelf")
    except metadata.PackageNotFoundError:
        return os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    return ""
