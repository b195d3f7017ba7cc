"""One worker process after another, and the thread that sends it items and reads its answers."""

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
from imageshelf.workers.serving import (
    ERROR,
    OUT_OF_MEMORY,
    STATUS_OUT_OF_MEMORY,
    WALL_FACTOR,
    read_frames,
)
from imageshelf.workers.starting import start

if TYPE_CHECKING:
    from imageshelf.workers.jobs import Job, JobSource, ProcessSettings

USUAL_DEPTH = 3  # items sent to a process ahead, so that it never waits for the next one
GREATEST_DEPTH = 24  # if it answers so quickly that several answers arrive at a time
GATHERING_PAUSE_S = 0.004  # lets answers gather: waking for each takes a core from the workers
PIPE_BYTES = 4096  # that any system's pipe holds: with more unread, both ends may block
START_LIMIT_S = 60.0  # to start and import; generous because the disk may be cold
START_TRIES = 2
END_LIMIT_S = 1.0  # for a process to exit after it has closed its pipe

_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
_KILLED = 9
_NTSTATUS = 1 << 30  # exit statuses from here on are exceptions of Windows
_START = object()
_NEVER = float("inf")


class Worker:
    """A worker: one process at a time, replaced when it dies."""

    def __init__(self, pool: JobSource, settings: ProcessSettings) -> None:
        self.deadline = _NEVER  # of the oldest unanswered item, on the monotonic clock
        self._pool = pool
        self._settings = settings
        self._wall_limit_s = settings.time_limit_s * WALL_FACTOR
        self._lock = threading.Lock()  # guards what kill and check_time use from other threads
        self._process: subprocess.Popen[bytes] | None = None
        self._unanswered: deque[Job] = deque()
        self._killed_for: object = None  # the job, if we killed the process because of one
        self._ready = False
        self._depth = USUAL_DEPTH
        self._failed_starts = 0

    def run(self) -> None:
        """Keep a process at work until the pool ends: the body of this worker's thread."""
        try:
            while self._start():
                with suppress(EOFError, OSError):  # the process is gone
                    self._talk()
                self._reap()
        except WorkerError as exc:
            self._pool.fail(exc)
        except Exception as exc:  # noqa: BLE001 - otherwise the consumer would wait for ever
            self._pool.fail(WorkerError(f"cannot run a worker process: {one_line(exc)}"))

    def kill(self) -> None:
        """Kill the process."""
        with self._lock:
            if self._process:
                self._process.kill()

    def check_time(self, late_s: float) -> None:
        """Kill the process if its oldest item has used up its time on the clock.

        The process itself has its CPU time limited, where there are timers for that.

        If the watch wakes `late_s` late, this process was suspended, and so was the reader of
        answers: the deadline moves by as much.
        """
        with self._lock:
            if self._process is None:
                return
            if late_s > 1:
                self.deadline += late_s
            elif time.monotonic() >= self.deadline:
                self._killed_for = self._unanswered[0] if self._unanswered else _START
                self._process.kill()

    def _start(self) -> bool:
        with self._lock:
            if self._pool.failure:
                return False
            self._ready, self._killed_for = False, None
            self.deadline = time.monotonic() + START_LIMIT_S
            self._process = start(self._settings.command, self._settings.environment)
        return True

    def _talk(self) -> None:
        process = cast("subprocess.Popen[bytes]", self._process)
        stdin, stdout = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
        _send(stdin, self._settings.setup)
        arrivals = read_frames(stdout.fileno())
        next(arrivals)
        self._ready, self._failed_starts, self._depth = True, 0, USUAL_DEPTH
        self.deadline = _NEVER
        while self._hand_over(process, stdin):
            if len(self._unanswered) >= USUAL_DEPTH:
                time.sleep(GATHERING_PAUSE_S)
            answers = next(arrivals)
            self._depth = min(max(USUAL_DEPTH, USUAL_DEPTH * len(answers)), GREATEST_DEPTH)
            for answer in answers:
                self._accept(answer)

    def _hand_over(self, process: subprocess.Popen[bytes], stdin: BinaryIO) -> bool:
        """Send the process as many jobs as it has room for; False if it has none to answer."""
        requests: list[bytes] = []
        while len(self._unanswered) < self._depth:
            if self._unanswered:
                room_bytes = PIPE_BYTES - sum(len(job.request) for job in self._unanswered)
                job = self._pool.further(room_bytes)
            else:
                job = self._pool.first()
                if job and process.poll() is not None:  # it died idle, not because of this item
                    self._pool.give_back([job])
                    return False
            if job is None:
                break
            with self._lock:
                if not self._unanswered:
                    self.deadline = time.monotonic() + self._wall_limit_s
                self._unanswered.append(job)
            requests.append(job.request)
        if requests:
            _send(stdin, b"".join(requests))
        return bool(self._unanswered)

    def _accept(self, answer: bytes) -> None:
        with self._lock:
            job = self._unanswered.popleft()
            more = bool(self._unanswered)
            self.deadline = time.monotonic() + self._wall_limit_s if more else _NEVER
        kind, value = _unpacked(answer)
        if kind == ERROR:
            value = Lost(f"internal error: {value}", lasting=False)
        elif kind == OUT_OF_MEMORY:
            value = _out_of_memory(self._settings.memory_limit_bytes)
        job.answers.put((job.item, value))
        if kind == OUT_OF_MEMORY:  # replace the process: this one may have little memory left
            self._killed_for = job
            raise EOFError

    def _reap(self) -> None:
        """Reap the process, decide whose fault its end was, and give the other jobs back."""
        with self._lock:
            process, self._process = cast("subprocess.Popen[bytes]", self._process), None
            jobs, killed_for = list(self._unanswered), self._killed_for
            self._unanswered.clear()
            self.deadline = _NEVER
        killed = bool(killed_for or self._pool.failure)
        if killed:
            process.kill()
        status, message = _ended(process, killed=killed, listen=not self._ready)
        if self._pool.failure:
            return
        if not self._ready:
            self._failed_starts += 1
            if self._failed_starts == START_TRIES:
                raise WorkerError(_start_problem(message, status, hung=killed_for is _START))
        if jobs and (killed_for is None or killed_for is jobs[0]):
            culprit = jobs.pop(0)
            culprit.answers.put((culprit.item, self._verdict(status, killed_for)))
        self._pool.give_back(jobs)

    def _verdict(self, status: int, killed_for: object) -> Lost:
        posix = sys.platform != "win32"
        out_of_time = posix and -status in {signal.SIGPROF, signal.SIGALRM}
        if killed_for or out_of_time:
            return Lost(f"took longer than {self._settings.time_limit_s:g} s", lasting=False)
        if status == STATUS_OUT_OF_MEMORY:
            return _out_of_memory(self._settings.memory_limit_bytes)
        return cause_of_death(status)


def cause_of_death(status: int) -> Lost:
    """Return what an exit status means; as in `subprocess`, a negative one is a signal.

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
    if -status in {getattr(signal, name, None) for name in _CRASHES}:
        return Lost(f"the decoder crashed (signal {-status}: {name})", lasting=True)
    return Lost(f"its worker was stopped (signal {-status}: {name})", lasting=False)


def _send(stdin: BinaryIO, frame: bytes) -> None:
    """Send to a process, even if it is dead: its last answers may still be in the pipe."""
    with suppress(OSError):
        stdin.write(frame)
        stdin.flush()


def _unpacked(answer: bytes) -> tuple[int, Any]:
    try:
        kind, value = pickle.loads(answer)  # noqa: S301 - from our own child
    except Exception as exc:  # noqa: BLE001 - a result that cannot be rebuilt concerns one item
        return ERROR, one_line(exc)
    return kind, value


def _ended(process: subprocess.Popen[bytes], *, killed: bool, listen: bool) -> tuple[int, bytes]:
    """Return the exit status of a process that is ending, and its stderr if `listen`."""
    try:
        status = process.wait(None if killed else END_LIMIT_S)  # with a limit, it polls
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    message = cast("BinaryIO", process.stderr).read() if listen else b""
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):  # unsent data
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
