"""Walking a folder: every file once, in order, and what is passed over."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.system import discarded, walking
from imageshelf.system.walking import Walk
from tests.conftest import tree

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX names and links")


@pytest.fixture(scope="module", autouse=True, params=["by name", "by path", "few at a time"])
def _way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep folders open or not; expect plain files only, or look closely at once."""
    ways: dict[str, dict[str, int]] = {
        "by name": {},
        "by path": {"OPEN_DEPTH": 0},
        "few at a time": {
            "RUN_FILES": 2,
            "LISTING_ENTRIES": 2,
            "OPEN_DEPTH": 2,
            "LEAF_LINKS": sys.maxsize,
        },
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ways[request.param].items():
            patch.setattr(walking, name, value)
        yield


def walked(root: Path, **options: object) -> list[str]:
    walk = Walk(str(root), b"", **options)  # type: ignore[arg-type]
    return [os.fsdecode(name) for run in walk for name, _ in run]


def test_names_come_in_bytewise_order_across_folders(tmp_path: Path) -> None:
    names = ["a.jpg", "a/b.jpg", "a/b/c.jpg", "a-b.jpg", "A.jpg", "a/b-c.jpg", "b.jpg", "a.d/x.jpg"]
    assert walked(tree(tmp_path, *names)) == sorted(names, key=str.encode)


@settings(deadline=None)
@given(st.lists(st.text("ab./-", min_size=1, max_size=9), max_size=12))
def test_any_tree_is_walked_in_the_order_of_its_sorted_names(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = set()
        for name in names:
            parts = [part for part in name.split("/") if part and not part.startswith(".")]
            if not parts:
                continue
            try:
                tree(Path(folder), "/".join(parts))
            except OSError:
                continue  # a file where a folder is wanted, or the reverse
            kept.add("/".join(parts))
        assert walked(Path(folder)) == sorted(kept, key=str.encode)


@pytest.mark.parametrize(
    "hidden",
    [".DS_Store", "Thumbs.db", "@eaDir/x.jpg", ".git/x.jpg", "$RECYCLE.BIN/x.jpg", ".x.jpg"],
)
def test_hidden_and_system_files_are_passed_over(tmp_path: Path, hidden: str) -> None:
    assert walked(tree(tmp_path, "a.jpg", f"sub/{hidden}")) == ["a.jpg"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.png", ["a.jpg", "sub/b.jpg"]),
        ("sub", ["a.jpg", "c.png"]),
        ("sub/*.jpg", ["a.jpg", "c.png", "sub/d.png"]),
        ("/a.jpg", ["c.png", "sub/b.jpg", "sub/d.png"]),
        ("nothing", ["a.jpg", "c.png", "sub/b.jpg", "sub/d.png"]),
    ],
)
def test_excluded_names_are_left_out(tmp_path: Path, pattern: str, left: list[str]) -> None:
    tree(tmp_path, "a.jpg", "sub/b.jpg", "c.png", "sub/d.png")
    assert walked(tmp_path, exclude=[pattern]) == left


@posix
def test_links_are_counted_and_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.jpg")
    (tmp_path / "link.jpg").symlink_to("a/x.jpg")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "dangling").symlink_to("nowhere")
    walk = Walk(str(tmp_path), b"")
    assert [name for run in walk for name, _ in run] == [b"a/x.jpg"]
    assert walk.links == 3


@posix
def test_followed_links_that_loop_end(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.jpg")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "me").symlink_to("me")
    (tmp_path / "other.jpg").symlink_to("a/x.jpg")
    assert walked(tmp_path, follow_symlinks=True) == ["a/x.jpg", "other.jpg"]


@posix
def test_a_name_that_is_no_utf8_survives(tmp_path: Path) -> None:
    name = b"\xff\n'.jpg"
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    assert [n for run in Walk(str(tmp_path), b"p/") for n, _ in run] == [b"p/" + name]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_named_as_its_owner(tmp_path: Path) -> None:
    tree(tmp_path, "closed/x.jpg", "open.jpg")
    (tmp_path / "closed").chmod(0)
    walk = Walk(str(tmp_path), b"")
    try:
        assert [name for run in walk for name, _ in run] == [b"open.jpg"]
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert walk.unlisted[0][0] == b"closed/"


def test_a_folder_that_vanishes_during_the_walk_is_named(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.jpg", "b/y.jpg")
    walk = Walk(str(tmp_path), b"")
    runs = iter(walk)
    next(runs)
    (tmp_path / "b" / "y.jpg").unlink()
    (tmp_path / "b").rmdir()
    assert list(runs) == []
    assert walk.unlisted[0][0] == b"b/"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such depth by default")
def test_a_thousand_nested_folders_are_walked_and_a_path_too_long_is_named(tmp_path: Path) -> None:
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1400):
            os.mkdir("abc")
            os.chdir("abc")
        walk = Walk(str(tmp_path), b"")
        assert list(walk) == []
        assert [reason for _, reason in walk.unlisted] == ["File name too long"]
        for _ in range(1400):  # pytest cannot remove what it cannot name
            os.chdir("..")
            os.rmdir("abc")
    finally:
        os.chdir(here)


PARTS = st.sampled_from([b"a", b"a-", b"a.", b"b", b"b\xff", b".c", b"Thumbs.db", b"@eaDir"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map(b"/".join)


def exhaustive(root: bytes) -> list[tuple[bytes, os.stat_result]]:
    """Return what a walk must find, by the plainest means."""
    found = []
    for folder, folders, files in os.walk(root):
        unwanted = {
            one for one in folders + files if one[:1] == b"." or one in walking.SYSTEM_NAMES
        }
        folders[:] = [one for one in folders if one not in unwanted]
        found += [os.path.join(folder, one) for one in files if one not in unwanted]
    plain = [path for path in found if not os.path.islink(path)]
    return sorted((os.path.relpath(path, root), os.lstat(path)) for path in plain)


@posix
@settings(deadline=None)
@given(st.lists(st.tuples(PATHS, st.sampled_from(["file", "folder", "link", "pipe"])), max_size=12))
def test_a_walk_finds_what_an_exhaustive_one_does(entries: list[tuple[bytes, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = os.fsencode(folder)
        for name, kind in entries:
            path = os.path.join(root, name)
            with suppress(OSError):  # it is there, or a file where a folder is wanted
                os.makedirs(path if kind == "folder" else os.path.dirname(path), exist_ok=True)
                if kind == "file":
                    with open(path, "xb") as file:
                        file.write(name)
                elif kind == "link":
                    os.symlink(b"a", path)
                elif kind == "pipe":
                    os.mkfifo(path)
        walk = Walk(folder, b"p/")
        found = [one for run in walk for one in run]
        assert found == [(b"p/" + name, status) for name, status in exhaustive(root)]
        assert walk.unlisted == []


@posix
def test_a_file_that_became_a_folder_during_the_walk_is_walked(tmp_path: Path) -> None:
    tree(tmp_path, *(f"x/{n:03}.jpg" for n in range(2 * walking.RUN_FILES)), "x/a/later.jpg")
    (tmp_path / "x" / "a" / "later.jpg").rename(tmp_path / "later.jpg")
    (tmp_path / "x" / "a").rmdir()
    (tmp_path / "x" / "a").write_bytes(b"")
    runs = iter(Walk(str(tmp_path), b""))
    found = [name for _ in range(2) for name, _ in next(runs)]
    (tmp_path / "x" / "a").unlink()
    (tmp_path / "x" / "a").mkdir()
    (tmp_path / "later.jpg").rename(tmp_path / "x" / "a" / "later.jpg")
    found += [name for run in runs for name, _ in run]
    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert b"x/%03d.jpg" % (2 * walking.RUN_FILES - 1) in found


@posix
def test_an_abandoned_walk_leaves_no_folder_open(tmp_path: Path) -> None:
    tree(tmp_path, "a/b/c.jpg", "a/b/d.jpg")
    before = os.listdir("/dev/fd")
    runs = iter(Walk(str(tmp_path), b""))
    next(runs)
    runs.close()
    assert len(os.listdir("/dev/fd")) == len(before)


def test_recycle_bins_snapshots_and_marked_folders_are_passed_over_and_told(tmp_path: Path) -> None:
    discarded_names = ["@Recycle", "#recycle", "#snapshot", ".Trash-1000", ".zfs", "$RECYCLE.BIN"]
    tree(tmp_path, *(f"nas/{name}/deep/a.jpg" for name in discarded_names), "nas/2019/a.jpg")
    tree(tmp_path, "nas/2019-05-06-070809.backup/a.jpg", "@GMT-2024.01.01-00.00.00/a.jpg")
    for folder in ("flat", "nas/deep"):
        tree(tmp_path, f"{folder}/a.jpg", f"{folder}/b.jpg")
        discarded.mark(str(tmp_path / folder), "/home/me/db.shelve", 3)
    tree(tmp_path, "nas/deep/er/a.jpg", "nas/not a #snapshot/a.jpg")
    walk = Walk(str(tmp_path), b"p/")
    met = [name for run in walk for name, _ in run]
    assert met == [b"p/nas/2019/a.jpg", b"p/nas/not a #snapshot/a.jpg"]
    kinds = dict(walk.passed_over)
    assert len(walk.passed_over) == len(kinds) == len(discarded_names) + 4
    assert kinds[b"p/flat/"] == kinds[b"p/nas/deep/"] == "set-aside folder"
    assert kinds[b"p/nas/#recycle/"] == "recycle bin"
    assert kinds[b"p/nas/2019-05-06-070809.backup/"] == "snapshot folder"


def test_a_root_is_walked_whatever_its_name(tmp_path: Path) -> None:
    assert walked(tree(tmp_path / "@Recycle", "a.jpg", "#snapshot/b.jpg")) == ["a.jpg"]


def test_a_file_may_have_the_name_of_a_recycle_bin(tmp_path: Path) -> None:
    tree(tmp_path, "recycled", "@recycle", "d/a.jpg")
    assert walked(tmp_path) == ["@recycle", "d/a.jpg", "recycled"]
