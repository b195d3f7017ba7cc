"""What a notebook cell shows: pictures, escaped names, and not too many of them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from imageshelf.page import notebook
from imageshelf.page.cards import Card, CardGroup, Sheet
from imageshelf.searching import Asked, Matches
from tests.hostile_names import names
from tests.sheets import Group, Member, choosing_sheet, named_sheet

TAGS = {"div", "p", "section", "b", "span", "figure", "img", "figcaption", "br", "pre"}


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
        outline = Outline(notebook.html_cards(named_sheet([name], tmp_path / "home/0-a.jpg"), name))
        assert outline.tags <= TAGS
        assert outline.attributes <= {"style", "src", "alt"}


def test_thousands_are_cut_and_counted(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    one = next(iter(sheet.cards))
    many = Sheet("", tuple(CardGroup("g", (one,) * 7) for _ in range(300)))
    html = notebook.html_cards(many)
    assert Outline(html).pictures == notebook.MOST_PICTURES
    assert "and 2,040 more pictures" in html


def test_matches_groups_and_explanations_have_their_html(photos: Path) -> None:
    first, second = str(photos / "0.jpg"), str(photos / "1.jpg")
    assert "No picture on the shelf matches." in notebook.html_matches(
        Matches([], [Asked(first, 0)])
    )
    group = Group(Member(first, "0.jpg", 1, "", keep=True), (Member(second, "1.jpg", 2, "near"),))
    assert Outline(notebook.html_groups([group])).pictures == 2
    html = notebook.html_pair(first, second, "row 3\n<b>")
    assert "row 3\n&lt;b&gt;</pre>" in html
    assert Outline(html).pictures == 2


def test_a_picture_that_is_gone_gives_its_reason(tmp_path: Path) -> None:
    html = notebook.html_cards(Sheet("", (CardGroup("", (Card(str(tmp_path / "x.jpg")),)),)))
    assert "no picture: is gone" in html
