"""The look-alike sets draw what they say: always the same, and never one picture twice."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.lookalike_sets import SETS, drawn

LAYOUTS = (1, 2)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", SETS)
def test_pictures_of_a_set_look_alike_and_are_different_and_always_the_same(
    name: str, layout: int
) -> None:
    first, second = (drawn(name, number, layout) for number in (0, 1))
    assert first.mode == "RGB"
    assert first.size == second.size
    assert 400 <= min(first.size) <= max(first.size) <= 1600
    assert first == drawn(name, 0, layout)
    apart = np.asarray(first, int) - np.asarray(second, int)
    changed = (np.abs(apart).max(2) > 32).mean()
    assert changed > 0.001, f"only {changed:.4%} of the pixels differ"


@pytest.mark.parametrize("name", SETS)
def test_another_layout_is_another_picture(name: str) -> None:
    assert drawn(name, 0, 1) != drawn(name, 0, 2)
