"""The options of an index run, and the error for a dataset that cannot be read."""

from typing import NamedTuple

from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.sentences import SentenceError


class Settings(NamedTuple):
    """The options of `index.py`, one per field."""

    hash: str = "dhash"
    full_decode: bool = False
    exclude: tuple[str, ...] = ()
    follow_symlinks: bool = False
    jobs: int | None = None  # worker processes; None: one per core; 0: work in this process
    scheduler: str | None = None  # address of a Dask cluster to use instead of processes here
    time_limit_s: float = 20.0  # per file
    memory_limit_mb: int = MEMORY_LIMIT_MB  # per worker process; also limits the pixels
    rebuild: bool = False
    allow_vanished: bool = False
    retry_skipped: bool = False
    pieces: bool | None = None  # keypoints too; None: if the shelf has some


class DatasetError(SentenceError):
    """A dataset that cannot be indexed; the message says why, and what to do."""
