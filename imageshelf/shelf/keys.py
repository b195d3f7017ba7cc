"""Computes the key of one picture file by the recipe of a shelf."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageshelf.hashing import hash_names
from imageshelf.hashing.fingerprints import fingerprints, to_hex

if TYPE_CHECKING:
    from imageshelf.shelf import Shelf


def key(
    path: str | os.PathLike[str],
    shelf: Shelf | None = None,
    *,
    hash_name: str = hash_names.DEFAULT,
    full_decode: bool = False,
) -> str:
    """Return the key of one picture file; raises UnreadableImage.

    The key is 16 hex digits, or 144 for `marr`. With an open shelf it follows that shelf's recipe,
    so that `shelf[key(path, shelf)]` finds the picture; the other arguments are for use without.
    """
    from imageshelf.pictures import images

    if shelf is not None and (recipe := shelf.recipe):
        hash_name, full_decode = recipe.hash, recipe.decode == "full"
    picture = images.read(os.fspath(path), full_decode=full_decode, hash_name=hash_name)
    if picture.keys:
        return picture.keys[0].hex()
    return to_hex(int(fingerprints([picture.whole]).row[0]))
