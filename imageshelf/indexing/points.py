"""Keypoints for the pictures of a run: what `index.py --pieces` adds to a shelf.

Pictures that are read anyway bring theirs along. Those of earlier runs are read for them here, and
then the index over all points is brought up to date.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imageshelf.pictures.tasks import STORED, Picture, Refusal, StoredPoints, Task
from imageshelf.shelf import catalogue, names, points
from imageshelf.system.progress import bar

if TYPE_CHECKING:
    from imageshelf.indexing.settings import Settings
    from imageshelf.shelf import Shelf
    from imageshelf.system.signals import Stop
    from imageshelf.workers.jobs import Lost
    from imageshelf.workers.pool import Mapper

BATCH_S = 2.0
MOST_ADDED = 20_000  # pictures whose points are appended to the index; with more it is made anew


class PointRun:
    """The keypoints of one index run onto one shelf."""

    def __init__(self, shelf: Shelf, settings: Settings) -> None:
        """Note on the shelf whether it has points: as the run is told, or else as before."""
        self._shelf, self._settings = shelf, settings
        self.catalogue = shelf.whole_catalogue()
        before = points.recipe(self.catalogue.db)
        self.wanted = settings.pieces if settings.pieces is not None else before is not None
        self.dropped = False
        if self.wanted:
            from imageshelf.pieces.points import recipe

            self.dropped = points.adopt(self.catalogue.db, recipe())
        elif before is not None:
            points.adopt(self.catalogue.db, None)
            self._remove_index()
        self._before = self._after = points.generation(self.catalogue.db) if self.wanted else 0
        self._new: list[bytes] | None = []  # names of pictures with new points; None: too many
        self.refusals: Counter[str] = Counter()  # reason: pictures without points
        self.problem = ""  # why the index could not be written

    @contextmanager
    def noted(self, with_points: Iterable[bytes]) -> Iterator[None]:
        """Inside the block, a transaction of the caller's, these pictures get new points."""
        if not self.wanted:
            yield
            return
        db = self.catalogue.db
        if points.generation(db) != self._after:  # another run has stored points meanwhile
            self._new = None
        yield
        self._after = points.generation(db)
        if self._new is not None:
            self._new += with_points
            if len(self._new) > MOST_ADDED:
                self._new = None

    def complete(
        self,
        roots: Iterable[str],
        mapper: Callable[[], Mapper[Any, Any]],
        stop: Stop,
        *,
        quiet: bool,
    ) -> tuple[int, int]:
        """Find the points of pictures that have none, and bring the index up to date.

        Returns the numbers of pictures that have points now, and that still have none: those that
        could not be read. Raises Stopped between two transactions.
        """
        spans = [
            span
            for root in roots
            for prefix in names.prefixes_below(root, self._shelf.folder)
            for span in catalogue.spans(prefix)
        ]
        missing = points.missing(self.catalogue.db, spans)
        if missing:
            with bar(len(missing), "picture", "finding keypoints", quiet=quiet) as progress:
                for found in self._batches(self._answers(missing, mapper()), stop, progress):
                    self._store(found)
                    stop.check()
        self._update_index(quiet=quiet)
        left = len(points.missing(self.catalogue.db, spans)) if missing else 0
        return points.count(self.catalogue.db), left

    def _answers(
        self, missing: list[tuple[bytes, int, int]], mapper: Mapper[Any, Any]
    ) -> Iterator[tuple[bytes, Picture | Refusal | Lost]]:
        settings, by_path = self._settings, {}
        for name, size_bytes, mtime_ns in missing:
            path = names.native(self._shelf.path_of(names.to_text(name)))
            by_path[path] = name, size_bytes, mtime_ns
        tasks = (
            Task(path, size, mtime, False, settings.memory_limit_mb, points=STORED)
            for path, (_, size, mtime) in by_path.items()
        )
        for task, answer in mapper(tasks):
            yield by_path[task.path][0], answer

    def _batches(
        self,
        answers: Iterator[tuple[bytes, Picture | Refusal | Lost]],
        stop: Stop,
        progress: Callable[..., object],
    ) -> Iterator[dict[bytes, StoredPoints]]:
        found: dict[bytes, StoredPoints] = {}
        due = time.monotonic() + BATCH_S
        for name, answer in stop.watch(answers):
            progress(1)
            if isinstance(answer, Picture) and isinstance(answer.points, StoredPoints):
                found[name] = answer.points
            elif not isinstance(answer, Picture):
                self.refusals[answer.reason] += 1
            if time.monotonic() >= due:
                yield found
                found, due = {}, time.monotonic() + BATCH_S
        yield found

    def _store(self, found: dict[bytes, StoredPoints]) -> None:
        db = self.catalogue.db
        with self.catalogue.transaction(), self.noted(found):
            ids = points.ids_by_name(db, list(found))
            points.store(db, {id_: found[name] for name, id_ in ids.items()})

    def _update_index(self, *, quiet: bool) -> None:
        from imageshelf.shelf import point_index

        db = self.catalogue.db
        if point_index.is_current(db):
            return
        ids = None if self._new is None else points.ids_of(db, self._new)
        total = points.count(db)
        try:
            with bar(total, "picture", "sorting keypoints", quiet=quiet) as progress:
                point_index.update(db, (self._before, self._after), ids, progress)
        except OSError as exc:
            self.problem = exc.strerror or str(exc)

    def _remove_index(self) -> None:
        from imageshelf.shelf import point_index

        point_index.remove(self.catalogue.db)
