"""What a Dask worker does for an index run: it hands files to worker processes of its own.

Each Dask worker has a supervisor of its own (`workers`), with as many processes as it has threads.
So a file that crashes, hangs or eats memory costs itself, there as here, and never a Dask worker.
"""

from __future__ import annotations

import functools
import os
import pickle
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.pictures.canary import canary
from imageshelf.pictures.recipe import decoders
from imageshelf.pictures.tasks import Refusal
from imageshelf.system.process import version
from imageshelf.system.version import __version__
from imageshelf.workers.jobs import Lost, WorkerError
from imageshelf.workers.pool import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.workers.pool import Mapper

IDLE_S = 60.0  # after which processes end whose run has not said that it is over


class RunSettings(NamedTuple):
    """What a run wants of every Dask worker; goes with every chunk of its files."""

    run: str  # of its own name, so that two runs on one cluster do not meet
    function: bytes  # pickled: the name of its module and its own
    time_limit_s: float
    memory_limit_bytes: int | None
    versions: dict[str, str]


class ChunkReply(NamedTuple):
    """What became of a chunk."""

    pairs: list[tuple[Any, Any | Lost]]
    seconds: float = 0.0
    unseen_by: str = ""  # the Dask worker's address, if it can read none of the files
    trouble: str = ""  # why it cannot take part at all


class ChunkCall:
    """Becomes `answer(order, chunk)` where it is unpickled.

    So a task is `pickle.loads` of some bytes, and a scheduler needs no imageshelf.
    """

    def __init__(self, order: bytes, chunk: bytes) -> None:
        self._arguments = order, chunk

    def __reduce__(self) -> tuple[Any, ...]:
        return answer_chunk, self._arguments


@functools.cache
def versions() -> dict[str, str]:
    """Return what must be equal on all machines, so that all make the same keys."""
    return {
        "imageshelf": __version__,
        "Pillow": version("Pillow") or "none",
        "ImageHash": version("ImageHash") or "none",
        "decoders": decoders(),
        "canary": "-".join(canary(full_decode=full) for full in (False, True)),
    }


def differences(theirs: dict[str, str]) -> str:
    """Return what is not here as the run has it; "" when all is.

    >>> differences({**terms(), "Pillow": "1.1.7"}).startswith("has Pillow ")
    True
    """
    here = versions()
    other = [name for name in theirs if here.get(name) != theirs[name]]
    return "; ".join(f"has {name} {here.get(name)}, not {theirs[name]}" for name in other)


def join_run(order: bytes, folders: list[str], dask_worker: Any) -> str:
    """Start the processes of a run, or return why this Dask worker cannot take part."""
    wanted: RunSettings = pickle.loads(order)  # noqa: S301 - the run's
    objection = differences(wanted.versions)
    for folder in folders:
        if not objection and not os.path.isdir(folder):
            objection = f"does not see the folder {folder}"
    if not objection:
        _run_workers(wanted, dask_worker.state.nthreads)
    return objection


def answer_chunk(order: bytes, chunk: bytes) -> bytes:
    """Return the pickled Reply to a chunk of items; what a Dask task does."""
    from distributed import get_worker

    began = time.perf_counter()
    wanted: RunSettings = pickle.loads(order)  # noqa: S301 - the run's
    items = pickle.loads(chunk)  # noqa: S301 - the run's
    here = get_worker()
    trouble, pairs = differences(wanted.versions), []
    if not trouble:
        try:
            with _at_work(wanted, here.state.nthreads) as mapped:
                pairs = list(mapped(items))
        except WorkerError as exc:
            trouble = str(exc)
    if trouble:
        return pickle.dumps(ChunkReply([], trouble=f"the Dask worker {here.address}: {trouble}"))
    unseen_by = "" if any(map(_read, pairs)) or any(map(can_see, items)) else here.address
    return pickle.dumps(ChunkReply(pairs, time.perf_counter() - began, unseen_by))


def _read(pair: tuple[Any, Any]) -> bool:
    return not (pair[1] is None or isinstance(pair[1], (Refusal, Lost)))


def can_see(item: Any) -> bool:
    """Return whether this machine can read the file of an item, and it is as it was listed."""
    path = getattr(item, "path", os.curdir)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    size_bytes, mtime_ns = getattr(item, "size_bytes", -1), getattr(item, "mtime_ns", -1)
    same = size_bytes in {-1, status.st_size} and mtime_ns in {-1, status.st_mtime_ns}
    return same and os.access(path, os.R_OK)


def end_run(run: str) -> None:
    """End the processes of a run, without waiting for it."""
    with _lock:
        station, _workers_of_runs[run] = _workers_of_runs.get(run), None
    if station:
        station.over.set()


class RunWorkers:
    """The worker processes of one run on one Dask worker, until it is over or idle for long."""

    def __init__(self, order: RunSettings, processes: int) -> None:
        self.over = threading.Event()
        self.at_work = 0  # chunks, under the lock
        self.idle_since = time.monotonic()
        self._run = order.run
        self._open = ExitStack()
        self.mapper: Mapper[Any, Any] = self._open.enter_context(
            workers(
                pickle.loads(order.function),  # noqa: S301 - the run's
                jobs=processes,
                time_limit_s=order.time_limit_s,
                memory_limit_bytes=order.memory_limit_bytes,
            )
        )
        threading.Thread(target=self._wait, name="imageshelf station", daemon=True).start()

    def _wait(self) -> None:
        while not self.over.wait(IDLE_S):
            with _lock:
                if not self.at_work and time.monotonic() - self.idle_since >= IDLE_S:
                    del _workers_of_runs[self._run]
                    break
        self._open.close()


_lock = threading.RLock()
_workers_of_runs: dict[str, RunWorkers | None] = {}  # by run; None when it is over


def _run_workers(order: RunSettings, processes: int) -> RunWorkers:
    with _lock:
        if order.run not in _workers_of_runs:
            _workers_of_runs[order.run] = RunWorkers(order, processes)
        station = _workers_of_runs[order.run]
    if station is None:
        raise WorkerError("was told that the run is over")
    return station


@contextmanager
def _at_work(order: RunSettings, processes: int) -> Iterator[Mapper[Any, Any]]:
    """Give the map over the run's processes, which do not end for idleness in the meantime."""
    with _lock:
        station = _run_workers(order, processes)
        station.at_work += 1
    try:
        yield station.mapper
    finally:
        with _lock:
            station.at_work -= 1
            station.idle_since = time.monotonic()
