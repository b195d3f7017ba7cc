"""The chunk table: reads and changes the packed hashes of many pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.shelf import chunks, recipes
from imageshelf.shelf.chunks import (
    ABSENT,
    LOW_INFORMATION,
    PRESENT,
    SLOTS,
    PictureHashes,
    Planes,
    StoredKeys,
    TurnedHashes,
)
from imageshelf.shelf.database import CHUNK_BYTES, Database

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imageshelf.shelf.records import Entry, Hashes3

LENGTHS = "SELECT n, length(hashes) FROM chunk WHERE view = ? ORDER BY n LIMIT 2000000"
BLOBS = "SELECT n, hashes FROM chunk WHERE view = ? ORDER BY n LIMIT 2000000"
NEXT_BLOB = "SELECT n, hashes FROM chunk WHERE view = ? AND n > ? ORDER BY n LIMIT 1"
BLOB = "SELECT hashes FROM chunk WHERE view = ? AND n = ?"
STORE = """INSERT INTO chunk (view, n, hashes) VALUES (?, ?, ?)
    ON CONFLICT (view, n) DO UPDATE SET hashes = excluded.hashes"""
FIRST_FREE = "SELECT max(id) FROM picture"
WORDS = Struct("=15Q")  # of one picture, in the views whole, centre and turned
MAX_CHUNKS = 2**40  # ids stay far below 2**63

Blobs = list[tuple[int, bytes]]


def hashes(db: Database, views: Iterable[str]) -> dict[str, PictureHashes]:
    """Return the hashes of all pictures present, in each of the views asked for."""
    by_view = {}
    with db.snapshot():
        whole = _blobs(db, "whole")  # its states apply to all views
        with db.readable():
            ids, state = chunks.states(whole)
            shape = _shape("whole", whole)
            for view in sorted(views, key="whole".__ne__):  # that one first
                blobs = whole if view == "whole" else _blobs(db, view)
                whole = []  # 25 MB a million: not kept while the others are read
                if view == "trimmed":
                    by_view[view] = _trimmed(blobs, ids, state)
                    continue
                _same_shape(view, blobs, shape)
                own, (row, column, phash) = _present(ids, chunks.join(view, blobs), state)
                by_view[view] = PictureHashes(own, row, column, phash, _low(state))
    return by_view


def row_hashes(db: Database) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Yield ids and row hashes of all pictures present, a chunk at a time.

    Unlike `hashes`, this holds one chunk in memory and leaves the shelf unlocked between chunks.
    """
    n = -1
    while rows := db.select(NEXT_BLOB, ("whole", n), CHUNK_BYTES):
        before, (n, blob) = n, rows[0]
        if not isinstance(n, int) or not before < n < MAX_CHUNKS:
            raise db.wrong("is damaged: impossible chunk number")
        with db.readable():
            planes = Planes("whole", checked(blob))
        present = np.flatnonzero(planes.state)
        yield n * SLOTS + present, planes.words[0][present]


def turned(db: Database) -> TurnedHashes:
    """Return the hashes from which the 7 other orientations of all pictures are made."""
    with db.snapshot():
        ids, words = _words(db, "turned")
    return TurnedHashes(ids, words[:7], words[7], words[8])


def keys(db: Database) -> StoredKeys | None:
    """Return the keys of all pictures present, or None if they are the row hashes."""
    with db.snapshot():
        name = recipes.hash_of(db)
        return None if name == DEFAULT else StoredKeys(*_words(db, name))


def _words(db: Database, view: str) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the ids of all pictures present and words[plane, n] of a planar view."""
    whole, blobs = _blobs(db, "whole"), _blobs(db, view)
    with db.readable():
        ids, state = chunks.states(whole)
        _same_shape(view, blobs, _shape("whole", whole))
        ids, planes = _present(ids, chunks.join(view, blobs), state)
    return ids, np.array(planes, np.uint64)


def triples(db: Database, ids: Iterable[int]) -> dict[int, Hashes3]:
    """Return id -> (row, column, phash) of those pictures that are present."""
    hashes: dict[int, Hashes3] = {}
    for n, slots in _by_chunk(ids):
        planes = _planes(db, "whole", n)
        words, state = planes.words.T.tolist(), planes.state.tolist()
        for slot in slots:
            if slot < len(state) and state[slot] != ABSENT:
                hashes[n * SLOTS + slot] = (words[slot][0], words[slot][1], words[slot][2])
    return hashes


def written_keys(db: Database, ids: Iterable[int]) -> dict[int, bytes]:
    """Return id -> key, as written in Dict, of those pictures that are present."""
    keys: dict[int, bytes] = {}
    name = recipes.hash_of(db)
    for n, slots in _by_chunk(ids):
        planes = _planes(db, "whole", n)
        there = [slot for slot in slots if slot < len(planes.state) and planes.state[slot]]
        words = planes.words[:1]
        if name != DEFAULT:
            words = _planes(db, name, n).words
            if words.shape[1] != planes.words.shape[1]:
                raise db.wrong(f"is damaged: the views whole and {name} do not agree")
        written = chunks.hex_of(words[:, there])
        keys |= {n * SLOTS + slot: key for slot, key in zip(there, written, strict=True)}
    return keys


def store(db: Database, numbers: Sequence[int], entries: Sequence[Entry]) -> None:
    """Store the hashes of pictures under their ids."""
    if not entries:
        return
    ids = np.array(numbers, np.int64)
    joined = b"".join(
        [
            WORDS.pack(*entry.whole, *entry.centre, *entry.turned_phash, *entry.darker)
            for entry in entries
        ]
    )
    every = np.frombuffer(joined, np.uint64).reshape(-1, 15)
    words = {"whole": every[:, :3], "centre": every[:, 3:6], "turned": every[:, 6:]}
    if (name := recipes.hash_of(db)) != DEFAULT:
        words[name] = chunks.words_of([bytes.fromhex(entry.key) for entry in entries]).T
    low = np.array([entry.low_information for entry in entries], np.bool_)
    state = np.where(low, LOW_INFORMATION, PRESENT).astype(np.uint8)
    for n in sorted(set((ids // SLOTS).tolist())):  # np.unique would import np.ma, 7 ms
        here = np.flatnonzero(ids // SLOTS == n)
        slots = ids[here] % SLOTS
        for view, hashes_ in words.items():
            planes = _planes(db, view, n)
            planes.reserve(int(slots.max()))
            planes.words[:, slots] = hashes_[here].T
            if view == "whole":
                planes.state[slots] = state[here]
            db.write(STORE, (view, n, planes.to_bytes()))
        trimmed = {int(ids[at] % SLOTS): entries[at].trimmed for at in here.tolist()}
        _store_trimmed(db, n, trimmed)


def clear(db: Database, ids: Iterable[int]) -> None:
    """Mark pictures as absent."""
    for n, slots in _by_chunk(ids):
        planes = _planes(db, "whole", n)
        planes.state[[slot for slot in slots if slot < len(planes.state)]] = ABSENT
        db.write(STORE, ("whole", n, planes.to_bytes()))
        _store_trimmed(db, n, dict.fromkeys(slots))


def first_free_id(db: Database) -> int:
    """Return the id of the next new picture."""
    ((top,),) = db.select(FIRST_FREE)
    free = 0 if top is None else top + 1 if isinstance(top, int) else -1
    if not 0 <= free < MAX_CHUNKS * SLOTS - 2**32:
        raise db.wrong(f"is damaged: impossible picture id {top!r:.40}")
    return free


def _store_trimmed(db: Database, n: int, changes: dict[int, Hashes3 | None]) -> None:
    ((blob,),) = db.select(BLOB, ("trimmed", n), CHUNK_BYTES) or ((b"",),)
    with db.readable():
        before = chunks.unpack_trimmed(checked(blob))
    after = {slot: hashes for slot, hashes in before.items() if slot not in changes}
    after |= {slot: hashes for slot, hashes in changes.items() if hashes is not None}
    if after != before:
        db.write(STORE, ("trimmed", n, chunks.pack_trimmed(after)))


def _planes(db: Database, view: str, n: int) -> Planes:
    rows = db.select(BLOB, (view, n), CHUNK_BYTES)
    with db.readable():
        return Planes(view, checked(rows[0][0]) if rows else None)


def checked(blob: object) -> bytes:
    """Return a value of the chunk table; ValueError if it is not bytes."""
    if not isinstance(blob, bytes):
        raise ValueError(f"a chunk is {type(blob).__name__}")  # noqa: TRY004
    return blob


def _blobs(db: Database, view: str) -> Blobs:
    """Return all chunks of a view, after checking their claimed sizes."""
    claimed = db.select(LENGTHS, (view,))
    numbers = [n for n, _ in claimed]
    if not all(isinstance(n, int) and 0 <= n < MAX_CHUNKS for n in numbers):
        raise db.wrong("is damaged: impossible chunk number")
    if sum(length or 0 for _, length in claimed) > db.size_bytes():
        raise db.wrong("claims to hold more than its size; it is damaged")
    blobs = db.select(BLOBS, (view,), CHUNK_BYTES)
    if [n for n, _ in blobs] != numbers or not all(isinstance(blob, bytes) for _, blob in blobs):
        raise db.wrong("is damaged: chunks are not what they claim to be")
    return blobs


def _shape(view: str, blobs: Blobs) -> list[tuple[int, int]]:
    """Return (number, capacity) of each chunk of a planar view."""
    return [(n, chunks.capacity(view, len(blob))) for n, blob in blobs]


def _same_shape(view: str, blobs: Blobs, whole: list[tuple[int, int]]) -> None:
    if _shape(view, blobs) != whole:
        raise ValueError(f"the views whole and {view} do not agree")


def _present(
    ids: NDArray[np.int64], words: NDArray[np.uint64], state: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], Sequence[NDArray[np.uint64]]]:
    """Return the present slots of each plane, without a copy if they are the first ones."""
    count = int(np.count_nonzero(state))
    if state[:count].all():
        return ids[:count], [plane[:count] for plane in words]
    present = np.flatnonzero(state)
    return ids[present], [plane[present] for plane in words]


def _low(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    low: NDArray[np.bool_] = state[state != ABSENT] == LOW_INFORMATION
    return low


def _trimmed(blobs: Blobs, ids: NDArray[np.int64], state: NDArray[np.uint8]) -> PictureHashes:
    present = ids[state != ABSENT]
    low = _low(state)
    slots, words = [np.empty(0, np.int64)], [np.empty((0, 3), np.uint64)]
    for n, blob in blobs:
        some, hashes_ = chunks.split_trimmed(blob)
        slots.append(some.astype(np.int64) + n * SLOTS)
        words.append(hashes_)
    own, hashes = np.concatenate(slots), np.concatenate(words)
    keep = np.isin(own, present, assume_unique=True)
    own, hashes = own[keep], hashes[keep]
    row, column, phash = np.ascontiguousarray(hashes.T, np.uint64)
    return PictureHashes(own, row, column, phash, low[np.searchsorted(present, own)])


def _by_chunk(ids: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    grouped: dict[int, list[int]] = {}
    for number in ids:
        grouped.setdefault(number // SLOTS, []).append(number % SLOTS)
    yield from sorted(grouped.items())
