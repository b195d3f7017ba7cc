"""Send small files to a worker four at a time, which takes less time than one by one.

The files of a bundle share the cost of a message, and what `reduction.merged` computes once. If a
bundle is lost, its files are sent again one by one, among the others: only the bad one is Lost,
after a second try. All four share the time limit of one, which is hundreds of times what they take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from imageshelf.pictures.tasks import Bundle, Picture, Refusal, Task
from imageshelf.workers.jobs import Lost

if TYPE_CHECKING:
    from imageshelf.workers.pool import Mapper

SMALL_BYTES = 100_000  # for a larger JPEG decoding dominates, whatever a bundle saves
BUNDLE_FILES = 4  # as many as `reduction.merged` takes
FEWEST_FILES_PER_WORKER = 8 * BUNDLE_FILES  # with fewer, some workers would get no bundle


def listed_size(task: Task) -> int:
    """Return the size of a file when it was listed."""
    return task.size_bytes


def mapped(
    mapper: Mapper[Any, Any],
    tasks: Iterable[Task],
    size_of: Callable[[Task], int] = listed_size,
) -> Iterator[tuple[Task, Picture | Refusal | Lost]]:
    """Yield each task and what a map of `work.work` or `work.work_turned` returns for it.

    The order is arbitrary. `size_of` returns the bytes of a file, or -1 to send it by itself.
    """
    again: deque[Task] = deque()
    items = _with(again, bundled(tasks, size_of))
    while True:
        for item, outcome in mapper(items):
            if not isinstance(item, Bundle):
                yield item, outcome
            elif isinstance(outcome, Lost):
                again.extend(item.tasks)
            else:
                yield from zip(item.tasks, outcome, strict=True)
        if not again:  # otherwise a bundle was lost after the last other item
            return
        items = _with(again, ())


def _with(again: deque[Task], items: Iterable[Task | Bundle]) -> Iterator[Task | Bundle]:
    """Yield the items, and before each of them whatever is to be done again."""
    for item in items:
        while again:
            yield again.popleft()
        yield item
    while again:
        yield again.popleft()


def bundled(
    tasks: Iterable[Task], size_of: Callable[[Task], int] = listed_size
) -> Iterator[Task | Bundle]:
    """Yield small files in bundles as they come, and other files by themselves."""
    small: list[Task] = []
    for task in tasks:
        if not 0 <= size_of(task) <= SMALL_BYTES:
            yield task
            continue
        small.append(task)
        if len(small) == BUNDLE_FILES:
            yield Bundle(tuple(small))
            small.clear()
    if small:
        yield Bundle(tuple(small))
