"""Plots of one program, and pages of music: lines and marks on a ruled ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import INK, Sheet

if TYPE_CHECKING:
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng

COLOURS: tuple[Ink, ...] = (
    (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189),
)  # fmt: skip
FAINT = (222, 224, 228)
AXES = (90, 70, 760, 520)  # left, top, right, bottom of the plot


def line_chart(rng: Rng, number: int, layout: int) -> Image.Image:
    """Two to four series over time, as a plotting library draws them."""
    sheet = _axes(rng, layout)
    left, top, right, bottom = AXES
    count = int(rng.integers(2, 5))
    steps = rng.normal(0, 1, (count, 60)).cumsum(1)
    steps = (steps - steps.min()) / np.ptp(steps)
    for row, ink in zip(steps, COLOURS, strict=False):
        xs = np.linspace(left + 10, right - 10, 60)
        points = [(x, bottom - 20 - y * (bottom - top - 40)) for x, y in zip(xs, row, strict=True)]
        sheet.line(points, ink, 3)
        if layout == 2:
            for point in points[::4]:
                sheet.disc(point, 5, ink)
    _legend(sheet, rng, count)
    return sheet.image


def bar_chart(rng: Rng, number: int, layout: int) -> Image.Image:
    """Bars in groups or in stacks, with their values."""
    sheet = _axes(rng, layout)
    left, _, right, bottom = AXES
    groups, series = (8, 2) if layout == 1 else (12, 3)
    step = (right - left - 20) / groups
    for group in range(groups):
        base = float(bottom)
        for one in range(series):
            tall = rng.uniform(20, 390 if layout == 1 else 130)
            x = left + 14 + step * group
            if layout == 1:
                x, base = x + one * step * 0.4, bottom
            wide = step * (0.4 if layout == 1 else 0.75)
            sheet.box((x, base - tall, x + wide, base), COLOURS[one])
            if layout == 1:
                sheet.text((x + wide / 2, base - tall - 4), f"{tall / 4:.0f}", 13, INK, "ms")
            base -= tall
    _legend(sheet, rng, series)
    return sheet.image


def _axes(rng: Rng, layout: int) -> Sheet:
    """Plot without its data: title, grid, ticks with their labels."""
    sheet = Sheet((800, 600))
    left, top, right, bottom = AXES
    if layout == 2:
        sheet.box((left, top, right, bottom), (234, 234, 242))
    sheet.text(
        (425, 30),
        f"{words.pick(rng, words.NOUNS)} per {words.pick(rng, words.NOUNS)}",
        22,
        INK,
        "ma",
    )
    scale = float(rng.choice((1, 2, 5, 10, 20, 50, 100)))
    for n in range(7):
        y, x = bottom - (bottom - top) * n / 6, left + (right - left) * n / 6
        sheet.line([(left, y), (right, y)], FAINT if layout == 1 else "white", 1)
        sheet.text((left - 10, y), f"{n * scale:g}", 15, INK, "rm")
        sheet.text((x, bottom + 10), str(1990 + 5 * n), 15, INK, "ma")
    if layout == 1:
        sheet.box(AXES, None, INK)
    return sheet


def _legend(sheet: Sheet, rng: Rng, count: int) -> None:
    sheet.rounded((600, 82, 748, 92 + 26 * count), 5, "white", FAINT)
    for n in range(count):
        sheet.box((612, 98 + 26 * n, 640, 106 + 26 * n), COLOURS[n])
        sheet.text((650, 93 + 26 * n), words.pick(rng, words.TOWNS), 15)


def score(rng: Rng, number: int, layout: int) -> Image.Image:
    """A page of engraved music: systems of five lines, bars, notes, beams."""
    sheet = Sheet((900, 1200))
    sheet.text((450, 50), words.title(rng), 32, INK, "ma")
    sheet.text((840, 104), words.name(rng), 17, INK, "ra")
    staves, gap = (9, 112) if layout == 1 else (12, 86)
    for n in range(staves):
        top = 160 + gap * n + (0 if layout == 1 else 14 * (n % 2 == 0))
        _staff(sheet, rng, top, first=n % 2 == 0)
        if layout == 2 and n % 2:
            sheet.line([(60, top - gap - 14), (60, top + 40)], INK, 3)
    return sheet.image


def _staff(sheet: Sheet, rng: Rng, top: float, *, first: bool) -> None:
    """Five lines with a clef and four bars of notes."""
    for n in range(5):
        sheet.line([(60, top + 10 * n), (840, top + 10 * n)], INK)
    _clef(sheet, (84, top + 20), treble=first)
    for bar in range(4):
        left = 130 + 178 * bar
        sheet.line([(left + 178, top), (left + 178, top + 40)], INK, 2)
        x = left + 14.0
        while x < left + 150:
            x += _notes(sheet, rng, x, top)


def _clef(sheet: Sheet, at: tuple[float, float], *, treble: bool) -> None:
    x, y = at
    t = np.linspace(0, 1, 60)
    if treble:
        turn = 2 * np.pi * (1.9 * t + 0.15)
        xs, ys = x + (4 + 9 * (1 - t)) * np.cos(turn), y + 12 - 44 * t + 8 * np.sin(turn)
        sheet.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), INK, 3)
        sheet.line([(x + 2, y - 36), (x - 1, y + 38)], INK, 2)
    else:
        sheet.disc((x - 6, y - 10), 5, INK)
        sheet.pen.arc((x - 14, y - 22, x + 14, y + 14), 200, 90, INK, 4)
        sheet.disc((x + 20, y - 15), 2, INK)
        sheet.disc((x + 20, y - 5), 2, INK)


def _notes(sheet: Sheet, rng: Rng, x: float, top: float) -> float:
    """One note or a beamed pair; how much room it took."""
    steps = rng.integers(-1, 10, 2)
    heads = [(x, top + 45 - 5 * int(steps[0])), (x + 24, top + 45 - 5 * int(steps[1]))]
    kind = int(rng.integers(4))
    if kind == 0:  # a rest
        sheet.box((x, top + 14, x + 12, top + 19), INK)
        return 32
    if kind == 1:  # a half note
        _head(sheet, heads[0], filled=False)
        sheet.line([(x + 6, heads[0][1]), (x + 6, heads[0][1] - 34)], INK, 2)
        return 44
    if kind == 2:  # a quarter
        _head(sheet, heads[0], filled=True)
        sheet.line([(x + 6, heads[0][1]), (x + 6, heads[0][1] - 34)], INK, 2)
        return 34
    beam = min(head[1] for head in heads) - 34
    for head in heads:
        _head(sheet, head, filled=True)
        sheet.line([(head[0] + 6, head[1]), (head[0] + 6, beam)], INK, 2)
    sheet.line([(x + 6, beam), (x + 31, beam)], INK, 5)
    return 58


def _head(sheet: Sheet, at: tuple[float, float], *, filled: bool) -> None:
    x, y = at
    sheet.pen.ellipse((x - 7, y - 5, x + 7, y + 5), INK if filled else None, INK, 2)
