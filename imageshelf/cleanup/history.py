"""The clean-ups of a shelf, and the files that one of them left between two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import locks, planning
from imageshelf.cleanup.finishing import file_action_of
from imageshelf.cleanup.undo_run import numbered
from imageshelf.shelf.cleanups import (
    DOING,
    DONE,
    LEFT,
    PURGED,
    PURGING,
    STATES,
    UNDOING,
    UNDONE,
    Action,
    Actions,
    Cleanup,
)
from imageshelf.system.files import lstat
from imageshelf.system.program import typed

if TYPE_CHECKING:
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.health import Finding


class Unfinished(NamedTuple):
    """A file that is where neither its user nor a finished clean-up has put it."""

    path: str
    place: str


class PastFile(NamedTuple):
    """A file of a clean-up: what became of it, where it was, and where it went ("" if nowhere)."""

    state: str
    action: str
    path: str
    place: str
    reason: str


class Past(NamedTuple):
    """One clean-up of the history; the numbers count files, companions included.

    `ours` tells whether this user's own run wrote it, on this computer.
    """

    run: int
    started_ns: int
    state: str
    action: str
    folder: str
    done: int
    left: int
    undone: int
    purged: int = 0
    ours: bool = True
    unfinished: tuple[Unfinished, ...] = ()


def history(shelf: Shelf) -> list[Past]:
    """Return all clean-ups of a shelf, oldest first; the shelf may be open for reading only."""
    actions = Actions(shelf)
    counts, half_done = actions.counts(), actions.unfinished()
    past = []
    for run in actions.runs():
        number = dict.fromkeys(STATES, 0)
        for (_, state), count in counts.get(run.id, {}).items():
            number[state] = number.get(state, 0) + count
        folder = run.option("folder")
        past.append(
            Past(
                run.id,
                run.started_ns,
                run.state,
                run.option("action"),
                shelf.path_of(folder) if folder else "",
                number[DOING] + number[DONE] + number[UNDOING] + number[PURGING],
                number[LEFT],
                number[UNDONE],
                number[PURGED],
                run.ours,
                _unfinished(shelf, actions, run) if run.id in half_done else (),
            )
        )
    return past


def files_of(shelf: Shelf, run: int) -> list[PastFile]:
    """Return the files of one clean-up in its order; UndoError if there is none of that number."""
    actions = Actions(shelf)
    cleanup, files = numbered(shelf, actions.runs(), run), []
    for row in actions.of(run):
        action = file_action_of(shelf, cleanup, row)
        files.append(PastFile(row.state, row.verb, action.source, action.place, row.reason))
    return files


def unfinished(shelf: Shelf) -> list[Finding]:
    """Return a finding for every file that a clean-up left between two places."""
    from imageshelf.shelf.health import Finding

    findings = []
    for run in history(shelf) if shelf.catalogue else ():
        for file in run.unfinished:
            where = f"is now {file.place}" if file.place else "may be in the trash"
            what = f"{file.path} {where}: clean-up {run.run} was cut short"
            findings.append(Finding(what, f"{typed('undo')} {run.run}"))
    return findings


def _unfinished(shelf: Shelf, actions: Actions, run: Cleanup) -> tuple[Unfinished, ...]:
    """Return the files of a run that are between places; none while anything is at work."""
    if not run.ours or locks.is_held(shelf):
        return ()
    between = (_between(shelf, run, row) for row in actions.of(run.id) if row.ours)
    return tuple(file for file in between if file is not None)


def _between(shelf: Shelf, run: Cleanup, row: Action) -> Unfinished | None:
    undoing_link = row.state == UNDOING and row.verb == planning.HARD_LINK
    if row.state != DOING and not undoing_link:
        return None
    action = file_action_of(shelf, run, row)
    try:
        placed = lstat(action.place) if action.place else None
        if placed is not None or lstat(action.source) is None:
            return Unfinished(action.source, action.place)
    except OSError:
        return Unfinished(action.source, action.place)
    return None
