"""A parallel map that survives its workers: a crash, a hang or lack of memory costs one item.

    with workers(examine, jobs=cores()) as run:
        for task, outcome in run(tasks):
            ...

Each worker process has a thread here that sends it items and reads its answers. A process does one
item after another, so if it dies or takes too long, the oldest unanswered item is the culprit. That
item is Lost, and everything else goes on.
"""

import os
import pickle
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from imageshelf.workers.jobs import Job, Lost, ProcessSettings, WorkerError
from imageshelf.workers.process import Worker
from imageshelf.workers.serving import framed, imported
from imageshelf.workers.starting import command

T = TypeVar("T")
R = TypeVar("R")
Mapper = Callable[[Iterable[T]], Iterator[tuple[T, R | Lost]]]

ITEMS_AHEAD = 128  # waiting per worker: for small files, in bundles, some 0.25 s of work
FAILURE_POLL_S = 0.2  # also because Windows handles Ctrl-C between waits only
CLOSE_LIMIT_S = 5.0  # a process that waits for a dead disk cannot even be killed
LONGEST_TIMER_S = 1e6  # timers accept no more


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
    """What the workers share: waiting jobs, and the end."""

    def __init__(self, settings: ProcessSettings, jobs: int) -> None:
        self.failure: WorkerError | None = None  # once it is set, nothing starts
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._workers = [Worker(self, settings) for _ in range(jobs)]
        self._threads = [
            threading.Thread(target=worker.run, name="imageshelf worker", daemon=True)
            for worker in self._workers
        ]

    def start(self) -> None:
        """Have every worker start its process."""
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError as exc:  # the system refuses more threads
            raise WorkerError(f"cannot run a worker process: {exc}") from exc

    def close(self) -> None:
        """Kill and reap every process and end every thread; may be called again."""
        self.fail(WorkerError("the workers are closed"))
        self._jobs.put(None)
        for worker in self._workers:
            worker.kill()
        deadline = time.monotonic() + CLOSE_LIMIT_S
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def fail(self, failure: WorkerError) -> None:
        """End every map with this error, unless there was one before."""
        self.failure = self.failure or failure

    def next(self, *, wait: bool) -> Job | None:
        """Return the next job that is still wanted, waiting for it; None at the end.

        Without waiting, None also if an idle worker may take the job.
        """
        with suppress(Empty):  # another worker has taken it meanwhile
            while wait or self._jobs.qsize() >= len(self._workers):
                job = self._jobs.get(block=wait)
                if job is None or self.failure:
                    self._jobs.put(None)  # for the other workers
                    return None
                if not job.over.is_set():
                    return job
        return None

    def map(self, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, outcome) pairs, with at most a window of items under way."""
        if self.failure:
            raise self.failure
        answers: SimpleQueue[Any] = SimpleQueue()
        over = threading.Event()
        window, under_way = ITEMS_AHEAD * len(self._workers), 0
        try:
            for item in items:
                self._jobs.put(Job(item, framed(pickle.dumps(item)), answers, over))
                under_way += 1
                while under_way == window or not answers.empty():
                    yield self._answer(answers)
                    under_way -= 1
            for _ in range(under_way):
                yield self._answer(answers)
        finally:
            over.set()

    def _answer(self, answers: SimpleQueue[Any]) -> Any:
        while True:
            with suppress(Empty):
                return answers.get(timeout=FAILURE_POLL_S)
            if self.failure:
                raise self.failure
