"""Runs through a plan in batches: examine, claim, act, write down."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from imageshelf.cleanup import intactness, places, planning, records, sidecars
from imageshelf.cleanup.file_actions import UnfinishedError
from imageshelf.cleanup.last_comparison import CloserLook, closer_looks, is_wanted
from imageshelf.cleanup.path_checks import hidden_name
from imageshelf.cleanup.places import PlaceError
from imageshelf.cleanup.planning import Plan, Planned, Step
from imageshelf.cleanup.records import FileAction
from imageshelf.cleanup.step import NotDone, Outcome, take_companion, take_step, why_left
from imageshelf.pictures import soundness
from imageshelf.pictures.soundness import Soundness, SoundnessTask
from imageshelf.searching.kinds import PIXELS
from imageshelf.searching.second_look import LONGEST_BEFORE_REMOVAL, SecondLook
from imageshelf.shelf import Shelf, names, snapshots
from imageshelf.shelf.cleanups import DOING, DONE, LEFT, Action, Actions, Claim, Rivals
from imageshelf.system.files import FileChangedError
from imageshelf.system.signals import Stop, Stopped
from imageshelf.workers.pool import Mapper, workers

STEPS_PER_BATCH = 64  # claimed in one transaction, written down as done in another
TIME_LIMIT_S = 60.0  # to decode one picture in full
MEMORY_LIMIT_BYTES = 4_000_000_000


class Done(NamedTuple):
    """A file that has gone; `place` is where it is now, "" for nowhere or unknown."""

    path: str
    place: str
    freed_bytes: int


class LeftAlone(NamedTuple):
    """A planned file that stayed; the reason continues "this file ..."."""

    path: str
    reason: str


class _PreparedSidecar(NamedTuple):
    """The change of a sidecar that comes before a picture goes."""

    row: Action
    action: FileAction
    content: bytes


class _PreparedStep(NamedTuple):
    """A step with its rows and file actions: the picture's first, then its companions'."""

    step: Step
    actions: list[Action]
    file_actions: list[FileAction]
    sidecar: _PreparedSidecar | None

    @property
    def rows(self) -> list[Action]:
        """All rows, in the order in which they are acted on."""
        return [*([self.sidecar.row] if self.sidecar else []), *self.actions]


class CleanupRun:
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
        self.sidecars: dict[str, str] = {}  # changed, or why that failed
        self.promised: set[str] = set()  # places below the folder
        self.verdicts: dict[str, Soundness] = {}
        self.closer_looks: dict[str, CloserLook] = {}

    def all(
        self, plan: Plan, stop: Stop, jobs: int, progress: Callable[[int], object]
    ) -> Stopped | None:
        """Take all steps, batch by batch; return what stopped the run, if anything."""
        closer = SecondLook(jobs=jobs, longest=LONGEST_BEFORE_REMOVAL)
        with closer, examiners(jobs) as mapper:
            for steps in _batches(plan.groups):
                try:
                    self.verdicts = intactness.examined(steps, mapper, stop, self.actions)
                    self.closer_looks = closer_looks(steps, closer)
                    stop.check()
                except Stopped as stopped:
                    return stopped
                self._do(steps)
                progress(len(steps))
        return None

    def _do(self, steps: Sequence[Step]) -> None:
        """Write down a batch of steps, take them, and write down their outcomes."""
        works = [work for step in steps if (work := self._prepared(step)) is not None]
        claims = [
            Claim(action, names.to_bytes(work.step.keeper.name))
            for work in works
            for action in work.rows
        ]
        objections = iter(self.actions.claim(self.run, claims, self.rivals))
        ended: list[Action] = []
        linked: list[tuple[bytes, os.stat_result]] = []
        try:
            for work in works:
                ended += self._work(work, [next(objections) for _ in work.rows], linked)
        finally:
            gone = [a.source for a in ended if a.state == DONE and a.verb not in planning.STAYING]
            self.actions.catalogue.forget(gone)
            self.actions.update_files(linked)
            self.actions.set(self.run, ended)

    def _prepared(self, step: Step) -> _PreparedStep | None:
        """Return a step with its rows and file actions; None when it is left alone already."""
        problem = problem_of(step, self.verdicts, self.closer_looks)
        picture = self.actions.catalogue.row_of(names.to_bytes(step.file.name))
        if picture is None or (picture.size_bytes, picture.mtime_ns) != step.file.stamp[1:]:
            problem = problem or "is not on the shelf as it was"
        files = [step.file.path, *(companion.path for companion in step.companions)]
        rows, file_actions_ = [], []
        try:
            if problem or picture is None:
                self._leave(step.file.path, problem)
                return None
            sidecar = self._prepared_sidecar(step)
            sources = [self.shelf.name_of(path) for path in files]
            where = self._places(files, sources)
            kept = os.lstat(step.keeper.path)
            notes = [records.noted(os.lstat(path), kept) for path in files]
        except FileNotFoundError:
            self._leave(step.file.path, "stays: it, the copy to keep or a companion is gone")
            return None
        except (PlaceError, FileChangedError, OSError) as exc:
            self._leave(step.file.path, why_left(exc))
            return None
        for note in notes:
            note["keeper"] = step.keeper.name
        notes[0] |= {"kind": step.kind, "turn": step.turn, "chosen": step.chosen}
        notes[0]["untaken"] = step.untaken
        for note in notes[1:]:
            note["companion_of"] = sources[0]
        if self.action != planning.HARD_LINK:
            self._add_entries(notes, sources)
        for path, source, place, note in zip(files, sources, where, notes, strict=True):
            target = names.to_bytes(self.shelf.name_of(place)) if place else None
            name = names.to_bytes(source)
            rows.append(
                Action(self.number, self.action, name, target, None, note, DOING, "", ours=True)
            )
            file_actions_.append(FileAction(self.action, path, place, note, None, self.folder))
            self.number += 1
        return _PreparedStep(step, rows, file_actions_, sidecar)

    def _add_entries(self, notes: Sequence[dict[str, Any]], sources: Sequence[str]) -> None:
        """Add what the shelf has of what goes: of the picture, and of a RAW that goes along."""
        for note, source in zip(notes, sources, strict=True):
            row = self.actions.catalogue.row_of(names.to_bytes(source))
            if row is not None:
                note["entry"] = snapshots.record(self.actions.db, row)

    def _prepared_sidecar(self, step: Step) -> _PreparedSidecar | None:
        """Return the change of a sidecar that comes before the first copy of a group goes.

        Raises FileChangedError, also for a sidecar that cannot be understood, or OSError.
        """
        if step.take_over is None or step.take_over.sidecar in self.sidecars:
            return None
        path = step.take_over.sidecar
        note = sidecars.noted(path)
        content = sidecars.content_after(note, step.take_over.added_by_all)
        name = hidden_name(self.run, secrets.token_hex(6), self.number)
        place = os.path.join(os.path.dirname(path), name)
        note |= {"keeper": step.keeper.name, "keeper_inode": 0, "keeper_mtime_ns": 0}
        source, target = (names.to_bytes(self.shelf.name_of(each)) for each in (path, place))
        verb, digest = planning.TAKE_OVER, sidecars.digest(content)
        row = Action(self.number, verb, source, target, digest, note, DOING, "", ours=True)
        self.number += 1
        self.sidecars[path] = ""
        return _PreparedSidecar(row, FileAction(verb, path, place, note, digest, ""), content)

    def _leave(self, path: str, reason: str) -> None:
        self.left.append(LeftAlone(path, reason))

    def _places(self, files: Sequence[str], sources: Sequence[str]) -> list[str]:
        if self.action == planning.SET_ASIDE:
            return places.free_places(self.folder, sources, self.promised)
        if self.action == planning.TRASH:
            return [""] * len(files)
        token = secrets.token_hex(6)
        return [
            os.path.join(os.path.dirname(path), hidden_name(self.run, token, at))
            for at, path in enumerate(files)
        ]

    def _work(
        self, work: _PreparedStep, objections: list[str], linked: list[tuple[bytes, os.stat_result]]
    ) -> Iterator[Action]:
        """Take a step, then its companions; yield what became of each action."""
        step = work.step
        stays = False
        if work.sidecar is not None:
            yield self._changed(work.sidecar, objections.pop(0))
        if step.take_over and (problem := self.sidecars[step.take_over.sidecar]):
            self._leave(step.file.path, problem)
            stays = True
        for at, (action, file_action, objection) in enumerate(
            zip(work.actions, work.file_actions, objections, strict=True)
        ):
            reason = objection or ("stays with its picture" if stays else "")
            outcome, reason, state = self._attempt(step, file_action, at, reason)
            if outcome is None:
                if not stays:
                    self._leave(file_action.source, reason)
                stays = stays or at == 0
                if not objection:  # with an objection it was never written down
                    yield action._replace(state=state, reason=reason)
                continue
            if outcome.linked is not None:
                linked.append((action.source, outcome.linked))
            self.done.append(Done(file_action.source, outcome.place, _freed(step, at)))
            place = outcome.place and names.to_bytes(self.shelf.name_of(outcome.place))
            yield action._replace(state=DONE, target=place or action.target, digest=outcome.digest)

    def _changed(self, sidecar: _PreparedSidecar, objection: str) -> Action:
        """Change a sidecar; return its row as it is then. Copies stay if that fails."""
        reason = objection
        try:
            if not reason:
                sidecars.change(sidecar.action, sidecar.content)
        except NotDone as exc:
            reason = why_left(exc)
        self.sidecars[sidecar.action.source] = reason
        return sidecar.row._replace(state=LEFT if reason else DONE, reason=reason)

    def _attempt(
        self, step: Step, file_action: FileAction, at: int, reason: str
    ) -> tuple[Outcome | None, str, str]:
        """Act on one file, unless there is a reason not to; return what came of it."""
        if reason:
            return None, reason, LEFT
        try:
            return self._outcome(step, file_action, at), "", DONE
        except NotDone as exc:
            return None, why_left(exc), LEFT
        except UnfinishedError as exc:
            return None, str(exc), DOING

    def _outcome(self, step: Step, file_action: FileAction, at: int) -> Outcome:
        if at:
            return take_companion(step.companions[at - 1], file_action, step.keeper)
        kept = self.verdicts[step.keeper.path]
        compared = self.closer_looks.get(step.file.path) or self.verdicts.get(step.file.path)
        outcome = take_step(step, file_action, kept, compared.changed_ns if compared else None)
        self.verdicts[step.keeper.path] = kept._replace(changed_ns=outcome.keeper_changed_ns)
        return outcome


def _freed(step: Step, at: int) -> int:
    """Return how many bytes its picture frees, or the companion of this number from 1."""
    if at:
        return step.companions[at - 1].freed_bytes
    return step.freed_bytes - sum(companion.freed_bytes for companion in step.companions)


def examiners(jobs: int) -> AbstractContextManager[Mapper[SoundnessTask, Soundness]]:
    """Return worker processes that decode pictures in full."""
    return workers(
        soundness.examine_soundness,
        jobs=jobs,
        time_limit_s=TIME_LIMIT_S,
        memory_limit_bytes=MEMORY_LIMIT_BYTES,
    )


def problem_of(
    step: Step, verdicts: Mapping[str, Soundness], closer_looks: Mapping[str, CloserLook]
) -> str:
    """Return why a step is not taken, "" if reading the pictures says nothing against it."""
    kept = verdicts[step.keeper.path]
    if kept.problem:
        again = "; run clean again, it will keep a sound one" if kept.lasting else ""
        return f"stays: the copy to keep {kept.problem}{again}"
    if is_wanted(step):
        return closer_looks[step.file.path].problem
    if step.kind != PIXELS:
        return ""
    own = verdicts[step.file.path]
    same = own.pixel_digest is not None and own.pixel_digest == kept.pixel_digest
    return own.problem or ("" if same else "has other pixels than the copy to keep")


def _batches(groups: Sequence[Planned]) -> Iterator[list[Step]]:
    """Yield the steps of all groups in batches."""
    steps = [step for group in groups for step in group.steps]
    for start in range(0, len(steps), STEPS_PER_BATCH):
        yield steps[start : start + STEPS_PER_BATCH]
