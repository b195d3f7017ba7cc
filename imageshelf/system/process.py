"""What a script may set that has the process to itself; in a notebook it is the user's."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys

_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def tune() -> None:
    """Start quicker and end quicker; to be called before NumPy is imported.

    NumPy's linear algebra gets one thread, unless the user has said how many: 30 ms less, and the
    cores are left to the workers. And at the end nobody looks for garbage in everything that was
    imported, which takes up to 20 ms.
    """
    if "IPython" not in sys.modules:
        for setting in _THREADS:
            os.environ.setdefault(setting, "1")
        atexit.register(gc.freeze)


def end_silently() -> None:
    """Let Ctrl-C end the process without a traceback while nothing is open; before all imports.

    What has something to lose sets handlers of its own (stopping.py) and then gives this one back.
    """
    if "IPython" not in sys.modules and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def hear_interrupts() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again, after `end_silently`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
