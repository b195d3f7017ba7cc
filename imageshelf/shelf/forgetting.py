"""Takes a folder that is gone off the shelf, with all that was known below it."""

import os
from itertools import chain

from imageshelf.shelf import Shelf, names
from imageshelf.shelf.errors import ShelfError


def forget_folder(shelf: Shelf, folder: str) -> int:
    """Take everything below a folder off the shelf; return how many names that were.

    Raises ShelfError for a folder that is there, which an index run keeps up to date, and for one
    of which the shelf knows nothing.
    """
    path = names.absolute(folder)
    if os.path.lexists(names.native(path)):
        raise ShelfError(f"{folder} is there: index it, and what is gone from it leaves the shelf")
    catalogue = shelf.whole_catalogue()
    pages = (catalogue.known(prefix) for prefix in names.prefixes_below(path, shelf.folder))
    gone = [name for page in chain.from_iterable(pages) for name, *_ in page]
    if not gone:
        raise ShelfError(f"{shelf.path} knows nothing below {folder}")
    catalogue.forget(gone)
    return len(gone)
