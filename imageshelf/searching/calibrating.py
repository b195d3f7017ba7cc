"""What a threshold means in one collection: how far its strangers are, and how near its copies.

Which pictures of a collection are strangers nobody knows: it may be full of copies and bursts. So
each picture is compared with the *mirror images* of others, which are as alike as strangers of
this collection are, and copies of nothing. Beside them stand copies made of a sample of the
originals by a few light edits, compared with what the shelf holds of these originals.

Not good at pictures of text: mirrored, left-aligned lines are right-aligned ones, so documents
are more alike than it says.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.pictures import edits
from imageshelf.searching import calibrating_keys as key_calibrating
from imageshelf.searching import policy as matching
from imageshelf.searching.calibrating_keys import Original
from imageshelf.shelf import names, open_shelf
from imageshelf.system.files import UnreadableImage
from imageshelf.system.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from imageshelf.searching.calibrating_keys import KeyCounts
    from imageshelf.searching.policy import Column, Limits, Policy

    Hashes = npt.NDArray[np.uint64]
    Counts = npt.NDArray[np.int64]  # [65, 257]: pairs by row distance and score

FEWEST_PICTURES = 50
FEWEST_ORIGINALS = 10
SAMPLE = 60  # originals, of which copies are made
MOST_PAIRS = 20_000_000  # about a second
ROWS, SCORES = matching.BITS + 1, 4 * matching.BITS + 1
SURE = 3.0  # none seen in n trials: at 95 % confidence fewer than 3 / n
DISTANCES = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
POLICIES = {"default": matching.DEFAULT, "--strict": matching.STRICT, "--loose": matching.LOOSE}
_TURNED_WAYS, _CENTRE_WAYS = 7, 2
_ODD_FREQUENCIES = np.uint64(0x5555555555555555)
_REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)


class CalibrationError(Exception):
    """A collection that cannot be calibrated; one sentence says why."""


@dataclass(frozen=True)
class Calibration:
    """Pairs of one collection, counted by row distance (0-64) and score (0-256), int64[65, 257].

    The score is that of the default's three hashes, which every shelf has, whatever its keys are.
    `strangers` are pairs with mirror images, `all_pairs` are pairs as they are: copies, bursts and
    strangers together. `copies` has a table for each edit of `originals` pictures.
    """

    pictures: int
    low_information: int
    originals: int
    strangers: Counts
    all_pairs: Counts
    copies: Mapping[str, Counts]
    unreadable: Mapping[str, int]  # reason: originals
    keys: KeyCounts | None = None  # of a shelf of another hash

    def false_share(self, limits: Limits) -> float:
        """Return the share of pairs of strangers within the limits."""
        return _share(self.strangers, limits)

    def found_percent(self, limits: Limits, edit: str | None = None) -> float:
        """Return the share of copies within the limits, of one edit or of all together."""
        counts = self.copies[edit] if edit else sum(self.copies.values())
        return 100 * _share(np.asarray(counts), limits)

    def false_a_query(self, policy: Policy) -> float:
        """Return the false matches to expect when a new picture is looked for."""
        return self._chance(policy) * self.pictures

    def false_pairs(self, policy: Policy) -> float:
        """Return the false pairs to expect among all pictures of the collection."""
        return self._chance(policy) * self.pictures * (self.pictures - 1) / 2

    def found_pairs(self, policy: Policy) -> float:
        """Return the pairs of this collection that match upright, true and false together."""
        pairs = self.pictures * (self.pictures - 1) / 2
        return _share(self.all_pairs, policy.upright) * pairs

    def _chance(self, policy: Policy) -> float:
        """Return the probability that two strangers match in one of the ways of looking."""
        chance = self.false_share(policy.upright)
        if policy.turned:
            chance += _TURNED_WAYS * self.false_share(policy.turned)
        if policy.centre:
            chance += _CENTRE_WAYS * self.false_share(policy.centre)
        return chance

    def text(self) -> str:
        """Return everything to read on a terminal."""
        return rendered(self, "text")

    def svg(self) -> str:
        """Return the plot of the row distances as an SVG element."""
        return rendered(self, "svg")

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def _share(counts: Counts, limits: Limits) -> float:
    within = counts[: limits.row + 1, : limits.score + 1].sum()
    return float(within / max(counts.sum(), 1))


def sample(column: Column, count: int = SAMPLE, seed: int = 0) -> list[int]:
    """Return the positions of pictures to make copies of, ascending; flat ones are no use."""
    usable = np.flatnonzero(~column.low_information)
    chosen = np.random.default_rng(seed).permutation(usable)[:count]
    return sorted(chosen.tolist())


def calibrate(
    column: Column, originals: Sequence[Original], *, full_decode: bool = False, seed: int = 0
) -> Calibration:
    """Return how strangers and copies of a collection differ.

    `column` holds the hashes of all pictures of the shelf, `originals` a `sample` of them.
    Raises CalibrationError for too few pictures or originals that cannot be read.
    """
    usable = ~column.low_information
    pictures = int(usable.sum())
    if pictures < FEWEST_PICTURES:
        raise CalibrationError(
            f"a calibration needs {FEWEST_PICTURES} pictures that show something,"
            f" and the shelf has {pictures}"
        )
    strangers, all_pairs = pair_counts(
        column.row[usable], column.column[usable], column.phash[usable], seed=seed
    )
    copies, refused = copy_counts(column, originals, full_decode=full_decode)
    made = len(originals) - refused.total()
    if made < FEWEST_ORIGINALS:
        why = "".join(f": the file {reason}" for reason, _ in refused.most_common(1))
        raise CalibrationError(
            f"a calibration needs {FEWEST_ORIGINALS} originals to make copies of,"
            f" and only {made} of {len(originals)} can be read{why}"
        )
    low = len(usable) - pictures
    return Calibration(pictures, low, made, strangers, all_pairs, copies, refused)


# -- strangers ------------------------------------------------------------------------------------


def pair_counts(
    row: Hashes, column: Hashes, phash: Hashes, *, most: int = MOST_PAIRS, seed: int = 0
) -> tuple[Counts, Counts]:
    """Return (pairs with mirror images, pairs as they are) of different pictures.

    Hashes are uint64[n]. Every pair counts once; above `most` pairs a random part of the pictures
    is compared with all that follow.
    """
    count = len(row)
    queries = np.random.default_rng(seed).permutation(count)[: max(1, 2 * most // count)]
    upright = (row, column, phash)
    mirrors = mirrored(*upright)
    strangers, all_pairs = (np.zeros(ROWS * SCORES, np.int64) for _ in range(2))
    for query in queries.tolist():
        others = [hashes[query + 1 :] for hashes in upright]
        strangers += _counted(others, [hashes[query] for hashes in mirrors])
        all_pairs += _counted(others, [hashes[query] for hashes in upright])
    return strangers.reshape(ROWS, SCORES), all_pairs.reshape(ROWS, SCORES)


def _counted(others: list[Hashes], asked: list[np.uint64]) -> npt.NDArray[np.int64]:
    """Return how many pairs have each row distance and score, int64[65 * 257]."""
    row, column, phash = (
        np.bitwise_count(stored ^ hashes).astype(np.int64)
        for stored, hashes in zip(others, asked, strict=True)
    )
    score = row + column + 2 * phash
    return np.bincount(row * SCORES + score, minlength=ROWS * SCORES)


def mirrored(row: Hashes, column: Hashes, phash: Hashes) -> tuple[Hashes, Hashes, Hashes]:
    """Return the hashes of the mirror images, but for ties and the median's own shift.

    A row of a hash is a byte. Mirroring reverses it; "brighter to the right" turns into "darker",
    and the odd horizontal frequencies of the perceptual hash change their sign.
    """

    def reverse(hashes: Hashes) -> Hashes:
        octets = np.ascontiguousarray(hashes).view(np.uint8)
        return _REVERSED[octets].view(np.uint64)

    return ~reverse(row), reverse(column), phash ^ _ODD_FREQUENCIES


# -- copies ---------------------------------------------------------------------------------------


def copy_counts(
    column: Column, originals: Sequence[Original], *, full_decode: bool = False
) -> tuple[dict[str, Counts], Counter[str]]:
    """Return the pairs of originals and their copies for each edit, and why originals failed."""
    counts: dict[str, Counts] = {name: np.zeros((ROWS, SCORES), np.int64) for name in edits.EDITS}
    refused: Counter[str] = Counter()
    for position, path in originals:
        stored = (column.row[position], column.column[position], column.phash[position])
        try:
            copies = list(edits.edited_hashes(path, full_decode=full_decode))
        except UnreadableImage as exc:
            refused[exc.reason] += 1
            continue
        for name, copy in copies:
            apart = (int(a ^ np.uint64(b)).bit_count() for a, b in zip(stored, copy, strict=False))
            row, other, phash = apart
            counts[name][row, matching.score(row, other, phash)] += 1
    return counts, refused


def of_shelf(shelve: str, *, seed: int = 0) -> Calibration:
    """Return the calibration of a shelf, with copies made of a sample of its pictures.

    Raises CalibrationError for too few pictures or originals, ShelfError for the shelf.
    """
    with open_shelf(shelve) as shelf, shelf.one_moment():
        catalogue = shelf.whole_catalogue()
        column, keys = matching.Column(*catalogue.hashes()), catalogue.keys()
        recipe = shelf.recipe
        chosen = sample(column, seed=seed)
        rows = catalogue.rows(column.ids[chosen].tolist())
        originals = [
            Original(position, shelf.path_of(names.to_text(row.name)))
            for position, row in zip(chosen, rows, strict=True)
        ]
    full_decode = recipe is not None and recipe.decode == "full"
    told = calibrate(column, originals, full_decode=full_decode, seed=seed)
    if keys is None or recipe is None:
        return told
    usable = ~column.low_information
    return replace(
        told,
        keys=key_calibrating.counted(recipe.hash, keys, usable, originals, full_decode=full_decode),
    )
