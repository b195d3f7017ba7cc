"""One worker process after another, and the thread that hands it items and reads its answers."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from imageshelf.system.words import one_line
from imageshelf.workers.jobs import Lost, WorkerError
from imageshelf.workers.serving import ERROR, OUT_OF_MEMORY, STATUS_OUT_OF_MEMORY, read_frames
from imageshelf.workers.starting import start

if TYPE_CHECKING:
    from imageshelf.workers.jobs import Job, JobSource, ProcessSettings

USUAL_DEPTH = 3  # items handed to a process at once, so that it never waits for the next one
GREATEST_DEPTH = 24  # ... while they are done so quickly that several answers come at a time
GATHERING_PAUSE_S = (
    0.004  # in which answers gather: waking for each takes a core from those who make them
)
PIPE_BYTES = 4096  # what any system's pipe holds: with more on the way, both ends may block
START_LIMIT_S = 60.0  # to start and import; generous, for a cold disk
START_TRIES = 2
END_LIMIT_S = 1.0  # from the end of its answers to the end of a process

_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
_KILLED = 9
_NTSTATUS = 1 << 30  # exit statuses from here on are Windows' own exceptions
_START = object()
_NEVER = float("inf")


class Worker:
    """A place at which a process works; a process that dies there is replaced."""

    def __init__(self, pool: JobSource, orders: ProcessSettings) -> None:
        self.deadline = _NEVER  # on the monotonic clock, of the oldest unanswered item
        self._pool = pool
        self._orders = orders
        self._lock = threading.Lock()  # guards what kill and check_time use from other threads
        self._process: subprocess.Popen[bytes] | None = None
        self._handed: deque[Job] = deque()
        self._condemned: object = None  # what the process was ended for, when we ended it
        self._ready = False
        self._depth = USUAL_DEPTH
        self._failed_starts = 0

    def tend(self) -> None:
        """Keep a process at work until the pool ends: the body of this worker's thread."""
        try:
            while self._start():
                with suppress(EOFError, OSError):  # the process is gone
                    self._talk()
                self._reap()
        except WorkerError as exc:
            self._pool.fail(exc)
        except Exception as exc:  # noqa: BLE001 - the consumer must hear of it, not wait for ever
            self._pool.fail(WorkerError(f"cannot run a worker process: {one_line(exc)}"))

    def kill(self) -> None:
        """End the process at once."""
        with self._lock:
            if self._process:
                self._process.kill()

    def check_time(self, late_s: float) -> None:
        """Kill the process when its oldest item has had its time.

        A watch that wakes late was itself stopped or suspended, and so was who reads answers.
        """
        with self._lock:
            if self._process is None:
                return
            if late_s > 1:
                self.deadline += late_s
            elif time.monotonic() >= self.deadline:
                self._condemned = self._handed[0] if self._handed else _START
                self._process.kill()

    def _start(self) -> bool:
        with self._lock:
            if self._pool.failure:
                return False
            self._ready, self._condemned = False, None
            self.deadline = time.monotonic() + START_LIMIT_S
            self._process = start(self._orders.command, self._orders.environment)
        return True

    def _talk(self) -> None:
        process = cast("subprocess.Popen[bytes]", self._process)
        stdin, stdout = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
        _send(stdin, self._orders.setup)
        arrivals = read_frames(stdout.fileno())
        next(arrivals)
        self._ready, self._failed_starts, self._depth = True, 0, USUAL_DEPTH
        self.deadline = _NEVER
        while self._hand_over(process, stdin):
            if len(self._handed) >= USUAL_DEPTH:
                time.sleep(GATHERING_PAUSE_S)
            answers = next(arrivals)
            self._depth = min(max(USUAL_DEPTH, USUAL_DEPTH * len(answers)), GREATEST_DEPTH)
            for answer in answers:
                self._accept(answer)

    def _hand_over(self, process: subprocess.Popen[bytes], stdin: BinaryIO) -> bool:
        """Send the process what it has room for; False when it has nothing to answer."""
        requests: list[bytes] = []
        while len(self._handed) < self._depth:
            if self._handed:
                room_bytes = PIPE_BYTES - sum(len(job.request) for job in self._handed)
                job = self._pool.further(room_bytes)
            else:
                job = self._pool.first()
                if job and process.poll() is not None:  # it died idle: not this item's fault
                    self._pool.give_back([job])
                    return False
            if job is None:
                break
            with self._lock:
                if not self._handed:
                    self.deadline = time.monotonic() + self._orders.time_limit_s
                self._handed.append(job)
            requests.append(job.request)
        if requests:
            _send(stdin, b"".join(requests))
        return bool(self._handed)

    def _accept(self, answer: bytes) -> None:
        with self._lock:
            job = self._handed.popleft()
            more = bool(self._handed)
            self.deadline = time.monotonic() + self._orders.time_limit_s if more else _NEVER
        kind, value = _unpacked(answer)
        if kind == ERROR:
            value = Lost(f"internal error: {value}", lasting=False)
        elif kind == OUT_OF_MEMORY:
            value = _out_of_memory(self._orders.memory_limit_bytes)
        job.answers.put((job.item, value))
        if kind == OUT_OF_MEMORY:  # go on in a fresh process: this one may have little left
            self._condemned = job
            raise EOFError

    def _reap(self) -> None:
        """Reap the process, settle whose fault its end was, give the other items back."""
        with self._lock:
            process, self._process = cast("subprocess.Popen[bytes]", self._process), None
            jobs, condemned = list(self._handed), self._condemned
            self._handed.clear()
            self.deadline = _NEVER
        killed = bool(condemned or self._pool.failure)
        if killed:
            process.kill()
        status, message = _ended(process, killed=killed, listen=not self._ready)
        if self._pool.failure:
            return
        if not self._ready:
            self._failed_starts += 1
            if self._failed_starts == START_TRIES:
                raise WorkerError(_start_problem(message, status, hung=condemned is _START))
        if jobs and (condemned is None or condemned is jobs[0]):
            culprit = jobs.pop(0)
            culprit.answers.put((culprit.item, self._verdict(status, condemned)))
        self._pool.give_back(jobs)

    def _verdict(self, status: int, condemned: object) -> Lost:
        out_of_time = sys.platform != "win32" and status == -signal.SIGALRM
        if condemned or out_of_time:
            return Lost(f"took longer than {self._orders.time_limit_s:g} s", lasting=False)
        if status == STATUS_OUT_OF_MEMORY:
            return _out_of_memory(self._orders.memory_limit_bytes)
        return cause_of_death(status)


def cause_of_death(status: int) -> Lost:
    """Return what an exit status says; a negative one is a signal, as subprocess counts.

    >>> cause_of_death(3)
    Lost(reason='the decoder ended its process (exit status 3)', lasting=True)
    """
    if status >= _NTSTATUS:
        return Lost(f"the decoder crashed (exit status {status:#x})", lasting=True)
    if status >= 0:
        return Lost(f"the decoder ended its process (exit status {status})", lasting=True)
    if status == -_KILLED:
        return Lost("was killed (signal 9), most likely for want of memory", lasting=False)
    name = (signal.strsignal(-status) or "unknown").partition(":")[0].lower()
    if -status in {getattr(signal, each, None) for each in _CRASHES}:
        return Lost(f"the decoder crashed (signal {-status}: {name})", lasting=True)
    return Lost(f"its worker was stopped (signal {-status}: {name})", lasting=False)


def _send(stdin: BinaryIO, frame: bytes) -> None:
    """Send to a process that may be dead: its answers may still stand in the pipe to be read."""
    with suppress(OSError):
        stdin.write(frame)
        stdin.flush()


def _unpacked(answer: bytes) -> tuple[int, Any]:
    try:
        kind, value = pickle.loads(answer)  # noqa: S301 - our own child's
    except Exception as exc:  # noqa: BLE001 - a result that cannot be rebuilt is one item's trouble
        return ERROR, one_line(exc)
    return kind, value


def _ended(process: subprocess.Popen[bytes], *, killed: bool, listen: bool) -> tuple[int, bytes]:
    """Return the exit status of a process that is ending, and its stderr if that is wanted."""
    try:
        status = process.wait(None if killed else END_LIMIT_S)  # with a limit it looks, and sleeps
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    message = cast("BinaryIO", process.stderr).read() if listen else b""
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):  # what could not be sent any more
            cast("BinaryIO", pipe).close()
    return status, message


def _out_of_memory(limit_bytes: int | None) -> Lost:
    amount = "there is" if limit_bytes is None else f"{limit_bytes / 1e6:,.0f} MB"
    return Lost(f"needs more memory than {amount}", lasting=False)


def _start_problem(message: bytes, status: int, *, hung: bool) -> str:
    if hung:
        return f"a worker process was not ready after {START_LIMIT_S:g} s"
    lines = message.decode(errors="replace").strip().splitlines()
    return f"a worker process cannot start: {lines[-1] if lines else f'exit status {status}'}"
