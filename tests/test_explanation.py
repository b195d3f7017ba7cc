"""Two pictures explained: right measures, and the rule that a search would use."""

import functools
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from imageshelf import key
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE
from imageshelf.pictures.reduction import ORIENTATIONS
from imageshelf.report.explanation import panels
from imageshelf.report.panels import markup
from imageshelf.searching import policies
from imageshelf.searching.explanation import ExplainError, explain, squared_errors
from tests.scenes.demo import camera_exif
from tests.scenes.drawing import scene as drawn_scene

SIZE = (480, 320)


@functools.cache
def scene(seed: int) -> Image.Image:
    return drawn_scene(seed, SIZE)


def saved(folder: Path, name: str, picture: Image.Image, taken: str = "") -> str:
    exif = camera_exif("Drawn", "Box", taken) if taken else Image.Exif()
    if taken:
        exif.get_ifd(0x8769).pop(0x9291)
    picture.save(folder / name, quality=92, exif=exif)
    return str(folder / name)


@pytest.fixture
def original(tmp_path: Path) -> str:
    return saved(tmp_path, "a.jpg", scene(5))


@pytest.mark.parametrize("shift", [1, 16, 32, 64, 128, 255])
def test_a_brightness_shift_never_wraps_to_no_error(shift: int) -> None:
    dark, light = np.zeros((50, 50), np.uint8), np.full((50, 50), shift, np.uint8)
    assert set(squared_errors(dark, light).values()) == {float(shift**2)}
    assert squared_errors(light, dark) == squared_errors(dark, light)


@pytest.mark.parametrize(("name", "turn"), ORIENTATIONS)
def test_every_orientation_is_tried(name: str, turn: Image.Transpose | None) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (50, 50)).astype(np.uint8)
    picture = Image.fromarray(levels)
    turned = np.asarray(picture if turn is None else picture.transpose(turn))
    errors = squared_errors(levels, turned)
    assert len(errors) == 8
    assert [key for key, error in errors.items() if error == 0] == [name]


@pytest.mark.parametrize(("seed", "verdict"), [(5, "would match"), (6, "too far")])
def test_the_other_hashes_are_reported_too(
    original: str, tmp_path: Path, seed: int, verdict: str
) -> None:
    other = saved(tmp_path, "b.jpg", scene(seed).resize((360, 240)))
    told = explain(original, other)
    for name, bits in BITS.items():
        apart = int(key(original, hash_name=name), 16) ^ int(key(other, hash_name=name), 16)
        assert told.key_distance(name) == apart.bit_count()
        line = f"{apart.bit_count()} of {bits} bits, at most {DEFAULT_DISTANCE[name]}: {verdict}"
        assert re.search(rf"--hash {name} +{line}", told.text())


def test_a_resaved_copy_is_near_by_the_upright_rule(original: str, tmp_path: Path) -> None:
    copy = saved(tmp_path, "b.jpg", scene(5).resize((240, 160)))
    told = explain(original, copy)
    assert told.kind == "near"
    assert told.decided.startswith("whole on whole: row ")
    assert told.distance("row") <= 14
    assert min(told.errors, key=lambda name: told.errors[name]) == "upright"
    assert not told.identical_bytes
    assert not told.identical_pixels


def test_a_stranger_is_no_match(original: str, tmp_path: Path) -> None:
    told = explain(original, saved(tmp_path, "b.jpg", scene(11)))
    assert (told.kind, told.decided) == ("no match", "no rule")
    assert not any(check.within for check in told.checks)
    assert told.mean_difference_percent > 7.5


@pytest.mark.parametrize(("name", "turn"), ORIENTATIONS[1:])
def test_a_turned_copy_names_what_the_query_must_undergo(
    name: str, turn: Image.Transpose, original: str, tmp_path: Path
) -> None:
    told = explain(original, saved(tmp_path, "b.jpg", scene(5).transpose(turn)))
    assert told.kind == "turned"
    assert told.decided.startswith(f"{name}: row ")
    assert min(told.errors, key=lambda each: told.errors[each]) == name


def test_borders_are_trimmed_before_comparing(original: str, tmp_path: Path) -> None:
    framed = ImageOps.expand(scene(5), 60, "white")
    told = explain(original, saved(tmp_path, "b.jpg", framed))
    assert told.kind == "near"
    assert told.decided.startswith("whole on without borders")
    assert {check.way for check in told.checks} >= {"whole on whole", "whole on centre"}


def test_identical_bytes_and_pixels_are_reported(original: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(Path(original).read_bytes())
    told = explain(original, str(copy))
    assert (told.kind, told.identical_bytes, told.identical_pixels) == (
        "identical bytes", True, True,
    )  # fmt: skip
    Image.open(original).save(tmp_path / "b.png")
    told = explain(original, str(tmp_path / "b.png"))
    assert (told.kind, told.identical_bytes, told.identical_pixels) == (
        "identical pixels", False, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "second", "kind"),
    [
        (True, "2024:07:30 15:02:12", "another shot"),
        (False, "2024:07:30 15:02:12", "near"),  # all agrees: whatever the clocks say
        (False, "2024:07:30 15:02:10", "near"),
    ],
)
def test_capture_times_are_shown_and_counted(
    changed: bool, second: str, kind: str, tmp_path: Path
) -> None:
    first, other = "2024:07:30 15:02:10", scene(5).copy()
    if changed:
        other.paste("white", (200, 100, 280, 160))
    a = saved(tmp_path, "a.jpg", scene(5), first)
    b = saved(tmp_path, "b.jpg", other.resize((240, 160)), second)
    told = explain(a, b)
    assert told.kind == kind
    assert f"second look   {kind}" in told.text()
    assert first.replace(":", "-", 2) in told.text()
    assert second.replace(":", "-", 2) in told.text()


def test_similar_pictures_that_do_not_match_are_called_similar(tmp_path: Path) -> None:
    across = np.linspace(100, 140, 480)
    waves = [across + 12 * np.sin(across * k) for k in (0.9, 2.3)]
    a, b = (
        saved(tmp_path, f"{at}.png", Image.fromarray(np.tile(wave, (320, 1)).astype(np.uint8)))
        for at, wave in enumerate(waves)
    )
    told = explain(a, b)
    assert told.kind == "similar"
    assert told.decided.startswith("no rule; but the thumbnails")


def test_flat_pictures_have_their_own_rule(tmp_path: Path) -> None:
    white, grey = (
        saved(tmp_path, f"{level}.png", Image.new("L", SIZE, level)) for level in (255, 128)
    )
    off_white = saved(tmp_path, "254.png", Image.new("L", SIZE, 254))
    assert explain(white, grey).decided == "no rule"
    assert "shows little" in explain(white, grey).text()
    told = explain(white, off_white)
    assert (told.kind, told.decided) == ("near", "little to see: row 0, thumbnails alike")


def test_the_caller_chooses_the_policy(original: str, tmp_path: Path) -> None:
    copy = saved(tmp_path, "b.jpg", scene(5).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert explain(original, copy, policies.Policy.within(4)).decided == "no rule"
    assert len(explain(original, copy, policies.Policy.within(4)).checks) == 1


def test_the_text_shows_the_grids_and_marks_what_differs(original: str, tmp_path: Path) -> None:
    told = explain(original, saved(tmp_path, "b.jpg", scene(11)))
    text = told.text()
    for name, title in (("row", "row hash"), ("column", "column hash"), ("phash", "perceptual h")):
        grids = text[text.index(f"\n{title}") :].split("\n")[1:11]
        assert f"{told.distance(name)} of 64 bits differ" in grids[0]
        cells = [line.split() for line in grids[2:]]
        assert {len(line) for line in cells} == {24}
        for line in cells:
            for at in range(8):
                assert (line[at] != line[8 + at]) == (line[16 + at] == "X")
        assert sum(line.count("X") for line in cells) == told.distance(name)


def test_the_page_escapes_names_and_marks_what_differs(original: str, tmp_path: Path) -> None:
    hostile = saved(tmp_path, "<img src=x onerror=alert(1)>&\x1b[31m.jpg", scene(11))
    told = explain(original, hostile)
    page = told._repr_html_()
    assert page.count("<img") == 2  # the two pictures, and none of the name's making
    assert "onerror=alert(1)>" not in page
    assert "\x1b" not in page + told.text()
    differing = sum(told.distance(name) for name in ("row", "column", "phash"))
    assert markup(panels(told)).count("l.5 .5m-.5 0l.5-.5") == 2 * differing


def stickered(folder: Path) -> str:
    """The original, larger, with a disc at the lower right."""
    picture = scene(5).resize((720, 480))
    ImageDraw.Draw(picture).ellipse((560, 340, 660, 440), fill="#a020c0")
    return saved(folder, "b.jpg", picture)


def test_it_begins_with_a_sentence_and_the_rectangles(original: str, tmp_path: Path) -> None:
    lines = explain(original, stickered(tmp_path)).text().splitlines()
    assert re.fullmatch(
        r"The same picture; \d % differs, lower right, another colour; B is 1.5 times larger.",
        lines[0],
    )
    assert lines[2] == "What differs, in pixels of B:"
    where, *edges = re.split(r" {2,}", lines[4])
    x, y, width, height = map(int, edges)
    assert where == "lower right"
    assert abs(x - 560) + abs(y - 340) + abs(x + width - 660) + abs(y + height - 440) < 40


def test_an_inverted_copy_is_told_as_one(original: str, tmp_path: Path) -> None:
    inverted = saved(tmp_path, "b.jpg", ImageOps.invert(scene(5)))
    explanation = explain(original, inverted)
    assert (explanation.kind, explanation.turn, explanation.is_match) == (
        "variant", "inverted", False
    )  # fmt: skip
    assert explanation.text().startswith("The same picture, inverted")


def test_strangers_are_told_as_two_pictures(original: str, tmp_path: Path) -> None:
    other = saved(tmp_path, "other.jpg", scene(6))
    assert explain(original, other).text().startswith("Two different pictures.\n")


def test_what_differs_is_drawn_in_red_where_asked_for(original: str, tmp_path: Path) -> None:
    other = stickered(tmp_path)
    assert explain(original, other).difference == b""
    with Image.open(io.BytesIO(explain(original, other, drawn=True).difference)) as drawn:
        reds = np.asarray(drawn.convert("HSV"))[..., 1] > 100
    rows, columns = np.nonzero(reds)
    height, width = reds.shape
    assert abs(columns.mean() / width - 610 / 720) < 0.03
    assert abs(rows.mean() / height - 390 / 480) < 0.03
    stranger = saved(tmp_path, "other.jpg", scene(6))
    assert explain(original, stranger, drawn=True).difference == b""


def test_the_difference_stands_on_the_page_before_the_measures(
    original: str, tmp_path: Path
) -> None:
    page = str(markup(panels(explain(original, stickered(tmp_path), drawn=True))))
    places = [page.index(words) for words in ("What differs", "data:image/jpeg", "Measures")]
    assert places == sorted(places)


def test_one_picture_twice_is_refused_in_one_sentence(original: str) -> None:
    with pytest.raises(ExplainError, match="are one file: there is nothing to compare"):
        explain(original, original)


@pytest.mark.parametrize("data", [None, b"", b"shopping list", b"\xff\xd8\xff\xe0"])
def test_an_unreadable_picture_is_refused_in_one_sentence(
    data: bytes | None, original: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.jpg"
    if data is not None:
        other.write_bytes(data)
    for pair in ((original, str(other)), (str(other), original)):
        with pytest.raises(ExplainError, match=rf"^{re.escape(str(other))} \w+ .*[^.\n]$"):
            explain(*pair)


def test_a_full_decode_is_possible(original: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    scene(5).save(file, "JPEG", quality=60)
    (tmp_path / "b.jpg").write_bytes(file.getvalue())
    assert explain(original, str(tmp_path / "b.jpg"), full_decode=True).kind == "near"
