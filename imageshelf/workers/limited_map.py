"""A map under the limits of workers, for the few files of one question.

    with LimitedMap("imageshelf.workers.work:work") as decoded:
        for task, outcome in decoded(tasks):
            ...

Small baseline pictures are decoded in this process: starting a worker would take ten times as
long. A few other files get one worker, many get one for each core. Workers stay until the block
ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from imageshelf.pictures import small_baseline
from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.process import cores

if TYPE_CHECKING:
    from imageshelf.workers.pool import Mapper

FEW = 4  # items for which one process will do: others would start too late to help
TIME_LIMIT_S = 20.0


class LimitedMap:
    """A context in which a named function, as `pool.workers` takes it, is mapped over tasks.

    With jobs=0 all is done in this process without limits, for debugging.
    """

    def __init__(
        self,
        function: str,
        *,
        jobs: int | None = None,
        memory_limit_mb: int = MEMORY_LIMIT_MB,
    ) -> None:
        self.function = function
        self.jobs = cores() if jobs is None else jobs
        self.memory_limit_mb = memory_limit_mb
        self._opened = ExitStack()
        self._mappers: dict[bool, Mapper[Any, Any]] = {}  # for many items, and for a few

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        self._mappers.clear()
        self._opened.close()

    def __call__(
        self, tasks: Sequence[Any], *, here: Callable[[Any], Any], careful: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its result or Lost.

        `here` does in this process what the function does, or raises NeedsWorker; `careful` leaves
        everything to workers. Raises WorkerError when none can start.
        """
        if not self.jobs:
            yield from ((task, here(task)) for task in tasks)
            return
        left = tasks
        if len(tasks) <= FEW and not careful and not self._mappers:
            left = []
            for task in tasks:
                try:
                    with small_baseline.required():
                        result = here(task)
                except small_baseline.NeedsWorker:
                    left.append(task)
                else:
                    yield task, result
        if left:
            yield from self.workers(many=len(left) > FEW)(left)

    def workers(self, *, many: bool) -> Mapper[Any, Any]:
        """Return a map that does everything in workers: one, or one for each core."""
        many = many or True in self._mappers
        if many not in self._mappers:
            from imageshelf.workers.pool import workers

            self._mappers[many] = self._opened.enter_context(
                workers(
                    self.function,
                    jobs=self.jobs if many else 1,
                    time_limit_s=TIME_LIMIT_S,
                    memory_limit_bytes=self.memory_limit_mb * 1_000_000,
                )
            )
        return self._mappers[many]
