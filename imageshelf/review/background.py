"""Work that takes its time, one thing after another in a thread, told while it is under way.

jobs.start("comparing", lambda job: JobOutcome("2 groups"))
"""

from __future__ import annotations

import signal
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = 1000  # steps of progress that are worth telling


class JobOutcome(NamedTuple):
    """What became of a job, in words; `run` is the clean-up that can be taken back, 0 for none."""

    sentence: str
    details: tuple[str, ...] = ()
    run: int = 0
    set_aside: bool = False  # its files are set aside: their space can be freed
    problem: bool = False


class BusyError(SentenceError):
    """Something else is being done."""


class BackgroundJob:
    """What is being done, how much of it is done, and a way to stop it."""

    def __init__(self, stage: str, told: Callable[[], None]) -> None:
        self.stop = Stop()
        self._told = told
        self.begin(stage)

    def begin(self, stage: str, total: int = 0) -> None:
        """Begin a stage of so many steps."""
        self.stage, self.total, self.done, self.share = stage, total, 0, 0.0
        self._told()

    def count(self, number: int, *_: object) -> None:
        """Note that so many steps more are done."""
        self.done += number
        self._note(self.done / max(self.total, 1))

    def part(self, share: float) -> None:
        """Note the share that is done; raises Stopped if that was asked for."""
        self.stop.check()
        self._note(share)

    def _note(self, share: float) -> None:
        if int(share * PARTS) != int(self.share * PARTS):
            self.share = share
            self._told()


class Background:
    """One job at a time; `tick` grows with all that there is to tell of it."""

    def __init__(self) -> None:
        self.tick = 0
        self.job: BackgroundJob | None = None
        self.outcome: JobOutcome | None = None  # of the last job
        self.failure: BaseException | None = None  # that nobody expected
        self._thread = ThreadPoolExecutor(1, "imageshelf review")

    def start(self, stage: str, work: Callable[[BackgroundJob], JobOutcome]) -> Future[None]:
        """Start a job; raises BusyError if there is one."""
        if self.job is not None:
            raise BusyError(f"This page is busy: {self.job.stage}. Wait, or stop that.")
        job = self.job = BackgroundJob(stage, self._tell)
        self.outcome = None
        return self._thread.submit(self._run, job, work)

    def stop(self) -> None:
        """Ask the job to stop; what it has begun on files it finishes."""
        if self.job is not None:
            with suppress(Stopped):
                self.job.stop.request(signal.SIGTERM)

    def close(self) -> None:
        """Stop the job, and wait for its end."""
        self.stop()
        self._thread.shutdown()

    def _run(self, job: BackgroundJob, work: Callable[[BackgroundJob], JobOutcome]) -> None:
        try:
            self.outcome = work(job)
        except Stopped:
            self.outcome = JobOutcome("Stopped. What was done is complete.")
        except SentenceError as exc:
            self.outcome = JobOutcome(f"{exc}.", problem=True)
        except BaseException as exc:  # noqa: BLE001 - the program ends with it, see `server`
            self.failure = exc
            self.outcome = JobOutcome(f"This failed: {type(exc).__name__}: {exc}", problem=True)
        finally:
            self.job = None
            self._tell()

    def _tell(self) -> None:
        self.tick += 1
