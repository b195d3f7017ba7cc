"""Advisory locks: on a picture while a clean-up looks at it, and one lock file for each run.

The system drops them when the process ends, however it ends, so none can go stale.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from imageshelf.shelf import names

if TYPE_CHECKING:
    from imageshelf.shelf import Shelf

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_OPEN = os.O_RDWR | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY")
)
_CREATE = _OPEN | os.O_CREAT


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


class RunLock:
    """A lock file that exists while a run is at work."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1

    def take(self) -> bool:
        """Take the lock; return False if a living run has it. OSError when it cannot be created."""
        while True:
            descriptor = os.open(self.path, _CREATE, 0o600)
            if not _locked(descriptor):
                os.close(descriptor)
                return False
            # A run that ended after we opened the file has removed it.
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.lstat(self.path)):
                    self._descriptor = descriptor
                    return True
            os.close(descriptor)

    def release(self) -> None:
        """Drop the lock, if it is held, and remove its file."""
        if self._descriptor < 0:
            return
        if sys.platform != "win32":  # removed while locked: nobody can lock a deleted file
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        os.close(self._descriptor)
        self._descriptor = -1
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                os.unlink(self.path)


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


LOCK = "-cleanup-"  # after the shelf's path, before the number of the run


class LockError(Exception):
    """No lock file can be made beside the shelf; nothing was touched."""


def of(shelf: Shelf, run: int) -> RunLock:
    """Return the lock that a clean-up or its undo holds while it runs."""
    return RunLock(names.native(f"{shelf.path}{LOCK}{run}"))


def take(shelf: Shelf, lock: RunLock) -> bool:
    """Take a lock; return False if a living run has it. Raises LockError if it cannot be made."""
    try:
        return lock.take()
    except OSError as exc:
        reason = f"{shelf.path} cannot be written: no file can be made beside it ({exc.strerror})"
        raise LockError(reason) from exc


def is_held(shelf: Shelf, run: int) -> bool:
    """Tell whether a clean-up or its undo is at work; makes no file."""
    try:
        descriptor = os.open(of(shelf, run).path, _OPEN)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def sweep(shelf: Shelf) -> None:
    """Remove the lock files of dead processes, even of runs that were never written down."""
    start = os.path.basename(shelf.path) + LOCK
    try:
        lock_names = [
            name for name in os.listdir(names.native(shelf.folder)) if name.startswith(start)
        ]
    except OSError:
        return
    for name in lock_names:
        lock = RunLock(os.path.join(names.native(shelf.folder), name))
        with contextlib.suppress(OSError):  # not ours to remove
            if name.removeprefix(start).isdecimal() and lock.take():
                lock.release()
