"""Folders as their file system spells them, and as Windows opens them when their path is long.

Windows and macOS find `photos` for `Photos`, and macOS `é` for `e` with an accent after it. Names
on the shelf begin with the folder as it was typed, so two spellings would be two pictures. And a
path beyond 260 characters is opened by Windows with a prefix only.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

LONG = 240  # characters; Windows ends at 260, and for folders at 248
TELLS_CASE_APART = sys.platform not in {"win32", "darwin"}


def folder(path: str) -> str:
    """Return the absolute path of a folder, as its file system spells it."""
    path = os.path.abspath(path)
    return path if TELLS_CASE_APART or not os.path.exists(path) else spelled(path)


def spelled(
    path: str,
    listed: Callable[[str], Iterable[str]] = os.listdir,
    flavour: ModuleType = os.path,
) -> str:
    """Return an absolute path with every part as the folder that holds it lists it.

    A part that is not listed, or that several listed names are like, stays as it is.

    >>> import posixpath
    >>> spelled("/Photos/trip", {"/": ["photos"], "/photos": ["Trip"]}.__getitem__, posixpath)
    '/photos/Trip'
    """
    drive, rest = flavour.splitdrive(path)
    there: str = drive + flavour.sep
    for part in filter(None, rest.split(flavour.sep)):
        try:
            beside = list(listed(there))
        except OSError:
            beside = []
        alike = [part] if part in beside else [one for one in beside if _same(one, part)]
        there = flavour.join(there, alike[0] if len(alike) == 1 else part)
    return there


def _same(one: str, other: str) -> bool:
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def extended(path: str, longer_than: int = LONG) -> str:
    r"""Return an absolute Windows path as it is opened at any length; others stay as they are.

    >>> print(extended(r"C:\photos", 0), extended(r"\\nas\photos", 0), extended("photos", 0))
    \\?\C:\photos \\?\UNC\nas\photos photos
    """
    if len(path) <= longer_than or path.startswith("\\\\?\\"):
        return path
    if path.startswith("\\\\"):
        return "\\\\?\\UNC\\" + path[2:]
    return "\\\\?\\" + path if path[1:3] == ":\\" else path
