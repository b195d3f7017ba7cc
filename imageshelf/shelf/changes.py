"""Changes to a shelf: each is one transaction over `Dict` and the catalogue together."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.shelf import hand_written, names, packed, pickled, points, recipes
from imageshelf.shelf.database import LIST_BYTES, Database
from imageshelf.shelf.records import (
    COLUMN_NAMES,
    COLUMNS,
    Added,
    Entry,
    Move,
    Skip,
    picture_values,
    signed,
    skip_values,
)
from imageshelf.system.process import gc_paused

STORE_PICTURE = f"""REPLACE INTO picture ({COLUMN_NAMES}, read_by)
    VALUES ({", ".join("?" * (len(COLUMNS) + 1))})"""  # noqa: S608
DELETE_PICTURE = "DELETE FROM picture WHERE id = ?"
ANY_LOOK = "SELECT 1 FROM verdict LIMIT 1"
DELETE_LOOKS = "DELETE FROM verdict WHERE max(a_id, ~a_id) IN (*) OR max(b_id, ~b_id) IN (*)"
RENAME_PICTURE = "UPDATE picture SET name = ?, device = ?, inode = ?, nlink = ? WHERE id = ?"
SET_ASIDE = "UPDATE picture SET name = ? WHERE id = ?"
STORE_SKIP = "REPLACE INTO skipped VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
DELETE_SKIP = "DELETE FROM skipped WHERE name = ?"
ANY_SKIP = "SELECT 1 FROM skipped LIMIT 1"
ANY_NOTED = "SELECT 1 FROM foreign_key LIMIT 1"
IDS = "SELECT name, id FROM picture WHERE name IN (*)"
LISTS = "SELECT key, value FROM Dict WHERE key IN (*)"
NEW_LIST = "INSERT INTO Dict (key, value) VALUES (?, ?)"
STORE_LIST = "UPDATE Dict SET value = ? WHERE key = ?"
DELETE_LIST = "DELETE FROM Dict WHERE key = ?"

IDS_PER_SCAN = 400  # whose looks are found by one pass over all of them
NAMES_PER_WRITE = 10_000  # names in one transaction


@gc_paused()
def add(
    db: Database, entries: Iterable[Entry], skips: Iterable[Skip], dataset: int | None
) -> Added:
    """Add or replace pictures and skipped files."""
    with db.transaction():
        recipes.refuse_changed(db)
        return put(db, entries, skips, dataset)


def put(
    db: Database, entries: Iterable[Entry], skips: Iterable[Skip], dataset: int | None = None
) -> Added:
    """Do what `add` does, inside a transaction of the caller's."""
    pictures = {entry.name: entry for entry in entries}
    refused = {skip.name: skip for skip in skips if skip.name not in pictures}
    _require_keys_of(recipes.hash_of(db), pictures.values())
    hand_written.note(db)
    before = ids_of(db, [*pictures, *refused])
    lists = _Lists(db)
    lists.leave(before)
    gone = [before[name] for name in refused if name in before]
    _delete(db, gone)
    ids, written = _numbered(db, before, pictures)
    numbered = zip(ids, written, strict=True)
    rows = ((*picture_values(n, dataset, each), each.facts.read_by) for n, each in numbered)
    db.write_many(STORE_PICTURE, rows)
    packed.store(db, ids, written)
    points.drop(db, before.values())
    points.store(db, {n: each.points for n, each in zip(ids, written, strict=True) if each.points})
    for entry in written:
        lists.join(entry.key.encode(), entry.name)
    lists.write()
    if db.select(ANY_SKIP):
        db.write_many(DELETE_SKIP, ((name,) for name in pictures))
    db.write_many(STORE_SKIP, (skip_values(skip) for skip in refused.values()))
    hand_written.set_watermark(db)
    changed = len(before) - len(gone)
    return Added(len(pictures) - changed, changed)


def forget(db: Database, gone: Iterable[bytes]) -> None:
    """Remove names from the shelf, pictures and skipped files alike."""
    every = list(gone)
    for start in range(0, len(every), NAMES_PER_WRITE):
        some = every[start : start + NAMES_PER_WRITE]
        with db.transaction():
            hand_written.note(db)
            before = ids_of(db, some)
            lists = _Lists(db)
            lists.leave(before)
            _delete(db, list(before.values()))
            lists.write()
            db.write_many(DELETE_SKIP, ((name,) for name in some))
            hand_written.set_watermark(db)


def note_by_hand(db: Database, written: Iterable[tuple[bytes, bytes]]) -> int:
    """Add entries (key, name) written by hand on another shelf; return how many are new."""
    with db.transaction():
        hand_written.note(db)
        wanted = sorted(set(written))
        there = {
            (key, names.to_bytes(text))
            for key, value in db.select_in(LISTS, sorted({key for key, _ in wanted}), LIST_BYTES)
            for text in hand_written.parsed(db, key, value)
        }
        new = [entry for entry in wanted if entry not in there]
        lists = _Lists(db)
        for key, name in new:
            lists.join(key, name)
        lists.write()
        db.write_many(hand_written.NOTE, new)
        hand_written.set_watermark(db)
    return len(new)


def rename(db: Database, moves: Iterable[Move]) -> None:
    """Rename pictures; a picture that had a new name and does not move itself is forgotten."""
    every = list({new: (old, new, stat) for old, new, stat in moves}.values())
    if not every:
        return
    with db.transaction():
        hand_written.note(db)
        before = ids_of(db, sorted({name for old, new, _ in every for name in (old, new)}))
        known = [(old, new, stat) for old, new, stat in every if old in before]
        moved = {old for old, _, _ in known}
        replaced = {new for _, new, _ in known if new in before} - moved
        lists = _Lists(db)
        lists.leave({name: before[name] for name in moved | replaced})
        _delete(db, [before[name] for name in replaced])
        # Two names may change places, so all leave their old ones first.
        db.write_many(SET_ASIDE, ((b"\0%d" % before[old], before[old]) for old in moved))
        for old, new, stat in known:
            place = (signed(stat.st_dev), signed(stat.st_ino), stat.st_nlink)
            db.write(RENAME_PICTURE, (new, *place, before[old]))
            if old in lists.keys:
                lists.join(lists.keys[old], new)
        lists.write()
        db.write_many(DELETE_SKIP, ((new,) for _, new, _ in known))
        hand_written.set_watermark(db)


class _Lists:
    """Collects changes to the lists in Dict, then writes each list once."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.keys: dict[bytes, bytes] = {}  # name: the key that it left
        self._leaving: dict[bytes, set[str]] = {}
        self._joining: dict[bytes, list[str]] = {}
        self._adopts = bool(db.select(ANY_NOTED))

    def leave(self, ids: Mapping[bytes, int]) -> None:
        """Take known pictures (name: id) off the lists of their keys."""
        keys = packed.written_keys(self.db, ids.values()) if ids else {}
        for name, number in ids.items():
            if number in keys:
                key = self.keys[name] = keys[number]
                self._leaving.setdefault(key, set()).add(names.to_text(name))

    def join(self, key: bytes, name: bytes) -> None:
        """Put a name on a key's list."""
        self._joining.setdefault(key, []).append(names.to_text(name))
        if self._adopts:
            self.db.write(hand_written.ADOPT, (key, name))

    def write(self) -> None:
        """Read the affected lists, change them, and write those that differ."""
        keys = sorted(self._leaving.keys() | self._joining)
        rows = self.db.select_in(LISTS, keys, LIST_BYTES)
        before = {key: (value, hand_written.parsed(self.db, key, value)) for key, value in rows}
        for key, (old, texts) in before.items():
            left = set(texts) - self._leaving.get(key, set())
            after = left.union(self._joining.get(key, ()))
            if not after:
                self.db.write(DELETE_LIST, (key,))
            elif (value := self._packed(key, after)) != old:
                self.db.write(STORE_LIST, (value, key))
        new = [key for key in keys if key in self._joining and key not in before]
        self.db.write_many(NEW_LIST, ((key, self._packed(key, self._joining[key])) for key in new))

    def _packed(self, key: bytes, texts: Collection[str]) -> bytes:
        value = pickled.dumps(sorted(set(texts)) if len(texts) > 1 else list(texts))
        if len(value) > pickled.MAX_BYTES:
            raise self.db.wrong(
                f"has no room for {len(texts):,} pictures under one key ({key.decode()})"
            )
        return value


def _require_keys_of(name: str, entries: Iterable[Entry]) -> None:
    """Raise ValueError for a key that the shelf's hash cannot produce."""
    if name == DEFAULT:
        for entry in entries:
            if int(entry.key, 16) != entry.whole[0]:
                raise ValueError(f"key {entry.key} is not the row hash {entry.whole[0]:016x}")
        return
    digits = re.compile(rf"[0-9a-f]{{{BITS[name] // 4}}}")
    for entry in entries:
        if not digits.fullmatch(entry.key):
            raise ValueError(f"key {entry.key} is no {name} of {BITS[name]} bits")


def ids_of(db: Database, wanted: Sequence[bytes]) -> dict[bytes, int]:
    """Return name -> id of the names that belong to pictures."""
    rows: list[tuple[bytes, Any]] = db.select_in(IDS, wanted)
    if not all(isinstance(number, int) for _, number in rows):
        raise db.wrong("is damaged: a picture's id is no number")
    return dict(rows)


def _numbered(
    db: Database, before: Mapping[bytes, int], pictures: Mapping[bytes, Entry]
) -> tuple[list[int], list[Entry]]:
    """Return ids and pictures: known pictures keep their id, new ones get the next, by name."""
    free = packed.first_free_id(db)
    known = [name for name in pictures if name in before]
    new = sorted(name for name in pictures if name not in before)
    ids = [before[name] for name in known] + list(range(free, free + len(new)))
    return ids, [pictures[name] for name in known + new]


def _delete(db: Database, ids: Sequence[int]) -> None:
    db.write_many(DELETE_PICTURE, ((number,) for number in ids))
    packed.clear(db, ids)
    points.drop(db, ids)
    if ids and db.select(ANY_LOOK):  # the id may be another picture's next
        for start in range(0, len(ids), IDS_PER_SCAN):
            some = list(ids[start : start + IDS_PER_SCAN])
            db.write(DELETE_LOOKS.replace("*", ",".join("?" * len(some))), some + some)
