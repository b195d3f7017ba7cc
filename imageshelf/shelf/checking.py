"""Checks that a shelf is whole: its file, its lists and its catalogue against each other."""

from collections.abc import Iterator

import numpy as np

from imageshelf.shelf import chunks, hand_written, names, packed, points
from imageshelf.shelf.database import LIST_BYTES, Database
from imageshelf.shelf.errors import ShelfError
from imageshelf.system.words import shown

INTEGRITY = "PRAGMA integrity_check(10)"
NAMES_ABOVE = "SELECT id, name FROM picture WHERE id > ? ORDER BY id LIMIT 4096"
LISTS = "SELECT key, value FROM Dict WHERE key IN (*)"
MAX_FINDINGS = 20  # findings of one kind


def findings(db: Database) -> list[str]:
    """Return one sentence for each fault; call inside a snapshot."""
    faults: list[str] = []
    for test in (
        _integrity,
        *((_lists, _pictures, _keypoints) if db.kind == "whole" else (_lists,)),
    ):
        try:
            for count, fault in enumerate(test(db)):
                if count == MAX_FINDINGS:
                    faults.append("... and more of this kind")
                    break
                faults.append(fault)
        except ShelfError as exc:
            faults.append(str(exc))
    return faults


def _integrity(db: Database) -> Iterator[str]:
    for (line,) in db.select(INTEGRITY):
        if line != "ok":
            yield f"the database is damaged: {shown(str(line))}; restore a copy, or index anew"


def _lists(db: Database) -> Iterator[str]:
    """Check that lists are sorted, have no repeats, and name only pictures of their key."""
    whole = db.kind == "whole"
    by_hand = {*hand_written.noted(db), *hand_written.written_by_hand(db)} if whole else set()
    page: list[tuple[bytes, bytes]] = []
    for _, key, texts in hand_written.lists(db):
        own = [(key, names.to_bytes(text)) for text in texts]
        if whole and not by_hand.intersection(own) and texts != sorted(set(texts)):
            yield f"key {names.to_text(key)}: names repeated or out of order; index again"
        page += own if whole else []
        if len(page) > hand_written.PAGE:
            yield from _unclaimed(db, page, by_hand)
            page = []
    yield from _unclaimed(db, page, by_hand)


def _unclaimed(
    db: Database, page: list[tuple[bytes, bytes]], by_hand: set[tuple[bytes, bytes]]
) -> Iterator[str]:
    for key, name in hand_written.unclaimed(db, page):
        if (key, name) not in by_hand:
            yield (
                f"key {names.to_text(key)}: {shown(names.to_text(name))} is not in the catalogue "
                "under that key; index with --rebuild"
            )


def _pictures(db: Database) -> Iterator[str]:
    """Check that every picture has hashes and is on its key's list, and no hashes are left over."""
    hashes = packed.hashes(db, ["whole", "centre", "trimmed"])["whole"]
    packed.turned(db)
    keys = packed.keys(db)
    words = hashes.row[np.newaxis] if keys is None else keys.words
    left = hashes.ids
    above = hand_written.LOWEST
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


def _keypoints(db: Database) -> Iterator[str]:
    """Check that keypoints are whole, and those of pictures on the shelf."""
    from imageshelf.shelf import point_index

    if db.version == 1:  # without a table for them
        return
    for _ in point_index.pages(db):  # raises what is wrong with them
        pass
    if left := points.left_over(db):
        yield f"keypoints of {left:,} pictures that are not on the shelf; {points.AGAIN}"


def _unlisted(db: Database, keyed: list[tuple[bytes, bytes]]) -> Iterator[str]:
    rows = db.select_in(LISTS, sorted({key for key, _ in keyed}), LIST_BYTES)
    lists = {key: set(hand_written.parsed(db, key, value)) for key, value in rows}
    for key, name in keyed:
        text = names.to_text(name)
        if text not in lists.get(key, ()):
            yield f"key {names.to_text(key)}: {shown(text)} is missing; index with --rebuild"
