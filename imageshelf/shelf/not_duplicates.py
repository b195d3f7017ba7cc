"""Remembers pairs of pictures that somebody declared to be no duplicates.

Pairs are stored as digests of what the pictures show, so they survive renames, re-indexing,
`--rebuild`, and a rating that is written into a file. The pictures' sizes in pixels and keys are
stored too: only such pictures ever need to be decoded. Pictures that show the same, pixel for
pixel, or cannot be decoded are told apart by digests of their bytes, as all were by version 0.1.0,
and found by the sizes of their files.

Nothing is decoded here: `shown` is a function that returns the pixel digest of a file, or b"".
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from imageshelf.pictures import digests
from imageshelf.shelf import Shelf, names
from imageshelf.shelf.database import Database
from imageshelf.shelf.records import PictureRow
from imageshelf.system.files import UnreadableImage
from imageshelf.system.sentences import SentenceError
from imageshelf.system.words import nearby

PixelDigest = Callable[[str], bytes]

FOUND_BY = "not_duplicate_sizes"  # of the table meta; its name is that of 0.1.0
PAIRS = "SELECT digest_a, digest_b FROM not_duplicate ORDER BY added_ns, digest_a, digest_b"
REMEMBERED = "SELECT digest_a, digest_b, added_ns FROM not_duplicate"
DIGEST_BYTES = 32
ADD = "INSERT OR IGNORE INTO not_duplicate VALUES (?, ?, ?)"
FORGET = "DELETE FROM not_duplicate WHERE digest_a = ? AND digest_b = ?"
SET_DIGESTS = "UPDATE picture SET digest = ?, pixel_digest = coalesce(?, pixel_digest) WHERE id = ?"
NAMES_OF = "SELECT digest, name FROM picture WHERE digest IN (*) ORDER BY name"
IDS_OF = "SELECT id FROM picture WHERE width = ? AND height = ?"

Pair = tuple[bytes, bytes]
Trait = int | tuple[int, int, str]  # size of a file in bytes; width, height and key of a picture


class NotDuplicatesError(SentenceError):
    """Pictures that cannot be remembered as no duplicates; one sentence."""


class _Digested(NamedTuple):
    """A picture with the digests of its bytes and of what it shows, b"" if that is unknown."""

    row: PictureRow
    of_bytes: bytes
    of_pixels: bytes


def remember(shelf: Shelf, paths: Sequence[str], shown: PixelDigest) -> int:
    """Remember that no two of these pictures are duplicates; return how many pairs are new."""
    digested = _digested(shelf, paths, shown)
    db = _database(shelf)
    before = len(_pairs(db))
    traits = _traits(shelf)
    pairs = []
    for a, b in combinations(digested, 2):
        differ = a.of_pixels and b.of_pixels and a.of_pixels != b.of_pixels
        pairs.append(
            _ordered(a.of_pixels, b.of_pixels) if differ else _ordered(a.of_bytes, b.of_bytes)
        )
        traits |= {trait_of(one.row) if differ else one.row.size_bytes for one in (a, b)}
    shelf.whole_catalogue().set_meta(FOUND_BY, packed(traits))
    with db.transaction():
        known = ((one.of_bytes, one.of_pixels or None, one.row.id) for one in digested)
        db.write_many(SET_DIGESTS, known)
        now = time.time_ns()
        db.write_many(ADD, ((*pair, now) for pair in pairs))
    return len(_pairs(db)) - before


def forget(shelf: Shelf, paths: Sequence[str], shown: PixelDigest) -> int:
    """Forget all pairs among these pictures; return how many there were."""
    db = _database(shelf)
    digested = _digested(shelf, paths, shown)
    with db.transaction():
        return sum(
            bool(db.write(FORGET, _ordered(a.of_bytes, b.of_bytes)))
            | bool(db.write(FORGET, _ordered(a.of_pixels, b.of_pixels)))
            for a, b in combinations(digested, 2)
        )


def listed(shelf: Shelf, shown: PixelDigest) -> list[tuple[list[str], list[str]]]:
    """Return the pairs, oldest first: for each side, the names on the shelf with that content.

    A side that is not on the shelf is shown as the beginning of its digest in angle brackets.
    """
    db = _database(shelf)
    pairs = _pairs(db)
    wanted = sorted({digest for pair in pairs for digest in pair})
    named: dict[bytes, list[str]] = {}
    for digest, name in db.select_in(NAMES_OF, wanted):
        named.setdefault(digest, []).append(names.to_text(name))
    traits = [trait for trait in _traits(shelf) if isinstance(trait, tuple)]
    sizes = sorted({(width, height) for width, height, _ in traits})
    ids = [number for size in sizes for (number,) in db.select_all(IDS_OF, size)]
    content = _Content(shelf, shown)
    for row in shelf.whole_catalogue().rows(ids):
        if trait_of(row) in traits:
            named.setdefault(content.of_pixels(row), []).append(names.to_text(row.name))
    return [
        (named.get(a, [f"<{a.hex()[:16]}>"]), named.get(b, [f"<{b.hex()[:16]}>"])) for a, b in pairs
    ]


def lookup(shelf: Shelf, shown: PixelDigest) -> Callable[[PictureRow, PictureRow], bool]:
    """Return a function that tells whether two pictures are remembered as no duplicates."""
    db = _database(shelf)
    pairs = set(_pairs(db))
    if not pairs:
        return lambda *_: False
    traits, content = _traits(shelf), _Content(shelf, shown)

    def remembered(a: PictureRow, b: PictureRow) -> bool:
        found = False
        if {trait_of(a), trait_of(b)} <= traits:
            found = _ordered(content.of_pixels(a), content.of_pixels(b)) in pairs
        if not found and {a.size_bytes, b.size_bytes} <= traits:
            found = _ordered(content.of_bytes(a), content.of_bytes(b)) in pairs
        return found

    return remembered


class _Content:
    """Digests of pictures, from the catalogue or read now; b"" for what cannot be read."""

    def __init__(self, shelf: Shelf, shown: PixelDigest) -> None:
        self.shelf, self._shown = shelf, shown
        self._bytes: dict[int, bytes] = {}
        self._pixels: dict[int, bytes] = {}

    def of_bytes(self, row: PictureRow) -> bytes:
        """Return the digest of a file's bytes."""
        if row.id not in self._bytes:
            self._bytes[row.id] = self._stored(row, 0) or self._read(row)
        return self._bytes[row.id]

    def of_pixels(self, row: PictureRow) -> bytes:
        """Return the digest of what a picture shows."""
        if row.id not in self._pixels:
            stored = self._stored(row, 1)
            self._pixels[row.id] = stored or self._shown(_path(self.shelf, row))
        return self._pixels[row.id]

    def _stored(self, row: PictureRow, at: int) -> bytes | None:
        known = self.shelf.whole_catalogue().digests([row.id]).get(row.id)
        return known[at] if known else None

    def _read(self, row: PictureRow) -> bytes:
        try:
            return digests.digest(_path(self.shelf, row))
        except (UnreadableImage, OSError):
            return b""


def trait_of(row: PictureRow) -> Trait:
    """Return what pictures are found by that show the same as one that was named."""
    return row.width, row.height, row.key


def packed(traits: Iterable[Trait]) -> str:
    """Return traits as the shelf keeps them."""
    return json.dumps(sorted(traits, key=repr))


def remembered(shelf: Shelf) -> tuple[list[tuple[bytes, bytes, int]], set[Trait]]:
    """Return the pairs (digest, digest, added_ns) and what they are found by, for a merge."""
    db = _database(shelf)
    pairs = db.select_all(REMEMBERED)
    for a, b, added_ns in pairs:
        if not (_is_digest(a) and _is_digest(b) and isinstance(added_ns, int)):
            raise db.wrong("is damaged: a decision about two pictures cannot be read")
    return pairs, _traits(shelf)


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _digested(shelf: Shelf, paths: Sequence[str], shown: PixelDigest) -> list[_Digested]:
    """Return each picture with the present digests of its bytes and of what it shows."""
    catalogue = shelf.whole_catalogue()
    digested = []
    for path in dict.fromkeys(paths):
        row = catalogue.row_of(names.to_bytes(shelf.name_of(path)))
        if row is None:
            raise NotDuplicatesError(f"{nearby(path)} is not on the shelf {nearby(shelf.path)}")
        try:
            of_bytes = digests.digest(_path(shelf, row))
        except (UnreadableImage, OSError) as exc:
            raise NotDuplicatesError(f"{path} {exc}") from exc
        digested.append(_Digested(row, of_bytes, shown(_path(shelf, row))))
    if len(digested) < 2:
        raise NotDuplicatesError("name at least two pictures")
    first: dict[bytes, str] = {}
    for one, path in zip(digested, dict.fromkeys(paths), strict=True):
        if one.of_bytes in first:
            raise NotDuplicatesError(
                f"{first[one.of_bytes]} and {path} are identical, byte for byte"
            )
        first[one.of_bytes] = path
    return digested


def _ordered(a: bytes, b: bytes) -> Pair:
    return (a, b) if a < b else (b, a)


def _pairs(db: Database) -> list[Pair]:
    pairs: list[Pair] = db.select_all(PAIRS)
    if not all(_is_digest(digest) for pair in pairs for digest in pair):
        raise db.wrong("is damaged: a decision about two pictures cannot be read")
    return pairs


def _traits(shelf: Shelf) -> set[Trait]:
    try:
        every = json.loads(shelf.whole_catalogue().meta(FOUND_BY) or "[]")
        return {tuple(one) if isinstance(one, list) else int(one) for one in every}
    except (TypeError, ValueError, RecursionError):
        return set()


def _path(shelf: Shelf, row: PictureRow) -> str:
    return names.native(shelf.path_of(names.to_text(row.name)))


def _database(shelf: Shelf) -> Database:
    return shelf.whole_catalogue().db
