"""A parallel map that survives its workers: a crash, a hang or lack of memory costs one item.

    with workers(examine, jobs=cores()) as run:
        for task, outcome in run(tasks):
            ...

Each worker process has a thread here that sends it items and reads its answers. A process answers
items in the order in which it gets them, so if it dies or hangs, its oldest unanswered item is the
culprit. That item is Lost, and everything else goes on.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from imageshelf.system.process import cores
from imageshelf.workers.jobs import Job, Lost, ProcessSettings, WorkerError
from imageshelf.workers.process import Worker
from imageshelf.workers.serving import WALL_FACTOR, framed, imported
from imageshelf.workers.starting import command

__all__ = ["Lost", "Mapper", "WorkerError", "cores", "workers"]

T = TypeVar("T")
R = TypeVar("R")
Mapper = Callable[[Iterable[T]], Iterator[tuple[T, R | Lost]]]

ITEMS_AHEAD = 128  # under way per worker: for small files, in bundles, some 0.25 s of work
REFILL_ITEMS = 2  # taken from the source per answer, until the window is full again
CLOSE_LIMIT_S = 5.0  # a process that waits for a dead disk cannot even be killed
LONGEST_TIMER_S = 1e6  # timers accept no more

_NOTHING = object()


@contextmanager
def workers(
    function: Callable[[T], R] | str,
    *,
    jobs: int,
    time_limit_s: float = 20.0,
    memory_limit_bytes: int | None = None,
) -> Iterator[Mapper[T, R]]:
    """Yield a map of the function over items: (item, result or Lost) pairs in no particular order.

    The function must be importable from its module; given by name ("package.module:name"), only
    the workers import it. Items and results must pickle. Items are taken lazily, in the thread that
    takes the results. An exception in the function makes its item Lost. The time limit counts CPU
    time; a hang ends when several times as much has passed on the clock. The memory limit is what a
    worker may map beyond what it has mapped when it is ready (Linux). The processes start at once
    and end with the block. Raises WorkerError if no worker can start.

    With jobs=0 the function runs in this process without limits, and its exceptions pass through:
    for debugging.
    """
    if jobs < 0:
        raise ValueError(f"jobs must be 0 or more, not {jobs}")
    if jobs == 0:
        local = imported(function) if isinstance(function, str) else function
        yield lambda items: ((item, local(item)) for item in items)
        return
    pool = Pool(
        _process_settings(function, min(time_limit_s, LONGEST_TIMER_S), memory_limit_bytes), jobs
    )
    try:
        pool.start()
        yield pool.map
    finally:
        try:
            pool.close()
        except BaseException:  # a second Ctrl-C: still leave no process behind
            pool.close()
            raise


def pickled(function: Callable[..., Any] | str) -> bytes:
    """Return the pickle of a function, which is just its name; a given name is not imported."""
    if isinstance(function, str):
        module, _, name = function.partition(":")
        return f"c{module}\n{name}\n.".encode()
    return pickle.dumps(function)


def _process_settings(
    function: Callable[..., Any] | str, time_limit_s: float, memory_limit_bytes: int | None
) -> ProcessSettings:
    try:
        name = pickled(function)
        module = function if isinstance(function, str) else function.__module__
        start = command(module.partition(":")[0])
    except (pickle.PicklingError, AttributeError, TypeError, RuntimeError) as exc:
        raise WorkerError(f"{function!r} cannot run in worker processes: {exc}") from exc
    setup = framed(pickle.dumps((name, time_limit_s, memory_limit_bytes)))
    return ProcessSettings(start, setup, time_limit_s, memory_limit_bytes, dict(os.environ))


class Pool:
    """What the workers share: waiting items, the watch over time limits, and the end."""

    def __init__(self, settings: ProcessSettings, jobs: int) -> None:
        self.failure: WorkerError | None = None  # set once; after that nothing starts
        self._changed = threading.Condition()  # guards failure and the two below
        self._waiting: deque[Job] = deque()
        self._runs: set[SimpleQueue[Any]] = set()
        self._stopped = threading.Event()
        self._wall_limit_s = settings.time_limit_s * WALL_FACTOR
        self._workers = [Worker(self, settings) for _ in range(jobs)]
        self._threads = [
            threading.Thread(target=body, name="imageshelf worker", daemon=True)
            for body in (*(worker.run for worker in self._workers), self._watch)
        ]

    def start(self) -> None:
        """Have every worker start its process."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Kill and reap every process and end every thread; may be called again."""
        self.fail(WorkerError("the workers are closed"))
        self._stopped.set()
        for worker in self._workers:
            worker.kill()
        deadline = time.monotonic() + CLOSE_LIMIT_S
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def fail(self, failure: WorkerError) -> None:
        """End every map with this error; only the first error counts."""
        with self._changed:
            self.failure = self.failure or failure
            for answers in self._runs:
                answers.put(self.failure)
            self._changed.notify_all()

    def map(self, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, outcome) pairs, with at most a window of items under way."""
        answers: SimpleQueue[Any] = SimpleQueue()
        window, under_way = ITEMS_AHEAD * len(self._workers), 0
        source = iter(items)
        self._admit(answers)
        try:
            while True:
                taken = 0
                while under_way < window and (taken < REFILL_ITEMS or answers.empty()):
                    if (item := next(source, _NOTHING)) is _NOTHING:
                        window = 0
                        break
                    self._submit(Job(item, framed(pickle.dumps(item)), answers))
                    under_way, taken = under_way + 1, taken + 1
                if not under_way:
                    return
                answer = _get(answers)
                if isinstance(answer, WorkerError):
                    raise answer
                under_way -= 1
                yield answer
        finally:
            self._dismiss(answers)

    def _admit(self, answers: SimpleQueue[Any]) -> None:
        with self._changed:
            if self.failure:
                raise self.failure
            self._runs.add(answers)

    def _submit(self, job: Job) -> None:
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()

    def _dismiss(self, answers: SimpleQueue[Any]) -> None:
        with self._changed:
            self._runs.discard(answers)
            self._waiting = deque(job for job in self._waiting if job.answers is not answers)

    def first(self) -> Job | None:
        """Return the next job for a worker that has none, waiting for it; None at the end."""
        with self._changed:
            while not self._waiting and not self.failure:
                self._changed.wait()
            return None if self.failure else self._waiting.popleft()

    def further(self, room_bytes: int) -> Job | None:
        """Return another job for a busy worker, unless an idle one may take it."""
        with self._changed:
            if len(self._waiting) < len(self._workers):
                return None
            if len(self._waiting[0].request) > room_bytes:
                return None
            return self._waiting.popleft()

    def give_back(self, jobs: Iterable[Job]) -> None:
        """Put jobs back in front of all waiting ones, in their order."""
        with self._changed:
            still_wanted = [job for job in jobs if job.answers in self._runs]
            self._waiting.extendleft(reversed(still_wanted))
            self._changed.notify_all()

    def _watch(self) -> None:
        """Have the workers check their time limits; sleep while none can run out."""
        while True:
            now = time.monotonic()
            # An item that is sent from now on has the whole limit ahead of it.
            wake = min(now + self._wall_limit_s, *(worker.deadline for worker in self._workers))
            if self._stopped.wait(max(0.0, wake - now)):
                return
            late_s = time.monotonic() - wake
            for worker in self._workers:
                worker.check_time(late_s)


def _get(answers: SimpleQueue[Any]) -> Any:
    while True:
        with suppress(Empty):  # Windows handles Ctrl-C between waits only
            return answers.get(timeout=0.2 if sys.platform == "win32" else None)
