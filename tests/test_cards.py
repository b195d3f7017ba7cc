"""From results to cards: what is said of each picture."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from imageshelf import terminal
from imageshelf.page import cards
from imageshelf.page.cards import ASIDE, BESIDE, KEEP, QUERY, Card, CardGroup
from imageshelf.searching import Asked, Match, Matches
from tests.hostile_names import HOSTILE, names
from tests.sheets import Group, Member, choosing_sheet


def match(path: str, query: str = "/q.jpg", **other: object) -> Match:
    near = Match(3, path, query, 1, 1, 1, 0, 3, 98.0, "near", "", 400, 300, 2000)
    return near._replace(**other)  # type: ignore[arg-type]


def test_each_query_comes_with_its_matches() -> None:
    answer = Matches(
        [match("/a.jpg"), match("/b.jpg", turn="mirrored", kind="turned")],
        [Asked("/q.jpg", 2), Asked("/none.jpg", 0), Asked("/bad.jpg", 0, "is not a picture")],
    )
    sheet = cards.of_matches(answer)
    assert [[card.path for card in group.cards] for group in sheet.groups] == [
        ["/q.jpg", "/a.jpg", "/b.jpg"], ["/none.jpg"], ["/bad.jpg"],
    ]  # fmt: skip
    assert [group.note for group in sheet.groups] == [
        "", "No picture on the shelf matches.", "is not a picture",
    ]  # fmt: skip
    assert sheet.groups[0].cards[0].role == QUERY
    assert sheet.groups[0].cards[2].facts == ("1 bit apart", "score 3", "mirrored")
    assert sheet.intro == ("2 matches for 3 queries.",)
    assert not any(group.choosing for group in sheet.groups)


def test_a_key_written_by_hand_has_a_distance_only() -> None:
    answer = Matches([match("/a.jpg", column=None, phash=None, score=None, width=None,
                            height=None, size_bytes=None)])  # fmt: skip
    found = cards.of_matches(answer).groups[0].cards[1]
    assert (found.facts, found.pixels, found.size) == (("1 bit apart",), "", "")


def test_a_group_says_what_to_keep_and_what_stands_beside_it() -> None:
    keeper = Member("/a.jpg", "a.jpg", 1, "", camera="Box", keep=True, reason="more pixels")
    copy = Member("/b.jpg", "b.jpg", 2, "near", warning="has a capture date")
    shot = Member("/c.jpg", "c.jpg", 3, "another shot", keep=True)
    other = Member("/d.jpg", "d.jpg", 4, "near")
    sheet = cards.of_groups([Group(keeper, (keeper, copy, shot), (other,))], "db.shelve")
    found = sheet.groups[0].cards
    assert [card.role for card in found] == [KEEP, ASIDE, KEEP, BESIDE]
    assert [card.name for card in found] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert found[0].facts == ("Box",)
    assert found[1].facts == ("2 bits apart", "score 9")
    assert found[1].warning == "has a capture date"
    assert sheet.groups[0].choosing
    assert sheet.groups[0].section == cards.COPIES
    assert sheet.command[-1] == sheet.shelf == os.path.abspath("db.shelve")


@pytest.mark.parametrize(
    ("kind", "section"), [("another shot", cards.SHOTS), ("similar", cards.SIMILAR)]
)
def test_other_shots_have_a_section_of_their_own(kind: str, section: str) -> None:
    keeper, other = Member("/a", "a", 1, "", keep=True), Member("/b", "b", 2, kind, keep=True)
    assert cards.of_groups([Group(keeper, (other,))], "s").groups[0].section == section


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
    assert cards.budget(1) == 15_000
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


def test_the_command_of_a_selection_can_be_pasted() -> None:
    sheet = cards.Sheet("", (), (), "/my shelf", ("python", "clean", "--shelve", "/my shelf"))
    line = cards.command_line(sheet, "s.json")
    assert line == " ".join(map(terminal.quoted, [*sheet.command, "--selection", "s.json"]))
    assert "my shelf" in line
