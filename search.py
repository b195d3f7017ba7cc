"""Find a picture on a shelf: the same one, or one that is nearly the same.

    python search.py --query img.jpg --shelve db.shelve
    python search.py --duplicates --shelve db.shelve

index.py fills the shelf. The query is hashed like the pictures on it and looked up: its exact key
first, then every key nearby. What the keys nominate is laid over the query, and only then called a
match. The query itself need not be on the shelf. No picture is changed and no answer; --duplicates
keeps what it learns by reading pictures on a shelf of yours.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.system import process
from imageshelf.system.words import shown

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C during the imports below
    process.start_quickly()  # before NumPy is imported: half of the start-up time
    from imageshelf.cli import early_worker

    early_worker.start_for(sys.argv[1:])  # it imports while this process does

import imageshelf
from imageshelf.cli import asking, presenting
from imageshelf.cli.output import checked
from imageshelf.cli.scripts import search_options
from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import Stopped, stop_at_once
from imageshelf.system.terminal import tolerate_any_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imageshelf.copies.groups import Duplicates

# After `%run search.py ...` a notebook finds the answer under one of these names.
matches = imageshelf.Matches()
groups: Duplicates | None = None


@checked("search.py")
def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question; return the exit status.

    0, also without a match; 1 if the shelf or a query could not be read; 3 if asked to tell that a
    query matches nothing; over 128 when stopped.
    """
    global matches, groups  # noqa: PLW0603 - for a notebook
    options = search_options(__doc__ or "", argv)
    tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"search.py: {warning}", file=sys.stderr)
    try:
        presenting.refuse_early(options.html, options.contact_sheet)
        with stop_at_once():
            if options.duplicates:
                groups = asking.find_duplicates(options)
                presenting.present_groups(groups, options)
                return 0
            matches, note = asking.find_matches(options)
            presenting.present(matches, options)
    except Stopped as stopped:
        return stopped.exit_status
    except SentenceError as problem:
        print(f"search.py: {shown(str(problem))}", file=sys.stderr)
        return 1
    return asking.exit_status("search.py", matches, note, tell=options.exit_code)


if __name__ == "__main__":
    raise SystemExit(main())
