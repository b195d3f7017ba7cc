"""Small files go to a worker four at a time, which takes less time than one by one.

They share what a message costs, and what `reduction.together` computes once. Where a bundle is
lost, its files are given out again one by one, among the others: only the bad one is Lost, after
a second try. All four have the time limit of one, which is hundreds of times what they take.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from imageshelf.pictures.tasks import Bundle
from imageshelf.workers.jobs import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imageshelf.pictures.tasks import Picture, Refusal, Task
    from imageshelf.workers.pool import Mapper

SMALL_BYTES = 100_000  # decoding a larger JPEG takes most of the time whatever we save
BUNDLE_FILES = 4  # as many as `reduction.together` takes
FEWEST_FILES_PER_WORKER = (
    8 * BUNDLE_FILES
)  # files for each worker: of fewer, bundles would leave some workers without


def listed_size(task: Task) -> int:
    """Return the size of a file as the scan saw it."""
    return task.size_bytes


def mapped(
    mapper: Mapper[Any, Any],
    tasks: Iterable[Task],
    size_of: Callable[[Task], int] = listed_size,
) -> Iterator[tuple[Task, Picture | Refusal | Lost]]:
    """Yield what a map of `work.work` or `work.work_turned` makes of each task, in no order.

    `size_of` tells the bytes of a file, or -1 to have it examined by itself.
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
        if not again:  # else there were no other items any more to give them out with
            return
        items = _with(again, ())


def _with(again: deque[Task], items: Iterable[Task | Bundle]) -> Iterator[Task | Bundle]:
    """Yield what is to be done again as soon as it is known, and the other items."""
    for item in items:
        while again:
            yield again.popleft()
        yield item
    while again:
        yield again.popleft()


def bundled(
    tasks: Iterable[Task], size_of: Callable[[Task], int] = listed_size
) -> Iterator[Task | Bundle]:
    """Yield small files in bundles as they come, any other one as it is."""
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
