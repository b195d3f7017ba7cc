"""Text for a terminal: columns that line up in every script, colour only where it is welcome."""

from __future__ import annotations

import functools
import io
import os
import shlex
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import TextIO

    Painter = Callable[[str, str], str]  # a text and one of PAINTS -> the text, perhaps painted

GAP = "  "
PAINTS = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_WIDE = {"W", "F"}  # two cells: East Asian wide and full-width, emoji among them
_NO_WIDTH = {"Mn", "Me", "Cf", "Cc"}
_JAMO_VOWELS_AND_FINALS = range(0x1160, 0x1200)  # drawn into the cells of the consonant before


def width(text: str) -> int:
    r"""Return how many cells of a terminal a text takes.

    >>> width("abc"), width("\u5199\u771f"), width("e\u0301")
    (3, 4, 1)
    """
    return len(text) if text.isascii() and text.isprintable() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in _NO_WIDTH:
        return 1 if character == "\u00ad" else 0  # a soft hyphen is drawn
    if ord(character) in _JAMO_VOWELS_AND_FINALS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def padded(text: str, cells: int, *, right: bool = False) -> str:
    """Return the text with spaces up to a width; `right` puts them before it."""
    space = " " * (cells - width(text))
    return space + text if right else text + space


def plain(text: str, paint: str) -> str:  # noqa: ARG001 - the painter without colours
    """Return the text as it is."""
    return text


def columns(
    rows: Sequence[Sequence[str]],
    right: Collection[int] = (),
    paints: Sequence[Mapping[int, str]] = (),
    paint: Painter = plain,
) -> str:
    """Return rows of cells as aligned lines; the last column is left ragged.

    `right` names the columns, from 0, whose cells are aligned to the right. `paints` says of each
    row which cells `paint` gives which paint.

    >>> print(columns([["bits", "path"], ["3", "a.jpg"]], right={0}))
    bits  path
       3  a.jpg
    """
    if not rows:
        return ""
    last = len(rows[0]) - 1
    widths = [max(width(row[at]) for row in rows) for at in range(last)]
    lines = []
    for number, row in enumerate(rows):
        cells = [padded(row[at], widths[at], right=at in right) for at in range(last)]
        cells.append(row[last])
        for at, colour in (
            paints[number] if paints else {}
        ).items():  # the codes have no width: they come last
            cells[at] = cells[at].replace(row[at], paint(row[at], colour), 1)
        lines.append(GAP.join(cells).rstrip(" "))
    return "\n".join(lines)


def coloured(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream takes colour: a terminal that is not dumb, and no NO_COLOR."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    try:
        if stream is None or not stream.isatty():
            return False
    except ValueError:  # a closed stream
        return False
    if sys.platform == "win32":  # the old console prints the codes as they are
        return any(name in environment for name in ("WT_SESSION", "ANSICON", "TERM"))
    return True


def painted(text: str, paint: str, *, on: bool) -> str:
    r"""Return the text in one of PAINTS, or as it is when colour is off.

    >>> painted("keep", "green", on=True), painted("keep", "green", on=False)
    ('\x1b[32mkeep\x1b[0m', 'keep')
    """
    return f"\x1b[{PAINTS[paint]}m{text}\x1b[0m" if on and text else text


def painter(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> Painter:
    """Return what paints for a stream: `painted` where it takes colour, otherwise `plain`."""
    return functools.partial(painted, on=True) if coloured(stream, environment) else plain


def quoted(argument: str, platform: str = sys.platform) -> str:
    r"""Return an argument as it is typed in this system's shell, every character visible.

    >>> print(quoted("my photos", "linux"), quoted("a\nb", "linux"), quoted("$x y", "win32"))
    'my photos' $'a\nb' '$x y'
    """
    if platform == "win32":
        return _quoted_for_windows(argument)
    if all(character.isprintable() for character in argument):
        return shlex.quote(argument)
    spelled = "".join(_spelled(character) for character in argument)
    return f"$'{spelled}'"  # bash, zsh and every newer sh


def _spelled(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable():
        return character
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    # Three octal digits end by themselves, whatever follows.
    return named or "".join(
        f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape")
    )


def _quoted_for_windows(argument: str) -> str:
    plain = set("-_./\\:=") | set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    if argument and set(argument) <= plain:
        return argument
    if set(argument) & set("$`%\u2018\u2019"):  # PowerShell reads curly quotes as quotes
        doubled = "".join(c * 2 if c in "'\u2018\u2019" else c for c in argument)
        return f"'{doubled}'"
    return f'"{argument}"'


def tolerate_any_name() -> None:
    """Let standard output and error print what their encoding lacks as escapes, not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_bytes(stream: TextIO, data: bytes) -> None:
    """Write bytes as they are to a text stream, or as text to one without bytes below it."""
    raw = getattr(stream, "buffer", None)
    if raw is None:  # a notebook's
        stream.write(data.decode("utf-8", "backslashreplace"))
        return
    stream.flush()
    raw.write(data)
    raw.flush()
