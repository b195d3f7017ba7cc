"""What the worker processes of an index run do: examine files, and later digest some of them.

First of all one may be asked for the recipe, so that its parent need not load Pillow for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.images import examine
from imageshelf.pictures import Picture, Refusal, Task, Wanted

if TYPE_CHECKING:
    from imageshelf.recipe import Ingredients, Recipe


def work(item: Task | Wanted | Ingredients) -> Picture | Refusal | Recipe | bytes | None:
    """Return what `examine`, `digested` or `current_recipe` makes of an item."""
    if isinstance(item, Task):
        return examine(item)
    if isinstance(item, Wanted):
        from imageshelf.digesting import digested  # noqa: PLC0415  few workers ever need it

        return digested(item)
    from imageshelf.recipe import current_recipe  # noqa: PLC0415  as above

    return current_recipe(hash_name=item.hash_name, full_decode=item.full_decode)
