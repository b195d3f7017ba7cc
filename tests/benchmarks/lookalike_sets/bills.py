"""Papers of trade: invoices, receipts, tickets, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.lookalike_sets import words
from tests.benchmarks.lookalike_sets.posts import square_code
from tests.benchmarks.lookalike_sets.scanning import scanned
from tests.benchmarks.lookalike_sets.sheets import INK, Sheet

if TYPE_CHECKING:
    from PIL import Image

    from tests.benchmarks.lookalike_sets.sheets import Rng

GREY, PALE = (110, 114, 120), (228, 234, 240)


def invoice(rng: Rng, number: int, layout: int) -> Image.Image:
    """A bill of one company: another customer, other lines, another sum."""
    sheet = Sheet((868, 1228))
    accent = (0, 96, 120) if layout == 1 else (170, 70, 20)
    _letterhead(sheet, layout, accent)
    sheet.paragraph((60, 200, 400, 330), words.pick(rng, words.COMPANIES), 17)
    sheet.text((60, 224), words.street(rng), 17)
    sheet.text((60, 248), words.town(rng), 17)
    sheet.bold((60, 330), f"Invoice {words.number(rng, 6)}", 26, accent)
    for n, (label, value) in enumerate(
        (
            ("Date", words.date(rng)),
            ("Customer", words.number(rng, 5)),
            ("Order", words.number(rng, 7)),
        )
    ):
        sheet.text((560, 224 + 26 * n), label, 15, GREY)
        sheet.text((808, 224 + 26 * n), value, 15, INK, "ra")
    bottom = _lines(sheet, rng, accent, 392 if layout == 1 else 420)
    sheet.text((60, bottom + 60), f"Payable by {words.date(rng)} without deduction.", 15)
    _bank(sheet)
    return sheet.image


def _letterhead(sheet: Sheet, layout: int, accent: tuple[int, int, int]) -> None:
    if layout == 1:
        sheet.pen.polygon([(60, 120), (104, 48), (148, 120)], accent)
        sheet.bold((166, 62), "ALPINA SUPPLIES", 30, accent)
        sheet.text((166, 100), "Tools - Fittings - Service since 1964", 15, GREY)
    else:
        sheet.box((0, 0, 868, 130), accent)
        sheet.bold((808, 40), "Marlow & Finch", 40, "white", "ra")
        sheet.text((808, 92), "Print and paper", 17, "white", "ra")


def _lines(sheet: Sheet, rng: Rng, accent: tuple[int, int, int], top: float) -> float:
    """Fill the table in; where it ends."""
    sheet.box((60, top, 808, top + 30), accent)
    for x, head in zip((70, 520, 660, 798), ("Item", "Qty", "Price", "Sum"), strict=True):
        anchor = "la" if head == "Item" else "ra"
        sheet.text((x, top + 6), head, 15, "white", anchor)
    total, y = 0.0, top + 30
    for n, part in enumerate(words.several(rng, words.PARTS, int(rng.integers(4, 15)))):
        count, price = int(rng.integers(1, 25)), words.price(rng, 400)
        if n % 2:
            sheet.box((60, y, 808, y + 32), PALE)
        sheet.text((70, y + 7), part, 15)
        for x, value in ((520, str(count)), (660, f"{price:.2f}"), (798, f"{count * price:,.2f}")):
            sheet.text((x, y + 7), value, 15, INK, "ra")
        total, y = total + count * price, y + 32
    for n, (label, amount) in enumerate((("Net", total), ("VAT 20 %", 0.2 * total))):
        sheet.text((660, y + 14 + 26 * n), label, 15, GREY, "ra")
        sheet.text((798, y + 14 + 26 * n), words.money(amount), 15, INK, "ra")
    sheet.line([(560, y + 68), (808, y + 68)], INK, 2)
    sheet.bold((660, y + 76), "Total", 17, INK, "ra")
    sheet.bold((798, y + 76), words.money(1.2 * total), 17, INK, "ra")
    return y + 76


def _bank(sheet: Sheet) -> None:
    sheet.line([(60, 1140), (808, 1140)], GREY)
    sheet.text((60, 1152), "Bank of the Valley   GB22 1234 5678 9012   VAT 118 224 903", 13, GREY)
    sheet.text((60, 1174), "Register of companies 44 170   Managing director P. Alder", 13, GREY)


def receipt(rng: Rng, number: int, layout: int) -> Image.Image:
    """A till's narrow slip: as long as all others, photographed flat on a table."""
    sheet = Sheet((420, 1000), (248, 247, 243))
    head = "GREENGATE MARKET" if layout == 1 else "Corner Shop 24"
    sheet.bold((210, 34), head, 25, INK, "ma")
    sheet.text((210, 70), "12 Mill Lane, Ashford", 15, INK, "ma")
    sheet.text(
        (210, 92),
        f"Till {rng.integers(1, 9)}   {words.date(rng)}  {words.clock(rng)}",
        15,
        INK,
        "ma",
    )
    _dashes(sheet, 122)
    total, y = 0.0, 138.0
    for good in words.several(rng, words.GOODS, int(rng.integers(8, 22))):
        price = words.price(rng, 14)
        sheet.text((30, y), good.upper() if layout == 1 else good, 17)
        sheet.text((390, y), f"{price:.2f}", 17, INK, "ra")
        total, y = total + price, y + 27
    _dashes(sheet, y + 6)
    sheet.bold((30, y + 20), "TOTAL", 22)
    sheet.bold((390, y + 20), words.money(total), 22, INK, "ra")
    sheet.text((30, y + 54), f"Card ****{words.number(rng, 4)}", 16)
    _barcode(sheet, rng, (90, 890, 330, 950))
    sheet.text((210, 960), "Thank you for your visit", 15, INK, "ma")
    return scanned(sheet.image, rng, 0.4, 2.0)


def _dashes(sheet: Sheet, y: float) -> None:
    for x in range(30, 390, 12):
        sheet.line([(x, y), (x + 7, y)], GREY)


def _barcode(sheet: Sheet, rng: Rng, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    x = left
    while x < right - 4:
        wide = int(rng.integers(1, 5))
        sheet.box((x, top, x + wide - 1, bottom), INK)
        x += wide + int(rng.integers(1, 5))


def boarding_pass(rng: Rng, number: int, layout: int) -> Image.Image:
    """A ticket with its stub: another passenger, flight, seat and square code."""
    sheet = Sheet((1000, 420), (240, 242, 246))
    accent = (190, 24, 44) if layout == 1 else (20, 110, 70)
    sheet.rounded((14, 14, 986, 406), 18, "white")
    sheet.box((14, 34, 986, 92), accent)
    sheet.bold((40, 44), "AERO LINES" if layout == 1 else "Skylark Air", 30, "white")
    sheet.text((720, 48), "Boarding pass", 22, "white")
    sheet.line([(700, 92), (700, 406)], (190, 190, 196), 2)
    origin, target = words.several(rng, words.TOWNS, 2)
    passenger, flight = words.name(rng), f"AL {words.number(rng, 3)}"
    seat, gate = (
        f"{rng.integers(1, 38)}{words.pick(rng, 'ABCDEF')}",
        f"{words.pick(rng, 'ABC')}{rng.integers(1, 40)}",
    )
    values = (
        (40, 112, "Passenger", passenger), (40, 184, "From", origin), (250, 184, "To", target),
        (40, 256, "Flight", flight), (180, 256, "Date", words.date(rng)),
        (340, 256, "Boarding", words.clock(rng)), (40, 328, "Gate", gate), (180, 328, "Seat", seat),
        (720, 112, "Passenger", passenger), (720, 184, "From / to", f"{origin} - {target}"),
        (720, 256, "Flight", flight), (840, 256, "Seat", seat),
    )  # fmt: skip
    for x, y, label, value in values:
        sheet.text((x, y), label, 13, GREY)
        sheet.bold((x, y + 18), value, 23)
    sheet.paste(square_code(rng, 29, 6), (490, 200))
    return sheet.image


def certificate(rng: Rng, number: int, layout: int) -> Image.Image:
    """A diploma in a guilloche frame, made out to somebody for something."""
    sheet = Sheet((1120, 792), (253, 251, 242))
    gold = (176, 138, 52) if layout == 1 else (40, 84, 132)
    _frame(sheet, gold, layout)
    sheet.bold((560, 118), "CERTIFICATE", 58, gold, "ma")
    sheet.text((560, 200), "This is to certify that", 20, GREY, "ma")
    sheet.bold((560, 250), words.name(rng), 46, INK, "ma")
    sheet.line([(260, 314), (860, 314)], gold)
    what = words.pick(rng, words.LISTS["courses"])
    sheet.text((560, 336), "has completed the course", 20, GREY, "ma")
    sheet.bold((560, 376), f"{what} - level {rng.integers(1, 6)}", 32, INK, "ma")
    sheet.text(
        (560, 436),
        f"with {rng.integers(60, 101)} points of 100, {words.long_date(rng)}",
        20,
        GREY,
        "ma",
    )
    for x, role in ((300, "Director"), (820, "Examiner")):
        sheet.line([(x - 130, 640), (x + 130, 640)], GREY)
        sheet.text((x, 648), role, 15, GREY, "ma")
        sheet.written((x - 110, 632), words.name(rng), 26, rng, (30, 30, 60))
    sheet.disc((560, 600), 62, gold)
    sheet.disc((560, 600), 50, None, "white")
    sheet.bold((560, 600), str(rng.integers(1990, 2026)), 26, "white", "mm")
    return sheet.image


def _frame(sheet: Sheet, ink: tuple[int, int, int], layout: int) -> None:
    """A border of interlaced waves, as on bonds."""
    along = np.linspace(0, 2 * np.pi, 700)
    waves = 28 if layout == 1 else 44
    for phase in np.linspace(0, np.pi, 7):
        for wide, tall in ((1020, 692),):
            swing = 14 * np.sin(waves * along + phase)
            x = np.clip(1.5 * np.cos(along), -1, 1) * (wide / 2) + swing + sheet.width / 2
            y = np.clip(1.5 * np.sin(along), -1, 1) * (tall / 2) + swing + sheet.height / 2
            sheet.line(list(zip(x.tolist(), y.tolist(), strict=True)), ink)
    sheet.box((24, 24, sheet.width - 24, sheet.height - 24), None, ink, 3)
