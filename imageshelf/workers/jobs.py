"""What a pool and its worker processes pass to each other: jobs, settings, lost items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from queue import SimpleQueue


class WorkerError(Exception):
    """The workers cannot start, or they are closed."""


class Lost(NamedTuple):
    """Why an item has no result; lasting if another try would end the same way."""

    reason: str
    lasting: bool


class Job(NamedTuple):
    """An item, the frame that requests it, and the queue for its outcome."""

    item: Any
    request: bytes
    answers: SimpleQueue[Any]


class ProcessSettings(NamedTuple):
    """How to start every process of a pool."""

    command: list[str]
    setup: bytes
    time_limit_s: float
    memory_limit_bytes: int | None
    # A copy: NumPy changes the original during its import, while a child might be reading it.
    environment: dict[str, str] | None = None


class JobSource(Protocol):
    """Where a worker gets its jobs: the part of a pool that it needs."""

    failure: WorkerError | None

    def first(self) -> Job | None:
        """Return the next job for a worker that has none, waiting for it; None at the end."""

    def further(self, room_bytes: int) -> Job | None:
        """Return another job for a busy worker, unless an idle one may take it."""

    def give_back(self, jobs: Iterable[Job]) -> None:
        """Put jobs back in front of all waiting ones, in their order."""

    def fail(self, failure: WorkerError) -> None:
        """End every map with this error; only the first error counts."""
