"""The bucket join against its exhaustive twin."""

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.hashing import bands, joins, tiles
from imageshelf.system import forks
from tests import near_twins

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


def clustered(seed: int, count: int, centres: int, most_apart: int) -> Hashes:
    """Hashes of which many are few bits from each other, others are random."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, centres, np.uint64)[rng.integers(0, centres, count)]
    for _ in range(most_apart):
        flips = np.uint64(1) << rng.integers(0, 64, count, np.uint64)
        hashes ^= np.where(rng.random(count) < 0.7, flips, np.uint64(0))
    return hashes


def found_by(
    left: Hashes, right: Hashes | None, radius: int, chosen: int | None, jobs: int
) -> set[tuple[int, int]]:
    pairs: set[tuple[int, int]] = set()
    join = joins._Join(left, right, radius, into(pairs))
    join.run(bands.bands(radius, chosen) if chosen else (), joins.Effort(jobs))
    return pairs


def into(pairs: set[tuple[int, int]]) -> joins.PairSink:
    """Take pairs; none may come twice."""

    def keep(i: Places, j: Places) -> None:
        before = len(pairs)
        pairs.update(zip(i.tolist(), j.tolist(), strict=True))
        assert len(pairs) == before + len(i)

    return joins.PairSink(lambda i, j: (i, j), keep)


@pytest.fixture(autouse=True, scope="module")
def any_work_is_worth_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forks, "WORTH_FORKING_S", 0.0)
        yield


JOINS = given(
    st.integers(0, 2**32),
    st.integers(0, 300),
    st.integers(1, 20),
    st.integers(0, 24),
    st.integers(0, 64),
    st.one_of(st.none(), st.integers(joins.FEWEST_BANDS, joins.MOST_BANDS)),
    st.sampled_from([1, 1, 1, 1, 2, 3]),  # processes: forking them is what takes the time
)


def is_worth_bands(radius: int, chosen: int | None) -> bool:
    """Tell whether a bucket has few neighbours, as it has where a join chooses such bands."""
    return chosen is None or radius < min(32, 6 * chosen)


@settings(deadline=None)
@JOINS
def test_a_join_finds_what_the_definition_finds(
    seed: int, count: int, centres: int, apart: int, radius: int, chosen: int | None, jobs: int
) -> None:
    hashes = clustered(seed, count + 7, centres, apart)
    left, right = hashes[: count // 3], hashes[count // 3 :]
    truth = set(near_twins.close_pairs_exhaustive(left, right, radius))
    if is_worth_bands(radius, chosen):
        assert found_by(left, right, radius, chosen, jobs) == truth


@settings(deadline=None)
@JOINS
def test_a_join_of_hashes_with_themselves_finds_each_pair_in_one_order(
    seed: int, count: int, centres: int, apart: int, radius: int, chosen: int | None, jobs: int
) -> None:
    hashes = clustered(seed, count, centres, apart)
    truth = {(i, j) for i, j in near_twins.close_pairs_exhaustive(hashes, hashes, radius) if i < j}
    if is_worth_bands(radius, chosen):
        found = found_by(hashes, None, radius, chosen, jobs)
        assert {(min(pair), max(pair)) for pair in found} == truth
        assert len(found) == len(truth)


@pytest.mark.parametrize("count", range(joins.FEWEST_BANDS, joins.MOST_BANDS + 1))
@pytest.mark.parametrize("radius", [0, 3, 4, 10, 14, 18, 40])
def test_two_hashes_within_the_radius_cannot_exceed_every_limit(radius: int, count: int) -> None:
    chosen = bands.bands(radius, count)
    assert sorted(bit for band in chosen for bit in band.bits) == list(range(64))
    assert sum(band.limit + 1 for band in chosen) > radius


def test_tiles_smaller_than_a_bucket_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = clustered(5, 400, 3, 12)
    truth = {(i, j) for i, j in near_twins.close_pairs_exhaustive(hashes, hashes, 14) if i < j}
    monkeypatch.setattr(tiles, "TILE_COMPARISONS", 50)
    for chosen in (None, 5):
        found = found_by(hashes, None, 14, chosen, 1)
        assert {(min(pair), max(pair)) for pair in found} == truth


def test_bands_are_chosen_where_they_pay_and_lose_nothing() -> None:
    hashes = clustered(1, 30_000, 3_000, 8)
    assert joins.best_bands(14, 30_000, 30_000)
    assert not joins.best_bands(14, 100, 100)
    assert not joins.best_bands(40, 1_000_000, 1_000_000)
    pairs: set[tuple[int, int]] = set()
    shares: list[float] = []
    joins.close_pairs(
        hashes[:200],
        hashes,
        14,
        into(pairs),
        joins.Effort(progress=shares.append),
    )
    assert pairs == set(near_twins.close_pairs_exhaustive(hashes[:200], hashes, 14))
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("where", ["sift", "keep"])
def test_an_error_while_reporting_ends_the_join_and_its_processes(where: str, jobs: int) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no more")

    use = joins.PairSink(lambda i, j: (i, j), refuse)
    if where == "sift":
        use = joins.PairSink(refuse, lambda _: None)
    with pytest.raises(RuntimeError, match="no more"):
        joins.close_pairs_within(np.zeros(3_000, np.uint64), 0, use, joins.Effort(jobs))
    if forks.can_fork():
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
