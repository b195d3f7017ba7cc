"""Screenshots of a desktop: an editor, a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.sheets import Sheet, template

if TYPE_CHECKING:
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Ink, Rng


def editor(rng: Rng, number: int, layout: int) -> Image.Image:
    """A page of source code in an editor, letters on a grid, coloured by their role."""
    dark = layout == 1
    back, ink = ((30, 31, 38), (212, 214, 220)) if dark else ((253, 252, 248), (40, 42, 50))
    sheet = Sheet((1280, 800), back)
    side, edge = ((24, 25, 30), (52, 54, 62)) if dark else ((236, 234, 228), (214, 212, 206))
    sheet.box((0, 0, 220, 800), side)
    sheet.box((0, 0, 1280, 34), edge)
    sheet.box((0, 776, 1280, 800), (0, 110, 190) if dark else (110, 70, 150))
    common = template(layout, "editor")
    names = [f"{words.pick(common, words.NOUNS)}.py" for _ in range(22)]
    opened = int(rng.integers(22))
    for n, name in enumerate(names):
        if n == opened:
            sheet.box((0, 44 + 26 * n, 220, 68 + 26 * n), edge)
        sheet.text((28, 47 + 26 * n), name, 15, ink)
    sheet.text((240, 8), names[opened], 15, ink)
    row = int(rng.integers(1, 400))
    sheet.text(
        (16, 779), f"main   Ln {row}, Col {rng.integers(1, 80)}   UTF-8   Python", 14, "white"
    )
    for n in range(36):
        y = 44 + 20 * n
        sheet.text((272, y + 2), str(row + n), 13, (120, 122, 130), "ra")
        _code_line(sheet, rng, y, dark=dark)
    return sheet.image


def _code_line(sheet: Sheet, rng: Rng, y: float, *, dark: bool) -> None:
    """One line of code, or none; 9 pixels a letter."""
    inks = CODE_INKS if dark else tuple(tuple(int(0.62 * c) for c in ink) for ink in CODE_INKS)
    keyword, plain, string, remark, figure = inks
    noun, other = (words.pick(rng, words.NOUNS) for _ in range(2))
    verb = words.pick(rng, words.VERBS)
    forms: tuple[tuple[tuple[str, Ink], ...], ...] = (
        (),
        (("def ", keyword), (f"{verb}_{noun}", string), (f"(self, {other}):", plain)),
        (("    return ", keyword), (f"{noun}.{verb}({other})", plain)),
        ((f"    {noun} = ", plain), (f'"{other} {verb}"', string)),
        ((f"    {noun}_{other} = ", plain), (str(rng.integers(2, 9999)), figure)),
        (("    # ", remark), (words.clause(rng), remark)),
        (("    for ", keyword), (noun, plain), (" in ", keyword), (f"{other}.{verb}():", plain)),
        (("        if ", keyword), (f"{noun} > {rng.integers(9)}:", plain)),
        ((f"            self.{noun}.append({other})", plain),),
        (("from ", keyword), (noun, plain), (" import ", keyword), (f"{other}, {verb}", plain)),
    )
    column = 0
    for text, ink in words.pick(rng, forms):
        for letter in text:
            sheet.text((296 + 9 * column, y), letter, 16, ink, "ma")
            column += 1


CODE_INKS = ((198, 120, 221), (200, 204, 212), (152, 195, 121), (106, 112, 124), (209, 154, 102))


def spreadsheet(rng: Rng, number: int, layout: int) -> Image.Image:
    """A table of figures with its ribbon, letters above and numbers beside it."""
    sheet, green = Sheet((1280, 820)), (32, 114, 68) if layout == 1 else (90, 60, 140)
    sheet.box((0, 0, 1280, 34), green)
    sheet.text(
        (640, 8),
        f"{words.pick(rng, words.NOUNS)}-{rng.integers(1990, 2026)}.xlsx",
        16,
        "white",
        "ma",
    )
    sheet.box((0, 34, 1280, 110), (243, 243, 243))
    for n, name in enumerate(("File", "Home", "Insert", "Formulas", "Data", "View")):
        sheet.text((24 + 86 * n, 40), name, 15, green if name == "Home" else (60, 60, 60))
    for n in range(16):
        sheet.rounded((24 + 56 * n, 68, 60 + 56 * n, 102), 4, (226, 228, 232), (200, 202, 206))
    _grid(sheet, rng, template(layout, "spreadsheet"), 118 if layout == 1 else 142)
    sheet.box((0, 796, 1280, 820), (243, 243, 243))
    sheet.text((24, 800), "Sheet1    Sheet2    Sheet3", 14, green)
    return sheet.image


def _grid(sheet: Sheet, rng: Rng, common: Rng, top: float) -> None:
    """Cells: names in the first column, figures in the others, a total below."""
    wide, tall, faint = int(common.integers(96, 130)), 24, (212, 214, 218)
    heads = [f"{words.pick(common, words.MONTHS)[:3]}" for _ in range(10)]
    rows = int((796 - top) // tall)
    columns = min(10, (1280 - 200) // wide)
    sheet.box((0, top, 1280, top + tall), (230, 232, 236))
    sheet.box((0, top, 40, 796), (230, 232, 236))
    for n in range(rows):
        y = top + tall * n
        sheet.line([(0, y), (1280, y)], faint)
        sheet.text((20, y + 5), str(n) if n else "", 13, (90, 92, 98), "ma")
        if 1 < n < rows - 3:
            sheet.text((46, y + 4), words.pick(rng, words.GOODS), 15)
    for n in range(columns):
        x = 190 + wide * n
        sheet.line([(x, top), (x, 796)], faint)
        sheet.text((x + wide / 2, top + 5), "BCDEFGHIJKLM"[n], 13, (90, 92, 98), "ma")
        sheet.bold((x + wide - 6, top + tall + 4), heads[n], 15, anchor="ra")
        figures = rng.normal(4000, 1500, rows)
        for row in range(2, rows - 3):
            sheet.text(
                (x + wide - 6, top + tall * row + 4), f"{figures[row]:,.0f}", 15, anchor="ra"
            )
        total = f"{figures[2 : rows - 3].sum():,.0f}"
        sheet.bold((x + wide - 6, top + tall * (rows - 2) + 4), total, 15, anchor="ra")
