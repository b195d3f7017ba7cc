"""The benchmarks run, and measure what they say: on three small pictures, in no hurry."""

from __future__ import annotations

import argparse
import builtins
import importlib
import importlib.util
import itertools
import json
import mmap
import os
import pickle
import re
import shelve
import shutil
import subprocess
import sys
import time
import types
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image, ImageOps

from imageshelf.indexing import batches
from tests.scenes.drawing import snapshot

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCHMARKS = os.path.join(ROOT, "tests", "benchmarks")
pytestmark = pytest.mark.benchmarks


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


def test_the_parts_of_a_workers_time_are_a_table(pictures: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("simplejpeg") is None:
        pytest.skip("simplejpeg is not installed (tests/benchmarks/requirements.txt)")
    wanted = ["--photos", pictures, "--count", 5, "--runs", 1, "--cache", tmp_path]
    head, _, *rows = output("worker_parts.py", *wanted).splitlines()
    assert head == "| part | CPU ms a file | more than the line above |"
    assert [row.split(" | ")[0].removeprefix("| ")[:5] for row in rows] == [
        "floor", "opene", "and d", "and m", "and v", "and t"
    ]  # fmt: skip
    assert all(float(row.split(" | ")[1]) > 0 for row in rows)


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


@pytest.mark.parametrize(
    ("output", "count"),
    [
        ("3 pictures\n", 3),
        ("3 pictures, 35250 samples\n", 3),
        ("1,001 pictures seen: 1,000 new, 1 skipped\n1,000 pictures on the shelf\n", 1000),
        ("nothing to see\n", 0),
    ],
)
def test_what_was_hashed_is_read_from_what_is_printed(module: Any, output: str, count: int) -> None:
    assert module("speed").printed("", output) == count


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 is a POSIX call")
def test_a_run_that_left_pictures_out_does_not_count(module: Any) -> None:
    speed = module("speed")
    command = speed.Command("lazy", lambda _: [sys.executable, "-c", "print('2 pictures')"])
    assert speed.attempt(command, 2).wall_s > 0
    with pytest.raises(RuntimeError, match="lazy: 2 of 3 pictures hashed"):
        speed.attempt(command, 3)


def test_figures_stand_to_the_right_in_a_table(module: Any) -> None:
    lines = module("speed").markdown(("program", "wall s", "peak MB"), [["ours", "0.5", "47"]])
    assert lines.splitlines() == [
        "| program | wall s | peak MB |",
        "|---|---:|---:|",
        "| ours | 0.5 | 47 |",
    ]


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


def test_every_repost_makes_another_picture_in_either_drawing(module: Any) -> None:
    reposts, edits = module("reposts"), module("edits")
    image = snapshot(5, (200, 150))
    for group, pairs in reposts.FAMILIES.items():
        for name, edit in pairs:
            made = [
                edits.finished(edit(image, np.random.default_rng(1), drawing))
                for drawing in (1, 1, 2)
            ]
            assert made[0] == made[1], (group, name)
            if "inverted" not in name or "smaller" in name:
                assert made[0] != made[2], (group, name)


def test_families_have_names_of_their_own_and_are_sixty_at_least(module: Any) -> None:
    every = module("families").families(())
    assert len(every) == len(set(every)) >= 60


def test_what_is_found_of_each_family_is_asked_through_the_command_line(
    module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--originals", "4", "--edited", "2", "--folder", str(tmp_path)]
    groups = ["--groups", "inverted", "vignette, light leak"]
    assert module("families").main([*options, *groups, "--drawing", "2"]) == 0
    printed = capsys.readouterr().out
    assert "drawing 2: 12 copies in 6 families of 2 originals (0 photographs), among 4" in printed
    (line,) = [line for line in printed.splitlines() if line.startswith("| inverted: inverted |")]
    cells = [cell.strip() for cell in line.split("|")[2:-1]]
    assert cells == ["2", "100.0%", "0.0%", "100.0%", "0.0%", "0", "0", "0"]


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
    scene = os.path.join(os.sep, "originals", "drawn", "7.jpg")
    queries = [accuracy.Query(f"/q{n}", f"/o{n}", "light", "logo") for n in range(3)]
    found = {"/q0": ["/o0", scene], "/q1": ["/o2", "/o1", os.path.join(hard, "sky.jpg")]}
    result = accuracy.tally(queries, found, hard)
    assert dict(result.found) == {("light", "logo"): [True, True, False]}
    assert (result.false(drawn=False), result.false(drawn=True)) == (1, 1)
    assert (result.false_negatives, result.first_right) == (1, 1)
    lines = "\n".join(accuracy.false_table(result, 3, 4))
    assert "1 among the 3 photographs and pieces, 1 with drawn scenes; in 9 pairs" in lines


def test_hard_negatives_that_match_one_another_are_counted_by_kind(module: Any) -> None:
    names = [f"/{n:04}-{kind}.jpg" for n, kind in enumerate(("sky", "document", "document"))]
    found = {names[1]: names[1:], names[2]: names[2:]}
    lines = "\n".join(module("accuracy").alike(found, names))
    assert "0.3333 false matches a query" in lines
    assert "sky 0.00, document 0.50" in lines


def test_methods_stand_side_by_side(module: Any) -> None:
    accuracy = module("accuracy")
    queries = [accuracy.Query(f"/q{n}", f"/o{n}", "light", "logo") for n in range(4)]
    result = accuracy.tally(queries, {"/q0": ["/o0"], "/q1": ["/o1", "/o2"]}, "/negatives")
    *_, line = accuracy.side_by_side({"ours": result})
    assert line == "| ours | 50.0% | 50.0% | 1 | 0 | 0 |"


@pytest.mark.parametrize(
    ("photographs", "pieces", "rest", "count", "edited"),
    [
        ("ab", "", "xyz", 4, "abxy"),
        ("ab", "cdefgh", "xyz", 5, "abceg"),
        ("ab", "cd", "xyz", 6, "abcdxy"),
        ("abcd", "ef", "x", 3, "abc"),
    ],
)
def test_photographs_are_edited_first_then_pieces_of_all_of_them(
    module: Any, photographs: str, pieces: str, rest: str, count: int, edited: str
) -> None:
    assert "".join(module("collection").chosen(photographs, pieces, rest, count)) == edited


def test_pieces_do_not_overlap_and_flat_ones_are_left_out(module: Any, tmp_path: Path) -> None:
    picture = snapshot(3, (480, 360))
    picture.paste((90, 90, 90), (0, 0, 120, 120))
    picture.save(tmp_path / "one.png")
    pieces = module("collection").cut([str(tmp_path / "one.png")], str(tmp_path / "pieces"), 99)
    assert "00000-00.jpg" not in {os.path.basename(path) for path in pieces}
    assert 8 <= len(pieces) <= 11
    assert sorted(pieces) == sorted(map(str, (tmp_path / "pieces").iterdir()))
    for path in pieces:
        n = int(path[-6:-4])
        left, top = n % 4 * 120, n // 4 * 120
        with Image.open(path) as piece:
            same = np.asarray(picture.crop((left, top, left + 120, top + 120)), int)
            assert np.abs(np.asarray(piece) - same).mean() < 12


def test_other_methods_find_the_nearest_first(module: Any) -> None:
    baselines = module("baselines")
    shelf = {"/far": [b"\xff\xff"], "/near": [b"\x01\x00"], "/same": [b"\x00\x00"], "/none": []}
    asked = {"/query": [b"\xff\x00", b"\x00\x00"], "/unclear": []}
    assert baselines.near(shelf, asked, 4) == {"/query": ["/same", "/near"]}


def test_other_methods_find_a_turned_copy_where_they_are_given_all_orientations(
    module: Any, tmp_path: Path
) -> None:
    baselines = module("baselines")
    original, copy = str(tmp_path / "original.png"), str(tmp_path / "copy.png")
    snapshot(4, (240, 240)).save(original)
    with Image.open(original) as picture:
        picture.transpose(Image.Transpose.ROTATE_90).save(copy)
    methods, _ = baselines.installed()
    for method, found in baselines.found([original], [copy], methods):
        assert found.get(copy, []) == ([] if "upright" in method.name else [original]), method.name


def test_an_index_without_views_has_the_same_keys_and_no_further_view(
    pictures: Path, tmp_path: Path
) -> None:
    from imageshelf import index, open_shelf

    bordered = ImageOps.expand(snapshot(9, (300, 200)), 40, "white")
    (tmp_path / "set").mkdir()
    bordered.save(tmp_path / "set" / "bordered.png")
    for path in pictures.glob("*.jpg"):
        (tmp_path / "set" / path.name).write_bytes(path.read_bytes())
    bare, whole = tmp_path / "bare.shelve", tmp_path / "whole.shelve"
    output("bare_index.py", "-d", tmp_path / "set", "-s", bare, "-j", 1)
    index(str(tmp_path / "set"), str(whole))
    with open_shelf(str(bare)) as one, open_shelf(str(whole)) as other:
        assert dict(one) == dict(other)
        mine, theirs = one.whole_catalogue(), other.whole_catalogue()
        assert mine.hashes("centre").row.tolist() == theirs.hashes("whole").row.tolist()
        assert len(mine.hashes("trimmed").ids) == 0 < len(theirs.hashes("trimmed").ids)


def test_the_workers_of_an_index_without_views_look_for_no_borders(
    tmp_path: Path, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imageshelf.indexing import batches
    from imageshelf.indexing import run as indexing
    from imageshelf.pictures import borders, images
    from imageshelf.pictures.tasks import Picture, Task

    changed: list[tuple[Any, str]] = [(indexing, "WORK"), (indexing.Indexing, "batches")]
    for place, name in (*changed, (batches, "_hashed"), (borders, "without_borders")):
        monkeypatch.setattr(place, name, getattr(place, name))  # and put back at the end
    module("bare_index").main(["-d", str(tmp_path), "-s", str(tmp_path / "db.shelve"), "-q"])
    bordered = ImageOps.expand(snapshot(9, (300, 200)), 40, "white")
    bordered.save(tmp_path / "bordered.png")
    task = Task(str(tmp_path / "bordered.png"))
    work: Any = indexing.WORK
    before, now = images.examine(task), work(task)
    assert isinstance(before, Picture)
    assert before.trimmed is not None
    assert now.trimmed is None


def test_one_query_and_a_batch_are_measured(pictures: Path, tmp_path: Path, module: Any) -> None:
    query = module("query")
    first, second = query.one_query(2000, 3)
    assert first.startswith("2,000 pictures, 21 comparisons of each, 3 queries, ")
    assert re.fullmatch(r"one query: [\d.]+ ms", second)
    args = argparse.Namespace(batch=2, on=5, runs=1, photos=str(pictures), cache=str(tmp_path))
    (lines,) = query.batch(args, "camera")
    assert "2 camera JPEGs on 5 | start-up and decoding" in lines


def test_tiny_files_are_different_pictures_in_folders(module: Any, tmp_path: Path) -> None:
    files = module("files")
    folder = Path(files.tiny_files(str(tmp_path), 1020))
    counts = [len(os.listdir(folder / below)) for below in ("0000", "0001")]
    assert counts == [1000, 20]
    assert len({path.read_bytes() for path in folder.rglob("*.jpg")}) == 1020
    assert files.tiny_files(str(tmp_path), 1020) == str(folder)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 is a POSIX call")
def test_a_second_run_is_timed_beside_a_bare_scan(tmp_path: Path) -> None:
    wanted = ("--scenario", "rerun", "--tiny", 30, 40, "--runs", 1, "--cache", tmp_path)
    lines = output("speed.py", *wanted).splitlines()
    rows = [line for line in lines[-6:] if " unchanged | " in line]
    assert [row.split(" | ")[:2] for row in rows] == [
        [f"| {count} unchanged", program]
        for count in (30, 40)
        for program in ("index.py again", "bare scan")
    ]


def test_small_files_are_cut_from_the_pictures_given(
    module: Any, pictures: Path, tmp_path: Path
) -> None:
    files = module("files")
    sources = files.jpegs(str(pictures))
    count = 50 * len(sources)  # more of each than seven rows of seven
    files.cut(sources, str(tmp_path), count)
    contents = [(tmp_path / name).read_bytes() for name in sorted(os.listdir(tmp_path))]
    assert len(set(contents)) == count
    with Image.open(tmp_path / "small-0004.jpg") as picture:
        assert picture.size == (500, 375)


def test_more_camera_files_than_were_given_are_different_pictures(
    module: Any, pictures: Path, tmp_path: Path
) -> None:
    files = module("files")
    given = files.jpegs(str(pictures))
    files.vary(given, str(tmp_path), 9 * len(given))
    made = sorted((tmp_path / "000").iterdir())
    assert [path.read_bytes() for path in made[: len(given)]] == [
        Path(path).read_bytes() for path in given
    ]
    assert len({path.read_bytes() for path in made}) == 9 * len(given)
    first, turned, cut = (made[n * len(given)] for n in (0, 5, 8))
    with Image.open(first) as one, Image.open(turned) as other, Image.open(cut) as last:
        assert one.size == other.size[::-1]
        assert last.size == tuple(side - files.SHIFT for side in one.size)
        tables = [getattr(picture, "quantization", None) for picture in (one, other)]
        assert tables[0] == tables[1] is not None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_decode_is_told_for_every_format() -> None:
    lines = output("pixel_memory.py", "--million", "0.25").splitlines()
    assert len(lines) == 15
    assert all(len(line[18:].split()) == 3 for line in lines)


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_the_page_is_opened_and_timed(
    module: Any, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    monkeypatch.setattr(sys, "argv", ["page.py", str(pictures), "--groups", "4", "--runs", "1"])
    assert module("page").main() == 0
    told = capsys.readouterr().out
    assert "4 groups, 8 pictures, 3 different" in told
    assert re.search(r"first view: median [\d,]+ ms", told)


def test_a_merge_is_timed_and_finds_everything_known_the_second_time(tmp_path: Path) -> None:
    told = output("merging.py", 400, tmp_path).splitlines()
    assert told[0].startswith("merged: 200 new, 0 known, of 400 now: ")
    assert told[1].startswith("merged again: 0 new, 200 known, of 400 now: ")


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


def test_cost_by_size_is_a_table_and_a_plot_and_is_not_measured_twice(
    tmp_path: Path, module: Any
) -> None:
    growth, svg, results = module("growth"), tmp_path / "growth.svg", tmp_path / "results.json"
    kept = ("--results", results, "--svg", svg)
    output("growth.py", "--sizes", 30, *kept)
    wanted = ("--sizes", 30, 60, "--parts", "near", "query", *kept)
    table = output("growth.py", *wanted).splitlines()
    assert table[0] == "| CPU time; memory, file | 30 | 60 | exponent |"
    names = [row.name for row in growth.ROWS]
    assert [line.split("|")[1].strip() for line in table[2:]] == names
    plot = ET.parse(svg)
    texts = {"".join(text.itertext()) for text in plot.iter("{http://www.w3.org/2000/svg}text")}
    assert texts > set(names)
    results.write_text(results.read_text().replace('"30": ', '"30": 1'))
    assert output("growth.py", *wanted).splitlines() != table


def test_a_share_of_all_pairs_is_extrapolated_and_leaves_joins_as_they_were(module: Any) -> None:
    from imageshelf.hashing import joins

    before, given = (joins._parts, joins.TASKS_PER_BAND), joins._parts(100_000)
    with module("all_pairs").sampled(4):
        some = joins._parts(100_000)
        assert sum(part.stop - part.start for part in some) == pytest.approx(25_000, rel=0.02)
        assert joins._parts(100_000) != some
    assert (joins._parts, joins.TASKS_PER_BAND) == before
    with module("all_pairs").sampled(1):
        assert joins._parts(100_000) == given
    ours = ("all_pairs.py", "--side", "ours", "--count", 300, "--jobs", 2)
    told = json.loads(output(*ours, "--share", 4))
    assert json.loads(output(*ours)).keys() == told.keys()
    assert told["cpu_s"] > 0


def test_a_cost_that_grows_with_the_square_has_exponent_two(module: Any) -> None:
    growth = module("growth")
    assert growth.exponent({n: 3.0 * n**2 for n in (10, 100, 1000)}) == pytest.approx(2)
    start_up = {n: 5.0 + n for n in (1, 10_000, 100_000, 10**6)}
    assert growth.exponent(start_up) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0000012, "s", "1.2 us"),
        (0.0235, "s", "23.5 ms"),
        (0.9999, "s", "1 s"),
        (176.4, "s", "176 s"),
        (1234.5, "s", "1234 s"),
        (98_300, "B", "98.3 kB"),
        (6.6e8, "B", "660 MB"),
    ],
)
def test_costs_are_told_in_units_that_suit_them(
    module: Any, value: float, unit: str, words: str
) -> None:
    assert module("growth").told(value, unit) == words


def test_labels_of_a_plot_never_lie_over_one_another(module: Any) -> None:
    plot = module("growth_plot")
    placed = plot.spread({"a": 50, "b": 51, "c": 400, "d": 401, "e": 10}, 40, 402)
    heights = sorted(placed.values())
    assert all(b - a >= plot.LINE_GAP for a, b in itertools.pairwise(heights))
    assert heights[0] == 40
    assert heights[-1] == 402
    assert sorted(placed, key=lambda name: placed[name]) == ["e", "a", "b", "c", "d"]


def test_strangers_that_match_are_counted_within_the_limits_of_each_policy(module: Any) -> None:
    strangers = module("strangers")
    counts = strangers.counted(3000, 40)
    truth = strangers.fingerprints(3000).row[None] ^ strangers.fingerprints(40, seed=5).row[:, None]
    assert counts.sum() == np.count_nonzero(np.bitwise_count(truth) <= 18)
    assert strangers.within(counts, None) == 0
    told = output("strangers.py", "--count", 500, "--queries", 20).splitlines()
    assert told[0].startswith("10,000 pairs of strangers; ")
    assert [line.split("|")[1].strip() for line in told[3:]] == ["default", "--strict", "--loose"]


def peers_args(**wanted: object) -> argparse.Namespace:
    """Options of peers.py, as main would give them."""
    plain = {"jobs": 2, "peers": None, "heavy": False, "peers_dir": "/nowhere"}
    return argparse.Namespace(**{**plain, **wanted})


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 is a POSIX call")
def test_a_peer_that_fails_or_is_not_there_is_named_with_the_reason(module: Any) -> None:
    peers, speed = module("peers"), module("speed")
    works = {"ours": "print('3 pictures')", "lazy": "print('2 pictures')", "broken": "import nope"}
    commands = [
        speed.Command(name, lambda _, code=code: [sys.executable, "-c", code], note=f"{name}!")
        for name, code in works.items()
    ]
    scenario = speed.Scenario("3 pictures", commands, 3)
    starts: list[None] = []
    absent = {"absent": "not installed: why"}
    result = peers.measured(scenario, absent, 2, lambda: starts.append(None))
    assert list(result.medians) == ["ours"]
    assert len(starts) == 2
    lines = peers.told(result, 2).splitlines()
    assert lines[0] == "3 pictures; medians of 2 runs each"
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert {len(row) for row in cells} == {len(peers.COLUMNS)}
    assert [(row[0], row[-1]) for row in cells[2:]] == [
        ("ours", "ours!"),
        ("lazy", "failed: lazy: 2 of 3 pictures hashed"),
        ("broken", "failed: ModuleNotFoundError: No module named 'nope'"),
        ("absent", "not installed: why"),
    ]


def test_nothing_is_compared_when_ours_fails(module: Any) -> None:
    peers, speed = module("peers"), module("speed")
    ours = speed.Command("ours", lambda _: [sys.executable, "-c", "print('2 pictures')"])
    with pytest.raises(SystemExit, match="ours failed: ours: 2 of 3 pictures hashed"):
        peers.measured(speed.Scenario("3 pictures", [ours], 3), {}, 1)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="peers are measured on POSIX systems")
def test_a_peer_that_cannot_be_installed_is_missing_with_pips_last_word(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers, tools = module("peers"), module("peer_tools")
    script = "import sys; sys.exit('ERROR: first\\nERROR: No such | thing\\n')"
    monkeypatch.setattr(tools.sys, "executable", str(tmp_path / "python"))
    python = tmp_path / "python"
    python.write_text(f"#!{shutil.which('python3')}\n{script}\n")
    python.chmod(0o755)
    program = tools.Peer("program", None, "", tools.findimagedupes)
    library = tools.Peer("library", "library", "", tools.library("library"))
    gigabytes = library._replace(name="gigabytes", heavy="too much")
    monkeypatch.setattr(tools, "PEERS", (program, library, gigabytes))
    args = peers_args(peers_dir=str(tmp_path))
    scenario, missing = peers.contenders("3 pictures", "/photos", 3, args)
    assert [command.name for command in scenario.commands] == ["index.py", "naive pair", "floor"]
    assert missing == {
        "program": "not installed: not on the PATH (apt-get install program)",
        "library": "not installed: No such / thing",
        "gigabytes": "too much",
    }


def test_a_peer_that_is_installed_is_called_with_its_own_python(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = module("peer_tools")
    monkeypatch.setattr(tools.shutil, "which", lambda _: sys.executable)
    for peer in tools.PEERS:
        if peer.package:
            (tmp_path / peer.package).mkdir(exist_ok=True)
            (tmp_path / peer.package / "version.txt").write_text("1.2")
        command = tools.command(peer, str(tmp_path), "/photos", 7)
        program, *rest = command.arguments("/fresh")
        python = str(tmp_path / str(peer.package) / "bin" / "python")
        assert program == (python if peer.package else sys.executable)
        assert "/photos" in rest
        assert "{" not in command.note
        if peer.package:
            assert "7" in rest
            assert command.name == f"{peer.name} 1.2"
            assert "7" in command.note


def test_what_a_peer_hashed_is_counted_in_what_it_keeps_or_prints(
    module: Any, tmp_path: Path
) -> None:
    tools = module("peer_tools")
    (tmp_path / "hashes.json").write_text('[{"/a.jpg": "00", "/b.jpg": "01"}, {"algorithm": "x"}]')
    assert tools.find_dups_hashed(str(tmp_path), "") == 2
    assert tools.a_line_each("", "AA=  /a.jpg\nAB=  /b.jpg\nAC=  /c.jpg\n") == 3


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="reads /proc")
@pytest.mark.parametrize(("skipped", "count"), [("", 3), ("three.jpg", 0)])
def test_a_peer_that_names_no_pictures_counts_by_what_it_has_read(
    module: Any, pictures: Path, monkeypatch: pytest.MonkeyPatch, skipped: str, count: int
) -> None:
    jobs = module("peer_jobs")

    class Finder:
        def set_directories(self, folders: list[str]) -> None:
            self.folders = folders

        def set_similarity(self, level: int) -> None:
            assert level == 0

        def find_similar(self) -> None:
            for path in Path(self.folders[0]).rglob("*.jpg"):
                if path.name != skipped:
                    path.read_bytes()

    fake = types.SimpleNamespace(ImageSimilarity=Finder)
    monkeypatch.setitem(sys.modules, "czkawka", fake)
    assert jobs.czkawka(str(pictures), 2) == count


def test_more_cores_than_there_are_cannot_be_had(module: Any) -> None:
    with pytest.raises(SystemExit, match="--cores"):
        module("peers").chosen(10**6)


@pytest.mark.skipif(sys.platform != "linux", reason="mincore differs elsewhere")
def test_a_dropped_file_is_no_longer_in_the_page_cache_or_it_is_told(
    module: Any, tmp_path: Path
) -> None:
    cache, peers = module("page_cache"), module("peers")
    size_bytes = 4 * mmap.PAGESIZE + 1
    (tmp_path / "file").write_bytes(os.urandom(size_bytes))
    (tmp_path / "empty").write_bytes(b"")
    paths = cache.below(str(tmp_path))
    assert cache.cached_bytes(paths) == 5 * mmap.PAGESIZE
    cold = peers.Cold(str(tmp_path))
    cold()
    stayed = 0 if cold.stayed_bytes == 0 else 5 * mmap.PAGESIZE  # where /tmp is memory
    assert cache.cached_bytes(paths) == cold.stayed_bytes == stayed
    assert cold.said().startswith(f"of {size_bytes} bytes at most ")


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="reads /proc")
def test_the_memory_of_all_processes_below_is_watched(module: Any) -> None:
    memory = module("tree_memory")
    child = "held = bytearray(b'x') * 30_000_000; print(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    both = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with both, memory.Watch() as watch:
        assert both.stdout is not None
        both.stdout.readline()  # it holds them now
        pids = list(memory.descendants(os.getpid()))
        assert len(pids) > pids.index(both.pid) + 1  # its child comes after it
        assert sum(map(memory.pss_bytes, pids)) > 30_000_000
        while watch.peak_bytes < 30_000_000:
            time.sleep(memory.INTERVAL_S)
        assert both.stdin is not None
        both.stdin.write(b"\n")
    assert memory.pss_bytes(both.pid) == 0


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 is a POSIX call")
def test_peers_are_measured_beside_ours_over_the_same_pictures(
    pictures: Path, tmp_path: Path
) -> None:
    wanted = ("--repeat-to", 3, "--runs", 1, "--scenario", "camera", "--peers", "findimagedupes")
    told = output("peers.py", "--photos", pictures, "--cache", tmp_path, *wanted)
    names = [line.split("|")[1].strip() for line in told.splitlines() if "|" in line]
    assert names[2] == "index.py"
    assert "naive pair" in names
    assert any(name.startswith("findimagedupes") for name in names)
    assert "3 camera JPEGs, " in told


def test_photographs_are_taken_from_packages_and_what_is_gone_is_named(
    module: Any, tmp_path: Path
) -> None:
    photographs = module("photographs")
    packages = photographs.listed()
    assert sum(map(len, packages.values())) == 115
    assert all(name.startswith("usr/share/") for names in packages.values() for name in names)
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "usr").mkdir(parents=True)
    target.mkdir()
    (source / "usr" / "Fjord.JPG").write_bytes(b"a picture")
    missing = photographs.taken(
        ["usr/Fjord.JPG", "usr/gone.png"], str(source), str(target), "scenes"
    )
    assert missing == ["usr/gone.png"]
    assert [path.name for path in target.iterdir()] == ["scenes-00.jpg"]


def test_shelves_are_filled_in_batches_as_large_as_an_index_run_makes_them(module: Any) -> None:
    assert module("growth").BATCH == module("shelf").BATCH == batches.BATCH_FILES


def test_the_second_look_is_measured_on_copies(module: Any, capsys: Any) -> None:
    overlay = module("overlay")
    job = overlay.Job(overlay.LIGHT, "3", 0, 0, 128, "")
    rows = overlay.measured(job)
    overlay.report(rows, misses=True)
    assert {row.verdict.kind for row in rows} <= {"near", "variant"}
    assert "light edits: 15 pairs, 100.00 % near or variant" in capsys.readouterr().out


def test_enlarged_copies_are_told_from_originals(
    module: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enlarged = module("enlarged")
    monkeypatch.setattr(enlarged, "ProcessPoolExecutor", lambda _: nullcontext(builtins))
    assert enlarged.main(["--drawn", "1", "--seed", "3"]) == 0
    told = capsys.readouterr().out
    assert "enlarged copies seen, all: 30 of 30 (100.0%)" in told
    assert "originals beside smaller copies called enlarged, all: 0 of 30 (0.0%)" in told


def test_a_picture_dropped_on_the_live_page_is_timed() -> None:
    assert "2,000 pictures: " in output("review.py", "--ask", "2000", "--runs", "1")


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_the_live_page_is_opened_and_timed() -> None:
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    told = output("review.py", "--groups", "8", "--runs", "1")
    assert "all kept by the server: " in told
