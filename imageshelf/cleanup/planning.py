"""Plans a clean-up: which pictures go, which stay, and why. Nothing is touched here.

By rule only identical copies go, byte for byte or pixel for pixel; `near` and `turned` ones when
`--kind` names them. The keeper of one group never goes on account of another group, so every group
keeps its keeper however groups overlap.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.copies.companions import Companion, Listings, belonging, going_along, without_twin
from imageshelf.copies.merits import TAKEN_OVER
from imageshelf.copies.protected_folders import ProtectedFolders
from imageshelf.searching.kinds import (
    BY_RULE,
    BYTES,
    MATCHES,
    NEAR,
    NOT_COMPARED,
    NOT_COPIES,
    PIXELS,
    SAME_FILE,
    TURNED,
    is_match,
)
from imageshelf.system.files import Stamp
from imageshelf.system.words import with_article

if TYPE_CHECKING:
    from imageshelf.copies.groups import Group, Member
    from imageshelf.pictures.annotations import Annotations
    from imageshelf.shelf.records import PictureRow

SET_ASIDE, TRASH, HARD_LINK, DELETE = "set aside", "trash", "hard link", "delete"
ACTIONS = (SET_ASIDE, TRASH, HARD_LINK, DELETE)
BY_NAME = frozenset({BYTES, PIXELS, TURNED, NEAR})  # what --kind may name
TAKE_OVER = "take over"  # of annotations, into the sidecar of the picture that stays
STAYING = frozenset({HARD_LINK, TAKE_OVER})  # after them there is a file where there was one
PURGE = "purge"  # the deletion of what was set aside, which no plan contains
CHOSEN = "chosen"  # a kind: chosen by hand, related in no way that the shelf knows

Identity = tuple[int, int]  # device, inode


class Rules(NamedTuple):
    """Which copies may go, and how."""

    action: str = SET_ASIDE
    kinds: frozenset[str] = BY_RULE
    references: tuple[str, ...] = ()
    take_over: bool = False  # what a sidecar says, which is checked when that is planned


class File(NamedTuple):
    """A picture and its state in the catalogue."""

    id: int
    name: str
    path: str
    stamp: Stamp
    width: int
    height: int
    orientation: int = 1  # of EXIF


class TakeOver(NamedTuple):
    """What a copy leaves to the picture that stays, and what all copies of the group leave.

    All of it goes into the sidecar at once, before the first of them goes.
    """

    sidecar: str
    added: Annotations
    added_by_all: Annotations


class Step(NamedTuple):
    """A picture that goes, the keeper it goes in favour of, and why; `companions` go along.

    `chosen` tells that a person chose it, whatever the two are to each other.
    """

    file: File
    keeper: File
    kind: str
    turn: str
    reason: str
    warning: str
    freed_bytes: int  # its companions' included
    companions: tuple[Companion, ...]
    chosen: bool = False
    take_over: TakeOver | None = None
    untaken: tuple[str, ...] = ()  # sentences: what a person wrote, and is not taken over


class Left(NamedTuple):
    """A picture that is left alone; the reason continues "this picture ..."."""

    path: str
    kind: str
    reason: str


class Planned(NamedTuple):
    """What happens to one group."""

    keeper: File
    steps: tuple[Step, ...]
    left: tuple[Left, ...]


class Plan(NamedTuple):
    """A whole clean-up, with the groups of which nothing goes, for what they leave alone."""

    action: str
    groups: tuple[Planned, ...]
    preferences: str = ""  # sentences: which were used

    @property
    def steps(self) -> list[Step]:
        """Every picture that goes, in order."""
        return [step for group in self.groups for step in group.steps]

    @property
    def freed_bytes(self) -> int:
        """How many bytes are no longer needed."""
        return sum(step.freed_bytes for step in self.steps)


def plan(groups: Iterable[Group], rows: Mapping[int, PictureRow], rules: Rules) -> Plan:
    """Return the plan that the rules make; `rows` are the catalogue's rows of all members.

    The same groups make the same plan. Raises NoFolderError for a reference that is no folder.
    """
    every = list(groups)
    judge = _Judge(rows, rules)
    drafts = [_draft(group, judge) for group in every]
    keepers = {
        identity(rows[group.keeper.id])
        for group, (going, _) in zip(every, drafts, strict=True)
        if going
    }
    planned = []
    taken: set[str] = set()
    for group, (going, left) in zip(every, drafts, strict=True):
        steps = []
        for member in going:
            if identity(rows[member.id]) in keepers:
                left.append(_left(member, "is the copy to keep of another group"))
            elif member.path not in taken:
                taken.add(member.path)
                keeper = file_of(group.keeper.path, rows[group.keeper.id], group.keeper.name)
                steps.append(_step(member, keeper, rows[member.id]))
        if steps or left:
            row = rows.get(group.keeper.id)
            keeper = file_of(group.keeper.path, row, group.keeper.name)
            planned.append(Planned(keeper, tuple(steps), tuple(left)))
    return with_companions(counted_once(Plan(rules.action, tuple(planned)), rows), rules)


def counted_once(plan: Plan, rows: Mapping[int, PictureRow]) -> Plan:
    """Return the plan with the bytes that each step frees.

    A file with several names frees its bytes once, with the last of them, and only if all go.
    """
    going = _names_going(plan, rows)

    def freed(step: Step) -> int:
        row = rows[step.file.id]
        names = going[identity(row)]
        return row.size_bytes if names[-1] == row.id and len(names) >= row.nlink else 0

    groups = (
        group._replace(steps=tuple(step._replace(freed_bytes=freed(step)) for step in group.steps))
        for group in plan.groups
    )
    return plan._replace(groups=tuple(groups))


def _names_going(plan: Plan, rows: Mapping[int, PictureRow]) -> dict[Identity, list[int]]:
    """Return the ids of what goes, in order, by the file that they are names of."""
    going: dict[Identity, list[int]] = {}
    for step in plan.steps:
        going.setdefault(identity(rows[step.file.id]), []).append(step.file.id)
    return going


def with_companions(plan: Plan, rules: Rules, chosen: Collection[str] = ()) -> Plan:
    """Return the plan with the companions of everything that goes.

    A picture is left alone if `delete` would lose for good a companion of which nothing that stays
    has the bytes, or says as much; or if its camera RAW is what another group keeps. A companion
    that a person has `chosen` to keep, or to go by itself, does not go along.
    """
    if plan.action == HARD_LINK:  # the picture keeps its place, and so do they
        return plan
    going = {step.file.path for step in plan.steps}
    keepers = {group.keeper.path for group in plan.groups if group.steps}
    listings = Listings()
    groups = []
    for group in plan.groups:
        steps, left = [], list(group.left)
        for step in group.steps:
            every = going_along(step.file.path, going, listings)
            along = tuple(one for one in every if one.path not in chosen)
            held = next((one for one in along if one.path in keepers), None)
            if held:
                reason = f"has a {held.kind} that is the copy to keep of another group"
                left.append(Left(step.file.path, step.kind, reason))
                going.discard(step.file.path)
                continue
            only = without_twin(along, belonging(step.keeper.path, listings))
            lost = only
            if rules.take_over and step.kind in MATCHES:
                lost = [companion for companion in only if companion.kind not in TAKEN_OVER]
            if lost and plan.action == DELETE:
                left.append(Left(step.file.path, step.kind, would_be_lost(lost)))
                going.discard(step.file.path)
                continue
            bytes_along = sum(companion.freed_bytes for companion in along)
            freed_bytes = step.freed_bytes + bytes_along
            warning = _warning(step, only)
            steps.append(step._replace(companions=along, freed_bytes=freed_bytes, warning=warning))
        groups.append(Planned(group.keeper, tuple(steps), tuple(left)))
    return plan._replace(groups=tuple(groups))


def would_be_lost(companions: Iterable[Companion]) -> str:
    """Return why a picture is not deleted that these companions belong to."""
    kinds = " and ".join(with_article(companion.kind) for companion in companions)
    return f"has {kinds} that would be lost with it"


def identity(row: PictureRow) -> Identity:
    """Return what identifies a file under all its names; its row's id if there are no inodes."""
    return (row.device, row.inode) if row.inode else (-1, row.id)


def file_of(path: str, row: PictureRow | None, name: str) -> File:
    """Return a picture as the catalogue has it; without a row its state matches no file."""
    if row is None:
        return File(-1, name, path, Stamp(0, -1, -1), 0, 0)
    known = Stamp(row.inode, row.size_bytes, row.mtime_ns)
    return File(row.id, name, path, known, row.width, row.height, row.orientation)


class _Judge:
    """The rules, applied to one picture at a time."""

    def __init__(self, rows: Mapping[int, PictureRow], rules: Rules) -> None:
        self.rows, self.rules = rows, rules
        self.protected = ProtectedFolders(rules.references)

    def why_left(self, member: Member, keeper: Member) -> str:
        """Return why a picture is left alone, "" if it may go."""
        row, kept = self.rows.get(member.id), self.rows.get(keeper.id)
        if row is None or kept is None:
            return "has left the shelf"
        if member.keep:
            return member.reason or "is kept"
        if not is_match(member.kind, compared=member.compared):
            return NOT_COPIES.get(member.kind, NOT_COMPARED) + "; choose it with --selection"
        if identity(row) == identity(kept) or member.kind == SAME_FILE:
            return "is another name of the file that is kept"
        if member.warning and self.rules.action == DELETE and not self.rules.take_over:
            return f"{member.warning}; --take-over would keep that"
        return self._why_not_by_rule(
            member.kind, little=row.low_information or kept.low_information
        ) or why_untouched(member.path, member.kind, keeper.path, self.rules, self.protected)

    def _why_not_by_rule(self, kind: str, *, little: bool) -> str:
        if kind not in self.rules.kinds:
            return f"{_is(kind)}; add --kind {kind.replace(' ', '-')} to let it go"
        if kind not in BY_RULE and little:
            return "shows too little to tell by likeness; choose it with --selection"
        return ""


def why_untouched(
    path: str, kind: str, keeper: str, rules: Rules, protected: ProtectedFolders
) -> str:
    """Return why a picture may not be touched even if the user chose it; "" if it may."""
    if os.path.normpath(path) != path:
        return "has a name that no index run writes"
    if reason := protected.why(path):
        return reason
    if rules.action != HARD_LINK:
        return ""
    if kind != BYTES:
        return f"{_is(kind)}; only identical bytes can become a hard link"
    if reason := protected.why(keeper):
        return f"would become a hard link to one that {reason}"
    return ""


def _is(kind: str) -> str:
    """Return what a copy of a kind is, or has."""
    return f"{'has' if kind in BY_RULE else 'is'} {kind}"


def _draft(group: Group, judge: _Judge) -> tuple[list[Member], list[Left]]:
    going, left = [], []
    for member in group.members:
        if member.path == group.keeper.path:
            continue
        if reason := judge.why_left(member, group.keeper):
            left.append(_left(member, reason))
        else:
            going.append(member)
    return going, left


def _left(member: Member, reason: str) -> Left:
    return Left(member.path, member.kind, reason)


def _step(member: Member, keeper: File, row: PictureRow) -> Step:
    return Step(
        file_of(member.path, row, member.name),
        keeper,
        member.kind,
        member.turn,
        member.reason,
        member.warning,
        0,
        (),
    )


def _warning(step: Step, only: list[Companion]) -> str:
    parts = [step.warning] if step.warning else []
    if only:
        kinds = " and ".join(sorted({companion.kind for companion in only}))
        parts.append(f"its {kinds} goes with it")
    return "; ".join(parts)
