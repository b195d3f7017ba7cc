"""What a script may set that has the process to itself; in a notebook it is the user's."""

from __future__ import annotations

import atexit
import gc
import os
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
