"""What the tests let worker processes do: importable by name, harmful only over there."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import time
from contextlib import suppress
from typing import Any, NoReturn

from imageshelf.workers import serving
from imageshelf.workers.work import work


def double(number: int) -> int:
    return 2 * number


def process_id(_: object) -> int:
    return os.getpid()


def lineage(_: object) -> tuple[int, int]:
    """This process, and the one that started it."""
    return os.getpid(), os.getppid()


def slow_lineage(number: int) -> tuple[int, int]:
    """Return the same, but let the other processes have their share."""
    time.sleep(0.01)
    return lineage(number)


def send_back(item: Any) -> Any:
    return item


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def examine_slowly(item: Any) -> Any:
    """Do the work of an index run, in 10 ms a file."""
    time.sleep(0.01)
    return work(item)


def descriptors(_: object) -> tuple[str, ...]:
    """What this process has open, pipes by their number."""
    targets = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that lists
            targets.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return tuple(sorted(targets))


def unpicklable(_: object) -> Any:
    return lambda: None


class OneWay:
    """Pickles, but cannot be rebuilt."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("no number",)


def one_way(_: object) -> OneWay:
    return OneWay()


def _raise(text: str) -> NoReturn:
    raise ValueError(text)


def _leave() -> NoReturn:
    raise SystemExit(3)


def _loop_in_python() -> NoReturn:
    while True:
        pass


def _loop_in_c() -> Any:
    return re.match(r"(a|aa)+$", "a" * 200 + "b")


def _eat_memory() -> NoReturn:
    meal = []
    while True:
        meal.append(bytes(1 << 20))


def _eat_all_but_crumbs() -> NoReturn:
    """Leave room for a traceback, which keeps the meal, and for hardly anything else."""
    meal = []
    piece_bytes = 1 << 20
    while True:
        try:
            meal.append(bytes(piece_bytes))
        except MemoryError:
            if piece_bytes < 1024:
                raise
            piece_bytes //= 2


def _starve() -> str:
    """Leave no memory for the next item."""

    def hungry(_: object) -> NoReturn:
        raise MemoryError

    setattr(serving, "read_frame", hungry)  # noqa: B010  for the rest of its life
    return "done"


def _make_noise() -> str:
    print("noise " * 100_000, flush=True)
    os.write(2, b"libtiff: noise\n" * 10_000)
    return "done"


BEHAVIOURS = {
    "who": os.getpid,
    "allocation": lambda: os.environ.get("GLIBC_TUNABLES"),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "null": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "exit well": lambda: os._exit(0),
    "leave": _leave,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "end the parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "loop": _loop_in_python,
    "loop in C": _loop_in_c,
    "sleep": lambda: time.sleep(3600),
    "eat": _eat_memory,
    "eat up": _eat_all_but_crumbs,
    "starve": _starve,
    "raise": lambda: _raise("odd\nvalue"),
    "noise": _make_noise,
}


def behave(behaviour: Any) -> Any:
    """Behave as named, or send a number back doubled."""
    return BEHAVIOURS[behaviour]() if behaviour in BEHAVIOURS else 2 * behaviour
