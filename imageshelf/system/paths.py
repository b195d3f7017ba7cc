"""Paths as the file system spells them, and paths that are URLs."""

import os
import re
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import NamedTuple

LONG_PATH_CHARACTERS = 240  # Windows allows 260, and 248 for folders


# Windows drops dots and spaces at the end of a name, and takes some names for devices.
_READ_AS_ANOTHER = r"(?i)[. ](\\|$)|\\(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.[^\\]*)?(\\|$)"


CASE_SENSITIVE = sys.platform not in {"win32", "darwin"}


def folder(path: str) -> str:
    """Return the absolute path of a folder, spelled as its file system does."""
    path = os.path.abspath(path)
    return path if CASE_SENSITIVE or not os.path.exists(path) else spelled(path)


def spelled(
    path: str,
    listed: Callable[[str], Iterable[str]] = os.listdir,
    flavour: ModuleType = os.path,
) -> str:
    """Return an absolute path with each part spelled as its parent folder lists it.

    A part stays as it is if no listed name is like it, or several are.

    >>> import posixpath
    >>> spelled("/Photos/trip", {"/": ["photos"], "/photos": ["Trip"]}.__getitem__, posixpath)
    '/photos/Trip'
    """
    drive, rest = flavour.splitdrive(path)
    spelled_path: str = drive + flavour.sep
    for part in filter(None, rest.split(flavour.sep)):
        try:
            siblings = list(listed(spelled_path))
        except OSError:
            siblings = []
        folded = _folded(part)
        alike = [part] if part in siblings else [n for n in siblings if _folded(n) == folded]
        spelled_path = flavour.join(spelled_path, alike[0] if len(alike) == 1 else part)
    return spelled_path


def _folded(name: str) -> str:
    from unicodedata import normalize  # a megabyte, which a worker does without

    return normalize("NFC", normalize("NFD", name).casefold())


def extended(path: str, longer_than: int = LONG_PATH_CHARACTERS) -> str:
    r"""Return an absolute Windows path as it is opened at any length and with any name.

    Others stay as they are. Without the prefix `a.jpg.` is `a.jpg`, and `con.jpg` the console.

    >>> print(extended(r"C:\photos", 0), extended(r"\\nas\photos", 0), extended("photos", 0))
    \\?\C:\photos \\?\UNC\nas\photos photos
    """
    if path.startswith("\\\\?\\"):
        return path
    if len(path) <= longer_than and not re.search(_READ_AS_ANOTHER, path):
        return path
    if path.startswith("\\\\"):
        return "\\\\?\\UNC\\" + path[2:]
    return "\\\\?\\" + path if path[1:3] == ":\\" else path


# A scheme has two characters at least: C:/ is a Windows drive. Compiled on first use, because every
# process imports this module.
_URL = r"[A-Za-z][A-Za-z0-9+.-]+://"
_PARTS = (
    r"(?s)([A-Za-z][A-Za-z0-9+.-]+)://(.*?)"
    r"((?:::[A-Za-z0-9+.-]+)*::[A-Za-z][A-Za-z0-9+.-]+://.*)?"
)


class UrlParts(NamedTuple):
    """The parts of a URL; joined again they are its text."""

    scheme: str
    path: str  # for many schemes the host or bucket comes first
    chain: str  # "" or from the first "::scheme://" on

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}{self.chain}"


class Url(str):
    """A path that is a URL, as `located` found it where the path entered.

    Code that treats URLs differently asks for this type and never looks at the text again. It
    survives pickling, so worker processes know it too; its `str()` is plain text.
    """

    __slots__ = ()

    @property
    def parts(self) -> UrlParts:
        """The scheme, the path and the chain.

        >>> Url("zip://trip/a.jpg::file:///x.zip").parts
        UrlParts(scheme='zip', path='trip/a.jpg', chain='::file:///x.zip')
        >>> Url("s3://bucket/a::b.jpg").parts
        UrlParts(scheme='s3', path='bucket/a::b.jpg', chain='')
        """
        match = re.fullmatch(_PARTS, self)
        if match is None:
            raise ValueError(f"{str(self)!r} is not a URL")
        return UrlParts(match[1], match[2], match[3] or "")


def located(path: str) -> str:
    r"""Return a path that enters the program: as a Url if it begins with a scheme and `://`.

    >>> paths = ("s3://a/b.jpg", "C:\\a.jpg", "c://a.jpg", "/a/x://b.jpg")
    >>> [isinstance(located(path), Url) for path in paths]
    [True, False, False, False]
    """
    return Url(path) if "://" in path and re.match(_URL, path) else path
