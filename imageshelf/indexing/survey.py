"""Starts a run: walks its datasets and compares them with the shelf.

    survey = Surveying(datasets, shelf, settings, path_of).all()
    len(survey.to_read), survey.same, survey.moved

Nothing is decoded or changed. A dataset that looks like an unmounted drive is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from imageshelf.indexing import comparison
from imageshelf.indexing.comparison import PICTURES, Known, Row, Survey
from imageshelf.indexing.file_list import FileList
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.pictures.recipe import decoders
from imageshelf.shelf import Shelf, names
from imageshelf.system import files, walking
from imageshelf.system.files import UnreadableImage
from imageshelf.system.walking import Walk

if TYPE_CHECKING:
    from imageshelf.indexing.datasets import Datasets
    from imageshelf.indexing.remote import RemoteFolder


class Surveying:
    """The survey of some datasets for one shelf; `outcome` is what it found so far."""

    def __init__(
        self,
        datasets: Datasets,
        shelf: Shelf,
        settings: Settings,
        path_of: Callable[[bytes], str],  # of a name on the shelf
    ) -> None:
        self.datasets, self.shelf, self.settings = datasets, shelf, settings
        self.catalogue = shelf.whole_catalogue()
        self.outcome = Survey()
        self._path_of = path_of
        self._set_aside = self._set_aside_unmarked()

    def _set_aside_unmarked(self) -> list[bytes]:
        if not self.catalogue.has_cleanups():
            return []
        from imageshelf.shelf.cleanups import set_aside_unmarked

        return set_aside_unmarked(self.shelf)

    def all(self) -> Survey:
        """Return the outcome; raises DatasetError if a dataset lost most of its pictures."""
        before = [(root, *self._compared(root)) for root in self.datasets.roots]
        self._follow_moves()
        for root, known, lost in before:
            self._judge(root, known, lost)
        return self.outcome

    def skips(self) -> list[tuple[str, str]]:
        """Return name and reason of the files that were skipped before and still are."""
        if not self.outcome.still_skipped:
            return []
        reasons = dict(
            row
            for root in self.datasets.roots
            for prefix in self.datasets.prefixes(root, self.shelf.folder)
            for row in self.catalogue.reasons(prefix)
        )
        return [(names.to_text(name), reasons.get(name, "")) for name in self.outcome.still_skipped]

    def _compared(self, root: str) -> tuple[int, list[Known]]:
        """Compare one dataset; return how many pictures were known, and those not met."""
        survey = self.outcome
        met, gone = survey.same + survey.changed, len(survey.vanished)
        if root in self.datasets.folders:
            self._list(self.datasets.folders[root])
        else:
            self._walk(root)
        lost = [known for known in survey.vanished[gone:] if known.state in PICTURES]
        return survey.same + survey.changed - met + len(lost), lost

    def _walk(self, root: str) -> None:
        own = names.absolute(root)
        prefixes = self.datasets.prefixes(root, self.shelf.folder)
        walks = [self._walk_of(own, prefix) for prefix in prefixes]
        for walk in walks:
            known = self.catalogue.known(walk.prefix, self._decoders(), by_readers=True)
            comparison.compare(walk, known, self.outcome, self._judged)

    def _judged(self, rows: list[Row]) -> list[Row]:
        """Return rows of files whose headers tell whether they must be read again."""
        return [
            (*row[:4], self._state(row[0])) if row[4] == comparison.UNSURE else row for row in rows
        ]

    def _state(self, name: bytes) -> int:
        from imageshelf.pictures.header_facts import header_facts

        try:
            descriptor, status = files.open_descriptor(self._path_of(name))
        except (OSError, UnreadableImage):  # it is gone: the walk decides
            return comparison.PICTURE
        try:
            facts = header_facts(files.content(descriptor, status.st_size))
        except Exception:  # noqa: BLE001 - any file may stand there now: a worker reads it
            facts = None
        finally:
            os.close(descriptor)
        if facts is None:
            return comparison.OUTDATED
        self.outcome.by_header.append((name, facts))
        return comparison.PICTURE

    def _list(self, folder: RemoteFolder) -> None:
        from imageshelf.indexing import remote

        known = self.catalogue.known(folder.prefix, self._decoders(), by_readers=True)
        remote.compare(folder, folder.known(known), self.outcome)

    def _decoders(self) -> str:
        """Return the decoders for which skips hold; "" retries them all."""
        return "" if self.settings.retry_skipped else decoders()

    def _walk_of(self, root: str, prefix: bytes) -> Walk:
        """Return a walk of the part of a dataset whose names begin with the prefix."""
        folder = self.shelf.folder
        if prefix:  # below the shelf's own folder names are relative: a walk of their own
            ignore, below = [names.to_bytes(folder.replace(os.sep, "/")) + b"/"], b""
            ignore += self._set_aside
        else:
            shelf = names.to_bytes(os.path.basename(self.shelf.path))
            ignore = [shelf + suffix for suffix in (b"", b"-journal", b"-wal", b"-shm")]
            ignore += self._set_aside
            inside = os.path.join(root, "")
            below = names.to_bytes(folder + "/")[len(inside) :] if folder != root else b""
            root = folder
        return Walk(
            names.native(root),
            prefix,
            below=below,
            exclude=self.settings.exclude,
            follow_symlinks=self.settings.follow_symlinks,
            ignore=ignore,
        )

    def _follow_moves(self) -> None:
        """Move renamed and moved pictures from the new and vanished ones to `moved`."""
        survey = self.outcome
        if not survey.vanished:
            return
        from imageshelf.indexing import moved_and_gone

        survey.moved = moved_and_gone.moves(
            survey.vanished, survey.to_read, self.catalogue.inode_of, self._path_of
        )
        if not survey.moved:
            return
        old, new = {old for old, _ in survey.moved}, {new for _, new in survey.moved}
        survey.vanished = [known for known in survey.vanished if known.name not in old]
        to_read = FileList()
        for name, size_bytes, mtime_ns in survey.to_read:
            if name not in new:
                to_read.append(name, size_bytes, mtime_ns)
        survey.to_read = to_read

    def _judge(self, root: str, known: int, lost: list[Known]) -> None:
        """Refuse a dataset that has lost more than half of its pictures: it may be unmounted."""
        moved = {old for old, _ in self.outcome.moved}
        excluded = walking.excluder(self.settings.exclude)
        inside = os.path.join(names.absolute(root), "")
        folder = self.datasets.folders.get(root)

        passed_over = tuple(name for name, _ in self.outcome.passed_over)

        def unwanted(known: Known) -> bool:
            if known.name.startswith(passed_over):
                return True
            if folder is not None:
                return folder.excluded(folder.below(known.name))
            below = self.shelf.path_of(names.to_text(known.name)).removeprefix(inside)
            return walking.any_part(excluded, names.to_bytes(below.replace(os.sep, "/")))

        missing = sum(picture.name not in moved and not unwanted(picture) for picture in lost)
        if missing * 2 > known and not self.settings.allow_vanished:
            raise DatasetError(
                f"{missing:,} of the {known:,} pictures known below {root!r} are gone: is "
                f"{'its drive mounted' if folder is None else 'this the right place'}? "
                "Nothing was changed; if they are really gone, add --allow-vanished"
            )
