"""Several programs on one shelf at once: every file once, none lost, never half a batch."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from imageshelf.indexing.run import index
from imageshelf.searching.search import Searching, search
from imageshelf.shelf import open_shelf
from tests.conftest import ROOT, drawn

# Batches of some ten files, so that runs meet often: as if every file took a second.
RUN = """
import sys, time
from imageshelf.indexing import run as indexing, batches as pipeline
pipeline.BATCH_FILES = int(sys.argv[1])
remember = indexing.Indexing.remember
indexing.Indexing.remember = lambda *args: (remember(*args), time.sleep(float(sys.argv[2])))
import index
raise SystemExit(index.main(sys.argv[3:]))
"""


def pictures(folder: Path, count: int, first: int = 0) -> None:
    """Draw so many small pictures, every tenth under two names."""
    folder.mkdir(exist_ok=True)
    for seed in range(first, first + count):
        drawn(seed, (40, 30)).save(folder / f"{seed:05}.jpg", quality=80)
        if seed % 10 == 0:
            os.link(folder / f"{seed:05}.jpg", folder / f"{seed:05} again.jpg")


def started(batch_files: int, *options: str | Path, pause_s: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(batch_files), str(pause_s), *map(str, options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(runs: list[subprocess.Popen[str]]) -> None:
    for process in runs:
        out, err = process.communicate()
        assert (process.returncode, err) == (0, ""), out + err


def once_each(shelve: Path, folder: Path) -> None:
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        paths = [shelf.path_of(name) for names in shelf.values() for name in names]
    assert sorted(paths) == sorted(str(path) for path in folder.rglob("*.jpg"))
    assert not list(shelve.parent.glob(shelve.name + "-*"))


def at_once(tmp_path: Path, runs: int, count: int) -> None:
    pictures(tmp_path / "photos", count)
    shelve = tmp_path / "db.shelve"
    finished(
        [started(40 + n, "-d", tmp_path / "photos", "-s", shelve, "-j", "1") for n in range(runs)]
    )
    once_each(shelve, tmp_path / "photos")
    assert index(tmp_path / "photos", shelve).unchanged == len(os.listdir(tmp_path / "photos"))


@pytest.mark.parametrize("runs", [2, 4])
def test_runs_at_once_leave_every_file_once(tmp_path: Path, runs: int) -> None:
    at_once(tmp_path, runs, 150)


@pytest.mark.stress
@pytest.mark.parametrize("runs", [2, 4])
def test_large_runs_at_once_leave_every_file_once(tmp_path: Path, runs: int) -> None:
    for turn in range(5):
        (tmp_path / str(turn)).mkdir()
        at_once(tmp_path / str(turn), runs, 1500)


def test_runs_over_different_folders_meet_on_one_shelf(tmp_path: Path) -> None:
    for n in range(4):
        (tmp_path / "photos").mkdir(exist_ok=True)
        pictures(tmp_path / "photos" / str(n), 60, 60 * n)
    shelve = tmp_path / "db.shelve"
    finished(
        [started(7, "-d", tmp_path / "photos" / str(n), "-s", shelve, "-j", "1") for n in range(4)]
    )
    once_each(shelve, tmp_path / "photos")


def test_runs_that_see_different_states_of_a_folder_leave_a_sound_shelf(tmp_path: Path) -> None:
    pictures(tmp_path / "photos", 120)
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve)
    run = ("-d", tmp_path / "photos", "-s", shelve, "-j", "1")
    first = started(5, *run)
    for number, path in enumerate(sorted((tmp_path / "photos").glob("*0.jpg"))):
        if number % 2:
            path.unlink()
        else:
            path.rename(path.with_name(f"renamed {number}.jpg"))
    pictures(tmp_path / "photos", 40, 500)
    finished([first, started(5, *run), started(6, *run)])
    index(tmp_path / "photos", shelve)
    once_each(shelve, tmp_path / "photos")


def search_meanwhile(tmp_path: Path, count: int) -> int:
    """Search while a run fills the shelf; give how often it was seen half full."""
    pictures(tmp_path / "photos", count)
    shelve, query = tmp_path / "db.shelve", tmp_path / "photos" / "00000.jpg"
    index(tmp_path / "photos" / "..", shelve)  # so that a shelf is there to be searched
    for path in (tmp_path / "photos").glob("*.jpg"):
        os.utime(path)
    pictures(tmp_path / "photos", count, count)
    run = started(20, "-d", tmp_path, "-s", shelve, "-j", "1", pause_s=0.1)
    sizes: list[int] = []
    while run.poll() is None:
        with Searching(str(shelve)) as asked:  # opens, or raises: never "database is locked"
            sizes.append(len(asked.hashes.views["whole"].ids))
        matches = search(query, shelve)
        assert str(query) in [match.path for match in matches]
        with open_shelf(shelve) as shelf:
            assert shelf.check() == []  # lists and catalogue agree: no batch is seen by halves
        time.sleep(0.02)  # a fifth of what a batch lasts
    finished([run])
    assert sizes == sorted(sizes)
    once_each(shelve, tmp_path / "photos")
    return len(set(sizes[1:-1]))


def test_a_search_during_a_run_sees_whole_batches(tmp_path: Path) -> None:
    assert search_meanwhile(tmp_path, 200) >= 2


@pytest.mark.stress
def test_searches_during_a_long_run_see_whole_batches(tmp_path: Path) -> None:
    assert search_meanwhile(tmp_path, 2000) >= 10


def test_the_scripts_search_while_another_writes(tmp_path: Path) -> None:
    pictures(tmp_path / "photos", 100)
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve)
    pictures(tmp_path / "photos", 300, 100)
    run = started(20, "-d", tmp_path / "photos", "-s", shelve, "-j", "1", pause_s=0.05)
    query = str(tmp_path / "photos" / "00003.jpg")
    options = ["-s", str(shelve), "--format", "jsonl", "-q", query]
    told = 0
    while run.poll() is None:
        done = subprocess.run(
            [sys.executable, str(ROOT / "search.py"), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert '"kind": "same file"' in done.stdout
        told += 1
        time.sleep(0.01)
    finished([run])
    assert told


def test_opening_waits_for_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own wait ends after a second; opening must go on waiting, as all else does."""
    monkeypatch.setattr("imageshelf.shelf.connections.POLL_S", 0.05)
    pictures(tmp_path / "photos", 3)
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve)
    other = sqlite3.connect(shelve, isolation_level=None, check_same_thread=False)
    for flag in ("r", "w"):
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.5, other.execute, ["COMMIT"])
        release.start()
        with open_shelf(shelve, flag) as shelf:
            assert len(shelf) == 3
        release.join()
    other.close()


def test_writers_that_never_rest_all_get_in(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from imageshelf.shelf import open_shelf\n"
        "for n in range(15):\n"
        "    with open_shelf(sys.argv[1], 'c') as shelf:\n"
        "        shelf[f'{n:08x}{sys.argv[2]:>08}'] = ['a']\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "db.shelve"), str(n)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    finished(writers)
    with open_shelf(tmp_path / "db.shelve") as shelf:
        assert len(shelf) == 60
