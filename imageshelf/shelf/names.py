"""Names of pictures on a shelf: how a path is written so that it can travel.

A name has `/` between its parts. It is relative if the picture lies below the shelf's own folder
and absolute otherwise, so a shelf that moves together with its pictures keeps working. Symbolic
links are not resolved. The name of a picture at a URL is the URL.

In the catalogue a name is the bytes that the file system holds; on the shelf it is text in which
bytes that are not UTF-8 are kept as lone surrogates.

The functions take a path module (`posixpath`, `ntpath`), so each can be tested on any system.
"""

import os
import re
import sys
from collections.abc import Callable
from types import ModuleType

from imageshelf.shelf.errors import ShelfError
from imageshelf.system import paths
from imageshelf.system.paths import Url, located
from imageshelf.system.words import shown

NOWHERE = "the working folder is gone; change to another one, or give whole paths"
_WINDOWS = sys.platform == "win32"
_ON_A_DRIVE, _ON_POSIX = r"[A-Za-z]:/", r"/(?!/)"
_NATIVE = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"


def to_bytes(name: str) -> bytes:
    r"""Return a name as the catalogue stores it.

    >>> to_bytes("caf\xe9 \udcff.jpg")
    b'caf\xc3\xa9 \xff.jpg'
    """
    try:
        return name.encode("utf-8", "surrogatepass" if _WINDOWS else "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte; Windows allows it
        return name.encode("utf-8", "surrogatepass")


def to_text(name: bytes) -> str:
    r"""Return a name as the shelf's lists store it; the inverse of `to_bytes`.

    >>> to_text(b"caf\xc3\xa9 \xff.jpg")
    'café \udcff.jpg'
    """
    if _WINDOWS:
        try:
            return name.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # a shelf that came from elsewhere
            pass
    return name.decode("utf-8", "surrogateescape")


def at_url(name: bytes) -> bool:
    """Tell whether the picture of this name lies at a URL."""
    return b"://" in name and isinstance(located(to_text(name)), Url)


def name_of(path: str, folder: str, flavour: ModuleType = os.path) -> str:
    r"""Return the name of an absolute path on the shelf that lies in `folder`.

    >>> import ntpath, posixpath
    >>> name_of("/home/me/trip/a.jpg", "/home/me", posixpath)
    'trip/a.jpg'
    >>> name_of("D:\\trip\\a.jpg", "C:\\me", ntpath)
    'D:/trip/a.jpg'
    """
    if isinstance(path, Url):
        return str(path)
    path, folder = _plain(path, flavour), _plain(folder, flavour)
    inside = folder if folder.endswith(flavour.sep) else folder + flavour.sep
    if flavour.normcase(path).startswith(flavour.normcase(inside)):
        path = path[len(inside) :]
    return path if flavour.sep == "/" else path.replace(flavour.sep, "/")


def path_of(name: str, folder: str, flavour: ModuleType = os.path) -> str:
    r"""Return the absolute path a name stands for; the inverse of `name_of`.

    >>> import ntpath
    >>> path_of("trip/a.jpg", "C:\\me", ntpath)
    'C:\\me\\trip\\a.jpg'
    """
    if "://" in name and isinstance(url := located(name), Url):  # most names need no call
        return url
    native = name if flavour.sep == "/" else name.replace("/", flavour.sep)
    joined: str = flavour.join(_plain(folder, flavour), native)
    return joined


def moved(name: str, folder: str, new_folder: str, flavour: ModuleType = os.path) -> str:
    r"""Return the name, on a shelf in `new_folder`, of what a shelf in `folder` calls `name`.

    A name that is absolute on another kind of system stays as it is.

    >>> import posixpath
    >>> moved("trip/a.jpg", "/mnt/disk", "/mnt", posixpath)
    'disk/trip/a.jpg'
    >>> moved("C:/trip/a.jpg", "/mnt/disk", "/mnt", posixpath)
    'C:/trip/a.jpg'
    """
    elsewhere = _ON_A_DRIVE if flavour.sep == "/" else _ON_POSIX
    if re.match(elsewhere, name):
        return name
    return name_of(path_of(name, folder, flavour), new_folder, flavour)


def prefixes_below(folder: str, shelf_folder: str, flavour: ModuleType = os.path) -> list[bytes]:
    """Return the prefixes of all names below a folder; b"" stands for every relative name.

    A folder above the shelf's own has two: pictures below the shelf have relative names.

    >>> import posixpath
    >>> prefixes_below("/home", "/home/me", posixpath)
    [b'', b'/home/']
    """
    if isinstance(folder, Url):
        return [to_bytes(folder if folder.endswith("/") else folder + "/")]
    own, shelf = _plain(folder, flavour), _plain(shelf_folder, flavour)
    if flavour.normcase(own) == flavour.normcase(shelf):
        return [b""]
    inside = own if own.endswith(flavour.sep) else own + flavour.sep
    prefix = to_bytes(name_of(inside, shelf, flavour))
    above = flavour.normcase(shelf).startswith(flavour.normcase(inside))
    return [b"", prefix] if above else [prefix]


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute path as text whose bytes are UTF-8, whatever the locale."""
    text = located(os.fspath(path))
    if isinstance(text, Url):
        return text
    return _found(os.path.abspath, os.fspath(path))


def folder(path: str) -> str:
    """Return the absolute path of a folder like `absolute`, spelled as its disk spells it."""
    return _found(paths.folder, path)


def _found(absolute_of: Callable[[str], str], path: str) -> str:
    try:
        path = absolute_of(path)
    except FileNotFoundError as exc:
        raise ShelfError(f"{shown(path)} cannot be found: {NOWHERE}") from exc
    return path if _NATIVE else to_text(os.fsencode(path))


def native(path: str) -> str:
    """Return a path in the form this process's `open` needs; the inverse of `absolute`."""
    if _WINDOWS:
        return paths.extended(path)
    return path if _NATIVE else os.fsdecode(to_bytes(path))


def _plain(path: str, flavour: ModuleType) -> str:
    """Strip Windows' long-path prefix and mixed separators."""
    if flavour.sep == "/":
        return path
    path = path.replace("/", "\\")
    if path[:8].upper() == "\\\\?\\UNC\\":
        return "\\\\" + path[8:]
    return path.removeprefix("\\\\?\\")
