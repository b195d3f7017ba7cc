from __future__ import annotations

import sys
from pathlib import Path

import pytest

from imageshelf.copies.companions import Listings, belonging, going_along, twin, without_twin


def along(folder: Path, picture: str, *names: str, going: tuple[str, ...] = ()) -> list[str]:
    for name in (picture, *names):
        (folder / name).write_text(name)
    every = {str(folder / name) for name in (picture, *going)}
    found = going_along(str(folder / picture), every, Listings())
    return [Path(one.path).name for one in found]


@pytest.mark.parametrize(
    ("picture", "companion"),
    [
        ("IMG_1.jpg", "IMG_1.xmp"),
        ("IMG_1.jpg", "IMG_1.XMP"),
        ("IMG_1.jpg", "IMG_1.jpg.xmp"),
        ("IMG_1.HEIC", "IMG_1.AAE"),
        ("IMG_1.HEIC", "IMG_1.MOV"),
        ("IMG_1.jpg", "IMG_1.json"),
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-meta.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        ("a-name-that-is-longer-than-forty-six-letters-for-sure.jpg",
         "a-name-that-is-longer-than-forty-six-letters-f.json"),
        ("DSC_1.JPG", "DSC_1.NEF"),
        ("DSC_1.jpg", "DSC_1.dng"),
        ("a.b.jpg", "a.b.cr3"),
        ("IMG_1.jpg", "IMG_1.mp4"),
        ("IMG_1.jpg", "IMG_1.wav"),
        ("IMG_1.CR2.jpg", "IMG_1.CR2.pp3"),
        ("IMG_1.jpg", "IMG_1.jpg.pp3"),
        ("IMG_1.jpg", "IMG_1.jpg.dop"),
        ("IMG_1.jpg", "IMG_1.JPG.out.arp"),
        ("IMG_1.jpg", "IMG_1.jpg.mp4"),
        ("IMG_1.jpg", "IMG_1.jpg.txt"),
        ("IMG_1.jpg", "IMG_1.nksc"),
    ],
)  # fmt: skip
def test_a_companion_goes_along(tmp_path: Path, picture: str, companion: str) -> None:
    assert along(tmp_path, picture, companion) == [companion]


@pytest.mark.parametrize(
    ("picture", "stranger"),
    [
        ("IMG_1.jpg", "IMG_10.xmp"),
        ("IMG_1.jpg", "IMG_1 (2).xmp"),
        ("IMG_1(1).jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg(1).json"),
        ("IMG_1.jpg", "IMG_1.txt"),
        ("IMG_1.jpg", "IMG_1.jpg.jpg"),
        ("IMG_1.jpg", "IMG_1.jpgs.txt"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        ("IMG_1.jpg", "xIMG_1.mov"),
        ("IMG_1.jpg", "IMG_1.png.xmp"),
        ("IMG_1.jpg", "IMG_1-edited.json"),
    ],
)
def test_a_stranger_stays(tmp_path: Path, picture: str, stranger: str) -> None:
    assert along(tmp_path, picture, stranger) == []


@pytest.mark.parametrize("shared", ["IMG_1.cr2", "IMG_1.mov", "IMG_1.xmp", "IMG_1.json"])
def test_what_several_pictures_share_stays_with_the_one_that_stays(
    tmp_path: Path, shared: str
) -> None:
    assert along(tmp_path, "IMG_1.jpg", "IMG_1.heic", shared) == []
    assert along(tmp_path, "IMG_1.jpg", going=("IMG_1.heic",)) == []
    assert along(tmp_path, "IMG_1.heic", going=("IMG_1.jpg",)) == [shared]


def test_a_sidecar_of_the_whole_name_goes_though_another_picture_stays(tmp_path: Path) -> None:
    assert along(tmp_path, "IMG_1.jpg", "IMG_1.heic", "IMG_1.jpg.xmp") == ["IMG_1.jpg.xmp"]


def test_links_and_folders_are_no_companions(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.xmp").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "IMG_1.mov").mkdir()
    assert along(tmp_path, "IMG_1.jpg") == []


def test_a_folder_that_cannot_be_listed_gives_none(tmp_path: Path) -> None:
    assert going_along(str(tmp_path / "gone/a.jpg"), set(), Listings()) == []


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names differ by more than case")
@pytest.mark.parametrize("ending", ["xmp", "json", "supplemental-metadata.json"])
def test_a_sidecar_belongs_to_the_picture_of_its_very_spelling(tmp_path: Path, ending: str) -> None:
    sidecars = f"a.jpg.{ending}", f"A.JPG.{ending}"
    assert along(tmp_path, "a.jpg", "A.JPG", *sidecars, going=("A.JPG",)) == [sidecars[0]]
    assert along(tmp_path, "A.JPG", going=("a.jpg",)) == [sidecars[1]]
    assert along(tmp_path, "b.jpg", f"B.JPG.{ending}") == [f"B.JPG.{ending}"]


def test_a_companion_is_an_only_copy_unless_another_has_its_bytes(tmp_path: Path) -> None:
    for folder, note in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IMG_1.jpg").write_text("")
        (tmp_path / folder / "IMG_1.xmp").write_text(note)
    a, b, c = (belonging(str(tmp_path / n / "IMG_1.jpg"), Listings()) for n in "abc")
    assert twin(a[0], b) == b[0]
    assert not without_twin(a, b)
    assert without_twin(a, c) == without_twin(a, []) == a


def test_what_frees_nothing_with_this_name_says_so(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.xmp").write_text("note")
    assert [one.freed_bytes for one in belonging(str(tmp_path / "IMG_1.jpg"), Listings())] == [4]
    (tmp_path / "other.xmp").hardlink_to(tmp_path / "IMG_1.xmp")
    assert [one.freed_bytes for one in belonging(str(tmp_path / "IMG_1.jpg"), Listings())] == [0]
