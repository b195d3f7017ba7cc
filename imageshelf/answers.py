"""Where an answer goes: the formats for programs, and the files that show it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from imageshelf import csv_report, progress, report, terminal, viewer

if TYPE_CHECKING:
    import argparse

    from imageshelf.searching import Matches


def formatted(answer: Matches, options: argparse.Namespace) -> str | bytes:
    """Return the answer in the format asked for; bytes where names must stay as they are."""
    if options.null:
        paths = report.unmatched(answer) if options.unmatched else [m.path for m in answer]
        return csv_report.null_paths(paths)
    if options.unmatched:
        return report.unmatched_text(answer, options.format)
    return report.FORMATS[options.format](answer)


def put_out(text: str | bytes) -> None:
    """Write to standard output, names byte for byte."""
    if isinstance(text, bytes):
        terminal.write_bytes(sys.stdout, text)
    else:
        sys.stdout.write(text)


def refuse_early(options: argparse.Namespace) -> None:
    """Raise ReportError for a page or sheet that could not be written, before the work is done."""
    from imageshelf import contact_sheet, saving  # noqa: PLC0415 - Jinja2 and Pillow's fonts

    if options.contact_sheet:
        contact_sheet.format_of(options.contact_sheet)
        saving.require_replaceable(options.contact_sheet, "contact sheet")
    if options.html:
        saving.require_replaceable(options.html, "page")


def show(answer: Matches, options: argparse.Namespace) -> list[str]:
    """Write the page and the contact sheet, open the viewer; return what to tell about it."""
    told = []
    if options.html or options.contact_sheet:
        from imageshelf import cards, contact_sheet, page  # noqa: PLC0415 - as above

        sheet = cards.of_matches(answer, options.shelve)
        if options.html:
            with progress.bar(len(answer), "picture") as advance:
                page.write_page(options.html, sheet, advance=advance)
            told.append(f"page: {report.shown(options.html)}")
        if options.contact_sheet:
            contact_sheet.write_sheet(options.contact_sheet, sheet)
            told.append(f"contact sheet: {report.shown(options.contact_sheet)}")
    if options.open:
        paths = [os.path.abspath(options.html)] if options.html else [m.path for m in answer]
        told.append(viewer.open_pictures(paths))
    return told
