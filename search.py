"""Find a picture on a shelf that index.py has filled: the same one, or one that is nearly the same.

    python search.py --query img.jpg --shelve db.shelve

The query is hashed like the pictures on the shelf and looked up: its exact key first, then every
key nearby. The query itself need not be on the shelf. Nothing is changed, no picture and no shelf.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imageshelf import answers, matching, progress, report, terminal
from imageshelf.options import search_options
from imageshelf.saving import ReportError
from imageshelf.searching import Matches, Question, Searching, SearchingError
from imageshelf.stopping import Stopped, stop_at_once

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

matches = Matches()  # after `%run search.py ...` a notebook finds the answer under this name


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the queries; return the exit status.

    0, also without a match; 1 if the shelf or a query could not be read; 3 if asked to tell that a
    query matches nothing; 130 and 143 when stopped.
    """
    global matches  # noqa: PLW0603 - `%run` hands a script's globals to the notebook
    options = search_options(__doc__ or "", argv)
    terminal.tolerate_any_name()
    try:
        answers.refuse_early(options)
        with stop_at_once(), Searching(options.shelve, question(options)) as shelf:
            matches = Matches.joined(shelf.ask(options.query))
            note = shelf.note
    except Stopped as stopped:
        return stopped.exit_status
    except (*SearchingError, ReportError) as problem:
        print(f"search.py: {report.shown(str(problem))}", file=sys.stderr)
        return 1
    if note:
        print(f"search.py: {report.shown(note)}", file=sys.stderr)
    if not matches.asked:
        print("search.py: there is no picture to look for", file=sys.stderr)
        return 1
    try:
        present(matches, options)
    except ReportError as problem:
        print(f"search.py: {report.shown(str(problem))}", file=sys.stderr)
        return 1
    return exit_status(matches, tell_unmatched=options.exit_code)


def question(options: argparse.Namespace) -> Question:
    """Return what counts as an answer."""
    policy = matching.DEFAULT
    if options.strict:
        policy = matching.STRICT
    elif options.loose:
        policy = matching.LOOSE
    elif options.max_distance is not None:
        policy = matching.Policy.within(options.max_distance)
    elif options.similarity is not None:
        policy = matching.Policy.within(matching.max_distance(options.similarity))
    return Question(policy, options.kind, options.dataset, options.limit)


def present(answer: Matches, options: argparse.Namespace) -> None:
    """Print the answer, or show it in a notebook; write and open what else was asked for."""
    text = options.format == "text" and not options.null and not options.unmatched
    if text and progress.in_notebook():
        from IPython.display import display  # noqa: PLC0415 - it is there, this is its kernel

        display(answer)  # type: ignore[no-untyped-call]
    else:
        answers.put_out(answers.formatted(answer, options))
    for sentence in answers.show(answer, options):
        print(sentence, file=sys.stderr)


def exit_status(answer: Matches, *, tell_unmatched: bool) -> int:
    """Name the queries that could not be read; return the exit status."""
    unread = [asked for asked in answer.asked if asked.problem]
    for asked in unread:
        print(f"search.py: {report.shown(asked.path)} {asked.problem}", file=sys.stderr)
    if unread:
        return 1
    return 3 if tell_unmatched and not all(asked.matches for asked in answer.asked) else 0


if __name__ == "__main__":
    raise SystemExit(main())
