"""Advisory locks: on a picture while a clean-up looks at it, and one file for each run.

The system drops them when the process ends, however it ends; so nothing here can go stale.
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

_CREATE = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def lock_file(descriptor: int, *, shared: bool) -> bool:
    """Lock an open picture until it is closed; False if another clean-up holds it.

    Many may share it as the copy that stays, only one may have it as the copy that goes. A file
    system without locks gives True. On Windows an open file cannot be moved or deleted anyway.
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
    """A file that is locked while a run is at work, and gone afterwards."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1

    def take(self) -> bool:
        """Take the lock; False if a living run has it. Raises OSError where no file can be."""
        while True:
            descriptor = os.open(self.path, _CREATE, 0o600)
            if not _locked(descriptor):
                os.close(descriptor)
                return False
            # A run that ended between our opening and our locking has removed the file.
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.lstat(self.path)):
                    self._descriptor = descriptor
                    return True
            os.close(descriptor)

    def release(self) -> None:
        """Give the lock back and remove its file; without a lock do nothing."""
        if self._descriptor < 0:
            return
        if sys.platform != "win32":  # removed while locked, so that nobody locks a dead file
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
        # A network share without locks: runs are then told apart by the table alone.
        return not isinstance(exc, (BlockingIOError, PermissionError))
    return True


LOCK = "-cleanup-"  # after the shelf's path, before the number of the run


class LockError(Exception):
    """A shelf beside which no file can be; one sentence, and nothing was touched."""


def of(shelf: Shelf, run: int) -> RunLock:
    """Return the lock that a living clean-up or undo holds."""
    return RunLock(names.native(f"{shelf.path}{LOCK}{run}"))


def take(shelf: Shelf, lock: RunLock) -> bool:
    """Take a lock; False if a living run has it. Raises LockError where there can be none."""
    try:
        return lock.take()
    except OSError as exc:
        reason = f"{shelf.path} cannot be written: no file can be made beside it ({exc.strerror})"
        raise LockError(reason) from exc


def sweep(shelf: Shelf) -> None:
    """Remove the locks of dead processes, also of one that died before its run was written down."""
    start = os.path.basename(shelf.path) + LOCK
    try:
        found = [name for name in os.listdir(names.native(shelf.folder)) if name.startswith(start)]
    except OSError:
        return
    for name in found:
        lock = RunLock(os.path.join(names.native(shelf.folder), name))
        with contextlib.suppress(OSError):  # not ours to remove, then
            if name.removeprefix(start).isdecimal() and lock.take():
                lock.release()
