"""Tables and hashes as markup that works without a style."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from imageshelf.report.panels import Drawing, HashGrids, Table, cells, markup
from tests.hostile_names import names


def test_a_table_says_what_names_its_rows_and_columns() -> None:
    told = markup([Table("T", [["way", "row"], ["whole", "3"]], right=frozenset({1}))])
    assert re.findall(r"<(t[hd])( scope=\"\w+\")? align=\"(\w+)\">([^<]*)", told) == [
        ("th", ' scope="col"', "left", "way"), ("th", ' scope="col"', "right", "row"),
        ("th", ' scope="row"', "left", "whole"), ("td", "", "right", "3"),
    ]  # fmt: skip


def test_a_table_without_a_heading_has_none() -> None:
    told = markup([Table("T", [["bytes", "different"]], head=False)])
    assert "<thead>" not in told
    assert '<th scope="row" align="left">bytes</th>' in told


def test_set_bits_are_filled_and_differing_ones_crossed() -> None:
    root = ET.fromstring(cells("A", 1 << 63 | 1, 1 << 62))
    _, boxes, marks = root.findall("path")
    assert re.findall(r"M(\S+ \S+?)h", boxes.get("d", "")) == ["0 0", "7 7"]
    assert re.findall(r"M(\S+ \S+?)l", marks.get("d", "")) == ["1.2 0.2"]


def test_no_name_becomes_markup() -> None:
    for name in names():
        table = Table(name, [[name, name], [name, name]])
        told = markup([table, HashGrids(name, [(name, 1, 2)]), Drawing(name, markup([]))])
        assert {element.tag for element in ET.fromstring(f"<p>{told}</p>").iter()} <= {
            "p", "section", "h2", "div", "table", "thead", "tbody", "tr", "th", "td", "svg",
            "title", "path",
        }, name  # fmt: skip
        assert told.replace("\n", "").isprintable()
