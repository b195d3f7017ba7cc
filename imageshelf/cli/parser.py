"""A command line that answers a mistake in one line, with the option that was perhaps meant."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

SHELF = re.compile(r"^--shelf(?=$|=)")  # understood, too
PATHS = "_paths"  # `dataset_paths` are positional arguments that count as --dataset


class HelpLayout(argparse.HelpFormatter):
    """Help that looks the same on every Python; indented lines of a text stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = text.strip("\n").split("\n\n")
        return "\n\n".join(
            part if part.startswith(" ") or "\n " in part else super(HelpLayout, self)._fill_text(
                part, width, indent
            )
            for part in parts
        )  # fmt: skip

    def _format_action_invocation(self, action: argparse.Action) -> str:
        value = "" if action.nargs == 0 else self._format_args(action, str(action.metavar or ""))
        return " ".join(filter(None, [", ".join(action.option_strings), value]))

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        if action.nargs in {"+", "*"}:
            return f"{default_metavar}..."
        return super()._format_args(action, default_metavar)


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that complains in one line and exits with status 2.

    >>> parser = Parser(prog="index.py")
    >>> _ = parser.add_argument("--shelve")
    >>> parser.unknown(["--shlve=db", "--she=db"])
    'there is no option --shlve; did you mean --shelve?'
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=HelpLayout, **settings)

    def parse(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """Return the options; paths may stand anywhere and join those of their option.

        A mistyped option is named before anything that is missing because of it.
        """
        words = [SHELF.sub("--shelve", word) for word in (sys.argv[1:] if argv is None else argv)]
        if {"-h", "--help"} & set(words[: words.index("--")] if "--" in words else words):
            self.print_help()  # before argparse hides the arguments, to let them stand anywhere
            self.exit()
        if problem := self.unknown(words):
            self.error(problem)
        # Before Python 3.12 the intermixed way forgets what "--" means.
        parse = self.parse_args if "--" in words else self.parse_intermixed_args
        given = parse(words)
        for name in [name for name in vars(given) if name.endswith(PATHS)]:
            option = name.removesuffix(PATHS)
            setattr(given, option, [*(getattr(given, name) or []), *getattr(given, option)])
        return given

    def options(self) -> list[str]:
        """Return the names of all options, `-h` included."""
        return list(self._option_string_actions)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print; unlike argparse, raise OSError when that fails."""
        stream = file or sys.stderr
        if message and stream is not None:
            stream.write(message)

    def unknown(self, given: Sequence[str]) -> str:
        """Return what is wrong with the first option that does not exist, or ""."""
        for word in given[: given.index("--")] if "--" in given else given:
            name = word.partition("=")[0] if word.startswith("--") else word[:2]
            if not name.startswith("-") or " " in word or not name[-1].isalpha():
                continue
            if not any(known.startswith(name) for known in self._option_string_actions):
                return f"there is no option {name}{meant(name, self._option_string_actions)}"
        return ""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to find the options; exit with status 2."""
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help tells the options)\n")


def meant(word: str, known: Iterable[str]) -> str:
    """Return a question after the nearest of the known words, or ""."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""
