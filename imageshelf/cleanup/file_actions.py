"""What a clean-up does to one file, and how each action is taken back, even a half-done one.

An action is a series of steps, each of which leaves the file's bytes under a name that the shelf
has written down before. So whenever the program is killed, `finish_or_revert` can tell from the
disk what has happened, and `take_back` can undo it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.cleanup import places, planning, trash
from imageshelf.cleanup.moving import move, take
from imageshelf.pictures.digests import DIGEST_BYTES
from imageshelf.system.files import Changed, Stamp, lstat, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_BYTES = 1 << 20
_COPY = ".copy"  # added to the place of a hard link's undo
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


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


# -- performing -----------------------------------------------------------------------------------


def perform(
    action: FileAction, status: os.stat_result, keeper: str, require: Callable[[], os.stat_result]
) -> str:
    """Perform an action; return where the file is now, "" for nowhere or unknown.

    `require` returns the status of the copy to keep, or raises Changed if it has gone. Raises
    Changed, TrashError, PlaceError or OSError when the file is where it was.
    """
    if action.verb == planning.SET_ASIDE:
        places.make_way(action.place, action.folder)
        take(action.source, action.place, status)
        return action.place
    if action.verb == planning.TRASH:
        trash.put(action.source)
        return trash.find(action.source, stamp(status))
    take(action.source, action.place, status)
    try:
        kept = require()
        if action.verb == planning.HARD_LINK:
            _link(keeper, action.source, kept)
    except BaseException:
        _put_back(action.place, action.source)
        raise
    os.unlink(action.place)
    return ""


def _link(keeper: str, source: str, kept: os.stat_result) -> None:
    os.link(keeper, source, follow_symlinks=False)
    if not os.path.samestat(os.lstat(source), kept):
        os.unlink(source)
        raise Changed("stays: the copy to keep was replaced")


def _put_back(place: str, source: str) -> None:
    try:
        move(place, source)
    except FileExistsError as exc:
        raise Changed(f"had its place taken meanwhile; it is now {place}") from exc


# -- after a program was killed -------------------------------------------------------------------


def finish_or_revert(action: FileAction) -> tuple[bool, str]:
    """Finish or revert an action that may be half done; return (done, the file's place).

    Afterwards either all of it has happened, or nothing.
    """
    there, placed = _both(action)
    if action.verb == planning.TRASH:
        if there is not None and stamp(there) == action.known:
            return False, ""
        return True, trash.find(action.source, action.known)
    if there is not None and placed is not None and os.path.samestat(there, placed):
        os.unlink(action.place)  # a move by link and unlink: it keeps its first name
        places.tidy(action.place, action.folder)
        return False, action.place
    if action.verb == planning.SET_ASIDE:
        places.tidy(action.place, action.folder)
        return there is None and placed is not None, action.place
    return _finish_in_place(action, there, placed is not None)


def _finish_in_place(
    action: FileAction, there: os.stat_result | None, original: bool
) -> tuple[bool, str]:
    """Do so for a hard link or a deletion; `original` tells if the file is at its hidden place."""
    if original:
        if _is_link(action, there):
            os.unlink(action.source)
            there = None
        if there is None:
            move(action.place, action.source)
        return False, action.place
    done = _is_link(action, there) if action.verb == planning.HARD_LINK else there is None
    return done, action.place


def _both(action: FileAction) -> tuple[os.stat_result | None, os.stat_result | None]:
    return lstat(action.source), lstat(action.place) if action.place else None


def _is_link(action: FileAction, there: os.stat_result | None) -> bool:
    keeper = action.stat.get("keeper_inode", 0)
    return there is not None and there.st_ino == keeper != action.known.inode


# -- undoing --------------------------------------------------------------------------------------

BACK, ALREADY, TAKEN, LOST = "back", "already", "taken", "lost"


def undo_outlook(action: FileAction) -> tuple[str, str]:
    """Return what undoing it would do, and for TAKEN and LOST why; touches nothing."""
    there, placed = _both(action)
    if action.verb == planning.HARD_LINK:
        return _outlook_of_link(action, there, placed)
    is_back = there is not None and stamp(there)[1:] == action.known[1:]
    if placed is None or action.verb == planning.DELETE:
        return (ALREADY, "") if is_back else (LOST, _where_to_look(action))
    if there is not None and not os.path.samestat(there, placed):
        return TAKEN, "has its place taken by another file"
    if stamp(placed)[1:] != action.known[1:]:
        return LOST, f"has changed since; it stays {action.place}"
    return BACK, ""


def _where_to_look(action: FileAction) -> str:
    if action.verb == planning.DELETE:
        return "was deleted for good"
    if action.verb == planning.TRASH and not action.place:
        name = os.path.basename(action.source)
        return f"went into the trash and was not found there; look for {name} in {trash.WHERE}"
    return f"is not there any more: {action.place}"


def _outlook_of_link(
    action: FileAction, there: os.stat_result | None, placed: os.stat_result | None
) -> tuple[str, str]:
    original = placed is not None  # an undo, or the action itself, was killed
    if there is None:
        return (BACK, "") if original else (LOST, "is not there any more")
    if _is_link(action, there) and there.st_size == action.known.size_bytes:
        return BACK, ""
    if stamp(there)[1:] == action.known[1:]:
        return (BACK, "") if original else (ALREADY, "")
    return LOST, "has changed since it became a hard link"


def take_back(action: FileAction) -> None:
    """Bring one file back. Raises Changed or OSError when it is where it was."""
    os.makedirs(os.path.dirname(action.source), exist_ok=True)
    if action.verb == planning.HARD_LINK:
        _unlinked(action)
        return
    there, placed = lstat(action.source), os.lstat(action.place)
    if there is not None and os.path.samestat(there, placed):
        os.unlink(action.place)
    else:
        take(action.place, action.source, placed)
    if action.verb == planning.TRASH:
        trash.forget(action.place)
    else:
        places.tidy(action.place, action.folder)


def _unlinked(action: FileAction) -> None:
    """Replace a hard link by a file of its own with the same bytes, time and mode."""
    there, placed = lstat(action.source), lstat(action.place)
    if placed is not None:  # an undo that was killed
        if there is not None and not _is_link(action, there):
            os.unlink(action.place)
            return
        if there is None:
            move(action.place, action.source)
    copy = action.place + _COPY
    with contextlib.suppress(FileNotFoundError):
        os.unlink(copy)
    try:
        linked = _copied(action, copy)
        take(action.source, action.place, linked)
        try:
            move(copy, action.source)
        except OSError:
            _put_back(action.place, action.source)
            raise
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(copy)
        raise
    os.unlink(action.place)


def _copied(action: FileAction, copy: str) -> os.stat_result:
    """Copy a file's bytes into a new file with the time and mode noted before."""
    total = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with open(action.source, "rb") as original, os.fdopen(os.open(copy, _NEW, 0o600), "wb") as file:
        status = os.fstat(original.fileno())
        while chunk := original.read(CHUNK_BYTES):
            total.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if action.digest is not None:
        same = total.digest() == action.digest
    else:  # killed before it was written down
        same = status.st_mtime_ns == action.stat.get("keeper_mtime_ns")
    if not same:
        raise Changed("has changed since it became a hard link")
    with contextlib.suppress(OSError, AttributeError):
        os.chown(copy, int(action.stat["uid"]), int(action.stat["gid"]))
    os.chmod(copy, int(action.stat["mode"]))
    os.utime(copy, ns=(status.st_atime_ns, action.known.mtime_ns))
    return status
