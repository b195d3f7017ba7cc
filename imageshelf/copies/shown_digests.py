"""Digests of what single pictures show, under the limits of workers.

with ShownDigests() as shown:
shown("photos/a.jpg")
"""

from contextlib import AbstractContextManager

from imageshelf.pictures.tasks import DigestTask
from imageshelf.system.paths import Url
from imageshelf.workers.limited_map import LimitedMap
from imageshelf.workers.work import digested

WORK = "imageshelf.workers.work:work"


class ShownDigests(AbstractContextManager["ShownDigests"]):
    """A function from a path to its pixel digest, b"" for what cannot be decoded."""

    def __init__(self, jobs: int | None = None) -> None:
        self._decoders = LimitedMap(WORK, jobs=jobs)

    def __exit__(self, *_: object) -> None:
        self._decoders.close()

    def __call__(self, path: str) -> bytes:
        """Return the digest; raises WorkerError when no worker can start."""
        if isinstance(path, Url):  # a shelf must not choose what is fetched
            return b""
        ((_, digest),) = self._decoders([DigestTask(b"", path, pixels=True)], here=digested)
        return digest if isinstance(digest, bytes) else b""
