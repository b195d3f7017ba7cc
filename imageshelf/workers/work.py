"""What worker processes do: examine files, for an index run or a search, and later digest some.

First of all one may be asked for the recipe, so that the parent need not load Pillow for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.pictures.images import examine, examine_together, look_together
from imageshelf.pictures.tasks import Bundle, Picture, Refusal, Task, Wanted

if TYPE_CHECKING:
    from imageshelf.pictures.recipe import Ingredients, Recipe

    Answer = Picture | Refusal
    Item = Task | Bundle | Wanted | Ingredients
    Outcome = Answer | list[Answer] | Recipe | bytes | None


def work(item: Item) -> Outcome:
    """Return what `examine`, `digested` or `current_recipe` makes of an item."""
    if isinstance(item, Bundle):
        return examine_together(item.tasks)
    if isinstance(item, Task):
        return examine(item)
    if isinstance(item, Wanted):
        from imageshelf.workers.digesting import digested

        return digested(item)
    from imageshelf.pictures.recipe import current_recipe

    return current_recipe(hash_name=item.hash_name, full_decode=item.full_decode)


def look(item: Task | Bundle) -> Answer | list[Answer]:
    """Return what `images.look` makes of a file, or of each in a bundle."""
    if isinstance(item, Bundle):
        return look_together(item.tasks)
    return look_together([item])[0]
