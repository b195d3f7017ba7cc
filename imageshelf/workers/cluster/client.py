"""The map of `workers`, over the machines of a Dask cluster that is already running.

    with cluster(examine, scheduler="tcp://10.0.0.1:8786", folders=["/pictures"]) as run:
        for task, outcome in run(tasks):
            ...

A Dask task is a chunk of items. The Dask worker passes them to worker processes of its own (see
`on_worker`), so a crash or a hang there costs one item. Dask itself copes with Dask workers that
die or join during a run.
"""

import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.connection import Connection
from imageshelf.workers.cluster.on_worker import ChunkReply, RunSettings
from imageshelf.workers.jobs import Lost, WorkerError
from imageshelf.workers.pool import Mapper, pickled

T = TypeVar("T")
R = TypeVar("R")

CHUNK_S = 0.25  # of work: a chunk costs Dask some milliseconds, and the last one ends late
CHUNK_ITEMS = 512  # at most
FIRST_ITEMS = 4  # in a chunk before the time of an item is known
CHUNKS_AHEAD = 3  # under way per thread of the cluster
KILLED = "ended the Dask workers that read it, most likely for want of memory"

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
    """Yield a map of the function over items, on all workers of a Dask scheduler's cluster.

    It works like `workers`; the limits are for one item and one process. Every Dask worker must
    have the same versions as this machine and see the same files under the same paths: these
    folders, and at least one file of each chunk of items that have a `path`. Raises WorkerError if
    Dask is not installed or the scheduler does not answer, and as soon as a Dask worker differs or
    the scheduler or all workers are gone.
    """
    checked(scheduler)
    try:
        import distributed  # noqa: F401 - it is an extra
    except ImportError as exc:
        raise WorkerError(
            "--scheduler needs Dask, which is not installed: "
            f"python -m pip install 'dask[distributed]' ({exc})"
        ) from exc
    settings = RunSettings(
        uuid.uuid4().hex,
        pickled(function),
        time_limit_s,
        memory_limit_bytes,
        on_worker.versions(),
    )
    connection = Connection(scheduler, settings, folders)
    with _quiet_dask():
        try:
            connection.start()
            yield Chunks(connection).map
        finally:
            connection.close()


def checked(scheduler: str) -> str:
    """Return the address of a scheduler; WorkerError for text that cannot be one."""
    match = ADDRESS.fullmatch(scheduler)
    if not match or int(match[1]) >= 1 << 16:
        raise WorkerError(
            "expected the address of a Dask scheduler, like tcp://HOST:8786 or "
            f"tls://HOST:8786, got {scheduler!r}"
        )
    return scheduler


class Chunks:
    """A map over a connection, in chunks of items that are worth Dask's overhead."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._item_s = CHUNK_S / FIRST_ITEMS  # for one item on one thread

    def map(self, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, outcome) pairs, with at most a window of chunks under way."""
        done: SimpleQueue[Any] = SimpleQueue()
        under_way: dict[str, tuple[Any, list[Any]]] = {}  # by key: future, chunk
        source, more = iter(items), True
        try:
            while True:
                while more and len(under_way) < CHUNKS_AHEAD * self._connection.threads:
                    chunk = list(islice(source, self._chunk_items()))
                    if more := bool(chunk):
                        future = self._connection.submit(chunk, done.put)
                        under_way[future.key] = future, chunk
                if not under_way:
                    return
                futures = self._connection.next_done(done)
                for future, found in zip(futures, self._connection.replies(futures), strict=True):
                    _, chunk = under_way.pop(future.key)
                    reply = found or self._one_by_one(chunk)
                    self._check(reply, chunk)
                    yield from reply.pairs
        finally:
            for future, _ in under_way.values():
                future.release()

    def _one_by_one(self, chunk: list[Any]) -> ChunkReply:
        """Return the reply to a chunk of which some item kills Dask workers; that item is Lost.

        Only one such item is tried at a time: an innocent one could die with the culprit.
        """
        pairs: list[tuple[Any, Any]] = []
        for item in chunk:
            reply = self._connection.reply(self._connection.submit([item]))
            if reply is None:
                pairs.append((item, Lost(KILLED, lasting=False)))
                continue
            self._check(reply, [item])
            pairs += reply.pairs
        return ChunkReply(pairs)

    def _chunk_items(self) -> int:
        return max(1, min(CHUNK_ITEMS, int(CHUNK_S / self._item_s)))

    def _check(self, reply: ChunkReply, chunk: list[Any]) -> None:
        """Refuse a Dask worker that differs from this machine; learn how long an item takes."""
        if reply.trouble:
            raise WorkerError(reply.trouble)
        if reply.unseen_by:
            visible_here = [item for item in chunk if on_worker.can_see(item)]
            if visible_here:
                raise WorkerError(
                    f"the Dask worker {reply.unseen_by} does not see {visible_here[0].path}, "
                    "or may not read it, or has another file there: a dataset must be in a folder "
                    "that all machines share, under one path"
                )
        if reply.seconds:
            seconds = max(reply.seconds / len(chunk), 1e-6)
            self._item_s = max((self._item_s + seconds) / 2, self._item_s / 2)


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Keep Dask's log off the terminal; what matters is raised as a WorkerError."""
    names = ("distributed", "distributed.client", "tornado.application", "asyncio")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
