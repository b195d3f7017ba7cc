"""Compute the difference hash of every picture below a folder and write it into a shelve database.

    python index.py --dataset photos --shelve db.shelve

The shelf maps each hash to the names of the pictures that have it: `db["3c3e0e1f1f1e3e7c"]` is
`["holiday/beach.jpg", "phone/IMG_0042.jpg"]`. A second run reads only what is new or changed.
Stop it whenever you like, with Ctrl-C or worse: the next run goes on where it stopped.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.system import process
from imageshelf.system.words import shown

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C while all of this is imported
    process.start_quickly()
    from imageshelf.workers import starting

    starting.start_early(starting.WORK_MODULE, sys.argv[1:])  # they import while this process does

from imageshelf.cli.options import index_options
from imageshelf.indexing.run import Indexing, IndexingError
from imageshelf.indexing.settings import Settings
from imageshelf.report import index
from imageshelf.system import progress, terminal
from imageshelf.system.signals import Stopped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Index the datasets; return the exit status: 0, 1 for a bad run, 130 and 143 when stopped."""
    options = index_options(__doc__ or "", argv)
    terminal.tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"index.py: {warning}", file=sys.stderr)
    try:
        with Indexing(options.dataset, options.shelve, settings(options)) as run:
            found = run.survey()  # walk the folders and compare them with the shelf
            with progress.bar(len(found.to_read), "picture", quiet=options.quiet) as advance:
                for batch in run.batches(advance):  # worker processes decode, this one hashes
                    run.remember(batch)  # one crash-safe transaction
            run.settle()  # pictures that moved keep their hashes, vanished ones leave the shelf
            with progress.share(quiet=options.quiet) as tell:
                run.identify(tell)  # equal keys: are the bytes, are the pixels equal, too?
    except Stopped as stopped:
        print(f"index.py: {stopped}; what was read is on the shelf, run again to go on",
              file=sys.stderr)  # fmt: skip
        return stopped.exit_status
    except IndexingError as problem:
        print(f"index.py: {shown(str(problem))}", file=sys.stderr)
        return 1
    if not options.quiet:
        print(index.summary_text(run.summary, show_skipped=options.show_skipped))
    return 0


def settings(options: argparse.Namespace) -> Settings:
    """Return the options that say how to index."""
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
    )


if __name__ == "__main__":
    raise SystemExit(main())
