"""Near queries against its exhaustive twin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.hashing import hamming
from imageshelf.hashing.fingerprints import grid
from imageshelf.shelf import chunks
from tests import near_twins

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
    before, hamming.BLOCK_HASHES = hamming.BLOCK_HASHES, block
    try:
        found = hamming.within(stored, [q for q, _ in questions], [r for _, r in questions])
    finally:
        hamming.BLOCK_HASHES = before
    for near, (query, radius) in zip(found, questions, strict=True):
        truth = near_twins.within_exhaustive(stored, query, radius)
        assert near.positions.tolist() == truth.positions.tolist()
        assert near.distances.tolist() == truth.distances.tolist()


def test_an_empty_index_has_no_neighbours() -> None:
    (near,) = hamming.within(np.empty(0, np.uint64), [7], [64])
    assert near.positions.tolist() == []


def test_blocks_larger_than_one_are_searched_to_the_end() -> None:
    stored = np.full(hamming.BLOCK_HASHES * 2 + 5, 2**64 - 1, np.uint64)
    stored[[0, hamming.BLOCK_HASHES - 1, hamming.BLOCK_HASHES, -1]] = 0b11
    (near,) = hamming.within(stored, [0], [2])
    assert near.positions.tolist() == [
        0,
        hamming.BLOCK_HASHES - 1,
        hamming.BLOCK_HASHES,
        len(stored) - 1,
    ]
    assert near.distances.tolist() == [2, 2, 2, 2]


KEYS = st.binary(min_size=24, max_size=24)


@given(
    st.lists(KEYS, max_size=20),
    st.lists(st.tuples(KEYS, st.integers(0, 192)), min_size=1, max_size=4),
    st.integers(1, 7),
)
def test_near_search_of_several_words_equals_the_exhaustive_scan(
    keys: list[bytes], questions: list[tuple[bytes, int]], block: int
) -> None:
    every = [*keys, questions[0][0]]
    stored, asked = chunks.words_of(every), chunks.words_of([key for key, _ in questions])
    before, hamming.BLOCK_HASHES = hamming.BLOCK_HASHES, block
    try:
        found = hamming.within_words(stored, asked, [radius for _, radius in questions])
    finally:
        hamming.BLOCK_HASHES = before
    for number, (near, (query, radius)) in enumerate(zip(found, questions, strict=True)):
        truth = near_twins.within_words_exhaustive(stored, asked[:, number], radius)
        whole = int.from_bytes(query, "big")
        apart = [(int.from_bytes(key, "big") ^ whole).bit_count() for key in every]
        assert truth.positions.tolist() == [at for at, bits in enumerate(apart) if bits <= radius]
        assert near.positions.tolist() == truth.positions.tolist()
        assert near.distances.tolist() == truth.distances.tolist()


def test_keys_that_differ_in_every_bit_are_as_far_as_they_have_bits() -> None:
    stored = chunks.words_of([bytes(72), bytes([255]) * 72])
    (near,) = hamming.within_words(stored, stored[:, :1], [576])
    assert near.distances.tolist() == [0, 576]
