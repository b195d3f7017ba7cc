"""Frees the space of what a clean-up set aside, file by file, under the checks of a clean-up.

A file is deleted only if it is still the one that was set aside, if the copy that was kept for it
is at its place, can be decoded and was not set aside itself, and if the two still are to each other
what the plan said. What was chosen by hand goes if neither has changed since. A companion goes
after its picture, and only if a file of the same bytes belongs to the copy that was kept, or its
sidecars say as much.

Each file is written down before it goes. So a purge that was killed leaves no doubt: the next purge
or undo sees which files are gone.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from imageshelf.cleanup import finishing, intactness, locks, places, planning, records
from imageshelf.cleanup.last_comparison import CloserLook, closer_looks
from imageshelf.cleanup.path_checks import UnsafePathError, is_below
from imageshelf.cleanup.planning import File, Step
from imageshelf.cleanup.records import FileAction
from imageshelf.cleanup.run import LeftAlone, examiners, problem_of
from imageshelf.cleanup.step import NotDone, has_double, take_step, why_left
from imageshelf.cleanup.undo_run import UndoError, numbered, require_own
from imageshelf.copies import companions
from imageshelf.pictures.soundness import Soundness
from imageshelf.searching.keys import keys_of
from imageshelf.searching.kinds import BY_RULE, BYTES
from imageshelf.searching.second_look import LONGEST_BEFORE_REMOVAL, SecondLook
from imageshelf.shelf import Shelf, names, snapshots
from imageshelf.shelf.cleanups import DONE, PURGED, PURGING, Action, Actions, Cleanup
from imageshelf.system.files import FileChangedError, lstat, stamp
from imageshelf.system.process import cores
from imageshelf.system.signals import Stop

HELD = (DONE, PURGING)  # states of a file that is, or may be, in the set-aside folder
FILES_PER_BATCH = 64  # written down in one transaction


class Freed(NamedTuple):
    """A file that is gone for good, by the path it once had; 0 bytes if it has other names."""

    path: str
    place: str
    freed_bytes: int


class Purged(NamedTuple):
    """What a purge did, or would do."""

    run: int
    freed: list[Freed]
    left: list[LeftAlone]


class _Row(NamedTuple):
    """A file that was set aside: its row, what that says, and the step that would free it."""

    action: Action
    file_action: FileAction
    step: Step
    size_bytes: int


def purge_outlook(shelf: Shelf, number: int | None = None) -> Purged:
    """Return what `purge` would free, as far as it shows without reading a picture.

    Without a number, of the last clean-up that set anything aside. Raises the same.
    """
    actions = Actions(shelf)
    run = _chosen(shelf, actions, number)
    rows, left = _rows(shelf, actions, run)
    return Purged(run.id, [_freed(row) for row in rows], left)


def purge(
    shelf: Shelf,
    stop: Stop,
    number: int | None = None,
    jobs: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Purged:
    """Delete for good what a clean-up set aside; return what was freed, and what was left and why.

    `progress` receives the number of files dealt with since its last call. Waits until no
    clean-up of the shelf is at work. Raises UndoError for an unknown run or one that is not this
    user's own, and LockError; raises Stopped
    between two batches, with all that was done written down.
    """
    actions = Actions(shelf)
    with locks.alone(shelf, stop.check):
        run = _chosen(shelf, actions, number)
        finishing.finish(shelf, actions, run)
        rows, left = _rows(shelf, actions, run)
        purging = _Purge(shelf, actions, run, Purged(run.id, [], left))
        try:
            purging.all(rows, stop, cores() if jobs is None else jobs, progress)
        finally:
            purging.tidy()
        return purging.result


def _chosen(shelf: Shelf, actions: Actions, number: int | None) -> Cleanup:
    """Return the run, by default the last of this user's that has files set aside."""
    runs = actions.runs()
    if number is not None:
        run = numbered(shelf, runs, number)
        require_own(run)
        return run
    counts = actions.counts()
    holding = [
        run
        for run in runs
        if run.ours
        and any(counts.get(run.id, {}).get((planning.SET_ASIDE, state)) for state in HELD)
    ]
    if not holding:
        raise UndoError(f"no clean-up of {shelf.path} holds anything to purge")
    return holding[-1]


def _rows(shelf: Shelf, actions: Actions, run: Cleanup) -> tuple[list[_Row], list[LeftAlone]]:
    """Return the files that may go, pictures before companions, and those that may not."""
    set_aside = [
        names.native(shelf.path_of(one.option("folder")))
        for one in actions.runs()
        if one.option("folder")
    ]
    rows, left = [], []
    for action in actions.of(run.id):
        if action.verb != planning.SET_ASIDE or action.state not in HELD:
            continue
        file_action = finishing.file_action_of(shelf, run, action)
        try:
            finishing.require_allowed(action, file_action, ())
            rows.append(_row(shelf, actions, action, file_action, set_aside))
        except (*NotDone, UnsafePathError) as exc:
            left.append(LeftAlone(file_action.source, why_left(exc)))
    return sorted(rows, key=lambda row: bool(_picture_of(row.action))), left


def _picture_of(action: Action) -> str:
    """Return the name of the picture that a companion belongs to, "" for a picture."""
    return str(action.stat.get("companion_of", ""))


def _row(
    shelf: Shelf, actions: Actions, action: Action, file: FileAction, set_aside: Sequence[str]
) -> _Row:
    placed = lstat(file.place)
    if placed is None:
        raise FileChangedError(f"is not there any more: {file.place}")
    if not records.is_known(placed, file):
        raise FileChangedError(f"has changed since it was set aside; it stays {file.place}")
    if untaken := action.stat.get("untaken"):
        raise FileChangedError(f"stays, for not all of it was taken over: {untaken[0]}")
    name = str(action.stat.get("keeper", ""))
    keeper = names.native(shelf.path_of(name))
    kept = lstat(keeper)
    if kept is None:
        raise FileChangedError(f"stays: the copy that was kept is gone: {keeper}")
    if os.path.samestat(placed, kept):
        raise FileChangedError("stays: it is another name of the copy that was kept")
    if is_below(os.path.dirname(keeper), set_aside):
        raise FileChangedError(f"stays: the copy that was kept was set aside itself: {keeper}")
    kind = str(action.stat.get("kind", BYTES))  # older rows do not say: only equal bytes go
    chosen = bool(action.stat.get("chosen"))
    row = actions.catalogue.row_of(names.to_bytes(name))
    if chosen and kind not in BY_RULE:
        known = (row.size_bytes, row.mtime_ns) if row else None
        same = kept.st_ino == action.stat.get("keeper_inode")
        same = same or known == (kept.st_size, kept.st_mtime_ns)  # it was restored
        if not same or kept.st_mtime_ns != action.stat.get("keeper_mtime_ns"):
            raise FileChangedError("stays: the copy that was kept has changed since")
    own = File(-1, names.to_text(action.source), file.place, stamp(placed), 0, 0)
    other = File(row.id if row else -1, name, keeper, stamp(kept), 0, 0)
    bytes_ = placed.st_size if placed.st_nlink == 1 else 0
    step = Step(own, other, kind, str(action.stat.get("turn", "")), "", "", bytes_, (), chosen)
    return _Row(action, file, step, bytes_)


def _freed(row: _Row) -> Freed:
    return Freed(row.file_action.source, row.file_action.place, row.size_bytes)


class _Purge:
    """One purge of one run."""

    def __init__(self, shelf: Shelf, actions: Actions, run: Cleanup, result: Purged) -> None:
        self.shelf, self.actions, self.run, self.result = shelf, actions, run, result
        self.gone = {row.source for row in actions.of(run.id) if row.state == PURGED}
        self.verdicts: dict[str, Soundness] = {}
        self.closer: dict[str, CloserLook] = {}
        self.listings = companions.Listings()

    def all(
        self, rows: Sequence[_Row], stop: Stop, jobs: int, progress: Callable[[int], object]
    ) -> None:
        """Free the files batch by batch."""
        closer = SecondLook(jobs=jobs, longest=LONGEST_BEFORE_REMOVAL)
        with closer, examiners(jobs) as mapper:
            for batch in _batches(rows):
                steps = [row.step for row in batch if not _picture_of(row.action)]
                self.verdicts = intactness.examined(steps, mapper, stop, self.actions)
                self.closer = closer_looks(steps, closer)
                stop.check()
                self._free(batch)
                progress(len(batch))

    def _free(self, batch: Sequence[_Row]) -> None:
        """Write down a batch, delete it, and write down what is gone."""
        allowed = [row for row in batch if self._may_go(row)]
        self.actions.set(self.run.id, [row.action._replace(state=PURGING) for row in allowed])
        ended: list[Action] = []
        try:
            ended.extend(row.action._replace(state=self._outcome(row)) for row in allowed)
        finally:
            self.actions.set(self.run.id, ended)

    def _may_go(self, row: _Row) -> bool:
        reason = self._objection(row)
        if reason:
            self.result.left.append(LeftAlone(row.file_action.source, reason))
        return not reason

    def _objection(self, row: _Row) -> str:
        picture = _picture_of(row.action)
        if not picture:
            reason = problem_of(row.step, self.verdicts, self.closer)
            return reason or (
                ""
                if self._is_as_chosen(row)
                else "stays: it or the copy to keep is another file now"
            )
        if names.to_bytes(picture) not in self.gone:
            return "stays with its picture"
        return (
            "" if self._has_double(row) else "stays: the copy that was kept has no such companion"
        )

    def _is_as_chosen(self, row: _Row) -> bool:
        """Tell whether the files of a choice, which nothing else compares, show what they did.

        In a restored folder they have other inodes, and are known by their keys.
        """
        step, noted = row.step, row.action.stat
        if not step.chosen or step.kind in BY_RULE:
            return True
        expected = {}
        if step.file.stamp.inode != row.file_action.known.inode:
            expected[step.file.path] = snapshots.key_of(noted.get("entry"))
        if step.keeper.stamp.inode != noted.get("keeper_inode"):
            kept = self.actions.catalogue.row_of(names.to_bytes(step.keeper.name))
            expected[step.keeper.path] = kept.key if kept else ""
        return keys_of(expected, self.shelf) == expected

    def _has_double(self, row: _Row) -> bool:
        """Tell whether companions of the kept copy have its bytes, or say as much."""
        others = companions.belonging(row.step.keeper.path, self.listings)
        return has_double(row.file_action.place, [other.path for other in others])

    def _outcome(self, row: _Row) -> str:
        """Delete one file; return the state that its row has then."""
        action = row.file_action._replace(
            verb=planning.PURGE, source=row.file_action.place, place=""
        )
        try:
            if _picture_of(row.action):
                os.unlink(action.source)
            else:
                path = row.step.file.path
                compared = self.closer.get(path) or self.verdicts.get(path)
                kept = self.verdicts[row.step.keeper.path]
                take_step(row.step, action, kept, compared.changed_ns if compared else None)
        except NotDone as exc:
            self.result.left.append(LeftAlone(row.file_action.source, why_left(exc)))
            return DONE
        self.gone.add(row.action.source)
        self.result.freed.append(_freed(row))
        places.tidy(row.file_action.place, row.file_action.folder)
        return PURGED

    def tidy(self) -> None:
        """Remove the run's folder, if nothing is left in it."""
        folder, made = self.run.option("folder"), self.run.option("made")
        if folder and made:
            places.unmake(*(names.native(self.shelf.path_of(name)) for name in (folder, made)))


def _batches(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """Yield pictures in batches, then companions: these go after all their pictures."""
    pictures = [row for row in rows if not _picture_of(row.action)]
    for some in (pictures, rows[len(pictures) :]):
        for start in range(0, len(some), FILES_PER_BATCH):
            yield some[start : start + FILES_PER_BATCH]
