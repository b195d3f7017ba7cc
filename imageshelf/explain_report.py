"""An explanation as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

import datetime as dt
import html
from typing import TYPE_CHECKING

from imageshelf import hashing, matching, report, terminal
from imageshelf.hash_names import BITS, DEFAULT_DISTANCE

if TYPE_CHECKING:
    from imageshelf.explaining import Explanation

TITLES = {"row": "row hash (the key)", "column": "column hash", "phash": "perceptual hash"}
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  camera clocks know no time zone


def text(told: Explanation) -> str:
    """Return everything to read on a terminal."""
    parts = [
        terminal.columns(_descriptions(told)),
        terminal.columns(_verdict(told)),
        terminal.columns(_measures(told)),
        "Ways of looking at A, bits from B:\n" + terminal.columns(_looks(told), {1, 2, 3, 4}),
        *(_grids_text(told, name) for name in TITLES),
    ]
    return "\n\n".join(parts)


def as_html(told: Explanation) -> str:
    """Return the same as HTML tables; in the grids the differing cells are marked."""
    tables = (_descriptions(told), _verdict(told), _measures(told), _looks(told))
    return "".join([*map(_table, tables), *(_grids_html(told, name) for name in TITLES)])


def _descriptions(told: Explanation) -> list[list[str]]:
    rows = [["", "pixels", "size", "format", "taken", "path"]]
    for name, one in (("A", told.a), ("B", told.b)):
        facts = one.facts
        rows.append(
            [
                name,
                f"{facts.width}x{facts.height}",
                report.size(facts.size_bytes),
                facts.format,
                _moment(facts.captured_at),
                report.shown(one.path),
            ]
        )
    return rows


def _moment(captured_at: int | None) -> str:
    if captured_at is None:
        return "-"
    moment = _EPOCH + dt.timedelta(milliseconds=captured_at)
    return moment.isoformat(" ", "milliseconds" if captured_at % 1000 else "seconds")


def _verdict(told: Explanation) -> list[list[str]]:
    rows = [["kind", told.kind], ["decided by", told.decided]]
    for name, one in (("A", told.a), ("B", told.b)):
        if one.views.whole.low_information:
            rule = (
                f"{name} shows little: only row {matching.LOW_INFORMATION_ROW} and a mean"
                f" thumbnail difference of {matching.LOW_INFORMATION_MEAN:g} of 255 would match"
            )
            rows.append(["note", rule])
    return rows


def _measures(told: Explanation) -> list[list[str]]:
    row, column, phash = (told.distance(name) for name in TITLES)
    best = min(told.errors, key=lambda name: told.errors[name])
    return [
        ["row distance", f"{row} of 64 bits, {matching.similarity(row):.1f} % equal"],
        ["column distance", f"{column} of 64 bits"],
        ["perceptual distance", f"{phash} of 64 bits"],
        ["score", f"{matching.score(row, column, phash)} = row + column + 2 x perceptual"],
        ["average hash", f"{told.average_similarity_percent:.1f} % equal"],
        *([f"--hash {name}", _key_distance(told, name)] for name in BITS),
        ["squared error, 50x50", f"{told.errors['upright']:.1f} upright"],
        ["... least", f"{told.errors[best]:.1f} {best}"],
        ["difference, 16x16", f"{told.mean_difference_percent:.2f} % on average"],
        ["bytes", "identical" if told.identical_bytes else "different"],
        ["pixels", "identical" if told.identical_pixels else "different"],
    ]


def _key_distance(told: Explanation, name: str) -> str:
    apart, most = told.key_distance(name), DEFAULT_DISTANCE[name]
    verdict = "would match" if apart <= most else "too far"
    return f"{apart} of {BITS[name]} bits, at most {most}: {verdict}"


def _looks(told: Explanation) -> list[list[str]]:
    rows = [["way", "row", "column", "perceptual", "score", "limits"]]
    for check in told.checks:
        verdict = "matches" if check.within else "too far"
        limits = f"row {check.row_limit}, score {check.score_limit}: {verdict}"
        distances = (check.row, check.column, check.phash, check.score)
        rows.append([check.look, *map(str, distances), limits])
    return rows


def _bits(told: Explanation, name: str) -> tuple[int, int]:
    return getattr(told.a.views.whole, name), getattr(told.b.views.whole, name)


def _grids_text(told: Explanation, name: str) -> str:
    """Return the bits of both as two pictures, and a third that marks where they differ."""
    a, b = _bits(told, name)
    grids = [hashing.grid(a), hashing.grid(b), hashing.grid(a ^ b).replace("#", "X")]
    heading = f"{TITLES[name]}: {told.distance(name)} of 64 bits differ"
    names = "   ".join(title.ljust(15) for title in ("A", "B", "differ")).rstrip()
    lines = ("   ".join(line) for line in zip(*(grid.split("\n") for grid in grids), strict=True))
    return "\n".join([heading, names, *lines])


def _grids_html(told: Explanation, name: str) -> str:
    a, b = _bits(told, name)
    different = hashing.grid(a ^ b)
    marked = (_marked(hashing.grid(bits), different) for bits in (a, b))
    cells = "".join(f"<td><pre>{grid}</pre></td>" for grid in marked)
    caption = html.escape(f"{TITLES[name]}: {told.distance(name)} of 64 bits differ")
    return (
        f"<table><caption>{caption}</caption>"
        f"<thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr>{cells}</tr></tbody></table>"
    )


def _marked(grid: str, different: str) -> str:
    return "".join(
        f"<mark>{cell}</mark>" if other == "#" else cell
        for cell, other in zip(grid, different, strict=True)
    )


def _table(rows: list[list[str]]) -> str:
    lines = (
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"
