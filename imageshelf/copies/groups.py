"""Groups of copies: a keeper, its members, and all groups of a shelf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.copies import keep_rule
from imageshelf.searching import keyword_options, policies
from imageshelf.system.rendering import records, rendered
from imageshelf.system.words import count

if TYPE_CHECKING:
    from imageshelf.pieces.placement import Placement
    from imageshelf.searching.policies import Policy
    from imageshelf.shelf.records import PictureRow


class Member(NamedTuple):
    """A picture of a group. Distances, kind and turn are those to the keeper.

    `turn` is what the keeper must undergo to look like this picture. `reason` says why the keeper
    is kept, why a picture with `keep` stays, why the keeper is preferred to any other, and which
    member a picture beside the group matches. `warning` names metadata that would be lost.
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
    match: bool = True
    compared: bool = True
    differs: float | None = None
    regions: tuple[tuple[int, int, int, int], ...] = ()
    shows: tuple[float, float] | None = None
    told: str = ""
    piece: Placement | None = None


class Group(NamedTuple):
    """Copies of one picture: every member matches the keeper, those `beside` only a member.

    Or pictures that are related and no copies: variants, other shots, what could not be compared.
    Each member is then a keeper of its own and nearest to this one.
    """

    keeper: Member
    members: tuple[Member, ...]
    beside: tuple[Member, ...] = ()

    @property
    def has_copies(self) -> bool:
        """Whether any member is a copy of the keeper."""
        return any(member.match for member in self.members)

    @property
    def saving_bytes(self) -> int:
        """The bytes of all copies that need not stay."""
        return sum(member.size_bytes for member in self.members if not member.keep)


@dataclass(frozen=True)
class GroupOptions:
    """Which duplicates to report; the fields are options of `imageshelf duplicates`."""

    policy: Policy = policies.DEFAULT
    below: tuple[str, ...] = ()  # only pictures below these folders
    across: bool = False  # only pairs from different folders
    within: bool = False  # only pairs from one folder
    min_size_bytes: int = 0
    kinds: frozenset[str] | None = None
    keep: keep_rule.KeepRule = field(default_factory=keep_rule.KeepRule)
    references: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()  # folders, the most preferred first
    preferences: str = ""  # sentences: which are used, see `preferred`
    hashes_only: bool = False  # believe the hashes: no second look
    pieces: bool = True  # also list pieces, of a shelf with keypoints
    hard_links: bool = False  # companions stay where they are, beside a link
    take_over: bool = False  # what a person wrote does not go with a copy
    files_only: bool = False  # leave out pictures at a URL, which a clean-up never touches

    @classmethod
    def of(cls, keywords: Mapping[str, Any]) -> GroupOptions:
        """Return options from GroupKeywords."""
        given = keyword_options.fields(keywords)
        if "keep" in given:
            names = given["keep"]
            given["keep"] = keep_rule.KeepRule(
                names.split(",") if isinstance(names, str) else list(names)
            )
        return cls(**given)


class GroupKeywords(keyword_options.PolicyKeywords, total=False):
    """The options of a listing of duplicates, and of a clean-up."""

    kinds: str | Iterable[str]  # only these
    below: keyword_options.Folders  # only pictures below these folders
    across: bool  # only pairs from different folders
    within: bool  # only pairs from one folder
    min_size_bytes: int
    keep: str | Iterable[str]  # criteria that decide early which copy stays
    references: keyword_options.Folders  # protected
    prefer: keyword_options.Folders  # the most preferred first
    hashes_only: bool  # believe the hashes: no second look
    pieces: bool  # also list pieces, of a shelf with keypoints


class PairRules(NamedTuple):
    """Decides about two pictures that match; without `kind`, their files decide what they are."""

    kind: Callable[[PictureRow, PictureRow, str], str] | None = None  # two pictures and the turn
    not_duplicate: Callable[[PictureRow, PictureRow], bool] = lambda *_: False


# A share of all pairs, extrapolated from 17.6 million pairs of photographs. Documents have more.
FALSE_PAIRS = (6e-8, 12e-8)


@dataclass(frozen=True, repr=False)
class Duplicates(Sequence[Group]):
    """All groups of a shelf, as a sequence: copies first, in the order of the keepers' paths."""

    groups: tuple[Group, ...]
    pictures: int  # compared
    crowded: int  # flat pictures matched by equality alone, because there are too many
    false_pairs: tuple[int, int]  # expected, from and to
    by_rule: tuple[Group, ...] = ()  # the groups of what goes without being named, or all of them
    rows: Mapping[int, PictureRow] = field(
        default_factory=dict
    )  # of all pictures in the groups, by id
    options: GroupOptions = GroupOptions()

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, at: Any) -> Any:  # a group, or a tuple of them for a slice
        return self.groups[at]

    def __repr__(self) -> str:
        copies = sum(group.has_copies for group in self.groups)
        related = len(self.groups) - copies
        more = f" and {related:,} of related pictures" if related else ""
        return f"<{count(copies, 'group')} of copies{more} among {count(self.pictures, 'picture')}>"

    def to_pandas(self) -> Any:
        """Return a DataFrame with a row for each picture of each group."""
        import pandas as pd

        return pd.DataFrame(records(self))

    def ordered(self, by: str = "saving", limit: int | None = None) -> tuple[Group, ...]:
        """Return the groups, those of copies first: largest `saving` or most `pictures` first."""
        ranks: dict[str, Callable[[Group], int]] = {
            "saving": lambda group: -group.saving_bytes,
            "pictures": lambda group: -len(group.members),
            "path": lambda _: 0,
        }
        ranked = sorted(self.groups, key=ranks[by])
        return tuple(sorted(ranked, key=_section)[:limit])

    def _repr_html_(self) -> str:
        return rendered(self, "html")


def _section(group: Group) -> int:
    """Return where a group is listed: copies, then what is related, then pieces."""
    pieces = any(member.piece for member in group.members)
    return 0 if group.has_copies else 2 if pieces else 1


def expected_false_pairs(pictures: int) -> tuple[int, int]:
    """Return how many false pairs the default policy can be expected to find, from and to.

    >>> expected_false_pairs(1_000_000)
    (30000, 60000)
    """
    every = pictures * (pictures - 1) / 2
    low, high = (round(every * share) for share in FALSE_PAIRS)
    return low, high
