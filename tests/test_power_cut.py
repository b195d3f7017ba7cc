"""A power cut at any moment: no shelf is damaged, and no acknowledged batch is lost.

The project's own code fills a shelf, with its own settings and statements, on a simulated disk that
keeps of all un-synced writes whatever it likes (see power.py). The same simulation with SQLite's
looser settings loses and damages shelves: it can fail.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imageshelf.shelf import ShelfError, connections, open_shelf, private_copy
from tests.fixture_shelf import unpack
from tests.shelf_entries import RECIPE, entry, lists_of, skip
from tests.test_stored_shelves import FIXTURES, everything

pytest.importorskip("apsw", reason="simulating a disk needs apsw: pip install apsw")

from tests import power

if TYPE_CHECKING:
    from tests.power import Note

Lists = dict[str, list[str]]
BATCHES = 10
OURS = next(line for line in connections.WRITER if "synchronous" in line)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where a shelf could be, in a folder of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    return str(folder / "db.shelve")


def fill(path: str, notes: list[Note], seed: int = 0) -> list[Lists]:
    """Fill a shelf batch by batch; give the lists after each, noting when each was told."""
    rnd = random.Random(seed)
    pictures: dict[bytes, int] = {}
    states: list[Lists] = [{}]
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        catalogue = shelf.whole_catalogue()
        for batch in range(BATCHES):
            new = {b"%d/%d.jpg" % (batch, n): rnd.randrange(60) for n in range(40)}
            new |= {name: rnd.randrange(60) for name in rnd.sample(sorted(pictures), batch)}
            skips = [skip(b"%d/bad.jpg" % batch)]
            catalogue.add([entry(name, row, batch) for name, row in new.items()], skips)
            pictures |= new
            told(notes, states, pictures)
            if batch % 3 == 2:
                old = rnd.choice(sorted(pictures))
                pictures[b"moved/" + old] = pictures.pop(old)
                catalogue.rename([(old, b"moved/" + old, os.stat(path))])
                told(notes, states, pictures)
                gone = rnd.sample(sorted(pictures), 20)
                catalogue.forget(gone)
                pictures = {name: row for name, row in pictures.items() if name not in gone}
                told(notes, states, pictures)
    return states


def told(notes: list[Note], states: list[Lists], pictures: dict[bytes, int]) -> None:
    notes.append(power.Note("told"))
    states.append(lists_of(pictures))


def cut(path: str, times: int, seed: int, then: Callable[[], None] = lambda: None) -> Counter[str]:
    """Cut the power at so many moments of one run; count what became of the shelf.

    `then` is called between the run and the first cut.
    """
    with power.recording(os.path.dirname(path)) as notes:
        states = fill(path, notes)
    print(f"seed {seed}; {len(notes)} operations of the disk, {len(states) - 1} transactions")
    then()
    rnd = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(times):
        moment = rnd.randrange(len(notes) + 1)
        done = sum(note.what == "told" for note in notes[:moment])
        files = power.Disk(notes[:moment]).after_cut(rnd)
        if rnd.random() < 0.3:  # and again, while the first user recovers it
            files = cut_during_recovery(path, files, rnd)
        power.clear(os.path.dirname(path))
        power.write_out(files)
        found[verdict(path, states[done : done + 2])] += 1
    return found


def cut_during_recovery(path: str, files: dict[str, bytes], rnd: random.Random) -> dict[str, bytes]:
    power.clear(os.path.dirname(path))
    power.write_out(files)
    with power.recording(os.path.dirname(path)) as notes:
        try:
            open_shelf(path, "c").close()
        except Exception:  # noqa: BLE001 - looser settings may damage it: judged later
            return files
    return power.Disk(notes[: rnd.randrange(len(notes) + 1)], files).after_cut(rnd)


def verdict(path: str, allowed: list[Lists]) -> str:
    """Open the shelf as the next run would: "whole", "lost", "corrupt" or "litter".

    "unborn" is a file that got its first bytes, as garbage, when the power went: nothing was on it.
    """
    if not os.path.exists(path):
        return "whole" if {} in allowed else "lost"
    try:
        with open_shelf(path, "c") as shelf:
            shelf.adopt(RECIPE)
            if shelf.check():
                return "corrupt"
            lists = dict(shelf)
    except ShelfError as exc:
        return "unborn" if {} in allowed and "is not a shelf" in str(exc) else "corrupt"
    if os.listdir(os.path.dirname(path)) != [os.path.basename(path)]:
        return "litter"
    return "whole" if lists in allowed else "lost"


def harmless(found: Counter[str]) -> int:
    print(dict(found))
    return found["whole"] + found["unborn"]


def test_a_power_cut_neither_damages_a_shelf_nor_loses_a_batch(path: str) -> None:
    assert harmless(cut(path, times=60, seed=1)) == 60


@pytest.mark.stress
def test_six_hundred_power_cuts_neither_damage_a_shelf_nor_lose_a_batch(path: str) -> None:
    assert harmless(cut(path, times=600, seed=2)) == 600


@pytest.mark.parametrize(
    ("setting", "harm"), [("FULL", "lost"), ("NORMAL", "lost"), ("OFF", "corrupt")]
)
def test_looser_settings_would_not_hold(
    path: str, monkeypatch: pytest.MonkeyPatch, setting: str, harm: str
) -> None:
    looser = [line.replace("EXTRA", setting) for line in connections.WRITER]
    assert looser != list(connections.WRITER)
    monkeypatch.setattr(connections, "WRITER", looser)
    found = cut(path, times=60, seed=1)
    print(setting, dict(found))
    assert found[harm] > 3


@pytest.fixture
def another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, no shelf made before is ours: all is mended by way of a copy."""
    return lambda: monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "another"))


def test_whoever_mends_it_by_way_of_a_copy_loses_nothing(
    path: str, another_user: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = []
    real = private_copy.carry_over

    def carry_over(copy: private_copy.Copy) -> None:
        carried.append(copy.path)
        real(copy)

    monkeypatch.setattr(private_copy, "carry_over", carry_over)
    assert harmless(cut(path, times=40, seed=3, then=another_user)) == 40
    assert len(carried) > 5


@pytest.mark.stress
def test_six_hundred_power_cuts_mended_by_way_of_a_copy(
    path: str, another_user: Callable[[], None]
) -> None:
    assert harmless(cut(path, times=600, seed=4, then=another_user)) == 600


def migrations(path: str, times: int, seed: int, then: Callable[[], None]) -> Counter[int]:
    """Cut the power while a shelf of version 1 is migrated; count the versions after."""
    unpack(FIXTURES / "schema_1", Path(path).parent)
    before, rows = Path(path).read_bytes(), everything(Path(path))
    with power.recording(os.path.dirname(path)) as notes:
        open_shelf(path, "w").close()
    print(f"seed {seed}; {len(notes)} operations of the disk")
    then()
    rnd = random.Random(seed)
    found: Counter[int] = Counter()
    for number in range(times):
        moment = number % (len(notes) + 1)
        files = power.Disk(notes[:moment], {path: before}).after_cut(rnd)
        if rnd.random() < 0.3:
            for name in (path, f"{path}-journal"):
                Path(name).unlink(missing_ok=True)
            power.write_out(files)
            with power.recording(os.path.dirname(path)) as mending:
                open_shelf(path, "w").close()
            files = power.Disk(mending[: rnd.randrange(len(mending) + 1)], files).after_cut(rnd)
        for name in (path, f"{path}-journal"):
            Path(name).unlink(missing_ok=True)
        power.write_out(files)
        for flag in "rw":
            with open_shelf(path, flag) as shelf:
                assert shelf.check() == []
                found[shelf._db.version] += flag == "r"
        assert everything(Path(path)) == rows
    return found


def test_a_power_cut_in_a_migration_leaves_the_old_shelf_or_the_new(path: str) -> None:
    found = migrations(path, times=40, seed=1, then=lambda: None)
    assert found[1] > 0 < found[2]


@pytest.mark.stress
def test_three_hundred_power_cuts_in_a_migration(
    path: str, another_user: Callable[[], None]
) -> None:
    found = migrations(path, times=300, seed=2, then=lambda: None)
    found += migrations(path, times=300, seed=3, then=another_user)
    print(dict(found))
    assert found.total() == 600


def test_the_settings_are_those_of_the_design() -> None:
    assert OURS == "PRAGMA synchronous = EXTRA"
