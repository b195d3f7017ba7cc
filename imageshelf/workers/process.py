"""One worker process after another, and the thread that sends it items and reads the answers."""

import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, BinaryIO, cast

from imageshelf.system.words import one_line
from imageshelf.workers.jobs import Job, JobSource, Lost, ProcessSettings, WorkerError
from imageshelf.workers.serving import (
    ERROR,
    OUT_OF_MEMORY,
    STATUS_OUT_OF_MEMORY,
    TIMED_OUT,
    VALUE,
    WALL_FACTOR,
    read_frame,
)
from imageshelf.workers.starting import Process, start

JOBS_AHEAD = 2  # at hand, so that the process never waits for the next one
PIPE_BYTES = 4096  # that any system's pipe holds: with more unread, both ends may block
START_LIMIT_S = 60.0  # to start and import; generous because the disk may be cold
START_TRIES = 2
END_LIMIT_S = 1.0  # for a process to exit after it has closed its pipe

_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
_KILLED = 9
_NTSTATUS = 1 << 30  # exit statuses from here on are exceptions of Windows


class Worker:
    """A worker: one process at a time, replaced when it dies."""

    def __init__(self, pool: JobSource, settings: ProcessSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._lock = threading.Lock()  # guards the process, which another thread may kill
        self._process: Process | None = None
        self._jobs: deque[Job] = deque()  # the oldest is the one that the process is doing

    def run(self) -> None:
        """Keep a process at work until the pool ends: the body of this worker's thread."""
        try:
            while process := self._ready_process():
                try:
                    self._serve(process)
                finally:
                    _end(process)
        except WorkerError as exc:
            self._pool.fail(exc)
        except OSError as exc:  # too many open files or processes
            self._pool.fail(WorkerError(f"cannot run a worker process: {exc.strerror or exc}"))
        except MemoryError:
            self._pool.fail(WorkerError("cannot run a worker process: there is too little memory"))
        except Exception as exc:  # noqa: BLE001 - otherwise the consumer would wait for ever
            self._pool.fail(WorkerError(f"cannot run a worker process: {one_line(exc)}"))

    def kill(self) -> None:
        """Kill the process."""
        with self._lock:
            if self._process:
                self._process.kill()

    def _ready_process(self) -> Process | None:
        """Return a new process that has imported everything; None if the pool has ended."""
        problem = None
        for _ in range(START_TRIES):
            with self._lock:
                if self._pool.failure:
                    return None
                process = start(self._settings.command, self._settings.environment)
                self._process = process
            problem = self._start_problem(process)
            if problem is None:
                return process
        if self._pool.failure:
            return None
        raise WorkerError(problem)

    def _start_problem(self, process: Process) -> str | None:
        """Wait until a process is ready; return why it is not."""
        limit = threading.Timer(START_LIMIT_S, process.kill)
        limit.daemon = True
        began = time.monotonic()
        limit.start()
        try:
            _send(process, self._settings.setup)
            read_frame(_stdout(process))
        except EOFError:
            status, message = _end(process)
            if time.monotonic() - began >= START_LIMIT_S:
                return f"a worker process was not ready after {START_LIMIT_S:g} s"
            lines = message.decode(errors="replace").strip().splitlines()
            cause = lines[-1] if lines else f"exit status {status}"
            return f"a worker process cannot start: {cause}"
        finally:
            limit.cancel()
        return None

    def _serve(self, process: Process) -> None:
        """Have a process do one job after another until it dies, or the pool ends."""
        sent = 0
        while self._take_jobs():
            if not sent and process.poll() is not None:  # it died idle: these jobs did nothing
                return
            for job in list(self._jobs)[sent:]:
                if not sent or len(job.request) <= PIPE_BYTES:
                    _send(process, job.request)
                    sent += 1
            kind, value = self._outcome(process)
            job, sent = self._jobs.popleft(), sent - 1
            if not self._pool.failure:
                job.answers.put((job.item, value))
            if kind not in {VALUE, ERROR}:  # it is dead, or may have little memory left
                process.kill()
                return

    def _take_jobs(self) -> bool:
        """Have a job at hand, waiting for it, and a further one if many wait; False at the end."""
        while len(self._jobs) < JOBS_AHEAD and (job := self._pool.next(wait=not self._jobs)):
            self._jobs.append(job)
        return bool(self._jobs)

    def _outcome(self, process: Process) -> tuple[int | None, Any]:
        """Return the kind of a process's answer and its value; kind None if it died."""
        began = time.monotonic()
        try:
            kind, value = _unpacked(read_frame(_stdout(process)))
        except EOFError:
            status, _ = _end(process)
            return None, self._verdict(status, time.monotonic() - began)
        if kind == ERROR:
            value = Lost(f"internal error: {value}", lasting=False)
        elif kind == OUT_OF_MEMORY:
            value = _out_of_memory(self._settings.memory_limit_bytes)
        return kind, value

    def _verdict(self, status: int, after_s: float) -> Lost:
        limit_s = self._settings.time_limit_s
        if sys.platform == "win32":
            out_of_time = status == TIMED_OUT and after_s >= limit_s * WALL_FACTOR
        else:
            out_of_time = -status in {signal.SIGPROF, signal.SIGALRM}
        if out_of_time:
            return Lost(f"took longer than {limit_s:g} s", lasting=False)
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


def _stdout(process: Process) -> BinaryIO:
    return cast("BinaryIO", process.stdout)


def _send(process: Process, frame: bytes) -> None:
    """Send to a process; if it is dead, reading its answer tells."""
    stdin = cast("BinaryIO", process.stdin)
    with suppress(OSError):
        stdin.write(frame)
        stdin.flush()


def _unpacked(answer: bytes) -> tuple[int, Any]:
    try:
        kind, value = pickle.loads(answer)  # noqa: S301 - from our own child
    except Exception as exc:  # noqa: BLE001 - a result that cannot be rebuilt concerns one item
        return ERROR, one_line(exc)
    return kind, value


def _end(process: Process) -> tuple[int, bytes]:
    """Reap a process that is ending or has to; return its exit status and its stderr."""
    try:
        status = process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    stderr = cast("BinaryIO", process.stderr)
    message = b"" if stderr.closed else stderr.read()
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):  # unsent data
            cast("BinaryIO", pipe).close()
    return status, message


def _out_of_memory(limit_bytes: int | None) -> Lost:
    amount = "there is" if limit_bytes is None else f"{limit_bytes / 1e6:,.0f} MB"
    return Lost(f"needs more memory than {amount}", lasting=False)
