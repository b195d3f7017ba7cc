"""Opening files where the system lacks what POSIX has."""

from __future__ import annotations

import io
import os
import runpy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imageshelf.system import files
from imageshelf.system.files import (
    UnreadableImage,
    content,
    hole_bytes,
    open_descriptor,
    open_regular,
)

POSIX_ONLY = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")


def test_without_the_flags_of_posix_files_are_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in POSIX_ONLY:
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "O_BINARY", 1 << 30, raising=False)
    flags = runpy.run_path(files.__file__)["OPEN_FLAGS"]
    assert flags == os.O_RDONLY | 1 << 30
    monkeypatch.setattr(files, "OPEN_FLAGS", os.O_RDONLY)
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


class TestContent:
    """A small file is read at once; everything about it is as if it were read bit by bit."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.binary(max_size=64), limit=st.integers(0, 64))
    def test_it_is_what_a_stream_gives(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, limit: int
    ) -> None:
        (tmp_path / "file").write_bytes(data)
        monkeypatch.setattr(files, "SINGLE_READ_BYTES", limit)
        descriptor, status = open_descriptor(str(tmp_path / "file"))
        try:
            with content(descriptor, status.st_size) as stream:
                assert isinstance(stream, io.BytesIO) == (len(data) <= limit)
                assert stream.read(3) == data[:3]
                assert stream.seek(0, os.SEEK_END) == len(data)
                assert stream.seek(0) == 0
                assert stream.read() == data
            os.fstat(descriptor)  # still open: whoever opened it looks for changes
        finally:
            os.close(descriptor)

    def test_a_file_that_has_grown_or_shrunk_is_read_as_it_is_now(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"longer than expected")
        for size_bytes in (0, 6, 4096):
            descriptor, _ = open_descriptor(str(tmp_path / "file"))
            with content(descriptor, size_bytes) as stream:
                assert stream.read() == b"longer than expected"
            os.close(descriptor)

    def test_what_comes_in_pieces_is_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_bytes(b"a remote drive gives some of it")
        read = os.read
        monkeypatch.setattr(os, "read", lambda descriptor, number: read(descriptor, min(number, 5)))
        descriptor, status = open_descriptor(str(tmp_path / "file"))
        with content(descriptor, status.st_size) as stream:
            assert stream.read() == b"a remote drive gives some of it"
        os.close(descriptor)
