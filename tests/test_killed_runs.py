"""`kill -9` of whole index runs: during creation, commit and close; nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from imageshelf import index, open_shelf
from imageshelf.shelf import ShelfError
from tests.conftest import ROOT, drawn
from tests.fixture_shelf import unpack
from tests.test_concurrent import started
from tests.test_shelf import newer_python
from tests.test_stored_shelves import FIXTURES
from tests.test_stored_shelves import everything as stored_rows

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
OPTIONS = ("-j", "1", "--time-limit", "1000")  # nobody is blamed for a death of these
READ = """
import shelve, sys
with shelve.open(sys.argv[1], "r") as db:
    for key in sorted(db): print(key, ascii(db[key]))
"""


def held(shelve: Path) -> dict[str, str]:
    """Return name -> key of everything on a shelf, which must be sound."""
    if not begun(shelve):
        return {}
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return {name: key for key, names in shelf.items() for name in names}


def begun(shelve: Path) -> bool:
    """Tell whether there is a shelf: not if a run was killed before it was first written."""
    if not shelve.exists():
        return False
    try:
        open_shelf(shelve).close()
    except ShelfError as exc:
        if "is empty" not in str(exc):
            raise
        return False
    return True


def everything(shelve: Path) -> dict[bytes, tuple[object, ...]]:
    """Return what a shelf knows of its pictures: key, sizes, digests."""
    if not begun(shelve):
        return {}
    with open_shelf(shelve) as shelf:
        catalogue = shelf.whole_catalogue()
        ids = catalogue.hashes().ids.tolist()
        known = catalogue.digests(ids)
        rows = catalogue.rows(ids)
        return {row.name: (row.key, row.size_bytes, row.mtime_ns, *known[row.id]) for row in rows}


def change(photos: Path, rnd: random.Random, number: int) -> None:
    """Add a pair of pictures, and let one other change, vanish or move."""
    drawn(1000 + number, (32, 24)).save(photos / f"new {number}.png")
    drawn(1000 + number, (32, 24)).save(photos / f"new {number}.bmp")
    path = rnd.choice(sorted(photos.iterdir()))
    deed = rnd.randrange(3)
    if deed == 0:
        drawn(5000 + number, (32, 24)).save(path)
    elif deed == 1:
        path.unlink()
    else:
        path.rename(photos / f"moved {number}{path.suffix}")


def killed(process: subprocess.Popen[str], journal: str, rnd: random.Random) -> str:
    """Kill a run, at any time or in the middle of a write; tell when it was."""
    commits = rnd.choice((0, 1, 2, 3, 5, 8))
    wait_until = time.monotonic() + (0.0 if commits else rnd.random() * 0.7)
    seen = False
    while process.poll() is None:
        if commits:
            there = os.path.exists(journal)
            commits -= there and not seen
            seen = there
            if not commits:
                time.sleep(rnd.random() * 0.004)
        if not commits and time.monotonic() >= wait_until:
            break
    in_a_write = os.path.exists(journal)
    process.send_signal(signal.SIGKILL)
    ended = process.wait() != -signal.SIGKILL
    process.communicate()
    return "after its end" if ended else "in a write" if in_a_write else "between writes"


def unchanged(path: Path, stat: list[object]) -> bool:
    """Tell whether a file is there with the size and time that a shelf knows."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return [status.st_size, status.st_mtime_ns] == stat


def kills(tmp_path: Path, times: int, seed: int) -> None:
    print("seed", seed)
    rnd = random.Random(seed)
    photos, shelve = tmp_path / "photos", tmp_path / "db.shelve"
    photos.mkdir()
    for number in range(30):
        change(photos, rnd, 9000 + number)
    moments: Counter[str] = Counter()
    while moments.total() - moments["after its end"] < times:
        number = moments.total()
        if number % 20 == 0:
            shelve.unlink(missing_ok=True)  # a first creation
        before = everything(shelve)
        change(photos, rnd, number)
        process = started(5, "-d", photos, "-s", shelve, *OPTIONS)
        moments[killed(process, f"{shelve}-journal", rnd)] += 1
        after = held(shelve)
        for name, (key, *stat, _, _, _) in before.items():
            if unchanged(tmp_path / os.fsdecode(name), stat):
                assert after.get(os.fsdecode(name)) == key, (seed, number, name)
    print(dict(moments))
    index(photos, shelve)
    index(photos, tmp_path / "undisturbed.shelve")
    assert held(shelve) == held(tmp_path / "undisturbed.shelve")
    ours, theirs = everything(shelve), everything(tmp_path / "undisturbed.shelve")
    assert ours.keys() == theirs.keys()
    for name, facts in theirs.items():  # a digest more is of a picture whose twin has gone since
        assert [a for a, b in zip(ours[name], facts, strict=True) if b is not None] == [
            b for b in facts if b is not None
        ], name
    assert sorted(os.listdir(tmp_path)) == ["db.shelve", "photos", "undisturbed.shelve"]
    read_by_the_standard_library(shelve)


def read_by_the_standard_library(shelve: Path) -> None:
    python = newer_python()
    done = subprocess.run([python, "-c", READ, shelve], capture_output=True, text=True, check=True)
    with open_shelf(shelve) as shelf:
        assert done.stdout == "".join(f"{key} {shelf[key]!a}\n" for key in sorted(shelf))


def test_killed_runs_lose_nothing_and_the_next_one_completes(tmp_path: Path) -> None:
    kills(tmp_path, times=20, seed=1)


MIGRATE = """
import os, sys
from imageshelf.shelf import database, open_shelf
left = int(sys.argv[2])
def killed(name):
    real = getattr(database.Database, name)
    def write(self, sql, *values):
        global left
        if sys.argv[3] == "after": real(self, sql, *values)
        left -= 1
        if left == 0: os.kill(os.getpid(), 9)
        return None if sys.argv[3] == "after" else real(self, sql, *values)
    setattr(database.Database, name, write)
killed("write")
open_shelf(sys.argv[1], "w").close()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_migration_killed_at_any_statement_is_the_old_shelf_or_the_new(
    when: str, tmp_path: Path
) -> None:
    versions = []
    for statement in range(1, 40):
        shelve = unpack(FIXTURES / "schema_1", tmp_path / str(statement))
        rows = stored_rows(shelve)
        run = [sys.executable, "-c", MIGRATE, str(shelve), str(statement), when]
        status = subprocess.run(run, cwd=ROOT, check=False).returncode
        with open_shelf(shelve) as shelf:
            assert shelf.check() == []
            versions.append(shelf._db.version)
        with open_shelf(shelve, "w") as shelf:
            assert shelf._db.version == 2
        assert stored_rows(shelve) == rows
        assert [name for name in os.listdir(shelve.parent) if name.startswith("db.")] == [
            "db.shelve"
        ]
        if status == 0:
            break
    assert status == 0
    assert versions == sorted(versions)
    assert set(versions) == {1, 2}


@pytest.mark.stress
def test_two_hundred_killed_runs_lose_nothing(tmp_path: Path) -> None:
    kills(tmp_path, times=200, seed=2)
