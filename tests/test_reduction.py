"""Brightness, reduction, turning and borders, without any file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from imageshelf.pictures import borders, reduction
from imageshelf.pictures.reduction import EXIF_TURNS, ORIENTATIONS, Reduced
from tests.conftest import drawn


def grey(seed: int, size: tuple[int, int]) -> Image.Image:
    return drawn(seed, size).convert("L")


def inside(image: Image.Image) -> tuple[float, ...] | None:
    return borders.without_borders(reduction.whole(image))


def jpeg_noise(image: Image.Image, seed: int = 0) -> Image.Image:
    noise = np.random.default_rng(seed).integers(-4, 5, image.size[::-1])
    return Image.fromarray(np.clip(np.asarray(image).astype(int) + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "RGBX"])
def test_opaque_pictures_have_pillows_own_brightness(mode: str) -> None:
    image = drawn(1).convert(mode)
    assert reduction.brightness(image).tobytes() == image.convert("L").tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_solid_alpha_channel_changes_nothing(mode: str) -> None:
    image = drawn(1).convert(mode)
    assert reduction.brightness(image).tobytes() == image.convert("L").tobytes()


@pytest.mark.parametrize("mode", ["RGBa", "La", "PA"])
def test_rare_transparent_modes_are_shown_over_white(mode: str) -> None:
    image = Image.new(mode, (4, 4))
    assert reduction.brightness(image).getextrema() == (255, 255)


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_smaller_picture_keeps_enough_and_its_true_extent(width: int, height: int) -> None:
    picture = Image.new("L", (width, height))
    small = reduction.whole(picture).smaller(reduction.SMALLEST_SIZE)
    x0, y0, x1, y1 = small.box
    assert (x0, y0) == (0, 0)
    assert x1 <= small.picture.width < x1 + 1
    assert y1 <= small.picture.height < y1 + 1
    assert x1 >= min(72, width)
    assert y1 >= min(64, height)
    assert abs(x1 / y1 - width / height) < 1e-6 * width / height


@pytest.mark.parametrize("turn", EXIF_TURNS.values())
def test_turning_takes_the_box_along(turn: Image.Transpose) -> None:
    picture = Image.new("L", (10, 7), 50)
    picture.paste(200, (0, 0, 8, 6))  # the true extent; the rest is padding
    turned = Reduced(picture, (0, 0, 8, 6)).turned(turn)
    left, top, right, bottom = map(int, turned.box)
    assert turned.picture.crop((left, top, right, bottom)).getextrema() == (200, 200)
    assert (right - left) * (bottom - top) == 48


def test_the_orientations_are_what_their_names_say() -> None:
    image = grey(1, (30, 20))
    steps: dict[str, Callable[[Image.Image], Image.Image]] = {
        "turned 90 degrees right": lambda im: im.rotate(-90, expand=True),
        "turned 180 degrees": lambda im: im.rotate(180),
        "turned 90 degrees left": lambda im: im.rotate(90, expand=True),
        "mirrored": ImageOps.mirror,
        "upright": lambda im: im,
    }
    assert ORIENTATIONS[0] == ("upright", None)
    assert len({turn for _, turn in ORIENTATIONS}) == 8
    for name, turn in ORIENTATIONS:
        expected = image
        for step in name.replace("and turned", "and,turned").split(" and,"):
            expected = steps[step](expected)
        turned = image.transpose(turn) if turn is not None else image
        assert turned.tobytes() == expected.tobytes(), name


def test_a_sketch_turns_exactly() -> None:
    picture = reduction.whole(grey(2, (150, 113)))
    for _, turn in ORIENTATIONS:
        one = np.frombuffer(picture.turned(turn).sketch().tobytes(), np.uint8)
        other = np.frombuffer(
            reduction.whole(picture.sketch()).turned(turn).picture.tobytes(), np.uint8
        )
        assert np.abs(one.astype(int) - other).max() <= 2  # the order of two roundings


FRAMES = [  # left, top, right, bottom cut, in hundredths
    (0, 0, 0, 0),
    (10, 10, 10, 10),
    (0, 15, 0, 15),
    (20, 0, 20, 0),
    (0, 0, 0, 12),
    (3, 3, 3, 3),
    (30, 5, 10, 0),
    (40, 40, 40, 40),
]


@pytest.mark.parametrize("colour", [0, 255, 128])
@pytest.mark.parametrize("frame", FRAMES)
def test_uniform_borders_are_found(frame: tuple[int, int, int, int], colour: int) -> None:
    blocks = np.random.default_rng(3).integers(60, 190, (38, 50))  # none like the border
    content = Image.fromarray(((np.kron(blocks, np.ones((4, 4))) + colour) % 256).astype(np.uint8))
    bordered = Image.new("L", (200, 150), colour)
    left, top = frame[0] * 2, frame[1] * 3 // 2
    right, bottom = 200 - frame[2] * 2, 150 - frame[3] * 3 // 2
    bordered.paste(content.crop((0, 0, right - left, bottom - top)), (left, top))
    found = inside(jpeg_noise(bordered))
    if not any(frame):
        assert found is None
    else:
        assert found is not None
        assert np.abs(np.subtract(found, (left, top, right, bottom))).max() <= 2


def test_a_letterboxed_picture_in_a_white_frame_loses_both() -> None:
    image = ImageOps.expand(ImageOps.expand(grey(4, (100, 60)), (0, 12), 0), 10, 255)
    found = inside(image)
    assert found is not None
    assert np.abs(np.subtract(found, (10, 22, 110, 82))).max() <= 2


APART = [  # what stands in the border: left, top, right, bottom, of 200 x 300
    [(20, 10, 80, 18)],
    [(20, 10, 60, 18), (150, 10, 180, 18), (30, 280, 170, 292)],
    [(4, 90, 14, 240)],
    [(0, 0, 200, 20)],
]


@pytest.mark.parametrize("colour", [0, 236])
@pytest.mark.parametrize("parts", APART)
def test_captions_and_buttons_are_cut_off_with_the_border(
    parts: list[tuple[int, int, int, int]], colour: int
) -> None:
    screen = Image.new("L", (200, 300), colour)
    for part in parts:
        screen.paste(120, part)
    screen.paste(grey(7, (160, 200)).point(lambda level: 60 + level // 2), (30, 50))
    found = inside(jpeg_noise(screen))
    assert found is not None
    assert np.abs(np.subtract(found, (30, 50, 190, 250))).max() <= 2


def test_of_two_pictures_in_one_frame_neither_is_cut_off() -> None:
    sheet = Image.new("L", (200, 100), 255)
    for left in (10, 105):
        sheet.paste(grey(8, (85, 80)).point(lambda level: level // 2), (left, 10))
    found = inside(jpeg_noise(sheet))
    assert found is not None
    assert np.abs(np.subtract(found, (10, 10, 190, 90))).max() <= 2


def test_a_speck_in_a_very_long_line_is_no_picture() -> None:
    strip = Image.new("L", (3000, 64), 255)
    strip.putpixel((1500, 32), 0)
    assert inside(strip) is None


@pytest.mark.parametrize("colour", [0, 90, 255])
def test_a_flat_picture_has_no_inside(colour: int) -> None:
    assert inside(jpeg_noise(Image.new("L", (120, 90), colour))) is None


def test_a_hairline_is_no_border() -> None:
    assert inside(ImageOps.expand(grey(5, (300, 300)), 1, 255)) is None


def test_at_most_45_hundredths_of_a_side_are_cut() -> None:
    image = Image.new("L", (200, 200), 255)
    image.paste(grey(6, (10, 10)), (185, 20))
    found = inside(image)
    assert found is not None
    assert found[0] == pytest.approx(90)
    assert found[3] == pytest.approx(110)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 255))
def test_tiny_pictures_are_left_alone_or_have_an_inside(width: int, height: int, dot: int) -> None:
    image = Image.new("L", (width, height), 255)
    image.putpixel((width // 2, height // 2), dot)
    found = inside(image)
    if found is not None:
        left, top, right, bottom = found
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@settings(deadline=None)
@given(
    st.tuples(st.integers(3, 30), st.integers(3, 30)),
    st.integers(0, 255),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29), st.integers(0, 255)), max_size=12),
)
def test_a_few_pixels_spare_most_pictures_the_look_at_their_whole_sides(
    size: tuple[int, int], level: int, dots: list[tuple[int, int, int]]
) -> None:
    picture = Image.new("L", size, level)
    for x, y, other in dots:
        picture.putpixel((x % size[0], y % size[1]), other)
    quick = inside(picture)
    with pytest.MonkeyPatch.context() as thorough:
        thorough.setattr(borders, "_may_have_border", lambda *_: True)
        assert inside(picture) == quick
