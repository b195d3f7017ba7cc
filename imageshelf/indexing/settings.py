"""What a user may set of an index run, and the error of a dataset that cannot be read."""

from __future__ import annotations

from typing import NamedTuple

from imageshelf.system.files import MEMORY_LIMIT_MB


class Settings(NamedTuple):
    """How to index; the fields are the options of `index.py`."""

    hash: str = "dhash"
    full_decode: bool = False
    exclude: tuple[str, ...] = ()
    follow_symlinks: bool = False
    jobs: int | None = None  # worker processes; None: one a core; 0: work in this process
    scheduler: str | None = None  # of a Dask cluster, which works instead of processes here
    time_limit_s: float = 20.0  # a file
    memory_limit_mb: int = MEMORY_LIMIT_MB  # a worker process; decides about too many pixels, too
    rebuild: bool = False
    allow_vanished: bool = False
    retry_skipped: bool = False


class DatasetError(Exception):
    """A dataset that cannot be indexed; the message says why and what to do."""
