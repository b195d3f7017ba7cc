"""The connection from an index run to a Dask scheduler: a thread with an event loop.

Dask's client lives in that thread. The run submits chunks of items and takes the replies from a
queue, so it can be interrupted at any moment and continues while the network is slow.
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

FETCHED_CHUNKS = 32  # whose results are fetched before the run takes them
CONNECT_LIMIT_S = 10.0
FIRST_WORKER_LIMIT_S = 10.0  # for the first Dask worker to appear
NO_WORKER_LIMIT_S = 60.0  # during a run, without any Dask worker
WATCH_INTERVAL_S = 1.0  # between two checks of the Dask workers
CLOSING_STEP_S = 3.0  # for each step of disconnecting

WORK_IS_KEPT = "what was read is on the shelf, run again to go on"


class MapCall:
    """One call of the map: its results and its chunks under way."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[tuple[list[Any], ChunkReply] | WorkerError] = SimpleQueue()
        self.room = asyncio.Semaphore(FETCHED_CHUNKS)
        self.under_way: set[Future[None]] = set()


class Connection:
    """A connection from `start` to `close`; an error in between ends every map."""

    def __init__(self, scheduler: str, settings: RunSettings, folders: Sequence[str]) -> None:
        self.threads = 1  # of all Dask workers together
        self._scheduler = scheduler
        self._settings = settings
        self._settings_bytes = pickle.dumps(settings)
        self._folders = list(folders)
        self._lock = threading.Lock()  # guards these two
        self._failure: WorkerError | None = None  # set once; nothing is handed over after it
        self._calls: set[MapCall] = set()
        self._started: SimpleQueue[WorkerError | None] = SimpleQueue()
        self._loop = asyncio.new_event_loop()
        # Errors that Dask's own tasks leave behind when cancelled stay off the terminal.
        self._loop.set_exception_handler(lambda *_: None)
        self._serving: asyncio.Task[None] | None = None
        self._closing = False  # closing must not be cancelled
        self._client: Any = None
        self._tasks: Tasks
        self._thread = threading.Thread(
            target=self._main, name="imageshelf connection", daemon=True
        )

    # -- in the thread of the run ----------------------------------------------------------------

    def start(self) -> None:
        """Connect and check every Dask worker; WorkerError if one cannot take part."""
        self._thread.start()
        if failure := _get(self._started):
            raise failure

    def close(self) -> None:
        """Drop everything under way and disconnect; may be called again."""
        self.fail(WorkerError("the connection to the cluster is closed"))
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end)
        if self._thread.ident is not None:
            self._thread.join(3 * CLOSING_STEP_S)

    def fail(self, failure: WorkerError) -> None:
        """End every map with this error; only the first error counts."""
        with self._lock:
            self._failure = self._failure or failure
            for call in self._calls:
                call.answers.put(self._failure)

    def open_call(self) -> MapCall:
        """Return a new call of the map; WorkerError if the connection has failed."""
        call = MapCall()
        with self._lock:
            if self._failure:
                raise self._failure
            self._calls.add(call)
        return call

    def submit(self, chunk: list[Any], call: MapCall) -> None:
        """Submit a chunk of items."""
        settle = self._settle(chunk, call)
        try:
            settling = asyncio.run_coroutine_threadsafe(settle, self._loop)
        except RuntimeError:  # the loop is closed
            settle.close()
            raise self._failure or WorkerError("the connection to the cluster is closed") from None
        call.under_way.add(settling)
        settling.add_done_callback(call.under_way.discard)

    def dismiss(self, call: MapCall) -> None:
        """Drop what a call of the map has under way."""
        with self._lock:
            self._calls.discard(call)
        for settling in list(call.under_way):
            settling.cancel()

    def received(self, call: MapCall) -> tuple[list[Any], ChunkReply]:
        """Return a chunk and its reply, waiting for them; WorkerError if the connection fails."""
        answer = _get(call.answers)
        if isinstance(answer, WorkerError):
            raise answer
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call.room.release)
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
        if self._serving and not self._closing:
            self._serving.cancel()

    async def _serve(self) -> None:
        try:
            async with self._connected() as client:
                try:
                    self._client, self._tasks = client, Tasks(client, self._settings_bytes)
                    await self._greet()
                    self._started.put(None)
                    await self._watch()
                except Exception as exc:  # reported before what is under way is dropped
                    self.fail(self._worker_error(exc))
                    raise
        except Exception as exc:  # noqa: BLE001 - otherwise the run would wait for ever
            self.fail(self._worker_error(exc))
        self._started.put(self._failure)

    def _worker_error(self, exc: Exception) -> WorkerError:
        """Return an error in words for the user."""
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
                with warnings.catch_warnings():  # about versions, which we compare ourselves
                    warnings.simplefilter("ignore")
                    await client
            except Exception as exc:
                raise WorkerError(
                    f"no Dask scheduler answers at {self._scheduler}: is it running there? "
                    f"({one_line(exc)})"
                ) from exc
            yield client
        finally:
            self._closing = True
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
                ending = client.run(on_worker.end_run, self._settings.run, on_error="ignore")
                await asyncio.wait_for(ending, CLOSING_STEP_S)
        with suppress(Exception):
            await asyncio.wait_for(client.close(), CLOSING_STEP_S)

    async def _look_up(self) -> None:
        """Ask what listens there; Dask's client would wait for ever if nothing replied."""
        from distributed import Security, rpc

        security = Security().get_connection_args("client")
        async with rpc(self._scheduler, timeout=CONNECT_LIMIT_S, connection_args=security) as peer:
            identity = await peer.identity()
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
        words = await self._client.run(
            on_worker.join_run, self._settings_bytes, self._folders, on_error="return"
        )
        objections = {
            address: self._objection(word)
            for address, word in words.items()
            if word and not isinstance(word, OSError)  # an OSError: it has left
        }
        if objections:
            address, objection = min(objections.items())
            number = f" ({len(objections)} of {len(words)} do)" if len(objections) > 1 else ""
            raise WorkerError(f"the Dask worker {address} {objection}{number}")

    def _objection(self, word: str | BaseException) -> str:
        if isinstance(word, ImportError):
            own = self._settings.versions["imageshelf"]
            return f"needs the packages that this machine has, with imageshelf {own}: {word}"
        return word if isinstance(word, str) else f"fails: {one_line(word)}"

    async def _watch(self) -> None:
        """Keep track of how many threads the cluster has; raises if none is left."""
        since = time.monotonic()
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            if self._client.status != "running":
                raise self._gone()
            with suppress(OSError):  # the next check will show
                if threads := sum((await self._client.nthreads()).values()):
                    self.threads, since = threads, time.monotonic()
            if time.monotonic() - since > NO_WORKER_LIMIT_S:
                raise WorkerError(
                    f"no Dask worker is left at {self._scheduler} since "
                    f"{NO_WORKER_LIMIT_S:g} s; {WORK_IS_KEPT}"
                )

    def _gone(self) -> WorkerError:
        return WorkerError(f"the Dask scheduler at {self._scheduler} is gone; {WORK_IS_KEPT}")

    async def _settle(self, chunk: list[Any], call: MapCall) -> None:
        """Put a chunk and its reply into the queue, or end every map with the error."""
        try:
            reply = await self._tasks.reply(chunk, call.room)
        except Exception as exc:  # noqa: BLE001 - as above
            self.fail(self._worker_error(exc))
        else:
            call.answers.put((chunk, reply))


def _get(queue: SimpleQueue[T]) -> T:
    while True:
        with suppress(Empty):  # Windows handles Ctrl-C between waits only
            return queue.get(timeout=0.2 if sys.platform == "win32" else None)
