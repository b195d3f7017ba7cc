"""Carries out a plan, carefully enough for an only copy.

Why the last readable copy of a group always remains, whatever else happens:

1. Each picture goes in favour of another file, its keeper. Just before it goes, both are open and
   in the state that the catalogue knows; this run has decoded the keeper in full, and nothing has
   written to it since. Identical bytes are compared through the open files, identical pixels by
   digests taken in this run.
2. Meanwhile the keeper is locked as a file that stays, the other as a file that goes. No two
   clean-ups, even of two shelves, can lock a pair in opposite roles, and after locking both files
   must still be at their paths. So when a picture goes, its keeper is there: the last picture of a
   group to go leaves its keeper behind.
3. Every removal is first written down, in a transaction that begins by reading what other clean-ups
   of this shelf have claimed. Such transactions run one after another, so no picture is both
   removed by one clean-up and kept by another. This holds for whole runs, and on file systems
   without locks.
4. A plan never removes the keeper of one group on account of another group.

Pictures that are not as expected are left alone and reported; nothing outside the plan is touched.
Pictures that have gone leave the shelf in the same batch.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import finishing, locks, places, planning
from imageshelf.cleanup.locks import LockError
from imageshelf.cleanup.places import PlaceError
from imageshelf.cleanup.run import CleanupRun
from imageshelf.shelf import ShelfError
from imageshelf.shelf.cleanups import DONE, STOPPED, Actions, Rivals
from imageshelf.system.process import cores
from imageshelf.system.signals import stopping
from imageshelf.system.user_key import UserKeyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.cleanup.locks import RunLock
    from imageshelf.cleanup.planning import Plan
    from imageshelf.cleanup.run import Done, LeftAlone
    from imageshelf.shelf import Shelf
    from imageshelf.system.signals import Stopped

LOCK_TRIES, LOCK_WAIT_S = 20, 0.05


class CleanupError(Exception):
    """A clean-up is impossible; the message is one sentence, and nothing was touched."""


class Result(NamedTuple):
    """What a clean-up did; `run` is the number for `undo`."""

    run: int
    action: str
    folder: str
    done: list[Done]
    left: list[LeftAlone]
    stopped: Stopped | None = None


def apply_plan(  # noqa: PLR0913 - options, all by name
    shelf: Shelf,
    plan: Plan,
    *,
    folder: str = "",
    jobs: int | None = None,
    since_ns: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Result:
    """Carry out a plan; return what was done. `folder` is for SET_ASIDE, "" for the default.

    `since_ns` is `time.time_ns()` from before the search that the plan is based on: the plan knows
    nothing of what other clean-ups have kept or removed since. `progress` receives the number of
    pictures dealt with since its last call. Raises CleanupError or ShelfError before anything is
    touched. When the user stops the run, the current batch is finished and the result says so.
    """
    since_ns = time.time_ns() if since_ns is None else since_ns
    actions = Actions(shelf)
    dead = finishing.finish_dead_runs(shelf, actions)
    if not plan.steps:
        return Result(0, plan.action, "", [], [])
    base, made = (
        _place(shelf, plan, folder, actions) if plan.action == planning.SET_ASIDE else ("", "")
    )
    folder_of_run = ""

    def options_of(number: int) -> dict[str, str]:
        nonlocal folder_of_run
        folder_of_run = base and places.make_run_folder(base, shelf.path, number)
        where = {"folder": folder_of_run, "made": made or folder_of_run} if base else {}
        return {"action": plan.action} | {n: shelf.name_of(path) for n, path in where.items()}

    locked: list[RunLock] = []
    try:
        try:
            run = actions.begin(options_of, lambda number: locked.append(_locked(shelf, number)))
        except (PlaceError, UserKeyError) as exc:
            raise CleanupError(str(exc)) from exc
        with stopping() as stop:
            rivals = Rivals(since_ns, dead)
            cleanup = CleanupRun(shelf, actions, run, folder_of_run, plan.action, rivals)
            try:
                stopped = cleanup.all(plan, stop, cores() if jobs is None else jobs, progress)
            except ShelfError as exc:
                back = f"python -m imageshelf undo {run}"
                raise CleanupError(
                    f"{exc}. What this clean-up has done, {back} takes back"
                ) from exc
        actions.set_run(run, STOPPED if stopped else DONE)
        return Result(run, plan.action, folder_of_run, cleanup.done, cleanup.left, stopped)
    finally:
        if folder_of_run:
            places.unmake(folder_of_run, made or folder_of_run)  # only if it is empty
        for lock in locked:
            lock.release()


def _place(shelf: Shelf, plan: Plan, folder: str, actions: Actions) -> tuple[str, str]:
    """Return the folder for set-aside files, and the topmost folder that is made for them.

    Raises CleanupError if it cannot be used.
    """
    default = places.default_folder(shelf, plan)
    folder = os.path.abspath(folder or default)
    try:
        places.require_usable(shelf, plan, folder)
    except PlaceError as exc:
        raise CleanupError(str(exc)) from exc
    if folder != default:
        return folder, places.to_be_made(folder)
    places.mark_older(shelf, folder, actions.runs())
    return folder, folder


def _locked(shelf: Shelf, run: int) -> RunLock:
    """Return the lock of a run that is about to begin, already taken. Raises CleanupError."""
    lock = locks.of(shelf, run)
    for _ in range(LOCK_TRIES):
        try:
            if locks.take(shelf, lock):
                return lock
        except LockError as exc:
            raise CleanupError(str(exc)) from exc
        time.sleep(LOCK_WAIT_S)  # another program is sweeping up after a killed one
    raise CleanupError(f"another program is at work on clean-up {run} of {shelf.path}")
