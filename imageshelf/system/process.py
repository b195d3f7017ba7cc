"""Settings of the whole process: a script may change them, a notebook's user owns them."""

import atexit
import gc
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def start_quickly() -> None:
    """Make the process start and end faster; call it before NumPy is imported.

    NumPy's linear algebra gets one thread unless the user has set a number: this saves 30 ms and
    leaves the cores to the workers. Skips the final garbage collection, which takes up to 20 ms.
    """
    if "IPython" not in sys.modules:
        for setting in _THREADS:
            os.environ.setdefault(setting, "1")
        atexit.register(gc.freeze)


def quiet_ctrl_c() -> None:
    """Let Ctrl-C end the process without a traceback; call it before all other imports.

    Code with something to lose sets its own handlers (see `signals`) and restores this one.
    """
    if "IPython" not in sys.modules and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def restore_ctrl_c() -> None:
    """Make Ctrl-C raise KeyboardInterrupt again after `quiet_ctrl_c`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def cores() -> int:
    """Return the number of processor cores that this process may use, at least 1."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


SAFE_PILLOW = 13  # the major version that fixes a heap overflow in the JPEG decoder


def version(distribution: str) -> str | None:
    """Return the installed version of a distribution, or None if it is not installed.

    The `.dist-info` folder beside the package names it. `importlib.metadata` takes 15 ms to import
    and is used only if there is no such folder, or more than one.
    """
    name = re.sub("[-_.]+", "_", distribution)
    folder = re.compile(rf"{name}-([^-]+)\.dist-info", re.IGNORECASE)
    for entry in sys.path:
        try:
            matches = map(folder.fullmatch, os.listdir(entry or "."))
            versions = [match[1] for match in matches if match]
        except (OSError, TypeError):  # a zip file or an import hook
            continue
        if len(versions) == 1:
            return versions[0]
        if versions:
            break
    return _version_by_metadata(distribution)


def _version_by_metadata(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def pillow_warning() -> str:
    """Return a warning if the installed Pillow has known security holes, otherwise ""."""
    installed = version("Pillow") or ""
    major = installed.partition(".")[0]
    if not major.isdecimal() or int(major) >= SAFE_PILLOW:  # a development version counts as new
        return ""
    return (
        f"Pillow {installed} has known holes that a picture can use to run code; upgrade it: "
        f"python -m pip install -U 'Pillow>={SAFE_PILLOW}'"
    )


@contextmanager
def gc_paused() -> Iterator[None]:
    """Inside the block, pause the garbage collector, which would rescan many objects in vain."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
