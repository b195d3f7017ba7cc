"""An explanation as text for a terminal, and as what stands below its two pictures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from imageshelf.hashing.fingerprints import grid
from imageshelf.hashing.hash_names import BITS, DEFAULT_DISTANCE
from imageshelf.report.panels import Hashes, Table
from imageshelf.searching import policy as matching
from imageshelf.system import terminal
from imageshelf.system.words import shown, size

if TYPE_CHECKING:
    from imageshelf.report.panels import Panel
    from imageshelf.searching.explaining import Explanation

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


def panels(told: Explanation) -> tuple[Panel, ...]:
    """Return the same to stand below the two pictures, with the hashes drawn."""
    pairs = [(f"{TITLES[name]}: {_differ(told, name)}", *_bits(told, name)) for name in TITLES]
    return (
        Table("Measures", _measures(told), head=False),
        Table("Ways of looking at A, bits from B", _looks(told), right=frozenset({1, 2, 3, 4})),
        Hashes("The bits, crossed where they differ", pairs),
    )


def sentences(told: Explanation) -> list[str]:
    """Return what the two are to each other, by which rule, and what else matters."""
    return [f"{name[0].upper()}{name[1:]}: {words}." for name, words in _verdict(told)]


def _descriptions(told: Explanation) -> list[list[str]]:
    rows = [["", "pixels", "size", "format", "taken", "path"]]
    for name, one in (("A", told.a), ("B", told.b)):
        facts = one.facts
        rows.append(
            [
                name,
                f"{facts.width}x{facts.height}",
                size(facts.size_bytes),
                facts.format,
                _moment(facts.captured_at),
                shown(one.path),
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
    grids = [grid(a), grid(b), grid(a ^ b).replace("#", "X")]
    heading = f"{TITLES[name]}: {_differ(told, name)}"
    names = "   ".join(title.ljust(15) for title in ("A", "B", "differ")).rstrip()
    lines = ("   ".join(line) for line in zip(*(rows.split("\n") for rows in grids), strict=True))
    return "\n".join([heading, names, *lines])


def _differ(told: Explanation, name: str) -> str:
    return f"{told.distance(name)} of 64 bits differ"
