"""The verbs of the installed command, a row each, with their options."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cli import options as shared
from imageshelf.cli import values, verbs
from imageshelf.cli.options import add, choice, flag, one_of, option, several
from imageshelf.cli.parser import Parser
from imageshelf.searching.kinds import BY_RULE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from imageshelf.cli.options import Rows


class Verb(NamedTuple):
    """A verb: its line in the list of verbs, what its own help begins with, and its options."""

    name: str
    summary: str
    description: str
    run: Callable[[argparse.Namespace], int]
    rows: Rows
    changes_nothing: bool = False  # Ctrl-C may end it anywhere


CLEAN: Rows = (
    shared.SHELF,
    "which copies",
    several("-d --dataset DIR", "only pictures below these folders"),
    one_of(*shared.POLICY),
    option(
        "--kind KIND,...",
        "copies of these kinds may go: identical bytes, identical pixels (the default: both), "
        "turned, near",
        values.kinds_to_clean,
        BY_RULE,
    ),
    *shared.PREFERENCES,
    flag(
        "--remember",
        "keep these --keep, --reference and --prefer on the shelf, as your defaults for "
        "search.py --duplicates and clean; without any, forget them",
    ),
    shared.SCOPE,
    shared.MIN_SIZE,
    option(
        "--selection FILE",
        "a choice picture by picture (JSON, exported by the HTML page) instead of the rules",
    ),
    flag(
        "--take-over",
        "write what people wrote about the copies (and their dates and places) into a sidecar of "
        "the picture that stays",
    ),
    "what happens to them",
    one_of(
        option(
            "--set-aside DIR",
            "move them into a folder, by default one beside the shelf (this is the default)",
            nargs="?",
            const="",
        ),
        flag("--trash", "put them into the system's trash"),
        flag("--hardlink", "make them hard links to the copy that stays (identical bytes only)"),
        flag("--delete", "delete them for good; cannot be undone, needs --yes"),
    ),
    flag("--apply", "do it; without this, only show the plan"),
    flag("--yes", "yes, delete for good"),
    "report",
    choice("--format", "how to print the plan", "text", "json", "csv"),
    flag("-0 --null", "print only the paths of what goes, a NUL after each"),
    flag("--show-left", "name every picture that is left alone, and why"),
    shared.JOBS,
)
UNDO: Rows = (
    shared.SHELF,
    option(
        "run RUN",
        "its number in the history (default: the last one that is not undone)",
        values.at_least_one,
        nargs="?",
    ),
    option(
        "--trust RUN",
        "take back a clean-up that none of your own runs on this computer wrote down; lists its "
        "files, and with --yes brings them back",
        values.at_least_one,
    ),
    several("--below DIR", "with --trust: touch nothing outside these folders"),
    flag("--yes", "with --trust: yes, bring them back"),
)
VERBS = (
    Verb(
        "demo",
        "a dozen scenes like photographs, with copies of them, to try things on",
        "Write a dozen scenes like photographs, with copies of every known kind, to try things on.",
        verbs.demo,
        (option("folder DIR", "a new or empty folder, or one of an earlier demo"),),
    ),
    Verb(
        "check",
        "whether the shelf can be trusted, and what to do",
        "Look at a shelf's file, its lists and its index, the pictures on the disk and the "
        "libraries; print each finding with its remedy. Exit status 1 if there is one.",
        verbs.check,
        (shared.SHELF,),
        changes_nothing=True,
    ),
    Verb(
        "explain",
        "every measure of two pictures, and whether they match",
        "Print every measure of two pictures side by side, and which rule says whether they "
        "match. They need not be on a shelf.",
        verbs.explain,
        (
            option("a A", "a picture, taken as the query"),
            option("b B", "another picture"),
            flag("--full-decode", "decode every pixel, as index.py --full-decode"),
            shared.HTML,
            shared.CONTACT_SHEET,
        ),
        changes_nothing=True,
    ),
    Verb(
        "calibrate",
        "how many false matches to expect in your collection",
        "Print how far unrelated pictures and edited copies are apart in your collection, and "
        "how many false matches to expect at each threshold.",
        verbs.calibrate,
        (shared.SHELF, option("--svg FILE", "also draw the distances as a plot"), shared.HTML),
        changes_nothing=True,
    ),
    Verb(
        "merge",
        "take over what another machine's shelf knows",
        "Take over every picture of another shelf with its hashes, what could not be read, and "
        "what you decided with not-duplicates. No picture is opened.",
        verbs.merge,
        (shared.SHELF, option("other OTHER", "the other shelf; it is only read")),
    ),
    Verb(
        "forget",
        "take a folder that is gone off the shelf",
        "Take everything below folders that are gone for good off the shelf: of a drive that was "
        "sold, or is mounted under another name. A folder that is there is refused: index it.",
        verbs.forget,
        (shared.SHELF, option("folders DIR", "folders that are gone", nargs="+")),
    ),
    Verb(
        "clean",
        "which copies can go, and why; with --apply, remove them",
        "Print which copies can go, which stays, and why. Nothing is touched without --apply, "
        "and then only what the plan names.",
        verbs.cleaning("clean"),
        CLEAN,
    ),
    Verb(
        "undo",
        "take back everything that a clean-up did",
        "Put back what a clean-up set aside, trashed or linked. What was deleted for good stays "
        "deleted.",
        verbs.cleaning("undo"),
        UNDO,
    ),
    Verb(
        "purge",
        "free the space of what a clean-up set aside",
        "Print which set-aside files can be deleted for good; with --yes delete them. A file goes "
        "only if the copy that was kept for it is there, can be read and is still what the plan "
        "said.",
        verbs.cleaning("purge"),
        (
            shared.SHELF,
            option(
                "run RUN",
                "its number in the history (default: the last one that set anything aside)",
                values.at_least_one,
                nargs="?",
            ),
            flag("--yes", "yes, delete them for good"),
            shared.JOBS,
        ),
    ),
    Verb(
        "history",
        "the clean-ups of a shelf",
        "List the clean-ups of a shelf: when, what was done, and what was undone.",
        verbs.cleaning("history"),
        (shared.SHELF, choice("--format", "how to print it", "text", "json")),
    ),
    Verb(
        "not-duplicates",
        "remember that pictures are no duplicates of each other",
        "Remember that these pictures are no duplicates of each other: --duplicates and clean "
        "never put them into one group again. No picture is touched.",
        verbs.cleaning("not_the_same"),
        (
            shared.SHELF,
            option("pictures PICTURE", "two or more pictures", nargs="*"),
            one_of(
                flag("--list", "print what is remembered"),
                flag("--forget", "forget it for these pictures"),
            ),
        ),
    ),
)


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
    add(parser, (shared.VERSION,))
    group = parser.add_subparsers(required=True, metavar="VERB")
    for verb in VERBS:
        own = group.add_parser(verb.name, help=verb.summary, description=verb.description)
        add(own, verb.rows)
        own.set_defaults(verb=verb.run, changes_nothing=verb.changes_nothing)
    return parser.parse_args(argv)
