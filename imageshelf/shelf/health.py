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

PAGE = 4096
FOLDERS_NAMED = 10  # that are gone


class Finding(NamedTuple):
    """A fault and its remedy."""

    what: str
    remedy: str


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
    gone = changed = 0
    folders: Counter[str] = Counter()
    ids = catalogue.hashes().ids
    for start in range(0, len(ids), PAGE):
        for row in catalogue.rows(ids[start : start + PAGE].tolist()):
            path = shelf.path_of(names.to_text(row.name))
            if isinstance(path, Url):  # an index run compares it with its listing
                continue
            try:
                status = os.stat(path)
            except OSError:
                gone += 1
                folders[_gone_folder(path)] += 1
                continue
            changed += (status.st_size, status.st_mtime_ns) != (row.size_bytes, row.mtime_ns)
    if gone:
        yield Finding(
            f"{gone:,} of {len(ids):,} pictures are not where they were",
            "mount their drive, or index their folder again",
        )
    for folder, number in folders.most_common(FOLDERS_NAMED):
        if folder:
            yield Finding(
                f"{folder} is not there, and {number:,} pictures of it are on the shelf",
                f"mount its drive; if it is gone for good: {typed('forget')} {folder}",
            )
    if changed:
        yield Finding(
            f"{changed:,} of {len(ids):,} pictures have changed since they were indexed",
            "index their folder again",
        )


def _gone_folder(path: str) -> str:
    """Return the topmost folder above a path that is not there, "" if all are."""
    gone, above = "", os.path.dirname(path)
    while above and not os.path.lexists(above):
        gone, above = above, os.path.dirname(above)
    return gone
