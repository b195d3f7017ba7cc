"""What a threshold means in one collection: right counts, reported honestly."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from imageshelf import index
from imageshelf.hashing import hamming
from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.hashing.views import Thumbnails
from imageshelf.pictures import images
from imageshelf.pictures.calibration_edits import EDITS
from imageshelf.searching import calibration, policies
from imageshelf.searching.calibration import (
    Calibration,
    CalibrationError,
    calibrate_hashes,
    mirrored,
    pair_counts,
    sample,
)
from imageshelf.searching.calibration_looks import LookedAt
from imageshelf.searching.key_calibration import SampledPicture
from imageshelf.searching.policies import Limits, Policy
from imageshelf.shelf.chunks import PictureHashes
from tests.scenes.drawing import scene

Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]


def random_hashes(count: int, seed: int = 1) -> tuple[Hashes, Hashes, Hashes]:
    rng = np.random.default_rng(seed)
    row, column, phash = (rng.integers(0, 1 << 64, count, np.uint64) for _ in range(3))
    return row, column, phash


def random_column(count: int, flat: int = 0) -> PictureHashes:
    low = np.arange(count) < flat
    return PictureHashes(np.arange(count), *random_hashes(count), low)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> tuple[PictureHashes, list[str]]:
    folder = tmp_path_factory.mktemp("collection")
    paths = [str(folder / f"{seed}.jpg") for seed in range(52)]
    for seed, path in enumerate(paths):
        scene(seed, (240, 160)).save(path, quality=90)
    found = fingerprints([images.read(path).whole for path in paths])
    return PictureHashes(np.arange(len(paths)), *found), paths


@pytest.fixture(scope="module")
def told(collection: tuple[PictureHashes, list[str]]) -> Calibration:
    column, paths = collection
    return calibrate_hashes(column, [SampledPicture(at, paths[at]) for at in sample(column, 15)])


def test_pairs_are_counted_as_one_by_one() -> None:
    row, column, phash = random_hashes(40)
    mirrors = mirrored(row, column, phash)
    strangers, all_pairs = (np.zeros((65, 257), np.int64) for _ in range(2))
    for a in range(40):
        for b in range(a):
            for counts, asked in ((strangers, mirrors), (all_pairs, (row, column, phash))):
                apart = [
                    hamming.distance(int(stored[a]), int(hashes[b]))
                    for stored, hashes in zip((row, column, phash), asked, strict=True)
                ]
                counts[apart[0], policies.score(*apart)] += 1
    found = pair_counts(row, column, phash)
    assert np.array_equal(found[0], strangers)
    assert np.array_equal(found[1], all_pairs)
    assert strangers.sum() == 40 * 39 / 2


def test_a_large_collection_is_sampled() -> None:
    strangers, all_pairs = pair_counts(*random_hashes(3000), most=20_000)
    assert 3000 < strangers.sum() == all_pairs.sum() < 60_000


def test_mirrored_hashes_are_those_of_the_mirror_image() -> None:
    rng = np.random.default_rng(4)
    apart = []
    for _ in range(50):
        picture = Image.fromarray(rng.integers(0, 256, (16, 18)).astype(np.uint8))
        whole, turned = (
            fingerprints([Thumbnails(*_thumbnails(each))])
            for each in (picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
        )
        ours = mirrored(whole.row, whole.column, whole.phash)
        apart.append(
            [hamming.distance(int(a[0]), int(b[0])) for a, b in zip(ours, turned, strict=False)]
        )
    row, column, phash = np.mean(apart, axis=0)
    assert row < 2  # ties
    assert column == 0
    assert phash < 8  # the median shifts; strangers are 32 apart


def _thumbnails(picture: Image.Image) -> tuple[bytes, bytes, bytes]:
    row, column, square = (
        picture.resize(size, Image.Resampling.LANCZOS).tobytes()
        for size in ((9, 8), (8, 9), (32, 32))
    )
    return row, column, square


def test_mirroring_twice_changes_nothing() -> None:
    hashes = random_hashes(100)
    for once, twice in zip(hashes, mirrored(*mirrored(*hashes)), strict=True):
        assert np.array_equal(once, twice)


def test_copies_are_found_and_strangers_are_far(told: Calibration) -> None:
    assert told.found_percent(policies.DEFAULT.upright) > 90
    assert told.found_percent(policies.DEFAULT.upright, "saved again") == 100
    assert all(counts.sum() == 15 for counts in told.copies.values())
    assert set(told.copies) == set(EDITS)
    assert told.false_share(policies.DEFAULT.upright) == 0
    assert told.strangers.sum() == 52 * 51 / 2


def test_a_wider_limit_finds_no_less_and_errs_no_less(told: Calibration) -> None:
    for measure in (told.found_percent, told.false_share):
        shares = [measure(Limits(row, 4 * 64)) for row in range(65)]
        assert shares == sorted(shares)
        assert shares[-1] in {1.0, 100.0}
    assert told.false_share(Limits(64, 30)) <= told.false_share(Limits(64, 200))


def calibrated(looks: Sequence[LookedAt], strangers: int = 10_000) -> Calibration:
    """A thousand pictures; the default nominates one pair in a hundred of strangers."""
    counts, copies = (np.zeros((65, 257), np.int64) for _ in range(2))
    counts[14, 60], counts[40, 160] = strangers // 100, strangers - strangers // 100
    copies[3, 10], copies[14, 60], copies[18, 64] = 90, 8, 2
    return Calibration(1000, 0, 10, counts, counts, {"saved again": copies}, {}, looks=tuple(looks))


def test_the_second_look_leaves_the_share_of_strangers_that_pass_it() -> None:
    passed = [LookedAt(12, 58, n < 5) for n in range(50)] + [LookedAt(18, 64, True)] * 9
    nominated = calibrated(passed).false_pairs(policies.DEFAULT)
    left, at_most = calibrated(passed).left_pairs(policies.DEFAULT)
    assert not at_most
    assert left == pytest.approx(nominated / 10)
    none = [LookedAt(12, 58, False)] * 50
    left, at_most = calibrated(none).left_pairs(policies.DEFAULT)
    assert at_most
    assert left == pytest.approx(nominated * 3 / 50)
    assert calibrated([]).left_pairs(policies.DEFAULT) == (nominated, True)


@pytest.mark.parametrize(
    ("looks", "name"),
    [
        ([LookedAt(14, 60, False)] * 60, "--strict"),  # 5 % of 5,000 pairs may be left
        ([LookedAt(14, 60, True)] * 60, "--strict"),
    ],
)
def test_what_leaves_many_strangers_is_not_recommended(looks: list[LookedAt], name: str) -> None:
    assert calibrated(looks).recommended() == name


def test_what_finds_most_is_recommended_and_the_default_where_nothing_finds_more() -> None:
    none = calibrated([LookedAt(14, 60, False)] * 60)
    few = replace(none, strangers=np.where(np.arange(257) == 60, 0, none.strangers))
    assert few.recommended() == "--loose"  # 2 % more copies
    copies = {"saved again": np.where(np.arange(257) == 64, 0, none.copies["saved again"])}
    assert replace(few, copies=copies).recommended() == "default"
    assert few.text().startswith("Recommended: --loose, to find 100.0 % of the copies; after the")


def test_strangers_that_the_hashes_nominate_are_looked_at(tmp_path: Path) -> None:
    """Every picture's mirror image is on the shelf, and a copy of it."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(30):
        picture = scene(seed, (240, 160))
        picture.save(folder / f"{seed}.jpg", quality=90)
        mirrored_one = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        mirrored_one.save(folder / f"{seed}-mirrored.jpg", quality=90)
    shelve = str(tmp_path / "db.shelve")
    index(str(folder), shelve)
    told = calibration.calibrate(shelve)
    assert len(told.looks) >= 50
    assert sum(one.is_copy for one in told.looks) >= 50
    assert "passed for copies" in told.text()


def test_expected_false_matches_grow_with_the_collection() -> None:
    counts = np.zeros((65, 257), np.int64)
    counts[10, 50], counts[30, 120] = 2, 998
    small = Calibration(100, 0, 10, counts, counts, {"saved again": counts}, {})
    large = Calibration(1000, 0, 10, counts, counts, {"saved again": counts}, {})
    ten = Policy.within(10)
    assert small.false_a_query(ten) == pytest.approx(0.2)
    assert large.false_a_query(ten) == pytest.approx(2)
    assert small.false_pairs(ten) == pytest.approx(0.002 * 100 * 99 / 2)
    assert small.found_pairs(ten) == pytest.approx(0.002 * 100 * 99 / 2)
    assert small.false_a_query(Policy.within(9)) == 0
    ways = Policy(Limits(10, 60), Limits(10, 60), None, Limits(10, 60))
    assert small.false_a_query(ways) == pytest.approx(0.2 * (1 + 7 + 2))


def test_where_no_false_match_was_seen_an_upper_bound_is_given(told: Calibration) -> None:
    line = next(line for line in told.text().split("\n") if line.startswith("default "))
    assert re.search(r"< 0\.12 +< 3 ", line), line  # 3 / 1,326 pairs * 52 pictures, * 51 / 2


def test_the_text_has_a_line_for_each_rule_edit_and_distance(told: Calibration) -> None:
    text = told.text()
    recommended, _, heading, *_ = text.splitlines()
    assert re.fullmatch(
        rf"Recommended: {told.recommended()}, to find \d+\.\d % of the copies; "
        r"no strangers were nominated that could be looked at\.",
        recommended,
    ), recommended
    assert heading.startswith(
        "52 pictures, 1,326 pairs with mirror images as strangers, 8 edits of"
    )
    for words in ("default", "--strict", "--loose", "--max-distance 0", "--max-distance 20"):
        assert f"\n{words} " in text
    for edit in EDITS:
        assert f"\n{edit} " in text
    assert "64-64" in text
    assert "\x1b" not in text


def test_the_plot_is_well_formed_and_needs_nothing(told: Calibration) -> None:
    plot = told.svg()
    root = ET.fromstring(plot)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{*}path")) == 5
    assert {"default", "--loose", "copies", "strangers", "row distance, bits"} <= {
        element.text for element in root.findall("{*}text")
    }
    assert not re.search("href|url|script|@import", plot)
    for path in root.findall("{*}path"):
        numbers = [float(number) for number in re.findall(r"\d+\.?\d*", path.get("d", ""))]
        assert all(0 <= number <= 640 for number in numbers)
    assert plot in told._repr_html_()


def test_flat_pictures_are_left_out_and_counted(
    collection: tuple[PictureHashes, list[str]],
) -> None:
    column, paths = collection
    flat = np.arange(len(paths)) < 2
    told = calibrate_hashes(
        column._replace(low_information=flat),
        [SampledPicture(at, paths[at]) for at in range(2, 14)],
    )
    assert (told.pictures, told.low_information) == (50, 2)
    assert "2 pictures with little to see left out" in told.text()


def test_a_sample_is_seeded_and_leaves_flat_pictures_out() -> None:
    column = random_column(200, flat=150)
    assert sample(column, 20) == sample(column, 20) != sample(column, 20, seed=1)
    assert min(sample(column, 20)) >= 150
    assert sample(column, 1000) == list(range(150, 200))


@pytest.mark.parametrize(("count", "flat", "left"), [(0, 0, 0), (49, 0, 49), (80, 31, 49)])
def test_fewer_than_50_pictures_are_refused_in_one_sentence(
    count: int, flat: int, left: int
) -> None:
    with pytest.raises(CalibrationError, match=rf"needs 50 pictures .* and the shelf has {left}$"):
        calibrate_hashes(random_column(count, flat), [])


def test_originals_that_are_offline_are_refused_in_one_sentence(tmp_path: Path) -> None:
    gone = [SampledPicture(at, str(tmp_path / f"{at}.jpg")) for at in range(12)]
    with pytest.raises(
        CalibrationError,
        match=r"only 0 of 12 can be read: the file vanished before it could be read$",
    ):
        calibrate_hashes(random_column(60), gone)
    with pytest.raises(CalibrationError, match=r"only 0 of 0 can be read$"):
        calibrate_hashes(random_column(60), [])


def test_a_few_unreadable_originals_are_reported(
    collection: tuple[PictureHashes, list[str]], tmp_path: Path
) -> None:
    column, paths = collection
    (tmp_path / "text.jpg").write_text("shopping list")
    originals = [SampledPicture(at, path) for at, path in enumerate(paths[:10])]
    told = calibrate_hashes(column, [*originals, SampledPicture(11, str(tmp_path / "text.jpg"))])
    assert told.originals == 10
    assert "1 original not used: is not a picture: it is text." in told.text()
    assert html.escape("is not a picture: it is text.") in told._repr_html_()


def test_a_small_or_flat_original_can_be_edited(tmp_path: Path) -> None:
    for name, size in (("dot.png", (1, 1)), ("line.png", (300, 2))):
        Image.new("L", size, 99).save(tmp_path / name)
        column = random_column(60)
        counts, refused = calibration.copy_counts(column, [SampledPicture(0, str(tmp_path / name))])
        assert not refused
        assert all(count.sum() == 1 for count in counts.values())
