"""Computes the key of one picture file by the recipe of a shelf."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from imageshelf.hashing import hash_names
from imageshelf.hashing.fingerprints import fingerprints, to_hex
from imageshelf.pictures.images import examine
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.system.files import UnreadableImage
from imageshelf.system.paths import located
from imageshelf.workers.jobs import Lost, WorkerError
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
    task = Task(located(os.fspath(path)), full_decode=full_decode, hash=hash_name)
    if shelf is not None:
        task = _by_recipe(task, shelf)
    ((_, found),) = _keys([task])
    if isinstance(found, UnreadableImage):
        raise found
    return found


def keys_of(paths: Iterable[str], shelf: Shelf) -> dict[str, str | UnreadableImage]:
    """Return the keys of picture files by the recipe of a shelf, or why there is none."""
    return dict(_keys([_by_recipe(Task(path), shelf) for path in paths]))


def _by_recipe(task: Task, shelf: Shelf) -> Task:
    recipe = shelf.recipe
    if not recipe:
        return task
    return task._replace(hash=recipe.hash, full_decode=recipe.decode == "full")


def _keys(tasks: Sequence[Task]) -> Iterator[tuple[str, str | UnreadableImage]]:
    try:
        with LimitedMap("imageshelf.workers.work:work") as decoded:
            for task, picture in decoded(tasks, here=examine):
                yield task.path, _key(picture)
    except WorkerError as exc:
        raise UnreadableImage(f"cannot be read: {exc}", lasting=False) from exc


def _key(picture: Picture | Refusal | Lost) -> str | UnreadableImage:
    if not isinstance(picture, Picture):
        other = picture.other if isinstance(picture, Refusal) else ""
        return UnreadableImage(picture.reason, lasting=picture.lasting, other=other)
    if picture.keys:
        return picture.keys[0].hex()
    return to_hex(int(fingerprints([picture.whole]).row[0]))
