"""Which copies this user wants to keep first, kept on the shelf as defaults.

A preference decides which files go, and a shelf may come from anybody, so it carries a mark; one
that is not this user's own is told, and ignored.
"""

import json
from typing import NamedTuple

from imageshelf.shelf import Shelf

NAME = "preferences"  # of the table setting
GET = "SELECT value, mark FROM setting WHERE name = ?"
SET = "REPLACE INTO setting (name, value, mark) VALUES (?, ?, ?)"
DROP = "DELETE FROM setting WHERE name = ?"


class Preferences(NamedTuple):
    """Criteria for `--keep`, and absolute folders for `--reference` and `--prefer`."""

    keep: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()


def kept(shelf: Shelf) -> tuple[Preferences, bool]:
    """Return the preferences on a shelf, and whether there are others that are not ours."""
    db = shelf.whole_catalogue().db
    if db.kind != "whole" or db.version < 2:
        return Preferences(), False
    for value, mark in db.select(GET, (NAME,)):
        marks = shelf.marks()
        if not isinstance(value, str) or marks is None or not marks.fits(mark, "setting", value):
            return Preferences(), True
        return Preferences(*(tuple(map(str, part)) for part in json.loads(value))), False
    return Preferences(), False


def keep(shelf: Shelf, preferences: Preferences) -> None:
    """Keep preferences on a shelf open for writing; empty ones are forgotten.

    Raises UserKeyError without a place for the user's key.
    """
    db = shelf.whole_catalogue().db
    with db.transaction():
        if preferences == Preferences():
            db.write(DROP, (NAME,))
            return
        value = json.dumps(preferences)
        db.write(SET, (NAME, value, shelf.marks_to_write().of("setting", value)))
