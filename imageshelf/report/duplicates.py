"""Groups of duplicates as text, JSON, JSON Lines, CSV and bare paths."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imageshelf.cleanup import planning
from imageshelf.cleanup.planning import Plan, Rules
from imageshelf.report import csv_table
from imageshelf.report.cleanup import of_shelf
from imageshelf.report.matches import piece_record, rounded
from imageshelf.report.plan import plan_null
from imageshelf.searching.kinds import BY_RULE, KINDS, MATCHES, PIECE, TURNED
from imageshelf.system import terminal
from imageshelf.system.program import typed
from imageshelf.system.words import count, nearby, shown, size

if TYPE_CHECKING:
    from imageshelf.copies.groups import Duplicates, Group, Member
    from imageshelf.system.terminal import Painter

PIECES = "pieces, no copies, each below the picture that it comes from:"
RELATED = "no copies, but variants, other shots and the like:"
MANY = 20_000  # pictures; with more, false pairs are worth a warning
FIELDS = (
    "group", "role", "kind", "turn", "path", "width", "height", "size_bytes", "row", "column",
    "phash", "score", "reason", "warning", "match", "compared", "differs", "regions", "shows",
    "piece",
)  # fmt: skip


def text(
    answer: Duplicates,
    summary: Sequence[str],
    paint: Painter = terminal.plain,
    cells: int = 0,
    *,
    details: bool = False,
) -> str:
    """Return the numbered groups as text between a summary and the same summary.

    Copies come first, then what is only related. With a width in `cells` tables fit it; with
    `details` they tell what the hashes measure, too.
    """
    listed = [_with_measures(group) for group in answer.groups] if details else answer.groups
    lines = [*summary]
    names = [shown(nearby(member.path)) for group in listed for _, member in _roles(group)]
    common = terminal.common_folder(names) if cells else ""
    if common:
        lines += ["", f"in {terminal.clipped(common, cells - 3)}"]
    heading = ""
    for number, group in enumerate(listed, 1):
        of_pieces = any(member.kind == PIECE for member in group.members)
        above = "" if group.has_copies else PIECES if of_pieces else RELATED
        if above != heading:
            lines += ["", above]
            heading = above
        lines += ["", *_group(number, group, common, paint, cells)]
    if listed:
        lines += ["", *summary]
    return "\n".join(lines) + "\n"


def summary(answer: Duplicates, shelve: str, listed: int) -> list[str]:
    """Return what stands above and below the groups: numbers, bytes by kind, what to do next."""
    lines = sentences(answer)
    copies = [member for group in answer.groups for member in group.members if member.match]
    by_kind: dict[str, list[int]] = {}
    for member in copies:
        if not member.keep:
            by_kind.setdefault(member.kind, []).append(member.size_bytes)
    rows = [
        [f"  {kind}", count(len(sizes), "picture"), size(sum(sizes))]
        for kind, sizes in sorted(by_kind.items(), key=lambda item: KINDS.index(item[0]))
    ]
    lines += terminal.columns(rows, right={1, 2}).splitlines()
    if listed < len(answer.groups):
        lines.append(f"{listed:,} of {count(len(answer.groups), 'group')} are listed")
    if by_kind:
        clean = f"{typed('clean')}{_kinds(answer, by_kind)}{of_shelf(shelve)}"
        lines.append(f"To see what would go: {clean}")
    return lines


def _kinds(answer: Duplicates, found: Iterable[str]) -> str:
    """Return the option with which `clean` takes what is listed, "" where it does so by itself."""
    wanted = (answer.options.kinds or BY_RULE) & set(found) or set(found)
    named = [kind.replace(" ", "-") for kind in KINDS if kind in wanted & planning.BY_NAME]
    return "" if not answer.options.kinds and wanted <= BY_RULE else f" --kind {','.join(named)}"


def sentences(answer: Duplicates) -> list[str]:
    """Return sentences that introduce the groups: how many, and how far to trust them."""
    copies = [group for group in answer.groups if group.has_copies]
    plan = what_could_go(answer)
    total = (
        f"{count(len(copies), 'group')} of copies among {count(answer.pictures, 'picture')}; "
        f"{count(len(plan.steps), 'picture')} of {size(plan.freed_bytes)} could go"
    )
    lines = [*warnings(answer), *filter(None, [answer.options.preferences]), total]
    if not answer.options.kinds:
        named = what_could_go(answer, planning.BY_NAME)
        more = len(named.steps) - len(plan.steps)
        if more > 0:  # a nearer keeper may leave more alone
            freed = size(named.freed_bytes - plan.freed_bytes)
            lines.append(f"turned and near ones would add {more:,} of {freed}: --kind turned,near")
    return lines


def what_could_go(answer: Duplicates, kinds: frozenset[str] = frozenset()) -> Plan:
    """Return what `clean` would set aside, asked the same: by rule, or of the kinds named."""
    wanted = kinds or (answer.options.kinds or BY_RULE) & planning.BY_NAME
    rules = Rules(kinds=wanted, references=answer.options.references)
    return planning.plan(answer.groups if kinds else answer.by_rule, answer.rows, rules)


def warnings(answer: Duplicates) -> list[str]:
    """Return what to know about the groups of a large collection."""
    warned = []
    low, high = answer.false_pairs
    if answer.pictures >= MANY:
        warned.append(
            f"expect {low:,} to {high:,} pairs of strangers among so many pictures; "
            "--strict finds fewer"
        )
    if answer.crowded:
        warned.append(
            f"{count(answer.crowded, 'flat picture')}: too many to compare but for equality"
        )
    return warned


def _group(number: int, group: Group, common: str, paint: Painter, cells: int) -> Sequence[str]:
    """Return a heading and a table; remarks that do not fit beside a row follow below it."""
    rows = [_row("keep" if group.has_copies else "", group.keeper, named=group.has_copies)]
    rows += [_row(label(member), member) for member in _without_repetition(group)]
    rows += [_row("beside", member) for member in group.beside]
    rows = [[*row[:3], row[3].removeprefix(common), row[4]] for row in rows]
    paints = [_paints(group.keeper, "green")]
    paints += [_paints(member, "dim" if member.keep else "yellow") for member in group.members]
    paints += [_paints(member, "dim") for member in group.beside]
    copies = [member for member in group.members if not member.keep]
    saved = f", {size(group.saving_bytes)}" if copies else ""
    heading = f"{number:,}: {count(len(group.members) + 1, 'picture')}{saved}"
    table = terminal.columns(rows, {2}, paints, paint).splitlines()
    plain = terminal.columns(rows, {2}).splitlines()
    if not cells or max(map(terminal.width, plain)) <= cells:
        return [heading, *table]
    fit = terminal.Fit(cells, 3, (1, 2))
    rows, remarks = [row[:4] for row in rows], [row[4] for row in rows]
    rows = [[terminal.clipped(row[0], cells // 2), *row[1:]] for row in rows]
    table = terminal.columns(rows, {2}, [{0: each[0]} for each in paints], paint, fit).splitlines()
    lines = [heading]
    for line, remark, before in zip(table, remarks, ["", *remarks], strict=False):
        said = "" if remark == before else remark  # of the keeper and of what it is preferred to
        wrapped = textwrap.wrap(said, cells, initial_indent="    ", subsequent_indent="    ")
        lines += [line, *(paint(part, "dim") for part in wrapped)]
    return lines


def _with_measures(group: Group) -> Group:
    """Return a group whose remarks begin with the distances from the keeper."""

    def measured(members: tuple[Member, ...]) -> tuple[Member, ...]:
        return tuple(
            member._replace(
                told=f"row {member.row}, column {member.column}, perceptual {member.phash}, "
                f"score {member.score}{', ' if member.told else ''}{member.told}"
            )
            for member in members
        )

    return group._replace(members=measured(group.members), beside=measured(group.beside))


def _without_repetition(group: Group) -> Iterator[Member]:
    """Yield the members; each reason says that it speaks for the first picture, once in a group."""
    said = {group.keeper.reason} if group.has_copies else set()
    for member in group.members:
        if not member.reason or member.keep:
            yield member
            continue
        repeated = member.reason in said
        said.add(member.reason)
        yield member._replace(reason="" if repeated else f"the first is kept: {member.reason}")


def _paints(member: Member, label: str) -> dict[int, str]:
    """Return the paints of a row: green stays, yellow goes, and a warning stands out."""
    return {0: label, 4: "yellow" if member.warning else "dim"}


def label(member: Member) -> str:
    """Return kind and turn in a word or two."""
    if not member.match and member.kind in MATCHES:
        return f"{member.turn or member.kind}?"
    if member.kind == TURNED:
        return member.turn
    return ", ".join(part for part in (member.kind, member.turn) if part)


def _row(role: str, member: Member, *, named: bool = True) -> list[str]:
    parts = (member.told, member.reason, member.warning)
    remarks = "; ".join(part for part in parts if part and named)
    return [
        role,
        f"{member.width}x{member.height}",
        size(member.size_bytes),
        shown(nearby(member.path)),
        shown(remarks),
    ]


def records(answer: Duplicates) -> Iterator[dict[str, Any]]:
    """Yield every picture of every group as one flat record."""
    for number, group in enumerate(answer.groups, 1):
        for role, member in _roles(group):
            values = {**member._asdict(), "group": number, "role": role}
            values |= {"differs": rounded(member.differs), "shows": rounded(member.shows)}
            values["piece"] = piece_record(member.piece)
            yield {name: values[name] for name in FIELDS}


def _roles(group: Group) -> Iterator[tuple[str, Member]]:
    yield "keep", group.keeper
    for member in group.members:
        yield ("keep" if member.keep else "spare"), member
    for member in group.beside:
        yield "beside", member


def _grouped(answer: Duplicates) -> list[list[dict[str, Any]]]:
    """Return groups, each a list of its pictures."""
    groups: list[list[dict[str, Any]]] = [[] for _ in answer.groups]
    for record in records(answer):
        groups[record["group"] - 1].append(record)
    return groups


def as_null(answer: Duplicates) -> bytes:
    """Return the paths of what could go, companions included, each followed by a NUL byte."""
    return plan_null(what_could_go(answer))


FORMATS: dict[str, Callable[[Duplicates], str | bytes]] = {
    "json": lambda answer: csv_table.json_list(_grouped(answer)),
    "jsonl": lambda answer: csv_table.json_lines(_grouped(answer)),
    "csv": lambda answer: csv_table.table(FIELDS, records(answer)),  # a line for each picture
}
