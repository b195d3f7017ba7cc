"""The second look: what two nominated files are to each other, and what a search makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imageshelf.hashing import turning
from imageshelf.hashing.turning import INVERTED
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.look_tasks import ColourTask
from imageshelf.pictures.reduction import EXIF_TURNS, ORIENTATIONS
from imageshelf.searching import looks
from imageshelf.searching.kinds import KnownFile, is_match, of_two_moments
from imageshelf.searching.looks import Look
from imageshelf.searching.search import SearchOptions, search
from imageshelf.searching.second_look import Pair, SecondLook
from imageshelf.system.files import UnreadableImage
from imageshelf.system.paths import Url
from tests.conftest import drawn

Run = Callable[..., CompletedProcess[str]]
NOON = 1_700_000_000_000
SIZE = (640, 480)


def saved(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]
    return path


def stickered(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return the picture with a checked sticker on it."""
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    draw.rectangle(box, fill="white")
    for at in range(box[0], box[2], 16):
        draw.rectangle((at, box[1], at + 7, box[3]), fill="black")
    return changed


def known(path: Path, captured_at: int | None = None) -> KnownFile:
    return KnownFile(str(path), path.stat().st_size if path.exists() else 0, captured_at)


def looked(a: Path, b: Path, turn: int = 0, times: tuple[int, int] | None = None) -> Look:
    first, second = times or (None, None)
    with SecondLook(jobs=0) as looking:
        (look,) = looking.at([Pair(known(a, first), known(b, second), turn)])
    return look


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return saved(tmp_path / "original.jpg", drawn(1, SIZE), quality=92)


# -- reduced pictures ------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_picture_is_upright(tmp_path: Path, orientation: int) -> None:
    image, exif = drawn(3, SIZE), Image.Exif()
    exif[0x0112] = orientation
    picture = colour_picture(ColourTask(str(saved(tmp_path / "a.jpg", image, exif=exif)), 256))
    turn = EXIF_TURNS.get(orientation)
    upright = image if turn is None else image.transpose(turn)
    expected = np.asarray(upright.resize((picture.width, picture.height), 1), np.int16)
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(expected.shape)
    assert picture.size == upright.size
    assert max(picture.width, picture.height) == 256
    assert np.abs(expected - pixels).mean() < 4


def test_transparency_is_over_white_and_16_bits_are_scaled(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    picture = colour_picture(ColourTask(str(saved(tmp_path / "clear.png", clear)), 256))
    assert picture.pixels == b"\xff" * (64 * 64 * 3)
    deep = Image.fromarray(np.full((64, 64), 0x8000, np.uint16))
    picture = colour_picture(ColourTask(str(saved(tmp_path / "deep.png", deep)), 256))
    assert set(picture.pixels) == {0x80}


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    picture = colour_picture(ColourTask(str(saved(tmp_path / "a.png", drawn(1, (40, 30)))), 256))
    assert (picture.width, picture.height) == picture.size == (40, 30)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableImage):
        colour_picture(ColourTask(str(path), 256))


def test_nothing_is_read_at_a_url() -> None:
    with pytest.raises(UnreadableImage, match="at a URL"):
        colour_picture(ColourTask(Url("s3://bucket/a.jpg"), 256))


# -- kinds -----------------------------------------------------------------------------------------


def test_a_copy_saved_again_smaller_and_darker_is_near(original: Path, tmp_path: Path) -> None:
    small = drawn(1, SIZE).resize((320, 240)).point(lambda level: level * 0.8)
    look = looked(original, saved(tmp_path / "copy.jpg", small, quality=60))
    assert (look.kind, look.is_match, look.regions) == ("near", True, ())
    assert look.shows == (1.0, 1.0)


@pytest.mark.parametrize("turn", range(1, 8))
def test_a_turned_copy_is_turned(original: Path, tmp_path: Path, turn: int) -> None:
    transpose = ORIENTATIONS[turn][1]
    assert transpose is not None
    copy = saved(tmp_path / "copy.jpg", drawn(1, SIZE).transpose(transpose), quality=80)
    look = looked(original, copy, turn)
    assert (look.kind, look.is_match) == ("turned", True)


def test_a_copy_with_light_for_dark_is_a_variant_and_no_match(
    original: Path, tmp_path: Path
) -> None:
    dark = Image.eval(drawn(1, SIZE), lambda level: 255 - level)
    look = looked(original, saved(tmp_path / "dark.jpg", dark, quality=80), INVERTED)
    assert (look.kind, look.is_match, look.compared) == ("variant", False, True)
    assert look.agrees is not None
    assert look.agrees > 0.95


@pytest.mark.parametrize("turn", [0, 1, 4])
def test_a_picture_inside_a_post_is_a_variant_whichever_is_first(
    original: Path, tmp_path: Path, turn: int
) -> None:
    transpose = ORIENTATIONS[turn][1]
    picture = drawn(1, SIZE) if transpose is None else drawn(1, SIZE).transpose(transpose)
    screen = Image.new("RGB", (540, 1080), "white")
    pen = ImageDraw.Draw(screen)
    for top in (20, 60, 90, 800, 840, 880, 960):
        pen.rectangle((40, top, 400, top + 16), "#333")
    picture.thumbnail((420, 420))
    screen.paste(picture, (60, 240))
    post = saved(tmp_path / "post.jpg", screen, quality=90)
    for look in (looked(original, post, turn), looked(post, original, turning.INVERSE[turn])):
        assert (look.kind, look.compared) == ("variant", True)
    strange = saved(tmp_path / "strange.jpg", drawn(2, SIZE))
    assert looked(strange, post, turn).kind == "similar"


def test_a_variant_says_how_much_differs_and_where(original: Path, tmp_path: Path) -> None:
    copy = stickered(drawn(1, (1280, 960)), (1000, 700, 1180, 860))
    look = looked(original, saved(tmp_path / "copy.jpg", copy, quality=90))
    assert (look.kind, look.is_match, look.compared) == ("variant", False, True)
    assert look.differs is not None
    assert 0.01 < look.differs < 0.1
    x, y, width, height = look.regions[0]  # in pixels of the second picture
    assert x <= 1010
    assert y <= 710
    assert x + width >= 1170
    assert y + height >= 850
    assert width * height < 4 * 180 * 160
    assert "% differs, lower right" in looks.in_words(look)


def test_a_part_that_differs_at_another_moment_is_another_shot(
    original: Path, tmp_path: Path
) -> None:
    changed = stickered(drawn(1, SIZE), (400, 300, 500, 380))
    other = saved(tmp_path / "other.jpg", changed, quality=90)
    two_seconds, an_hour = (NOON, NOON + 2000), (NOON, NOON + 3_600_000)
    assert looked(original, other, times=two_seconds).kind == "another shot"
    assert looked(original, other, times=an_hour).kind == "variant"  # one clock, two time zones


def test_where_all_agrees_it_is_a_copy_whatever_the_clocks_say(
    original: Path, tmp_path: Path
) -> None:
    copy = saved(tmp_path / "copy.jpg", drawn(1, SIZE), quality=70)
    assert looked(original, copy, times=(NOON, NOON + 2000)).kind == "near"


def test_strangers_are_at_most_similar(original: Path, tmp_path: Path) -> None:
    look = looked(original, saved(tmp_path / "other.jpg", drawn(2, SIZE)))
    assert (look.kind, look.is_match, looks.in_words(look)) == ("similar", False, "")


def test_another_colour_is_no_copy(tmp_path: Path) -> None:
    buttons: list[Path] = []
    for name, colour in (("red", (200, 40, 40)), ("green", (20, 125, 20))):
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((4, 4, 60, 60), 12, fill=colour)
        draw.polygon([(24, 18), (24, 46), (48, 32)], fill="white")
        buttons.append(saved(tmp_path / f"{name}.png", image))
    look = looked(buttons[0], buttons[1])
    assert not look.is_match
    assert look.colour_differs


def test_pixels_are_identical_where_only_the_packing_differs(tmp_path: Path) -> None:
    image = drawn(1, SIZE)
    first = saved(tmp_path / "a.png", image, compress_level=9)
    for name in ("b.png", "b.bmp"):
        assert looked(first, saved(tmp_path / name, image)).kind == "identical pixels"
    other = saved(tmp_path / "c.png", image.point(lambda level: level ^ 1))
    assert looked(first, other).kind == "near"


def test_blank_pictures_of_one_colour_are_near_whatever_their_size(tmp_path: Path) -> None:
    white = saved(tmp_path / "white.png", Image.new("RGB", (200, 150), "white"))
    snow = saved(tmp_path / "snow.png", Image.new("RGB", (1, 1), "snow"))
    grey = saved(tmp_path / "grey.png", Image.new("RGB", (200, 150), "#eeeeee"))
    assert looked(white, snow).kind == "near"
    assert not looked(white, grey).is_match


@pytest.mark.parametrize("what", ["away", "damaged", "a URL"])
def test_what_cannot_be_compared_has_the_hashes_kind_and_is_no_match(
    original: Path, tmp_path: Path, what: str
) -> None:
    other = Path("s3://bucket/other.jpg") if what == "a URL" else tmp_path / "other.jpg"
    if what == "damaged":
        other.write_bytes(original.read_bytes()[:300])
    assert looked(original, other)[:2] == ("near", False)
    assert looked(original, other, 3)[:2] == ("turned", False)
    assert looked(original, other, times=(NOON, NOON + 2000))[:2] == ("another shot", False)
    assert not looked(original, other).is_match


def test_workers_see_what_this_process_sees(original: Path, tmp_path: Path) -> None:
    copies = [
        saved(tmp_path / f"{quality}.jpg", drawn(1 + quality % 2, SIZE), quality=quality)
        for quality in range(50, 58)
    ]
    pairs = [Pair(known(original), known(copy)) for copy in copies]
    shares: list[float] = []
    with SecondLook(jobs=2) as looking:
        by_workers = looking.at(pairs, shares.append)
    with SecondLook(jobs=0) as looking:
        assert looking.at(pairs) == by_workers
    assert shares[-1] == 1.0
    assert {look.kind for look in by_workers} == {"near", "similar"}


def test_a_match_is_identical_or_turned_or_near_and_compared() -> None:
    assert all(is_match(kind, compared=False) for kind in ("same file", "identical bytes"))
    assert is_match("near", compared=True)
    assert not is_match("near", compared=False)
    assert not any(is_match(kind, compared=True) for kind in ("variant", "another shot", "similar"))


@pytest.mark.parametrize(
    ("a", "b", "two"),
    [(0, 1000, True), (0, 900_000, False), (0, 900_500, False), (120, 250, True), (0, None, False)],
)
def test_clocks_differ_by_quarter_hours_and_moments_do_not(
    a: int, b: int | None, two: bool
) -> None:
    assert of_two_moments(a, b) is two


# -- what a search makes of it ---------------------------------------------------------------------


@pytest.fixture
def shelve(tmp_path: Path, original: Path) -> Path:
    """A shelf with one picture; beside it, no copy: a variant of it."""
    index(original.parent, tmp_path / "db.shelve", Settings(jobs=0))
    changed = stickered(drawn(1, SIZE), (400, 300, 500, 380))
    saved(tmp_path / "variant.jpg", changed, quality=90)
    return tmp_path / "db.shelve"


def test_a_variant_is_listed_and_is_no_match(script_run: Run, shelve: Path) -> None:
    query = ("--query", shelve.parent / "variant.jpg", "--shelve", shelve)
    (found,) = json.loads(script_run("search.py", *query, "--format", "json").stdout)
    assert (found["kind"], found["match"], found["compared"]) == ("variant", False, True)
    assert found["regions"]
    assert 0 < found["differs"] < 0.1
    assert found["shows"] == [1, 1]
    text = script_run("search.py", *query).stdout
    assert "no picture on the shelf matches, 1 related" in text
    assert "% differs, lower right" in text
    assert script_run("search.py", *query, "-0").stdout == ""
    assert script_run("search.py", *query, "--unmatched").stdout.endswith("variant.jpg\n")
    assert script_run("search.py", *query, "--exit-code").returncode == 3


def test_the_hashes_word_is_the_match_where_nobody_looks(script_run: Run, shelve: Path) -> None:
    query = ("--query", shelve.parent / "variant.jpg", "--shelve", shelve, "--hashes-only")
    done = script_run("search.py", *query, "--format", "json")
    (found,) = json.loads(done.stdout)
    assert (found["kind"], found["match"], found["compared"]) == ("near", True, False)
    assert "second look was left out" in done.stderr
    assert script_run("search.py", *query, "--exit-code").returncode == 0


def test_a_picture_that_is_away_is_listed_and_is_no_match(shelve: Path, original: Path) -> None:
    copy = saved(shelve.parent / "copy.jpg", drawn(1, SIZE), quality=70)
    original.unlink()
    (found,) = search(copy, shelve)
    assert (found.kind, found.match, found.compared, found.differs) == ("near", False, False, None)


def test_a_plain_radius_lists_strangers_as_similar(shelve: Path) -> None:
    from imageshelf.searching.policies import Policy

    stranger = saved(shelve.parent / "stranger.jpg", drawn(2, SIZE))
    (found,) = search(stranger, shelve, SearchOptions(Policy.within(64)))
    assert (found.kind, found.match, found.compared) == ("similar", False, True)
    assert list(search(stranger, shelve)) == []


def test_matches_come_before_what_is_related(shelve: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    saved(folder / "small.jpg", drawn(1, SIZE).resize((200, 150)), quality=50)
    (shelve.parent / "variant.jpg").rename(folder / "variant.jpg")
    index(folder, shelve, Settings(jobs=0))
    saved(tmp_path / "query.jpg", drawn(1, SIZE), quality=80)
    found = search(tmp_path / "query.jpg", shelve)
    assert [os.path.basename(match.path) for match in found][2] == "variant.jpg"
    assert [match.match for match in found] == [True, True, False]
    assert found.asked[0][1] == 2
    assert found.asked[0].related == 1
