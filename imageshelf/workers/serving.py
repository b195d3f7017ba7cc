"""The inside of a worker process: answer requests until the parent is gone.

It imports little so that it starts quickly. Requests arrive on standard input and answers leave on
standard output as frames: four bytes of length, little-endian, then a pickle. Pickle is safe here
because this program is at both ends; nothing from a file is ever unpickled.
"""

import faulthandler
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from imageshelf.system.words import one_line

VALUE, OUT_OF_MEMORY, ERROR = range(3)  # kinds of answers; an empty frame means ready
STATUS_OUT_OF_MEMORY = 86  # exit status of a process without memory to answer so
TIMED_OUT = 1  # exit status that Windows' watch over the time gives
WALL_FACTOR = 4  # times the limit on CPU time may pass on the clock: the machine may be busy

_LENGTH = struct.Struct("<I")
# Made in advance: the memory may stay used up for as long as the exception is handled.
_OUT_OF_MEMORY = pickle.dumps((OUT_OF_MEMORY, None))


def framed(payload: bytes) -> bytes:
    r"""Return the payload preceded by its length.

    >>> framed(b"abc")
    b'\x03\x00\x00\x00abc'
    """
    return _LENGTH.pack(len(payload)) + payload


def read_frame(stream: BinaryIO) -> bytes:
    """Return the next payload; EOFError if the other end is gone, even in mid-frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    payload = stream.read(_LENGTH.unpack(head)[0])
    if len(payload) < _LENGTH.unpack(head)[0]:
        raise EOFError
    return payload


def answer(function: Callable[[Any], Any], request: bytes) -> bytes:
    """Return the kind of an answer and its value as a pickled pair; never raises.

    The value is None for OUT_OF_MEMORY and one line of text for ERROR.
    """
    try:
        try:
            item = pickle.loads(request)  # noqa: S301 - from the parent
            return pickle.dumps((VALUE, function(item)), pickle.HIGHEST_PROTOCOL)
        except MemoryError:
            raise
        except BaseException as exc:  # noqa: BLE001 - SystemExit too: only the item has failed
            return pickle.dumps((ERROR, one_line(exc)))
    except MemoryError:
        return _OUT_OF_MEMORY


def serve(requests: BinaryIO, answers: BinaryIO, when_ready: Callable[[], object]) -> None:
    """Answer one request after another until EOFError, OSError or MemoryError ends it."""
    pickled, time_limit_s, memory_limit_bytes = pickle.loads(read_frame(requests))  # noqa: S301
    function = pickle.loads(pickled)  # noqa: S301 - imports its module
    if memory_limit_bytes is not None:
        limit_memory(memory_limit_bytes)
    when_ready()
    answers.write(framed(b""))
    while True:
        answers.flush()
        request = read_frame(requests)
        _limit_time(time_limit_s)
        reply = answer(function, request)
        _limit_time(0)
        answers.write(framed(reply))


def limit_memory(limit_bytes: int) -> None:
    """Limit how much more memory this process may map than it has mapped by now (Linux)."""
    if sys.platform != "linux":  # elsewhere the limit does not hold, or the current size is unknown
        return
    import resource

    with open("/proc/self/statm", "rb") as statm:
        mapped_bytes = int(statm.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = mapped_bytes + limit_bytes
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _limit_time(limit_s: float) -> None:
    """Have this process end after so much CPU time, or a multiple of it on the clock.

    This works even inside a C loop; 0 cancels. Windows has the clock only.
    """
    wall_limit_s = limit_s * WALL_FACTOR
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        signal.setitimer(signal.ITIMER_REAL, wall_limit_s)
    elif limit_s:
        faulthandler.dump_traceback_later(wall_limit_s, exit=True)  # with TIMED_OUT
    else:
        faulthandler.cancel_dump_traceback_later()


def _take_over(fd: int) -> int:
    """Return a private duplicate of a standard descriptor, and point the original at nothing."""
    private = os.dup(fd)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, fd)
    os.close(nothing)
    return private


def _end_with_parent() -> None:
    """Silence stderr and turn its pipe into a lifeline: SIGIO ends us when the parent is gone.

    End of file on standard input is noticed only between items; this works within one too.
    """
    lifeline = _take_over(2)
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def imported(name: str) -> Any:
    """Return a module, or for "module:name" that name in the module.

    Workers get their function by name: they can run any, not only those of this package.
    """
    module, _, attribute = name.partition(":")
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def main(module: str) -> None:
    """Load the module, then serve until the parent is gone.

    The parent reads what a failed start prints.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGIO):
            signal.signal(number, signal.SIG_DFL)
    requests, answers = open(_take_over(0), "rb"), open(_take_over(1), "wb")  # noqa: SIM115
    # Never closed before the end: the parent would take that for a crash and never learn why.
    status = 0
    try:
        imported(module)  # before the request for it: the parent may not be ready yet
        serve(requests, answers, _end_with_parent)
    except (EOFError, OSError):
        pass
    except MemoryError:  # between items, or while an answer is sent
        status = STATUS_OUT_OF_MEMORY
    os._exit(status)  # finalisation could hang if a decoder has broken something
