"""Folders that are no collection: recycle bins, snapshots, and what clean-ups set aside.

What lies in them will be discarded, by the system or by the user, so no walk enters them and no
copy in them is preferred to one outside.
"""

import json
import os
import re

RECYCLE_BIN, SNAPSHOT, SET_ASIDE = "recycle bin", "snapshot folder", "set-aside folder"
_KINDS = {  # by name, in small letters
    RECYCLE_BIN: (
        "@recycle", "#recycle", "$recycle.bin", "recycler", "recycled", ".recycle", ".recycle.bin",
        ".trash", ".trashes", ".dtrash", ".stversions",
    ),
    SNAPSHOT: (
        "#snapshot", "~snapshot", ".snapshot", ".snapshots", "@snapshots", "@recently-snapshot",
        ".zfs", "backups.backupdb", ".mobilebackups", ".timemachine",
    ),
}  # fmt: skip
_KIND_OF = {os.fsencode(name): kind for kind, names in _KINDS.items() for name in names}
# Trash of one user; Samba's view of a snapshot; a Time Machine backup on APFS
_PATTERNS = (
    (re.compile(rb"\.trash-\w+"), RECYCLE_BIN),
    (re.compile(rb"@gmt-[\d.-]+|\d{4}-\d\d-\d\d-\d{6}\.(backup|previous|inprogress)"), SNAPSHOT),
)
MARKER = b".imageshelf-set-aside"  # the file that makes a folder one
MOST_MARKER_BYTES = 10_000


def kind_of(name: bytes) -> str:
    """Return what kind of discarded folder has this name, "" for none.

    >>> kind_of(b"#Recycle"), kind_of(b".Trash-1000"), kind_of(b"2019")
    ('recycle bin', 'recycle bin', '')
    """
    small = name.lower()
    if kind := _KIND_OF.get(small):
        return kind
    if small[:1] not in b".@012":  # what the patterns begin with
        return ""
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(small)), "")


def kind_around(path: str) -> str:
    """Return the kind of the innermost discarded folder that a path leads through, by its names."""
    folders = os.fsencode(path).replace(b"\\", b"/").split(b"/")[:-1]
    return next((kind for name in reversed(folders) if (kind := kind_of(name))), "")


def set_aside_folder(path: str) -> str:
    """Return the folder, this one or one above it, that a clean-up marked as its own, or ""."""
    try:
        here = os.path.realpath(path)
    except ValueError:  # no path of this system: it came from a shelf
        return ""
    while not os.path.isfile(_marker(here)):
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above
    return here


def mark(folder: str, shelf: str, run: int) -> None:
    """Mark a folder as what clean-up `run` of a shelf set aside; raises OSError."""
    note = {"imageshelf": "set aside, never indexed", "shelf": shelf, "run": run}
    with open(_marker(folder), "x", encoding="utf-8", errors="surrogateescape") as file:
        file.write(json.dumps(note) + "\n")


def unmark(folder: str) -> None:
    """Take the marker away if nothing else is left in the folder; raises OSError."""
    if os.listdir(os.fsencode(folder)) == [MARKER]:
        os.unlink(_marker(folder))


def marked_as(folder: str) -> str:
    """Return in words whose clean-up set aside what a marked folder holds."""
    try:
        with open(_marker(folder), encoding="utf-8", errors="replace") as file:
            note = json.loads(file.read(MOST_MARKER_BYTES))
        return f"clean-up {int(note['run'])} of {note['shelf']!s:.500}"
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return "a clean-up"


def _marker(folder: str) -> str:
    return os.path.join(folder, MARKER.decode())
