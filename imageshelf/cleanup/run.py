"""Going through a plan: some pictures at a time are examined, claimed, done and written down."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import file_actions as deeds
from imageshelf.cleanup import places, planning, verdicts
from imageshelf.cleanup import step as acting
from imageshelf.cleanup.file_actions import Deed
from imageshelf.cleanup.places import PlaceError
from imageshelf.pictures import soundness
from imageshelf.searching.kinds import PIXELS
from imageshelf.shelf import names
from imageshelf.shelf import snapshots as keepsakes
from imageshelf.shelf.cleanups import DOING, DONE, LEFT, Action, Claim
from imageshelf.system.files import Stamp
from imageshelf.system.signals import Stopped
from imageshelf.workers.pool import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imageshelf.cleanup.planning import Plan, Planned, Step
    from imageshelf.pictures.soundness import Soundness
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.cleanups import Actions, Rivals
    from imageshelf.system.signals import Stop

AT_A_TIME = 64  # pictures claimed, and then written down as done, in one transaction
TIME_LIMIT_S = 60.0  # to decode one picture in full
MEMORY_LIMIT_BYTES = 4_000_000_000


class Done(NamedTuple):
    """A file that went; `place` is where it is now, "" for nowhere or unknown."""

    path: str
    place: str
    freed_bytes: int


class LeftAlone(NamedTuple):
    """A file that was to go and did not; the reason continues "this file ..."."""

    path: str
    reason: str


class _Work(NamedTuple):
    """A step with its claimed actions and their deeds: the picture, then its companions."""

    step: Step
    actions: list[Action]
    deeds: list[Deed]


class Applying:
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
        self.verdicts: dict[str, Soundness] = {}

    def all(
        self, plan: Plan, stop: Stop, jobs: int, advance: Callable[[int], object]
    ) -> Stopped | None:
        """Do all steps, some at a time; return what stopped it, if anything."""
        with workers(
            soundness.examine_soundness,
            jobs=jobs,
            time_limit_s=TIME_LIMIT_S,
            memory_limit_bytes=MEMORY_LIMIT_BYTES,
        ) as mapper:
            for steps in _batches(plan.groups):
                try:
                    self.verdicts = verdicts.verdicts(steps, mapper, stop, self.actions)
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
        except FileNotFoundError:
            self._leave(step.file.path, "stays: it, the copy to keep or a companion is gone")
            return None
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
