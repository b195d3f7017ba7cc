"""Hash every picture below a folder, and write the hashes into a shelve database.

    python index.py --dataset photos --shelve db.shelve

The shelf maps each difference hash to the names of the pictures that have it:
`db["3c3e0e1f1f1e3e7c"]` is `["holiday/beach.jpg", "phone/IMG_0042.jpg"]`. A
second run reads only what is new or changed. Stop it whenever you like, with
Ctrl-C or worse: the next run goes on where it stopped.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.system import process
from imageshelf.system.words import shown

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C during the imports below
    process.start_quickly()
    from imageshelf.workers import starting

    wanted = starting.likely_jobs(sys.argv[1:])
    starting.start_early(starting.WORK_MODULE, wanted)  # they import while this process does

import imageshelf
from imageshelf.cli.output import checked
from imageshelf.cli.scripts import index_options, index_settings
from imageshelf.report.index_summary import summary_text
from imageshelf.system.progress import bar
from imageshelf.system.signals import Stopped
from imageshelf.system.terminal import tolerate_any_name

if TYPE_CHECKING:
    from collections.abc import Sequence


@checked("index.py")
def main(argv: Sequence[str] | None = None) -> int:
    """Index the datasets; return the exit status: 0, 1 for a bad run, over 128 when stopped."""
    options = index_options(__doc__ or "", argv)
    tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"index.py: {warning}", file=sys.stderr)
    try:
        with imageshelf.Indexing(options.dataset, options.shelve, index_settings(options)) as run:
            found = run.survey()  # walk the folders and compare them with the shelf
            with bar(len(found.to_read), "picture", "reading", quiet=options.quiet) as progress:
                for batch in run.batches(progress):  # worker processes decode, this one hashes
                    run.remember(batch)  # one crash-safe transaction
            run.settle()  # pictures that moved keep their hashes, vanished ones leave the shelf
            run.find_points(quiet=options.quiet)  # with --pieces: those that earlier runs left out
            run.finish()  # the next run need not be careful
    except Stopped as stopped:
        print(f"index.py: {stopped}; what was read is on the shelf, run again to go on",
              file=sys.stderr)  # fmt: skip
        return stopped.exit_status
    except imageshelf.IndexingError as problem:
        print(f"index.py: {shown(str(problem))}", file=sys.stderr)
        return 1
    if not options.quiet:
        print(summary_text(run.summary, show_skipped=options.show_skipped))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
