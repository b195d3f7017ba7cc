"""Colour on a terminal and nowhere else: the real programs on a pseudo-terminal and in a pipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imageshelf import Settings, index
from tests.conftest import ROOT

pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
COMMANDS = {
    "query": [str(ROOT / "search.py"), "-q", "photos/0.jpg"],
    "duplicates": [str(ROOT / "search.py"), "--duplicates"],
    "clean": ["-m", "imageshelf", "clean"],
}
PAINTED = {
    "query": {"1": "photos/0.jpg", "32": "same file"},
    "duplicates": {"32": "keep", "33": "identical bytes"},
    "clean": {"32": "keep", "33": "set aside"},
}
CODES = re.compile(r"\x1b\[(\d*)m(.*?)\x1b\[0m")


@pytest.fixture
def here(photos: Path, tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()  # a terminal says a common folder once, above the table
    shutil.copy(photos / "0.jpg", tmp_path / "other/copy.jpg")
    index([photos, tmp_path / "other"], tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path


def environment(**others: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **others}


def on_a_terminal(here: Path, command: list[str], **others: str) -> str:
    """Return what a program writes to a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, *command], cwd=here, stdin=subprocess.DEVNULL, stdout=theirs,
        stderr=subprocess.PIPE, env=environment(**others),
    )  # fmt: skip
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:  # Linux ends a terminal that nobody has open any more so
        pass
    os.close(ours)
    _, problems = child.communicate()
    assert child.returncode == 0, problems
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_is_told_in_colour_and_lines_up_as_without(here: Path, name: str) -> None:
    told = on_a_terminal(here, COMMANDS[name], COLUMNS="200")
    painted = dict(CODES.findall(told))
    assert PAINTED[name].items() <= {**painted, **dict(reversed(CODES.findall(told)))}.items()
    piped = subprocess.run(
        [sys.executable, *COMMANDS[name]], cwd=here, stdin=subprocess.DEVNULL, capture_output=True,
        env=environment(), check=True,
    ).stdout.decode()  # fmt: skip
    assert "\x1b" not in piped
    assert CODES.sub(r"\2", told) == piped


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("wish", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(here: Path, name: str, wish: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal(here, COMMANDS[name], **wish)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_what_is_for_programs_has_no_colour_on_a_terminal_either(here: Path, form: str) -> None:
    assert "\x1b" not in on_a_terminal(here, [*COMMANDS["query"], "--format", form])
