"""What a pool and its processes hand each other: jobs, orders, and what is said of a lost item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from queue import SimpleQueue


class WorkerError(Exception):
    """The workers cannot start, or are closed."""


class Lost(NamedTuple):
    """Why there is no result for an item; lasting when trying again would end the same way."""

    reason: str
    lasting: bool


class Job(NamedTuple):
    """An item, its frame, and where its outcome goes."""

    item: Any
    request: bytes
    answers: SimpleQueue[Any]


class ProcessSettings(NamedTuple):
    """What every process of a pool is started with."""

    command: list[str]
    setup: bytes
    time_limit_s: float
    memory_limit_bytes: int | None
    # A copy: NumPy, while it is imported, changes the one that a child would read half-way.
    environment: dict[str, str] | None = None


class JobSource(Protocol):
    """Where a worker gets its jobs: what a process needs of its pool."""

    failure: WorkerError | None

    def first(self) -> Job | None:
        """Wait for a job, on behalf of a worker that has none; None at the end."""

    def further(self, room_bytes: int) -> Job | None:
        """Return a job for a worker that has one, unless an idle worker may want it."""

    def give_back(self, jobs: Iterable[Job]) -> None:
        """Put jobs before all that wait, in their order."""

    def fail(self, failure: WorkerError) -> None:
        """End every run with this error; the first one counts."""
