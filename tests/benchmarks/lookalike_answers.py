"""What the command lines answer about the pictures of lookalikes.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tests.benchmarks.lookalike_sets import folders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.benchmarks.lookalike_sets.folders import Made, Wanted

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MATCHES = frozenset({"same file", "identical bytes", "identical pixels", "turned", "near"})
NONE = "not found"


class Told(NamedTuple):
    """What search.py says of one picture made of an original."""

    made: Made
    kind: str  # beside its own original
    regions: list[list[float]] | None  # None where the answer has no such field
    wrong: int  # matches that are another picture


class Answers(NamedTuple):
    """All that was asked."""

    pictures: Counter[str]  # of each set
    near: Counter[str]  # pictures that --duplicates calls a copy of another
    going: Counter[str]  # look-alikes in the plan over themselves
    copies: list[Told]
    alterations: list[Told]
    together: Counter[str]  # what goes in the plan over everything, rightly or wrongly
    cpu_s: dict[str, float]


class Commands:
    """The command lines over the pictures below a folder, and what each of them costs."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.cpu_s: dict[str, float] = {}

    def indexed(self, name: str, parts: Iterable[str]) -> str:
        """Shelf of some parts of the folder."""
        shelf = os.path.join(self.folder, f"{name}.shelve")
        below = [os.path.join(self.folder, part) for part in parts]
        with self._counted(f"index {name}"):
            self._run("index.py", "-q", "--rebuild", "-s", shelf, "-d", *below)
        return shelf

    def duplicates(self, shelf: str) -> list[list[dict[str, Any]]]:
        with self._counted("search --duplicates"):
            answer = self._run("search.py", "--duplicates", "-s", shelf, "--format", "json")
        return list(json.loads(answer))

    def plan(self, shelf: str, what: str) -> list[dict[str, Any]]:
        """What clean-up would do by rule."""
        with self._counted(f"clean {what}"):
            kinds = ("--kind", "near,turned", "--format", "json")
            answer = self._run("-m", "imageshelf", "clean", "-s", shelf, *kinds)
        return list(json.loads(answer)["actions"])

    def found(self, part: str, shelf: str) -> dict[str, list[dict[str, Any]]]:
        """Matches of every picture of a part, best first."""
        found = defaultdict(list)
        folder = os.path.join(self.folder, part)
        with self._counted(f"search --query {part}"):
            answer = self._run("search.py", "-q", folder, "-s", shelf, "--format", "jsonl")
        for line in answer.splitlines():
            match = json.loads(line)
            found[match["query"]].append(match)
        return found

    def _run(self, *arguments: str) -> bytes:
        command = [sys.executable, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        before = os.times()
        yield
        after = os.times()
        spent = after.children_user + after.children_system
        spent -= before.children_user + before.children_system
        self.cpu_s[what] = self.cpu_s.get(what, 0) + spent


def asked(folder: str, wanted: Wanted) -> Answers:
    """Draw everything below a folder and ask about it."""
    everything = folders.made(folder, wanted)
    commands = Commands(folder)
    alike = commands.indexed("alike", (folders.ORIGINALS, folders.OTHERS))
    groups = commands.duplicates(alike)
    near = {
        one["path"] for group in groups for one in group if one["role"] != "keep" and matched(one)
    }
    going = {one["path"] for one in commands.plan(alike, "look-alikes")}
    copied = commands.indexed("originals", (folders.ORIGINALS,))
    found = commands.found(folders.COPIED, copied) | commands.found(folders.CHANGED, copied)
    told = [_told(one, found.get(one.path, [])) for one in everything]
    both = commands.indexed(
        "everything", (folders.ORIGINALS, folders.OTHERS, folders.COPIED, folders.CHANGED)
    )
    together = Counter(_rightly(everything, commands.plan(both, "everything")))
    return Answers(
        Counter(dict.fromkeys(wanted.sets, wanted.number)),
        Counter(map(set_of, near)),
        Counter(map(set_of, going)),
        [one for one in told if one.made.rectangle is None],
        [one for one in told if one.made.rectangle is not None],
        together,
        commands.cpu_s,
    )


def set_of(path: str) -> str:
    """Name of the set of a picture."""
    return os.path.basename(os.path.dirname(path))


def matched(match: dict[str, Any]) -> bool:
    """Whether a match is one that clean-up may take."""
    return bool(match.get("match", match["kind"] in MATCHES))


def _told(made: Made, matches: Sequence[dict[str, Any]]) -> Told:
    own = next((match for match in matches if match["path"] == made.original), {})
    wrong = sum(matched(match) for match in matches if match["path"] != made.original)
    return Told(made, own.get("kind", NONE), own.get("regions"), wrong)


def _rightly(everything: Sequence[Made], plan: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What goes in a plan over everything: a copy of what stays, or what it should have left."""
    by_path = {made.path: made for made in everything}
    for action in plan:
        gone, kept = by_path.get(action["path"]), by_path.get(action["keeper"])
        original = gone.original if gone else action["path"]
        if original != (kept.original if kept else action["keeper"]):
            yield "pictures for another one"
        elif any(one and one.rectangle for one in (gone, kept)):
            yield "pictures for one that is altered, or the reverse"
        else:
            yield "copies for one of the same picture"


def overlap(told: Told) -> float:
    """Intersection over union of the rectangles told and the true one."""
    width, height = told.made.size
    masks = np.zeros((2, height, width), bool)
    for x, y, wide, tall in told.regions or ():
        masks[0, round(y) : round(y + tall), round(x) : round(x + wide)] = True
    if told.made.rectangle:
        x, y, wide, tall = told.made.rectangle
        masks[1, y : y + tall, x : x + wide] = True
    return float(masks.all(0).sum() / max(1, masks.any(0).sum()))
