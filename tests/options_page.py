"""Writes docs/options.md from the parsers of the command: python -m tests.options_page."""

from __future__ import annotations

import argparse

from imageshelf.cli.parser import HelpLayout, Parser
from imageshelf.cli.verb_table import VERBS, parser_of
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "options.md"
HEAD = """\
# Options

What each verb of `imageshelf` takes; `imageshelf VERB --help` prints the same. This page is made
from the parser by `python -m tests.options_page`.

- `python -m imageshelf` is the same command. `index.py` takes the options of `index`, and `-q` for
  `--quiet`. `search.py` takes those of `search`, and with `--duplicates` those of `duplicates`.
- Paths stand without an option or behind theirs, anywhere on the line. `--shelf` is another word
  for `--shelve`.
- A size is a number of bytes, or has a unit: `500kB`, `1MB`, `2GiB`.
- Every option may be shortened as long as it stays unique.

Exit status: 0, also when nothing matches; 1 for something that could not be read or done, with a
sentence that says what; 2 for wrong usage; 3 with `search --exit-code` if a query matches nothing;
130 and 143 after Ctrl-C and SIGTERM; 141 when nobody reads the output any more (`| head`).
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for verb in VERBS:
        parts.append(f"## {verb.name}\n\n{verb.description}\n")
        parts.append(table(parser_of(verb)))
        lines = "\n".join(f"imageshelf {verb.name} {x}".rstrip() for x in verb.examples.split("\n"))
        parts.append(f"```\n{lines}\n```\n")
    return "\n".join(parts)


def table(parser: Parser) -> str:
    """Return the arguments and options of a verb as a table, "" if it has none."""
    layout = HelpLayout(parser.prog)
    rows = [
        f"| {name(layout, action)} | {layout._expand_help(action).replace('|', ' or ')} |"
        for action in parser._actions
        if action.dest != "help"
    ]
    return "\n".join(["| | |", "|---|---|", *rows, ""]) if rows else ""


def name(layout: HelpLayout, action: argparse.Action) -> str:
    return f"`{layout._format_action_invocation(action)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
