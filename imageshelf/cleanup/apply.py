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
3. One clean-up of a shelf is at work at a time. Every removal is first written down, in a
   transaction that begins by reading what other clean-ups of this shelf have claimed since the plan
   was made. Such transactions run one after another, so no picture is both removed by one clean-up
   and kept by another, even on file systems without locks.
4. A plan never removes the keeper of one group on account of another group.

Pictures that are not as expected are left alone and reported; nothing outside the plan is touched.
Pictures that have gone leave the shelf in the same batch.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import finishing, locks, places, planning
from imageshelf.cleanup.places import PlaceError
from imageshelf.cleanup.run import CleanupRun
from imageshelf.shelf import ShelfError
from imageshelf.shelf.cleanups import DONE, STOPPED, Actions, Rivals
from imageshelf.system.process import cores
from imageshelf.system.program import typed
from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import stopping
from imageshelf.system.user_key import UserKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imageshelf.cleanup.planning import Plan
    from imageshelf.cleanup.run import Done, LeftAlone
    from imageshelf.shelf import Shelf
    from imageshelf.system.signals import Stop, Stopped


class CleanupError(SentenceError):
    """A clean-up is impossible; the message is one sentence, and nothing was touched."""


class Result(NamedTuple):
    """What a clean-up did; `run` is the number for `undo`."""

    run: int
    action: str
    folder: str
    done: list[Done]
    left: list[LeftAlone]
    stopped: Stopped | None = None
    taken_over: Sequence[str] = ()  # the sidecars that were made or changed


def apply_plan(  # noqa: PLR0913 - options, all by name
    shelf: Shelf,
    plan: Plan,
    *,
    folder: str = "",
    jobs: int | None = None,
    since_ns: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
    stop: Stop | None = None,
) -> Result:
    """Carry out a plan; return what was done. `folder` is for SET_ASIDE, "" for the default.

    `since_ns` is `time.time_ns()` from before the search that the plan is based on: the plan knows
    nothing of what other clean-ups have kept or removed since. `progress` receives the number of
    pictures dealt with since its last call. Waits until no other clean-up of the shelf is at work.
    Raises CleanupError, LockError or ShelfError before anything is touched. When the user stops the
    run, by a signal or by `stop`, the current batch is finished and the result says so.
    """
    since_ns = time.time_ns() if since_ns is None else since_ns
    with locks.alone(shelf):
        actions = Actions(shelf)
        rivals = Rivals(since_ns, finishing.finish_dead_runs(shelf, actions))
        if not plan.steps:
            return Result(0, plan.action, "", [], [])
        jobs = cores() if jobs is None else jobs
        with _begun(shelf, plan, actions, folder) as (run, aside), stopping() as signalled:
            cleanup = CleanupRun(shelf, actions, run, aside, plan.action, rivals)
            try:
                stopped = cleanup.all(plan, stop or signalled, jobs, progress)
            except ShelfError as exc:
                back = f"{typed('undo')} {run}"
                raise CleanupError(
                    f"{exc}. What this clean-up has done, {back} takes back"
                ) from exc
            actions.set_run(run, STOPPED if stopped else DONE)
            changed = [path for path, problem in cleanup.sidecars.items() if not problem]
            return Result(run, plan.action, aside, cleanup.done, cleanup.left, stopped, changed)


@contextlib.contextmanager
def _begun(shelf: Shelf, plan: Plan, actions: Actions, folder: str) -> Iterator[tuple[int, str]]:
    """Begin a run; yield its number and its folder for set-aside files, "" for other actions.

    The folder goes afterwards if nothing is in it. Raises CleanupError.
    """
    base, made = (
        _place(shelf, plan, folder, actions) if plan.action == planning.SET_ASIDE else ("", "")
    )
    folder_of_run, run = "", 0

    def options_of(number: int) -> dict[str, str]:
        nonlocal folder_of_run
        folder_of_run = base and places.run_folder(base, number)
        where = {"folder": folder_of_run, "made": made or folder_of_run} if base else {}
        return {"action": plan.action} | {n: shelf.name_of(path) for n, path in where.items()}

    try:
        try:
            run = actions.begin(options_of)  # before there is a folder: none is without a row
            while base and not places.make_run_folder(folder_of_run, shelf.path, run):
                actions.set_options(run, options_of(run))
        except (PlaceError, UserKeyError) as exc:
            actions.drop(run)
            raise CleanupError(str(exc)) from exc
        yield run, folder_of_run
    finally:
        if folder_of_run:
            places.unmake(folder_of_run, made or folder_of_run)


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
