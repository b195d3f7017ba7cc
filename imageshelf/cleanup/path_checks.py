"""What must be true of a file's paths before history is acted on, whoever wrote it.

Rows of history name two paths, and acting on them moves or removes a file. These rules keep a row
that is damaged or forged from reaching any file but the one that a clean-up could have moved.
"""

import os
import re
import stat
from collections.abc import Sequence

from imageshelf.cleanup import planning, trash
from imageshelf.cleanup.records import FileAction
from imageshelf.system.files import FileChangedError, lstat

HIDDEN = re.compile(r"\.imageshelf-\d+-[0-9a-f]{12}-\d+")  # beside the source: see `hidden_name`


class UnsafePathError(Exception):
    """A row of history leads where no clean-up goes; the message continues "this file ..."."""


def hidden_name(run: int, token: str, at: int) -> str:
    """Return the name that a file has until it is deleted or replaced; no index run sees it.

    >>> hidden_name(3, "0123456789ab", 0)
    '.imageshelf-3-0123456789ab-0'
    """
    return f".imageshelf-{run}-{token}-{at}"


def require_safe(action: FileAction) -> None:
    """Raise UnsafePathError unless the place is where this verb puts the file of this source."""
    for path in filter(None, (action.source, action.place, action.folder)):
        if not os.path.isabs(path) or os.path.normpath(path) != path or not _real(path):
            raise UnsafePathError(f"has a path that no clean-up writes: {path}")
    if not action.place:
        if action.verb != planning.TRASH:
            raise UnsafePathError("has no place")
        return
    if _spelling(action.source) == _spelling(action.place):
        raise UnsafePathError("would be moved onto itself")
    folder, name = os.path.split(action.place)
    folder = os.path.realpath(folder)
    if action.verb == planning.TAKE_OVER and not action.source.casefold().endswith(".xmp"):
        raise UnsafePathError("is no sidecar")
    if action.verb == planning.SET_ASIDE:
        inside = os.path.isabs(action.folder) and is_below(folder, [action.folder])
    elif action.verb == planning.TRASH:
        inside = folder in map(os.path.realpath, trash.folders(action.source))
    else:
        beside = os.path.realpath(os.path.dirname(action.source))
        inside = folder == beside and HIDDEN.fullmatch(name) is not None
    if not inside:
        raise UnsafePathError(f"has a place where no clean-up puts it: {action.place}")


def require_below(action: FileAction, folders: Sequence[str]) -> None:
    """Raise UnsafePathError unless both paths lie below one of the folders, through no link."""
    for path in filter(None, (action.source, action.place)):
        if not is_below(os.path.dirname(path), folders):
            raise UnsafePathError(f"is outside: {path}")
    if not action.place:
        raise UnsafePathError("is outside: it went into the trash")


def require_regular(path: str) -> None:
    """Raise FileChangedError if there is anything at a path that is not a regular file."""
    status = lstat(path)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise FileChangedError(f"is not a regular file any more: {path}")


def is_below(folder: str, tops: Sequence[str]) -> bool:
    """Tell whether a folder is one of these or lies below one, links resolved."""
    real = _real(folder)
    for above in filter(None, map(_real, tops)):
        if real == above or real.startswith(os.path.join(above, "")):
            return True
    return False


def _real(path: str) -> str:
    """Return a path with its links resolved, "" for one that no system has."""
    try:
        return os.path.normcase(os.path.realpath(path))
    except ValueError:
        return ""


def _spelling(path: str) -> str:
    """Return a path as the least particular file system would spell it."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name).casefold()
