"""The progress bar: shown to who watches, with the time left, and to nobody else."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from imageshelf import index
from imageshelf.searching.search import Searching
from imageshelf.system import progress
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
    with progress.bar(10, "picture", "reading") as advance:
        advance(4, 3_000_000)
    shown = terminal.getvalue()
    assert "0/10" in shown
    assert "picture" in shown
    assert "reading" in shown
    assert "<" in shown  # the time left
    assert re.search(
        r"reading: 4 pictures of 3.0 MB in \d.\d s, [\d,]+ pictures and .*B a second\n", shown
    )


def test_a_share_is_shown_from_the_first_on_that_is_told(watched: Callable[[], Terminal]) -> None:
    terminal = watched()
    with progress.share("comparing") as tell:
        assert terminal.getvalue() == ""  # there may be nothing to do
        for done in (0.0, 0.25, 0.25, 0.1, 1.0):
            tell(done)
        assert "comparing:   0%" in terminal.getvalue()


@pytest.mark.parametrize(
    "silent",
    [
        lambda: progress.bar(10, "picture", "reading", quiet=True),
        lambda: progress.bar(0, "picture", "reading"),
    ],
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
    with progress.bar(10, "picture", "reading") as advance, progress.share("comparing") as tell:
        advance(5)
        tell(0.5)
    assert pipe.getvalue() == ""


def on_a_terminal(*command: str) -> tuple[bytes, str]:
    """Run a script of ours before a terminal: its standard output, and what the terminal saw."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with open(theirs, "wb") as screen:
        script = [sys.executable, str(ROOT / command[0]), *command[1:]]
        done = subprocess.run(script, stdout=subprocess.PIPE, stderr=screen, check=True)
        os.write(theirs, b".")  # a terminal that saw nothing would wait for ever
        shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    return done.stdout, shown


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_long_work_is_shown(tmp_path: Path) -> None:
    folder, shelf, other = (str(tmp_path / name) for name in ("photos", "db.shelve", "old.shelve"))
    os.mkdir(folder)
    drawn(1).save(os.path.join(folder, "a.png"))
    drawn(1).save(os.path.join(folder, "b.bmp"))
    told, shown = on_a_terminal("index.py", "-d", folder, "-s", shelf)
    assert b"2 new" in told
    assert "0/2" in shown
    told, shown = on_a_terminal("search.py", "-q", folder, "-s", shelf)
    assert told.count(b"2 matches") == 2
    assert "searching:   0%" in shown
    told, shown = on_a_terminal("search.py", "-q", os.path.join(folder, "a.png"), "-s", shelf)
    assert b"2 matches" in told
    assert shown == "."
    os.rename(shelf, other)
    on_a_terminal("index.py", "-d", folder, "-s", shelf)
    told, shown = on_a_terminal("search.py", "-q", other, folder, "-s", shelf)
    assert told.count(b"4 matches") == 4  # each was asked for twice
    assert "searching:   0%" in shown


def test_each_part_of_a_search_moves_the_bar_on(tmp_path: Path, photos: Path) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    shares: list[float] = []
    with Searching(shelf) as searching:
        list(searching.ask([str(photos), shelf], shares.append))
        assert shares[:6] == [n / 12 for n in range(6)]  # six pictures are half of it
        assert shares[6:] == [0.5, 0.5, 1.0]
        shares.clear()
        list(searching.ask([str(photos / "0.jpg")], shares.append))
        assert shares == []
