"""What goes away in the middle is a sentence: datasets, the shelf, the working folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from imageshelf import __main__ as verbs
from imageshelf.indexing.run import Indexing
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.shelf import Shelf, ShelfError, open_shelf
from imageshelf.shelf.database import Database
from imageshelf.shelf.merging import Merging
from tests.conftest import ROOT, drawn
from tests.shelf_entries import RECIPE, entry

posix = pytest.mark.skipif(os.name != "posix", reason="open files and folders can be renamed")
Output = pytest.CaptureFixture[str]
STAGES = ("opened", "surveyed", "read", "settled")


def renamed(path: Path) -> None:
    path.rename(path.with_name("renamed"))


def replaced(path: Path) -> None:
    """Put another in its place, as when a drive is unmounted from its mount point."""
    path.rename(path.with_name("renamed"))
    path.mkdir() if path.with_name("renamed").is_dir() else path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def run_through(photos: Path, shelve: Path, at: str, happen: Callable[[], None]) -> None:
    """Index, and let something happen after a stage."""

    def reached(stage: str) -> None:
        if stage == at:
            happen()

    with Indexing(photos, shelve, Settings(jobs=0)) as run:
        reached("opened")
        run.survey()
        reached("surveyed")
        for batch in run.batches():
            run.remember(batch)
        reached("read")
        run.settle()
        reached("settled")
        run.finish()


def pictures(shelve: Path) -> list[str]:
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return sorted(name for names in shelf.values() for name in names)


@posix
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("way", [renamed, replaced])
@pytest.mark.parametrize("first", [True, False])
def test_a_dataset_that_goes_away_is_told_and_nothing_leaves_the_shelf(
    first: bool, way: Callable[[Path], None], stage: str, photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "db.shelve"
    known: list[str] = []
    if not first:
        run_through(photos, shelve, "never", lambda: None)
        known = pictures(shelve)
        assert len(known) == 6
    (photos / "again.jpg").write_bytes((photos / "1.jpg").read_bytes())
    drawn(77).save(photos / "new.jpg")
    (photos / "0.jpg").unlink()  # one that vanishes
    with pytest.raises(DatasetError) as told:
        run_through(photos, shelve, stage, lambda: way(photos))
    assert "went away" in str(told.value) or "is its drive mounted" in str(told.value)
    left = pictures(shelve)
    if stage != "settled":
        assert not set(known) - set(left)
    photos.rmdir() if photos.exists() else None
    photos.with_name("renamed").rename(photos)
    run_through(photos, shelve, "never", lambda: None)
    assert len(pictures(shelve)) == 7


@posix
@pytest.mark.parametrize("stage", ["opened", "surveyed", "read"])
@pytest.mark.parametrize("way", [renamed, replaced, deleted])
def test_a_shelf_that_goes_away_is_told(
    way: Callable[[Path], None], stage: str, photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "kept" / "db.shelve"
    shelve.parent.mkdir()
    run_through(photos, shelve, "never", lambda: None)
    drawn(77).save(photos / "new.jpg")
    (photos / "0.jpg").unlink()
    (photos / "again.jpg").write_bytes((photos / "1.jpg").read_bytes())
    with pytest.raises(ShelfError, match="is gone") as told:
        run_through(photos, shelve, stage, lambda: way(shelve))
    assert "read-only" not in str(told.value)


@posix
@pytest.mark.parametrize("stage", ["opened", "surveyed", "read"])
def test_the_folder_of_a_shelf_that_goes_away_is_told(
    stage: str, photos: Path, tmp_path: Path
) -> None:
    shelve = tmp_path / "kept" / "db.shelve"
    shelve.parent.mkdir()
    run_through(photos, shelve, "never", lambda: None)
    drawn(77).save(photos / "new.jpg")
    (photos / "0.jpg").unlink()
    with pytest.raises(ShelfError, match="is gone"):
        run_through(photos, shelve, stage, lambda: renamed(shelve.parent))
    moved = tmp_path / "renamed" / "db.shelve"
    assert len(pictures(moved)) >= 5  # whatever was written is there


WRITES: dict[str, Callable[[Shelf], object]] = {
    "assign": lambda shelf: shelf.__setitem__("0" * 16, ["x.jpg"]),
    "delete": lambda shelf: shelf.__delitem__(f"{5:016x}"),
    "add": lambda shelf: shelf.whole_catalogue().add([entry(b"new.jpg", 7)]),
    "forget": lambda shelf: shelf.whole_catalogue().forget([b"a.jpg"]),
    "note": lambda shelf: shelf.whole_catalogue().set_meta("a", "b"),
    "rebuild": lambda shelf: shelf.rebuild(RECIPE),
    "end a run": lambda shelf: shelf.whole_catalogue().end_run([(b"", 1)], {}),
}


@posix
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("way", [renamed, replaced, deleted])
def test_no_write_says_that_a_shelf_that_is_gone_is_read_only(
    way: Callable[[Path], None], write: str, tmp_path: Path
) -> None:
    path = tmp_path / "db.shelve"
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add([entry(b"a.jpg", 5)])
    with open_shelf(path, "w") as shelf:
        way(path)
        with pytest.raises(ShelfError, match="is gone"):
            WRITES[write](shelf)
    assert os.listdir(tmp_path) != ["db.shelve", "db.shelve-journal"]


@posix
def test_a_shelf_that_is_only_read_may_go_away(tmp_path: Path) -> None:
    path = tmp_path / "db.shelve"
    with open_shelf(path, "c") as shelf:
        shelf["0" * 16] = ["x.jpg"]
    with open_shelf(path) as shelf:
        path.unlink()
        assert shelf["0" * 16] == ["x.jpg"]


@posix
@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_a_merge_says_which_shelf_went_away(which: str, tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        with open_shelf(tmp_path / name, "c") as shelf:
            shelf.adopt(RECIPE)
            shelf.whole_catalogue().add([entry(name.encode(), 5)])
    with Merging(tmp_path / "theirs", tmp_path / "ours") as run:
        run.read()
        if which == "ours":
            (tmp_path / "ours").unlink()
            (tmp_path / "ours").mkdir()
            with pytest.raises(ShelfError, match="is a folder"):
                run.write()
        else:
            (tmp_path / "theirs").unlink()
            run.write()  # it is open: its content is still there
            assert run.summary.new == 1


@posix
@pytest.mark.parametrize("verb", ["clean", "undo"])
@pytest.mark.parametrize("way", ["deleted", "renamed"])
def test_a_clean_up_whose_shelf_goes_away_hides_no_picture(
    way: str, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """At every transaction in turn, until one run gets to its end."""
    real = Database.transaction
    for number in range(1, 20):
        folder = tmp_path / str(number) / "kept"
        shelve = folder / "db.shelve"
        for seed in range(3):
            (folder / "photos").mkdir(parents=True, exist_ok=True)
            drawn(seed, (48, 36)).save(folder / "photos" / f"{seed}.png")
            shutil.copy(folder / "photos" / f"{seed}.png", folder / "photos" / f"{seed} copy.png")
        run_through(folder / "photos", shelve, "never", lambda: None)
        if verb == "undo":
            assert verbs.main(["clean", "-s", str(shelve), "--apply"]) == 0
        left = number

        def counted(self: Database, shelve: Path = shelve) -> AbstractContextManager[None]:
            nonlocal left
            left -= self.path == str(shelve)
            if not left and shelve.exists():
                deleted(shelve) if way == "deleted" else renamed(shelve.parent)
            return real(self)

        with monkeypatch.context() as patch:
            patch.setattr(Database, "transaction", counted)
            apply = ["--apply"] if verb == "clean" else []
            status = verbs.main([verb, "-s", str(shelve), *apply])
        found = list((tmp_path / str(number)).rglob("*.png"))
        assert len(found) == 6
        assert not [path for path in found if path.name.startswith(".")]
        if left > 0:
            assert status == 0
            return
        assert status == 1
        assert "is gone" in capsys.readouterr().err
    pytest.fail("no run got to its end")


COMMANDS = {
    "index": (["index.py", "-d", "photos", "-s", "db.shelve", "-q"], 1),
    "index by whole names": (["index.py", "-d", "PHOTOS", "-s", "SHELF", "-q"], 0),
    "search": (["search.py", "-q", "a.jpg", "-s", "db.shelve"], 1),
    "search by whole names": (["search.py", "-q", "PHOTOS/1.jpg", "-s", "SHELF"], 0),
    "search for a large one": (["search.py", "-q", "PHOTOS/large.tif", "-s", "SHELF"], 0),
    "duplicates": (["search.py", "--duplicates", "-s", "SHELF"], 0),
    "clean": (["clean", "-s", "db.shelve"], 1),
    "clean by whole names": (["clean", "-s", "SHELF", "--apply"], 0),
    "undo": (["undo", "-s", "db.shelve"], 1),
    "history": (["history", "-s", "SHELF"], 0),
    "check": (["check", "-s", "SHELF"], 0),
    "merge": (["merge", "other.shelve", "-s", "db.shelve"], 1),
}
BEGIN = """
import os, runpy, sys
os.chdir(sys.argv[1]); os.rmdir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@posix
@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_working_folder_there_is_a_sentence(
    name: str, photos: Path, tmp_path: Path
) -> None:
    words, status = COMMANDS[name]
    shelf = tmp_path / "db.shelve"
    run_through(photos, shelf, "never", lambda: None)
    drawn(1).save(photos / "large.tif")  # a worker reads it
    (tmp_path / "gone").mkdir()
    program = words[0] if words[0].endswith(".py") else "imageshelf/__main__.py"
    arguments = [w.replace("PHOTOS", str(photos)).replace("SHELF", str(shelf)) for w in words]
    if program != words[0]:
        arguments = [program, *arguments]
    run = subprocess.run(
        # -P: with the "" that -c puts on the path, NumPy's import fails in a gone folder on 3.13.0
        [
            sys.executable,
            "-P",
            "-c",
            BEGIN,
            str(tmp_path / "gone"),
            str(ROOT / program),
            *arguments[1:],
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in run.stderr
    assert run.returncode == status, run.stderr
    if status:
        assert len(run.stderr.splitlines()) == 1
        assert "working folder is gone" in run.stderr
