"""The datasets of a run: folders, and places by URL."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from imageshelf.indexing.settings import DatasetError
from imageshelf.shelf import names
from imageshelf.system import paths
from imageshelf.system.paths import Url, located

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imageshelf.indexing.remote import Folder
    from imageshelf.indexing.settings import Settings


class Datasets:
    """What was given as datasets, each once, without what lies below another.

    `roots` are absolute folders and, once they are looked up, URLs; `folders` holds the latter.
    """

    def __init__(self, given: Iterable[str]) -> None:
        every = [located(root) for root in given]
        self.urls = [root for root in every if isinstance(root, Url)]
        self.roots = outermost(root for root in every if not isinstance(root, Url))
        self.folders: dict[str, Folder] = {}  # by URL

    def check(self) -> None:
        """Raise DatasetError unless every folder can be listed; ask about no URL."""
        for root in self.roots:
            check_dataset(root)

    def look_up(self, settings: Settings) -> None:
        """List the topmost folder of each dataset by URL; raises DatasetError."""
        from imageshelf.indexing import remote

        if settings.jobs != 0 and any(url.startswith("memory://") for url in self.urls):
            raise DatasetError("memory:// is in this process only: index it with --jobs 0")
        for url in remote.outermost(self.urls):
            self.folders[url] = remote.Folder(
                url, settings.exclude, emptied=settings.allow_vanished
            )
        self.roots += self.folders

    def prefixes(self, root: str, beside: str) -> list[bytes]:
        """Return with what the names below a dataset begin on a shelf in the folder `beside`."""
        if root in self.folders:
            return [self.folders[root].prefix]
        return names.prefixes_below(names.absolute(root), beside)

    def device(self, root: str) -> int:
        """Return the number of the device that a dataset lies on; 0 at an URL."""
        return 0 if root in self.folders else os.stat(root).st_dev

    def may_read(self, name: bytes) -> bool:
        """Tell whether a picture on the shelf may be read: at an URL only below these datasets."""
        if not names.at_url(name):
            return True
        return any(folder.holds(name) for folder in self.folders.values())


def check_dataset(root: str) -> None:
    """Raise DatasetError unless `root` is a folder that can be listed."""
    try:
        mode = os.stat(root).st_mode
        if not stat.S_ISDIR(mode):
            raise DatasetError(f"--dataset expects a folder, {root!r} is a file")
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise DatasetError(
            f"the dataset {root!r} does not exist; check the spelling, or mount its drive"
        ) from None
    except OSError as exc:
        raise DatasetError(f"the dataset {root!r} cannot be listed: {exc.strerror}") from exc


def outermost(roots: Iterable[str]) -> list[str]:
    """Return the absolute roots, without those that lie below another, in order.

    >>> outermost(["/photos/2024", "/photos", "/photos"])
    ['/photos']
    """
    chosen: list[str] = []
    for root in sorted({paths.folder(root) for root in roots}, key=len):
        if not any(root == other or root.startswith(os.path.join(other, "")) for other in chosen):
            chosen.append(root)
    return sorted(chosen)
