"""Pictures that lie on a ground of one colour among other things."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imageshelf.pictures import images
from imageshelf.pictures.borders import without_borders
from imageshelf.pictures.cutouts import MOST_CUTOUTS, cutout_boxes, cutouts, main_cutout
from imageshelf.pictures.reduction import Box, whole
from tests.scenes.drawing import snapshot

PLACE = (16, 70, 116, 145)


def post(ground: str, ink: str, seed: int = 3) -> Image.Image:
    """A picture on a ground with lines of text, a disc and a bubble around it."""
    screen = Image.new("RGB", (132, 264), ground)
    pen = ImageDraw.Draw(screen)
    pen.ellipse((4, 40, 24, 60), ink)
    for top in (8, 30, 46, 160, 172, 184, 196, 240):
        pen.rectangle((30, top, 100, top + 3), ink)
    width, height = PLACE[2] - PLACE[0], PLACE[3] - PLACE[1]
    screen.paste(snapshot(seed, (width, height)), PLACE[:2])
    return screen


def is_close(box: Box) -> bool:
    return max(abs(edge - true) for edge, true in zip(box, PLACE, strict=True)) <= 2


@pytest.mark.parametrize(("ground", "ink"), [("white", "black"), ("black", "white")])
def test_the_picture_of_a_post_is_found_though_other_things_stand_around_it(
    ground: str, ink: str
) -> None:
    screen = whole(post(ground, ink).convert("L"))
    inside = without_borders(screen)
    assert inside is None or not is_close(inside)
    assert any(map(is_close, cutouts(screen)))


@pytest.mark.parametrize(("ground", "ink"), [("white", "black"), ("black", "white")])
def test_the_picture_of_a_post_is_what_a_shelf_keeps_of_it(ground: str, ink: str) -> None:
    screen = whole(post(ground, ink).convert("L"))
    inside = without_borders(screen)
    assert inside
    box = main_cutout(screen, inside)
    assert box
    assert is_close(box)


def test_a_picture_in_a_frame_is_not_cut_to_its_light_parts() -> None:
    picture = Image.new("L", (120, 100))
    for left in (10, 40, 70):
        picture.paste(snapshot(4, (28, 70)).convert("L"), (left, 15))
    inside = without_borders(whole(picture))
    assert inside
    assert main_cutout(whole(picture), inside) is None


def test_a_window_whose_sides_are_no_ground_is_looked_into() -> None:
    screen = post("white", "black")
    ImageDraw.Draw(screen).rectangle((0, 0, 131, 20), "#446")
    ImageDraw.Draw(screen).line((0, 0, 0, 263), "#888")
    ImageDraw.Draw(screen).rectangle((131, 0, 131, 100), "#111")
    assert any(map(is_close, cutouts(whole(screen.convert("L")))))


def test_the_first_is_what_is_left_without_borders() -> None:
    framed = Image.new("L", (120, 100), 255)
    framed.paste(snapshot(4, (90, 70)).convert("L"), (15, 15))
    assert cutouts(whole(framed))[0] == without_borders(whole(framed))


def test_a_picture_that_fills_its_file_has_none() -> None:
    assert cutouts(whole(snapshot(5, (120, 90)).convert("L"))) == []


@pytest.mark.parametrize("seed", range(6))
def test_never_too_many_and_never_outside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 2, (rng.integers(3, 20), rng.integers(3, 20))) * 255
    size = int(rng.integers(2, 90)), int(rng.integers(2, 90))
    picture = Image.fromarray(noise.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    boxes = cutouts(whole(picture))
    assert len(boxes) <= MOST_CUTOUTS
    for x0, y0, x1, y1 in boxes:
        assert 0 <= x0 < x1 <= size[0]
        assert 0 <= y0 < y1 <= size[1]


def test_boxes_for_laying_over_are_places_from_minus_one_to_one() -> None:
    screen = np.asarray(post("white", "black"))
    boxes = [
        ((x0 + 1) * 66, (y0 + 1) * 132, (x1 + 1) * 66, (y1 + 1) * 132)
        for x0, y0, x1, y1 in cutout_boxes(screen)
    ]
    assert any(map(is_close, boxes))


def test_only_a_query_is_looked_into(tmp_path: Path) -> None:
    path = str(tmp_path / "post.png")
    post("white", "black").save(path)
    assert images.read(path).cutouts == ()
    assert all(len(turns) == 8 for turns in images.read(path, turned=True).cutouts)
