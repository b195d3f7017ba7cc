"""A calibration, as text and as a plot with tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from imageshelf.hashing.hash_names import BITS
from imageshelf.pictures.calibration_edits import QUALITY
from imageshelf.report.panels import Drawing, Panel, Table
from imageshelf.searching import key_calibration, key_candidates, policies
from imageshelf.searching.calibration import DISTANCES, POLICIES, RULE_OF_THREE, Calibration
from imageshelf.searching.policies import Limits, Policy
from imageshelf.system import terminal
from imageshelf.system.words import count, shown

if TYPE_CHECKING:
    import numpy.typing as npt

    from imageshelf.searching.key_calibration import KeyCounts
    from imageshelf.searching.key_candidates import Radius

WIDTH, HEIGHT = 640, 260  # of the plot, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 16, 40, 36  # margins
_BAR_CELLS = 30
_STRANGERS, _COPIES = "#b3541e", "#1f6f8b"  # apart in lightness too, on light and on dark


def text(calibration: Calibration) -> str:
    """Return the whole calibration as text for a terminal."""
    parts = [
        recommendation(calibration),
        _heading(calibration),
        *(
            [terminal.columns(_key_rules(calibration.keys), {1, 2, 3, 4})]
            if calibration.keys
            else []
        ),
        *([_of_all(calibration.keys)] if calibration.keys else []),
        terminal.columns(_rules(calibration), {1, 2, 3, 4, 5}),
        "Copies found by edit:\n" + terminal.columns(_edits(calibration), {1, 2, 3}),
        "Row distances, each by its own share:\n" + terminal.columns(_bars(calibration), {0}),
        _notes(calibration),
    ]
    return "\n\n".join(parts)


def panels(calibration: Calibration) -> tuple[Panel, ...]:
    """Return the plot and the tables."""
    keys = (
        [Table("What a query finds", _key_rules(calibration.keys), right=frozenset({1, 2, 3}))]
        if calibration.keys
        else []
    )
    return (
        *keys,
        Drawing("Row distances of copies and of strangers", Markup(svg(calibration))),  # noqa: S704
        Table("What each rule finds", _rules(calibration), right=frozenset({1, 2, 3, 4, 5})),
        Table("Copies found by edit", _edits(calibration), right=frozenset({1, 2, 3})),
    )


def sentences(calibration: Calibration) -> list[str]:
    """Return what was compared, and how to read the figures."""
    keys = [_of_all(calibration.keys)] if calibration.keys else []
    return [
        recommendation(calibration),
        _heading(calibration) + ".",
        *keys,
        *_notes(calibration).split("\n"),
    ]


def _heading(calibration: Calibration) -> str:
    return (
        f"{count(calibration.pictures, 'picture')}, {calibration.strangers.sum():,} pairs with"
        f" mirror images as strangers, {len(calibration.copies)} edits of"
        f" {count(calibration.originals, 'original')}"
    )


def _rules(calibration: Calibration) -> list[list[str]]:
    rows = [[
        "rule", "copies found", "false a query", "false pairs", "left by a look", "pairs here",
        "limits",
    ]]  # fmt: skip
    # On a shelf of another hash the radius would be one of that hash.
    distances = () if calibration.keys else DISTANCES
    radii = {f"--max-distance {radius}": Policy.within(radius) for radius in distances}
    for name, policy in {**POLICIES, **radii}.items():
        limits = policy.upright
        rows.append(
            [
                name,
                f"{calibration.found_percent(limits):.1f} %",
                *_expected(calibration, policy),
                _left(calibration, policy) if policy.low_information else "-",
                f"{calibration.found_pairs(policy):,.0f}",
                f"row {limits.row}" + (f", score {limits.score}" if policy.turned else ""),
            ]
        )
    return rows


def _key_rules(keys: KeyCounts) -> list[list[str]]:
    """Return the table for a shelf of another hash: what a query by its keys finds."""
    bits = BITS[keys.hash]
    rows = [[f"keys: {keys.hash}", "copies found", "false a query", "pairs here", "limits"]]
    usual = key_calibration.default_radius(keys.hash)
    radii = {"default": usual}
    for radius in range(0, bits * 3 // 8 + 1, bits // 32):
        radii[f"--max-distance {radius}"] = key_candidates.radius_for(
            keys.hash, Policy.within(radius)
        )
    for name, radius_ in radii.items():
        turned = "" if radius_.turned is None else f", turned {radius_.turned}"
        rows.append(
            [
                name,
                f"{keys.found_percent(radius_):.1f} %",
                _false_keys(keys, radius_),
                f"{keys.found_pairs(radius_):,.0f}",
                f"{radius_.upright} of {bits} bits{turned}",
            ]
        )
    return rows


def _false_keys(keys: KeyCounts, radius: Radius) -> str:
    if expected := keys.false_a_query(radius):
        return _number(expected)
    return f"< {_number(RULE_OF_THREE / max(int(keys.strangers.sum()), 1) * keys.pictures)}"


def _of_all(keys: KeyCounts) -> str:
    return (
        f"A query is answered by {keys.hash} keys alone. What follows is of the three hashes that "
        "--duplicates and clean compare on every shelf."
    )


def _expected(calibration: Calibration, policy: Policy) -> tuple[str, str]:
    """Return the false matches of a query and of all pairs; an upper bound if none was seen."""
    if calibration.false_a_query(policy):
        return _number(calibration.false_a_query(policy)), _number(calibration.false_pairs(policy))
    bound = RULE_OF_THREE / max(int(calibration.strangers.sum()), 1) * calibration.pictures
    return f"< {_number(bound)}", f"< {_number(bound * (calibration.pictures - 1) / 2)}"


def _left(calibration: Calibration, policy: Policy) -> str:
    """Return how many false pairs the second look leaves, in words."""
    left, at_most = calibration.left_pairs(policy)
    return f"< {_number(left)}" if at_most else _number(left)


def recommendation(calibration: Calibration) -> str:
    """Return which setting suits the collection, and what to expect of it, in one sentence."""
    name = calibration.recommended()
    policy = POLICIES[name]
    words = "the default settings" if name == "default" else name
    found = calibration.found_percent(policy.upright)
    if not calibration.looks:
        expect = "no strangers were nominated that could be looked at"
    else:
        left = _left(calibration, policy).replace("<", "fewer than")
        called = sum(one.is_copy for one in calibration.looks)
        strangers = count(len(calibration.looks), "nominated stranger")
        expect = (
            f"after the second look expect {left} false pairs in all ({called} of {strangers} that "
            "were looked at passed for copies)"
        )
    return f"Recommended: {words}, to find {found:.1f} % of the copies; {expect}."


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _edits(calibration: Calibration) -> list[list[str]]:
    rows = [["edit", *POLICIES]]
    for name in calibration.copies:
        shares = (calibration.found_percent(policy.upright, name) for policy in POLICIES.values())
        rows.append([name, *(f"{share:.0f} %" for share in shares)])
    return rows


def _notes(calibration: Calibration) -> str:
    words = [
        "False matches are the expected ones, of strangers, however a search looks at a query.",
        "Left by a look is what the second look, which follows, would call copies all the same.",
        "Pairs here match upright in this collection: copies, bursts and strangers together.",
        f"Copies are saved at quality {QUALITY} and looked for upright; a search finds more.",
    ]
    if calibration.low_information:
        flat = count(calibration.low_information, "picture")
        words.append(f"{flat} with little to see left out: they have a stricter rule.")
    words += [
        f"{count(number, 'original')} not used: {shown(reason)}."
        for reason, number in calibration.unreadable.items()
    ]
    return "\n".join(words)


def _row_shares(
    calibration: Calibration,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the shares of strangers and of copies at each row distance, float64[65] each."""
    tables = (calibration.strangers, np.asarray(sum(calibration.copies.values())))
    strangers, copies = (table.sum(axis=1) / max(table.sum(), 1) for table in tables)
    return strangers, copies


def _bars(calibration: Calibration) -> list[list[str]]:
    shares = [share.reshape(-1) for share in _row_shares(calibration)]
    grouped = [np.add.reduceat(share, np.arange(0, len(share), 4)) for share in shares]
    rows = [["bits", "copies".ljust(_BAR_CELLS), "strangers"]]
    for at, (stranger, copy) in enumerate(zip(*grouped, strict=True)):
        bars = (
            "#" * round(_BAR_CELLS * value / max(group.max(), 1e-12)) or ("." if value else "")
            for value, group in ((copy, grouped[1]), (stranger, grouped[0]))
        )
        rows.append([f"{4 * at}-{min(4 * at + 3, policies.BITS)}", *bars])
    return rows


# -- the plot -------------------------------------------------------------------------------------


def svg(calibration: Calibration) -> str:
    """Return the row distances of copies and strangers as one SVG element, with the limits."""
    strangers, copies = _row_shares(calibration)
    floor = HEIGHT - _BOTTOM
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="12"'
        ' fill="currentColor"><title>Row distances of copies and of strangers</title>'
    )
    parts = [
        start,
        _area(copies, _COPIES),
        _area(strangers, _STRANGERS),
        *(_limit(name, policy.upright) for name, policy in POLICIES.items() if name != "--strict"),
        f'<path d="M{_LEFT} {floor}H{WIDTH - _RIGHT}" stroke="currentColor"/>',
        *(
            f'<text x="{_x(bits):.1f}" y="{floor + 15}" text-anchor="middle">{bits}</text>'
            for bits in range(0, policies.BITS + 1, 8)
        ),
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 4}" text-anchor="end">row distance, bits</text>',
        *_legend(),
        "</svg>",
    ]
    return "".join(parts)


def _x(bits: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (bits + 0.5) / (policies.BITS + 1)


def _area(shares: npt.NDArray[np.float64], colour: str) -> str:
    """Return one distribution as steps whose peak is as high as the plot."""
    floor, tall = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    path = [f"M{_x(-0.5):.1f} {floor}"]
    for bits, share in enumerate(shares / max(shares.max(), 1e-12)):
        path.append(f"V{floor - tall * share:.1f}H{_x(bits + 0.5):.1f}")
    return f'<path d="{"".join(path)}V{floor}Z" fill="{colour}" fill-opacity=".55"/>'


def _limit(name: str, limits: Limits) -> str:
    """Return a dashed line behind the last row distance that matches; its name stays clear."""
    x = _x(limits.row + 0.5)
    offset, anchor = (-4, "end") if name == "default" else (4, "start")
    return (
        f'<path d="M{x:.1f} {_TOP - 8}V{HEIGHT - _BOTTOM}"'
        ' stroke="currentColor" stroke-dasharray="3 3"/>'
        f'<text x="{x + offset:.1f}" y="{_TOP}" text-anchor="{anchor}">{name}</text>'
    )


def _legend() -> list[str]:
    return [
        f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}" fill-opacity=".55"/>'
        f'<text x="{x + 17}" y="16">{name}</text>'
        for x, name, colour in ((_LEFT, "copies", _COPIES), (_LEFT + 80, "strangers", _STRANGERS))
    ]
