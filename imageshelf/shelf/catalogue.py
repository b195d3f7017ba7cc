"""The catalogue: everything a shelf knows of its pictures beside the lists of names.

NumPy is imported by the first call that needs hashes, not by opening a shelf.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.shelf import hand_written as foreign
from imageshelf.shelf import names
from imageshelf.shelf.records import (
    COLUMN_NAMES,
    Added,
    Counts,
    Entry,
    Move,
    PictureRow,
    Skip,
    picture_row,
    signed,
    storable,
    unsigned,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from imageshelf.shelf.chunks import Hashes, Keys, Turned
    from imageshelf.shelf.database import Database

__all__ = ["Added", "Catalogue", "Counts", "Dataset", "Entry", "Move", "PictureRow", "Skip"]

PAGE = 1024
_RANGE = "FROM {} WHERE name >= ? AND name < ? {} ORDER BY name LIMIT " + str(PAGE)
KNOWN_PICTURES = "SELECT name, size_bytes, mtime_ns, device, 0 " + _RANGE
KNOWN_SKIPS = (
    "SELECT name, size_bytes, mtime_ns, device, CASE WHEN lasting AND decoders = ? "
    "THEN CASE WHEN other = '' THEN 1 ELSE 3 END ELSE 2 END " + _RANGE
)
# C:/ is absolute, and so is an URL
NOT_ON_A_DRIVE = "AND substr(name, 2, 2) <> x'3a2f' AND instr(name, x'3a2f2f') = 0"
ROWS = f"SELECT {COLUMN_NAMES} FROM picture WHERE id IN (*)"  # noqa: S608
TAKEN = "SELECT id FROM picture WHERE captured_at BETWEEN ? AND ? ORDER BY id LIMIT 10000"
ALL_TAKEN = """SELECT id, captured_at FROM picture WHERE captured_at IS NOT NULL
    ORDER BY captured_at, id"""
REASONS = """SELECT name, reason FROM skipped WHERE name >= ? AND name < ? AND other = ''
    ORDER BY name"""
ID_OF = "SELECT id FROM picture WHERE name = ?"
INODE_OF = "SELECT inode FROM picture WHERE name = ?"
NAMES = "SELECT id, name FROM picture WHERE id IN (*)"
COUNT_KEYS = "SELECT count(*) FROM Dict WHERE key >= x''"
ANY_PICTURE = "SELECT 1 FROM picture LIMIT 1"
COUNT_PICTURES = "SELECT count(*) FROM picture WHERE name >= x''"
COUNT_URLS = "SELECT count(*) FROM picture WHERE instr(name, x'3a2f2f') > 0"
COUNT_SKIPS = "SELECT other = '', count(*) FROM skipped GROUP BY 1"
SET_DIGESTS = "UPDATE picture SET digest = ?, pixel_digest = ?, sound = ? WHERE id = ?"
DIGESTS = "SELECT id, digest, pixel_digest, sound FROM picture WHERE id IN (*)"
BEGIN_DATASET = """INSERT INTO dataset (name, device, options) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET device = excluded.device, options = excluded.options,
    completed_ns = NULL RETURNING id"""
COMPLETE_DATASET = "UPDATE dataset SET completed_ns = ? WHERE id = ?"
DATASETS = "SELECT id, name, device, options, completed_ns FROM dataset ORDER BY id"
SUSPECTS = "SELECT name, since_ns FROM suspect ORDER BY name"
SUSPECT = "REPLACE INTO suspect (name, since_ns) VALUES (?, ?)"
CLEAR_SUSPECT = "DELETE FROM suspect WHERE name = ?"
GET_META = "SELECT value FROM meta WHERE name = ?"
SET_META = "REPLACE INTO meta (name, value) VALUES (?, ?)"
_BEYOND = b"\xff" * 4096  # no name sorts after it

KnownRow = tuple[bytes, int, int, int, int]


class Dataset(NamedTuple):
    """A folder that was indexed; `completed_ns` is None while a run is under way or was cut off."""

    id: int
    name: bytes
    device: int
    options: str
    completed_ns: int | None


class Catalogue:
    """The catalogue of one open shelf. Every error is a ShelfError."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- what is known ----------------------------------------------------------------------

    def known(self, prefix: bytes, decoders: str = "") -> Iterator[list[KnownRow]]:
        """Yield lists of (name, size_bytes, mtime_ns, device, state) in the order of names.

        All names that begin with the prefix; b"" stands for every name relative to the shelf's
        folder. state: 0 a picture; 1 a skipped picture, still to be skipped; 2 a skipped file to
        be tried again, as its reason may not last or the decoders are not those of then; 3 a file
        that is no picture. Each list is read by itself: nothing stays locked in between.
        """
        if prefix:
            yield from self._known(prefix, _end_of(prefix), decoders)
        else:
            yield from self._known(b"", b"/", decoders, NOT_ON_A_DRIVE)
            yield from self._known(b"0", _BEYOND, decoders, NOT_ON_A_DRIVE)

    def _known(
        self, start: bytes, end: bytes, decoders: str, only: str = ""
    ) -> Iterator[list[KnownRow]]:
        pictures_sql = KNOWN_PICTURES.format("picture", only)
        skips_sql = KNOWN_SKIPS.format("skipped", only)
        while True:
            with self._db.snapshot():
                rows = self._db.select(pictures_sql, (start, end))
                skips = self._db.select(skips_sql, (decoders, start, end))
            full = [page[-1][0] for page in (rows, skips) if len(page) == PAGE]
            try:
                if skips:
                    rows = sorted(rows + skips, key=_name)
                    last = min(full, default=_BEYOND)
                    rows = [row for row in rows if row[0] <= last]
            except TypeError as exc:
                raise self._db.wrong("is damaged: a name that is none") from exc
            if rows:
                yield rows
            if not full:
                return
            if min(full) < start:
                raise self._db.wrong("is damaged: names out of order")
            start = min(full) + b"\0"

    def counts(self) -> Counts:
        """Count what is on the shelf."""
        ((keys,),) = self._db.select(COUNT_KEYS)
        skips = dict(self._db.select(COUNT_SKIPS))
        return Counts(keys, self.pictures(), skips.get(1, 0), skips.get(0, 0))

    def pictures(self) -> int:
        """Count the pictures alone."""
        return int(self._db.select(COUNT_PICTURES)[0][0])

    def is_empty(self) -> bool:
        """Tell whether there is no picture."""
        return not self._db.select(ANY_PICTURE)

    def at_urls(self) -> int:
        """Count the pictures whose name is an URL."""
        return int(self._db.select(COUNT_URLS)[0][0])

    # -- pictures ---------------------------------------------------------------------------

    def rows(self, ids: Iterable[int]) -> list[PictureRow]:
        """Give the records of pictures in the order of `ids`, without those that have gone."""
        from imageshelf.shelf import packed

        wanted = list(ids)
        with self._db.snapshot():
            keys = packed.written_keys(self._db, wanted)
            found = {row[0]: row for row in self._db.select_in(ROWS, wanted)}
        try:
            return [
                picture_row(found[number], keys[number].decode())
                for number in wanted
                if number in found and number in keys
            ]
        except ValueError as exc:
            raise self._db.wrong(f"is damaged: {exc}") from exc

    def row_of(self, name: bytes) -> PictureRow | None:
        """Give the record of the picture with this name."""
        found = self._db.select(ID_OF, (name,))
        rows = self.rows([found[0][0]]) if found else []
        return rows[0] if rows else None

    def taken_between(self, first_ms: int, last_ms: int) -> list[int]:
        """Give the ids of pictures taken in a span (ms since 1970), at most 10,000."""
        return [number for (number,) in self._db.select(TAKEN, (first_ms, last_ms))]

    def taken(self) -> list[tuple[int, int]]:
        """Give (id, ms since 1970) of all pictures with a capture time, oldest first."""
        found: list[tuple[int, int]] = self._db.select_all(ALL_TAKEN)
        if not all(isinstance(ms, int) for _, ms in found):
            raise self._db.wrong("is damaged: a capture time that is none")
        return found

    def reasons(self, prefix: bytes) -> list[tuple[bytes, str]]:
        """Give (name, reason) of skipped pictures whose names begin with a prefix; as `known`."""
        spans = [(prefix, _end_of(prefix))] if prefix else [(b"", b"/"), (b"0", _BEYOND)]
        found = [row for span in spans for row in self._db.select_all(REASONS, span)]
        return [(bytes(name), str(reason)) for name, reason in found]

    def inode_of(self, name: bytes) -> int:
        """Give the inode that the picture with this name had; 0 when there is none."""
        found = self._db.select(INODE_OF, (name,))
        return unsigned(found[0][0]) if found and isinstance(found[0][0], int) else 0

    def names(self, ids: Iterable[int]) -> dict[int, bytes]:
        """Give id -> name of those pictures that are there."""
        found = dict(self._db.select_in(NAMES, list(ids)))
        if not all(isinstance(name, bytes) for name in found.values()):
            raise self._db.wrong("is damaged: a name that is none")
        return found

    def hashes(self, view: str = "whole") -> Hashes:
        """Give the hashes of all pictures as arrays: ids, row, column, phash, low_information.

        `view` is whole, centre (of the centre 90 %) or trimmed (only those that have a border).
        """
        return self.hashes_of([view])[view]

    def hashes_of(self, views: Sequence[str]) -> dict[str, Hashes]:
        """Give what `hashes` does of several views, of one moment; what they share is read once."""
        from imageshelf.shelf import packed

        for view in views:
            if view not in {"whole", "centre", "trimmed"}:
                raise ValueError(f"expected the view whole, centre or trimmed, not {view!r}")
        return packed.hashes(self._db, views)

    def row_hashes(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        """Yield the ids and row hashes of all pictures, a few thousand at a time."""
        from imageshelf.shelf import packed

        return packed.row_hashes(self._db)

    def keys(self) -> Keys | None:
        """Give the keys of all pictures as arrays: ids, words; None where they are row hashes."""
        from imageshelf.shelf import packed

        return packed.keys(self._db)

    def turned(self) -> Turned:
        """Give the pHash of all pictures in the 7 other orientations: ids and phash[7, n]."""
        from imageshelf.shelf import packed

        return packed.turned(self._db)

    def foreign(self) -> list[tuple[str, list[str]]]:
        """Give (key, names) of what was written by hand, in the order of keys."""
        with self._db.snapshot():
            found = {*foreign.noted(self._db), *foreign.written_by_hand(self._db)}
        lists: dict[str, list[str]] = {}
        for key, name in sorted(found):
            lists.setdefault(names.to_text(key), []).append(names.to_text(name))
        return list(lists.items())

    # -- changes ----------------------------------------------------------------------------

    def add(
        self, entries: Iterable[Entry], skips: Iterable[Skip] = (), *, dataset: int | None = None
    ) -> Added:
        """Put pictures and skipped files on the shelf in one durable transaction.

        A known name is changed: its picture leaves the list of its old key. A skipped file that
        was a picture before leaves the shelf.
        """
        from imageshelf.shelf import changes

        return changes.add(self._db, entries, skips, dataset)

    def forget(self, gone: Iterable[bytes]) -> None:
        """Take names off the shelf, 10,000 a transaction."""
        from imageshelf.shelf import changes

        changes.forget(self._db, gone)

    def rename(self, moves: Iterable[Move]) -> None:
        """Give pictures other names: (name before, name now, `os.stat` of the file now)."""
        from imageshelf.shelf import changes

        changes.rename(self._db, moves)

    def digests(self, ids: Iterable[int]) -> dict[int, tuple[bytes | None, bytes | None, Any]]:
        """Give id -> (digest, pixel_digest, sound), None where not yet known."""
        rows = self._db.select_in(DIGESTS, list(ids))
        return {number: (digest, pixels, sound) for number, digest, pixels, sound in rows}

    def set_digests(
        self, rows: Sequence[tuple[int, bytes | None, bytes | None, bool | None]]
    ) -> None:
        """Remember (id, digest, pixel_digest, sound)."""
        with self._db.transaction():
            self._db.write_many(SET_DIGESTS, ((*values, number) for number, *values in rows))

    # -- datasets, suspects, notes ----------------------------------------------------------

    def at_once(self) -> AbstractContextManager[None]:
        """Make one write, which all comes to the shelf or nothing, of the changes made within."""
        return self._db.transaction()

    def end_run(self, datasets: Iterable[tuple[bytes, int]], notes: Mapping[str, str]) -> None:
        """Note, at once, that a run over folders (name, device) has come to its end, and notes."""
        with self._db.transaction():
            for name, device in datasets:
                number = self._db.select(BEGIN_DATASET, (name, signed(device), ""))[0][0]
                self._db.write(COMPLETE_DATASET, (time.time_ns(), number))
            for note, value in notes.items():
                self._db.write(SET_META, (note, storable(value)))

    def begin_dataset(self, name: bytes, device: int, options: str = "") -> int:
        """Note that a run over a folder begins; give its id."""
        with self._db.transaction():
            return int(self._db.select(BEGIN_DATASET, (name, signed(device), options))[0][0])

    def complete_dataset(self, number: int) -> None:
        """Note that a run over a folder has come to its end."""
        with self._db.transaction():
            self._db.write(COMPLETE_DATASET, (time.time_ns(), number))

    def datasets(self) -> list[Dataset]:
        """Give the folders that were indexed, oldest first."""
        return [Dataset(*row) for row in self._db.select_all(DATASETS)]

    def suspects(self) -> dict[bytes, int]:
        """Give name -> since_ns of files under suspicion of having stopped a run."""
        return dict(self._db.select_all(SUSPECTS))

    def set_suspects(self, suspects: Iterable[bytes], instead_of: Iterable[bytes] = ()) -> None:
        """Lift the suspicion from some names, and put others under it."""
        now = time.time_ns()
        with self._db.transaction():
            self._db.write_many(CLEAR_SUSPECT, ((name,) for name in instead_of))
            self._db.write_many(SUSPECT, ((name, now) for name in suspects))

    def meta(self, name: str) -> str | None:
        """Give a note by its name; None when there is none."""
        found = self._db.select(GET_META, (name,))
        return found[0][0] if found and isinstance(found[0][0], str) else None

    def number(self, name: str, otherwise: int) -> int:
        """Give a note that is a whole number of at most nine digits; `otherwise` if it is not."""
        value = self.meta(name) or ""
        return int(value) if value.isdecimal() and len(value) < 10 else otherwise

    def set_meta(self, name: str, value: str) -> None:
        """Write a note down."""
        with self._db.transaction():
            self._db.write(SET_META, (name, storable(value)))


def _end_of(prefix: bytes) -> bytes:
    """Give the least bytes that sort after everything with this prefix."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else _BEYOND


def _name(row: KnownRow) -> bytes:
    return row[0]
