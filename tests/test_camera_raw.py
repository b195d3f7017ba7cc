"""Camera RAW: the picture in it, its size and turn; it goes for identical bytes only."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import imageshelf
from imageshelf.__main__ import main
from imageshelf.hashing.fingerprints import fingerprints
from imageshelf.pictures import formats, images
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.digests import pixel_digest_of
from imageshelf.pictures.look_tasks import ColourTask
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.pictures.thumbnails import ThumbnailTask, make_thumbnail
from imageshelf.workers.pool import workers
from tests.conftest import ROOT, drawn, encoded
from tests.raw_files import dng
from tests.test_beside_the_picture import mutated
from tests.test_further_formats import exif, jxl, photoshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
SHOT = drawn(1, (1600, 1200))
TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}


@pytest.fixture(autouse=True)
def _library() -> None:
    pytest.importorskip("rawpy")


def preview(picture: Image.Image = SHOT, **options: Any) -> bytes:
    return encoded(picture, "JPEG", quality=90, **options)


def examined(path: Path, data: bytes) -> Picture:
    path.write_bytes(data)
    answer = images.examine(Task(str(path)))
    assert isinstance(answer, Picture), answer
    return answer


def refused(path: Path, data: bytes) -> Refusal:
    path.write_bytes(data)
    answer = images.examine(Task(str(path)))
    assert isinstance(answer, Refusal), answer
    return answer


def bits_apart(*pictures: Picture) -> int:
    rows = fingerprints([picture.whole for picture in pictures]).row.tolist()
    return int(rows[0] ^ rows[1]).bit_count()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("how", ["preview", "development", "upright preview"])
def test_a_raw_file_shows_what_its_camera_made_of_it(
    tmp_path: Path, how: str, orientation: int
) -> None:
    upright = SHOT.transpose(TURNS[orientation]) if orientation in TURNS else SHOT
    turned_already = how == "upright preview" and orientation in {6, 8}
    made = None if how == "development" else preview(upright if turned_already else SHOT)
    ours = examined(tmp_path / "a.dng", dng(SHOT, made, orientation=orientation))
    twin = examined(tmp_path / "a.jpg", preview(upright))
    assert bits_apart(ours, twin) <= (3 if how == "development" else 1)
    assert ours.facts.format == "RAW"
    assert (ours.facts.width, ours.facts.height) == upright.size
    assert ours.facts.bits == 16
    assert ours.facts.camera == "Drawn Box Camera"
    assert ours.facts.captured_at == twin_time()
    for longest in (200, 512):
        with open(tmp_path / "a.dng", "rb") as stream:
            colour = colour_picture(ColourTask(stream.name, longest))
        assert max(colour.width, colour.height) == longest
        assert (colour.width > colour.height) == (upright.width > upright.height)
    thumbnail = make_thumbnail(ThumbnailTask(1, str(tmp_path / "a.dng")))
    assert thumbnail.data
    assert (thumbnail.width > thumbnail.height) == (upright.width > upright.height)


def twin_time() -> int:
    return 1564495509000  # 2019-07-30 14:05:09


def test_a_small_preview_gives_way_to_a_development(tmp_path: Path) -> None:
    wrong = preview(drawn(9, (160, 120)))
    ours = examined(tmp_path / "a.dng", dng(SHOT, wrong))
    assert bits_apart(ours, examined(tmp_path / "a.jpg", preview())) <= 3


def test_the_previews_own_orientation_does_not_count(tmp_path: Path) -> None:
    made = preview(exif=b"Exif\0\0" + exif(8))
    ours = examined(tmp_path / "a.dng", dng(SHOT, made, orientation=1))
    assert bits_apart(ours, examined(tmp_path / "a.jpg", preview())) <= 1


def test_a_name_or_a_content_alone_reaches_no_decoder_of_raw(tmp_path: Path) -> None:
    whole = dng(SHOT, preview())
    answer = refused(tmp_path / "a.tif", whole)
    assert (answer.reason, answer.other) == ("is a camera RAW file by another name", "raw")
    assert refused(tmp_path / "a.jpg", whole).reason == answer.reason
    assert refused(tmp_path / "b.nef", b"no picture" * 500).reason == "is text"
    assert examined(tmp_path / "c.nef", preview()).facts.format == "JPEG"


def test_raw_files_are_read_in_workers_alone(tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(dng(SHOT, preview()))
    script = (
        "import sys\n"
        "from imageshelf.pictures import images, small_baseline\n"
        "from imageshelf.pictures.tasks import Task\n"
        "try:\n"
        "    with small_baseline.required(): images.examine(Task(sys.argv[1]))\n"
        "except small_baseline.NeedsWorker: print('rawpy' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.dng")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout == "False\n"


BROKEN = {
    "cut": lambda whole: whole[:3000],
    "only a head": lambda whole: whole[:8] + bytes(64),
    "no sensor": lambda whole: whole.replace(b"\x01\x03", b"\xff\xff"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_raw_file_is_refused_in_words(tmp_path: Path, how: str) -> None:
    answer = refused(tmp_path / "a.dng", BROKEN[how](dng(SHOT)))
    assert answer.reason.startswith("is a camera RAW file ")


def test_without_the_library_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    answer = refused(tmp_path / "a.dng", dng(SHOT, preview()))
    assert (answer.reason, answer.other) == ("is a camera RAW file: install rawpy", "")


def test_what_a_raw_file_holds_beside_its_preview_counts(tmp_path: Path) -> None:
    made = preview()
    digests = {
        pixel_digest_of(io.BytesIO(data), name)
        for name, data in {
            "a.dng": dng(SHOT, made), "b.dng": dng(drawn(2, SHOT.size), made), "c.jpg": made,
        }.items()
    }  # fmt: skip
    assert len(digests) == 3


# -- what they are to each other -------------------------------------------------------------------


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A shot as RAW and JPEG, the same in a backup, and a RAW alone in two folders."""
    taken = b"Exif\0\0" + exif(1)
    for folder in ("photos", "backup", "lone"):
        (tmp_path / folder).mkdir()
    (tmp_path / "photos/a.dng").write_bytes(dng(SHOT, preview()))
    (tmp_path / "photos/a.jpg").write_bytes(preview(exif=taken))
    (tmp_path / "photos/b.dng").write_bytes(dng(drawn(2, SHOT.size), preview(drawn(2, SHOT.size))))
    (tmp_path / "photos/b.xmp").write_text("<x/>")
    shutil.copytree(tmp_path / "photos", tmp_path / "backup", dirs_exist_ok=True)
    (tmp_path / "backup/b.xmp").unlink()
    os.rename(tmp_path / "backup/b.dng", tmp_path / "lone/b.dng")
    imageshelf.index(tmp_path, tmp_path / "db.shelve", follow_symlinks=False)
    return tmp_path


def listed(folder: Path) -> set[str]:
    parts = ("photos", "backup", "lone")
    return {
        path.relative_to(folder).as_posix() for part in parts for path in (folder / part).iterdir()
    }


def test_a_jpeg_is_developed_from_its_raw_file(shots: Path) -> None:
    found = imageshelf.search(shots / "photos/a.jpg", shots / "db.shelve")
    kinds = {os.path.relpath(match.path, shots): (match.kind, match.match) for match in found}
    assert kinds[os.path.join("photos", "a.dng")] == ("developed from", False)
    assert kinds[os.path.join("backup", "a.jpg")] == ("identical bytes", True)
    explained = imageshelf.explain(str(shots / "photos/a.jpg"), str(shots / "photos/a.dng"))
    assert explained.kind == "developed from"


def test_a_raw_file_goes_for_identical_bytes_and_with_its_jpeg(shots: Path) -> None:
    before = listed(shots)
    arguments = ["-s", str(shots / "db.shelve"), "--kind", "identical-bytes,identical-pixels,near"]
    assert main(["clean", *arguments, "--apply"]) == 0
    after = listed(shots)
    kept = {path for path in after if path.endswith((".dng", ".jpg"))}
    assert {os.path.basename(path) for path in kept} == {"a.dng", "a.jpg", "b.dng"}
    pair = {os.path.dirname(path) for path in kept if "/a." in path}
    assert len(pair) == 1  # a RAW file is never parted from its JPEG
    assert "photos/b.xmp" in after or "photos/b.dng" not in after
    assert main(["undo", "1", "-s", str(shots / "db.shelve")]) == 0
    assert listed(shots) == before


def test_a_raw_file_never_goes_for_its_jpeg_nor_a_like_one(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    made = preview()
    (tmp_path / "photos/a.dng").write_bytes(dng(SHOT, made))
    (tmp_path / "photos/b.dng").write_bytes(
        dng(drawn(1, SHOT.size), made, taken="2020:01:01 00:00:00")
    )
    (tmp_path / "photos/c.jpg").write_bytes(preview(SHOT.resize((800, 600))))
    imageshelf.index(tmp_path / "photos", tmp_path / "db.shelve")
    before = {path.name for path in (tmp_path / "photos").iterdir()}
    for options in ([], ["--loose"], ["--keep", "pixels"]):
        arguments = ["-s", str(tmp_path / "db.shelve"), "--kind", "near,turned"]
        assert main(["clean", *arguments, *options, "--apply"]) == 0
        assert {path.name for path in (tmp_path / "photos").iterdir()} == before


def chosen(folder: Path, *groups: tuple[list[str], list[str]]) -> list[str]:
    """Return the arguments of a clean-up that carries out a selection."""
    listed = [dict(zip(("keep", "set_aside"), group, strict=True)) for group in groups]
    document = {"imageshelf_selection": 1, "shelf": str(folder / "db.shelve"), "groups": listed}
    (folder / "chosen.json").write_text(json.dumps(document))
    return ["clean", "-s", str(folder / "db.shelve"), "--selection", str(folder / "chosen.json")]


def test_a_raw_file_that_is_chosen_to_stay_does_not_go_with_its_jpeg(shots: Path) -> None:
    before = listed(shots)
    aside = chosen(shots, (["photos/a.dng"], ["photos/a.jpg"]))
    assert main([*aside, "--apply"]) == 0
    assert listed(shots) == before - {"photos/a.jpg"}
    assert main(["undo", "-s", str(shots / "db.shelve")]) == 0
    aside = chosen(
        shots, (["backup/a.jpg"], ["photos/a.jpg"]), (["photos/a.dng"], ["backup/a.dng"])
    )
    assert main([*aside, "--apply"]) == 0
    assert listed(shots) == before - {"photos/a.jpg", "backup/a.dng"}


def test_a_raw_file_that_another_group_keeps_keeps_its_jpeg(tmp_path: Path) -> None:
    data, jpeg = dng(SHOT, preview()), preview()
    for name in ("a/x.dng", "a/x.jpg", "b/lone.dng", "c/y.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data if name.endswith("dng") else jpeg)
    shelf = str(tmp_path / "db.shelve")
    imageshelf.index([tmp_path / name for name in "abc"], shelf)
    for prefer in ("a", "b", "c"):
        assert main(["clean", "-s", shelf, "--prefer", str(tmp_path / prefer), "--apply"]) == 0
        left = {path.name for part in "abc" for path in (tmp_path / part).iterdir()}
        assert left & {"x.dng", "lone.dng"}
        assert left & {"x.jpg", "y.jpg"}
        main(["undo", "-s", shelf])


def test_what_hangs_on_a_raw_file_counts_and_comes_back_with_it(tmp_path: Path) -> None:
    for folder in ("k", "l"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IMG_1.dng").write_bytes(dng(SHOT, preview()))
        (tmp_path / folder / "IMG_1.jpg").write_bytes(preview())
    for name in ("IMG_1.dng.xmp", "IMG_1.dng.pp3"):
        (tmp_path / "l" / name).write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    shelf = str(tmp_path / "db.shelve")
    imageshelf.index([tmp_path / "k", tmp_path / "l"], shelf)
    assert main(["clean", "-s", shelf, "--apply"]) == 0
    assert list((tmp_path / "k").iterdir()) == []
    assert len(list((tmp_path / "l").iterdir())) == 4
    assert main(["undo", "-s", shelf]) == 0
    with imageshelf.open_shelf(shelf) as opened:
        assert sum(map(len, opened.values())) == 4
    main(["clean", "-s", shelf, "--prefer", str(tmp_path / "k"), "--delete", "--yes", "--apply"])
    assert len(list((tmp_path / "l").iterdir())) == 4  # what has no twin is deleted by no rule


def test_raw_files_of_other_bytes_are_no_copies_and_hide_none(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name, sensor in (("x.dng", 2), ("y.dng", 1), ("z.dng", 1)):
        data = dng(drawn(sensor, SHOT.size), preview())
        (tmp_path / "photos" / name).write_bytes(data)
    imageshelf.index(tmp_path / "photos", tmp_path / "db.shelve")
    (group,) = [g for g in imageshelf.duplicates(tmp_path / "db.shelve") if g.has_copies]
    assert [member.kind for member in group.members if member.match] == ["identical bytes"]
    (shelved,) = (member for member in group.members if member.match)
    assert {os.path.basename(one.path) for one in (shelved, group.keeper)} == {"y.dng", "z.dng"}


def test_a_raw_file_without_a_name_is_asked_for_by_its_content(shots: Path) -> None:
    data = (shots / "photos/a.dng").read_bytes()
    found = imageshelf.search(data, shots / "db.shelve")
    assert os.path.join("photos", "a.jpg") in {os.path.relpath(m.path, shots) for m in found}


def test_a_raw_file_in_an_archive_is_one() -> None:
    assert formats.is_raw("zip://K/IMG_1.dng::file:///pictures/c6.zip")
    assert not formats.is_raw("zip://K/IMG_1.jpg::file:///pictures/c6.zip")


# -- hostile files ---------------------------------------------------------------------------------

SMALL = drawn(1, (660, 440))
WHOLE = {
    "a RAW with a preview": lambda: dng(SMALL, preview(SMALL)),
    "a RAW without": lambda: dng(SMALL),
    "JPEG XL": lambda: jxl(SMALL),
    "JPEG 2000": lambda: encoded(SMALL, "JPEG2000"),
    "Photoshop": lambda: photoshop(SMALL, [(1058, b"II*\0"), (1060, b"<x/>")], packed=True),
}


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.stress)])
@pytest.mark.parametrize("what", WHOLE)
def test_mutated_files_are_read_or_refused(tmp_path: Path, what: str, count: int) -> None:
    chance, whole = random.Random(count), WHOLE[what]()
    paths = [str(tmp_path / f"{number}.dng") for number in range(count)]
    run: Any
    with workers("imageshelf.pictures.images:examine", jobs=2, time_limit_s=20) as run:

        def tasks() -> Iterator[Task]:
            for path in paths:
                with open(path, "wb") as file:
                    file.write(mutated(whole, chance))
                yield Task(path)

        answers = []
        for task, answer in run(tasks()):
            answers.append(answer)
            os.unlink(task.path)
    assert len(answers) == count
    assert all(isinstance(answer, (Picture, Refusal)) for answer in answers)  # none Lost: no crash
    read = sum(isinstance(answer, Picture) for answer in answers)
    assert (0 if what == "JPEG XL" else 0.1 * count) <= read < count
