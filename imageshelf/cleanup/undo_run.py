"""Takes clean-ups back.

An undo first looks at every file of the run and touches nothing if any place is taken. Files that
are lost for good (deleted, changed since, gone from the trash) are named and do not stop the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from imageshelf.cleanup import locks, places, planning, trash
from imageshelf.cleanup.file_actions import UnfinishedError
from imageshelf.cleanup.finishing import file_action_of, finish, note_links, require_allowed
from imageshelf.cleanup.path_checks import UnsafePathError
from imageshelf.cleanup.records import FileAction
from imageshelf.cleanup.step import NotDone, why_left
from imageshelf.cleanup.undo_step import (
    BACK,
    LOST,
    TAKEN,
    take_back,
    undo_outlook,
)
from imageshelf.shelf import Shelf, names, snapshots
from imageshelf.shelf.cleanups import (
    DOING,
    DONE,
    PARTLY,
    PURGED,
    RUNNING,
    UNDOING,
    UNDONE,
    Action,
    Actions,
    Cleanup,
)
from imageshelf.system import user_key
from imageshelf.system.files import lstat
from imageshelf.system.sentences import SentenceError
from imageshelf.system.user_key import UserKeyError
from imageshelf.system.words import nearby

FILES_PER_BATCH = 256  # brought back between two transactions
REFUSED = "refused"  # an outlook: the row is not acted on at all


class UndoError(SentenceError):
    """A clean-up cannot be undone; the message is one sentence, and nothing was touched."""


class Undone(NamedTuple):
    """What an undo did: the paths that are back, and (path, reason) of those that are not."""

    run: int
    back: list[str]
    lost: list[tuple[str, str]]


class _Looked(NamedTuple):
    """A row of a run, what it says of a file, and what undoing that would do, or why not."""

    action: Action
    file_action: FileAction
    outlook: str  # of `taking_back`, or REFUSED
    why: str


def undo(
    shelf: Shelf, number: int | None = None, progress: Callable[[int], object] = lambda _: None
) -> Undone:
    """Take a clean-up back; without a number, the last one that has not been undone.

    Waits until no clean-up of the shelf is at work. Raises UndoError, with nothing touched, for an
    unknown run, for one that is not this user's own, and when another file has taken the place of
    one that is to come back; LockError if no lock can be made.
    """
    actions = Actions(shelf)
    with locks.alone(shelf, lambda: progress(0)):
        run = _chosen(shelf, actions.runs(), number)
        require_own(run)
        finish(shelf, actions, run)
        return _undo(shelf, actions, run, (), progress)


def outlook(shelf: Shelf, number: int | None = None) -> Undone:
    """Return what `undo` would bring back, and what it could not; nothing is touched.

    Raises the same as `undo`.
    """
    actions = Actions(shelf)
    run = _chosen(shelf, actions.runs(), number)
    require_own(run)
    todo, lost = _looked_at(shelf, actions, run, ())
    back = [look.file_action.source for look in todo if look.outlook == BACK]
    lost += [(look.file_action.source, look.why) for look in todo if look.outlook == LOST]
    return Undone(run.id, back, lost)


def undo_trusted(
    shelf: Shelf,
    number: int,
    below: Sequence[str],
    progress: Callable[[int], object] = lambda _: None,
) -> Undone:
    """Take a clean-up back whoever wrote it, as far as all its paths lie below some folders.

    Raises the same as `undo`. The rows stay marked as not this user's own.
    """
    actions = Actions(shelf)
    with locks.alone(shelf, lambda: progress(0)):
        run = _chosen(shelf, actions.runs(), number)
        finish(shelf, actions, run, below)
        return _undo(shelf, actions, run, below, progress)


def listed_to_trust(shelf: Shelf, number: int, below: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (path, place, why not) of every file that `undo_trusted` may touch; touches nothing.

    `why not` is "" for those that it would bring back.
    """
    actions = Actions(shelf)
    run = _chosen(shelf, actions.runs(), number)
    rows = [a for a in actions.of(run.id) if a.state in {DOING, DONE, UNDOING}]
    looked = [_look(shelf, run, row, below) for row in rows]
    return [(look.file_action.source, look.file_action.place, look.why) for look in looked]


def require_own(run: Cleanup) -> None:
    """Raise UndoError for a run that is not this user's own, or cannot be told to be."""
    if run.ours:
        return
    try:
        user_key.read()
    except UserKeyError as exc:
        raise UndoError(f"whether clean-up {run.id} is yours cannot be told: {exc}") from exc
    raise UndoError(
        f"clean-up {run.id} was made by another user, on another computer or by an earlier "
        f"version; to take it back all the same: undo --trust {run.id} --below DIR"
    )


def _chosen(shelf: Shelf, runs: Sequence[Cleanup], number: int | None) -> Cleanup:
    if number is not None:
        return numbered(shelf, runs, number)
    open_runs = [run for run in runs if run.state != UNDONE]
    if not open_runs:
        raise UndoError(f"there is no clean-up of {nearby(shelf.path)} to undo")
    counts = Actions(shelf).counts()  # the user does not mean a run that did nothing
    did = [r for r in open_runs if r.state == RUNNING or _did_something(counts.get(r.id, {}))]
    if not did and any(state == PURGED for _, state in counts.get(open_runs[-1].id, {})):
        freed = f"clean-up {open_runs[-1].id} was freed for good by purge"
        raise UndoError(f"there is nothing to undo: {freed}")
    own = [run for run in did if run.ours]
    return (own or did or open_runs)[-1]


def numbered(shelf: Shelf, runs: Sequence[Cleanup], number: int) -> Cleanup:
    """Return the clean-up of this number; UndoError if there is none."""
    for run in runs:
        if run.id == number:
            return run
    known = ", ".join(str(run.id) for run in runs[-10:])
    others = f"; its history has {known}" if known else ": there has been none"
    raise UndoError(f"there is no clean-up {number} of {nearby(shelf.path)}{others}")


def _did_something(counts: Mapping[tuple[str, str], int]) -> bool:
    return any(state in {DOING, DONE, UNDOING} for _, state in counts)


def _look(shelf: Shelf, run: Cleanup, action: Action, below: Sequence[str]) -> _Looked:
    """Return what undoing one row would do."""
    if action.verb not in {*planning.ACTIONS, planning.TAKE_OVER}:
        raise UndoError(f"clean-up {run.id} did {action.verb!r}, which this imageshelf cannot undo")
    file_action = file_action_of(shelf, run, action)
    try:
        require_allowed(action, file_action, below)
    except (UnsafePathError, OSError) as exc:
        return _Looked(action, file_action, REFUSED, why_left(exc))
    if action.state == DOING:
        return _Looked(action, file_action, REFUSED, "")
    if action.verb == planning.TRASH and not file_action.place and not below:
        found = trash.find(file_action.source, file_action.known)
        file_action = file_action._replace(place=found)
    return _Looked(action, file_action, *undo_outlook(file_action))


def _looked_at(
    shelf: Shelf, actions: Actions, run: Cleanup, below: Sequence[str]
) -> tuple[list[_Looked], list[tuple[str, str]]]:
    """Return the rows of a run to take back, and (path, reason) of what cannot come back.

    Raises UndoError if another file has a place.
    """
    rows = [a for a in reversed(actions.of(run.id)) if a.state in {DONE, UNDOING, DOING}]
    looked = [_look(shelf, run, row, below) for row in rows]
    taken = [look.file_action.source for look in looked if look.outlook == TAKEN]
    if taken:
        more = f", and of {len(taken) - 1} more" if len(taken) > 1 else ""
        raise UndoError(
            f"another file has the place of {taken[0]}{more}; move it away and run undo again, "
            "nothing was touched"
        )
    todo = [look for look in looked if look.outlook != REFUSED]
    lost = [
        (look.file_action.source, look.why or f"is between its places: {look.file_action.place}")
        for look in looked
        if look.outlook == REFUSED
    ]
    lost += [
        (names.native(shelf.path_of(names.to_text(row.source))), "was freed for good by purge")
        for row in actions.of(run.id)
        if row.state == PURGED
    ]
    return todo, lost


def _undo(
    shelf: Shelf,
    actions: Actions,
    run: Cleanup,
    below: Sequence[str],
    progress: Callable[[int], object],
) -> Undone:
    todo, lost = _looked_at(shelf, actions, run, below)
    result = Undone(run.id, [], lost)
    actions.set(run.id, [look.action._replace(state=UNDOING) for look in todo])
    for start in range(0, len(todo), FILES_PER_BATCH):
        batch = todo[start : start + FILES_PER_BATCH]
        ended = _bring_back(batch, result)
        back = [look for look, state in ended if state == UNDONE]
        _restore_records(actions, back)
        links = [look.action for look in back if look.action.verb == planning.HARD_LINK]
        note_links(shelf, actions, links)
        actions.set(run.id, [look.action._replace(state=state) for look, state in ended])
        progress(len(batch))
    folder, made = run.option("folder"), run.option("made")
    if folder and made and run.ours:
        places.unmake(*(names.native(shelf.path_of(name)) for name in (folder, made)))
    if todo or not result.lost:  # a run that was purged stays what it was
        actions.set_run(run.id, PARTLY if result.lost else UNDONE)
    return result


def _bring_back(batch: Sequence[_Looked], result: Undone) -> list[tuple[_Looked, str]]:
    """Bring some files back; return each with the state that its row has now."""
    ended = []
    for look in batch:
        reason, state = look.why if look.outlook == LOST else "", DONE
        try:
            if look.outlook == BACK:
                take_back(look.file_action)
        except NotDone as exc:
            reason = why_left(exc)
        except UnfinishedError as exc:
            reason, state = str(exc), UNDOING
        if reason:
            result.lost.append((look.file_action.source, reason))
        else:
            result.back.append(look.file_action.source)
        ended.append((look, state if reason else UNDONE))
    return ended


def _restore_records(actions: Actions, back: Sequence[_Looked]) -> None:
    """Put the pictures on the shelf again; a stranger's the next index run reads."""
    records = []
    for look in back:
        status = lstat(look.file_action.source)
        entry = look.action.stat.get("entry")
        if status is not None and isinstance(entry, dict) and look.action.ours:
            records.append((entry, status))
    snapshots.restore(actions.db, records)
