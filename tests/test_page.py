"""The page as text: complete, self-contained, and with nothing of a name in its markup."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from imageshelf.pictures.thumbnails import GONE
from imageshelf.report import panels
from imageshelf.report.cards import Card, CardGroup, Sheet
from imageshelf.report.page import write_page
from imageshelf.report.saving import ReportError
from tests.conftest import ROOT
from tests.hostile_names import names
from tests.outline import Outline
from tests.sheets import choosing_sheet, named_sheet


def written(folder: Path, sheet: Sheet) -> str:
    path = folder / "page.html"
    write_page(str(path), sheet, jobs=0)
    return path.read_text("utf-8")


def test_a_page_carries_everything_it_shows(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path)
    outline = Outline(written(tmp_path, sheet))
    data = outline.json("data")
    assert [group["title"] for group in data["groups"]] == [group.title for group in sheet.groups]
    for number, group in enumerate(sheet.groups):
        for card, picture in zip(group.cards, outline.json(f"t{number}"), strict=True):
            assert card.thumbnail
            assert picture["src"].startswith("data:image/")
            assert base64.b64decode(picture["src"].split(",")[1]) == card.thumbnail.data
    assert "Five groups." in outline.text
    assert "clean --shelve" in outline.text


def test_a_page_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    outline = Outline(written(tmp_path, choosing_sheet(tmp_path)))
    assert {tag for tag, _ in outline.elements}.isdisjoint({"link", "iframe", "object", "base"})
    for tag, attributes in outline.elements:
        assert not {"src", "srcset", "style", "onclick"} & attributes.keys(), tag
        assert (attributes.get("href") or "#").startswith("#")


def test_the_policy_allows_the_pages_own_style_and_script_only(tmp_path: Path) -> None:
    outline = Outline(written(tmp_path, choosing_sheet(tmp_path)))
    policy = next(a["content"] for _, a in outline.elements if "http-equiv" in a)
    assert policy
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for attrs, text in outline.raw
        if "type" not in attrs
    )
    assert policy == (
        f"default-src 'none'; img-src data: file:; style-src 'sha256-{style}'; "
        f"script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )


def test_what_is_needed_first_comes_before_the_thumbnails(tmp_path: Path) -> None:
    outline = Outline(written(tmp_path, choosing_sheet(tmp_path)))
    ids = [attrs.get("id", "") for tag, attrs in outline.elements if tag == "script"]
    assert ids[:2] == ["data", ""]
    assert sorted(ids[2:], key=str) == [f"t{number}" for number in range(5)]


def test_hostile_names_add_no_element_and_no_attribute(tmp_path: Path) -> None:
    choosing_sheet(tmp_path, 1)
    thumbnail = tmp_path / "home/0-a.jpg"
    harmless = Outline(written(tmp_path, named_sheet(["a.jpg"] * 3, thumbnail)))
    for name in names():
        outline = Outline(written(tmp_path, named_sheet([name] * 3, thumbnail)))
        assert [(tag, attrs.keys()) for tag, attrs in outline.elements] == [
            (tag, attrs.keys()) for tag, attrs in harmless.elements
        ], name
        assert outline.json("data")["groups"][0]["cards"][1]["name"] == name


def test_names_are_shown_with_nothing_hidden(tmp_path: Path) -> None:
    choosing_sheet(tmp_path, 1)
    text = written(tmp_path, named_sheet(["a\u202egpj.exe"], tmp_path / "home/0-a.jpg"))
    assert "\u202e" not in text
    assert "a\\u202egpj.exe" in Outline(text).text


def test_a_missing_thumbnail_says_why(tmp_path: Path) -> None:
    gone = Sheet("Gone", (CardGroup("x", (Card(str(tmp_path / "gone.jpg")),)),))
    assert Outline(written(tmp_path, gone)).json("t0") == [
        {"width": 0, "height": 0, "note": GONE}
    ]  # fmt: skip


def test_thumbnails_are_made_on_the_way_and_told_of(photos: Path, tmp_path: Path) -> None:
    cards = [Card(str(path)) for path in sorted(photos.rglob("*.jpg"))]
    sheet = Sheet("", (CardGroup("a", tuple(cards[:4])), CardGroup("none", ()),
                       CardGroup("b", tuple(cards[4:]))))  # fmt: skip
    told: list[int] = []
    write_page(str(tmp_path / "p.html"), sheet, jobs=2, progress=told.append)
    outline = Outline((tmp_path / "p.html").read_text("utf-8"))
    assert sum(told) == 6
    assert [len(outline.json(f"t{number}")) for number in range(3)] == [4, 0, 2]
    assert all(one["src"] for number in (0, 2) for one in outline.json(f"t{number}"))


def test_no_picture_takes_more_than_15_kilobytes_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    Image.frombytes("RGB", (800, 800), os.urandom(800 * 800 * 3)).save(path)
    (one,) = Outline(written(tmp_path, Sheet("", (CardGroup("", (Card(str(path)),)),)))).json("t0")
    assert 5_000 < len(json.dumps(one)) <= 15_000


def test_a_page_without_groups_is_a_page(tmp_path: Path) -> None:
    assert Outline(written(tmp_path, Sheet("Nothing", ()))).json("data")["groups"] == []


def test_a_page_replaces_a_page_and_nothing_else(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    written(tmp_path, sheet)
    assert "<h1>Again</h1>" in written(tmp_path, replace(sheet, title="Again"))
    (tmp_path / "page.html").write_text("<p>mine</p>")
    with pytest.raises(ReportError, match="no report"):
        written(tmp_path, sheet)
    assert (tmp_path / "page.html").read_text() == "<p>mine</p>"


def test_a_page_of_matches_offers_no_choice(tmp_path: Path) -> None:
    sheet = Sheet("Matches", (CardGroup("q", (Card("/q.jpg"), Card("/a.jpg"))),))
    text = written(tmp_path, sheet)
    assert 'id="export-open" class="strong" aria-haspopup="dialog" hidden' in text
    assert 'id="command"' not in text


def test_the_parts_hold_nothing_that_ends_them() -> None:
    text = panels.script() + panels.part("page.css")
    assert not re.search(r"</(script|style)", text, re.IGNORECASE)
    assert "innerHTML" not in text
    assert "http" not in text


def test_an_installed_package_has_every_part_of_the_page() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    packed = {
        path
        for package, patterns in setuptools["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    needed = {
        path
        for path in (ROOT / "imageshelf").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert {"page.html", "page.css"} <= {path.name for path in needed}
    assert needed <= packed
