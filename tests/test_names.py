"""Names on the shelf: the rules of POSIX and of Windows, tried on any system."""

from __future__ import annotations

import ntpath
import os
import posixpath
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.shelf import names

CASES = [
    (posixpath, "/home/me", "/home/me/a.jpg", "a.jpg"),
    (posixpath, "/home/me", "/home/me/trip/a.jpg", "trip/a.jpg"),
    (posixpath, "/home/me", "/home/meg/a.jpg", "/home/meg/a.jpg"),
    (posixpath, "/home/me", "/home/ME/a.jpg", "/home/ME/a.jpg"),
    (posixpath, "/", "/home/a.jpg", "home/a.jpg"),
    (posixpath, "/home/me", "/home/me/back\\slash", "back\\slash"),
    (posixpath, "/home/me", "/home/me/C:/x", "C:/x"),
    (posixpath, "/home/me", "/home/me/-rf \n.jpg", "-rf \n.jpg"),
    (ntpath, "C:\\me", "C:\\me\\a.jpg", "a.jpg"),
    (ntpath, "C:\\me", "C:\\me\\trip\\a.jpg", "trip/a.jpg"),
    (ntpath, "C:\\me", "C:\\other\\a.jpg", "C:/other/a.jpg"),
    (ntpath, "C:\\me", "D:\\me\\a.jpg", "D:/me/a.jpg"),
    (ntpath, "C:\\", "C:\\trip\\a.jpg", "trip/a.jpg"),
    (ntpath, "\\\\nas\\photos", "\\\\nas\\photos\\a.jpg", "a.jpg"),
    (ntpath, "\\\\nas\\photos", "\\\\nas\\other\\a.jpg", "//nas/other/a.jpg"),
    (ntpath, "C:\\me", "\\\\nas\\photos\\a.jpg", "//nas/photos/a.jpg"),
]


@pytest.mark.parametrize(("flavour", "folder", "path", "name"), CASES)
def test_a_path_and_its_name_stand_for_each_other(
    flavour: ModuleType, folder: str, path: str, name: str
) -> None:
    assert names.name_of(path, folder, flavour) == name
    assert names.path_of(name, folder, flavour) == path


@pytest.mark.parametrize(
    ("folder", "path", "name"),
    [
        ("C:\\me", "c:\\ME\\Trip\\a.jpg", "Trip/a.jpg"),  # case is kept, but tells nothing apart
        ("C:\\me", "\\\\?\\C:\\me\\a.jpg", "a.jpg"),
        ("\\\\?\\C:\\me", "C:\\me\\a.jpg", "a.jpg"),
        ("\\\\nas\\photos", "\\\\?\\UNC\\nas\\photos\\a.jpg", "a.jpg"),
        ("C:/me", "C:/me/a.jpg", "a.jpg"),
    ],
)
def test_windows_spells_one_path_in_many_ways(folder: str, path: str, name: str) -> None:
    assert names.name_of(path, folder, ntpath) == name


@pytest.mark.parametrize(
    ("flavour", "folder", "shelf", "expected"),
    [
        (posixpath, "/home/me", "/home/me", [b""]),
        (posixpath, "/home/me/trip", "/home/me", [b"trip/"]),
        (posixpath, "/home/meg", "/home/me", [b"/home/meg/"]),
        (posixpath, "/home", "/home/me", [b"", b"/home/"]),
        (posixpath, "/", "/home/me", [b"", b"/"]),
        (posixpath, "/", "/", [b""]),
        (posixpath, "/home", "/", [b"home/"]),
        (posixpath, "/home/me/\udcff", "/home/me", [b"\xff/"]),
        (ntpath, "c:\\ME", "C:\\me", [b""]),
        (ntpath, "C:\\me\\trip", "C:\\me", [b"trip/"]),
        (ntpath, "C:\\", "C:\\me", [b"", b"C:/"]),
        (ntpath, "D:\\", "C:\\me", [b"D:/"]),
    ],
)
def test_all_names_below_a_folder_begin_alike(
    flavour: ModuleType, folder: str, shelf: str, expected: list[bytes]
) -> None:
    assert names.prefixes_below(folder, shelf, flavour) == expected


@given(st.binary(max_size=20))
def test_every_name_survives_as_text(name: bytes) -> None:
    assert names.to_bytes(names.to_text(name)) == name


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_every_text_has_bytes(text: str) -> None:
    assert isinstance(names.to_bytes(text), bytes)


def test_the_same_holds_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_WINDOWS", True)
    for text in ("caf\xe9", "\ud800", "\udcff", "\U0001f600"):
        assert names.to_text(names.to_bytes(text)) == text
    assert names.to_text(b"\xff") == "\udcff"  # from a shelf that was made elsewhere


def test_a_locale_without_utf8_keeps_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.fsdecode("/caf\xe9".encode())
    monkeypatch.setattr(names, "_NATIVE", False)
    assert names.absolute(path) == "/caf\xe9"
    assert names.native("/caf\xe9") == path
