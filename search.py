"""Find a picture on a shelf that index.py has filled: the same one, or one that is nearly the same.

    python search.py --query img.jpg --shelve db.shelve
    python search.py --duplicates --shelve db.shelve

The query is hashed like the pictures on the shelf and looked up: its exact key first, then every
key nearby. The query itself need not be on the shelf. Nothing is changed, no picture and no shelf.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf.system import process
from imageshelf.system.words import shown

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C while all of this is imported
    process.start_quickly()  # before NumPy is imported: half of the start-up time

from imageshelf.cli import presenting as answers
from imageshelf.cli.options import search_options
from imageshelf.report.saving import ReportError
from imageshelf.searching import policy as matching
from imageshelf.searching.matches import Matches
from imageshelf.searching.search import Question, Searching, SearchingError
from imageshelf.system import progress, terminal
from imageshelf.system.signals import Stopped, stop_at_once

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from imageshelf.copies.groups import Duplicates

matches = Matches()  # after `%run search.py ...` a notebook finds the answer under this name


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question; return the exit status.

    0, also without a match; 1 if the shelf or a query could not be read; 3 if asked to tell that a
    query matches nothing; 130 and 143 when stopped.
    """
    global matches
    options = search_options(__doc__ or "", argv)
    terminal.tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"search.py: {warning}", file=sys.stderr)
    try:
        answers.refuse_early(options.html, options.contact_sheet)
        with stop_at_once():
            if options.duplicates:
                answers.present_groups(find_duplicates(options), options)
                return 0
            matches, note = find_matches(options)
            answers.present(matches, options)
    except Stopped as stopped:
        return stopped.exit_status
    except (*SearchingError, ReportError) as problem:
        print(f"search.py: {shown(str(problem))}", file=sys.stderr)
        return 1
    return exit_status(matches, note, tell_unmatched=options.exit_code)


def find_matches(options: argparse.Namespace) -> tuple[Matches, str]:
    """Return the pictures that match the queries, and a note when the shelf needs attention."""
    question = Question(policy(options), options.kind, tuple(options.dataset), options.limit)
    with Searching(options.shelve, question) as shelf, progress.share() as done:
        return Matches.joined(shelf.ask(options.query, done)), shelf.note


def find_duplicates(options: argparse.Namespace) -> Duplicates:
    """Return every group of copies on the shelf."""
    from imageshelf.copies.duplicates import duplicates
    from imageshelf.copies.groups import Question as GroupQuestion

    question = GroupQuestion(
        policy=policy(options),
        below=tuple(options.dataset),
        across=options.across,
        within=options.within,
        min_size_bytes=options.min_size,
        kinds=options.kind,
    )
    with progress.share(quiet=options.null) as done, progress.share(quiet=options.null) as read:
        return duplicates(options.shelve, question, done, read)


def policy(options: argparse.Namespace) -> matching.Policy:
    """Return what counts as a match."""
    if options.strict:
        return matching.STRICT
    if options.loose:
        return matching.LOOSE
    if options.max_distance is not None:
        return matching.Policy.within(options.max_distance)
    if options.similarity is not None:
        return matching.Policy.alike(options.similarity)
    return matching.DEFAULT


def exit_status(answer: Matches, note: str, *, tell_unmatched: bool) -> int:
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
