"""The system's viewer: asked for at most ten pictures, and by an argument list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imageshelf.report import viewer


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
        (folder / f"-{at}.jpg").touch()
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
