"""The command as a new user meets it: one screen, help that fits, four steps, a wheel anywhere."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import index
import search
from imageshelf import __main__ as program
from imageshelf.cli.verb_table import VERBS, parse_args
from tests.conftest import ROOT, drawn
from tests.golden import held

WIDTHS = (60, 80, 120)
Printed = Callable[..., str]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printed:
    """Return what `imageshelf WORDS` prints on standard output before it exits."""

    def run(*words: str, width: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys, "argv", ["imageshelf", *words])
        status: object = None
        try:
            status = program.main(list(words))
        except SystemExit as ended:
            status = ended.code
        assert status == 0
        return capsys.readouterr().out

    return run


def test_the_command_alone_prints_one_screen(printed: Printed) -> None:
    lines = printed().splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    assert [line.split()[1] for line in lines[3:6]] == ["index", "duplicates", "search"]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_help_of_every_verb_is_as_it_was_read(printed: Printed, width: int) -> None:
    help_texts = [printed("--help", width=width)]
    help_texts += [printed(verb.name, "--help", width=width) for verb in VERBS]
    held(f"help-{width}.txt", "\n".join(help_texts))
    assert max(map(len, "\n".join(help_texts).splitlines())) <= width


def test_help_is_understood_as_a_word(printed: Printed) -> None:
    assert printed("help") == printed("--help")
    assert printed("help", "clean") == printed("clean", "--help")


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_the_help_of_a_verb_ends_with_two_examples_that_parse(verb: str, printed: Printed) -> None:
    _, _, examples = printed(verb, "--help").partition("examples:\n")
    lines = examples.splitlines()
    assert len(lines) == 2
    for line in lines:
        command, *words = line.split()
        assert (command, words[0]) == ("imageshelf", verb)
        parse_args(words)


@pytest.mark.parametrize("script", [index.main, search.main])
def test_the_help_of_a_script_fits_a_terminal(
    script: Callable[[list[str]], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        script(["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def steps(*lines: str, cwd: Path) -> None:
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", *line.split()],
            cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_four_steps_lead_from_a_folder_to_freed_space(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    drawn(1).save(tmp_path / "photos" / "a.jpg")
    shutil.copy(tmp_path / "photos" / "a.jpg", tmp_path / "photos" / "a copy.jpg")
    steps(
        "imageshelf index photos",
        "imageshelf clean",
        "imageshelf clean --apply",
        "imageshelf purge --yes",
        cwd=tmp_path,
    )
    left = sorted(path.name for path in tmp_path.rglob("*.jpg"))
    assert left == ["a.jpg"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, unpacked in a folder of its own."""
    pytest.importorskip("setuptools", minversion="77", reason="needs setuptools 77")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "imageshelf", source / "imageshelf", ignore=ignore)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
         "--no-index", "-w", str(folder), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_does_all_of_it_far_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    (entry,) = wheel.glob("*.dist-info/entry_points.txt")
    module, name = re.findall(r"^imageshelf = (.*):(.*)$", entry.read_text(), re.MULTILINE)[0]
    command = tmp_path / "imageshelf"
    command.write_text(f"import sys\nfrom {module} import {name}\nsys.exit({name}())\n")

    def run(line: str) -> str:
        done = subprocess.run(
            [sys.executable, str(command), *line.split()],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(wheel)}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout

    assert "39 files in demo" in run("demo demo")
    assert "37 new" in run("index demo")
    assert "37 unchanged" in run("index -d demo --shelf db.shelve")
    assert "4 matches" in run("search demo/camera/fruit.jpg")
    assert "groups of copies" in run("duplicates --min-size 1kB --html page.html")
    for line in ("clean", "check", "history", "not-duplicates --list"):
        assert run(line)
    assert "imageshelf purge 1" in run("clean --apply")
    assert "back in place" in run("undo")
    assert "score" in run("explain demo/camera/fruit.jpg demo/converted/fruit.png")
    shutil.copy(tmp_path / "db.shelve", tmp_path / "other.shelve")
    assert "37 known" in run("merge other.shelve")
    shutil.rmtree(tmp_path / "demo" / "backup")
    assert "forgotten" in run("forget demo/backup")


SHELLS = {  # how each is started without its user's settings, and made ready to complete
    "bash": (["bash", "--norc", "--noprofile", "-i"], ""),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D"),
}


def completed(shell: str, typed: str, folder: Path) -> str:
    """Type into a shell as at a keyboard, with a tab at the end; return what it then runs."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    command, ready = SHELLS[shell]
    (folder / "photos").mkdir()
    script = folder / "completion"
    done = subprocess.run(
        [sys.executable, "-m", "imageshelf", "--completion", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True,
    )  # fmt: skip
    script.write_bytes(done.stdout)
    ran = folder / "ran"
    lines = [
        ready,
        f"source {shlex.quote(str(script))}",
        f'imageshelf() {{ printf "%s " "$@" > {shlex.quote(str(ran))}; }}',
        f"{typed}\t",
        "exit",
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "dumb", "HOME": str(folder)},
    ) as child:  # fmt: skip
        os.close(theirs)
        os.write(ours, "\n".join([*lines, ""]).encode())
        with contextlib.suppress(OSError):  # the end of the terminal, on Linux
            while os.read(ours, 4096):
                pass
        child.wait()
    os.close(ours)
    return ran.read_text().strip().rstrip("/")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("imageshelf cle", "clean"),
        ("imageshelf clean --app", "clean --apply"),
        ("imageshelf duplicates --so", "duplicates --sort"),
        ("imageshelf not-", "not-duplicates"),
        ("imageshelf index pho", "index photos"),
    ],
)
def test_a_shell_completes_verbs_options_and_paths(
    shell: str, typed: str, expected: str, tmp_path: Path
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert completed(shell, typed, tmp_path) == expected
