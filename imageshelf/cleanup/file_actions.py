"""What a clean-up does to one file, and how each deed is taken back, also a half-done one.

A deed is done in steps of which each leaves the file's bytes under some name that the shelf has
written down before. So whatever moment a program is killed at, `settle` can tell from the disk what
has happened, and `back` can undo it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.cleanup import places, planning
from imageshelf.cleanup import trash as trashing
from imageshelf.cleanup.moving import move, take
from imageshelf.pictures.digests import DIGEST_BYTES
from imageshelf.system.files import FileChangedError, Stamp, lstat, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_BYTES = 1 << 20
_COPY = ".copy"  # added to the place of a hard link's undo
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Deed(NamedTuple):
    """One file to act on: where it is, the place promised to it, and what it was like.

    `stat` is the JSON of the action: `noted` makes it. `folder` is where things are set aside.
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
    """Return what has to be known of a file, and of its keeper, to bring it back as it was."""
    return {
        "keeper_inode": keeper.st_ino,
        "keeper_mtime_ns": keeper.st_mtime_ns,
        **stamp(status)._asdict(),
        "mode": status.st_mode & 0o7777,
        "uid": status.st_uid,
        "gid": status.st_gid,
    }


# -- doing ----------------------------------------------------------------------------------------


def do(
    deed: Deed, status: os.stat_result, keeper: str, require: Callable[[], os.stat_result]
) -> str:
    """Do it; return the place where the file is now, "" for nowhere or unknown.

    `require` gives the status of the copy to keep, or raises Changed if it is not there any more.
    Raises Changed, TrashError, PlaceError or OSError, and then the file is where it was.
    """
    if deed.verb == planning.SET_ASIDE:
        places.make_way(deed.place, deed.folder)
        take(deed.source, deed.place, status)
        return deed.place
    if deed.verb == planning.TRASH:
        trashing.put(deed.source)
        return trashing.find(deed.source, stamp(status))
    take(deed.source, deed.place, status)
    try:
        kept = require()
        if deed.verb == planning.HARD_LINK:
            _link(keeper, deed.source, kept)
    except BaseException:
        _back_to(deed.place, deed.source)
        raise
    os.unlink(deed.place)
    return ""


def _link(keeper: str, source: str, kept: os.stat_result) -> None:
    os.link(keeper, source, follow_symlinks=False)
    if not os.path.samestat(os.lstat(source), kept):
        os.unlink(source)
        raise FileChangedError("stays: the copy to keep was replaced")


def _back_to(place: str, source: str) -> None:
    try:
        move(place, source)
    except FileExistsError as exc:
        raise FileChangedError(f"had its place taken meanwhile; it is now {place}") from exc


# -- after a program was killed -------------------------------------------------------------------


def settle(deed: Deed) -> tuple[bool, str]:
    """Finish or take back what may be half done; return (done, the place of the file).

    After it either everything has happened, or nothing has.
    """
    there, placed = _both(deed)
    if deed.verb == planning.TRASH:
        if there is not None and stamp(there) == deed.known:
            return False, ""
        return True, trashing.find(deed.source, deed.known)
    if there is not None and placed is not None and os.path.samestat(there, placed):
        os.unlink(deed.place)  # a move by link and unlink: the file keeps its first name
        places.tidy(deed.place, deed.folder)
        return False, deed.place
    if deed.verb == planning.SET_ASIDE:
        places.tidy(deed.place, deed.folder)
        return there is None and placed is not None, deed.place
    return _settle_in_place(deed, there, placed is not None)


def _settle_in_place(deed: Deed, there: os.stat_result | None, original: bool) -> tuple[bool, str]:
    """Settle a hard link or a deletion; the original is at its hidden place, or it is not."""
    if original:
        if _is_link(deed, there):
            os.unlink(deed.source)
            there = None
        if there is None:
            move(deed.place, deed.source)
        return False, deed.place
    done = _is_link(deed, there) if deed.verb == planning.HARD_LINK else there is None
    return done, deed.place


def _both(deed: Deed) -> tuple[os.stat_result | None, os.stat_result | None]:
    return lstat(deed.source), lstat(deed.place) if deed.place else None


def _is_link(deed: Deed, there: os.stat_result | None) -> bool:
    keeper = deed.stat.get("keeper_inode", 0)
    return there is not None and there.st_ino == keeper != deed.known.inode


# -- undoing --------------------------------------------------------------------------------------

BACK, ALREADY, TAKEN, LOST = "back", "already", "taken", "lost"


def prospect(deed: Deed) -> tuple[str, str]:
    """Tell what undoing it would come to, and for TAKEN and LOST why; touches nothing."""
    there, placed = _both(deed)
    if deed.verb == planning.HARD_LINK:
        return _prospect_of_link(deed, there, placed)
    is_back = there is not None and stamp(there)[1:] == deed.known[1:]
    if placed is None or deed.verb == planning.DELETE:
        return (ALREADY, "") if is_back else (LOST, _where_to_look(deed))
    if there is not None and not os.path.samestat(there, placed):
        return TAKEN, "has its place taken by another file"
    if stamp(placed)[1:] != deed.known[1:]:
        return LOST, f"has changed since; it stays {deed.place}"
    return BACK, ""


def _where_to_look(deed: Deed) -> str:
    if deed.verb == planning.DELETE:
        return "was deleted for good"
    if deed.verb == planning.TRASH and not deed.place:
        name = os.path.basename(deed.source)
        return f"went into the trash and was not found there; look for {name} in {trashing.WHERE}"
    return f"is not there any more: {deed.place}"


def _prospect_of_link(
    deed: Deed, there: os.stat_result | None, placed: os.stat_result | None
) -> tuple[str, str]:
    original = placed is not None  # an undo, or the deed itself, was killed
    if there is None:
        return (BACK, "") if original else (LOST, "is not there any more")
    if _is_link(deed, there) and there.st_size == deed.known.size_bytes:
        return BACK, ""
    if stamp(there)[1:] == deed.known[1:]:
        return (BACK, "") if original else (ALREADY, "")
    return LOST, "has changed since it became a hard link"


def back(deed: Deed) -> None:
    """Bring one file back. Raises Changed or OSError, and then it is where it was."""
    os.makedirs(os.path.dirname(deed.source), exist_ok=True)
    if deed.verb == planning.HARD_LINK:
        _unlinked(deed)
        return
    there, placed = lstat(deed.source), os.lstat(deed.place)
    if there is not None and os.path.samestat(there, placed):
        os.unlink(deed.place)
    else:
        take(deed.place, deed.source, placed)
    if deed.verb == planning.TRASH:
        trashing.forget(deed.place)
    else:
        places.tidy(deed.place, deed.folder)


def _unlinked(deed: Deed) -> None:
    """Make a file of its own again of a hard link: the same bytes, time and mode."""
    there, placed = lstat(deed.source), lstat(deed.place)
    if placed is not None:  # an undo that was killed
        if there is not None and not _is_link(deed, there):
            os.unlink(deed.place)
            return
        if there is None:
            move(deed.place, deed.source)
    copy = deed.place + _COPY
    with contextlib.suppress(FileNotFoundError):
        os.unlink(copy)
    try:
        linked = _copied(deed, copy)
        take(deed.source, deed.place, linked)
        try:
            move(copy, deed.source)
        except OSError:
            _back_to(deed.place, deed.source)
            raise
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(copy)
        raise
    os.unlink(deed.place)


def _copied(deed: Deed, copy: str) -> os.stat_result:
    """Copy a file's bytes into a new one with the time and mode of old."""
    total = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with open(deed.source, "rb") as original, os.fdopen(os.open(copy, _NEW, 0o600), "wb") as file:
        status = os.fstat(original.fileno())
        while chunk := original.read(CHUNK_BYTES):
            total.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if deed.digest is not None:
        same = total.digest() == deed.digest
    else:  # killed before it could be written down
        same = status.st_mtime_ns == deed.stat.get("keeper_mtime_ns")
    if not same:
        raise FileChangedError("has changed since it became a hard link")
    with contextlib.suppress(OSError, AttributeError):
        os.chown(copy, int(deed.stat["uid"]), int(deed.stat["gid"]))
    os.chmod(copy, int(deed.stat["mode"]))
    os.utime(copy, ns=(status.st_atime_ns, deed.known.mtime_ns))
    return status
