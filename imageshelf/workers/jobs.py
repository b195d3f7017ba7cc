"""What a pool and its worker processes pass to each other: jobs, settings, lost items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imageshelf.system.sentences import SentenceError

if TYPE_CHECKING:
    from queue import SimpleQueue
    from threading import Event


class WorkerError(SentenceError):
    """The workers cannot start, or they are closed."""


class Lost(NamedTuple):
    """Why an item has no result; lasting if another try would end the same way."""

    reason: str
    lasting: bool


class Job(NamedTuple):
    """An item, the frame that requests it, the queue for its outcome, and whether it is wanted."""

    item: Any
    request: bytes
    answers: SimpleQueue[Any]
    over: Event  # set when nobody waits for the answer any more


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

    def next(self, *, wait: bool) -> Job | None:
        """Return the next job that is still wanted, waiting for it; None at the end."""

    def fail(self, failure: WorkerError) -> None:
        """End every map with this error, unless there was one before."""
