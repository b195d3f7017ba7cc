"""Under low limits of open files and memory a program works, or says so; nothing is lost."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import open_shelf
from tests.conftest import ROOT, drawn

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux keeps them")

FILES = (5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20)  # with 4, Python itself cannot start
MEGABYTES = (60, 100, 140, 180, 220, 260, 300, 350, 400, 500, 700)
SHELF = ("-s", "db.shelve")
COMMANDS = {
    "index": ("index.py", "-d", "photos", *SHELF, "-j", "2"),
    "index again": ("index.py", "-d", "photos", "more", *SHELF, "-j", "2"),
    "small query": ("search.py", "-q", "photos/0.png", *SHELF),
    "large query": ("search.py", "-q", "large.tif", *SHELF),
    "duplicates": ("search.py", "--duplicates", *SHELF),
    "clean": ("-m", "imageshelf", "clean", *SHELF),
    "clean --apply": ("-m", "imageshelf", "clean", *SHELF, "--apply"),
    "undo": ("-m", "imageshelf", "undo", *SHELF),
    "merge": ("-m", "imageshelf", "merge", "other.shelve", *SHELF),
}
OPENBLAS = "OpenBLAS"  # the library ends the process with sentences of its own
CASES = [
    (option, limit)
    for option, limits in (("-n", FILES), ("-v", [1000 * mb for mb in MEGABYTES]))
    for limit in limits
]


def run(folder: Path, command: str, limit: str = "") -> subprocess.CompletedProcess[str]:
    script, *words = COMMANDS[command]
    path = str(ROOT / script) if script.endswith(".py") else script
    return subprocess.run(
        ["/bin/sh", "-c", f'{limit or ":"} && exec "$@"', "sh", sys.executable, path, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the key of the marks lies, too."""
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "state"))
    return tmp_path


def anew(folder: Path) -> Path:
    """Make a folder as each command finds it: pictures, copies of them, two shelves."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("photos", "more"):
        (folder / name).mkdir(parents=True)
    for seed in range(5):
        drawn(seed).save(folder / f"photos/{seed}.png")
        drawn(seed + 5).save(folder / f"more/{seed}.jpg")
    drawn(0).resize((80, 60)).save(folder / "photos/smaller.tif")
    drawn(0).save(folder / "large.tif")
    shutil.copyfile(folder / "photos/1.png", folder / "photos/twin.png")
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    index([folder / "photos", folder / "more"], folder / "other.shelve", Settings(jobs=0))
    return folder


def pictures(folder: Path) -> set[bytes]:
    """Return the contents of all files that are not a shelf's."""
    files = (path for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".tif"})
    return {path.read_bytes() for path in files if path.is_file()}


def tried(home: Path, command: str, option: str, limit: int) -> None:
    folder = anew(home / "tried")
    names = sorted(path.name for path in folder.rglob("*.*"))
    if command == "index":
        (folder / "db.shelve").unlink()
    if command == "undo":
        assert run(folder, "clean --apply").returncode == 0
    before = pictures(folder)
    done = run(folder, command, f"ulimit {option} {limit}")
    told = f"{command}, ulimit {option} {limit}: {done.returncode} {done.stderr}"
    assert done.returncode in {0, 1}, told
    assert "Traceback" not in done.stderr, told
    if done.returncode and OPENBLAS not in done.stderr:
        assert done.stderr.count("\n") == 1, told
    assert pictures(folder) == before, told
    shelf_path = folder / "db.shelve"
    if shelf_path.exists() and shelf_path.stat().st_size:  # empty: its creation had not begun
        with open_shelf(shelf_path) as shelf:
            assert shelf.check() == [], told
    assert run(folder, command).returncode == (command == "undo" and not done.returncode), told
    if command == "clean --apply":
        assert run(folder, "undo").returncode == 0, told
    if command in {"clean --apply", "undo"}:
        assert sorted(path.name for path in folder.rglob("*.*")) == names, told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_low_limit_is_a_sentence_or_no_matter(home: Path, command: str) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    for option, limit in random.Random(seed).sample(CASES, 2):
        tried(home, command, option, limit)


@pytest.mark.stress
def test_every_low_limit_is_a_sentence_or_no_matter(home: Path) -> None:
    for command, (option, limit) in itertools.product(COMMANDS, CASES):
        tried(home, command, option, limit)
    print(f"{len(COMMANDS) * len(CASES)} commands under low limits")
