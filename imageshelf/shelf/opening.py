"""Opens the file of a shelf, after a crash too, without believing what lies beside it.

What a dead writer left beside a shelf of ours is rolled back in place, by SQLite. Beside any other
shelf it is rolled back in a private copy: a reader reads that copy, a writer carries the result
over. docs/reliability.md says why this holds.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from imageshelf.shelf import connections, side_files
from imageshelf.shelf.database import Database
from imageshelf.shelf.errors import IN_USE, WAIT_S, ShelfError, may_not_write, must_roll_back
from imageshelf.shelf.side_files import WAL, SideFiles, StrangeSideFileError
from imageshelf.system.words import shown

if TYPE_CHECKING:
    from imageshelf.shelf.private_copy import Copy

_PAUSE_S = 0.01


def open_database(path: str, *, writable: bool) -> Database:
    """Open a shelf's file, by its absolute path; every fault is a ShelfError."""
    deadline = time.monotonic() + WAIT_S
    while True:
        if (db := _try_to_open(path, writable=writable)) is not None:
            return db
        if time.monotonic() > deadline:
            raise ShelfError(f"{shown(path)} {IN_USE}")
        time.sleep(_PAUSE_S)


def _try_to_open(path: str, *, writable: bool) -> Database | None:
    """Open a shelf's file; None if what lies beside it is changing just now."""
    try:
        with SideFiles(path) as beside:
            if not beside.hot:
                return _opened(path, writable=writable)
            private = side_files.only_ours(os.path.dirname(beside.path))
            if connections.is_open_here(path):
                return _opened_again(path, private=private, writable=writable)
            from imageshelf.shelf import private_copy  # hardly ever needed

            if private_copy.in_use(beside):  # a living writer's log names no file
                believed = private or WAL in beside.files
                return _opened(path, writable=writable) if believed else None
            copy = private_copy.copied(beside)
    except StrangeSideFileError as exc:
        raise ShelfError(f"{shown(path)} {exc}") from exc
    if copy is None:
        return None
    return _recovered(path, copy, private=private, writable=writable)


def _opened(path: str, *, writable: bool) -> Database | None:
    """Open a file where it is; None if a reader met a journal that has just become a leftover."""
    try:
        return Database(path, writable=writable)
    except ShelfError as exc:
        if not writable and must_roll_back(exc.__cause__):
            return None
        raise


def _rolled_back_in_place(path: str, *, writable: bool) -> Database | None:
    """Open a file and let SQLite roll back; None if a reader is not allowed to write there."""
    if writable:
        return Database(path, writable=True)
    try:
        return Database(path, writable=False, modes=("rw",))
    except ShelfError as exc:
        if may_not_write(exc.__cause__):
            return None
        raise


def _opened_again(path: str, *, private: bool, writable: bool) -> Database | None:
    """Open a file that this process has open, beside which there is a journal of whomever.

    Nothing is copied: to close a file drops all the locks that the process has on it.
    """
    db = _opened(path, writable=writable)
    if db is None and private:  # a dead writer's, then
        db = _rolled_back_in_place(path, writable=writable)
    return db


def _recovered(path: str, copy: Copy, *, private: bool, writable: bool) -> Database | None:
    """Open what is left of a shelf beside which a dead writer left a journal or log."""
    from imageshelf.shelf import marks, private_copy

    db = _rolled_back(path, copy)
    try:
        if private and marks.is_ours(db):
            if (in_place := _rolled_back_in_place(path, writable=writable)) is not None:
                db.close()
                return in_place
        elif writable:
            private_copy.carry_over(copy)
            db.close()
            return None
    except BaseException:
        db.close()
        raise
    if os.name == "posix":  # an open file needs no name, and a kill leaves nothing behind
        copy.remove()
    return db


def _rolled_back(path: str, copy: Copy) -> Database:
    """Roll a private copy back and open it for reading; it goes when that is closed."""
    from imageshelf.shelf import private_copy

    try:
        Database(path, writable=True, file=copy.path).close()
        if not private_copy.is_plausible(copy):
            raise ShelfError(f"{shown(path)} has a damaged journal beside it")  # noqa: TRY301
        return Database(path, writable=False, file=copy.path, at_close=copy.remove)
    except BaseException:
        copy.remove()
        raise
