"""Turns SQLite's errors into one sentence for the user."""

import sqlite3

from imageshelf.system.sentences import SentenceError
from imageshelf.system.words import shown

WAIT_S = 30.0  # for another program that is writing


class ShelfError(SentenceError):
    """A fault of a shelf in one line: what was expected, what came, and what to do."""


IN_USE = f"is in use by another program (waited {WAIT_S:.0f} s); try again later"
GONE = (
    "is gone: it or its folder was renamed, replaced or deleted while in use. What was written "
    "before is in the file, wherever that is now"
)
HALF_WRITTEN = "was left half written by a program that died meanwhile: open it again"
SENTENCES = {
    sqlite3.SQLITE_BUSY: IN_USE,
    sqlite3.SQLITE_LOCKED: "is in use by this program already",
    sqlite3.SQLITE_FULL: (
        "has no room to grow: the disk is full. Nothing of this batch was written, all earlier "
        "ones are intact; free some space and run again"
    ),
    sqlite3.SQLITE_IOERR: (
        "could not be read or written: a full or failing disk, or a lost network share. "
        "Completed batches are intact"
    ),
    sqlite3.SQLITE_READONLY: "cannot be written: it or its folder is read-only",
    sqlite3.SQLITE_PERM: "cannot be opened: permission denied",
    sqlite3.SQLITE_AUTH: "cannot be opened: permission denied",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore a copy, or index into a new file",
    sqlite3.SQLITE_NOTADB: "is damaged or not a shelf; restore a copy, or index into a new file",
    sqlite3.SQLITE_FORMAT: "is damaged; restore a copy, or index into a new file",
    sqlite3.SQLITE_TOOBIG: "holds a value that is too long to be a shelf's; it is damaged",
    sqlite3.SQLITE_INTERRUPT: "holds tables that have no end; it is damaged",
}


_TO_BE_ROLLED_BACK = {sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY}


def primary(exc: BaseException) -> int:
    """Return SQLite's primary error code, or 1 if the error is Python's own."""
    return getattr(exc, "sqlite_errorcode", 1) & 0xFF


def must_roll_back(exc: BaseException | None) -> bool:
    """Tell whether a reader met what a dead writer left, and was not allowed to roll it back."""
    return getattr(exc, "sqlite_errorcode", 0) in _TO_BE_ROLLED_BACK


def may_not_write(exc: BaseException | None) -> bool:
    """Tell whether SQLite had to write and was not allowed to."""
    return exc is not None and primary(exc) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def sentence(exc: BaseException, folder: str | None = None) -> str:
    """Return the sentence for an error, to follow the shelf's path.

    `folder` is where a writer would put its journal.
    """
    code = primary(exc)
    if must_roll_back(exc):
        return HALF_WRITTEN
    if code == sqlite3.SQLITE_CANTOPEN and folder is not None:
        return f"cannot be written: is the folder {shown(folder)} writable?"
    if isinstance(exc, UnicodeDecodeError) or "Could not decode" in str(exc):
        return SENTENCES[sqlite3.SQLITE_CORRUPT]
    return SENTENCES.get(code, f"cannot be used: {shown(str(exc))[:200]}")
