"""Which pictures of a clean-up are intact: workers decode them, the shelf remembers the verdicts.

A verdict carries the state of its file, so that whoever acts on it can make sure that the file is
still in that state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imageshelf.pictures.soundness import Soundness, SoundnessTask
from imageshelf.searching.kinds import PIXELS
from imageshelf.workers.jobs import Lost

if TYPE_CHECKING:
    from imageshelf.cleanup.planning import File, Step
    from imageshelf.shelf.cleanups import Actions
    from imageshelf.system.signals import Stop
    from imageshelf.workers.pool import Mapper


def examined(
    steps: Sequence[Step], mapper: Mapper[SoundnessTask, Soundness], stop: Stop, actions: Actions
) -> dict[str, Soundness]:
    """Return verdicts by path, on all keepers and on all pictures with pixels like their keeper's.

    If a keeper is damaged, its whole group is examined, so that the next plan keeps a sound one.
    The shelf remembers the verdicts.
    """
    wanted: dict[str, tuple[File, bool]] = {}
    for step in steps:
        pixels = step.kind == PIXELS
        _, before = wanted.get(step.keeper.path, (None, False))
        wanted[step.keeper.path] = step.keeper, pixels or before
        if pixels:
            wanted[step.file.path] = step.file, True
    known = _examined(wanted, mapper, stop, actions)
    damaged = {
        step.file.path: (step.file, False)
        for step in steps
        if known[step.keeper.path].lasting and step.file.path not in known
    }
    return known | _examined(damaged, mapper, stop, actions)


def _examined(
    wanted: dict[str, tuple[File, bool]],
    mapper: Mapper[SoundnessTask, Soundness],
    stop: Stop,
    actions: Actions,
) -> dict[str, Soundness]:
    verdicts = {}
    rows = []
    questions = [SoundnessTask(path, file.stamp, pixels) for path, (file, pixels) in wanted.items()]
    for (path, stamp, _), answer in stop.watch(mapper(questions)):
        verdict = answer
        if isinstance(verdict, Lost):  # its decoder crashed or took too long
            verdict = Soundness(verdict.reason, lasting=verdict.lasting)
        verdicts[path] = verdict
        if verdict.lasting or not verdict.problem:
            state = wanted[path][0].id, stamp.size_bytes, stamp.mtime_ns
            rows.append((*state, not verdict.problem, verdict.pixel_digest))
    actions.set_verdicts(rows)
    return verdicts
