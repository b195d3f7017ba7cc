"""What answers learned by reading pictures, kept on the shelf: digests, and what pairs are.

Kept is what holds until a file changes. A row is believed only while both pictures have the size
and time that it names, and only on a shelf that this user's runs made.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from imageshelf.shelf import Shelf, marks, open_shelf
from imageshelf.shelf.errors import ShelfError

Digests = tuple[int, bytes | None, bytes | None, bool | None]  # id, of bytes, of pixels, sound

LOOKS = """SELECT a_id, b_id, a_size_bytes, a_mtime_ns, b_size_bytes, b_mtime_ns, rule, result
    FROM verdict WHERE a_id IN (*)"""
CROWDS = """SELECT a_id, b_id, a_size_bytes, a_mtime_ns, b_size_bytes, b_mtime_ns, rule, result
    FROM verdict WHERE a_id = b_id AND a_id >= 0"""
KEEP_LOOK = "REPLACE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
ORIGINS = "SELECT id, origin FROM picture WHERE id IN (*) AND origin IS NOT NULL"
KEEP_ORIGIN = "UPDATE picture SET origin = ? WHERE id = ?"
DROP_STALE = """DELETE FROM verdict WHERE NOT EXISTS (SELECT 1 FROM picture
        WHERE id = max(a_id, ~a_id) AND size_bytes = a_size_bytes AND mtime_ns = a_mtime_ns)
    OR NOT EXISTS (SELECT 1 FROM picture
        WHERE id = max(b_id, ~b_id) AND size_bytes = b_size_bytes AND mtime_ns = b_mtime_ns)"""


class KeptLook(NamedTuple):
    """What a pair turned out to be, by a version of the rule; `a_id` < `b_id`.

    Of pieces both ids are inverted (~id, so that 0 has one, too); twice the same says that a
    picture's pieces were looked for. Twice the same id that is not inverted: of a crowd.
    """

    a_id: int
    b_id: int
    a_size_bytes: int
    a_mtime_ns: int
    b_size_bytes: int
    b_mtime_ns: int
    rule: int
    result: str


def kept_looks(shelf: Shelf, first_ids: Sequence[int]) -> list[KeptLook]:
    """Return what is kept of pairs whose lower id is one of these; nothing on others' shelves."""
    db = shelf.whole_catalogue().db
    if db.kind != "whole" or not marks.is_ours(db):
        return []
    return [KeptLook(*row) for row in db.select_in(LOOKS, list(first_ids))]


def kept_crowds(shelf: Shelf) -> list[KeptLook]:
    """Return what is kept of crowds, a row for each picture; nothing on others' shelves."""
    db = shelf.whole_catalogue().db
    if db.kind != "whole" or not marks.is_ours(db):
        return []
    return [KeptLook(*row) for row in db.select(CROWDS)]


def kept_origins(shelf: Shelf, ids: Sequence[int]) -> dict[int, str]:
    """Return what is kept of where pictures come from; nothing on others' shelves."""
    db = shelf.whole_catalogue().db
    if db.kind != "whole" or not marks.is_ours(db):
        return {}
    return dict(db.select_in(ORIGINS, list(ids)))


def keep(
    shelf: Shelf,
    looks: Sequence[KeptLook],
    digests: Sequence[Digests],
    origins: Mapping[int, str] = MappingProxyType({}),
) -> bool:
    """Keep looks, digests and origins, and drop looks that hold no longer; tell if they are kept.

    A shelf that is in use, read-only or somebody else's is left as it is.
    """
    if not looks and not digests and not origins:
        return False
    if not marks.is_ours(shelf.whole_catalogue().db):
        return False
    try:
        with open_shelf(shelf.path, "w") as writable:
            catalogue = writable.whole_catalogue()
            db = catalogue.db
            with catalogue.transaction():
                catalogue.set_digests(digests)
                db.write_many(KEEP_LOOK, looks)
                db.write_many(KEEP_ORIGIN, ((text, id_) for id_, text in origins.items()))
                db.write(DROP_STALE)
    except ShelfError:
        return False
    return True
