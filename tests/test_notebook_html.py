"""What a notebook cell shows: pictures, escaped names, and not too many of them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from imageshelf import explain
from imageshelf.copies.groups import Duplicates, Group
from imageshelf.report import notebook
from imageshelf.report.cards import Card, CardGroup, Sheet
from imageshelf.searching.matches import Matches, QueryOutcome
from tests.hostile_names import names
from tests.sheets import choosing_sheet, member, named_sheet

TAGS = {
    "div", "p", "section", "b", "span", "figure", "img", "figcaption", "br",
    "h4", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {
    "style", "src", "alt", "class", "tabindex", "role", "aria-label", "scope", "align",
    "cellpadding",
}  # fmt: skip


class Outline(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.pictures = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.pictures += tag == "img"


def test_the_pictures_are_shown(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path)
    html = notebook.html_cards(sheet)
    assert Outline(html).pictures == len(list(sheet.cards))
    assert "Five groups." in html
    assert "identical bytes \u00b7 2 bits apart" in html


def test_hostile_names_add_no_element_and_no_attribute(tmp_path: Path) -> None:
    choosing_sheet(tmp_path, 1)
    for name in names():
        sheet = named_sheet([name], tmp_path / "home/0-a.jpg")
        outline = Outline(notebook.html_cards(sheet))
        assert outline.tags <= TAGS
        assert outline.attributes <= ATTRIBUTES


def test_thousands_are_cut_and_counted(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    one = next(iter(sheet.cards))
    many = Sheet("", tuple(CardGroup("g", (one,) * 7) for _ in range(300)))
    html = notebook.html_cards(many)
    assert Outline(html).pictures == notebook.MOST_PICTURES
    assert "and 2,040 more pictures" in html


def test_every_result_shows_its_pictures(photos: Path, tmp_path: Path) -> None:
    first, second = str(photos / "0.jpg"), str(photos / "1.jpg")
    nothing = Matches([], [QueryOutcome(first, 0)])._repr_html_()
    assert "No picture on the shelf matches." in nothing
    assert Outline(nothing).pictures == 1
    group = Group(member(first, 1, keep=True), (member(second, 2, "near"),))
    assert Outline(Duplicates((group,), 2, 0, (0, 0))._repr_html_()).pictures == 2
    explained = explain(first, second)._repr_html_()
    assert Outline(explained).pictures == 2
    assert "Ways of looking at A" in explained
    assert explained.count("<svg") == 6


def test_a_picture_that_is_gone_gives_its_reason(tmp_path: Path) -> None:
    html = notebook.html_cards(Sheet("", (CardGroup("", (Card(str(tmp_path / "x.jpg")),)),)))
    assert "no picture: is gone" in html
