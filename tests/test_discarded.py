"""Folders that are no collection: index runs and clean-ups from end to end."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imageshelf.__main__ import main
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.report.index_summary import summary_text
from imageshelf.shelf import open_shelf
from imageshelf.system import discarded
from tests.cleaning import copies, indexed
from tests.conftest import drawn

BINS = "@Recycle #recycle $RECYCLE.BIN .Trash .Trash-1000 .Trashes .recycle .dtrash .stversions"
SNAPSHOTS = (
    "#snapshot ~snapshot .snapshot @Recently-Snapshot .zfs Backups.backupdb .MobileBackups "
    "@GMT-2026.01.31-12.00.00 2026-01-31-120000.backup"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `pics` with a picture twice, indexed, and one copy set aside."""
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"pics/a.jpg": 1, "pics/b.jpg": "pics/a.jpg", "pics/c.jpg": 2})
    indexed(tmp_path, "pics")
    assert main(["clean", "--apply", "-j", "0"]) == 0
    return tmp_path


def test_recycle_bins_and_snapshots_are_passed_over_counted_and_named(tmp_path: Path) -> None:
    passed = [*BINS.split(), *SNAPSHOTS.split()]
    walked = ["Trash", "Recycle", "snapshots", "zfs", "2026-01-31", "backup"]
    for number, name in enumerate([*passed, *walked]):
        copies(tmp_path, {f"nas/share/{name}/a.jpg": number})
    summary = index(tmp_path / "nas", tmp_path / "db.shelve", Settings(jobs=0))
    assert summary.pictures == len(walked)
    assert {os.path.basename(path) for path, _ in summary.passed_over} == set(passed)
    told = summary_text(summary)
    assert f"\n{len(BINS.split())} recycle bins passed over: " in told
    assert f"\n{len(SNAPSHOTS.split())} snapshot folders passed over: " in told


def test_what_was_set_aside_is_never_indexed_by_whatever_shelf(home: Path) -> None:
    for shelf in ("db.shelve", "other.shelve"):
        summary = index(".", shelf, Settings(jobs=0))
        assert summary.pictures == 2
        assert [path for path, _ in summary.passed_over] == [os.path.realpath("db-set-aside/run-1")]
        told = summary_text(summary)
        assert "\n1 set-aside folder passed over: " in told


@pytest.mark.parametrize("dataset", ["db-set-aside/run-1", "db-set-aside/run-1/pics"])
def test_a_marked_dataset_is_an_error_that_says_what_it_is(home: Path, dataset: str) -> None:
    with pytest.raises(DatasetError, match=r"holds what clean-up 1 of .*db\.shelve set aside"):
        index(home / dataset, home / "other.shelve", Settings(jobs=0))


def test_a_named_folder_is_not_marked_itself(home: Path) -> None:
    assert main(["undo"]) == 0
    assert not (home / "db-set-aside").exists()
    assert main(["clean", "--apply", "-j", "0", "--set-aside", "mine"]) == 0
    drawn(9, (48, 36)).save("mine/my own.jpg")
    summary = index("mine", "other.shelve", Settings(jobs=0))
    assert (summary.pictures, len(summary.passed_over)) == (1, 1)
    assert main(["undo"]) == 0
    assert os.listdir("mine") == ["my own.jpg"]


def set_aside_as_0_1_0_did(home: Path, folder: str) -> None:
    """Move what the last run set aside straight into a folder without a marker."""
    for name in os.listdir("db-set-aside/run-1/pics"):
        os.makedirs(f"{folder}/pics", exist_ok=True)
        os.rename(f"db-set-aside/run-1/pics/{name}", f"{folder}/pics/{name}")
    shutil.rmtree("db-set-aside/run-1")
    with closing(sqlite3.connect(home / "db.shelve")) as raw, raw:
        for table, column in (("cleanup", "options"), ("action", "target")):
            change = f"replace(cast({column} AS TEXT), 'db-set-aside/run-1', '{folder}')"
            cast = f"cast({change} AS BLOB)" if table == "action" else change
            raw.execute(f"UPDATE {table} SET {column} = {cast}, mark = NULL")


def test_an_older_default_folder_is_marked_by_the_next_clean_up(home: Path) -> None:
    set_aside_as_0_1_0_did(home, "db-set-aside")
    shutil.copyfile("pics/c.jpg", "pics/d.jpg")
    index("pics", "db.shelve", Settings(jobs=0))
    assert main(["clean", "--apply", "-j", "0"]) == 0
    assert discarded.marked_as("db-set-aside").startswith("clean-up 1 of ")
    assert index(".", "other.shelve", Settings(jobs=0)).pictures == 2


def test_of_an_older_named_folder_only_the_files_in_history_are_passed_over(home: Path) -> None:
    set_aside_as_0_1_0_did(home, "mine")
    (gone,) = os.listdir("mine/pics")
    drawn(9, (48, 36)).save("mine/pics/my own.jpg")
    assert index(".", "db.shelve", Settings(jobs=0)).pictures == 3
    with open_shelf("db.shelve") as shelf:
        stored = {name for names in shelf.values() for name in names}
    assert "mine/pics/my own.jpg" in stored
    assert f"mine/pics/{gone}" not in stored


def test_what_an_earlier_version_indexed_in_a_recycle_bin_leaves_the_shelf(tmp_path: Path) -> None:
    wanted = {f"nas/@Recycle/{n}.jpg": "nas/a.jpg" for n in range(5)}
    copies(tmp_path, {"nas/a.jpg": 1, **wanted})
    dataset, shelf = tmp_path / "nas", tmp_path / "db.shelve"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discarded, "kind_of", lambda _: "")
        assert index(dataset, shelf, Settings(jobs=0)).pictures == 6
    summary = index(dataset, shelf, Settings(jobs=0))
    assert (summary.pictures, summary.vanished, len(summary.passed_over)) == (1, 5, 1)


def test_a_dataset_may_be_a_recycle_bin(tmp_path: Path) -> None:
    copies(tmp_path, {"@Recycle/a.jpg": 1, "@Recycle/#snapshot/b.jpg": 2})
    summary = index(tmp_path / "@Recycle", tmp_path / "db.shelve", Settings(jobs=0))
    assert (summary.pictures, len(summary.passed_over)) == (1, 1)
