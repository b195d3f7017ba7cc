"""Hostile names all the way: real files, real scripts, and the same bytes at the other end."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from imageshelf.shelf import open_shelf
from imageshelf.system import words
from imageshelf.system.words import shown
from tests.conftest import ROOT, drawn
from tests.csv_rows import rows
from tests.hostile_names import HOSTILE

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="needs a file system that takes any bytes as a name"
)
Ran = subprocess.CompletedProcess[bytes]

# The scan passes hidden files over, whatever they hold.
NAMES = [name for _, name in HOSTILE if not name.startswith(b".")]
HIDDEN = [name for _, name in HOSTILE if name.startswith(b".")]
PICTURES = b"$(touch hit) \xff\n"  # the folder that they are in
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
SURROUNDINGS = {
    "utf-8": {"LC_ALL": "C.UTF-8"},
    "C": {"LC_ALL": "C"},
    "ASCII": ASCII,
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "cp1252, strict": {"PYTHONIOENCODING": "cp1252:strict", **ASCII},
}
OPENED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures under all the hostile names, in a folder of a hostile name, and their shelf."""
    base = tmp_path_factory.mktemp("through")
    pictures = os.path.join(os.fsencode(base), PICTURES)
    os.mkdir(pictures)
    for number, name in enumerate(NAMES + HIDDEN):
        drawn(number).save(base / "picture", "JPEG", quality=90)
        os.rename(base / "picture", os.path.join(pictures, name))
    done = script(base, "index.py", "-d", b"./" + PICTURES, "--show-skipped")
    assert done.returncode == 0, done.stderr
    assert f"{len(NAMES)} new".encode() in done.stdout
    return base


def script(folder: Path, name: str, *arguments: str | bytes, **env: str) -> Ran:
    return subprocess.run(
        [sys.executable, str(ROOT / name), *arguments],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def paths(folder: Path) -> list[bytes]:
    """Every picture, as it is named on a command line."""
    return [b"./" + os.path.join(PICTURES, name) for name in NAMES]


def asked(folder: Path, *options: str, **env: str) -> Ran:
    """Ask for every picture under its hostile name; an answer for each, and nothing is touched."""
    before = sorted(os.walk(os.fsencode(folder)))
    done = script(folder, "search.py", "-q", *paths(folder), *options, "--max-distance=0", **env)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert sorted(os.walk(os.fsencode(folder))) == before
    return done


def absolute(folder: Path) -> list[bytes]:
    return [os.path.normpath(os.path.join(os.fsencode(folder), path)) for path in paths(folder)]


def test_the_shelf_holds_every_name_byte_for_byte(folder: Path) -> None:
    with open_shelf(folder / "db.shelve") as shelf:
        held = [shelf.path_of(name) for names in shelf.values() for name in names]
        assert shelf.check() == []
    assert sorted(map(os.fsencode, held)) == sorted(absolute(folder))


def test_a_second_run_knows_every_name(folder: Path) -> None:
    done = script(folder, "index.py", "-d", b"./" + PICTURES)
    assert f" {len(NAMES)} unchanged".encode() in done.stdout


def test_nothing_that_a_name_says_was_done(folder: Path) -> None:
    assert sorted(os.listdir(os.fsencode(folder))) == sorted([PICTURES, b"db.shelve"])
    assert sorted(os.listdir(os.path.dirname(absolute(folder)[0]))) == sorted(NAMES + HIDDEN)


def from_json(out: bytes) -> list[tuple[str, str]]:
    return [(record["query"], record["path"]) for record in json.loads(out)]


def from_json_lines(out: bytes) -> list[tuple[str, str]]:
    return [(record["query"], record["path"]) for record in map(json.loads, out.splitlines())]


def from_csv(out: bytes) -> list[tuple[str, str]]:
    return [(record["query"], record["path"]) for record in rows(out)]


READERS: dict[str, Callable[[bytes], list[tuple[str, str]]]] = {
    "json": from_json,
    "jsonl": from_json_lines,
    "csv": from_csv,
}


@pytest.mark.parametrize(
    ("form", "surroundings"),
    [*(("json", each) for each in SURROUNDINGS), ("jsonl", "ASCII"), ("csv", "utf-8"),
     ("csv", "cp1252, strict")],
)  # fmt: skip
def test_every_name_comes_out_byte_for_byte(folder: Path, form: str, surroundings: str) -> None:
    done = asked(folder, f"--format={form}", **SURROUNDINGS[surroundings])
    assert done.stderr == b""
    told = READERS[form](done.stdout)
    assert [tuple(name.encode("utf-8", "surrogateescape") for name in pair) for pair in told] == [
        *zip(paths(folder), absolute(folder), strict=True)
    ]


@pytest.mark.parametrize("surroundings", ["utf-8", "ASCII"])
def test_bare_paths_are_the_bytes_of_the_names(folder: Path, surroundings: str) -> None:
    done = asked(folder, "--null", **SURROUNDINGS[surroundings])
    assert done.stdout.split(b"\0") == [*absolute(folder), b""]


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_text_shows_every_name_on_a_line_and_steers_nothing(
    folder: Path, surroundings: str
) -> None:
    env = SURROUNDINGS[surroundings]
    done = asked(folder, **env)
    assert done.stderr == b""
    encoding = {"cp1252": "cp1252", "ASCII": "ascii"}.get(
        surroundings.split(",", maxsplit=1)[0], "utf-8"
    )
    text = done.stdout.decode(encoding)  # nothing in it that the console does not know
    assert OPENED.search(text) is None
    assert not {unicodedata.category(c) for c in text.replace("\n", "")} & words.HIDDEN
    headings = [line for line in text.splitlines() if line.endswith(": 1 match")]
    assert len(headings) == len(NAMES)
    if surroundings == "utf-8":
        escaped = [shown(os.fsdecode(path)) for path in paths(folder)]
        assert headings == [f"{name}: 1 match" for name in escaped]
        lines = [line for line in text.splitlines() if line.startswith("same file ")]
        for line, name in zip(lines, escaped, strict=True):
            assert line.endswith("  " + name.removeprefix("./").rstrip())


@pytest.mark.parametrize("surroundings", ["C", "ASCII", "cp1252, strict"])
def test_a_first_run_survives_any_console(folder: Path, tmp_path: Path, surroundings: str) -> None:
    env = SURROUNDINGS[surroundings]
    pictures = os.path.dirname(absolute(folder)[0])
    (tmp_path / "bad").mkdir()
    for name in NAMES:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"bad", name))).touch()
    options = ("-s", b"db \xe9\xff.shelve", "--show-skipped")
    done = script(tmp_path, "index.py", "-d", pictures, b"bad", *options, **env)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert f"{len(NAMES)} new".encode() in done.stdout
    with open_shelf(os.fsdecode(os.path.join(os.fsencode(tmp_path), options[1]))) as shelf:
        held = [os.fsencode(shelf.path_of(name)) for names in shelf.values() for name in names]
    assert sorted(held) == sorted(absolute(folder))


@pytest.mark.parametrize("option", ["-q", "-s", "-d"])
@pytest.mark.parametrize("surroundings", ["ASCII", "cp1252, strict"])
def test_an_error_about_a_hostile_name_is_one_line(
    folder: Path, option: str, surroundings: str
) -> None:
    for name in (b"./missing\n\x1b[2J\xff.jpg", "./fehlt \u202e \U0001f600".encode()):
        told = {"-q": paths(folder)[0], "-s": b"db.shelve", option: name}
        options = [part for pair in told.items() for part in pair]
        done = script(folder, "search.py", *options, **SURROUNDINGS[surroundings])
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert b"\x1b" not in done.stderr + done.stdout


def test_a_quoted_path_in_a_shell_is_the_file_itself(folder: Path) -> None:
    """What a user copies from JSON into a shell, quoted, reaches the file and nothing else."""
    done = asked(folder, "--format=json")
    for _, path in from_json(done.stdout)[:20]:
        shell = subprocess.run(
            ["sh", "-c", f"test -f {shlex.quote(path)}"], cwd=folder, check=False
        )
        assert shell.returncode == 0
