"""Filling a shelf: what a run of `index.py` does, step by step.

    with Indexing("photos", "db.shelve", Settings()) as run:
        found = run.survey()               # walk the folders, compare with the shelf
        for batch in run.batches():        # worker processes decode, this one hashes
            run.remember(batch)            # one crash-safe transaction
        run.settle()                       # what has moved or vanished
        run.identify()                     # equal keys: equal bytes, equal pixels?
    print(run.summary)

Every step leaves the shelf whole: a run may be killed anywhere and the next one goes on.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

from imageshelf.hashing.hash_names import BITS, DEFAULT, NEED_NUMPY
from imageshelf.indexing.comparison import PICTURE, Survey
from imageshelf.indexing.datasets import Datasets
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.indexing.summary import Skipped, Summary
from imageshelf.indexing.survey import Surveying
from imageshelf.indexing.suspects import REASON, Suspicion
from imageshelf.shelf import ShelfError, names, open_to_fill
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE
from imageshelf.system.paths import Url
from imageshelf.system.process import cores
from imageshelf.system.signals import stopping
from imageshelf.workers import starting
from imageshelf.workers.jobs import Lost, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from imageshelf.indexing.batches import Answer, Batch
    from imageshelf.indexing.comparison import Known
    from imageshelf.indexing.suspects import Turn
    from imageshelf.pictures.recipe import Recipe
    from imageshelf.workers.pool import Mapper

# A note on the shelf, whether pictures with equal keys were digested: "yes"; "nearly" if some could
# not be; "no" while a run is under way or if one died; "stopped" after one that ended in order
# before that.
IDENTIFIED = "identified"
# What workers do, by name: they start before their parent imports Pillow.
WORK, WORK_NUMPY = f"{starting.WORK_MODULE}:work", "imageshelf.workers.work_numpy:work"
PILLOW = "PIL.Image"  # 30 ms to load
IndexingError = (DatasetError, ShelfError, WorkerError)  # what makes a run bad, in one sentence


class Indexing:
    """One run of the index over some datasets onto one shelf; a context manager.

    Raises DatasetError, ShelfError or WorkerError (together: IndexingError), each with a sentence
    for the user, and Stopped when the user ends the run.
    """

    def __init__(
        self,
        dataset: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        shelve: str | os.PathLike[str] = "db.shelve",
        settings: Settings | None = None,
    ) -> None:
        roots = [dataset] if isinstance(dataset, (str, os.PathLike)) else dataset
        self._datasets = Datasets(os.fspath(root) for root in roots)
        self.settings = settings or Settings()
        if self.settings.hash not in {DEFAULT, *BITS}:
            known = ", ".join([DEFAULT, *BITS])
            raise ValueError(f"expected one of the hashes {known}, not {self.settings.hash!r}")
        self.summary = Summary(shelf=os.fspath(shelve))
        self.found = Survey()
        self._mapper: Mapper[Any, Any] | None = None
        self._reading = False  # files are being read: this run has yet to come to its end
        self._under_way: dict[str, bytes] = {}  # the names of files being read, by path
        self._shared = False  # there may be pictures that share a key and are not identified

    def __enter__(self) -> Self:
        """Check the datasets and open the shelf; for a new one the workers start before that."""
        self._datasets.check()
        with ExitStack() as opening:
            self._stop = opening.enter_context(stopping())
            self._cleanup = opening
            if self._datasets.urls:
                with self._stop.at_once():
                    self._datasets.look_up(self.settings)
            if self.settings.rebuild or not os.path.exists(self.summary.shelf):
                self._workers()
            recipe = self._recipe()
            self.shelf = opening.enter_context(open_to_fill(self.summary.shelf))
            filled = self.shelf.catalogue is not None and self.shelf.catalogue.meta("recipe")
            if self.settings.rebuild:
                self.shelf.rebuild(recipe)
            else:
                self.shelf.adopt(recipe)
            self.catalogue = self.shelf.whole_catalogue()
            ended = self.catalogue.meta(IDENTIFIED) in {"yes", "nearly", "stopped"}
            died = bool(filled) and not ended  # the run before this one
            self._suspicion = Suspicion(self.catalogue, self.settings.time_limit_s, careful=died)
            if self.catalogue.is_empty():
                self._workers()
            self._cleanup = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._reading:
                with suppress(ShelfError):  # a full disk: the next run is careful without need
                    self._suspicion.lift()
                    self.catalogue.set_meta(IDENTIFIED, "stopped")
        finally:
            self._cleanup.__exit__(kind, error, trace)

    def survey(self) -> Survey:
        """Walk the datasets and compare them with the shelf; decode nothing, change nothing.

        Raises DatasetError if a dataset has lost more than half of its pictures.
        """
        surveying = Surveying(self._datasets, self.shelf, self.settings, self._path)
        with self._stop.at_once():
            self.found = surveying.all()
        self.summary.unchanged = self.found.same
        self.summary.skipped = len(self.found.still_skipped)
        self.summary.skips = [Skipped(name, reason) for name, reason in surveying.skips()]
        self.summary.links = self.found.links
        self.summary.unlisted = [
            Skipped(self.shelf.path_of(os.fsdecode(name)), why) for name, why in self.found.unlisted
        ]
        if self.found.others:
            self.summary.others["seen before"] = self.found.others
        return self.found

    def batches(self, advance: Callable[[int], object] = lambda _: None) -> Iterator[Batch]:
        """Decode and hash what is to be read; yield it in batches, for `remember`.

        `advance` is told the number of files answered since its last call. Raises Stopped after
        the open batch when the user stops the run.
        """
        if not self.found.to_read:
            return
        from imageshelf.indexing import batches as pipeline

        before = self.catalogue.meta(IDENTIFIED)
        if before is not None:  # else the shelf is new: one write spared
            self.catalogue.set_meta(IDENTIFIED, "no")
        # Other hashes than row hashes may differ where pixels are equal.
        self._shared = before not in {None, "yes"} or self.settings.hash != DEFAULT
        self._reading = True
        for turn in self._suspicion.turns(self.found.to_read):
            answers = self._answers(turn)
            for batch in pipeline.batches(answers, self._name, self._stop, advance):
                batch.last &= turn.only
                for entry in list(batch.entries):
                    twins = self.found.twins.get(entry.name, ())
                    batch.entries += [entry._replace(name=name) for name in twins]
                for skip in list(batch.skips):
                    twins = self.found.twins.get(skip.name, ())
                    batch.skips += [skip._replace(name=name) for name in twins]
                yield batch

    def remember(self, batch: Batch) -> None:
        """Write a batch in one transaction, durably; with the last one goes the end of the run."""
        with self.catalogue.at_once():
            added = self.catalogue.add(batch.entries, batch.skips)
            self._shared |= added.shared
            if batch.last and not (self._shared or self.found.moved or self.found.vanished):
                self._end("yes")
        self.summary.new += added.new
        self.summary.changed += added.changed
        for skip in batch.skips:
            if skip.other:
                self.summary.others[skip.other] += 1
            else:
                self.summary.skipped += 1
                self.summary.skips.append(Skipped(os.fsdecode(skip.name), skip.reason))
        self._stop.check()

    def settle(self) -> None:
        """Let moved pictures keep their hashes and vanished ones leave; count what is there."""
        gone = self._gone()
        moves = [
            (old, new, status)
            for old, new in self.found.moved
            if (status := self._status(new)) is not None
        ]
        if moves:
            self.catalogue.rename(moves)
        if gone:
            self.catalogue.forget(known.name for known in gone)
        self.summary.moved = len(moves)
        self.summary.vanished = sum(known.state == PICTURE for known in gone)
        self.summary.kept = len(self.found.vanished) - len(gone)
        self.summary.pictures = self.catalogue.pictures()

    def identify(self, tell: Callable[[float], object] = lambda _: None) -> int:
        """Digest new pictures that look like another, so that no search has to; return how many.

        `tell` is told the share that is done. A run that was stopped before leaves this to the
        next one.
        """
        before = self.catalogue.meta(IDENTIFIED)
        if not self._reading and before in {"yes", "nearly"}:
            if self._unnoted():
                self._end(before)
            return 0
        from imageshelf.indexing.digesting import Identifying

        step = Identifying(
            self.catalogue, self._suspicion, self._stop, self._workers, self._path,
            self.settings.memory_limit_mb, self._datasets.may_read,
        )  # fmt: skip
        step.all(tell)
        self.summary.undigested = [
            Skipped(names.to_text(name), why) for name, why in sorted(step.lost)
        ]
        with self.catalogue.at_once():
            step.keep()
            self._suspicion.lift()
            self._end("nearly" if step.lacking else "yes")
        return step.number

    # -- how ------------------------------------------------------------------------------------

    def _gone(self) -> list[Known]:
        if self.settings.allow_vanished or not self.found.vanished:
            return self.found.vanished
        from imageshelf.indexing import moved_and_gone as vanishing

        unlisted = [folder for folder, _ in self.found.unlisted]
        return vanishing.gone(self.found.vanished, unlisted, self.found.renumbered, self._path)

    def _memory_note(self) -> dict[str, str]:
        """Return the note that lets a search read pictures as large as the largest here."""
        limit = self.settings.memory_limit_mb
        before = self.catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
        return {MEMORY_NOTE: str(limit)} if limit > before else {}

    def _end(self, identified: str) -> None:
        """Note that this run has come to its end, over these datasets."""
        self.catalogue.end_run(self._unnoted(), {IDENTIFIED: identified} | self._memory_note())
        self._reading = False

    def _unnoted(self) -> list[tuple[bytes, int]]:
        """Return the datasets (name, device) not yet remembered as indexed to their end.

        Nothing is ever set aside into a dataset.
        """
        noted = {one.name for one in self.catalogue.datasets() if one.completed_ns is not None}
        named = {names.to_bytes(self.shelf.name_of(root)): root for root in self._datasets.roots}
        return [
            (name, self._datasets.device(root)) for name, root in named.items() if name not in noted
        ]

    def _workers(self) -> Mapper[Any, Any]:
        if self._mapper is None:
            from imageshelf.indexing.choose_workers import staff

            work = WORK_NUMPY if self.settings.hash in NEED_NUMPY else WORK
            self._mapper = self._cleanup.enter_context(
                staff(work, self.settings, self._datasets.roots, self._stop)
            )
        return self._mapper

    def _recipe(self) -> Recipe:
        """Return how keys are made here: a worker says so, if it spares us from loading Pillow."""
        from imageshelf.pictures.recipe import Recipe, RecipeChoices, current_recipe

        wanted = RecipeChoices(self.settings.hash, self.settings.full_decode)
        elsewhere = self.settings.jobs == 0 or self.settings.scheduler
        if self._mapper is not None and not elsewhere and PILLOW not in sys.modules:
            answer: object = None
            with suppress(WorkerError), self._stop.at_once():  # who needs workers will hear of it
                ((_, answer),) = self._mapper([wanted])
            if isinstance(answer, Recipe):  # else it was lost, for want of memory perhaps
                return answer
        return current_recipe(**wanted._asdict())

    def _answers(self, turn: Turn) -> Iterator[Answer]:
        from imageshelf.pictures.tasks import Task

        settings = self.settings
        how = settings.full_decode, settings.memory_limit_mb, settings.hash
        tasks = (
            Task(self._noted(name), size_bytes, mtime_ns, *how)
            for name, size_bytes, mtime_ns in turn.files
        )
        if turn.culprit:
            return ((task, Lost(REASON, lasting=True)) for task in tasks)
        if self._datasets.folders:
            from imageshelf.indexing import remote

            return remote.within(tasks, self.settings.memory_limit_mb * 10**6, self._workers())
        from imageshelf.workers import bundling

        jobs = cores() if settings.jobs is None else settings.jobs
        few = len(self.found.to_read) < bundling.FEWEST_FILES_PER_WORKER * jobs
        if few or jobs == 0 or settings.scheduler or settings.full_decode or not turn.only:
            return self._workers()(tasks)
        return bundling.mapped(self._workers(), tasks)

    def _status(self, name: bytes) -> os.stat_result | None:
        """Return the status of a file; None when it has gone on since the walk."""
        path = self._path(name)
        if self._datasets.folders and isinstance(path, Url):
            return os.stat_result((0, 0, 0, 1, *(0,) * 6))
        try:
            return os.stat(path, follow_symlinks=False)
        except OSError:
            return None

    def _path(self, name: bytes) -> str:
        return names.native(self.shelf.path_of(names.to_text(name)))

    def _name(self, path: str) -> bytes:
        name = self._under_way.pop(path, None)  # some drives list a file twice
        return names.to_bytes(self.shelf.name_of(path)) if name is None else name

    def _noted(self, name: bytes) -> str:
        path = self._path(name)
        self._under_way[path] = name
        return path


def index(
    dataset: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    shelve: str | os.PathLike[str] = "db.shelve",
    settings: Settings | None = None,
) -> Summary:
    """Put every picture below the datasets onto the shelf and return what was done.

    The same as `index.py`, without a word printed. Raises IndexingError or Stopped.
    """
    with Indexing(dataset, shelve, settings) as run:
        run.survey()
        for batch in run.batches():
            run.remember(batch)
        run.settle()
        run.identify()
    return run.summary
