"""The options of the two scripts, and which of them do not go together."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from imageshelf.cli import options as shared
from imageshelf.cli import values
from imageshelf.cli.options import add, choice, flag, one_of, option, several, shelve
from imageshelf.cli.parser import Parser
from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.searching.kinds import KINDS
from imageshelf.system.files import MEMORY_LIMIT_MB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imageshelf.cli.options import Rows

INDEX: Rows = (
    "input",
    several(
        "-d --dataset DIR",
        "folders to index, with everything below them; or URLs, such as s3://bucket/photos",
        values.path,
        required=True,
    ),
    shelve("the shelf to fill"),
    option(
        "--exclude GLOB",
        "leave out files and folders with a matching name, or, if it has a slash, with a "
        "matching path below the dataset; may be repeated",
        default=[],
        action="append",
    ),
    flag("--follow-symlinks", "follow symbolic links; loops are harmless"),
    "hashing",
    choice("--hash", "what makes the keys; a shelf holds one kind of hash", DEFAULT, *BITS),
    flag(
        "--full-decode",
        "decode every pixel: keys equal imagehash.dhash bit for bit, but several times slower",
    ),
    "work",
    option(
        "-j --jobs N",
        "worker processes (default: one per core; 0: decode in this process, without limits, to "
        "debug)",
        values.whole_number,
    ),
    option(
        "--scheduler ADDRESS",
        "decode on the Dask cluster of this scheduler instead, as in tcp://HOST:8786; its "
        "machines must see the folders under the same paths",
        values.scheduler,
    ),
    option(
        "--time-limit S",
        "seconds that one file may take (default: %(default)g)",
        values.positive,
        20.0,
    ),
    option(
        "--memory-limit MB",
        "memory that one worker may use, which also limits the largest picture: 10 MB a million "
        "pixels (default: %(default)s)",
        values.at_least_one,
        MEMORY_LIMIT_MB,
    ),
    "upkeep and report",
    flag(
        "--rebuild",
        "forget all hashes and read every picture again; your decisions (not-duplicates, "
        "clean-ups) are kept",
    ),
    flag("--allow-vanished", "go on although more than half of a dataset's pictures are gone"),
    flag("--retry-skipped", "try again to read what an earlier run could not"),
    flag("--show-skipped", "name every file that was skipped"),
    flag("-q --quiet", "no progress bar, no summary"),
    shared.VERSION,
)
SEARCH: Rows = (
    "what",
    one_of(
        several(
            "-q --query PATH",
            "what to look for: pictures, folders of pictures, another shelf, or - for a list of "
            "paths on standard input",
            values.path,
        ),
        flag(
            "--duplicates",
            "instead of a query: every group of copies on the shelf, and which one to keep",
        ),
        required=True,
    ),
    shelve("the shelf to search"),
    option(
        "-d --dataset DIR",
        "only pictures below this folder; may be repeated",
        default=[],
        action="append",
    ),
    "match",
    one_of(
        *shared.POLICY,
        option(
            "--max-distance N",
            "every picture whose key differs in at most N bits (of 64; of 576 for marr), "
            "whatever the other hashes say",
            values.bits,
        ),
        option(
            "--similarity PERCENT",
            "every picture whose key has at least this percentage of equal bits",
            values.percent,
        ),
    ),
    option("--kind KIND,...", f"only matches of these kinds: {', '.join(KINDS)}", values.kinds),
    flag("--hashes-only", "leave the second look out: what the hashes nominate is a match, unread"),
    option("--limit N", "at most N matches for each query", values.at_least_one),
    "scope of duplicates",
    shared.SCOPE,
    shared.MIN_SIZE,
    *shared.PREFERENCES,
    flag("--folders", "instead of groups: how much of each folder is elsewhere, too, and where"),
    "report",
    choice("--format", "how to print the answer", "text", "json", "jsonl", "csv"),
    flag("-0 --null", "print only the paths of the matches, each followed by a NUL byte"),
    shared.HTML,
    shared.CONTACT_SHEET,
    flag("--unmatched", "print the queries that match nothing instead"),
    flag("--exit-code", "exit with status 3 if a query matches nothing"),
    flag("--open", "open at most ten matches in the system's viewer; with --html, open that page"),
    shared.VERSION,
)
OF_QUERY = ("limit", "unmatched", "exit_code", "max_distance", "similarity")
OF_DUPLICATES = ("across", "within", "min_size", "keep", "reference", "prefer", "folders")
NOT_OF_FOLDERS = ("null", "contact_sheet", "within")


def index_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `index.py`; a wrong one exits with status 2 and a sentence."""
    parser = _parser("index.py", description, INDEX)
    given = parser.parse_args(argv)
    if given.scheduler and given.jobs is not None:
        parser.error("--jobs does not go with --scheduler: a Dask worker has as many processes "
                     "as it has threads (dask worker --nthreads N)")  # fmt: skip
    return given


def search_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `search.py`; a wrong one exits with status 2 and a sentence."""
    parser = _parser("search.py", description, SEARCH)
    given = parser.parse_args(argv)
    if given.duplicates:
        _refuse(parser, given, OF_QUERY, "goes with --query")
    else:
        _refuse(parser, given, OF_DUPLICATES, "goes with --duplicates")
    if given.folders:
        _refuse(parser, given, NOT_OF_FOLDERS, "does not go with --folders")
        if given.open and not given.html:
            parser.error("--open with --folders opens a page: add --html FILE")
    return given


def _parser(script: str, description: str, rows: Rows) -> Parser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog=script, description=description, formatter_class=layout)
    add(parser, rows)
    return parser


def _refuse(parser: Parser, given: argparse.Namespace, names: Sequence[str], because: str) -> None:
    """Exit with status 2 if one of these options is given."""
    for name in names:
        if getattr(given, name):
            parser.error(f"--{name.replace('_', '-')} {because}")
