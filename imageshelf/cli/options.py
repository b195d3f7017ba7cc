"""Options as rows of a table: what a command lists, `--help` shows, and argparse takes."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from imageshelf.cli import values
from imageshelf.cli.parser import PATHS
from imageshelf.copies.criterion_names import ALWAYS_FIRST, CRITERION_NAMES
from imageshelf.system.version import __version__


class Option(NamedTuple):
    """An option or an argument: its names, and the settings of `add_argument`."""

    names: list[str]
    settings: Mapping[str, Any]


class OneOf(NamedTuple):
    """Options of which at most one may be given; if `required`, one must be."""

    options: tuple[Option, ...]
    required: bool = False


Rows = tuple[str | Option | OneOf, ...]  # text is the heading of the rows below it


def option(
    usage: str, told: str, kind: Callable[[str], Any] = str, default: Any = None, **settings: Any
) -> Option:
    """Return an option with a value, from its names and what stands for the value in `--help`."""
    *names, metavar = usage.split()
    settings |= {"type": kind, "default": default, "help": told, "metavar": metavar}
    return Option(names, settings)


def several(usage: str, told: str, kind: Callable[[str], Any] = str, **settings: Any) -> Option:
    """Return an option that takes one value or more, and may be repeated."""
    return option(usage, told, kind, [], nargs="+", action="extend", **settings)


def paths(metavar: str, told: str, into: str) -> Option:
    """Return paths without an option, which count as those of the option `into`."""
    settings = {"nargs": "*", "type": values.path, "metavar": metavar, "help": told}
    return Option([into + PATHS], settings)


def choice(name: str, told: str, *choices: str) -> Option:
    """Return an option with one of some values, by default the first."""
    told = f"{told}: {', '.join(choices)} (default: %(default)s)"
    settings = {"choices": choices, "default": choices[0], "metavar": "NAME", "help": told}
    return Option([name], settings)


def flag(names: str, told: str) -> Option:
    """Return an option that is given or not."""
    return Option(names.split(), {"action": "store_true", "help": told})


def one_of(*options: Option, required: bool = False) -> OneOf:
    """Return options that exclude each other."""
    return OneOf(options, required)


def add(parser: argparse.ArgumentParser, rows: Rows) -> None:
    """Add the options of a command to its parser, and the line that shows how it is used."""
    arguments = [row for row in rows if isinstance(row, Option) and row.names[0][0] != "-"]
    parser.usage = parser.usage or " ".join([parser.prog, *map(_usage, arguments), "[options]"])
    group: argparse._ActionsContainer = parser
    for row in rows:
        if isinstance(row, str):
            group = parser.add_argument_group(row)
        elif isinstance(row, OneOf):
            either = group.add_mutually_exclusive_group(required=row.required)
            for each in row.options:
                either.add_argument(*each.names, **each.settings)
        else:
            group.add_argument(*row.names, **row.settings)


def _usage(argument: Option) -> str:
    """Return how an argument looks in the line of use: `DIR`, `DIR...` or `[DIR]`."""
    metavar = argument.settings["metavar"]
    form = {"+": "{}...", "*": "{}...", "?": "[{}]"}.get(argument.settings.get("nargs", ""), "{}")
    return form.format(metavar)


# -- options that several commands share ----------------------------------------------------------


def shelve(told: str) -> Option:
    """Return --shelve."""
    return option("-s --shelve FILE", f"{told} (default: %(default)s)", values.path, "db.shelve")


SHELF = shelve("the shelf")
HTML = option("--html FILE", "also write the answer as a page to look at, in one file")
CONTACT_SHEET = option(
    "--contact-sheet FILE", "also draw the answer as JPEG or PNG, 400 pictures a page, to send"
)
JOBS = option("-j --jobs N", "worker processes (default: one per core)", values.whole_number)
POLICY = (
    flag("--strict", "fewer false matches, fewer matches"),
    flag("--loose", "more matches, more of them false"),
)
SCOPE = one_of(
    flag("--across", "only copies in different folders (of several that are named)"),
    flag("--within", "only copies in the same folder"),
)
PREFERENCES = (
    option(
        "--keep NAME,...",
        "what decides early which copy stays; one or more of "
        + ", ".join(name for name in CRITERION_NAMES if name not in ALWAYS_FIRST),
        values.keep_rule,
    ),
    several(
        "--reference DIR",
        "protect these folders: what is in them may justify a removal, and is never touched",
    ),
    several("--prefer DIR", "keep the copies in these folders, the first before the others"),
)
MIN_SIZE = option(
    "--min-size SIZE", "only files of at least this size, as in 500kB or 1MB", values.size_bytes, 0
)
COMPLETION = Option(
    ["--completion"],
    {"choices": ("bash", "zsh"), "metavar": "SHELL", "help": "print the completion for a shell"},
)
VERSION = Option(
    ["--version"],
    {"action": "version", "version": f"imageshelf {__version__}", "help": "print the version"},
)
