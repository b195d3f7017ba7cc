"""Real files that come, change, move and go, against a plain dict that says what must be there.

After every step `dict(shelf) == model`; runs are killed, the shelf is reopened, checked, searched.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import imageshelf
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.searching.search import search
from imageshelf.shelf import open_shelf
from tests.conftest import ROOT, drawn

CONTENTS = 40
FOLDERS = ("", "a/", "a/b/", "c d/")
STEPS = 60
KILLED = """
import sys
from imageshelf.indexing import batches as pipeline
from imageshelf.indexing.run import Settings, index
pipeline.BATCH_FILES = 3
index(sys.argv[1], sys.argv[2], Settings(jobs=1, allow_vanished=True))
"""


@dataclass
class World:
    """A folder of pictures, what each holds, and the shelf that ought to know."""

    folder: Path
    rnd: random.Random
    contents: list[bytes]
    keys: list[str | None]  # of each content; None for what is no picture
    files: dict[str, int] = field(default_factory=dict)  # name below the folder: content
    clock: int = 1_600_000_000_000_000_000  # so that no two writes have the same time

    @property
    def shelve(self) -> Path:
        return self.folder.parent / "db.shelve"

    def model(self) -> dict[str, list[str]]:
        lists: dict[str, list[str]] = {}
        for name, content in self.files.items():
            key = self.keys[content]
            if key is not None:
                lists.setdefault(key, []).append(f"photos/{name}")
        return {key: sorted(names) for key, names in lists.items()}

    def write(self, name: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files[name] = self.rnd.randrange(len(self.contents))
        for other in list(self.files):  # a hard link changes with it
            if other != name and path.exists() and path.samefile(self.folder / other):
                self.files[other] = self.files[name]
        path.write_bytes(self.contents[self.files[name]])
        self.clock += 1_000_000
        os.utime(path, ns=(self.clock, self.clock))

    def fresh(self) -> str:
        suffix = self.rnd.choice([".jpg", ".JPG", ".png", " copy.jpg"])
        return f"{self.rnd.choice(FOLDERS)}{self.rnd.randrange(10**9)}{suffix}"

    def some(self) -> list[str]:
        names = sorted(self.files)
        return self.rnd.sample(names, min(len(names), self.rnd.randrange(1, 6)))

    # -- steps ----------------------------------------------------------------------------------

    def add(self) -> None:
        for _ in range(self.rnd.randrange(1, 8)):
            self.write(self.fresh())

    def change(self) -> None:
        for name in self.some():
            self.write(name)

    def rename(self) -> None:
        for name in self.some():
            new = self.fresh()
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.folder / name, self.folder / new)
            self.files[new] = self.files.pop(name)

    def swap(self) -> None:
        if len(self.files) > 1:
            one, two = self.rnd.sample(sorted(self.files), 2)
            os.rename(self.folder / one, self.folder / "x")
            os.rename(self.folder / two, self.folder / one)
            os.rename(self.folder / "x", self.folder / two)
            self.files[one], self.files[two] = self.files[two], self.files[one]

    def move_a_folder(self) -> None:
        old, new = f"a/b{self.rnd.randrange(3)}/", f"moved {self.rnd.randrange(10**9)}/"
        self.write(old + "in it.jpg")
        os.rename(self.folder / old, self.folder / new)
        for name in [name for name in self.files if name.startswith(old)]:
            self.files[new + name.removeprefix(old)] = self.files.pop(name)

    def link(self) -> None:
        for name in self.some():
            new = self.fresh()
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            os.link(self.folder / name, self.folder / new)
            self.files[new] = self.files[name]

    def vanish(self) -> None:
        for name in self.some():
            os.unlink(self.folder / name)
            del self.files[name]

    def kill(self) -> None:
        """Kill a run at any moment; what is on the shelf then was or is in the folder."""
        before = self.held()
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(self.folder), str(self.shelve)],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(self.rnd.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = {(key, name) for key, names in self.model().items() for name in names}
        assert self.held() <= before | now

    def search(self) -> None:
        for name in self.some():
            content = self.files[name]
            if self.keys[content] is None:
                continue
            found = {os.path.relpath(match.path, self.folder) for match in
                     search(self.folder / name, self.shelve)}  # fmt: skip
            same = {each for each, other in self.files.items() if other == content}
            assert same <= found

    def rebuild(self) -> None:
        index(self.folder, self.shelve, Settings(jobs=0, rebuild=True))

    # -- the shelf ------------------------------------------------------------------------------

    def held(self) -> set[tuple[str, str]]:
        if not self.shelve.exists():
            return set()
        with open_shelf(self.shelve, "c") as shelf:
            assert shelf.check() == []
            return {(key, name) for key, names in shelf.items() for name in names}

    def settle(self) -> None:
        """Index, and hold the shelf against the model."""
        jobs = self.rnd.choice([0, 0, 0, 2])
        index(self.folder, self.shelve, Settings(jobs=jobs, allow_vanished=True))
        with open_shelf(self.shelve) as shelf:
            assert dict(shelf) == self.model()
            assert shelf.check() == []
        assert os.listdir(self.folder.parent) in (["photos", "db.shelve"], ["db.shelve", "photos"])


STEP_WEIGHTS = {
    World.add: 20, World.change: 12, World.rename: 12, World.swap: 5, World.move_a_folder: 5,
    World.link: 6, World.vanish: 14, World.kill: 3, World.search: 8, World.rebuild: 1,
}  # fmt: skip


def drawn_contents(folder: Path) -> tuple[list[bytes], list[str | None]]:
    """Draw pictures, some of them flat, and add some files that are none."""
    contents: list[bytes] = []
    for seed in range(CONTENTS):
        buffer = io.BytesIO()
        drawn(seed, (60 + seed, 45)).save(buffer, ("JPEG", "PNG", "WEBP")[seed % 3])
        contents.append(buffer.getvalue())
    contents.append(contents[0] + b"the same key, other bytes")
    keys: list[str | None] = []
    for content in contents:
        (folder / "x").write_bytes(content)
        keys.append(imageshelf.key(folder / "x"))
    (folder / "x").unlink()
    broken = [b"", b"no picture", contents[0][: len(contents[0]) // 2], b"%PDF-1.4"]
    return contents + broken, keys + [None] * len(broken)


def live(tmp_path: Path, steps: int, seed: int) -> None:
    print("seed", seed)
    folder = tmp_path / "photos"
    folder.mkdir()
    world = World(folder, random.Random(seed), *drawn_contents(folder))
    world.add()
    world.settle()
    for number in range(steps):
        (step,) = world.rnd.choices(list(STEP_WEIGHTS), list(STEP_WEIGHTS.values()))
        print(number, step.__name__, len(world.files))
        step(world)
        world.settle()


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9 and hard links")
def test_a_shelf_follows_real_files_step_by_step(tmp_path: Path) -> None:
    live(tmp_path, STEPS, seed=1)


@pytest.mark.stress
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9 and hard links")
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_shelf_follows_real_files_over_thousands_of_steps(tmp_path: Path, seed: int) -> None:
    live(tmp_path, 1000, seed)
