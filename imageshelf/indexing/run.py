"""One run of `index.py`, step by step.

    with Indexing("photos", "db.shelve", Settings()) as run:
        outcome = run.survey()             # walk the folders, compare with the shelf
        for batch in run.batches():        # worker processes decode, this one hashes
            run.remember(batch)            # one crash-safe transaction
        run.settle()                       # what has moved or vanished
        run.find_points()                  # with --pieces: keypoints that earlier runs left out
        run.finish()                       # the run has ended in order
    print(run.summary)

Every step leaves the shelf whole: a run may be killed anywhere, and the next one continues.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

from imageshelf.hashing.hash_names import BITS, DEFAULT, NEED_NUMPY
from imageshelf.indexing.comparison import PICTURES, Known, Survey
from imageshelf.indexing.counts import Skipped, Summary
from imageshelf.indexing.datasets import Datasets
from imageshelf.indexing.points import PointRun
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.indexing.survey import Surveying
from imageshelf.indexing.suspects import REASON, Round, SuspectList
from imageshelf.shelf import ShelfError, names, open_to_fill
from imageshelf.system.deprecation import renamed_parameters
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE
from imageshelf.system.paths import Url
from imageshelf.system.process import cores
from imageshelf.system.progress import bar, in_notebook
from imageshelf.system.signals import stopping
from imageshelf.workers import starting
from imageshelf.workers.jobs import Lost, WorkerError

if TYPE_CHECKING:
    from imageshelf.indexing.batches import Answer, Batch
    from imageshelf.pictures.recipe import Recipe
    from imageshelf.workers.pool import Mapper

# A note on the shelf: has the last run ended? "no" during a run and after one that died; "stopped"
# after one that stopped in order. Its name, and "nearly" for yes, are those of 0.1.0.
ENDED, YES = "identified", "yes"
# The work of workers, by name: they start before their parent imports Pillow.
WORK, WORK_NUMPY = f"{starting.WORK_MODULE}:work", "imageshelf.workers.work_numpy:work"
WORK_POINTS = "imageshelf.workers.work_points:work"
PILLOW = "PIL.Image"  # 30 ms to load
IndexingError = (DatasetError, ShelfError, WorkerError)  # the errors of a run, each one sentence


class Indexing:
    """One index run over some datasets onto one shelf; a context manager.

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
        if self.settings.pieces and self.settings.hash != DEFAULT:
            raise ValueError(f"expected {DEFAULT} with pieces, not {self.settings.hash}")
        self.summary = Summary(shelf=os.fspath(shelve))
        self.outcome = Survey()
        self._mapper: Mapper[Any, Any] | None = None
        self._reading = False  # files are being read: this run has not ended
        self._under_way: dict[str, bytes] = {}  # path -> name of files being read

    def __enter__(self) -> Self:
        """Check the datasets and open the shelf; for a new shelf, start the workers first."""
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
            ended = self.catalogue.meta(ENDED) in {YES, "nearly", "stopped"}
            died = bool(filled) and not ended  # the previous run
            self.points = PointRun(self.shelf, self.settings)
            self._suspects = SuspectList(self.catalogue, self.settings.time_limit_s, careful=died)
            if self.catalogue.is_empty():
                self._workers()
            self._cleanup = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._reading:
                with suppress(ShelfError):  # a full disk: the next run is needlessly careful
                    self._suspects.lift()
                    self.catalogue.set_meta(ENDED, "stopped")
        finally:
            self._cleanup.close()

    def survey(self) -> Survey:
        """Walk the datasets and compare them with the shelf; decode and change nothing.

        Raises DatasetError if a dataset has lost more than half of its pictures.
        """
        surveying = Surveying(self._datasets, self.shelf, self.settings, self._path)
        with self._stop.at_once():
            self.outcome = surveying.all()
        self._datasets.check_still_there()
        self.summary.unchanged = self.outcome.same
        self.summary.skipped = len(self.outcome.still_skipped)
        self.summary.skips = [Skipped(name, reason) for name, reason in surveying.skips()]
        self.summary.links = self.outcome.links
        self.summary.unlisted = [
            Skipped(self.shelf.path_of(os.fsdecode(name)), why)
            for name, why in self.outcome.unlisted
        ]
        self.summary.passed_over = [
            Skipped(self.shelf.path_of(os.fsdecode(name.rstrip(b"/"))), kind)
            for name, kind in self.outcome.passed_over
        ]
        if self.outcome.others:
            self.summary.others["seen before"] = self.outcome.others
        return self.outcome

    def batches(self, progress: Callable[..., object] = lambda *_: None) -> Iterator[Batch]:
        """Decode and hash the files to be read; yield them in batches, for `remember`.

        `progress` is called with the numbers of files and of bytes read since its last call.
        Raises Stopped after the open batch when the user stops the run.
        """
        if not self.outcome.to_read:
            return
        from imageshelf.indexing import batches

        if self.catalogue.meta(ENDED) is not None:  # a new shelf is spared this write
            self.catalogue.set_meta(ENDED, "no")
        self._reading = True
        for this_round in self._suspects.rounds(self.outcome.to_read):
            answers = self._answers(this_round)
            for batch in batches.batches(answers, self._name, self._stop, progress):
                batch.last &= this_round.only
                for entry in list(batch.entries):
                    twins = self.outcome.twins.get(entry.name, ())
                    batch.entries += [entry._replace(name=name) for name in twins]
                for skip in list(batch.skips):
                    twins = self.outcome.twins.get(skip.name, ())
                    batch.skips += [skip._replace(name=name) for name in twins]
                yield batch

    def remember(self, batch: Batch) -> None:
        """Write a batch in one durable transaction; the last one records the end of the run too."""
        with_points = (entry.name for entry in batch.entries if entry.points)
        with self.catalogue.transaction():
            with self.points.noted(with_points):
                added = self.catalogue.add(batch.entries, batch.skips)
            unsettled = self.outcome.moved or self.outcome.vanished
            if batch.last and not unsettled and self._datasets.are_there():
                self._end()
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
        """Rename moved pictures, remove vanished ones, and count the pictures on the shelf."""
        self._datasets.check_still_there()
        gone = self._gone()
        moves = [
            (old, new, status)
            for old, new in self.outcome.moved
            if (status := self._status(new)) is not None
        ]
        if moves:
            self.catalogue.rename(moves)
        if self.outcome.by_header:
            self.catalogue.note_headers(self.outcome.by_header)
        if gone:
            self.catalogue.forget(known.name for known in gone)
        self.summary.moved = len(moves)
        self.summary.vanished = sum(known.state in PICTURES for known in gone)
        self.summary.kept = len(self.outcome.vanished) - len(gone)
        self.summary.pictures = self.catalogue.pictures()

    def find_points(self, *, quiet: bool = True) -> None:
        """With `--pieces`, find the keypoints of pictures that earlier runs read without them.

        Also brings the index over all keypoints up to date. Shows progress unless `quiet`.
        """
        if not self.points.wanted:
            return
        roots = [root for root in self._datasets.roots if not isinstance(root, Url)]
        counts = self.points.complete(roots, self._workers, self._stop, quiet=quiet)
        self.summary.with_points, self.summary.without_points = counts
        self.summary.points_refusals = self.points.refusals
        self.summary.points_problem = self.points.problem

    def finish(self) -> None:
        """Record that the run has ended in order; raises DatasetError if a dataset went away."""
        self._datasets.check_still_there()
        if not self._reading and self.catalogue.meta(ENDED) in {YES, "nearly"}:
            if self._unnoted():
                self._end()
            return
        with self.catalogue.transaction():
            self._suspects.lift()
            self._end()

    # -- how ------------------------------------------------------------------------------------

    def _gone(self) -> list[Known]:
        if self.settings.allow_vanished or not self.outcome.vanished:
            return self.outcome.vanished
        from imageshelf.indexing import moved_and_gone

        unlisted = [folder for folder, _ in self.outcome.unlisted]
        return moved_and_gone.gone(
            self.outcome.vanished, unlisted, self.outcome.renumbered, self._path
        )

    def _memory_note(self) -> dict[str, str]:
        """Return the note that lets a search read pictures as large as this run may."""
        limit = self.settings.memory_limit_mb
        before = self.catalogue.number(MEMORY_NOTE, MEMORY_LIMIT_MB)
        return {MEMORY_NOTE: str(limit)} if limit > before else {}

    def _end(self) -> None:
        """Record that this run over these datasets has ended."""
        self.catalogue.end_run(self._unnoted(), {ENDED: YES} | self._memory_note())
        self._reading = False

    def _unnoted(self) -> list[tuple[bytes, int]]:
        """Return the datasets (name, device) not yet recorded as completely indexed.

        A clean-up sets nothing aside into a recorded dataset.
        """
        noted = {
            known.name for known in self.catalogue.datasets() if known.completed_ns is not None
        }
        named = {names.to_bytes(self.shelf.name_of(root)): root for root in self._datasets.roots}
        return [
            (name, self._datasets.device(root)) for name, root in named.items() if name not in noted
        ]

    def _workers(self) -> Mapper[Any, Any]:
        if self._mapper is None:
            from imageshelf.indexing.choose_workers import choose_workers

            work = WORK_POINTS if self.settings.pieces else WORK
            work = WORK_NUMPY if self.settings.hash in NEED_NUMPY else work
            self._mapper = self._cleanup.enter_context(
                choose_workers(work, self.settings, self._datasets.roots, self._stop)
            )
        return self._mapper

    def _recipe(self) -> Recipe:
        """Return the recipe of this machine; ask a worker if that saves loading Pillow here."""
        from imageshelf.pictures.recipe import Recipe, RecipeChoices, current_recipe

        wanted = RecipeChoices(self.settings.hash, self.settings.full_decode)
        elsewhere = self.settings.jobs == 0 or self.settings.scheduler
        if self._mapper is not None and not elsewhere and PILLOW not in sys.modules:
            answer: object = None
            with (
                suppress(WorkerError),
                self._stop.at_once(),
            ):  # the error comes again when workers are needed
                ((_, answer),) = self._mapper([wanted])
            if isinstance(answer, Recipe):  # else the worker died, perhaps for lack of memory
                return answer
        return current_recipe(**wanted._asdict())

    def _answers(self, this_round: Round) -> Iterator[Answer]:
        from imageshelf.pictures.tasks import STORED, Task

        settings = self.settings
        points = STORED if self.points.wanted else ""
        how = settings.full_decode, settings.memory_limit_mb, settings.hash, points
        tasks = (
            Task(self._noted(name), size_bytes, mtime_ns, *how)
            for name, size_bytes, mtime_ns in this_round.files
        )
        if this_round.culprit:
            return ((task, Lost(REASON, lasting=True)) for task in tasks)
        if self._datasets.folders:
            from imageshelf.indexing import remote

            return remote.within(tasks, self.settings.memory_limit_mb * 10**6, self._workers())
        from imageshelf.workers import bundling

        jobs = cores() if settings.jobs is None else settings.jobs
        few = len(self.outcome.to_read) < bundling.FEWEST_FILES_PER_WORKER * jobs
        if few or jobs == 0 or settings.scheduler or settings.full_decode or not this_round.only:
            return self._workers()(tasks)
        return bundling.mapped(self._workers(), tasks)

    def _status(self, name: bytes) -> os.stat_result | None:
        """Return a file's status, or None if it has moved since the walk."""
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


@renamed_parameters(shelve="shelf")
def index(
    dataset: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    shelf: str | os.PathLike[str] = "db.shelve",
    settings: Settings | None = None,
    *,
    show_progress: bool | None = None,
    **keywords: Any,
) -> Summary:
    """Put every picture below the datasets onto the shelf; return what was done.

    The same as `index.py`, but prints nothing; progress is shown in a notebook, or as told. The
    fields of Settings are options by name, as in `jobs=2`. Raises IndexingError or Stopped.
    """
    settings = settings or Settings(**keywords)
    quiet = not (in_notebook() if show_progress is None else show_progress)
    with Indexing(dataset, shelf, settings) as run:
        found = run.survey()
        with bar(len(found.to_read), "picture", "reading", quiet=quiet) as progress:
            for batch in run.batches(progress):
                run.remember(batch)
        run.settle()
        run.find_points(quiet=quiet)
        run.finish()
    return run.summary
