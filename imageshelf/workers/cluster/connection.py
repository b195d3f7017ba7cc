"""The line from an index run to the scheduler of a Dask cluster: a thread with an event loop.

Dask's client lives in that thread. The run hands chunks of items over, and takes the replies from
a queue; so it can be interrupted at any moment, and goes on while the network is slow.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
import threading
import time
import warnings
from concurrent.futures import CancelledError as Dropped
from contextlib import asynccontextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from imageshelf.system.words import one_line
from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.tasks import Tasks
from imageshelf.workers.jobs import WorkerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from concurrent.futures import Future

    from imageshelf.workers.cluster.on_worker import ChunkReply, RunSettings

T = TypeVar("T")

FETCHED_CHUNKS = 32  # chunks whose results are fetched before they are asked for
CONNECT_LIMIT_S = 10.0
FIRST_WORKER_LIMIT_S = 10.0  # for the first Dask worker to come
NO_WORKER_LIMIT_S = 60.0  # without any Dask worker, in the middle
WATCH_INTERVAL_S = 1.0  # between two looks at what workers there are
CLOSING_STEP_S = 3.0  # for each step of the end

WORK_IS_KEPT = "what was read is on the shelf, run again to go on"


class MapCall:
    """One call of the map: its results, and the chunks it has under way."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[tuple[list[Any], ChunkReply] | WorkerError] = SimpleQueue()
        self.room = asyncio.Semaphore(FETCHED_CHUNKS)
        self.under_way: set[Future[None]] = set()


class Connection:
    """A connection, from `start` to `close`; what goes wrong in between ends every run."""

    def __init__(self, scheduler: str, order: RunSettings, folders: Sequence[str]) -> None:
        self.threads = 1  # of all Dask workers together
        self._scheduler = scheduler
        self._order = order
        self._order_bytes = pickle.dumps(order)
        self._folders = list(folders)
        self._lock = threading.Lock()  # guards these two
        self._failure: WorkerError | None = None  # set once; nothing is handed over after it
        self._runs: set[MapCall] = set()
        self._started: SimpleQueue[WorkerError | None] = SimpleQueue()
        self._loop = asyncio.new_event_loop()
        # What Dask's own tasks leave behind when they are cancelled is not for the terminal.
        self._loop.set_exception_handler(lambda *_: None)
        self._serving: asyncio.Task[None] | None = None
        self._leaving = False  # the farewell is not to be cancelled
        self._client: Any = None
        self._tasks: Tasks
        self._thread = threading.Thread(target=self._main, name="imageshelf line", daemon=True)

    # -- in the thread of the run ----------------------------------------------------------------

    def start(self) -> None:
        """Connect, and look every Dask worker over; WorkerError if one cannot take part."""
        self._thread.start()
        if failure := _get(self._started):
            raise failure

    def close(self) -> None:
        """Drop what is under way, everywhere, and hang up; may be called again."""
        self.fail(WorkerError("the line to the cluster is closed"))
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end)
        if self._thread.ident is not None:
            self._thread.join(3 * CLOSING_STEP_S)

    def fail(self, failure: WorkerError) -> None:
        """End every run with this error; the first one counts."""
        with self._lock:
            self._failure = self._failure or failure
            for run in self._runs:
                run.answers.put(self._failure)

    def open_run(self) -> MapCall:
        """Return a new run of the map; WorkerError when the line is broken."""
        run = MapCall()
        with self._lock:
            if self._failure:
                raise self._failure
            self._runs.add(run)
        return run

    def submit(self, chunk: list[Any], run: MapCall) -> None:
        """Hand a chunk over."""
        settle = self._settle(chunk, run)
        try:
            settling = asyncio.run_coroutine_threadsafe(settle, self._loop)
        except RuntimeError:  # the loop is closed
            settle.close()
            raise self._failure or WorkerError("the line to the cluster is closed") from None
        run.under_way.add(settling)
        settling.add_done_callback(run.under_way.discard)

    def dismiss(self, run: MapCall) -> None:
        """Drop what a run has under way."""
        with self._lock:
            self._runs.discard(run)
        for settling in list(run.under_way):
            settling.cancel()

    def received(self, run: MapCall) -> tuple[list[Any], ChunkReply]:
        """Wait for a chunk and the reply to it; WorkerError when the line breaks."""
        answer = _get(run.answers)
        if isinstance(answer, WorkerError):
            raise answer
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(run.room.release)
        return answer

    # -- in the thread of the event loop ---------------------------------------------------------

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._serving = self._loop.create_task(self._serve())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serving)
        for task in (left := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _end(self) -> None:
        if self._serving and not self._leaving:
            self._serving.cancel()

    async def _serve(self) -> None:
        try:
            async with self._connected() as client:
                try:
                    self._client, self._tasks = client, Tasks(client, self._order_bytes)
                    await self._greet()
                    self._started.put(None)
                    await self._watch()
                except Exception as exc:  # told before what is under way is dropped for it
                    self.fail(self._told(exc))
                    raise
        except Exception as exc:  # noqa: BLE001 - the run must hear of it, not wait for ever
            self.fail(self._told(exc))
        self._started.put(self._failure)

    def _told(self, exc: Exception) -> WorkerError:
        """Return what a user is told of an error."""
        if isinstance(exc, WorkerError):
            return exc
        if isinstance(exc, ImportError):
            return WorkerError(f"a Dask worker {self._objection(exc)}")
        if isinstance(exc, (OSError, Dropped)) or self._client.status != "running":
            return self._gone()
        return WorkerError(f"cannot work on {self._scheduler}: {one_line(exc)}")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        client: Any = None
        try:
            try:
                await asyncio.wait_for(self._look_up(), CONNECT_LIMIT_S)
                client = self._new_client()
                with warnings.catch_warnings():  # of other versions of Dask; ours are compared
                    warnings.simplefilter("ignore")
                    await client
            except Exception as exc:
                raise WorkerError(
                    f"no Dask scheduler answers at {self._scheduler}: is it running there? "
                    f"({one_line(exc)})"
                ) from exc
            yield client
        finally:
            self._leaving = True
            if client:
                await self._leave(client)

    def _new_client(self) -> Any:
        from distributed import Client

        return Client(
            self._scheduler, asynchronous=True, timeout=CONNECT_LIMIT_S, set_as_default=False
        )

    async def _leave(self, client: Any) -> None:
        with suppress(Exception):
            if client.status == "running":
                told = client.run(on_worker.end_run, self._order.run, on_error="ignore")
                await asyncio.wait_for(told, CLOSING_STEP_S)
        with suppress(Exception):
            await asyncio.wait_for(client.close(), CLOSING_STEP_S)

    async def _look_up(self) -> None:
        """Ask who is there; Dask's client itself would wait for ever for a silent answerer."""
        from distributed import Security, rpc

        security = Security().get_connection_args("client")
        async with rpc(self._scheduler, timeout=CONNECT_LIMIT_S, connection_args=security) as other:
            identity = await other.identity()
        if identity["type"] != "Scheduler":
            raise ValueError(f"it is a {identity['type']}")

    async def _greet(self) -> None:
        """Have every Dask worker compare itself with this machine and start its processes."""
        deadline = time.monotonic() + FIRST_WORKER_LIMIT_S
        while not (threads := await self._client.nthreads()):
            if time.monotonic() >= deadline:
                raise WorkerError(
                    f"the Dask scheduler at {self._scheduler} has no worker: "
                    f"start some, with: dask worker {self._scheduler}"
                )
            await asyncio.sleep(0.1)
        self.threads = sum(threads.values())
        told = await self._client.run(
            on_worker.join_run, self._order_bytes, self._folders, on_error="return"
        )
        objections = {
            address: self._objection(word)
            for address, word in told.items()
            if word and not isinstance(word, OSError)  # it has left
        }
        if objections:
            address, objection = min(objections.items())
            number = f" ({len(objections)} of {len(told)} do)" if len(objections) > 1 else ""
            raise WorkerError(f"the Dask worker {address} {objection}{number}")

    def _objection(self, word: str | BaseException) -> str:
        if isinstance(word, ImportError):
            own = self._order.versions["imageshelf"]
            return f"needs the packages that this machine has, with imageshelf {own}: {word}"
        return word if isinstance(word, str) else f"fails: {one_line(word)}"

    async def _watch(self) -> None:
        """Follow how many threads the cluster has; raises when there is none any more."""
        since = time.monotonic()
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            if self._client.status != "running":
                raise self._gone()
            with suppress(OSError):  # the next look will show
                if threads := sum((await self._client.nthreads()).values()):
                    self.threads, since = threads, time.monotonic()
            if time.monotonic() - since > NO_WORKER_LIMIT_S:
                raise WorkerError(
                    f"no Dask worker is left at {self._scheduler} since "
                    f"{NO_WORKER_LIMIT_S:g} s; {WORK_IS_KEPT}"
                )

    def _gone(self) -> WorkerError:
        return WorkerError(f"the Dask scheduler at {self._scheduler} is gone; {WORK_IS_KEPT}")

    async def _settle(self, chunk: list[Any], run: MapCall) -> None:
        """See to it that a chunk is answered."""
        try:
            reply = await self._tasks.reply(chunk, run.room)
        except Exception as exc:  # noqa: BLE001 - as above
            self.fail(self._told(exc))
        else:
            run.answers.put((chunk, reply))


def _get(queue: SimpleQueue[T]) -> T:
    while True:
        with suppress(Empty):  # Windows sees to Ctrl-C between waits only
            return queue.get(timeout=0.2 if sys.platform == "win32" else None)
