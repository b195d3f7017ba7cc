"""Ctrl-C and SIGTERM that finish what is open before they stop.

While the program waits for a worker it may be interrupted at once; while it writes, the wish to
stop is remembered and granted afterwards. A second signal does not wait.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


T = TypeVar("T")


class Stopped(KeyboardInterrupt):
    """The user, or the system, asked the program to stop.

    A KeyboardInterrupt, so that code which cleans up for one cleans up for this.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.signal_number = signal_number

    @property
    def exit_status(self) -> int:
        """The status a shell expects: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.signal_number


class Stop:
    """The wish to stop: `at_once()` marks where it may be granted in the middle."""

    def __init__(self) -> None:
        self._wish = 0
        self._at_once = False

    def wish(self, signal_number: int, _frame: FrameType | None = None) -> None:
        """Take note of a signal; raise Stopped now if that is safe or if it is the second."""
        again, self._wish = bool(self._wish), signal_number
        if self._at_once or again:
            raise Stopped(signal_number)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within, a signal raises Stopped immediately: nothing here can be lost."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def watch(self, items: Iterator[T]) -> Iterator[T]:
        """Yield the items; only while the next one is awaited is a signal granted at once."""
        while True:
            with self.at_once():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def check(self) -> None:
        """Raise Stopped if a signal has come."""
        if self._wish:
            raise Stopped(self._wish)


@contextmanager
def stopping() -> Iterator[Stop]:
    """Catch SIGINT and SIGTERM while the context lasts (in the main thread; elsewhere nothing)."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {
        number: signal.signal(number, stop.wish) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def stop_at_once() -> Iterator[None]:
    """Raise Stopped at the first signal, for work that changes nothing."""
    with stopping() as stop, stop.at_once():
        yield
