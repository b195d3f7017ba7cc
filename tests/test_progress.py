"""The progress bar: shown to who watches, with the time left, and to nobody else."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from imageshelf import progress
from tests.conftest import ROOT, drawn


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Make standard error a terminal, from the call on: pytest changes it after the set-up."""

    def begin() -> Terminal:
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        return screen

    return begin


def test_a_terminal_sees_how_much_is_done_and_left(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    with progress.bar(10, "picture") as advance:
        advance(4)
    shown = terminal.getvalue()
    assert "0/10" in shown
    assert "picture" in shown
    assert "<" in shown  # the time left


def test_a_share_is_shown_from_the_first_on_that_is_told(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    with progress.share() as tell:
        assert terminal.getvalue() == ""  # there may be nothing to do
        for done in (0.0, 0.25, 0.25, 0.1, 1.0):
            tell(done)
        assert "0/1000" in terminal.getvalue()


@pytest.mark.parametrize(
    "silent",
    [lambda: progress.bar(10, "picture", quiet=True), lambda: progress.bar(0, "picture")],
)
def test_who_wants_quiet_or_has_nothing_to_do_sees_none(
    watched: Callable[[], Terminal],
    silent: Callable[[], AbstractContextManager[Callable[[int], object]]],
) -> None:
    terminal = watched()
    with silent() as advance:
        advance(5)
    assert terminal.getvalue() == ""


def test_a_pipe_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", pipe := io.StringIO())
    with progress.bar(10, "picture") as advance, progress.share() as tell:
        advance(5)
        tell(0.5)
    assert pipe.getvalue() == ""


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_an_index_run_shows_both_of_its_long_steps(tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415 - not on Windows
    import pty  # noqa: PLC0415
    import termios  # noqa: PLC0415

    (tmp_path / "photos").mkdir()
    drawn(1).save(tmp_path / "photos" / "a.png")
    drawn(1).save(tmp_path / "photos" / "b.bmp")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, str(ROOT / "index.py"), "-d", str(tmp_path / "photos")]
    with open(theirs, "wb") as screen:
        done = subprocess.run(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=screen, check=True
        )
        shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert b"2 new" in done.stdout
    assert "0/2" in shown
    assert "/1000" in shown
