"""The benchmarks of pieces draw what they say, count right, and learn bits that tell points."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from imageshelf.pieces import points, projection
from tests.benchmarks import piece_costs, piece_families, piece_projection, pieces
from tests.benchmarks.piece_families import FAMILIES, Source
from tests.scenes.drawing import snapshot

pytestmark = pytest.mark.benchmarks


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    return snapshot(4, (500, 375))


@pytest.fixture
def source(scene: Image.Image) -> Any:
    """The source of an edit in a drawing."""
    others = [snapshot(n, (200, 150)) for n in range(piece_families.OTHERS)]
    return lambda drawing: Source(scene, others, np.random.default_rng(drawing), drawing)


def picture(made: Any) -> Image.Image:
    assert isinstance(made.picture, Image.Image)
    return made.picture


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of grey levels."""
    return float(
        ImageStat.Stat(ImageChops.difference(one.convert("L"), other.convert("L"))).mean[0]
    )


def test_families_have_names_of_their_own_are_sixty_at_least_and_differ_in_two_drawings(
    source: Any,
) -> None:
    every = [(name, edit) for pairs in FAMILIES.values() for name, edit in pairs]
    assert len(every) == len({name for name, _ in every}) >= 60
    for name, edit in every:
        if name == "JPEG quality 30" or name.endswith(" pixels"):
            continue  # of the whole picture, where there is nothing to vary
        first, second = (edit(source(drawing)).picture for drawing in (1, 2))
        assert getattr(first, "data", first) != getattr(second, "data", second), name


@pytest.mark.parametrize("drawing", [1, 2])
def test_a_crop_shows_the_rectangle_that_it_says(source: Any, drawing: int) -> None:
    for lost in (0.3, 0.8):
        made = piece_families._crop(lost, "off")(source(drawing))
        assert made.shown is not None
        left, top, wide, tall = made.shown
        whole = source(drawing).image
        cut = whole.crop((left, top, left + wide, top + tall))
        assert apart(cut, picture(made)) == 0
        assert wide * tall == pytest.approx((1 - lost) * whole.width * whole.height, rel=0.02)


@pytest.mark.parametrize("drawing", [1, 2])
def test_the_inner_rectangle_of_a_turned_picture_has_no_filled_corners(drawing: int) -> None:
    white = Image.new("RGB", (500, 375), "white")
    for degrees in (2, 45, 160):
        rng = np.random.default_rng(degrees)
        made = piece_families._turn(degrees, inner=True)(Source(white, [], rng, drawing))
        inside = np.asarray(picture(made))[2:-2, 2:-2]
        assert inside.min() == 255
        assert abs(made.turn or 0) == pytest.approx(degrees, abs=0.9)


def test_a_turn_is_told_clockwise(scene: Image.Image) -> None:
    rng = np.random.default_rng(0)
    made = piece_families._turn(10, inner=False)(Source(scene, [], rng, 1))
    clockwise = scene.rotate(-(made.turn or 0), Image.Resampling.BICUBIC)
    assert apart(clockwise, picture(made)) < 1 < apart(scene, picture(made))


def test_a_homography_takes_four_places_to_four_others() -> None:
    start = np.array([(0, 0), (50, 0), (50, 40), (0, 40)], float)
    end = np.array([(3, 2), (44, 5), (47, 39), (1, 33)], float)
    a, b, c, d, e, f, g, h = piece_families._homography(start, end)
    for (x, y), (u, v) in zip(start, end, strict=True):
        scale = g * x + h * y + 1
        assert ((a * x + b * y + c) / scale, (d * x + e * y + f) / scale) == pytest.approx((u, v))


@pytest.mark.parametrize("drawing", [1, 2])
def test_stickers_cover_the_share_that_they_say(source: Any, drawing: int) -> None:
    made = piece_families._stickers(0.15)(source(drawing))
    changed = ImageChops.difference(picture(made), source(drawing).image).convert("L")
    assert 0.14 < np.mean(np.asarray(changed) > 0) < 0.25


def match(path: str, relation: str = "a piece of", **more: Any) -> dict[str, Any]:
    """A line of an answer."""
    if relation not in pieces.RELATIONS:
        return {"path": path, "kind": relation}
    return {"path": path, "kind": "piece", "piece": {"relation": relation, **more}}


def test_strangers_are_what_a_copy_does_not_hold() -> None:
    family = pieces.Family("memes", "one bar above")
    copy = pieces.Copy("/c", "/o", family, ["/held"], (10, 10), None, None)
    found = pieces.answer(copy, [match("/held"), match("/s"), match("/o", "variant")])
    assert (found.told, found.first) == (match("/o", "variant"), False)
    assert found.strangers == [match("/s")]
    first = pieces.answer(copy, [match("/held"), match("/o"), match("/s", pieces.PART)])
    missed = pieces.answer(copy, [])
    assert (first.first, missed.told, missed.first) == (True, None, False)
    line = pieces.row("all", [found, first, missed, missed], 0.97)
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells == ["all", "4", "50.0%", "97%", "25.0%", "25.0%", "0.0%", "0.0%", "25.0%"]
    (counted, *named) = pieces.stranger_lines([found, first, missed], 100)
    assert counted.startswith("294 pairs")
    assert "1 told a piece of, or contains" in counted
    assert f"; 1 {pieces.PART}" in counted
    assert len(named) == 2


def test_rectangles_and_turns_are_told_beside_the_truth() -> None:
    family = pieces.Family("crops", "square")
    box: dict[str, Any] = {"match_box": [0, 0, 10, 10], "query_box": [0, 0, 5, 10], "turn": 178.0}
    copy = pieces.Copy("/c", "/o", family, [], (10, 10), (5, 0, 10, 10), -178.0)
    told = pieces.Answer(copy, match("/o", **box), True, [])
    original, ours, turns = pieces.rectangle_lines([told])
    assert "in the original: IoU median 0.333" in original
    assert "in the copy: IoU median 0.500" in ours
    assert "at most 4.00" in turns


def test_what_is_found_is_asked_through_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--drawn", "4", "--edited", "2", "--folder", str(tmp_path), "--drawing", "2"]
    groups = ["--groups", "whole copies", "collages 2x2"]
    assert pieces.main([*options, *groups, "--parts", "found"]) == 0
    printed = capsys.readouterr().out
    assert "drawing 2: 8 copies in 4 families of 2 originals (0 photographs), among 4" in printed
    (line,) = [line for line in printed.splitlines() if line.startswith("| **whole copies** |")]
    assert [cell.strip() for cell in line.split("|")[2:4]] == ["6", "100.0%"]
    assert "18 pairs of a copy and a picture that it does not hold: 0 told a piece of" in printed


def test_documents_and_frames_are_asked_among_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    snapshot(1, (400, 300)).save(frames / "one.png")
    snapshot(1, (400, 300)).crop((20, 20, 290, 220)).save(frames / "two.png")
    options = ["--number", "1", "--sets", "letter", "calendar", "--series", str(frames)]
    assert pieces.main([*options, "--parts", "documents", "frames"]) == 0
    printed = capsys.readouterr().out
    assert "| **documents** | 1 | 0.0% | 2% | 0.0% | 0.0% |" in printed
    assert "| **calendars** | 1 |" in printed
    assert "series: of 1 pairs of 2, 1 told a piece of, or contains (must 0)" in printed


def test_bits_are_learnt_that_pairs_share_and_strangers_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = tmp_path / "judged"
    judged.mkdir()
    for n in range(3):
        snapshot(n, (500, 375)).save(judged / f"{n}.png")
    files = [tmp_path / name for name in ("one.bin", "two.bin")]
    for file in files:
        assert piece_projection.main([str(file), "--drawn", "4", "--judged", str(judged)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    made = projection.read(files[0].read_bytes())
    assert made.recipe in capsys.readouterr().out
    assert made.recipe.startswith("pieces 1: piece_projection.py, 4 drawn pictures, 0 photographs")
    pairs = piece_projection.all_pairs([str(judged / "0.png")], 1, 2)
    one, other = (projection.packed(made.margins(pairs[0][n])) for n in (0, 1))
    assert np.median(np.bitwise_count(one ^ other)) < 12
    assert 24 < np.median(np.bitwise_count(one ^ other[::-1])) < 40


def test_what_pieces_cost_an_index_run_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(8):
        snapshot(n, (500, 375)).save(tmp_path / f"{n}.jpg")
    sentence, sizes = piece_costs.index_lines(str(tmp_path), 1)
    assert sentence.startswith("8 files, 1 runs: ")
    more, beside = re.findall(r"[0-9,]+(?= bytes| in)", sizes)
    assert int(more.replace(",", "")) > 2_000
    assert int(beside.replace(",", "")) > 500
    assert piece_costs.main(["worker", "--pictures", str(tmp_path), "--runs", "2"]) == 0
    assert capsys.readouterr().out.startswith("8 files, least of 2 runs: ")


def test_what_queries_and_all_pairs_cost_is_told_of_a_shelf_with_drawn_entries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, shelves = tmp_path / "real", tmp_path / "shelves"
    real.mkdir()
    shelves.mkdir()
    for n in range(3):
        snapshot(n, (300, 225)).save(real / f"{n}.jpg")
    options = ["--pictures", str(real), "--count", "20", "--runs", "1", "--folder", str(shelves)]
    assert piece_costs.main(["query", *options]) == 0
    assert piece_costs.main(["pairs", *options]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("20 drawn entries; within 12 bits: ")
    assert printed[2].startswith("3 queries among 20, 1 runs: ")
    assert printed[3].startswith("23 of 23 pictures looked up by their stored points: ")


def test_drawn_points_lie_where_real_ones_do_and_are_others() -> None:
    own = points.stored_points(np.asarray(snapshot(1, (256, 192)).convert("L")))
    made = next(iter(piece_costs.DrawnPoints([own], 1)))
    assert np.array_equal(made.places, own.places)
    assert len(made.to_bytes()) == len(own.to_bytes())
    assert 16 < np.median(np.bitwise_count(made.bits ^ own.bits)) < 48
