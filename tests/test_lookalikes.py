"""The look-alike sets draw what they say: always the same, and never one picture twice."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.benchmarks import lookalike_sets, lookalikes
from tests.benchmarks.edits import finished
from tests.benchmarks.lookalike_answers import NONE, Told, overlap
from tests.benchmarks.lookalike_sets import LOSSLESS, SETS, drawn
from tests.benchmarks.lookalike_sets.alterations import ALTERATIONS, altered
from tests.benchmarks.lookalike_sets.copies import HUE_ALONE, copies_of
from tests.benchmarks.lookalike_sets.folders import Made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def changed(first: Image.Image, second: Image.Image) -> float:
    """Share of the pixels of two pictures that anybody sees to differ."""
    apart = np.asarray(first, int) - np.asarray(second, int)
    return float((np.abs(apart).max(2) > 32).mean())


@pytest.mark.parametrize("name", SETS)
def test_pictures_of_a_set_are_different_and_always_the_same(name: str) -> None:
    layouts = [[drawn(name, number, layout) for number in (0, 1)] for layout in (1, 2)]
    for first, second in layouts:
        assert (first.mode, first.size) == ("RGB", second.size)
        assert 400 <= min(first.size) <= max(first.size) <= 1600
        assert changed(first, second) > 0.001
    one, other = (first for first, _ in layouts)
    assert one.size != other.size or changed(one, other) > 0.01
    assert drawn(name, 0, 2) == other


def draws(module: object) -> list[Callable[..., Image.Image]]:
    """Functions of a module that draw a picture of a set."""
    functions = [one for _, one in inspect.getmembers(module, inspect.isfunction)]
    return [
        one for one in functions if [*inspect.signature(one).parameters][1:] == ["number", "layout"]
    ]


def test_every_set_is_registered_once() -> None:
    prefix = lookalike_sets.__name__ + "."
    modules = [module for name, module in sys.modules.items() if name.startswith(prefix)]
    assert {one for module in modules for one in draws(module)} == set(SETS.values())
    assert len(set(SETS.values())) == len(SETS)
    assert set(SETS) > LOSSLESS


def test_copies_of_a_picture_are_always_the_same() -> None:
    original = drawn("icon", 0, 1)
    for how, edit in copies_of("icon").items():
        first, second = (finished(edit(original, np.random.default_rng(3))) for _ in range(2))
        assert first == second, how
    for name in HUE_ALONE:  # grey copies of red and blue ones are copies of both
        assert set(copies_of("icon")) - set(copies_of(name)) == {"grey"}


@pytest.mark.parametrize("how", ALTERATIONS)
def test_an_altered_picture_differs_within_the_rectangle_and_nowhere_else(how: str) -> None:
    original, sibling = drawn("form", 0, 1), drawn("form", 1, 1)
    made = altered(original, sibling, how, 0.03, np.random.default_rng(2))
    assert made is not None
    assert made == altered(original, sibling, how, 0.03, np.random.default_rng(2))
    x, y, width, height = made.rectangle
    assert 0.01 < width * height / (original.width * original.height) < 0.04
    apart = np.abs(np.asarray(original, int) - np.asarray(made.image, int)).max(2) > 24
    rows, columns = np.nonzero(apart)
    assert (columns.min(), rows.min()) == (x, y)
    assert (columns.max(), rows.max()) == (x + width - 1, y + height - 1)


def test_a_picture_with_nothing_to_erase_is_not_altered() -> None:
    blank = Image.new("RGB", (400, 400), "white")
    assert altered(blank, blank, "erased", 0.03, np.random.default_rng(2)) is None


@pytest.mark.parametrize(
    ("regions", "share"),
    [
        ([[10, 20, 40, 20]], 1),
        ([[10, 20, 20, 20]], 0.5),
        ([[10, 20, 20, 20], [30, 20, 20, 20]], 1),
        ([[10, 20, 80, 20]], 0.5),
        ([[60, 60, 10, 10]], 0),
        (None, 0),
    ],
)
def test_rectangles_overlap_by_what_both_cover_of_what_either_does(
    tmp_path: Path, regions: list[list[float]] | None, share: float
) -> None:
    Image.new("RGB", (100, 100)).save(tmp_path / "original.png")
    made = Made("", str(tmp_path / "original.png"), "icon", "sticker", (10, 20, 40, 20))
    assert overlap(Told(made, NONE, regions, 0)) == share


def printed(arguments: list[str]) -> str:
    """What the benchmark prints."""
    command = [sys.executable, lookalikes.__file__, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return done.stdout


def test_the_benchmark_asks_the_command_lines_and_keeps_what_it_drew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["--sets", "icon", "--number", "3", "--copied", "1", "--out", str(tmp_path / "out")]
    told = printed(wanted)
    row = next(line for line in told.splitlines() if line.startswith("| icon |"))
    assert row.split("|")[2].strip() == "3"
    assert row.split("|")[5].strip() == "23"
    assert "in a plan over everything together:" in told
    assert "search --query alterations" in told
    with pytest.raises(SystemExit):
        lookalikes.main(wanted)
    assert "is not empty" in capsys.readouterr().err
    again = printed([*wanted, "--keep"])
    assert again.partition("CPU time")[0] == told.partition("CPU time")[0]
    with pytest.raises(SystemExit, match="pictures of another run"):
        lookalikes.main([*wanted, "--keep", "--layout", "2"])
