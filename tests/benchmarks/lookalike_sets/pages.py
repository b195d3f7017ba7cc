"""Pages of print: letters, books, slides, crosswords, calendars."""

from __future__ import annotations

import calendar as months
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.scanning import scanned
from tests.benchmarks.lookalike_sets.sheets import INK, Sheet, template

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Rng

GREY = (112, 114, 120)


def letter(rng: Rng, number: int, layout: int) -> Image.Image:
    """A letter of one office to somebody about something."""
    sheet = Sheet((868, 1228))
    left = 90 if layout == 1 else 130
    if layout == 1:
        sheet.bold((434, 60), "HOLM & PARTNERS", 30, (30, 40, 90), "ma")
        sheet.text((434, 100), "Solicitors - 4 Castle Hill - Ashford", 15, GREY, "ma")
        sheet.line([(90, 130), (778, 130)], (30, 40, 90), 2)
    else:
        sheet.box((0, 0, 70, 1228), (224, 234, 228))
        sheet.bold((left, 66), "City of Verona - Housing Department", 22, (30, 90, 60))
    for n, line in enumerate((words.name(rng), words.street(rng), words.town(rng))):
        sheet.text((left, 200 + 25 * n), line, 18)
    sheet.text((778, 320), words.long_date(rng), 18, INK, "ra")
    sheet.bold((left, 370), f"Re: {words.title(rng)}", 18)
    y = 420.0
    sheet.text(
        (left, y), f"Dear {words.pick(rng, ('Mr', 'Ms'))} {words.pick(rng, words.LAST)},", 18
    )
    for _ in range(int(rng.integers(2, 5))):
        text = words.passage(rng, int(rng.integers(2, 5)))
        y = sheet.paragraph((left, y + 42, 778, 1030), text, 18)
    sheet.text((left, y + 40), "Yours sincerely,", 18)
    signer = words.name(rng)
    sheet.written((left, y + 112), signer, 30, rng)
    sheet.text((left, y + 128), signer, 18)
    return sheet.image


def book_page(rng: Rng, number: int, layout: int) -> Image.Image:
    """A page of a novel, scanned: paragraphs flush on both sides, its number below."""
    sheet = Sheet((720, 1080), (250, 246, 234) if layout == 1 else (255, 255, 252))
    head = words.title(template(layout, "book"))
    sheet.text((360, 60), head.upper(), 15, INK, "ma")
    size, y = (19, 110.0) if layout == 1 else (22, 104.0)
    while y < 960:
        text = words.passage(rng, int(rng.integers(2, 7)))
        y = sheet.justified((86, y, 634, 1000), text, size) + (0 if layout == 1 else 14)
    sheet.text((360, 1020), str(rng.integers(5, 500)), 17, INK, "ma")
    return scanned(sheet.image, rng, 0.6, 2.5)


def slide(rng: Rng, number: int, layout: int) -> Image.Image:
    """A slide of a house's template: a title, points, sometimes a picture of bars."""
    dark = layout == 2
    sheet = Sheet((1280, 720), (24, 32, 52) if dark else "white")
    ink = "white" if dark else INK
    accent = (250, 170, 40) if dark else (200, 40, 60)
    if dark:
        sheet.pen.polygon([(980, 720), (1280, 300), (1280, 720)], (40, 54, 86))
    else:
        sheet.box((0, 0, 1280, 96), accent)
    title_ink = accent if dark else "white"
    sheet.bold((70, 26 if not dark else 60), words.title(rng), 44, title_ink)
    y = 160.0
    for _ in range(int(rng.integers(3, 6))):
        if y > 560:
            break
        sheet.box((74, y + 10, 88, y + 24), accent)
        y = sheet.paragraph((112, y, 720, 640), words.sentence(rng), 28, ink) + 16
    if rng.random() < 0.6:
        for n, height in enumerate(rng.uniform(40, 320, 6)):
            sheet.box(
                (800 + 66 * n, 560 - height, 850 + 66 * n, 560),
                accent if n % 2 else (120, 130, 150),
            )
    sheet.text((70, 680), "Northwind Freight - strategy", 18, GREY)
    sheet.text((1210, 680), str(rng.integers(1, 80)), 18, GREY, "ra")
    return sheet.image


def crossword(rng: Rng, number: int, layout: int) -> Image.Image:
    """A puzzle of a newspaper: a grid with half-turn symmetry, numbers, clues, some letters."""
    cells, side = (15, 40) if layout == 1 else (13, 36)
    black = _black(rng, cells)
    sheet = Sheet((1040, 760), (246, 244, 236))
    sheet.bold((40, 24), f"Crossword No. {words.number(rng, 4)}", 30)
    words_in_all = _grid(sheet, rng, black, side)
    left = 70 + side * cells
    for n, head in enumerate(("Across", "Down")):
        x = left + n * (1020 - left) / 2
        sheet.bold((x, 84), head, 16)
        y = 108.0
        while y < 690:
            clue = f"{rng.integers(1, words_in_all + 1)} {words.clause(rng)}"
            y = sheet.paragraph((x, y, x + (1000 - left) / 2, 730), clue, 12, INK, 1.2) + 4
    return sheet.image


def _grid(sheet: Sheet, rng: Rng, black: NDArray[np.bool_], side: int) -> int:
    """Draw the cells, some of them solved by hand; the number of words."""
    counter, solved = 0, rng.random() * 0.8
    for row, column in np.ndindex(black.shape):
        x, y = 40 + side * column, 84 + side * row
        fill = INK if black[row, column] else "white"
        sheet.box((x, y, x + side, y + side), fill, INK)
        if black[row, column]:
            continue
        if _starts(black, row, column):
            counter += 1
            sheet.text((x + 2, y + 1), str(counter), 11)
        if rng.random() < solved:
            letter = words.pick(rng, "AEIORSTLNDUMC")
            sheet.written((x + 10, y + side - 6), letter, side * 0.62, rng)
    return counter


def _black(rng: Rng, cells: int) -> NDArray[np.bool_]:
    """Black cells: a lattice of every second crossing, and some more, half-turn symmetric."""
    black = np.zeros((cells, cells), bool)
    black[1::2, 1::2] = True
    more = rng.random((cells, cells)) < 0.09
    black |= more
    return np.asarray(black | black[::-1, ::-1])


def _starts(black: NDArray[np.bool_], row: int, column: int) -> bool:
    """Whether a word starts in a white cell, across or down."""
    padded = np.pad(black, 1, constant_values=True)
    here = (row + 1, column + 1)
    across = padded[here[0], here[1] - 1] and not padded[here[0], here[1] + 1]
    return bool(across or (padded[here[0] - 1, here[1]] and not padded[here[0] + 1, here[1]]))


def calendar(rng: Rng, number: int, layout: int) -> Image.Image:
    """A month of the wall planner, with what is to be done."""
    year, month = 2015 + number // 12, number % 12 + 1
    sheet, accent = Sheet((1100, 850)), (24, 110, 150) if layout == 1 else (140, 40, 90)
    sheet.bold((40, 30), f"{words.MONTHS[month - 1]} {year}", 44, accent)
    first = 0 if layout == 1 else 6
    weeks = months.Calendar(first).monthdayscalendar(year, month)
    names = [(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] * 2)[first + n] for n in range(7)]
    wide, tall = 146, 680 / 6
    for n, name in enumerate(names):
        sheet.box((40 + wide * n, 100, 40 + wide * (n + 1), 132), accent)
        sheet.text((40 + wide * (n + 0.5), 106), name, 18, "white", "ma")
    for row in range(6):
        for column in range(7):
            x, y = 40 + wide * column, 132 + tall * row
            day = weeks[row][column] if row < len(weeks) else 0
            sheet.box(
                (x, y, x + wide, y + tall), "white" if day else (240, 240, 242), (180, 182, 188)
            )
            if day:
                sheet.bold((x + wide - 8, y + 6), str(day), 22, INK, "ra")
                _appointments(sheet, rng, (x, y, wide, tall))
    return sheet.image


def _appointments(sheet: Sheet, rng: Rng, cell: tuple[float, float, float, float]) -> None:
    x, y, wide, _ = cell
    for n in range(int(rng.choice(3, p=(0.6, 0.28, 0.12)))):
        fill = words.pick(rng, ((206, 228, 240), (250, 226, 180), (214, 236, 206), (246, 210, 214)))
        top = y + 36 + 28 * n
        sheet.rounded((x + 5, top, x + wide - 5, top + 25), 5, fill)
        sheet.text((x + 10, top + 5), f"{words.clock(rng)} {words.pick(rng, words.FIRST)}", 14)
