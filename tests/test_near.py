"""Many near queries at once against the exhaustive scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf import Settings, index
from imageshelf.hashing import bands, hamming, joins, near
from imageshelf.hashing.hamming import CrowdedError, NearPairs
from imageshelf.searching.search import Searching
from imageshelf.system import forks
from tests import near_twins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Hashes = npt.NDArray[np.uint64]
RADII = st.lists(st.integers(0, 20), max_size=40)


@pytest.fixture(autouse=True, scope="module")
def any_work_is_worth_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forks, "WORTH_FORKING_S", 0.0)
        yield


def clustered(seed: int, count: int, centres: int) -> Hashes:
    """Hashes some bits away from few centres."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, centres, np.uint64)[rng.integers(0, centres, count)]
    for _ in range(12):
        flips = np.uint64(1) << rng.integers(0, 64, count, np.uint64)
        hashes ^= np.where(rng.random(count) < 0.5, flips, np.uint64(0))
    return hashes


def same(a: NearPairs, b: NearPairs) -> bool:
    return [part.tolist() for part in a] == [part.tolist() for part in b]


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(0, 400),
    st.integers(1, 50),
    RADII,
    st.booleans(),
    st.sampled_from([0.0, joins.PAIR_COST_NS, 1e3]),
)
def test_few_and_many_queries_find_what_the_exhaustive_scan_finds(
    seed: int, count: int, centres: int, radii: list[int], many: bool, pair_cost_ns: float
) -> None:
    hashes = clustered(seed, count + 1, centres)
    rng = np.random.default_rng(seed)
    queries = hashes[rng.integers(0, len(hashes), len(radii))]
    queries ^= np.uint64(1) << rng.integers(0, 64, len(radii), np.uint64)
    allowed = np.array(radii, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "MANY_COMPARISONS", 0 if many else 10**9)
        patch.setattr(joins, "PAIR_COST_NS", pair_cost_ns)  # all pairs, or buckets
        found = near.near_pairs(hashes, queries, allowed)
    assert same(found, near_twins.near_pairs_exhaustive(hashes, queries, allowed))


@pytest.mark.parametrize("comparisons", [0, 10**9])
@pytest.mark.parametrize("cores", [1, 2])
def test_what_is_too_crowded_is_refused_before_it_fills_the_memory(
    comparisons: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "MANY_COMPARISONS", comparisons)
    monkeypatch.setattr("imageshelf.system.process.cores", lambda: cores)
    hashes = np.zeros(2_000, np.uint64)
    queries, radii = np.ones(10, np.uint64), np.ones(10, np.int64)
    with pytest.raises(CrowdedError):
        near.near_pairs(hashes, queries, radii, 19_999)
    assert len(near.near_pairs(hashes, queries, radii, 20_000).positions) == 20_000


def test_a_few_queries_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(joins, "close_pairs", refuse)
    hashes = np.zeros(1_000_000, np.uint64)
    queries = np.full(13, 2**64 - 1, np.uint64)
    found = near.near_pairs(hashes, queries, np.full(13, 14))
    assert same(found, hamming.pair_table([]))


def test_a_search_gives_the_same_for_few_and_many(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf, Settings(jobs=0))
    with Searching(shelf) as searching:
        plain = [list(answer) for answer in searching.ask([str(photos)])]
    monkeypatch.setattr(near, "MANY_COMPARISONS", 0)
    with Searching(shelf) as searching:
        assert [list(answer) for answer in searching.ask([str(photos)])] == plain
    assert any(plain)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(4, 16), st.sampled_from([0, 2]))
def test_the_number_of_a_bucket_is_made_of_the_bands_bits(
    value: int, count: int, many: int
) -> None:
    for bits in bands.band_bits(count):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bands, "WIDE_TABLE_HASHES", many)  # by tables of sixteen bits, of eight
            (number,) = bands.bucket_numbers(np.array([value], np.uint64), bits).tolist()
        assert number == sum((value >> bit & 1) << place for place, bit in enumerate(bits))
