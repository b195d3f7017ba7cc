"""The second look: what the hashes nominate is laid over each other, and that decides the kind.

    with SecondLook() as second_look:
        looks = second_look.at([Pair(query, candidate, turn)])

The hashes find, the pixels decide: forms filled in differently have nearly equal hashes. Only
pictures that were nominated are read, each reduced to 256 pixels.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from imageshelf.hashing.turning import INVERTED
from imageshelf.pictures.look_tasks import ColourTask, EnlargedTask, LaidOver, LookTask
from imageshelf.pictures.tasks import DigestTask
from imageshelf.searching import kinds
from imageshelf.searching.looks import Look, identical, in_pixels
from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.paths import Url
from imageshelf.workers.jobs import Lost
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    from imageshelf.overlay.coarse import Coarse
    from imageshelf.overlay.verdict import Verdict
    from imageshelf.searching.kinds import KnownFile

RULE = 5  # one more whenever a pair may be told another kind: kept looks are of one rule
LONGEST = 256  # pixels, at which the overlay's thresholds were chosen
LONGEST_BEFORE_REMOVAL = 448  # sees a short field, and a subject that moved a little
IN_PART = 0.25  # share that differs, below which detail does not disagree all over
WORK = "imageshelf.workers.work_overlay:work"


class Pair(NamedTuple):
    """Two pictures that the hashes nominated."""

    first: KnownFile
    second: KnownFile
    turn: int = 0  # what the first must undergo: an index into TURN_NAMES


class SecondLook:
    """A context in which pairs are looked at, under the limits of worker processes.

    `memory_limit_mb` is the shelf's: larger pictures are not read. A map of WORK that is given as
    `decoders` is used, and stays open.
    """

    def __init__(
        self,
        *,
        jobs: int | None = None,
        longest: int = LONGEST,
        memory_limit_mb: int = MEMORY_LIMIT_MB,
        decoders: LimitedMap | None = None,
    ) -> None:
        self.longest, self.memory_limit_mb = longest, memory_limit_mb
        self._own = LimitedMap(WORK, jobs=jobs, memory_limit_mb=memory_limit_mb)
        self._decoders = decoders or self._own
        self.pixel_digests: dict[str, bytes] = {}  # by path: what had to be decoded in full
        self.crashed: set[str] = set()  # paths of pictures that end their decoder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._own.close()

    def at(
        self, pairs: Sequence[Pair], progress: Callable[[float], object] = lambda _: None
    ) -> list[Look]:
        """Return what is seen of each pair; `progress` receives the share that is done.

        Files are compared byte for byte first. Raises WorkerError when no worker can start.
        """
        looks = [_without_looking(pair) for pair in pairs]
        places: dict[LookTask, list[int]] = {}
        for n, look in enumerate(looks):
            if look is None:
                places.setdefault(self._task(pairs[n]), []).append(n)
        indistinct: list[int] = []
        careful = any(_is_damaged(pairs[n]) for ns in places.values() for n in ns)
        answers = self._mapped(list(places), careful=careful)
        for count, (task, laid) in enumerate(answers, 1):
            for n in places[task]:
                looks[n] = _look(pairs[n], laid)
                if isinstance(laid, LaidOver) and laid.indistinct:
                    indistinct.append(n)
            progress(count / len(places))
        self._tell_pixels_apart(pairs, indistinct, looks)
        return [look for look in looks if look is not None]

    def reduced(self, files: Sequence[KnownFile]) -> list[Coarse | None]:
        """Return what stands for each picture in comparisons of many; None for what is unread."""
        tasks = {
            n: ColourTask(file.path, self.longest, self.memory_limit_mb)
            for n, file in enumerate(files)
            if not isinstance(file.path, Url) and file.pixel_digest != kinds.DAMAGED
        }
        answers = dict(self._mapped(list(tasks.values())))
        found = [answers.get(tasks[n]) if n in tasks else None for n in range(len(files))]
        return [None if isinstance(answer, Lost) else answer for answer in found]

    def enlarged(self, pairs: Sequence[Pair]) -> list[bool]:
        """Tell of each pair whether the first was made by enlarging the second; both are read.

        What cannot be read is not called enlarged.
        """
        tasks = [
            EnlargedTask(pair.first.path, pair.second.path, pair.turn, self.memory_limit_mb)
            for pair in pairs
        ]
        answers = dict(self._mapped(tasks))
        return [answers.get(task) is True for task in tasks]

    def _task(self, pair: Pair) -> LookTask:
        paths = pair.first.path, pair.second.path
        return LookTask(*paths, pair.turn, self.longest, self.memory_limit_mb)

    def _tell_pixels_apart(
        self, pairs: Sequence[Pair], indistinct: list[int], looks: list[Look | None]
    ) -> None:
        """Decode in full what looks the same, and find what is identical in every pixel."""
        files = {file.path: file for n in indistinct for file in pairs[n][:2]}
        for path, file in files.items():
            if file.pixel_digest is not None:
                self.pixel_digests[path] = file.pixel_digest
        missing = sorted(files.keys() - self.pixel_digests.keys())
        tasks = [
            DigestTask(os.fsencode(path), path, True, self.memory_limit_mb) for path in missing
        ]
        for task, digest in self._mapped(tasks):
            readable = isinstance(digest, bytes)
            if isinstance(digest, Lost) and digest.lasting:
                self.crashed.add(task.path)
            self.pixel_digests[task.path] = digest if readable else kinds.DAMAGED
        for n in indistinct:
            ours, theirs = (self.pixel_digests[file.path] for file in pairs[n][:2])
            look = looks[n]
            if look is not None and ours == theirs != kinds.DAMAGED:
                looks[n] = look._replace(kind=kinds.PIXELS)

    def _mapped(self, tasks: list[Any], *, careful: bool = False) -> Iterator[tuple[Any, Any]]:
        """Yield each task with what came of it; `careful` leaves decoding to worker processes."""
        return self._decoders(tasks, here=_look_here, careful=careful)


def _look_here(task: Any) -> Any:
    from imageshelf.workers import work_overlay

    return work_overlay.work(task)


def _without_looking(pair: Pair) -> Look | None:
    """Return what needs no look: one file, equal bytes, a picture at a URL; None for the rest."""
    if kinds.same_file(pair.first.path, pair.second.path):
        return identical(kinds.SAME_FILE)
    if kinds.identical_bytes(pair.first, pair.second):
        return identical(kinds.BYTES)
    if isinstance(pair.first.path, Url) or isinstance(pair.second.path, Url):
        return _unseen(pair)
    return None


def _is_damaged(pair: Pair) -> bool:
    """Tell whether one of the two may have crashed its decoder."""
    return kinds.DAMAGED in {pair.first.pixel_digest, pair.second.pixel_digest}


def _unseen(pair: Pair) -> Look:
    turn = kinds.INVERTED if pair.turn == INVERTED else "turned" if pair.turn else ""
    return Look(kinds.nominated_kind(pair.first, pair.second, turn))


def _look(pair: Pair, laid: LaidOver | Lost) -> Look:
    if isinstance(laid, Lost) or laid.verdict is None:
        return _unseen(pair)
    verdict = laid.verdict
    return Look(
        kind_seen(verdict, pair),
        compared=True,
        agrees=verdict.agrees,
        differs=verdict.differs,
        regions=in_pixels(verdict.regions, laid.size),
        shows=verdict.shows,
        colour_differs=verdict.colour_differs,
        size=laid.size,
        scale=laid.scale,
        grey=laid.grey,
        states=laid.states,
    )


def kind_seen(verdict: Verdict, pair: Pair) -> str:
    """Return the kind that a verdict makes of a pair.

    Where all agrees it is a copy, whatever the clocks say, and a variant where it does with light
    for dark. Where a part differs, capture times of two moments make it another shot.
    """
    if verdict.kind == "near" and pair.turn == INVERTED:
        return kinds.VARIANT
    if verdict.kind == "near":
        return kinds.alike(pair.first, pair.second, kinds.TURNED if pair.turn else kinds.NEAR)
    in_part = verdict.differs < IN_PART and "apart" not in verdict.reasons
    if verdict.kind == "variant" or (verdict.kind == "another" and in_part):
        two = kinds.of_two_moments(pair.first.captured_at, pair.second.captured_at)
        return kinds.ANOTHER_SHOT if two else kinds.VARIANT
    return kinds.ANOTHER_SHOT if verdict.kind == "another" else kinds.SIMILAR
