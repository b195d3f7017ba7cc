"""Two pictures measured in every way, and which rule says whether they match.

    print(explain("a.jpg", "b.jpg").text())

The pictures need not be on a shelf and need not match. Beside the distances that decide there are
the measures that other tools use, to compare with what they say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imageshelf.hashing import hamming, hash_names
from imageshelf.hashing.fingerprints import TURNS, turned_picture
from imageshelf.pictures import images
from imageshelf.pictures.decoding import decode
from imageshelf.pictures.reduction import LANCZOS, ORIENTATIONS
from imageshelf.searching import candidates as finding
from imageshelf.searching import kinds
from imageshelf.searching import policy as matching
from imageshelf.searching.kinds import Side
from imageshelf.searching.query_prints import views_of
from imageshelf.system.files import UnreadableImage, open_regular, unreadable
from imageshelf.system.paths import located
from imageshelf.system.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from imageshelf.pictures.metadata import Facts
    from imageshelf.searching.policy import Column, Fingerprint, Policy, Probe, Views

    Levels = npt.NDArray[np.uint8]

ERROR_SIDE = 50  # pixels of the squares whose squared error is taken
HASHES = ("row", "column", "phash")


class ExplainError(Exception):
    """Two pictures that cannot be compared; one sentence says why."""


class Measured(NamedTuple):
    """One of the two pictures, reduced to what is compared."""

    path: str
    facts: Facts
    views: Views
    square: Levels  # [50, 50]
    keys: Mapping[str, bytes]  # of the other hashes, by name


class Check(NamedTuple):
    """One way of looking at A that the policy asks for, and how far from B it is (bits)."""

    look: str
    row: int
    column: int
    phash: int
    score: int
    row_limit: int
    score_limit: int

    @property
    def within(self) -> bool:
        """Whether the distances are within the limits."""
        return self.row <= self.row_limit and self.score <= self.score_limit


@dataclass(frozen=True)
class Explanation:
    """Every measure of two pictures, side by side.

    Distances in bits, shares in percent, errors in squared grey levels (0-255). `turn` is
    what A undergoes to look like B, `decided` the rule in words; `errors` has the mean squared
    error for each orientation of A.
    """

    a: Measured
    b: Measured
    kind: str
    turn: str
    decided: str
    checks: tuple[Check, ...]
    errors: Mapping[str, float]
    mean_difference_percent: float
    identical_bytes: bool
    identical_pixels: bool

    def distance(self, name: str) -> int:
        """Return the bits in which the `row`, `column` or `phash` of the whole pictures differ."""
        ours, theirs = self.a.views.whole, self.b.views.whole
        return hamming.distance(getattr(ours, name), getattr(theirs, name))

    @property
    def average_similarity_percent(self) -> float:
        """The share of equal bits of the two average hashes."""
        return matching.similarity(self.key_distance("ahash"))

    def key_distance(self, name: str) -> int:
        """Return the bits in which the keys differ that one of the other hashes gives."""
        ours, theirs = (int.from_bytes(one.keys[name], "big") for one in (self.a, self.b))
        return hamming.distance(ours, theirs)

    def text(self) -> str:
        """Return everything to read on a terminal."""
        return rendered(self, "text")

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def explain(
    a: str, b: str, policy: Policy = matching.DEFAULT, *, full_decode: bool = False
) -> Explanation:
    """Return every measure of two picture files; A is taken as the query.

    Raises ExplainError for one picture twice and for a file that cannot be read.
    """
    a, b = located(a), located(b)
    if kinds.same_file(a, b):
        raise ExplainError(f"{a} and {b} are one file: there is nothing to compare")
    ours, theirs = (_measured(path, full_decode=full_decode) for path in (a, b))
    sides = _side(ours), _side(theirs)
    same_bytes = kinds.identical_bytes(*sides)
    same_pixels = same_bytes or kinds.identical_pixels(*sides)
    turn, decided = _decision(ours.views, theirs.views, policy)
    if decided:
        kind = kinds.kind_of(*sides, turn)
    else:
        kind, decided = _beyond_the_policy(*sides)
    if same_pixels:
        kind = kinds.BYTES if same_bytes else kinds.PIXELS
    return Explanation(
        ours,
        theirs,
        kind,
        turn,
        decided,
        tuple(_checks(ours.views, theirs.views, policy)),
        squared_errors(ours.square, theirs.square),
        matching.mean_difference(ours.views.thumbnail, theirs.views.thumbnail) / 2.55,
        same_bytes,
        same_pixels,
    )


def squared_errors(a: Levels, b: Levels) -> dict[str, float]:
    """Return the mean squared error of two squares for all eight orientations of the first.

    >>> black, white = np.zeros((50, 50), np.uint8), np.full((50, 50), 16, np.uint8)
    >>> squared_errors(black, white)["upright"]
    256.0
    """
    theirs = b.astype(np.int64)  # in uint8 a difference of 16 levels would square to nothing
    turned = (turned_picture(a, quarters, mirror) for quarters, mirror in ((0, False), *TURNS))
    return {
        name: float(((ours.astype(np.int64) - theirs) ** 2).mean())
        for (name, _), ours in zip(ORIENTATIONS, turned, strict=True)
    }


def _measured(path: str, *, full_decode: bool) -> Measured:
    try:
        picture = images.read(path, full_decode=full_decode, turned=True)
        with open_regular(path) as stream:
            reduced = decode(stream, path, full_decode=full_decode).exact
        keys = {
            name: images.read(path, full_decode=full_decode, hash_name=name).keys[0]
            for name in hash_names.NAMES
        }
    except UnreadableImage as exc:
        mistyped = not os.path.lexists(path)
        reason = "does not exist; check the spelling" if mistyped else exc.reason
        raise ExplainError(f"{path} {reason}") from exc
    except (OSError, MemoryError) as exc:
        raise ExplainError(f"{path} {unreadable(exc).reason}") from exc
    square = reduced.picture.resize((ERROR_SIDE, ERROR_SIDE), LANCZOS, reduced.box)
    return Measured(path, picture.facts, views_of([picture])[0], np.asarray(square), keys)


def _side(measured: Measured) -> Side:
    facts = measured.facts
    luma = measured.views.thumbnail
    return Side(measured.path, facts.size_bytes, facts.captured_at, luma=luma)


def _decision(query: Views, other: Views, policy: Policy) -> tuple[str, str]:
    """Return the turn of A and the rule by which it matches B, or ("", "")."""
    columns = {
        view: _column(found)
        for view, found in (
            ("whole", other.whole),
            ("trimmed", other.trimmed),
            ("centre", other.centre),
        )
        if found is not None
    }
    found = finding.candidates(query, columns, policy, lambda _: {0: other.thumbnail})
    if not found:
        return "", ""
    best = found[0]
    flat = other.whole.low_information or matching.is_flat(query, best.turn)
    if policy.low_information and flat:
        return best.turn, f"little to see: row {best.row}, thumbnails alike"
    for probe in matching.probes(query, policy):
        check = _check(probe, query, other)
        here = (best.row, best.score, best.turn, best.view)
        if check and here == (check.row, check.score, probe.turn, probe.view):
            if check.within:
                return best.turn, f"{check.look}: {_against_limits(check)}"
            return best.turn, "the keys are equal"
    return best.turn, f"score {best.score}"


def _against_limits(check: Check) -> str:
    return (
        f"row {check.row} of at most {check.row_limit}, "
        f"score {check.score} of at most {check.score_limit}"
    )


def _beyond_the_policy(a: Side, b: Side) -> tuple[str, str]:
    if kinds.is_series(a, b):
        return kinds.ANOTHER_SHOT, "no rule; but similar, and taken within seconds"
    if kinds.is_similar(a.luma, b.luma):
        return (
            kinds.SIMILAR,
            f"no rule; but the thumbnails differ by {kinds.SIMILAR_PERCENT} % or less",
        )
    return "no match", "no rule"


def _column(fingerprint: Fingerprint) -> Column:
    row, column, phash = (np.array([number], np.uint64) for number in fingerprint[:3])
    low = np.array([fingerprint.low_information])
    return matching.Column(np.zeros(1, np.int64), row, column, phash, low)


def _checks(query: Views, other: Views, policy: Policy) -> Iterator[Check]:
    for probe in matching.probes(query, policy):
        if check := _check(probe, query, other):
            yield check


def _check(probe: Probe, query: Views, other: Views) -> Check | None:
    """Return the distances of one probe, or None when B has no such view."""
    stored: Fingerprint | None = getattr(other, probe.view)
    if stored is None:
        return None
    row, column, phash = (
        hamming.distance(getattr(probe.fingerprint, name), getattr(stored, name)) for name in HASHES
    )
    score = matching.score(row, column, phash)
    return Check(_look(probe, query), row, column, phash, score, *probe.limits)


def _look(probe: Probe, query: Views) -> str:
    if probe.turn:
        return probe.turn
    ours = next(
        name for name in ("whole", "trimmed", "centre") if getattr(query, name) is probe.fingerprint
    )
    words = {"whole": "whole", "trimmed": "without borders", "centre": "centre"}
    return f"{words[ours]} on {words[probe.view]}"
