"""Thumbnails by the hundred, made in worker processes."""

from collections.abc import Iterable, Iterator

from imageshelf.pictures.thumbnails import Thumbnail, ThumbnailTask, make_thumbnail
from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.process import cores
from imageshelf.workers.jobs import Lost
from imageshelf.workers.pool import workers


def made(
    wishes: Iterable[ThumbnailTask], jobs: int | None = None, time_limit_s: float = 20.0
) -> Iterator[tuple[ThumbnailTask, Thumbnail]]:
    """Yield each wish with its thumbnail as soon as a worker process has made it, in any order."""
    with workers(
        make_thumbnail,
        jobs=cores() if jobs is None else jobs,
        time_limit_s=time_limit_s,
        memory_limit_bytes=MEMORY_LIMIT_MB * 1_000_000,
    ) as run:
        for wish, outcome in run(wishes):
            yield wish, Thumbnail(note=outcome.reason) if isinstance(outcome, Lost) else outcome
