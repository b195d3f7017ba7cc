"""Creates shelves: checks the path and makes the tables."""

import os

from imageshelf.shelf import backends, hand_written, names, schema, side_files
from imageshelf.shelf.database import Database
from imageshelf.shelf.errors import ShelfError
from imageshelf.shelf.side_files import StrangeSideFileError
from imageshelf.system.program import typed
from imageshelf.system.words import nearby, shown

SET_VERSION = "REPLACE INTO meta (name, value) VALUES ('schema_version', ?)"


def check_path(path: str, *, new: bool) -> None:
    """Raise ShelfError unless the path has a database or, if `new`, could have one."""
    try:
        side_files.refuse_strange(path)
        header = backends.header(names.native(path))
    except (ValueError, StrangeSideFileError) as exc:
        raise ShelfError(f"{shown(path)} {exc}") from exc
    except OSError as exc:
        raise ShelfError(f"{shown(path)} cannot be opened: {exc.strerror}") from exc
    if header is not None:
        if header.problem:
            raise ShelfError(f"{shown(path)} {header.problem}")
        return
    if elsewhere := backends.beside(names.native(path)):
        raise ShelfError(f"{shown(path)} {elsewhere}")
    folder = os.path.dirname(path)
    if not os.path.isdir(names.native(folder)):
        raise ShelfError(f"{shown(path)} cannot be made: there is no folder {shown(folder)}")
    if not new:
        raise ShelfError(
            f"{shown(nearby(path))} does not exist: {typed('index')} DIR makes it, "
            "--shelve FILE names another"
        )


def create(db: Database) -> None:
    """Create the tables of a new shelf in an empty file."""
    with db.transaction():
        db.check_schema()  # another process may have been quicker
        if db.kind == "empty":
            complete(db)


def start_anew(db: Database) -> None:
    """Empty a shelf and shrink its file."""
    with db.transaction():
        db.check_schema()
        for table in {"empty": (), "bare": ("Dict",), "whole": schema.TABLES}[db.kind]:
            db.write(f"DROP TABLE {table}")
        db.kind = "empty"
        complete(db)
    db.write("VACUUM")


def migrate(db: Database) -> None:
    """Bring a shelf of version 1 to today's; all of it is written or nothing."""
    from imageshelf.shelf import marks

    with db.transaction():
        db.check_schema()  # another process may have been quicker
        if db.version == schema.SCHEMA_VERSION:
            return
        for sql in schema.FROM_1_TO_2:
            db.write(sql)
        db.write(SET_VERSION, (schema.SCHEMA_VERSION,))
        marks.claim(db)
        db.check_schema()


def complete(db: Database) -> None:
    """Create the missing tables; call inside a transaction."""
    from imageshelf.shelf import marks

    if db.kind == "empty":
        db.write(schema.DICT)
    if db.kind != "whole":
        for sql in (*schema.CATALOGUE, schema.CAPTURED):
            db.write(sql)
        db.write(SET_VERSION, (schema.SCHEMA_VERSION,))
        marks.claim(db)
        hand_written.set_watermark(db)
    db.check_schema()
