"""Marks of rows that name files: they hold for what a row says, and for where its names lead.

A mark has two halves. The first is of the row as it stands, and is tested without a look at the
disk: no name of a stranger's row is followed, not even to see what is there. The second is of the
paths that the names lead to, with the links in their folders resolved. It fits no more when a
folder has become a link, or the shelf has moved.
"""

import os
from collections.abc import Iterable

from imageshelf.shelf import Shelf, names
from imageshelf.shelf.marks import Field

HALF_BYTES = 32


class RowMarks:
    """Makes and tests the marks of the history of one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self._marks = shelf, shelf.marks()
        self._folders: dict[str, str] = {}  # without links

    def require_key(self) -> None:
        """Make the user's key unless there is one; raises UserKeyError without a place for it."""
        self._marks = self._shelf.marks_to_write()

    def of(self, what: str, fields: Iterable[Field], paths: Iterable[str]) -> bytes | None:
        """Return the mark of a row: `paths` are the names in it. None without a key."""
        if self._marks is None:
            return None
        row = (*fields, *paths)
        return self._marks.of(what, *row) + self._marks.of(f"{what} leads to", *self._real(paths))

    def fits(self, mark: object, what: str, fields: Iterable[Field], paths: Iterable[str]) -> bool:
        """Tell whether this user's key made the mark of this row, for where its names lead now."""
        if self._marks is None or not isinstance(mark, bytes):
            return False
        first, second = mark[:HALF_BYTES], mark[HALF_BYTES:]
        return self._marks.fits(first, what, *fields, *paths) and self._marks.fits(
            second, f"{what} leads to", *self._real(paths)
        )

    def look_again(self) -> None:
        """Resolve links anew from here on: folders have been made or moved."""
        self._folders.clear()

    def _real(self, paths: Iterable[str]) -> list[str]:
        return [self._without_links(name) if name else "" for name in paths]

    def _without_links(self, name: str) -> str:
        folder, last = os.path.split(names.native(self._shelf.path_of(name)))
        if folder not in self._folders:
            try:
                self._folders[folder] = os.path.realpath(folder)
            except (OSError, ValueError):  # a NUL: no path of ours
                self._folders[folder] = folder
        return os.path.join(self._folders[folder], last)
