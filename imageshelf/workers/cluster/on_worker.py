"""What a Dask worker does for an index run: pass files to worker processes of its own.

Each Dask worker has a pool of its own (`workers`) with as many processes as it has threads. A file
that crashes, hangs or takes too much memory therefore costs only itself, never a Dask worker.
"""

import functools
import os
import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from imageshelf.pictures.canary import canary
from imageshelf.pictures.recipe import decoders
from imageshelf.pictures.tasks import Refusal
from imageshelf.system.process import version
from imageshelf.system.version import __version__
from imageshelf.workers.jobs import Lost, WorkerError
from imageshelf.workers.pool import Mapper, workers

IDLE_LIMIT_S = 60.0  # after which processes end if their run has not said that it is over


class RunSettings(NamedTuple):
    """What every Dask worker must know about a run; sent with every chunk of files."""

    run: str  # a unique name, which keeps two runs on one cluster apart
    function: bytes  # pickled: its module and its name
    time_limit_s: float
    memory_limit_bytes: int | None
    versions: dict[str, str]


class ChunkReply(NamedTuple):
    """The answer to a chunk."""

    pairs: list[tuple[Any, Any | Lost]]
    seconds: float = 0.0
    unseen_by: str = ""  # the address of a Dask worker that can read none of the files
    trouble: str = ""  # why the Dask worker cannot take part at all


class ChunkCall:
    """Becomes `answer_chunk(settings, chunk)` when it is unpickled.

    The Dask task is thus `pickle.loads` of some bytes, and the scheduler needs no imageshelf.
    """

    def __init__(self, settings: bytes, chunk: bytes) -> None:
        self._arguments = settings, chunk

    def __reduce__(self) -> tuple[Any, ...]:
        return answer_chunk, self._arguments


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions that must be equal on all machines for all to make the same keys."""
    return {
        "imageshelf": __version__,
        "Pillow": version("Pillow") or "none",
        "ImageHash": version("ImageHash") or "none",
        "decoders": decoders(),
        "canary": "-".join(canary(full_decode=full) for full in (False, True)),
    }


def differences(theirs: dict[str, str]) -> str:
    """Return how this machine's versions differ from the run's; "" if they do not.

    >>> differences({**versions(), "Pillow": "1.1.7"}).startswith("has Pillow ")
    True
    """
    ours = versions()
    differing = [name for name in theirs if ours.get(name) != theirs[name]]
    return "; ".join(f"has {name} {ours.get(name)}, not {theirs[name]}" for name in differing)


def join_run(settings_bytes: bytes, folders: list[str], dask_worker: Any) -> str:
    """Start the processes of a run; return why this Dask worker cannot take part, or ""."""
    settings: RunSettings = pickle.loads(settings_bytes)  # noqa: S301 - the run's
    objection = differences(settings.versions)
    for folder in folders:
        if not objection and not os.path.isdir(folder):
            objection = f"does not see the folder {folder}"
    if not objection:
        _run_workers(settings, dask_worker.state.nthreads)
    return objection


def answer_chunk(settings_bytes: bytes, chunk: bytes) -> bytes:
    """Return the pickled ChunkReply to a chunk of items: what a Dask task does."""
    from distributed import get_worker

    began = time.perf_counter()
    settings: RunSettings = pickle.loads(settings_bytes)  # noqa: S301 - the run's
    items = pickle.loads(chunk)  # noqa: S301 - the run's
    dask_worker = get_worker()
    trouble, pairs = differences(settings.versions), []
    if not trouble:
        try:
            with _at_work(settings, dask_worker.state.nthreads) as mapped:
                pairs = list(mapped(items))
        except WorkerError as exc:
            trouble = str(exc)
    if trouble:
        return pickle.dumps(
            ChunkReply([], trouble=f"the Dask worker {dask_worker.address}: {trouble}")
        )
    unseen_by = "" if any(map(_read, pairs)) or any(map(can_see, items)) else dask_worker.address
    return pickle.dumps(ChunkReply(pairs, time.perf_counter() - began, unseen_by))


def _read(pair: tuple[Any, Any]) -> bool:
    return not (pair[1] is None or isinstance(pair[1], (Refusal, Lost)))


def can_see(item: Any) -> bool:
    """Tell whether this machine can read the file of an item, in the state that was listed."""
    path = getattr(item, "path", os.curdir)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    size_bytes, mtime_ns = getattr(item, "size_bytes", -1), getattr(item, "mtime_ns", -1)
    same = size_bytes in {-1, status.st_size} and mtime_ns in {-1, status.st_mtime_ns}
    return same and os.access(path, os.R_OK)


def end_run(run: str) -> None:
    """End the processes of a run without waiting for that."""
    with _lock:
        run_workers, _workers_of_runs[run] = _workers_of_runs.get(run), None
    if run_workers:
        run_workers.over.set()


class RunWorkers:
    """The worker processes of one run on one Dask worker, until it is over or idle too long."""

    def __init__(self, settings: RunSettings, processes: int) -> None:
        self.over = threading.Event()
        self.chunks_at_work = 0  # guarded by the lock
        self.idle_since = time.monotonic()
        self._run = settings.run
        self._open = ExitStack()
        self.mapper: Mapper[Any, Any] = self._open.enter_context(
            workers(
                pickle.loads(settings.function),  # noqa: S301 - the run's
                jobs=processes,
                time_limit_s=settings.time_limit_s,
                memory_limit_bytes=settings.memory_limit_bytes,
            )
        )
        threading.Thread(target=self._wait, name="imageshelf run workers", daemon=True).start()

    def _wait(self) -> None:
        while not self.over.wait(IDLE_LIMIT_S):
            with _lock:
                if not self.chunks_at_work and time.monotonic() - self.idle_since >= IDLE_LIMIT_S:
                    del _workers_of_runs[self._run]
                    break
        self._open.close()


_lock = threading.RLock()
_workers_of_runs: dict[str, RunWorkers | None] = {}  # by run; None once it is over


def _run_workers(settings: RunSettings, processes: int) -> RunWorkers:
    with _lock:
        if settings.run not in _workers_of_runs:
            _workers_of_runs[settings.run] = RunWorkers(settings, processes)
        run_workers = _workers_of_runs[settings.run]
    if run_workers is None:
        raise WorkerError("was told that the run is over")
    return run_workers


@contextmanager
def _at_work(settings: RunSettings, processes: int) -> Iterator[Mapper[Any, Any]]:
    """Yield the map over the run's processes, which count as busy inside the block."""
    with _lock:
        run_workers = _run_workers(settings, processes)
        run_workers.chunks_at_work += 1
    try:
        yield run_workers.mapper
    finally:
        with _lock:
            run_workers.chunks_at_work -= 1
            run_workers.idle_since = time.monotonic()
