"""The contact sheet: one picture file with everything on it, labelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from imageshelf.report import contact_sheet
from imageshelf.report.cards import Card, CardGroup, Sheet
from imageshelf.report.contact_sheet import write_sheet
from imageshelf.report.saving import ReportError
from tests.hostile_names import names
from tests.sheets import choosing_sheet, named_sheet


@pytest.mark.parametrize(
    ("name", "form"), [("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.png", "PNG")]
)
def test_the_suffix_decides_the_format(tmp_path: Path, name: str, form: str) -> None:
    write_sheet(str(tmp_path / name), choosing_sheet(tmp_path))
    with Image.open(tmp_path / name) as image:
        assert image.format == form
        assert image.width == 2 * 24 + 3 * 250 + 2 * 14


@pytest.mark.parametrize("name", ["a.gif", "a", "a.jpg.txt"])
def test_another_suffix_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportError, match=r"is a \.jpg, \.jpeg or \.png file, not"):
        write_sheet(str(tmp_path / name), choosing_sheet(tmp_path))


def test_a_sheet_replaces_a_sheet_and_nothing_else(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    for name in ("s.png", "s.jpg"):
        write_sheet(str(tmp_path / name), sheet)
        write_sheet(str(tmp_path / name), sheet)
    holiday = tmp_path / "home/0-a.jpg"
    before = holiday.read_bytes()
    with pytest.raises(ReportError, match="no report"):
        write_sheet(str(holiday), sheet)
    assert holiday.read_bytes() == before


def test_the_pictures_are_on_it(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (300, 200), "red").save(path)
    write_sheet(str(tmp_path / "s.png"), Sheet("", (CardGroup("", (Card(str(path)),)),)), jobs=0)
    with Image.open(tmp_path / "s.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    assert ((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).sum() > 200 * 100


def test_what_differs_is_outlined(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (400, 300), "#808080").save(path)
    card = Card(str(path), width=400, height=300, regions=((200, 150, 100, 100),))
    boxes: list[list[int]] = []
    for n, one in enumerate((card, replace(card, regions=()))):
        file = str(tmp_path / f"{n}.png")
        write_sheet(file, Sheet("", (CardGroup("", (one,)),)), jobs=0)
        with Image.open(file) as drawn:
            orange = np.abs(np.asarray(drawn).astype(int) - (217, 72, 15)).sum(axis=2) < 10
            grey = np.abs(np.asarray(drawn).astype(int) - 128).sum(axis=2) < 10
        rows, columns = np.nonzero(grey)
        left, top, scale = columns.min(), rows.min(), np.ptp(columns) / 400
        rows, columns = np.nonzero(orange)
        boxes.append([])
        if len(rows):
            edges = (columns.min() - left, rows.min() - top, np.ptp(columns), np.ptp(rows))
            boxes[-1] = [round(edge / scale) for edge in edges]
    assert np.allclose(boxes[0], (200, 150, 100, 100), atol=5)
    assert boxes[1] == []


def test_a_picture_that_is_gone_has_a_place_with_the_reason(tmp_path: Path) -> None:
    sheet = Sheet("Gone", (CardGroup("x", (Card(str(tmp_path / "gone.jpg")),)),))
    write_sheet(str(tmp_path / "s.png"), sheet, jobs=0)
    assert (tmp_path / "s.png").stat().st_size > 0


def test_no_groups_make_a_sheet_with_its_title(tmp_path: Path) -> None:
    write_sheet(str(tmp_path / "s.jpg"), Sheet("Nothing", ()))
    assert (tmp_path / "s.jpg").exists()


def test_many_groups_come_in_pages_that_part_none_of_them(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    one = next(iter(sheet.cards))
    groups = [CardGroup(str(number), (one,) * 3) for number in range(200)]
    files = write_sheet(str(tmp_path / "s.jpg"), replace(sheet, groups=tuple(groups)), jobs=0)
    assert files == [str(tmp_path / name) for name in ("s.jpg", "s-2.jpg")]
    for file in files:
        with Image.open(file) as image:
            assert image.height < 65_500
    pages = contact_sheet._pages([*groups, CardGroup("many", (one,) * 1000)])
    sizes = [sum(len(group.cards) for group in page) for page in pages]
    assert sizes == [399, 201, 400, 400, 200]
    assert all(len(group.cards) == 3 for page in pages[:2] for group in page)


def test_a_page_is_not_written_over_a_file_of_the_user(tmp_path: Path) -> None:
    sheet = choosing_sheet(tmp_path, 1)
    one = next(iter(sheet.cards))
    (tmp_path / "s-2.jpg").write_text("mine")
    long = replace(sheet, groups=(CardGroup("many", (one,) * 500),))
    with pytest.raises(ReportError, match="no report"):
        write_sheet(str(tmp_path / "s.jpg"), long)
    assert not (tmp_path / "s.jpg").exists()
    assert (tmp_path / "s-2.jpg").read_text() == "mine"


def test_hostile_names_are_drawn(tmp_path: Path) -> None:
    next(iter(choosing_sheet(tmp_path, 1).cards))
    write_sheet(str(tmp_path / "s.png"), named_sheet(names(), tmp_path / "home/0-a.jpg"))
    assert (tmp_path / "s.png").exists()


def test_a_long_label_keeps_both_ends_and_fits() -> None:
    text = contact_sheet.clipped("begin" + "x" * 500 + "end.jpg", 200)
    assert text.startswith("begin")
    assert text.endswith("end.jpg")
    assert "\u2026" in text
    assert ImageFont.load_default(contact_sheet.LABEL_PX).getlength(text) <= 200
    assert contact_sheet.clipped("short.jpg", 200) == "short.jpg"


def test_a_label_says_what_differs() -> None:
    card = Card("/a/b.jpg", kind="variant", differs="4 % differs, lower right")
    assert contact_sheet._labels(card)[-1] == "variant \u00b7 4 % differs, lower right"
