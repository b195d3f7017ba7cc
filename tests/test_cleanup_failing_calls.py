"""Every system call of every deed fails once, after it has worked, or for good from there on.

Whatever fails, no picture is hidden: it is where it was, or where the result says, or history and
`check` name its place and the next clean-up or undo brings it back.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from imageshelf.cleanup import file_actions, moving, planning, trash, undo_run, undo_step
from imageshelf.cleanup.apply import Result, apply_plan
from imageshelf.cleanup.history import history, unfinished
from imageshelf.cleanup.planning import Plan
from imageshelf.searching.kinds import BYTES
from imageshelf.shelf import Shelf, open_shelf
from tests.cleaning import copies, group, indexed, keep_trash_in, planned, tree

pytestmark = pytest.mark.skipif(os.name != "posix", reason="calls of POSIX")
CODES = (errno.EIO, errno.ENOSPC, errno.ESTALE, errno.EACCES, errno.EXDEV)
CALLS = (
    *("chmod", "chown", "fsync", "link", "listdir", "lstat", "makedirs", "mkdir", "open"),
    *("remove", "rename", "replace", "rmdir", "scandir", "stat", "unlink", "utime"),
)
ONCE, AFTERWARDS, FROM_THERE_ON = "once", "afterwards", "from there on"
PICTURE, SIDECAR = "photos/trip/b.jpg", "photos/trip/b.xmp"


class Faults:
    """Lets one call of a deed fail: the `at`-th, counted from 0."""

    def __init__(self, at: int, code: int, mode: str) -> None:
        self.at, self.code, self.mode = at, code, mode
        self.count, self.armed = 0, False

    @property
    def reached(self) -> bool:
        return self.count > self.at

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if not self.armed:
                return real(*arguments, **options)
            number, self.count = self.count, self.count + 1
            fails = number == self.at or (self.mode == FROM_THERE_ON and number > self.at)
            if fails and self.mode == AFTERWARDS:
                result = real(*arguments, **options)
                if isinstance(result, int):  # a descriptor
                    os.close(result)
                elif hasattr(result, "close"):
                    result.close()
            if fails:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        return call

    def during(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def deed(*arguments: Any, **options: Any) -> Any:
            self.armed = True
            try:
                return real(*arguments, **options)
            finally:
                self.armed = False

        return deed

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            patch.setattr(os, name, self.wrap(getattr(os, name)))
        patch.setattr(moving, "renamed", self.wrap(moving.renamed))
        patch.setattr(file_actions, "perform", self.during(file_actions.perform))
        patch.setattr(undo_run, "take_back", self.during(undo_step.take_back))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without links above it, in which trash and shelf lie, too."""
    keep_trash_in(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def anew(home: Path) -> Path:
    """Make two equal pictures, one with a sidecar, and a shelf of them."""
    for name in ("home", "data"):
        shutil.rmtree(home / name, ignore_errors=True)
    folder = copies(home / "home", {"photos/a.jpg": 1, PICTURE: "photos/a.jpg"})
    (folder / SIDECAR).write_text("a sidecar")
    (folder / "photos/a.xmp").write_text("a sidecar")  # so that it may be deleted
    indexed(folder, "photos")
    return folder


def plan_of(shelf: Shelf, action: str) -> Plan:
    return planned(shelf, [group(shelf, "photos/a.jpg", (PICTURE, BYTES))], action)


def cases(every: bool) -> Iterator[Faults]:
    """Yield faults for one call after the other until a deed needs no more; or for a sixth."""
    codes = itertools.cycle(CODES)
    for offset, mode in enumerate((ONCE, AFTERWARDS, FROM_THERE_ON)):
        for at in itertools.count(0 if every else offset, 1 if every else 6):
            for code in CODES if every else (next(codes),):
                faults = Faults(at, code, mode)
                yield faults
            if not faults.reached:
                break


def files_in(found: dict[str, object]) -> dict[str, object]:
    """Return all but folders: an empty one may stay when its removal fails."""
    return {name: what for name, what in found.items() if what != "folder"}


def in_the_trash(folder: Path, name: str) -> str:
    return str(folder.parent / "data/Trash/files" / os.path.basename(name))


def check_truth(folder: Path, shelf: Shelf, result: Result, before: dict[str, object]) -> None:
    """No file is hidden, and history says of each what is true."""
    done = {os.path.relpath(file.path, folder): file.place for file in result.done}
    between = {
        os.path.relpath(f.path, folder): f for past in history(shelf) for f in past.unfinished
    }
    for name in (PICTURE, SIDECAR):
        if name not in before:
            continue
        data = before[name][0]  # type: ignore[index]
        there = folder / name
        if name in done:
            if result.action in {planning.SET_ASIDE, planning.TRASH}:
                assert not there.exists()
                place = done[name] or in_the_trash(folder, name)
                assert Path(place).read_bytes() == data
            elif result.action == planning.HARD_LINK:
                assert there.samefile(folder / "photos/a.jpg")
            else:
                assert not there.exists()
        elif not there.exists():
            assert name in between, name
            assert Path(between[name].place).read_bytes() == data
            assert any(name in finding.what for finding in unfinished(shelf))
        else:
            assert there.read_bytes() == data
    for name in between:
        assert name not in done


@pytest.mark.parametrize("action", planning.ACTIONS)
def test_a_deed_that_fails_hides_nothing(action: str, home: Path) -> None:
    fail_deeds(action, home, every=False)


@pytest.mark.stress
@pytest.mark.parametrize("action", planning.ACTIONS)
def test_a_deed_that_fails_anywhere_hides_nothing(action: str, home: Path) -> None:
    number, hidden = fail_deeds(action, home, every=True)
    print(f"{action}: {number} failing calls, {hidden} with a file between places until the next")
    assert number > 100
    assert hidden or action == planning.TRASH  # which the desktop does, or does not


def fail_deeds(action: str, home: Path, *, every: bool) -> tuple[int, int]:
    number = hidden = 0
    for faults in cases(every):
        folder = anew(home)
        before = tree(folder)
        with open_shelf(folder / "db.shelve", "w") as shelf:
            plan = plan_of(shelf, action)
            with pytest.MonkeyPatch.context() as patch:
                faults.install(patch)
                result = apply_plan(shelf, plan, jobs=0)
            check_truth(folder, shelf, result, before)
            hidden += any(past.unfinished for past in history(shelf))
            if number % 2:  # the next clean-up brings back what is hidden, otherwise the undo does
                apply_plan(shelf, plan._replace(groups=()), jobs=0)
                assert not any(past.unfinished for past in history(shelf))
                assert all((folder / left.path).exists() for left in result.left)
            undone = undo_run.undo(shelf, 1)
            gone = {done.path for done in result.done} if action == planning.DELETE else set()
            assert {path for path, _ in undone.lost} == gone
            assert shelf.check() == []
        after = tree(folder)
        for path in gone:
            before.pop(os.path.relpath(path, folder))
        assert files_in(after) == files_in(before), (faults.at, faults.code, faults.mode)
        number += 1
    return number, hidden


REVERSIBLE = (planning.SET_ASIDE, planning.TRASH, planning.HARD_LINK)


@pytest.mark.parametrize("action", REVERSIBLE)
def test_an_undo_that_fails_hides_nothing(action: str, home: Path) -> None:
    fail_undos(action, home, every=False)


@pytest.mark.stress
@pytest.mark.parametrize("action", REVERSIBLE)
def test_an_undo_that_fails_anywhere_hides_nothing(action: str, home: Path) -> None:
    number = fail_undos(action, home, every=True)
    print(f"undo of {action}: {number} failing calls")
    assert number > 50


def fail_undos(action: str, home: Path, *, every: bool) -> int:
    number = 0
    for faults in cases(every):
        folder = anew(home)
        before = tree(folder)
        with open_shelf(folder / "db.shelve", "w") as shelf:
            done = apply_plan(shelf, plan_of(shelf, action), jobs=0)
            assert not done.left
            with pytest.MonkeyPatch.context() as patch:
                faults.install(patch)
                undone = undo_run.undo(shelf)
            for path in {file.path for file in done.done} - {path for path, _ in undone.lost}:
                name = os.path.relpath(path, folder)
                assert Path(path).read_bytes() == before[name][0]  # type: ignore[index]
            for past in history(shelf):
                for file in past.unfinished:
                    assert Path(file.path).exists() or Path(file.place).exists()
            if number % 2:
                apply_plan(shelf, Plan(action, ()), jobs=0)
                assert not any(past.unfinished for past in history(shelf))
            if undone.lost:
                assert not undo_run.undo(shelf).lost
            assert shelf.check() == []
        assert files_in(tree(folder)) == files_in(before), (faults.at, faults.code, faults.mode)
        number += 1
    return number


@pytest.mark.parametrize("companion", [False, True])
def test_what_went_into_the_trash_is_what_was_examined(
    home: Path, companion: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = anew(home)
    victim, name = (folder / SIDECAR, SIDECAR) if companion else (folder / PICTURE, PICTURE)
    put = trash.put

    def too_late(path: str) -> None:
        if path == str(victim):
            os.rename(path, folder / "examined")
            victim.write_text("precious, and just written")
        put(path)

    monkeypatch.setattr(trash, "put", too_late)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        result = apply_plan(shelf, plan_of(shelf, planning.TRASH), jobs=0)
    assert [(left.path, left.reason) for left in result.left] == [
        (str(folder / name), "was replaced by another file")
    ]
    assert victim.read_text() == "precious, and just written"
    assert (folder / "examined").exists()
