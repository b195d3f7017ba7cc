"""From results to sheets: what each kind of answer shows."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image

from imageshelf import duplicates, explain, index
from imageshelf.copies.groups import Group
from imageshelf.report import cards, sheets
from imageshelf.report.cards import ASIDE, BESIDE, KEEP, QUERY, Sheet
from imageshelf.report.panels import HashGrids, Table
from imageshelf.searching.matches import Match, Matches, QueryOutcome
from imageshelf.system import terminal
from tests.conftest import ROOT
from tests.sheets import member


def match(path: str, query: str = "/q.jpg", **other: object) -> Match:
    near = Match(3, path, query, 1, 1, 1, 0, 3, 98.0, "near", "", 400, 300, 2000)
    return near._replace(**other)  # type: ignore[arg-type]


def test_each_query_comes_with_its_matches() -> None:
    answer = Matches(
        [match("/a.jpg"), match("/b.jpg", turn="mirrored", kind="turned")],
        [
            QueryOutcome("/q.jpg", 2),
            QueryOutcome("/none.jpg", 0),
            QueryOutcome("/bad.jpg", 0, "is not a picture"),
        ],
    )
    sheet = sheets.of_matches(answer)
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
    found = sheets.of_matches(answer).groups[0].cards[1]
    assert (found.facts, found.pixels, found.size) == (("1 bit apart",), "", "")


def test_a_group_says_what_to_keep_and_what_stands_beside_it() -> None:
    keeper = member("/a.jpg", 1, camera="Box", keep=True, reason="more pixels")
    copy = member("/b.jpg", 2, "near", reason="more pixels", warning="has a capture date")
    shot = member("/c.jpg", 3, "another shot", keep=True, reason="is another shot, not a copy")
    other = member("/d.jpg", 4, "near")
    sheet = sheets.of_groups([Group(keeper, (copy, shot), (other,))], "db.shelve")
    found = sheet.groups[0].cards
    assert [card.role for card in found] == [KEEP, ASIDE, KEEP, BESIDE]
    assert [card.name for card in found] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert found[0].facts == ("Box",)
    assert found[1].facts == ("2 bits apart", "score 9")
    assert found[1].warning == "has a capture date"
    assert [card.reason for card in found] == [
        "for this one: more pixels", "for the first: more pixels",
        "is another shot, not a copy", "",
    ]  # fmt: skip
    assert sheet.groups[0].choosing
    assert sheet.groups[0].section == cards.COPIES
    assert sheet.command[-1] == sheet.shelf == os.path.abspath("db.shelve")


@pytest.mark.parametrize(
    ("kind", "section"),
    [
        ("another shot", cards.SHOTS),
        ("similar", cards.SIMILAR),
        ("variant", cards.VARIANTS),
        ("near", cards.NOT_COMPARED),
    ],
)
def test_other_shots_have_a_section_of_their_own(kind: str, section: str) -> None:
    keeper, other = member("/a", 1, keep=True), member("/b", 2, kind, keep=True)
    other = other._replace(match=False)
    assert sheets.of_groups([Group(keeper, (other,))], "s").groups[0].section == section


def test_a_page_takes_nothing_by_rule_that_nobody_has_looked_at() -> None:
    keeper, other = member("/a", 1, keep=True), member("/b", 2, "near")
    for compared, role in ((True, cards.ASIDE), (False, cards.KEEP)):
        group = Group(keeper, (other._replace(compared=compared),))
        assert sheets.of_groups([group], "s").groups[0].cards[1].role == role


def test_a_sheet_of_duplicates_says_first_what_to_know(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "0.jpg", photos / "copy.jpg")
    index(photos, tmp_path / "db.shelve")
    found = duplicates(tmp_path / "db.shelve")
    (told,) = sheets.of_duplicates(found).intro
    assert told.startswith("1 group of copies among 7 pictures; 1 picture of ")
    many = replace(found, pictures=1_000_000, false_pairs=(30_000, 60_000))
    assert sheets.of_duplicates(many).intro[0].startswith("expect 30,000 to 60,000 pairs of str")


def test_an_explanation_lays_its_two_pictures_on_each_other(photos: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.png"
    with Image.open(photos / "0.jpg") as image:
        image.transpose(Image.Transpose.ROTATE_90).save(turned)
    sheet = sheets.of_explanation(explain(str(photos / "0.jpg"), str(turned)))
    (group,) = sheet.groups
    assert [card.role for card in group.cards] == ["A", "B"]
    assert group.cards[1].turn == "turned 90 degrees left"
    assert not group.choosing
    assert sheet.intro[:2] == (
        "The same picture, turned 90 degrees left.",
        "Kind: turned, a match.",
    )
    assert [type(panel) for panel in sheet.panels] == [Table, Table, HashGrids]


def test_the_command_is_that_of_this_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheets.of_groups([], "s").command[0] in {sys.executable, "python"}
    monkeypatch.setattr(sys, "executable", "/my python/bin/python")
    assert sheets.of_groups([], "s").command[:3] == ("python", "-m", "imageshelf")


def test_what_is_not_installed_is_run_in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "distribution", missing)
    assert sheets.home() == str(ROOT)
    monkeypatch.setattr(metadata, "distribution", lambda _: None)
    assert sheets.home() == ""


def test_the_command_of_a_selection_can_be_pasted() -> None:
    sheet = Sheet("", (), (), "/my shelf", ("python", "clean", "--shelve", "/my shelf"))
    line = sheets.command_line(sheet, "s.json")
    assert line == " ".join(map(terminal.quoted, [*sheet.command, "--selection", "s.json"]))
    assert "my shelf" in line
