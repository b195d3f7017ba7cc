"""Pictures that were not met: moved, gone, or out of reach."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imageshelf.indexing import moved_and_gone
from imageshelf.indexing.comparison import OTHER, PICTURE, Known
from imageshelf.indexing.file_list import FileList

HERE = 7  # a device


def known(
    name: str, size: int = 1, mtime: int = 1, device: int = HERE, state: int = PICTURE
) -> Known:
    return Known(name.encode(), size, mtime, device, state)


def arrived(*files: tuple[str, int, int]) -> FileList:
    listed = FileList()
    for name, size, mtime in files:
        listed.append(name.encode(), size, mtime)
    return listed


def below(root: Path) -> Callable[[bytes], str]:
    return lambda name: os.path.join(root, os.fsdecode(name))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([known("a/x.jpg")], [("b/x.jpg", 1, 1)], {("a/x.jpg", "b/x.jpg")}),
        ([known("a/x.jpg")], [("b/x.jpg", 2, 1)], set()),
        ([known("a/x.jpg")], [("b/x.jpg", 1, 2)], set()),
        ([known("a/x.jpg")], [("a/y.jpg", 1, 1)], set()),  # another name, another inode
        ([known("a/x.jpg", state=OTHER)], [("b/x.jpg", 1, 1)], set()),
        ([known("a/x.jpg"), known("c/x.jpg")], [("b/x.jpg", 1, 1)], set()),
        ([known("a/x.jpg")], [("b/x.jpg", 1, 1), ("c/x.jpg", 1, 1)], set()),
        (
            [known("a/x.jpg"), known("a/y.jpg")],
            [("b/x.jpg", 1, 1), ("b/y.jpg", 1, 1)],
            {("a/x.jpg", "b/x.jpg"), ("a/y.jpg", "b/y.jpg")},
        ),
    ],
)
def test_a_move_needs_one_candidate_with_the_same_stamp_and_base_name(
    tmp_path: Path,
    before: list[Known],
    now: list[tuple[str, int, int]],
    expected: set[tuple[str, str]],
) -> None:
    found = moved_and_gone.moves(before, arrived(*now), lambda _: 0, below(tmp_path))
    assert {(old.decode(), new.decode()) for old, new in found} == expected


def test_a_renamed_picture_is_known_by_its_inode(tmp_path: Path) -> None:
    (tmp_path / "new.jpg").write_bytes(b"x")
    inode = (tmp_path / "new.jpg").stat().st_ino
    found = moved_and_gone.moves(
        [known("old.jpg")], arrived(("new.jpg", 1, 1)), lambda _: inode, below(tmp_path)
    )
    assert found == [(b"old.jpg", b"new.jpg")]


@pytest.mark.parametrize(
    ("device", "renumbered", "unlisted", "leaves"),
    [
        ("here", set(), [], True),
        ("elsewhere", set(), [], False),  # its drive is not mounted
        ("elsewhere", {("elsewhere", "here")}, [], True),  # numbered anew after a restart
        ("here", set(), [b"trip/"], False),
        ("here", set(), [b"tri/"], True),
    ],
)
def test_a_picture_leaves_only_when_its_folder_was_looked_into(
    tmp_path: Path,
    device: str,
    renumbered: set[tuple[str, str]],
    unlisted: list[bytes],
    leaves: bool,
) -> None:
    number = {"here": tmp_path.stat().st_dev, "elsewhere": tmp_path.stat().st_dev + 1}
    lost = [known("trip/day one/x.jpg", device=number[device])]
    pairs = {(number[a], number[b]) for a, b in renumbered}
    assert moved_and_gone.gone(lost, unlisted, pairs, below(tmp_path)) == (lost if leaves else [])
