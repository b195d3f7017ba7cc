from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imageshelf.cleanup import moving
from imageshelf.cleanup.locks import alone, is_held, lock_file
from imageshelf.cleanup.moving import move, take
from imageshelf.shelf import open_shelf
from imageshelf.system.files import FileChangedError, open_same, stamp

WAYS = ["exclusive rename", "link and unlink"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to move: as this system does, and as one without an exclusive rename."""
    if request.param == "link and unlink":
        monkeypatch.setattr(moving, "_exclusive_rename", lambda: None)
    return str(request.param)


def test_a_file_moves_with_its_inode(way: str, tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("picture")
    inode = a.stat().st_ino
    move(str(a), str(b))
    assert not a.exists()
    assert (b.read_text(), b.stat().st_ino, b.stat().st_nlink) == ("picture", inode, 1)


@pytest.mark.parametrize(
    "occupy",
    [
        lambda path: path.write_text("mine"),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("nowhere"),
    ],
)
def test_nothing_is_ever_overwritten(
    way: str, tmp_path: Path, occupy: Callable[[Path], object]
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("picture")
    occupy(b)
    before = b.lstat()
    with pytest.raises(FileExistsError):
        move(str(a), str(b))
    assert a.read_text() == "picture"
    assert os.path.samestat(b.lstat(), before)


def test_a_move_to_another_volume_is_refused(tmp_path: Path) -> None:
    a, there = tmp_path / "a", Path("/dev/shm")
    a.write_text("picture")
    if not there.is_dir() or there.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second volume")
    with pytest.raises(OSError) as caught:
        move(str(a), str(there / f"imageshelf-test-{os.getpid()}"))
    assert caught.value.errno == errno.EXDEV
    assert a.exists()


def test_another_file_than_was_meant_is_moved_back(way: str, tmp_path: Path) -> None:
    a, b, meant = tmp_path / "a", tmp_path / "b", tmp_path / "meant"
    a.write_text("precious")
    meant.write_text("meant")
    with pytest.raises(FileChangedError, match="was replaced by another file"):
        take(str(a), str(b), meant.stat())
    assert a.read_text() == "precious"
    assert not b.exists()


def test_a_file_that_was_swapped_in_and_cannot_go_back_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, meant = tmp_path / "a", tmp_path / "b", tmp_path / "meant"
    a.write_text("precious")
    meant.write_text("meant")
    real = moving.move

    def occupied(source: str, target: str) -> None:
        real(source, target)
        a.write_text("yet another")
        monkeypatch.setattr(moving, "move", real)

    monkeypatch.setattr(moving, "move", occupied)
    with pytest.raises(FileChangedError, match=str(b)):
        take(str(a), str(b), meant.stat())
    assert (a.read_text(), b.read_text()) == ("yet another", "precious")


def test_only_the_same_regular_file_opens(tmp_path: Path) -> None:
    a = tmp_path / "a"
    a.write_text("picture")
    known = stamp(a.stat())
    os.close(open_same(str(a), known))
    os.close(open_same(str(a), known._replace(inode=0)))  # a file system without inodes
    for other in (
        known._replace(inode=known.inode + 1),
        known._replace(size_bytes=1),
        known._replace(mtime_ns=1),
    ):
        with pytest.raises(FileChangedError):
            open_same(str(a), other)
    with pytest.raises(FileChangedError, match="is not a regular file"):
        open_same(str(tmp_path), known)
    with pytest.raises(FileChangedError, match="cannot be opened"):
        open_same("a\0b", known)
    (tmp_path / "link").symlink_to(a)
    with pytest.raises(FileChangedError, match="is a symbolic link now"):
        open_same(str(tmp_path / "link"), known)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is locked there anyway")
def test_a_picture_that_stays_is_shared_and_one_that_goes_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    one, two, three = (os.open(tmp_path / "a", os.O_RDONLY) for _ in range(3))
    assert lock_file(one, shared=True)
    assert lock_file(two, shared=True)
    assert not lock_file(three, shared=False)
    os.close(one)
    os.close(two)
    assert lock_file(three, shared=False)
    os.close(three)


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_clean_up_has_its_shelf_for_itself_and_leaves_nothing(tmp_path: Path) -> None:
    with open_shelf(tmp_path / "db.shelve", "c") as shelf:
        assert not is_held(shelf)
        with alone(shelf):
            assert is_held(shelf)
            with pytest.raises(KeyboardInterrupt), alone(shelf, interrupt):
                pytest.fail("two are at work")
        assert not is_held(shelf)
    assert os.listdir(tmp_path) == ["db.shelve"]
