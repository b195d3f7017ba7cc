"""The demo folder: every copy is what its table says, the scenes are strangers, and as drawn."""

from __future__ import annotations

import itertools
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from imageshelf.cli import demo
from imageshelf.cli.demo.copies import EXIF_IFD, TAKEN
from imageshelf.searching.policies import DEFAULT
from tests.scenes.demo import DEMO, FOLDER, SOURCES
from tests.scenes.drawing import SCENES as DRAWN_SCENES
from tests.scenes.drawing import scene

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def drawn(drawn_demo: Path) -> str:
    return str(drawn_demo)


def shown(folder: str, path: str) -> Image.Image:
    with Image.open(os.path.join(folder, path)) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def content(folder: str, path: str) -> bytes:
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


def row_hash(picture: Image.Image) -> int:
    return int(str(imagehash.dhash(picture)), 16)


def turns(picture: Image.Image) -> list[int]:
    """Row hashes of all eight orientations, upright first."""
    return [row_hash(picture), *(row_hash(picture.transpose(how)) for how in Image.Transpose)]


def taken(folder: str, path: str) -> datetime:
    with Image.open(os.path.join(folder, path)) as picture:
        return datetime.strptime(  # noqa: DTZ007 - a camera's clock has no zone
            picture.getexif().get_ifd(EXIF_IFD)[TAKEN], "%Y:%m:%d %H:%M:%S"
        )


def of_kind(kind: str) -> list[demo.DrawnCopy]:
    return [copy for copy in demo.COPIES if copy.kind == kind]


def named(copies: list[demo.DrawnCopy]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("copy", copies, ids=[copy.path for copy in copies])


def test_the_folder_holds_exactly_what_the_tables_name(drawn: str) -> None:
    found = {
        os.path.relpath(os.path.join(folder, name), drawn).replace(os.sep, "/")
        for folder, _, names in os.walk(drawn)
        for name in names
    }
    tables = [demo.camera_path(name) for name in demo.SCENES]
    assert sorted(found) == sorted(tables + [copy.path for copy in demo.COPIES])


def test_every_kind_that_a_search_tells_has_an_example() -> None:
    kinds = {copy.kind for copy in demo.COPIES}
    wanted = {"identical bytes", "identical pixels", "turned", "near", "variant", "another shot"}
    assert kinds == wanted | {demo.SKIPPED}


def test_every_scene_has_its_file_and_its_source() -> None:
    assert list(demo.SCENES) == [one.name for one in DEMO]
    assert {file.stem for file in SOURCES.glob("*.pov")} == {*demo.SCENES}
    for one in DEMO:
        with Image.open(FOLDER / f"{one.name}.jpg") as picture:
            assert picture.size == one.size
            assert picture.getexif().get_ifd(EXIF_IFD)[TAKEN] == one.taken


@pytest.mark.skipif(not shutil.which("povray"), reason="needs POV-Ray")
@pytest.mark.parametrize("name", ["sunset", "city", "night"])  # the quickest
def test_the_file_of_a_scene_holds_what_is_rendered(name: str) -> None:
    (one,) = (one for one in DEMO if one.name == name)
    with Image.open(FOLDER / f"{name}.jpg") as picture, one.rendered(0.25) as rendered:
        small = picture.resize(rendered.size, Image.Resampling.BOX)
        off = np.asarray(small, np.int16) - np.asarray(rendered, np.int16)
    assert np.abs(off).mean() < 20  # of 255: the vignette, and what is sharper in a large picture


def test_the_scenes_weigh_half_a_megabyte() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 600_000


@named(of_kind("identical bytes"))
def test_an_exact_copy_has_the_same_bytes(drawn: str, copy: demo.DrawnCopy) -> None:
    assert content(drawn, copy.path) == content(drawn, demo.camera_path(copy.scene))


@named(of_kind("identical pixels"))
def test_an_identical_picture_has_the_same_pixels_in_other_bytes(
    drawn: str, copy: demo.DrawnCopy
) -> None:
    original = demo.camera_path(copy.scene)
    assert content(drawn, copy.path) != content(drawn, original)
    assert ImageChops.difference(shown(drawn, copy.path), shown(drawn, original)).getbbox() is None


@named([copy for copy in of_kind("near") if "border" not in copy.path])
def test_a_near_copy_looks_like_its_original(drawn: str, copy: demo.DrawnCopy) -> None:
    ours, theirs = shown(drawn, copy.path), shown(drawn, demo.camera_path(copy.scene))
    assert np.asarray(ours).tobytes() != np.asarray(theirs).tobytes()
    assert (row_hash(ours) ^ row_hash(theirs)).bit_count() <= 14


def test_a_bordered_copy_looks_like_its_original_without_the_border(drawn: str) -> None:
    ours = ImageOps.crop(shown(drawn, "edited/fruit-white-border.jpg"), 36)
    theirs = shown(drawn, demo.camera_path("fruit"))
    assert (row_hash(ours) ^ row_hash(theirs)).bit_count() <= 4


@named(of_kind("turned"))
def test_a_turned_copy_looks_like_its_original_only_when_turned_back(
    drawn: str, copy: demo.DrawnCopy
) -> None:
    theirs = row_hash(shown(drawn, demo.camera_path(copy.scene)))
    upright, *turned = [(theirs ^ ours).bit_count() for ours in turns(shown(drawn, copy.path))]
    assert min(turned) <= 4
    assert upright > 14


@named(of_kind("variant"))
def test_a_variant_differs_in_a_part_and_agrees_elsewhere(drawn: str, copy: demo.DrawnCopy) -> None:
    ours, theirs = shown(drawn, copy.path), shown(drawn, demo.camera_path(copy.scene))
    off = np.asarray(ImageChops.difference(ours, theirs).convert("L")) > 40
    assert 0.001 < off.mean() < 0.1


@named(of_kind("another shot"))
def test_a_frame_of_the_burst_was_taken_seconds_later(drawn: str, copy: demo.DrawnCopy) -> None:
    original = demo.camera_path(copy.scene)
    later = taken(drawn, copy.path) - taken(drawn, original)
    assert 0 < later.total_seconds() <= 10
    ours, theirs = shown(drawn, copy.path), shown(drawn, original)
    assert (row_hash(ours) ^ row_hash(theirs)).bit_count() <= 14


@named(of_kind(demo.SKIPPED))
def test_a_damaged_file_cannot_be_decoded(drawn: str, copy: demo.DrawnCopy) -> None:
    with pytest.raises((UnidentifiedImageError, OSError)):
        shown(drawn, copy.path)


def test_a_message_carries_no_metadata(drawn: str) -> None:
    with Image.open(os.path.join(drawn, "messages/IMG-0002-sunset.jpg")) as picture:
        assert not picture.getexif()


def test_two_scenes_are_far_apart_in_every_orientation(drawn: str) -> None:
    hashes = {name: turns(shown(drawn, demo.camera_path(name))) for name in demo.SCENES}
    near = [
        (first, second)
        for first, second in itertools.combinations(hashes, 2)
        if min((hashes[first][0] ^ other).bit_count() for other in hashes[second])
        <= DEFAULT.upright.row
    ]
    assert near == []


def test_no_scene_is_of_low_information(drawn: str) -> None:
    for name in demo.SCENES:
        picture = shown(drawn, demo.camera_path(name)).convert("L")
        thumbnail = picture.resize((9, 8), Image.Resampling.LANCZOS)
        steps: NDArray[np.int_] = np.diff(np.asarray(thumbnail).astype(int), axis=1)
        assert (abs(steps) >= 2).sum() >= 16, name
        assert 8 <= (steps > 0).sum() <= 56, name


@pytest.mark.parametrize("kind", DRAWN_SCENES)
def test_a_scene_is_the_same_for_the_same_seed_only(kind: str) -> None:
    first, again, other = (scene(seed, (150, 100), kind) for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: object) -> None:
    folder = str(tmp_path)
    with open(os.path.join(folder, "mine.txt"), "w", encoding="utf-8") as file:
        file.write("mine")
    with pytest.raises(demo.DemoError, match="is not empty"):
        demo.write(folder)
    assert os.listdir(folder) == ["mine.txt"]


def test_a_file_in_the_folders_place_is_left_alone(tmp_path: object) -> None:
    taken_place = os.path.join(str(tmp_path), "pictures")
    with open(taken_place, "w", encoding="utf-8") as file:
        file.write("mine")
    with pytest.raises(demo.DemoError, match="is a file"):
        demo.write(taken_place)
    assert content(str(tmp_path), "pictures") == b"mine"


def test_writing_again_into_the_same_folder_changes_nothing(tmp_path: Path) -> None:
    for path in demo.PATHS:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"as it was")
    written = demo.write(str(tmp_path))
    assert [Path(path).relative_to(tmp_path).as_posix() for path in written] == demo.PATHS
    assert {Path(path).read_bytes() for path in written} == {b"as it was"}
