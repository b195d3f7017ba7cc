"""What workers do for the hashes that need NumPy: as `work`, with the libraries loaded before.

What is imported with this module counts neither against the limit on memory nor against the time
of the first file. Each worker has one core, so NumPy gets one thread, unless the user has said how
many.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageshelf.workers import work as plain

if TYPE_CHECKING:
    from imageshelf.workers.work import Item, Outcome

for _setting in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_setting, "1")
import imagehash  # noqa: E402, F401 - after the settings
import pywt  # noqa: E402, F401
import scipy.fftpack  # noqa: E402, F401

from imageshelf.hashing import marr_hildreth  # noqa: E402, F401


def work(item: Item) -> Outcome:
    """Return what `imageshelf.workers.work.work` does."""
    return plain.work(item)
