"""What a clean-up does to one file, and how an action that fails or is cut short is put right.

An action is a series of steps, each of which leaves the file's bytes under a name that the shelf
has written down before. So whenever a step fails or the program is killed, the disk tells what has
happened: `put_back` takes a failed action back at once, and `finish_or_revert` settles what a
killed program left. What even that cannot do is told, and left for the next run.
"""

import contextlib
import os
from collections.abc import Callable

from imageshelf.cleanup import places, planning, trash
from imageshelf.cleanup.moving import drop_second_name, move, take
from imageshelf.cleanup.path_checks import require_regular
from imageshelf.cleanup.records import FileAction, both, is_known, is_link
from imageshelf.system.files import FileChangedError, lstat, stamp


class UnfinishedError(Exception):
    """An action that failed and could not be taken back; the message continues "this file ...".

    It says where the file is. The next clean-up or undo tries again.
    """


# -- performing -----------------------------------------------------------------------------------


def perform(
    action: FileAction,
    status: os.stat_result,
    keeper: str,
    require: Callable[[], os.stat_result],
) -> str:
    """Perform an action; return where the file is now, "" for nowhere or unknown.

    `require` returns the status of the copy to keep, or raises FileChangedError if it has gone.
    Raises FileChangedError, TrashError, PlaceError or OSError when the file is where it was, and
    UnfinishedError when it is not and could not be put back.
    """
    try:
        return _performed(action, status, keeper, require)
    except BaseException as exc:
        if _put_back_or_tell(action, exc) and isinstance(exc, OSError):
            return ""  # the system called it a failure, and did it all the same
        raise


def _performed(
    action: FileAction,
    status: os.stat_result,
    keeper: str,
    require: Callable[[], os.stat_result],
) -> str:
    if action.verb == planning.TRASH:
        trash.put(action.source)
        return trash.find_examined(action.source, stamp(status))
    if action.verb == planning.PURGE:
        require()
        os.unlink(action.source)
        return ""
    if action.verb == planning.SET_ASIDE:
        places.make_way(action.place, action.folder)
        take(action.source, action.place, status)
        return action.place
    take(action.source, action.place, status)
    kept = require()
    if action.verb == planning.HARD_LINK:
        _link(keeper, action.source, kept)
    os.unlink(action.place)
    return ""


def _link(keeper: str, source: str, kept: os.stat_result) -> None:
    os.link(keeper, source, follow_symlinks=False)
    if not os.path.samestat(os.lstat(source), kept):
        os.unlink(source)
        raise FileChangedError("stays: the copy to keep was replaced")


# -- after a failure ------------------------------------------------------------------------------


def _put_back_or_tell(action: FileAction, failure: BaseException) -> bool:
    """Put the file back, or raise UnfinishedError; tell whether all has happened after all."""
    try:
        return put_back(action)
    except (FileChangedError, OSError) as exc:
        why = "; ".join(dict.fromkeys(map(_words, (failure, exc))))
        where = f"; it is now {action.place}" if action.place else ""
        raise UnfinishedError(f"could not be put back ({why}){where}") from exc


def _words(exc: BaseException) -> str:
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc) or type(exc).__name__


def put_back(action: FileAction) -> bool:
    """Put a file back, however far an action on it got; return True if it has all happened.

    Raises FileChangedError or OSError when that cannot be.
    """
    if action.verb == planning.TRASH:
        _put_back_from_trash(action)
        return False
    there, placed = both(action)
    if placed is None:
        if action.verb == planning.SET_ASIDE:
            places.tidy(action.place, action.folder)
        return _has_happened(action, there)
    if not is_known(placed, action):
        raise FileChangedError(f"was replaced by another file, which is now {action.place}")
    if there is not None and os.path.samestat(there, placed):
        drop_second_name(action.source, action.place)
    else:
        if there is not None and is_link(action, there):
            _remove_link(action, there)
            there = None
        if there is not None:
            raise FileChangedError("had its place taken meanwhile")
        move(action.place, action.source)
    if action.verb == planning.SET_ASIDE:
        places.tidy(action.place, action.folder)
    return False


def _has_happened(action: FileAction, there: os.stat_result | None) -> bool:
    """Tell whether a deletion or a hard link is complete, with nothing at the place."""
    if action.verb == planning.HARD_LINK:
        return there is not None and is_link(action, there)
    return action.verb in {planning.DELETE, planning.PURGE} and there is None


def _put_back_from_trash(action: FileAction) -> None:
    if lstat(action.source) is not None:
        return
    place = trash.find(action.source, action.known)
    if not place:
        name = os.path.basename(action.source)
        raise FileChangedError(f"may be in the trash: look for {name} in {trash.WHERE}")
    move(place, action.source)
    trash.forget(place)


def _remove_link(action: FileAction, there: os.stat_result) -> None:
    if there.st_nlink < 2:
        raise FileChangedError("is the last name of the copy that was kept")
    os.unlink(action.source)


# -- after a program was killed -------------------------------------------------------------------


def finish_or_revert(action: FileAction) -> tuple[bool, str]:
    """Finish or revert an action that may be half done; return (done, the file's place).

    Afterwards either all of it has happened, or nothing. Raises FileChangedError or OSError.
    """
    for path in filter(None, (action.source, action.place)):
        require_regular(path)
    there, placed = both(action)
    if action.verb == planning.TRASH:
        if there is not None and is_known(there, action):
            return False, ""
        return True, trash.find(action.source, action.known)
    if action.verb != planning.SET_ASIDE or placed is None:
        return put_back(action), action.place
    if there is not None and os.path.samestat(there, placed):
        return put_back(action), action.place  # a move by link and unlink
    if not is_known(placed, action):
        raise FileChangedError(f"was replaced by another file, which is now {action.place}")
    return True, action.place


def discard(path: str) -> None:
    """Remove a file that only this program made, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)
