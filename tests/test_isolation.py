"""A decoder that goes wrong costs its own file: within a run, and from one run to the next."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from imageshelf.indexing.comparison import RETRY, SKIPPED
from imageshelf.indexing.counts import Summary
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.indexing.suspects import FILES_PER_ROUND, REASON, SuspectList
from imageshelf.pictures import recipe
from imageshelf.shelf import open_shelf
from tests.conftest import ROOT, drawn
from tests.odd_decoders import examine_or_misbehave

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")
BAD = {  # name of a file whose decoder does that: what the user is told
    "segfault": "the decoder crashed (signal 11: segmentation fault)",
    "null": "the decoder crashed (signal 11: segmentation fault)",
    "abort": "the decoder crashed (signal 6: aborted)",
    "exit": "the decoder ended its process (exit status 3)",
    "exit well": "the decoder ended its process (exit status 0)",
    "loop": "took longer than 2 s",
    "loop in C": "took longer than 2 s",
    "eat": "needs more memory than 300 MB",
    "killed": "was killed (signal 9), most likely for want of memory",
    "raise": "internal error: ValueError: odd value",
    "leave": "internal error: SystemExit: 3",
}


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files named after a behaviour make their decoder do it."""
    monkeypatch.setattr("imageshelf.indexing.run.WORK", examine_or_misbehave)


def tiny(folder: Path, count: int) -> None:
    """Draw so many good pictures; ten contents, so that drawing is quick."""
    folder.mkdir(exist_ok=True)
    contents = []
    for seed in range(10):
        drawn(seed, (32, 24)).save(folder / "x.png")
        contents.append((folder / "x.png").read_bytes())
    (folder / "x.png").unlink()
    for number in range(count):
        (folder / f"good {number:05}.png").write_bytes(contents[number % 10])


def held(shelve: Path) -> list[str]:
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return sorted(os.path.basename(name) for names in shelf.values() for name in names)


def good(names: list[str]) -> int:
    return sum(name.startswith("good") for name in names)


def isolated(tmp_path: Path, count: int) -> None:
    tiny(tmp_path / "photos", count)
    for at, behaviour in enumerate(BAD):  # among the good ones, not after them
        (tmp_path / "photos" / "x").mkdir(exist_ok=True)
        place = tmp_path / "photos" if at % 2 else tmp_path / "photos" / "x"
        drawn(at).save(place / f"{behaviour}.png")
    settings = Settings(time_limit_s=2.0, memory_limit_mb=300)
    found = index(tmp_path / "photos", tmp_path / "db.shelve", settings)
    told = {Path(skip.path).stem: skip.reason for skip in found.skips}
    assert told == BAD
    assert found.new == count
    names = held(tmp_path / "db.shelve")
    assert len(names) == good(names) == count


@posix
@pytest.mark.usefixtures("misbehaving")
def test_every_good_file_arrives_beside_decoders_that_go_wrong(tmp_path: Path) -> None:
    isolated(tmp_path, 300)


@posix
@pytest.mark.stress
@pytest.mark.usefixtures("misbehaving")
def test_three_thousand_good_files_arrive_beside_decoders_that_go_wrong(tmp_path: Path) -> None:
    isolated(tmp_path, 3000)


@posix
@pytest.mark.stress
@pytest.mark.usefixtures("misbehaving")
def test_the_cost_of_a_decoder_that_goes_wrong_is_told(tmp_path: Path) -> None:
    def seconds(behaviour: str) -> float:
        folder = tmp_path / f"{behaviour} {len(list(tmp_path.iterdir()))}"
        tiny(folder, 600)
        if behaviour:
            drawn(1).save(folder / f"{behaviour}.png")
        begun = time.perf_counter()
        found = index(folder, f"{folder}.shelve", Settings(time_limit_s=2.0, memory_limit_mb=300))
        took = time.perf_counter() - begun
        assert (found.new, len(found.skips)) == (600, int(bool(behaviour)))
        return took

    for behaviour in BAD:
        pairs = [(seconds(""), seconds(behaviour)) for _ in range(5)]
        without, with_it = (statistics.median(some) for some in zip(*pairs, strict=True))
        print(f"{behaviour}: {with_it - without:.2f} s beyond {without:.2f} s")


@posix
@pytest.mark.usefixtures("misbehaving")
def test_a_crash_is_remembered_and_a_want_of_time_is_not(tmp_path: Path) -> None:
    tiny(tmp_path / "photos", 3)
    for behaviour in ("segfault", "sleep"):
        drawn(1).save(tmp_path / "photos" / f"{behaviour}.png")
    settings = Settings(time_limit_s=1.0, jobs=1)
    index(tmp_path / "photos", tmp_path / "db.shelve", settings)
    with open_shelf(tmp_path / "db.shelve") as shelf:
        states = {
            Path(os.fsdecode(name)).stem: state
            for page in shelf.whole_catalogue().known(b"photos/", recipe.decoders())
            for name, *_, state in page
        }
    assert states["segfault"] == SKIPPED
    assert states["sleep"] == RETRY
    found = index(tmp_path / "photos", tmp_path / "db.shelve", settings)
    assert sorted(Path(skip.path).stem for skip in found.skips) == ["segfault", "sleep"]


# -- a run that dies together with a file ---------------------------------------------------------

RUN = """
import sys
from imageshelf.indexing import run as indexing
from imageshelf.indexing.run import Settings, index
from imageshelf.indexing.counts import Summary
from tests.odd_decoders import examine_or_misbehave
indexing.WORK = examine_or_misbehave
index(sys.argv[1], sys.argv[2], Settings(jobs=0, time_limit_s=0.1))
"""


def unprotected(tmp_path: Path) -> int:
    """Index in one process, which a decoder that crashes takes along; give its status."""
    return subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "photos"), str(tmp_path / "db.shelve")],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """400 good files, in the middle of which lies one that ends the run."""
    tiny(tmp_path / "photos", 400)
    drawn(1).save(tmp_path / "photos" / "good 00200 .png")
    os.rename(tmp_path / "photos" / "good 00200 .png", tmp_path / "photos" / "segfault.png")
    os.rename(tmp_path / "photos" / "good 00399.png", tmp_path / "photos" / "zgood 00399.png")
    return tmp_path


@posix
def test_a_file_that_ends_the_run_is_found_out_and_left_alone(deadly: Path) -> None:
    shelve = deadly / "db.shelve"
    assert unprotected(deadly) == -signal.SIGSEGV
    assert unprotected(deadly) == -signal.SIGSEGV  # careful: a few names are on the list
    with open_shelf(shelve) as shelf:
        suspects = shelf.whole_catalogue().suspects()
    assert b"photos/segfault.png" in suspects
    assert len(suspects) <= FILES_PER_ROUND
    assert unprotected(deadly) == -signal.SIGSEGV  # last and alone: all others are on the shelf
    assert len(held(shelve)) >= 400 - FILES_PER_ROUND
    with open_shelf(shelve) as shelf:
        assert set(shelf.whole_catalogue().suspects()) == {b"photos/segfault.png"}
    blame(shelve)
    assert unprotected(deadly) == 0
    assert len(held(shelve)) == 400
    found = index(deadly / "photos", shelve)
    assert [skip.reason for skip in found.skips] == [REASON]
    with open_shelf(shelve) as shelf:
        assert shelf.whole_catalogue().suspects() == {}
    again = index(deadly / "photos", shelve, Settings(retry_skipped=True))
    assert again.new == 1  # by today's decoder it is a picture


def blame(shelve: Path) -> None:
    """Let the time pass in which another run might still be reading the suspects."""
    with open_shelf(shelve, "w") as shelf:
        shelf._db.write("UPDATE suspect SET since_ns = since_ns - 1000000000000")


@posix
def test_nobody_is_blamed_while_another_run_may_be_reading(deadly: Path) -> None:
    for _ in range(3):
        assert unprotected(deadly) == -signal.SIGSEGV
    found = index(deadly / "photos", deadly / "db.shelve")  # protected, and at once
    assert found.skips == []
    assert len(held(deadly / "db.shelve")) == 401


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_only_a_run_that_did_not_end_in_order_makes_the_next_one_careful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tiny(tmp_path / "photos", 30)
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve)
    (tmp_path / "photos" / "sleep.png").write_bytes(b"x")
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "photos"), str(shelve)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        with open_shelf(shelve) as shelf:
            if shelf.whole_catalogue().meta("identified") == "no":
                break
    process.send_signal(getattr(signal, name))
    process.wait()
    (tmp_path / "photos" / "sleep.png").unlink()
    assert careful(tmp_path, monkeypatch) == [name == "SIGKILL"]
    assert careful(tmp_path, monkeypatch) == [False]


def careful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Add a picture and index; tell whether the run was careful."""
    seen: list[bool] = []
    begin = SuspectList.__init__

    def spied(self: SuspectList, *arguments: Any, careful: bool) -> None:
        seen.append(careful)
        begin(self, *arguments, careful=careful)

    with monkeypatch.context() as patch:
        patch.setattr(SuspectList, "__init__", spied)
        new = len(os.listdir(tmp_path / "photos"))
        drawn(1000 + new, (32, 24)).save(tmp_path / "photos" / f"good {new:05}.png")
        done: Summary = index(tmp_path / "photos", tmp_path / "db.shelve")
    assert done.new == 1
    return seen


@posix
def test_a_careful_run_costs_no_file(tmp_path: Path) -> None:
    tiny(tmp_path / "photos", 700)
    shelve = tmp_path / "db.shelve"
    index(tmp_path / "photos", shelve, Settings(exclude=("good 001*",)))
    with open_shelf(shelve, "w") as shelf:
        shelf.whole_catalogue().set_meta("identified", "no")
        shelf.whole_catalogue().set_suspects([b"photos/good 00150.png", b"photos/vanished.png"])
    assert index(tmp_path / "photos", shelve).new == 100
    assert len(held(shelve)) == 700
    with open_shelf(shelve) as shelf:
        assert shelf.whole_catalogue().suspects() == {}
