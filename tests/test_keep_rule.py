"""Which copy is kept: the order of the criteria, and the reasons in words."""

import itertools
import random
from typing import Any

import pytest

from imageshelf.copies import keep_rule
from imageshelf.copies.companions import Companion
from imageshelf.copies.criterion_names import CRITERION_NAMES
from imageshelf.copies.keep_rule import KeepRule, RankedCopy, UnknownCriterionError
from imageshelf.pictures import origin
from imageshelf.pictures.metadata import GPS, RATING
from imageshelf.pictures.origin import Origin
from imageshelf.system.files import Stamp

DAY_NS = 86_400_000_000_000
SIDECAR = Companion("/p/a.xmp", "xmp sidecar", Stamp(1, 2, 3))
WORDS = Origin(written=(("caption", "Here"), ("keyword", "sea"), ("keyword", "sun")))
PLAIN = RankedCopy("/p/a.jpg", 400, 300, "JPEG", 100 * DAY_NS, jpeg_quality=80)

BETTER: dict[
    str, tuple[dict[str, Any], dict[str, Any], str]
] = {  # criterion: how a copy gets better by it, and the reason
    "sound": ({"sound": False}, {}, "the other is damaged"),
    "reference": ({}, {"reference": "/r"}, "is in the reference folder /r"),
    "exists": ({"exists": False}, {}, "the other is not there"),
    "prefer": ({"preferred": (1, "")}, {"preferred": (0, "/q")}, "is in the preferred folder /q"),
    "contents": ({}, {"frames": 4, "format": "TIFF"}, "has 4 pages, the other 1"),
    "scene": ({"scene": 0.9}, {}, "shows more of the scene"),
    "colour": ({"grey": True}, {}, "the other has lost its colour"),
    "companions": ({}, {"companions": (SIDECAR,)}, "its xmp sidecar hangs on it"),
    "camera": ({}, {"camera": "Box"}, "has a camera"),
    "pixels": ({}, {"width": 800, "height": 600}, "more pixels: 800x600 against 400x300"),
    "compression": (
        {},
        {"jpeg_quality": 93},
        "less compressed: JPEG quality 93 against JPEG quality 80",
    ),
    "written": ({}, {"origin": WORDS}, "has a caption and the keywords sea and sun"),
    "older": ({}, {"mtime_ns": 99 * DAY_NS}, "older: written 1970-04-10 against 1970-04-11"),
    "plain-name": ({"path": "/p/a (1).jpg"}, {"path": "/pp/a012.jpg"}, "the other is named a (1)"),
    "short-path": ({"path": "/p/abc.jpg"}, {}, "shorter path"),
}


@pytest.mark.parametrize("name", CRITERION_NAMES)
def test_each_criterion_decides_and_says_why(name: str) -> None:
    worse_by, better_by, words = BETTER[name]
    worse, better = PLAIN._replace(**worse_by), PLAIN._replace(**better_by)
    rule = KeepRule()
    assert rule.rank(better) < rule.rank(worse)
    assert rule.reason(better, worse) == words


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(CRITERION_NAMES)))
def test_an_earlier_criterion_outweighs_a_later_one(first: str, second: str) -> None:
    worse_by, better_by, words = BETTER[first]
    then_worse_by, then_better_by, _ = BETTER[second]
    better = PLAIN._replace(**{**then_worse_by, **better_by})
    worse = PLAIN._replace(**{**then_better_by, **worse_by})
    assert KeepRule().rank(better) < KeepRule().rank(worse)
    assert KeepRule().reason(better, worse) == words


@pytest.mark.parametrize("name", CRITERION_NAMES[4:])
def test_a_named_criterion_comes_first_but_for_four(name: str) -> None:
    rule = KeepRule([name])
    assert [criterion.name for criterion in rule.chain][:5] == [
        *("sound", "reference", "exists", "prefer"),
        name,
    ]
    assert sorted(criterion.name for criterion in rule.chain) == sorted(CRITERION_NAMES)
    worse_by, better_by, _ = BETTER[name]
    better, worse = PLAIN._replace(**better_by), PLAIN._replace(**worse_by)
    assert rule.rank(better._replace(sound=False)) > rule.rank(worse)


def test_named_criteria_keep_their_order() -> None:
    rule = KeepRule(["short-path", "older"])
    assert [c.name for c in rule.chain][4:7] == ["short-path", "older", "contents"]


def test_a_name_of_0_1_0_still_works() -> None:
    assert KeepRule(["metadata"]).keep == ("camera",)


def test_a_doubt_outweighs_all_signs_of_a_camera() -> None:
    signs = Origin(signs=(origin.SAME_SIZE, origin.OWN_TABLES))
    better = PLAIN._replace(camera="Box", origin=signs)
    worse = better._replace(origin=signs._replace(doubts=(origin.ANOTHER_SIZE,)))
    assert KeepRule().rank(better) < KeepRule().rank(worse)
    assert KeepRule().reason(better, worse) == (
        "written by the camera, Box: the size in its EXIF is the picture's; of the other, its EXIF "
        "states another size"
    )


@pytest.mark.parametrize(
    ("apart_s", "together"),
    [(0, True), (2, True), (3, False), (3598, True), (3602, True), (3603, False), (7200, False)],
)
def test_times_that_file_systems_round_are_one(apart_s: int, together: bool) -> None:
    second = keep_rule.SECOND_NS
    for sign in (1, -1):
        other = 10**18 + sign * apart_s * second
        assert keep_rule.written_together(10**18, other) == together


@pytest.mark.parametrize("keep", [["size"], ["older", "older"], ["OLDER"]])
def test_an_unknown_criterion_is_refused_in_one_sentence(keep: list[str]) -> None:
    with pytest.raises(UnknownCriterionError, match=r"is none of: sound, .*|named twice"):
        KeepRule(keep)


def test_not_decoded_yet_counts_as_sound() -> None:
    assert (
        KeepRule().rank(PLAIN._replace(sound=None))[:1]
        == KeepRule().rank(PLAIN._replace(sound=True))[:1]
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"format": "PNG", "jpeg_quality": None}, {"jpeg_quality": 95}),
        ({"format": "HEIF", "jpeg_quality": None}, {"jpeg_quality": 95}),
        ({"jpeg_quality": 75}, {"format": "WEBP", "jpeg_quality": None}),
        ({"jpeg_quality": 75}, {"format": "GIF", "jpeg_quality": None}),
    ],
)
def test_formats_have_a_place_on_the_scale_of_jpeg_quality(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    a, b = PLAIN._replace(**better), PLAIN._replace(**worse)
    assert KeepRule().rank(a) < KeepRule().rank(b)
    assert KeepRule().reason(a, b).startswith("less compressed: ")


@pytest.mark.parametrize(
    "name",
    [
        "a copy",
        "Copy of a",
        "a - Copy",
        "a copy 2",
        "a_copy",
        "a (2)",
        "Kopie von a",
        "a~3",
        "copie a",
    ],
)
def test_names_of_copies_are_recognised(name: str) -> None:
    plain, marked = (
        PLAIN._replace(path="/p/abcdefghijklmnop.jpg"),
        PLAIN._replace(path=f"/p/{name}.jpg"),
    )
    assert KeepRule(["plain-name"]).rank(plain) < KeepRule(["plain-name"]).rank(marked)


@pytest.mark.parametrize("name", ["copyright", "photocopy", "IMG_0001", "a (2019)", "Copybara"])
def test_other_names_are_not_taken_for_copies(name: str) -> None:
    named, longer = (
        PLAIN._replace(path=f"/p/{name}.jpg"),
        PLAIN._replace(path="/p/" + 30 * "x" + ".jpg"),
    )
    assert KeepRule(["plain-name"]).rank(named) < KeepRule(["plain-name"]).rank(longer)


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_the_copies_keeps_the_same_one(seed: int) -> None:
    rnd = random.Random(seed)
    copies = [
        RankedCopy(
            f"/p/{rnd.choice('ab')}/{number}{rnd.choice(['', ' copy'])}.jpg",
            rnd.choice([400, 800]),
            300,
            rnd.choice(["JPEG", "PNG", "WEBP"]),
            rnd.randrange(3),
            rnd.choice([None, 5]),
            rnd.choice([None, "Box"]),
            jpeg_quality=rnd.choice([None, 80, 95]),
            sound=rnd.choice([None, True, False]),
        )
        for number in range(8)
    ]
    rule = KeepRule(rnd.sample(CRITERION_NAMES, rnd.randrange(4)))
    ordered = sorted(copies, key=rule.rank)
    rnd.shuffle(copies)
    assert sorted(copies, key=rule.rank) == ordered
    assert all(rule.reason(ordered[0], other) for other in ordered[1:])


def test_equal_copies_are_kept_by_path() -> None:
    first, second = PLAIN._replace(path="/p/a.jpg"), PLAIN._replace(path="/p/b.jpg")
    assert KeepRule().rank(first) < KeepRule().rank(second)
    assert KeepRule().reason(first, second) == "equal, and its path sorts first"


@pytest.mark.parametrize(
    ("going", "kept", "words"),
    [
        ({}, {}, ""),
        ({"captured_at": 0}, {}, "has a capture date that the one to keep lacks"),
        ({"captured_at": 0}, {"captured_at": 5}, ""),
        (
            {"captured_at": 0, "metadata_flags": GPS | RATING},
            {},
            "has a capture date and a place (GPS) that the one to keep lacks",
        ),
        ({"metadata_flags": GPS | RATING}, {"metadata_flags": GPS}, ""),
    ],
)
def test_a_warning_names_metadata_that_would_be_lost(
    going: dict[str, Any], kept: dict[str, Any], words: str
) -> None:
    a, b = PLAIN._replace(**going), PLAIN._replace(**kept)
    assert keep_rule.loss_warning(a, b) == words


@pytest.mark.parametrize("mtime_ns", [-(10**19), 0, 9 * 10**18])
def test_any_file_time_can_be_put_into_words(mtime_ns: int) -> None:
    other = PLAIN._replace(mtime_ns=mtime_ns + DAY_NS)
    assert (
        KeepRule(["older"]).reason(PLAIN._replace(mtime_ns=mtime_ns), other).startswith("older: ")
    )


def test_two_files_of_one_day_are_told_apart() -> None:
    reason = KeepRule().reason(PLAIN, PLAIN._replace(mtime_ns=PLAIN.mtime_ns + 1))
    assert reason == "older: written earlier on 1970-04-11"


def test_the_names_are_those_of_the_chain() -> None:
    assert tuple(criterion.name for criterion in keep_rule.CRITERIA) == CRITERION_NAMES
