"""Checks whether a shelf can be trusted: `imageshelf check`.

Three questions: is the file whole, are the pictures on the disk still as the shelf remembers them,
and do the installed libraries still make the same hashes?
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from imageshelf.pictures.recipe import current_recipe
from imageshelf.shelf import Shelf, names
from imageshelf.shelf.catalogue import Catalogue
from imageshelf.system.paths import Url
from imageshelf.system.program import typed
from imageshelf.system.terminal import quoted
from imageshelf.system.words import count

PAGE = 4096
FOLDERS_NAMED = 10  # that are gone
FILES_NAMED = 10  # that are gone, or have changed


class Finding(NamedTuple):
    """A fault, its remedy, and the files that show it, or the first of them."""

    what: str
    remedy: str
    files: tuple[str, ...] = ()


def findings(shelf: Shelf) -> Iterator[Finding]:
    """Yield every fault of a shelf."""
    for sentence in shelf.check():
        yield Finding(sentence, "restore a copy of the shelf, or index with --rebuild")
    catalogue = shelf.catalogue
    if catalogue is None:
        yield Finding("the shelf has keys but no catalogue", "index with --rebuild")
        return
    yield from _recipe(shelf)
    yield from _disk(shelf, catalogue)


def _recipe(shelf: Shelf) -> Iterator[Finding]:
    recipe = shelf.recipe
    if recipe is None:
        yield Finding("nothing was indexed yet", f"{typed('index')} puts pictures on the shelf")
        return
    current = current_recipe(hash_name=recipe.hash, full_decode=recipe.decode == "full")
    if sentence := shelf.mismatch(current):
        yield Finding(sentence, "index with --rebuild, or install the versions of then")


def _disk(shelf: Shelf, catalogue: Catalogue) -> Iterator[Finding]:
    """Compare size and time of every picture on the disk with the shelf's record."""
    folders: Counter[str] = Counter()
    gone, changed = _Files(), _Files()
    ids = catalogue.hashes().ids
    for start in range(0, len(ids), PAGE):
        for row in catalogue.rows(ids[start : start + PAGE].tolist()):
            path = shelf.path_of(names.to_text(row.name))
            if isinstance(path, Url):  # an index run compares it with its listing
                continue
            try:
                status = os.stat(path)
            except OSError:
                folder = _gone_folder(path)
                folders[folder] += 1
                gone.add("" if folder else path)
                continue
            if (status.st_size, status.st_mtime_ns) != (row.size_bytes, row.mtime_ns):
                changed.add(path)
    if gone.number:
        is_not = "is not where it was" if gone.number == 1 else "are not where they were"
        yield Finding(
            f"{gone.number:,} of {count(len(ids), 'picture')} {is_not}",
            "mount the drive, or index the folder again",
            tuple(gone.first),
        )
    for folder, number in folders.most_common(FOLDERS_NAMED):
        if folder:
            pictures = count(number, "picture")
            yield Finding(
                f"{folder} is not there; the shelf has {pictures} of it",
                f"mount its drive; if it is gone for good: {typed('forget')} {quoted(folder)}",
            )
    if changed.number:
        has = "has changed since it was" if changed.number == 1 else "have changed since they were"
        yield Finding(
            f"{changed.number:,} of {count(len(ids), 'picture')} {has} indexed",
            "index the folder again",
            tuple(changed.first),
        )


class _Files:
    """How many files, and the first of them."""

    def __init__(self) -> None:
        self.number, self.first = 0, list[str]()

    def add(self, path: str) -> None:
        """Count a file; "" for one that is not named."""
        self.number += 1
        if path and len(self.first) < FILES_NAMED:
            self.first.append(path)


def _gone_folder(path: str) -> str:
    """Return the topmost folder above a path that is not there, "" if all are."""
    gone, above = "", os.path.dirname(path)
    while above and not os.path.lexists(above):
        gone, above = above, os.path.dirname(above)
    return gone
