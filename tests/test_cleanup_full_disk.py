"""A clean-up where the disk is full or read-only: one clear line, nothing lost, undo works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.cleanup import planning, undo_run
from imageshelf.cleanup.history import history
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.shelf import open_shelf
from tests.cleaning import copies, indexed, tree
from tests.conftest import ROOT
from tests.test_full_disk import sizes, small_disk, small_disk_room

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE or tmpfs")
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
