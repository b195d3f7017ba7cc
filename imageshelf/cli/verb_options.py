"""The options of the verbs of the installed command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.cli import clean_options, verbs
from imageshelf.cli.parser import Parser
from imageshelf.system.version import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from imageshelf.cli.clean_options import Verbs


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a verb; a wrong one exits with status 2 and a sentence.

    `verb` is the function to call with them, `changes_nothing` tells whether Ctrl-C may end it
    anywhere.
    """
    parser = Parser(
        prog="python -m imageshelf",
        description="Everything that is neither indexing nor searching. "
        "`python -m imageshelf VERB --help` lists the options of a verb.",
    )
    parser.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    parser.set_defaults(changes_nothing=False)
    group = parser.add_subparsers(required=True, metavar="VERB")
    _add_demo(group)
    _add_check(group)
    _add_explain(group)
    _add_calibrate(group)
    _add_merge(group)
    clean_options.add_clean(group, verbs.cleaning("clean"))
    clean_options.add_undo(group, verbs.cleaning("undo"))
    clean_options.add_history(group, verbs.cleaning("history"))
    clean_options.add_not_duplicates(group, verbs.cleaning("not_the_same"))
    return parser.parse_args(argv)


def _add_demo(group: Verbs) -> None:
    parser = group.add_parser(
        "demo",
        help="a dozen scenes like photographs, with copies of them, to try things on",
        description="Write a dozen scenes like photographs, with copies of every known kind, to "
        "try things on.",
    )
    parser.add_argument(
        "folder", metavar="DIR", help="a new or empty folder, or one of an earlier demo"
    )
    parser.set_defaults(verb=verbs.demo)


def _add_check(group: Verbs) -> None:
    parser = group.add_parser(
        "check",
        help="whether the shelf can be trusted, and what to do",
        description="Look at a shelf's file, its lists and its index, the pictures on the disk "
        "and the libraries; print each finding with its remedy. Exit status 1 if there is one.",
    )
    _shelve(parser)
    parser.set_defaults(verb=verbs.check, changes_nothing=True)


def _add_explain(group: Verbs) -> None:
    parser = group.add_parser(
        "explain",
        help="every measure of two pictures, and whether they match",
        description="Print every measure of two pictures side by side, and which rule says "
        "whether they match. They need not be on a shelf.",
    )
    parser.add_argument("a", metavar="A", help="a picture, taken as the query")
    parser.add_argument("b", metavar="B", help="another picture")
    parser.add_argument(
        "--full-decode", action="store_true", help="decode every pixel, as index.py --full-decode"
    )
    _html(parser)
    parser.add_argument(
        "--contact-sheet", metavar="FILE", help="also draw the two as one JPEG or PNG"
    )
    parser.set_defaults(verb=verbs.explain, changes_nothing=True)


def _add_calibrate(group: Verbs) -> None:
    parser = group.add_parser(
        "calibrate",
        help="how many false matches to expect in your collection",
        description="Print how far unrelated pictures and edited copies are apart in your "
        "collection, and how many false matches to expect at each threshold.",
    )
    _shelve(parser)
    parser.add_argument("--svg", metavar="FILE", help="also draw the distances as a plot")
    _html(parser)
    parser.set_defaults(verb=verbs.calibrate, changes_nothing=True)


def _add_merge(group: Verbs) -> None:
    parser = group.add_parser(
        "merge",
        help="take over what another machine's shelf knows",
        description="Take over every picture of another shelf with its hashes, what could not be "
        "read, and what you decided with not-duplicates. No picture is opened.",
    )
    _shelve(parser)
    parser.add_argument("other", metavar="OTHER", help="the other shelf; it is only read")
    parser.set_defaults(verb=verbs.merge)


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
