"""Costs over the number of pictures, both axes logarithmic, as an SVG picture of its own.

growth.py measures and draws; this draws only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Costs = Mapping[str, Mapping[int, float]]

PANEL_WIDTH, HEIGHT, LABELS = 250, 430, 190
LEFT, TOP, BOTTOM = 70, 40, 50
LINE_GAP = 17  # between two labels
COLOURS = (
    "#0b62a8",
    "#b3471d",
    "#1a7f4b",
    "#7a3fa0",
    "#8a6d00",
    "#b0215d",
    "#3d5a6c",
    "#007c89",
    "#d35400",
    "#444444",
)
TICKS = {
    "s": {-6: "1 µs", -5: "10 µs", -4: "0.1 ms", -3: "1 ms", -2: "10 ms", -1: "0.1 s", 0: "1 s",
          1: "10 s", 2: "100 s", 3: "1,000 s", 4: "10,000 s", 5: "100,000 s"},
    "B": {3: "1 kB", 4: "10 kB", 5: "0.1 MB", 6: "1 MB", 7: "10 MB", 8: "100 MB", 9: "1 GB",
          10: "10 GB"},
}  # fmt: skip
TITLES = {"s": "CPU time (and wall, where it says so)", "B": "memory and file size"}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.tick{font-size:11px;fill:#555}"
    ".title{font-weight:600}.grid{stroke:#ddd}.slope{stroke:#999;stroke-dasharray:3 4}"
)


def svg(costs: Costs, units: Mapping[str, str]) -> str:
    """One panel for times beside one for bytes."""
    across = LEFT + PANEL_WIDTH + LABELS
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * across} {HEIGHT}" role="img">'
        "<title>How cost grows with the number of pictures</title>"
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
    )
    panels = []
    for place, unit in enumerate(TITLES):
        chosen = {name: points for name, points in costs.items() if units[name] == unit}
        panels.append(f'<g transform="translate({place * across})">')
        panels += panel(chosen, unit) if chosen else []
        panels.append("</g>")
    return "\n".join([head, *panels, "</svg>\n"])


def panel(costs: Costs, unit: str) -> Iterator[str]:
    """Axes, a line for each row with its name at the end, and a dashed line of slope 1."""
    counts = [count for points in costs.values() for count in points]
    values = [value for points in costs.values() for value in points.values()]
    x_from, x_to = math.floor(math.log10(min(counts))), math.ceil(math.log10(max(counts)))
    y_from, y_to = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = HEIGHT - TOP - BOTTOM

    def x(count: float) -> float:
        return LEFT + PANEL_WIDTH * (math.log10(count) - x_from) / max(1, x_to - x_from)

    def y(value: float) -> float:
        return TOP + high * (y_to - math.log10(value)) / max(1, y_to - y_from)

    yield f'<text class="title" x="{LEFT}" y="22">{TITLES[unit]}</text>'
    for power in range(y_from, y_to + 1):
        at = y(10.0**power)
        yield f'<path class="grid" d="M{LEFT} {at:.1f}h{PANEL_WIDTH}"/>'
        label = TICKS[unit].get(power, f"1e{power} {unit}")
        yield f'<text class="tick" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
    for power in range(x_from, x_to + 1):
        at = x(10.0**power)
        yield f'<path class="grid" d="M{at:.1f} {TOP}v{high}"/>'
        label = f'10<tspan dy="-5" font-size="9">{power}</tspan>'
        middle = f'x="{at:.1f}" y="{TOP + high + 18}" text-anchor="middle"'
        yield f'<text class="tick" {middle}>{label}</text>'
    middle = f'x="{LEFT + PANEL_WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle"'
    yield f'<text class="tick" {middle}>pictures; dashed: twice as many cost twice as much</text>'
    rise = min(x_to - x_from, y_to - y_from)
    low = 10.0 ** (y_from + (y_to - y_from - rise) // 2)
    start, end = (10.0**x_from, low), (10.0 ** (x_from + rise), low * 10.0**rise)
    yield f'<path class="slope" d="M{x(start[0]):.1f} {y(start[1]):.1f}L{x(end[0]):.1f} {y(end[1]):.1f}"/>'  # noqa: E501
    ends = {name: y(points[max(points)]) for name, points in costs.items()}
    labels = spread(ends, TOP + 4, TOP + high)
    for n, (name, points) in enumerate(costs.items()):
        places = [(x(count), y(value)) for count, value in sorted(points.items())]
        yield from line(places, name, labels[name], COLOURS[n % len(COLOURS)])


def line(places: Sequence[tuple[float, float]], name: str, label: float, colour: str) -> list[str]:
    """One row: its points, joined, and its name to the right of the panel."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    beside, (x, y) = LEFT + PANEL_WIDTH + 14, places[-1]
    return [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places),
        f'<path d="M{x:.1f} {y:.1f}L{beside - 3} {label:.1f}" stroke="{colour}" opacity="0.35"/>',
        f'<text x="{beside}" y="{label + 4:.1f}" style="fill:{colour}">{escape(name)}</text>',
    ]


def spread(wanted: Mapping[str, float], top: float, bottom: float) -> dict[str, float]:
    """Places of labels as near as can be to those wanted, none over another."""
    placed: dict[str, float] = {}
    least = top
    for n, name in enumerate(sorted(wanted, key=lambda name: wanted[name])):
        most = bottom - LINE_GAP * (len(wanted) - 1 - n)
        placed[name] = max(least, min(wanted[name], most))
        least = placed[name] + LINE_GAP
    return placed
