"""Tasks over large arrays on several cores, each answer as it comes.

Comparing bucket by bucket is many short calls of NumPy, between which threads wait for the
interpreter's lock: two of them take longer than one. So where a process can be forked (on Linux)
the tasks are done by forked processes, which share all arrays with this one and copy nothing. They
compute, send their answers through a pipe and end; they open, print and import nothing, so that
what the threads of this process were doing at that moment does not matter.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

T = TypeVar("T")

WORTH_FORKING_S = 0.1  # of work: forking, and ending, takes some 10 ms a process
LEAST_PER_PROCESS_S = 0.05  # of work for each process
_NUMBER, _LENGTH = struct.Struct("<I"), struct.Struct("<IQ?")  # the task, bytes, whether it failed
MOST_TASKS = 4096  # tasks: their numbers wait in a pipe, which must not fill up


def can_fork() -> bool:
    """Tell whether this system can share arrays with forked processes, and safely."""
    return sys.platform == "linux" and hasattr(os, "fork")


def results(tasks: Sequence[Callable[[], T]], jobs: int, work_s: float) -> Generator[T]:
    """Yield what each task returns, in no order; an exception of a task is raised here.

    `work_s` is what one core would need for all. Answers must pickle. What a process that dies
    leaves undone is done here. Close it where it is not used to its end: that ends all processes.
    """
    jobs = min(jobs, len(tasks))
    if jobs < 2 or (work_s < WORTH_FORKING_S and can_fork()):
        for task in tasks:
            yield task()
    elif can_fork() and len(tasks) <= MOST_TASKS:
        yield from _by_processes(tasks, min(jobs, max(2, int(work_s / LEAST_PER_PROCESS_S))))
    else:
        yield from _by_threads(tasks, jobs)


def _by_threads(tasks: Sequence[Callable[[], T]], jobs: int) -> Iterator[T]:
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(task) for task in tasks]
        try:
            for one in waiting:
                yield one.result()
        finally:
            for one in waiting:
                one.cancel()


def _by_processes(tasks: Sequence[Callable[[], T]], jobs: int) -> Generator[T]:
    children: dict[int, int] = {}  # the reading end of its answers: the process
    left = set(range(len(tasks)))
    try:
        with _interrupts_later():
            _fork(tasks, jobs, children)
        answers: Iterator[tuple[int, T]] = _received(children)
        for number, answer in answers:
            left.discard(number)
            yield answer
            if not left:  # the ends of their pipes may be held open by processes of others
                break
    finally:
        with _interrupts_later():
            _kill_all(children)
    for number in sorted(left):
        yield tasks[number]()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Within, signals that have a handler are only noted, and come afterwards.

    What a handler raises just when Python forks would be swallowed, and could leave the lock of
    `logging` held. Handlers run in the main thread; elsewhere there is nothing to do.
    """
    noted: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        every = ((number, signal.getsignal(number)) for number in signal.valid_signals())
        handlers = {number: handler for number, handler in every if callable(handler)}
    try:
        try:
            for number in handlers:
                signal.signal(number, lambda number, _: noted.append(number))
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    finally:
        for one in noted:
            signal.raise_signal(one)


def _fork(tasks: Sequence[Callable[[], T]], jobs: int, children: dict[int, int]) -> None:
    """Start that many children, or as many as can be had."""
    numbers = their_end = -1
    with suppress(OSError):  # fewer processes are enough, and so is none
        numbers, their_end = os.pipe()
        os.write(their_end, b"".join(_NUMBER.pack(number) for number in range(len(tasks))))
        os.close(their_end)  # who finds the pipe empty is done
        for _ in range(jobs):
            ours, theirs = os.pipe()
            try:
                children[ours] = _forked(tasks, numbers, theirs)
            except OSError:
                os.close(ours)
                raise
            finally:
                os.close(theirs)
    if numbers >= 0:
        os.close(numbers)


def _forked(tasks: Sequence[Callable[[], T]], numbers: int, answers: int) -> int:
    # No handler of the parent's may run in the child, not even before it has put them away.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: see above
            pid = os.fork()
        if pid == 0:
            _do_tasks(tasks, numbers, answers)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _do_tasks(tasks: Sequence[Callable[[], T]], numbers: int, answers: int) -> NoReturn:
    """Do one task after the other, in the child; whatever happens, end there."""
    try:
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        gc.disable()  # what only this process's parent may tidy up stays as it is
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            if descriptor > 2 and descriptor not in {numbers, answers}:
                with suppress(OSError):  # the one that listed them
                    os.close(descriptor)
        while some := os.read(numbers, _NUMBER.size):
            (number,) = _NUMBER.unpack(some)
            _send(answers, number, *_outcome(tasks[number]))
    finally:
        os._exit(0)


def _outcome(task: Callable[[], object]) -> tuple[bytes, bool]:
    """Return the pickled answer of a task, or what it raised; then whether it failed."""
    try:
        return pickle.dumps(task(), pickle.HIGHEST_PROTOCOL), False
    except Exception as exc:  # noqa: BLE001 - the parent's to raise
        payload = pickle.dumps(exc)
        pickle.loads(payload)  # noqa: S301 - one that cannot be rebuilt comes when it is done again
        return payload, True


def _send(answers: int, number: int, payload: bytes, failed: bool) -> None:
    rest = memoryview(_LENGTH.pack(number, len(payload), failed) + payload)
    while rest:
        rest = rest[os.write(answers, rest) :]


def _received(children: dict[int, int]) -> Iterator[tuple[int, T]]:
    """Yield the number of each task and its answer, until every child has ended."""
    poll = select.poll()
    for descriptor in children:
        poll.register(descriptor, select.POLLIN)
    while children:
        for descriptor, _ in poll.poll():
            head = _read(descriptor, _LENGTH.size)
            number, length, failed = _LENGTH.unpack(head) if head else (0, 0, False)
            payload = _read(descriptor, length) if head else b""
            if not payload:  # its end, perhaps in the middle of an answer
                poll.unregister(descriptor)
                with _interrupts_later():
                    os.close(descriptor)
                    _reap(children.pop(descriptor))
                continue
            answer = pickle.loads(payload)  # noqa: S301 - our own child's
            if failed:
                raise answer
            yield number, answer


def _read(descriptor: int, length: int) -> bytes | bytearray:
    """Return exactly so many bytes, or b"" if the end comes first."""
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = os.readv(descriptor, [rest])
        if not count:
            return b""
        rest = rest[count:]
    return data


def _kill_all(children: dict[int, int]) -> None:
    """End the children that have not ended by themselves."""
    for pid in children.values():  # not yet waited for, so the number is theirs, as a rule
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while children:
        descriptor, pid = children.popitem()
        os.close(descriptor)
        _reap(pid)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):  # the user's program may collect children by itself
        os.waitpid(pid, 0)
