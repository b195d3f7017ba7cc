"""Finishes or reverts what a clean-up left half done, and says which rows may be acted on.

Only rows that this user's own runs wrote are acted on. Any other row (made by another user, on
another computer, by an earlier version, or for paths that lead elsewhere now) is acted on only if
the user trusts its run, and then only below folders that the user names.
"""

import os
from collections.abc import Sequence

from imageshelf.cleanup import path_checks, planning, sidecars
from imageshelf.cleanup.file_actions import finish_or_revert, put_back
from imageshelf.cleanup.path_checks import UnsafePathError
from imageshelf.cleanup.records import FileAction
from imageshelf.cleanup.step import NotDone
from imageshelf.cleanup.undo_step import LINKED, settle_link
from imageshelf.shelf import Shelf, names
from imageshelf.shelf.cleanups import (
    CUT_OFF,
    DOING,
    DONE,
    LEFT,
    PURGED,
    PURGING,
    RUNNING,
    UNDOING,
    Action,
    Actions,
    Cleanup,
)
from imageshelf.system.files import lstat

NOT_OURS = "has a row of history that none of your own clean-ups wrote"


def finish_dead_runs(shelf: Shelf, actions: Actions) -> set[int]:
    """Finish or revert what killed clean-ups left half done, so that no file is between places.

    The caller holds the lock of the shelf, so none is at work. Runs that are not this user's own
    are left alone; return the numbers of those that say they run.
    """
    strangers, unfinished = set(), actions.unfinished()
    for run in actions.runs():
        if run.state != RUNNING and run.id not in unfinished:
            continue
        if run.ours:
            finish(shelf, actions, run)
        elif run.state == RUNNING:
            strangers.add(run.id)
    return strangers


def file_action_of(shelf: Shelf, run: Cleanup, action: Action) -> FileAction:
    """Return what a row says of a file; nothing of it has been checked."""
    folder = run.option("folder")
    return FileAction(
        action.verb,
        _path(shelf, action.source),
        _path(shelf, action.target) if action.target else "",
        action.stat,
        action.digest,
        os.path.normpath(names.native(shelf.path_of(folder))) if folder else "",
    )


def finish(shelf: Shelf, actions: Actions, run: Cleanup, below: Sequence[str] = ()) -> None:
    """Finish or revert the half-done actions of a run that is not at work.

    One for which that fails goes on saying that it is half done, and history lists it.
    """
    ended = []
    for action in reversed(actions.of(run.id)):
        if action.state not in {DOING, UNDOING, PURGING}:
            continue
        file_action = file_action_of(shelf, run, action)
        try:
            require_allowed(action, file_action, below)
            ended += _finished(shelf, action, file_action)
        except NotDone:
            continue
    gone = [a.source for a in ended if a.state == DONE and a.verb not in planning.STAYING]
    actions.catalogue.forget(gone)
    note_links(shelf, actions, [a for a in ended if a.verb == planning.HARD_LINK])
    actions.set(run.id, ended)
    if run.state == RUNNING:
        actions.set_run(run.id, CUT_OFF)


def _finished(shelf: Shelf, action: Action, file_action: FileAction) -> list[Action]:
    """Finish or revert one action or its undo; return its row, if that changes it."""
    if action.state == PURGING:
        there = lstat(file_action.place) is not None
        return [action._replace(state=DONE if there else PURGED)]
    if action.verb == planning.TAKE_OVER:
        state = action.state if action.state == UNDOING else LEFT
        return [action._replace(state=DONE if sidecars.is_changed(file_action) else state)]
    if action.state == UNDOING:
        if action.verb == planning.HARD_LINK and settle_link(file_action) == LINKED:
            return [action._replace(state=DONE)]
        return []  # nothing is hidden; an undo goes on from there
    if action.reason:  # it failed, and was to be put back at once
        done, place = put_back(file_action), file_action.place
    else:
        done, place = finish_or_revert(file_action)
    target = names.to_bytes(shelf.name_of(place)) if place else action.target
    if done:
        return [action._replace(state=DONE, target=target, reason="")]
    reason = "the clean-up was cut off before"
    return [action._replace(state=LEFT, target=target, reason=reason)]


def require_allowed(action: Action, file_action: FileAction, below: Sequence[str]) -> None:
    """Raise UnsafePathError unless a row may be acted on: it is ours, or its run is trusted."""
    if not below and not action.ours:
        raise UnsafePathError(NOT_OURS)
    path_checks.require_safe(file_action)
    if below:
        if action.verb == planning.TAKE_OVER:  # what it held stands in the row alone
            raise UnsafePathError("is a sidecar; what is written in it stays")
        path_checks.require_below(file_action, below)


def note_links(shelf: Shelf, actions: Actions, links: Sequence[Action]) -> None:
    """Note on the shelf which file a name leads to now that it is, or is no longer, a hard link."""
    statuses = [(action.source, lstat(_path(shelf, action.source))) for action in links]
    actions.update_files([(name, status) for name, status in statuses if status is not None])


def _path(shelf: Shelf, name: bytes) -> str:
    return names.native(shelf.path_of(names.to_text(name)))
