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
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleaning import acting, deeds, places, planning, soundness, undoing
from imageshelf.cleaning.deeds import Deed
from imageshelf.cleaning.moving import Stamp
from imageshelf.cleaning.places import PlaceError
from imageshelf.kinds import PIXELS
from imageshelf.shelf import keepsakes, names
from imageshelf.shelf.actions import DOING, DONE, LEFT, STOPPED, Action, Actions, Claim, Rivals
from imageshelf.stopping import Stopped, stopping
from imageshelf.workers import cores, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imageshelf.cleaning.locks import RunLock
    from imageshelf.cleaning.planning import Plan, Planned, Step
    from imageshelf.cleaning.soundness import Verdict
    from imageshelf.shelf import Shelf
    from imageshelf.stopping import Stop

AT_A_TIME = 64  # pictures claimed, and then written down as done, in one transaction
TIME_LIMIT_S = 60.0  # to decode one picture in full
LOCK_TRIES, LOCK_WAIT_S = 20, 0.05
MEMORY_LIMIT_BYTES = 4_000_000_000


class CleanupError(Exception):
    """A clean-up that cannot be done; one sentence, and nothing was touched."""


class Done(NamedTuple):
    """A file that went; `place` is where it is now, "" for nowhere or unknown."""

    path: str
    place: str
    freed_bytes: int


class LeftAlone(NamedTuple):
    """A file that was to go and did not; the reason continues "this file ..."."""

    path: str
    reason: str


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
            applying = _Applying(shelf, actions, run, folder, plan.action, Rivals(since_ns))
            stopped = applying.all(plan, stop, cores() if jobs is None else jobs, advance)
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
    lock = undoing.lock_of(shelf, run)
    for _ in range(LOCK_TRIES):
        try:
            if lock.take():
                return lock
        except OSError as exc:
            raise CleanupError(f"{lock.path} cannot be made: {exc.strerror}") from exc
        time.sleep(LOCK_WAIT_S)  # somebody is sweeping away what a killed program left
    raise CleanupError(f"another program is at work on clean-up {run} of {shelf.path}")


class _Work(NamedTuple):
    """A step with its claimed actions and their deeds: the picture, then its companions."""

    step: Step
    actions: list[Action]
    deeds: list[Deed]


class _Applying:
    """One run over its plan."""

    def __init__(  # noqa: PLR0913, PLR0917 - what one run is made of
        self, shelf: Shelf, actions: Actions, run: int, folder: str, action: str, rivals: Rivals
    ) -> None:
        self.shelf, self.actions, self.run, self.folder = shelf, actions, run, folder
        self.action = action
        self.rivals = rivals
        self.done: list[Done] = []
        self.left: list[LeftAlone] = []
        self.number = 0
        self.promised: set[str] = set()  # places below the folder
        self.verdicts: dict[str, Verdict] = {}

    def all(
        self, plan: Plan, stop: Stop, jobs: int, advance: Callable[[int], object]
    ) -> Stopped | None:
        """Do all steps, some at a time; return what stopped it, if anything."""
        with workers(
            soundness.examine,
            jobs=jobs,
            time_limit_s=TIME_LIMIT_S,
            memory_limit_bytes=MEMORY_LIMIT_BYTES,
        ) as mapper:
            for steps in _batches(plan.groups):
                try:
                    self.verdicts = soundness.verdicts(steps, mapper, stop, self.actions)
                except Stopped as stopped:
                    return stopped
                self._do(steps)
                advance(len(steps))
        return None

    def _do(self, steps: Sequence[Step]) -> None:
        """Write some steps down, do them, and write down what came of them."""
        works = [work for step in steps if (work := self._prepared(step)) is not None]
        claims = [
            Claim(action, names.to_bytes(work.step.keeper.name))
            for work in works
            for action in work.actions
        ]
        objections = iter(self.actions.claim(self.run, claims, self.rivals))
        ended: list[Action] = []
        linked: list[tuple[bytes, os.stat_result]] = []
        try:
            for work in works:
                ended += self._work(work, [next(objections) for _ in work.actions], linked)
        finally:
            gone = [a.source for a in ended if a.state == DONE and a.verb != planning.HARD_LINK]
            self.actions.catalogue.forget(gone)
            self.actions.now_is(linked)
            self.actions.set(self.run, ended)

    def _prepared(self, step: Step) -> _Work | None:
        """Return the actions of a step with their places; None if it is left alone already."""
        problem = self._problem(step)
        row = self.actions.catalogue.row_of(names.to_bytes(step.file.name))
        if row is None or Stamp(row.inode, row.size_bytes, row.mtime_ns) != step.file.stamp:
            problem = problem or "is not on the shelf as it was"
        files = [step.file.path, *(companion.path for companion in step.companions)]
        found, doing = [], []
        try:
            if problem or row is None:
                self._leave(step.file.path, problem)
                return None
            sources = [self.shelf.name_of(path) for path in files]
            where = self._places(files, sources)
            kept = os.lstat(step.keeper.path)
            notes = [deeds.noted(os.lstat(path), kept) for path in files]
        except (PlaceError, OSError) as exc:
            self._leave(step.file.path, acting.sentence(exc))
            return None
        for note in notes:
            note["keeper"] = step.keeper.name
        if self.action != planning.HARD_LINK:
            notes[0]["entry"] = keepsakes.record(self.actions.db, row)
        for path, source, place, note in zip(files, sources, where, notes, strict=True):
            target = names.to_bytes(self.shelf.name_of(place)) if place else None
            name = names.to_bytes(source)
            found.append(Action(self.number, self.action, name, target, None, note, DOING, ""))
            doing.append(Deed(self.action, path, place, note, None, self.folder))
            self.number += 1
        return _Work(step, found, doing)

    def _problem(self, step: Step) -> str:
        kept = self.verdicts[step.keeper.path]
        if kept.problem:
            again = "; run clean again, it will keep a sound one" if kept.lasting else ""
            return f"stays: the copy to keep {kept.problem}{again}"
        if step.kind != PIXELS:
            return ""
        own = self.verdicts[step.file.path]
        same = own.pixel_digest is not None and own.pixel_digest == kept.pixel_digest
        return own.problem or ("" if same else "has other pixels than the copy to keep")

    def _leave(self, path: str, reason: str) -> None:
        self.left.append(LeftAlone(path, reason))

    def _places(self, files: Sequence[str], sources: Sequence[str]) -> list[str]:
        if self.action == planning.SET_ASIDE:
            return places.free_places(self.folder, sources, self.promised)
        if self.action == planning.TRASH:
            return [""] * len(files)
        token = f".imageshelf-{self.run}-{secrets.token_hex(6)}"  # hidden: no index run sees it
        return [
            os.path.join(os.path.dirname(path), f"{token}-{at}") for at, path in enumerate(files)
        ]

    def _work(
        self, work: _Work, objections: list[str], linked: list[tuple[bytes, os.stat_result]]
    ) -> Iterator[Action]:
        """Do a step and then let its companions go along; yield what became of each action."""
        step = work.step
        stays = False
        for at, (action, deed, objection) in enumerate(
            zip(work.actions, work.deeds, objections, strict=True)
        ):
            reason = objection or ("stays with its picture" if stays else "")
            try:
                if not reason:
                    outcome = self._outcome(step, deed, at)
            except acting.NotDone as exc:
                reason = acting.sentence(exc)
            if reason:
                if not stays:
                    self._leave(deed.source, reason)
                stays = stays or at == 0
                if not objection:  # otherwise it was never written down
                    yield action._replace(state=LEFT, reason=reason)
                continue
            if outcome.linked is not None:
                linked.append((action.source, outcome.linked))
            self.done.append(Done(deed.source, outcome.place, 0 if at else step.freed_bytes))
            place = outcome.place and names.to_bytes(self.shelf.name_of(outcome.place))
            yield action._replace(state=DONE, target=place or action.target, digest=outcome.digest)

    def _outcome(self, step: Step, deed: Deed, at: int) -> acting.Outcome:
        if at:
            return acting.accompany(step.companions[at - 1], deed)
        kept = self.verdicts[step.keeper.path]
        outcome = acting.perform(step, deed, kept, self.verdicts.get(step.file.path))
        self.verdicts[step.keeper.path] = kept._replace(changed_ns=outcome.keeper_changed_ns)
        return outcome


def _batches(groups: Sequence[Planned]) -> Iterator[list[Step]]:
    """Yield the steps of all groups, some at a time."""
    steps = [step for group in groups for step in group.steps]
    for start in range(0, len(steps), AT_A_TIME):
        yield steps[start : start + AT_A_TIME]
