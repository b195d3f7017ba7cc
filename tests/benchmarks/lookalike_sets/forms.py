"""Forms that somebody has filled in: printed, by hand, and scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.scanning import scanned
from tests.benchmarks.lookalike_sets.sheets import BLUE_INK, INK, Sheet, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Box, Rng

RULE, SHADE = (120, 124, 130), (232, 236, 241)
ANSWERS: dict[str, Callable[[Rng], str]] = {
    "Family name": lambda rng: words.pick(rng, words.LAST),
    "First name": lambda rng: words.pick(rng, words.FIRST),
    "Date of birth": words.date,
    "Place of birth": lambda rng: words.pick(rng, words.TOWNS),
    "Street and number": words.street,
    "Postcode and town": words.town,
    "Telephone": lambda rng: "0" + words.number(rng, 9),
    "E-mail": words.mail,
    "Employer": lambda rng: words.pick(rng, words.COMPANIES),
    "Personal number": lambda rng: words.number(rng, 11),
    "Account": lambda rng: f"GB{words.number(rng, 8)} {words.number(rng, 8)}",
    "Monthly income": lambda rng: words.money(float(rng.integers(900, 9000))),
    "Valid from": words.date,
    "Valid until": words.date,
    "Next of kin": words.name,
    "Reference": lambda rng: f"{words.number(rng, 3)}/{words.number(rng, 4)}",
}
TICKS = (
    ("single", "married", "widowed", "divorced"),
    ("employed", "self-employed", "student", "retired"),
    ("by post", "by e-mail", "by telephone"),
    ("none", "one child", "two", "three and more"),
)


class Field(NamedTuple):
    """A box of a form, and what goes into it."""

    label: str
    box: Box


def form(rng: Rng, number: int, layout: int) -> Image.Image:
    """An application, typed into the boxes of the same blank."""
    sheet, fields = _blank(layout)
    for field in fields:
        left, _, _, bottom = field.box
        sheet.text((left + 8, bottom - 7), ANSWERS[field.label](rng), 17, INK, "ls")
    _finish(sheet, rng, layout)
    return sheet.image


def form_by_hand(rng: Rng, number: int, layout: int) -> Image.Image:
    """The same kind of blank, filled in by hand, then scanned a little askew."""
    sheet, fields = _blank(3 - layout)
    ink = words.pick(rng, (BLUE_INK, (20, 20, 26), (18, 60, 140)))
    for field in fields:
        left, _, right, bottom = field.box
        answer = ANSWERS[field.label](rng)
        size = min(19, 1.55 * (right - left) / len(answer))
        sheet.written((left + 8 + rng.uniform(0, 10), bottom - 8), answer, size, rng, ink)
    _finish(sheet, rng, 3 - layout)
    return scanned(sheet.image, rng)


def _blank(layout: int) -> tuple[Sheet, list[Field]]:
    return _portrait_blank() if layout == 1 else _landscape_blank()


def _portrait_blank() -> tuple[Sheet, list[Field]]:
    """A4 upright, two columns of boxes with small labels, four rows of ticks."""
    sheet = Sheet((868, 1228))
    sheet.box((50, 48, 118, 116), (34, 76, 140))
    sheet.disc((84, 82), 20, None, "white")
    sheet.bold((136, 52), "Application for a resident's permit", 27)
    sheet.text((136, 90), "Municipal office - Form 12 b - please write in block letters", 15, RULE)
    sheet.line([(50, 134), (818, 134)], INK, 2)
    fields, labels = [], list(ANSWERS)
    for n, label in enumerate(labels):
        top, left = 192 + 58 * (n // 2) + 44 * (n // 8), 50 + 392 * (n % 2)
        if n % 8 == 0:
            sheet.box((50, top - 38, 818, top - 12), SHADE)
            sheet.bold((58, top - 34), f"{n // 8 + 1}  {('Person', 'Claim')[n // 8]}", 16)
        fields.append(_boxed(sheet, label, (left, top, left + 376, top + 48)))
    _tick_rows(sheet, 50, 756, 46)
    sheet.text((50, 970), "Remarks", 12, RULE)
    sheet.box((50, 986, 818, 1076), None, RULE)
    _foot(sheet, 1130)
    return sheet, fields


def _landscape_blank() -> tuple[Sheet, list[Field]]:
    """A claim across the page: labels beside lines, in a frame, on tinted paper."""
    sheet = Sheet((1180, 830), (252, 249, 236))
    sheet.box((30, 30, 1150, 800), None, (150, 40, 40), 2)
    sheet.box((32, 32, 1148, 92), (150, 40, 40))
    sheet.bold((54, 44), "CLAIM FOR TRAVEL EXPENSES", 30, "white")
    sheet.text((1130, 54), "Form R-7 / page 1 of 2", 15, "white", "ra")
    fields = []
    for n, label in enumerate(list(ANSWERS)[:14]):
        left, top = 54 + 550 * (n % 2), 112 + 50 * (n // 2)
        sheet.text((left, top + 32), label, 15, (110, 40, 40), "ls")
        sheet.line([(left + 150, top + 38), (left + 524, top + 38)], (150, 110, 110))
        fields.append(Field(label, (left + 152, top, left + 524, top + 40)))
    _tick_rows(sheet, 54, 484, 38)
    _foot(sheet, 740)
    return sheet, fields


def _boxed(sheet: Sheet, label: str, box: Box) -> Field:
    sheet.box(box, None, RULE)
    sheet.text((box[0] + 5, box[1] + 3), label, 12, RULE)
    return Field(label, box)


def _squares(left: float, top: float, step: float, row: int) -> Iterator[Box]:
    for n in range(len(TICKS[row])):
        x, y = left + 170 * n, top + step * row
        yield x, y, x + 17, y + 17


def _tick_rows(sheet: Sheet, left: float, top: float, step: float) -> None:
    for row, choices in enumerate(TICKS):
        for choice, square in zip(choices, _squares(left, top, step, row), strict=True):
            sheet.box(square, "white", INK)
            sheet.text((square[2] + 8, square[1] - 1), choice, 15)


def _foot(sheet: Sheet, y: float) -> None:
    for left, label in ((50, "Place, date"), (sheet.width - 400, "Signature")):
        sheet.line([(left, y), (left + 340, y)], RULE)
        sheet.text((left, y + 6), label, 12, RULE)


def _finish(sheet: Sheet, rng: Rng, layout: int) -> None:
    """Tick a square of each row, say something in the remarks, sign."""
    left, top, step = (50, 756, 46) if layout == 1 else (54, 484, 38)
    for row in range(len(TICKS)):
        x, y, right, bottom = words.pick(rng, list(_squares(left, top, step, row)))
        sheet.line([(x + 3, y + 3), (right - 3, bottom - 3)], INK, 2)
        sheet.line([(x + 3, bottom - 3), (right - 3, y + 3)], INK, 2)
    if layout == 1:
        remark = words.passage(rng, int(rng.integers(1, 4)))
        sheet.paragraph((60, 994, 810, 1074), remark, 15)
    y = 1130 if layout == 1 else 740
    place = f"{words.pick(rng, words.TOWNS)}, {words.date(rng)}"
    sheet.text((56, y - 6), place, 17, INK, "ls")
    sheet.written((sheet.width - 390, y - 4), words.name(rng), 26, rng)


def questionnaire(rng: Rng, number: int, layout: int) -> Image.Image:
    """A page of statements, each with a cross in one of five circles."""
    sheet, common = Sheet((840, 1188)), template(layout, "questionnaire")
    sheet.bold((50, 44), words.title(common), 26)
    sheet.paragraph((50, 84, 780, 140), words.passage(common, 3), 14, RULE)
    columns = [520 + 62 * n for n in range(5)]
    for x, head in zip(columns, ("never", "rarely", "often", "mostly", "always"), strict=True):
        sheet.text((x, 160), head, 13, RULE, "ma")
    rows, tall = (24, 38) if layout == 1 else (18, 51)
    for row in range(rows):
        y = 186 + tall * row
        if row % 2 == 0 and layout == 1:
            sheet.box((44, y - 2, 800, y + tall - 3), SHADE)
        sheet.text((52, y + 8), f"{row + 1}.  {words.clause(common)[:52]}", 15)
        for x in columns:
            sheet.disc((x, y + 17), 9, "white", INK)
        chosen = columns[int(rng.integers(5))]
        sheet.disc((chosen + rng.uniform(-1, 1), y + 17 + rng.uniform(-1, 1)), 6, BLUE_INK)
    sheet.text((50, 1140), f"Sheet {words.number(rng, 6)}", 13, RULE)
    return sheet.image
