"""The verbs of the installed command: each does its work, prints, and returns the exit status.

A SentenceError that one raises is told by `__main__`, in one line.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.cli.output import put_out
from imageshelf.system.signals import Stopped
from imageshelf.system.words import count, nearby, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def index(options: argparse.Namespace) -> int:
    """Fill a shelf."""
    import imageshelf
    from imageshelf.cli.scripts import index_settings
    from imageshelf.report.index_summary import summary_text

    settings, watched = index_settings(options), not options.quiet
    try:
        summary = imageshelf.index(options.dataset, options.shelve, settings, show_progress=watched)
    except Stopped as stopped:
        return _stopped(stopped, "what was read is on the shelf, run again to go on")
    if watched:
        print(summary_text(summary, show_skipped=options.show_skipped))
    return 0


def search(options: argparse.Namespace) -> int:
    """Answer queries."""
    from imageshelf.cli import asking, presenting

    presenting.refuse_early(options.html, options.contact_sheet)
    matches, note = asking.find_matches(options)
    presenting.present(matches, options)
    return asking.exit_status("imageshelf", matches, note, tell=options.exit_code)


def duplicates(options: argparse.Namespace) -> int:
    """List groups of copies, or what folders have in common."""
    from imageshelf.cli import asking, presenting

    presenting.refuse_early(options.html, options.contact_sheet)
    presenting.present_groups(asking.find_duplicates(options), options)
    return 0


def leaks(options: argparse.Namespace) -> int:
    """Say which test pictures a training set holds; status 3 if any."""
    import imageshelf
    from imageshelf.cli import asking, presenting
    from imageshelf.report import leaks as report

    answer, note = asking.find_matches(options)
    found = report.leaks_in(answer, options.kind)
    labels = []
    if options.labels:
        groups = imageshelf.duplicates(options.shelve, below=options.dataset)
        labels = report.two_labels_in(groups, found)
    if options.drop:
        put_out(report.dropped(found, options.format))
    elif options.format == "text":
        put_out(report.text(found, len(answer.asked), labels, *presenting.screen()))
    else:
        put_out(report.FORMATS[options.format]([*found, *labels]))
    status = asking.exit_status("imageshelf", answer, note, tell=False)
    return status or (3 if found or labels else 0)


def review(options: argparse.Namespace) -> int:
    """Serve the live page until somebody stops it."""
    from imageshelf.copies.groups import GroupOptions
    from imageshelf.copies.keep_rule import KeepRule
    from imageshelf.indexing.datasets import check_dataset
    from imageshelf.report import viewer
    from imageshelf.review.server import serve
    from imageshelf.review.session import Review
    from imageshelf.searching.keyword_options import policy_of
    from imageshelf.shelf import open_shelf
    from imageshelf.system.paths import Url, located

    question = GroupOptions(
        policy=policy_of(strict=options.strict, loose=options.loose),
        across=options.across,
        within=options.within,
        min_size_bytes=options.min_size,
        keep=options.keep or KeepRule(),
        references=tuple(options.reference),
        prefer=tuple(options.prefer),
        files_only=True,
    )

    def opened(link: str) -> None:
        note = "" if options.no_browser else f" ({viewer.open_address(link)})"
        print(f"{link}{note}\nThis link works once, on this computer. Ctrl-C ends it.", flush=True)

    for folder in options.dataset:  # a mistyped path is told at once
        if not isinstance(located(folder), Url):
            check_dataset(folder)
    if not options.dataset:
        open_shelf(options.shelve).close()
    live = Review(options.shelve, question, options.dataset)
    try:
        serve(live, options.port, opened)
    finally:
        live.close()
    return 0


def demo(options: argparse.Namespace) -> int:
    """Write the demonstration pictures."""
    from imageshelf.cli.demo import write

    files = write(options.folder)
    print(f"{count(len(files), 'file')} in {shown(options.folder)}")
    return 0


def check(options: argparse.Namespace) -> int:
    """Say whether the shelf can be trusted."""
    from imageshelf.cleanup.history import unfinished
    from imageshelf.shelf import health, open_shelf

    with open_shelf(options.shelve) as shelf:
        findings = [*health.findings(shelf), *unfinished(shelf)]
        pictures = shelf.catalogue.counts().pictures if shelf.catalogue else 0
    for finding in findings:
        print(shown(finding.what))
        for path in finding.files:
            print(f"  {shown(nearby(path))}")
        print(f"  remedy: {finding.remedy}")
    if not findings:
        print(f"{count(pictures, 'picture')}: all is well")
    return 1 if findings else 0


def explain(options: argparse.Namespace) -> int:
    """Print every measure of two pictures side by side."""
    from imageshelf.cli import presenting
    from imageshelf.report import sheets
    from imageshelf.searching.explanation import explain as compare

    presenting.refuse_early(options.html, options.contact_sheet)
    drawn = bool(options.html or options.contact_sheet)
    explanation = compare(options.a, options.b, full_decode=options.full_decode, drawn=drawn)
    sheet = sheets.of_explanation(explanation)
    notes = presenting.written(sheet, options.html, options.contact_sheet)
    print(explanation.text())
    _note(*notes)
    return 0


def calibrate(options: argparse.Namespace) -> int:
    """Print how far strangers and copies are apart in this collection."""
    from imageshelf.cli import presenting
    from imageshelf.report import sheets
    from imageshelf.report.saving import MARK, require_writable, saved
    from imageshelf.searching.calibration import calibrate as measure

    presenting.refuse_early(options.html)
    if options.svg:
        require_writable(options.svg, "plot")
    calibration = measure(options.shelve)
    sheet = sheets.of_calibration(calibration, options.shelve)
    notes = presenting.written(sheet, options.html)
    if options.svg:
        with saved(options.svg, "plot") as file:
            file.write(b"<!-- " + MARK + b" -->\n" + calibration.svg().encode())
        notes.append(f"plot: {shown(options.svg)}")
    print(calibration.text())
    _note(*notes)
    return 0


def forget(options: argparse.Namespace) -> int:
    """Take folders that are gone off the shelf."""
    from imageshelf.shelf import open_shelf
    from imageshelf.shelf.forgetting import forget_folder

    with open_shelf(options.shelve, "w") as shelf:
        number = sum(forget_folder(shelf, folder) for folder in options.folders)
    print(f"{count(number, 'file')} forgotten")
    return 0


def merge(options: argparse.Namespace) -> int:
    """Take over what another shelf knows."""
    from imageshelf.report import merge as report
    from imageshelf.shelf.merging import Merging
    from imageshelf.system.progress import share

    try:
        with Merging(options.other, options.shelve) as run, share("merging") as progress:
            run.read(progress)  # to its end, before anything is written
            run.write(progress)
    except Stopped as stopped:
        return _stopped(stopped, "what was merged is on the shelf, merge again to go on")
    print(report.merged_text(run.summary))
    return 0


def cleaning(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the verb of that name in `clean`, which is imported when the verb runs."""

    def verb(options: argparse.Namespace) -> int:
        from imageshelf.cli import clean

        answer: clean.Answer = getattr(clean, name)(options)
        try:
            if answer.text:
                put_out(answer.text)
        finally:  # the way back is told whatever becomes of the output
            if answer.hint:
                _note(answer.hint)
        return answer.status

    return verb


def printing(text: str) -> Callable[[argparse.Namespace], int]:
    """Return what prints a text."""

    def verb(_: argparse.Namespace) -> int:
        put_out(text)
        return 0

    return verb


def _stopped(stopped: Stopped, way_on: str) -> int:
    _note(f"imageshelf: {stopped}; {way_on}")
    return stopped.exit_status


def _note(*sentences: str) -> None:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
