"""Doing what a plan says, carefully enough for an only copy.

Why the last readable copy of a group always remains, whatever else happens:

1. Each picture goes in favour of another one, its keeper, with another inode. Just before it goes,
   both are opened, are in the state that the catalogue knows, and the keeper was decoded in full by
   this run and has not been written to since. Identical bytes are compared through these open
   files, identical pixels by digests made in this run.
2. While that happens the keeper's file is locked as one that stays, the other as one that goes. No
   two clean-ups, even of two shelves, can hold both locks of a pair the other way round; and after
   locking, both must still be at their paths. So at the moment when a picture goes, its keeper is
   there. Of the pictures of a group that ever go, the last to go leaves its keeper behind.
3. Before anything goes it is written down, in a transaction that first reads what other clean-ups
   of this shelf have claimed. As such transactions follow one another, no picture is ever both one
   that goes and one that another running clean-up keeps. This holds for a whole run, and where a
   file system has no locks.
4. A plan never lets a keeper of one of its groups go on account of another group.

Pictures that are not as expected are left alone and reported; nothing is done that was not in the
plan. What has gone leaves the shelf in step.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import locks, places, planning, undoing
from imageshelf.cleanup.locks import LockError
from imageshelf.cleanup.places import PlaceError
from imageshelf.cleanup.run import Applying
from imageshelf.shelf import ShelfError
from imageshelf.shelf.cleanups import DONE, STOPPED, Actions, Rivals
from imageshelf.system.process import cores
from imageshelf.system.signals import stopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.cleanup.locks import RunLock
    from imageshelf.cleanup.planning import Plan
    from imageshelf.cleanup.run import Done, LeftAlone
    from imageshelf.shelf import Shelf
    from imageshelf.system.signals import Stopped

LOCK_TRIES, LOCK_WAIT_S = 20, 0.05


class CleanupError(Exception):
    """A clean-up that cannot be done; one sentence, and nothing was touched."""


class Result(NamedTuple):
    """What a clean-up came to; `run` is what `undo` wants."""

    run: int
    action: str
    folder: str
    done: list[Done]
    left: list[LeftAlone]
    stopped: Stopped | None = None


def apply(  # noqa: PLR0913 - options, all by name
    shelf: Shelf,
    plan: Plan,
    *,
    folder: str = "",
    jobs: int | None = None,
    since_ns: int | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Result:
    """Do what the plan says. `folder` is where SET_ASIDE puts things, "" for the default.

    `since_ns` is `time.time_ns()` of when the search began that the plan is made from: whatever
    other clean-ups kept or removed since, the plan does not know.
    `advance` is told how many pictures were dealt with. Raises CleanupError or ShelfError before
    anything is touched. When the user stops it, the result says so: what was begun is finished.
    """
    if not plan.steps:
        return Result(0, plan.action, "", [], [])
    since_ns = time.time_ns() if since_ns is None else since_ns
    actions = Actions(shelf)
    undoing.settle_dead(shelf, actions)
    options: dict[str, object] = {"action": plan.action}
    made = ""
    if plan.action != planning.SET_ASIDE:
        folder = ""
    else:
        folder = os.path.abspath(folder or places.default_folder(shelf, plan))
        options["folder"] = shelf.name_of(folder)
        try:
            places.require_usable(shelf, plan, folder)
        except PlaceError as exc:
            raise CleanupError(str(exc)) from exc
        made = places.to_be_made(folder)
        options["made"] = made and shelf.name_of(made)
    locked: list[RunLock] = []
    try:
        run = actions.begin(options, lambda number: locked.append(_locked(shelf, number)))
        if folder:
            _make(folder, actions, run)
        with stopping() as stop:
            applying = Applying(shelf, actions, run, folder, plan.action, Rivals(since_ns))
            try:
                stopped = applying.all(plan, stop, cores() if jobs is None else jobs, advance)
            except ShelfError as exc:
                back = f"python -m imageshelf undo {run}"
                raise CleanupError(
                    f"{exc}. What this clean-up has done, {back} takes back"
                ) from exc
        actions.set_run(run, STOPPED if stopped else DONE)
        return Result(run, plan.action, folder, applying.done, applying.left, stopped)
    finally:
        if made:
            places.unmake(folder, made)  # it stays unless it is empty
        for lock in locked:
            lock.release()


def _make(folder: str, actions: Actions, run: int) -> None:
    """Make the folder; where that cannot be, there has been no clean-up. Raises CleanupError."""
    try:
        places.make(folder)
    except PlaceError as exc:
        actions.drop(run)
        raise CleanupError(str(exc)) from exc


def _locked(shelf: Shelf, run: int) -> RunLock:
    """Return the lock of a run that has just begun, taken. Raises CleanupError."""
    lock = locks.of(shelf, run)
    for _ in range(LOCK_TRIES):
        try:
            if locks.take(shelf, lock):
                return lock
        except LockError as exc:
            raise CleanupError(str(exc)) from exc
        time.sleep(LOCK_WAIT_S)  # somebody is sweeping away what a killed program left
    raise CleanupError(f"another program is at work on clean-up {run} of {shelf.path}")
