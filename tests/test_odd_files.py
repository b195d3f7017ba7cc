"""Files that are odd, out of reach, or never still: read or skipped with a reason, never wrong."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

import imageshelf
from imageshelf.indexing.counts import Summary
from imageshelf.indexing.run import Indexing, index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import appended
from imageshelf.report.index_summary import summary_text
from imageshelf.searching import kinds
from imageshelf.searching.search import Searching, search
from imageshelf.shelf import open_shelf
from imageshelf.system.files import UnreadableImage
from tests.conftest import ROOT, drawn

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files and permissions")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs sparse files and /dev")
NOBODY = 65534


def reasons(found: Summary) -> dict[str, str]:
    return {os.path.basename(skip.path): skip.reason for skip in found.skips}


def held(shelve: Path) -> dict[str, str]:
    """Give path -> key of everything on a sound shelf."""
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return {shelf.path_of(name): key for key, names in shelf.items() for name in names}


def assert_true(shelve: Path) -> None:
    """Every file on the shelf that is there now and unchanged since has the key of its content."""
    with open_shelf(shelve) as shelf:
        catalogue = shelf.whole_catalogue()
        for path, key in held(shelve).items():
            row = catalogue.row_of(os.fsencode(shelf.name_of(path)))
            assert row is not None
            try:
                status = os.stat(path)
            except FileNotFoundError:
                continue
            if (status.st_size, status.st_mtime_ns) == (row.size_bytes, row.mtime_ns):
                assert imageshelf.key(path) == key, path


# -- odd ------------------------------------------------------------------------------------------


@linux
def test_odd_files_are_read_or_skipped_with_the_reason(photos: Path, tmp_path: Path) -> None:
    os.mkfifo(photos / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.relpath(photos / "socket.jpg"))
    (photos / "zeros.jpg").touch()
    os.truncate(photos / "zeros.jpg", 8 << 30)
    shutil.copy(photos / "0.jpg", photos / "tail.jpg")
    os.truncate(photos / "tail.jpg", 8 << 30)  # a picture, then 8 GB of nothing
    assert os.stat(photos / "tail.jpg").st_blocks < 1000
    (photos / "device.jpg").symlink_to("/dev/zero")
    (photos / "tty.jpg").symlink_to("/dev/tty")
    found = index(photos, tmp_path / "db.shelve", Settings(time_limit_s=3.0))
    assert found.links == 2
    told = reasons(found)
    assert told.pop("fifo.jpg") == told.pop("socket.jpg") == "is not a regular file"
    assert told.pop("zeros.jpg").startswith("is not a picture")
    assert told == {}
    assert found.new == 6 + 1
    assert_true(tmp_path / "db.shelve")


class Counting(io.BufferedReader):
    """A file that counts what is read of it."""

    total_bytes = 0

    def __init__(self, path: str) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        Counting.total_bytes += len(data)
        return data


@linux
def test_nobody_reads_the_holes_of_a_sparse_file(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "total_bytes", 0)
    monkeypatch.setattr(kinds, "open_regular", Counting)
    for path, length in ((photos / "film.jpg", 8 << 30), (tmp_path / "short.jpg", 10 << 20)):
        with open(path, "wb") as film:
            for at in (0, 3 << 20, 5 << 20, 8 << 20, (9 << 20) + 7):
                film.seek(at)
                film.write(b"film" * 1000)
            film.truncate(length)
    with Counting(str(photos / "film.jpg")) as stream:
        (found,) = appended._rest(stream)
    os.link(photos / "film.jpg", photos / "again.jpg")
    sides = [kinds.KnownFile(str(photos / name), 8 << 30) for name in ("film.jpg", "again.jpg")]
    assert kinds.identical_bytes(*sides)
    (photos / "other.jpg").write_bytes((tmp_path / "short.jpg").read_bytes())
    os.truncate(photos / "other.jpg", 8 << 30)
    # No hole where the first has some.
    sides[1] = kinds.KnownFile(str(photos / "other.jpg"), 8 << 30)
    assert kinds.identical_bytes(*sides)
    with open(photos / "other.jpg", "r+b") as file:
        file.seek((8 << 30) - 1)
        file.write(b"!")
    assert not kinds.identical_bytes(*sides)
    assert Counting.total_bytes < 100 << 20
    dense = (tmp_path / "short.jpg").read_bytes()
    assert appended._rest(io.BytesIO(dense)) == [found]  # zeros at the end are padding
    for where in (dense.find(b"film", 4001), 20):
        other = dense[:where] + b"F" + dense[where + 1 :]
        assert appended._rest(io.BytesIO(other)) != [found]


def test_equal_keys_are_no_reason_to_read_a_file_again(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "0.jpg", photos / "copy.jpg")
    drawn(50).save(photos / "a.png")
    drawn(50).save(photos / "b.bmp")
    shelve = tmp_path / "db.shelve"
    index(photos, shelve)
    with open_shelf(shelve) as shelf:
        catalogue = shelf.whole_catalogue()
        known = catalogue.digests(catalogue.hashes().ids.tolist())
        assert set(known.values()) == {(None, None, None)}
    for query, copy, kind in (
        ("0.jpg", "copy.jpg", "identical bytes"),
        ("a.png", "b.bmp", "identical pixels"),
    ):
        found = {os.path.basename(m.path): m.kind for m in search(photos / query, shelve)}
        assert found[copy] == kind


def test_the_memory_limit_decides_what_is_too_large(photos: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    drawn(60, (1000, 500)).save(photos / "wide.png")
    found = index(photos, shelve, Settings(jobs=0, memory_limit_mb=1))
    sentence = "is too large: 0 million pixels, more than the limit of 0 million"
    assert reasons(found) == {"wide.png": sentence}
    assert f"skipped 1: {sentence} (raise --memory-limit" in summary_text(found)
    found = index(photos, shelve, Settings(memory_limit_mb=3000))
    assert (found.new, found.unchanged, found.skipped) == (1, 6, 0)


def test_a_search_reads_pictures_as_large_as_those_on_the_shelf(
    photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "db.shelve"
    drawn(60, (1000, 500)).save(photos / "wide.png")
    for limit_mb, noted in ((2048, 2048), (3000, 3000), (2500, 3000)):
        index(photos, shelve, Settings(rebuild=True, memory_limit_mb=limit_mb))
        with Searching(str(shelve)) as asked:
            assert asked.hashes.memory_limit_mb == noted
    for note, readable in (("nonsense", True), ("9" * 5000, True), ("1", False)):
        with open_shelf(shelve, "w") as shelf:
            shelf.whole_catalogue().set_meta("memory_limit_mb", note)
        queries = [photos / "wide.png", photos / "0.jpg"]  # by workers, and in this process
        for asked_for in (queries, queries[:1]):
            with contextlib.suppress(UnreadableImage):
                asked_about = search(asked_for, shelve).asked
                assert bool(asked_about[0].problem) == (not readable)  # too large, or for a worker
                continue
            assert not readable


@pytest.mark.stress
def test_a_phone_picture_is_read_by_default_and_a_larger_one_on_request(tmp_path: Path) -> None:
    photos, shelve = tmp_path / "photos", tmp_path / "db.shelve"
    photos.mkdir()
    phone = drawn(1).resize((12_000, 9_000), Image.Resampling.NEAREST)  # 108 million pixels
    phone.save(photos / "phone.jpg", quality=50)
    phone.save(photos / "progressive.jpg", quality=50, progressive=True)
    phone.save(photos / "phone.png", compress_level=1)
    phone.convert("RGBA").save(photos / "alpha.png", compress_level=1)
    phone.save(photos / "phone.webp", quality=50, method=0)
    drawn(2).convert("L").resize((30_000, 8_000), 0).save(photos / "wide.png", compress_level=1)
    found = index(photos, shelve, Settings(time_limit_s=60.0))
    sentence = "is too large: 240 million pixels, more than the limit of 205 million"
    assert reasons(found) == {"wide.png": sentence}
    assert found.new == 5
    found = index(photos, shelve, Settings(memory_limit_mb=2400, time_limit_s=60.0))
    assert (found.new, found.unchanged, found.skipped) == (1, 5, 0)


@linux
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root makes devices")
def test_a_device_among_the_pictures_is_no_picture(photos: Path, tmp_path: Path) -> None:
    try:
        os.mknod(photos / "zero.jpg", 0o020666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this system makes no devices")
    assert reasons(index(photos, tmp_path / "db.shelve")) == {"zero.jpg": "is not a regular file"}


def test_long_text_and_many_frames_are_read_within_the_limit(photos: Path, tmp_path: Path) -> None:
    for length, name in ((1 << 19, "note.png"), (1 << 20, "long.png"), (1 << 25, "bomb.png")):
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "x" * length, zip=True)
        drawn(length % 97).save(photos / name, pnginfo=text)
    first, *others = [Image.new("P", (16, 12), n % 256) for n in range(5000)]
    for frame in (first, *others):
        frame.putpalette([n // 3 for n in range(768)])
    first.save(photos / "long.gif", save_all=True, append_images=others, duration=10)
    found = index(photos, tmp_path / "db.shelve", Settings(time_limit_s=10.0))
    assert reasons(found) == {}
    assert {"note.png", "long.png", "bomb.png", "long.gif"} <= {
        os.path.basename(path) for path in held(tmp_path / "db.shelve")
    }


# -- out of reach ---------------------------------------------------------------------------------


ROOT_IS_ALL_MIGHTY = os.name == "posix" and os.geteuid() == 0
WITHOUT_POWER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def nobody_runs_python() -> bool:
    """Tell whether `nobody` may execute this Python and read this checkout."""
    try:
        return not subprocess.run(
            [sys.executable, "-c", "import PIL, numpy, imageshelf"],
            cwd=ROOT,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            check=False,
        ).returncode
    except PermissionError:
        return False


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder of `nobody`'s with six pictures, some of them out of reach."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        (photos / "locked").mkdir(parents=True)
        for seed in range(6):
            drawn(seed).save(photos / f"{seed}.jpg")
        shutil.copy(photos / "5.jpg", photos / "locked" / "in here.jpg")
        if ROOT_IS_ALL_MIGHTY and nobody_runs_python():
            for path in [Path(folder), photos, *photos.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        (photos / "0.jpg").chmod(0)
        (photos / "locked").chmod(0)
        yield Path(folder)
        (photos / "locked").chmod(0o700)


def as_nobody(folder: Path, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script as `nobody`; where that user may not even start Python, as a root that may not
    override permissions."""
    command = [sys.executable, "-B", str(ROOT / script), *options]
    user: dict[str, Any] = {}
    if folder.stat().st_uid == NOBODY:
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    elif ROOT_IS_ALL_MIGHTY:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything, and nobody may not start this Python")
        command = WITHOUT_POWER + command
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        **user,
    )


@posix
def test_what_may_not_be_read_is_told_and_tried_again(nobodys: Path) -> None:
    done = as_nobody(nobodys, "index.py", "-d", "photos", "--show-skipped")
    assert done.returncode == 0, done.stderr
    assert "6 pictures seen: 5 new" in done.stdout
    assert "0.jpg" in done.stdout
    assert "may not be read: permission denied" in done.stdout
    assert "folder not read:" in done.stdout
    (nobodys / "photos" / "0.jpg").chmod(0o600)
    (nobodys / "photos" / "locked").chmod(0o700)
    done = as_nobody(nobodys, "index.py", "-d", "photos")
    assert "7 pictures seen: 2 new, 0 changed, 5 unchanged, 0 moved, 0 skipped" in done.stdout
    (nobodys / "photos" / "locked").chmod(0)
    done = as_nobody(nobodys, "index.py", "-d", "photos")
    assert "1 picture not met but kept" in done.stdout


@posix
def test_a_shelf_on_a_medium_that_cannot_be_written_is_searched(nobodys: Path) -> None:
    (nobodys / "photos" / "0.jpg").chmod(0o600)
    index(nobodys / "photos", nobodys / "db.shelve")
    drawn(9).save(nobodys / "photos" / "9.jpg")
    before = (nobodys / "db.shelve").read_bytes()
    (nobodys / "db.shelve").chmod(0o444)
    nobodys.chmod(0o555)
    try:
        done = as_nobody(nobodys, "search.py", "-q", "photos/1.jpg", "--format", "csv")
        refused = as_nobody(nobodys, "index.py", "-d", "photos")
    finally:
        nobodys.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert "same file" in done.stdout
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr or "read-only" in refused.stderr
    assert (nobodys / "db.shelve").read_bytes() == before
    assert sorted(os.listdir(nobodys)) == ["db.shelve", "photos"]


# -- never still ----------------------------------------------------------------------------------


def meanwhile(photos: Path, shelve: Path, change: object) -> Summary:
    """Index, and let something happen between the walk and the reading."""
    assert callable(change)
    with Indexing(photos, shelve) as run:
        run.survey()
        change()
        for batch in run.batches():
            run.remember(batch)
        run.settle()
        run.finish()
    return run.summary


def encoded(seed: int) -> bytes:
    buffer = io.BytesIO()
    drawn(seed).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def test_what_changes_between_walk_and_reading_gets_no_wrong_hash(
    photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "db.shelve"

    def change() -> None:
        (photos / "0.jpg").unlink()  # vanishes
        with open(photos / "1.jpg", "ab") as file:  # grows
            file.write(b"more")
        (photos / "x").write_bytes(encoded(500))  # is replaced
        os.replace(photos / "x", photos / "2.jpg")
        os.rename(photos / "trip", photos / "journey")  # its folder is renamed

    found = meanwhile(photos, shelve, change)
    assert reasons(found) == {
        "0.jpg": "vanished before it could be read",
        "1.jpg": "changed while being read",
        "2.jpg": "changed while being read",
        "4.jpg": "vanished before it could be read",
        "5.jpg": "vanished before it could be read",
    }
    assert [os.path.basename(path) for path in held(shelve)] == ["3.jpg"]
    again = index(photos, shelve)
    assert (again.new, again.unchanged, again.skipped) == (4, 1, 0)
    assert len(held(shelve)) == 5
    assert_true(shelve)


def test_a_picture_that_moves_on_after_the_walk_is_found_by_the_next_run(
    photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "db.shelve"
    index(photos, shelve)
    os.rename(photos / "0.jpg", photos / "here.jpg")
    found = meanwhile(photos, shelve, lambda: os.rename(photos / "here.jpg", photos / "there.jpg"))
    assert (found.moved, found.vanished) == (0, 0)
    assert index(photos, shelve).moved == 1
    assert str(photos / "there.jpg") in held(shelve)


def test_a_file_replaced_with_the_same_size_and_time_is_caught_by_the_next_change(
    photos: Path, tmp_path: Path
) -> None:
    """The one change that no stat tells: documented, and healed by --rebuild."""
    shelve = tmp_path / "db.shelve"
    index(photos, shelve)
    status = (photos / "0.jpg").stat()
    other = encoded(501)
    longest = max(status.st_size, len(other))
    for name, data in (("0.jpg", (photos / "0.jpg").read_bytes()), ("new.jpg", other)):
        (photos / name).write_bytes(data + bytes(longest - len(data)))
    index(photos, shelve)
    status = (photos / "0.jpg").stat()
    (photos / "0.jpg").write_bytes((photos / "new.jpg").read_bytes())
    os.utime(photos / "0.jpg", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert index(photos, shelve).unchanged == 7
    assert index(photos, shelve, Settings(rebuild=True)).new == 7
    assert_true(shelve)


UNFINISHED = (
    "changed while being read",
    "is a JPEG picture that ends too early",
    "is a JPEG picture that is damaged",
    "is empty",
    "is not a picture",
)


def test_a_file_that_trickles_in_is_read_when_it_is_whole(photos: Path, tmp_path: Path) -> None:
    data = encoded(502)
    shelve = tmp_path / "db.shelve"
    arriving = photos / "arriving.jpg"

    def trickle() -> None:
        with open(arriving, "wb", buffering=0) as file:
            for start in range(0, len(data), 200):
                file.write(data[start : start + 200])
                time.sleep(0.05)

    writer = threading.Thread(target=trickle)
    writer.start()
    seen: set[str] = set()
    while writer.is_alive():
        seen.update(reasons(index(photos, shelve)).values())
        assert_true(shelve)
    writer.join()
    assert index(photos, shelve).seen == 7
    assert str(arriving) in held(shelve)
    assert all(why.startswith(UNFINISHED) for why in seen), seen
    assert_true(shelve)


def stir(photos: Path, contents: list[bytes], rnd: random.Random, number: int) -> None:
    """Let one thing happen to a file of the folder."""
    files = list(photos.rglob("*.jpg"))
    path = rnd.choice(files)
    deed = rnd.randrange(6)
    if deed == 0 and len(files) > 100:
        path.unlink()
    elif deed == 1:
        path.write_bytes(rnd.choice(contents))
    elif deed == 2:
        path.with_suffix(".part").write_bytes(rnd.choice(contents))
        os.replace(path.with_suffix(".part"), path)
    elif deed == 3:
        os.rename(path, path.with_name(f"renamed {number}.jpg"))
    elif deed == 4:
        (photos / "b").rename(photos / "c")
        (photos / "c").rename(photos / "b")
    else:
        (path.parent / f"new {number}.jpg").write_bytes(rnd.choice(contents))


def restless(tmp_path: Path, runs: int, seed: int) -> None:
    """Index again and again while a thread changes the folder at random."""
    print("seed", seed)
    rnd = random.Random(seed)
    photos, shelve = tmp_path / "photos", tmp_path / "db.shelve"
    contents = [encoded(n) for n in range(40)]
    folders = [photos, photos / "a", photos / "b"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    for n in range(150):
        (rnd.choice(folders) / f"{n}.jpg").write_bytes(rnd.choice(contents))
    still = threading.Event()

    def keep_stirring() -> None:
        for number in itertools.takewhile(lambda _: not still.wait(0.002), itertools.count()):
            stir(photos, contents, rnd, number)

    index(photos, shelve)
    stirrer = threading.Thread(target=keep_stirring)
    stirrer.start()
    try:
        for _ in range(runs):
            index(photos, shelve, Settings(allow_vanished=True))
            with open_shelf(shelve) as shelf:
                assert shelf.check() == []
    finally:
        still.set()
        stirrer.join()
    for path in photos.rglob("*.jpg"):  # within a tick of the clock a change leaves no trace
        os.utime(path)
    done = index(photos, shelve, Settings(allow_vanished=True))
    assert done.skipped == 0
    assert set(held(shelve)) == {str(path) for path in photos.rglob("*.jpg")}
    assert_true(shelve)


def test_a_restless_folder_ends_up_with_the_right_hashes(tmp_path: Path) -> None:
    restless(tmp_path, runs=4, seed=1)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(2, 7))
def test_restless_folders_end_up_with_the_right_hashes(tmp_path: Path, seed: int) -> None:
    restless(tmp_path, runs=20, seed=seed)
