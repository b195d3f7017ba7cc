"""Matching by the keys of another hash, against its definition written out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE, NAMES
from imageshelf.searching import key_candidates, policies
from imageshelf.searching.key_candidates import Radius, UnsuitedPolicyError, radius_for
from imageshelf.searching.policies import (
    DEFAULT,
    LOOSE,
    STRICT,
    Candidate,
    Fingerprint,
    Policy,
    QueryPrints,
)
from imageshelf.shelf import chunks
from imageshelf.shelf.chunks import PictureHashes, StoredKeys

TURN = "mirrored"


class Stored(NamedTuple):
    """One picture on a shelf."""

    key: bytes
    print_: Fingerprint
    thumbnail: bytes


def bits_apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def by_definition(
    query: QueryPrints, stored: list[Stored], limits: Radius
) -> list[tuple[int, ...]]:
    """Return (distance, id) of the matches, each picture by its nearest turn."""
    found = []
    for number, (key, print_, thumbnail) in enumerate(stored):
        low, mine = limits.low_information, query.whole.low_information
        flat = low and (print_.low_information or mine)
        flat_turned = low and (
            print_.low_information or (mine and query.turned[TURN].low_information)
        )
        alike = policies.mean_difference(query.thumbnail, thumbnail) <= 4
        row = (print_.row ^ query.whole.row).bit_count()
        ways = []
        if bits_apart(query.keys[""], key) <= limits.upright and (not flat or (row <= 4 and alike)):
            ways.append((bits_apart(query.keys[""], key), number, ""))
        if limits.turned is not None and not flat_turned:
            apart = bits_apart(query.keys[TURN], key)
            ways += [(apart, number, TURN)] if apart <= limits.turned else []
        if ways:
            found.append(min(ways)[:2])
    return sorted(found)


FEW_BITS = st.lists(st.integers(0, 63), max_size=12).map(lambda at: sum({1 << bit for bit in at}))
PRINTS = st.builds(Fingerprint, FEW_BITS, FEW_BITS, FEW_BITS, st.booleans())
THUMBNAILS = st.integers(0, 9).map(lambda level: bytes([level]) * 256)


@st.composite
def questions(draw: st.DrawFn) -> tuple[QueryPrints, list[Stored], Radius]:
    words = draw(st.sampled_from([1, 9]))
    keys = st.lists(FEW_BITS, min_size=words, max_size=words).map(
        lambda each: b"".join(word.to_bytes(8, "big") for word in each)
    )
    stored = draw(st.lists(st.builds(Stored, keys, PRINTS, THUMBNAILS), max_size=8))
    views = QueryPrints(
        draw(PRINTS), {TURN: draw(PRINTS)}, thumbnail=draw(THUMBNAILS),
        keys={"": draw(keys), TURN: draw(keys)},
    )  # fmt: skip
    most = st.integers(0, 20 * words)
    return views, stored, Radius(draw(most), draw(st.none() | most), draw(st.booleans()))


@given(questions())
def test_matches_are_those_of_the_definition(
    asked: tuple[QueryPrints, list[Stored], Radius],
) -> None:
    query, stored, limits = asked
    ids = np.arange(len(stored))
    prints = [one.print_ for one in stored]
    row, column, phash = (np.array([one[part] for one in prints], np.uint64) for part in range(3))
    low = np.array([one.low_information for one in prints], np.bool_)
    whole = PictureHashes(ids, row, column, phash, low)
    words = chunks.words_of([one.key for one in stored] or [query.keys[""]])[:, : len(stored)]
    found = key_candidates.candidates_for(
        query, StoredKeys(ids, words), whole, limits,
        lambda wanted: {number: stored[number].thumbnail for number in wanted},
    )  # fmt: skip
    assert sorted((each.distance, each.id) for each in found) == by_definition(
        query, stored, limits
    )
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    for each in found:
        assert each == measured(query, stored[each.id], each)


def measured(query: QueryPrints, one: Stored, found: Candidate) -> Candidate:
    """Return the candidate that the measures of a match make."""
    mine = query.turned[found.turn] if found.turn else query.whole
    row, column, phash = ((mine[part] ^ one.print_[part]).bit_count() for part in range(3))
    score, distance = row + column + 2 * phash, bits_apart(query.keys[found.turn], one.key)
    return Candidate(score, row, column, phash, found.id, found.turn, "whole", distance)


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_radii_of_the_hash(name: str) -> None:
    bits, usual = BITS[name], DEFAULT_DISTANCE[name]
    assert radius_for(name, DEFAULT) == Radius(usual, usual * 10 // 14, True)
    assert radius_for(name, Policy.within(5)) == Radius(5, None, False)
    assert radius_for(name, Policy.alike(75)) == Radius(bits // 4, None, False)
    assert radius_for(name, Policy.alike(0)) == Radius(bits, None, False)
    for policy in (STRICT, LOOSE, DEFAULT._replace(turned=None)):
        with pytest.raises(UnsuitedPolicyError, match=f"0 to {bits} bits, {usual} without it"):
            radius_for(name, policy)


def test_a_similarity_means_the_same_radius_as_on_other_shelves() -> None:
    for percent in range(101):
        policy = Policy.alike(percent)
        assert policy.upright == Policy.within(policies.max_distance(percent)).upright
