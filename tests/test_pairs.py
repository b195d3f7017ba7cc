"""All pairs against the definition, and the pictures that share a print."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.copies import distinct_fingerprints, flat_pairs, nearest_prints, pair_log, pairs
from imageshelf.copies.distinct_fingerprints import Prints, StoredPrints
from imageshelf.hashing import joins, turning
from imageshelf.hashing.joins import Effort
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.searching import candidates, policies
from imageshelf.searching.policies import Limits, Policy
from imageshelf.searching.query_prints import TURN_NAMES
from imageshelf.shelf.chunks import PictureHashes
from tests.exhaustive import all_pairs_exhaustive, query_of_print

Hashes = npt.NDArray[np.uint64]
TURNED = 7


def near(rng: np.random.Generator, hashes: Hashes, most: int) -> Hashes:
    """Each hash with up to `most` bits flipped."""
    flipped = hashes.copy()
    for _ in range(most):
        bit = np.uint64(1) << rng.integers(0, 64, hashes.shape, np.uint64)
        flipped ^= np.where(rng.random(hashes.shape) < 0.5, bit, np.uint64(0))
    return flipped


def shelf(seed: int, count: int, scenes: int, apart: int, flat: float = 0.2) -> StoredPrints:
    """Pictures of few scenes, some of them turned, flat, with borders, or equal to others."""
    rng = np.random.default_rng(seed)
    scene = rng.integers(0, scenes, count)
    row, column, phash = rng.integers(0, 2**64, (3, scenes), np.uint64)[:, scene]
    turned = rng.integers(0, 2**64, (TURNED, scenes), np.uint64)[:, scene]
    some = rng.random(count) < 0.3
    bits = turning.turned(turning.complemented(row, column), int(rng.integers(1, 8)))
    row, column = np.where(some, bits.row, row), np.where(some, bits.column, column)
    phash = np.where(some, turned[rng.integers(0, TURNED)], phash)
    row, column, phash = (near(rng, hashes, apart) for hashes in (row, column, phash))
    ids = np.sort(rng.choice(10 * count, count, replace=False)).astype(np.int64)
    low = rng.random(count) < flat
    bordered = np.flatnonzero(rng.random(count) < 0.4)
    grey = rng.integers(0, 200, scenes)[scene] + rng.integers(0, 7, count)
    luma = {int(i): bytes([int(g)]) * 256 for i, g in zip(ids, grey, strict=True)}

    def column_of(some: npt.NDArray[np.int64]) -> PictureHashes:
        views = [near(rng, hashes[some], 3) for hashes in (row, column, phash)]
        return PictureHashes(ids[some], views[0], views[1], views[2], low[some])

    return StoredPrints(
        PictureHashes(ids, row, column, phash, low),
        lambda wanted: {i: luma[i] for i in wanted},
        turned,
        None if seed % 2 else (~near(rng, row, 2), ~near(rng, column, 2)),
        column_of(np.arange(count)) if seed % 3 else None,
        column_of(bordered) if seed % 5 else None,
    )


def told(found: pair_log.PrintPairs) -> list[pair_log.PrintPair]:
    return list(found)


SHELVES = (
    st.integers(0, 2**32),
    st.integers(1, 40),
    st.integers(1, 8),
    st.integers(0, 8),
)


@settings(deadline=None)
@given(*SHELVES, st.sampled_from([policies.DEFAULT, policies.STRICT, policies.LOOSE]))
def test_all_pairs_are_those_of_the_definition(
    seed: int, count: int, scenes: int, apart: int, policy: Policy
) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(seed, count, scenes, apart))
    assert told(pairs.all_pairs(distinct, policy)) == told(all_pairs_exhaustive(distinct, policy))


@settings(deadline=None)
@given(*SHELVES, st.integers(0, 64))
def test_every_plain_radius_finds_the_pairs_of_the_definition(
    seed: int, count: int, scenes: int, apart: int, radius: int
) -> None:
    policy = Policy.within(radius)
    distinct = distinct_fingerprints.distinct_prints(shelf(seed, count, scenes, apart))
    found = told(pairs.all_pairs(distinct, policy))
    assert found == told(all_pairs_exhaustive(distinct, policy))
    rows = distinct.whole.row
    truth = [
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if (int(rows[i]) ^ int(rows[j])).bit_count() <= radius
    ]
    assert [(pair.first, pair.second) for pair in found] == truth


@settings(deadline=None)
@given(*SHELVES)
def test_a_search_for_one_of_a_pair_finds_the_other(
    seed: int, count: int, scenes: int, apart: int
) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(seed, count, scenes, apart, flat=0))
    views = {"whole": distinct.whole, "trimmed": distinct.trimmed, "centre": distinct.centre}
    columns = {name: column for name, column in views.items() if column is not None}
    best: dict[tuple[int, int], tuple[int, ...]] = {}
    for number in range(len(distinct.whole.ids)):
        for answer in candidates.candidates_for(
            query_of_print(distinct, number), columns, policies.DEFAULT, distinct.thumbnails
        ):
            if answer.id != number:
                key = (min(number, answer.id), max(number, answer.id))
                best[key] = min(best.get(key, (999,)), answer[:4])
    found = {(pair.first, pair.second): pair[2:6] for pair in pairs.all_pairs(distinct)}
    assert found == best


def test_many_pairs_by_bands_and_threads_are_those_of_the_definition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joins, "PAIR_COST_NS", 20.0)  # so bands pay for as few as these
    stored = shelf(8, 1_200, 300, 5, flat=0.02)
    distinct = distinct_fingerprints.distinct_prints(stored)
    found = pairs.all_pairs(distinct, work=Effort(2))
    assert len(found) > 1_000
    assert told(found) == told(all_pairs_exhaustive(distinct))
    assert {pair.turn for pair in found} > {0}
    assert {pair.view for pair in found} == set(pair_log.VIEWS)


class Known:
    """A sieve that knows which pairs within a crowd stay, and may say so before they are found."""

    def __init__(self, seed: int, prints: Prints, *, beforehand: bool) -> None:
        rng, count = np.random.default_rng(seed), len(prints.whole.ids)
        self.inside = rng.random(count) < 0.6
        stays = np.triu(rng.random((count, count)) < 0.3, 1)
        stays &= np.logical_and.outer(self.inside, self.inside)
        self.stays, self.beforehand = stays, beforehand

    def read(self, numbers: Hashes) -> None:
        pass

    def kept(self, numbers: Hashes, ranks: Hashes) -> npt.NDArray[np.bool_]:
        first, second = pair_log.ends(numbers)
        within = self.inside[first] & self.inside[second] & pair_log.is_upright(ranks)
        return np.asarray(~within | self.stays[first, second])

    def crowd(self) -> npt.NDArray[np.bool_]:
        return self.inside & self.beforehand

    def known_pairs(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        first, second = np.nonzero(self.stays & self.beforehand)
        return first, second


@settings(deadline=None)
@given(*SHELVES, st.sampled_from([policies.DEFAULT, policies.STRICT, Policy.within(20)]))
def test_pairs_of_a_known_crowd_need_not_be_found(
    seed: int, count: int, scenes: int, apart: int, policy: Policy
) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(seed, count, scenes, apart))
    expected = pairs.all_pairs(distinct, policy, sieve=Known(seed, distinct, beforehand=False))
    found = pairs.all_pairs(distinct, policy, sieve=Known(seed, distinct, beforehand=True))
    assert told(found) == told(expected)


@settings(deadline=None)
@given(
    *SHELVES,
    st.sampled_from([policies.DEFAULT, policies.STRICT, Policy.within(20)]),
    st.sampled_from([0.0, 0.2]),
)
def test_the_nearest_of_a_print_are_its_best_whole_and_upright_pairs(
    seed: int, count: int, scenes: int, apart: int, policy: Policy, flat: float
) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(seed, count, scenes, apart, flat))
    whole = policy.only_upright()._replace(relit=policy.relit)
    every = np.arange(len(distinct.whole.ids))
    truth = all_pairs_exhaustive(distinct, whole)
    for number in every.tolist():
        ours = [pair for pair in truth if number in pair[:2]]
        measures = {
            pair.first + pair.second - number: (pair.row, pair.column, pair.phash, pair.score)
            for pair in ours
        }
        best = sorted(measures, key=lambda n: (measures[n][3], *measures[n][:3], n))
        found = nearest_prints.nearest(distinct, policy, number, every[every != number], 10**6)
        assert [other for other, _ in found] == best
        assert {other: m[:4] for other, m in found} == measures
        few = nearest_prints.nearest(distinct, policy, number, every[every != number], 3)
        assert few == found[: len(few)]
        assert len(few) == min(3, len(found)) or flat  # flat ones may be left out at the end


def test_pairs_found_twice_are_dropped_while_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(11, 200, 3, 6))
    truth = told(pairs.all_pairs(distinct))
    monkeypatch.setattr(pair_log, "PAIRS_BEFORE_COMPACTING", 50)
    assert told(pairs.all_pairs(distinct)) == truth


@pytest.mark.parametrize("turn", range(1, 8))
def test_the_turn_is_what_the_first_must_undergo(turn: int) -> None:
    rng = np.random.default_rng(turn)
    row, column, phash = rng.integers(0, 2**64, (3, 1), np.uint64)
    turned = rng.integers(0, 2**64, (TURNED, 1), np.uint64)
    after = turning.turned(turning.complemented(row, column), turn)
    both = PictureHashes(
        np.arange(2),
        np.append(row, after.row),
        np.append(column, after.column),
        np.append(phash, turned[turn - 1]),
        np.zeros(2, np.bool_),
    )
    unrelated = rng.integers(0, 2**64, (TURNED, 1), np.uint64)
    stored = StoredPrints(both, no_thumbnails, np.append(turned, unrelated, axis=1))
    (pair,) = pairs.all_pairs(distinct_fingerprints.distinct_prints(stored))
    assert (pair.first, pair.second, pair.score) == (0, 1, 0)
    assert TURN_NAMES[pair.turn] == ORIENTATIONS[turn][0]
    swapped = StoredPrints(
        PictureHashes(np.arange(2), both.row[::-1], both.column[::-1], both.phash[::-1], both[4]),
        no_thumbnails,
        np.append(unrelated, turned, axis=1),
    )
    (pair,) = pairs.all_pairs(distinct_fingerprints.distinct_prints(swapped))
    assert turning.INVERSE[pair.turn] == turn


def no_thumbnails(wanted: Sequence[int]) -> Mapping[int, bytes]:
    return {}


def plain(row: Sequence[int], low: bool = False, luma: Sequence[int] = ()) -> StoredPrints:
    """Pictures 100, 101, ... that differ in the row hash, and in their grey."""
    zeros = np.zeros(len(row), np.uint64)
    whole = PictureHashes(
        np.arange(100, 100 + len(row)),
        np.array(row, np.uint64),
        zeros,
        zeros,
        np.full(len(row), low),
    )
    return StoredPrints(whole, lambda wanted: {i: bytes([luma[i - 100]]) * 256 for i in wanted})


def test_pictures_with_equal_fingerprints_share_a_print() -> None:
    distinct = distinct_fingerprints.distinct_prints(plain([5, 7, 5, 5, 9]))
    assert [distinct.pictures_of(number) for number in range(3)] == [[100, 102, 103], [101], [104]]
    assert distinct.whole.row.tolist() == [5, 7, 9]


def test_flat_pictures_share_a_print_only_with_equal_thumbnails() -> None:
    distinct = distinct_fingerprints.distinct_prints(plain([0, 0, 0], low=True, luma=[10, 200, 10]))
    assert [distinct.pictures_of(number) for number in range(2)] == [[100, 102], [101]]
    assert not len(pairs.all_pairs(distinct))


def test_prints_whose_mixed_hashes_collide_are_still_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distinct_fingerprints, "_ODD_MULTIPLIER", np.uint64(0))
    distinct = distinct_fingerprints.distinct_prints(plain([5, 7, 5]))
    assert sorted(distinct.pictures.tolist()) == [100, 101, 102]
    for number in range(len(distinct.whole.ids)):
        members = distinct.pictures_of(number)
        assert {[5, 7, 5][member - 100] for member in members} == {int(distinct.whole.row[number])}


@pytest.mark.parametrize(("grey", "pairs_found"), [(14, 1), (15, 0)])
def test_flat_pictures_match_within_four_grey_levels(grey: int, pairs_found: int) -> None:
    distinct = distinct_fingerprints.distinct_prints(plain([0b1111, 0], low=True, luma=[10, grey]))
    assert len(pairs.all_pairs(distinct)) == pairs_found


def test_flat_pictures_do_not_match_five_bits_apart() -> None:
    distinct = distinct_fingerprints.distinct_prints(plain([0b11111, 0], low=True, luma=[10, 10]))
    assert not len(pairs.all_pairs(distinct))


def test_a_crowd_of_flat_pictures_is_left_out_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat_pairs, "CROWD_PRINTS", 3)
    rows = [0, 1, 2, 4, 8, 2**40 - 1, 2**40 - 2]
    distinct = distinct_fingerprints.distinct_prints(
        plain(rows, low=True, luma=[10, 10, 11, 11, 12, 10, 11])
    )
    found = pairs.all_pairs(distinct)
    assert [(pair.first, pair.second) for pair in found] == [(5, 6)]
    assert found.crowded.tolist() == [0, 1, 2, 3, 4]
    assert told(all_pairs_exhaustive(distinct)) == told(found)


def test_the_batches_of_flat_pairs_lose_none(monkeypatch: pytest.MonkeyPatch) -> None:
    distinct = distinct_fingerprints.distinct_prints(shelf(3, 80, 3, 2, flat=0.6))
    truth = told(pairs.all_pairs(distinct))
    monkeypatch.setattr(flat_pairs, "PAIRS_PER_BATCH", 5)
    monkeypatch.setattr(flat_pairs, "KEYS_PER_LOOKUP", 2)
    assert told(pairs.all_pairs(distinct)) == truth


def test_a_plain_radius_needs_no_thumbnails() -> None:
    def refuse(wanted: Sequence[int]) -> Mapping[int, bytes]:
        raise AssertionError(wanted)

    distinct = distinct_fingerprints.distinct_prints(
        plain([0, 1, 2**64 - 1], low=True, luma=[1, 2, 3])
    )
    found = pairs.all_pairs(distinct._replace(thumbnails=refuse), Policy.within(1))
    assert [(pair.first, pair.second, pair.row) for pair in found] == [(0, 1, 1)]


def test_equal_keys_match_whatever_the_other_hashes_are() -> None:
    zeros = np.zeros(2, np.uint64)
    far = np.array([0, 2**64 - 1], np.uint64)
    stored = StoredPrints(
        PictureHashes(np.arange(2), zeros, far, far, np.zeros(2, np.bool_)), no_thumbnails
    )
    (pair,) = pairs.all_pairs(distinct_fingerprints.distinct_prints(stored))
    assert (pair.row, pair.column, pair.phash, pair.score) == (0, 64, 64, 192)


@pytest.mark.parametrize("policy", [policies.DEFAULT, Policy.within(64)])
def test_an_empty_shelf_and_a_single_picture_have_no_pairs(policy: Policy) -> None:
    for rows in ([], [3]):
        assert not told(pairs.all_pairs(distinct_fingerprints.distinct_prints(plain(rows)), policy))


def test_the_share_of_the_work_only_rises_and_ends_at_one() -> None:
    shares: list[float] = []
    distinct: Prints = distinct_fingerprints.distinct_prints(shelf(1, 300, 30, 4))
    pairs.all_pairs(distinct, work=Effort(2, shares.append))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_limits_of_the_policy_hold_to_the_bit() -> None:
    policy = Policy(Limits(2, 4), None, None, None)
    distinct = distinct_fingerprints.distinct_prints(plain([0, 0b11, 0b11100]))
    found = [(pair.first, pair.second) for pair in pairs.all_pairs(distinct, policy)]
    assert found == [(0, 1)]
