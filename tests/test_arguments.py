"""Mistakes on the command line: one line that names the mistake, and status 2."""

from __future__ import annotations

import pytest

import index
import search
from imageshelf import __main__ as program
from imageshelf.cli.parser import Parser


@pytest.mark.parametrize(
    ("main", "arguments", "told"),
    [
        (index.main, ["-d", "x", "--shelf", "s"], "no option --shelf; --shelve was perhaps meant"),
        (index.main, ["--shelf=s"], "no option --shelf; --shelve was perhaps meant"),
        (index.main, ["--folder", "x"], "no option --folder ("),
        (index.main, ["-d", ""], "-d/--dataset: expected a path, got ''"),
        (index.main, ["-d", "x", "-s", ""], "-s/--shelve: expected a path, got ''"),
        (index.main, ["x"], "required: -d/--dataset"),
        (index.main, ["-d", "x", "--jobs", "-1"], "a whole number of at least 0, got '-1'"),
        (search.main, ["--qery", "x.jpg"], "no option --qery; --query was perhaps meant"),
        (search.main, ["x.jpg"], "-q/--query --duplicates is required"),
        (search.main, ["-q", ""], "-q/--query: expected a path, got ''"),
        (program.main, [], "required: VERB"),
        (program.main, ["cleen"], "invalid choice: 'cleen'"),
        (program.main, ["clean", "--aply"], "no option --aply; --apply was perhaps meant"),
        (program.main, ["undo", "--shelv", "s", "x"], "at least 1, got 'x'"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    main: object, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(main)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert line.endswith("--help tells the options)")


@pytest.mark.parametrize(
    "given",
    [["--lim", "3"], ["--limit=3"], ["--", "--nonsense"], ["--no such picture.jpg"], ["-1"]],
)
def test_what_argparse_would_take_is_not_refused(given: list[str]) -> None:
    parser = Parser(prog="x")
    parser.add_argument("--limit")
    parser.add_argument("pictures", nargs="*")
    parser.parse_args(given)
