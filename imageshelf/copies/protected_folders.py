"""Folders in which a clean-up touches nothing: the user's references and managed libraries."""

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from imageshelf.system.sentences import SentenceError

# A program owns these folders and keeps a database of their files.
MANAGED = (
    "*.photoslibrary",
    "*.photolibrary",
    "*.aplibrary",
    "*.migratedphotolibrary",
    "*.tvlibrary",
    "*.imovielibrary",
    "*.fcpbundle",
    "*.lrdata",
    "*.lrlibrary",
    "*.cocatalog",
    "*.cosessiondb",
    "*.rldb",
)
Identity = tuple[int, int]  # device, inode


class NoFolderError(SentenceError):
    """A reference or preferred folder that is not a folder; one sentence."""


class ProtectedFolders:
    """Tells why the file at a path may not be touched.

    Folders are compared by device and inode, so that neither a symbolic link nor another spelling
    on a file system that ignores case gets around the protection.
    """

    def __init__(self, references: Iterable[str] = ()) -> None:
        self._references: dict[Identity, str] = {}
        self._identities: dict[str, Identity | None] = {}
        self._reference_of: dict[str, str] = {}  # by folder
        for folder in references:
            identity = self._identity(os.path.abspath(folder))
            if identity is None or not os.path.isdir(folder):
                raise NoFolderError(f"{folder} is not a folder, as --reference and --prefer expect")
            self._references[identity] = folder

    def reference(self, path: str) -> str:
        """Return the protected folder that holds a path, or ""."""
        folder = os.path.dirname(os.path.abspath(path))
        if folder not in self._reference_of:
            self._reference_of[folder] = next(
                (
                    self._references[identity]
                    for above in _upwards(folder)
                    if (identity := self._identity(above)) in self._references and identity
                ),
                "",
            )
        return self._reference_of[folder]

    def why(self, path: str) -> str:
        """Return why the file at a path may not be touched, or "" if it may."""
        if folder := self.reference(path):
            return f"is in the reference folder {folder}"
        if library := managed_library(path):
            return f"is inside the managed library {library}"
        return ""

    def _identity(self, folder: str) -> Identity | None:
        if folder not in self._identities:
            try:
                status = os.stat(folder)
                self._identities[folder] = status.st_dev, status.st_ino
            except (OSError, ValueError):
                self._identities[folder] = None
        return self._identities[folder]


def managed_library(path: str) -> str:
    """Return the name of the photo program's library that a path leads into, or ""."""
    for folder in _upwards(os.path.dirname(os.path.abspath(path))):
        name = os.path.basename(folder)
        if any(fnmatch(name.casefold(), pattern) for pattern in MANAGED):
            return name
    return ""


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, first as spelled, then with links resolved."""
    for start in dict.fromkeys((folder, os.path.realpath(folder))):
        here = start
        while True:
            yield here
            above = os.path.dirname(here)
            if above == here:
                break
            here = above
