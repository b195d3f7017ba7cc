"""Text for a terminal: columns that line up in any script, and colour only where it is welcome."""

import functools
import io
import os
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TextIO

Painter = Callable[[str, str], str]  # (text, one of PAINTS) -> the text, perhaps coloured

GAP = "  "
ELLIPSIS = "\u2026"
LEAST_NAME = 24  # cells; columns are left out before a name gets less
PAINTS = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_WIDE = {"W", "F"}  # two cells: East Asian wide and full-width characters, and emoji
_NO_WIDTH = {"Mn", "Me", "Cf", "Cc"}
_JAMO_VOWELS_AND_FINALS = range(0x1160, 0x1200)  # drawn in the cells of the consonant before them


def width(text: str) -> int:
    r"""Return how many terminal cells a text takes.

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
    """Return the text padded to a width; `right` aligns it to the right."""
    space = " " * (cells - width(text))
    return space + text if right else text + space


def clipped(text: str, cells: int) -> str:
    """Return a text that fits, with an ellipsis for its middle if it is too wide.

    >>> print(clipped("holiday/2019/beach-at-noon.jpg", 15))
    holiday\u2026oon.jpg
    """
    if width(text) <= cells:
        return text
    head = _beginning(text, cells // 2)
    tail = _beginning(text[::-1], max(cells - 1 - width(head), 0))[::-1]
    return head + ELLIPSIS + tail


def _beginning(text: str, cells: int) -> str:
    taken = 0
    for at, character in enumerate(text):
        taken += _cells(character)
        if taken > cells:
            return text[:at]
    return text


def common_folder(names: Iterable[str]) -> str:
    """Return the folder that all these paths begin with, with the slash after it; or "".

    >>> common_folder(["a/b/1.jpg", "a/b2/1.jpg"])
    'a/'
    """
    prefix = os.path.commonprefix(list(names))  # noqa: RUF071 - cut at a slash, URLs as they are
    return prefix[: prefix.rfind(os.sep) + 1]


def cells_of(stream: TextIO | None) -> int:
    """Return how wide a terminal is; 0, for no limit, if the stream leads somewhere else."""
    try:
        on_screen = stream is not None and stream.isatty()
    except ValueError:  # a closed stream
        return 0
    return shutil.get_terminal_size().columns if on_screen else 0


class Fit(NamedTuple):
    """How a table gives way to a width: columns go, in this order, and one column is cut."""

    cells: int  # 0 for no limit
    cut: int
    droppable: tuple[int, ...] = ()

    def columns(self, rows: Sequence[Sequence[str]]) -> tuple[list[int], int]:
        """Return the numbers of the columns that stay, and the width of the one that is cut."""
        widest = [max(width(row[at]) for row in rows) for at in range(len(rows[0]))]
        kept, wanted = list(range(len(widest))), min(widest[self.cut], LEAST_NAME)
        for at in self.droppable:
            if self._room(widest, kept) < wanted:
                kept.remove(at)
        return kept, max(self._room(widest, kept), 1)

    def _room(self, widest: Sequence[int], kept: Sequence[int]) -> int:
        others = sum(widest[at] for at in kept if at != self.cut)
        return self.cells - others - len(GAP) * (len(kept) - 1)


def plain(text: str, paint: str) -> str:  # noqa: ARG001 - a Painter
    """Return the text as it is."""
    return text


def columns(
    rows: Sequence[Sequence[str]],
    right: Collection[int] = (),
    paints: Sequence[Mapping[int, str]] = (),
    paint: Painter = plain,
    fit: Fit | None = None,
) -> str:
    """Return rows of cells as aligned lines; the last column is not padded.

    `fit` makes them fit a terminal. `right` holds the numbers, from 0, of right-aligned columns.
    `paints` maps, for each row, the number of a cell to the paint that it gets from `paint`.

    >>> print(columns([["bits", "path"], ["3", "a.jpg"]], right={0}))
    bits  path
       3  a.jpg
    """
    if not rows:
        return ""
    if fit and fit.cells:
        kept, room = fit.columns(rows)
        rows = [[clipped(r[at], room) if at == fit.cut else r[at] for at in kept] for r in rows]
        right = {kept.index(at) for at in right if at in kept}
        paints = [{kept.index(at): row[at] for at in row if at in kept} for row in paints]
    last = len(rows[0]) - 1
    widths = [max(width(row[at]) for row in rows) for at in range(last)]
    lines = []
    for number, row in enumerate(rows):
        cells = [padded(row[at], widths[at], right=at in right) for at in range(last)]
        cells.append(row[last])
        row_paints = paints[number] if paints else {}
        for at, colour in row_paints.items():  # after padding: the codes have no width
            cells[at] = cells[at].replace(row[at], paint(row[at], colour), 1)
        lines.append(GAP.join(cells).rstrip(" "))
    return "\n".join(lines)


def coloured(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether to colour a stream: it is a terminal, not a dumb one, and NO_COLOR is unset."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    try:
        if stream is None or not stream.isatty():
            return False
    except ValueError:  # a closed stream
        return False
    if sys.platform == "win32":  # the old console prints the codes instead of obeying them
        return any(name in environment for name in ("WT_SESSION", "ANSICON", "TERM"))
    return True


def painted(text: str, paint: str, *, on: bool) -> str:
    r"""Return the text in one of PAINTS, or unchanged if colour is off.

    >>> painted("keep", "green", on=True), painted("keep", "green", on=False)
    ('\x1b[32mkeep\x1b[0m', 'keep')
    """
    return f"\x1b[{PAINTS[paint]}m{text}\x1b[0m" if on and text else text


def painter(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> Painter:
    """Return the painter for a stream: `painted` if it takes colour, otherwise `plain`."""
    return functools.partial(painted, on=True) if coloured(stream, environment) else plain


def quoted(argument: str, platform: str = sys.platform) -> str:
    r"""Return an argument as typed in this system's shell, with every character visible.

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
    # Three octal digits are unambiguous whatever follows.
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
    """Make standard output and error escape what their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_bytes(stream: TextIO, data: bytes) -> None:
    """Write bytes to a text stream unchanged, or as text if it has no byte stream below it."""
    raw = getattr(stream, "buffer", None)
    if raw is None:  # in a notebook
        stream.write(data.decode("utf-8", "backslashreplace"))
        return
    stream.flush()
    raw.write(data)
    raw.flush()
