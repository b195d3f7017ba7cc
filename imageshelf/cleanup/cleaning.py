"""Cleaning up as two functions, which plan, and act only when asked to.

print(clean("db.shelve", kinds="identical bytes,near"))          # the plan; nothing is touched
clean("db.shelve", kinds="identical bytes,near", apply=True)
undo("db.shelve", apply=True)
"""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Unpack

from imageshelf.cleanup import planning, taking_over, undo_run
from imageshelf.cleanup.apply import CleanupError, Result, apply_plan
from imageshelf.cleanup.locks import LockError
from imageshelf.cleanup.planning import Left, Plan, Rules, Step
from imageshelf.cleanup.selection import SelectionError
from imageshelf.cleanup.undo_run import UndoError, Undone
from imageshelf.copies import grouping, preferred
from imageshelf.copies.byte_digests import DecodeOptions
from imageshelf.copies.groups import Duplicates, GroupKeywords, GroupOptions, PairRules
from imageshelf.copies.protected_folders import NoFolderError
from imageshelf.copies.shown_digests import ShownDigests
from imageshelf.hashing.joins import Effort
from imageshelf.searching.kinds import BY_RULE
from imageshelf.shelf import Shelf, ShelfError, not_duplicates, open_shelf
from imageshelf.shelf.not_duplicates import NotDuplicatesError
from imageshelf.system.process import cores
from imageshelf.system.progress import bar, in_notebook, share
from imageshelf.system.rendering import rendered
from imageshelf.system.words import nearby, shown, with_article
from imageshelf.workers.jobs import WorkerError

CleaningError = (  # each is one sentence
    CleanupError,
    LockError,
    NoFolderError,
    NotDuplicatesError,
    SelectionError,
    ShelfError,
    UndoError,
    WorkerError,
)


class Cleaning(NamedTuple):
    """A clean-up: its plan, and what was done; None if nothing was, because only a plan was asked.

    `result.run` is the number that `undo` takes.
    """

    plan: Plan
    result: Result | None = None

    def __str__(self) -> str:
        return rendered(self, "text")


def clean(  # noqa: PLR0913 - options, all by name
    shelf: str | os.PathLike[str] = "db.shelve",
    *,
    apply: bool = False,
    action: str = planning.SET_ASIDE,
    folder: str = "",
    take_over: bool = False,
    jobs: int | None = None,
    **keywords: Unpack[GroupKeywords],
) -> Cleaning:
    """Return which copies can go, and why; with `apply`, carry that out.

    `action` is one of "set aside" (into `folder`, by default beside the shelf), "trash", "hard
    link" and "delete". Copies of `kinds` go, by default those that are identical; the other
    options are those of `duplicates`. Raises one of CleaningError, and ValueError for an option
    that does not exist.
    """
    if action not in planning.ACTIONS:
        raise ValueError(f"expected one of {', '.join(planning.ACTIONS)}, not {action!r}")
    asked = GroupOptions.of({"kinds": BY_RULE, **keywords})
    if never := sorted((asked.kinds or BY_RULE) - planning.BY_NAME):
        raise ValueError(f"{never[0]} pictures go only when they are chosen one by one")
    asked = replace(asked, hard_links=action == planning.HARD_LINK, take_over=take_over)
    quiet = not in_notebook()
    since_ns = time.time_ns()
    with open_shelf(os.fspath(shelf), "w" if apply else "r") as db:
        question, found = find_copies(db, asked, jobs, quiet=quiet)
        plan = plan_for(question, found, action, jobs, quiet=quiet)
        if not apply:
            return Cleaning(plan)
        with bar(len(plan.steps), "picture", "cleaning up", quiet=quiet) as progress:
            result = apply_plan(
                db, plan, folder=folder, jobs=jobs, since_ns=since_ns, progress=progress
            )
    return Cleaning(plan, result)


def undo(
    shelf: str | os.PathLike[str] = "db.shelve", run: int | None = None, *, apply: bool = False
) -> Undone:
    """Return what can be taken back of a clean-up, by default the last; with `apply`, do it.

    Raises one of CleaningError.
    """
    with open_shelf(os.fspath(shelf), "w" if apply else "r") as db:
        return undo_run.undo(db, run) if apply else undo_run.outlook(db, run)


def find_copies(
    shelf: Shelf, options: GroupOptions, jobs: int | None, *, quiet: bool = False
) -> tuple[GroupOptions, Duplicates]:
    """Return the groups of which copies may go, and the options with the shelf's preferences."""
    question = preferred.with_preferences(shelf, replace(options, files_only=True))
    jobs = cores() if jobs is None else jobs
    with (
        share("comparing", quiet=quiet) as comparing,
        share("reading", quiet=quiet) as decoding,
        ShownDigests() as shown,
    ):
        rules = PairRules(not_duplicate=not_duplicates.lookup(shelf, shown))
        work = Effort(max(jobs, 1), comparing)
        reading = DecodeOptions(jobs, decoding, keep=True)
        return question, grouping.find_groups(shelf, question, rules, work, reading)


def plan_for(
    question: GroupOptions,
    found: Duplicates,
    action: str,
    jobs: int | None,
    *,
    quiet: bool = False,
) -> Plan:
    """Return the plan that the rules make."""
    rules = Rules(action, question.kinds or BY_RULE, question.references, question.take_over)
    plan = planning.plan(found.groups if question.kinds else found.by_rule, found.rows, rules)
    plan = plan._replace(preferences=question.preferences)
    return (
        take_over_in(plan, question.references, jobs, quiet=quiet) if question.take_over else plan
    )


def with_left_by_rule(plan: Plan, question: GroupOptions, found: Duplicates) -> Plan:
    """Return a plan by rule with the turned and near copies that it leaves, and why."""
    named = planning.plan(
        found.groups, found.rows, Rules(plan.action, planning.BY_NAME, question.references)
    )
    spoken_of = {step.file.path for step in plan.steps}
    spoken_of |= {left.path for group in plan.groups for left in group.left}
    more = []
    for group in named.groups:
        left = [*map(_left_by_rule, group.steps), *group.left]
        kinds = planning.BY_NAME - BY_RULE
        left = [one for one in left if one.kind in kinds and one.path not in spoken_of]
        spoken_of.update(one.path for one in left)
        more.append(group._replace(steps=(), left=tuple(left)))
    return plan._replace(groups=(*plan.groups, *more))


def _left_by_rule(step: Step) -> Left:
    """Return the picture of a step as one that goes only if its kind is named."""
    like = shown(nearby(step.keeper.path))
    reason = f"is {with_article(step.kind)} copy of {like}; add --kind {step.kind} to let it go"
    return Left(step.file.path, step.kind, reason)


def take_over_in(
    plan: Plan, references: Sequence[str], jobs: int | None, *, quiet: bool = False
) -> Plan:
    """Return the plan with what the copies leave to the pictures that stay."""
    jobs = cores() if jobs is None else jobs
    number = sum(len(group.steps) + 1 for group in plan.groups if group.steps)
    reading = taking_over.readers(jobs)
    stage = "reading what was written"
    with bar(number, "picture", stage, quiet=quiet) as progress, reading as mapper:
        return taking_over.with_taking_over(plan, references, mapper, progress)
