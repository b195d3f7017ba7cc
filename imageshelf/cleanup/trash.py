"""The system's trash: puts a file into it, and finds it there again.

The trash belongs to the desktop, and Send2Trash does not say where it put a file. A move within a
file system keeps the inode, so the file is looked for by its inode wherever such systems keep their
trash. If it is not found, the user is told where to look.
"""

import contextlib
import ntpath
import os
import posixpath
import sys
from types import ModuleType
from urllib.parse import unquote

from imageshelf.cleanup.moving import move
from imageshelf.system.files import FileChangedError, Stamp, stamp

WHERE = {
    "darwin": "the Trash in the Finder",
    "win32": "the Recycle Bin",
}.get(sys.platform, "the trash of the file manager")


NOTE_BYTES = 1 << 16  # of a note; one has some hundred


class TrashError(Exception):
    """The trash refused a file; the message is the desktop's own."""


def put(path: str) -> None:
    """Put a file into the trash. If that fails, raise TrashError; the file is where it was."""
    from send2trash import send2trash

    try:
        send2trash(path)
    except Exception as exc:  # desktops raise what they like
        said = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise TrashError(" ".join(str(said).split())) from exc


def find(path: str, status: Stamp) -> str:
    """Return where the trash keeps the file that was at `path`; "" if it is not found."""
    if not status.inode:
        return ""
    for folder in folders(path):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.inode() == status.inode and _is(entry.path, status):
                    return entry.path
    return ""


def find_examined(path: str, status: Stamp) -> str:
    """Return where the trash keeps the file that was just put there; "" if it is not found.

    The trash goes by names. If it took another file, which came to this path after the examined one
    was looked at, that file is brought back. Raises FileChangedError then, or OSError.
    """
    if place := find(path, status):
        return place
    place = find_noted(path)
    if place and stamp(os.lstat(place))[1:] != status[1:]:  # not even a copy from another volume
        move(place, path)
        forget(place)
        raise FileChangedError("was replaced by another file")
    return place


def find_noted(path: str) -> str:
    """Return the youngest file in the trash whose note names this path; "" for none."""
    youngest, found = -1, ""
    stem = os.path.splitext(os.path.basename(path))[0]
    for folder in folders(path):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(stem) or not _names(note_of(entry.path), path):
                    continue
                changed = entry.stat(follow_symlinks=False).st_ctime_ns
                if changed > youngest:
                    youngest, found = changed, entry.path
    return found


def _names(note: str, path: str) -> bool:
    """Tell whether a freedesktop note is of this path, absolute or relative to its volume."""
    try:
        with open(note, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read(NOTE_BYTES).splitlines()
    except (OSError, ValueError):
        return False
    named = next((line[5:] for line in lines if line.startswith("Path=")), "")
    if not named:
        return False
    named = unquote(named, errors="surrogateescape")
    return os.path.join(_mount_point(os.path.dirname(path)), named) == path


def forget(place: str) -> None:
    """Remove the note that the desktop keeps beside a file that has left its trash."""
    if note := note_of(place):
        with contextlib.suppress(OSError):
            os.unlink(note)


def _is(path: str, status: Stamp) -> bool:
    try:
        return stamp(os.lstat(path)) == status
    except OSError:
        return False


def folders(path: str) -> list[str]:
    """Return where the trash for a file at `path` may be."""
    if sys.platform == "win32":
        bins = bin_of_drive(path)
        with contextlib.suppress(OSError):
            return [os.path.join(bins, owner) for owner in os.listdir(bins)]
        return []
    top, user = _mount_point(os.path.dirname(path)), os.getuid()
    if sys.platform == "darwin":
        return in_the_finder(top, user, os.path.expanduser("~"))
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    loaded = sys.modules.get("send2trash.plat_other")  # it looks at the environment only once
    return in_freedesktop(top, user, [str(getattr(loaded, "HOMETRASH", "")), f"{data}/Trash"])


# -- where systems keep it: rules of paths alone, tested on every system --------------------------


def in_freedesktop(top: str, user: int, homes: list[str]) -> list[str]:
    """Return the folders of a volume mounted at `top`; specifications.freedesktop.org/trash.

    >>> in_freedesktop("/mnt", 7, ["/home/me/.local/share/Trash"])
    ['/home/me/.local/share/Trash/files', '/mnt/.Trash/7/files', '/mnt/.Trash-7/files']
    """
    on_volume = [posixpath.join(top, ".Trash", str(user)), posixpath.join(top, f".Trash-{user}")]
    return [
        posixpath.join(trash, "files") for trash in dict.fromkeys([*homes, *on_volume]) if trash
    ]


def in_the_finder(top: str, user: int, home: str) -> list[str]:
    """Return the folders of the Finder's Trash.

    >>> in_the_finder("/Volumes/stick", 501, "/Users/me")
    ['/Users/me/.Trash', '/Volumes/stick/.Trashes/501']
    """
    return [posixpath.join(home, ".Trash"), posixpath.join(top, ".Trashes", str(user))]


def bin_of_drive(path: str) -> str:
    r"""Return the folder of a drive's Recycle Bin, in which each user has one.

    >>> print(bin_of_drive(r"D:\photos\a.jpg"))
    D:\$Recycle.Bin
    """
    return ntpath.join(ntpath.splitdrive(path)[0] + "\\", "$Recycle.Bin")


def note_of(place: str, flavour: ModuleType = os.path) -> str:
    """Return where the desktop keeps its note of a file in the trash; "" for nowhere.

    >>> note_of("/t/Trash/files/a.jpg", posixpath), note_of("/Users/me/.Trash/a.jpg", posixpath)
    ('/t/Trash/info/a.jpg.trashinfo', '')
    """
    folder, name = flavour.split(place)
    above, last = flavour.split(folder)
    if last == "files":
        return str(flavour.join(above, "info", f"{name}.trashinfo"))
    if name.startswith("$R") and flavour.basename(above).casefold() == "$recycle.bin":
        return str(flavour.join(folder, "$I" + name[2:]))
    return ""


def _mount_point(folder: str) -> str:
    here = os.path.realpath(folder)
    while not os.path.ismount(here) and os.path.dirname(here) != here:
        here = os.path.dirname(here)
    return here
