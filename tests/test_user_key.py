"""The user's key: made once, whole, and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imageshelf.system import user_key
from imageshelf.system.user_key import UserKeyError
from tests.conftest import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder that is not there yet."""
    folder = tmp_path / "deep" / "state"
    monkeypatch.setenv("IMAGESHELF_STATE", str(folder))
    return folder


def test_there_is_none_before_it_is_made(state: Path) -> None:
    assert user_key.read() is None
    assert not state.exists()


def test_it_is_made_once_and_stays(state: Path) -> None:
    key = user_key.make()
    assert len(key) == user_key.KEY_BYTES
    assert user_key.make() == user_key.read() == key
    assert os.listdir(state) == ["key"]


@posix
def test_nobody_else_can_read_it(state: Path) -> None:
    mask = os.umask(0)
    try:
        user_key.make()
    finally:
        os.umask(mask)
    assert (state / "key").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700


MAKE = "from imageshelf.system import user_key; print(user_key.make().hex())"


def test_processes_at_once_get_the_same_key(state: Path) -> None:
    def made(_: int) -> str:
        run = [sys.executable, "-c", MAKE]
        return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(made, range(8)))) == 1
    assert os.listdir(state) == ["key"]


def test_threads_at_once_get_the_same_key_without_hard_links(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(lambda _: user_key.make(), range(64))}) == 1
    assert os.listdir(state) == ["key"]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_that_is_none_is_refused(
    content: bytes, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_key, "_MAKING_S", 0.0)
    user_key.make()
    (state / "key").write_bytes(content)
    with pytest.raises(UserKeyError, match=r"damaged.*IMAGESHELF_STATE"):
        user_key.make()


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, state: Path) -> None:
    user_key.make()
    (state / "key").chmod(mode)
    with pytest.raises(UserKeyError, match="mode 0600"):
        user_key.read()


@posix
@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_what_is_no_file_of_ours_is_refused(kind: str, state: Path, tmp_path: Path) -> None:
    state.mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"x" * 32)
    (tmp_path / "elsewhere").chmod(0o600)
    if kind == "link":
        (state / "key").symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        (state / "key").mkdir()
    else:
        os.mkfifo(state / "key", 0o600)
    with pytest.raises(UserKeyError, match="IMAGESHELF_STATE"):
        user_key.make()


@posix
@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"HOME": "/home/me"}, "/home/me/.local/state/imageshelf"),
        ("linux", {"HOME": "/home/me", "XDG_STATE_HOME": "/var/me"}, "/var/me/imageshelf"),
        ("linux", {"HOME": "/home/me", "XDG_STATE_HOME": "me"}, "/home/me/.local/state/imageshelf"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Application Support/imageshelf"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/imageshelf"),
        ("linux", {"HOME": "/home/me", "IMAGESHELF_STATE": "/other"}, "/other"),
    ],
)
def test_the_folder_is_where_the_system_keeps_state(
    platform: str, environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "LOCALAPPDATA", "IMAGESHELF_STATE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert user_key.state_folder() == folder


def test_without_a_home_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGESHELF_STATE")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UserKeyError, match=r"no home.*IMAGESHELF_STATE"):
        user_key.make()
