"""Remembers pairs of pictures that somebody declared to be no duplicates.

Pairs are stored as digests of the files' bytes, so they survive renames, re-indexing and
`--rebuild`. The files' sizes are stored too: only files of these sizes ever need a digest.
"""

from __future__ import annotations

import json
import time
from itertools import combinations
from typing import TYPE_CHECKING

from imageshelf.pictures import digests
from imageshelf.shelf import names
from imageshelf.system.files import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imageshelf.shelf import Shelf
    from imageshelf.shelf.database import Database
    from imageshelf.shelf.records import PictureRow

SIZES = "not_duplicate_sizes"  # of the table meta
PAIRS = "SELECT digest_a, digest_b FROM not_duplicate ORDER BY added_ns, digest_a, digest_b"
REMEMBERED = "SELECT digest_a, digest_b, added_ns FROM not_duplicate"
DIGEST_BYTES = 32
ADD = "INSERT OR IGNORE INTO not_duplicate VALUES (?, ?, ?)"
FORGET = "DELETE FROM not_duplicate WHERE digest_a = ? AND digest_b = ?"
SET_DIGEST = "UPDATE picture SET digest = ? WHERE id = ?"
NAMES_OF = "SELECT digest, name FROM picture WHERE digest IN (*) ORDER BY name"

Pair = tuple[bytes, bytes]


class NotDuplicatesError(Exception):
    """Pictures that cannot be remembered as no duplicates; one sentence."""


def remember(shelf: Shelf, paths: Sequence[str]) -> int:
    """Remember that no two of these pictures are duplicates; return how many pairs are new."""
    digested = _digested(shelf, paths)
    db = _database(shelf)
    before = len(_pairs(db))
    sizes = {*_sizes(shelf), *(row.size_bytes for row, _ in digested)}
    shelf.whole_catalogue().set_meta(SIZES, json.dumps(sorted(sizes)))
    with db.transaction():
        db.write_many(SET_DIGEST, ((digest, row.id) for row, digest in digested))
        now = time.time_ns()
        db.write_many(ADD, ((*pair, now) for pair in _every_pair([d for _, d in digested])))
    return len(_pairs(db)) - before


def forget(shelf: Shelf, paths: Sequence[str]) -> int:
    """Forget all pairs among these pictures; return how many there were."""
    db = _database(shelf)
    pairs = _every_pair([digest for _, digest in _digested(shelf, paths)])
    with db.transaction():
        return sum(db.write(FORGET, pair) for pair in pairs)


def listed(shelf: Shelf) -> list[tuple[list[str], list[str]]]:
    """Return the pairs, oldest first: for each side, the names on the shelf with that content.

    A side that is not on the shelf is shown as the beginning of its digest in angle brackets.
    """
    db = _database(shelf)
    pairs = _pairs(db)
    wanted = sorted({digest for pair in pairs for digest in pair})
    named: dict[bytes, list[str]] = {}
    for digest, name in db.select_in(NAMES_OF, wanted):
        named.setdefault(digest, []).append(names.to_text(name))
    return [
        (named.get(a, [f"<{a.hex()[:16]}>"]), named.get(b, [f"<{b.hex()[:16]}>"])) for a, b in pairs
    ]


def lookup(shelf: Shelf) -> Callable[[PictureRow, PictureRow], bool]:
    """Return a function that tells whether two pictures are remembered as no duplicates."""
    db = _database(shelf)
    pairs = set(_pairs(db))
    if not pairs:
        return lambda *_: False
    sizes = _sizes(shelf)
    known: dict[int, bytes] = {}

    def digest(row: PictureRow) -> bytes:
        if row.id not in known:
            stored = shelf.whole_catalogue().digests([row.id]).get(row.id)
            known[row.id] = (stored and stored[0]) or _read(shelf, row) or b""
        return known[row.id]

    def remembered(a: PictureRow, b: PictureRow) -> bool:
        if a.size_bytes not in sizes or b.size_bytes not in sizes:
            return False
        return _ordered(digest(a), digest(b)) in pairs

    return remembered


def remembered(shelf: Shelf) -> tuple[list[tuple[bytes, bytes, int]], set[int]]:
    """Return the pairs (digest, digest, added_ns) and the sizes of their files, for a merge."""
    db = _database(shelf)
    pairs = db.select_all(REMEMBERED)
    for a, b, added_ns in pairs:
        if not (_is_digest(a) and _is_digest(b) and isinstance(added_ns, int)):
            raise db.wrong("is damaged: a decision about two pictures cannot be read")
    return pairs, _sizes(shelf)


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _digested(shelf: Shelf, paths: Sequence[str]) -> list[tuple[PictureRow, bytes]]:
    """Return each picture with the present digest of its bytes."""
    catalogue = shelf.whole_catalogue()
    digested = []
    for path in dict.fromkeys(paths):
        row = catalogue.row_of(names.to_bytes(shelf.name_of(path)))
        if row is None:
            raise NotDuplicatesError(f"{path} is not on the shelf {shelf.path}")
        try:
            digested.append((row, digests.digest(_path(shelf, row))))
        except (UnreadableImage, OSError) as exc:
            raise NotDuplicatesError(f"{path} {exc}") from exc
    if len(digested) < 2:
        raise NotDuplicatesError("name at least two pictures")
    first: dict[bytes, str] = {}
    for (_, digest), path in zip(digested, dict.fromkeys(paths), strict=True):
        if digest in first:
            raise NotDuplicatesError(f"{first[digest]} and {path} are identical, byte for byte")
        first[digest] = path
    return digested


def _every_pair(digests: Iterable[bytes]) -> list[Pair]:
    return [_ordered(a, b) for a, b in combinations(digests, 2)]


def _ordered(a: bytes, b: bytes) -> Pair:
    return (a, b) if a < b else (b, a)


def _pairs(db: Database) -> list[Pair]:
    pairs: list[Pair] = db.select_all(PAIRS)
    if not all(_is_digest(digest) for pair in pairs for digest in pair):
        raise db.wrong("is damaged: a decision about two pictures cannot be read")
    return pairs


def _sizes(shelf: Shelf) -> set[int]:
    try:
        sizes = json.loads(shelf.whole_catalogue().meta(SIZES) or "[]")
        return {size for size in sizes if isinstance(size, int)}
    except (TypeError, ValueError, RecursionError):
        return set()


def _read(shelf: Shelf, row: PictureRow) -> bytes | None:
    try:
        return digests.digest(_path(shelf, row))
    except (UnreadableImage, OSError):
        return None


def _path(shelf: Shelf, row: PictureRow) -> str:
    return names.native(shelf.path_of(names.to_text(row.name)))


def _database(shelf: Shelf) -> Database:
    return shelf.whole_catalogue().db
