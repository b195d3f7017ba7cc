"""Chooses where the work of a run is done: worker processes here, or a Dask cluster."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from imageshelf.indexing.settings import Settings
from imageshelf.shelf import names
from imageshelf.system.process import cores
from imageshelf.system.signals import Stop
from imageshelf.workers.pool import Mapper, workers


def choose_workers(
    function: str, settings: Settings, roots: Iterable[str], stop: Stop
) -> AbstractContextManager[Mapper[Any, Any]]:
    """Return a context manager for a map of a named function over items, as `workers` does.

    `roots` are the datasets, which every machine of a cluster must see. Raises WorkerError.
    """
    if settings.scheduler:
        return _cluster(function, settings.scheduler, settings, roots, stop)
    return workers(
        function,
        jobs=cores() if settings.jobs is None else settings.jobs,
        time_limit_s=settings.time_limit_s,
        memory_limit_bytes=settings.memory_limit_mb * 1_000_000,
    )


@contextmanager
def _cluster(
    function: str, scheduler: str, settings: Settings, roots: Iterable[str], stop: Stop
) -> Iterator[Mapper[Any, Any]]:
    from imageshelf.workers.cluster.client import cluster

    folders = [names.absolute(root) for root in roots]
    with ExitStack() as stack:
        with stop.at_once():  # connecting may take a while
            mapper: Mapper[Any, Any] = stack.enter_context(
                cluster(
                    function,
                    scheduler=scheduler,
                    time_limit_s=settings.time_limit_s,
                    memory_limit_bytes=settings.memory_limit_mb * 1_000_000,
                    folders=[folder for folder in folders if os.path.isdir(folder)],
                )
            )
        yield mapper
