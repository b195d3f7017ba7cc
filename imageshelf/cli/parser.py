"""A command line that answers a mistake in one line, with the option that was perhaps meant."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that complains in one line and exits with status 2.

    >>> parser = Parser(prog="index.py")
    >>> _ = parser.add_argument("--shelve")
    >>> parser.unknown(["--shelf=db", "--she=db"])
    'there is no option --shelf; --shelve was perhaps meant'
    """

    def parse_known_args(  # type: ignore[override]  # one signature for its overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; name a mistyped option before anything that is missing because of it."""
        given = list(sys.argv[1:] if args is None else args)
        if problem := self.unknown(given):
            self.error(problem)
        return super().parse_known_args(given, namespace)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print; unlike argparse, raise OSError when that fails."""
        stream = file or sys.stderr
        if message and stream is not None:
            stream.write(message)

    def unknown(self, given: Sequence[str]) -> str:
        """Return what is wrong with the first option that does not exist, or ""."""
        if self._subparsers:
            return ""  # each verb has options of its own
        for word in given[: given.index("--")] if "--" in given else given:
            name = word.partition("=")[0]
            if not name.startswith("--") or " " in word:
                continue
            if not any(known.startswith(name) for known in self._option_string_actions):
                return f"there is no option {name}{self._perhaps(name)}"
        return ""

    def _perhaps(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self._option_string_actions, 1)
        return f"; {near[0]} was perhaps meant" if near else ""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to find the options; exit with status 2."""
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help tells the options)\n")
