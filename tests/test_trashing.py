"""Where systems keep their trash. The rules are tested as such; the Finder and Windows not run."""

from __future__ import annotations

import ntpath
import os
import posixpath
import sys
from pathlib import Path
from types import ModuleType

import pytest

from imageshelf.cleanup import trash
from imageshelf.system.files import stamp


@pytest.mark.parametrize("homes", [["", "/h/Trash"], ["/h/Trash", "/h/Trash"]])
def test_freedesktop_has_one_trash_at_home_and_two_on_a_volume(homes: list[str]) -> None:
    expected = ["/h/Trash/files", "/mnt/.Trash/7/files", "/mnt/.Trash-7/files"]
    assert trash.in_freedesktop("/mnt", 7, homes) == expected


def test_the_finder_has_one_trash_at_home_and_one_on_a_volume() -> None:
    expected = ["/Users/me/.Trash", "/Volumes/stick/.Trashes/501"]
    assert trash.in_the_finder("/Volumes/stick", 501, "/Users/me") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\photos\\a.jpg", "C:\\$Recycle.Bin"),
        ("d:/photos/a.jpg", "d:\\$Recycle.Bin"),
        ("\\\\server\\share\\a.jpg", "\\\\server\\share\\$Recycle.Bin"),
    ],
)
def test_each_drive_has_its_recycle_bin(path: str, expected: str) -> None:
    assert trash.bin_of_drive(path) == expected


@pytest.mark.parametrize(
    ("place", "flavour", "note"),
    [
        ("/t/files/a.jpg", posixpath, "/t/info/a.jpg.trashinfo"),
        ("/Users/me/.Trash/a.jpg", posixpath, ""),
        ("/Users/me/.Trash/$Ra.jpg", posixpath, ""),
        ("C:\\$Recycle.Bin\\S-1-5\\$R4X7.jpg", ntpath, "C:\\$Recycle.Bin\\S-1-5\\$I4X7.jpg"),
        ("C:\\$RECYCLE.BIN\\S-1-5\\$R4X7.jpg", ntpath, "C:\\$RECYCLE.BIN\\S-1-5\\$I4X7.jpg"),
        ("C:\\$Recycle.Bin\\S-1-5\\a.jpg", ntpath, ""),
    ],
)
def test_the_note_beside_a_file_in_the_trash_is_known(
    place: str, flavour: ModuleType, note: str
) -> None:
    assert trash.note_of(place, flavour) == note


def test_a_file_is_found_by_what_it_is_and_not_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "folders", lambda _: [str(tmp_path / "none"), str(tmp_path)])
    file = tmp_path / "a.2.jpg"
    file.write_text("mine")
    (tmp_path / "a.jpg").write_text("another's")
    known = stamp(file.stat())
    assert trash.find("/photos/a.jpg", known) == str(file)
    assert trash.find("/photos/a.jpg", known._replace(mtime_ns=0)) == ""
    assert trash.find("/photos/a.jpg", known._replace(inode=0)) == ""


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the freedesktop trash")
def test_a_note_goes_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "info").mkdir()
    note = tmp_path / "info" / "a.jpg.trashinfo"
    note.write_text("[Trash Info]")
    trash.forget(os.fspath(tmp_path / "files" / "a.jpg"))
    assert not note.exists()
    trash.forget(os.fspath(tmp_path / "files" / "a.jpg"))  # has none any more
