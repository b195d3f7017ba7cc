"""The system's viewer: asked for at most ten pictures, and by an argument list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imageshelf.report import viewer

JPEG, PNG = b"\xff\xd8\xff\xe0 and so on", b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been started."""
    commands: list[list[str]] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(viewer, "_command", lambda: "/usr/bin/xdg-open")
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: commands.append(command))
    return commands


def files(folder: Path, number: int) -> list[str]:
    for at in range(number):
        (folder / f"-{at}.jpg").write_bytes(JPEG)
    return [str(folder / f"-{at}.jpg") for at in range(number)]


def test_at_most_ten_are_opened(started: list[list[str]], tmp_path: Path) -> None:
    paths = files(tmp_path, 12)
    assert viewer.open_pictures([*paths, *paths]) == "opened 10, 2 more not opened"
    assert started == [["/usr/bin/xdg-open", path] for path in paths[:10]]


def test_what_is_gone_is_not_opened(started: list[list[str]], tmp_path: Path) -> None:
    (one,) = files(tmp_path, 1)
    assert viewer.open_pictures([str(tmp_path / "gone.jpg"), one]) == "opened 1"
    assert viewer.open_pictures([str(tmp_path / "gone.jpg")]) == "nothing to open"
    assert len(started) == 1


def test_a_name_cannot_be_taken_for_an_option(
    started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    viewer.open_pictures(["-0.jpg"])
    assert started == [["/usr/bin/xdg-open", os.path.join(tmp_path, "-0.jpg")]]


@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ""}, {"DISPLAY": ":0", "PATH": ""}])
def test_without_a_display_or_an_opener_it_says_so(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told: Any = viewer.open_pictures(files(tmp_path, 1))
    assert told == "no viewer to open pictures with: there is no display, or xdg-open is missing"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((f"evil{suffix}", JPEG) for suffix in (".html", ".bat", ".desktop", ".exe", ".hta")),
        *((f"evil{suffix}", JPEG) for suffix in ("", ".", ".jpg.pdf", ".jpg ", ".svg", ".eps")),
        (".jpg", JPEG),
        ("evil.jpg", b"[Desktop Entry]\nExec=evil\n"),
        ("evil.jpg", b"<html><script>"),
        ("evil.png", b"%!PS"),
        ("evil.gif", b"MZ"),
        ("evil.tif", b""),
        ("evil.jpg", None),
    ],
)
def test_what_is_no_picture_by_name_and_content_is_not_handed_over(
    name: str, content: bytes | None, started: list[list[str]], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.mkdir() if content is None else path.write_bytes(content)
    told = viewer.open_pictures([str(path)])
    refused = "1 file not opened: no picture by name and content"
    assert told == ("nothing to open" if content is None else refused)
    good = tmp_path / "good.PNG"
    good.write_bytes(PNG)
    assert viewer.open_pictures([str(path), str(good)]).startswith("opened 1")
    assert started == [["/usr/bin/xdg-open", str(good)]]


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_is_handed_over_only_to_a_picture_with_a_pictures_name(
    started: list[list[str]], tmp_path: Path
) -> None:
    (tmp_path / "evil.desktop").write_bytes(JPEG)
    (tmp_path / "link.jpg").symlink_to("evil.desktop")
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "good.jpg").symlink_to("-0.jpg")
    files(tmp_path, 1)
    names = ["link.jpg", "fifo.jpg", "good.jpg"]
    told = viewer.open_pictures([str(tmp_path / name) for name in names])
    assert told == "opened 1; 1 file not opened: no picture by name and content"
    assert started == [["/usr/bin/xdg-open", str(tmp_path / "good.jpg")]]


def test_a_page_is_opened_under_a_pages_name_only(started: list[list[str]], tmp_path: Path) -> None:
    assert viewer.open_page(str(tmp_path / "page.html")) == "opened 1"
    told = viewer.open_page(str(tmp_path / "page.desktop"))
    assert told == "page not opened: its name does not end in .html"
    assert started == [["/usr/bin/xdg-open", str(tmp_path / "page.html")]]
