"""The same map as in `workers`, over the machines of a Dask cluster that is already running.

    with cluster(examine, scheduler="tcp://10.0.0.1:8786", folders=["/pictures"]) as run:
        for task, outcome in run(tasks):
            ...

A Dask task is a chunk of items, which the Dask worker hands to worker processes of its own (see
`cluster_worker`); so what crashes or hangs there costs one item. Dask sees to Dask workers that
die or join in the middle.
"""

from __future__ import annotations

import logging
import re
import uuid
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.connection import Connection
from imageshelf.workers.cluster.on_worker import ChunkReply, RunSettings
from imageshelf.workers.jobs import WorkerError
from imageshelf.workers.pool import pickled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imageshelf.workers.pool import Mapper

T = TypeVar("T")
R = TypeVar("R")

CHUNK_S = 0.25  # work in a chunk: Dask takes some milliseconds for each, and a run ends on one
CHUNK_ITEMS = 512  # at most, and
FIRST_ITEMS = 4  # as long as nobody knows how long one takes
CHUNKS_AHEAD = 3  # chunks under way for each thread of the cluster

ADDRESS = re.compile(r"(?:tcp|tls|ws|wss)://(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):(\d{1,5})/?")


@contextmanager
def cluster(
    function: Callable[[T], R] | str,
    *,
    scheduler: str,
    time_limit_s: float = 20.0,
    memory_limit_bytes: int | None = None,
    folders: Sequence[str] = (),
) -> Iterator[Mapper[T, R]]:
    """Give a map of the function over items, on all workers of the Dask scheduler's cluster.

    As `workers` does; limits are those of an item and of a process. Every Dask worker must have
    the same versions as this machine, and see the same files under the same paths: these folders,
    and of each chunk of items that have a `path` at least one.
    WorkerError when Dask is not installed, when nobody can be reached, and as soon as a Dask
    worker differs, or the scheduler or all workers are gone.
    """
    checked(scheduler)
    try:
        import distributed  # noqa: F401 - an extra
    except ImportError as exc:
        raise WorkerError(
            "--scheduler needs Dask, which is not installed: "
            f"python -m pip install 'dask[distributed]' ({exc})"
        ) from exc
    order = RunSettings(
        uuid.uuid4().hex,
        pickled(function),
        time_limit_s,
        memory_limit_bytes,
        on_worker.versions(),
    )
    line = Connection(scheduler, order, folders)
    with _hushed():
        try:
            line.start()
            yield Chunks(line).map
        finally:
            line.close()


def checked(scheduler: str) -> str:
    """Return the address of a scheduler; WorkerError if it cannot be one."""
    match = ADDRESS.fullmatch(scheduler)
    if not match or int(match[1]) >= 1 << 16:
        raise WorkerError(
            "expected the address of a Dask scheduler, like tcp://HOST:8786 or "
            f"tls://HOST:8786, got {scheduler!r}"
        )
    return scheduler


class Chunks:
    """The map over a line: items in chunks, of as much work as is worth Dask's trouble."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._item_s = CHUNK_S / FIRST_ITEMS  # that one takes on one thread

    def map(self, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, outcome) pairs, with no more than a window of chunks under way."""
        run = self._line.open_run()
        source, under_way, more = iter(items), 0, True
        try:
            while True:
                while more and under_way < CHUNKS_AHEAD * self._line.threads:
                    chunk = list(islice(source, self._chunk_items()))
                    if more := bool(chunk):
                        self._line.submit(chunk, run)
                        under_way += 1
                if not under_way:
                    return
                chunk, reply = self._line.received(run)
                under_way -= 1
                self._look_at(reply, chunk)
                yield from reply.pairs
        finally:
            self._line.dismiss(run)

    def _chunk_items(self) -> int:
        return max(1, min(CHUNK_ITEMS, int(CHUNK_S / self._item_s)))

    def _look_at(self, reply: ChunkReply, chunk: list[Any]) -> None:
        """Refuse a Dask worker that is not like this machine; learn how long an item takes."""
        if reply.trouble:
            raise WorkerError(reply.trouble)
        if reply.unseen_by:
            here = [item for item in chunk if on_worker.can_see(item)]
            if here:
                raise WorkerError(
                    f"the Dask worker {reply.unseen_by} does not see {here[0].path}, or may not "
                    "read it, or has another file there: a dataset must be in a folder that all "
                    "machines share, under one path"
                )
        if reply.seconds:
            seconds = max(reply.seconds / len(chunk), 1e-6)
            self._item_s = max((self._item_s + seconds) / 2, self._item_s / 2)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep Dask's own log from the terminal; what matters comes as a WorkerError."""
    names = ("distributed", "distributed.client", "tornado.application")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
