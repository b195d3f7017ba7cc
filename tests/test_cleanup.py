from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.cleanup import file_actions, locks, moving, planning, run, step, trash, undo_run
from imageshelf.cleanup.apply import CleanupError, Result, apply_plan
from imageshelf.cleanup.history import history
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.searching.kinds import BYTES, NEAR, PIXELS
from imageshelf.shelf import Shelf, ShelfError, names, open_shelf, snapshots
from imageshelf.shelf.cleanups import Action, Actions, Claim, Rivals
from tests.cleaning import Group, copies, group, indexed, keep_trash_in, planned, tree
from tests.conftest import drawn

COPIES: dict[str, int | str] = {
    "photos/a.jpg": 1,
    "photos/trip/a copy.jpg": "photos/a.jpg",
    "photos/trip/a (1).jpg": "photos/a.jpg",
    "photos/b.jpg": 2,
    "photos/other.jpg": 3,
}
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
ACTIONS = (planning.SET_ASIDE, planning.TRASH, planning.HARD_LINK)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of which three are identical bytes and one identical pixels, on a shelf."""
    keep_trash_in(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = copies(tmp_path / "home", COPIES)
    drawn(2, (48, 36)).save(folder / "photos/b.png")
    with Image.open(folder / "photos/b.jpg") as picture:
        picture.save(folder / "photos/b.png")
    indexed(folder, "photos")
    return folder


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        yield shelf


def groups(shelf: Shelf) -> list[Group]:
    return [
        group(
            shelf,
            "photos/a.jpg",
            ("photos/trip/a copy.jpg", BYTES),
            ("photos/trip/a (1).jpg", BYTES),
        ),
        group(shelf, "photos/b.jpg", ("photos/b.png", PIXELS)),
    ]


def apply(shelf: Shelf, action: str = planning.SET_ASIDE, folder: str = "") -> Result:
    return apply_plan(shelf, planned(shelf, groups(shelf), action), jobs=0, folder=folder)


def without_inode(record: object) -> object:
    if isinstance(record, dict):
        record["row"] |= {"inode": 0, "nlink": 0}
    return record


def contents(shelf: Shelf) -> dict[str, object]:
    """Return everything the shelf says: its lists, and all it knows of each picture."""
    catalogue = shelf.whole_catalogue()
    found: dict[str, object] = dict(shelf)
    actions = Actions(shelf)
    for texts in list(shelf.values()):
        for text in texts:
            row = catalogue.row_of(names.to_bytes(text))
            assert row is not None
            record = snapshots.record(actions.db, row)
            del record["row"]["id"]
            found["row of " + text] = record
    return found


# -- what is done, and undone ---------------------------------------------------------------------


def test_copies_are_set_aside_in_their_tree(folder: Path, shelf: Shelf) -> None:
    before = tree(folder)
    result = apply(shelf)
    after = tree(folder)
    gone = {"photos/trip/a copy.jpg", "photos/trip/a (1).jpg", "photos/b.png"}
    assert len(result.done) == 3
    assert not result.left
    assert gone == before.keys() - after.keys()
    assert {f"db-set-aside/run-1/{name}": before[name] for name in gone}.items() <= after.items()
    assert after["photos/a.jpg"] == before["photos/a.jpg"]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_done_is_undone_byte_for_byte(folder: Path, shelf: Shelf, action: str) -> None:
    before = tree(folder)
    apply_plan(shelf, planned(shelf, groups(shelf)), jobs=0)  # so that all digests are known
    undo_run.undo(shelf)
    known = contents(shelf)
    result = apply(shelf, action)
    expected = 2 if action == planning.HARD_LINK else 3
    assert len(result.done) == expected
    assert tree(folder) != before or action == planning.HARD_LINK
    back = undo_run.undo(shelf)
    assert len(back.back) == expected
    assert not back.lost
    assert tree(folder) == before
    after = contents(shelf)
    if action == planning.HARD_LINK:  # undone, it is a file of its own with an inode of its own
        known, after = ({name: without_inode(r) for name, r in c.items()} for c in (known, after))
    assert after == known
    assert shelf.check() == []


def test_what_came_back_is_not_decoded_again(folder: Path, shelf: Shelf) -> None:
    apply(shelf)
    undo_run.undo(shelf)
    shelf.close()
    summary = index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    assert (summary.unchanged, summary.new, summary.changed) == (6, 0, 0)


def test_the_shelf_follows_in_step(shelf: Shelf) -> None:
    result = apply(shelf)
    left = sorted(name for texts in shelf.values() for name in texts)
    assert left == ["photos/a.jpg", "photos/b.jpg", "photos/other.jpg"]
    assert shelf.check() == []
    assert all(shelf.whole_catalogue().row_of(names.to_bytes(shelf.name_of(d.path))) is None
               for d in result.done)  # fmt: skip


def test_a_hard_link_takes_the_place_of_identical_bytes_only(folder: Path, shelf: Shelf) -> None:
    apply(shelf, planning.HARD_LINK)
    photos = folder / "photos"
    assert (photos / "a.jpg").samefile(photos / "trip/a copy.jpg")
    assert (photos / "a.jpg").stat().st_nlink == 3
    assert (photos / "b.png").stat().st_nlink == 1
    assert not [name for name in os.listdir(photos / "trip") if name.startswith(".")]


def test_a_hard_link_is_no_second_hash_at_the_next_index_run(folder: Path, shelf: Shelf) -> None:
    apply(shelf, planning.HARD_LINK)
    shelf.close()
    summary = index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    assert (summary.unchanged, summary.changed) == (6, 0)


def test_deleted_copies_are_gone_and_undo_says_so(folder: Path, shelf: Shelf) -> None:
    result = apply(shelf, planning.DELETE)
    assert len(result.done) == 3
    assert sorted(tree(folder)) == ["photos", "photos/a.jpg", "photos/b.jpg", "photos/other.jpg",
                                    "photos/trip"]  # fmt: skip
    back = undo_run.undo(shelf)
    assert [why for _, why in back.lost] == ["was deleted for good"] * 3


def test_a_trash_that_refuses_leaves_the_file(
    folder: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise trash.TrashError("no trash on this drive")

    monkeypatch.setattr(trash, "put", refuse)
    before = tree(folder)
    result = apply(shelf, planning.TRASH)
    assert not result.done
    assert {one.reason for one in result.left} == {
        "stays: the trash refused it (no trash on this drive)"
    }
    assert tree(folder) == before


def test_what_is_not_found_in_the_trash_is_said_where_to_look_for(
    folder: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in ("find", "find_noted"):
        monkeypatch.setattr(trash, way, lambda *_: "")
    apply(shelf, planning.TRASH)
    back = undo_run.undo(shelf)
    assert (
        "look for a copy.jpg in the trash"
        in dict(back.lost)[str(folder / "photos/trip/a copy.jpg")]
    )


def test_nothing_in_the_folder_for_set_aside_is_overwritten(folder: Path, shelf: Shelf) -> None:
    there = folder / "db-set-aside/run-1/photos/trip/a copy.jpg"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    before = tree(folder)
    result = apply(shelf)
    assert result.folder == str(folder / "db-set-aside/run-1 (2)")
    assert len(os.listdir(there.parent)) == 1
    assert there.read_text() == "mine"
    undo_run.undo(shelf)
    assert tree(folder) == before


def test_a_companion_whose_twin_went_meanwhile_is_not_deleted(folder: Path, shelf: Shelf) -> None:
    for name in ("a.xmp", "trip/a copy.xmp"):
        (folder / "photos" / name).write_text("note")
    plan = planned(shelf, groups(shelf), action=planning.DELETE)
    (folder / "photos/a.xmp").write_text("lost")
    result = apply_plan(shelf, plan, jobs=0)
    assert "a copy.jpg" in [os.path.basename(done.path) for done in result.done]
    assert (folder / "photos/trip/a copy.xmp").read_text() == "note"


def test_companions_travel_along_and_come_back(folder: Path, shelf: Shelf) -> None:
    for name in ("a copy.xmp", "a copy.jpg.json", "a copy.MOV", "a copy.cr2"):
        (folder / "photos/trip" / name).write_text(name)
    before = tree(folder)
    plan = planned(shelf, groups(shelf))
    result = apply_plan(shelf, plan, jobs=0)
    assert len(result.done) == 7
    aside = folder / "db-set-aside/run-1/photos/trip"
    assert sorted(os.listdir(aside)) == ["a (1).jpg", "a copy.MOV", "a copy.cr2", "a copy.jpg",
                                         "a copy.jpg.json", "a copy.xmp"]  # fmt: skip
    undo_run.undo(shelf)
    assert tree(folder) == before


def test_undo_takes_back_one_run_after_the_other(folder: Path, shelf: Shelf) -> None:
    before = tree(folder)
    first = apply_plan(shelf, planned(shelf, groups(shelf)[:1]), jobs=0)
    middle = tree(folder)
    second = apply_plan(shelf, planned(shelf, groups(shelf)[1:]), jobs=0)
    assert undo_run.undo(shelf).run == second.run
    assert tree(folder) == middle
    assert undo_run.undo(shelf).run == first.run
    assert tree(folder) == before
    past = history(shelf)
    assert [(p.state, p.done, p.undone) for p in past] == [("undone", 0, 2), ("undone", 0, 1)]


# -- nothing is touched ---------------------------------------------------------------------------


def test_a_clean_up_that_did_nothing_is_not_the_one_to_undo(folder: Path, shelf: Shelf) -> None:
    before = tree(folder)
    plan = planned(shelf, groups(shelf))
    first = apply_plan(shelf, plan, jobs=0)
    second = apply_plan(shelf, plan, jobs=0)
    assert (len(second.done), len(second.left)) == (0, 3)
    assert undo_run.undo(shelf).run == first.run
    assert tree(folder) == before
    assert undo_run.undo(shelf) == (second.run, [], [])
    with pytest.raises(UndoError, match="there is no clean-up"):
        undo_run.undo(shelf)


def test_an_unknown_run_is_one_sentence(shelf: Shelf) -> None:
    with pytest.raises(UndoError, match=r"there is no clean-up 7 of .*: there has been none"):
        undo_run.undo(shelf, 7)
    with pytest.raises(UndoError, match=r"there is no clean-up of .* to undo"):
        undo_run.undo(shelf)


def test_a_place_that_is_taken_hinders_the_whole_undo(folder: Path, shelf: Shelf) -> None:
    apply(shelf)
    (folder / "photos/trip/a copy.jpg").write_text("another")
    before = tree(folder)
    with pytest.raises(UndoError, match=r"another file has the place of .*a copy.jpg; move it"):
        undo_run.undo(shelf)
    assert tree(folder) == before
    (folder / "photos/trip/a copy.jpg").unlink()
    assert len(undo_run.undo(shelf).back) == 3


def test_what_changed_or_went_in_the_set_aside_folder_does_not_hinder_the_rest(
    folder: Path, shelf: Shelf
) -> None:
    apply(shelf)
    aside = folder / "db-set-aside/run-1/photos"
    (aside / "b.png").unlink()
    (aside / "trip/a copy.jpg").write_text("edited")
    back = undo_run.undo(shelf)
    assert back.back == [str(folder / "photos/trip/a (1).jpg")]
    assert len(back.lost) == 2
    assert history(shelf)[0].state == "partly undone"


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("photos/aside", "lies inside the dataset"),
        (".", "lies inside"),
        ("photos/trip", "lies inside the dataset"),
        ("db.shelve", "is not a folder"),
        ("Photos.photoslibrary/x", "lies inside Photos.photoslibrary"),
        pytest.param("/proc/aside", "on another volume", marks=posix),
        ("photos/a.jpg/x", "dataset|cannot be made"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_sentence(
    folder: Path, shelf: Shelf, where: str, sentence: str
) -> None:
    before = tree(folder)
    with pytest.raises(CleanupError, match=sentence):
        apply(shelf, folder=str(folder / where))
    assert tree(folder) == before
    assert history(shelf) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(folder: Path, shelf: Shelf) -> None:
    (folder / "locked").mkdir(mode=0o500)
    with pytest.raises(CleanupError, match=r"may not be written|cannot be made"):
        apply(shelf, folder=str(folder / "locked/aside"))
    assert not history(shelf)


def test_a_shelf_for_reading_only_touches_nothing(folder: Path) -> None:
    with open_shelf(folder / "db.shelve", "r") as shelf:
        before = tree(folder)
        with pytest.raises(ShelfError, match="reading only"):
            apply(shelf)
        assert tree(folder) == before


def test_the_default_folder_is_hidden_inside_a_dataset(tmp_path: Path) -> None:
    copies(tmp_path, {"a.jpg": 1, "b.jpg": "a.jpg"})
    indexed(tmp_path, ".")
    with open_shelf(tmp_path / "db.shelve", "w") as shelf:
        plan = planned(shelf, [group(shelf, "a.jpg", ("b.jpg", BYTES))])
        result = apply_plan(shelf, plan, jobs=0)
    assert result.folder == str(tmp_path / ".db-set-aside/run-1")
    assert (tmp_path / ".db-set-aside/run-1/b.jpg").exists()


# -- between plan and action ----------------------------------------------------------------------


def _rewrite(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-2] + b"\xff\xd9")
    os.utime(path, ns=(0, 0))


def _rewrite_in_secret(path: Path) -> None:
    """Other bytes, but the size, the inode and the modification time of before."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace(path: Path) -> None:
    """Another file with the same bytes and times: a copy, not the file."""
    other = path.with_suffix(".new")
    shutil.copy2(path, other)
    other.replace(path)


def _link(path: Path) -> None:
    real = path.with_suffix(".real")
    path.rename(real)
    path.symlink_to(real)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


CHANGES: list[Any] = [
    _rewrite,
    _rewrite_in_secret,
    _replace,
    Path.unlink,
    _link,
    pytest.param(_fifo, marks=posix),
    _folder,
    _truncate,
    lambda path: path.parent.rename(path.parent.with_name("elsewhere")),
]


@pytest.mark.parametrize("action", planning.ACTIONS)
@pytest.mark.parametrize("victim", ["photos/trip/a copy.jpg", "keeper/a.jpg"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_between_plan_and_action_is_left_alone(
    tmp_path: Path,
    change: Callable[[Path], object],
    victim: str,
    action: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_trash_in(tmp_path / "data", monkeypatch)
    folder = copies(
        tmp_path / "home", {"keeper/a.jpg": 1, "photos/trip/a copy.jpg": "keeper/a.jpg"}
    )
    indexed(folder, "keeper", "photos")
    with open_shelf(folder / "db.shelve", "w") as shelf:
        one = group(shelf, "keeper/a.jpg", ("photos/trip/a copy.jpg", BYTES))
        plan = planned(shelf, [one], action)
        change(folder / victim)
        before = tree_with_odd_files(folder)
        result = apply_plan(shelf, plan, jobs=0)
        assert not result.done
        assert len(result.left) == 1
        assert tree_with_odd_files(folder) == before
        undo_run.undo(shelf)
    assert tree_with_odd_files(folder) == before


def tree_with_odd_files(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.lstat().st_mode
        for path in folder.rglob("*")
        if not path.name.startswith("db.shelve")
    }


@pytest.mark.parametrize("action", [planning.SET_ASIDE, planning.HARD_LINK, planning.DELETE])
def test_a_file_swapped_in_at_the_last_moment_is_put_back(
    folder: Path, shelf: Shelf, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = folder / "photos/trip/a copy.jpg"
    move = moving.move

    def swap_first(source: str, target: str) -> None:
        if source == str(victim) and not (folder / "swapped").exists():
            (folder / "swapped").touch()
            victim.unlink()
            victim.write_text("precious")
        move(source, target)

    monkeypatch.setattr(moving, "move", swap_first)
    result = apply(shelf, action)
    assert victim.read_text() == "precious"
    assert [one.path for one in result.left] == [str(victim)]


def test_a_keeper_that_goes_at_the_last_moment_saves_the_copy(
    folder: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = moving.take

    def lose_the_keeper(source: str, target: str, status: os.stat_result) -> None:
        take(source, target, status)
        (folder / "photos/a.jpg").unlink(missing_ok=True)

    monkeypatch.setattr(file_actions, "take", lose_the_keeper)
    apply(shelf, planning.DELETE)
    there = set(tree(folder))
    assert {"photos/trip/a copy.jpg", "photos/trip/a (1).jpg"} <= there


@pytest.mark.parametrize("action", planning.ACTIONS)
def test_a_keeper_that_goes_while_both_are_compared_saves_the_copy(
    folder: Path, shelf: Shelf, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = step._digest_of_both

    def lose_the_keeper(first: int, second: int) -> bytes:
        found = compare(first, second)
        (folder / "photos/a.jpg").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(step, "_digest_of_both", lose_the_keeper)
    apply_plan(shelf, planned(shelf, groups(shelf)[:1], action), jobs=0)
    assert {"photos/trip/a copy.jpg", "photos/trip/a (1).jpg"} <= set(tree(folder))


def test_claims_of_identity_that_are_not_true_are_left_alone(folder: Path, shelf: Shelf) -> None:
    before = tree(folder)
    wrong = [
        group(shelf, "photos/a.jpg", ("photos/other.jpg", BYTES)),
        group(shelf, "photos/b.jpg", ("photos/trip/a copy.jpg", PIXELS)),
    ]
    result = apply_plan(shelf, planned(shelf, wrong), jobs=0)
    assert sorted(one.reason for one in result.left) == [
        "has other bytes than the copy to keep",
        "has other pixels than the copy to keep",
    ]
    assert tree(folder) == before


def test_a_damaged_keeper_is_left_with_its_group_and_remembered(tmp_path: Path) -> None:
    copies(tmp_path, {"photos/big.jpg": 1, "photos/small.jpg": 1})
    indexed(tmp_path, "photos")
    with open_shelf(tmp_path / "db.shelve", "w") as shelf:
        row = shelf.whole_catalogue().row_of(b"photos/big.jpg")
        assert row is not None
        big = tmp_path / "photos/big.jpg"
        data = big.read_bytes()
        big.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))
        os.utime(big, ns=(row.mtime_ns, row.mtime_ns))
        plan = planned(shelf, [group(shelf, "photos/big.jpg", ("photos/small.jpg", NEAR))])
        result = apply_plan(shelf, plan, jobs=0)
        small = shelf.whole_catalogue().row_of(b"photos/small.jpg")
        assert small is not None
        digests = shelf.whole_catalogue().digests([row.id, small.id])
    assert not result.done
    assert "run clean again, it will keep a sound one" in result.left[0].reason
    assert (digests[row.id][2], digests[small.id][2]) == (0, 1)


def test_ctrl_c_finishes_what_was_begun_and_can_be_undone(
    folder: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(folder)
    monkeypatch.setattr(run, "STEPS_PER_BATCH", 1)
    plan = planned(shelf, groups(shelf))
    result = apply_plan(shelf, plan, jobs=0, progress=lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert result.stopped is not None
    assert result.stopped.exit_status == 130
    assert len(result.done) == 1
    assert history(shelf)[0].state == "stopped"
    undo_run.undo(shelf)
    assert tree(folder) == before


def test_worker_processes_give_the_same_verdicts(folder: Path, shelf: Shelf) -> None:
    result = apply_plan(shelf, planned(shelf, groups(shelf)), jobs=1)
    assert len(result.done) == 3


@pytest.mark.parametrize("column", ["stat", "source", "state", "target"])
def test_a_history_that_was_tampered_with_is_one_sentence(
    folder: Path, shelf: Shelf, column: str
) -> None:
    apply(shelf)
    shelf.close()
    with contextlib.closing(sqlite3.connect(folder / "db.shelve")) as raw, raw:
        raw.execute(f"UPDATE action SET {column} = 'no' WHERE n = 0")
    before = tree(folder)
    damaged = pytest.raises((ShelfError, UndoError), match="is damaged")
    with open_shelf(folder / "db.shelve", "w") as again, damaged:
        undo_run.undo(again)
    assert tree(folder) == before


# -- several at once ------------------------------------------------------------------------------


def test_a_copy_that_another_clean_up_was_to_remove_since_keeps_nothing(
    folder: Path, shelf: Shelf
) -> None:
    since_ns = time.time_ns()
    actions = Actions(shelf)
    other = actions.begin(lambda _: {"action": planning.DELETE})
    plan = planned(shelf, [group(shelf, "photos/trip/a copy.jpg", ("photos/a.jpg", BYTES))])
    going = Action(0, planning.DELETE, b"photos/trip/a copy.jpg", None, None,
                   {"keeper": "photos/a.jpg"}, "doing", "")  # fmt: skip
    assert actions.claim(other, [Claim(going, b"photos/a.jpg")], Rivals(0)) == [""]
    actions.set(other, [going._replace(state="done")])
    actions.set_run(other, "done")
    result = apply_plan(shelf, plan, jobs=0, since_ns=since_ns)
    assert [one.reason for one in result.left] == [
        "stays: another clean-up is about to remove the copy to keep"
    ]


def test_an_undo_waits_for_the_clean_up_that_is_at_work(folder: Path, shelf: Shelf) -> None:
    Actions(shelf).begin(lambda _: {"action": planning.DELETE})
    undone: list[undo_run.Undone] = []

    def undo() -> None:
        with open_shelf(folder / "db.shelve", "w") as other:
            undone.append(undo_run.undo(other))

    waiting = threading.Thread(target=undo)
    with locks.alone(shelf):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        assert history(shelf)[0].state == "running"
    waiting.join()
    assert [one.back for one in undone] == [[]]


@pytest.mark.parametrize("shelves", [1, 2])
@pytest.mark.parametrize("action", [planning.SET_ASIDE, planning.DELETE])
def test_two_clean_ups_the_other_way_round_leave_a_copy_of_everything(
    tmp_path: Path, shelves: int, action: str
) -> None:
    number = 12
    wanted: dict[str, int | str] = {}
    for n in range(number):
        wanted |= {f"photos/{n}a.jpg": n, f"photos/{n}b.jpg": f"photos/{n}a.jpg"}
    copies(tmp_path, wanted)
    indexed(tmp_path, "photos")
    paths = [tmp_path / "db.shelve"] * 2
    if shelves == 2:
        paths[1] = tmp_path / "db.shelve-two"
        shutil.copyfile(*paths)
    barrier = threading.Barrier(2)
    problems: list[BaseException] = []

    def clean(path: Path, keep: str, go: str) -> None:
        try:
            with open_shelf(path, "w") as shelf:
                every = [
                    group(shelf, f"photos/{n}{keep}.jpg", (f"photos/{n}{go}.jpg", BYTES))
                    for n in range(number)
                ]
                plan = planned(shelf, every, action)
                barrier.wait()
                apply_plan(shelf, plan, jobs=0, folder=str(tmp_path / "aside"))
        except BaseException as exc:  # noqa: BLE001 - told in the main thread
            problems.append(exc)
            barrier.abort()

    threads = [
        threading.Thread(target=clean, args=args)
        for args in ((paths[0], "a", "b"), (paths[1], "b", "a"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    for n in range(number):
        assert any((tmp_path / f"photos/{n}{which}.jpg").exists() for which in "ab")
