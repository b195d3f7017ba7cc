"""`python -m imageshelf VERB`: everything that is neither indexing nor searching."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from imageshelf.system import process
from imageshelf.system.words import count, shown

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C while all of this is imported

from imageshelf.cli import clean_options as cleaning_options
from imageshelf.cli.parser import Parser
from imageshelf.system import terminal
from imageshelf.system.signals import stop_at_once
from imageshelf.system.version import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the verb says; return the exit status.

    0, or 1 for a sentence on stderr; 130 and 143 when stopped.
    """
    options = parse_args(argv)
    terminal.tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"imageshelf: {warning}", file=sys.stderr)
    changes_nothing = options.verb in {check, explain, calibrate}
    try:
        process.restore_ctrl_c()  # from here on there may be something to tidy
        with stop_at_once() if changes_nothing else nullcontext():
            status: int = options.verb(options)
    except KeyboardInterrupt as stopped:
        return getattr(stopped, "exit_status", 130)
    return status


def demo(options: argparse.Namespace) -> int:
    """Draw the demonstration pictures."""
    from imageshelf.cli.demo import DemoError, draw

    try:
        drawn = draw(options.folder)
    except DemoError as problem:
        return failed(problem)
    print(f"{count(len(drawn), 'file')} in {shown(options.folder)}")
    return 0


def check(options: argparse.Namespace) -> int:
    """Say whether the shelf can be trusted."""
    from imageshelf.shelf import (
        ShelfError,
        health,
        open_shelf,
    )

    try:
        with open_shelf(options.shelve) as shelf:
            findings = list(health.findings(shelf))
            pictures = shelf.catalogue.counts().pictures if shelf.catalogue else 0
    except ShelfError as problem:
        return failed(problem)
    for finding in findings:
        print(f"{shown(finding.what)}\n  remedy: {finding.remedy}")
    if not findings:
        print(f"{count(pictures, 'picture')}: all is well")
    return 1 if findings else 0


def explain(options: argparse.Namespace) -> int:
    """Print every measure of two pictures side by side."""
    from imageshelf.cli import presenting as answers
    from imageshelf.report import sheets
    from imageshelf.report.saving import ReportError
    from imageshelf.searching.explaining import ExplainError
    from imageshelf.searching.explaining import explain as measured

    try:
        answers.refuse_early(options.html, options.contact_sheet)
        explanation = measured(options.a, options.b, full_decode=options.full_decode)
        sheet = sheets.of_explanation(explanation)
        told = answers.written(sheet, options.html, options.contact_sheet)
    except (ExplainError, ReportError) as problem:
        return failed(problem)
    print(explanation.text())
    return _told(told)


def calibrate(options: argparse.Namespace) -> int:
    """Print how far strangers and copies are apart in this collection."""
    from imageshelf.cli import presenting as answers
    from imageshelf.report import sheets
    from imageshelf.report.saving import MARK, ReportError, require_writable, saved
    from imageshelf.searching.calibrating import CalibrationError, of_shelf
    from imageshelf.shelf import ShelfError

    try:
        answers.refuse_early(options.html)
        if options.svg:
            require_writable(options.svg, "plot")
        calibration = of_shelf(options.shelve)
        told = answers.written(sheets.of_calibration(calibration, options.shelve), options.html)
        if options.svg:
            with saved(options.svg, "plot") as file:
                file.write(b"<!-- " + MARK + b" -->\n" + calibration.svg().encode())
            told.append(f"plot: {shown(options.svg)}")
    except (CalibrationError, ShelfError, ReportError) as problem:
        return failed(problem)
    print(calibration.text())
    return _told(told)


def _told(sentences: list[str]) -> int:
    """Say on stderr what was written where; return the exit status."""
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 0


def merge(options: argparse.Namespace) -> int:
    """Take over what another shelf knows."""
    from imageshelf.report import merge as merge_report
    from imageshelf.shelf import ShelfError
    from imageshelf.shelf.merging import MergeError, Merging
    from imageshelf.system import progress
    from imageshelf.system.signals import Stopped

    try:
        with Merging(options.other, options.shelve) as run, progress.share() as done:
            run.read(done)  # from end to end, before anything is written
            run.write(done)
    except Stopped as stopped:
        print(f"imageshelf: {stopped}; what was merged is on the shelf, merge again to go on",
              file=sys.stderr)  # fmt: skip
        return stopped.exit_status
    except (MergeError, ShelfError) as problem:
        return failed(problem)
    print(merge_report.merged_text(run.summary))
    return 0


def cleaning(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the verb of that name from those that change things, and undo it."""

    def verb(options: argparse.Namespace) -> int:
        from imageshelf.cli import clean as cleaning_verbs

        try:
            answer: cleaning_verbs.Answer = getattr(cleaning_verbs, name)(options)
        except cleaning_verbs.CleaningError as problem:
            return failed(problem)
        if isinstance(answer.text, bytes):
            terminal.write_bytes(sys.stdout, answer.text)
        elif answer.text:
            print(answer.text.rstrip("\n"))
        if answer.hint:
            print(answer.hint, file=sys.stderr)
        return answer.status

    return verb


def failed(problem: Exception) -> int:
    """Print the sentence that says what is wrong; return the exit status."""
    print(f"imageshelf: {shown(str(problem))}", file=sys.stderr)
    return 1


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a verb; a wrong one exits with status 2 and a sentence."""
    parser = Parser(
        prog="python -m imageshelf",
        description="Everything that is neither indexing nor searching. "
        "`python -m imageshelf VERB --help` tells the options of a verb.",
    )
    parser.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    drawing = verbs.add_parser(
        "demo",
        help="draw scenes like photographs with copies of them, to try things on",
        description="Draw a dozen scenes like photographs, with copies of every known kind, to "
        "try things on.",
    )
    drawing.add_argument(
        "folder", metavar="DIR", help="a folder that is new, empty, or drawn before"
    )
    drawing.set_defaults(verb=demo)
    checking = verbs.add_parser(
        "check",
        help="whether the shelf can be trusted, and what to do",
        description="Look at a shelf's file, its lists and its index, the pictures on the disk "
        "and the libraries; print each finding with its remedy. Exit status 1 if there is one.",
    )
    _shelve(checking)
    checking.set_defaults(verb=check)
    explaining = verbs.add_parser(
        "explain",
        help="every measure of two pictures, and whether they match",
        description="Print every measure of two pictures side by side, and which rule says "
        "whether they match. They need not be on a shelf.",
    )
    explaining.add_argument("a", metavar="A", help="a picture, taken as the query")
    explaining.add_argument("b", metavar="B", help="another picture")
    explaining.add_argument(
        "--full-decode", action="store_true", help="decode every pixel, as index.py does with it"
    )
    _html(explaining)
    explaining.add_argument(
        "--contact-sheet", metavar="FILE", help="also draw the two as one JPEG or PNG"
    )
    explaining.set_defaults(verb=explain)
    calibrating = verbs.add_parser(
        "calibrate",
        help="how many false matches to expect in your collection",
        description="Print how far unrelated pictures and edited copies are apart in your "
        "collection, and how many false matches to expect at each threshold.",
    )
    _shelve(calibrating)
    calibrating.add_argument("--svg", metavar="FILE", help="also draw the distances as a plot")
    _html(calibrating)
    calibrating.set_defaults(verb=calibrate)
    merging = verbs.add_parser(
        "merge",
        help="take over what another machine's shelf knows",
        description="Take over every picture of another shelf with its hashes, what could not be "
        "read, and what you decided with not-duplicates. No picture is opened.",
    )
    _shelve(merging)
    merging.add_argument("other", metavar="OTHER", help="the other shelf; it is only read")
    merging.set_defaults(verb=merge)
    cleaning_options.add_clean(verbs, cleaning("clean"))
    cleaning_options.add_undo(verbs, cleaning("undo"))
    cleaning_options.add_history(verbs, cleaning("history"))
    cleaning_options.add_not_duplicates(verbs, cleaning("not_the_same"))
    return parser.parse_args(argv)


def _shelve(parser: Parser) -> None:
    parser.add_argument(
        "-s",
        "--shelve",
        default="db.shelve",
        metavar="FILE",
        help="the shelf (default: %(default)s)",
    )


def _html(parser: Parser) -> None:
    parser.add_argument(
        "--html", metavar="FILE", help="also write it as a page to look at, in one file"
    )


def console() -> None:
    """Run as the installed command `imageshelf`."""
    raise SystemExit(main())


if __name__ == "__main__":
    process.start_quickly()
    raise SystemExit(main())
