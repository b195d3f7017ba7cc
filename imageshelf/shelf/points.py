"""The table `piece`: keypoints and thumbnails of pictures, by which pieces are found.

A shelf that has them says so in a note, the recipe they were made by. Whenever points are stored,
the *generation*, another note, is drawn anew, so that an index over other points is known, also
beside a shelf that was restored from a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from imageshelf.pictures.tasks import StoredPoints

if TYPE_CHECKING:
    from imageshelf.shelf.database import Database
    from imageshelf.shelf.errors import ShelfError

RECIPE, GENERATION = "piece_recipe", "piece_generation"
GENERATION_BYTES = 7
AGAIN = "index with --no-pieces, then with --pieces"
PAGE = 1024  # pictures; 2.5 MB
MOST_BYTES = 4096  # of the points of one picture, of which 150 take 2,580, or of its thumbnail

STORE = "REPLACE INTO piece VALUES (?, ?, ?)"
DELETE = "DELETE FROM piece WHERE picture_id = ?"
DELETE_ALL = "DELETE FROM piece"
ANY = "SELECT 1 FROM piece LIMIT 1"
LEFT_OVER = "SELECT count(*) FROM piece WHERE picture_id NOT IN (SELECT id FROM picture)"
COUNT = "SELECT count(*) FROM piece"
ROWS = "SELECT picture_id, points, thumb FROM piece WHERE picture_id IN (*)"
FOLLOWING = """SELECT picture_id, points FROM piece WHERE picture_id > ?
    ORDER BY picture_id LIMIT 1024"""
SIZES = "SELECT id, width, height FROM picture WHERE id IN (*)"
STATES = """SELECT id, size_bytes, mtime_ns FROM picture WHERE id > ?
    AND EXISTS (SELECT 1 FROM piece WHERE picture_id = id) ORDER BY id LIMIT 10000"""
MISSING = """SELECT name, size_bytes, mtime_ns FROM picture
    WHERE name >= ? AND name < ? AND instr(name, x'3a2f2f') = 0
    AND id NOT IN (SELECT picture_id FROM piece)
    ORDER BY name LIMIT 1024"""
IDS = "SELECT name, id FROM picture WHERE name IN (*)"
SET_META = "REPLACE INTO meta (name, value) VALUES (?, ?)"
DELETE_META = "DELETE FROM meta WHERE name = ?"
GET_META = "SELECT value FROM meta WHERE name = ?"


def recipe(db: Database) -> str | None:
    """Return the recipe of the points on a shelf; None if it is to have none."""
    rows = db.select(GET_META, (RECIPE,))
    return rows[0][0] if rows and isinstance(rows[0][0], str) else None


def adopt(db: Database, wanted: str | None) -> bool:
    """Say by which recipe a shelf has points from now on; None: it has none.

    Returns whether points of another recipe were dropped.
    """
    if recipe(db) == wanted:
        return False
    with db.transaction():
        dropped = bool(db.select(ANY))
        if dropped:
            db.write(DELETE_ALL)
            _renew_generation(db)
        if wanted is None:
            db.write(DELETE_META, (RECIPE,))
        else:
            db.write(SET_META, (RECIPE, wanted))
    return dropped


def store(db: Database, found: Mapping[int, StoredPoints]) -> None:
    """Store points by the ids of their pictures; inside a transaction of the caller's."""
    if found:
        db.write_many(STORE, ((id_, *packed) for id_, packed in found.items()))
        _renew_generation(db)


def _renew_generation(db: Database) -> None:
    db.write(SET_META, (GENERATION, 1 + int.from_bytes(os.urandom(GENERATION_BYTES))))


def drop(db: Database, ids: Iterable[int]) -> None:
    """Drop the points of pictures that went or changed; inside a transaction of the caller's."""
    if db.select(ANY):
        db.write_many(DELETE, ((id_,) for id_ in ids))


def states(db: Database) -> dict[int, tuple[int, int]]:
    """Return id -> size in bytes and mtime in ns of all pictures with points, sorted by id."""
    found: dict[int, tuple[int, int]] = {}
    last = -1
    while page := db.select(STATES, (last,)):
        found.update((id_, (size_bytes, mtime_ns)) for id_, size_bytes, mtime_ns in page)
        last = page[-1][0]
    return found


def generation(db: Database) -> int:
    """Return a number that changes whenever points are stored."""
    rows = db.select(GET_META, (GENERATION,))
    return max(0, rows[0][0]) if rows and isinstance(rows[0][0], int) else 0


def count(db: Database) -> int:
    """Return of how many pictures there are points."""
    return int(db.select(COUNT)[0][0])


def rows(db: Database, ids: Sequence[int]) -> dict[int, StoredPoints]:
    """Return id -> what is kept of these pictures; those without points are left out."""
    found = db.select_in(ROWS, list(ids))
    return {
        id_: StoredPoints(_bytes(db, points), _bytes(db, thumb)) for id_, points, thumb in found
    }


def sizes(db: Database, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return id -> width and height in pixels of these pictures."""
    found = {id_: (width, height) for id_, width, height in db.select_in(SIZES, list(ids))}
    for size in found.values():
        if not all(isinstance(length, int) and length > 0 for length in size):
            raise db.wrong("is damaged: a picture without a size; index with --rebuild")
    return found


def pages(db: Database) -> Iterator[list[tuple[int, bytes]]]:
    """Yield (id, points) of all pictures, sorted by id, a thousand at a time."""
    last = -1
    while page := db.select(FOLLOWING, (last,)):
        checked = [(id_, _bytes(db, points)) for id_, points in page if isinstance(id_, int)]
        if not checked or checked[-1][0] <= last:
            raise damaged(db, "keypoints out of order")
        last = checked[-1][0]
        yield checked


def missing(db: Database, prefixes: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, int, int]]:
    """Return (name, size_bytes, mtime_ns) of pictures without points whose names lie in spans.

    Pictures at URLs are left out.
    """
    found: list[tuple[bytes, int, int]] = []
    for start, end in prefixes:
        after = start
        while page := db.select(MISSING, (after, end)):
            found += page
            after = page[-1][0] + b"\0"
    return found


def ids_by_name(db: Database, names: Sequence[bytes]) -> dict[bytes, int]:
    """Return name -> id of those pictures that are on the shelf."""
    return dict(db.select_in(IDS, names))


def ids_of(db: Database, names: Sequence[bytes]) -> list[int]:
    """Return the ids of pictures by their names, sorted."""
    return sorted(ids_by_name(db, names).values())


def left_over(db: Database) -> int:
    """Return of how many pictures that are not on the shelf there are points."""
    return int(db.select(LEFT_OVER)[0][0])


def damaged(db: Database, what: str) -> ShelfError:
    """Return the error for keypoints that are damaged, with what to do about it."""
    return db.wrong(f"is damaged: {what}; {AGAIN}")


def _bytes(db: Database, value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) > MOST_BYTES:
        raise damaged(db, "keypoints that are none")
    return value
