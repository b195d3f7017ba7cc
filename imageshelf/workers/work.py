"""The work of worker processes: examine files for an index run or a search, and digest some later.

The first item may ask for the recipe, so that the parent need not load Pillow for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.pictures.decoding import memory_limit
from imageshelf.pictures.images import examine, examine_together
from imageshelf.pictures.tasks import Bundle, DigestTask, Picture, Refusal, Task
from imageshelf.system.files import UnreadableImage
from imageshelf.system.paths import Url

Answer = Picture | Refusal

if TYPE_CHECKING:
    from imageshelf.pictures.recipe import Recipe, RecipeChoices

    Item = Task | Bundle | DigestTask | RecipeChoices
    Outcome = Answer | list[Answer] | Recipe | bytes | None


def work(item: Item) -> Outcome:
    """Return what `examine`, `digested` or `current_recipe` returns for an item."""
    if isinstance(item, Bundle):
        return examine_together(item.tasks)
    if isinstance(item, Task):
        return examine(item)
    if isinstance(item, DigestTask):
        return digested(item)
    from imageshelf.pictures.recipe import current_recipe

    return current_recipe(hash_name=item.hash_name, full_decode=item.full_decode)


def work_turned(item: Task | Bundle) -> Answer | list[Answer]:
    """Return the picture of a query, in all orientations, or of each query of a bundle."""
    if isinstance(item, Bundle):
        return examine_together(item.tasks, turned=True)
    return examine(item, turned=True)


def digested(task: DigestTask) -> bytes | None:
    """Return the digest of a picture, or None if it cannot be read now."""
    from imageshelf.pictures.digests import digest, pixel_digest  # an index run needs none

    try:
        with memory_limit(task.memory_limit_mb):
            if isinstance(task.path, Url):
                from imageshelf.pictures import fetching

                return fetching.digested(task.path, pixels=task.pixels)
            return (pixel_digest if task.pixels else digest)(task.path)
    except (UnreadableImage, OSError):
        return None
