"""What a threshold means in one collection: how far apart strangers are, and how near copies.

Nobody knows which pictures of a collection are strangers, because it may be full of copies and
bursts. Each picture is therefore compared with the *mirror images* of others, which are as alike as
this collection's strangers and copies of nothing. For the copies, a sample of the originals is
lightly edited, and the results are compared with the originals' hashes on the shelf. Of the
strangers that the hashes nominate, some are laid over each other: that tells what the second look
of a search leaves.

Not good at pictures of text: mirroring turns left-aligned lines into right-aligned ones, so
documents are more alike than this says.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing.turning import rows_reversed
from imageshelf.pictures.calibration_edits import EDITS, EditsTask, edited_hashes
from imageshelf.pictures.tasks import Refusal
from imageshelf.searching import key_calibration, policies
from imageshelf.searching.calibration_looks import LookedAt, left_of, looks_at_strangers
from imageshelf.searching.key_calibration import KeyCounts, SampledPicture
from imageshelf.searching.query_prints import known_file
from imageshelf.shelf import Shelf, names, open_shelf
from imageshelf.system.deprecation import renamed_parameters
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE
from imageshelf.system.rendering import rendered
from imageshelf.system.sentences import SentenceError
from imageshelf.workers.jobs import Lost
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.hashing.hamming import Hashes
    from imageshelf.searching.kinds import KnownFile
    from imageshelf.searching.policies import Limits, Policy
    from imageshelf.shelf.chunks import PictureHashes

    Counts = npt.NDArray[np.int64]  # [65, 257]: pairs by row distance and score

EDITED_HASHES = "imageshelf.pictures.calibration_edits:edited_hashes"
FEWEST_PICTURES = 50
FEWEST_ORIGINALS = 10
SAMPLE_PICTURES = 60  # originals to make copies of
PAIRS_COMPARED = 20_000_000  # about a second
ROWS, SCORES = policies.BITS + 1, 4 * policies.BITS + 1
FEW_PER_PICTURE = 0.01  # false pairs that are left of a picture, at most, to recommend a policy
NO_MORE_PERCENT = 0.5  # of copies, that another policy must find more to be recommended
RULE_OF_THREE = 3.0  # none seen in n trials means at most 3 / n, with 95 % confidence
DISTANCES = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
POLICIES = {"default": policies.DEFAULT, "--strict": policies.STRICT, "--loose": policies.LOOSE}
_TURNED_WAYS, _CENTRE_WAYS = 7, 2
_ODD_FREQUENCIES = np.uint64(0x5555555555555555)


class CalibrationError(SentenceError):
    """A collection that cannot be calibrated; one sentence says why."""


@dataclass(frozen=True)
class Calibration:
    """Pairs of one collection, counted by row distance (0-64) and score (0-256), int64[65, 257].

    The score is that of the default's three hashes, which every shelf has, whatever its keys are.
    `strangers` counts pairs with mirror images, `all_pairs` the pairs as they are: copies, bursts
    and strangers together. `copies` has a table for each edit of `originals` pictures.
    """

    pictures: int
    low_information: int
    originals: int
    strangers: Counts
    all_pairs: Counts
    copies: Mapping[str, Counts]
    unreadable: Mapping[str, int]  # reason: originals
    keys: KeyCounts | None = None  # of a shelf of another hash
    looks: tuple[LookedAt, ...] = ()  # at strangers that the hashes nominate

    def false_share(self, limits: Limits) -> float:
        """Return the share of stranger pairs within the limits."""
        return _share(self.strangers, limits)

    def found_percent(self, limits: Limits, edit: str | None = None) -> float:
        """Return the percentage of copies within the limits, for one edit or all together."""
        counts = self.copies[edit] if edit else sum(self.copies.values())
        return 100 * _share(np.asarray(counts), limits)

    def false_a_query(self, policy: Policy) -> float:
        """Return how many false matches to expect of a query with a new picture."""
        return self._chance(policy) * self.pictures

    def false_pairs(self, policy: Policy) -> float:
        """Return how many false pairs to expect among all pictures of the collection."""
        return self._chance(policy) * self.pictures * (self.pictures - 1) / 2

    def left_pairs(self, policy: Policy) -> tuple[float, bool]:
        """Return how many false pairs to expect after the second look, and whether it is at most.

        If none of the pairs that were looked at is left, that is an upper bound.
        """
        looked, left = left_of(self.looks, policy.upright)
        expected = self.false_pairs(policy)
        if not expected:  # none was nominated: a bound on the chance
            chance = RULE_OF_THREE / max(int(self.strangers.sum()), 1)
            expected = chance * self.pictures * (self.pictures - 1) / 2
        if not looked:
            return expected, True
        return expected * min(1.0, (left or RULE_OF_THREE) / looked), not left

    def recommended(self) -> str:
        """Return the name of the policy that suits the collection.

        It is the one that finds most of those that leave few strangers, and the default where
        another finds no more.
        """
        most = 1.001 * max(RULE_OF_THREE, FEW_PER_PICTURE * self.pictures)  # a bound is rounded
        few = {
            name: policy for name, policy in POLICIES.items() if self.left_pairs(policy)[0] <= most
        }
        found = {name: self.found_percent(policy.upright) for name, policy in few.items()}
        best = max(found, key=lambda name: found[name], default="--strict")
        near = found.get("default", -np.inf) >= found.get(best, np.inf) - NO_MORE_PERCENT
        return "default" if near else best

    def found_pairs(self, policy: Policy) -> float:
        """Return how many pairs of this collection match upright, true and false together."""
        pairs = self.pictures * (self.pictures - 1) / 2
        return _share(self.all_pairs, policy.upright) * pairs

    def _chance(self, policy: Policy) -> float:
        """Return the probability that two strangers match in any way the policy compares them."""
        chance = self.false_share(policy.upright)
        if policy.turned:
            chance += _TURNED_WAYS * self.false_share(policy.turned)
        if policy.centre:
            chance += _CENTRE_WAYS * self.false_share(policy.centre)
        return chance

    def text(self) -> str:
        """Return the whole report as text for a terminal."""
        return rendered(self, "text")

    def svg(self) -> str:
        """Return the plot of the row distances as an SVG element."""
        return rendered(self, "svg")

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def _share(counts: Counts, limits: Limits) -> float:
    within = counts[: limits.row + 1, : limits.score + 1].sum()
    return float(within / max(counts.sum(), 1))


def sample(whole: PictureHashes, count: int = SAMPLE_PICTURES, seed: int = 0) -> list[int]:
    """Return the positions of pictures to make copies of, ascending, leaving out flat ones."""
    usable = np.flatnonzero(~whole.low_information)
    chosen = np.random.default_rng(seed).permutation(usable)[:count]
    return sorted(chosen.tolist())


def calibrate_hashes(
    whole: PictureHashes,
    originals: Sequence[SampledPicture],
    *,
    full_decode: bool = False,
    seed: int = 0,
) -> Calibration:
    """Return how strangers and copies of a collection differ.

    `whole` holds the hashes of all pictures on the shelf, `originals` a `sample` of them.
    Raises CalibrationError for too few pictures, and for too few readable originals.
    """
    usable = ~whole.low_information
    pictures = int(usable.sum())
    if pictures < FEWEST_PICTURES:
        raise CalibrationError(
            f"a calibration needs {FEWEST_PICTURES} pictures that show something,"
            f" and the shelf has {pictures}"
        )
    strangers, all_pairs = pair_counts(
        whole.row[usable], whole.column[usable], whole.phash[usable], seed=seed
    )
    copies, unreadable = copy_counts(whole, originals, full_decode=full_decode)
    readable = len(originals) - unreadable.total()
    if readable < FEWEST_ORIGINALS:
        why = "".join(f": the file {reason}" for reason, _ in unreadable.most_common(1))
        raise CalibrationError(
            f"a calibration needs {FEWEST_ORIGINALS} originals to make copies of,"
            f" and only {readable} of {len(originals)} can be read{why}"
        )
    low = len(usable) - pictures
    return Calibration(pictures, low, readable, strangers, all_pairs, copies, unreadable)


# -- strangers ------------------------------------------------------------------------------------


def pair_counts(
    row: Hashes, column: Hashes, phash: Hashes, *, most: int = PAIRS_COMPARED, seed: int = 0
) -> tuple[Counts, Counts]:
    """Return the counts of (pairs with mirror images, pairs as they are) of different pictures.

    Hashes are uint64[n]. Every pair counts once. Above `most` pairs, only a random sample of the
    pictures is compared with those that follow it.
    """
    count = len(row)
    queries = np.random.default_rng(seed).permutation(count)[: max(1, 2 * most // count)]
    upright = (row, column, phash)
    mirrors = mirrored(*upright)
    strangers, all_pairs = (np.zeros(ROWS * SCORES, np.int64) for _ in range(2))
    for query in queries.tolist():
        others = [hashes[query + 1 :] for hashes in upright]
        strangers += _pairs_counted(others, [hashes[query] for hashes in mirrors])
        all_pairs += _pairs_counted(others, [hashes[query] for hashes in upright])
    return strangers.reshape(ROWS, SCORES), all_pairs.reshape(ROWS, SCORES)


def _pairs_counted(others: list[Hashes], query: list[np.uint64]) -> npt.NDArray[np.int64]:
    """Return how many pairs have each row distance and score, int64[65 * 257]."""
    row, column, phash = (
        np.bitwise_count(stored ^ hash_).astype(np.int64)
        for stored, hash_ in zip(others, query, strict=True)
    )
    score = row + column + 2 * phash
    return np.bincount(row * SCORES + score, minlength=ROWS * SCORES)


def mirrored(row: Hashes, column: Hashes, phash: Hashes) -> tuple[Hashes, Hashes, Hashes]:
    """Return the hashes of the mirror images, except for ties and shifts of the median.

    A row of a hash is a byte. Mirroring reverses its bits, "brighter to the right" becomes
    "darker", and the odd horizontal frequencies of the perceptual hash change sign.
    """
    return ~rows_reversed(row), rows_reversed(column), phash ^ _ODD_FREQUENCIES


# -- copies ---------------------------------------------------------------------------------------


def copy_counts(
    whole: PictureHashes, originals: Sequence[SampledPicture], *, full_decode: bool = False
) -> tuple[dict[str, Counts], Counter[str]]:
    """Return the counts of original and copy for each edit, and of reasons why originals failed."""
    counts: dict[str, Counts] = {name: np.zeros((ROWS, SCORES), np.int64) for name in EDITS}
    unreadable: Counter[str] = Counter()
    tasks = [EditsTask(path, full_decode) for _, path in originals]
    with LimitedMap(EDITED_HASHES) as edited:
        answers = dict(edited(tasks, here=edited_hashes))
    for (position, _), task in zip(originals, tasks, strict=True):
        answer = answers[task]
        if isinstance(answer, (Refusal, Lost)):
            unreadable[answer.reason] += 1
            continue
        stored = (whole.row[position], whole.column[position], whole.phash[position])
        for name, copy in zip(counts, answer, strict=True):
            row, column, phash = (
                int(a ^ np.uint64(b)).bit_count() for a, b in zip(stored, copy, strict=True)
            )
            counts[name][row, policies.score(row, column, phash)] += 1
    return counts, unreadable


def _looks(db: Shelf, whole: PictureHashes, seed: int) -> list[LookedAt]:
    """Return what is seen of strangers on a shelf that the hashes nominate."""
    catalogue = db.whole_catalogue()

    def files_of(positions: list[int]) -> dict[int, KnownFile]:
        ids = whole.ids[positions].tolist()
        digests = catalogue.digests(ids)
        return {
            position: known_file(db.path_of(names.to_text(row.name)), row, digests[row.id])
            for position, row in zip(positions, catalogue.rows(ids), strict=True)
        }

    limit_mb = catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
    mirrors = mirrored(whole.row, whole.column, whole.phash)
    return looks_at_strangers(whole, mirrors, files_of, seed=seed, memory_limit_mb=limit_mb)


@renamed_parameters(shelve="shelf")
def calibrate(shelf: str | os.PathLike[str] = "db.shelve", *, seed: int = 0) -> Calibration:
    """Return the calibration of a shelf, with copies made of a sample of its pictures.

    Raises CalibrationError for too few pictures or readable originals, and ShelfError.
    """
    with open_shelf(os.fspath(shelf)) as db, db.snapshot():
        catalogue = db.whole_catalogue()
        whole, keys = catalogue.hashes(), catalogue.keys()
        recipe = db.recipe
        positions = sample(whole, seed=seed)
        rows = catalogue.rows(whole.ids[positions].tolist())
        originals = [
            SampledPicture(position, db.path_of(names.to_text(row.name)))
            for position, row in zip(positions, rows, strict=True)
        ]
        looks = _looks(db, whole, seed)
    full_decode = recipe is not None and recipe.decode == "full"
    calibration = calibrate_hashes(whole, originals, full_decode=full_decode, seed=seed)
    calibration = replace(calibration, looks=tuple(looks))
    if keys is None or recipe is None:
        return calibration
    usable = ~whole.low_information
    return replace(
        calibration,
        keys=key_calibration.key_counts(
            recipe.hash, keys, usable, originals, full_decode=full_decode
        ),
    )
