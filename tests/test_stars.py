"""Groups as stars, on drawn graphs; no pictures needed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from imageshelf.copies import distinct_fingerprints, match_graph, pairs, stars
from imageshelf.copies.pair_log import Measures
from imageshelf.copies.stars import Relation, Star
from imageshelf.hashing import turning
from imageshelf.searching.kinds import (
    ANOTHER_SHOT,
    BYTES,
    NEAR,
    SAME_FILE,
    SIMILAR,
    TURNED,
    VARIANT,
)
from imageshelf.searching.looks import Look
from imageshelf.shelf.chunks import PictureHashes
from tests import exhaustive

Edges = dict[tuple[int, int], str]


def grouped(order: list[int], edges: Edges, seed: int = 0) -> list[Star]:
    """Stars of a graph whose pairs are found in an order that depends on the seed."""
    shuffled = random.Random(seed).sample(sorted(edges), len(edges))

    def matches(picture: int) -> Iterable[tuple[int, Measures]]:
        for a, b in shuffled:
            if picture in {a, b}:
                yield a + b - picture, Measures()

    return stars.build_stars(order, matches, looks_of(edges))


def looks_of(edges: Edges) -> stars.LooksAt:
    """Looks as the edges say; "" is no relation."""

    def looks_at(pairs: Sequence[tuple[int, int, Measures]]) -> list[Look | None]:
        found = [edges[min(a, b), max(a, b)] for a, b, _ in pairs]
        return [Look(kind, compared=True) if kind else None for kind in found]

    return looks_at


def shape(star: Star) -> tuple[int, list[tuple[int, str]], list[tuple[int, int]]]:
    members = sorted((one.id, one.kind) for one in star.members)
    return star.keeper, members, sorted((one.id, one.to) for one in star.beside)


def test_a_chain_is_not_one_group() -> None:
    (star,) = grouped([1, 2, 3], {(1, 2): NEAR, (2, 3): NEAR})
    assert shape(star) == (1, [(2, NEAR)], [(3, 2)])


def test_a_picture_beside_a_group_may_keep_a_group_of_its_own() -> None:
    edges = {(1, 2): NEAR, (2, 3): NEAR, (3, 4): BYTES}
    first, second = grouped([1, 2, 3, 4], edges)
    assert shape(first) == (1, [(2, NEAR)], [(3, 2)])
    assert shape(second) == (3, [(4, BYTES)], [])


def test_the_best_picture_is_the_keeper() -> None:
    (star,) = grouped([3, 1, 2], {(1, 3): NEAR, (2, 3): NEAR})
    assert shape(star) == (3, [(1, NEAR), (2, NEAR)], [])


def test_a_pair_that_was_not_requested_forms_no_group() -> None:
    assert not grouped([1, 2], {(1, 2): ""})


def test_other_shots_stand_in_groups_of_their_own() -> None:
    edges = {(1, 2): BYTES, (1, 3): ANOTHER_SHOT, (2, 3): ANOTHER_SHOT, (3, 4): NEAR}
    copies, more, shots = grouped([1, 2, 3, 4], edges)
    assert shape(copies) == (1, [(2, BYTES)], [])
    assert shape(more) == (3, [(4, NEAR)], [])
    assert shape(shots) == (1, [(3, ANOTHER_SHOT)], [])


def test_a_copy_is_not_shown_again_as_another_shot() -> None:
    edges = {(1, 3): ANOTHER_SHOT, (2, 3): BYTES}
    (star,) = grouped([1, 2, 3], edges)
    assert shape(star) == (2, [(3, BYTES)], [])


@pytest.mark.parametrize("order", [[1, 2, 3], [1, 3, 2], [3, 1, 2]])
def test_the_end_of_a_long_burst_is_beside_its_group(order: list[int]) -> None:
    (star,) = grouped(order, {(1, 2): ANOTHER_SHOT, (2, 3): ANOTHER_SHOT})
    keeper, other = order[0], 4 - order[0]
    assert shape(star) == (keeper, [(2, ANOTHER_SHOT)], [(other, 2)])


def test_related_pictures_that_do_not_match_come_after_the_copies() -> None:
    edges = {(1, 2): NEAR}
    burst = {3: [(1, 3), (3, 4)], 1: [(1, 3)], 4: [(3, 4)], 2: []}

    def beyond(picture: int) -> list[Relation]:
        pairs = burst[picture]
        look = Look(SIMILAR, compared=True)
        return [Relation(sum(p) - picture, picture, look, Measures(score=99)) for p in pairs]

    def matches(picture: int) -> list[tuple[int, Measures]]:
        return [(3 - picture, Measures())] if picture in {1, 2} else []

    found = stars.build_stars([1, 2, 3, 4], matches, looks_of(edges), beyond)
    assert [shape(star) for star in found] == [
        (1, [(2, NEAR)], []),
        (1, [(3, SIMILAR)], [(4, 3)]),
    ]
    assert found[1].beside[0].measures.score == 99


def test_a_picture_that_is_no_copy_of_a_member_is_not_beside() -> None:
    (star,) = grouped([1, 2, 3], {(1, 2): NEAR, (2, 3): SIMILAR})
    assert star.beside == ()


def test_another_name_of_the_keeper_puts_nothing_beside() -> None:
    edges = {(1, 2): SAME_FILE, (1, 3): NEAR, (2, 4): NEAR}
    (star,) = grouped([1, 2, 3, 4], edges)
    assert shape(star) == (1, [(2, SAME_FILE), (3, NEAR)], [])


@pytest.mark.parametrize("seed", range(30))
def test_the_stars_of_any_graph_do_not_overlap(seed: int) -> None:
    rnd = random.Random(seed)
    pictures = list(range(30))
    kinds = [NEAR, BYTES, ANOTHER_SHOT, ""]
    edges = {
        (a, b): rnd.choice(kinds) for a in pictures for b in pictures[a + 1 :] if rnd.random() < 0.1
    }
    order = rnd.sample(pictures, len(pictures))
    found = grouped(order, edges)
    assert [shape(star) for star in found] == [shape(star) for star in grouped(order, edges, 9)]
    members = [one for star in found for one in star.members]
    assert len({one.id for one in members if one.kind != ANOTHER_SHOT}) == sum(
        one.kind != ANOTHER_SHOT for one in members
    )
    copies = {one.id for one in members if one.kind != ANOTHER_SHOT}
    assert not copies & {star.keeper for star in found}
    for star in found:
        for one in (*star.members, *star.beside):
            assert edges[min(one.id, one.to), max(one.id, one.to)] == one.kind
        assert all(one.to == star.keeper for one in star.members)
        assert all(order.index(one.id) > order.index(star.keeper) for one in star.members)
        inside = {one.id for one in (*star.members, *star.beside)}
        for one in star.beside:
            assert one.to in inside
            if one.look.is_match:
                assert not edges.get((min(one.id, star.keeper), max(one.id, star.keeper)))
    shown = {one.id for star in found for one in (*star.members, *star.beside)}
    shown |= {star.keeper for star in found}
    assert {end for pair, kind in edges.items() if kind == ANOTHER_SHOT and not copies & {*pair}
            for end in pair} <= shown  # fmt: skip
    free = set(pictures) - copies
    assert not [pair for pair, kind in edges.items() if kind in {NEAR, BYTES} and {*pair} <= free]


@pytest.mark.parametrize("seed", range(40))
def test_each_picture_is_with_the_keeper_that_it_is_nearest_to(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stars, "PAIRS_TOGETHER", seed % 4 * 5 + 1)
    rnd = random.Random(seed)
    pictures = list(range(25))
    wanted = [NEAR, NEAR, BYTES, TURNED, VARIANT, ANOTHER_SHOT]
    sizes = [(640, 480), (150, 200)] if seed % 2 else [(150, 200), (200, 201)]
    order = rnd.sample(pictures, len(pictures))
    looks = {
        frozenset({a, b}): Look(
            rnd.choice(wanted),
            rnd.random() < 0.9,
            rnd.choice([0.9, 1.0]),
            size=sizes[max(a, b, key=order.index) % 2],
        )
        for a in pictures
        for b in pictures[a + 1 :]
        if rnd.random() < seed % 5 / 10 + 0.05
    }
    scores = {pair: rnd.randrange(3) for pair in looks}

    def matches(picture: int) -> list[tuple[int, Measures]]:
        own = [pair for pair in looks if picture in pair]
        rnd.shuffle(own)
        return [(sum(pair) - picture, Measures(score=scores[pair])) for pair in own]

    def look_at(a: int, b: int) -> Look | None:
        return looks.get(frozenset({a, b}))

    def score(a: int, b: int) -> int:
        return scores[frozenset({a, b})]

    found = stars.build_stars(order, matches, lambda pairs: [look_at(*pair[:2]) for pair in pairs])
    homes = exhaustive.homes_exhaustive(order, look_at, score)
    copies = [one for star in found for one in star.members if one.look.is_match]
    assert {one.id: one.to for one in copies} == {p: k for p, k in homes.items() if p != k}
    named = exhaustive.named_exhaustive(order, homes, look_at, score)
    related = [one for star in found for one in (*star.members, *star.beside)]
    assert {one.id: one.to for one in related if not one.look.is_match} == named


def test_a_small_picture_that_agrees_with_two_different_ones_is_in_no_group() -> None:
    small = (150, 200)
    looks = {
        (1, 2): Look(VARIANT, compared=True, agrees=0.97),
        (1, 3): Look(NEAR, compared=True, agrees=1.0, size=small),
        (2, 3): Look(NEAR, compared=True, agrees=0.995, size=small),
    }

    def grouped(looks: dict[tuple[int, int], Look]) -> list[tuple[int, int]]:
        def matches(picture: int) -> list[tuple[int, Measures]]:
            return [(sum(pair) - picture, Measures()) for pair in looks if picture in pair]

        found = stars.build_stars(
            [1, 2, 3], matches, lambda pairs: [looks[min(p[:2]), max(p[:2])] for p in pairs]
        )
        return [(one.to, one.id) for star in found for one in star.members if one.look.is_match]

    assert grouped(looks) == []
    assert grouped(looks | {(2, 3): looks[2, 3]._replace(agrees=0.9)}) == [(1, 3)]
    large = {pair: look._replace(size=(640, 480)) for pair, look in looks.items()}
    assert grouped(large) == [(1, 3)]


def test_the_graph_knows_equal_prints_and_both_ends_of_a_pair() -> None:
    rng = np.random.default_rng(1)
    row, column, phash = rng.integers(0, 2**64, (3, 1), np.uint64)
    turned = rng.integers(0, 2**64, (7, 1), np.uint64)
    after = turning.turned(turning.complemented(row, column), 1)
    whole = PictureHashes(
        np.array([10, 20, 30, 40]),
        np.concatenate([row, after.row, row, ~row]),
        np.concatenate([column, after.column, column, column]),
        np.concatenate([phash, turned[0], phash, phash]),
        np.zeros(4, np.bool_),
    )
    others = rng.integers(0, 2**64, (7, 1), np.uint64)
    every = np.concatenate([turned, others, turned, others], axis=1)
    distinct = distinct_fingerprints.distinct_prints(
        distinct_fingerprints.StoredPrints(whole, lambda _: {}, every)
    )
    graph = match_graph.MatchGraph(distinct, pairs.all_pairs(distinct))
    assert graph.pictures == [10, 20, 30]
    assert sorted(graph.matches(10)) == [(20, Measures(turn=1)), (30, Measures())]
    assert sorted(graph.matches(20)) == [(10, Measures(turn=3)), (30, Measures(turn=3))]
    assert Relation(1, 2, Look(NEAR), Measures()).measures.score == 0
