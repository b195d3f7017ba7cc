"""Plans what the pictures that stay take over from the copies that go.

Before a copy goes, the picture that stays gets what was written about the copy and is not said of
it yet: into a sidecar, never into the picture. Its own values stay; what the copy says otherwise is
told. Faces have places in the picture as it is stored, so they are taken over only where the pixels
and their orientation are the same.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from imageshelf.cleanup.planning import (
    DELETE,
    HARD_LINK,
    Left,
    Plan,
    Planned,
    Step,
    TakeOver,
    would_be_lost,
)
from imageshelf.cleanup.sidecars import content_after, noted, sidecar_names, sidecar_of
from imageshelf.copies.companions import TAKEOUT, Companion, Listings, belonging, without_twin
from imageshelf.copies.protected_folders import ProtectedFolders
from imageshelf.copies.sidecar_contents import said_in_packet, says_no_more
from imageshelf.pictures.annotated_file import AnnotationTask, ReadAnnotations
from imageshelf.pictures.annotations import Annotations, Conflict, beyond, combined
from imageshelf.pictures.xmp import XmpError
from imageshelf.searching.kinds import BYTES, MATCHES, PIXELS
from imageshelf.system.files import MEMORY_LIMIT_MB, FileChangedError
from imageshelf.system.words import count
from imageshelf.workers.jobs import Lost
from imageshelf.workers.pool import Mapper, workers

NOTHING = Annotations()


def readers(jobs: int) -> AbstractContextManager[Mapper[AnnotationTask, ReadAnnotations]]:
    """Return worker processes that read what is written about pictures."""
    return workers(
        "imageshelf.pictures.annotated_file:read_all",
        jobs=jobs,
        memory_limit_bytes=MEMORY_LIMIT_MB * 1_000_000,
    )


def with_taking_over(
    plan: Plan,
    references: Sequence[str],
    mapper: Mapper[AnnotationTask, ReadAnnotations],
    progress: Callable[[int], object] = lambda _: None,
) -> Plan:
    """Return the plan with what each copy leaves to the picture that stays.

    A copy is left alone if what is written about the two cannot be read, if it would leave
    something to a picture in a reference folder, or, when it is to be deleted, if not all of what
    a person wrote can be taken over. `progress` receives the number of pictures read.
    """
    if plan.action == HARD_LINK:  # equal bytes, and each sidecar stays where it is
        return plan
    paths = {path for group in plan.groups for path in _paths(group)}
    read = dict(_read(sorted(paths), mapper, progress))
    protected = ProtectedFolders(tuple(references))
    sidecars: dict[str, str] = {}  # each with its picture: two with one stem do not share it
    groups = []
    for group in plan.groups:
        keeper = group.keeper.path
        sidecar = sidecar_of(keeper)
        if sidecars.setdefault(sidecar, keeper) != keeper:
            sidecar = f"{keeper}.xmp"
        groups.append(_group(group, plan.action, read, protected, sidecar))
    return plan._replace(groups=tuple(groups))


def _paths(group: Planned) -> Iterable[str]:
    steps = [step.file.path for step in group.steps if step.kind in MATCHES]
    return [group.keeper.path, *steps] if steps else []


def _read(
    paths: Sequence[str],
    mapper: Mapper[AnnotationTask, ReadAnnotations],
    progress: Callable[[int], object],
) -> Iterable[tuple[str, ReadAnnotations]]:
    listings, tasks = Listings(), []
    for path in paths:
        if link := next(filter(os.path.islink, sidecar_names(path)), ""):
            yield path, ReadAnnotations(NOTHING, f"{os.path.basename(link)} is a link")
        else:
            tasks.append(_task(path, listings))
    for task, answer in mapper(tasks):
        progress(1)
        if isinstance(answer, Lost):
            yield task.path, ReadAnnotations(Annotations(), answer.reason)
        else:
            yield task.path, answer


def _task(path: str, listings: Listings) -> AnnotationTask:
    along = belonging(path, listings)
    sidecars = tuple(one.path for one in along if one.path.casefold().endswith(".xmp"))
    return AnnotationTask(path, sidecars, tuple(one.path for one in along if one.kind == TAKEOUT))


def _group(
    group: Planned,
    action: str,
    read: dict[str, ReadAnnotations],
    protected: ProtectedFolders,
    sidecar: str,
) -> Planned:
    own = read.get(group.keeper.path)
    if own is None:
        return group
    known, steps, left = own.annotations, [], list(group.left)
    for step in group.steps:
        theirs = read.get(step.file.path)
        if theirs is None:
            steps.append(step)
            continue
        if problem := theirs.problem or own.problem:
            left.append(_left(step, f"stays: nothing can be taken over: {problem}"))
            continue
        wanted, conflicts = _wanted(step, known, theirs.annotations)
        untaken = tuple(one.sentence for one in conflicts if one.is_written)
        added = beyond(known, wanted)
        if added != NOTHING and (why := protected.why(group.keeper.path)):
            left.append(_left(step, f"stays: {added.in_words()} would go to a picture that {why}"))
            continue
        if untaken and action == DELETE:
            left.append(_left(step, f"stays: {untaken[0]}"))
            continue
        if action == DELETE and (lost := _lost(step, sidecar, own.annotations, wanted)):
            left.append(_left(step, would_be_lost(lost)))
            continue
        known = wanted
        taken = TakeOver(sidecar, added, added) if added != NOTHING else None
        told = (f"not taken over: {one.sentence}" for one in conflicts)
        warning = "; ".join(filter(None, [step.warning, *told]))
        steps.append(step._replace(take_over=taken, untaken=untaken, warning=warning))
    by_all = beyond(own.annotations, known)
    steps = [
        step._replace(take_over=step.take_over and step.take_over._replace(added_by_all=by_all))
        for step in steps
    ]
    return group._replace(steps=tuple(steps), left=tuple(left))


def _lost(step: Step, sidecar: str, own: Annotations, wanted: Annotations) -> list[Companion]:
    """Return the companions that say, or are, more than the keeper's will once this is in them."""
    others = belonging(step.keeper.path, Listings())
    only, added = without_twin(step.companions, others), beyond(own, wanted)
    try:
        after = [said_in_packet(content_after(noted(sidecar), added))] if added != NOTHING else []
    except (FileChangedError, OSError, XmpError):
        return only
    paths = [other.path for other in others]
    return [one for one in only if not says_no_more(one.path, paths, after)]


def _wanted(
    step: Step, known: Annotations, theirs: Annotations
) -> tuple[Annotations, list[Conflict]]:
    """Return what is said of the picture afterwards, and what is not taken over."""
    lost = []
    stored_alike = step.kind == PIXELS and step.file.orientation == step.keeper.orientation
    if theirs.faces and step.kind != BYTES and not stored_alike:
        missing = {face.name for face in theirs.faces} - {face.name for face in known.faces}
        theirs = theirs._replace(faces=())
        if missing:
            faces = count(len(missing), "face")
            lost.append(Conflict("faces", f"{faces} cannot be placed in another picture"))
    result = combined(known, [theirs])
    return result.annotations, [*result.conflicts, *lost]


def _left(step: Step, reason: str) -> Left:
    return Left(step.file.path, step.kind, reason)
