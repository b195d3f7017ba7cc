"""Memory of all processes that this one has started, together, at its highest; Linux only.

A page that several of them share counts once (the Pss of /proc/PID/smaps_rollup). It is sampled,
which costs the processes some time: for runs that are not timed.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

INTERVAL_S = 0.02


class Watch:
    """Context in which the memory of the processes below this one is watched."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(INTERVAL_S):
            used_bytes = sum(map(pss_bytes, descendants(os.getpid())))
            self.peak_bytes = max(self.peak_bytes, used_bytes)


def descendants(pid: int) -> Iterator[int]:
    """Processes below one, as far as they still run."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:  # it has ended, or this is no Linux
        return
    for thread in threads:
        for child in _read(f"/proc/{pid}/task/{thread}/children").split():
            yield int(child)
            yield from descendants(int(child))


def pss_bytes(pid: int) -> int:
    """Memory of a process, its part of what it shares; 0 when it has ended."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""
