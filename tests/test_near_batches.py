"""Many near queries at once against the exhaustive scan."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.hashing import hamming, multi_index, near_batches, tiles
from imageshelf.hashing.hamming import CrowdedError, NearPairs
from imageshelf.hashing.multi_index import MultiIndex
from imageshelf.system import forks
from tests.test_multi_index import Hashes, clustered

RADII = st.lists(st.integers(0, 20), min_size=1, max_size=40)


@pytest.fixture(autouse=True, scope="module")
def any_work_is_worth_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forks, "WORTH_FORKING_S", 0.0)
        yield


def truth(hashes: Hashes, queries: list[int], radii: list[int]) -> NearPairs:
    """Every pair, by the definition."""
    return hamming.pair_table(
        [hamming.within_exhaustive(hashes, q, r) for q, r in zip(queries, radii, strict=True)]
    )


def same(a: NearPairs, b: NearPairs) -> bool:
    return [part.tolist() for part in a] == [part.tolist() for part in b]


def asked(hashes: Hashes, radii: list[int], seed: int) -> near_batches.NearQueries:
    """Queries near some of the hashes."""
    rng = np.random.default_rng(seed)
    chosen = hashes[rng.integers(0, len(hashes), len(radii))]
    return near_batches.NearQueries(
        chosen ^ (np.uint64(1) << rng.integers(0, 64, len(radii), np.uint64)),
        np.array(radii, np.uint8),
    )


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(0, 400),
    st.integers(1, 50),
    RADII,
    st.sampled_from([0, 1, 6, 10, 12, 14]),
    st.integers(1, 3),
)
def test_a_batch_finds_what_the_exhaustive_scan_finds_in_buckets_of_any_width(
    seed: int, count: int, centres: int, radii: list[int], width: int, jobs: int
) -> None:
    hashes = clustered(seed, count + 1, centres)
    some = asked(hashes, radii, seed)
    index = MultiIndex(hashes)
    found = near_batches.QueryBatch(hashes, index._sorted, some).run(width, jobs)
    assert same(found, truth(hashes, some.hashes.tolist(), radii))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 400), RADII, st.integers(1, 3))
def test_the_index_and_the_scan_give_the_same_table(
    seed: int, count: int, radii: list[int], jobs: int
) -> None:
    hashes = clustered(seed, count, 20)
    queries = asked(hashes, radii, seed).hashes.tolist()
    wanted = truth(hashes, queries, radii)
    assert same(MultiIndex(hashes, jobs=jobs).pairs(queries, radii), wanted)
    assert same(hamming.pair_table(hamming.within(hashes, queries, radii)), wanted)


def test_tiles_smaller_than_a_bucket_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = clustered(5, 3_000, 4)
    some = asked(hashes, [14, 12, 10, 10, 4] * 8, 5)
    wanted = truth(hashes, some.hashes.tolist(), some.radii.tolist())
    index = MultiIndex(hashes)
    monkeypatch.setattr(tiles, "TILE_COMPARISONS", 50)
    for width in (0, 8):
        found = near_batches.QueryBatch(hashes, index._sorted, some).run(width, 2)
        assert same(found, wanted)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("way", ["scan", "singly", "together"])
def test_what_is_too_crowded_is_refused_before_it_fills_the_memory(
    way: str, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = np.zeros(2_000, np.uint64)
    queries, radii = [1] * 10, [1] * 10
    if way == "scan":
        with pytest.raises(CrowdedError):
            hamming.within(hashes, queries, radii, 19_999)
        assert len(hamming.within(hashes, queries, radii, 20_000)) == 10
        return
    width = None if way == "singly" else 8
    monkeypatch.setattr(near_batches, "best_width", lambda *_: width)
    index = MultiIndex(hashes, jobs=jobs)
    with pytest.raises(CrowdedError):
        index.pairs(queries, radii, 19_999)
    assert len(index.pairs(queries, radii).positions) == 20_000


@pytest.mark.parametrize(
    ("radii", "count", "together"),
    [
        ([10] * 2, 1_000_000, False),
        ([10] * 2_000, 1_000_000, True),
        ([14] * 1_000, 1_000_000, True),
        ([40] * 100, 1_000_000, False),  # each is compared with all
    ],
)
def test_a_batch_is_asked_together_where_that_costs_less(
    radii: list[int], count: int, together: bool
) -> None:
    wanted: npt.NDArray[np.uint8] = np.array(radii, np.uint8)
    width = near_batches.best_width(wanted, count, multi_index.BAND_COUNT)
    assert (width is not None) == together
    one_by_one = len(radii) * near_batches._lone_cost(radii[0], count, multi_index.BAND_COUNT)
    assert (near_batches.cost(wanted, count, multi_index.BAND_COUNT) < one_by_one) == together
