"""Groups of copies: a keeper, its members, and all groups of a shelf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.copies import keep_rule
from imageshelf.searching import policies
from imageshelf.searching.kinds import ANOTHER_SHOT, SIMILAR
from imageshelf.system.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.searching.policies import Policy
    from imageshelf.shelf.records import PictureRow


NOT_COPIES = {ANOTHER_SHOT: "is another shot, not a copy", SIMILAR: "is similar, not a copy"}


class Member(NamedTuple):
    """A picture of a group. Distances, kind and turn are those to the keeper.

    `turn` is what the keeper must undergo to look like it. `reason` says of the keeper why it is
    kept, of a picture with `keep` why it stays, of another why the keeper is preferred to it; of
    one beside the group which member it matches. `warning` names metadata that would be lost.
    """

    path: str
    name: str
    id: int
    kind: str
    turn: str
    row: int
    column: int
    phash: int
    score: int
    width: int
    height: int
    size_bytes: int
    mtime_ns: int
    captured_at: int | None
    camera: str | None
    jpeg_quality: int | None
    metadata_flags: int
    keep: bool
    reason: str
    warning: str


class Group(NamedTuple):
    """Copies of one picture: each member matches the keeper; `beside` matches only a member.

    Or, where every member is `another shot` or `similar`, pictures that are no copies.
    """

    keeper: Member
    members: tuple[Member, ...]
    beside: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Question:
    """Which duplicates are wanted; the fields are options of `search.py --duplicates`."""

    policy: Policy = policies.DEFAULT
    below: tuple[str, ...] = ()  # only pictures below these folders
    across: bool = False  # only pairs from different folders
    within: bool = False  # only pairs from one folder
    min_size_bytes: int = 0
    kinds: frozenset[str] | None = None
    keep: keep_rule.Rule = field(default_factory=keep_rule.Rule)
    references: tuple[str, ...] = ()
    files_only: bool = False  # leave out what lies at an URL: a clean-up never touches it


class Asked(NamedTuple):
    """What is asked about two pictures that match; without `kind`, their files are."""

    kind: Callable[[PictureRow, PictureRow, str], str] | None = None  # of the two and the turn
    not_duplicate: Callable[[PictureRow, PictureRow], bool] = lambda *_: False


# Of all pairs; measured over 17.6 million pairs of photographs and extrapolated. Documents have
# more.
FALSE_PAIRS = (6e-8, 12e-8)


class Duplicates(NamedTuple):
    """All groups, copies first, in the order of the keepers' paths."""

    groups: tuple[Group, ...]
    pictures: int  # that were compared
    crowded: int  # flat pictures that were matched by equality alone: there are too many
    false_pairs: tuple[int, int]  # to expect, from and to

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def expected_false_pairs(pictures: int) -> tuple[int, int]:
    """Return how many false pairs to expect by the default policy, from and to.

    >>> expected_false_pairs(1_000_000)
    (30000, 60000)
    """
    every = pictures * (pictures - 1) / 2
    low, high = (round(every * share) for share in FALSE_PAIRS)
    return low, high
