"""Columns, colour, and arguments as they are typed."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess

import pytest

from imageshelf.system import terminal
from tests.hostile_names import HOSTILE, names


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("plain", 5),
        ("caf\u00e9", 4),
        ("cafe\u0301", 4),
        ("\u5199\u771f.jpg", 8),
        ("\uff21", 2),
        ("\uff71", 1),
        ("\U0001f600", 2),
        ("\u1112\u1161\u11ab", 2),
        ("a\u200bb", 2),
        ("\u05d0\u05b8", 1),
    ],
)
def test_a_text_is_as_wide_as_its_cells(text: str, cells: int) -> None:
    assert terminal.width(text) == cells


def test_columns_line_up_in_every_script() -> None:
    rows = [["path", "n", "end"], ["\u5199\u771f", "7", "a"], ["cafe\u0301", "12", "b"]]
    lines = terminal.columns(rows, right={1}).splitlines()
    before = [line[: line.rindex(row[-1])] for line, row in zip(lines, rows, strict=True)]
    assert {terminal.width(text) for text in before} == {10}
    assert lines[1].endswith(" 7  a")


def test_no_rows_are_no_text() -> None:
    assert terminal.columns([]) == ""


def test_lines_have_no_space_at_their_end() -> None:
    assert terminal.columns([["a", ""], ["bb", "c"]]) == "a\nbb  c"


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for more than a terminal")
def test_a_terminal_is_coloured() -> None:
    assert terminal.coloured(Terminal(), {})


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(environment: dict[str, str]) -> None:
    assert not terminal.coloured(Terminal(), environment)


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for more than a terminal")
def test_an_empty_no_color_does_not_count() -> None:
    assert terminal.coloured(Terminal(), {"NO_COLOR": ""})


def test_what_is_no_terminal_is_never_coloured() -> None:
    closed = io.StringIO()
    closed.close()
    assert not any(terminal.coloured(stream, {}) for stream in (io.StringIO(), None, closed))


def test_paint_goes_on_only_when_it_is_on() -> None:
    assert terminal.painted("x", "red", on=False) == "x"
    assert terminal.painted("x", "red", on=True) == "\x1b[31mx\x1b[0m"
    assert terminal.painted("", "red", on=True) == ""


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_a_quoted_argument_comes_back_from_the_shell_byte_for_byte() -> None:
    typed = " ".join(terminal.quoted(name, "linux") for name in names())
    told = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {typed}"], capture_output=True, check=True
    ).stdout
    assert told.split(b"\0")[:-1] == [name for _, name in HOSTILE]


def test_every_character_of_a_quoted_argument_is_visible() -> None:
    assert all(terminal.quoted(name, "linux").isprintable() for name in names())


def test_ordinary_arguments_are_quoted_as_usual() -> None:
    assert terminal.quoted("a b", "linux") == shlex.quote("a b")


@pytest.mark.parametrize(
    ("argument", "typed"),
    [
        ("C:\\me\\db.shelve", "C:\\me\\db.shelve"),
        ("C:\\my files\\db", '"C:\\my files\\db"'),
        ("it's", '"it\'s"'),
        ("$x'y", "'$x''y'"),
        ("", '""'),
    ],
)
def test_arguments_for_windows_hold_in_both_of_its_shells(argument: str, typed: str) -> None:
    assert terminal.quoted(argument, "win32") == typed


def test_bytes_go_below_a_text_stream_after_what_it_holds() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii", newline="")
    stream.write("first ")
    terminal.write_bytes(stream, b"\xff\r\n")
    assert raw.getvalue() == b"first \xff\r\n"


def test_a_stream_without_bytes_gets_text() -> None:
    stream = io.StringIO()
    terminal.write_bytes(stream, b"caf\xe9")
    assert stream.getvalue() == "caf\\xe9"


def test_painted_cells_line_up_as_plain_ones() -> None:
    rows = [["kind", "n", "end"], ["near", "7", "\u5199"], ["", "12", ""]]
    paints = [{0: "dim"}, {0: "green", 1: "red", 2: "bold"}, {0: "red"}]
    plain = terminal.columns(rows, {1})
    assert terminal.columns(rows, {1}, paints) == plain
    painted = terminal.columns(rows, {1}, paints, terminal.painter(Terminal(), {"TERM": "xterm"}))
    assert painted.count("\x1b[0m") == 4  # an empty cell needs no paint
    assert re.sub(r"\x1b\[\d*m", "", painted) == plain
