"""What starting up imports: every module not listed here is time that each start would pay."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imageshelf import __main__ as program
from imageshelf import index
from tests.conftest import drawn

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = Path(__file__).parent.parent
HEAVY = {
    "starlette", "uvicorn", "scipy", "pywt", "imagehash", "tqdm", "jinja2", "pandas", "IPython",
    "importlib.metadata",
}  # fmt: skip
REPORTS = {
    "PIL.ImageDraw",
    "PIL.PngImagePlugin",
    "imageshelf.report.viewer",
    "imageshelf.report.cards",
}
WATCHED = (
    "import atexit, json, runpy, sys\n"
    "loaded = sys.argv[1]\n"
    "def told():\n"
    "    with open(loaded, 'w') as file: json.dump(sorted(sys.modules), file)\n"
    "atexit.register(told)\n"
    "script = sys.argv[2]\n"
    "sys.argv = sys.argv[2:]\n"
    "sys.path.insert(0, script.rpartition('/')[0])\n"
    "runpy.run_path(script, run_name='__main__')\n"
)


def loaded(tmp_path: Path, script: str, *arguments: str) -> set[str]:
    """Names of the modules that a run of a script has loaded at its end."""
    listed = tmp_path / "modules.json"
    command = [sys.executable, "-c", WATCHED, str(listed), str(ROOT / script), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(listed.read_text()))


@pytest.fixture
def picture_elsewhere(tmp_path: Path) -> Path:
    """A picture that is nowhere on the shelf."""
    path = tmp_path / "elsewhere.jpg"
    drawn(99).save(path)
    return path


VERBS = [
    "index", "search", "duplicates", "review", "clean", "undo", "purge", "history", "explain",
    "calibrate", "check", "leaks", "merge", "forget", "not-duplicates", "demo",
]  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        ["index.py"],
        ["search.py"],
        ["imageshelf/__main__.py"],
        *(["imageshelf/__main__.py", verb] for verb in VERBS),
    ],
    ids=" ".join,
)
def test_help_needs_no_numpy_and_no_pillow(tmp_path: Path, command: list[str]) -> None:
    decoding = {"numpy", "PIL", "pillow_heif", "sqlite3", "subprocess"}
    if command[-1] in {"index.py", "index"}:
        decoding.remove("subprocess")  # it starts its workers before anything else
    assert not loaded(tmp_path, *command, "--help") & {*HEAVY, *decoding}


def test_every_verb_is_watched(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["--help"])
    listed = re.findall(r"^    ([a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert listed == VERBS


def test_a_run_with_nothing_to_do_needs_no_numpy(tmp_path: Path, photos: Path) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    assert not loaded(tmp_path, "index.py", "-d", str(photos), "-s", shelf) & {*HEAVY, "numpy"}


def test_a_search_imports_nothing_heavy(tmp_path: Path, photos: Path) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    found = loaded(tmp_path, "search.py", "-q", str(photos / "0.jpg"), "-s", shelf)
    assert not found & {*HEAVY, *REPORTS, "secrets", "csv"}


def test_a_look_in_the_program_itself_loads_no_workers_and_no_masked_arrays(
    tmp_path: Path, photos: Path
) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    drawn(0).save(tmp_path / "copy.jpg", quality=80)
    found = loaded(tmp_path, "search.py", "-q", str(tmp_path / "copy.jpg"), "-s", shelf)
    assert "imageshelf.overlay.comparison" in found
    assert not found & {*HEAVY, *REPORTS, "imageshelf.workers.pool", "numpy.ma"}


def test_a_search_without_a_match_needs_no_digests(
    tmp_path: Path, photos: Path, picture_elsewhere: Path
) -> None:
    shelf = str(tmp_path / "db.shelve")
    index(photos, shelf)
    assert "hashlib" not in loaded(tmp_path, "search.py", "-q", str(picture_elsewhere), "-s", shelf)


def test_a_first_run_imports_nothing_heavy(tmp_path: Path, photos: Path) -> None:
    found = loaded(tmp_path, "index.py", "-d", str(photos), "-s", str(tmp_path / "db.shelve"))
    assert "numpy" in found
    assert not found & {*HEAVY, "csv", "dataclasses"}


def test_a_first_run_leaves_pillow_to_its_workers(tmp_path: Path, photos: Path) -> None:
    (photos / "copy.jpg").write_bytes((photos / "0.jpg").read_bytes())
    found = loaded(tmp_path, "index.py", "-d", str(photos), "-s", str(tmp_path / "db.shelve"))
    assert "imageshelf.indexing.run" in found
    assert "PIL.Image" not in found


def test_the_workers_start_before_their_parent_imports_pillow() -> None:
    code = "import sys, index; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not set(run.stdout.split()) & {*HEAVY, "numpy", "PIL"}


def test_a_worker_loads_no_numpy_and_no_shelf() -> None:
    code = "import sys, imageshelf.workers.serving, imageshelf.workers.work; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {*HEAVY, "numpy", "sqlite3", "argparse", "dataclasses"}
    assert not set(run.stdout.split()) & heavy


@pytest.mark.parametrize(("modules", "expected"), [("", "1"), ("IPython", "None")])
def test_numpy_starts_no_threads_unless_they_are_the_users(modules: str, expected: str) -> None:
    code = (
        "import os, sys\n"
        "from imageshelf.system import process\n"
        f"sys.modules.update(dict.fromkeys({modules.split()!r}))\n"
        "process.start_quickly()\n"
        "print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    without = {key: value for key, value in os.environ.items() if "_THREADS" not in key}
    for given, wanted in (({}, expected), ({"OPENBLAS_NUM_THREADS": "3"}, "3")):
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, env={**without, **given},
        )  # fmt: skip
        assert run.stdout.strip() == wanted


BEFORE_NUMPY = """
import importlib.abc, os, runpy, sys
class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "numpy" and os.environ.get("OPENBLAS_NUM_THREADS") != "1":
            os.write(2, b"numpy comes too early")
            os._exit(7)
        if name == "numpy":
            os.write(1, b"numpy comes in time")
sys.meta_path.insert(0, Watch())
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("script", ["index.py", "search.py"])
def test_a_script_says_so_before_numpy_is_imported(
    script: str, tmp_path: Path, photos: Path
) -> None:
    shelf = str(tmp_path / "db.shelve")
    if script == "search.py":
        index(photos, shelf)
    asked = ["-d", str(photos)] if script == "index.py" else ["-q", str(photos / "0.jpg")]
    without = {key: value for key, value in os.environ.items() if "_THREADS" not in key}
    run = subprocess.run(
        [sys.executable, "-c", BEFORE_NUMPY, str(ROOT / script), *asked, "-s", shelf],
        capture_output=True, text=True, check=False, env=without,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "numpy comes in time" in run.stdout


INTERRUPTED = """
import importlib.abc, os, runpy, signal, sys
class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
wanted, sys.argv = sys.argv[1], sys.argv[2:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize(
    ("script", "module", "status"),
    [
        ("index.py -d .", "imageshelf.workers.starting", -signal.SIGINT),
        ("index.py -d .", "imageshelf.cli.scripts", -signal.SIGINT),
        ("index.py -d .", "imageshelf.indexing.run", -signal.SIGINT),
        ("search.py -q .", "imageshelf.cli.scripts", -signal.SIGINT),
        ("search.py -q .", "imageshelf.searching.search", 128 + signal.SIGINT),
        ("imageshelf/__main__.py check", "imageshelf.cli.verb_table", -signal.SIGINT),
    ],
)
def test_an_interrupt_while_a_script_starts_ends_it_without_a_word(
    script: str, module: str, status: int
) -> None:
    script, *arguments = script.split()
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, str(ROOT / script), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (status, "", "")
