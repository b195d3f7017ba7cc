"""What a script may set that has the process to itself; in a notebook it is the user's."""

from __future__ import annotations

import atexit
import gc
import os
import re
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def start_quickly() -> None:
    """Start quicker and end quicker; to be called before NumPy is imported.

    NumPy's linear algebra gets one thread, unless the user has said how many: 30 ms less, and the
    cores are left to the workers. And at the end nobody looks for garbage in everything that was
    imported, which takes up to 20 ms.
    """
    if "IPython" not in sys.modules:
        for setting in _THREADS:
            os.environ.setdefault(setting, "1")
        atexit.register(gc.freeze)


def quiet_ctrl_c() -> None:
    """Let Ctrl-C end the process without a traceback while nothing is open; before all imports.

    What has something to lose sets handlers of its own (stopping.py) and then gives this one back.
    """
    if "IPython" not in sys.modules and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def restore_ctrl_c() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again, after `quiet_ctrl_c`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def cores() -> int:
    """Return how many processor cores this process may use, at least 1."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


SAFE_PILLOW = 13  # the major version that fixes a heap overflow in the JPEG decoder


def version(distribution: str) -> str | None:
    """Return what is installed; None when nothing is.

    The name of a folder beside the package tells it. `importlib.metadata`, which takes 15 ms to
    import, is asked only where there is no such folder, or more than one.
    """
    name = re.sub("[-_.]+", "_", distribution)
    folder = re.compile(rf"{name}-([^-]+)\.dist-info", re.IGNORECASE)
    for entry in sys.path:
        try:
            matches = map(folder.fullmatch, os.listdir(entry or "."))
            found = [match[1] for match in matches if match]
        except (OSError, TypeError):  # a zip file, a hook
            continue
        if len(found) == 1:
            return found[0]
        if found:
            break
    return _version_by_metadata(distribution)


def _version_by_metadata(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def pillow_warning() -> str:
    """Return a warning if the installed Pillow has holes that files can use; "" if it has not."""
    installed = version("Pillow") or ""
    major = installed.partition(".")[0]
    if not major.isdecimal() or int(major) >= SAFE_PILLOW:  # a development version is a new one
        return ""
    return (
        f"Pillow {installed} has known holes that a picture can use to run code; upgrade it: "
        f"python -m pip install -U 'Pillow>={SAFE_PILLOW}'"
    )


@contextmanager
def gc_paused() -> Iterator[None]:
    """Within: no search for cycles, which would look through all those objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
