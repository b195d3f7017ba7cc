"""A table of attacks by a shelf's history: nothing is touched that no clean-up of this user did."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from imageshelf import __main__ as program
from imageshelf.cleanup import finishing, planning, undo_run
from imageshelf.cleanup.apply import CleanupError, apply_plan
from imageshelf.cleanup.history import history
from imageshelf.cleanup.undo_run import UndoError
from imageshelf.searching.kinds import BYTES
from imageshelf.shelf import Shelf, open_shelf
from imageshelf.system import discarded
from tests.cleaning import copies, group, indexed, keep_trash_in, planned, tree

NUMBERS = dict.fromkeys(
    ("inode", "size_bytes", "mtime_ns", "mode", "uid", "gid", "keeper_inode", "keeper_mtime_ns"), 0
)
RUN = "INSERT INTO cleanup (id, started_ns, state, options) VALUES (1, 1, ?, ?)"
ROW = """INSERT INTO action (cleanup_id, n, verb, source, target, digest, stat, state, reason)
    VALUES (1, 0, ?, ?, ?, NULL, ?, ?, '')"""
COPY = "photos/trip/b.jpg"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keep_trash_in(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "secret").write_text("the only copy")
    return tmp_path


@pytest.fixture
def folder(home: Path) -> Path:
    """A folder with two equal pictures and their shelf."""
    folder = copies(home / "sent", {"photos/a.jpg": 1, COPY: "photos/a.jpg"})
    indexed(folder, "photos")
    return folder


def plan_of(shelf: Shelf, action: str = planning.SET_ASIDE) -> planning.Plan:
    return planned(shelf, [group(shelf, "photos/a.jpg", (COPY, BYTES))], action)


def forged(
    folder: Path, verb: str, source: str, target: str, *, state: str = "doing",
    run: str = "running", place: str = "", known: Mapping[str, int] | None = None,
) -> None:  # fmt: skip
    """Write a clean-up of one file into a shelf, as somebody who sends it can."""
    options = json.dumps({"action": verb, "folder": place, "made": place})
    values = (
        verb,
        source.encode(),
        target.encode() or None,
        json.dumps(NUMBERS | dict(known or {})),
        state,
    )
    with closing(sqlite3.connect(folder / "db.shelve")) as raw, raw:
        raw.execute(RUN, (run, options))
        raw.execute(ROW, values)


def payload(folder: Path, name: str = "payload") -> dict[str, int]:
    """Put a file beside the shelf; what its sender knows of it on any disk."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("EVIL")
    os.utime(path, ns=(10**18, 10**18))
    return {"size_bytes": 4, "mtime_ns": 10**18}


ATTACKS: dict[str, Callable[[Path, Path], None]] = {}


def attack(make: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    ATTACKS[make.__name__] = make
    return make


for _verb in planning.ACTIONS:
    for _state in ("doing", "undoing", "done"):

        def same_path(folder: Path, victim: Path, v: str = _verb, s: str = _state) -> None:
            forged(folder, v, f"{victim}/secret", f"{victim}/secret", state=s, place=str(victim))

        def moved(folder: Path, victim: Path, v: str = _verb, s: str = _state) -> None:
            forged(folder, v, f"{victim}/keys", f"{victim}/secret", state=s, place=str(victim))

        def replaced(folder: Path, victim: Path, v: str = _verb, s: str = _state) -> None:
            secret = os.stat(victim / "secret").st_ino
            known = payload(folder)
            forged(folder, v, f"{victim}/secret", f"{folder}/payload", state=s,
                   place=str(folder), known={**known, "keeper_inode": secret})  # fmt: skip

        def planted(folder: Path, victim: Path, v: str = _verb, s: str = _state) -> None:
            known = payload(folder, "x/payload")
            forged(folder, v, f"{victim}/.config/autostart/evil.desktop", "x/payload", state=s,
                   place="x", known=known)  # fmt: skip

        for _attack in (same_path, moved, replaced, planted):
            ATTACKS[f"{_attack.__name__} by {_verb}, {_state}"] = _attack


@attack
def spelled_otherwise(folder: Path, victim: Path) -> None:
    forged(folder, planning.DELETE, f"{victim}/secret", f"{victim}/./secret")


@attack
def spelled_with_a_detour(folder: Path, victim: Path) -> None:
    forged(folder, planning.DELETE, f"{victim}/secret", f"{victim}/../{victim.name}/secret")


@attack
def by_way_of_a_link(folder: Path, victim: Path) -> None:
    (folder / "link").symlink_to(victim)
    forged(folder, planning.SET_ASIDE, f"{victim}/secret", "link/secret", place="link")


@attack
def into_the_root(folder: Path, victim: Path) -> None:
    forged(folder, planning.SET_ASIDE, f"{victim}/keys", f"{victim}/secret", place="/")


@attack
def a_trash_that_is_none(folder: Path, victim: Path) -> None:
    known = payload(folder, "Trash/files/evil")
    forged(folder, planning.TRASH, f"{victim}/keys", "Trash/files/evil", state="done", known=known)


@attack
def an_unknown_verb(folder: Path, victim: Path) -> None:
    forged(folder, "chmod", f"{victim}/secret", f"{victim}/keys", state="done", run="done")


def all_but_the_clean_up(home: Path) -> dict[str, object]:
    """Return everything that no clean-up of the two pictures touches."""
    found = tree(home)
    return {n: what for n, what in found.items() if not n.startswith(("data", "sent/db.shelve"))}


@pytest.mark.parametrize("verb", ["undo", "undo 1", "clean", "clean --apply", "history", "check"])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_history_moves_nothing(
    name: str, verb: str, folder: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ATTACKS[name](folder, home / "victim")
    before = all_but_the_clean_up(home)
    shelf = str(folder / "db.shelve")
    status = program.main([*verb.split(), "-s", shelf])
    after = all_but_the_clean_up(home)
    if verb == "clean --apply":  # the user's own clean-up is done all the same
        assert status == 0
        (place,) = (name for name in after if name.endswith(f"/{COPY}") and "/run-" in name)
        after.pop(place)
        after.pop(place.removesuffix(COPY) + discarded.MARKER.decode())
        before.pop(f"sent/{COPY}")
        before = {path: what for path, what in before.items() if what != "folder"}
        after = {path: what for path, what in after.items() if what != "folder"}
    assert after == before
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    if verb.startswith("undo"):
        assert status == 1
        assert told.err.count("\n") == 1
        assert "undo --trust 1 --below DIR" in told.err or "cannot undo" in told.err
    if verb == "history":
        assert "Not made by you on this computer" in told.out


def test_the_names_of_a_stranger_are_not_even_followed(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On some systems a look at a path asks another computer, and tells it who asks."""
    forged(folder, planning.DELETE, f"{home}/victim/keys", f"{home}/victim/secret")
    with closing(sqlite3.connect(folder / "db.shelve")) as raw, raw:
        raw.execute("UPDATE action SET mark = zeroblob(64)")
    looked_at: list[str] = []
    for module, name in ((os, "lstat"), (os, "stat"), (os, "open"), (os.path, "realpath")):
        real = getattr(module, name)

        def seen(path: Any, *more: Any, real: Any = real, **options: Any) -> Any:
            looked_at.append(os.fspath(path) if not isinstance(path, int) else "")
            return real(path, *more, **options)

        monkeypatch.setattr(module, name, seen)
    for verb in ("history", "undo", "check", "clean"):
        program.main([verb, "-s", str(folder / "db.shelve")])
    assert looked_at
    assert not [path for path in looked_at if "victim" in str(path)]


@pytest.mark.parametrize("name", ATTACKS)
def test_trust_touches_nothing_outside(name: str, folder: Path, home: Path) -> None:
    ATTACKS[name](folder, home / "victim")
    before = tree(home / "victim")
    options = ["-s", str(folder / "db.shelve"), "--trust", "1", "--below", str(folder)]
    assert program.main(["undo", *options]) in {0, 1}
    assert tree(home / "victim") == before
    assert program.main(["undo", *options, "--yes"]) == 1
    assert tree(home / "victim") == before


INSIDE = {  # what even --trust of a folder refuses in it
    "same path": (planning.DELETE, "secret", "secret"),
    "same path, other case": (planning.SET_ASIDE, "secret", "Secret"),
    "no hidden name": (planning.DELETE, "keys", "secret"),
    "not beside": (planning.HARD_LINK, "keys", "sub/.imageshelf-1-0123456789ab-0"),
    "not in the folder": (planning.SET_ASIDE, "keys", "../secret"),
    "no trash": (planning.TRASH, "keys", "secret"),
}


@pytest.mark.parametrize("state", ["doing", "done", "undoing"])
@pytest.mark.parametrize("name", INSIDE)
def test_trust_refuses_what_no_clean_up_does(name: str, state: str, folder: Path) -> None:
    verb, source, target = INSIDE[name]
    for path in ("secret", "sub/.imageshelf-1-0123456789ab-0"):
        payload(folder, path)
    inode = os.stat(folder / "secret").st_ino
    known = {"size_bytes": 4, "mtime_ns": 10**18, "inode": inode}
    forged(folder, verb, source, target, state=state, place="aside", known=known)
    before = tree(folder)
    options = ["-s", str(folder / "db.shelve"), "--trust", "1", "--below", str(folder), "--yes"]
    assert program.main(["undo", *options]) == 1
    assert tree(folder) == before


CHANGES = {
    "source": "UPDATE action SET source = CAST('photos/c.jpg' AS BLOB)",
    "target": "UPDATE action SET target = CAST('photos/a.jpg' AS BLOB)",
    "verb": "UPDATE action SET verb = 'trash'",
    "digest": "UPDATE action SET digest = zeroblob(16)",
    "stat": "UPDATE action SET stat = replace(stat, '\"mode\": ', '\"mode\": 1')",
    "state": "UPDATE action SET state = 'doing'",
    "number": "UPDATE action SET n = n + 7",
    "run": "UPDATE action SET cleanup_id = 2; UPDATE cleanup SET id = 2",
    "mark": "UPDATE action SET mark = zeroblob(64)",
    "no mark": "UPDATE action SET mark = NULL",
    "shelf": "UPDATE meta SET value = zeroblob(16) WHERE name = 'shelf_id'",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_row_of_ours_that_was_changed_is_not_acted_on(column: str, folder: Path) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        assert len(apply_plan(shelf, plan_of(shelf), jobs=0).done) == 1
    with closing(sqlite3.connect(folder / "db.shelve")) as raw:
        raw.executescript(CHANGES[column])
    before = tree(folder)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        with suppress(UndoError):  # the whole run is not ours
            assert undo_run.undo(shelf).lost
        apply_plan(shelf, planning.Plan(planning.SET_ASIDE, ()), jobs=0)
    assert tree(folder) == before


@pytest.mark.parametrize("column", ["folder", "made", "state", "started_ns"])
def test_a_run_of_ours_that_was_changed_is_not_ours(column: str, folder: Path) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, plan_of(shelf), jobs=0)
    name = "db-set-aside" if column == "made" else "db-set-aside/run-1"
    change = f'options = replace(options, \'"{column}": "{name}"\', \'"{column}": "/"\')'
    change = {"state": "state = 'running'", "started_ns": "started_ns = 7"}.get(column, change)
    with closing(sqlite3.connect(folder / "db.shelve")) as raw, raw:
        raw.execute(f"UPDATE cleanup SET {change}")
    before = tree(folder)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        assert [past.ours for past in history(shelf)] == [False]
        with pytest.raises(UndoError, match=r"undo --trust 1 --below DIR"):
            undo_run.undo(shelf)
    assert tree(folder) == before


def test_the_history_of_another_user_is_shown_and_taken_back_on_trust(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(folder)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, plan_of(shelf), jobs=0)
    after = tree(folder)
    monkeypatch.setenv("IMAGESHELF_STATE", str(home / "another"))
    shelve = ["-s", str(folder / "db.shelve")]
    assert program.main(["history", *shelve]) == 0
    assert (
        "Not made by you on this computer, or by an earlier version: 1." in capsys.readouterr().out
    )
    assert program.main(["history", "--format", "json", *shelve]) == 0
    assert [past["ours"] for past in json.loads(capsys.readouterr().out)] == [False]
    trust = ["undo", *shelve, "--trust", "1", "--below", str(folder)]
    assert program.main(trust) == 0
    told = capsys.readouterr()
    assert "b.jpg from " in told.out
    assert told.out.endswith("1 file of clean-up 1 to bring back\n")
    assert told.err == "Nothing was touched. Add --yes to do it.\n"
    assert tree(folder) == after
    assert program.main([*trust[:-1], str(folder / "photos"), "--yes"]) == 1  # set aside elsewhere
    assert tree(folder) == after
    assert program.main([*trust, "--yes"]) == 0
    back = {k: v for k, v in tree(folder).items() if v != "folder"}
    assert back.pop("db-set-aside/run-1/.imageshelf-set-aside")  # only a run of ours is cleared up
    assert back == {k: v for k, v in before.items() if v != "folder"}
    monkeypatch.undo()
    with open_shelf(folder / "db.shelve") as shelf:  # nor did it become the first user's again
        assert [(past.state, past.ours) for past in history(shelf)] == [("undone", False)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["1", "--trust", "1", "--below", "."], "name it once"),
        (["--trust", "1"], "--trust wants --below DIR"),
        (["--below", "."], "go with --trust RUN"),
        (["--yes"], "go with --trust RUN"),
        (["--trust", "1", "--below", "nowhere"], "nowhere is not a folder"),
        (["--trust", "9", "--below", "."], "there is no clean-up 9"),
    ],
)
def test_half_a_trust_is_one_sentence(
    options: list[str], sentence: str, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    assert program.main(["undo", *options]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert sentence in told


def test_without_a_place_for_the_key_nothing_is_moved(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("IMAGESHELF_STATE", str(home / "file" / "state"))
    before = tree(folder)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        with pytest.raises(CleanupError, match="IMAGESHELF_STATE"):
            apply_plan(shelf, plan_of(shelf), jobs=0)
        assert history(shelf) == []
    assert tree(folder) == before


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_key_that_cannot_be_read_is_told(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGESHELF_STATE", str(home / "state"))
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, plan_of(shelf), jobs=0)
        (home / "state" / "key").chmod(0o644)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        with pytest.raises(UndoError, match=r"is yours cannot be told: .*mode 0600"):
            undo_run.undo(shelf)
        (home / "state" / "key").chmod(0o600)
        assert not undo_run.undo(shelf).lost


def test_a_shelf_that_moved_with_its_pictures_needs_trust(folder: Path, home: Path) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, plan_of(shelf), jobs=0)
    shutil.move(folder, home / "elsewhere")
    with open_shelf(home / "elsewhere/db.shelve", "w") as shelf:
        with pytest.raises(UndoError, match="undo --trust 1"):
            undo_run.undo(shelf)
        assert not undo_run.undo_trusted(shelf, 1, [str(home / "elsewhere")]).lost
    assert (home / "elsewhere" / COPY).exists()


def test_a_folder_that_became_a_link_is_not_followed(folder: Path, home: Path) -> None:
    with open_shelf(folder / "db.shelve", "w") as shelf:
        apply_plan(shelf, plan_of(shelf), jobs=0)
    os.rename(folder / "photos/trip", folder / "photos/trip before")
    (folder / "photos/trip").symlink_to(home / "victim")
    before = all_but_the_clean_up(home)
    with open_shelf(folder / "db.shelve", "w") as shelf:
        result: Any = undo_run.undo(shelf)
    assert [why for _, why in result.lost] == [finishing.NOT_OURS]
    assert all_but_the_clean_up(home) == before


def test_one_file_under_two_names_keeps_one(folder: Path) -> None:
    """A move that was cut short leaves both names; one goes, whichever way it is settled."""
    with open_shelf(folder / "db.shelve", "w") as shelf:
        result = apply_plan(shelf, plan_of(shelf), jobs=0)
        os.link(result.done[0].place, folder / COPY)
        assert not undo_run.undo(shelf).lost
    assert (folder / COPY).exists()
    assert not os.path.exists(result.done[0].place)
