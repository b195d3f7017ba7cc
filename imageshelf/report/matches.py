"""Matches as text, JSON, CSV and HTML. Functions here return text; only the scripts print.

To add a `--format`, add an entry to FORMATS, here for matches and in `duplicates` for groups, and
its name to `--format` in `cli.scripts`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from imageshelf.report import csv_table
from imageshelf.searching.kinds import (
    ANOTHER_SHOT,
    DEVELOPED,
    MATCHES,
    PIECE,
    SIMILAR,
    TURNED,
    VARIANT,
)
from imageshelf.searching.matches import Match, Matches, QueryOutcome
from imageshelf.system import terminal
from imageshelf.system.paths import Url
from imageshelf.system.terminal import Painter
from imageshelf.system.words import count, nearby, shown, size

if TYPE_CHECKING:
    from imageshelf.pieces.placement import Placement

SECTIONS: tuple[tuple[str, Callable[[Match], bool]], ...] = (
    ("", lambda match: match.match),
    (
        "could not be compared, so no matches:",
        lambda match: not match.match and match.kind in MATCHES,
    ),
    ("of the same picture, but a part differs:", lambda match: match.kind == VARIANT),
    ("camera RAW files, or what was developed from one:", lambda match: match.kind == DEVELOPED),
    ("pieces, no copies:", lambda match: match.kind == PIECE),
    ("other shots of the same moment, no copies:", lambda match: match.kind == ANOTHER_SHOT),
    ("similar pictures, no copies:", lambda match: match.kind == SIMILAR),
)
KIND_PAINTS = {  # green is certain, yellow wants a look, what is no copy is dim
    "same file": "green",
    "identical bytes": "green",
    "identical pixels": "green",
    "turned": "cyan",
    "near": "yellow",
    "variant": "dim",
    "piece": "dim",
    "another shot": "dim",
    "similar": "dim",
}
DETAILS = ["distance", "similar", "row", "column", "perceptual", "score"]
UNREAD = "Nothing at a URL is read: such a picture is no match unless its digest is known."
HASHES_ONLY = "The second look was left out: near and turned are the hashes' word."
FIELDS = (
    "query", "path", "distance", "row", "column", "phash", "score", "similarity", "kind", "turn",
    "width", "height", "size_bytes", "match", "compared", "differs", "regions", "shows", "piece",
)  # fmt: skip
PIECE_FIELDS = (
    "relation", "query_box", "match_box", "query_share", "match_share", "turn", "scale", "mirrored",
)  # fmt: skip


def record(match: Match) -> dict[str, Any]:
    """Return a match as the documented JSON object."""
    values = {name: getattr(match, name) for name in FIELDS}
    shares = {"differs": rounded(match.differs), "shows": rounded(match.shows)}
    return values | shares | {"piece": piece_record(match.piece)}


def piece_record(placed: Placement | None) -> dict[str, Any] | None:
    """Return where a piece lies as the documented JSON object."""
    if placed is None:
        return None
    return {name: getattr(placed, name) for name in PIECE_FIELDS}


def rounded(shares: Any) -> Any:
    """Return one share or several with four digits, as they are told to programs."""
    if isinstance(shares, tuple):
        return [rounded(share) for share in shares]
    return None if shares is None else round(shares, 4)


def matches_text(
    matches: Matches, paint: Painter = terminal.plain, cells: int = 0, *, details: bool = False
) -> str:
    """Return the answer as text: for each query a heading and a table, or a sentence.

    With a width in `cells` tables fit it; with `details` they begin with what the hashes measure.
    """
    drawn = functools.partial(_table, paint=paint, cells=cells, details=details)
    by_query: dict[str, list[Match]] = {}
    for match in matches:
        by_query.setdefault(match.query, []).append(match)
    answers = [
        _answer(asked, by_query.get(asked.path, []), paint, drawn)
        for asked in matches.asked
        if not asked.problem
    ]
    return "\n\n".join(answers) + "\n" if answers else ""


def unmatched(matches: Matches) -> list[str]:
    """Return the readable queries that match nothing."""
    return [asked.path for asked in matches.asked if not asked.matches and not asked.problem]


def matching(matches: Iterable[Match]) -> list[str]:
    """Return the paths of what matches, without what is only related."""
    return [match.path for match in matches if match.match]


def unmatched_text(matches: Matches, form: str) -> str | bytes:
    """Return the queries that match nothing: one name a line, or as JSON or CSV."""
    paths = unmatched(matches)
    records = [{"query": path} for path in paths]
    if form == "json":
        return csv_table.json_list(paths)
    if form == "jsonl":
        return csv_table.json_lines(records)
    if form == "csv":
        return csv_table.table(["query"], records)
    return "".join(shown(path) + "\n" for path in paths)


def _answer(
    asked: QueryOutcome,
    matches: Sequence[Match],
    paint: Painter,
    table: Callable[[list[Match]], str],
) -> str:
    name = paint(shown(asked.path), "bold")
    note = "; it shows too little for a near match" if asked.low_information else ""
    if not matches:
        return f"{name}: no picture on the shelf matches{note}"
    parts = [f"{name}: {_counted(len(matches) - asked.related, asked.related)}{note}"]
    for heading, wanted in SECTIONS:
        section = [match for match in matches if wanted(match)]
        if section:
            parts += [*([heading] if heading else []), table(section)]
    if any(isinstance(match.path, Url) and not match.compared for match in matches):
        parts.append(UNREAD)
    return "\n\n".join(parts)


def _counted(matches: int, related: int) -> str:
    words = count(matches, "match", "matches") if matches else "no picture on the shelf matches"
    return f"{words}, {related} related" if related else words


def _header() -> list[str]:
    return ["kind", "pixels", "size", "path"]


def _measures(match: Match) -> list[str]:
    """Return the cells under DETAILS."""
    measures = (match.row, match.column, match.phash, match.score)
    words = ["-" if bits is None else str(bits) for bits in measures]
    return [str(match.distance), f"{match.similarity:.0f} %", *words]


def _line(match: Match) -> list[str]:
    return [
        label(match),
        f"{match.width}x{match.height}" if match.width else "-",
        size(match.size_bytes),
        shown(nearby(match.path)) + ("" if _may_be_there(match.path) else "  (not there now)"),
    ]


def label(match: Match) -> str:
    """Return kind, turn and what differs in a few words: "variant, 4 % differs, lower right"."""
    if match.kind == PIECE:
        return match.told
    kind = match.turn if match.turn and match.kind == TURNED else match.kind
    turn = match.turn if match.turn and match.kind != TURNED else ""
    return ", ".join(part for part in (kind, turn, match.told) if part)


def _may_be_there(path: str) -> bool:
    return isinstance(path, Url) or os.path.lexists(path)


def _table(section: list[Match], paint: Painter, cells: int, *, details: bool) -> str:
    rows = [_header(), *map(_line, section)]
    if cells:
        rows = [[terminal.clipped(row[0], cells // 2), *row[1:]] for row in rows]
    if details:
        measures = [DETAILS, *map(_measures, section)]
        rows = [[*numbers, *row] for numbers, row in zip(measures, rows, strict=True)]
    kind = len(DETAILS) if details else 0  # its column
    above, last = "", len(rows[0]) - 1
    common = terminal.common_folder(row[last] for row in rows[1:]) if cells else ""
    if common and len(section) > 1:
        above = f"in {terminal.clipped(common, cells - 3)}\n"
        rows = [rows[0], *([*row[:last], row[last].removeprefix(common)] for row in rows[1:])]
    paints = [dict.fromkeys(range(len(rows[0])), "dim")]
    paints += [{kind: KIND_PAINTS.get(match.kind, "yellow")} for match in section]
    dropped = (*range(4, 1, -1), 1, kind + 1, 0, kind + 2) if details else (1, 2)
    fit = terminal.Fit(cells, last, tuple(dropped))
    return above + terminal.columns(rows, {*range(kind), kind + 2}, paints, paint, fit)


def html_table(matches: Matches) -> str:
    """Return the answer as an HTML table, for a notebook to show below the pictures."""
    import html

    rows = [_line(match) for match in matches]
    head = "".join(f"<th>{cell}</th>" for cell in _header())
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""


FORMATS: dict[str, Callable[[Iterable[Match]], str | bytes]] = {
    "json": lambda matches: csv_table.json_list(map(record, matches)),
    "jsonl": lambda matches: csv_table.json_lines(map(record, matches)),
    "csv": lambda matches: csv_table.table(FIELDS, map(record, matches)),
}
