"""Computes the key of one picture file by the recipe of a shelf."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageshelf.hashing import hash_names
from imageshelf.hashing.fingerprints import fingerprints, to_hex
from imageshelf.pictures.images import examine
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.system.files import UnreadableImage
from imageshelf.system.paths import located
from imageshelf.workers.jobs import WorkerError
from imageshelf.workers.limited_map import LimitedMap

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
    All but small baseline pictures are decoded in a worker process: index many of them instead.
    """
    if shelf is not None and (recipe := shelf.recipe):
        hash_name, full_decode = recipe.hash, recipe.decode == "full"
    task = Task(located(os.fspath(path)), full_decode=full_decode, hash=hash_name)
    try:
        with LimitedMap("imageshelf.workers.work:work") as decoded:
            ((_, picture),) = decoded([task], here=examine)
    except WorkerError as exc:
        raise UnreadableImage(f"cannot be read: {exc}", lasting=False) from exc
    if not isinstance(picture, Picture):
        other = picture.other if isinstance(picture, Refusal) else ""
        raise UnreadableImage(picture.reason, lasting=picture.lasting, other=other)
    if picture.keys:
        return picture.keys[0].hex()
    return to_hex(int(fingerprints([picture.whole]).row[0]))
