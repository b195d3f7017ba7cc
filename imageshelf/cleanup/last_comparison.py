"""The last look before a picture goes: near and turned pairs are laid over each other once more.

It is taken at a higher resolution than the one that the plan is made from, which shows a short
field that was filled in, or a subject that moved a little.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.searching.kinds import NEAR, TURNED, KnownFile
from imageshelf.searching.looks import Look, in_words
from imageshelf.searching.query_prints import TURN_NAMES
from imageshelf.searching.second_look import Pair, SecondLook

if TYPE_CHECKING:
    from imageshelf.cleanup.planning import File, Step

LIKENESS = frozenset({NEAR, TURNED})


class CloserLook(NamedTuple):
    """What came of it: `problem` is "" if the picture may go, else continues "this file ...".

    `changed_ns` is the file's `st_ctime_ns` before it was read, which moves with every write.
    """

    problem: str
    changed_ns: int = 0


def is_wanted(step: Step) -> bool:
    """Tell whether a step rests on likeness alone, and on nobody's choice."""
    return step.kind in LIKENESS and not step.chosen


def closer_looks(steps: Sequence[Step], second_look: SecondLook) -> dict[str, CloserLook]:
    """Return what a closer look says of each step that wants one, by the path of what goes."""
    wanted = [step for step in steps if is_wanted(step)]
    before = [_changed_ns(step.file.path) for step in wanted]
    looks = second_look.at([_pair(step) for step in wanted])
    return {
        step.file.path: CloserLook(_problem(look), changed_ns)
        for step, look, changed_ns in zip(wanted, looks, before, strict=True)
    }


def _pair(step: Step) -> Pair:
    kept, file = _known(step.keeper), _known(step.file)
    return Pair(kept, file, TURN_NAMES.index(step.turn))


def _known(file: File) -> KnownFile:
    return KnownFile(file.path, file.stamp.size_bytes)


def _problem(look: Look) -> str:
    if look.is_match:
        return ""
    if not look.compared:
        return "stays: it could not be compared with the copy to keep"
    words = in_words(look)
    return f"stays: looked at closely it is {look.kind}{words and ', ' + words}"


def _changed_ns(path: str) -> int:
    try:
        return os.stat(path).st_ctime_ns
    except (OSError, ValueError):
        return 0  # looking at it says why
