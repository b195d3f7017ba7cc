"""Merges shelves: takes over pictures, skips and decisions without decoding anything.

    summary = merge("/mnt/disk/db.shelve", "db.shelve")
    print(summary.new, summary.clashes)

The other shelf is only read, and read completely before anything is written, so that a damaged or
hostile one changes nothing. Then batches follow, each a crash-safe transaction. Merging again
writes the same, so the next merge completes one that was cut off.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from imageshelf.pictures.recipe import Recipe
from imageshelf.shelf import (
    Shelf,
    changes,
    creating,
    export,
    merge_rows,
    names,
    not_duplicates,
    open_shelf,
)
from imageshelf.shelf.export import StoredPicture
from imageshelf.shelf.merge_rows import Clash
from imageshelf.shelf.records import Skip
from imageshelf.system.program import typed
from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import stopping
from imageshelf.system.words import shown

CHUNKS_PER_WRITE = 2  # chunks of 4,096 pictures in one transaction
READING_SHARE = 0.4  # share of the time that reading takes


class MergeError(SentenceError):
    """Two shelves that cannot be merged, in one sentence: why, and what to do."""


@dataclass
class MergeSummary:
    """What a merge did; `pictures == new + same + len(clashes)`."""

    other: str
    shelf: str
    pictures: int = 0  # on the other shelf
    new: int = 0
    same: int = 0  # known here, with the same content
    clashes: list[Clash] = field(default_factory=list)
    skips: int = 0  # that were not known here
    not_duplicates: int = 0  # pairs that were not known here
    by_hand: int = 0  # names written by hand on the other shelf, and not known here
    moved_from: str = ""  # the folder where the other shelf was filled, if it has moved
    in_all: int = 0  # pictures on the shelf now


class Merging:
    """One merge; a context manager.

    Raises MergeError or ShelfError, each with a sentence for the user, or Stopped.
    """

    def __init__(
        self, other: str | os.PathLike[str], shelve: str | os.PathLike[str] = "db.shelve"
    ) -> None:
        self.summary = MergeSummary(os.fspath(other), os.fspath(shelve))

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

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def read(self, progress: Callable[[float], object] = lambda _: None) -> None:
        """Read the other shelf from end to end; change nothing.

        `progress` is called with the share of the whole merge that is complete.
        """
        theirs = self.other.whole_catalogue()
        self._expected = max(theirs.counts().pictures, 1)
        with self._stop.at_once():
            for page in export.pages(theirs.db):
                for picture in page:
                    self._renamed(picture.entry.name)
                self.summary.pictures += len(page)
                progress(READING_SHARE * min(1, self.summary.pictures / self._expected))
            for skips in export.skips(theirs.db):
                for skip in skips:
                    self._renamed(skip.name)
            self._by_hand = [
                (names.to_bytes(key), self._renamed(names.to_bytes(name)))
                for key, listed in self.other.hand_written()
                for name in listed
            ]
            self._decided = not_duplicates.remembered(self.other)
            self._datasets = [
                (self._renamed(dataset.name), dataset.device)
                for dataset in theirs.datasets()
                if dataset.completed_ns is not None and isinstance(dataset.name, bytes)
            ]
        noted = theirs.meta("folder")
        if noted and names.absolute(noted) != self.other.folder:
            self.summary.moved_from = noted

    def write(self, progress: Callable[[float], object] = lambda _: None) -> None:
        """Write what was read, batch by batch."""
        summary = self.summary
        with open_shelf(summary.shelf, "c") as shelf:
            self._refuse_other(shelf.recipe)
            shelf.adopt(shelf.recipe or self._recipe)
            catalogue, db = shelf.whole_catalogue(), shelf.whole_catalogue().db
            read = 0
            for batch in self._stop.watch(self._batches()):
                taken = merge_rows.take(db, batch)
                summary.new += taken.new
                summary.same += taken.same
                summary.clashes += taken.clashes
                read += len(batch)
                progress(READING_SHARE + (1 - READING_SHARE) * min(1, read / self._expected))
                self._stop.check()
            summary.pictures = read  # another program may have changed it since
            for skips in self._stop.watch(self._skips()):
                summary.skips += merge_rows.take_skips(db, skips)
            summary.by_hand = changes.note_by_hand(db, self._by_hand) if self._by_hand else 0
            pairs, sizes = self._decided
            if pairs:
                known = not_duplicates.remembered(shelf)[1]
                catalogue.set_meta(not_duplicates.FOUND_BY, not_duplicates.packed(sizes | known))
                summary.not_duplicates = merge_rows.take_not_duplicates(db, pairs)
            noted = {dataset.name for dataset in catalogue.datasets()}
            if new := [dataset for dataset in self._datasets if dataset[0] not in noted]:
                catalogue.end_run(new, {})
            summary.in_all = catalogue.counts().pictures

    # -- how ------------------------------------------------------------------------------------

    def _their_recipe(self) -> Recipe:
        recipe = self.other.recipe
        if recipe is None:
            raise MergeError(
                f"{shown(self.summary.other)} does not say how its keys were made, so they cannot "
                f"be merged: index its pictures with {typed('index')}"
            )
        return recipe

    def _refuse_other(self, ours: Recipe | None) -> None:
        if ours is not None and (why := _difference(ours, self._recipe)):
            raise MergeError(
                f"{shown(self.summary.other)} cannot be merged into {shown(self.summary.shelf)}: "
                f"{why}. Index one of them again with --rebuild, made like the other"
            )

    def _batches(self) -> Iterator[list[StoredPicture]]:
        batch: list[StoredPicture] = []
        pages = export.pages(self.other.whole_catalogue().db)
        for number, page in enumerate(pages, 1):
            batch += [
                picture._replace(
                    entry=picture.entry._replace(name=self._renamed(picture.entry.name))
                )
                for picture in page
            ]
            if number % CHUNKS_PER_WRITE == 0:
                yield batch
                batch = []
        if batch:
            yield batch

    def _skips(self) -> Iterator[list[Skip]]:
        for skips in export.skips(self.other.whole_catalogue().db):
            yield [skip._replace(name=self._renamed(skip.name)) for skip in skips]

    def _renamed(self, name: bytes) -> bytes:
        """Return the name on our shelf of what the other shelf calls `name`."""
        if b"\0" in name:  # one that was written by hand
            self.other.path_of(names.to_text(name))
        return names.to_bytes(names.moved(names.to_text(name), self.other.folder, self._folder))


def _difference(ours: Recipe, theirs: Recipe) -> str:
    """Return why hashes made by two recipes cannot be mixed, or ""."""
    for field_, words in (("hash", "{} hashes"), ("bits", "{} bits"), ("decode", "{} decoding")):
        here, there = (words.format(getattr(which, field_)) for which in (ours, theirs))
        if here != there:
            return f"its pictures were hashed with {shown(there)}, ours with {here}"
    if ours.canary == theirs.canary:
        return ""
    here, there = (f"Pillow {r.pillow}, ImageHash {r.imagehash}" for r in (ours, theirs))
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
    progress: Callable[[float], object] = lambda _: None,
) -> MergeSummary:
    """Merge another shelf into this one, creating it if needed; return what was done.

    The same as `imageshelf merge`, without a word printed.
    """
    with Merging(other, shelve) as run:
        run.read(progress)
        run.write(progress)
    return run.summary
