"""Takes clean-ups back, and finishes or reverts those that were killed in the middle.

An undo first looks at every file of the run and touches nothing if any place is taken. Files that
are lost for good (deleted, changed since, gone from the trash) are named and do not stop the rest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import file_actions, locks, places, planning
from imageshelf.cleanup.file_actions import BACK, LOST, TAKEN, FileAction
from imageshelf.cleanup.step import NotDone, why_left
from imageshelf.shelf import names, snapshots
from imageshelf.shelf.cleanups import (
    CUT_OFF,
    DOING,
    DONE,
    LEFT,
    PARTLY,
    RUNNING,
    UNDOING,
    UNDONE,
    Actions,
)
from imageshelf.system.files import lstat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imageshelf.shelf import Shelf
    from imageshelf.shelf.cleanups import Action, Cleanup

FILES_PER_BATCH = 256  # brought back between two transactions


class UndoError(Exception):
    """A clean-up cannot be undone; the message is one sentence, and nothing was touched."""


class Undone(NamedTuple):
    """What an undo did: the paths that are back, and (path, reason) of those that are not."""

    run: int
    back: list[str]
    lost: list[tuple[str, str]]


class Past(NamedTuple):
    """One clean-up of the history; the numbers count files, companions included."""

    run: int
    started_ns: int
    state: str
    action: str
    folder: str
    done: int
    left: int
    undone: int


def history(shelf: Shelf) -> list[Past]:
    """Return all clean-ups of a shelf, oldest first; the shelf may be open for reading only."""
    actions = Actions(shelf)
    counts = actions.counts()
    past = []
    for run in actions.runs():
        number = dict.fromkeys((DOING, DONE, LEFT, UNDOING, UNDONE), 0)
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
                number[DOING] + number[DONE] + number[UNDOING],
                number[LEFT],
                number[UNDONE],
            )
        )
    return past


def finish_dead_runs(shelf: Shelf, actions: Actions) -> None:
    """Finish or revert what killed clean-ups left half done, so that no file is between places.

    A running clean-up is recognised by its lock and left alone.
    """
    for run in actions.runs():
        if run.state != RUNNING:
            continue
        lock = locks.of(shelf, run.id)
        if locks.take(shelf, lock):
            try:
                _finish_or_revert(shelf, actions, run)
                actions.set_run(run.id, CUT_OFF)
            finally:
                lock.release()
    locks.sweep(shelf)


def undo(
    shelf: Shelf, number: int | None = None, progress: Callable[[int], object] = lambda _: None
) -> Undone:
    """Take a clean-up back; without a number, the last one that has not been undone.

    Raises UndoError, with nothing touched, for an unknown run, for one that is under way, and when
    another file has taken the place of one that is to come back; LockError if no lock can be made.
    """
    actions = Actions(shelf)
    locks.sweep(shelf)
    run = _chosen(shelf, actions.runs(), number)
    lock = locks.of(shelf, run.id)
    if not locks.take(shelf, lock):
        raise UndoError(f"clean-up {run.id} is under way in another program; wait for its end")
    try:
        if run.state == RUNNING:
            _finish_or_revert(shelf, actions, run)
            actions.set_run(run.id, CUT_OFF)
        return _undo(shelf, actions, run, progress)
    finally:
        lock.release()


def _chosen(shelf: Shelf, runs: Sequence[Cleanup], number: int | None) -> Cleanup:
    if number is None:
        open_runs = [run for run in runs if run.state != UNDONE]
        if not open_runs:
            raise UndoError(f"there is no clean-up of {shelf.path} to undo")
        counts = Actions(shelf).counts()  # the user does not mean a run that did nothing
        did = [r for r in open_runs if r.state == RUNNING or _did_something(counts.get(r.id, {}))]
        return (did or open_runs)[-1]
    chosen = [run for run in runs if run.id == number]
    if not chosen:
        known = ", ".join(str(run.id) for run in runs[-10:])
        others = f"; there are {known}" if known else ": there has been none"
        raise UndoError(f"there is no clean-up {number} of {shelf.path}{others}")
    return chosen[0]


def _did_something(counts: Mapping[tuple[str, str], int]) -> bool:
    return any(state in {DOING, DONE, UNDOING} for _, state in counts)


def _file_action(shelf: Shelf, run: Cleanup, action: Action) -> FileAction:
    if action.verb not in planning.ACTIONS:
        raise UndoError(f"clean-up {run.id} did {action.verb!r}, which this imageshelf cannot undo")
    folder = run.option("folder")
    top = names.native(shelf.path_of(folder)) if folder else ""
    place = _path(shelf, action.target) if action.target else ""
    if action.verb == planning.SET_ASIDE and not place.startswith(os.path.join(top, "")):
        raise UndoError(f"clean-up {run.id} is damaged: {place} is not in {top}")
    return FileAction(
        action.verb, _path(shelf, action.source), place, action.stat, action.digest, top
    )


def _finish_or_revert(shelf: Shelf, actions: Actions, run: Cleanup) -> None:
    ended = []
    for action in reversed(actions.of(run.id)):
        if action.state != DOING:
            continue
        try:
            done, place = file_actions.finish_or_revert(_file_action(shelf, run, action))
        except NotDone as exc:
            ended.append(action._replace(state=DONE, reason=why_left(exc)))
            continue
        target = names.to_bytes(shelf.name_of(place)) if place else action.target
        state = DONE if done else LEFT
        reason = "" if done else "the clean-up was cut off before"
        ended.append(action._replace(state=state, target=target, reason=reason))
    gone = [a.source for a in ended if a.state == DONE and a.verb != planning.HARD_LINK]
    actions.catalogue.forget(gone)
    _note_links(shelf, actions, [a for a in ended if a.verb == planning.HARD_LINK])
    actions.set(run.id, ended)


def _undo(
    shelf: Shelf, actions: Actions, run: Cleanup, progress: Callable[[int], object]
) -> Undone:
    todo = [a for a in reversed(actions.of(run.id)) if a.state in {DONE, UNDOING}]
    pairs = [(action, _file_action(shelf, run, action)) for action in todo]
    outlooks = [file_actions.undo_outlook(file_action) for _, file_action in pairs]
    taken = [d.source for (_, d), (what, _) in zip(pairs, outlooks, strict=True) if what == TAKEN]
    if taken:
        more = f", and of {len(taken) - 1} more" if len(taken) > 1 else ""
        raise UndoError(
            f"another file has the place of {taken[0]}{more}; move it away and run undo again, "
            "nothing was touched"
        )
    result = Undone(run.id, [], [])
    actions.set_states(run.id, [action.n for action in todo], UNDOING)
    for start in range(0, len(pairs), FILES_PER_BATCH):
        here = slice(start, start + FILES_PER_BATCH)
        back = _bring_back(pairs[here], outlooks[here], result)
        _restore_records(actions, back)
        _note_links(shelf, actions, [a for a, _ in back if a.verb == planning.HARD_LINK])
        numbers = {action.n for action, _ in back}
        actions.set_states(run.id, numbers, UNDONE)
        actions.set_states(run.id, {action.n for action, _ in pairs[here]} - numbers, DONE)
        progress(len(pairs[here]))
    folder, made = run.option("folder"), run.option("made")
    if folder and made:
        places.unmake(*(names.native(shelf.path_of(name)) for name in (folder, made)))
    actions.set_run(run.id, PARTLY if result.lost else UNDONE)
    return result


def _bring_back(
    pairs: Sequence[tuple[Action, FileAction]], outlooks: Sequence[tuple[str, str]], result: Undone
) -> list[tuple[Action, FileAction]]:
    """Bring some files back; return those that are in their places again."""
    back = []
    for (action, file_action), (what, why) in zip(pairs, outlooks, strict=True):
        reason = why if what == LOST else ""
        try:
            if what == BACK:
                file_actions.take_back(file_action)
        except NotDone as exc:
            reason = why_left(exc)
        if reason:
            result.lost.append((file_action.source, reason))
        else:
            back.append((action, file_action))
            result.back.append(file_action.source)
    return back


def _restore_records(actions: Actions, back: Sequence[tuple[Action, FileAction]]) -> None:
    records = []
    for action, file_action in back:
        status = lstat(file_action.source)
        if status is not None and isinstance(action.stat.get("entry"), dict):
            records.append((action.stat["entry"], status))
    snapshots.restore(actions.db, records)


def _note_links(shelf: Shelf, actions: Actions, links: Sequence[Action]) -> None:
    """Note on the shelf which file a name leads to now that it is, or is no longer, a hard link."""
    statuses = [(action.source, lstat(_path(shelf, action.source))) for action in links]
    actions.update_files([(name, status) for name, status in statuses if status is not None])


def _path(shelf: Shelf, name: bytes) -> str:
    return names.native(shelf.path_of(names.to_text(name)))
