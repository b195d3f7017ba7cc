"""The pictures that may form groups: which ones take part, their kinds, and reasons in words."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from imageshelf.copies import keep_rule, merits, pair_log
from imageshelf.copies.companions import Listings, belonging, picture_of_raw
from imageshelf.copies.groups import Group, GroupOptions, Member, PairRules
from imageshelf.copies.keep_rule import RankedCopy
from imageshelf.copies.merits import Seen
from imageshelf.copies.protected_folders import ProtectedFolders
from imageshelf.copies.stars import Relation, Star
from imageshelf.searching import looks
from imageshelf.searching.kinds import (
    BY_BYTES,
    IDENTICAL,
    KINDS,
    NOT_COMPARED,
    NOT_COPIES,
    PIECE,
    SAME_FILE,
    KnownFile,
)
from imageshelf.searching.looks import Look
from imageshelf.searching.query_prints import TURN_NAMES, known_file
from imageshelf.shelf import Shelf, names
from imageshelf.shelf.records import PictureRow
from imageshelf.system import discarded
from imageshelf.system.files import lstat, stamp
from imageshelf.system.paths import Url

Digests = tuple[bytes | None, bytes | None, Any]

ROWS_PER_READ = 4096
UNKNOWN: Digests = (None, None, None)
KEPT = Look("", compared=True)
NOT_THERE = "is not there any more: index its folder again, or forget it"


class Members:
    """The pictures that take part, by id: catalogue rows, digests, and what the keep rule sees."""

    def __init__(self, shelf: Shelf, options: GroupOptions, rules: PairRules) -> None:
        self.shelf, self.options, self.rules = shelf, options, rules
        self.folders = [os.path.join(names.folder(folder), "") for folder in options.below]
        self.rows: dict[int, PictureRow] = {}
        self.digests: dict[int, Digests] = {}
        self.copies: dict[int, RankedCopy] = {}
        self._as_added: dict[int, RankedCopy] = {}
        self.learned: dict[int, bytes] = {}  # digests of bytes that the catalogue lacks
        self.learned_origins: dict[int, str] = {}  # which the catalogue lacks, packed
        self.seen: dict[tuple[int, int], Seen] = {}  # by a picture and its keeper
        self._protected = ProtectedFolders(options.references)
        self._preferred = ProtectedFolders(options.prefer)
        self._listings = Listings()

    def add(self, ids: Sequence[int]) -> None:
        """Let pictures take part, unless the options leave them out."""
        for start in range(0, len(ids), ROWS_PER_READ):
            self._add(ids[start : start + ROWS_PER_READ])

    def _add(self, ids: Sequence[int]) -> None:
        catalogue = self.shelf.whole_catalogue()
        ids = [id_ for id_ in ids if id_ not in self.rows]
        self.digests.update(catalogue.digests(ids))
        rows = catalogue.rows(ids)
        listed = {key: frozenset(self.shelf.get(key, ())) for key in {row.key for row in rows}}
        for row in rows:
            name = names.to_text(row.name)
            path = self.shelf.path_of(name)
            if self.options.files_only and isinstance(path, Url):
                continue
            if row.size_bytes < self.options.min_size_bytes or not self._is_below(path):
                continue
            if name not in listed[row.key]:  # taken off the shelf by hand
                continue
            sound = self.digests[row.id][2] if row.id in self.digests else None
            self.rows[row.id] = row
            copy = keep_rule.ranked_copy(names.native(path), row)
            self.copies[row.id] = copy._replace(sound=None if sound is None else bool(sound))
            if not isinstance(path, Url):
                self._look_at_disk(row, self.copies[row.id])

    def _look_at_disk(self, row: PictureRow, copy: RankedCopy) -> None:
        status = lstat(copy.path)
        self.rows[row.id] = as_on_disk(row, status)
        folder = self._preferred.reference(copy.path)
        prefer = self.options.prefer
        self.copies[row.id] = copy._replace(
            preferred=(prefer.index(folder) if folder else len(prefer), folder),
            reference=self._protected.reference(copy.path),
            exists=status is not None,
            discarded=discarded.kind_around(copy.path),
            companions=tuple(belonging(copy.path, self._listings)),
        )

    def start_again(self, kinds: frozenset[str] | None) -> None:
        """Forget what pairs told of pictures; only pairs of these kinds are asked for from now."""
        self.options = replace(self.options, kinds=kinds)
        self._as_added = self._as_added or dict(self.copies)
        self.copies = dict(self._as_added)
        self.seen.clear()

    def _is_below(self, path: str) -> bool:
        return not self.folders or any(path.startswith(folder) for folder in self.folders)

    @property
    def likeness_counts(self) -> bool:
        """Whether looks decide anything: not bytes alone, nor the hashes alone."""
        options = self.options
        likeness = options.kinds is None or bool(options.kinds - IDENTICAL)
        return likeness and not options.hashes_only and self.rules.kind is None

    @property
    def pixels_count(self) -> bool:
        """Whether reading pictures decides anything."""
        options = self.options
        pixels = options.kinds is None or bool(options.kinds - BY_BYTES)
        return pixels and not options.hashes_only and self.rules.kind is None

    @property
    def only_bytes_count(self) -> bool:
        """Whether pictures of different sizes in bytes are nothing to each other."""
        kinds = self.options.kinds
        return kinds is not None and kinds <= BY_BYTES and self.rules.kind is None

    def ranked(self) -> list[int]:
        """Return the pictures from the best to keep to the worst."""
        return sorted(self.copies, key=lambda id_: self.options.keep.rank(self.copies[id_]))

    def comparable(self, a: int, b: int) -> bool:
        """Tell whether the options and the rules allow such a pair at all."""
        first, second = self.rows.get(a), self.rows.get(b)
        if first is None or second is None:
            return False
        if self.options.across or self.options.within:
            together = self._folder(a) == self._folder(b)
            if (together and self.options.across) or (self.options.within and not together):
                return False
        return not self.rules.not_duplicate(first, second)

    def digest(self, id_: int) -> bytes | None:
        """Return the digest of a picture's bytes, None if it is not known."""
        return self.digests.get(id_, UNKNOWN)[0]

    def learn(self, digests: dict[int, bytes]) -> None:
        """Remember the digests of pictures' bytes."""
        for id_, digest in digests.items():
            _, pixels, sound = self.digests.get(id_, UNKNOWN)
            self.digests[id_] = digest, pixels, sound
        self.learned.update(digests)

    def known_file(self, id_: int) -> KnownFile:
        """Return what is known of a picture's file."""
        return known_file(self.copies[id_].path, self.rows[id_], self.digests.get(id_, UNKNOWN))

    def _folder(self, id_: int) -> str:
        """Return the folder that --across and --within compare.

        Of several --dataset folders it is the one that holds the picture, otherwise its parent.
        """
        path = self.copies[id_].path
        if len(self.folders) > 1:
            holding = (folder for folder in self.folders if path.startswith(folder))
            return max(holding, key=len, default="")
        return os.path.dirname(path)

    def group(self, star: Star) -> Group:
        """Return a star as a group, with all that is reported of its pictures."""
        keep = self.options.keep
        keeper = self.copies[star.keeper]
        members = sorted(star.members, key=self._sort_key)
        rivals = [one for one in members if one.look.is_match and one.kind != SAME_FILE]
        best = min((self.copies[rival.id] for rival in rivals or members), key=keep.rank)
        of_pieces = all(member.kind == PIECE for member in members)  # none is ranked by the rule
        reason = "" if of_pieces else keep.reason(keeper, best)
        reason = reason if keeper.exists else NOT_THERE
        return Group(
            self._member(star.keeper, keep=True, reason=reason),
            tuple(self._related(member, keeper) for member in members),
            tuple(self._beside(member) for member in star.beside),
        )

    def _sort_key(self, member: Relation) -> tuple[object, ...]:
        return KINDS.index(member.kind), *self.options.keep.rank(self.copies[member.id])

    def _related(self, member: Relation, keeper: RankedCopy) -> Member:
        copy = self.copies[member.id]
        if not copy.exists:
            stays = NOT_THERE
        elif member.kind == SAME_FILE:
            stays = f"is another name of {os.path.basename(keeper.path)}"
        elif not member.look.is_match:
            stays = NOT_COPIES.get(member.kind, NOT_COMPARED)
        elif picture := picture_of_raw(copy.path, self._listings):
            stays = f"belongs to {picture}, and goes only with it"
        else:
            stays = f"is in the reference folder {copy.reference}" if copy.reference else ""
            going = merits.apart_from_words(copy) if self.options.take_over else copy
            going = going._replace(companions=()) if self.options.hard_links else going
            stays = stays or merits.why_both_stay(going, keeper, self._seen(member))
        if stays:
            return self._member(member.id, member, keep=True, reason=stays)
        reason = self.options.keep.reason(keeper, copy)
        warning = keep_rule.loss_warning(copy, keeper)
        return self._member(member.id, member, reason=reason, warning=warning)

    def _seen(self, member: Relation) -> Seen:
        return self.seen.get((member.id, member.to), Seen())

    def _beside(self, member: Relation) -> Member:
        other = os.path.basename(self.copies[member.to].path)
        verb = "matches only" if member.look.is_match else "is nearest to"
        return self._member(member.id, member, keep=True, reason=f"{verb} {other}")

    def _member(
        self,
        id_: int,
        relation: Relation | None = None,
        *,
        keep: bool = False,
        reason: str,
        warning: str = "",
    ) -> Member:
        row = self.rows[id_]
        measures = relation.measures if relation else pair_log.Measures()
        look = relation.look if relation else KEPT
        return Member(
            self.copies[id_].path,
            names.to_text(row.name),
            id_,
            relation.kind if relation else "",
            TURN_NAMES[measures.turn],
            measures.row,
            measures.column,
            measures.phash,
            measures.score,
            row.width,
            row.height,
            row.size_bytes,
            row.mtime_ns,
            row.captured_at,
            row.camera,
            row.jpeg_quality,
            row.metadata_flags,
            keep,
            reason,
            warning,
            look.is_match,
            look.compared,
            look.differs,
            look.regions,
            look.shows,
            looks.in_words(look, "the first"),
            look.piece,
        )


def as_on_disk(row: PictureRow, status: os.stat_result | None) -> PictureRow:
    """Return a row with the inode that its file has now, if that has the row's size and time.

    A collection that was restored, and a FAT stick plugged in again, have other inodes.
    """
    if status is None or (status.st_size, status.st_mtime_ns) != (row.size_bytes, row.mtime_ns):
        return row
    now = stamp(status).inode
    return row._replace(device=status.st_dev, inode=now, nlink=status.st_nlink)
