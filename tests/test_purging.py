"""`purge`: what was set aside is deleted for good, if all that justified it still holds."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from imageshelf import __main__ as verbs
from imageshelf.cleanup import purging, undo_run
from imageshelf.cleanup.apply import Result, apply_plan
from imageshelf.cleanup.history import history
from imageshelf.cleanup.purging import Purged, purge, purge_outlook
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.searching.kinds import BYTES, NEAR, PIXELS
from imageshelf.shelf import Shelf, open_shelf
from imageshelf.shelf.cleanups import Actions
from imageshelf.system.signals import stopping
from tests.cleaning import copies, group, indexed, killed_after, planned, tree
from tests.conftest import drawn

Output = pytest.CaptureFixture[str]
COPIES: dict[str, int | str] = {
    "photos/a.jpg": 1,
    "photos/trip/a copy.jpg": "photos/a.jpg",
    "photos/trip/a (1).jpg": "photos/a.jpg",
    "photos/b.jpg": 2,
    "photos/c.jpg": 3,
}
SAME, AGAIN = "photos/trip/a copy.jpg", "photos/trip/a (1).jpg"
PIXELS_TOO, NEARLY = "photos/b.png", "photos/c small.jpg"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two identical copies, one of the same pixels, one that is near, and a sidecar."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = copies(tmp_path / "home", COPIES)
    with Image.open(folder / "photos/b.jpg") as picture:
        picture.save(folder / PIXELS_TOO)
    drawn(3, (480, 360)).save(folder / "photos/c.jpg", quality=95)
    drawn(3, (480, 360)).resize((240, 180)).save(folder / NEARLY, quality=90)
    (folder / "photos/trip/a copy.xmp").write_text("the only one")
    (folder / "photos/trip/a (1).xmp").write_text("a double")
    (folder / "photos/a.xmp").write_text("a double")
    indexed(folder, "photos")
    return folder


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        yield shelf


def clean(shelf: Shelf, *, chosen: bool = False) -> Result:
    every = [
        group(shelf, "photos/a.jpg", (SAME, BYTES), (AGAIN, BYTES)),
        group(shelf, "photos/b.jpg", (PIXELS_TOO, PIXELS)),
        group(shelf, "photos/c.jpg", (NEARLY, NEAR)),
    ]
    plan = planned(shelf, every)
    if chosen:
        plan = plan._replace(
            groups=tuple(
                g._replace(steps=tuple(s._replace(chosen=True) for s in g.steps))
                for g in plan.groups
            )
        )
    result = apply_plan(shelf, plan, jobs=0)
    assert not result.left
    return result


def purged(shelf: Shelf, number: int | None = None) -> Purged:
    with stopping() as stop:
        return purge(shelf, stop, number, jobs=0)


def names_of(paths: Iterator[str] | list[str], folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in paths}


def reasons(result: Purged, folder: Path) -> dict[str, str]:
    return {os.path.relpath(path, folder): reason for path, reason in result.left}


def test_what_is_justified_is_freed_and_the_rest_is_named(folder: Path, shelf: Shelf) -> None:
    clean(shelf)
    before = tree(folder / "photos")
    outlook = purge_outlook(shelf)
    assert tree(folder / "photos") == before
    result = purged(shelf)
    expected = {SAME, AGAIN, PIXELS_TOO, NEARLY, "photos/trip/a (1).xmp"}
    assert names_of([file.path for file in result.freed], folder) == expected
    assert names_of([file.path for file in outlook.freed], folder) >= expected
    assert all(file.freed_bytes > 0 and not os.path.exists(file.place) for file in result.freed)
    assert reasons(result, folder) == {
        "photos/trip/a copy.xmp": "stays: the copy that was kept has no such companion"
    }
    assert tree(folder / "photos") == before
    (past,) = history(shelf)
    assert (past.done, past.purged, past.undone) == (1, 5, 0)
    assert shelf.check() == []
    undone = undo_run.undo(shelf)
    assert names_of(undone.back, folder) == {"photos/trip/a copy.xmp"}
    assert {reason for _, reason in undone.lost} == {"was freed for good by purge"}
    with pytest.raises(UndoError, match="holds anything to purge"):
        purged(shelf)


def test_nothing_is_left_behind_where_all_is_freed(folder: Path, shelf: Shelf) -> None:
    (folder / "photos/trip/a copy.xmp").unlink()
    result = clean(shelf)
    assert os.path.exists(result.folder)
    purged(shelf)
    assert not os.path.exists(result.folder)
    with pytest.raises(UndoError, match="there is no clean-up 7"):
        purged(shelf, 7)


def placed(folder: Path, shelf: Shelf, name: str) -> Path:
    places = {file.path: file.place for file in purge_outlook(shelf).freed}
    return Path(places[str(folder / name)])


def changed(folder: Path, shelf: Shelf) -> None:
    with placed(folder, shelf, SAME).open("ab") as file:
        file.write(b"an edit")


def replaced_by_a_link(folder: Path, shelf: Shelf) -> None:
    place = placed(folder, shelf, SAME)
    place.rename(folder / "elsewhere.jpg")
    place.symlink_to(folder / "photos/b.jpg")


def removed(folder: Path, shelf: Shelf) -> None:
    placed(folder, shelf, SAME).unlink()


def keeper_gone(folder: Path, _: Shelf) -> None:
    (folder / "photos/a.jpg").unlink()


def keeper_edited(folder: Path, _: Shelf) -> None:
    drawn(8, (48, 36)).save(folder / "photos/a.jpg")


def keeper_cut(folder: Path, _: Shelf) -> None:
    path = folder / "photos/a.jpg"
    path.write_bytes(path.read_bytes()[:300])


def keeper_linked(folder: Path, shelf: Shelf) -> None:
    place = placed(folder, shelf, SAME)
    (folder / "photos/a.jpg").unlink()
    os.link(place, folder / "photos/a.jpg")


def keeper_set_aside(folder: Path, shelf: Shelf) -> None:
    (folder / "photos/a.jpg").rename(folder / "photos/a away.jpg")
    indexed(folder, "photos")
    shutil.copy(folder / "photos/a away.jpg", folder / "photos/z.jpg")


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (changed, "has changed since it was set aside"),
        (replaced_by_a_link, "has changed since it was set aside"),
        (removed, "is not there any more"),
        (keeper_gone, "stays: the copy that was kept is gone"),
        (keeper_edited, "has other bytes than the copy to keep"),
        (keeper_cut, "stays: the copy to keep is a JPEG picture that ends too early"),
        (keeper_linked, "stays: it is another name of the copy that was kept"),
        (keeper_set_aside, "stays: the copy that was kept is gone"),
    ],
)
def test_a_file_stays_if_anything_is_not_as_it_was(
    folder: Path, shelf: Shelf, meanwhile: Callable[[Path, Shelf], None], reason: str
) -> None:
    clean(shelf)
    meanwhile(folder, shelf)
    before = tree(folder)
    result = purged(shelf)
    assert reasons(result, folder)[SAME].startswith(reason)
    after = tree(folder)
    freed = {os.path.relpath(file.place, folder) for file in result.freed}
    assert {name for name in before if name not in after and before[name] != "folder"} == freed
    assert SAME not in names_of([file.path for file in result.freed], folder)
    assert NEARLY in names_of([file.path for file in result.freed], folder)
    assert shelf.check() is not None


def test_likeness_is_looked_at_once_more(folder: Path, shelf: Shelf) -> None:
    clean(shelf)
    drawn(77, (480, 360)).save(folder / "photos/c.jpg")
    drawn(78, (48, 36)).save(folder / "photos/b.jpg")
    left = reasons(purged(shelf), folder)
    assert left[NEARLY].startswith("stays: looked at closely it is")
    assert left[PIXELS_TOO] == "has other pixels than the copy to keep"


def test_a_keeper_that_lies_in_a_set_aside_folder_counts_for_nothing(
    folder: Path, shelf: Shelf
) -> None:
    result = clean(shelf)
    actions = Actions(shelf)
    rows = actions.of(1)
    inside = shelf.name_of(os.path.join(result.folder, "b.jpg"))
    shutil.copy(folder / "photos/b.jpg", os.path.join(result.folder, "b.jpg"))
    actions.set(1, rows)
    moved = [row._replace(stat=row.stat | {"keeper": inside}) for row in rows]
    monkey = {row.n: row for row in moved}
    original = Actions.of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Actions, "of", lambda self, run: [monkey[r.n] for r in original(self, run)])
        outlook = purge_outlook(shelf)
    assert not outlook.freed
    assert all("was set aside itself" in left.reason for left in outlook.left)


def test_what_was_chosen_goes_while_neither_has_changed(folder: Path, shelf: Shelf) -> None:
    clean(shelf, chosen=True)
    os.utime(folder / "photos/c.jpg")
    result = purged(shelf)
    assert reasons(result, folder)[NEARLY] == "stays: the copy that was kept has changed since"
    freed = names_of([file.path for file in result.freed], folder)
    assert {SAME, AGAIN, PIXELS_TOO} <= freed


def test_of_older_rows_only_equal_bytes_go(folder: Path, shelf: Shelf) -> None:
    clean(shelf)
    original = Actions.of

    def older(self: Actions, run: int) -> list[object]:
        rows = original(self, run)
        return [r._replace(stat={k: v for k, v in r.stat.items() if k != "kind"}) for r in rows]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Actions, "of", older)
        left = reasons(purged(shelf), folder)
    assert left[NEARLY] == left[PIXELS_TOO] == "has other bytes than the copy to keep"


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
@pytest.mark.parametrize("at", [0, 1])
def test_a_file_that_cannot_be_deleted_stays(
    folder: Path, shelf: Shelf, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean(shelf)
    unlink, calls = os.unlink, iter(range(100))

    def refused(path: str, **options: object) -> None:
        if "set-aside" in os.fspath(path) and next(calls) == at:
            raise PermissionError(13, "Permission denied", path)
        unlink(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", refused)
    result = purged(shelf)
    assert sum("Permission denied" in left.reason for left in result.left) == 1
    monkeypatch.undo()
    again = purged(shelf)
    assert len(result.freed) + len(again.freed) == 5
    assert len(again.left) == 1


def test_a_run_that_nobody_here_wrote_is_not_purged(
    folder: Path, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean(shelf)
    shelf.close()
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "another user"))
    with open_shelf(folder / "db.shelve", "w") as again:
        with pytest.raises(UndoError):
            purged(again, 1)
        with pytest.raises(UndoError):
            purge_outlook(again, 1)
        with pytest.raises(UndoError, match="holds anything"):
            purged(again)


def run(*words: object) -> int:
    return verbs.main(list(map(str, words)))


def test_the_verb_says_what_it_would_do_and_does_it_when_told(
    folder: Path, shelf: Shelf, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean(shelf)
    shelf.close()
    monkeypatch.chdir(folder)
    before = tree(folder)
    assert run("purge") == 0
    told = capsys.readouterr()
    assert told.out.startswith("Clean-up 1: 6 files to free, ")
    assert "delete db-set-aside" in told.out
    assert "Add --yes to do it" in told.err
    assert tree(folder) == before
    assert run("purge", 1, "--yes", "-j", 0) == 1
    told = capsys.readouterr()
    assert told.out.startswith("Clean-up 1: 5 files deleted for good, ")
    assert "left photos/trip/a copy.xmp: it stays: the copy that was kept has no such" in told.out
    assert run("history") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "started", "files", "action", "state", "folder"]
    assert " 6  set aside  5 purged  db-set-aside" in lines[1]
    assert lines[2] == "The files of one: python -m imageshelf history 1"
    assert run("history", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["purged"] == 5
    assert run("purge", 9, "--yes") == 1
    assert "there is no clean-up 9" in capsys.readouterr().err


def test_what_was_purged_is_not_undone_and_history_says_so(
    folder: Path, shelf: Shelf, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "photos/trip/a copy.xmp").unlink(missing_ok=True)
    clean(shelf)
    shelf.close()
    monkeypatch.chdir(folder)
    run("purge", 1, "--yes", "-j", 0)
    capsys.readouterr()
    assert run("undo") == 1
    assert "nothing to undo: clean-up 1 was freed for good by purge" in capsys.readouterr().err
    assert run("undo", 1) == 1
    assert "was freed for good by purge" in capsys.readouterr().out
    assert run("history") == 0
    assert "set aside  purged" in capsys.readouterr().out


def test_a_purge_names_the_clean_ups_that_still_hold_files(
    folder: Path, shelf: Shelf, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean(shelf)
    number = history(shelf)[0].done
    shelf.close()
    monkeypatch.chdir(folder)
    drawn(77).save(folder / "photos/late.png")
    shutil.copy(folder / "photos/late.png", folder / "photos/late copy.png")
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    assert run("clean", "--apply", "-j", 0) == 0
    capsys.readouterr()
    assert run("purge", "--yes", "-j", 0) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Clean-up 2: 1 file deleted for good, ")
    assert told[1] == f"Clean-up 1 still holds {number} files: python -m imageshelf purge 1"


def test_hints_name_the_shelf_unless_it_is_the_usual_one(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "db.shelve").rename(folder / "my photos.db")
    assert run("clean", "-s", "my photos.db", "--apply", "-j", 0) == 0
    told = capsys.readouterr()
    assert "python -m imageshelf purge 1 --shelve 'my photos.db'" in told.out
    assert "python -m imageshelf undo 1 --shelve 'my photos.db'" in told.err


PURGE = """
import sys
from imageshelf.cleanup import purging
from imageshelf.shelf import open_shelf
from imageshelf.system.signals import stopping
shelf = open_shelf(sys.argv[1], "w")
purging.FILES_PER_BATCH = 2
print("ready", flush=True)
with stopping() as stop:
    purging.purge(shelf, stop, jobs=0)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(8))
def test_a_purge_that_was_killed_leaves_no_doubt(folder: Path, shelf: Shelf, seed: int) -> None:
    kill_a_purge(folder, shelf, seed)


@pytest.mark.stress
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("seed", range(100, 300))
def test_a_purge_that_was_killed_leaves_no_doubt_ever(
    folder: Path, shelf: Shelf, seed: int
) -> None:
    kill_a_purge(folder, shelf, seed)


def kill_a_purge(folder: Path, shelf: Shelf, seed: int) -> None:
    rnd = random.Random(seed)
    before = tree(folder)
    clean(shelf)
    shelf.close()
    killed_after(rnd.random() * 0.4, PURGE, folder / "db.shelve")
    with open_shelf(folder / "db.shelve", "w") as again:
        if rnd.random() < 0.5:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(purging, "FILES_PER_BATCH", 2)
                (past,) = history(again)
                if past.done + past.purged < 6 or past.done:
                    purged(again, 1)
            (past,) = history(again)
            assert (past.done, past.purged) == (1, 5)
        undone = undo_run.undo(again, 1)
        lost = names_of([path for path, _ in undone.lost], folder)
        assert all(reason == "was freed for good by purge" for _, reason in undone.lost)
        after = tree(folder)
        kept = {name: what for name, what in before.items() if name not in lost}
        assert {name: what for name, what in after.items() if what != "folder"} == {
            name: what for name, what in kept.items() if what != "folder"
        }
        assert again.check() == []
