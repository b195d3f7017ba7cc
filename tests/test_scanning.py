"""Walking a dataset and comparing it with what the shelf remembers."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf import scanning
from imageshelf.scanning import FileList, Survey, Walk

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX names and links")


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def walked(root: Path, **options: object) -> list[str]:
    walk = Walk(str(root), b"", **options)  # type: ignore[arg-type]
    return [os.fsdecode(name) for run in walk for name, _ in run]


def test_names_come_in_bytewise_order_across_folders(tmp_path: Path) -> None:
    names = ["a.jpg", "a/b.jpg", "a/b/c.jpg", "a-b.jpg", "A.jpg", "a/b-c.jpg", "b.jpg", "a.d/x.jpg"]
    assert walked(tree(tmp_path, *names)) == sorted(names, key=str.encode)


@given(st.lists(st.text("ab./-", min_size=1, max_size=9), max_size=12))
def test_any_tree_is_walked_in_the_order_of_its_sorted_names(names: list[str]) -> None:
    import tempfile  # noqa: PLC0415 - tmp_path is one folder for all examples

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


# -- comparing ------------------------------------------------------------------------------------


def remembered(root: Path, state: int = 0) -> list[tuple[bytes, int, int, int, int]]:
    walk = Walk(str(root), b"")
    return [(name, s.st_size, s.st_mtime_ns, s.st_dev, state) for run in walk for name, s in run]


def compared(root: Path, known: list[tuple[bytes, int, int, int, int]]) -> Survey:
    def in_pieces() -> Iterator[list[tuple[bytes, int, int, int, int]]]:
        for at in range(0, len(known), 2):
            yield known[at : at + 2]

    survey = Survey()
    scanning.compare(Walk(str(root), b""), in_pieces(), survey)
    return survey


def test_new_changed_unchanged_and_vanished_files_are_told_apart(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg", "b/c.jpg", "d.jpg", "e.jpg")
    known = remembered(tmp_path)
    tree(tmp_path, "a0.jpg", "z.jpg")
    (tmp_path / "b" / "c.jpg").write_bytes(b"longer than before")
    (tmp_path / "d.jpg").unlink()
    survey = compared(tmp_path, known)
    assert (survey.new, survey.changed, survey.same) == (2, 1, 2)
    assert [name for name, _, _ in survey.to_read] == [b"a0.jpg", b"b/c.jpg", b"z.jpg"]
    assert [known.name for known in survey.vanished] == [b"d.jpg"]


def test_a_changed_time_alone_is_a_change(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    known = remembered(tmp_path)
    os.utime(tmp_path / "a.jpg", ns=(1, known[0][2] + 1))
    assert compared(tmp_path, known).changed == 1


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (scanning.PICTURE, "same"),
        (scanning.OTHER, "others"),
        (scanning.RETRY, "retried"),
    ],
)
def test_what_is_remembered_is_counted_by_its_state(tmp_path: Path, state: int, count: str) -> None:
    tree(tmp_path, "a.jpg")
    survey = compared(tmp_path, remembered(tmp_path, state))
    assert getattr(survey, count) == 1
    assert len(survey.to_read) == (state == scanning.RETRY)


def test_a_remembered_skip_is_named_again(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    survey = compared(tmp_path, remembered(tmp_path, scanning.SKIPPED))
    assert survey.still_skipped == [b"a.jpg"]
    assert len(survey.to_read) == 0


@posix
def test_one_inode_with_two_names_is_read_once(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    os.link(tmp_path / "a.jpg", tmp_path / "b.jpg")
    survey = compared(tmp_path, [])
    assert [name for name, _, _ in survey.to_read] == [b"a.jpg"]
    assert survey.twins == {b"a.jpg": [b"b.jpg"]}
    assert survey.new == 2


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=9), st.integers(0, 2**62), st.integers(-(2**62), 2**62)
        )
    )
)
def test_a_file_list_gives_back_what_was_put_in(files: list[tuple[bytes, int, int]]) -> None:
    files = [(name.replace(b"\0", b"x"), size, mtime) for name, size, mtime in files]
    listed = FileList()
    for file in files:
        listed.append(*file)
    assert list(listed) == files
    assert len(listed) == len(files)


@pytest.mark.parametrize("what", ["missing", "file"])
def test_a_dataset_that_is_no_folder_is_refused(tmp_path: Path, what: str) -> None:
    tree(tmp_path, "file")
    with pytest.raises(scanning.DatasetError, match=what):
        scanning.check_dataset(str(tmp_path / what))
