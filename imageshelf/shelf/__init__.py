"""The shelf: a mapping from hash to file names that survives a crash, and its catalogue.

    with open_shelf("db.shelve") as shelf:
        shelf["3c3e0e1f1f1e3e7c"]          # ['holiday/a.jpg', 'holiday/b.jpg']

One file in the format of the standard library's `dbm.sqlite3`, so that Python 3.13's own
`shelve.open` reads and writes it too. Reading never executes anything that the file holds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from imageshelf.shelf import creating, hand_written, names, pickled, recipes, schema
from imageshelf.shelf.catalogue import SET_META, Catalogue
from imageshelf.shelf.database import LIST_BYTES, Database
from imageshelf.shelf.errors import ShelfError
from imageshelf.shelf.opening import open_database
from imageshelf.shelf.records import storable
from imageshelf.system.program import typed
from imageshelf.system.words import shown

if TYPE_CHECKING:
    from imageshelf.pictures.recipe import Recipe
    from imageshelf.shelf.marks import Marks

__all__ = ["Shelf", "ShelfError", "open_shelf", "open_to_fill"]

LIST = "SELECT value FROM Dict WHERE key = ?"
HAS = "SELECT 1 FROM Dict WHERE key = ?"
REPLACE = "REPLACE INTO Dict (key, value) VALUES (?, ?)"  # a new row number: see hand_written.py
DELETE = "DELETE FROM Dict WHERE key = ?"
KEYS_FROM = "SELECT key FROM Dict WHERE key >= ? ORDER BY key LIMIT 4096"
COUNT = "SELECT count(*) FROM Dict WHERE key >= x''"
ANY = "SELECT 1 FROM Dict LIMIT 1"


def open_shelf(path: str | os.PathLike[str], flag: str = "r") -> Shelf:
    """Open a shelf: "r" to read, "w" to write, "c" to create it if needed, "n" to empty it.

    Any fault of the path or the file raises ShelfError with one clear sentence.
    """
    if flag not in {"r", "w", "c", "n"}:
        raise ValueError(f"expected the flag r, w, c or n, not {flag!r}")
    absolute = names.absolute(path)
    creating.check_path(absolute, new=flag in {"c", "n"})
    db = open_database(absolute, writable=flag != "r")
    try:
        if flag == "n":
            creating.start_anew(db)
        elif db.kind == "empty":
            if flag == "r":
                raise db.wrong(f"is empty: {typed('index')} puts pictures on it")  # noqa: TRY301
            creating.create(db)
        return _up_to_date(db)
    except BaseException:
        db.close()
        raise


def open_to_fill(path: str | os.PathLike[str]) -> Shelf:
    """Open a shelf for indexing; `adopt` or `rebuild` then creates the tables of a new one.

    Like `open_shelf(path, "c")`, but creating a shelf waits for the disk once instead of twice.
    """
    absolute = names.absolute(path)
    creating.check_path(absolute, new=True)
    db = open_database(absolute, writable=True)
    try:
        return _up_to_date(db)
    except BaseException:
        db.close()
        raise


def _up_to_date(db: Database) -> Shelf:
    """Return the shelf; one of an older version that is open for writing is migrated first."""
    if db.writable and db.version != schema.SCHEMA_VERSION:
        creating.migrate(db)
    return Shelf(db)


class Shelf(MutableMapping[str, list[str]]):
    """Maps a hash to the sorted names of the pictures that have it; a context manager.

    Keys are 16 hex digits (144 on a Marr-Hildreth shelf) and iterate in sorted order.

    A list you read is a copy: assign it to change the shelf. Lists assigned by hand are kept,
    searched, and told apart from those an index run wrote; see `hand_written`.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.path = db.path
        self.folder = os.path.dirname(db.path)

    def __repr__(self) -> str:
        return f"<Shelf {shown(self.path)}>"

    # -- the mapping ------------------------------------------------------------------------

    def __getitem__(self, key: str) -> list[str]:
        if not isinstance(key, str):
            raise KeyError(key)
        stored = names.to_bytes(key)
        rows = self._db.select(LIST, (stored,), LIST_BYTES)
        if not rows:
            raise KeyError(key)
        return hand_written.parsed(self._db, stored, rows[0][0])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self._db.select(HAS, (names.to_bytes(key),)))

    def __iter__(self) -> Iterator[str]:
        start = b""
        while rows := self._db.select(KEYS_FROM, (start,)):
            for (key,) in rows:
                if not isinstance(key, bytes) or key < start:
                    raise self._db.wrong("is damaged: keys that are none, or out of order")
                start = key + b"\0"
                yield names.to_text(key)

    def __len__(self) -> int:
        return int(self._db.select(COUNT)[0][0])

    def __setitem__(self, key: str, value: list[str]) -> None:
        if not isinstance(key, str):
            raise TypeError(f"a key is text, not {type(key).__name__}")
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise TypeError("a value is a list of names, each of them text")
        data = pickled.dumps(value)
        if len(data) > pickled.MAX_BYTES:
            raise ValueError(f"a list of {len(data):,} bytes; at most {pickled.MAX_BYTES:,} fit")
        with self._db.transaction():
            self._db.write(REPLACE, (names.to_bytes(key), data))

    def __delitem__(self, key: str) -> None:
        with self._db.transaction():
            if not isinstance(key, str) or not self._db.write(DELETE, (names.to_bytes(key),)):
                raise KeyError(key)

    def sync(self) -> None:
        """Do nothing: each change is on the disk by the time its call returns."""

    def close(self) -> None:
        """Close the file; using the shelf afterwards raises ShelfError."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- names ------------------------------------------------------------------------------

    def name_of(self, path: str | os.PathLike[str]) -> str:
        """Return the name a path has on the shelf: relative if it lies below the shelf's folder."""
        return names.name_of(names.absolute(path), self.folder)

    def path_of(self, name: str) -> str:
        """Return the absolute path a name stands for."""
        if "\0" in name:
            raise self._db.wrong(f"holds the impossible name {shown(name)}")
        return names.native(names.path_of(name, self.folder))

    # -- the catalogue ----------------------------------------------------------------------

    def snapshot(self) -> AbstractContextManager[None]:
        """Inside the block, every read sees one state of the shelf, and writers wait."""
        return self._db.snapshot()

    @property
    def writable(self) -> bool:
        """Whether the shelf was opened for writing."""
        return self._db.writable

    @property
    def catalogue(self) -> Catalogue | None:
        """Everything known beyond the lists, or None for a file that only `shelve` has written."""
        return Catalogue(self._db) if self._db.kind == "whole" else None

    def whole_catalogue(self) -> Catalogue:
        """Return the catalogue; raise ShelfError if there is none."""
        if self.catalogue is None:
            raise self._bare()
        return self.catalogue

    @property
    def id(self) -> str:
        """What tells the shelf from all others, in hex: its random id, or else for its path."""
        import hashlib

        from imageshelf.shelf import marks

        stored = marks.stored_id(self._db)
        return (stored or hashlib.sha256(names.to_bytes(self.path)).digest()).hex()

    def marks(self) -> Marks | None:
        """Return what tells rows that this user's runs wrote; None if there can be none."""
        from imageshelf.shelf import marks

        return marks.of_shelf(self._db)

    def marks_to_write(self) -> Marks:
        """Return what marks rows as this user's; raises UserKeyError without a place for a key."""
        from imageshelf.shelf import marks

        return marks.to_write(self._db)

    @property
    def recipe(self) -> Recipe | None:
        """How the hashes on this shelf were made, or None before the first index run."""
        from imageshelf.pictures.recipe import Recipe

        recipes.hash_of(self._db)
        stored = recipes.stored(self._db)
        try:
            return None if stored is None else Recipe(**stored)
        except TypeError as exc:
            raise recipes.unreadable(self._db) from exc

    def mismatch(self, recipe: Recipe) -> str | None:
        """Return a sentence if hashes made by `recipe` do not fit the shelf, else None."""
        return recipes.mismatch(self._db, recipe)

    def adopt(self, recipe: Recipe) -> None:
        """Check that hashes made by this recipe may be added; a new shelf adopts the recipe.

        Raises ShelfError for a shelf with another recipe or without a catalogue.
        """
        with self._db.snapshot():
            known = recipes.stored(self._db) is not None
            if known and Catalogue(self._db).meta("folder") == self._note:  # nothing to write
                self._refuse_other(recipe)
                recipes.take_on(self._db, recipe, anew=False)
                return
        with self._db.transaction():
            self._db.check_schema()  # another process may have been quicker
            if self._db.kind == "bare" and self._db.select(ANY):
                raise self._bare()
            creating.complete(self._db)
            self._refuse_other(recipe)
            recipes.take_on(self._db, recipe, anew=recipes.stored(self._db) is None)
            self._db.write(SET_META, ("folder", self._note))

    def rebuild(self, recipe: Recipe) -> None:
        """Adopt a recipe and forget all pictures and hashes, but keep what people decided."""
        with self._db.transaction():
            self._db.check_schema()
            creating.complete(self._db)
            for table in schema.REBUILT:
                self._db.write(f"DELETE FROM {table}")  # noqa: S608
            hand_written.set_watermark(self._db)
            recipes.take_on(self._db, recipe, anew=True)
            self._db.write(SET_META, ("folder", self._note))

    @property
    def _note(self) -> str:
        return storable(self.folder)

    def _refuse_other(self, recipe: Recipe) -> None:
        if sentence := self.mismatch(recipe):
            raise ShelfError(sentence)

    def _bare(self) -> ShelfError:
        return self._db.wrong(
            f"has keys but no catalogue, so nobody knows how they were made; {recipes.REBUILD}"
        )

    def hand_written(self) -> list[tuple[str, list[str]]]:
        """Return (key, names) of entries written by hand; without a catalogue, of all entries."""
        if self._db.kind == "whole":
            return Catalogue(self._db).hand_written()
        with self._db.snapshot():
            lists = hand_written.lists(self._db)
            return sorted((names.to_text(key), texts) for _, key, texts in lists)

    def foreign(self) -> list[tuple[str, list[str]]]:
        """Return `hand_written()`; deprecated."""
        warnings.warn("foreign() is called hand_written() now", DeprecationWarning, stacklevel=2)
        return self.hand_written()

    def check(self) -> list[str]:
        """Return one sentence for each fault of the shelf; [] when all is well."""
        from imageshelf.shelf import checking

        with self._db.snapshot():
            return checking.findings(self._db)
