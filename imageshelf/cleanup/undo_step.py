"""How one action of a clean-up is taken back: what that would do, and doing it."""

import contextlib
import hashlib
import os

from imageshelf.cleanup import places, planning, sidecars, trash
from imageshelf.cleanup.file_actions import UnfinishedError, discard
from imageshelf.cleanup.moving import drop_second_name, move, take
from imageshelf.cleanup.path_checks import require_regular
from imageshelf.cleanup.records import FileAction, both, has_kept_state, is_known, is_link
from imageshelf.pictures.digests import DIGEST_BYTES
from imageshelf.system.files import FileChangedError, lstat, stamp

CHUNK_BYTES = 1 << 20
BACK, ALREADY, TAKEN, LOST = "back", "already", "taken", "lost"
LINKED, OWN = "linked", "own"
_COPY = ".copy"  # added to the place of a hard link's undo
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def undo_outlook(action: FileAction) -> tuple[str, str]:
    """Return what undoing it would do, and for TAKEN and LOST why; touches nothing."""
    try:
        require_regular(action.place or action.source)
        there, placed = both(action)
        why = sidecars.why_not_back(action) if action.verb == planning.TAKE_OVER else ""
    except (FileChangedError, OSError) as exc:
        return LOST, getattr(exc, "strerror", None) or str(exc)
    if action.verb == planning.TAKE_OVER:
        return (LOST if why else BACK), why
    if action.verb == planning.HARD_LINK:
        return _outlook_of_link(action, there, placed)
    return _outlook_of_move(action, there, placed)


def _where_to_look(action: FileAction) -> str:
    if action.verb == planning.DELETE:
        return "was deleted for good"
    if action.verb == planning.TRASH and not action.place:
        name = os.path.basename(action.source)
        return f"went into the trash and was not found there; look for {name} in {trash.WHERE}"
    return f"is not there any more: {action.place}"


def _outlook_of_move(
    action: FileAction, there: os.stat_result | None, placed: os.stat_result | None
) -> tuple[str, str]:
    is_back = there is not None and is_known(there, action)
    if placed is None or action.verb == planning.DELETE:
        return (ALREADY, "") if is_back else (LOST, _where_to_look(action))
    if there is not None and not os.path.samestat(there, placed):
        return TAKEN, "has its place taken by another file"
    if not is_known(placed, action):
        return LOST, f"has changed since; it stays {action.place}"
    return BACK, ""


def _outlook_of_link(
    action: FileAction, there: os.stat_result | None, placed: os.stat_result | None
) -> tuple[str, str]:
    original = placed is not None  # an undo, or the action itself, was cut short
    if there is None:
        return (BACK, "") if original else (LOST, "is not there any more")
    if is_link(action, there) and there.st_size == action.known.size_bytes:
        return BACK, ""
    if stamp(there)[1:] == action.known[1:]:
        return (BACK, "") if original else (ALREADY, "")
    if not original and _is_own_again(action):
        return BACK, ""
    return LOST, "has changed since it became a hard link"


def _is_own_again(action: FileAction) -> bool:
    """Tell whether the folder was restored without hard links; only time and mode are wrong."""
    there, placed = both(action)
    return (
        placed is None
        and there is not None
        and there.st_nlink == 1
        and has_kept_state(action, there)
    )


def take_back(action: FileAction) -> None:
    """Bring one file back. Raises FileChangedError or OSError when it is where it was.

    Raises UnfinishedError when it is between its places; another undo goes on from there.
    """
    require_regular(action.source)
    if action.verb == planning.TAKE_OVER:
        sidecars.put_back(action)
        return
    os.makedirs(os.path.dirname(action.source), exist_ok=True)
    if action.verb == planning.HARD_LINK:
        if _is_own_again(action):
            _require_bytes(action)
            _made_as_before(action, action.source)
        else:
            _unlinked(action)
        return
    there, placed = lstat(action.source), os.lstat(action.place)
    if there is not None and os.path.samestat(there, placed):
        drop_second_name(action.source, action.place)
    else:
        _moved_back(action, placed)
    if action.verb == planning.TRASH:
        trash.forget(action.place)
    else:
        places.tidy(action.place, action.folder)


def _moved_back(action: FileAction, placed: os.stat_result) -> None:
    try:
        take(action.place, action.source, placed)
    except OSError:
        there = lstat(action.source)
        if there is None or not os.path.samestat(there, placed):
            raise
        if lstat(action.place) is not None:  # moved by link and unlink, and not unlinked
            drop_second_name(action.source, action.place)


def settle_link(action: FileAction) -> str:
    """Settle the undo of a hard link that was cut short; return what is at the source now.

    LINKED is the hard link, OWN a file of its own; "" if the undo has not begun. Raises
    FileChangedError or OSError.
    """
    there, placed = both(action)
    if placed is None:
        return ""
    require_regular(action.place)
    if not is_link(action, placed):
        raise FileChangedError(f"was replaced by another file, which is now {action.place}")
    if there is None:
        move(action.place, action.source)
        return LINKED
    if os.path.samestat(there, placed):
        drop_second_name(action.source, action.place)
        return LINKED
    if placed.st_nlink < 2:
        raise FileChangedError(
            f"is back; {action.place} is the last name of the copy that was kept"
        )
    os.unlink(action.place)
    return OWN


def _unlinked(action: FileAction) -> None:
    """Replace a hard link by a file of its own with the same bytes, time and mode."""
    if settle_link(action) == OWN:
        return
    copy = action.place + _COPY
    require_regular(copy)
    discard(copy)
    try:
        linked = _copied(action, copy)
        take(action.source, action.place, linked)
        move(copy, action.source)
        os.unlink(action.place)
    except BaseException as exc:
        if _settled(action, exc) == OWN and isinstance(exc, OSError):
            return  # all of it had happened but for the last name
        discard(copy)
        raise


def _settled(action: FileAction, failure: BaseException) -> str:
    """Settle an undo that failed; raises UnfinishedError if that fails, too."""
    try:
        return settle_link(action)
    except (FileChangedError, OSError) as exc:
        why = getattr(failure, "strerror", None) or failure
        raise UnfinishedError(
            f"was to be a file of its own again ({why}); see {action.place}, too"
        ) from exc


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
        raise FileChangedError("has changed since it became a hard link")
    _made_as_before(action, copy)
    return status


def _require_bytes(action: FileAction) -> None:
    with open(action.source, "rb") as file:
        total = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES))
    if total.digest() != action.digest:
        raise FileChangedError("has changed since it became a hard link")


def _made_as_before(action: FileAction, path: str) -> None:
    """Give a file the owner, mode and time noted before; the time last, which tells it is done."""
    with contextlib.suppress(OSError, AttributeError):
        os.chown(path, int(action.stat["uid"]), int(action.stat["gid"]))
    os.chmod(path, int(action.stat["mode"]) & 0o777)  # no file runs as another user for a row
    os.utime(path, ns=(os.stat(path).st_atime_ns, action.known.mtime_ns))
