"""Near queries in a series give the same before and after an index is built."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf import Settings, index
from imageshelf.hashing import hamming, multi_index, series
from imageshelf.hashing.series import Series
from imageshelf.searching.search import Searching
from imageshelf.system import forks
from tests.test_multi_index import Hashes, clustered
from tests.test_near_batches import same, truth

if TYPE_CHECKING:
    from pathlib import Path


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by the size of each index built from now on."""
    made: list[int] = []
    whole = multi_index.MultiIndex

    def build(hashes: Hashes, *, jobs: int) -> multi_index.MultiIndex:
        made.append(len(hashes))
        return whole(hashes, jobs=jobs)

    monkeypatch.setattr(multi_index, "MultiIndex", build)
    return made


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 300),
    st.lists(st.integers(0, 20), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_every_query_of_a_series_finds_what_the_exhaustive_scan_finds(
    seed: int, count: int, radii: list[int], indexed: bool, shared_out: bool
) -> None:
    hashes = clustered(seed, count, 20)
    queries = [int(hashes[radius % count]) ^ (seed & 0b1011) for radius in radii]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "LARGE_HASHES", 100 if indexed else count + 1)
        patch.setattr(series, "INDEX_COST_SCANS", -(10**9))
        patch.setattr(series, "MANY_COMPARISONS", 0 if shared_out else 10**9)
        patch.setattr(forks, "WORTH_FORKING_S", 0.0)
        asked = Series(hashes)
        for _ in range(3):
            assert same(asked.pairs(queries, radii, None), truth(hashes, queries, radii))


@pytest.mark.parametrize(
    ("count", "radii", "times", "built"),
    [
        (400_000, [14, *[10] * 7, 12], 80, True),  # one picture after the other
        (400_000, [14, *[10] * 7, 12], 3, False),
        (400_000, [14, *[10] * 7, 12] * 100, 1, True),  # a folder of them
        (400_000, [40] * 100, 10, False),  # too wide for any bucket to be left out
        (series.LARGE_HASHES - 1, [10] * 1000, 10, False),
    ],
)
def test_an_index_is_built_once_and_only_where_it_pays(
    count: int, radii: list[int], times: int, built: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def build(hashes: Hashes, *, jobs: int) -> SimpleNamespace:
        made.append(len(hashes))
        return SimpleNamespace(pairs=lambda *_: hamming.pair_table([]))

    monkeypatch.setattr(multi_index, "MultiIndex", build)
    monkeypatch.setattr(hamming, "within", lambda *_: [])
    asked = Series(np.zeros(count, np.uint64))
    for _ in range(times):
        asked.pairs([7] * len(radii), radii, None)
    assert made == [count] * built


def test_a_search_gives_the_same_with_an_index(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf, Settings(jobs=0))
    with Searching(shelf) as searching:
        plain = [list(answer) for answer in searching.ask([str(photos)])]
    monkeypatch.setattr(series, "LARGE_HASHES", 0)
    monkeypatch.setattr(series, "INDEX_COST_SCANS", -(10**9))
    made = counted(monkeypatch)
    with Searching(shelf) as searching:
        assert [list(answer) for answer in searching.ask([str(photos)])] == plain
    assert made
    assert any(plain)
