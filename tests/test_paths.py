"""How a folder is spelled and a long path opened on Windows and macOS, tried on any system."""

from __future__ import annotations

import ntpath
import os
import posixpath
from pathlib import Path
from types import ModuleType

import pytest

from imageshelf.indexing.run import index
from imageshelf.searching.search import SearchOptions, search
from imageshelf.shelf import names
from imageshelf.system import paths
from imageshelf.system.walking import Walk

NFC, NFD = "caf\xe9", "cafe\u0301"
DISK = {
    "/": ["Photos", "other"],
    "/Photos": [NFD, "Stra\xdfe", "a", "A"],
    f"/Photos/{NFD}": ["Trip"],
    "C:\\": ["Photos"],
    "C:\\Photos": ["Trip"],
    "\\\\nas\\share\\": ["Photos"],
}


def listed(folder: str) -> list[str]:
    if folder not in DISK:
        raise FileNotFoundError(folder)
    return DISK[folder]


@pytest.mark.parametrize(
    ("flavour", "typed", "found"),
    [
        (posixpath, "/photos", "/Photos"),
        (posixpath, f"/photos/{NFC}/trip", f"/Photos/{NFD}/Trip"),
        (posixpath, f"/Photos/{NFD.upper()}", f"/Photos/{NFD}"),
        (posixpath, "/Photos/STRASSE", "/Photos/Stra\xdfe"),
        (posixpath, "/Photos/a", "/Photos/a"),  # a disk that does tell case apart
        (posixpath, "/Photos/A", "/Photos/A"),
        (posixpath, "/nowhere/At/all", "/nowhere/At/all"),
        (posixpath, "/", "/"),
        (ntpath, "c:\\PHOTOS\\trip", "c:\\PHOTOS\\trip"),  # the drive is not listed that way
        (ntpath, "C:\\PHOTOS\\trip", "C:\\Photos\\Trip"),
        (ntpath, "\\\\nas\\share\\photos", "\\\\nas\\share\\Photos"),
    ],
)
def test_a_folder_is_spelled_as_its_disk_does(flavour: ModuleType, typed: str, found: str) -> None:
    assert paths.spelled(typed, listed, flavour) == found


@pytest.mark.parametrize(
    ("path", "opened"),
    [
        ("C:\\a", "C:\\a"),
        ("C:\\" + "a" * 240, "\\\\?\\C:\\" + "a" * 240),
        ("\\\\nas\\photos\\" + "a" * 240, "\\\\?\\UNC\\nas\\photos\\" + "a" * 240),
        ("\\\\?\\C:\\" + "a" * 240, "\\\\?\\C:\\" + "a" * 240),
        ("photos\\" + "a" * 240, "photos\\" + "a" * 240),  # the prefix is for absolute paths
    ],
)
def test_a_long_path_is_opened_with_the_prefix_and_named_without(path: str, opened: str) -> None:
    assert paths.extended(path) == opened
    assert names.name_of(opened, "D:\\", ntpath) == names.name_of(path, "D:\\", ntpath)


def test_windows_opens_long_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_WINDOWS", True)
    assert names.native("C:\\" + "a" * 300) == "\\\\?\\C:\\" + "a" * 300
    assert Walk("C:\\photos", b"").root == "\\\\?\\C:\\photos" or os.name == "posix"


@pytest.mark.skipif(os.name != "posix", reason="a link stands in for a disk that ignores case")
def test_two_spellings_of_a_folder_are_one_folder(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(path: str) -> list[str]:
        """Give what such a disk would: it finds PHOTOS and lists photos."""
        return [name for name in os.listdir(path) if name != "PHOTOS"]

    (tmp_path / "PHOTOS").symlink_to("photos")
    monkeypatch.setattr(paths, "CASE_SENSITIVE", False)
    monkeypatch.setattr(paths.spelled, "__defaults__", (listed, os.path))
    shelve = tmp_path / "db.shelve"
    assert index(photos, shelve).new == 6
    assert index(tmp_path / "PHOTOS", shelve).unchanged == 6
    question = SearchOptions(below=(str(tmp_path / "PHOTOS"),))
    assert search(photos / "0.jpg", shelve, question)[0].path == str(photos / "0.jpg")
