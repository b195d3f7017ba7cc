"""Folders with copies of pictures, a shelf of them, and groups as a search for duplicates gives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from imageshelf.cleanup import planning
from imageshelf.cleanup.planning import Plan, Rules
from imageshelf.copies.groups import Group, Member
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import Shelf, names
from tests.conftest import ROOT, drawn


def keep_trash_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the trash be below a folder, whatever tests of this process used one before."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    for name in [name for name in sys.modules if name.startswith("send2trash")]:
        monkeypatch.delitem(sys.modules, name)  # it reads the variable once, as it is imported


def copies(folder: Path, wanted: Mapping[str, int | str]) -> Path:
    """Make pictures in a folder: a number draws one, a name copies the file of that name."""
    for name, what in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, int):
            drawn(what, (48, 36)).save(path, quality=90)
        else:
            shutil.copyfile(folder / what, path)
    return folder


def indexed(folder: Path, *datasets: str) -> Path:
    """Index folders below a folder, with a shelf beside them."""
    shelf = folder / "db.shelve"
    index([folder / dataset for dataset in datasets], shelf, Settings(jobs=0))
    return shelf


def group(shelf: Shelf, keep: str, *others: tuple[str, str]) -> Group:
    """Return a group of names on the shelf: the keeper and (name, kind) of the others."""
    return Group(member(shelf, keep, ""), tuple(member(shelf, *one) for one in others))


def member(shelf: Shelf, name: str, kind: str) -> Member:
    row = shelf.whole_catalogue().row_of(names.to_bytes(name))
    path = names.native(shelf.path_of(name))
    return member_of(path, name, row.id if row else -1, kind)


def member_of(path: str, name: str, number: int, kind: str) -> Member:
    """Return a member of which only this matters."""
    return Member(
        path=path,
        name=name,
        id=number,
        kind=kind,
        turn="",
        width=4000,
        height=3000,
        size_bytes=5000,
        captured_at=None,
        camera=None,
        jpeg_quality=None,
        keep=False,
        reason="the other has a shorter path",
        warning="",
        row=0,
        column=0,
        phash=0,
        score=0,
        metadata_flags=0,
        mtime_ns=0,
    )


def planned(
    shelf: Shelf,
    groups: Sequence[Group],
    action: str = planning.SET_ASIDE,
    kinds: frozenset[str] = planning.BY_NAME,
    references: tuple[str, ...] = (),
    *,
    take_over: bool = False,
) -> Plan:
    ids = {one.id for g in groups for one in (g.keeper, *g.members)}
    rows = {row.id: row for row in shelf.whole_catalogue().rows(sorted(ids - {-1}))}
    return planning.plan(groups, rows, Rules(action, kinds, references, take_over))


CLEAN = """
import pickle, sys
from imageshelf.cleanup import run
from imageshelf.cleanup.apply import apply_plan
from imageshelf.shelf import open_shelf
shelf = open_shelf(sys.argv[1], "w")
run.STEPS_PER_BATCH = {steps}
plan = pickle.load(sys.stdin.buffer)
print("ready", flush=True)
apply_plan(shelf, plan, jobs=0)
"""


def killed_after(seconds: float, code: str, shelf: Path, given: bytes = b"") -> None:
    """Run code on a shelf in another process; kill it so long after it has printed `ready`."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(shelf)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            process.stdin.write(given)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


def tree(folder: Path) -> dict[str, object]:
    """Return everything below a folder but the shelf: contents, times and modes of files."""
    found: dict[str, object] = {}
    for above, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(above, name)
            where = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
            if where.startswith("db.shelve"):
                continue
            status = path.lstat()
            if path.is_symlink():
                found[where] = os.readlink(path)
            elif path.is_dir():
                found[where] = "folder"
            else:
                found[where] = path.read_bytes(), status.st_mtime_ns, oct(status.st_mode)
    return found


__all__ = ["Group", "Member", "copies", "group", "indexed", "member_of", "planned", "tree"]
