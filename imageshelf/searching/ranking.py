"""What may be listed for a query: ranked, and made a Match."""

from dataclasses import dataclass
from typing import NamedTuple

from imageshelf.pieces.relations import PART
from imageshelf.searching import kinds, looks, policies
from imageshelf.searching.kinds import KnownFile
from imageshelf.searching.looks import Look
from imageshelf.searching.matches import Match
from imageshelf.searching.policies import Candidate
from imageshelf.shelf.records import PictureRow

# Whatever is no match sorts behind all matches.
UNCOMPARED_RANK = 10_000
SECTION_RANK = {
    kinds.VARIANT: 20_000,
    kinds.DEVELOPED: 25_000,
    kinds.PIECE: 27_000,
    kinds.ANOTHER_SHOT: 30_000,
    kinds.SIMILAR: 40_000,
}


PART_RANK = 1000  # pieces that only share a part come last


class Prospect(NamedTuple):
    """A picture that may be listed. One written by hand has no candidate and no row.

    `kind` is set where the thumbnails decide, and there is nothing to look at.
    """

    file: KnownFile
    candidate: Candidate | None = None
    row: PictureRow | None = None
    turn: int = 0
    kind: str = ""
    key_distance: int = 0

    @property
    def distance(self) -> int:
        """The distance of the keys, in bits."""
        return self.candidate.distance if self.candidate else self.key_distance

    @property
    def score(self) -> int:
        """The score; without other hashes, as if these were as far as the key."""
        return self.candidate.score if self.candidate else 4 * self.key_distance

    def row_distance(self, *, by_key: bool) -> int | None:
        """Return the distance of the row hashes; None if the key is another hash."""
        if self.candidate:
            return self.candidate.row
        return None if by_key else self.key_distance


@dataclass(frozen=True)
class Ranking:
    """How matches sort on a shelf whose keys have so many bits.

    `keys_decide` is for shelves of another hash; `by_distance` sorts by the distance of the keys
    instead of the score.
    """

    bits: int
    keys_decide: bool
    by_distance: bool

    def match(self, query: str, prospect: Prospect, look: Look) -> Match:
        """Return a prospect as it is listed."""
        candidate, row = prospect.candidate, prospect.row
        kind, distance = look.kind, prospect.distance
        nearness = distance if self.by_distance else prospect.score
        if look.piece:
            nearness = PART_RANK * (look.piece.relation == PART) + round(
                100 * (1 - (look.agrees or 0))
            )
        section = 0 if look.is_match else SECTION_RANK.get(kind, UNCOMPARED_RANK)
        return Match(
            rank=section + (-1 if kind == kinds.SAME_FILE else nearness),
            path=prospect.file.path,
            query=query,
            distance=distance,
            row=prospect.row_distance(by_key=self.keys_decide),
            column=candidate.column if candidate else None,
            phash=candidate.phash if candidate else None,
            score=candidate.score if candidate else None,
            similarity=policies.similarity(distance, self.bits),
            kind=kind,
            turn=candidate.turn if candidate else "",
            width=row.width if row else None,
            height=row.height if row else None,
            size_bytes=row.size_bytes if row else None,
            mtime_ns=row.mtime_ns if row else None,
            match=look.is_match,
            compared=look.compared,
            differs=look.differs,
            regions=look.regions,
            shows=look.shows,
            told=looks.in_words(look),
            piece=look.piece,
        )
