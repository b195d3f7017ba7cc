"""Finds entries of `Dict` that belong to no indexed picture: somebody wrote them by hand.

The catalogue remembers the highest row of `Dict` it knows, the watermark. Python's own `shelve`
(and our mapping) writes with REPLACE, which moves a row above the watermark; an index run changes
rows in place. Entries written by hand are therefore found without comparing everything. An index
run notes them in the table foreign_key and raises the watermark.
"""

from collections.abc import Iterator

from imageshelf.shelf import names, pickled
from imageshelf.shelf.database import LIST_BYTES, Database
from imageshelf.system.words import shown

PAGE = 1000
LOWEST = -(2**63)
LISTS_ABOVE = "SELECT rowid, key, value FROM Dict WHERE rowid > ? ORDER BY rowid LIMIT 1000"
LIST = "SELECT value FROM Dict WHERE key = ?"
KEY_AT = "SELECT key FROM Dict WHERE rowid = ?"
HIGHEST = "SELECT rowid, key FROM Dict ORDER BY rowid DESC LIMIT 1"
NOTED = "SELECT key, name FROM foreign_key"
NOTE = "INSERT OR IGNORE INTO foreign_key (key, name) VALUES (?, ?)"
ADOPT = "DELETE FROM foreign_key WHERE key = ? AND name = ?"
WATERMARK = "SELECT value FROM meta WHERE name = 'dict_watermark'"
SET_WATERMARK = "REPLACE INTO meta (name, value) VALUES ('dict_watermark', ?)"
IDS = "SELECT name, id FROM picture WHERE name IN (*)"

Written = list[tuple[bytes, bytes]]  # key, name


def lists(db: Database, above: int = LOWEST) -> Iterator[tuple[int, bytes, list[str]]]:
    """Yield (row number, key, names) of all lists above a row."""
    while rows := db.select(LISTS_ABOVE, (above,), LIST_BYTES):
        for number, key, value in rows:
            if number <= above:
                raise db.wrong("is damaged: rows out of order")
            above = number
            yield number, key, parsed(db, key, value)


def parsed(db: Database, key: object, value: object) -> list[str]:
    """Return the names in a value of Dict; ShelfError if it is not a list of names."""
    try:
        if not isinstance(value, bytes) or not isinstance(key, bytes):
            raise ValueError("not stored as bytes")  # noqa: TRY004, TRY301
        return pickled.loads(value)
    except ValueError as exc:
        raise db.wrong(f"holds no list of names at key {shown(repr(key)[:80])}: {exc}") from exc


def written_by_hand(db: Database) -> Written:
    """Return the entries written by hand since the last index run; needs a catalogue."""
    page: Written = []
    entries: Written = []
    for _, key, texts in lists(db, _known_up_to(db)):
        page += [(key, names.to_bytes(text)) for text in texts]
        if len(page) >= PAGE:
            entries += unclaimed(db, page)
            page = []
    return entries + unclaimed(db, page)


def noted(db: Database) -> Written:
    """Return the entries noted by earlier index runs that are still there."""
    rows = db.select_all(NOTED)
    if not all(isinstance(key, bytes) and isinstance(name, bytes) for key, name in rows):
        raise db.wrong("is damaged: a foreign key is not stored as bytes")
    there: dict[bytes, set[str]] = {}
    for key in {key for key, _ in rows}:
        value = db.select(LIST, (key,), LIST_BYTES)
        there[key] = set(parsed(db, key, value[0][0])) if value else set()
    return [(key, name) for key, name in rows if names.to_text(name) in there[key]]


def note(db: Database) -> None:
    """Note the entries written by hand, so that the watermark can rise; inside a transaction."""
    db.write_many(NOTE, written_by_hand(db))


def set_watermark(db: Database) -> None:
    """Record that all rows of Dict are known; call inside the transaction that wrote them."""
    top = db.select(HIGHEST)
    mark = f"{top[0][0]} {top[0][1].hex()}" if top else "0 "
    if db.select(WATERMARK) != [(mark,)]:
        db.write(SET_WATERMARK, (mark,))


def _known_up_to(db: Database) -> int:
    """Return the watermark, or the lowest row if that row was deleted or rewritten."""
    value = db.select(WATERMARK)
    if not value:
        return LOWEST
    try:
        number, _, key = value[0][0].partition(" ")
        row, known = int(number), bytes.fromhex(key)
        if not LOWEST <= row < 2**63:
            raise ValueError("out of range")  # noqa: TRY301
    except (AttributeError, ValueError, TypeError) as exc:
        raise db.wrong("is damaged: impossible dict_watermark") from exc
    if row == 0 and not known:  # Dict was empty
        return LOWEST
    return row if db.select(KEY_AT, (row,)) == [(known,)] else LOWEST


def unclaimed(db: Database, page: Written) -> Written:
    """Return those entries of a page that belong to no picture with that name and key."""
    if not page:
        return []
    from imageshelf.shelf import packed

    wanted = sorted({name for _, name in page})
    ids = {name: number for name, number in db.select_in(IDS, wanted) if isinstance(number, int)}
    keys = packed.written_keys(db, ids.values())
    return [(key, name) for key, name in page if name not in ids or keys.get(ids[name]) != key]
