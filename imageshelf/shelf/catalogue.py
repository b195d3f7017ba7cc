"""The catalogue: everything a shelf knows about its pictures beyond the lists of names.

NumPy is imported by the first call that needs hashes, not by opening a shelf.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.pictures import readers
from imageshelf.pictures.readers import FIRST, REVISIONS
from imageshelf.shelf import hand_written, names
from imageshelf.shelf.records import (
    COLUMN_NAMES,
    EXTRAS,
    Added,
    Counts,
    Entry,
    Move,
    PictureRow,
    Skip,
    extras_flags,
    picture_row,
    signed,
    storable,
    unsigned,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imageshelf.pictures.header_facts import HeaderFacts
    from imageshelf.shelf.chunks import PictureHashes, StoredKeys, TurnedHashes
    from imageshelf.shelf.database import Database

__all__ = ["Added", "Catalogue", "Counts", "Dataset", "Entry", "Move", "PictureRow", "Skip"]

PAGE = 1024
_RANGE = "FROM {} WHERE name >= ? AND name < ? {} ORDER BY name LIMIT " + str(PAGE)
KNOWN_PICTURES = "SELECT name, size_bytes, mtime_ns, device, 0 " + _RANGE
_GREY = "substr(thumbnail, {}, 2) IN (x'7f7f', x'7f80', x'807f', x'8080')"  # of 16 rows of 16
_SHOWN_BY = {  # the cases of readers.py, as a row shows them
    readers.TURNED: "orientation <> 1",
    readers.SWALLOWED: "flags & 3 = 3",  # low information and alpha
    readers.UNCOUNTED: "frames IS NULL",
    readers.GREY: f"{_GREY.format(255)} OR orientation <> 1 AND "
    f"({' OR '.join(_GREY.format(at) for at in (1, 15, 241))})",
    readers.MORE: f"flags & {EXTRAS}",
    readers.ANY: "1",
}


def _outdated(cases: Mapping[str, tuple[str, ...]]) -> str:
    """Return the condition of rows that an older reader wrote, and that show one of the cases."""
    return " OR ".join(
        f"(format = '{name}' AND coalesce(read_by, {FIRST}) < {REVISIONS[name]}"
        f" AND ({' OR '.join(_SHOWN_BY[case] for case in shown)}))"
        for name, shown in cases.items()
    )


KNOWN_TO_READERS = (
    f"SELECT name, size_bytes, mtime_ns, device, CASE WHEN read_by >= {max(REVISIONS.values())} "
    f"THEN 0 WHEN {_outdated(readers.CASES)} THEN 4 "
    f"WHEN {_outdated(readers.HEADER_CASES)} THEN 5 ELSE 0 END " + _RANGE
)
NOTE_HEADER = """UPDATE picture SET flags = flags | ?, frames = coalesce(frames, ?), read_by = ?
    WHERE name = ?"""
KNOWN_SKIPS = (
    "SELECT name, size_bytes, mtime_ns, device, CASE WHEN lasting AND decoders = ? "
    "THEN CASE WHEN other = '' THEN 1 ELSE 3 END ELSE 2 END " + _RANGE
)
# C:/ is absolute, and so is a URL
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
SIZES_BY_ID = "SELECT id, size_bytes FROM picture ORDER BY id"
SIZES = "SELECT name, size_bytes FROM picture WHERE name > ? ORDER BY name LIMIT 1024"
COUNT_KEYS = "SELECT count(*) FROM Dict WHERE key >= x''"
ANY_PICTURE = "SELECT 1 FROM picture LIMIT 1"
ANY_CLEANUP = "SELECT 1 FROM cleanup LIMIT 1"
COUNT_PICTURES = "SELECT count(*) FROM picture WHERE name >= x''"
COUNT_URLS = "SELECT count(*) FROM picture WHERE instr(name, x'3a2f2f') > 0"
COUNT_SKIPS = "SELECT other = '', count(*) FROM skipped GROUP BY 1"
SET_DIGESTS = "UPDATE picture SET digest = ?, pixel_digest = ?, sound = ? WHERE id = ?"
DIGESTS = "SELECT id, digest, pixel_digest, sound FROM picture WHERE id IN (*)"
SET_DATASET = """INSERT INTO dataset (name, device, options, completed_ns) VALUES (?, ?, '', ?)
    ON CONFLICT (name) DO UPDATE SET device = excluded.device,
    completed_ns = excluded.completed_ns"""
DATASETS = "SELECT id, name, device, completed_ns FROM dataset ORDER BY id"
SUSPECTS = "SELECT name, since_ns FROM suspect ORDER BY name"
SUSPECT = "REPLACE INTO suspect (name, since_ns) VALUES (?, ?)"
CLEAR_SUSPECT = "DELETE FROM suspect WHERE name = ?"
GET_META = "SELECT value FROM meta WHERE name = ?"
SET_META = "REPLACE INTO meta (name, value) VALUES (?, ?)"
_LAST_NAME = b"\xff" * 4096  # no name sorts after it

KnownRow = tuple[bytes, int, int, int, int]


class Dataset(NamedTuple):
    """An indexed folder; `completed_ns` is None during a run and after one that was cut off."""

    id: int
    name: bytes
    device: int
    completed_ns: int | None


class Catalogue:
    """The catalogue of one open shelf; every error is a ShelfError."""

    def __init__(self, db: Database) -> None:
        self.db = db

    # -- what is known ----------------------------------------------------------------------

    def known(
        self, prefix: bytes, decoders: str = "", *, by_readers: bool = False
    ) -> Iterator[list[KnownRow]]:
        """Yield pages of (name, size_bytes, mtime_ns, device, state), sorted by name.

        They cover all names that begin with the prefix; b"" stands for every name relative to the
        shelf's folder. States: 0 a picture; 1 a skipped picture, still to be skipped; 2 a skipped
        file to retry, because its reason may not last or the decoders have changed; 3 not a
        picture; with `by_readers`, 4 a picture that its format's reader may read otherwise since,
        5 one whose header shows whether it does.
        Each page is a query of its own: nothing stays locked between pages.
        """
        sql = KNOWN_TO_READERS if by_readers else KNOWN_PICTURES
        if prefix:
            yield from self._known(sql, prefix, _end_of(prefix), decoders)
        else:
            yield from self._known(sql, b"", b"/", decoders, NOT_ON_A_DRIVE)
            yield from self._known(sql, b"0", _LAST_NAME, decoders, NOT_ON_A_DRIVE)

    def _known(
        self, sql: str, start: bytes, end: bytes, decoders: str, only: str = ""
    ) -> Iterator[list[KnownRow]]:
        pictures_sql = sql.format("picture", only)
        skips_sql = KNOWN_SKIPS.format("skipped", only)
        while True:
            with self.db.snapshot():
                rows = self.db.select(pictures_sql, (start, end))
                skips = self.db.select(skips_sql, (decoders, start, end))
            full = [page[-1][0] for page in (rows, skips) if len(page) == PAGE]
            try:
                if skips:
                    rows = sorted(rows + skips, key=itemgetter(0))
                    last = min(full, default=_LAST_NAME)
                    rows = [row for row in rows if row[0] <= last]
            except TypeError as exc:
                raise self.db.wrong("is damaged: a name that is none") from exc
            if rows:
                yield rows
            if not full:
                return
            if min(full) < start:
                raise self.db.wrong("is damaged: names out of order")
            start = min(full) + b"\0"

    def sizes(self) -> Iterator[tuple[bytes, int]]:
        """Yield (name, size_bytes) of every picture, sorted by name."""
        last = b""
        while page := self.db.select(SIZES, (last,)):
            yield from page
            last = page[-1][0]

    def counts(self) -> Counts:
        """Return how many keys, pictures and skipped files the shelf has."""
        ((keys,),) = self.db.select(COUNT_KEYS)
        skips = dict(self.db.select(COUNT_SKIPS))
        return Counts(keys, self.pictures(), skips.get(1, 0), skips.get(0, 0))

    def pictures(self) -> int:
        """Return the number of pictures."""
        return int(self.db.select(COUNT_PICTURES)[0][0])

    def is_empty(self) -> bool:
        """Tell whether the shelf has no pictures."""
        return not self.db.select(ANY_PICTURE)

    def has_cleanups(self) -> bool:
        """Tell whether a clean-up is recorded."""
        return bool(self.db.select(ANY_CLEANUP))

    def at_urls(self) -> int:
        """Return the number of pictures whose name is a URL."""
        return int(self.db.select(COUNT_URLS)[0][0])

    def note_headers(self, noted: Iterable[tuple[bytes, HeaderFacts]]) -> None:
        """Add what headers tell to pictures that the latest readers would read as before."""
        latest = max(REVISIONS.values())
        rows = ((extras_flags(facts.extras), facts.frames, latest, name) for name, facts in noted)
        with self.db.transaction():
            self.db.write_many(NOTE_HEADER, rows)

    # -- pictures ---------------------------------------------------------------------------

    def rows(self, ids: Iterable[int]) -> list[PictureRow]:
        """Return the records of pictures in the order of `ids`; missing pictures are left out."""
        from imageshelf.shelf import packed

        wanted = list(ids)
        with self.db.snapshot():
            keys = packed.written_keys(self.db, wanted)
            columns = {row[0]: row for row in self.db.select_in(ROWS, wanted)}
        with self.db.readable():
            return [
                picture_row(columns[number], keys[number].decode())
                for number in wanted
                if number in columns and number in keys
            ]

    def row_of(self, name: bytes) -> PictureRow | None:
        """Return the record of the picture with this name, or None."""
        ids = self.db.select(ID_OF, (name,))
        rows = self.rows([ids[0][0]]) if ids else []
        return rows[0] if rows else None

    def sizes_by_id(self) -> list[tuple[int, int]]:
        """Return (id, size in bytes) of all pictures, by id."""
        sizes: list[tuple[int, int]] = self.db.select_all(SIZES_BY_ID)
        if not all(isinstance(size, int) for _, size in sizes):
            raise self.db.wrong("is damaged: a size that is none")
        return sizes

    def taken_between(self, first_ms: int, last_ms: int) -> list[int]:
        """Return the ids of at most 10,000 pictures taken in a span (ms since 1970)."""
        return [number for (number,) in self.db.select(TAKEN, (first_ms, last_ms))]

    def taken(self) -> list[tuple[int, int]]:
        """Return (id, ms since 1970) of all pictures with a capture time, oldest first."""
        times: list[tuple[int, int]] = self.db.select_all(ALL_TAKEN)
        if not all(isinstance(ms, int) for _, ms in times):
            raise self.db.wrong("is damaged: a capture time that is none")
        return times

    def reasons(self, prefix: bytes) -> list[tuple[bytes, str]]:
        """Return (name, reason) of the skipped pictures below a prefix, which is as in `known`."""
        rows = [row for span in spans(prefix) for row in self.db.select_all(REASONS, span)]
        return [(bytes(name), str(reason)) for name, reason in rows]

    def inode_of(self, name: bytes) -> int:
        """Return the inode of the picture with this name, or 0 if it is not known."""
        rows = self.db.select(INODE_OF, (name,))
        return unsigned(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0

    def names(self, ids: Iterable[int]) -> dict[int, bytes]:
        """Return id -> name of those pictures that are on the shelf."""
        names_by_id = dict(self.db.select_in(NAMES, list(ids)))
        if not all(isinstance(name, bytes) for name in names_by_id.values()):
            raise self.db.wrong("is damaged: a name that is none")
        return names_by_id

    def hashes(self, view: str = "whole") -> PictureHashes:
        """Return the hashes of all pictures as arrays: ids, row, column, phash, low_information.

        `view` is "whole", "centre" (the centre 90 %) or "trimmed" (only pictures with a border).
        """
        return self.hashes_of([view])[view]

    def hashes_of(self, views: Sequence[str]) -> dict[str, PictureHashes]:
        """Return the hashes of several views, all read from one state of the shelf."""
        from imageshelf.shelf import packed

        for view in views:
            if view not in {"whole", "centre", "trimmed"}:
                raise ValueError(f"expected the view whole, centre or trimmed, not {view!r}")
        return packed.hashes(self.db, views)

    def row_hashes(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        """Yield the ids and row hashes of all pictures, a few thousand at a time."""
        from imageshelf.shelf import packed

        return packed.row_hashes(self.db)

    def keys(self) -> StoredKeys | None:
        """Return the keys of all pictures (ids, words), or None if they are row hashes."""
        from imageshelf.shelf import packed

        return packed.keys(self.db)

    def turned(self) -> TurnedHashes:
        """Return the hashes of all pictures in the 7 other orientations."""
        from imageshelf.shelf import packed

        return packed.turned(self.db)

    def hand_written(self) -> list[tuple[str, list[str]]]:
        """Return (key, names) of the entries written by hand, sorted by key."""
        with self.db.snapshot():
            noted = hand_written.noted(self.db)
            entries = {*noted, *hand_written.written_by_hand(self.db)}
        lists: dict[str, list[str]] = {}
        for key, name in sorted(entries):
            lists.setdefault(names.to_text(key), []).append(names.to_text(name))
        return list(lists.items())

    # -- changes ----------------------------------------------------------------------------

    def add(
        self, entries: Iterable[Entry], skips: Iterable[Skip] = (), *, dataset: int | None = None
    ) -> Added:
        """Add or replace pictures and skipped files in one durable transaction.

        A picture whose name is known leaves the list of its old key. A skipped file that used to
        be a picture leaves the shelf.
        """
        from imageshelf.shelf import changes

        return changes.add(self.db, entries, skips, dataset)

    def forget(self, gone: Iterable[bytes]) -> None:
        """Remove names from the shelf, 10,000 per transaction."""
        from imageshelf.shelf import changes

        changes.forget(self.db, gone)

    def rename(self, moves: Iterable[Move]) -> None:
        """Rename pictures: (old name, new name, `os.stat` of the file now)."""
        from imageshelf.shelf import changes

        changes.rename(self.db, moves)

    def digests(self, ids: Iterable[int]) -> dict[int, tuple[bytes | None, bytes | None, Any]]:
        """Return id -> (digest, pixel_digest, sound); None stands for what is not yet known."""
        rows = self.db.select_in(DIGESTS, list(ids))
        return {number: (digest, pixels, sound) for number, digest, pixels, sound in rows}

    def set_digests(
        self, rows: Sequence[tuple[int, bytes | None, bytes | None, bool | None]]
    ) -> None:
        """Store (id, digest, pixel_digest, sound)."""
        with self.db.transaction():
            self.db.write_many(SET_DIGESTS, ((*values, number) for number, *values in rows))

    # -- datasets, suspects, notes ----------------------------------------------------------

    def transaction(self) -> AbstractContextManager[None]:
        """Inside the block, collect all changes into one transaction: all are written or none."""
        return self.db.transaction()

    def end_run(self, datasets: Iterable[tuple[bytes, int]], notes: Mapping[str, str]) -> None:
        """Record, in one transaction, that a run over folders (name, device) ended, with notes."""
        with self.db.transaction():
            for name, device in datasets:
                self.db.write(SET_DATASET, (name, signed(device), time.time_ns()))
            for note, value in notes.items():
                self.db.write(SET_META, (note, storable(value)))

    def datasets(self) -> list[Dataset]:
        """Return the indexed folders, oldest first; raises ShelfError for what is none."""
        datasets = [Dataset(*row) for row in self.db.select_all(DATASETS)]
        if not all(type(one.name) is bytes and type(one.device) is int for one in datasets):
            raise self.db.wrong("is damaged: impossible dataset")
        return datasets

    def suspects(self) -> dict[bytes, int]:
        """Return name -> since_ns of the files suspected of having ended a run."""
        return dict(self.db.select_all(SUSPECTS))

    def set_suspects(self, suspects: Iterable[bytes], instead_of: Iterable[bytes] = ()) -> None:
        """Replace some suspects with others."""
        now = time.time_ns()
        with self.db.transaction():
            self.db.write_many(CLEAR_SUSPECT, ((name,) for name in instead_of))
            self.db.write_many(SUSPECT, ((name, now) for name in suspects))

    def meta(self, name: str) -> str | None:
        """Return a note by its name, or None."""
        rows = self.db.select(GET_META, (name,))
        return rows[0][0] if rows and isinstance(rows[0][0], str) else None

    def number(self, name: str, otherwise: int) -> int:
        """Return a note that is a number of at most nine digits; `otherwise` if it is not."""
        value = self.meta(name) or ""
        return int(value) if value.isdecimal() and len(value) < 10 else otherwise

    def set_meta(self, name: str, value: str) -> None:
        """Store a note."""
        with self.db.transaction():
            self.db.write(SET_META, (name, storable(value)))


def spans(prefix: bytes) -> list[tuple[bytes, bytes]]:
    """Return from where to where the names with a prefix sort; b"" has every relative name."""
    return [(prefix, _end_of(prefix))] if prefix else [(b"", b"/"), (b"0", _LAST_NAME)]


def _end_of(prefix: bytes) -> bytes:
    """Return the smallest bytes that sort after everything with this prefix."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else _LAST_NAME
