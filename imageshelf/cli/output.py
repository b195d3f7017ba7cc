"""Standard output and the system's limits: every program's `main` stands under `checked`.

A pipe whose reader has gone ends a program quietly, with the status that a shell shows for tools
that SIGPIPE ends. Any other failure of the output, such as a full device, is one sentence and
status 1, and so is a limit of memory or open files (`ulimit`) that is met anywhere, even by an
import.
"""

import errno
import functools
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from imageshelf.system import terminal

Main = Callable[[Sequence[str] | None], int]

CLOSED_PIPE_STATUS = 141  # 128 + SIGPIPE
_CLOSED_PIPE = {errno.EPIPE, errno.ESHUTDOWN}
if sys.platform == "win32":
    _CLOSED_PIPE.add(errno.EINVAL)  # what writing to a pipe without a reader says there


def checked(program: str) -> Callable[[Main], Callable[..., int]]:
    """Decorate a program's `main` so that failing output and low limits end it well."""

    def decorate(main: Main) -> Callable[..., int]:
        @functools.wraps(main)
        def checked_main(argv: Sequence[str] | None = None) -> int:
            try:
                try:
                    return main(argv)
                finally:  # after --help, which exits, too
                    _flush()
            except (OSError, MemoryError, ImportError) as exc:
                if sentence := limit_met(exc):
                    return _told(program, sentence)
                if not isinstance(exc, OSError) or exc.filename is not None:  # not a stream
                    raise
                return _failed(program, exc)

        return checked_main

    return decorate


def limit_met(exc: BaseException) -> str:
    """Return a sentence if an exception means that a limit of the system was met, otherwise "".

    A library that cannot be mapped into memory is an ImportError of many lines.
    """
    if isinstance(exc, OSError) and exc.errno in {errno.EMFILE, errno.ENFILE}:
        return f"{os.strerror(exc.errno)}: raise the limit (ulimit -n) and run it again"
    memory = isinstance(exc, MemoryError) or "failed to map segment" in str(exc)
    if memory or getattr(exc, "errno", None) == errno.ENOMEM:
        return "there is not enough memory: raise the limit (ulimit -v) or end other programs"
    return ""


def put_out(text: str | bytes) -> None:
    """Write to standard output; bytes as they are. Raises OSError."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    if isinstance(text, bytes):
        terminal.write_bytes(sys.stdout, text)
    else:
        sys.stdout.write(text)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _failed(program: str, exc: OSError) -> int:
    """Discard what cannot be written, say so unless nobody listens, and return the status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
            continue
        _discard(stream)
    if exc.errno in _CLOSED_PIPE:
        return CLOSED_PIPE_STATUS
    if _is_nowhere():
        return _told(program, "the working folder is gone; change to another one")
    return _told(program, f"the output cannot be written: {exc.strerror or exc}")


def _is_nowhere() -> bool:
    """Tell whether the working folder was deleted: such an error names no file either."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _told(program: str, sentence: str) -> int:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{program}: {sentence}\n")
        sys.stderr.flush()
    return 1


def _discard(stream: object) -> None:
    """Let a stream's buffer go nowhere: the interpreter writes it out again when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()  # type: ignore[attr-defined]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
