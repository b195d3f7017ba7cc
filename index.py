"""Compute the difference hash of every picture below a folder and write it into a shelve database.

    python index.py --dataset photos --shelve db.shelve

The shelf maps each hash to the names of the pictures that have it: `db["3c3e0e1f1f1e3e7c"]` is
`["holiday/beach.jpg", "phone/IMG_0042.jpg"]`. A second run reads only what is new or changed.
Stop it whenever you like, with Ctrl-C or worse: the next run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from imageshelf import __version__, progress, report
from imageshelf.indexing import Indexing, IndexingError, Settings
from imageshelf.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Index the datasets; return the exit status: 0, 1 for a bad run, 130 and 143 when stopped."""
    options = parse_args(argv)
    try:
        with Indexing(options.dataset, options.shelve, settings(options)) as run:
            found = run.survey()  # walk the folders and compare them with the shelf
            with progress.bar(len(found.to_read), "picture", quiet=options.quiet) as advance:
                for batch in run.batches(advance):  # worker processes decode, this one hashes
                    run.remember(batch)  # one crash-safe transaction
            run.settle()  # pictures that moved keep their hashes, vanished ones leave the shelf
    except Stopped as stopped:
        print(f"index.py: {stopped}; what was read is on the shelf, run again to go on",
              file=sys.stderr)  # fmt: skip
        return stopped.exit_status
    except IndexingError as problem:
        print(f"index.py: {report.shown(str(problem))}", file=sys.stderr)
        return 1
    if not options.quiet:
        print(report.summary_text(run.summary, show_skipped=options.show_skipped))
    return 0


def settings(options: argparse.Namespace) -> Settings:
    """Return the options that say how to index."""
    return Settings(
        hash=options.hash,
        full_decode=options.full_decode,
        exclude=tuple(options.exclude),
        follow_symlinks=options.follow_symlinks,
        jobs=options.jobs,
        time_limit_s=options.time_limit,
        memory_limit_mb=options.memory_limit,
        rebuild=options.rebuild,
        allow_vanished=options.allow_vanished,
        retry_skipped=options.retry_skipped,
    )


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; a wrong one exits with status 2 and a sentence."""
    parser = argparse.ArgumentParser(
        prog="index.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_argument_group("input")
    what.add_argument(
        "-d",
        "--dataset",
        nargs="+",
        action="extend",
        required=True,
        metavar="DIR",
        help="folders to index, with everything below them",
    )
    what.add_argument(
        "-s",
        "--shelve",
        default="db.shelve",
        metavar="FILE",
        help="the shelf to fill (default: %(default)s)",
    )
    what.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files and folders with such a name, or, with a slash in it, "
        "such a path below the dataset; may be repeated",
    )
    what.add_argument("--follow-symlinks", action="store_true",
                      help="go through symbolic links; loops are harmless")  # fmt: skip
    hashing = parser.add_argument_group("hashing")
    hashing.add_argument(
        "--hash",
        default="dhash",
        choices=["dhash"],
        help="the hash that is the key (default: %(default)s)",
    )
    hashing.add_argument("--full-decode", action="store_true",
                         help="decode every pixel: keys equal imagehash.dhash bit for bit, at a "
                         "several times slower pace")  # fmt: skip
    work = parser.add_argument_group("work")
    work.add_argument(
        "-j",
        "--jobs",
        type=whole_number,
        metavar="N",
        help="worker processes (default: one a core; 0: decode in this process, "
        "without limits, to debug)",
    )
    work.add_argument(
        "--time-limit",
        type=positive,
        default=20.0,
        metavar="S",
        help="seconds that one file may take (default: %(default)g)",
    )
    work.add_argument("--memory-limit", type=whole_number, default=2048, metavar="MB",
                      help="memory that one worker may use (default: %(default)s)")  # fmt: skip
    upkeep = parser.add_argument_group("upkeep and report")
    upkeep.add_argument(
        "--rebuild",
        action="store_true",
        help="forget all hashes and read every picture again; what you decided "
        "(not-duplicates, clean-ups) is kept",
    )
    upkeep.add_argument(
        "--allow-vanished",
        action="store_true",
        help="go on although more than half of a dataset's pictures are gone",
    )
    upkeep.add_argument(
        "--retry-skipped", action="store_true", help="try again what an earlier run could not read"
    )
    upkeep.add_argument(
        "--show-skipped", action="store_true", help="name every file that was skipped"
    )
    upkeep.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no summary")
    upkeep.add_argument("--version", action="version", version=f"imageshelf {__version__}")
    return parser.parse_args(argv)


def whole_number(text: str) -> int:
    """Return a number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    return int(text)


def positive(text: str) -> float:
    """Return a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:  # noqa: PLR2004 - eleven days
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
