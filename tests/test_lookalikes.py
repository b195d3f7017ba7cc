"""The look-alike sets draw what they say: always the same, and never one picture twice."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.benchmarks import lookalike_sets
from tests.benchmarks.lookalike_sets import LOSSLESS, SETS, drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image


def changed(first: Image.Image, second: Image.Image) -> float:
    """Share of the pixels of two pictures that anybody sees to differ."""
    apart = np.asarray(first, int) - np.asarray(second, int)
    return float((np.abs(apart).max(2) > 32).mean())


@pytest.mark.parametrize("name", SETS)
def test_pictures_of_a_set_are_different_and_always_the_same(name: str) -> None:
    for layout in (1, 2):
        first, second = (drawn(name, number, layout) for number in (0, 1))
        assert (first.mode, first.size) == ("RGB", second.size)
        assert 400 <= min(first.size) <= max(first.size) <= 1600
        assert changed(first, second) > 0.001
    assert first == drawn(name, 0, 2)
    other = drawn(name, 0, 1)
    assert other.size != first.size or changed(other, first) > 0.01


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
