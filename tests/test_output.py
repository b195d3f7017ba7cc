"""Output that fails: a closed pipe ends a program quietly, a full device with one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.indexing.run import index
from tests.conftest import ROOT, drawn

pytestmark = [
    pytest.mark.usefixtures("unmeasured"),
    pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full"),
]
VERB = "imageshelf/__main__.py"
COMMANDS = {
    "index": ["index.py", "-d", "photos"],
    "index --help": ["index.py", "--help"],
    "index --version": ["index.py", "--version"],
    "search": ["search.py", "-q", "photos/0.jpg"],
    "search --help": ["search.py", "--help"],
    "search as JSON": ["search.py", "-q", "photos/0.jpg", "--format", "json"],
    "search as CSV": ["search.py", "-q", "photos/0.jpg", "--format", "csv"],
    "search -0": ["search.py", "-q", "photos/0.jpg", "-0"],
    "search --unmatched": ["search.py", "-q", "elsewhere.jpg", "--unmatched"],
    "duplicates": ["search.py", "--duplicates"],
    "duplicates -0": ["search.py", "--duplicates", "-0"],
    "explain": [VERB, "explain", "photos/0.jpg", "photos/1.jpg"],
    "check": [VERB, "check"],
    "clean": [VERB, "clean"],
    "clean -0": [VERB, "clean", "-0"],
    "history": [VERB, "history"],
    "not-duplicates": [VERB, "not-duplicates", "--list"],
    "verbs": [VERB, "--help"],
    "clean --help": [VERB, "clean", "--help"],
}
REASON = "the output cannot be written: No space left on device\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shelf of six pictures, one of them twice, and a picture not on it."""
    folder = tmp_path_factory.mktemp("output")
    (folder / "photos").mkdir()
    for seed in range(6):
        drawn(seed).save(folder / "photos" / f"{seed}.jpg")
    (folder / "photos" / "copy.jpg").write_bytes((folder / "photos" / "0.jpg").read_bytes())
    drawn(99).save(folder / "elsewhere.jpg")
    index(folder / "photos", folder / "db.shelve")
    return folder


def ended(command: list[str], cwd: Path, output: int, **more: str) -> tuple[int, str]:
    """Run a program whose standard output is that file; its status and what it says."""
    run = subprocess.run(
        [sys.executable, str(ROOT / command[0]), *command[1:]],
        stdout=output, stderr=subprocess.PIPE, text=True, check=False, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )  # fmt: skip
    return run.returncode, run.stderr


@pytest.fixture
def full() -> Iterator[int]:
    output = os.open("/dev/full", os.O_WRONLY)
    yield output
    os.close(output)


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_full_device_is_one_sentence(
    command: list[str], unbuffered: str, here: Path, full: int
) -> None:
    status, said = ended(command, here, full, PYTHONUNBUFFERED=unbuffered)
    program = "imageshelf" if command[0] == VERB else command[0]
    *notes, sentence = said.splitlines(keepends=True)
    assert (status, sentence) == (1, f"{program}: {REASON}")
    assert notes == (
        ["Nothing was touched. Add --apply to do it.\n"] if command[1:] == ["clean"] else []
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_closed_pipe_ends_quietly(
    command: list[str], unbuffered: str, here: Path, closed_pipe: int
) -> None:
    status, said = ended(command, here, closed_pipe, PYTHONUNBUFFERED=unbuffered)
    assert status == 141
    assert said == (
        "Nothing was touched. Add --apply to do it.\n" if command[1:] == ["clean"] else ""
    )


@pytest.mark.parametrize("form", [[], ["--format", "json"], ["-0"]])
@pytest.mark.parametrize("output", ["full", "closed_pipe"])
def test_the_way_back_is_told_when_the_output_of_a_clean_up_fails(
    form: list[str], output: str, here: Path, request: pytest.FixtureRequest
) -> None:
    clean, undo = [VERB, "clean", "--apply", *form], [VERB, "undo"]
    status, said = ended(clean, here, request.getfixturevalue(output))
    assert status == (1 if output == "full" else 141)
    (way_back,) = (line for line in said.splitlines() if "To take it back" in line)
    run = way_back.rpartition(" ")[2]
    assert way_back == f"To take it back: python -m imageshelf undo {run}"
    assert ended([*undo, run], here, subprocess.DEVNULL) == (0, "")


def test_a_closed_error_output_is_no_traceback(here: Path, closed_pipe: int) -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "search.py"), "-q", "none.jpg"],
        stdout=subprocess.PIPE, stderr=closed_pipe, check=False, cwd=here,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (141, b"")


def test_output_that_was_closed_before_the_start_is_told(here: Path) -> None:
    command = f"{sys.executable} {ROOT / 'search.py'} -q photos/0.jpg >&-"
    run = subprocess.run(
        ["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False, cwd=here
    )
    said = "search.py: the output cannot be written: Bad file descriptor\n"
    assert (run.returncode, run.stderr) == (1, said)
