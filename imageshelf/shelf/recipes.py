"""The recipe on a shelf: how its hashes were made, and whether others fit beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.system.words import shown

if TYPE_CHECKING:
    from imageshelf.pictures.recipe import Recipe
    from imageshelf.shelf.database import Database
    from imageshelf.shelf.errors import ShelfError

RECIPE = "SELECT value FROM meta WHERE name = 'recipe'"
SET_RECIPE = "REPLACE INTO meta (name, value) VALUES ('recipe', ?)"
REBUILD = "index with --rebuild to hash everything again"
_OPTIONS = "use the options it was made with"
_MUST_AGREE = {
    "hash": "{} hashes",
    "bits": "hashes of {} bits",
    "decode": "hashes from {} decoding",
}


def stored(db: Database) -> dict[str, Any] | None:
    """Return the fields of the stored recipe, or None before the first index run."""
    rows = db.select(RECIPE) if db.kind == "whole" else []
    if not rows:
        return None
    try:
        fields = json.loads(rows[0][0])
        if not isinstance(fields, dict) or not all(
            isinstance(value, int if name == "bits" else str) for name, value in fields.items()
        ):
            raise TypeError("no recipe")  # noqa: TRY301
    except (TypeError, ValueError, RecursionError) as exc:
        raise unreadable(db) from exc
    return fields


def hash_of(db: Database) -> str:
    """Return the name of the hash that makes the keys; ShelfError for an unknown one."""
    fields = stored(db)
    if fields is not None and "hash" not in fields:
        raise unreadable(db)
    name = fields["hash"] if fields else DEFAULT
    if name not in {DEFAULT, *BITS}:
        raise db.wrong(
            f"holds {shown(name)} hashes, which this version does not know: use a newer one, "
            f"or {REBUILD}"
        )
    return name


def unreadable(db: Database) -> ShelfError:
    """Return the error for a recipe that cannot be read."""
    return db.wrong("is damaged: its recipe cannot be read")


def mismatch(db: Database, recipe: Recipe) -> str | None:
    """Return a sentence if hashes made by `recipe` differ from those on the shelf, else None."""
    ours = stored(db)
    if ours is None:
        return None
    wanted = recipe._asdict()
    there = f"{shown(db.path)} holds"
    for field, words in _MUST_AGREE.items():
        if ours.get(field) != wanted[field]:
            was, now = (words.format(shown(str(which.get(field)))) for which in (ours, wanted))
            options = f"{_OPTIONS} (--hash {was.split()[0]})" if field == "hash" else _OPTIONS
            return f"{there} {was}, not {now}: {options}, take another shelf, or {REBUILD}"
    if ours.get("canary") == wanted["canary"]:  # other versions, but the same bits
        return None
    versions = ", ".join(
        f"{label} {shown(str(ours.get(name)))} then, {wanted[name]} now"
        for name, label in (("pillow", "Pillow"), ("imagehash", "ImageHash"))
    )
    return (
        f"{there} hashes that the installed libraries no longer make ({versions}): install the "
        f"versions of then, or {REBUILD}"
    )


def take_on(db: Database, recipe: Recipe, *, anew: bool) -> None:
    """Bind a connection to the shelf's recipe; if `anew`, store this one first."""
    if anew:
        db.write(SET_RECIPE, (json.dumps(recipe._asdict()),))
    db.recipe = db.select(RECIPE)[0][0]


def refuse_changed(db: Database) -> None:
    """Raise ShelfError if another program has rebuilt the shelf since `take_on`."""
    if db.recipe is not None and db.select(RECIPE) != [(db.recipe,)]:
        raise db.wrong("was rebuilt in another way by another program meanwhile; run again")
