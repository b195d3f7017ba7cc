"""The datasets of a run: folders and URLs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import TYPE_CHECKING

from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.shelf import names
from imageshelf.system import discarded, paths, terminal
from imageshelf.system.paths import Url, located
from imageshelf.system.program import typed
from imageshelf.system.words import nearby, shown

if TYPE_CHECKING:
    from imageshelf.indexing.remote import RemoteFolder


class Datasets:
    """The datasets of a run, each once, without those that lie below another.

    `roots` are absolute folders and, after `look_up`, URLs; `folders` maps the URLs.
    """

    def __init__(self, given: Iterable[str]) -> None:
        every = [located(root) for root in given]
        self.roots = outermost(root for root in every if not isinstance(root, Url))
        self.urls = [root for root in every if isinstance(root, Url)]
        self.folders: dict[str, RemoteFolder] = {}  # by URL
        self._identities: dict[str, tuple[int, int]] = {}  # device and inode of each root

    def check(self) -> None:
        """Raise DatasetError unless every folder can be listed; URLs are not checked."""
        for root in self.roots:
            self._identities[root] = check_dataset(root)

    def are_there(self) -> bool:
        """Tell whether every folder is still the one that was checked."""
        return self._missing() is None

    def check_still_there(self) -> None:
        """Raise DatasetError if a folder was renamed, unmounted or deleted since `check`."""
        if (root := self._missing()) is not None:
            raise DatasetError(
                f"the dataset {root!r} went away while it was read: was it renamed, or its drive "
                "unmounted? What was read before is on the shelf, and nothing was taken off it"
            )

    def _missing(self) -> str | None:
        for root, identity in self._identities.items():
            try:
                status = os.stat(root)
            except OSError:
                return root
            if (status.st_dev, status.st_ino) != identity:
                return root
        return None

    def look_up(self, settings: Settings) -> None:
        """List the topmost folder of each dataset by URL; raises DatasetError."""
        from imageshelf.indexing import remote

        if settings.jobs != 0 and any(url.startswith("memory://") for url in self.urls):
            raise DatasetError("memory:// is in this process only: index it with --jobs 0")
        for url in remote.outermost(self.urls):
            self.folders[url] = remote.RemoteFolder(
                url, settings.exclude, emptied=settings.allow_vanished
            )
        self.roots += self.folders

    def prefixes(self, root: str, beside: str) -> list[bytes]:
        """Return the prefixes of the names below a dataset, on a shelf in the folder `beside`."""
        if root in self.folders:
            return [self.folders[root].prefix]
        return names.prefixes_below(names.absolute(root), beside)

    def device(self, root: str) -> int:
        """Return the device number of a dataset, or 0 for a URL."""
        return 0 if root in self.folders else self._identities[root][0]


def check_dataset(root: str) -> tuple[int, int]:
    """Return device and inode of a folder; raise DatasetError unless it can be listed."""
    try:
        status = os.stat(root)
        if not stat.S_ISDIR(status.st_mode):
            folder = terminal.quoted(os.path.dirname(nearby(root)) or os.curdir)
            raise DatasetError(
                f"{shown(nearby(root))} is a file; index its folder: {typed('index')} {folder}"
            )
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise DatasetError(
            f"{shown(nearby(root))} does not exist; check the spelling, or mount its drive"
        ) from None
    except OSError as exc:
        raise DatasetError(f"{shown(nearby(root))} cannot be listed: {exc.strerror}") from exc
    if aside := discarded.set_aside_folder(root):
        raise DatasetError(
            f"{aside!r} holds what {discarded.marked_as(aside)} set aside, which is never indexed; "
            "move out of it what you want to keep, or undo that clean-up"
        )
    return status.st_dev, status.st_ino


def outermost(roots: Iterable[str]) -> list[str]:
    """Return the absolute roots, sorted, without those that lie below another.

    >>> outermost(["/photos/2024", "/photos", "/photos"])
    ['/photos']
    """
    chosen: list[str] = []
    for root in sorted({_absolute(root) for root in roots}, key=len):
        if not any(root == other or root.startswith(os.path.join(other, "")) for other in chosen):
            chosen.append(root)
    return sorted(chosen)


def _absolute(root: str) -> str:
    try:
        return paths.folder(root)
    except FileNotFoundError as exc:
        raise DatasetError(f"the dataset {root!r} cannot be found: {names.NOWHERE}") from exc
