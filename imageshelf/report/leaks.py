"""Test pictures that a model has seen in training, and pictures under two labels, as text."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.report import csv_table
from imageshelf.report.matches import label
from imageshelf.system import terminal
from imageshelf.system.words import count, nearby, shown

if TYPE_CHECKING:
    from imageshelf.copies.groups import Duplicates
    from imageshelf.searching.matches import Matches
    from imageshelf.system.terminal import Painter


class Leak(NamedTuple):
    """A test picture, its nearest counterpart in training, and how the two are related."""

    test: str
    train: str
    kind: str
    place: str  # what kind and where the two differ, in words
    distance: int


class TwoLabels(NamedTuple):
    """Two copies of one picture in folders of different names."""

    a: str
    b: str
    kind: str


FIELDS = (*Leak._fields, "a", "b")  # of leaks, and of two labels


def leaks_in(answer: Matches, kinds: frozenset[str] | None) -> list[Leak]:
    """Return the test pictures with a counterpart: a match, or one of the kinds asked for."""
    nearest: dict[str, Leak] = {}
    for match in answer:
        if match.match or (kinds and match.kind in kinds):
            leak = Leak(match.query, match.path, match.kind, label(match), match.distance)
            nearest.setdefault(match.query, leak)
    return list(nearest.values())


def two_labels_in(groups: Duplicates, leaks: Iterable[Leak]) -> list[TwoLabels]:
    """Return the copies in training, and the leaks, of two folders with different names."""
    pairs = [
        TwoLabels(group.keeper.path, member.path, member.kind)
        for group in groups
        for member in group.members
        if member.match
    ]
    pairs += [TwoLabels(leak.test, leak.train, leak.kind) for leak in leaks]
    return [pair for pair in pairs if _label(pair.a) != _label(pair.b)]


def _label(path: str) -> str:
    return os.path.basename(os.path.dirname(path))


def text(
    leaks: Sequence[Leak],
    asked: int,
    labels: Sequence[TwoLabels],
    paint: Painter = terminal.plain,
    cells: int = 0,
) -> str:
    """Return a table of leaks, one of labels, and sentences that count them."""
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in Counter(x.kind for x in leaks).most_common())
    have = "has" if len(leaks) == 1 else "have"
    told = f"{len(leaks):,} of {count(asked, 'test picture')} {have} a counterpart in training"
    lines = [f"{told}: {kinds}" if kinds else told]
    if leaks:
        rows = [[_name(leak.test), leak.place, _name(leak.train)] for leak in leaks]
        lines += ["", _table(["test", "kind", "training"], rows, paint, cells)]
    if labels:
        number = count(len(labels), "picture")
        lines += ["", f"{number} under two labels:", ""]
        rows = [[_name(each.a), each.kind, _name(each.b)] for each in labels]
        lines.append(_table(["picture", "kind", "also"], rows, paint, cells))
    return "\n".join(lines) + "\n"


def _name(path: str) -> str:
    return shown(nearby(path))


def _table(heading: list[str], rows: list[list[str]], paint: Painter, cells: int) -> str:
    if cells:
        name, kind = cells * 2 // 5, cells // 5
        rows = [[terminal.clipped(a, name), terminal.clipped(b, kind), c] for a, b, c in rows]
    return terminal.columns(
        [heading, *rows], (), [{0: "dim", 1: "dim", 2: "dim"}, *({} for _ in rows)], paint,
        terminal.Fit(cells, 2),
    )  # fmt: skip


FORMATS: dict[str, Callable[[Iterable[Leak | TwoLabels]], str | bytes]] = {
    "jsonl": lambda rows: csv_table.json_lines(row._asdict() for row in rows),
    "csv": lambda rows: csv_table.table(FIELDS, (row._asdict() for row in rows)),
}


def dropped(leaks: Iterable[Leak], form: str) -> str | bytes:
    """Return the test pictures to leave out: a path a line, JSON Lines or CSV."""
    paths = [leak.test for leak in leaks]
    records = [{"drop": path} for path in paths]
    if form == "jsonl":
        return csv_table.json_lines(records)
    if form == "csv":
        return csv_table.table(("drop",), records)
    return b"".join(os.fsencode(path) + b"\n" for path in paths)
