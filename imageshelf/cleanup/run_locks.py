"""The lock of each clean-up and undo of a shelf: a file beside it, while the run is at work."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from imageshelf.cleanup.locks import RunLock
from imageshelf.shelf import names

if TYPE_CHECKING:
    from imageshelf.shelf import Shelf

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
