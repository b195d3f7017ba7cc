"""The page on the layout of the code is true: its picture is current, its files exist."""

from __future__ import annotations

import re

import pytest

from tests import architecture
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([a-z_]+/(?:[a-z_/]+\.py)?)`", PAGE)))


def test_the_picture_is_the_one_that_the_imports_give() -> None:
    drawn = architecture.PICTURE.read_text(encoding="utf-8")
    assert drawn == architecture.svg(), "run: python -m tests.architecture"


def test_the_list_of_modules_is_the_one_that_their_docstrings_give() -> None:
    listed = architecture.LIST.read_text(encoding="utf-8")
    assert listed == architecture.modules(), "run: python -m tests.architecture"


def test_every_room_is_on_a_floor_above_those_that_it_uses() -> None:
    for room in architecture.rooms():
        assert all(
            architecture.floor(used) < architecture.floor(room) for used in architecture.uses(room)
        )


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_the_page_names_exists(name: str) -> None:
    assert any((ROOT / folder / name).exists() for folder in ("", "imageshelf"))


def test_the_page_names_every_room() -> None:
    assert set(architecture.rooms()) <= {name.partition("/")[0] for name in FILES}
