"""What counts as a match: the table of the policy, row by row."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.searching import candidates, policies
from imageshelf.searching.policies import Fingerprint, Policy, QueryPrints
from imageshelf.shelf.chunks import PictureHashes

FLAT, GREY = bytes(256), bytes([5]) * 256


def far(bits: int) -> int:
    """Return a hash that differs from 0 in so many bits."""
    return (1 << bits) - 1


def column(*prints: Fingerprint) -> PictureHashes:
    return PictureHashes(
        np.arange(len(prints)) + 100,
        np.array([p.row for p in prints], np.uint64),
        np.array([p.column for p in prints], np.uint64),
        np.array([p.phash for p in prints], np.uint64),
        np.array([p.low_information for p in prints], bool),
    )


def found(
    query: QueryPrints,
    stored: Mapping[str, PictureHashes],
    policy: Policy = policies.DEFAULT,
    thumb: bytes = FLAT,
) -> list[int]:
    def thumbnails(ids: Sequence[int]) -> dict[int, bytes]:
        return dict.fromkeys(ids, thumb)

    return [c.id for c in candidates.candidates_for(query, stored, policy, thumbnails)]


@pytest.mark.parametrize(
    ("row", "column_", "phash", "policy", "matches"),
    [
        (0, 0, 0, policies.DEFAULT, True),
        (14, 14, 16, policies.DEFAULT, True),
        (14, 16, 15, policies.DEFAULT, True),
        (14, 17, 15, policies.DEFAULT, False),
        (15, 0, 11, policies.DEFAULT, False),
        (26, 16, 10, policies.DEFAULT, True),  # in other light
        (26, 17, 10, policies.DEFAULT, False),
        (27, 0, 0, policies.DEFAULT, False),
        (15, 0, 0, policies.STRICT, False),
        (0, 64, 64, policies.DEFAULT, True),  # an exact key is always listed
        (1, 62, 0, policies.DEFAULT, False),
        (14, 18, 10, policies.STRICT, True),
        (14, 19, 10, policies.STRICT, False),
        (18, 26, 10, policies.LOOSE, True),
        (19, 0, 11, policies.LOOSE, False),
        (20, 64, 64, Policy.within(20), True),
        (21, 0, 0, Policy.within(20), False),
    ],
)
def test_upright_limits(row: int, column_: int, phash: int, policy: Policy, matches: bool) -> None:
    stored = {"whole": column(Fingerprint(far(row), far(column_), far(phash)))}
    assert found(QueryPrints(Fingerprint(0, 0, 0)), stored, policy) == ([100] if matches else [])


@pytest.mark.parametrize(
    ("row", "phash", "matches"), [(10, 10, True), (11, 0, False), (10, 16, False)]
)
def test_a_turned_query_has_tighter_limits(row: int, phash: int, matches: bool) -> None:
    stored = {"whole": column(Fingerprint(far(row), 0, far(phash)))}
    strange = Fingerprint(far(64), far(64), far(64))
    query = QueryPrints(strange, {"mirrored": Fingerprint(0, 0, 0)})
    assert found(query, stored) == ([100] if matches else [])


@pytest.mark.parametrize(
    ("row", "phash", "matches"), [(10, 10, True), (11, 0, False), (10, 16, False)]
)
def test_a_query_is_compared_with_light_for_dark(row: int, phash: int, matches: bool) -> None:
    stored = {"whole": column(Fingerprint(far(row), 0, far(phash)))}
    query = QueryPrints(Fingerprint(far(64), far(64), far(64)), inverted=Fingerprint(0, 0, 0))
    near = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {})
    assert [each.turn for each in near] == (["inverted"] if matches else [])


@pytest.mark.parametrize("flat_query", [False, True])
@pytest.mark.parametrize(
    ("turn", "row", "flat", "matches"),
    [
        ("", 14, False, True),
        ("", 15, False, False),
        ("", 0, True, False),
        ("mirrored", 10, False, True),
        ("mirrored", 11, False, False),
    ],
)
def test_what_lies_inside_a_query_is_looked_for_upright_and_turned(
    turn: str, row: int, flat: bool, matches: bool, flat_query: bool
) -> None:
    stored = {"whole": column(Fingerprint(far(row), 0, 0))}
    strange = Fingerprint(far(64), far(64), far(64), flat_query)
    query = QueryPrints(strange, cutouts=[{turn: Fingerprint(0, 0, 0, flat)}])
    near = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {})
    assert [each.turn for each in near] == ([turn] if matches else [])


def test_a_turned_query_is_compared_with_pictures_without_their_borders() -> None:
    stored = {"trimmed": column(Fingerprint(far(10), 0, 0))}
    query = QueryPrints(Fingerprint(far(64), 0, 0), {"mirrored": Fingerprint(0, 0, 0)})
    assert found(query, stored) == [100]


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_way_of_comparing_finds_what_comparing_one_by_one_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(low: bool = False) -> Fingerprint:
        bits = rng.random((3, 64)) < rng.choice((0.05, 0.12, 0.3))
        row, column_, phash = (int("".join("01"[int(b)] for b in each), 2) for each in bits)
        return Fingerprint(row, column_, phash, low)

    query = QueryPrints(
        some(bool(rng.integers(2))),
        {"mirrored": some()},
        some(),
        some(),
        FLAT,
        cutouts=[{"": some(), "mirrored": some(bool(rng.integers(2)))}],
        inverted=some(),
    )
    views = ("whole", "trimmed", "centre")
    stored = {view: column(*(some(n == 4) for n in range(5))) for view in views}
    for policy in (policies.DEFAULT, policies.STRICT, policies.LOOSE):
        assert sorted(found(query, stored, policy)) == _found_one_by_one(query, stored, policy)


def _found_one_by_one(
    query: QueryPrints, stored: Mapping[str, PictureHashes], policy: Policy
) -> list[int]:
    ids = set()
    for probe in policies.probes(query, policy):
        view = stored[probe.view]
        for at in range(len(view.ids)):
            row, column_, phash = (
                (int(hashes[at]) ^ own).bit_count()
                for hashes, own in zip(view[1:4], probe.fingerprint[:3], strict=True)
            )
            limits, plain = probe.limits, probe.plain
            within = row <= limits.row and phash <= limits.phash
            within &= policies.score(row, column_, phash) <= limits.score
            flat = view.low_information[at] or (plain and query.whole.low_information)
            if (within or (plain and not row)) and (not flat or (plain and row <= 4)):
                ids.add(int(view.ids[at]))
    return sorted(ids)


def test_an_equal_turned_key_alone_is_no_match() -> None:
    stored = {"whole": column(Fingerprint(0, far(64), far(64)))}
    query = QueryPrints(Fingerprint(far(64), 0, 0), {"mirrored": Fingerprint(0, 0, 0)})
    assert found(query, stored) == []


def test_a_picture_is_listed_once_by_its_best_view() -> None:
    stored = {"whole": column(Fingerprint(far(3), 0, 0))}
    query = QueryPrints(
        Fingerprint(0, 0, 0), {"mirrored": Fingerprint(1, 0, 0)}, Fingerprint(far(3), 0, 0)
    )
    (only,) = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {})
    assert (only.score, only.turn) == (0, "")


@pytest.mark.parametrize("stored_low", [True, False])
@pytest.mark.parametrize(
    ("row", "thumb", "matches"),
    [(4, FLAT, True), (5, FLAT, False), (0, GREY, False), (0, FLAT, True)],
)
def test_flat_pictures_match_only_when_their_thumbnails_agree(
    stored_low: bool, row: int, thumb: bytes, matches: bool
) -> None:
    stored = {"whole": column(Fingerprint(far(row), 0, 0, stored_low))}
    query = QueryPrints(Fingerprint(0, 0, 0, not stored_low), thumbnail=FLAT)
    assert found(query, stored, thumb=thumb) == ([100] if matches else [])


@pytest.mark.parametrize(
    ("turned_flat", "stored_low", "matches"),
    [(False, False, True), (True, False, False), (False, True, False)],
)
def test_a_picture_that_is_flat_only_upright_is_found_turned(
    turned_flat: bool, stored_low: bool, matches: bool
) -> None:
    stored = {"whole": column(Fingerprint(far(40), 7, 7, stored_low))}
    turned = {"turned 90 degrees left": Fingerprint(far(38), 7, 7, turned_flat)}
    query = QueryPrints(Fingerprint(0, 0, 0, low_information=True), turned, thumbnail=FLAT)
    assert found(query, stored, thumb=GREY) == ([100] if matches else [])


def test_a_turned_match_counts_where_the_upright_thumbnails_differ() -> None:
    stored = {"whole": column(Fingerprint(0, 0, 0))}
    turned = {"mirrored": Fingerprint(0, 1, 0)}
    query = QueryPrints(Fingerprint(0, 0, 0, low_information=True), turned, thumbnail=FLAT)
    (alike,) = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {100: FLAT})
    (other,) = candidates.candidates_for(query, stored, policies.DEFAULT, lambda _: {100: GREY})
    assert (alike.turn, other.turn) == ("", "mirrored")


@pytest.mark.parametrize("way", ["trimmed", "centre"])
def test_a_flat_picture_does_not_match_through_another_view(way: str) -> None:
    stored = {"whole": column(Fingerprint(0, 0, 0, low_information=True))}
    strange = QueryPrints(Fingerprint(far(64), far(64), far(64)), thumbnail=FLAT)
    query = strange._replace(**{way: Fingerprint(0, 0, 0)})  # type: ignore[arg-type]
    assert found(query, stored) == []


@pytest.mark.parametrize("way", ["trimmed", "centre"])
def test_an_equal_key_of_another_view_alone_is_no_match(way: str) -> None:
    stored = {"whole": column(Fingerprint(0, far(64), far(64)))}
    query = QueryPrints(Fingerprint(far(64), 0, 0))
    query = query._replace(**{way: Fingerprint(0, 0, 0)})  # type: ignore[arg-type]
    assert found(query, stored) == []


def test_matches_come_nearest_first() -> None:
    stored = {"whole": column(*(Fingerprint(far(n), 0, 0) for n in (9, 2, 5)))}
    assert found(QueryPrints(Fingerprint(0, 0, 0)), stored) == [101, 102, 100]


def test_mean_difference_does_not_wrap_around() -> None:
    # In uint8 a brightness shift of 128 would look like 128, and one of 250 like 6.
    assert policies.mean_difference(bytes([250]) * 256, bytes(256)) == 250.0


@pytest.mark.parametrize(
    ("percent", "bits"), [(100, 0), (99, 0), (98, 1), (90, 6), (50, 32), (0, 64)]
)
def test_similarity_is_rounded_to_the_safe_side(percent: float, bits: int) -> None:
    assert policies.max_distance(percent) == bits
    assert policies.similarity(bits) >= percent


def views(rng: np.random.Generator, centres: list[int]) -> QueryPrints:
    """A query near some of these hashes, in all its views."""

    def near() -> Fingerprint:
        row, column_, phash = (
            centres[rng.integers(len(centres))] ^ (1 << int(rng.integers(64))) for _ in range(3)
        )
        return Fingerprint(row, column_, phash, bool(rng.random() < 0.2))

    turned = {name: near() for name in ("mirrored", "turned 180 degrees")}
    return QueryPrints(near(), turned, near() if rng.random() < 0.5 else None, near(), FLAT)


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.integers(0, 60),
    st.sampled_from([policies.DEFAULT, policies.STRICT, policies.LOOSE, Policy.within(20)]),
    st.sampled_from([0, 50, 10**9]),
)
def test_many_queries_at_once_find_what_each_finds_alone(
    seed: int, count: int, pictures: int, policy: Policy, most: int
) -> None:
    rng = np.random.default_rng(seed)
    centres = [int(centre) for centre in rng.integers(0, 2**64, 3, np.uint64)]
    stored = {
        view: column(*(views(rng, centres).whole for _ in range(pictures)))
        for view in ("whole", "trimmed", "centre")
    }
    queries = [views(rng, centres) for _ in range(count)]
    thumbnails = {100 + at: GREY if at % 3 else bytes([2]) * 256 for at in range(pictures)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "PAIRS_IN_MEMORY", most)
        found_ = candidates.candidates_for_each(queries, stored, policy, lambda _: thumbnails)
    alone = [
        candidates.candidates_for(query, stored, policy, lambda _: thumbnails) for query in queries
    ]
    assert found_ == alone
