"""Folders as people have them: what `clean --kind near` takes from each, and why."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from imageshelf.__main__ import main
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from tests.keepers import AGE_NS, DAY_NS, copy, exif, photo, save

Told = dict[str, str]  # path: why it goes or stays


def shot(path: Path, seed: int) -> Path:
    """Write a picture as a camera does."""
    picture = photo(seed)
    return save(path, picture, exif=exif(size=picture.size, thumbnail=picture, gps=True))


def messaged(source: Path, path: Path) -> None:
    """Write what a messenger makes of a picture."""
    with Image.open(source) as picture:
        save(path, picture.resize((320, 240)), AGE_NS + DAY_NS, quality=60)


def phone(home: Path) -> None:
    dcim, sent = home / "Phone/DCIM", home / "Phone/WhatsApp Images"
    first = shot(dcim / "IMG_0001.JPG", 1)
    (dcim / "IMG_0001.MOV").write_bytes(b"\0\0\0\x14ftypqt  live")
    copy(first, "../Saved/IMG_0001.JPG")  # without its film
    shot(dcim / "IMG_0002.JPG", 2)
    messaged(dcim / "IMG_0002.JPG", sent / "IMG-20190730-WA0001.jpg")
    edited = shot(dcim / "IMG_0003.JPG", 3)
    copy(edited, "IMG_E0003.JPG", age=DAY_NS)
    (dcim / "IMG_0003.AAE").write_text("how it was edited")


def takeout(home: Path) -> None:
    year, album = home / "Takeout/Photos from 2019", home / "Takeout/Seaside"
    for number in (1, 2):
        first = shot(year / f"IMG_{number}.jpg", 10 + number)
        copy(first, f"../Seaside/IMG_{number}.jpg")
        record = json.dumps({"title": first.name, "description": f"By the sea {number}"})
        (year / f"IMG_{number}.jpg.supplemental-metadata.json").write_text(record)
    (album / "IMG_1.jpg.supplemental-metadata.json").write_text(
        json.dumps({"title": "IMG_1.jpg", "description": "Another caption"})
    )
    (album / "metadata.json").write_text('{"title": "Seaside"}')


def nas(home: Path) -> None:
    live = shot(home / "nas/Photos/2019/IMG_1.jpg", 21)
    for bin_ in ("@Recycle", "#snapshot/GMT-2024.01.01", "@eaDir"):
        copy(live, f"../../{bin_}/IMG_1.jpg")
    copy(live, "../../Unsorted/from the old disk/IMG_1.jpg", age=DAY_NS)


def stick(home: Path) -> None:
    disk = home / "Pictures"
    for number, age in ((1, -(10**9)), (2, -3600 * 10**9), (3, DAY_NS)):
        first = shot(disk / f"trip/IMG_{number}.jpg", 30 + number)
        copy(first, f"../../USB stick/IMG_{number}.jpg", age=age)  # as FAT rounds its time
    copy(disk / "trip/IMG_3.jpg", "../../USB stick/IMG_3 (1).jpg")


EVERYDAY: dict[str, tuple[Callable[[Path], object], Told, Told]] = {
    "a phone": (
        phone,
        {
            "Phone/Saved/IMG_0001.JPG": "its film hangs on it",
            "Phone/WhatsApp Images/IMG-20190730-WA0001.jpg": "written by the camera, Box 1: the "
            "size in its EXIF is the picture's",
            "Phone/DCIM/IMG_E0003.JPG": "its aae sidecar hangs on it",
        },
        {},
    ),
    "a Takeout": (
        takeout,
        {"Takeout/Seaside/IMG_2.jpg": "its Takeout record hangs on it"},
        {
            "Takeout/Photos from 2019/IMG_1.jpg": "stays: it has a Takeout record; IMG_1.jpg has "
            "a Takeout record",
        },
    ),
    "a NAS": (
        nas,
        {"nas/Unsorted/from the old disk/IMG_1.jpg": "older: written 2001-09-09 against "
         "2001-09-10"},
        {},
    ),
    "a USB stick": (
        stick,
        {
            "Pictures/trip/IMG_1.jpg": "shorter path",
            "Pictures/trip/IMG_2.jpg": "shorter path",
            "USB stick/IMG_3.jpg": "older: written 2001-09-09 against 2001-09-10",
            "USB stick/IMG_3 (1).jpg": "the other is named IMG_3 (1)",
        },
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERYDAY)
def test_what_goes_is_what_should(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw, going, staying = EVERYDAY[name]
    draw(tmp_path)
    monkeypatch.chdir(tmp_path)
    datasets = [one for one in sorted(os.listdir(".")) if os.path.isdir(one)]
    index(datasets, "db.shelve", Settings(jobs=0))
    by_rule = "identical-bytes,identical-pixels,near,turned"
    assert main(["clean", "-j", "0", "--format", "json", "--kind", by_rule]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert {relative(one): one["reason"] for one in plan["actions"]} == going
    left = {relative(one): one["reason"] for one in plan["left"]}
    assert {path: left.get(path) for path in staying} == staying


def relative(one: dict[str, str]) -> str:
    return Path(os.path.relpath(one["path"])).as_posix()


def test_after_the_clean_up_every_picture_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for draw, _, _ in EVERYDAY.values():
        draw(tmp_path)
    monkeypatch.chdir(tmp_path)
    datasets = [one for one in sorted(os.listdir(".")) if os.path.isdir(one)]
    before = {path.read_bytes() for one in datasets for path in Path(one).rglob("*.[jJ]*")}
    index(datasets, "db.shelve", Settings(jobs=0))
    assert main(["clean", "-j", "0", "--apply"]) == 0
    shutil.rmtree("db-set-aside")  # as a user frees the space
    for passed in ("@Recycle", "#snapshot", "@eaDir"):  # and a system
        shutil.rmtree(Path("nas") / passed)
    after = {path.read_bytes() for one in datasets for path in Path(one).rglob("*.[jJ]*")}
    assert after == before


def test_a_hard_link_leaves_companions_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    takeout(tmp_path)
    monkeypatch.chdir(tmp_path)
    index("Takeout", "db.shelve", Settings(jobs=0))
    records = sorted(Path("Takeout").rglob("*.json"))
    assert main(["clean", "-j", "0", "--hardlink", "--apply"]) == 0
    for number in (1, 2):
        pictures = list(Path("Takeout").rglob(f"IMG_{number}.jpg"))
        assert len({os.stat(picture).st_ino for picture in pictures}) == 1
    assert sorted(Path("Takeout").rglob("*.json")) == records
