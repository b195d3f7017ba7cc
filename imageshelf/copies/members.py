"""Groups of duplicates as they are told: which pictures take part, their relations, in words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imageshelf.copies import keeping, pairs, stars
from imageshelf.copies.groups import NOT_COPIES, Asked, Group, Member, Question
from imageshelf.copies.protected import Protected
from imageshelf.searching import kinds
from imageshelf.searching.kinds import BYTES, KINDS, SAME_FILE, Side
from imageshelf.shelf import names
from imageshelf.system.paths import Url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imageshelf.copies.keeping import Copy
    from imageshelf.copies.stars import Measures, Relation, Star
    from imageshelf.shelf import Shelf
    from imageshelf.shelf.records import PictureRow

    Digests = tuple[bytes | None, bytes | None, Any]

ROWS_AT_A_TIME = 4096
UNKNOWN: Digests = (None, None, None)


class Cast:
    """The pictures that take part: their rows, their places in the keep rule, their relations."""

    def __init__(self, shelf: Shelf, question: Question, asked: Asked) -> None:
        self.shelf, self.question, self.asked = shelf, question, asked
        self.folders = [os.path.join(names.folder(one), "") for one in question.below]
        self.rows: dict[int, PictureRow] = {}
        self.digests: dict[int, Digests] = {}
        self.copies: dict[int, Copy] = {}
        self._protected = Protected(question.references)

    def enter(self, pictures: Sequence[int]) -> None:
        """Let pictures take part, unless the question leaves them out."""
        for start in range(0, len(pictures), ROWS_AT_A_TIME):
            self._enter(pictures[start : start + ROWS_AT_A_TIME])

    def _enter(self, pictures: Sequence[int]) -> None:
        catalogue = self.shelf.whole_catalogue()
        self.digests.update(catalogue.digests(pictures))
        for row in catalogue.rows(pictures):
            name = names.to_text(row.name)
            path = self.shelf.path_of(name)
            if self.question.files_only and isinstance(path, Url):
                continue
            if row.size_bytes < self.question.min_size_bytes or not self._is_below(path):
                continue
            if name not in self.shelf.get(row.key, ()):  # taken off the shelf by hand
                continue
            sound = self.digests[row.id][2] if row.id in self.digests else None
            self.rows[row.id] = row
            self.copies[row.id] = keeping.copy_of(
                names.native(path),
                row,
                sound=None if sound is None else bool(sound),
                reference=self._protected.reference(names.native(path)),
            )

    def _is_below(self, path: str) -> bool:
        return not self.folders or any(path.startswith(folder) for folder in self.folders)

    def order(self) -> list[int]:
        """Return the pictures from the best to keep to the worst."""
        return sorted(self.copies, key=lambda number: self.question.keep.rank(self.copies[number]))

    def related(self, a: int, b: int, measures: Measures) -> str:
        """Return the kind of two matching pictures; "" when the pair is not wanted."""
        first, second = self.rows.get(a), self.rows.get(b)
        if first is None or second is None:
            return ""
        if _one_inode(first, second):
            return self._wanted(SAME_FILE)
        if not self.comparable(a, b):
            return ""
        return self._wanted(self._kind(first, second, pairs.NAMES[measures.turn]))

    def comparable(self, a: int, b: int) -> bool:
        """Tell whether the question is about such a pair at all."""
        first, second = self.rows.get(a), self.rows.get(b)
        if first is None or second is None:
            return False
        if self.question.across or self.question.within:
            together = self._folder(a) == self._folder(b)
            if (together and self.question.across) or (self.question.within and not together):
                return False
        return not self.asked.not_duplicate(first, second)

    def digest(self, number: int) -> bytes | None:
        """Return the digest of a picture's bytes, None if it is not known."""
        return self.digests.get(number, UNKNOWN)[0]

    def pixel_digest(self, number: int) -> bytes | None:
        """Return the digest of a picture's pixels, None if it is not known."""
        return self.digests.get(number, UNKNOWN)[1]

    def learn(self, number: int, pixel_digest: bytes) -> None:
        """Take note of the digest of a picture's pixels."""
        digest, _, sound = self.digests.get(number, UNKNOWN)
        self.digests[number] = digest, pixel_digest, sound

    def _kind(self, a: PictureRow, b: PictureRow, turn: str) -> str:
        if self.asked.kind is not None:
            return self.asked.kind(a, b, turn)
        sides = self._side(a), self._side(b)
        if self.question.kinds == frozenset({BYTES}):  # pixels need not be decoded for that
            same = kinds.same_file(sides[0].path, sides[1].path)
            return BYTES if kinds.identical_bytes(*sides) and not same else ""
        return kinds.kind_of(*sides, turn)

    def _side(self, row: PictureRow) -> Side:
        digests = kinds.known(*self.digests.get(row.id, UNKNOWN))
        path = self.copies[row.id].path
        return Side(path, row.size_bytes, row.captured_at, *digests, row.thumbnail)

    def _wanted(self, kind: str) -> str:
        """Return the kind if it is wanted: the others form no group and take no picture."""
        wanted = self.question.kinds
        return kind if wanted is None or kind in wanted else ""

    def _folder(self, number: int) -> str:
        """Return what --across and --within compare: one of several given folders, or its own."""
        path = self.copies[number].path
        if len(self.folders) > 1:
            return max((one for one in self.folders if path.startswith(one)), key=len, default="")
        return os.path.dirname(path)

    def group(self, star: Star) -> Group:
        """Return a star with everything that is told of its pictures."""
        kept = self.copies[star.keeper]
        members = sorted(star.members, key=self._place)
        rivals = [one for one in members if one.kind not in {SAME_FILE, *NOT_COPIES}] or members
        best = min((self.copies[one.id] for one in rivals), key=self.question.keep.rank)
        return Group(
            self._member(star.keeper, keep=True, reason=self.question.keep.reason(kept, best)),
            tuple(self._related(one, kept) for one in members),
            tuple(self._beside(one) for one in star.beside),
        )

    def _place(self, one: Relation) -> tuple[object, ...]:
        return KINDS.index(one.kind), *self.question.keep.rank(self.copies[one.id])

    def _related(self, one: Relation, kept: Copy) -> Member:
        copy = self.copies[one.id]
        if one.kind == SAME_FILE:
            stays = f"is another name of {os.path.basename(kept.path)}"
        elif one.kind in NOT_COPIES:
            stays = NOT_COPIES[one.kind]
        else:
            stays = f"is in the reference folder {copy.reference}" if copy.reference else ""
        if stays:
            return self._member(one.id, one, keep=True, reason=stays)
        reason = self.question.keep.reason(kept, copy)
        return self._member(one.id, one, reason=reason, warning=keeping.warning(copy, kept))

    def _beside(self, one: Relation) -> Member:
        to = os.path.basename(self.copies[one.to].path)
        return self._member(one.id, one, keep=True, reason=f"matches only {to}")

    def _member(
        self,
        number: int,
        one: Relation | None = None,
        *,
        keep: bool = False,
        reason: str,
        warning: str = "",
    ) -> Member:
        row = self.rows[number]
        measures = one.measures if one else stars.Measures()
        return Member(
            self.copies[number].path,
            names.to_text(row.name),
            number,
            one.kind if one else "",
            pairs.NAMES[measures.turn],
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
        )


def _one_inode(a: PictureRow, b: PictureRow) -> bool:
    """Tell whether the catalogue knows two names as one file; inodes count only when shared."""
    return min(a.nlink, b.nlink) > 1 and (a.device, a.inode) == (b.device, b.inode)
