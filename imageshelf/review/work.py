"""What the live page has done: index, look for copies, clean up, undo, purge.

It is the code of the commands of these names, with their locks, checks and history.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cleanup import cleaning, finishing, locks, planning, purging, selection, undo_run
from imageshelf.cleanup.apply import apply_plan
from imageshelf.cleanup.planning import Rules
from imageshelf.cleanup.selection import Chosen, Selection, SelectionError
from imageshelf.copies.duplicates import duplicates
from imageshelf.copies.folders import compare_folders
from imageshelf.indexing.run import Indexing
from imageshelf.indexing.settings import Settings
from imageshelf.report import sheets
from imageshelf.report.cleanup import DONE as DONE_WORDS
from imageshelf.review.background import JobOutcome
from imageshelf.review.decisions import DIFFERENT, SKIPPED
from imageshelf.shelf import names, open_shelf
from imageshelf.shelf.cleanups import RUNNING, Actions
from imageshelf.system.paths import Url
from imageshelf.system.process import cores
from imageshelf.system.words import count, shown, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imageshelf.copies.groups import Duplicates, GroupOptions
    from imageshelf.report.cards import CardGroup, Sheet
    from imageshelf.review.background import BackgroundJob

TOLD = 200  # files named in the outcome of a clean-up
APPLIED = (planning.SET_ASIDE, planning.TRASH, planning.HARD_LINK)  # what can be taken back

State = tuple[int, int, int] | None  # of the shelf's file: inode, size, mtime


class Groups(NamedTuple):
    """All groups of a shelf, at one moment."""

    sheet: Sheet
    by_key: Mapping[str, CardGroup]
    answer: Duplicates
    since_ns: int  # before they were looked for: what a clean-up must know
    state: State  # of the shelf


def state_of(shelf: str) -> State:
    """Return what changes with a shelf; None when there is none."""
    try:
        status = os.stat(shelf)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def look(shelf: str, options: GroupOptions, job: BackgroundJob) -> Groups:
    """Return the groups of a shelf, the largest saving first, with its folders below them."""
    job.begin("comparing")
    since_ns, reading = time.time_ns(), False

    def read(share: float) -> None:
        nonlocal reading
        if not reading:
            reading = True
            job.begin("reading")
        job.part(share)

    answer = duplicates(shelf, options, job.part, read)
    job.stop.check()
    with open_shelf(shelf) as db:
        folders = compare_folders(db, answer)
    answer = replace(answer, groups=answer.ordered())
    sheet = sheets.of_folders(folders, answer, shelf)
    by_key = {group.key: group for group in sheet.groups}
    return Groups(sheet, by_key, answer, since_ns, state_of(shelf))


def put_right(shelf: str, job: BackgroundJob) -> str:
    """Finish or take back what a clean-up that was killed left half done; tell if there was any."""
    with open_shelf(shelf) as db:
        actions = Actions(db)
        dead = any(run.ours and run.state == RUNNING for run in actions.runs())
        if not (dead or actions.unfinished()) or locks.is_held(db):
            return ""
    with open_shelf(shelf, "w") as db, locks.alone(db, job.stop.check):
        finishing.finish_dead_runs(db, Actions(db))
    return (
        "A clean-up was cut short. What it left half done is finished or taken back; see History."
    )


def index(shelf: str, folders: Sequence[str], job: BackgroundJob) -> str:
    """Index folders; return a sentence."""
    job.begin("looking for pictures")
    with Indexing(folders, shelf, Settings()) as run:
        job.begin("indexing", len(run.survey().to_read))
        for batch in run.batches(job.count):
            run.remember(batch)
            job.stop.check()
        run.settle()
        run.find_points()
        run.finish()
    summary = run.summary
    changes = [
        f"{number:,} {word}"
        for number, word in (
            (summary.new, "new"), (summary.changed, "changed"), (summary.moved, "moved"),
            (summary.vanished, "gone"), (summary.skipped, "that cannot be read"),
        )
        if number
    ]  # fmt: skip
    return f"Indexed {count(len(folders), 'folder')}: {', '.join(changes) or 'nothing new'}."


def known_folders(shelf: str) -> list[str]:
    """Return the folders that were indexed onto a shelf."""
    with open_shelf(shelf) as db:
        paths = (
            names.native(db.path_of(names.to_text(dataset.name)))
            for dataset in db.whole_catalogue().datasets()
        )
        return [path for path in paths if not isinstance(path, Url)]


def chosen(groups: Groups, marks: Mapping[str, str]) -> tuple[Chosen, ...]:
    """Return what was decided as a selection: what one group keeps stays, and goes only once."""
    decided = [
        (group, marks[group.key])
        for group in groups.sheet.groups
        if group.choosing and marks.get(group.key, SKIPPED) not in {SKIPPED, DIFFERENT}
    ]
    kept = {name for group, letters in decided for name in _named(group, letters, "k")}
    gone: set[str] = set()
    selected = []
    for group, letters in decided:
        aside = [n for n in _named(group, letters, "x") if n not in kept and n not in gone]
        gone.update(aside)
        if aside:
            selected.append(Chosen(tuple(_named(group, letters, "k")), tuple(aside)))
    return tuple(selected)


def _named(group: CardGroup, letters: str, letter: str) -> list[str]:
    return [card.name for card, mark in zip(group.cards, letters, strict=True) if mark == letter]


def apply(  # noqa: PLR0913, PLR0917 - what one clean-up is made of
    shelf: str,
    groups: Groups,
    selected: tuple[Chosen, ...],
    action: str,
    take_over: bool,
    job: BackgroundJob,
) -> JobOutcome:
    """Carry out what was decided, as `clean --selection --apply` does."""
    if not selected:
        raise SelectionError("nothing is chosen to go")
    references = groups.answer.options.references
    with open_shelf(shelf, "w") as db:
        job.begin("planning")
        rules = Rules(action, planning.BY_NAME, references)
        plan = selection.plan(db, Selection(shelf, selected), groups.answer.groups, rules)
        if take_over:
            job.begin("reading what was written")
            plan = cleaning.take_over_in(plan, references, None, quiet=True)
        job.stop.check()
        job.begin("cleaning up", len(plan.steps))
        result = apply_plan(db, plan, since_ns=groups.since_ns, progress=job.count, stop=job.stop)
    left = [(one.path, one.reason) for group in plan.groups for one in group.left]
    left += [(one.path, one.reason) for one in result.left]
    freed = size(sum(done.freed_bytes for done in result.done))
    parts = [f"{count(len(result.done), 'file')} {DONE_WORDS[action]}, {freed}"]
    if left:
        parts.append(f"{count(len(left), 'file')} left alone")
    if result.taken_over:
        parts.append(f"what was written is in {count(len(result.taken_over), 'sidecar')} now")
    stopped = "Stopped: " if result.stopped else ""
    run = result.run if result.done else 0
    aside = action == planning.SET_ASIDE
    return JobOutcome(f"{stopped}{'; '.join(parts)}.", _details(left), run, aside)


def undo(shelf: str, run: int, job: BackgroundJob) -> JobOutcome:
    """Take a clean-up back."""
    job.begin("taking back")
    with open_shelf(shelf, "w") as db:
        undone = undo_run.undo(db, run, lambda _: job.stop.check())
    lost = f"; {count(len(undone.lost), 'file')} not" if undone.lost else ""
    sentence = f"{count(len(undone.back), 'file')} of clean-up {run} back in place{lost}."
    return JobOutcome(sentence, _details(undone.lost))


def purge(shelf: str, run: int, job: BackgroundJob) -> JobOutcome:
    """Free the space of what a clean-up set aside, for good."""
    job.begin("purging")
    with open_shelf(shelf, "w") as db:
        job.total = len(purging.purge_outlook(db, run).freed)
        purged = purging.purge(db, job.stop, run, cores(), job.count)
    return JobOutcome(purge_sentence(purged, "deleted for good"), _details(purged.left))


def purge_sentence(purged: purging.Purged, done: str) -> str:
    """Return what a purge freed, or would free."""
    freed = size(sum(file.freed_bytes for file in purged.freed))
    left = f"; {count(len(purged.left), 'file')} left" if purged.left else ""
    return f"{count(len(purged.freed), 'file')} of clean-up {purged.run} {done}, {freed}{left}."


def _details(files: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    told = [f"{shown(path)} {shown(reason)}" for path, reason in files[:TOLD]]
    return (*told, *([f"and {len(files) - TOLD:,} more"] if len(files) > TOLD else []))
