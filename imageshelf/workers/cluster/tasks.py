"""Chunks of items as Dask tasks: submit them, await them, and find the item that kills workers."""

from __future__ import annotations

import asyncio
import pickle
import uuid
from typing import Any

from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.on_worker import ChunkCall, ChunkReply
from imageshelf.workers.jobs import Lost

KILLED = "ended the Dask workers that read it, most likely for want of memory"


class Tasks:
    """The tasks of one run; used only in the thread of Dask's client."""

    def __init__(self, client: Any, settings: bytes) -> None:
        self._client = client
        self._settings = settings
        self._alone = asyncio.Lock()

    async def reply(self, chunk: list[Any], room: asyncio.Semaphore) -> ChunkReply:
        """Return the reply to a chunk; it waits for room, and takes it, before it fetches."""
        return await self._reply(chunk, room) or await self._one_by_one(chunk, room)

    async def _reply(self, chunk: list[Any], room: asyncio.Semaphore) -> ChunkReply | None:
        """Return the reply to a chunk; None if its Dask workers died on each of Dask's tries."""
        from distributed import KilledWorker

        call = pickle.dumps(ChunkCall(self._settings, pickle.dumps(chunk)))
        key = f"imageshelf-{uuid.uuid4().hex}"
        future = self._client.submit(pickle.loads, call, key=key, pure=False)
        reply: ChunkReply | None = None
        try:
            while not await future.exception() and future.status in {"lost", "pending"}:
                pass  # its worker has left with the result, so Dask runs it again
            await room.acquire()
            try:
                reply = pickle.loads(await future)  # noqa: S301 - from `on_worker`
            except KilledWorker:
                return None
            else:
                return reply
            finally:
                if reply is None:
                    room.release()
        finally:
            future.release()

    async def _one_by_one(self, chunk: list[Any], room: asyncio.Semaphore) -> ChunkReply:
        """Return the reply to a chunk of which some item kills Dask workers; that item is Lost.

        Only one such item is tried at a time: an innocent one could die with the culprit.
        """
        pairs: list[tuple[Any, Any]] = []
        for item in chunk:
            async with self._alone:
                reply = await self._reply([item], room)
            if reply is None:
                pairs.append((item, Lost(KILLED, lasting=False)))
                continue
            if reply.trouble or (reply.unseen_by and on_worker.can_see(item)):
                return reply
            pairs += reply.pairs
            room.release()
        await room.acquire()
        return ChunkReply(pairs)
