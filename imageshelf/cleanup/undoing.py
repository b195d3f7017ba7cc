"""Taking clean-ups back, and settling those that were killed in the middle.

An undo first looks at every file of the run and touches nothing if any place is taken. What is lost
for good (deleted, changed since, gone from the trash) is told and does not hinder the rest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import file_actions as deeds
from imageshelf.cleanup import locks, places, planning
from imageshelf.cleanup.file_actions import BACK, LOST, TAKEN, Deed
from imageshelf.cleanup.step import NotDone, sentence
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

AT_A_TIME = 256  # files brought back between two transactions


class UndoError(Exception):
    """A clean-up that cannot be undone; one sentence, and nothing was touched."""


class Undone(NamedTuple):
    """What an undo came to: paths that are back, and (path, reason) of those that are not."""

    run: int
    back: list[str]
    lost: list[tuple[str, str]]


class Past(NamedTuple):
    """One clean-up of the history; the numbers are of files, companions included."""

    run: int
    started_ns: int
    state: str
    action: str
    folder: str
    done: int
    left: int
    undone: int


def history(shelf: Shelf) -> list[Past]:
    """Return all clean-ups of a shelf, oldest first; works on one that is open for reading."""
    actions = Actions(shelf)
    counts = actions.counts()
    found = []
    for run in actions.runs():
        number = dict.fromkeys((DOING, DONE, LEFT, UNDOING, UNDONE), 0)
        for (_, state), count in counts.get(run.id, {}).items():
            number[state] = number.get(state, 0) + count
        folder = run.option("folder")
        found.append(
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
    return found


def settle_dead(shelf: Shelf, actions: Actions) -> None:
    """Make sure of what clean-ups did that were killed: every file is here or there, not between.

    A living one is recognised by its lock and left alone.
    """
    for run in actions.runs():
        if run.state != RUNNING:
            continue
        lock = locks.of(shelf, run.id)
        if locks.take(shelf, lock):
            try:
                _settle(shelf, actions, run)
                actions.set_run(run.id, CUT_OFF)
            finally:
                lock.release()
    locks.sweep(shelf)


def undo(
    shelf: Shelf, number: int | None = None, advance: Callable[[int], object] = lambda _: None
) -> Undone:
    """Put everything back that a clean-up did, the last one that is not undone by default.

    Raises UndoError, with nothing touched, for an unknown run, one that is under way, and when
    another file has the place of one that is to come back; LockError where nothing can be written.
    """
    actions = Actions(shelf)
    locks.sweep(shelf)
    run = _chosen(shelf, actions.runs(), number)
    lock = locks.of(shelf, run.id)
    if not locks.take(shelf, lock):
        raise UndoError(f"clean-up {run.id} is under way in another program; wait for its end")
    try:
        if run.state == RUNNING:
            _settle(shelf, actions, run)
            actions.set_run(run.id, CUT_OFF)
        return _undo(shelf, actions, run, advance)
    finally:
        lock.release()


def _chosen(shelf: Shelf, runs: Sequence[Cleanup], number: int | None) -> Cleanup:
    if number is None:
        open_runs = [run for run in runs if run.state != UNDONE]
        if not open_runs:
            raise UndoError(f"there is no clean-up of {shelf.path} to undo")
        counts = Actions(shelf).counts()  # one that did nothing is not what the user means
        did = [r for r in open_runs if r.state == RUNNING or _did_something(counts.get(r.id, {}))]
        return (did or open_runs)[-1]
    found = [run for run in runs if run.id == number]
    if not found:
        known = ", ".join(str(run.id) for run in runs[-10:])
        told = f"; there are {known}" if known else ": there has been none"
        raise UndoError(f"there is no clean-up {number} of {shelf.path}{told}")
    return found[0]


def _did_something(counts: Mapping[tuple[str, str], int]) -> bool:
    return any(state in {DOING, DONE, UNDOING} for _, state in counts)


def _deed(shelf: Shelf, run: Cleanup, action: Action) -> Deed:
    if action.verb not in planning.ACTIONS:
        raise UndoError(f"clean-up {run.id} did {action.verb!r}, which this imageshelf cannot undo")
    folder = run.option("folder")
    top = names.native(shelf.path_of(folder)) if folder else ""
    place = _path(shelf, action.target) if action.target else ""
    if action.verb == planning.SET_ASIDE and not place.startswith(os.path.join(top, "")):
        raise UndoError(f"clean-up {run.id} is damaged: {place} is not in {top}")
    return Deed(action.verb, _path(shelf, action.source), place, action.stat, action.digest, top)


def _settle(shelf: Shelf, actions: Actions, run: Cleanup) -> None:
    ended = []
    for action in reversed(actions.of(run.id)):
        if action.state != DOING:
            continue
        try:
            done, place = deeds.settle(_deed(shelf, run, action))
        except NotDone as exc:
            ended.append(action._replace(state=DONE, reason=sentence(exc)))
            continue
        target = names.to_bytes(shelf.name_of(place)) if place else action.target
        state = DONE if done else LEFT
        reason = "" if done else "the clean-up was cut off before"
        ended.append(action._replace(state=state, target=target, reason=reason))
    gone = [a.source for a in ended if a.state == DONE and a.verb != planning.HARD_LINK]
    actions.catalogue.forget(gone)
    _note_links(shelf, actions, [a for a in ended if a.verb == planning.HARD_LINK])
    actions.set(run.id, ended)


def _undo(shelf: Shelf, actions: Actions, run: Cleanup, advance: Callable[[int], object]) -> Undone:
    todo = [a for a in reversed(actions.of(run.id)) if a.state in {DONE, UNDOING}]
    pairs = [(action, _deed(shelf, run, action)) for action in todo]
    prospects = [deeds.prospect(deed) for _, deed in pairs]
    taken = [d.source for (_, d), (what, _) in zip(pairs, prospects, strict=True) if what == TAKEN]
    if taken:
        more = f", and of {len(taken) - 1} more" if len(taken) > 1 else ""
        raise UndoError(
            f"another file has the place of {taken[0]}{more}; move it away and run undo again, "
            "nothing was touched"
        )
    result = Undone(run.id, [], [])
    actions.set_states(run.id, [action.n for action in todo], UNDOING)
    for start in range(0, len(pairs), AT_A_TIME):
        here = slice(start, start + AT_A_TIME)
        back = _bring_back(pairs[here], prospects[here], result)
        _restore_records(actions, back)
        _note_links(shelf, actions, [a for a, _ in back if a.verb == planning.HARD_LINK])
        numbers = {action.n for action, _ in back}
        actions.set_states(run.id, numbers, UNDONE)
        actions.set_states(run.id, {action.n for action, _ in pairs[here]} - numbers, DONE)
        advance(len(pairs[here]))
    folder, made = run.option("folder"), run.option("made")
    if folder and made:
        places.unmake(*(names.native(shelf.path_of(name)) for name in (folder, made)))
    actions.set_run(run.id, PARTLY if result.lost else UNDONE)
    return result


def _bring_back(
    pairs: Sequence[tuple[Action, Deed]], prospects: Sequence[tuple[str, str]], result: Undone
) -> list[tuple[Action, Deed]]:
    """Bring some files back; return those that are where they were."""
    back = []
    for (action, deed), (what, why) in zip(pairs, prospects, strict=True):
        reason = why if what == LOST else ""
        try:
            if what == BACK:
                deeds.back(deed)
        except NotDone as exc:
            reason = sentence(exc)
        if reason:
            result.lost.append((deed.source, reason))
        else:
            back.append((action, deed))
            result.back.append(deed.source)
    return back


def _restore_records(actions: Actions, back: Sequence[tuple[Action, Deed]]) -> None:
    records = []
    for action, deed in back:
        status = lstat(deed.source)
        if status is not None and isinstance(action.stat.get("entry"), dict):
            records.append((action.stat["entry"], status))
    snapshots.restore(actions.db, records)


def _note_links(shelf: Shelf, actions: Actions, links: Sequence[Action]) -> None:
    """Let the shelf know which file is under a name that became a hard link, or is none again."""
    found = [(action.source, lstat(_path(shelf, action.source))) for action in links]
    actions.update_files([(name, status) for name, status in found if status is not None])


def _path(shelf: Shelf, name: bytes) -> str:
    return names.native(shelf.path_of(names.to_text(name)))
