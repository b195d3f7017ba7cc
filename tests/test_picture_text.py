"""Words on a picture, in whatever letters the system has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imageshelf.report import picture_text
from imageshelf.system.words import shown
from tests.hostile_names import names


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Choices of fonts that are remembered neither from before nor for later."""
    picture_text._font_for.cache_clear()
    yield
    picture_text._font_for.cache_clear()


def inked(text: str, size_px: int = 20) -> np.ndarray:
    image = Image.new("L", (600, 40), 255)
    picture_text.draw(ImageDraw.Draw(image), (2, 2), text, "black", size_px)
    return np.asarray(image) < 128


def test_each_letter_is_drawn_by_the_first_font_that_has_it(
    forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = {picture_text.OWN: "ab ", "DejaVuSans.ttf": "ab \u00e9", "msyh.ttc": "\u5199\u00e9"}
    monkeypatch.setattr(picture_text, "_has", lambda name, letter: letter in has.get(name, ""))
    assert picture_text._runs("ab \u00e9\u5199?a") == [
        ("", "ab "), ("DejaVuSans.ttf", "\u00e9"), ("msyh.ttc", "\u5199"), ("", "?a"),
    ]  # fmt: skip


def test_without_any_system_font_there_are_boxes(
    forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_text, "FONTS", ("no such font.ttf",))
    assert picture_text._runs("\u5199a") == [("", "\u5199a")]
    assert inked("\u5199").any()


@pytest.mark.parametrize("letter", ["\u00e9", "\u03b1", "\u0416", "\u5199"])
def test_letters_that_some_font_has_are_not_drawn_as_boxes(letter: str) -> None:
    if picture_text._font_for(letter) == picture_text.OWN:
        pytest.skip("no font here has it")
    assert (inked(letter) != inked("\uffff")).any()


def test_a_text_is_as_long_as_it_is_drawn_and_on_one_line() -> None:
    for text in ("plain.jpg", "\u00e9t\u00e9 \u5199\u771f.jpg"):
        ink = inked(text)
        columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
        assert columns.max() - 2 == pytest.approx(picture_text.length(text, 20), abs=3)
        assert rows.min() >= 2
        assert rows.max() <= 30


def test_hostile_names_are_drawn() -> None:
    for name in names():
        assert inked(shown(name)).any() == bool(name.strip())
