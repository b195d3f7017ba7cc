"""`python -m imageshelf VERB`: everything that is neither indexing nor searching."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from imageshelf import __version__, report

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the verb says; return the exit status: 0, or 1 for a sentence on stderr."""
    options = parse_args(argv)
    status: int = options.verb(options)
    return status


def demo(options: argparse.Namespace) -> int:
    """Draw the demonstration pictures."""
    from imageshelf.demo import DemoError, draw  # noqa: PLC0415 - each verb loads its own

    try:
        drawn = draw(options.folder)
    except DemoError as problem:
        return failed(problem)
    print(f"{report.count(len(drawn), 'file')} in {report.shown(options.folder)}")
    return 0


def failed(problem: Exception) -> int:
    """Print the sentence that says what is wrong; return the exit status."""
    print(f"imageshelf: {report.shown(str(problem))}", file=sys.stderr)
    return 1


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a verb; a wrong one exits with status 2 and a sentence."""
    parser = argparse.ArgumentParser(prog="python -m imageshelf", description=__doc__)
    parser.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    drawing = verbs.add_parser("demo", help="draw photograph-like scenes with copies of them")
    drawing.add_argument("folder", metavar="DIR", help="a folder that is new or empty")
    drawing.set_defaults(verb=demo)
    return parser.parse_args(argv)


def console() -> None:
    """Run as the installed command `imageshelf`."""
    raise SystemExit(main())


if __name__ == "__main__":
    raise SystemExit(main())
