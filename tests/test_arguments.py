"""Sixty mistakes on the command line: each one line that names it and what to do, and a status."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

import index
import search
from imageshelf import __main__ as program
from imageshelf.cli.parser import Parser
from imageshelf.cli.scripts import index_options
from tests.conftest import drawn

SCRIPTS = {"index.py": index.main, "search.py": search.main, "imageshelf": program.main}
TELLS = "--help)"
USAGE = [
    ("index.py", "the folders to index, as in: index.py ~/Pictures"),
    ("index.py --folder x", "no option --folder ("),
    ("index.py -d ''", "expects a path, got ''"),
    ("index.py -d x -s ''", "--shelve expects a path, got ''"),
    ("index.py -d x --shelfe s", "no option --shelfe; did you mean --shelve?"),
    ("index.py x --jobs -1", "a whole number of at least 0, got '-1'"),
    (
        "index.py x --memory-limit much",
        "--memory-limit expects a size such as 500kB or 1MB, got 'much'",
    ),
    ("index.py x --time-limit 0", "a number of seconds above 0, got '0'"),
    ("index.py x --hash md5", "--hash expects dhash, "),
    ("index.py x --jobs 2 --scheduler tcp://host:1", "--jobs does not go with --scheduler"),
    ("search.py", "the pictures to look for, as in: search.py photo.jpg"),
    ("search.py --qery x.jpg", "no option --qery; did you mean --query?"),
    ("search.py -q ''", "--query expects a path, got ''"),
    ("search.py --duplicates --unmatched", "--unmatched goes with a query, not with duplicates"),
    ("search.py a.jpg --across", "--across goes with duplicates, not with a query"),
    ("search.py --duplicates --folders -0", "--null does not go with --folders"),
    (
        "search.py a.jpg --max-distance 700",
        "expects a number of bits from 0 to 64 (576 of marr), got '700'",
    ),
    (
        "search.py a.jpg --similarity 120",
        "--similarity expects a percentage from 0 to 100, got '120'",
    ),
    ("search.py a.jpg --strict --loose", "--loose does not go with --strict"),
    ("imageshelf serach a.jpg", "there is no verb serach; did you mean search?"),
    ("imageshelf photos", "no verb photos; did you mean imageshelf index photos?"),
    ("imageshelf a.jpg", "no verb a.jpg; did you mean imageshelf search a.jpg?"),
    ("imageshelf --versoin", "no option --versoin; did you mean --version?"),
    ("imageshelf --completion fish", "--completion expects bash or zsh, got 'fish'"),
    ("imageshelf index", "the folders to index, as in: imageshelf index ~/Pictures"),
    ("imageshelf index -q photos", "there is no option -q ("),
    ("imageshelf search", "the pictures to look for, as in: imageshelf search photo.jpg"),
    ("imageshelf search a.jpg --duplicates", "there is no option --duplicates ("),
    ("imageshelf search a.jpg --kind nearly", "there is no kind 'nearly'; did you mean near?"),
    ("imageshelf duplicates --sort size", "--sort expects saving, path or pictures, got 'size'"),
    ("imageshelf duplicates --min-size big", "a size such as 500kB or 1MB, got 'big'"),
    ("imageshelf duplicates --limit 0", "a number of at least 1, got '0'"),
    ("imageshelf clean --aply", "no option --aply; did you mean --apply?"),
    ("imageshelf clean --kind variant", "variant pictures go only when you choose them"),
    ("imageshelf clean --keep oldest", "no criterion 'oldest'; did you mean older?"),
    ("imageshelf undo --shelv s x", "at least 1, got 'x'"),
    ("imageshelf explain a.jpg", "B is missing, as in: imageshelf explain A B [options]"),
    ("imageshelf merge", "OTHER is missing, as in: imageshelf merge OTHER"),
    ("imageshelf search a.jpg --similarity", "--similarity expects a percentage from 0 to 100 ("),
    ("imageshelf search a.jpg --html", "--html expects a file name ("),
    ("imageshelf index a --exclude", "--exclude expects a pattern such as '*.tmp' ("),
    ("imageshelf index a --jobs", "--jobs expects a whole number of at least 0 ("),
    ("imageshelf search a.jpg --kind sketch", "expects some of same file, identical bytes, "),
    ("imageshelf duplicates --sort savings", "got 'savings'; did you mean saving?"),
    ("imageshelf duplicates --format", "--format expects text, json, jsonl or csv ("),
    ("imageshelf clean --strict=5", "--strict takes no value, got '5'"),
    ("imageshelf clean --s", "--s may be any of --shelve, --strict, "),
    ("imageshelf undo 1 2", "2 is too much, as in: imageshelf undo [RUN] [options]"),
    ("imageshelf leaks train", "--test is missing"),
    ("imageshelf --strict a.jpg", "a verb comes first, as in: imageshelf search --strict"),
    ("imageshelf explain", "A and B are missing, as in: imageshelf explain A B"),
    ("imageshelf ''", "there is no verb ''"),
    ("imageshelf demo ''", "DIR expects a path, got ''"),
    ("imageshelf explain a.jpg ''", "B expects a path, got ''"),
    ("imageshelf search -a.jpg", "a path that begins with - is typed as ./-a.jpg ("),
]
NOT_THERE = [
    ("imageshelf index nowhere", "nowhere does not exist; check the spelling, or mount its drive"),
    ("imageshelf index a.jpg", "a.jpg is a file; index its folder: imageshelf index ."),
    ("imageshelf index 'photos/b c.jpg'", "its folder: imageshelf index photos"),
    (
        "imageshelf search a.jpg",
        "db.shelve does not exist: imageshelf index DIR makes it, --shelve",
    ),
    ("imageshelf duplicates --html /nowhere/page.html", "there is no folder /nowhere"),
    ("imageshelf clean --apply --delete", "say --yes, or leave it out"),
    ("imageshelf undo --trust 1", "--trust wants --below DIR"),
    ("imageshelf search b.jpg -s empty", "is empty: imageshelf index puts pictures on it"),
    ("search.py a.jpg", "db.shelve does not exist: index.py DIR makes it, --shelve FILE"),
]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> object:
    """Run a command line in a folder with one picture; return its status and standard error."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "empty").touch()
    drawn(1).save(tmp_path / "a.jpg")
    drawn(1).save(tmp_path / "-a.jpg")
    drawn(1).save(tmp_path / "photos" / "b c.jpg")
    monkeypatch.chdir(tmp_path)

    def run(line: str) -> tuple[object, str]:
        name, *words = shlex.split(line)
        monkeypatch.setattr(sys, "argv", [name])
        try:
            status: object = SCRIPTS[name](words)
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        assert printed.out == ""
        return status, printed.err

    return run


@pytest.mark.parametrize(("line", "sentence"), USAGE)
def test_a_mistake_is_one_line_that_says_what_to_do(line: str, sentence: str, told: object) -> None:
    assert callable(told)
    status, printed = told(line)
    (only,) = printed.splitlines()
    assert status == 2
    assert only.startswith(line.split(maxsplit=1)[0])
    assert sentence in only
    assert only.endswith(TELLS)


@pytest.mark.parametrize(("line", "sentence"), NOT_THERE)
def test_what_cannot_be_done_is_one_line_that_says_why(
    line: str, sentence: str, told: object
) -> None:
    assert callable(told)
    status, printed = told(line)
    (only,) = printed.splitlines()
    assert status == 1
    assert only.startswith(line.split(maxsplit=1)[0] + ": ")
    assert sentence in only


@pytest.mark.parametrize(
    "given",
    [["--lim", "3"], ["--limit=3"], ["--", "--nonsense"], ["--no such picture.jpg"], ["-1"]],
)
def test_what_argparse_would_take_is_not_refused(given: list[str]) -> None:
    parser = Parser(prog="x")
    parser.add_argument("--limit")
    parser.add_argument("pictures", nargs="*")
    parser.parse(given)


@pytest.mark.parametrize(
    "words",
    ["a b -s x", "-s x a b", "-d a b -s x", "a --shelf x -d b", "--shelf=x a -d b", "-d b a -s x"],
)
def test_paths_stand_anywhere_and_join_those_of_their_option(words: str) -> None:
    given = index_options("", words.split())
    assert sorted(given.dataset) == ["a", "b"]
    assert given.shelve == "x"
