"""The options of the verbs that change things: clean, undo, history, not-duplicates."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from imageshelf.cleanup import planning
from imageshelf.cli import options
from imageshelf.copies import keep_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageshelf.cli.parser import Parser

    Verb = Callable[[argparse.Namespace], int]
    Verbs = argparse._SubParsersAction[Parser]  # noqa: SLF001 - it has no other name


def add_clean(verbs: Verbs, verb: Verb) -> None:
    """Add `clean`."""
    parser = verbs.add_parser(
        "clean",
        help="which copies can go, and why; with --apply, remove them",
        description="Print which copies can go, which stays, and why. Nothing is touched without "
        "--apply, and then only what the plan names.",
    )
    _shelve(parser)
    _which(parser.add_argument_group("which copies"))
    _how(parser.add_argument_group("what happens to them"))
    report = parser.add_argument_group("report")
    report.add_argument("--format", choices=["text", "json", "csv"], default="text",
                        help="how to print the plan (default: %(default)s)")  # fmt: skip
    report.add_argument("-0", "--null", action="store_true",
                        help="print only the paths of what goes, a NUL after each")  # fmt: skip
    report.add_argument("--show-left", action="store_true",
                        help="name every picture that is left alone, and why")  # fmt: skip
    report.add_argument("-j", "--jobs", type=options.whole_number, metavar="N",
                        help="worker processes (default: one per core)")  # fmt: skip
    parser.set_defaults(verb=verb)


def _which(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-d", "--dataset", nargs="+", action="extend", default=[], metavar="DIR",
                       help="only pictures below these folders")  # fmt: skip
    either = group.add_mutually_exclusive_group()
    either.add_argument("--strict", action="store_true", help="fewer false matches, fewer matches")
    either.add_argument("--loose", action="store_true", help="more matches, more of them false")
    group.add_argument(
        "--kind",
        type=_kinds,
        default=planning.BY_RULE,
        metavar="KIND,...",
        help="copies of these kinds may go: identical bytes, identical pixels (the default: both), "
        "turned, near",
    )
    group.add_argument(
        "--keep",
        type=_rule,
        default=keep_rule.KeepRule(),
        metavar="NAME,...",
        help="what decides first which copy stays; one or more of "
        + ", ".join(keep_rule.CRITERION_NAMES),
    )
    group.add_argument(
        "--reference",
        nargs="+",
        action="extend",
        default=[],
        metavar="DIR",
        help="protect these folders: what is in them may justify a removal, and is never touched",
    )
    where = group.add_mutually_exclusive_group()
    where.add_argument("--across", action="store_true", help="only copies in different folders")
    where.add_argument("--within", action="store_true", help="only copies in one folder")
    group.add_argument("--min-size", type=options.whole_number, default=0, metavar="BYTES",
                       help="only files of at least this size")  # fmt: skip
    group.add_argument(
        "--selection",
        metavar="FILE",
        help="a choice picture by picture (JSON, exported by the HTML page) instead of the rules",
    )


def _how(group: argparse._ArgumentGroup) -> None:
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--set-aside",
        nargs="?",
        const="",
        metavar="DIR",
        help="move them into a folder, by default one beside the shelf (this is the default)",
    )
    either.add_argument("--trash", action="store_true", help="put them into the system's trash")
    either.add_argument(
        "--hardlink",
        action="store_true",
        help="make them hard links to the copy that stays (identical bytes only)",
    )
    either.add_argument("--delete", action="store_true",
                     help="delete them for good; cannot be undone, needs --yes")  # fmt: skip
    group.add_argument(
        "--apply", action="store_true", help="do it; without this, only show the plan"
    )
    group.add_argument("--yes", action="store_true", help="yes, delete for good")


def add_undo(verbs: Verbs, verb: Verb) -> None:
    """Add `undo`."""
    parser = verbs.add_parser(
        "undo",
        help="take back everything that a clean-up did",
        description="Put back what a clean-up set aside, trashed or linked. What was deleted for "
        "good stays deleted.",
    )
    _shelve(parser)
    parser.add_argument(
        "run",
        nargs="?",
        type=options.at_least_one,
        metavar="RUN",
        help="its number in the history (default: the last one that is not undone)",
    )
    parser.add_argument(
        "--trust",
        type=options.at_least_one,
        metavar="RUN",
        help="take back a clean-up that none of your own runs on this computer wrote down; lists "
        "its files, and with --yes brings them back",
    )
    parser.add_argument("--below", nargs="+", action="extend", default=[], metavar="DIR",
                        help="with --trust: touch nothing outside these folders")  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="with --trust: yes, bring them back")
    parser.set_defaults(verb=verb)


def add_history(verbs: Verbs, verb: Verb) -> None:
    """Add `history`."""
    parser = verbs.add_parser(
        "history",
        help="the clean-ups of a shelf",
        description="List the clean-ups of a shelf: when, what was done, and what was undone.",
    )
    _shelve(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text",
                        help="how to print it (default: %(default)s)")  # fmt: skip
    parser.set_defaults(verb=verb)


def add_not_duplicates(verbs: Verbs, verb: Verb) -> None:
    """Add `not-duplicates`."""
    parser = verbs.add_parser(
        "not-duplicates",
        help="remember that pictures are no duplicates of each other",
        description="Remember that these pictures are no duplicates of each other: --duplicates "
        "and clean never put them into one group again. No picture is touched.",
    )
    _shelve(parser)
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="two or more pictures")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--list", action="store_true", help="print what is remembered")
    either.add_argument("--forget", action="store_true", help="forget it for these pictures")
    parser.set_defaults(verb=verb)


def _shelve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-s", "--shelve", default="db.shelve", metavar="FILE",
                        help="the shelf (default: %(default)s)")  # fmt: skip


def _kinds(text: str) -> frozenset[str]:
    wanted = options.kinds(text)
    if never := sorted(wanted - planning.BY_NAME):
        raise argparse.ArgumentTypeError(
            f"{never[0]} pictures go only when you choose them one by one with --selection"
        )
    return wanted


def _rule(text: str) -> keep_rule.KeepRule:
    try:
        return keep_rule.KeepRule([name.strip() for name in text.split(",")])
    except keep_rule.UnknownCriterionError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
