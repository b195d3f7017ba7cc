"""The verbs clean, undo, history and not-duplicates: options in, an answer to print out."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import apply as cleanup
from imageshelf.cleanup import places, planning, selection, undoing
from imageshelf.cleanup.apply import CleanupError
from imageshelf.cleanup.locks import LockError
from imageshelf.cleanup.planning import Rules
from imageshelf.cleanup.selection import SelectionError
from imageshelf.cleanup.undoing import UndoError
from imageshelf.copies import grouping as duplicates
from imageshelf.copies.decoding_ahead import Reading
from imageshelf.copies.groups import Asked, Question
from imageshelf.copies.protected import NoFolderError
from imageshelf.hashing.joins import Effort
from imageshelf.report import cleanup as clean_report
from imageshelf.report import plan as plan_report
from imageshelf.searching import policy as matching
from imageshelf.shelf import ShelfError, names, not_duplicates, open_shelf
from imageshelf.shelf.not_duplicates import NotDuplicatesError
from imageshelf.system import progress, terminal
from imageshelf.system.process import cores
from imageshelf.system.signals import Stopped, stop_at_once, stopping
from imageshelf.system.words import count
from imageshelf.workers.jobs import WorkerError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from imageshelf.cleanup.apply import Result
    from imageshelf.cleanup.planning import Plan
    from imageshelf.copies.groups import Group
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.records import PictureRow

CleaningError = (  # what ends a verb, each with one sentence
    CleanupError,
    LockError,
    NoFolderError,
    NotDuplicatesError,
    SelectionError,
    ShelfError,
    UndoError,
    WorkerError,
)
ROWS_AT_A_TIME = 4096
STOPPED = "Stopped by you; the next undo goes on from here."
CANNOT_UNDO = "--delete cannot be undone; say --yes, or leave it out to set the copies aside"


class Answer(NamedTuple):
    """What a verb has to say: text or bytes for stdout, a hint for stderr, the exit status."""

    text: str | bytes
    status: int = 0
    hint: str = ""


def clean(options: argparse.Namespace) -> Answer:
    """Plan a clean-up and, if asked, do it; the exit status is 1 if something was left alone.

    Raises one of CleaningError before anything is touched.
    """
    if options.apply and options.delete and not options.yes:
        raise CleanupError(CANNOT_UNDO)
    with open_shelf(options.shelve, "w" if options.apply else "r") as shelf:
        since_ns = time.time_ns()
        with stop_at_once():
            plan = planned(shelf, options)
        folder = os.path.abspath(options.set_aside) if options.set_aside else ""
        if not options.apply:
            return _told(shelf, plan, folder, options)
        with progress.bar(len(plan.steps), "picture") as advance:
            result = cleanup.apply(
                shelf, plan, folder=folder, jobs=options.jobs, since_ns=since_ns, advance=advance
            )
    status = result.stopped.exit_status if result.stopped else int(bool(result.left))
    return Answer(_done(result, options), status)


def _done(result: Result, options: argparse.Namespace) -> str | bytes:
    """Return in the wanted form what a clean-up did."""
    if options.null:
        return clean_report.result_null(result)
    if options.format == "json":
        return clean_report.result_json(result)
    if options.format == "csv":
        return clean_report.result_csv(result)
    return clean_report.result_text(result) if result.run else "Nothing to clean up.\n"


def planned(shelf: Shelf, options: argparse.Namespace) -> Plan:
    """Return the plan: by the rules, or by a selection."""
    chosen = selection.read(options.selection) if options.selection else None
    rules = Rules(_action(options), options.kind, tuple(options.reference))
    question = Question(
        policy=_policy(options), keep=options.keep, references=rules.references, files_only=True
    )
    if not chosen:  # a selection is held against all groups, wherever they are
        question = replace(
            question,
            below=tuple(options.dataset),
            across=options.across,
            within=options.within,
            min_size_bytes=options.min_size,
            kinds=options.kind,
        )
    asked = Asked(not_duplicate=not_duplicates.asked(shelf))
    jobs = cores() if options.jobs is None else options.jobs
    with progress.share() as done, progress.share() as read:
        work, reading = Effort(max(jobs, 1), done), Reading(jobs, read)
        groups = duplicates.find(shelf, question, asked, work, reading).groups
    if chosen:
        return selection.plan(shelf, chosen, groups, rules)
    return planning.plan(groups, rows_of(shelf, groups), rules)


def rows_of(shelf: Shelf, groups: Sequence[Group]) -> dict[int, PictureRow]:
    """Return the catalogue's rows of all pictures in groups."""
    ids = sorted({one.id for group in groups for one in (group.keeper, *group.members)})
    catalogue = shelf.whole_catalogue()
    return {
        row.id: row
        for start in range(0, len(ids), ROWS_AT_A_TIME)
        for row in catalogue.rows(ids[start : start + ROWS_AT_A_TIME])
    }


def _action(options: argparse.Namespace) -> str:
    if options.trash:
        return planning.TRASH
    if options.hardlink:
        return planning.HARD_LINK
    return planning.DELETE if options.delete else planning.SET_ASIDE


def _policy(options: argparse.Namespace) -> matching.Policy:
    if options.strict:
        return matching.STRICT
    return matching.LOOSE if options.loose else matching.DEFAULT


def _told(shelf: Shelf, plan: Plan, folder: str, options: argparse.Namespace) -> Answer:
    """Return the plan in the wanted form; a folder that could not be used is told now, too."""
    into = ""
    if plan.action == planning.SET_ASIDE and plan.steps:
        into = folder or places.default_folder(shelf, plan)
        try:
            places.require_usable(shelf, plan, into)
        except places.PlaceError as exc:
            raise CleanupError(str(exc)) from exc
    if options.null:
        return Answer(plan_report.plan_null(plan))
    if options.format == "json":
        return Answer(plan_report.plan_json(plan))
    if options.format == "csv":
        return Answer(plan_report.plan_csv(plan))
    paint = terminal.painter(sys.stdout)
    text = plan_report.plan_text(plan, show_left=options.show_left, into=into, paint=paint)
    hint = "Nothing was touched. Add --apply to do it." if plan.steps else ""
    if number := shelf.whole_catalogue().at_urls():
        hint += f"\n{count(number, 'picture')} at an URL left out: those are never touched."
    return Answer(text, hint=hint.strip())


def undo(options: argparse.Namespace) -> Answer:
    """Take a clean-up back; the exit status is 1 if something is not back.

    Raises CleaningError. When the user stops it, the next undo goes on from there.
    """
    with open_shelf(options.shelve, "w") as shelf, stopping() as stop:
        try:
            undone = undoing.undo(shelf, options.run, lambda _: stop.check())
        except Stopped as stopped:
            return Answer(
                "", stopped.exit_status, "Stopped by you; the next undo goes on from here."
            )
    return Answer(clean_report.undone_text(undone), 1 if undone.lost else 0)


def history(options: argparse.Namespace) -> Answer:
    """List the clean-ups. Raises CleaningError."""
    with open_shelf(options.shelve) as shelf:
        past = undoing.history(shelf)
    if options.format == "json":
        return Answer(clean_report.history_json(past))
    return Answer(clean_report.history_text(past))


def not_the_same(options: argparse.Namespace) -> Answer:
    """Remember, forget or list pictures that are no duplicates. Raises CleaningError."""
    pictures = [names.absolute(path) for path in options.pictures]
    if options.list:
        with open_shelf(options.shelve) as shelf:
            return Answer(clean_report.pairs_text(not_duplicates.listed(shelf)))
    with open_shelf(options.shelve, "w") as shelf:
        if options.forget:
            number = not_duplicates.forget(shelf, pictures)
            return Answer(f"{count(number, 'pair')} forgotten\n")
        number = not_duplicates.remember(shelf, pictures)
        return Answer(f"{count(number, 'pair')} remembered as no duplicates\n")
