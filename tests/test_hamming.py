"""The near index against its exhaustive twin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imageshelf import hamming
from imageshelf.hashing import grid

HASHES = st.integers(0, 2**64 - 1)


@given(HASHES, HASHES)
def test_the_distance_is_the_number_of_differing_cells(a: int, b: int) -> None:
    different = sum(x != y for x, y in zip(f"{a:064b}", f"{b:064b}", strict=True))
    assert hamming.distance(a, b) == different, f"\n{grid(a)}\n\n{grid(b)}"


@given(
    st.lists(HASHES, max_size=50),
    st.lists(st.tuples(HASHES, st.integers(0, 64)), min_size=1, max_size=4),
    st.integers(1, 7),
)
def test_near_search_equals_the_exhaustive_scan_for_every_radius(
    hashes: list[int], questions: list[tuple[int, int]], block: int
) -> None:
    stored = np.array([*hashes, questions[0][0]], np.uint64)
    before, hamming.BLOCK = hamming.BLOCK, block
    try:
        found = hamming.within(stored, [q for q, _ in questions], [r for _, r in questions])
    finally:
        hamming.BLOCK = before
    for near, (query, radius) in zip(found, questions, strict=True):
        truth = hamming.within_exhaustive(stored, query, radius)
        assert near.positions.tolist() == truth.positions.tolist()
        assert near.distances.tolist() == truth.distances.tolist()


def test_an_empty_index_has_no_neighbours() -> None:
    (near,) = hamming.within(np.empty(0, np.uint64), [7], [64])
    assert near.positions.tolist() == []


def test_blocks_larger_than_one_are_searched_to_the_end() -> None:
    stored = np.full(hamming.BLOCK * 2 + 5, 2**64 - 1, np.uint64)
    stored[[0, hamming.BLOCK - 1, hamming.BLOCK, -1]] = 0b11
    (near,) = hamming.within(stored, [0], [2])
    assert near.positions.tolist() == [0, hamming.BLOCK - 1, hamming.BLOCK, len(stored) - 1]
    assert near.distances.tolist() == [2, 2, 2, 2]
