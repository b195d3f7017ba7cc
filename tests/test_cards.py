"""What is said of each picture on its card."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from imageshelf.report import cards
from imageshelf.report.cards import ASIDE, KEEP, Card, CardGroup
from tests.hostile_names import HOSTILE, names
from tests.sheets import choosing_sheet


def test_a_groups_key_changes_with_its_pictures_and_with_nothing_else() -> None:
    one, two = Card("/a", "a", KEEP), Card("/b", "b", ASIDE)
    key = CardGroup("x", (one, two)).key
    assert key == CardGroup("y", (Card("/a", "a", ASIDE), two)).key
    assert len({key, CardGroup("x", (two, one)).key, CardGroup("x", (one,)).key}) == 3


@pytest.mark.skipif(os.name == "nt", reason="file names are not bytes there")
def test_a_link_carries_every_byte_of_a_name() -> None:
    for name, (_, data) in zip(names(), HOSTILE, strict=True):
        link = Card(f"/pictures/{name}").link
        assert link.startswith("file:///pictures/")
        assert link.isascii()
        assert unquote_to_bytes(link.removeprefix("file:///pictures/")) == data


def test_every_text_of_a_card_is_visible() -> None:
    for name in names():
        card = Card(f"/{name}/{name}", name)
        assert (card.label + card.folder).isprintable()


def test_a_page_of_many_pictures_has_smaller_ones() -> None:
    assert cards.budget(1) == 11_000
    assert cards.budget(10**6) == cards.LEAST_BYTES
    assert 12_500 * cards.budget(12_500) <= cards.MANY_BYTES


def test_pictured_fills_in_what_is_missing(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    have, missing = list(sheet.cards)[:2]
    bare = Card(missing.path)
    assert cards.pictured([have, bare], jobs=0)[0] is have
    filled = cards.pictured([have, bare], jobs=0)[1]
    assert filled.pixels == "320 \u00d7 240"
    assert filled.size
    assert filled.thumbnail
    assert filled.thumbnail.data
