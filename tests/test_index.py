"""`index.py`: what a user sees, from the first run to the last."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import imagehash
import pytest
from PIL import Image, ImageOps

import index as script
from imageshelf import Settings, ShelfError, index, open_shelf
from tests.conftest import ROOT, drawn

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX files and signals")


@pytest.fixture
def shelve(tmp_path: Path) -> Path:
    return tmp_path / "db.shelve"


def content(shelve: Path) -> dict[str, list[str]]:
    with open_shelf(shelve) as db:
        assert db.check() == []
        return dict(db)


def names(shelve: Path) -> list[str]:
    return sorted(name for listed in content(shelve).values() for name in listed)


def summary(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def run(photos: Path, shelve: Path, *options: str) -> int:
    return script.main(["--dataset", str(photos), "--shelve", str(shelve), *options])


def test_every_picture_is_on_the_shelf_under_its_hash(photos: Path, shelve: Path) -> None:
    assert run(photos, shelve, "--full-decode") == 0
    expected: dict[str, list[str]] = {}
    for path in sorted(photos.rglob("*.jpg")):
        with Image.open(path) as image:
            key = str(imagehash.dhash(ImageOps.exif_transpose(image)))
        expected.setdefault(key, []).append(f"photos/{path.relative_to(photos).as_posix()}")
    assert content(shelve) == expected


def test_the_reduced_decode_gives_nearly_the_same_keys(photos: Path, shelve: Path) -> None:
    run(photos, shelve)
    for key, listed in content(shelve).items():
        with Image.open(shelve.parent / listed[0]) as image:
            full = imagehash.dhash(image)
        assert imagehash.hex_to_hash(key) - full <= 3


def test_the_summary_adds_up(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.txt").write_text("hello")
    (photos / "broken.jpg").write_text("not a picture")
    assert run(photos, shelve) == 0
    told = summary(capsys)
    assert "7 pictures seen: 6 new, 0 changed, 0 unchanged, 0 moved, 1 skipped" in told
    assert "1 other file: 1 document" in told
    assert "6 pictures on the shelf" in told


def test_a_second_run_opens_nothing(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.txt").write_text("hello")
    (photos / "broken.jpg").write_text("not a picture")
    run(photos, shelve)
    before = content(shelve)
    summary(capsys)
    found = index(photos, shelve)
    assert (found.new, found.unchanged, found.skipped) == (0, 6, 1)
    for path in photos.rglob("*"):
        if path.is_file():  # the same size and time, other bytes: nobody looks
            stamp = path.stat()
            path.write_bytes(bytes(stamp.st_size))
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert index(photos, shelve).unchanged == 6
    assert content(shelve) == before


def test_a_new_a_changed_and_a_vanished_picture(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    drawn(50).save(photos / "new.jpg")
    drawn(51).save(photos / "0.jpg")
    (photos / "1.jpg").unlink()
    found = index(photos, shelve)
    assert (found.new, found.changed, found.unchanged, found.vanished) == (1, 1, 4, 1)
    fresh = shelve.with_name("fresh.shelve")
    index(photos, fresh)
    assert content(shelve) == content(fresh)


def test_a_moved_and_a_renamed_picture_are_not_read_again(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    (photos / "0.jpg").rename(photos / "trip" / "0.jpg")
    (photos / "1.jpg").rename(photos / "renamed.jpg")
    found = index(photos, shelve)
    assert (found.moved, found.new, found.vanished, found.unchanged) == (2, 0, 0, 4)
    assert "photos/trip/0.jpg" in names(shelve)
    assert "photos/renamed.jpg" in names(shelve)
    assert len(names(shelve)) == 6


def test_a_picture_that_becomes_unreadable_leaves_the_shelf(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    (photos / "0.jpg").write_text("oops")
    found = index(photos, shelve)
    assert (found.skipped, found.unchanged) == (1, 5)
    assert "photos/0.jpg" not in names(shelve)
    drawn(0).save(photos / "0.jpg")
    assert index(photos, shelve).new == 1
    assert "photos/0.jpg" in names(shelve)


def test_names_are_relative_below_the_shelf_and_absolute_elsewhere(
    photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "away").mkdir()
    elsewhere = tmp_path / "away" / "db.shelve"
    index(photos, elsewhere)
    assert str(photos / "0.jpg").replace(os.sep, "/") in names(elsewhere)
    inside = photos / "db.shelve"
    index(photos, inside)
    assert "0.jpg" in names(inside)
    assert "trip/4.jpg" in names(inside)


def test_a_shelf_that_travels_with_its_pictures_keeps_working(
    photos: Path, shelve: Path, tmp_path: Path
) -> None:
    index(photos, shelve)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    photos.rename(moved / "photos")
    shelve.rename(moved / "db.shelve")
    assert index(moved / "photos", moved / "db.shelve").unchanged == 6


def test_a_dataset_above_the_shelf_is_indexed_whole(tmp_path: Path, photos: Path) -> None:
    inner = photos / "trip" / "db.shelve"
    assert index(tmp_path, inner).new == 6
    listed = names(inner)
    assert "4.jpg" in listed
    assert str(photos / "0.jpg").replace(os.sep, "/") in listed
    assert index(tmp_path, inner).unchanged == 6
    (photos / "trip" / "4.jpg").unlink()
    (photos / "0.jpg").unlink()
    assert index(tmp_path, inner).vanished == 2


def test_several_and_nested_datasets_count_every_picture_once(photos: Path, shelve: Path) -> None:
    found = index([photos, photos / "trip", photos], shelve)
    assert found.new == 6
    assert index(photos / "trip", shelve).unchanged == 2
    assert len(names(shelve)) == 6  # only names below this run's datasets can vanish


@posix
def test_hard_links_are_decoded_once_and_all_names_kept(photos: Path, shelve: Path) -> None:
    os.link(photos / "0.jpg", photos / "twin.jpg")
    assert index(photos, shelve).new == 7
    shelves = content(shelve)
    assert ["photos/0.jpg", "photos/twin.jpg"] in shelves.values()


@pytest.mark.parametrize("links", [False, True])
@posix
def test_links_are_followed_only_when_asked(photos: Path, shelve: Path, links: bool) -> None:
    (photos / "link.jpg").symlink_to("0.jpg")
    (photos / "loop").symlink_to(".")
    found = index(photos, shelve, Settings(follow_symlinks=links))
    assert found.new == 6 + links
    assert ("photos/link.jpg" in names(shelve)) == links


def test_excluded_pictures_leave_the_shelf_without_alarm(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    found = index(photos, shelve, Settings(exclude=("[0-3].jpg",)))
    assert found.vanished == 4
    assert names(shelve) == ["photos/trip/4.jpg", "photos/trip/5.jpg"]


def test_a_dataset_that_lost_most_of_its_pictures_changes_nothing(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index(photos, shelve)
    before = shelve.read_bytes()
    shutil.rmtree(photos)
    photos.mkdir()
    drawn(77).save(photos / "new.jpg")
    assert run(photos, shelve) == 1
    assert "6 of the 6 pictures known below" in capsys.readouterr().err
    assert shelve.read_bytes() == before
    assert run(photos, shelve, "--allow-vanished") == 0
    assert names(shelve) == ["photos/new.jpg"]


def test_rebuild_reads_every_picture_again(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    before = content(shelve)
    assert index(photos, shelve, Settings(rebuild=True)).new == 6
    assert content(shelve) == before


def test_recipes_do_not_mix(photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(photos, shelve)
    before = shelve.read_bytes()
    assert run(photos, shelve, "--full-decode") == 1
    assert "--rebuild" in capsys.readouterr().err
    assert shelve.read_bytes() == before
    assert run(photos, shelve, "--full-decode", "--rebuild") == 0


@pytest.mark.parametrize("jobs", ["0", "1", "3"])
def test_any_number_of_workers_gives_the_same_shelf(
    photos: Path, shelve: Path, tmp_path: Path, jobs: str
) -> None:
    index(photos, tmp_path / "one.shelve")
    assert run(photos, shelve, "--jobs", jobs) == 0
    assert content(shelve) == content(tmp_path / "one.shelve")


# -- bad input ------------------------------------------------------------------------------------


def _bomb(path: Path) -> None:
    """Write a small file whose header promises 225 million pixels."""
    Image.new("1", (8, 8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 15_000, 15_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


def _truncated(path: Path) -> None:
    drawn(90).save(path)
    path.write_bytes(path.read_bytes()[:-900])


BAD: dict[str, Callable[[Path], object]] = {
    "zero.jpg": lambda path: path.write_bytes(b""),
    "text.jpg": lambda path: path.write_text("hello"),
    "truncated.jpg": _truncated,
    "header-only.png": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"),
    "bomb.png": _bomb,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_skipped_with_its_reason_and_the_rest_goes_on(
    photos: Path, shelve: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    BAD[name](photos / name)
    assert run(photos, shelve, "--show-skipped") == 0
    told = summary(capsys)
    assert "7 pictures seen: 6 new, 0 changed, 0 unchanged, 0 moved, 1 skipped" in told
    assert f"photos/{name}: " in told
    assert "Traceback" not in told
    assert len(names(shelve)) == 6


def test_a_single_pixel_is_a_picture(photos: Path, shelve: Path) -> None:
    Image.new("RGB", (1, 1), "red").save(photos / "dot.png")
    assert index(photos, shelve).new == 7


@posix
def test_what_is_no_regular_file_never_hangs_the_run(photos: Path, shelve: Path) -> None:
    os.mkfifo(photos / "fifo.jpg")
    (photos / "dangling.jpg").symlink_to("nowhere")
    (photos / "self.jpg").symlink_to("self.jpg")
    (photos / "zero.jpg").symlink_to("/dev/zero")
    (photos / "folder.jpg").mkdir()
    for follow in (False, True):
        found = index(photos, shelve, Settings(follow_symlinks=follow, rebuild=True))
        assert found.new == 6
        assert found.skipped == (2 if follow else 1)
        assert found.links >= 2


@posix
def test_odd_names_survive(photos: Path, shelve: Path) -> None:
    odd = [
        b"new\nline.jpg",
        b"'quote\".jpg",
        "\U0001f600.jpg".encode(),
        b"-rf.jpg",
    ]
    if sys.platform != "darwin":  # whose file systems take UTF-8 only
        odd.append(b"\xff\xfe.jpg")
    for number, name in enumerate(odd):
        drawn(200 + number).save(photos / "x.png", "JPEG")
        (photos / "x.png").rename(photos / os.fsdecode(name))
    assert index(photos, shelve).new == 6 + len(odd)
    assert {os.fsencode(name) for name in names(shelve)} >= {b"photos/" + name for name in odd}
    assert index(photos, shelve).unchanged == 6 + len(odd)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_picture_without_permission_is_skipped_and_retried(photos: Path, shelve: Path) -> None:
    (photos / "0.jpg").chmod(0)
    found = index(photos, shelve)
    assert [skip.reason for skip in found.skips] == ["may not be read: permission denied"]
    (photos / "0.jpg").chmod(0o600)
    assert index(photos, shelve).new == 1


@pytest.mark.parametrize(
    ("dataset", "shelf", "word"),
    [
        ("nowhere", "db.shelve", "does not exist"),
        ("photos/0.jpg", "db.shelve", "is a file"),
        ("photos", "nowhere/db.shelve", "nowhere"),
        ("photos", "photos", "folder"),
        ("photos", "photos/0.jpg", "not a shelf"),
    ],
)
def test_a_bad_path_is_one_clear_line(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dataset: str,
    shelf: str,
    word: str,
) -> None:
    before = (photos / "0.jpg").read_bytes()
    assert run(tmp_path / dataset, tmp_path / shelf) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("index.py: ")
    assert told.err.count("\n") == 1
    assert word in told.err
    assert (photos / "0.jpg").read_bytes() == before


def test_an_empty_folder_is_an_answer(
    tmp_path: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", shelve) == 0
    assert "No picture was found." in summary(capsys)


@pytest.mark.parametrize(
    "options", [["--jobs", "-1"], ["--time-limit", "0"], ["--hash", "md5"], ["--nonsense"], []]
)
def test_wrong_usage_exits_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main([*(["--dataset", "x"] if options else []), *options])
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@posix
@pytest.mark.usefixtures("unmeasured")
def test_a_full_disk_is_one_line_and_the_next_run_completes(photos: Path, shelve: Path) -> None:
    index(photos / "trip", shelve)
    before = content(shelve)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000));"
        f"sys.path.insert(0, {str(ROOT)!r}); import index;"
        "raise SystemExit(index.main(sys.argv[1:]))"
    )
    for seed in range(300, 420):
        drawn(seed, (40, 30)).save(photos / f"{seed}.jpg")
    full = subprocess.run(
        [sys.executable, "-c", code, "-d", str(photos), "-s", str(shelve)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1
    assert full.stderr.startswith("index.py: ")
    assert full.stderr.count("\n") == 1
    assert content(shelve).items() >= before.items()
    assert index(photos, shelve).seen == 126


# -- stopping -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for seed in range(400):
        drawn(seed, (900, 700)).save(folder / f"{seed:03}.jpg", quality=70)
    return folder


def started(many: Path, shelve: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "index.py"), "-d", str(many), "-s", str(shelve), "-j", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_it_read_and_the_next_goes_on(
    many: Path, shelve: Path, number: int, status: int
) -> None:
    process = started(many, shelve)
    while not shelve.exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate()
    if process.returncode != 0:  # else the machine was faster than the signal
        assert process.returncode == status
        assert "run again to go on" in err
        assert err.count("\n") == 1
        assert out == ""
    kept = len(names(shelve))
    found = index(many, shelve)
    assert (found.unchanged, found.new) == (kept, 400 - kept)


@posix
def test_a_killed_run_loses_nothing_that_was_committed(many: Path, shelve: Path) -> None:
    committed = False
    for delay in (0.0, 0.1, 0.4, 1.0):
        process = started(many, shelve)
        time.sleep(delay)
        process.kill()
        process.communicate()
        if shelve.exists():
            try:
                names(shelve)  # opens, and is sound
                committed = True
            except ShelfError as exc:  # it was killed within its first transaction, or before
                if committed or "is empty: index.py puts pictures on it" not in str(exc):
                    raise
    index(many, shelve)
    assert len(names(shelve)) == 400
    assert not list(shelve.parent.glob("db.shelve-*"))


def test_two_runs_at_once_lose_nothing(many: Path, shelve: Path) -> None:
    runs = [started(many, shelve), started(many, shelve)]
    for process in runs:
        out, err = process.communicate()
        assert process.returncode == 0, out + err
    assert len(names(shelve)) == 400


def test_a_file_that_its_drive_lists_twice_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.listdir
    (tmp_path / "photos").mkdir()
    for number in range(3):
        drawn(number, (32, 24)).save(tmp_path / "photos" / f"{number}.png")
    monkeypatch.setattr(os, "listdir", lambda folder: 2 * listed(folder))
    index(tmp_path / "photos", tmp_path / "db.shelve")
    monkeypatch.undo()
    again = index(tmp_path / "photos", tmp_path / "db.shelve")
    assert (again.pictures, again.unchanged, again.new) == (3, 3, 0)
