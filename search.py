"""Find a picture on a shelf that index.py has filled: the same one, or one that is nearly the same.

    python search.py --query img.jpg --shelve db.shelve

The query is hashed like the pictures on the shelf and looked up: its exact key first, then every
key nearby. The query itself need not be on the shelf. Nothing is changed, no picture and no shelf.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from imageshelf import __version__, matching, progress, report, viewer
from imageshelf.searching import Matches, Question, Searching, SearchingError
from imageshelf.stopping import Stopped, stop_at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

matches = Matches()  # after `%run search.py ...` a notebook finds the answer under this name


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the queries; return the exit status: 0, also without a match, or 1 for a bad run."""
    global matches  # noqa: PLW0603 - `%run` hands a script's globals to the notebook
    options = parse_args(argv)
    try:
        with stop_at_once(), Searching(options.shelve, question(options)) as shelf:
            matches = Matches.joined(shelf.ask(path) for path in options.query)
    except Stopped as stopped:
        return stopped.exit_status
    except SearchingError as problem:
        print(f"search.py: {report.shown(str(problem))}", file=sys.stderr)
        return 1
    present(matches, options.format)
    if options.open:
        print(viewer.open_pictures([match.path for match in matches]), file=sys.stderr)
    unread = [asked for asked in matches.asked if asked.problem]
    for asked in unread:
        print(f"search.py: {report.shown(asked.path)}: {asked.problem}", file=sys.stderr)
    return 1 if unread else 0


def present(answer: Matches, form: str) -> None:
    """Print the answer, or show it as a table in a notebook."""
    if form == "text" and progress.in_notebook():
        from IPython.display import display  # noqa: PLC0415 - it is there, this is its kernel

        display(answer)  # type: ignore[no-untyped-call]
        return
    text = report.FORMATS[form](answer)
    if text:
        print(text)


def question(options: argparse.Namespace) -> Question:
    """Return what counts as an answer."""
    policy = matching.DEFAULT
    if options.max_distance is not None:
        policy = matching.Policy.within(options.max_distance)
    return Question(policy=policy, dataset=options.dataset, limit=options.limit)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; a wrong one exits with status 2 and a sentence."""
    parser = argparse.ArgumentParser(
        prog="search.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_argument_group("what")
    what.add_argument(
        "-q",
        "--query",
        nargs="+",
        action="extend",
        required=True,
        metavar="PATH",
        help="the pictures to look for",
    )
    what.add_argument(
        "-s",
        "--shelve",
        default="db.shelve",
        metavar="FILE",
        help="the shelf to search (default: %(default)s)",
    )
    what.add_argument("-d", "--dataset", metavar="DIR", help="only pictures below this folder")
    match = parser.add_argument_group("match")
    match.add_argument(
        "--max-distance",
        type=bits,
        metavar="N",
        help="every key within N of its 64 bits, whatever the other hashes say",
    )
    match.add_argument(
        "--limit", type=at_least_one, metavar="N", help="at most N matches for each query"
    )
    output = parser.add_argument_group("report")
    output.add_argument(
        "--format",
        choices=sorted(report.FORMATS),
        default="text",
        help="how to print the answer (default: %(default)s)",
    )
    output.add_argument(
        "--open", action="store_true", help="open the matches in the system's viewer, at most ten"
    )
    output.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    return parser.parse_args(argv)


def bits(text: str) -> int:
    """Return a distance between two keys."""
    if not (text.isdecimal() and int(text) <= matching.BITS):
        raise argparse.ArgumentTypeError(f"expected 0 to {matching.BITS} bits, got {text!r}")
    return int(text)


def at_least_one(text: str) -> int:
    """Return a number of matches."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
