"""Ctrl-C, SIGTERM and SIGHUP stop the program once it has finished what is open.

While the program waits for a worker, a signal interrupts it at once. While it writes, the signal is
remembered and takes effect afterwards. A second signal does not wait.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stopped(KeyboardInterrupt):
    """The user or the system asked the program to stop.

    It is a KeyboardInterrupt, so code that cleans up after one cleans up after this too.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.signal_number = signal_number

    @property
    def exit_status(self) -> int:
        """The status a shell expects: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
        return 128 + self.signal_number


class Stop:
    """A request to stop, which `at_once()` blocks obey immediately."""

    def __init__(self) -> None:
        self._signal_number = 0  # of the request; 0 for none
        self._at_once = False

    def request(self, signal_number: int, _frame: FrameType | None = None) -> None:
        """Note a signal; raise Stopped now if that is safe or if it is the second signal."""
        again, self._signal_number = bool(self._signal_number), signal_number
        if self._at_once or again:
            raise Stopped(signal_number)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside the block, a signal raises Stopped immediately: nothing can be lost there."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def watch(self, items: Iterator[T]) -> Iterator[T]:
        """Yield the items; a signal raises Stopped only while this waits for the next one."""
        while True:
            with self.at_once():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def check(self) -> None:
        """Raise Stopped if a signal has come."""
        if self._signal_number:
            raise Stopped(self._signal_number)


@contextmanager
def stopping() -> Iterator[Stop]:
    """Inside the block, catch the signals that stop (in the main thread; in others do nothing)."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.request) for number in _that_stop()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _that_stop() -> list[int]:
    """Return the signals that end a program; SIGHUP only if `nohup` has not switched it off."""
    hang_up = getattr(signal, "SIGHUP", None)
    stops: list[int] = [signal.SIGINT, signal.SIGTERM]
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        stops.append(hang_up)
    return stops


@contextmanager
def stop_at_once() -> Iterator[None]:
    """Inside the block, raise Stopped at the first signal: for work that changes nothing."""
    with stopping() as stop, stop.at_once():
        yield
