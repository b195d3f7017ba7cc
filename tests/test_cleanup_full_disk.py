"""A clean-up where the disk is full or read-only: one clear line, nothing lost, undo works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imageshelf.cleanup import planning, undo_run
from imageshelf.cleanup.history import history
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.pictures.annotated_file import read_sidecar
from imageshelf.pictures.annotations import Annotations
from imageshelf.pictures.xmp import written
from imageshelf.shelf import open_shelf
from tests.cleaning import copies, indexed, tree
from tests.conftest import ROOT
from tests.test_full_disk import sizes, small_disk, small_disk_room

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE or tmpfs"),
    pytest.mark.usefixtures("unmeasured"),
]
__all__ = ["small_disk"]

LIMITED = """
import resource, sys
from imageshelf.cleanup import run
from imageshelf.__main__ import main
run.STEPS_PER_BATCH = 3
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
raise SystemExit(main(sys.argv[2:]))
"""
NUMBER = 40
NO_LIMIT = 10**9


def crowd(folder: Path, number: int = NUMBER) -> Path:
    """Pictures, each with a copy whose long name takes room on the shelf."""
    wanted: dict[str, int | str] = {}
    for n in range(number):
        name = f"photos/{n}.jpg"
        wanted |= {name: n, f"photos/deep/{n} {'copy ' * 30}.jpg": name}
    copies(folder, wanted)
    indexed(folder, "photos")
    return folder


def verb(folder: Path, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("imageshelf: ")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert done.stdout == ""


def put_back(folder: Path) -> int:
    """Undo everything; return how many files came back."""
    back = 0
    with open_shelf(folder / "db.shelve", "w") as shelf:
        while any(past.state != "undone" for past in history(shelf)):
            undone = undo_run.undo(shelf)
            assert not undone.lost
            back += len(undone.back)
        with pytest.raises(UndoError):  # it removes the lock file
            undo_run.undo(shelf)
        assert shelf.check() == []
    return back


@pytest.mark.parametrize("action", ["--set-aside", "--hardlink"])
def test_a_clean_up_on_a_full_disk_loses_nothing(tmp_path: Path, action: str) -> None:
    folder = crowd(tmp_path / "home")
    kept, before = (folder / "db.shelve").read_bytes(), tree(folder)
    arguments = ["clean", action, "--apply", "-j", "0"]
    assert verb(folder, NO_LIMIT, *arguments).returncode == 0
    room = (folder / "db.shelve").stat().st_size
    assert put_back(folder) == NUMBER
    cut_short = 0
    for limit in (0, *sizes(8, len(kept), room - 1)):
        (folder / "db.shelve").write_bytes(kept)
        told = verb(folder, limit, *arguments)
        one_line(told, "full")
        done = tree(folder)
        assert sum(name.endswith(".jpg") for name in done) == 2 * NUMBER
        cut_short += done != before
        assert ("undo 1 takes back" in told.stderr) or done == before
        put_back(folder)
        assert tree(folder) == before
        assert sorted(os.listdir(folder)) == ["db.shelve", "photos"]
    assert cut_short or action == "--hardlink"  # which takes little room: met in the middle


def test_an_undo_without_room_is_finished_when_there_is_some(small_disk: Path) -> None:
    folder = crowd(small_disk, 8)
    before = tree(folder)
    assert verb(folder, NO_LIMIT, "clean", "--hardlink", "--apply", "-j", "0").returncode == 0
    ballast = folder / "db.shelve-ballast"
    with open(ballast, "wb") as file:
        file.write(bytes(small_disk_room(folder) - 32 * 1024))
    done = verb(folder, NO_LIMIT, "undo")
    assert done.returncode == 1
    assert done.stdout.count("stays: No space left on device") > 0 or "full" in done.stderr
    ballast.unlink()
    put_back(folder)
    assert tree(folder) == before


@pytest.fixture
def unwritable(small_disk: Path) -> Iterator[Path]:
    """A shelf and its pictures on a file system that is read-only; a clean-up is on it."""
    folder = copies(small_disk, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    copies(folder, {"photos/c.jpg": 2, "photos/d.jpg": "photos/c.jpg"})
    indexed(folder, "photos")
    assert verb(folder, NO_LIMIT, "clean", "--min-size", "1", "--apply", "-j", "0").returncode == 0
    copies(folder, {"photos/e.jpg": "photos/a.jpg"})
    indexed(folder, "photos")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


def test_a_read_only_shelf_is_one_line_and_nothing_is_touched(unwritable: Path) -> None:
    before = tree(unwritable)
    plan = verb(unwritable, NO_LIMIT, "clean", "-j", "0")
    assert plan.returncode == 0
    assert planning.SET_ASIDE in plan.stdout
    assert verb(unwritable, NO_LIMIT, "history").returncode == 0
    pair = ["photos/a.jpg", "photos/c.jpg"]
    for arguments in (["clean", "--apply"], ["undo"], ["not-duplicates", *pair]):
        one_line(verb(unwritable, NO_LIMIT, *arguments), "cannot be written")
    assert tree(unwritable) == before
    assert sorted(os.listdir(unwritable)) == ["db-set-aside", "db.shelve", "photos"]


# -- taking over and purging ----------------------------------------------------------------------

PAIRS = 6
TAKE_OVER = ("clean", "--take-over", "--prefer", "k", "--apply", "-j", "0")
ROOMS_KB = (0, 8, 16, 32, 64, 96, 140)


def annotated(folder: Path) -> Path:
    """Pictures in one folder, and in another a copy of each whose sidecar has a long caption."""
    for n in range(PAIRS):
        copies(folder, {f"k/{n}.jpg": n, f"copies/{n}.jpg": f"k/{n}.jpg"})
        said = Annotations(rating=1 + n % 5, caption=f"{n} {'long ' * 800}")
        (folder / f"copies/{n}.jpg.xmp").write_bytes(written(said))
    indexed(folder, "k", "copies")
    return folder


@contextmanager
def filled_up(folder: Path, room_kb: int) -> Iterator[None]:
    """Leave so much room on a small disk."""
    ballast = folder / "db.shelve-ballast"
    ballast.write_bytes(bytes(max(0, small_disk_room(folder) - room_kb * 1024)))
    try:
        yield
    finally:
        ballast.unlink()


def told_of_no_room(done: subprocess.CompletedProcess[str]) -> bool:
    said = done.stdout + done.stderr
    assert done.returncode in {0, 1}, said
    assert "Traceback" not in said
    no_room = "No space left on device" in said or "full" in said
    assert no_room == bool(done.returncode)
    return no_room


def test_what_is_taken_over_on_a_full_disk_is_whole_or_not_there(small_disk: Path) -> None:
    folder = annotated(small_disk)
    kept, before = (folder / "db.shelve").read_bytes(), tree(folder)
    outcomes = set()
    for room in ROOMS_KB:
        (folder / "db.shelve").write_bytes(kept)
        with filled_up(folder, room):
            done = verb(folder, NO_LIMIT, *TAKE_OVER)
        outcomes.add(told_of_no_room(done))
        for n in range(PAIRS):
            if not (folder / f"copies/{n}.jpg").exists():
                assert read_sidecar(str(folder / f"k/{n}.jpg.xmp")).caption.startswith(f"{n} long")
        put_back(folder)
        assert tree(folder) == before
    assert outcomes == {True, False}


def test_a_purge_on_a_full_disk_is_finished_when_there_is_room(small_disk: Path) -> None:
    folder = annotated(small_disk)
    outcomes = set()
    for room in ROOMS_KB:
        if not (folder / "db-set-aside").exists():
            assert verb(folder, NO_LIMIT, *TAKE_OVER).returncode == 0
        before = tree(folder)
        with filled_up(folder, room):
            outcomes.add(told_of_no_room(verb(folder, NO_LIMIT, "purge", "--yes", "-j", "0")))
        gone = set(before) - set(tree(folder))
        assert all(name.startswith("db-set-aside") for name in gone)
    assert outcomes == {True, False}
    assert verb(folder, NO_LIMIT, "purge", "--yes", "-j", "0").returncode in {0, 1}
    assert not (folder / "db-set-aside").exists()
    assert sum(name.endswith(".jpg") for name in tree(folder)) == PAIRS
    with open_shelf(folder / "db.shelve") as shelf:
        assert shelf.check() == []


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written in a folder; root must mount it read-only for that."""
    if os.geteuid():
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    bind = ["mount", "--bind", str(folder), str(folder)]
    if subprocess.run(bind, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


REFUSED = re.compile("stays: (Read-only file system|Permission denied)")


def test_copies_stay_where_no_sidecar_can_be_written(tmp_path: Path) -> None:
    folder = annotated(tmp_path / "home")
    before = tree(folder)
    with read_only(folder / "k"):
        done = verb(folder, NO_LIMIT, *TAKE_OVER)
        assert done.returncode == 1
        assert len(REFUSED.findall(done.stdout)) == PAIRS, done.stdout
    put_back(folder)
    assert tree(folder) == before


def test_a_sidecar_that_cannot_be_put_back_is_told_and_comes_back_later(tmp_path: Path) -> None:
    folder = annotated(tmp_path / "home")
    before = tree(folder)
    assert verb(folder, NO_LIMIT, *TAKE_OVER).returncode == 0
    with read_only(folder / "k"):
        done = verb(folder, NO_LIMIT, "undo")
        assert done.returncode == 1
        assert len(REFUSED.findall(done.stdout)) == PAIRS, done.stdout
    put_back(folder)
    assert tree(folder) == before


def test_what_cannot_be_deleted_is_told_and_freed_later(tmp_path: Path) -> None:
    folder = annotated(tmp_path / "home")
    assert verb(folder, NO_LIMIT, *TAKE_OVER).returncode == 0
    before = tree(folder)
    with read_only(folder / "db-set-aside/run-1/copies"):
        done = verb(folder, NO_LIMIT, "purge", "--yes", "-j", "0")
        assert done.returncode == 1
        assert len(REFUSED.findall(done.stdout)) == PAIRS, done.stdout
    assert tree(folder) == before
    assert verb(folder, NO_LIMIT, "purge", "--yes", "-j", "0").returncode == 0
    assert not (folder / "db-set-aside").exists()
    assert {name: what for name, what in before.items() if not name.startswith("db-")} == tree(
        folder
    )
