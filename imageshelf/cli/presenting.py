"""Where an answer goes: the formats for programs, and the files that show it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from imageshelf.cli.output import put_out
from imageshelf.report import csv_table
from imageshelf.report.matches import (
    FORMATS,
    HASHES_ONLY,
    matches_text,
    matching,
    unmatched,
    unmatched_text,
)
from imageshelf.system import terminal
from imageshelf.system.progress import bar, in_notebook
from imageshelf.system.words import shown

if TYPE_CHECKING:
    import argparse

    from imageshelf.copies.groups import Duplicates
    from imageshelf.report.cards import Sheet
    from imageshelf.searching.matches import Matches
    from imageshelf.system.terminal import Painter


def present(answer: Matches, options: argparse.Namespace) -> None:
    """Print the answer, or show it in a notebook; write and open what else was asked for."""
    plain = options.format == "text" and not options.null and not options.unmatched
    if plain and in_notebook():
        _display(answer)
    else:
        put_out(formatted(answer, options))
        if nothing := _nothing(answer, options):
            _tell([nothing])
    if options.hashes_only:
        _tell([HASHES_ONLY])
    _tell(_shown(options, answer, [match.path for match in answer]))


def present_groups(answer: Duplicates, options: argparse.Namespace) -> None:
    """Do the same for groups of duplicates, or for what folders have in common."""
    from imageshelf.report import duplicates

    if options.folders:
        _present_folders(answer, options)
        return
    sort = options.sort or ("saving" if options.format == "text" else "path")
    listed = replace(answer, groups=answer.ordered(sort, options.limit))
    if options.null or options.format != "text":
        _tell(duplicates.warnings(answer))  # on stderr: a program reads stdout
    if options.null:
        put_out(duplicates.as_null(answer))
    elif options.format != "text":
        put_out(duplicates.FORMATS[options.format](listed))
    elif in_notebook():
        _display(listed)
    else:
        summary = duplicates.summary(answer, options.shelve, len(listed.groups))
        if options.html:
            put_out("\n".join(summary) + "\n")
        else:
            put_out(duplicates.text(listed, summary, *screen(), details=options.details))
    if options.hashes_only:
        _tell([HASHES_ONLY])
    paths = [member.path for group in listed.groups for member in (group.keeper, *group.members)]
    _tell(_shown(options, listed, paths))


def _present_folders(answer: Duplicates, options: argparse.Namespace) -> None:
    """Print how much of each folder is elsewhere; a page shows that and the groups."""
    from imageshelf.copies import folders as copies
    from imageshelf.report import folders as report
    from imageshelf.shelf import open_shelf

    with open_shelf(options.shelve) as shelf:
        folders = copies.compare_folders(shelf, answer, options.dataset, options.min_size)
    if options.format == "text":
        put_out(report.text(folders, *screen()))
    else:
        put_out(report.FORMATS[options.format](folders))
    if options.hashes_only:
        _tell([HASHES_ONLY])
    if options.html:
        from imageshelf.report import sheets

        _tell(written(sheets.of_folders(folders, answer, options.shelve), options.html))
    if options.open:
        from imageshelf.report import viewer

        _tell([viewer.open_page(options.html)])


def formatted(answer: Matches, options: argparse.Namespace) -> str | bytes:
    """Return the answer in the format asked for; bytes where names must not be altered."""
    if options.null:
        paths = unmatched(answer) if options.unmatched else matching(answer)
        return csv_table.null_paths(paths)
    if options.unmatched:
        return unmatched_text(answer, options.format)
    if options.format == "text":
        by_numbers = options.hashes_only or options.max_distance or options.similarity is not None
        return matches_text(answer, *screen(), details=bool(options.details or by_numbers))
    return FORMATS[options.format](answer)


def refuse_early(html: str | None, contact: str | None = None) -> None:
    """Raise ReportError for a page or sheet that could not be written, before the work is done."""
    from imageshelf.report import saving

    if contact:
        from imageshelf.report import contact_sheet

        contact_sheet.format_of(contact)
        saving.require_writable(contact, "contact sheet")
    if html:
        saving.require_writable(html, "page")


def _nothing(answer: Matches, options: argparse.Namespace) -> str:
    """Return a sentence for stderr where stdout got nothing at all, otherwise ""."""
    if all(asked.problem for asked in answer.asked):
        return ""
    if options.unmatched:
        empty = not unmatched(answer) and (options.null or options.format in {"text", "jsonl"})
        whole = not any(asked.problem for asked in answer.asked)
        every = "Every query" if whole else "Every query that can be read"
        return f"{every} has a match on the shelf." if empty else ""
    empty = not matching(answer) if options.null else options.format == "jsonl" and not answer
    return "No picture on the shelf matches." if empty else ""


def screen() -> tuple[Painter, int]:
    """Return how standard output is painted, and how wide it is."""
    return terminal.painter(sys.stdout), terminal.cells_of(sys.stdout)


def _shown(
    options: argparse.Namespace, answer: Matches | Duplicates, paths: list[str]
) -> list[str]:
    """Write the page and the contact sheet, open the viewer; return a note on each."""
    notes = []
    if options.html or options.contact_sheet:
        from imageshelf.report import sheets

        if isinstance(answer, list):
            sheet = sheets.of_matches(answer, options.shelve)
        else:
            sheet = sheets.of_duplicates(answer, options.shelve)
        notes += written(sheet, options.html, options.contact_sheet)
    if options.open:
        from imageshelf.report import viewer

        page = options.html
        notes.append(viewer.open_page(page) if page else viewer.open_pictures(paths))
    return notes


def written(sheet: Sheet, html: str | None, contact: str | None = None) -> list[str]:
    """Write a sheet as a page, a contact sheet, or both; return a note on each.

    Raises ReportError.
    """
    from imageshelf.report import contact_sheet, page

    notes = []
    if html:
        number = sum(len(group.cards) for group in sheet.groups)
        with bar(number, "picture", "drawing the page") as progress:
            page.write_page(html, sheet, progress=progress)
        notes.append(f"page: {shown(html)}")
    if contact:
        files = contact_sheet.write_sheet(contact, sheet)
        notes += [f"contact sheet: {shown(file)}" for file in files]
    return notes


def _tell(sentences: list[str]) -> None:
    for sentence in sentences:
        sys.stderr.write(sentence + "\n")


def _display(answer: object) -> None:
    from IPython.display import display

    display(answer)  # type: ignore[no-untyped-call]
