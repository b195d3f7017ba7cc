"""The whole record of a picture as JSON, so that it can leave the shelf and come back.

A picture comes back with its hashes, digests and soundness, without decoding, even onto a shelf
that has been rebuilt since, as long as the recipe is the same.
"""

import base64
import os
from collections.abc import Iterable
from typing import Any

from imageshelf.pictures.metadata import Facts
from imageshelf.shelf import chunks, names, packed
from imageshelf.shelf.catalogue import GET_META, Catalogue
from imageshelf.shelf.database import CHUNK_BYTES, Database
from imageshelf.shelf.records import Entry, PictureRow

SET_DIGESTS = "UPDATE picture SET digest = ?, pixel_digest = ?, sound = ? WHERE name = ?"


def record(db: Database, row: PictureRow) -> dict[str, Any]:
    """Return everything the shelf knows about a picture, in types that JSON can hold."""
    n, slot = divmod(row.id, chunks.SLOTS)
    words = {}
    for view in chunks.WORDS:
        rows = db.select(packed.BLOB, (view, n), CHUNK_BYTES)
        planes = chunks.Planes(view, rows[0][0] if rows else None)
        planes.reserve(slot)
        words[view] = planes.words[:, slot].tolist()
    rows = db.select(packed.BLOB, ("trimmed", n), CHUNK_BYTES)
    trimmed = chunks.unpack_trimmed(rows[0][0]).get(slot) if rows else None
    known = row._asdict() | {"name": names.to_text(row.name)}
    known["thumbnail"] = _text(row.thumbnail)
    digests = Catalogue(db).digests([row.id]).get(row.id, (None, None, None))
    return {
        "row": known,
        "words": words,
        "trimmed": trimmed,
        "digests": [*(d and _text(d) for d in digests[:2]), digests[2]],
        "recipe": _recipe(db),
    }


def key_of(record: object) -> str:
    """Return the key in a record, "" if there is none."""
    row = record.get("row") if isinstance(record, dict) else None
    return str(row.get("key", "")) if isinstance(row, dict) else ""


def restore(db: Database, records: Iterable[tuple[dict[str, Any], os.stat_result]]) -> None:
    """Put pictures back on the shelf from their records and the present status of their files.

    A name that is on the shelf stays as it is. On a shelf rebuilt by another recipe, nothing is
    restored: the next index run reads the file.
    """
    recipe, catalogue = _recipe(db), Catalogue(db)
    entries, digests = [], []
    for record, status in records:
        entry, dataset, known = _entry(db, record, status)
        if record.get("recipe") == recipe and catalogue.row_of(entry.name) is None:
            entries.append((dataset, entry))
            digests.append((*known, entry.name))
    for dataset in {dataset for dataset, _ in entries}:
        catalogue.add([e for d, e in entries if d == dataset], dataset=dataset)
    if digests:
        with db.transaction():
            db.write_many(SET_DIGESTS, digests)


def _entry(
    db: Database, record: dict[str, Any], status: os.stat_result
) -> tuple[Entry, int | None, tuple[Any, ...]]:
    """Return entry, dataset and (digest, pixel_digest, sound) of a record."""
    try:
        row, words, trimmed = record["row"], record["words"], record["trimmed"]
        entry = Entry(
            names.to_bytes(row["name"]),
            row["key"],
            _facts(row, status),
            row["low_information"],
            base64.b64decode(row["thumbnail"]),
            tuple(words["whole"]),
            tuple(words["centre"]),
            tuple(trimmed) if trimmed else None,
            tuple(words["turned"][:7]),
            (words["turned"][7], words["turned"][8]),
        )
        of_bytes, of_pixels, sound = record["digests"]
        digests = [d and base64.b64decode(d) for d in (of_bytes, of_pixels)]
    except (AttributeError, LookupError, TypeError, ValueError) as exc:
        raise db.wrong("is damaged: the record of a picture cannot be read") from exc
    return entry, row["dataset_id"], (*digests, sound)


def _facts(row: dict[str, Any], status: os.stat_result) -> Facts:
    known = {field: row[field] for field in Facts._fields if field in row}
    known |= {
        "size_bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "device": status.st_dev,
        "inode": status.st_ino,
        "nlink": status.st_nlink,
    }
    return Facts(**known)


def _recipe(db: Database) -> str | None:
    rows = db.select(GET_META, ("recipe",))
    return rows[0][0] if rows else None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
