"""Two pictures laid over each other: what the second look calls them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.overlay import geometry
from imageshelf.overlay.comparison import look
from imageshelf.overlay.sheets import PictureSheet
from imageshelf.overlay.verdict import Verdict
from tests import drawn_arrays as drawn
from tests.numpy_warp import warped

Picture = drawn.Picture
SCENE, FORM = drawn.scene(1), drawn.form(1)


def looked(first: Picture, second: Picture, turn: int = 0) -> Verdict:
    return look(PictureSheet(first), PictureSheet(second), turn, warped)


def overlap(verdict: Verdict, true: tuple[float, float, float, float]) -> float:
    """Intersection over union of all told rectangles and a true one, in shares."""
    sheet = np.zeros((400, 400), np.uint8)
    for region, mark in [(each, 1) for each in verdict.regions] + [(true, 2)]:
        x, y, width, height = (round(400 * share) for share in region)
        sheet[y : y + height, x : x + width] |= mark
    return float((sheet == 3).sum() / (sheet > 0).sum())


@pytest.mark.parametrize("picture", [SCENE, FORM], ids=["scene", "form"])
@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: drawn.noisy(picture, 6),
        lambda picture: drawn.resized(picture, (picture.shape[1] // 2, picture.shape[0] // 2)),
        lambda picture: drawn.resized(picture, (picture.shape[1] * 3 // 4, picture.shape[0])),
        lambda picture: drawn.as_bytes(picture * 0.75),
        lambda picture: drawn.as_bytes(255 * (picture / 255) ** 1.4),
        lambda picture: drawn.as_bytes(picture * (1.08, 1.0, 0.92)),
    ],
    ids=["same", "noise", "half", "stretched", "darker", "gamma", "white balance"],
)
def test_a_copy_is_near(picture: Picture, change: Callable[[Picture], Picture]) -> None:
    verdict = looked(change(picture), picture)
    assert (verdict.kind, verdict.reasons) == ("near", ())
    assert verdict.differs == 0
    assert verdict.agrees == 1
    assert verdict.shows == (1, 1)
    assert not verdict.colour_differs


def test_a_grey_copy_is_near_and_says_that_colour_differs() -> None:
    grey = np.repeat(SCENE.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    verdict = looked(grey, SCENE)
    assert (verdict.kind, verdict.colour_differs) == ("near", True)


def reduced(screen: Picture) -> Picture:
    return drawn.resized(screen, (192, 256))


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_whose_light_is_clipped_is_near_from_both_sides(seed: int) -> None:
    """Pale grounds end in the white of the rows, and icons in other colours."""
    screen = drawn.screen(seed)
    here, there = reduced(screen), reduced(drawn.as_bytes(screen * 1.2))
    assert looked(here, there).kind == looked(there, here).kind == "near"


@pytest.mark.parametrize("gain", [0.9, 1.0, 1.1])
def test_a_pale_mark_that_is_gone_makes_a_variant_in_whatever_light(gain: float) -> None:
    screen = drawn.screen(1)
    marked = screen.copy()
    marked[300:330, 100:400] = np.minimum(marked[300:330, 100:400], (255, 255, 150))
    for one, other in ((marked, screen), (screen, marked)):
        here, there = reduced(one), reduced(drawn.as_bytes(other * gain))
        assert looked(here, there).kind == looked(there, here).kind == "variant"


def test_another_hue_is_a_variant() -> None:
    verdict = looked(SCENE[..., [1, 2, 0]], SCENE)
    assert verdict.kind == "variant"
    assert verdict.colour_differs
    assert verdict.differs > 0.1
    assert verdict.regions


def test_an_object_of_another_colour_is_a_variant_and_told() -> None:
    picture, recoloured = SCENE.copy(), SCENE.copy()
    picture[60:110, 90:150], recoloured[60:110, 90:150] = (200, 40, 40), (20, 106, 190)
    verdict = looked(picture, recoloured)
    assert (verdict.kind, verdict.colour_differs) == ("variant", True)
    assert overlap(verdict, (90 / 256, 60 / 192, 60 / 256, 50 / 192)) > 0.6


@pytest.mark.parametrize("turn", range(geometry.TURNS))
def test_a_turned_copy_is_near_after_its_turn(turn: int) -> None:
    verdict = looked(SCENE, geometry.turned(SCENE, turn), turn)
    assert (verdict.kind, verdict.turn) == ("near", turn)


@given(number=st.integers(2, 500))
@settings(max_examples=8, deadline=None)
def test_forms_filled_in_differently_are_variants(number: int) -> None:
    assert looked(FORM, drawn.form(number)).kind == "variant"


@given(number=st.integers(2, 500))
@settings(max_examples=8, deadline=None)
def test_strangers_are_neither_near_nor_variants(number: int) -> None:
    assert looked(SCENE, drawn.scene(number)).kind in {"another", "other"}


@given(
    x=st.floats(0, 0.6),
    y=st.floats(0, 0.6),
    width=st.floats(0.15, 0.3),
    height=st.floats(0.15, 0.3),
)
@settings(max_examples=10, deadline=None)
def test_a_part_that_differs_is_told_where_it_is(
    x: float, y: float, width: float, height: float
) -> None:
    part, sticker = SCENE.copy(), drawn.scene(77)
    rows, columns = (
        slice(int(192 * y), int(192 * (y + height))),
        slice(int(256 * x), int(256 * (x + width))),
    )
    part[rows, columns] = 255 - sticker[rows, columns]
    verdict = looked(SCENE, part)
    assert verdict.kind == "variant"
    true = (
        columns.start / 256,
        rows.start / 192,
        (columns.stop - columns.start) / 256,
        (rows.stop - rows.start) / 192,
    )
    assert overlap(verdict, true) > 0.6


@pytest.mark.parametrize("shares", [(0.08, 0, 0, 0), (0, 0.05, 0.04, 0), (0.04, 0.04, 0.04, 0.04)])
def test_cut_edges_stay_near_and_are_told(shares: tuple[float, float, float, float]) -> None:
    part = drawn.cropped(SCENE, shares)
    verdict = looked(part, SCENE)
    true = part.size / SCENE.size
    assert verdict.kind == "near"
    assert verdict.shows == pytest.approx((true, 1), abs=0.01)
    assert looked(SCENE, part).shows == pytest.approx((1, true), abs=0.01)


def test_a_third_cut_away_is_not_near() -> None:
    assert looked(drawn.cropped(SCENE, (0.3, 0, 0, 0)), SCENE).kind != "near"


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_border_stays_near_and_hides_nothing(level: int) -> None:
    verdict = looked(drawn.framed(SCENE, 12, level), SCENE)
    assert verdict.kind == "near"
    assert verdict.shows == pytest.approx((1, 1), abs=0.02)


@pytest.mark.parametrize("pixels", [8, 13])
def test_a_white_border_around_a_dark_page_is_near_from_both_sides(pixels: int) -> None:
    dark = drawn.as_bytes(255 - drawn.form(0) * 0.9)
    framed = drawn.framed(dark, pixels)
    assert looked(framed, dark).kind == looked(dark, framed).kind == "near"


@pytest.mark.parametrize("side", ["left", "upper", "right and lower"])
def test_a_hairline_along_an_edge_makes_no_variant_and_a_stripe_does(side: str) -> None:
    """Half-transparent rows, which viewers show white."""
    picture = np.minimum(SCENE, 150)
    for pixels, kind in ((1, "near"), (6, "variant")):
        framed = picture.copy()
        where: dict[str, list[tuple[slice, slice]]] = {
            "left": [np.s_[:, :pixels]],
            "upper": [np.s_[:pixels, :]],
            "right and lower": [np.s_[:, -pixels:], np.s_[-pixels:, :]],
        }
        for rows, columns in where[side]:
            framed[rows, columns] = 200
        assert looked(framed, picture).kind == looked(picture, framed).kind == kind


def test_a_region_of_a_hairline_may_end_within_a_cell_of_the_edge() -> None:
    """Six pixels of a picture of 1,200, as wide as a hairline gets; told less its last rows."""
    picture = drawn.scene(3, (1200, 798))
    lined = picture.copy()
    lined[-6:] = 255
    here, there = (drawn.resized(each, (256, 170)) for each in (picture, lined))
    assert looked(here, there).kind == "near"


def test_a_line_along_the_edge_of_an_icon_is_no_hairline() -> None:
    icon = drawn.resized(np.minimum(SCENE, 150), (96, 72))
    lined = icon.copy()
    lined[:2] = 230
    assert looked(lined, icon).kind == looked(icon, lined).kind == "variant"


def test_two_views_of_which_each_shows_more_are_another_shot() -> None:
    wide = drawn.scene(5, (264, 192))
    assert looked(wide[:, :256], wide[:, 8:]).kind == "another"


def test_geometry_takes_places_of_the_second_to_the_first() -> None:
    part = drawn.cropped(SCENE, (0.1, 0, 0, 0))
    matrix = np.array(looked(SCENE, part).geometry)
    left = matrix @ (0, 0.5, 1)
    assert left[:2] / left[2] == pytest.approx((26 / 256, 0.5), abs=0.01)


def test_the_verdict_is_the_same_each_time() -> None:
    changed = drawn.noisy(drawn.cropped(SCENE, (0.03, 0.02, 0, 0)), 4)
    assert looked(changed, SCENE) == looked(changed, SCENE)


def test_flat_pictures_are_near_or_of_another_colour() -> None:
    red, blue = (
        np.full((60, 80, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200))
    )
    assert looked(red, drawn.noisy(red, 2)).kind == "near"
    assert looked(red, blue).kind == "variant"


def test_pictures_of_next_to_no_pixels_are_not_compared() -> None:
    assert looked(SCENE[:10, :10], SCENE[:10, :10]).kind == "other"


@given(seed=st.integers(0, 500))
@settings(max_examples=10, deadline=None)
def test_the_kind_is_the_same_from_either_side(seed: int) -> None:
    form, scene = drawn.form(seed), drawn.scene(seed)
    pairs = [(form, FORM), (scene, drawn.noisy(scene, 5)), (scene, drawn.framed(scene, 8))]
    for first, second in pairs:
        assert looked(first, second).kind == looked(second, first).kind


def test_a_grey_array_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a colour picture"):
        PictureSheet(SCENE[..., 0])


@given(width=st.integers(32, 90), height=st.integers(32, 90), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_pictures_of_any_size_are_near_themselves(width: int, height: int, seed: int) -> None:
    picture = drawn.scene(seed, (width, height))
    assert looked(picture, drawn.noisy(picture, 2)).kind == "near"


def test_at_a_higher_resolution_a_short_field_is_seen_and_an_enlarged_copy_is_near() -> None:
    form = drawn.form(1, (384, 512))
    filled = form.copy()
    drawn.words(filled, np.random.default_rng(3), (300, 250), 24)
    assert looked(form, filled).kind == "variant"
    enlarged = drawn.resized(drawn.resized(form, (110, 147)), (384, 512))
    assert looked(enlarged, form).kind == "near"
