"""Advisory locks: on a picture while a clean-up looks at it, on a shelf while one is at work.

The system drops them when the process ends, however it ends, so none can go stale.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

from imageshelf.shelf import Shelf, names
from imageshelf.shelf.errors import GONE
from imageshelf.system.sentences import SentenceError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_OPEN = os.O_RDWR | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY")
)
SUFFIX = "-cleanup"  # after the shelf's path: the lock file, which is there while it is held
POLL_S = 0.05


class LockError(SentenceError):
    """No lock file can be made beside the shelf; nothing was touched."""


def lock_file(descriptor: int, *, shared: bool) -> bool:
    """Lock an open picture until it is closed; return False if another clean-up holds it.

    Clean-ups may share a copy that stays; a copy that goes belongs to one of them. Returns True on
    a file system without locks, and on Windows, where an open file cannot be moved or deleted.
    """
    if sys.platform == "win32":
        return True
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here, or a read-only network share
        return True
    return True


@contextlib.contextmanager
def alone(shelf: Shelf, check: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Inside the block, no other clean-up or undo of this shelf is at work; waits for its turn.

    `check` is called now and then while it waits, and may raise. Raises LockError.
    """
    path = _path(shelf)
    try:
        while (descriptor := _taken(path)) < 0:
            check()
            time.sleep(POLL_S)
    except FileNotFoundError as exc:
        raise LockError(f"{shelf.path} {GONE}") from exc
    except OSError as exc:
        reason = f"{shelf.path} cannot be written: no file can be made beside it ({exc.strerror})"
        raise LockError(reason) from exc
    try:
        yield
    finally:
        if sys.platform != "win32":  # removed while locked: nobody can lock a deleted file
            _remove(path)
        os.close(descriptor)
        if sys.platform == "win32":
            _remove(path)


def is_held(shelf: Shelf) -> bool:
    """Tell whether a clean-up or an undo of this shelf is at work; makes no file."""
    try:
        descriptor = os.open(_path(shelf), _OPEN)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _path(shelf: Shelf) -> str:
    return names.native(shelf.path + SUFFIX)


def _taken(path: str) -> int:
    """Return the open lock file, locked; -1 if another program has it, or has just removed it."""
    descriptor = os.open(path, _OPEN | os.O_CREAT, 0o600)
    with contextlib.suppress(OSError):
        if _locked(descriptor) and os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            return descriptor
    os.close(descriptor)
    return -1


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        # A network share without locks: only the table tells runs apart.
        return not isinstance(exc, (BlockingIOError, PermissionError))
    return True
