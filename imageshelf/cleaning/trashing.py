"""The system's trash: putting a file into it, and finding it there again.

The trash belongs to the desktop, and Send2Trash does not tell where it put a file. A move within
a file system keeps the inode, so the file is looked for by it in the places where such systems keep
their trash. Where it cannot be found, the user is told where to look.
"""

from __future__ import annotations

import contextlib
import os
import sys

from imageshelf.cleaning.moving import Stamp, stamp

WHERE = {
    "darwin": "the Trash in the Finder",
    "win32": "the Recycle Bin",
}.get(sys.platform, "the trash of the file manager")


class TrashError(Exception):
    """The trash did not take a file; the message says what it said."""


def put(path: str) -> None:
    """Put a file into the trash. Raises TrashError, and then the file is where it was."""
    from send2trash import send2trash  # noqa: PLC0415 - slow where it asks the desktop

    try:
        send2trash(path)
    except Exception as exc:  # desktops raise what they like
        said = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise TrashError(" ".join(str(said).split())) from exc


def find(path: str, status: Stamp) -> str:
    """Return where in the trash the file is that was at `path`; "" if it cannot be found."""
    if not status.inode:
        return ""
    for folder in _folders(path):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.inode() == status.inode and _is(entry.path, status):
                    return entry.path
    return ""


def forget(place: str) -> None:
    """Remove the note that the desktop keeps beside a file that has left its trash."""
    folder, name = os.path.split(place)
    if os.path.basename(folder) == "files":
        note = os.path.join(os.path.dirname(folder), "info", f"{name}.trashinfo")
        with contextlib.suppress(OSError):
            os.unlink(note)


def _is(path: str, status: Stamp) -> bool:
    try:
        return stamp(os.lstat(path)) == status
    except OSError:
        return False


def _folders(path: str) -> list[str]:
    """Return where the trash for a file at `path` may be; specifications.freedesktop.org/trash."""
    top = _mount_point(os.path.dirname(path))
    if sys.platform == "win32":
        bins = os.path.join(os.path.splitdrive(path)[0] + "\\", "$Recycle.Bin")
        with contextlib.suppress(OSError):
            return [os.path.join(bins, owner) for owner in os.listdir(bins)]
        return []
    user = str(os.getuid())
    if sys.platform == "darwin":
        return [os.path.expanduser("~/.Trash"), os.path.join(top, ".Trashes", user)]
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    loaded = sys.modules.get("send2trash.plat_other")  # it looks at the environment only once
    return [
        os.path.join(trash, "files")
        for trash in (
            str(getattr(loaded, "HOMETRASH", "")) or os.path.join(data, "Trash"),
            os.path.join(data, "Trash"),
            os.path.join(top, ".Trash", user),
            os.path.join(top, f".Trash-{user}"),
        )
    ]


def _mount_point(folder: str) -> str:
    here = os.path.realpath(folder)
    while not os.path.ismount(here) and os.path.dirname(here) != here:
        here = os.path.dirname(here)
    return here
