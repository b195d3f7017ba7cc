"""Chunks of items as Dask tasks: handed over, waited for, and told apart when Dask workers die."""

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
    """The tasks of one run; for the thread of Dask's client."""

    def __init__(self, client: Any, order: bytes) -> None:
        self._client = client
        self._order = order
        self._alone = asyncio.Lock()

    async def reply(self, chunk: list[Any], room: asyncio.Semaphore) -> ChunkReply:
        """Return the reply to a chunk; it is not fetched before there is room, which it takes."""
        return await self._asked(chunk, room) or await self._one_by_one(chunk, room)

    async def _asked(self, chunk: list[Any], room: asyncio.Semaphore) -> ChunkReply | None:
        """Return the reply to a chunk; None if its Dask workers died, as often as Dask tries."""
        from distributed import KilledWorker

        call = pickle.dumps(ChunkCall(self._order, pickle.dumps(chunk)))
        key = f"imageshelf-{uuid.uuid4().hex}"
        future = self._client.submit(pickle.loads, call, key=key, pure=False)
        reply: ChunkReply | None = None
        try:
            while not await future.exception() and future.status in {"lost", "pending"}:
                pass  # its worker has left with the result: it is done again
            await room.acquire()
            try:
                reply = pickle.loads(await future)  # noqa: S301 - cluster_worker's
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
        """Return the reply to a chunk in which something ends Dask workers, without that item.

        Nothing else of this kind is under way meanwhile: who dies with the culprit is innocent.
        """
        pairs: list[tuple[Any, Any]] = []
        for item in chunk:
            async with self._alone:
                reply = await self._asked([item], room)
            if reply is None:
                pairs.append((item, Lost(KILLED, lasting=False)))
                continue
            if reply.trouble or (reply.unseen_by and on_worker.can_see(item)):
                return reply
            pairs += reply.pairs
            room.release()
        await room.acquire()
        return ChunkReply(pairs)
