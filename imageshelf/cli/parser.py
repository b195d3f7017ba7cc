"""A command line that answers a mistake in one line, with the option that was perhaps meant."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

from imageshelf.cli.values import EXPECTED, meant
from imageshelf.system.terminal import quoted

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
                if os.path.lexists(word):
                    return f"a path that begins with - is typed as {quoted(f'./{word}')}"
                return f"there is no option {name}{meant(name, self._option_string_actions)}"
        return ""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to find the options; exit with status 2."""
        for pattern, words in IN_OUR_WORDS.items():
            message = re.sub(pattern, words.replace("USAGE", str(self.usage)), message)
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            return super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError as exc:
            raise argparse.ArgumentError(action, f"expected {_expected(action)}") from exc

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            perhaps = meant(value, action.choices)
            message = f"expected {_expected(action)}, got {value!r}{perhaps}"
            raise argparse.ArgumentError(action, message)


METAVARS = {  # what a value stands for, where any text will do
    "FILE": "a file name",
    "DIR": "a folder",
    "GLOB": "a pattern such as '*.tmp'",
}
IN_OUR_WORDS = {  # what argparse says of a mistake, and how it is said here
    r"^argument (?:-\w/)?(\S+): expected ": r"\1 expects ",
    r"^argument (?:-\w/)?(\S+): not allowed with argument (?:-\w/)?(\S+)": (
        r"\1 does not go with \2"
    ),
    r"^argument (?:-\w/)?(\S+): ignored explicit argument (.*)": r"\1 takes no value, got \2",
    r"^argument (?:-\w/)?(\S+): ": r"\1: ",
    r"^the following arguments are required: (.*), (.*)": r"\1 and \2 are missing, as in: USAGE",
    r"^the following arguments are required: (.*)": r"\1 is missing, as in: USAGE",
    r"^unrecognized arguments: (.*)": r"\1 is too much, as in: USAGE",
    r"^ambiguous option: (\S+) could match (.*)": r"\1 may be any of \2",
}


def _expected(action: argparse.Action) -> str:
    """Return what an option wants: one of its choices, or what its type or its metavar says."""
    if action.choices is not None:
        *most, last = action.choices
        return f"{', '.join(most)} or {last}"
    kind = cast("Callable[[str], Any]", action.type)
    return EXPECTED.get(kind) or METAVARS.get(str(action.metavar), str(action.metavar))
