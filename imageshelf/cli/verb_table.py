"""The verbs of the installed command, a row each, with their options."""

from __future__ import annotations

import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.cli import completion, scripts, values, verbs
from imageshelf.cli import options as shared
from imageshelf.cli.options import add, choice, flag, one_of, option, paths, several
from imageshelf.cli.parser import Parser
from imageshelf.cli.values import meant
from imageshelf.searching.kinds import BY_RULE
from imageshelf.system.program import typed
from imageshelf.system.terminal import quoted
from imageshelf.system.words import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from imageshelf.cli.options import Rows


class Verb(NamedTuple):
    """A verb: its line in the list of verbs, what its own help begins with, and its options."""

    name: str
    summary: str
    description: str
    examples: str  # two, what follows the verb, a line each
    run: Callable[[argparse.Namespace], int]
    rows: Rows
    changes_nothing: bool = False  # Ctrl-C may end it anywhere
    check: Callable[[Parser, argparse.Namespace], object] = lambda *_: None  # of its options
    fixed: Mapping[str, object] = MappingProxyType({})  # options that it does not have


CLEAN: Rows = (
    shared.SHELF,
    "which copies",
    paths("[DIR]", "only pictures below these folders", into="dataset"),
    several("-d --dataset DIR", "the same", values.path),
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
        "duplicates and clean; without any, forget them",
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
REVIEW: Rows = (
    paths("[DIR]", "folders to index first", into="dataset"),
    several("-d --dataset DIR", "the same", values.path),
    shared.SHELF,
    "which copies",
    one_of(*shared.POLICY),
    *shared.PREFERENCES,
    shared.SCOPE,
    shared.MIN_SIZE,
    "the page",
    option("--port N", "the port on 127.0.0.1 (default: any that is free)", values.whole_number, 0),
    flag("--no-browser", "print the link, and open no browser"),
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
        "index",
        "hash every picture below a folder",
        "Hash every picture below some folders and remember the hashes on a shelf. A second run "
        "reads only what is new or changed. Stop it whenever you like: the next run goes on where "
        "it stopped.",
        "~/Pictures\n~/Pictures /media/stick -s all.shelve",
        verbs.index,
        (*scripts.INDEX, flag("--quiet", scripts.QUIET)),
        check=scripts.checked_index,
    ),
    Verb(
        "search",
        "which pictures are this one, or nearly?",
        "Find a picture on a shelf: the same one, or one that is nearly the same. It need not be "
        "on the shelf itself. No picture is changed.",
        "photo.jpg\n/media/stick --unmatched",
        verbs.search,
        scripts.SEARCH_VERB,
        changes_nothing=True,
        check=scripts.checked_search,
        fixed=scripts.NO_DUPLICATES,
    ),
    Verb(
        "duplicates",
        "every group of copies, and which to keep",
        "List every group of copies on a shelf, the largest saving first, and which copy to keep. "
        "No picture is changed; clean acts on the groups.",
        "\n~/Pictures --html groups.html",
        verbs.duplicates,
        scripts.DUPLICATES_VERB,
        changes_nothing=True,
        check=scripts.checked_search,
        fixed={**scripts.NO_QUERY, "duplicates": True},
    ),
    Verb(
        "review",
        "decide, apply, undo in the browser",
        "Open a page in the browser, served by this program to this computer alone: look at the "
        "groups of copies, decide, apply, undo. New folders are indexed first. Ctrl-C ends it.",
        "~/Pictures\n--prefer ~/Pictures",
        verbs.review,
        REVIEW,
    ),
    Verb(
        "clean",
        "which copies can go; --apply does it",
        "Print which copies can go, which stays, and why. Nothing is touched without --apply, "
        "and then only what the plan names.",
        "\n--kind near,turned --apply",
        verbs.cleaning("clean"),
        CLEAN,
        fixed={"hashes_only": False, "no_pieces": True, "max_distance": None, "similarity": None},
    ),
    Verb(
        "undo",
        "take back what a clean-up did",
        "Put back what a clean-up set aside, trashed or linked. What was deleted for good stays "
        "deleted.",
        "\n3",
        verbs.cleaning("undo"),
        UNDO,
    ),
    Verb(
        "purge",
        "free the space of what was set aside",
        "Print which set-aside files can be deleted for good; with --yes delete them. A file goes "
        "only if the copy that was kept for it is there, can be read and is still what the plan "
        "said.",
        "\n3 --yes",
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
        "List the clean-ups of a shelf: when, what was done, and what was undone. With a number, "
        "list the files of that one: where each was, and where it is now.",
        "\n3",
        verbs.cleaning("history"),
        (
            shared.SHELF,
            option("run RUN", "the number of one clean-up", values.at_least_one, nargs="?"),
            choice("--format", "how to print it", "text", "json"),
        ),
    ),
    Verb(
        "explain",
        "every measure of two pictures",
        "Print every measure of two pictures side by side, and which rule says whether they "
        "match. They need not be on a shelf.",
        "a.jpg b.jpg\na.jpg b.jpg --html both.html",
        verbs.explain,
        (
            option("a A", "a picture, taken as the query", values.path),
            option("b B", "another picture", values.path),
            flag("--full-decode", "decode every pixel, as index --full-decode"),
            shared.HTML,
            shared.CONTACT_SHEET,
        ),
        changes_nothing=True,
    ),
    Verb(
        "calibrate",
        "how many false matches to expect",
        "Print how far unrelated pictures and edited copies are apart in your collection, and "
        "how many false matches to expect at each threshold.",
        "\n--html calibration.html",
        verbs.calibrate,
        (shared.SHELF, option("--svg FILE", "also draw the distances as a plot"), shared.HTML),
        changes_nothing=True,
    ),
    Verb(
        "check",
        "whether the shelf can be trusted",
        "Look at a shelf's file, its lists and its index, the pictures on the disk and the "
        "libraries; print each finding with its remedy. Exit status 1 if there is one.",
        "\n--shelve photos.shelve",
        verbs.check,
        (shared.SHELF,),
        changes_nothing=True,
    ),
    Verb(
        "leaks",
        "which test pictures are in training, too",
        "Name the test pictures that have a counterpart in training, with kind and place, for "
        "people who train models. Exit status 3 if there is one.",
        "train --test test\ntrain --test test --drop",
        verbs.leaks,
        scripts.LEAKS_VERB,
        changes_nothing=True,
        check=scripts.checked_leaks,
        fixed={"limit": None, "max_distance": None, "similarity": None},
    ),
    Verb(
        "merge",
        "take over what another shelf knows",
        "Take over every picture of another shelf with its hashes, what could not be read, and "
        "what you decided with not-duplicates. No picture is opened.",
        "laptop.shelve\n/media/stick/db.shelve -s all.shelve",
        verbs.merge,
        (shared.SHELF, option("other OTHER", "the other shelf; it is only read", values.path)),
    ),
    Verb(
        "forget",
        "take a folder that is gone off the shelf",
        "Take everything below folders that are gone for good off the shelf: of a drive that was "
        "sold, or is mounted under another name. A folder that is there is refused: index it.",
        "/media/old-disk\n/media/old-disk --shelve photos.shelve",
        verbs.forget,
        (shared.SHELF, option("folders DIR", "folders that are gone", values.path, nargs="+")),
    ),
    Verb(
        "not-duplicates",
        "remember what is no duplicate",
        "Remember that these pictures are no duplicates of each other: --duplicates and clean "
        "never put them into one group again. No picture is touched.",
        "twin-a.jpg twin-b.jpg\n--list",
        verbs.cleaning("not_the_same"),
        (
            shared.SHELF,
            option("pictures PICTURE", "two or more pictures", values.path, nargs="*"),
            one_of(
                flag("--list", "print what is remembered"),
                flag("--forget", "forget it for these pictures"),
            ),
        ),
    ),
    Verb(
        "demo",
        "pictures to try things on",
        "Write a dozen scenes like photographs, with copies of every known kind, to try things on.",
        "demo\n~/Desktop/demo",
        verbs.demo,
        (option("folder DIR", "a new or empty folder, or one of an earlier demo", values.path),),
    ),
)
NAMES = {verb.name: verb for verb in VERBS}
START = """\
Find duplicate and near-duplicate photos, and clean them up safely.

Three commands to start with:
  {0} index ~/Pictures    remember every picture
  {0} duplicates          which are the same, what could go
  {0} search photo.jpg    do I have this picture?

Then:
  clean           plan a clean-up; do it with --apply; undo takes it back
  purge           free the space, history lists what was done
  explain         why two pictures match, or do not
  calibrate       how far to trust a match in your collection
  leaks, check, merge, forget, not-duplicates, demo

{0} --help lists all verbs,
{0} VERB --help the options of one, with examples.
"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a verb; a wrong one exits with status 2 and a sentence.

    `verb` is the function to call with them, `changes_nothing` tells whether Ctrl-C may end it
    anywhere.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if not words or words[0].startswith("-"):
        return _without_verb(words)
    verb = NAMES.get(words[0])
    if verb is None:
        Parser(prog=typed()).error(
            f"there is no verb {shown(words[0]) or repr(words[0])}{_perhaps(words[0])}"
        )
    parser = parser_of(verb)
    parser.set_defaults(verb=verb.run, changes_nothing=verb.changes_nothing, **verb.fixed)
    given = parser.parse(words[1:])
    verb.check(parser, given)
    return given


def parser_of(verb: Verb) -> Parser:
    """Return what parses the options of a verb, and explains them."""
    name = typed(verb.name)
    lines = [f"  {name} {example}".rstrip() for example in verb.examples.split("\n")]
    parser = Parser(
        prog=name, description=verb.description, epilog="\n".join(["examples:", *lines])
    )
    add(parser, verb.rows)
    return parser


def _without_verb(words: Sequence[str]) -> argparse.Namespace:
    """Print what there is to start with, or what an option asks for, and exit."""
    listed = "\n".join(f"    {verb.name:<16}{verb.summary}" for verb in VERBS)
    parser = Parser(
        prog=typed(),
        usage=f"{typed()} VERB [options]",
        description="Find duplicate and near-duplicate photos, and clean them up safely.",
        epilog=f"verbs:\n{listed}\n\n{typed()} VERB --help tells the options of a verb.",
    )
    add(parser, (shared.VERSION, shared.COMPLETION))
    for name, (_, options) in _listed().items() if parser.unknown(words[:1]) else ():
        if words[0] in options:
            parser.error(f"a verb comes first, as in: {typed(name)} {words[0]}")
    given = parser.parse(words)
    text = completion.script(given.completion, _listed()) if words else START.format(typed())
    given.verb, given.changes_nothing = verbs.printing(text), True
    return given


def _listed() -> dict[str, tuple[str, list[str]]]:
    """Return the summary and the long options of every verb."""
    return {
        verb.name: (verb.summary, [x for x in parser_of(verb).options() if x.startswith("--")])
        for verb in VERBS
    }


def _perhaps(word: str) -> str:
    """Return what was perhaps meant by a word that is no verb: a verb, or a path of one."""
    if os.path.isdir(word):
        return f"; did you mean {typed('index')} {quoted(word)}?"
    if os.path.isfile(word):
        return f"; did you mean {typed('search')} {quoted(word)}?"
    return meant(word, NAMES)
