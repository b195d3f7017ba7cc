"""The verbs that change things (clean, undo, purge ...): options in, an answer to print out."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import cleaning, locks, places, planning, purging, selection, undo_run
from imageshelf.cleanup.apply import CleanupError, Result, apply_plan
from imageshelf.cleanup.history import files_of
from imageshelf.cleanup.history import history as history_of
from imageshelf.cleanup.planning import Plan, Rules
from imageshelf.cleanup.run import LeftAlone
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.cli import asking
from imageshelf.copies import preferred
from imageshelf.copies.protected_folders import ProtectedFolders
from imageshelf.copies.shown_digests import ShownDigests
from imageshelf.report.cleanup import (
    files_json,
    files_text,
    history_json,
    history_text,
    pairs_text,
    purge_text,
    result_csv,
    result_json,
    result_null,
    result_text,
    trust_text,
    undo_line,
    undone_text,
)
from imageshelf.report.plan import plan_csv, plan_json, plan_null, plan_text
from imageshelf.searching.kinds import BY_RULE
from imageshelf.shelf import Shelf, names, not_duplicates, open_shelf, preferences
from imageshelf.system import terminal
from imageshelf.system.program import typed
from imageshelf.system.progress import bar
from imageshelf.system.signals import Stopped, stop_at_once, stopping
from imageshelf.system.user_key import UserKeyError
from imageshelf.system.words import count

if TYPE_CHECKING:
    import argparse


STOPPED = "Stopped by you; the next undo goes on from here."
UNTOUCHED = "Nothing was touched. Add --yes to do it."
CANNOT_UNDO = "--delete cannot be undone; say --yes, or leave it out to set the copies aside"


class Answer(NamedTuple):
    """What a verb prints: text or bytes on stdout, a hint on stderr; and its exit status."""

    text: str | bytes
    status: int = 0
    hint: str = ""


def clean(options: argparse.Namespace) -> Answer:
    """Plan a clean-up and, with --apply, carry it out; status 1 if something was left alone.

    Raises SentenceError before anything is touched.
    """
    if options.apply and options.delete and not options.yes:
        raise CleanupError(CANNOT_UNDO)
    if options.remember:
        _remember(options)
    with open_shelf(options.shelve, "w" if options.apply else "r") as shelf:
        since_ns = time.time_ns()
        with stop_at_once():
            plan = planned(shelf, options)
        folder = os.path.abspath(options.set_aside) if options.set_aside else ""
        if not options.apply:
            return _plan_answer(shelf, plan, folder, options)
        _tell_of_others(shelf)
        with bar(len(plan.steps), "picture", "cleaning up") as progress:
            result = apply_plan(
                shelf, plan, folder=folder, jobs=options.jobs, since_ns=since_ns, progress=progress
            )
    if options.selection:  # each of these was chosen: none is left alone without a word
        chosen = (LeftAlone(left.path, left.reason) for g in plan.groups for left in g.left)
        result = result._replace(left=[*chosen, *result.left])
    status = result.stopped.exit_status if result.stopped else int(bool(result.left))
    seen = sys.stdout is not None and sys.stdout.isatty()  # else stdout may go where nobody looks
    seen = seen and options.format == "text" and not options.null
    hint = "" if seen else undo_line(result, options.shelve)
    return Answer(_done(result, options, way_back=seen), status, hint)


def _tell_of_others(shelf: Shelf) -> None:
    """Say on stderr why nothing happens for a while, if another clean-up or undo is at work."""
    if locks.is_held(shelf):
        sys.stderr.write("imageshelf: waits for another clean-up or undo of this shelf to end\n")


def _done(result: Result, options: argparse.Namespace, *, way_back: bool) -> str | bytes:
    """Return what a clean-up did, in the format asked for."""
    if options.null:
        return result_null(result)
    if options.format == "json":
        return result_json(result)
    if options.format == "csv":
        return result_csv(result)
    if not (result.run or result.left):
        return "Nothing to clean up.\n"
    return result_text(result, options.shelve, way_back=way_back)


def planned(shelf: Shelf, options: argparse.Namespace) -> Plan:
    """Return the plan: by the rules, or by a selection."""
    chosen = selection.read(options.selection) if options.selection else None
    question = replace(
        asking.group_options(options), hard_links=options.hardlink, take_over=options.take_over
    )
    if chosen:  # it is checked against all groups, wherever they are
        question = replace(
            question, below=(), across=False, within=False, min_size_bytes=0, kinds=None
        )
    by_rule = not chosen and options.show_left and question.kinds == BY_RULE
    if by_rule:  # the others are looked for, too: they are left
        question = replace(question, kinds=None)
    question, found = cleaning.find_copies(shelf, question, options.jobs)
    if not chosen:
        plan = cleaning.plan_for(question, found, _action(options), options.jobs)
        return cleaning.with_left_by_rule(plan, question, found) if by_rule else plan
    rules = Rules(_action(options), options.kind, question.references, options.take_over)
    plan = selection.plan(shelf, chosen, found.groups, rules)
    if not options.take_over:
        return plan
    return cleaning.take_over_in(plan, question.references, options.jobs)


def _remember(options: argparse.Namespace) -> None:
    """Keep the preferences among the options on the shelf."""
    asked = preferred.to_keep(asking.group_options(options))
    ProtectedFolders((*asked.reference, *asked.prefer))  # each is a folder
    with open_shelf(options.shelve, "w") as shelf:
        try:
            preferences.keep(shelf, asked)
        except UserKeyError as exc:
            raise CleanupError(str(exc)) from exc


def _action(options: argparse.Namespace) -> str:
    if options.trash:
        return planning.TRASH
    if options.hardlink:
        return planning.HARD_LINK
    return planning.DELETE if options.delete else planning.SET_ASIDE


def _plan_answer(shelf: Shelf, plan: Plan, folder: str, options: argparse.Namespace) -> Answer:
    """Return the plan in the format asked for; refuse a folder that --apply could not use."""
    into = ""
    if plan.action == planning.SET_ASIDE and plan.steps:
        into = folder or places.default_folder(shelf, plan)
        try:
            places.require_usable(shelf, plan, into)
        except places.PlaceError as exc:
            raise CleanupError(str(exc)) from exc
    if options.null:
        return Answer(plan_null(plan))
    if options.format == "json":
        return Answer(plan_json(plan))
    if options.format == "csv":
        return Answer(plan_csv(plan))
    paint = terminal.painter(sys.stdout)
    text = plan_text(plan, show_left=options.show_left, into=into, paint=paint)
    hint = "Nothing was touched. Add --apply to do it." if plan.steps else ""
    if number := shelf.whole_catalogue().at_urls():
        hint += f"\n{count(number, 'picture')} at a URL left out: those are never touched."
    return Answer(text, hint=hint.strip())


def undo(options: argparse.Namespace) -> Answer:
    """Take a clean-up back; status 1 if something could not be brought back.

    Raises SentenceError. After a stop, the next undo goes on from there.
    """
    _refuse_half_a_trust(options)
    below = [os.path.abspath(folder) for folder in options.below]
    if options.trust and not options.yes:
        with open_shelf(options.shelve) as shelf:
            files = undo_run.listed_to_trust(shelf, options.trust, below)
        return Answer(trust_text(options.trust, files), hint=UNTOUCHED)
    with open_shelf(options.shelve, "w") as shelf, stopping() as stop:
        _tell_of_others(shelf)
        try:
            if options.trust:
                undone = undo_run.undo_trusted(shelf, options.trust, below, lambda _: stop.check())
            else:
                undone = undo_run.undo(shelf, options.run, lambda _: stop.check())
        except Stopped as stopped:
            return Answer("", stopped.exit_status, STOPPED)
    return Answer(undone_text(undone), 1 if undone.lost else 0)


def purge(options: argparse.Namespace) -> Answer:
    """Say what of a set-aside folder could be freed; with --yes free it, status 1 if any stays.

    Raises SentenceError. After a stop, the next purge goes on from there.
    """
    if not options.yes:
        with open_shelf(options.shelve) as shelf:
            outlook = purging.purge_outlook(shelf, options.run)
        return Answer(purge_text(outlook, would=True), hint=UNTOUCHED if outlook.freed else "")
    with open_shelf(options.shelve, "w") as shelf, stopping() as stop:
        _tell_of_others(shelf)
        number = len(purging.purge_outlook(shelf, options.run).freed)
        others = [
            past for past in history_of(shelf) if past.action == planning.SET_ASIDE and past.done
        ]
        try:
            with bar(number, "file", "purging") as progress:
                purged = purging.purge(shelf, stop, options.run, options.jobs, progress)
        except Stopped as stopped:
            return Answer("", stopped.exit_status, STOPPED.replace("undo", "purge"))
    still = "".join(
        f"Clean-up {past.run} still holds {count(past.done, 'file')}: {typed('purge')} {past.run}\n"
        for past in others
        if past.run != purged.run and past.ours
    )
    return Answer(purge_text(purged, would=False) + still, int(bool(purged.left)))


def _refuse_half_a_trust(options: argparse.Namespace) -> None:
    """Raise UndoError for options of --trust without it, and for --trust without a folder."""
    if options.trust and options.run:
        raise UndoError("undo takes back one clean-up: name it once, with --trust or without")
    if options.trust and not options.below:
        raise UndoError("--trust wants --below DIR: the folders that it may touch, and no others")
    if not options.trust and (options.below or options.yes):
        raise UndoError("--below and --yes go with --trust RUN")
    for folder in options.below:
        if not os.path.isdir(folder):
            raise UndoError(f"{folder} is not a folder")


def history(options: argparse.Namespace) -> Answer:
    """List the clean-ups, or the files of one. Raises SentenceError."""
    with open_shelf(options.shelve) as shelf:
        if options.run:
            return _files_of(shelf, options)
        past = history_of(shelf)
    if options.format == "json":
        return Answer(history_json(past))
    return Answer(history_text(past, terminal.cells_of(sys.stdout), options.shelve))


def _files_of(shelf: Shelf, options: argparse.Namespace) -> Answer:
    """List what became of each file of one clean-up."""
    files = files_of(shelf, options.run)
    if options.format == "json":
        return Answer(files_json(files))
    return Answer(files_text(files))


def not_the_same(options: argparse.Namespace) -> Answer:
    """Remember, forget or list pictures that are no duplicates. Raises SentenceError."""
    pictures = [names.absolute(path) for path in options.pictures]
    with open_shelf(options.shelve, "r" if options.list else "w") as shelf, ShownDigests() as shown:
        if options.list:
            return Answer(pairs_text(not_duplicates.listed(shelf, shown)))
        if options.forget:
            number = not_duplicates.forget(shelf, pictures, shown)
            return Answer(f"{count(number, 'pair')} forgotten\n")
        number = not_duplicates.remember(shelf, pictures, shown)
        return Answer(f"{count(number, 'pair')} remembered as no duplicates\n")
