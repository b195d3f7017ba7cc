"""Opens pictures in the system's own viewer, through an argument list, never a shell.

The system chooses a program by a file's name, and some programs run what they are handed. Names
come from a shelf, which may come from anybody. So only a file is handed over that has a picture's
name, at the end of every link too, and that still begins as a picture.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from imageshelf.pictures.formats import HEAD_BYTES, recognise
from imageshelf.system.files import UnreadableImage, open_regular
from imageshelf.system.words import count

MOST = 10  # windows opened at a time
PICTURE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".webp", ".bmp", ".dib", ".tif",
    ".tiff", ".heic", ".heif", ".hif", ".avif", ".mpo",
})  # fmt: skip
PAGE_SUFFIXES = frozenset({".html", ".htm"})


def open_pictures(paths: Iterable[str]) -> str:
    """Open at most ten pictures in the system's viewer; return a sentence that says what happened.

    Files that are gone are passed over in silence, files that are no pictures are counted.
    """
    there = [path for path in dict.fromkeys(paths) if os.path.isfile(path)]
    pictures = [path for path in there if is_picture(path)]
    others = len(there) - len(pictures)
    refused = f"{count(others, 'file')} not opened: no picture by name and content"
    if not pictures:
        return refused if others else "nothing to open"
    return _opened([os.path.abspath(path) for path in pictures]) + (
        f"; {refused}" if others else ""
    )


def open_page(path: str) -> str:
    """Open a page that was just written; return a sentence that says what happened."""
    if _suffix(path) not in PAGE_SUFFIXES:
        return "page not opened: its name does not end in .html"
    return _opened([os.path.abspath(path)])


def open_address(address: str) -> str:
    """Open an address of this computer in the browser; return what happened."""
    return _opened([address])


def is_picture(path: str) -> bool:
    """Tell whether a file has a picture's name, at the end of its links too, and begins as one."""
    real = os.path.realpath(path)
    if not {_suffix(path), _suffix(real)} <= PICTURE_SUFFIXES:
        return False
    if sys.platform == "win32" and ":" in os.path.basename(path):  # a stream of another file
        return False
    try:
        with open_regular(path) as file:
            return bool(recognise(file.read(HEAD_BYTES)).format)
    except (OSError, UnreadableImage):
        return False


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _opened(paths: list[str]) -> str:
    """Open addresses, and paths, which are absolute: none can be taken for an option."""
    if sys.platform == "win32":
        for path in paths[:MOST]:
            os.startfile(path)  # noqa: S606 - the documented way on Windows
    else:
        command = _command()
        if not command:
            return "no viewer to open pictures with: there is no display, or xdg-open is missing"
        for path in paths[:MOST]:
            # The program outlives us.
            subprocess.Popen(  # noqa: S603
                [command, path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    left = len(paths) - MOST
    return f"opened {min(len(paths), MOST)}" + (f", {left} more not opened" if left > 0 else "")


def _command() -> str:
    if sys.platform == "darwin":
        return shutil.which("open") or ""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return ""
    return shutil.which("xdg-open") or ""
