"""The parts of the second look: filters, places, warps, alignment, tone, rectangles, borders."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imageshelf.overlay import alignment, filters, geometry, regions, sheets, tone
from imageshelf.pictures import warping
from imageshelf.pictures.reduction import ORIENTATIONS
from tests import drawn_arrays as drawn
from tests import numpy_warp

small = st.floats(-0.04, 0.04)


def matrix_of(*elements: float) -> geometry.Matrix:
    return np.asarray(np.eye(3) + np.append(elements, (0, 0, 0)).reshape(3, 3))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_smoothing_is_a_binomial_of_so_many_times(times: int) -> None:
    image = np.zeros((21, 25), np.float32)
    image[10, 12] = 1
    smooth = filters.smoothed(image, times)
    kernel = np.ones(1)
    for _ in range(2 * times):
        kernel = np.convolve(kernel, (0.5, 0.5))
    around = np.s_[10 - times : 11 + times, 12 - times : 13 + times]
    assert smooth[around] == pytest.approx(np.outer(kernel, kernel), abs=1e-6)
    assert smooth.sum() == pytest.approx(1, abs=1e-5)


def test_smoothing_leaves_a_flat_image_flat_to_its_edges() -> None:
    assert filters.smoothed(np.full((2, 9, 7), 50, np.float32), 2) == pytest.approx(50)


def test_the_local_mean_is_what_a_loop_finds() -> None:
    image = np.random.default_rng(1).random((9, 12)).astype(np.float32)
    padded = np.pad(image, 2, "edge")
    loop = [[padded[y : y + 5, x : x + 5].mean() for x in range(12)] for y in range(9)]
    assert filters.local_mean(image, 2) == pytest.approx(np.array(loop), abs=1e-5)


@given(length=st.integers(2, 80), samples=st.integers(2, 80))
def test_weights_of_every_sample_sum_to_one(length: int, samples: int) -> None:
    weights = filters.weights(length, samples, 0.0, float(length))
    assert weights.sum(axis=1) == pytest.approx(np.ones(samples), abs=1e-5)


@pytest.mark.parametrize("turn", range(geometry.TURNS))
def test_turns_are_those_that_nominate(turn: int) -> None:
    picture = drawn.scene(3, (40, 30))
    how = ORIENTATIONS[turn][1]
    image = Image.fromarray(picture)
    expected = image if how is None else image.transpose(how)
    assert np.array_equal(geometry.turned(picture, turn), np.asarray(expected))


@given(a=small, b=small, c=small, d=small)
def test_a_matrix_and_its_inverse_undo_each_other(a: float, b: float, c: float, d: float) -> None:
    matrix = matrix_of(a, b, c, d, a, b)
    places = geometry.corners((-0.5, -0.25, 0.75, 1))
    there = geometry.moved(matrix, places)
    assert geometry.moved(geometry.inverse(matrix), there) == pytest.approx(places)


def test_a_box_reaches_out_of_another_by_widths() -> None:
    assert geometry.contained(geometry.IDENTITY, (-0.5, -0.5, 1.2, 0.5), geometry.WHOLE) == (
        pytest.approx(0.1)
    )
    assert geometry.contained(geometry.IDENTITY, (-0.5, -0.5, 1, 0.5), geometry.WHOLE) == 0


@given(a=small, b=small, c=small, d=small)
@settings(max_examples=25, deadline=None)
def test_pillow_warps_as_numpy_does(a: float, b: float, c: float, d: float) -> None:
    picture = drawn.scene(4)
    matrix = matrix_of(a, b, c, -b, d, a)
    there = np.abs(geometry.moved(matrix, geometry.grid((256, 192)))).max(axis=1)
    inside = (there < 0.97).reshape(192, 256)
    ours = numpy_warp.warped(picture, matrix, (256, 192)).astype(int)
    theirs = warping.warped(picture, matrix, (256, 192)).astype(int)
    assert np.abs(ours - theirs)[inside].max() <= 3


@pytest.mark.parametrize("size", [(256, 192), (100, 75), (60, 90)])
def test_pillow_scales_as_numpy_does(size: tuple[int, int]) -> None:
    picture, matrix = drawn.scene(4), geometry.of_box((-0.8, -0.9, 0.7, 0.6))
    ours = numpy_warp.warped(picture, matrix, size).astype(int)
    theirs = warping.warped(picture, matrix, size).astype(int)
    assert ours.shape == theirs.shape == (size[1], size[0], 3)
    assert np.abs(ours - theirs)[3:-3, 3:-3].max() <= 3


@given(turn=small, scale=small, x=small, y=small)
@settings(max_examples=15, deadline=None)
def test_alignment_finds_the_matrix(turn: float, scale: float, x: float, y: float) -> None:
    first = drawn.scene(6)
    true = matrix_of(-abs(scale), turn * 0.75, x / 2, -turn / 0.75, -abs(scale), y / 2)
    second = sheets.PictureSheet(numpy_warp.warped(first, true, (240, 180)))
    sheet = sheets.PictureSheet(first)
    way = alignment.coarse_way(sheet, second, alignment.Way(0, geometry.IDENTITY, whole=True))
    found = alignment.fine_matrix(sheet, second, way.matrix)
    inner = geometry.corners((-0.9, -0.9, 0.9, 0.9))
    off = geometry.moved(found, inner) - geometry.moved(true, inner)
    assert np.abs(off).max() * 128 < 1


@given(power=st.floats(0.5, 2), gain=st.floats(0.6, 1), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_curve_rises_and_is_found(power: float, gain: float, seed: int) -> None:
    source = np.random.default_rng(seed).uniform(25, 255, 4000).astype(np.float32)
    target = np.asarray(255 * gain * (source / 255) ** power, np.float32)
    curve = tone.curve(source, target)
    assert (np.diff(curve) >= 0).all()
    assert tone.looked_up(curve, source) == pytest.approx(target, abs=8)


LIGHTS = {
    "brightness": lambda levels, amount: amount * levels,
    "contrast": lambda levels, amount: levels.mean() + amount * (levels - levels.mean()),
    "gamma": lambda levels, amount: 255 * (levels / 255) ** amount,
}


@pytest.mark.parametrize("light", LIGHTS)
@given(amount=st.floats(0.7, 1.5), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_light_that_is_clipped_is_found(light: str, amount: float, seed: int) -> None:
    colours = np.random.default_rng(seed).uniform(0, 255, (3000, 3)).astype(np.float32)
    lit = np.clip(LIGHTS[light](colours, amount), 0, 255).astype(np.float32)
    there = tone.of_light(colours, lit, 0.0)[0]
    assert tone.looked_up(there.table, colours) == pytest.approx(lit, abs=6)


@given(gain=st.floats(0.7, 1.2), pale=st.integers(140, 235))
@settings(max_examples=15, deadline=None)
def test_light_does_not_make_a_pale_mark_white(gain: float, pale: int) -> None:
    page = np.full((3000, 3), 255, np.float32)
    page[:600] = np.repeat((30.0, 70.0, 110.0), 200)[:, np.newaxis]
    marked = page.copy()
    marked[2000:2500, 2] = pale
    for found in tone.of_light(marked, np.clip(gain * page, 0, 255), 0.0)[:1]:
        made = tone.looked_up(found.table, marked[2000:2500, 2])
        assert made == pytest.approx(min(255, gain * pale), abs=6)


def test_where_all_is_clipped_no_light_is_found() -> None:
    white = np.full((3000, 3), 255, np.float32)
    assert tone.of_light(white, white, 0.0) == []


def test_exchanged_channels_are_no_tone() -> None:
    colours = np.random.default_rng(5).uniform(0, 255, (3000, 3)).astype(np.float32)
    found = tone.fitted(colours, colours[:, [2, 0, 1]])
    assert found.model == "mix"  # which explains their brightness, and no curve does


def test_no_change_is_told_as_that() -> None:
    colours = np.random.default_rng(5).uniform(0, 255, (3000, 3)).astype(np.float32)
    assert tone.fitted(colours, colours + 0.5).model == "same"


def test_a_part_that_differs_does_not_bend_the_tone() -> None:
    colours = np.random.default_rng(5).uniform(0, 255, (3000, 3)).astype(np.float32)
    target = np.asarray(colours * 0.8, np.float32)
    target[:500] = 255 - target[:500]
    curve = tone.curve(colours @ filters.LUMA, np.asarray(target @ filters.LUMA))
    made = tone.looked_up(curve, colours[500:])
    assert np.abs(made - 0.8 * colours[500:]).max() < 8


def test_rectangles_join_over_small_gaps_and_no_further() -> None:
    marked = np.zeros((12, 12), bool)
    marked[1, 1:4] = marked[3, 2] = True
    marked[9:11, 8:11] = True
    assert [each[:4] for each in regions.rectangles(marked)] == [(8, 9, 3, 2), (1, 1, 3, 3)]


@given(st.integers(0, 2**36 - 1))
def test_every_marked_cell_lies_in_a_rectangle(bits: int) -> None:
    marked = np.array([bits >> n & 1 for n in range(36)], bool).reshape(6, 6)
    covered = np.zeros((6, 6), bool)
    for x, y, width, height, _ in regions.rectangles(marked):
        covered[y : y + height, x : x + width] = True
    assert sum(each.cells for each in regions.rectangles(marked)) == marked.sum()
    assert not (marked & ~covered).any()


@pytest.mark.parametrize("level", [0, 255])
def test_borders_are_found_to_the_pixel(level: int) -> None:
    sheet = sheets.PictureSheet(drawn.framed(drawn.scene(2), 16, level))
    assert sheet.inner == pytest.approx((-1 + 32 / 288, -1 + 32 / 224, 1 - 32 / 288, 1 - 32 / 224))


def test_a_picture_without_borders_and_a_flat_one_have_no_inside() -> None:
    assert sheets.PictureSheet(drawn.scene(2)).inner is None
    assert sheets.PictureSheet(np.full((50, 60, 3), 7, np.uint8)).inner is None


def test_a_sheet_is_freed_at_once_whatever_was_asked_of_it() -> None:
    """A sheet in a cycle waits for the collector, which counts objects and not megabytes."""
    sheet = sheets.PictureSheet(np.zeros((64, 96, 3), np.uint8))
    for turn in range(8):
        assert sheet.turned(turn).coarse is not None
    gone = weakref.ref(sheet)
    gc.disable()
    try:
        del sheet
        assert gone() is None
    finally:
        gc.enable()
