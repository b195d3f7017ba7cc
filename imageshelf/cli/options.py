"""The options of the two scripts: one meaning each, in the groups that `--help` shows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from imageshelf.cli.parser import Parser
from imageshelf.hashing.hash_names import BITS, DEFAULT
from imageshelf.system.files import MEMORY_LIMIT_MB
from imageshelf.system.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json", "jsonl", "csv")


def index_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `index.py`; a wrong one exits with status 2 and a sentence."""
    parser = Parser(
        prog="index.py",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_argument_group("input")
    what.add_argument(
        "-d",
        "--dataset",
        type=path,
        nargs="+",
        action="extend",
        required=True,
        metavar="DIR",
        help="folders to index, with everything below them; or URLs, such as s3://bucket/photos",
    )
    what.add_argument(
        "-s",
        "--shelve",
        type=path,
        default="db.shelve",
        metavar="FILE",
        help="the shelf to fill (default: %(default)s)",
    )
    what.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files and folders with a matching name, or, if it has a slash, with a "
        "matching path below the dataset; may be repeated",
    )
    what.add_argument("--follow-symlinks", action="store_true",
                      help="follow symbolic links; loops are harmless")  # fmt: skip
    hashing = parser.add_argument_group("hashing")
    hashing.add_argument(
        "--hash",
        default=DEFAULT,
        choices=[DEFAULT, *BITS],
        help="the hash that makes the keys (default: %(default)s); a shelf holds one kind of hash",
    )
    hashing.add_argument("--full-decode", action="store_true",
                         help="decode every pixel: keys equal imagehash.dhash bit for bit, but "
                         "several times slower")  # fmt: skip
    work = parser.add_argument_group("work")
    work.add_argument(
        "-j",
        "--jobs",
        type=whole_number,
        metavar="N",
        help="worker processes (default: one per core; 0: decode in this process, "
        "without limits, to debug)",
    )
    work.add_argument(
        "--scheduler",
        type=scheduler,
        metavar="ADDRESS",
        help="decode on the Dask cluster of this scheduler instead, as in tcp://HOST:8786; its "
        "machines must see the folders under the same paths",
    )
    work.add_argument(
        "--time-limit",
        type=positive,
        default=20.0,
        metavar="S",
        help="seconds that one file may take (default: %(default)g)",
    )
    work.add_argument("--memory-limit", type=at_least_one, default=MEMORY_LIMIT_MB, metavar="MB",
                      help="memory that one worker may use, which also limits the largest "
                      "picture: 10 MB a million pixels (default: %(default)s)")  # fmt: skip
    upkeep = parser.add_argument_group("upkeep and report")
    upkeep.add_argument(
        "--rebuild",
        action="store_true",
        help="forget all hashes and read every picture again; your decisions "
        "(not-duplicates, clean-ups) are kept",
    )
    upkeep.add_argument(
        "--allow-vanished",
        action="store_true",
        help="go on although more than half of a dataset's pictures are gone",
    )
    upkeep.add_argument(
        "--retry-skipped",
        action="store_true",
        help="try again to read what an earlier run could not",
    )
    upkeep.add_argument(
        "--show-skipped", action="store_true", help="name every file that was skipped"
    )
    upkeep.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no summary")
    upkeep.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    options = parser.parse_args(argv)
    if options.scheduler and options.jobs is not None:
        parser.error("--jobs does not go with --scheduler: a Dask worker has as many processes "
                     "as it has threads (dask worker --nthreads N)")  # fmt: skip
    return options


def search_options(description: str, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of `search.py`; a wrong one exits with status 2 and a sentence."""
    parser = Parser(
        prog="search.py",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _what(parser.add_argument_group("what"))
    _match(parser.add_argument_group("match"))
    _scope(parser.add_argument_group("scope of duplicates"))
    _report(parser.add_argument_group("report"))
    options = parser.parse_args(argv)
    _refuse_together(parser, options)
    return options


def _refuse_together(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse, with status 2, options of --query given with --duplicates and the reverse."""
    other = (
        ["limit", "unmatched", "exit_code", "max_distance", "similarity"]
        if options.duplicates
        else ["across", "within", "min_size", "folders"]
    )
    for name in other:
        if getattr(options, name):
            goes = "--query" if options.duplicates else "--duplicates"
            parser.error(f"--{name.replace('_', '-')} goes with {goes}")
    for name in ("null", "contact_sheet", "within"):
        if options.folders and getattr(options, name):
            parser.error(f"--{name.replace('_', '-')} does not go with --folders")
    if options.folders and options.open and not options.html:
        parser.error("--open with --folders opens a page: add --html FILE")


def _scope(group: argparse._ArgumentGroup) -> None:
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--across", action="store_true", help="only copies in different folders (of several -d)"
    )
    either.add_argument("--within", action="store_true", help="only copies in the same folder")
    group.add_argument(
        "--min-size",
        type=whole_number,
        default=0,
        metavar="BYTES",
        help="only pictures of at least this many bytes",
    )
    group.add_argument(
        "--folders",
        action="store_true",
        help="instead of groups: how much of each folder is elsewhere, too, and where",
    )


def _what(group: argparse._ArgumentGroup) -> None:
    either = group.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "-q",
        "--query",
        type=path,
        nargs="+",
        action="extend",
        metavar="PATH",
        help="what to look for: pictures, folders of pictures, another shelf, or - for a list of "
        "paths on standard input",
    )
    either.add_argument(
        "--duplicates",
        action="store_true",
        help="instead of a query: every group of copies on the shelf, and which one to keep",
    )
    group.add_argument(
        "-s",
        "--shelve",
        type=path,
        default="db.shelve",
        metavar="FILE",
        help="the shelf to search (default: %(default)s)",
    )
    group.add_argument(
        "-d",
        "--dataset",
        action="append",
        default=[],
        metavar="DIR",
        help="only pictures below this folder; may be repeated",
    )


def _match(group: argparse._ArgumentGroup) -> None:
    from imageshelf.searching.kind_names import KINDS

    either = group.add_mutually_exclusive_group()
    either.add_argument("--strict", action="store_true", help="fewer false matches, fewer matches")
    either.add_argument("--loose", action="store_true", help="more matches, more of them false")
    either.add_argument(
        "--max-distance",
        type=bits,
        metavar="N",
        help="every picture whose key differs in at most N bits (of 64; of 576 for marr), whatever "
        "the other hashes say",
    )
    either.add_argument(
        "--similarity",
        type=percent,
        metavar="PERCENT",
        help="every picture whose key has at least this percentage of equal bits",
    )
    group.add_argument(
        "--kind",
        type=kinds,
        metavar="KIND,...",
        help=f"only matches of these kinds: {', '.join(KINDS)}",
    )
    group.add_argument(
        "--hashes-only",
        action="store_true",
        help="leave the second look out: what the hashes nominate is a match, unread",
    )
    group.add_argument(
        "--limit", type=at_least_one, metavar="N", help="at most N matches for each query"
    )


def _report(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how to print the answer (default: %(default)s)",
    )
    group.add_argument(
        "-0",
        "--null",
        action="store_true",
        help="print only the paths of the matches, each followed by a NUL byte",
    )
    group.add_argument(
        "--html", metavar="FILE", help="also write the answer as a page to look at, in one file"
    )
    group.add_argument(
        "--contact-sheet",
        metavar="FILE",
        help="also draw the answer as one JPEG or PNG, to send to somebody",
    )
    group.add_argument(
        "--unmatched", action="store_true", help="print the queries that match nothing instead"
    )
    group.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with status 3 if a query matches nothing",
    )
    group.add_argument(
        "--open",
        action="store_true",
        help="open the matches in the system's viewer, at most ten; with --html, open that page",
    )
    group.add_argument("--version", action="version", version=f"imageshelf {__version__}")


# -- values of options ----------------------------------------------------------------------------


def path(text: str) -> str:
    """Return a path; an empty one, from an unset variable, would mean the working folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got ''")
    return text


def whole_number(text: str) -> int:
    """Return a number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def at_least_one(text: str) -> int:
    """Return a number of at least 1."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {text!r}")
    return int(text)


def positive(text: str) -> float:
    """Return a number of seconds above 0."""
    number = _number(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return number


def scheduler(text: str) -> str:
    """Return the address of a Dask scheduler."""
    from imageshelf.workers.cluster.client import checked
    from imageshelf.workers.jobs import WorkerError

    try:
        return checked(text)
    except WorkerError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def percent(text: str) -> float:
    """Return a percentage."""
    number = _number(text.removesuffix("%"))
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"expected 0 to 100 percent, got {text!r}")
    return number


def bits(text: str) -> int:
    """Return a distance between two keys."""
    most = max(BITS.values())  # search.py does not know the shelf's hash yet
    if not (text.isdecimal() and int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected 0 to 64 bits ({most} of marr), got {text!r}")
    return int(text)


def kinds(text: str) -> frozenset[str]:
    """Return the kinds in a list; a hyphen may stand for a space."""
    from imageshelf.searching.kind_names import KINDS

    wanted = {part.strip().replace("-", " ") for part in text.split(",")}
    if unknown := sorted(wanted - set(KINDS)):
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(KINDS)}; got {', '.join(map(repr, unknown))}"
        )
    return frozenset(wanted)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
