"""Opening files where the system lacks what POSIX has."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from imageshelf import opening
from imageshelf.opening import UnreadableImage, hole_bytes, open_regular

POSIX_ONLY = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")


def test_without_the_flags_of_posix_files_are_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in POSIX_ONLY:
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "O_BINARY", 1 << 30, raising=False)
    flags = runpy.run_path(opening.__file__)["OPEN_FLAGS"]
    assert flags == os.O_RDONLY | 1 << 30
    monkeypatch.setattr(opening, "OPEN_FLAGS", os.O_RDONLY)
    (tmp_path / "a.jpg").write_bytes(b"here")
    with open_regular(str(tmp_path / "a.jpg")) as stream:
        assert stream.read() == b"here"
    with pytest.raises((UnreadableImage, OSError)):
        open_regular(str(tmp_path))


def test_without_seek_data_every_byte_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "SEEK_DATA", raising=False)
    (tmp_path / "hole").touch()
    os.truncate(tmp_path / "hole", 1 << 20)
    with open(tmp_path / "hole", "rb") as stream:
        assert hole_bytes(stream) == 0
        assert stream.tell() == 0


def test_a_name_that_no_system_takes_is_unreadable() -> None:
    with pytest.raises(UnreadableImage, match="cannot be opened"):
        open_regular("a\0b")
