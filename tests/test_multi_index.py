"""Multi-index hashing against the exhaustive scan."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.hashing import bands, hamming, near_batches
from imageshelf.hashing.hamming import Near
from imageshelf.hashing.multi_index import MultiIndex

Hashes = npt.NDArray[np.uint64]


def clustered(seed: int, count: int, centres: int) -> Hashes:
    """Hashes some bits away from few centres."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, centres, np.uint64)[rng.integers(0, centres, count)]
    for _ in range(12):
        flips = np.uint64(1) << rng.integers(0, 64, count, np.uint64)
        hashes ^= np.where(rng.random(count) < 0.5, flips, np.uint64(0))
    return hashes


def same(a: Near, b: Near) -> bool:
    return [part.tolist() for part in a] == [part.tolist() for part in b]


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 500), st.integers(1, 500))
def test_every_radius_finds_what_the_exhaustive_scan_finds(
    seed: int, count: int, centres: int
) -> None:
    hashes = clustered(seed, count + 1, centres)
    index = MultiIndex(hashes)
    query = int(hashes[seed % len(hashes)]) ^ (seed & 0b111)
    radii = range(0, 65, 1 + seed % 3)
    for radius, found in zip(radii, index.within([query] * len(radii), radii), strict=True):
        assert same(found, hamming.within_exhaustive(hashes, query, radius))


@pytest.mark.parametrize("radius", [0, 1, 3, 4, 8, 10, 14])
def test_buckets_alone_find_everything(radius: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> list[Near]:
        raise AssertionError

    hashes = clustered(radius, 20_000, 700)
    index = MultiIndex(hashes, jobs=2)
    monkeypatch.setattr(near_batches, "SLICE_COST", -(10**6))  # whatever the buckets hold
    monkeypatch.setattr(hamming, "within", refuse)
    for at in range(0, 20_000, 1_000):
        (found,) = index.within([int(hashes[at])], [radius])
        assert same(found, hamming.within_exhaustive(hashes, int(hashes[at]), radius))


def test_a_bucket_that_holds_nearly_everything_is_scanned_instead() -> None:
    hashes = np.zeros(5_000, np.uint64)
    (found,) = MultiIndex(hashes).within([1], [1])
    assert found.positions.tolist() == list(range(5_000))


def test_each_query_has_its_own_radius() -> None:
    hashes = np.array([0, 0b1, 0b11, 2**64 - 1], np.uint64)
    first, second, third = MultiIndex(hashes).within([0, 0, 2**64 - 1], [0, 1, 0])
    assert [first.positions.tolist(), second.positions.tolist()] == [[0], [0, 1]]
    assert third.positions.tolist() == [3]


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(4, 16), st.sampled_from([0, 2]))
def test_the_number_of_a_bucket_is_made_of_the_bands_bits(
    value: int, count: int, many: int
) -> None:
    for bits in bands.band_bits(count):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bands, "WIDE_TABLE_HASHES", many)  # by tables of sixteen bits, of eight
            (number,) = bands.bucket_numbers(np.array([value], np.uint64), bits).tolist()
        assert number == bands.bucket_number(value, bits)
        assert f"{number:b}".count("1") == sum(value >> bit & 1 for bit in bits)
