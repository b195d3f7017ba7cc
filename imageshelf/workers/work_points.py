"""The same as `work` for runs that look for keypoints: it loads NumPy and what uses it beforehand.

What this module imports counts neither towards the memory limit nor towards the time of the first
file. Each worker has one core, so NumPy gets one thread unless the user has set a number.
"""

import os

from imageshelf.workers.work import work

__all__ = ["work"]  # under this name the workers load the imports below

for _setting in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_setting, "1")
from imageshelf.pictures import keypoints  # noqa: E402, F401 - after the settings
