"""Asks a shelf what the options of a search or a listing ask."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import imageshelf
from imageshelf.system.progress import share
from imageshelf.system.words import shown

if TYPE_CHECKING:
    import argparse

    from imageshelf.copies.groups import Duplicates, GroupOptions
    from imageshelf.searching.policies import Policy


def find_matches(options: argparse.Namespace) -> tuple[imageshelf.Matches, str]:
    """Return the pictures that match the queries, and a note when the shelf needs attention."""
    question = imageshelf.SearchOptions(
        policy(options),
        options.kind,
        tuple(options.dataset),
        options.limit,
        options.hashes_only,
        not options.no_pieces,
    )
    with imageshelf.Searching(options.shelve, question) as shelf, share("searching") as progress:
        return imageshelf.Matches.joined(shelf.ask(options.query, progress)), shelf.note


def find_duplicates(options: argparse.Namespace) -> Duplicates:
    """Return every group of copies on the shelf."""
    question, quiet = group_options(options), options.null
    with share("comparing", quiet=quiet) as comparing, share("reading", quiet=quiet) as reading:
        return imageshelf.duplicates(options.shelve, question, comparing, reading)


def group_options(options: argparse.Namespace) -> GroupOptions:
    """Return which groups a listing or a clean-up asks for."""
    from imageshelf.copies.groups import GroupOptions
    from imageshelf.copies.keep_rule import KeepRule

    return GroupOptions(
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
        pieces=not options.no_pieces,
    )


def policy(options: argparse.Namespace) -> Policy:
    """Return what counts as a match."""
    from imageshelf.searching.keyword_options import policy_of

    return policy_of(
        strict=options.strict,
        loose=options.loose,
        max_distance=options.max_distance,
        similarity=options.similarity,
    )


def exit_status(program: str, answer: imageshelf.Matches, note: str, *, tell: bool) -> int:
    """Name what could not be read; return the exit status, 3 to `tell` of a query unmatched."""
    problems = [f"{asked.path} {asked.problem}" for asked in answer.asked if asked.problem]
    if not answer.asked:
        problems.append("there is no picture to look for")
    for sentence in [note, *problems] if note else problems:
        sys.stderr.write(f"{program}: {shown(sentence)}\n")
    if problems:
        return 1
    return 3 if tell and not all(asked.matches for asked in answer.asked) else 0
