"""A query of which the decoder goes wrong is one sentence; it is never decoded in the program."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import sys
import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

import imageshelf
from imageshelf.cli import early_worker
from imageshelf.indexing.run import index
from imageshelf.pictures import small_baseline
from imageshelf.pictures.calibration_edits import EditsTask, edited_hashes, edited_keys
from imageshelf.pictures.colour import colour_picture
from imageshelf.pictures.digests import pixel_digest
from imageshelf.pictures.images import examine
from imageshelf.pictures.look_tasks import ColourTask, MeasureTask, OriginTask
from imageshelf.pictures.measures import measured
from imageshelf.pictures.origin import origin
from imageshelf.pictures.small_baseline import NeedsWorker, is_small_baseline
from imageshelf.pictures.tasks import Picture, Task
from imageshelf.searching import calibration
from imageshelf.searching.key_calibration import SampledPicture
from imageshelf.searching.search import search
from imageshelf.shelf.chunks import PictureHashes
from imageshelf.system.files import UnreadableImage
from imageshelf.system.paths import Url
from imageshelf.workers import limited_map
from tests.conftest import ROOT, drawn

posix = pytest.mark.skipif(os.name != "posix", reason="workers end by signals")
SIZE = (320, 240)


def encoded(name: str, size: tuple[int, int] = SIZE, mode: str = "RGB", **how: Any) -> bytes:
    file = io.BytesIO()
    drawn(1, size).convert(mode).save(file, name, **how)
    return file.getvalue()


def with_late_header() -> bytes:
    data = encoded("JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", 40_002) + bytes(40_000)
    return data[:2] + 2 * comment + data[2:]


def with_two_scans() -> bytes:
    data = encoded("JPEG", mode="L")
    grey = data.index(b"\xff\xda")
    return data[:grey] + data[grey:-2] + data[grey:]


def of_frames() -> bytes:
    frames = [drawn(n, SIZE) for n in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


NEEDS_WORKER = {
    "progressive": encoded("JPEG", progressive=True),
    "cmyk": encoded("JPEG", mode="CMYK"),
    "many pixels": encoded("JPEG", (1600, 1251)),
    "many pixels in a PNG": encoded("PNG", (1251, 1600), "1"),
    "many bytes": encoded("JPEG") + bytes(2_000_000),
    "late header": with_late_header(),
    "frames": of_frames(),
    **{name: encoded(name) for name in ("BMP", "GIF", "TIFF", "WEBP", "AVIF")},
}
SMALL = {
    "JPEG": encoded("JPEG"),
    "grey JPEG": encoded("JPEG", mode="L"),
    "2 million pixels": encoded("JPEG", (1600, 1250)),
    "PNG": encoded("PNG"),
    "palette": encoded("PNG", mode="P"),
    "alpha": encoded("PNG", mode="RGBA"),
}


@pytest.fixture
def refuse_to_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("decoded here")

    monkeypatch.setattr(ImageFile.ImageFile, "__init__", never)


@pytest.mark.usefixtures("refuse_to_decode")
@pytest.mark.parametrize("name", NEEDS_WORKER)
def test_whatever_is_no_small_baseline_picture_is_left_to_a_worker(
    tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / "a.jpg")
    Path(path).write_bytes(NEEDS_WORKER[name])
    assert early_worker.needs_worker(path)
    for decode in (
        lambda: examine(Task(path), turned=True),
        lambda: colour_picture(ColourTask(path, 256)),
        lambda: pixel_digest(path),
        lambda: measured(MeasureTask(path)),
        lambda: origin(OriginTask(path, bytes(256))),
        lambda: edited_hashes(EditsTask(path, full_decode=False)),
        lambda: edited_keys(EditsTask(path, full_decode=False, hash="ahash")),
    ):
        with small_baseline.required(), pytest.raises(NeedsWorker):
            decode()


def test_a_url_is_left_to_a_worker() -> None:
    with small_baseline.required(), pytest.raises(NeedsWorker):
        examine(Task(Url("memory://a.jpg")), turned=True)


@pytest.mark.parametrize("name", SMALL)
def test_small_baseline_pictures_are_decoded_here(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(SMALL[name])
    assert not early_worker.needs_worker(str(path))
    with small_baseline.required():
        assert isinstance(examine(Task(str(path)), turned=True), Picture)
    assert small_baseline._required.get() is False


def test_a_thumbnail_inside_a_small_picture_must_be_small_and_baseline_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    for inner, outcome in (("progressive", NeedsWorker), ("JPEG", None)):
        thumbnail = {**NEEDS_WORKER, **SMALL}[inner]
        directories = struct.pack("<2sHLHLH", b"II", 42, 8, 0, 14, 2)
        entries = struct.pack("<HHLLHHLLL", 513, 4, 1, 44, 514, 4, 1, len(thumbnail), 0)
        exif = b"Exif\0\0" + directories + entries + thumbnail
        path.write_bytes(encoded("JPEG", exif=exif))
        with small_baseline.required(), pytest.raises(outcome) if outcome else nullcontext():
            assert origin(OriginTask(str(path), bytes(256))).signs is not None


def test_what_is_no_picture_is_refused_without_a_worker(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a shopping list\n")
    with small_baseline.required():
        answer = examine(Task(str(path)), turned=True)
    assert not isinstance(answer, Picture)


@pytest.mark.parametrize("data", [SMALL["JPEG"][:3000], with_two_scans()])
def test_a_damaged_picture_is_mended_by_a_worker_only(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with small_baseline.required(), pytest.raises(NeedsWorker):
        examine(Task(str(path)), turned=True)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_no_changed_header_is_taken_for_less_than_the_decoder_finds(name: str) -> None:
    """Where Pillow can open what counts as small and baseline, it finds that, too."""
    chance, data, opened = random.Random(7), SMALL[name], 0
    header = data.index(b"\xff\xda" if name == "JPEG" else b"IDAT") + 16
    for _ in range(4000):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(2, header)] = chance.choice((0, 1, 2, 0xC0, 0xC2, 255))
        if not is_small_baseline(bytes(changed)):
            continue
        try:
            image = Image.open(io.BytesIO(changed), formats=[name])
        except (OSError, SyntaxError, ValueError):
            continue
        opened += 1
        assert image.width * image.height <= small_baseline.MOST_PIXELS
        assert "progressive" not in image.info
        assert getattr(image, "n_frames", 1) == 1
    assert opened > 100


def test_the_bytes_that_were_checked_are_those_that_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(SMALL["2 million pixels"])
    checked = is_small_baseline

    def swapped(data: bytes) -> bool:
        path.write_bytes(NEEDS_WORKER["many pixels"])
        return checked(data)

    monkeypatch.setattr(small_baseline, "is_small_baseline", swapped)
    with small_baseline.required():
        assert colour_picture(ColourTask(str(path), 256)).size == (1600, 1250)


# -- decoders that go wrong ------------------------------------------------------------------------

BAD = {
    "segfault": "the decoder crashed (signal 11",
    "abort": "the decoder crashed (signal 6",
    "exit": "the decoder ended its process",
    "killed": "was killed (signal 9), most likely for want of memory",
    "loop": "took longer than 1 s",
    "loop in C": "took longer than 1 s",
    "sleep": "took longer than 1 s",
    "eat": "needs more memory than 2,048 MB",
    "raise": "internal error: ValueError",
}
WITH_ODD_DECODERS = """
import sys
from imageshelf.searching import second_look
from imageshelf.workers import limited_map
second_look.WORK = "tests.odd_decoders:look_or_misbehave"
limited_map.TIME_LIMIT_S = 1.0
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
if sys.argv[0] == "search":
    import search
    raise SystemExit(search.main(sys.argv[1:]))
from imageshelf import __main__
raise SystemExit(__main__.main(sys.argv[1:]))
"""


def run_oddly(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITH_ODD_DECODERS, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def shelf(photos: Path, tmp_path: Path) -> Path:
    index(photos, tmp_path / "db.shelve")
    return tmp_path / "db.shelve"


@posix
@pytest.mark.parametrize("behaviour", BAD)
def test_a_query_whose_decoder_goes_wrong_is_one_sentence(
    shelf: Path, tmp_path: Path, behaviour: str
) -> None:
    query = tmp_path / f"{behaviour}.jpg"
    query.write_bytes(NEEDS_WORKER["progressive"])
    done = run_oddly("search", "-q", query, "-s", shelf)
    assert done.returncode == 1
    assert done.stderr.startswith(f"search.py: {query} {BAD[behaviour]}")
    assert done.stderr.count("\n") == 1


@posix
def test_of_several_queries_it_costs_only_itself(shelf: Path, photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    for behaviour in ("segfault", "loop", "exit", "raise", "eat"):
        (folder / f"{behaviour}.jpg").write_bytes(NEEDS_WORKER["progressive"])
    for n in range(3):
        (folder / f"{n}.jpg").write_bytes((photos / f"{n}.jpg").read_bytes())
    done = run_oddly("search", "-q", folder, "-s", shelf, "-0")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 5
    assert all(f"{photos.name}/{n}.jpg" in done.stdout for n in range(3))


@posix
@pytest.mark.parametrize("behaviour", ["segfault", "loop", "eat"])
def test_a_candidate_whose_decoder_goes_wrong_is_not_compared(
    tmp_path: Path, behaviour: str
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / f"{behaviour}.jpg").write_bytes(NEEDS_WORKER["progressive"])
    index(tmp_path / "photos", tmp_path / "db.shelve")
    (tmp_path / "query.jpg").write_bytes(SMALL["JPEG"])
    found = run_oddly("search", "-q", tmp_path / "query.jpg", "-s", tmp_path / "db.shelve")
    assert (found.returncode, found.stderr) == (0, "")
    assert "no picture on the shelf matches" in found.stdout
    assert f"{behaviour}.jpg" in found.stdout


@posix
@pytest.mark.parametrize("behaviour", ["segfault", "loop", "eat"])
def test_explain_tells_it_in_one_sentence(tmp_path: Path, behaviour: str) -> None:
    bad, good = tmp_path / f"{behaviour}.jpg", tmp_path / "good.jpg"
    bad.write_bytes(NEEDS_WORKER["progressive"])
    good.write_bytes(SMALL["JPEG"])
    for pair in ((bad, good), (good, bad)):
        done = run_oddly("imageshelf", "explain", *pair)
        assert done.returncode == 1
        assert done.stderr.startswith(f"imageshelf: {bad} {BAD[behaviour]}")
        assert done.stderr.count("\n") == 1


@posix
@pytest.mark.parametrize("behaviour", ["segfault", "loop", "eat"])
def test_a_calibration_does_without_an_original_whose_decoder_goes_wrong(
    tmp_path: Path, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "EDITED_HASHES", "tests.odd_decoders:edit_or_misbehave")
    monkeypatch.setattr(limited_map, "TIME_LIMIT_S", 1.0)
    hashes = np.zeros(3, np.uint64)
    whole = PictureHashes(np.arange(3), hashes, hashes, hashes, np.zeros(3, np.bool_))
    originals = []
    for at, name in enumerate(("good", behaviour, "fine")):
        (tmp_path / f"{name}.jpg").write_bytes(NEEDS_WORKER["progressive"])
        originals.append(SampledPicture(at, str(tmp_path / f"{name}.jpg")))
    counts, unreadable = calibration.copy_counts(whole, originals)
    assert all(count.sum() == 2 for count in counts.values())
    (reason,) = unreadable
    assert reason.startswith(BAD[behaviour])


def test_a_bomb_is_refused_in_words(shelf: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    data = bytearray(SMALL["PNG"])
    struct.pack_into(">II", data, 16, 60_000, 60_000)
    bomb.write_bytes(data)
    with pytest.raises(UnreadableImage, match=r"too large|damaged"):
        search(bomb, shelf)


def test_a_large_query_finds_what_a_small_one_finds(shelf: Path, photos: Path) -> None:
    large = photos.parent / "large.tif"
    Image.open(photos / "0.jpg").save(large)
    assert search(large, shelf)[0].path == search(photos / "0.jpg", shelf)[0].path


def test_the_key_of_a_large_file_comes_from_a_worker(tmp_path: Path) -> None:
    (tmp_path / "a.webp").write_bytes(encoded("WEBP", lossless=True))
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    keys = {imageshelf.key(tmp_path / name) for name in ("a.webp", "a.png")}
    assert len(keys) == 1
    (tmp_path / "b.gif").write_bytes(encoded("GIF")[:500])
    with pytest.raises(UnreadableImage):
        imageshelf.key(tmp_path / "b.gif")


def test_a_query_in_an_archive_is_read_by_a_worker(shelf: Path, photos: Path) -> None:
    with zipfile.ZipFile(photos.parent / "x.zip", "w") as archive:
        archive.write(photos / "0.jpg", "0.jpg")
    found = search(f"zip://0.jpg::file://{photos.parent / 'x.zip'}", shelf)
    assert found.asked[0].problem == ""
