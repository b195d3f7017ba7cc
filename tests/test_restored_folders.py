"""Folders that came back from a backup: each file has its size, time, bytes, and another inode."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from imageshelf import Settings, index
from imageshelf.__main__ import main
from imageshelf.cleanup import moving
from tests.cleaning import copies, indexed, keep_trash_in, tree
from tests.conftest import drawn

Output = pytest.CaptureFixture[str]
EVERY_KIND = "--kind=identical-bytes,identical-pixels,turned,near"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of each kind, on a shelf."""
    keep_trash_in(tmp_path / "db.shelve-data", monkeypatch)
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"photos/a.jpg": 1, "photos/trip/a copy.jpg": "photos/a.jpg"})
    drawn(2, (48, 36)).save("photos/b.jpg")
    with Image.open("photos/b.jpg") as picture:
        picture.save("photos/b.png")
    drawn(3, (480, 360)).save("photos/c.jpg", quality=95)
    drawn(3, (240, 180)).save("photos/c small.jpg", quality=90)
    drawn(4, (480, 360)).save("photos/d.jpg", quality=95)
    drawn(4, (480, 360)).transpose(Image.Transpose.ROTATE_90).resize((180, 240)).save(
        "photos/d turned.jpg"
    )
    indexed(tmp_path, "photos")
    return tmp_path


def put_away(folder: Path) -> Path:
    """Move a folder out of the way, where its inodes stay in use."""
    away = tempfile.mkdtemp(dir=folder.parent.parent)
    return folder.rename(Path(away, folder.name))


def restored(folder: Path) -> None:
    """Replace a folder by a copy with all times, as `cp -a` makes it; hard links stay links."""
    away = put_away(folder)
    linked: dict[int, str] = {}

    def copy(source: str, target: str) -> None:
        number = os.stat(source).st_ino
        if number in linked:
            os.link(linked[number], target)
        else:
            linked[number] = shutil.copy2(source, target)

    shutil.copytree(away, folder, copy_function=copy)


def restored_without_links(folder: Path) -> None:
    """Replace a folder by a copy with all times, in which each name is a file of its own."""
    shutil.copytree(put_away(folder), folder)


def pictures(home: Path) -> set[str]:
    return {name for name in tree(home) if name.startswith("photos/") and name[-4:-3] == "."}


@pytest.mark.parametrize("action", ["--set-aside", "--trash", "--delete"])
def test_copies_of_every_kind_go_and_come_back(home: Path, action: str, capsys: Output) -> None:
    restored(home / "photos")
    before = tree(home)
    assert index("photos", "db.shelve", Settings(jobs=0)).unchanged == 8
    said = ["--yes"] if action == "--delete" else []
    run = main(["clean", EVERY_KIND, action, *said, "--apply", "-j", "0"])
    assert (run, len(pictures(home))) == (0, 4), capsys.readouterr()
    assert main(["undo"]) == (1 if action == "--delete" else 0)
    assert (tree(home) == before) == (action != "--delete")


@pytest.mark.parametrize("again", [restored, restored_without_links])
def test_a_hard_link_is_undone(home: Path, again: Callable[[Path], None], capsys: Output) -> None:
    restored(home / "photos")
    os.utime("photos/a.jpg", ns=(1, 10**18))
    os.utime("photos/trip/a copy.jpg", ns=(1, 2 * 10**18))
    Path("photos/trip/a copy.jpg").chmod(0o640)
    index("photos", "db.shelve", Settings(jobs=0))
    before = tree(home)
    assert main(["clean", "--hardlink", "--apply", "-j", "0"]) == 0, capsys.readouterr()
    assert tree(home) != before
    again(home / "photos")
    assert main(["undo"]) == 0
    assert tree(home) == before
    assert os.stat("photos/a.jpg").st_nlink == 1


@pytest.mark.parametrize("again", [restored, restored_without_links])
def test_a_linked_copy_that_changed_is_not_undone(
    home: Path, again: Callable[[Path], None], capsys: Output
) -> None:
    assert main(["clean", "--hardlink", "--apply", "-j", "0"]) == 0
    again(home / "photos")
    path = Path("photos/trip/a copy.jpg")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes()[:-2] + b"\0\0")
    os.utime(path, ns=times)
    before = tree(home)
    assert main(["undo"]) == 1
    assert "has changed since it became a hard link" in capsys.readouterr().out
    assert tree(home) == before


def other_of_that_size_and_time(path: Path, seed: int) -> None:
    """Put another picture in a file's place, padded to its size, with its time."""
    status = path.stat()
    other = path.with_suffix(".other")
    drawn(seed, (48, 36)).save(other, "JPEG", quality=5)
    padded = other.read_bytes().ljust(status.st_size, b"\0")
    assert len(padded) == status.st_size
    other.write_bytes(padded)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    "pair",
    [
        ("photos/a.jpg", "photos/trip/a copy.jpg"),
        ("photos/b.png", "photos/b.jpg"),
        ("photos/c.jpg", "photos/c small.jpg"),
        ("photos/d.jpg", "photos/d turned.jpg"),
    ],
)
def test_another_file_of_that_size_and_time_is_seen(
    home: Path, pair: tuple[str, str], side: int, capsys: Output
) -> None:
    assert main(["clean", EVERY_KIND, "-j", "0"]) == 0  # what is learned now stays on the shelf
    restored(home / "photos")
    other_of_that_size_and_time(home / pair[side], 99)
    main(["clean", EVERY_KIND, "--apply", "-j", "0"])
    assert {pair[0], pair[1]} <= pictures(home), capsys.readouterr()
    assert len(pictures(home)) == 5


def selected(*groups: tuple[str, str]) -> int:
    chosen = [{"keep": [keep], "set_aside": [aside]} for keep, aside in groups]
    document = {"imageshelf_selection": 1, "shelf": "db.shelve", "groups": chosen}
    Path("chosen.json").write_text(json.dumps(document))
    return main(["clean", "--selection", "chosen.json", "--apply", "-j", "0"])


def test_what_was_chosen_goes_if_it_shows_what_was_chosen(home: Path, capsys: Output) -> None:
    restored(home / "photos")
    assert selected(("photos/c.jpg", "photos/c small.jpg"), ("photos/a.jpg", "photos/d.jpg")) == 0
    assert {"photos/c small.jpg", "photos/d.jpg"} & pictures(home) == set(), capsys.readouterr()
    restored(home / "photos")
    restored(home / "db-set-aside")
    assert main(["purge", "--yes", "-j", "0"]) == 0
    assert not (home / "db-set-aside").exists()


@pytest.mark.parametrize("victim", ["photos/a.jpg", "db-set-aside/run-1/photos/d.jpg"])
def test_what_was_chosen_is_not_freed_if_either_shows_something_else(
    home: Path, victim: str, capsys: Output
) -> None:
    assert selected(("photos/a.jpg", "photos/d.jpg")) == 0
    restored(home / "photos")
    restored(home / "db-set-aside")
    other_of_that_size_and_time(home / victim, 99)
    before = tree(home)
    assert main(["purge", "--yes", "-j", "0"]) == 1
    assert "stays: it or the copy to keep is another file now" in capsys.readouterr().out
    assert tree(home) == before


@pytest.mark.parametrize("victim", ["photos/a.jpg", "photos/d.jpg"])
def test_what_was_chosen_stays_if_either_shows_something_else(
    home: Path, victim: str, capsys: Output
) -> None:
    restored(home / "photos")
    other_of_that_size_and_time(home / victim, 99)
    selected(("photos/a.jpg", "photos/d.jpg"))
    assert "was replaced by another file" in capsys.readouterr().out
    assert len(pictures(home)) == 8


def test_what_was_set_aside_is_freed_from_a_restored_folder(home: Path, capsys: Output) -> None:
    assert main(["clean", EVERY_KIND, "--apply", "-j", "0"]) == 0
    restored(home / "photos")
    restored(home / "db-set-aside")
    left = pictures(home)
    assert main(["purge", "--yes", "-j", "0"]) == 0, capsys.readouterr()
    assert not (home / "db-set-aside").exists()
    assert pictures(home) == left


def test_what_was_set_aside_comes_back_from_a_restored_folder(home: Path) -> None:
    before = tree(home)
    assert main(["clean", EVERY_KIND, "--apply", "-j", "0"]) == 0
    restored(home / "photos")
    restored(home / "db-set-aside")
    assert main(["undo"]) == 0
    assert tree(home) == before


def test_a_set_aside_folder_on_another_disk_is_one_sentence(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["clean", "--apply", "-j", "0"]) == 0

    def across(source: str, target: str) -> bool:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)

    before = tree(home)
    with monkeypatch.context() as patch:
        patch.setattr(moving, "renamed", across)
        assert main(["undo"]) == 1
    said = capsys.readouterr().out
    assert "is on another volume than its place; move it to the same one and try again" in said
    assert tree(home) == before
    assert main(["undo"]) == 0


def test_names_of_one_file_that_are_files_of_their_own_now_count_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": 2})
    os.link("photos/a.jpg", "photos/a again.jpg")
    indexed(tmp_path, "photos")
    assert main(["clean", "--apply", "-j", "0"]) == 0
    assert len(pictures(tmp_path)) == 3
    restored_without_links(tmp_path / "photos")
    size = Path("photos/a.jpg").stat().st_size
    capsys.readouterr()
    assert main(["clean", "--format", "json", "-j", "0"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["freed_bytes"] == size
    assert main(["clean", "--apply", "-j", "0"]) == 0
    assert len(pictures(tmp_path)) == 2
