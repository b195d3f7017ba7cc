"""CSV and bare paths: every name survives, and none is a formula."""

from __future__ import annotations

import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.report import csv_table
from tests.csv_rows import rows
from tests.hostile_names import HOSTILE, names


def test_hostile_names_survive_byte_for_byte() -> None:
    data = csv_table.table(["path"], [{"path": name} for name in names()])
    back = [os.fsencode(row["path"]) for row in rows(data)]
    assert back == [name for _, name in HOSTILE]


def test_the_bytes_of_a_name_stand_in_the_table() -> None:
    assert b"caf\xe9.jpg" in csv_table.table(["path"], [{"path": os.fsdecode(b"caf\xe9.jpg")}])


def test_no_cell_begins_like_a_formula() -> None:
    data = csv_table.table(["path"], [{"path": name} for name in names()])
    text = data.decode("utf-8", "surrogateescape")
    cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""))]
    assert not [cell for cell in cells if cell.startswith(csv_table.FORMULA_STARTS)]


READABLE = st.sampled_from([*csv_table.FORMULA_STARTS, csv_table.GUARD, *'",; a\0\u00e9'])
SPECIAL = READABLE | st.just("\ud800")


@given(st.text(SPECIAL, max_size=8))
def test_taking_the_guard_away_gives_the_text_back(text: str) -> None:
    cell = csv_table.guarded(text)
    assert cell.removeprefix(csv_table.GUARD) == text
    assert not cell.startswith(csv_table.FORMULA_STARTS)


@given(st.lists(st.text(READABLE, max_size=4), min_size=1, max_size=4))
def test_any_table_reads_back(cells: list[str]) -> None:
    fields = [f"f{at}" for at in range(len(cells) + 1)]  # one more, so that no row is empty
    record = {**dict(zip(fields, cells, strict=False)), fields[-1]: "end"}
    assert rows(csv_table.table(fields, [record])) == [record]


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell() -> None:
    data = csv_table.table(["a", "b", "c", "d"], [{"a": -3, "b": 1.5, "c": None}])
    assert data == b"a,b,c,d\r\n-3,1.5,,\r\n"


def test_a_list_becomes_its_items() -> None:
    assert csv_table.table(["a"], [{"a": ["x", 2]}]) == b"a\r\nx 2\r\n"


def test_quotes_separators_and_line_ends_are_quoted_as_rfc_4180_says() -> None:
    data = csv_table.table(["a"], [{"a": 'x"y'}, {"a": "x,y"}, {"a": "x\ny"}])
    assert data == b'a\r\n"x""y"\r\n"x,y"\r\n"x\ny"\r\n'


@pytest.mark.skipif(os.name == "nt", reason="names are not bytes there")
def test_null_paths_are_the_bytes_of_the_file_system() -> None:
    data = csv_table.null_paths(names())
    assert data == b"".join(name + b"\0" for _, name in HOSTILE)


def test_a_lone_surrogate_that_stands_for_no_byte_is_written() -> None:
    assert csv_table.encoded("\ud800") == b"\xed\xa0\x80"


def test_there_are_at_least_sixty_hostile_names_and_all_can_be_file_names() -> None:
    every = [name for _, name in HOSTILE]
    assert len(set(every)) == len(every) >= 60
    assert all(0 < len(name) <= 255 and not {0, 47} & set(name) for name in every)
