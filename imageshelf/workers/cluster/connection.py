"""The connection from an index run to a Dask scheduler: chunks of items out, replies back."""

import asyncio
import pickle
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError as Dropped
from concurrent.futures import Future as Promise
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from imageshelf.system.words import one_line
from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.on_worker import ChunkCall, ChunkReply, RunSettings
from imageshelf.workers.jobs import WorkerError

FETCHED_CHUNKS = 32  # whose results are fetched together
CONNECT_LIMIT_S = 10.0
FIRST_WORKER_LIMIT_S = 10.0  # for the first Dask worker to appear
NO_WORKER_LIMIT_S = 60.0  # during a run, without any Dask worker
WATCH_INTERVAL_S = 1.0  # between two checks of the Dask workers
CLOSING_STEP_S = 3.0  # for each step of disconnecting

WORK_IS_KEPT = "what was read is on the shelf, run again to go on"


class Connection:
    """A connection from `start` to `close`; every error is a WorkerError."""

    def __init__(self, scheduler: str, settings: RunSettings, folders: Sequence[str]) -> None:
        self.threads = 1  # of all Dask workers together
        self._scheduler = scheduler
        self._settings = settings
        self._settings_bytes = pickle.dumps(settings)
        self._folders = list(folders)
        self._client: Any = None
        self._watched = 0.0  # when the Dask workers were last counted
        self._alone_since: float | None = None  # when there was none for the first time

    def start(self) -> None:
        """Connect and check every Dask worker; WorkerError if one cannot take part."""
        from distributed import Client

        try:
            _in_a_thread(self._identify)
            with warnings.catch_warnings():  # about versions, which we compare ourselves
                warnings.simplefilter("ignore")
                self._client = Client(
                    self._scheduler, timeout=CONNECT_LIMIT_S, set_as_default=False
                )
        except Exception as exc:
            raise WorkerError(
                f"no Dask scheduler answers at {self._scheduler}: is it running there? "
                f"({one_line(exc)})"
            ) from exc
        with self._in_words():
            self._greet()

    def close(self) -> None:
        """Drop everything under way and disconnect; may be called again."""
        client, self._client = self._client, None
        if not client:
            return
        with suppress(Exception):
            if client.status == "running":
                client.sync(
                    lambda: client.run(on_worker.end_run, self._settings.run, on_error="ignore"),
                    callback_timeout=CLOSING_STEP_S,
                )
        with suppress(Exception):
            client.close(timeout=CLOSING_STEP_S)

    def submit(self, chunk: list[Any], when_done: Callable[[Any], object] | None = None) -> Any:
        """Return the Dask future of a chunk of items; `when_done` gets it in another thread."""
        with self._in_words():
            call = pickle.dumps(ChunkCall(self._settings_bytes, pickle.dumps(chunk)))
            key = f"imageshelf-{uuid.uuid4().hex}"
            future = self._running().submit(pickle.loads, call, key=key, pure=False)
            if when_done:
                future.add_done_callback(when_done)
            return future

    def next_done(self, done: SimpleQueue[Any]) -> list[Any]:
        """Return the next futures of a queue, with an eye on the Dask workers meanwhile."""
        futures: list[Any] = []
        with self._in_words():
            while not futures:
                if time.monotonic() - self._watched >= WATCH_INTERVAL_S:
                    self._watch()
                with suppress(Empty):
                    futures.append(done.get(timeout=WATCH_INTERVAL_S))
                    while len(futures) < FETCHED_CHUNKS:
                        futures.append(done.get_nowait())
        return futures

    def replies(self, futures: list[Any]) -> list[ChunkReply | None]:
        """Return the `reply` to each of several chunks, fetched together."""
        client = self._running()
        try:
            payloads = client.sync(
                lambda: client.gather(futures, asynchronous=True),
                callback_timeout=NO_WORKER_LIMIT_S,
            )
        except Exception:  # noqa: BLE001 - which of them it is, and in words, one by one
            return [self.reply(future) for future in futures]
        for future in futures:
            future.release()
        return [pickle.loads(payload) for payload in payloads]  # noqa: S301 - from `on_worker`

    def reply(self, future: Any) -> ChunkReply | None:
        """Return the reply to a chunk; None if its Dask workers died on each of Dask's tries."""
        from distributed import KilledWorker

        with self._in_words():
            try:
                while True:
                    with suppress(TimeoutError):  # its worker has left, so Dask runs it again
                        payload = future.result(timeout=NO_WORKER_LIMIT_S)
                        reply: ChunkReply = pickle.loads(payload)  # noqa: S301 - from `on_worker`
                        return reply
                    self._watch()
            except KilledWorker:
                return None
            finally:
                future.release()

    async def _identify(self) -> None:
        """Ask what listens there; Dask's client would wait for ever if nothing replied."""
        from distributed import Security, rpc

        security = Security().get_connection_args("client")
        async with (
            asyncio.timeout(CONNECT_LIMIT_S),
            rpc(self._scheduler, timeout=CONNECT_LIMIT_S, connection_args=security) as peer,
        ):
            identity = await peer.identity()
        if identity["type"] != "Scheduler":
            raise ValueError(f"it is a {identity['type']}")

    def _greet(self) -> None:
        """Have every Dask worker compare itself with this machine and start its processes."""
        deadline = time.monotonic() + FIRST_WORKER_LIMIT_S
        while not (threads := self._client.nthreads()):
            if time.monotonic() >= deadline:
                raise WorkerError(
                    f"the Dask scheduler at {self._scheduler} has no worker: "
                    f"start some, with: dask worker {self._scheduler}"
                )
            time.sleep(0.1)
        self.threads = sum(threads.values())
        words = self._client.run(
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

    def _running(self) -> Any:
        if not self._client:
            raise WorkerError("the connection to the cluster is closed")
        if self._client.status != "running":
            raise self._gone()
        return self._client

    def _watch(self) -> None:
        """Count the threads of the cluster; raises if there has been none for too long."""
        client, threads = self._running(), 0
        with suppress(OSError):  # the next check will show
            threads = sum(client.nthreads().values())
        self._watched = time.monotonic()
        if threads:
            self.threads, self._alone_since = threads, None
            return
        self._alone_since = self._alone_since or self._watched
        if self._watched - self._alone_since > NO_WORKER_LIMIT_S:
            raise WorkerError(
                f"no Dask worker is left at {self._scheduler} since "
                f"{NO_WORKER_LIMIT_S:g} s; {WORK_IS_KEPT}"
            )

    def _gone(self) -> WorkerError:
        return WorkerError(f"the Dask scheduler at {self._scheduler} is gone; {WORK_IS_KEPT}")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Inside the block, turn whatever Dask raises into a WorkerError in words for the user."""
        try:
            yield
        except WorkerError:
            raise
        except ImportError as exc:
            raise WorkerError(f"a Dask worker {self._objection(exc)}") from exc
        except (OSError, Dropped) as exc:
            raise self._gone() from exc
        except Exception as exc:
            if self._client and self._client.status != "running":
                raise self._gone() from exc
            raise WorkerError(f"cannot work on {self._scheduler}: {one_line(exc)}") from exc


def _in_a_thread(work: Callable[[], Any]) -> None:
    """Run a coroutine to its end; this thread may have a loop of its own, and be interrupted."""
    promise: Promise[None] = Promise()

    def run() -> None:
        try:
            promise.set_result(asyncio.run(work()))
        except BaseException as exc:  # noqa: BLE001 - raised by `result`
            promise.set_exception(exc)

    threading.Thread(target=run, name="imageshelf connecting", daemon=True).start()
    promise.result()
