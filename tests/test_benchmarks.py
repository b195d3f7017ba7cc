"""The benchmarks run, and measure what they say: on three small pictures, in no hurry."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import re
import shelve
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imageshelf.demo.scenes import snapshot

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCHMARKS = os.path.join(ROOT, "tests", "benchmarks")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small pictures, one of them in a folder below."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "below").mkdir()
    for n, name in enumerate(("one.jpg", "two.jpg", "below/three.jpg")):
        snapshot(n, (500, 375)).save(folder / name, quality=85)
    return folder


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a benchmark by its name."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda name: importlib.import_module(f"tests.benchmarks.{name}")


def output(script: str, *arguments: object) -> str:
    command = [sys.executable, os.path.join(BENCHMARKS, script), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return done.stdout


def test_the_naive_pair_shelves_each_picture_under_its_hash(pictures: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "naive.shelve"
    assert output("naive.py", "-d", pictures, "-s", shelf) == "3 pictures\n"
    with shelve.open(str(shelf), "r") as db:
        assert all(re.fullmatch("[0-9a-f]{16}", key) for key in db)
        assert sorted(name for names in db.values() for name in names) == [
            "one.jpg",
            "three.jpg",
            "two.jpg",
        ]


def test_the_floor_decodes_each_picture_at_a_quarter(pictures: Path) -> None:
    if importlib.util.find_spec("simplejpeg") is None:
        pytest.skip("simplejpeg is not installed (tests/benchmarks/requirements.txt)")
    samples = 3 * 125 * 94  # 500 x 375 at 1/4, rounded up; at 1/8 it would be less than 72 wide
    assert output("floor.py", "-d", pictures, "-j", 1) == f"3 pictures, {samples} samples\n"


def test_the_bare_scan_counts_every_file_and_its_bytes(pictures: Path) -> None:
    size_bytes = sum(path.stat().st_size for path in pictures.rglob("*.jpg"))
    assert output("bare_scan.py", pictures) == f"3 files, {size_bytes} bytes\n"


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 is a POSIX call")
def test_a_measured_process_costs_time_and_memory_and_its_failure_is_told(module: Any) -> None:
    speed = module("speed")
    run = speed.measure([sys.executable, "-c", "sum(range(10**6))"])
    assert run.cpu_s > 0
    assert run.wall_s > 0
    assert 1e6 < run.peak_bytes < 1e9
    with pytest.raises(RuntimeError, match="on purpose"):
        speed.measure([sys.executable, "-c", "raise SystemExit('on purpose')"])


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [(1.0, 7.0, "7.00 x faster"), (2.1, 2.0, "1.05 x its time"), (1.0, 1.0, "1.00 x its time")],
)
def test_a_comparison_reads_as_a_sentence(
    module: Any, ours: float, theirs: float, words: str
) -> None:
    assert module("speed").compared(ours, theirs) == words


def test_drawn_fingerprints_fall_like_photographs(module: Any) -> None:
    drawn = module("drawn")
    rate = drawn.near_rate(drawn.fingerprints(4000, seed=3).row)
    assert 1.5e-4 < rate < 3.5e-4  # photographs: 2.4 in 10,000


def test_drawn_fingerprints_are_the_same_for_the_same_seed_only(module: Any) -> None:
    drawn = module("drawn")
    first, again, other = (pickle.dumps(drawn.fingerprints(50, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_drawing_again_keeps_what_is_there(module: Any, tmp_path: Path) -> None:
    drawn = module("drawn")
    paths = drawn.draw(str(tmp_path), 2, (96, 72), jobs=1)
    before = [os.stat(path).st_mtime_ns for path in paths]
    assert drawn.draw(str(tmp_path), 2, (96, 72), jobs=1) == paths
    assert [os.stat(path).st_mtime_ns for path in paths] == before


def test_every_edit_makes_another_readable_file_and_the_same_one_again(
    module: Any, tmp_path: Path
) -> None:
    edits = module("edits")
    image = snapshot(5, (200, 150))
    for group, pairs in edits.EDITS.items():
        for name, edit in pairs:
            made = edits.finished(edit(image, np.random.default_rng(1)))
            assert made == edits.finished(edit(image, np.random.default_rng(1))), (group, name)
            path = tmp_path / f"copy.{made.suffix}"
            path.write_bytes(made.data)
            with Image.open(path) as copy:
                copy.load()
                assert min(copy.size) >= 18, (group, name)


def test_edits_have_names_of_their_own(module: Any) -> None:
    names = [name for pairs in module("edits").EDITS.values() for name, _ in pairs]
    assert len(names) == len(set(names)) >= 88


def test_hard_negatives_are_different_pictures(module: Any, tmp_path: Path) -> None:
    paths = module("negatives").draw(str(tmp_path), 12)
    contents = set()
    for path in paths:
        with Image.open(path) as picture:
            contents.add(picture.tobytes())
    assert len(contents) == 12


def test_the_tally_counts_what_was_found_and_what_should_not_have_been(module: Any) -> None:
    accuracy = module("accuracy")
    hard = os.path.join(os.sep, "negatives")
    queries = [accuracy.Query(f"/q{n}", f"/o{n}", "light", "logo") for n in range(3)]
    found = {"/q0": ["/o0"], "/q1": ["/o2", "/o1", os.path.join(hard, "sky.jpg")]}
    result = accuracy.tally(queries, found, hard)
    assert dict(result.found) == {("light", "logo"): [True, True, False]}
    assert (result.false_photographs, result.false_negatives, result.first_right) == (1, 1, 1)


def test_tiny_files_are_files_of_their_own_in_folders(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = module("files")
    monkeypatch.setattr(files, "TINY_COUNT", 40)
    monkeypatch.setattr(files, "FOLDER_COUNT", 20)
    folder = files.tiny_files(str(tmp_path))
    assert [len(os.listdir(os.path.join(folder, below))) for below in ("000", "001")] == [20, 20]
    inodes = {
        entry.inode() for below in ("000", "001") for entry in os.scandir(f"{folder}/{below}")
    }
    assert len(inodes) == 40
    assert files.tiny_files(str(tmp_path)) == folder


def test_small_files_are_cut_from_the_pictures_given(
    module: Any, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = module("files")
    monkeypatch.setattr(files, "SMALL_COUNT", 5)
    files.cut(files.jpegs(str(pictures)), str(tmp_path))
    contents = [(tmp_path / name).read_bytes() for name in sorted(os.listdir(tmp_path))]
    assert len(set(contents)) == 5
    with Image.open(tmp_path / "small-0004.jpg") as picture:
        assert picture.size == (500, 375)


def test_progressive_pictures_are_compared_with_a_scaled_decode(tmp_path: Path) -> None:
    for n, sampling in enumerate(("4:2:0", "4:4:4")):
        picture = snapshot(n, (640, 520))
        picture.save(tmp_path / f"{n}.jpg", quality=85, subsampling=sampling)
    table = output("progressive.py", tmp_path, "--runs", 1).splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == ["4:2:0", "4:4:4", "all"]


def test_formats_are_compared_with_a_plain_decode(pictures: Path) -> None:
    wanted = ("--runs", 1, "--format", "PNG", "GIF")
    table = output("formats.py", pictures, *wanted).splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == ["PNG", "GIF"]


def test_cold_searches_are_compared_with_bare_imports(tmp_path: Path) -> None:
    table = output("cold.py", "--count", 20, "--runs", 1, "--cache", tmp_path).splitlines()
    assert [line.split("|")[1].strip() for line in table[2:5]] == [
        "import numpy, PIL.Image",
        "import imagehash, sqlite3, argparse",
        "search.py, 20",
    ]
