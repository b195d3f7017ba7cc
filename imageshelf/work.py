"""What the worker processes of an index run do: examine files, and later digest some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.images import Picture, Refusal, Task, examine

if TYPE_CHECKING:
    from imageshelf.digesting import Wanted


def work(item: Task | Wanted) -> Picture | Refusal | bytes | None:
    """Return what `examine` or `digesting.digested` makes of an item."""
    if isinstance(item, Task):
        return examine(item)
    from imageshelf.digesting import digested  # noqa: PLC0415  few workers ever need it

    return digested(item)
