"""Is a shelf whole? Every promise about its file, lists and catalogue, held against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imageshelf.shelf import chunks, names, packed
from imageshelf.shelf import hand_written as foreign
from imageshelf.shelf.database import LONG
from imageshelf.shelf.errors import ShelfError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.shelf.database import Database

INTEGRITY = "PRAGMA integrity_check(10)"
NAMES_ABOVE = "SELECT id, name FROM picture WHERE id > ? ORDER BY id LIMIT 4096"
LISTS = "SELECT key, value FROM Dict WHERE key IN (*)"
MOST = 20  # findings of one kind


def findings(db: Database) -> list[str]:
    """Give what is wrong, a sentence each; [] when all is well. Inside a snapshot."""
    found: list[str] = []
    for test in (_integrity, *((_lists, _pictures) if db.kind == "whole" else (_lists,))):
        try:
            for at, finding in enumerate(test(db)):
                if at == MOST:
                    found.append("... and more of this kind")
                    break
                found.append(finding)
        except ShelfError as exc:
            found.append(str(exc))
    return found


def _integrity(db: Database) -> Iterator[str]:
    for (line,) in db.select(INTEGRITY):
        if line != "ok":
            yield f"the database is damaged: {shown(str(line))}; restore a copy, or index anew"


def _lists(db: Database) -> Iterator[str]:
    """Every list is sorted, without repeats, and every name in it is accounted for."""
    whole = db.kind == "whole"
    by_hand = {*foreign.noted(db), *foreign.written_by_hand(db)} if whole else set()
    page: list[tuple[bytes, bytes]] = []
    for _, key, texts in foreign.lists(db):
        own = [(key, names.to_bytes(text)) for text in texts]
        if whole and not by_hand.intersection(own) and texts != sorted(set(texts)):
            yield f"key {names.to_text(key)}: names repeated or out of order; index again"
        page += own if whole else []
        if len(page) > foreign.PAGE:
            yield from _unclaimed(db, page, by_hand)
            page = []
    yield from _unclaimed(db, page, by_hand)


def _unclaimed(
    db: Database, page: list[tuple[bytes, bytes]], by_hand: set[tuple[bytes, bytes]]
) -> Iterator[str]:
    for key, name in foreign.unclaimed(db, page):
        if (key, name) not in by_hand:
            yield (
                f"key {names.to_text(key)}: {shown(names.to_text(name))} is not in the catalogue "
                "under that key; index with --rebuild"
            )


def _pictures(db: Database) -> Iterator[str]:
    """Every picture has its hashes and is on the list of its key, and no hashes are left over."""
    hashes = packed.hashes(db, ["whole", "centre", "trimmed"])["whole"]
    packed.turned(db)
    keys = packed.keys(db)
    words = hashes.row[np.newaxis] if keys is None else keys.words
    left = hashes.ids
    above = foreign.LOWEST
    while rows := db.select(NAMES_ABOVE, (above,)):
        if not all(isinstance(name, bytes) and number > above for number, name in rows):
            raise db.wrong("is damaged: a name that is none, or pictures out of order")
        ids = np.array([number for number, _ in rows], np.int64)
        above = int(ids[-1])
        at = np.searchsorted(hashes.ids, ids)
        there = np.isin(ids, hashes.ids, assume_unique=True)
        left = np.setdiff1d(left, ids, assume_unique=True)
        for number, name in (rows[i] for i in np.flatnonzero(~there)):
            yield f"{shown(names.to_text(name))}: picture {number} has no hashes; index --rebuild"
        written = chunks.hex_of(words[:, at[there]])
        keyed = [
            (key, rows[i][1])
            for i, key in zip(np.flatnonzero(there).tolist(), written, strict=True)
        ]
        yield from _unlisted(db, keyed)
    if len(left):
        yield f"hashes of {len(left)} pictures that are not in the catalogue; index with --rebuild"


def _unlisted(db: Database, keyed: list[tuple[bytes, bytes]]) -> Iterator[str]:
    rows = db.select_in(LISTS, sorted({key for key, _ in keyed}), LONG)
    lists = {key: set(foreign.parsed(db, key, value)) for key, value in rows}
    for key, name in keyed:
        text = names.to_text(name)
        if text not in lists.get(key, ()):
            yield f"key {names.to_text(key)}: {shown(text)} is missing; index with --rebuild"
