"""Taking over what another shelf knows: pictures, skips and decisions, without decoding anything.

    summary = merge("/mnt/disk/db.shelve", "db.shelve")
    print(summary.new, summary.clashes)

The other shelf is only read. It is read through before the first word is written, so one that is
damaged or hostile changes nothing; then batches follow, each a crash-safe transaction. Whatever
was written is the same when the merge is begun again, so a merge that was cut off is completed by
the next one.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from imageshelf.shelf import Shelf, changes, creating, names, open_shelf
from imageshelf.shelf import export as entries
from imageshelf.shelf import merge_rows as merges
from imageshelf.shelf import not_duplicates as decisions
from imageshelf.shelf.errors import shown
from imageshelf.system.signals import stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from imageshelf.pictures.recipe import Recipe
    from imageshelf.shelf.export import Standing
    from imageshelf.shelf.merge_rows import Clash
    from imageshelf.shelf.records import Skip

IDENTIFIED = "identified"  # see indexing: pictures with equal keys are compared by its next run
TOGETHER = 2  # chunks of 4,096 pictures in one transaction
READING = 0.4  # share of the time that reading through takes


class MergeError(Exception):
    """Two shelves that cannot be merged; one sentence that says why and what to do."""


@dataclass
class Summary:
    """What a merge did; `pictures == new + same + len(clashes)`."""

    other: str
    shelf: str
    pictures: int = 0  # on the other shelf
    new: int = 0
    same: int = 0  # known here with the same content
    clashes: list[Clash] = field(default_factory=list)
    skips: int = 0  # that were not known here
    not_duplicates: int = 0  # pairs that were not known here
    by_hand: int = 0  # names that somebody wrote onto the other shelf, and that were not here
    moved_from: str = ""  # the folder in which the other shelf was filled, if it lies elsewhere now
    in_all: int = 0  # pictures on the shelf now


class Merging:
    """One merge; a context manager.

    Raises MergeError or ShelfError, each with a sentence for the user, and Stopped.
    """

    def __init__(
        self, other: str | os.PathLike[str], shelve: str | os.PathLike[str] = "db.shelve"
    ) -> None:
        self.summary = Summary(os.fspath(other), os.fspath(shelve))

    def __enter__(self) -> Self:
        """Open the other shelf."""
        with ExitStack() as opening:
            self._stop = opening.enter_context(stopping())
            self.other: Shelf = opening.enter_context(open_shelf(self.summary.other))
            if _is_one_file(self.summary.other, self.summary.shelf):
                raise MergeError(f"{shown(self.summary.other)} is this shelf itself: name another")
            self._recipe = self._their_recipe()
            self._folder = os.path.dirname(names.absolute(self.summary.shelf))
            creating.check_path(names.absolute(self.summary.shelf), new=True)
            if _holds_anything(self.summary.shelf):
                with open_shelf(self.summary.shelf) as ours:
                    self._refuse_other(ours.recipe)
            self._cleanup = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.__exit__(kind, error, trace)

    def read(self, done: Callable[[float], object] = lambda _: None) -> None:
        """Read the other shelf from end to end, and change nothing.

        `done` is told the share of the whole work that is done.
        """
        theirs = self.other.whole_catalogue()
        self._expected = max(theirs.counts().pictures, 1)
        with self._stop.at_once():
            for page in entries.pages(theirs._db):  # noqa: SLF001 - this is the shelf's side, too
                for one in page:
                    self._renamed(one.entry.name)
                self.summary.pictures += len(page)
                done(READING * min(1, self.summary.pictures / self._expected))
            for skips in entries.skips(theirs._db):  # noqa: SLF001 - as above
                for skip in skips:
                    self._renamed(skip.name)
            self._by_hand = [
                (names.to_bytes(key), self._renamed(names.to_bytes(name)))
                for key, listed in self.other.foreign()
                for name in listed
            ]
            self._decided = decisions.remembered(self.other)
            self._datasets = [
                (self._renamed(one.name), one.device)
                for one in theirs.datasets()
                if one.completed_ns is not None and isinstance(one.name, bytes)
            ]
        noted = theirs.meta("folder")
        if noted and names.absolute(noted) != self.other.folder:
            self.summary.moved_from = noted

    def write(self, done: Callable[[float], object] = lambda _: None) -> None:
        """Take over what was read, batch by batch."""
        summary = self.summary
        with open_shelf(summary.shelf, "c") as shelf:
            self._refuse_other(shelf.recipe)
            shelf.adopt(shelf.recipe or self._recipe)
            catalogue, db = shelf.whole_catalogue(), shelf.whole_catalogue()._db  # noqa: SLF001
            if catalogue.meta(IDENTIFIED) in {None, "yes"}:  # there may be equal keys now
                catalogue.set_meta(IDENTIFIED, "stopped")
            read = 0
            for batch in self._stop.watch(self._batches()):
                taken = merges.take(db, batch)
                summary.new += taken.new
                summary.same += taken.same
                summary.clashes += taken.clashes
                read += len(batch)
                done(READING + (1 - READING) * min(1, read / self._expected))
                self._stop.check()
            summary.pictures = read  # another program may have changed it since
            for skips in self._stop.watch(self._skips()):
                summary.skips += merges.take_skips(db, skips)
            summary.by_hand = changes.note_by_hand(db, self._by_hand) if self._by_hand else 0
            pairs, sizes = self._decided
            if pairs:
                known = decisions.remembered(shelf)[1]
                catalogue.set_meta(decisions.SIZES, json.dumps(sorted(sizes | known)))
                summary.not_duplicates = merges.take_not_duplicates(db, pairs)
            noted = {one.name for one in catalogue.datasets()}
            if new := [one for one in self._datasets if one[0] not in noted]:
                catalogue.end_run(new, {})
            summary.in_all = catalogue.counts().pictures

    # -- how ------------------------------------------------------------------------------------

    def _their_recipe(self) -> Recipe:
        recipe = self.other.recipe
        if recipe is None:
            raise MergeError(
                f"{shown(self.summary.other)} does not say how its keys were made, so they cannot "
                "be merged: index its pictures with index.py"
            )
        return recipe

    def _refuse_other(self, ours: Recipe | None) -> None:
        if ours is not None and (why := _difference(ours, self._recipe)):
            raise MergeError(
                f"{shown(self.summary.other)} cannot be merged into {shown(self.summary.shelf)}: "
                f"{why}. Index one of them again with --rebuild, made like the other"
            )

    def _batches(self) -> Iterator[list[Standing]]:
        batch: list[Standing] = []
        pages = entries.pages(self.other.whole_catalogue()._db)  # noqa: SLF001 - as above
        for number, page in enumerate(pages, 1):
            batch += [
                one._replace(entry=one.entry._replace(name=self._renamed(one.entry.name)))
                for one in page
            ]
            if number % TOGETHER == 0:
                yield batch
                batch = []
        if batch:
            yield batch

    def _skips(self) -> Iterator[list[Skip]]:
        for skips in entries.skips(self.other.whole_catalogue()._db):  # noqa: SLF001 - as above
            yield [skip._replace(name=self._renamed(skip.name)) for skip in skips]

    def _renamed(self, name: bytes) -> bytes:
        """Return a name of the other shelf as it is on ours; ShelfError for one with a NUL."""
        if b"\0" in name:  # one that was written by hand
            self.other.path_of(names.to_text(name))
        return names.to_bytes(names.moved(names.to_text(name), self.other.folder, self._folder))


def _difference(ours: Recipe, theirs: Recipe) -> str:
    """Return in which way hashes were made that cannot stand side by side; "" if they can."""
    for field_, words in (("hash", "{} hashes"), ("bits", "{} bits"), ("decode", "{} decoding")):
        here, there = (words.format(getattr(which, field_)) for which in (ours, theirs))
        if here != there:
            return f"its pictures were hashed with {shown(there)}, ours with {here}"
    if ours.canary == theirs.canary:
        return ""
    here, there = (f"Pillow {one.pillow}, ImageHash {one.imagehash}" for one in (ours, theirs))
    return f"{shown(there)} hashed its pictures and make other bits than ours, {here}"


def _holds_anything(path: str) -> bool:
    try:
        return os.path.getsize(path) > 0
    except OSError:
        return False


def _is_one_file(a: str, b: str) -> bool:
    try:
        return os.path.samefile(a, b)
    except OSError:
        return False


def merge(
    other: str | os.PathLike[str],
    shelve: str | os.PathLike[str] = "db.shelve",
    done: Callable[[float], object] = lambda _: None,
) -> Summary:
    """Merge another shelf into this one, which is made if it is not there; return what was done.

    The same as `python -m imageshelf merge`, without a word printed.
    """
    with Merging(other, shelve) as run:
        run.read(done)
        run.write(done)
    return run.summary
