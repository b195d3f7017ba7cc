"""Marks: how a row on a shelf is recognised as written by this user's own runs.

    marks = shelf.marks()                              # None if there is no key yet
    mark = shelf.marks_to_write().of("action", run, n, verb, source)
    marks is not None and marks.fits(mark, "action", run, n, verb, source)

A shelf may come from anybody, so what its rows say is a claim. A mark is an HMAC-SHA-256 (RFC 2104)
by the user's key over the shelf's id, what kind of row it is, and every field of the row. Fields
carry their type and length, so that no two different rows have the same text.
"""

import os

from imageshelf.shelf.database import Database
from imageshelf.system import user_key
from imageshelf.system.user_key import UserKeyError

Field = bytes | str | int | None

ID_BYTES = 16
GET = "SELECT value FROM meta WHERE name = ?"
SET = "REPLACE INTO meta (name, value) VALUES (?, ?)"
ID, MARK = "shelf_id", "mark"  # of the table meta


class Marks:
    """Makes and tests the marks of one shelf."""

    def __init__(self, key: bytes, shelf_id: bytes) -> None:
        self._key, self._id = key, shelf_id

    def of(self, what: str, *fields: Field) -> bytes:
        """Return the mark (32 bytes) of a row; `what` names the table."""
        import hmac  # with OpenSSL, 3 ms: most runs make no mark

        text = b"".join(_encoded(field) for field in ("imageshelf 1", what, self._id, *fields))
        return hmac.digest(self._key, text, "sha256")

    def fits(self, mark: object, what: str, *fields: Field) -> bool:
        """Tell whether this user's key made the mark of this row."""
        import hmac

        return isinstance(mark, bytes) and hmac.compare_digest(mark, self.of(what, *fields))


def of_shelf(db: Database) -> Marks | None:
    """Return what tests the marks of a shelf; None without an id or a key, when none can fit."""
    shelf_id = stored_id(db)
    try:
        key = None if shelf_id is None else user_key.read()
    except UserKeyError:
        return None
    return None if key is None or shelf_id is None else Marks(key, shelf_id)


def to_write(db: Database) -> Marks:
    """Return what makes the marks of a shelf, with the key on the disk; raises UserKeyError."""
    shelf_id = stored_id(db)
    if shelf_id is None:
        raise db.wrong("has no id: it is of an older version or damaged")
    return Marks(user_key.make(), shelf_id)


def is_ours(db: Database) -> bool:
    """Tell whether this user's run made the shelf, or migrated it."""
    marks = of_shelf(db)
    rows = db.select(GET, (MARK,)) if marks else []
    return bool(rows) and marks is not None and marks.fits(rows[0][0], "shelf")


def claim(db: Database) -> None:
    """Store a new id for a shelf and mark it as ours; inside the transaction that makes it.

    Without a place for the key it stays unmarked: it works, but is trusted no more than others.
    """
    shelf_id = os.urandom(ID_BYTES)
    db.write(SET, (ID, shelf_id))
    try:
        key = user_key.make()
    except UserKeyError:
        return
    db.write(SET, (MARK, Marks(key, shelf_id).of("shelf")))


def stored_id(db: Database) -> bytes | None:
    """Return the random id of a shelf; None for one of version 1, which has none."""
    rows = db.select(GET, (ID,)) if db.kind == "whole" else []
    shelf_id = rows[0][0] if rows else None
    return shelf_id if isinstance(shelf_id, bytes) and len(shelf_id) == ID_BYTES else None


def _encoded(field: Field) -> bytes:
    """Return a field with its type and length before it."""
    if field is None:
        return b"n" + bytes(8)
    if isinstance(field, int):
        kind, data = b"i", b"%d" % field
    elif isinstance(field, str):
        kind, data = b"s", field.encode("utf-8", "surrogatepass")
    else:
        kind, data = b"b", bytes(field)
    return kind + len(data).to_bytes(8, "big") + data
