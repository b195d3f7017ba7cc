"""Names, sizes and counts as people read them, with nothing in them that can steer a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

# Control and format characters (bidirectional overrides, zero-width), surrogates, private and
# unassigned characters, separators: whatever moves a terminal's cursor or turns text around.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


KILO, TWO_DIGITS = 1000, 10


def shown(name: str) -> str:
    r"""Return a name for the screen; what could steer a terminal or mislead a reader is escaped.

    >>> print(shown("a\nb\x1b[31m\u202egpj.exe"))
    a\nb\x1b[31m\u202egpj.exe
    """
    if name.isascii() and name.isprintable():
        return name
    from unicodedata import category  # a megabyte, which few names need

    return "".join(
        c.encode("unicode_escape").decode() if category(c) in HIDDEN else c for c in name
    )


def instant(time_ms: int) -> dt.datetime:
    """Return the moment so long after 1970, without a zone, as a camera's clock has none.

    >>> f"{instant(1_700_000_000_000):%Y-%m-%d %H:%M}"
    '2023-11-14 22:13'
    """
    from datetime import datetime, timedelta

    return datetime(1970, 1, 1) + timedelta(milliseconds=time_ms)  # noqa: DTZ001


def day(time_ns: int) -> str:
    """Return the day, in UTC, of a file's time.

    >>> day(1_700_000_000_000_000_000)
    '2023-11-14'
    """
    return f"{instant(time_ns // 1_000_000):%Y-%m-%d}"


def nearby(path: str) -> str:
    """Return a path as a user would type it: relative if it is below the current folder."""
    try:
        current_folder = os.path.join(os.getcwd(), "")
    except FileNotFoundError:  # it was deleted
        return path
    return path.removeprefix(current_folder)


def size(size_bytes: int | None) -> str:
    """Return a size in the unit that gives it one to three digits.

    >>> size(3_400_000)
    '3.4 MB'
    """
    if size_bytes is None:
        return "-"
    amount, units = float(size_bytes), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while round(amount) >= KILO:
        amount, unit = amount / KILO, next(units, "PB")
    places = 1 if unit != "B" and amount < TWO_DIGITS else 0
    return f"{amount:.{places}f} {unit}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number and its noun.

    >>> count(1, "picture"), count(1204, "picture"), count(2, "copy", "copies")
    ('1 picture', '1,204 pictures', '2 copies')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def with_article(noun: str) -> str:
    """Return a noun after its article; one that begins with x is spelled out.

    >>> with_article("film"), with_article("xmp sidecar")
    ('a film', 'an xmp sidecar')
    """
    return f"{'an' if noun[:1] in 'aeiox' else 'a'} {noun}"


def one_line(exc: BaseException) -> str:
    r"""Return the type and text of an exception on one line of at most 300 characters.

    >>> one_line(ValueError("odd\nvalue"))
    'ValueError: odd value'
    """
    try:
        text = f"{type(exc).__name__}: {exc}"
    except Exception:  # noqa: BLE001 - __str__ may raise anything
        text = type(exc).__name__
    return " ".join(text.split()).rstrip(":")[:300]
