"""Run tasks over large arrays on several cores; answers come as they are ready.

Comparing hashes bucket by bucket makes many short calls of NumPy. Threads wait for the
interpreter's lock between these calls, and two threads take longer than one. On Linux the tasks
therefore run in forked processes, which share all arrays and copy nothing. Such a process computes,
sends each answer through a pipe, waiting while nobody reads, and ends. It opens, prints and imports
nothing, so whatever other threads of the parent were doing at the moment of the fork does not
matter.
"""

import gc
import os
import pickle
import select
import signal
import struct
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import NoReturn, TypeVar

T = TypeVar("T")

WORTH_FORKING_S = 0.1  # of work: to fork and end a process takes some 10 ms
LEAST_PER_PROCESS_S = 0.05  # of work
NOTICED_MS = 500  # a signal that comes just before a wait is noticed after it
MOST_TASKS = 4096  # their numbers wait in a pipe, which must not fill up
_NUMBER = struct.Struct("<I")  # of a task
_HEADER = struct.Struct("<IQ?")  # of an answer: the task's number, bytes that follow, failed or not


def can_fork() -> bool:
    """Tell whether this system can safely share arrays with forked processes."""
    return sys.platform == "linux" and hasattr(os, "fork")


def results(tasks: Sequence[Callable[[], Iterable[T]]], jobs: int, work_s: float) -> Generator[T]:
    """Yield what all tasks yield, each task's answers in order; raises what a task raises.

    `work_s` estimates how long one core would take for all of them. Answers must pickle. If a
    process dies, the tasks that it had not ended run here from their start. A caller that stops
    early must close the generator, which ends the processes.
    """
    jobs = min(jobs, len(tasks))
    if jobs < 2 or (work_s < WORTH_FORKING_S and can_fork()):
        for task in tasks:
            yield from task()
    elif can_fork() and len(tasks) <= MOST_TASKS:
        yield from _by_processes(tasks, min(jobs, max(2, int(work_s / LEAST_PER_PROCESS_S))))
    else:
        yield from _by_threads(tasks, jobs)


def _by_threads(tasks: Sequence[Callable[[], Iterable[T]]], jobs: int) -> Iterator[T]:
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_listed, task) for task in tasks]
        try:
            for future in futures:
                yield from future.result()
        finally:
            for future in futures:
                future.cancel()


def _listed(task: Callable[[], Iterable[T]]) -> list[T]:
    return list(task())


def _by_processes(tasks: Sequence[Callable[[], Iterable[T]]], jobs: int) -> Generator[T]:
    children: dict[int, int] = {}  # read end of a child's pipe: its process
    undone = set(range(len(tasks)))
    try:
        with _interrupts_later():
            _fork(tasks, jobs, children)
        answers: Iterator[tuple[int, list[T]]] = _received(children)
        for number, some in answers:
            yield from some
            if not some:
                undone.discard(number)
            if not undone:  # another program's child may hold the pipes open
                break
    finally:
        with _interrupts_later():
            _kill_all(children)
    for number in sorted(undone):
        yield from tasks[number]()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Inside the block, postpone signals that have a handler until its end.

    An exception that a handler raised during a fork would be swallowed, and could leave the lock of
    `logging` held. Handlers run in the main thread only; in others nothing needs doing.
    """
    postponed: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        all_handlers = ((number, signal.getsignal(number)) for number in signal.valid_signals())
        handlers = {number: handler for number, handler in all_handlers if callable(handler)}
    try:
        try:
            for number in handlers:
                signal.signal(number, lambda number, _: postponed.append(number))
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    finally:
        for postponed_signal in postponed:
            signal.raise_signal(postponed_signal)


def _fork(tasks: Sequence[Callable[[], Iterable[T]]], jobs: int, children: dict[int, int]) -> None:
    """Start that many children, or as many as the system allows."""
    numbers = -1
    with suppress(OSError):  # fewer processes will do, even none
        numbers, write_end = os.pipe()
        os.write(write_end, b"".join(_NUMBER.pack(number) for number in range(len(tasks))))
        os.close(write_end)  # a child that finds the pipe empty has nothing left to do
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


def _forked(tasks: Sequence[Callable[[], Iterable[T]]], numbers: int, answers: int) -> int:
    # No handler of the parent may run in the child, not even before the child resets them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about threads: see above
            pid = os.fork()
        if pid == 0:
            _do_tasks(tasks, numbers, answers)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _do_tasks(tasks: Sequence[Callable[[], Iterable[T]]], numbers: int, answers: int) -> NoReturn:
    """Do one task after another in the child, and end it whatever happens."""
    try:
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        gc.disable()  # finalisers are the parent's business
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            if descriptor > 2 and descriptor not in {numbers, answers}:
                with suppress(OSError):  # the descriptor of the listing itself
                    os.close(descriptor)
        while data := os.read(numbers, _NUMBER.size):
            (number,) = _NUMBER.unpack(data)
            for payload, failed in _outcomes(tasks[number]):
                _send(answers, number, payload, failed)
    finally:
        os._exit(0)


def _outcomes(task: Callable[[], Iterable[object]]) -> Iterator[tuple[bytes, bool]]:
    """Yield what a task yields or raises, pickled, and whether it raised; b"" at its end."""
    try:
        for answer in task():
            yield pickle.dumps(answer, pickle.HIGHEST_PROTOCOL), False
        yield b"", False
    except Exception as exc:  # noqa: BLE001 - the parent raises it
        payload = pickle.dumps(exc)
        pickle.loads(payload)  # noqa: S301 - if it cannot be rebuilt, the parent meets it itself
        yield payload, True


def _send(answers: int, number: int, payload: bytes, failed: bool) -> None:
    rest = memoryview(_HEADER.pack(number, len(payload), failed) + payload)
    while rest:
        rest = rest[os.write(answers, rest) :]


def _received(children: dict[int, int]) -> Iterator[tuple[int, list[T]]]:
    """Yield a task's number and each of its answers, none at its end, until all children ended."""
    poll = select.poll()
    for descriptor in children:
        poll.register(descriptor, select.POLLIN)
    while children:
        for descriptor, _ in poll.poll(NOTICED_MS):
            header = _read(descriptor, _HEADER.size)
            number, length, failed = _HEADER.unpack(header) if header else (0, 0, False)
            payload = _read(descriptor, length) if header else b""
            if len(payload) < length or not header:  # the child has ended, perhaps in mid-answer
                poll.unregister(descriptor)
                with _interrupts_later():
                    os.close(descriptor)
                    _reap(children.pop(descriptor))
                continue
            some = [pickle.loads(payload)] if length else []  # noqa: S301 - from our own child
            if failed:
                raise some[0]
            yield number, some


def _read(descriptor: int, length: int) -> bytes | bytearray:
    """Return exactly that many bytes, or b"" if the pipe ends first."""
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = os.readv(descriptor, [rest])
        if not count:
            return b""
        rest = rest[count:]
    return data


def _kill_all(children: dict[int, int]) -> None:
    """Kill the children that have not ended by themselves."""
    for pid in children.values():  # not reaped yet, so the number is still theirs
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while children:
        descriptor, pid = children.popitem()
        os.close(descriptor)
        _reap(pid)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):  # the user's own program may have reaped it
        os.waitpid(pid, 0)
