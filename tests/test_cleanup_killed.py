"""A clean-up killed at any moment, and then undone: everything is as it was."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imageshelf.cleanup import planning, records, undo_run, undo_step
from imageshelf.cleanup.apply import apply_plan
from imageshelf.cleanup.history import history
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.searching.kinds import BYTES
from imageshelf.shelf import Shelf, names, open_shelf
from tests.cleaning import (
    CLEAN,
    Group,
    copies,
    group,
    indexed,
    keep_trash_in,
    killed_after,
    planned,
    tree,
)
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
NUMBER = 30
SEED = 20261121
LASTS_S = 0.1  # such a clean-up, on an idle machine: most are killed in the middle


def groups(shelf: Shelf) -> list[Group]:
    return [
        group(shelf, f"photos/{n}.jpg", (f"photos/deep/{n} copy.jpg", BYTES)) for n in range(NUMBER)
    ]


def pickled_plan(folder: Path, action: str) -> bytes:
    """Plan here what another process does: it need not load what tests need."""
    with open_shelf(folder / "db.shelve") as shelf:
        return pickle.dumps(planned(shelf, groups(shelf), action))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wanted: dict[str, int | str] = {}
    for n in range(NUMBER):
        wanted |= {f"photos/{n}.jpg": n, f"photos/deep/{n} copy.jpg": f"photos/{n}.jpg"}
    folder = copies(tmp_path_factory.mktemp("killed"), wanted)
    for n in range(0, NUMBER, 3):
        (folder / f"photos/deep/{n} copy.xmp").write_text(f"sidecar {n}")
    indexed(folder, "photos")
    return folder


@pytest.fixture(autouse=True)
def trash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the trash of these tests beside their shelf."""
    keep_trash_in(folder / "db.shelve-data", monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def kills(number: int) -> list[int]:
    return list(range(number))


@pytest.mark.parametrize("number", kills(10))
def test_a_clean_up_that_was_killed_is_undone(folder: Path, number: int) -> None:
    kill_and_undo(folder, SEED + number)


@pytest.mark.stress
@pytest.mark.parametrize("number", kills(100))
def test_a_clean_up_that_was_killed_is_undone_every_time(folder: Path, number: int) -> None:
    kill_and_undo(folder, SEED + 1000 + number)


def kill_and_undo(folder: Path, seed: int) -> None:
    print("seed", seed)
    rnd = random.Random(seed)
    action = rnd.choice([planning.SET_ASIDE, planning.HARD_LINK, planning.TRASH])
    before, known = tree(folder), lists(folder)
    plan = pickled_plan(folder, action)
    killed_after(rnd.random() * LASTS_S, CLEAN.format(steps=3), folder / "db.shelve", plan)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        print(history(shelf)[-1:])
        while any(past.state != "undone" for past in history(shelf)):
            assert not undo_run.undo(shelf).lost
        with pytest.raises(
            UndoError
        ):  # killed before it began, it left a lock file that this removes
            undo_run.undo(shelf)
        assert shelf.check() == []
    assert tree(folder) == before
    assert lists(folder) == known
    assert not [name for name in os.listdir(folder) if "cleanup" in name]


def lists(folder: Path) -> dict[str, list[str]]:
    with open_shelf(folder / "db.shelve") as shelf:
        catalogue = shelf.whole_catalogue()
        found = dict(shelf)
        for name in (name for texts in found.values() for name in texts):
            row = catalogue.row_of(names.to_bytes(name))
            status = os.stat(shelf.path_of(name))
            assert row is not None
            assert (row.inode, row.mtime_ns) == (status.st_ino, status.st_mtime_ns)
    return found


@pytest.mark.parametrize("action", [planning.SET_ASIDE, planning.HARD_LINK])
def test_an_undo_that_was_killed_is_finished_by_the_next(
    folder: Path, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(folder)
    back = undo_step.take_back
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, planned(shelf, groups(shelf), action), jobs=0)
        left = [7]

        def die(action: records.FileAction) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            back(action)

        monkeypatch.setattr(undo_run, "take_back", die)
        with pytest.raises(KeyboardInterrupt):
            undo_run.undo(shelf)
        monkeypatch.undo()
        assert not undo_run.undo(shelf).lost
    assert tree(folder) == before


HALF_DONE = """
import os, pickle, sys
from imageshelf.cleanup import file_actions, trash
from imageshelf.cleanup.apply import apply_plan
from imageshelf.shelf import changes, cleanups
from imageshelf.shelf import open_shelf
real = {target}
def die(*arguments, **options):
    if {after}:
        real(*arguments, **options)
    os.kill(os.getpid(), 9)
{target} = die
shelf = open_shelf(sys.argv[1], "w")
apply_plan(shelf, pickle.load(sys.stdin.buffer), jobs=0)
"""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("action", "target"),
    [
        (planning.SET_ASIDE, "file_actions.take"),
        (planning.SET_ASIDE, "cleanups.Actions.set"),
        (planning.SET_ASIDE, "changes.forget"),
        (planning.HARD_LINK, "file_actions.take"),
        (planning.HARD_LINK, "file_actions._link"),
        (planning.HARD_LINK, "file_actions.os.link"),
        (planning.HARD_LINK, "cleanups.Actions.update_files"),
        (planning.DELETE, "file_actions.take"),
        (planning.TRASH, "trash.put"),
        (planning.TRASH, "trash.find"),
        (planning.SET_ASIDE, "cleanups.Actions.claim"),
        (planning.SET_ASIDE, "cleanups.Actions.begin"),
    ],
)
def test_every_half_done_deed_is_taken_back(
    folder: Path, action: str, target: str, after: bool
) -> None:
    before, known = tree(folder), lists(folder)
    script = HALF_DONE.format(target=target, after=after)
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "db.shelve")],
        input=pickled_plan(folder, action),
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with open_shelf(folder / "db.shelve", "w") as shelf:
        while any(past.state != "undone" for past in history(shelf)):
            assert not undo_run.undo(shelf).lost
        assert shelf.check() == []
    assert tree(folder) == before
    assert lists(folder) == known
