"""The shelf: a mapping from hash to file names that survives a crash, and its catalogue.

    with open_shelf("db.shelve") as shelf:
        shelf["3c3e0e1f1f1e3e7c"]          # ['holiday/a.jpg', 'holiday/b.jpg']

One file in the format of the standard library's `dbm.sqlite3`, so that Python 3.13's own
`shelve.open` reads and writes it too. Reading never executes anything that the file holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Self

from imageshelf import backends, foreign, names, pickled, schema
from imageshelf.catalogue import GET_META, SET_META, Catalogue
from imageshelf.database import LONG, Database, ShelfError, shown

if TYPE_CHECKING:
    from types import TracebackType

    from imageshelf.hashing import Recipe

__all__ = ["Shelf", "ShelfError", "open_shelf"]

LIST = "SELECT value FROM Dict WHERE key = ?"
HAS = "SELECT 1 FROM Dict WHERE key = ?"
REPLACE = "REPLACE INTO Dict (key, value) VALUES (?, ?)"  # a new row number: see foreign.py
DELETE = "DELETE FROM Dict WHERE key = ?"
KEYS_ABOVE = "SELECT rowid, key FROM Dict WHERE rowid > ? ORDER BY rowid LIMIT 4096"
COUNT = "SELECT count(*) FROM Dict WHERE key >= x''"
ANY = "SELECT 1 FROM Dict LIMIT 1"
REBUILD = "open it with --rebuild to hash everything again"


def open_shelf(path: str | os.PathLike[str], flag: str = "r") -> Shelf:
    """Open a shelf: "r" to read, "w" to write, "c" to write and create, "n" to start anew.

    Whatever is wrong with the path or the file is a ShelfError with one clear sentence.
    """
    if flag not in {"r", "w", "c", "n"}:
        raise ValueError(f"expected the flag r, w, c or n, not {flag!r}")
    absolute = names.absolute(path)
    _check_path(absolute, new=flag in {"c", "n"})
    db = Database(absolute, writable=flag != "r")
    try:
        if flag == "n":
            _start_anew(db)
        elif db.kind == "empty":
            if flag == "r":
                raise db.wrong("is empty: index.py puts pictures on it")  # noqa: TRY301
            _create(db)
        return Shelf(db)
    except BaseException:
        db.close()
        raise


class Shelf(MutableMapping[str, list[str]]):
    """Hash (16 hex digits) -> sorted names of the pictures that have it; a context manager.

    A list that is read is a copy: assign it to change the shelf. What is assigned by hand is kept
    and found, and told apart from what an index run wrote (`foreign`).
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
        rows = self._db.select(LIST, (stored,), LONG)
        if not rows:
            raise KeyError(key)
        return foreign.parsed(self._db, stored, rows[0][0])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self._db.select(HAS, (names.to_bytes(key),)))

    def __iter__(self) -> Iterator[str]:
        above = foreign.LOWEST
        while rows := self._db.select(KEYS_ABOVE, (above,)):
            for number, key in rows:
                if number <= above or not isinstance(key, bytes):
                    raise self._db.wrong("is damaged: keys that are none, or out of order")
                above = number
                yield names.to_text(key)

    def __len__(self) -> int:
        return int(self._db.select(COUNT)[0][0])

    def __setitem__(self, key: str, value: list[str]) -> None:
        if not isinstance(key, str):
            raise TypeError(f"a key is text, not {type(key).__name__}")
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise TypeError("a value is a list of names, each of them text")
        data = pickled.dumps(value)
        if len(data) > pickled.LONGEST:
            raise ValueError(f"a list of {len(data):,} bytes; at most {pickled.LONGEST:,} fit")
        with self._db.transaction():
            self._db.write(REPLACE, (names.to_bytes(key), data))

    def __delitem__(self, key: str) -> None:
        with self._db.transaction():
            if not isinstance(key, str) or not self._db.write(DELETE, (names.to_bytes(key),)):
                raise KeyError(key)

    def sync(self) -> None:
        """Do nothing: every change is on the disk when the call that made it returns."""

    def close(self) -> None:
        """Close the file; a closed shelf raises ShelfError."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- names ------------------------------------------------------------------------------

    def name_of(self, path: str | os.PathLike[str]) -> str:
        """Give the name under which a path is kept: relative below the shelf's folder."""
        return names.name_of(names.absolute(path), self.folder)

    def path_of(self, name: str) -> str:
        """Give the absolute path that a name stands for."""
        if "\0" in name:
            raise self._db.wrong(f"holds the impossible name {shown(name)}")
        return names.native(names.path_of(name, self.folder))

    # -- the catalogue ----------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._db.writable

    @property
    def catalogue(self) -> Catalogue | None:
        """What is known beside the lists; None for a file that only `shelve` has written."""
        return Catalogue(self._db) if self._db.kind == "whole" else None

    def whole_catalogue(self) -> Catalogue:
        """Give the catalogue, or raise ShelfError where there is none."""
        if self.catalogue is None:
            raise self._bare()
        return self.catalogue

    @property
    def recipe(self) -> Recipe | None:
        """How the hashes on this shelf were made; None before the first index run."""
        from imageshelf.hashing import Recipe  # noqa: PLC0415 - NumPy

        stored = self._stored_recipe()
        try:
            return None if stored is None else Recipe(**stored)
        except TypeError as exc:
            raise self._db.wrong("is damaged: its recipe cannot be read") from exc

    def _stored_recipe(self) -> dict[str, Any] | None:
        rows = self._db.select(GET_META, ("recipe",)) if self._db.kind == "whole" else []
        if not rows:
            return None
        try:
            found = json.loads(rows[0][0])
            if not isinstance(found, dict) or not all(
                isinstance(value, int if name == "bits" else str) for name, value in found.items()
            ):
                raise TypeError("no recipe")  # noqa: TRY301
        except (TypeError, ValueError, RecursionError) as exc:
            raise self._db.wrong("is damaged: its recipe cannot be read") from exc
        return found

    def mismatch(self, recipe: Recipe) -> str | None:
        """Give a sentence if hashes made by `recipe` do not fit those on the shelf."""
        stored = self._stored_recipe()
        if stored is None:
            return None
        wanted = recipe._asdict()
        there = f"{shown(self.path)} holds"
        for field, words in (
            ("hash", "{} hashes"),
            ("bits", "hashes of {} bits"),
            ("decode", "hashes from {} decoding"),
        ):
            if stored.get(field) != wanted[field]:
                was, now = (words.format(which[field]) for which in (stored, wanted))
                return f"{there} {was}, not {now}: use the options it was made with, or {REBUILD}"
        if stored.get("canary") != wanted["canary"]:
            versions = ", ".join(
                f"{label} {stored.get(name)} then, {wanted[name]} now"
                for name, label in (("pillow", "Pillow"), ("imagehash", "ImageHash"))
            )
            return (
                f"{there} hashes that the installed libraries no longer make ({versions}): "
                f"install the versions of then, or {REBUILD}"
            )
        return None

    def adopt(self, recipe: Recipe) -> None:
        """Make sure that hashes by this recipe may go onto the shelf; a new shelf takes it on.

        Raises ShelfError for a shelf of another recipe, and for one without a catalogue.
        """
        if self._db.kind == "whole" and self._stored_recipe() is not None:
            self._refuse_other(recipe)
            if self._db.select(GET_META, ("folder",)) == [(self._folder_note(),)]:
                return  # nothing to write down
        with self._db.transaction():
            self._db.check_schema()  # another process may have been quicker
            if self._db.kind == "bare" and self._db.select(ANY):
                raise self._bare()
            _complete(self._db)
            self._refuse_other(recipe)
            self._put_down(recipe, anew=self._stored_recipe() is None)

    def rebuild(self, recipe: Recipe) -> None:
        """Forget all pictures and their hashes, but not what people decided; take a recipe on."""
        with self._db.transaction():
            self._db.check_schema()
            _complete(self._db)
            for table in schema.REBUILT:
                self._db.write(f"DELETE FROM {table}")  # noqa: S608
            foreign.set_mark(self._db)
            self._put_down(recipe, anew=True)

    def _refuse_other(self, recipe: Recipe) -> None:
        if sentence := self.mismatch(recipe):
            raise ShelfError(sentence)

    def _put_down(self, recipe: Recipe, *, anew: bool) -> None:
        if anew:
            self._db.write(SET_META, ("recipe", json.dumps(recipe._asdict())))
        self._db.write(SET_META, ("folder", self._folder_note()))

    def _folder_note(self) -> bytes:
        return self.folder.encode("utf-8", "backslashreplace")

    def _bare(self) -> ShelfError:
        return self._db.wrong(
            f"has keys but no catalogue, so nobody knows how they were made; {REBUILD}"
        )

    def foreign(self) -> list[tuple[str, list[str]]]:
        """Give (key, names) of what somebody wrote by hand; without a catalogue, everything."""
        if self._db.kind == "whole":
            return Catalogue(self._db).foreign()
        with self._db.snapshot():
            found = [(names.to_text(key), texts) for _, key, texts in foreign.lists(self._db)]
        return sorted(found)

    def check(self) -> list[str]:
        """Give what is wrong with the shelf, a sentence a finding; [] when all is well."""
        from imageshelf import checking  # noqa: PLC0415 - NumPy

        with self._db.snapshot():
            return checking.findings(self._db)


def _check_path(path: str, *, new: bool) -> None:
    """Raise ShelfError unless there is a database at the path, or room for a new one."""
    folder = os.path.dirname(path)
    try:
        header = backends.header(names.native(path))
    except ValueError as exc:
        raise ShelfError(f"{shown(path)} {exc}") from exc
    except OSError as exc:
        raise ShelfError(f"{shown(path)} cannot be opened: {exc.strerror}") from exc
    if header is not None:
        if header.problem:
            raise ShelfError(f"{shown(path)} {header.problem}")
        return
    if elsewhere := backends.beside(names.native(path)):
        raise ShelfError(f"{shown(path)} {elsewhere}")
    if not os.path.isdir(names.native(folder)):
        raise ShelfError(f"{shown(path)} cannot be: there is no folder {shown(folder)}")
    if not new:
        raise ShelfError(f"{shown(path)} does not exist: index.py makes a shelf")


def _create(db: Database) -> None:
    with db.transaction():
        db.check_schema()  # another process may have been quicker
        if db.kind == "empty":
            _complete(db)


def _start_anew(db: Database) -> None:
    with db.transaction():
        db.check_schema()
        tables = {"empty": (), "bare": ("Dict",), "whole": schema.TABLES}[db.kind]
        for table in tables:
            db.write(f"DROP TABLE {table}")
        db.kind = "empty"
        _complete(db)
    db.write("VACUUM")


def _complete(db: Database) -> None:
    """Create the tables that are missing; inside a transaction."""
    if db.kind == "empty":
        db.write(schema.DICT)
    if db.kind != "whole":
        for sql in schema.CATALOGUE:
            db.write(sql)
        db.write(SET_META, ("schema_version", schema.SCHEMA_VERSION))
        foreign.set_mark(db)
    db.check_schema()
