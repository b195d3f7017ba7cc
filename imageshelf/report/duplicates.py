"""Groups of duplicates as text, JSON, JSON Lines, CSV and bare paths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imageshelf.report import csv_table as csv_report
from imageshelf.system import terminal
from imageshelf.system.words import count, nearby, shown, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imageshelf.copies.groups import Duplicates, Group, Member
    from imageshelf.system.terminal import Painter

MANY = 20_000  # pictures from which on false pairs are worth a word
FIELDS = (
    "group", "role", "kind", "turn", "path", "width", "height", "size_bytes", "row", "column",
    "phash", "score", "reason", "warning",
)  # fmt: skip


def text(found: Duplicates, paint: Painter = terminal.plain) -> str:
    """Return the groups to read; copies first, other shots and similar pictures apart."""
    copies = [group for group in found.groups if group.has_copies]
    others = [group for group in found.groups if not group.has_copies]
    lines = sentences(found)
    for group in copies:
        lines += ["", *_group(group, paint)]
    if others:
        lines += ["", "no copies, but other shots of a moment or similar pictures:"]
        for group in others:
            lines += ["", *_group(group, paint)]
    return "\n".join(lines) + "\n"


def sentences(found: Duplicates) -> list[str]:
    """Return what to know before the groups are looked at: how many, and how far to trust them."""
    copies = [group for group in found.groups if group.has_copies]
    spare = [one for group in copies for one in group.members if not one.keep]
    freed = sum(one.size_bytes for one in spare)
    told = (
        f"{count(len(copies), 'group')} of copies among {count(found.pictures, 'picture')}; "
        f"{count(len(spare), 'picture')} of {size(freed)} could go"
    )
    return [*warnings(found), told]


def warnings(found: Duplicates) -> list[str]:
    """Return what to know before looking at the groups of a large collection."""
    told = []
    low, high = found.false_pairs
    if found.pictures >= MANY:
        told.append(
            f"expect {low:,} to {high:,} pairs of strangers among so many pictures; "
            "--strict finds fewer"
        )
    if found.crowded:
        told.append(f"{count(found.crowded, 'flat picture')}: too many to compare but for equality")
    return told


def _group(group: Group, paint: Painter) -> list[str]:
    rows = [_row("keep", group.keeper)]
    rows += [_row(one.turn or one.kind, one) for one in group.members]
    rows += [_row("beside", one) for one in group.beside]
    paints = [_paints(group.keeper, "green")]
    paints += [_paints(one, "dim" if one.keep else "yellow") for one in group.members]
    paints += [_paints(one, "dim") for one in group.beside]
    return terminal.columns(rows, {2}, paints, paint).splitlines()


def _paints(one: Member, label: str) -> dict[int, str]:
    """Return the paints of a row: green stays, yellow goes; a warning is not overlooked."""
    return {0: label, 4: "yellow" if one.warning else "dim"}


def _row(label: str, one: Member) -> list[str]:
    told = "; ".join(part for part in (one.reason, one.warning) if part)
    return [
        label,
        f"{one.width}x{one.height}",
        size(one.size_bytes),
        shown(nearby(one.path)),
        shown(told),
    ]


def records(found: Duplicates) -> Iterator[dict[str, Any]]:
    """Yield every picture of every group as one flat record."""
    for number, group in enumerate(found.groups, 1):
        for role, one in _roles(group):
            values = {**one._asdict(), "group": number, "role": role}
            yield {name: values[name] for name in FIELDS}


def _roles(group: Group) -> Iterator[tuple[str, Member]]:
    yield "keep", group.keeper
    for one in group.members:
        yield ("keep" if one.keep else "spare"), one
    for one in group.beside:
        yield "beside", one


def as_json(found: Duplicates) -> str:
    """Return one JSON document: a list of groups, each a list of its pictures."""
    return json.dumps(_grouped(found), indent=2) + "\n"


def as_jsonl(found: Duplicates) -> str:
    """Return one JSON document a group."""
    return "".join(json.dumps(group) + "\n" for group in _grouped(found))


def _grouped(found: Duplicates) -> list[list[dict[str, Any]]]:
    groups: list[list[dict[str, Any]]] = [[] for _ in found.groups]
    for record in records(found):
        groups[record["group"] - 1].append(record)
    return groups


def as_csv(found: Duplicates) -> bytes:
    """Return one line a picture."""
    return csv_report.table(FIELDS, records(found))


def as_null(found: Duplicates) -> bytes:
    """Return the paths of what could go, each followed by a NUL byte."""
    return csv_report.null_paths(
        one.path for group in found.groups for one in group.members if not one.keep
    )


FORMATS: dict[str, Callable[[Duplicates], str | bytes]] = {
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
}
