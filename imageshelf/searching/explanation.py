"""Two pictures measured in every way, and the rule that decides whether they match.

    print(explain("a.jpg", "b.jpg").text())

The pictures need not be on a shelf and need not match. Beside the distances that decide stand the
measures that other tools use, so that their answers can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import hamming
from imageshelf.overlay import geometry
from imageshelf.pictures.look_tasks import (
    SQUARE_PIXELS,
    DifferenceTask,
    FileMeasures,
    MeasureTask,
)
from imageshelf.pictures.measures import measured
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import candidates, kinds, pieces, policies, second_look
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.query_prints import TURN_NAMES, prints_of
from imageshelf.searching.second_look import Pair, SecondLook
from imageshelf.shelf.chunks import PictureHashes
from imageshelf.system.paths import located
from imageshelf.system.rendering import rendered
from imageshelf.system.sentences import SentenceError
from imageshelf.workers.jobs import Lost, WorkerError
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.pictures.metadata import Facts
    from imageshelf.pictures.tasks import Refusal
    from imageshelf.searching.looks import Look
    from imageshelf.searching.policies import Fingerprint, Policy, Probe, QueryPrints

    Levels = npt.NDArray[np.uint8]

HASHES = ("row", "column", "phash")


class ExplainError(SentenceError):
    """Two pictures that cannot be compared; one sentence says why."""


class MeasuredPicture(NamedTuple):
    """One of the two pictures, reduced to what is compared."""

    path: str
    facts: Facts
    prints: QueryPrints
    square: Levels  # [50, 50]
    keys: Mapping[str, bytes]  # of the other hashes, by name


class Check(NamedTuple):
    """One way of comparing A with B that the policy calls for, and the distances in bits."""

    way: str
    row: int
    column: int
    phash: int
    score: int
    row_limit: int
    score_limit: int
    phash_limit: int
    common: bool = True  # one of the ways that are always told, within the limits or not

    @property
    def within(self) -> bool:
        """Whether the distances are within the limits."""
        near = self.row <= self.row_limit and self.phash <= self.phash_limit
        return near and self.score <= self.score_limit


@dataclass(frozen=True)
class Explanation:
    """Every measure of two pictures, side by side.

    Distances are in bits, shares in percent, errors in squared grey levels (0-255). `turn` is what
    A must undergo to look like B, `decided` the rule of the hashes in words, and `look` what was
    seen with A laid over B. `errors` has the mean squared error for each orientation of A.
    """

    a: MeasuredPicture
    b: MeasuredPicture
    kind: str
    turn: str
    decided: str
    look: Look
    checks: tuple[Check, ...]
    errors: Mapping[str, float]
    mean_difference_percent: float
    identical_bytes: bool
    identical_pixels: bool
    difference: bytes = b""  # a JPEG file, if it was asked for and there is anything to compare

    @property
    def is_match(self) -> bool:
        """Whether the two are a match: see `kinds.is_match`."""
        return kinds.is_match(self.kind, compared=self.look.compared)

    def distance(self, name: str) -> int:
        """Return how many bits of the whole pictures' `row`, `column` or `phash` differ."""
        ours, theirs = self.a.prints.whole, self.b.prints.whole
        return hamming.distance(getattr(ours, name), getattr(theirs, name))

    @property
    def average_similarity_percent(self) -> float:
        """The share of equal bits of the two average hashes."""
        return policies.similarity(self.key_distance("ahash"))

    def key_distance(self, name: str) -> int:
        """Return how many bits of the two keys of another hash differ."""
        ours, theirs = (int.from_bytes(side.keys[name], "big") for side in (self.a, self.b))
        return hamming.distance(ours, theirs)

    def text(self) -> str:
        """Return the whole report as text for a terminal."""
        return rendered(self, "text")

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def explain(
    a: str,
    b: str,
    policy: Policy = policies.DEFAULT,
    *,
    full_decode: bool = False,
    drawn: bool = False,
) -> Explanation:
    """Return every measure of two picture files, with A as the query.

    With `drawn` also a picture of what differs, B's with A laid over it.

    Raises ExplainError if both are one file, and for a file that cannot be read.
    """
    a, b = located(a), located(b)
    if kinds.same_file(a, b):
        raise ExplainError(f"{a} and {b} are one file: there is nothing to compare")
    tasks = [MeasureTask(a, full_decode), MeasureTask(b, full_decode)]
    try:
        with LimitedMap(second_look.WORK) as decoders, SecondLook(decoders=decoders) as looking:
            answers = dict(decoders(tasks, here=measured))
            ours, theirs = (_measured(task, answers[task]) for task in tasks)
            files = _known_file(ours), _known_file(theirs)
            turn, decided = _decision(ours.prints, theirs.prints, policy)
            (look,) = looking.at([Pair(*files, TURN_NAMES.index(turn))])
            piece = None
            if policy.low_information and look.kind not in pieces.SURER:
                piece = pieces.between(*files, decoders)
            if piece and not pieces.is_surer(piece, look.kind):
                piece = None
            look = piece or look
            difference = _difference(decoders, a, b, turn) if drawn and not piece else b""
    except WorkerError as exc:
        raise ExplainError(str(exc)) from exc
    same_bytes = kinds.identical_bytes(*files)
    same_pixels = same_bytes or look.kind == kinds.PIXELS
    if piece:
        kind, decided = look.kind, "no rule; but their keypoints fit"
    elif decided:
        kind = look.kind
    else:
        kind, decided = _related_anyway(*files)
    if same_pixels:
        kind = kinds.BYTES if same_bytes else kinds.PIXELS
    return Explanation(
        ours,
        theirs,
        kind,
        turn,
        decided,
        look,
        tuple(_checks(ours.prints, theirs.prints, policy)),
        squared_errors(ours.square, theirs.square),
        policies.mean_difference(ours.prints.thumbnail, theirs.prints.thumbnail) / 2.55,
        same_bytes,
        same_pixels,
        difference,
    )


def _difference(decoders: LimitedMap, a: str, b: str, turn: str) -> bytes:
    """Return a JPEG file of what differs, b"" if there is nothing to compare."""
    from imageshelf.workers import work_overlay

    task = DifferenceTask(a, b, TURN_NAMES.index(turn))
    ((_, answer),) = decoders([task], here=work_overlay.work)
    return answer if isinstance(answer, bytes) else b""


def squared_errors(a: Levels, b: Levels) -> dict[str, float]:
    """Return the mean squared error of two squares, for all eight orientations of the first.

    >>> black, white = np.zeros((50, 50), np.uint8), np.full((50, 50), 16, np.uint8)
    >>> squared_errors(black, white)["upright"]
    256.0
    """
    theirs = b.astype(np.int64)  # in uint8 the square of 16 would be 0
    turned = (geometry.turned(a, turn) for turn in range(geometry.TURNS))
    return {
        name: float(((ours.astype(np.int64) - theirs) ** 2).mean())
        for (name, _), ours in zip(ORIENTATIONS, turned, strict=True)
    }


def _measured(task: MeasureTask, answer: FileMeasures | Refusal | Lost) -> MeasuredPicture:
    if not isinstance(answer, FileMeasures):
        raise ExplainError(f"{task.path} {answer.reason}")
    picture, square, keys = answer
    levels = np.frombuffer(square, np.uint8).reshape(SQUARE_PIXELS, SQUARE_PIXELS)
    return MeasuredPicture(task.path, picture.facts, prints_of([picture])[0], levels, keys)


def _known_file(measured: MeasuredPicture) -> KnownFile:
    facts = measured.facts
    luma = measured.prints.thumbnail
    return KnownFile(measured.path, facts.size_bytes, facts.captured_at, luma=luma)


def _decision(query: QueryPrints, other: QueryPrints, policy: Policy) -> tuple[str, str]:
    """Return the turn of A and the rule by which it matches B, or ("", "")."""
    prints = {"whole": other.whole, "trimmed": other.trimmed, "centre": other.centre}
    stored = {view: _hashes_of(print_) for view, print_ in prints.items() if print_ is not None}
    matches = candidates.candidates_for(query, stored, policy, lambda _: {0: other.thumbnail})
    if not matches:
        return "", ""
    best = matches[0]
    flat = other.whole.low_information or policies.is_flat(query, best.turn)
    if policy.low_information and flat:
        return best.turn, f"little to see: row {best.row}, thumbnails alike"
    for probe in policies.probes(query, policy):
        check = _check(probe, query, other)
        decisive = (best.row, best.score, best.turn, best.view)
        if check and decisive == (check.row, check.score, probe.turn, probe.view):
            if check.within:
                return best.turn, f"{check.way}: {_against_limits(check)}"
            return best.turn, "the keys are equal"
    return best.turn, f"score {best.score}"


def _against_limits(check: Check) -> str:
    return (
        f"row {check.row} of at most {check.row_limit}, "
        f"score {check.score} of at most {check.score_limit}"
    )


def _related_anyway(a: KnownFile, b: KnownFile) -> tuple[str, str]:
    if kinds.is_burst(a, b):
        return kinds.ANOTHER_SHOT, "no rule; but similar, and taken within seconds"
    if kinds.is_similar(a.luma, b.luma):
        return (
            kinds.SIMILAR,
            f"no rule; but the thumbnails differ by {kinds.SIMILAR_PERCENT} % or less",
        )
    return "no match", "no rule"


def _hashes_of(fingerprint: Fingerprint) -> PictureHashes:
    row, column, phash = (np.array([hash_], np.uint64) for hash_ in fingerprint[:3])
    low = np.array([fingerprint.low_information])
    return PictureHashes(np.zeros(1, np.int64), row, column, phash, low)


def _checks(query: QueryPrints, other: QueryPrints, policy: Policy) -> Iterator[Check]:
    for probe in policies.probes(query, policy):
        check = _check(probe, query, other)
        if check and (check.common or check.within):
            yield check


def _check(probe: Probe, query: QueryPrints, other: QueryPrints) -> Check | None:
    """Return the distances of one probe, or None if B has no such view."""
    stored: Fingerprint | None = getattr(other, probe.view)
    if stored is None:
        return None
    row, column, phash = (
        hamming.distance(getattr(probe.fingerprint, name), getattr(stored, name)) for name in HASHES
    )
    score = policies.score(row, column, phash)
    way, common = _way(probe, query)
    return Check(way, row, column, phash, score, *probe.limits, common)


def _way(probe: Probe, query: QueryPrints) -> tuple[str, bool]:
    """Return a way of comparing in words, and whether it is one of the common ones."""
    words = {"whole": "whole", "trimmed": "without borders", "centre": "centre"}
    names = (name for name in words if getattr(query, name) is probe.fingerprint)
    ours = words[next(names, "whole")]
    if any(probe.fingerprint in cutout.values() for cutout in query.cutouts):
        ours = "what lies inside"
    elif probe.turn and probe.view == "whole":
        return probe.turn, True
    way = f"{ours} on {words[probe.view]}"
    if probe.turn:
        return f"{way}, {probe.turn}", False
    if probe.limits.by == "phash":
        return f"{way}, in other light", False
    return way, ours != "what lies inside"
