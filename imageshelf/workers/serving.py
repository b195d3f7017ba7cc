"""The inside of a worker process: answer requests until the parent is gone.

Starts quickly, so it imports little. Requests come in on standard input and answers go out on
standard output, as frames: four bytes of length, little-endian, then a pickle. Pickle is safe
here because both ends are this program; nothing from a file is ever unpickled.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from imageshelf.system.words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VALUE, OUT_OF_MEMORY, ERROR = range(3)  # what an answer is; an empty frame means ready
STATUS_OUT_OF_MEMORY = 86  # of a process that has none left to say so
CHUNK_BYTES = 1 << 16
GRACE_S = 3.0  # how long past the time limit the parent may take to end a hung worker

_LENGTH = struct.Struct("<I")
# Made beforehand: what used up the memory may hold it for as long as its exception is handled.
_OUT_OF_MEMORY = pickle.dumps((OUT_OF_MEMORY, None))


def framed(payload: bytes) -> bytes:
    r"""Return the payload with its length before it.

    >>> frame(b"abc")
    b'\x03\x00\x00\x00abc'
    """
    return _LENGTH.pack(len(payload)) + payload


def read_frame(stream: BinaryIO) -> bytes:
    """Return the next payload; EOFError when the other end is gone, even in mid-frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    payload = stream.read(_LENGTH.unpack(head)[0])
    if len(payload) < _LENGTH.unpack(head)[0]:
        raise EOFError
    return payload


def read_frames(descriptor: int) -> Iterator[list[bytes]]:
    """Yield the payloads that have arrived, one at least; EOFError when the other end is gone."""
    data = bytearray()
    while more := os.read(descriptor, CHUNK_BYTES):
        data += more
        payloads, start = [], 0
        while len(data) - start >= _LENGTH.size:
            begin = start + _LENGTH.size
            end = begin + _LENGTH.unpack_from(data, start)[0]
            if end > len(data):
                break
            payloads.append(bytes(data[begin:end]))
            start = end
        del data[:start]
        if payloads:
            yield payloads
    raise EOFError


def answer(function: Callable[[Any], Any], request: bytes) -> bytes:
    """Return the pickled pair of what the answer is and its value; never raises.

    OUT_OF_MEMORY has no value, ERROR has one line of text.
    """
    try:
        try:
            item = pickle.loads(request)  # noqa: S301 - the parent's
            return pickle.dumps((VALUE, function(item)), pickle.HIGHEST_PROTOCOL)
        except MemoryError:
            raise
        except BaseException as exc:  # noqa: BLE001 - SystemExit too: the item failed, not we
            return pickle.dumps((ERROR, one_line(exc)))
    except MemoryError:
        return _OUT_OF_MEMORY


def serve(requests: BinaryIO, answers: BinaryIO, when_ready: Callable[[], object]) -> None:
    """Answer one request after the other, in order; EOFError, OSError or MemoryError ends it."""
    pickled, time_limit_s, memory_limit_bytes = pickle.loads(read_frame(requests))  # noqa: S301
    function = pickle.loads(pickled)  # noqa: S301 - imports its module
    if memory_limit_bytes is not None:
        limit_memory(memory_limit_bytes)
    when_ready()
    answers.write(framed(b""))
    while True:
        answers.flush()
        request = read_frame(requests)
        _alarm(time_limit_s + GRACE_S)
        reply = answer(function, request)
        _alarm(0)
        answers.write(framed(reply))


def limit_memory(limit_bytes: int) -> None:
    """Let this process map that much more than it has mapped by now, where the system can."""
    if sys.platform != "linux":  # elsewhere there is no limit that is kept, or no size to add to
        return
    import resource

    with open("/proc/self/statm", "rb") as statm:
        mapped_bytes = int(statm.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = mapped_bytes + limit_bytes
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _alarm(seconds: float) -> None:
    """End this process after that time, even in a C loop; 0 takes it back."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _take_over(fd: int) -> int:
    """Return a private duplicate of a standard descriptor, and point that at nothing."""
    private = os.dup(fd)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, fd)
    os.close(nothing)
    return private


def _end_with_parent() -> None:
    """Silence stderr, and turn its pipe into a life line: SIGIO ends us when the parent is gone.

    End of file on standard input is noticed between items only, this within one as well.
    """
    line = _take_over(2)
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)


def imported(name: str) -> Any:
    """Return a module, or of "module:name" what the module holds by that name.

    Workers get the work that they do by its name: this package is not all that they can serve.
    """
    module, _, attribute = name.partition(":")
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def main(module: str) -> None:
    """Load the module, then serve until the parent is gone.

    What a failure to start prints, the parent reads.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        for number in (signal.SIGALRM, signal.SIGIO):
            signal.signal(number, signal.SIG_DFL)
    requests, answers = open(_take_over(0), "rb"), open(_take_over(1), "wb")  # noqa: SIM115
    # Never closed before the end: the parent takes that for a death and does not hear why.
    status = 0
    try:
        imported(module)  # before it is asked for: the parent may not be ready yet
        serve(requests, answers, _end_with_parent)
    except (EOFError, OSError):
        pass
    except MemoryError:  # between items, or while an answer is sent
        status = STATUS_OUT_OF_MEMORY
    os._exit(status)  # nothing to tidy, and finalisation may hang where a decoder broke something
