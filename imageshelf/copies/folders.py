"""Folders and what they have in common: how much of each is elsewhere, too, and where.

    with open_shelf("db.shelve") as shelf:
        for folder in compare_folders(shelf, find_groups(shelf)):
            print(folder.path, folder.copied, "of", folder.pictures, "are in", folder.nearest)

A picture is elsewhere if a copy of it, identical, turned or near, lies outside of the folder and of
everything below it. What is counted are sets of folders that share copies, of which there
are few, not pictures.
"""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.shelf import Shelf, names
from imageshelf.system.paths import Url, located

if TYPE_CHECKING:
    from imageshelf.copies.groups import Duplicates, Group

DEEPEST = 256  # folders in folders; a name on a sent shelf can hold thousands
NAMED_FOLDERS = 64  # a picture that lies in more of them says nothing about any two


class Tally(NamedTuple):
    """A number of pictures, and the bytes of their files."""

    pictures: int = 0
    size_bytes: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sum."""
        return Tally(self.pictures + other.pictures, self.size_bytes + other.size_bytes)


class FolderCopies(NamedTuple):
    """A folder with all below it, and how much of that has copies outside of it.

    `nearest` is the folder that holds copies of most of them, the innermost if several do; "" if
    there is none to name. `nearest_pictures` says of how many.
    """

    path: str
    pictures: int
    size_bytes: int
    copied: int
    copied_bytes: int
    nearest: str
    nearest_pictures: int

    @property
    def is_contained(self) -> bool:
        """Whether `nearest` has a copy of everything in the folder."""
        return self.nearest_pictures == self.pictures


def compare_folders(
    shelf: Shelf, answer: Duplicates, below: Sequence[str] = (), min_size_bytes: int = 0
) -> list[FolderCopies]:
    """Return the folders of which something is elsewhere: contained ones first, then by bytes.

    `below` and `min_size_bytes` are those that the answer was asked with. Of nested folders that
    hold the same pictures the outermost is named; below a folder that is contained in another one,
    none is. Raises ShelfError.
    """
    tree = FolderTree(_roots(shelf, below))
    for folder, tally in _totals(shelf, below, min_size_bytes).items():
        tree.add(folder, tally)
    copies = Copies(tree)
    for places, tallies in _shared(answer).items():
        copies.add(places, tallies)
    return sorted(
        copies.listed(),
        key=lambda folder: (not folder.is_contained, -folder.copied_bytes, folder.path),
    )


def _totals(shelf: Shelf, below: Sequence[str], min_size_bytes: int) -> dict[str, Tally]:
    """Return what each folder holds itself."""
    inside = tuple(os.path.join(names.folder(folder), "") for folder in below)
    numbers: dict[str, int] = defaultdict(int)
    sizes: dict[str, int] = defaultdict(int)
    for name, size_bytes in shelf.whole_catalogue().sizes():
        path = shelf.path_of(names.to_text(name))
        if size_bytes >= min_size_bytes and (not inside or path.startswith(inside)):
            folder = parent(path)
            numbers[folder] += 1
            sizes[folder] += size_bytes
    return {folder: Tally(numbers[folder], sizes[folder]) for folder in numbers}


def _roots(shelf: Shelf, below: Sequence[str]) -> set[str]:
    """Return the folders asked for, or else those that were indexed: nothing above is told."""
    if below:
        return {_bare(names.folder(folder)) for folder in below}
    datasets = shelf.whole_catalogue().datasets()
    return {_bare(shelf.path_of(names.to_text(dataset.name))) for dataset in datasets}


def _bare(folder: str) -> str:
    return folder.rstrip("/" if isinstance(located(folder), Url) else os.sep) or folder


def parent(path: str) -> str:
    """Return the folder of a path, also of one that is a URL."""
    return posixpath.dirname(path) if isinstance(located(path), Url) else os.path.dirname(path)


def _shared(answer: Duplicates) -> Mapping[tuple[str, ...], list[Tally]]:
    """Return for every set of folders that share copies what each of them holds of these."""
    shared: dict[tuple[str, ...], list[Tally]] = {}
    for group in answer.groups:
        if not group.has_copies:
            continue
        held = _held(group)
        places = tuple(sorted(held))
        before = shared.get(places, [Tally()] * len(places))
        shared[places] = [
            tally.plus(held[place]) for tally, place in zip(before, places, strict=True)
        ]
    return shared


def _held(group: Group) -> dict[str, Tally]:
    held: dict[str, Tally] = defaultdict(Tally)
    for member in (group.keeper, *(member for member in group.members if member.match)):
        folder = parent(member.path)
        held[folder] = held[folder].plus(Tally(1, member.size_bytes))
    return held


class FolderTree:
    """The folders of a shelf, from those that were indexed down, each with what lies below it."""

    def __init__(self, roots: set[str]) -> None:
        self.roots = roots
        self.totals: dict[str, Tally] = defaultdict(Tally)
        self.children: dict[str, set[str]] = defaultdict(set)
        self._chains: dict[str, tuple[str, ...]] = {}

    def add(self, folder: str, tally: Tally) -> None:
        """Count what a folder holds itself, for it and for all above it."""
        for each in self.chain(folder):
            self.totals[each] = self.totals[each].plus(tally)

    def chain(self, folder: str) -> tuple[str, ...]:
        """Return a folder and those above it, up to the outermost that was indexed.

        One that lies too deep stands alone: each of those above it costs a name as long.
        """
        if folder not in self._chains:
            every = [folder]
            if folder.replace(os.sep, "/").count("/") <= DEEPEST:
                while (above := parent(every[-1])) not in {every[-1], ""}:
                    every.append(above)
            last = max((n for n, one in enumerate(every) if one in self.roots), default=0)
            self._chains[folder] = tuple(every[: last + 1])
            for below, above in pairwise(every[: last + 1]):
                self.children[above].add(below)
        return self._chains[folder]

    def inner(self, folder: str) -> set[str]:
        """Return the folders inside, without those that hold just the same pictures."""
        inside = self.children[folder]
        while len(inside) == 1 and self.totals[min(inside)] == self.totals[folder]:
            inside = self.children[min(inside)]
        return inside

    def outermost(self, folder: str, *, apart_from: str) -> str:
        """Return the outermost folder that holds just the same pictures and not another folder."""
        avoided = self.chain(apart_from)
        for above in self.chain(folder)[1:]:
            if self.totals[above] != self.totals[folder] or above in avoided:
                break
            folder = above
        return folder

    def tops(self) -> list[str]:
        """Return the outermost folders."""
        return sorted({chain[-1] for chain in self._chains.values()})


class Copies:
    """What has copies outside of each folder, and of how many of its pictures another has one."""

    def __init__(self, tree: FolderTree) -> None:
        self.tree = tree
        self.copied: dict[str, Tally] = defaultdict(Tally)
        self.common: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, places: Sequence[str], tallies: Sequence[Tally]) -> None:
        """Count pictures that each have a copy in all of these folders."""
        chains = [self.tree.chain(place) for place in places]
        holding = _sums(chains, tallies)
        in_all = {folder for folder in chains[0] if all(folder in chain for chain in chains)}
        named = len(places) <= NAMED_FOLDERS
        for folder in holding.keys() - in_all:
            self.copied[folder] = self.copied[folder].plus(holding[folder])
            if named:
                common = self.common[folder]
                for other in self._apart(folder, holding):
                    common[other] += holding[folder].pictures

    def _apart(self, folder: str, others: Mapping[str, Tally]) -> Iterator[str]:
        """Yield the other folders that neither hold this one nor lie in it."""
        above = self.tree.chain(folder)
        for other in others:
            if other not in above and folder not in self.tree.chain(other):
                yield other

    def listed(self) -> Iterator[FolderCopies]:
        """Yield the folders of which something has copies outside."""
        waiting = self.tree.tops()
        while waiting:
            folder = waiting.pop()
            entry = self._entry(folder)
            if entry.copied:
                yield entry
            if not entry.is_contained:
                waiting += self.tree.inner(folder)

    def _entry(self, folder: str) -> FolderCopies:
        common = self.common.get(folder, {})
        innermost = max(common, key=lambda other: (common[other], len(other), other), default="")
        nearest = self.tree.outermost(innermost, apart_from=folder) if innermost else ""
        total, copied = self.tree.totals[folder], self.copied.get(folder, Tally())
        return FolderCopies(folder, *total, *copied, nearest, common.get(innermost, 0))


def _sums(chains: Sequence[Sequence[str]], tallies: Sequence[Tally]) -> dict[str, Tally]:
    holding: dict[str, Tally] = defaultdict(Tally)
    for chain, tally in zip(chains, tallies, strict=True):
        for folder in chain:
            holding[folder] = holding[folder].plus(tally)
    return dict(holding)
