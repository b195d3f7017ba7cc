"""A disk that is full: one clear line, nothing old is lost, and the next run completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.indexing.run import index
from imageshelf.shelf import ShelfError, open_shelf
from tests.conftest import ROOT, drawn

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE or tmpfs"),
    pytest.mark.usefixtures("unmeasured"),
]

LIMITED = """
import resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
import index
raise SystemExit(index.main(sys.argv[2:]))
"""
MANY = 150


@pytest.fixture
def crowded(photos: Path) -> Path:
    """Six pictures that are on a shelf already, and 150 more that are not."""
    index(photos, photos.parent / "db.shelve")
    for seed in range(300, 300 + MANY):
        drawn(seed, (40, 30)).save(photos / f"{seed}.jpg")
    return photos


def limited(photos: Path, shelve: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """Index where no file may grow beyond so many bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), "-d", str(photos), "-s", str(shelve)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def content(shelve: Path) -> dict[str, list[str]]:
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return dict(shelf)


def one_line(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("index.py: ")
    assert done.stderr.count("\n") == 1
    assert "full" in done.stderr
    assert done.stdout == ""


def sizes(count: int, first: int, last: int) -> list[int]:
    return [first + (last - first) * n // (count - 1) for n in range(count)]


def fill_up(photos: Path, count: int) -> None:
    """Run into each of so many limits, from no room at all to almost enough."""
    shelve = photos.parent / "db.shelve"
    kept = shelve.read_bytes()
    before = content(shelve)
    index(photos, shelve)
    complete, enough = content(shelve), shelve.stat().st_size
    for limit in sizes(count, 0, enough - 4096):
        shelve.write_bytes(kept)
        done = limited(photos, shelve, limit)
        one_line(done)
        assert all(set(names) <= set(content(shelve)[key]) for key, names in before.items())
        assert index(photos, shelve).seen == 6 + MANY
        assert content(shelve) == complete
        assert sorted(os.listdir(photos.parent)) == ["db.shelve", "photos"]


def test_no_size_of_a_full_disk_loses_anything(crowded: Path) -> None:
    fill_up(crowded, 4)


@pytest.mark.stress
def test_none_of_twenty_sizes_of_a_full_disk_loses_anything(crowded: Path) -> None:
    fill_up(crowded, 20)


@pytest.mark.parametrize("limit", [0, 512, 20_000])
def test_a_shelf_that_cannot_even_begin_is_one_line(
    photos: Path, tmp_path: Path, limit: int
) -> None:
    shelve = tmp_path / "db.shelve"
    one_line(limited(photos, shelve, limit))
    if shelve.exists() and shelve.stat().st_size:
        with open_shelf(shelve) as shelf:
            assert shelf.check() == []
    else:
        with pytest.raises(ShelfError):
            open_shelf(shelve)
    assert index(photos, shelve).new == 6
    assert len(content(shelve)) == 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_small_file_system_that_fills_up_loses_nothing(small_disk: Path, photos: Path) -> None:
    shelve = small_disk / "db.shelve"
    index(photos, shelve)
    before = content(shelve)
    for seed in range(300, 300 + MANY):
        drawn(seed, (40, 30)).save(photos / f"{seed}.jpg")
    with open(small_disk / "ballast", "wb") as file:
        file.write(bytes(small_disk_room(small_disk) - 24 * 1024))
    done = subprocess.run(
        [sys.executable, str(ROOT / "index.py"), "-d", str(photos), "-s", str(shelve)],
        capture_output=True,
        text=True,
        check=False,
    )
    one_line(done)
    assert content(shelve) == before
    (small_disk / "ballast").unlink()
    assert index(photos, shelve).new == MANY
    assert len(os.listdir(small_disk)) == 1


def small_disk_room(folder: Path) -> int:
    free = os.statvfs(folder)
    return free.f_bavail * free.f_frsize
