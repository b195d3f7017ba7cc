"""Find a picture on a shelf that index.py has filled: the same one, or one that is nearly the same.

    python search.py --query img.jpg --shelve db.shelve
    python search.py --duplicates --shelve db.shelve

The query is hashed like the pictures on the shelf and looked up: its exact key first, then every
key nearby. What the keys nominate is laid over the query, and only then called a match. The query
itself need not be on the shelf. No picture is changed and no answer; --duplicates keeps what it
learns by reading pictures on a shelf of yours.
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
from imageshelf.cli import presenting
from imageshelf.cli.output import checked
from imageshelf.cli.scripts import search_options
from imageshelf.copies.protected_folders import NoFolderError
from imageshelf.report.saving import ReportError
from imageshelf.system.progress import share
from imageshelf.system.signals import Stopped, stop_at_once
from imageshelf.system.terminal import tolerate_any_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from imageshelf.copies.folders import FolderCopies
    from imageshelf.copies.groups import Duplicates
    from imageshelf.searching.policies import Policy

matches = (
    imageshelf.Matches()
)  # after `%run search.py ...` a notebook finds the answer under this name


@checked("search.py")
def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question; return the exit status.

    0, also without a match; 1 if the shelf or a query could not be read; 3 if asked to tell that a
    query matches nothing; over 128 when stopped.
    """
    global matches
    options = search_options(__doc__ or "", argv)
    tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"search.py: {warning}", file=sys.stderr)
    try:
        presenting.refuse_early(options.html, options.contact_sheet)
        with stop_at_once():
            if options.duplicates:
                groups = find_duplicates(options)
                if options.folders:
                    presenting.present_folders(compare_folders(groups, options), groups, options)
                else:
                    presenting.present_groups(groups, options)
                return 0
            matches, note = find_matches(options)
            presenting.present(matches, options)
    except Stopped as stopped:
        return stopped.exit_status
    except (*imageshelf.SearchingError, NoFolderError, ReportError) as problem:
        print(f"search.py: {shown(str(problem))}", file=sys.stderr)
        return 1
    return exit_status(matches, note, tell_unmatched=options.exit_code)


def find_matches(options: argparse.Namespace) -> tuple[imageshelf.Matches, str]:
    """Return the pictures that match the queries, and a note when the shelf needs attention."""
    question = imageshelf.SearchOptions(
        policy(options), options.kind, tuple(options.dataset), options.limit, options.hashes_only
    )
    with imageshelf.Searching(options.shelve, question) as shelf, share() as progress:
        return imageshelf.Matches.joined(shelf.ask(options.query, progress)), shelf.note


def find_duplicates(options: argparse.Namespace) -> Duplicates:
    """Return every group of copies on the shelf."""
    from imageshelf.copies.groups import GroupOptions
    from imageshelf.copies.keep_rule import KeepRule

    question = GroupOptions(
        policy=policy(options),
        below=tuple(options.dataset),
        across=options.across,
        within=options.within,
        min_size_bytes=options.min_size,
        kinds=options.kind,
        keep=options.keep or KeepRule(),
        references=tuple(options.reference),
        prefer=tuple(options.prefer),
        hashes_only=options.hashes_only,
    )
    with share(quiet=options.null) as comparing, share(quiet=options.null) as reading:
        return imageshelf.duplicates(options.shelve, question, comparing, reading)


def compare_folders(groups: Duplicates, options: argparse.Namespace) -> list[FolderCopies]:
    """Return the folders of the shelf of which something is elsewhere, too."""
    from imageshelf.copies import folders

    with imageshelf.open_shelf(options.shelve) as shelf:
        return folders.compare_folders(shelf, groups, options.dataset, options.min_size)


def policy(options: argparse.Namespace) -> Policy:
    """Return what counts as a match."""
    from imageshelf.searching.policies import DEFAULT, LOOSE, STRICT, Policy

    if options.strict:
        return STRICT
    if options.loose:
        return LOOSE
    if options.max_distance is not None:
        return Policy.within(options.max_distance)
    if options.similarity is not None:
        return Policy.alike(options.similarity)
    return DEFAULT


def exit_status(answer: imageshelf.Matches, note: str, *, tell_unmatched: bool) -> int:
    """Name what could not be read; return the exit status."""
    problems = [f"{asked.path} {asked.problem}" for asked in answer.asked if asked.problem]
    if not answer.asked:
        problems.append("there is no picture to look for")
    for sentence in [note, *problems] if note else problems:
        print(f"search.py: {shown(sentence)}", file=sys.stderr)
    if problems:
        return 1
    return 3 if tell_unmatched and not all(asked.matches for asked in answer.asked) else 0


if __name__ == "__main__":
    raise SystemExit(main())
