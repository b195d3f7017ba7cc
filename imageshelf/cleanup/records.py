"""One file of a clean-up as it is written down before anything happens to it."""

import os
import stat
from typing import Any, NamedTuple

from imageshelf.system.files import Stamp, lstat, stamp


class FileAction(NamedTuple):
    """One file to act on: its path, the place promised to it, and the state it was in.

    `stat` is what `noted` returns, kept as JSON on the shelf; files are set aside in `folder`.
    """

    verb: str
    source: str
    place: str  # "" for a file in the trash that could not be found
    stat: dict[str, Any]
    digest: bytes | None
    folder: str

    @property
    def known(self) -> Stamp:
        """The state that the file was in."""
        return Stamp(*(int(self.stat.get(field, -1)) for field in Stamp._fields))


def noted(status: os.stat_result, keeper: os.stat_result) -> dict[str, Any]:
    """Return what must be known of a file and its keeper to bring the file back as it was."""
    return {
        "keeper_inode": keeper.st_ino,
        "keeper_mtime_ns": keeper.st_mtime_ns,
        **stamp(status)._asdict(),
        "mode": status.st_mode & 0o7777,
        "uid": status.st_uid,
        "gid": status.st_gid,
    }


def both(action: FileAction) -> tuple[os.stat_result | None, os.stat_result | None]:
    """Return the status of what is at the source and at the place."""
    return lstat(action.source), lstat(action.place) if action.place else None


def is_known(status: os.stat_result, action: FileAction) -> bool:
    """Tell whether this is the file of the action, by size and time.

    Its inode is another one after the folder was restored or copied to another disk.
    """
    return stat.S_ISREG(status.st_mode) and stamp(status)[1:] == action.known[1:]


def is_link(action: FileAction, there: os.stat_result) -> bool:
    """Tell whether what is at the source is the hard link to the keeper that the action made.

    In a restored folder it is a name of a file with several that has the keeper's time.
    """
    if there.st_ino == action.known.inode:
        return False
    restored = there.st_nlink > 1 and has_kept_state(action, there)
    return restored or there.st_ino == action.stat.get("keeper_inode", 0)


def has_kept_state(action: FileAction, there: os.stat_result) -> bool:
    """Tell whether a file has the size and time of the keeper that it was linked to."""
    kept = action.known.size_bytes, action.stat.get("keeper_mtime_ns")
    return stat.S_ISREG(there.st_mode) and (there.st_size, there.st_mtime_ns) == kept
