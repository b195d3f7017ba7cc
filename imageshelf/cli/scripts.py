"""The options of indexing and asking, for the two scripts and the verbs of the command alike."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imageshelf.cli import options as shared
from imageshelf.cli import values
from imageshelf.cli.options import (
    Option,
    Rows,
    add,
    choice,
    flag,
    one_of,
    option,
    paths,
    several,
    shelve,
)
from imageshelf.cli.parser import Parser
from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.searching.kinds import KINDS
from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.program import typed

if TYPE_CHECKING:
    from imageshelf.indexing.settings import Settings

INDEX: Rows = (
    "input",
    paths(
        "DIR",
        "folders to index, with everything below them; or URLs, such as s3://bucket/photos",
        into="dataset",
    ),
    several("-d --dataset DIR", "the same", values.path),
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
    choice("--hash", "the hash that makes the keys, one kind for each shelf", DEFAULT, *BITS),
    flag(
        "--full-decode",
        "decode every pixel: keys equal imagehash.dhash bit for bit, but several times slower",
    ),
    Option(
        ["--pieces"],
        {
            "action": argparse.BooleanOptionalAction,
            "default": None,
            "help": "also keep keypoints, by which crops, collages and screenshots are found; "
            "later runs go on with it, --no-pieces drops them",
        },
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
        "pixels; 2GB is understood, too (default: %(default)s)",
        values.megabytes,
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
)
QUIET = "no progress bar, no summary"
QUERY = (
    paths(
        "PATH",
        "what to look for: pictures, folders of pictures, another shelf, or - for a list of paths "
        "on standard input",
        into="query",
    ),
    several("-q --query PATH", "the same", values.path),
)
BELOW = several("-d --dataset DIR", "only pictures below these folders", values.path)
RADIUS = (
    option(
        "--max-distance N",
        "every picture whose key differs in at most N bits (of 64; of 576 for marr), whatever the "
        "other hashes say",
        values.bits,
    ),
    option(
        "--similarity PERCENT",
        "every picture whose key has at least this percentage of equal bits",
        values.percent,
    ),
)
MATCH = (
    option("--kind KIND,...", f"only matches of these kinds: {', '.join(KINDS)}", values.kinds),
    flag("--hashes-only", "leave the second look out: what the hashes nominate is a match, unread"),
    flag("--no-pieces", "leave out pieces, which a shelf with keypoints finds (index --pieces)"),
)
SORTS = ("saving", "path", "pictures")
LIMIT = option(
    "--limit N", "list at most N matches for each query, or N groups", values.at_least_one
)
DUPLICATES = (
    shared.SCOPE,
    shared.MIN_SIZE,
    *shared.PREFERENCES,
    flag("--folders", "instead of groups: how much of each folder is elsewhere, too, and where"),
    Option(
        ["--sort"],
        {
            "choices": SORTS,
            "metavar": "NAME",
            "help": f"the order of the groups: {', '.join(SORTS)} (default: the largest saving "
            "first, in JSON and CSV by path)",
        },
    ),
)
FORMAT = choice("--format", "how to print the answer", "text", "json", "jsonl", "csv")
DETAILS = flag("--details", "also the distances of the hashes, and the score, in text")
FILES = (shared.HTML, shared.CONTACT_SHEET)
OPEN = flag("--open", "open at most ten matches in a viewer; with --html, open that page")
OF_QUERIES = (
    flag("--unmatched", "print the queries that match nothing instead"),
    flag("--exit-code", "exit with status 3 if a query matches nothing"),
)
NULL = flag("-0 --null", "print only paths, a NUL after each: of matches, or of what could go")
SEARCH_VERB: Rows = (
    "what",
    *QUERY,
    shelve("the shelf to search"),
    BELOW,
    "match",
    one_of(*shared.POLICY, *RADIUS),
    *MATCH,
    LIMIT,
    "report",
    FORMAT,
    DETAILS,
    NULL,
    *FILES,
    *OF_QUERIES,
    OPEN,
)
DUPLICATES_VERB: Rows = (
    "which",
    paths("[DIR]", "only pictures below these folders", into="dataset"),
    several("-d --dataset DIR", "the same", values.path),
    shelve("the shelf"),
    "match",
    one_of(*shared.POLICY),
    *MATCH,
    "groups",
    *DUPLICATES,
    LIMIT,
    "report",
    FORMAT,
    DETAILS,
    NULL,
    *FILES,
    OPEN,
)
SEARCH_SCRIPT: Rows = (
    *SEARCH_VERB[:3],
    flag(
        "--duplicates",
        "instead of a query: every group of copies on the shelf, and which one to keep",
    ),
    *SEARCH_VERB[3:],
    "duplicates",
    *DUPLICATES,
    shared.VERSION,
)
LEAKS_VERB: Rows = (
    "what",
    paths("[TRAIN]", "training folders on the shelf; all of it if --test is a shelf", "dataset"),
    several("-d --dataset TRAIN", "the same", values.path),
    several(
        "--test TEST",
        "test pictures, folders of them, or another shelf",
        values.path,
        dest="query",
        required=True,
    ),
    shelve("the shelf that holds the training pictures"),
    "match",
    one_of(*shared.POLICY),
    *MATCH,
    flag("--labels", "also name pictures that are in two folders of different names, their labels"),
    "report",
    choice("--format", "how to print the answer", "text", "jsonl", "csv"),
    flag("--drop", "print only the test pictures to leave out, in that format"),
)
OF_QUERY = ("query", "unmatched", "exit_code", "max_distance", "similarity")
OF_DUPLICATES = ("across", "within", "min_size", "keep", "reference", "prefer", "folders", "sort")
NOT_OF_FOLDERS = ("null", "contact_sheet", "within", "limit")
NO_QUERY = dict.fromkeys(OF_QUERY)  # what the one verb does not have and the other has
NO_DUPLICATES = dict.fromkeys([*OF_DUPLICATES, "duplicates"])


def index_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `index.py`; a wrong one exits with status 2 and a sentence."""
    parser = Parser(prog="index.py", description=description)
    add(parser, (*INDEX, flag("-q --quiet", QUIET), shared.VERSION))
    return checked_index(parser, parser.parse(argv))


def search_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `search.py`; a wrong one exits with status 2 and a sentence."""
    parser = Parser(prog="search.py", description=description)
    add(parser, SEARCH_SCRIPT)
    given = parser.parse(argv)
    if given.duplicates:
        words = given.query_paths or []
        given.dataset, given.query = [*words, *given.dataset], given.query[len(words) :]
    return checked_search(parser, given)


def checked_index(parser: Parser, given: argparse.Namespace) -> argparse.Namespace:
    """Return the options of an index run, or exit because some do not go together."""
    if not given.dataset:
        parser.error(f"name the folders to index, as in: {typed('index')} ~/Pictures")
    if given.scheduler and given.jobs is not None:
        parser.error("--jobs does not go with --scheduler: a Dask worker has as many processes "
                     "as it has threads (dask worker --nthreads N)")  # fmt: skip
    if given.pieces and given.hash != DEFAULT:
        parser.error(f"--pieces does not go with --hash {given.hash}: pieces are found on shelves "
                     f"of {DEFAULT} alone")  # fmt: skip
    return given


def index_settings(options: argparse.Namespace) -> Settings:
    """Return the options that say how to index."""
    from imageshelf.indexing.settings import Settings

    return Settings(
        hash=options.hash,
        full_decode=options.full_decode,
        exclude=tuple(options.exclude),
        follow_symlinks=options.follow_symlinks,
        jobs=options.jobs,
        scheduler=options.scheduler,
        time_limit_s=options.time_limit,
        memory_limit_mb=options.memory_limit,
        rebuild=options.rebuild,
        allow_vanished=options.allow_vanished,
        retry_skipped=options.retry_skipped,
        pieces=options.pieces,
    )


def checked_leaks(parser: Parser, given: argparse.Namespace) -> None:
    """Exit unless it is clear what the training pictures are."""
    if not given.dataset and not all(map(os.path.isfile, given.query)):
        parser.error(f"name the training folders, as in: {typed('leaks')} train --test test")


def checked_search(parser: Parser, given: argparse.Namespace) -> argparse.Namespace:
    """Return the options of a search or a listing, or exit because some do not go together."""
    if given.duplicates:
        _refuse(parser, given, OF_QUERY, "goes with a query, not with duplicates")
        if given.null and given.limit:
            parser.error("--limit does not go with --null, which names all that could go")
    elif not given.query:
        parser.error(f"name the pictures to look for, as in: {typed('search')} photo.jpg")
    else:
        _refuse(parser, given, OF_DUPLICATES, "goes with duplicates, not with a query")
    if given.folders:
        _refuse(parser, given, NOT_OF_FOLDERS, "does not go with --folders")
        if given.open and not given.html:
            parser.error("--open with --folders opens a page: add --html FILE")
    return given


def _refuse(parser: Parser, given: argparse.Namespace, names: Sequence[str], because: str) -> None:
    """Exit with status 2 if one of these options is given."""
    for name in names:
        if getattr(given, name):
            parser.error(f"--{name.replace('_', '-')} {because}")
