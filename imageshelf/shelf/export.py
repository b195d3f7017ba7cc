"""Reads whole pictures off a shelf, with all that another shelf needs to take them over.

One chunk of 4,096 pictures is read at a time, in one state of the file; nothing stays locked
between chunks. The shelf may come from anybody: impossible values raise ShelfError.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from imageshelf.pictures.metadata import Facts
from imageshelf.shelf import chunks, hand_written, names, packed
from imageshelf.shelf.chunks import ABSENT, LOW_INFORMATION, SLOTS, Planes
from imageshelf.shelf.database import CHUNK_BYTES, LIST_BYTES, Database
from imageshelf.shelf.records import COLUMN_NAMES, Entry, Skip, picture_row, unsigned
from imageshelf.system.words import shown

ROWS = f"""SELECT {COLUMN_NAMES}, digest, pixel_digest, sound FROM picture
    WHERE id >= ? AND id < ? ORDER BY id"""  # noqa: S608
FIRST = "SELECT min(id) FROM picture WHERE id >= ?"
LENGTHS = "SELECT total(length(value)) FROM Dict WHERE key IN (*)"
LISTS = "SELECT key, value FROM Dict WHERE key IN (*)"
SKIPS = """SELECT name, size_bytes, mtime_ns, device, reason, lasting, decoders, other FROM skipped
    WHERE name > ? ORDER BY name LIMIT 4096"""
SKIP_TYPES = (bytes, int, int, int, str, int, str, str)
DIGEST_BYTES = 32
_FORMAT = re.compile(r"[A-Za-z0-9]{0,16}")  # it is shown as it stands
HIGHEST = packed.MAX_CHUNKS * SLOTS
LONGEST_NAME = 2**15  # bytes: Windows' longest path, in which a character may take three
# No path that was walked has these: an empty part, "." or "..", a NUL.
IMPOSSIBLE = re.compile(rb"\0|(?<=.)//|(?:^|/)\.{1,2}(?:/|$)|/$|^$", re.DOTALL)

Digests = tuple[bytes | None, bytes | None, int | None]  # of bytes, of pixels; found sound


class StoredPicture(NamedTuple):
    """A picture on a shelf: its entry, and the digests found since."""

    entry: Entry
    digests: Digests


def pages(db: Database) -> Iterator[list[StoredPicture]]:
    """Yield all pictures that are on the list of their key, a chunk at a time."""
    start = hand_written.LOWEST
    while True:
        with db.snapshot():
            ((first,),) = db.select(FIRST, (start,))
            if first is None:
                return
            if not isinstance(first, int) or not max(start, 0) <= first < HIGHEST:
                raise db.wrong(f"is damaged: impossible picture id {first!r:.40}")
            n = first // SLOTS
            start = (n + 1) * SLOTS
            rows = db.select_all(ROWS, (n * SLOTS, start))
            pictures = _stored_pictures(db, n, rows)
            lists = _lists(db, {picture.entry.key for picture in pictures})
        yield [
            picture
            for picture in pictures  # a name taken off its list by hand is off the shelf
            if names.to_text(picture.entry.name) in lists.get(picture.entry.key, ())
        ]


def _stored_pictures(db: Database, n: int, rows: list[tuple[Any, ...]]) -> list[StoredPicture]:
    """Join the rows of a chunk with their hashes; ShelfError if a picture has none."""
    blobs = {
        view: db.select(packed.BLOB, (view, n), CHUNK_BYTES) for view in (*chunks.WORDS, "trimmed")
    }
    with db.readable():
        planes = {
            view: Planes(view, packed.checked(blobs[view][0][0]) if blobs[view] else None)
            for view in chunks.WORDS
        }
        if len({each.words.shape[1] for each in planes.values()}) > 1:
            raise ValueError("the views of a chunk do not agree")
        trimmed = (
            chunks.unpack_trimmed(packed.checked(blobs["trimmed"][0][0]))
            if blobs["trimmed"]
            else {}
        )
        state = planes["whole"].state.tolist()
        words = {view: each.words.T.tolist() for view, each in planes.items()}
        keys = packed.written_keys(db, [row[0] for row in rows])
        pictures = []
        for *values, digest, pixel_digest, sound in rows:
            slot = values[0] - n * SLOTS
            if slot >= len(state) or state[slot] == ABSENT:
                raise ValueError(f"picture {values[0]} has no hashes")
            check_name(values[1])
            entry = _entry(
                tuple(values),
                {view: rows_[slot] for view, rows_ in words.items()},
                trimmed.get(slot),
                key=keys[values[0]].decode(),
                low_information=state[slot] == LOW_INFORMATION,
            )
            pictures.append(StoredPicture(entry, _digests(digest, pixel_digest, sound)))
    return pictures


def _entry(
    values: tuple[Any, ...],
    words: Mapping[str, list[int]],
    trimmed: tuple[int, int, int] | None,
    *,
    key: str,
    low_information: bool,
) -> Entry:
    row, column, phash = words["whole"]
    known = picture_row(values, key)
    if not _FORMAT.fullmatch(known.format):
        raise ValueError(f"the impossible format {shown(known.format[:80])}")
    turned = words["turned"]
    return Entry(
        known.name,
        key,
        Facts(*known[4:15], known.alpha, known.extras, *known[18:22]),
        low_information,
        known.thumbnail,
        (row, column, phash),
        (words["centre"][0], words["centre"][1], words["centre"][2]),
        trimmed,
        tuple(turned[:7]),
        (turned[7], turned[8]),
    )


def _digests(digest: object, pixel_digest: object, sound: object) -> Digests:
    for value in (digest, pixel_digest):
        if value is not None and (not isinstance(value, bytes) or len(value) != DIGEST_BYTES):
            raise ValueError("a digest that is none")
    if sound not in {None, 0, 1}:
        raise ValueError("an impossible verdict")
    return digest, pixel_digest, sound  # type: ignore[return-value]  # as just checked


def check_name(name: object) -> None:
    """Raise ValueError for a name that no walk of a dataset yields."""
    if not isinstance(name, bytes):
        raise ValueError("a name that is none")  # noqa: TRY004
    url = names.at_url(name)  # the keys of a bucket are free
    if len(name) > LONGEST_NAME or (b"\0" in name if url else IMPOSSIBLE.search(name)):
        raise ValueError(f"the impossible name {shown(names.to_text(name[:200]))}")


def _lists(db: Database, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    wanted = sorted(key.encode() for key in keys)
    if sum(size for (size,) in db.select_in(LENGTHS, wanted)) > db.size_bytes():
        raise db.wrong("claims to hold more than its size; it is damaged")
    rows = db.select_in(LISTS, wanted, LIST_BYTES)
    return {
        names.to_text(key): frozenset(hand_written.parsed(db, key, value))
        for key, value in rows
        if isinstance(key, bytes)
    }


def skips(db: Database) -> Iterator[list[Skip]]:
    """Yield the remembered skips, a few thousand at a time."""
    start = b""
    while rows := db.select(SKIPS, (start,)):
        with db.readable():
            page = [_skip(row) for row in rows]
        if page[-1].name <= start:
            raise db.wrong("is damaged: names out of order")
        start = page[-1].name
        yield page


def _skip(values: tuple[Any, ...]) -> Skip:
    for value, kind in zip(values, SKIP_TYPES, strict=True):
        if not isinstance(value, kind):
            raise ValueError("a skip that is none")  # noqa: TRY004
    name, size_bytes, mtime_ns, device, reason, lasting, decoders, other = values
    check_name(name)
    return Skip(
        name, size_bytes, mtime_ns, unsigned(device), reason, bool(lasting), decoders, other
    )
