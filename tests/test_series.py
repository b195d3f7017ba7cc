"""Near queries in a series give the same before and after an index is built."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf import hamming, index
from imageshelf.pairing import multi_index, series
from imageshelf.pairing.series import Series
from imageshelf.searching import Searching
from tests.test_multi_index import Hashes, clustered, same


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by the size of each index built from now on."""
    made: list[int] = []
    whole = multi_index.MultiIndex

    def build(hashes: Hashes) -> multi_index.MultiIndex:
        made.append(len(hashes))
        return whole(hashes)

    monkeypatch.setattr(multi_index, "MultiIndex", build)
    return made


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.lists(st.integers(0, 20), max_size=6))
def test_every_query_of_a_series_finds_what_the_exhaustive_scan_finds(
    seed: int, count: int, radii: list[int]
) -> None:
    hashes = clustered(seed, count, 20)
    queries = [int(hashes[radius % count]) ^ (seed & 0b1011) for radius in radii]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "LARGE", 100)
        patch.setattr(series, "PATIENCE", 5)
        asked = Series(hashes)
        for _ in range(3):
            for found, query, radius in zip(
                asked.within(queries, radii), queries, radii, strict=True
            ):
                assert same(found, hamming.within_exhaustive(hashes, query, radius))


@pytest.mark.parametrize(
    ("large", "patience", "built"), [(100, 4, 1), (101, 4, 0), (100, 7, 0), (0, 0, 1)]
)
def test_an_index_is_built_once_and_only_where_it_pays(
    large: int, patience: int, built: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counted(monkeypatch)
    monkeypatch.setattr(series, "LARGE", large)
    monkeypatch.setattr(series, "PATIENCE", patience)
    asked = Series(clustered(1, 100, 5))
    for _ in range(4):
        asked.within([1, 2], [3, 4])
    assert len(made) == built


def test_a_search_gives_the_same_with_an_index(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    with Searching(shelf) as searching:
        plain = [list(answer) for answer in searching.ask([str(photos)])]
    monkeypatch.setattr(series, "LARGE", 0)
    monkeypatch.setattr(series, "PATIENCE", 0)
    made = counted(monkeypatch)
    with Searching(shelf) as searching:
        assert [list(answer) for answer in searching.ask([str(photos)])] == plain
    assert made
    assert any(plain)
