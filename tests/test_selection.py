from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf.cleanup import planning, selection
from imageshelf.cleanup.planning import CHOSEN, Plan, Rules
from imageshelf.cleanup.selection import Chosen, Selection, SelectionError, parse
from imageshelf.searching.kinds import ANOTHER_SHOT, BYTES, NEAR
from imageshelf.shelf import Shelf, open_shelf
from tests.cleaning import Group, copies, group, indexed
from tests.conftest import ROOT


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    copies(
        tmp_path,
        {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg", "photos/c.jpg": 2, "photos/d.jpg": 3},
    )
    os.link(tmp_path / "photos/a.jpg", tmp_path / "photos/hard.jpg")
    indexed(tmp_path, "photos")
    with open_shelf(tmp_path / "db.shelve", "w") as shelf:
        yield shelf


def document(*groups: object, **fields: object) -> bytes:
    whole = {"imageshelf_selection": 1, "shelf": "/x/db.shelve", "groups": list(groups), **fields}
    return json.dumps(whole).encode()


def chosen(
    shelf: Shelf, *groups: tuple[list[str], list[str]], known: tuple[Group, ...] = ()
) -> Plan:
    every = tuple(Chosen(tuple(keep), tuple(aside)) for keep, aside in groups)
    return selection.plan(shelf, Selection(shelf.path, every), known, Rules())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"\xff\xd8\xff\xe0", "is not JSON: it is no UTF-8 text"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is none: expected a JSON object"),
        (b"null", "is none"),
        (b'{"groups": []}', "is none"),
        (document(imageshelf_selection=2), "is of version 2; this imageshelf reads 1"),
        (document(imageshelf_selection=True), "is of version True"),
        (document(imageshelf_selection="1"), "is of version '1'"),
        (document(shelf=None), 'expected "shelf"'),
        (document(groups={}), '"groups" \\(a list\\)'),
        (document(["a"]), 'group 1 has no list of names "keep"'),
        (document({"keep": ["a"]}), 'group 1 has no list of names "set_aside"'),
        (document({"keep": ["a"], "set_aside": "b"}), '"set_aside"'),
        (document({"keep": ["a"], "set_aside": [1]}), '"set_aside"'),
        (document({"keep": [""], "set_aside": ["b"]}), '"keep"'),
        (document({"keep": ["a"], "set_aside": []}, {"keep": [], "set_aside": ["b"]}),
         "sets aside every picture of group 2"),
    ],
)  # fmt: skip
def test_a_malformed_selection_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(SelectionError, match=sentence) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


def test_a_selection_reads_names_that_are_no_utf_8() -> None:
    found = parse(document({"keep": ["a"], "set_aside": ["\udcff.jpg"]}))
    assert found == Selection("/x/db.shelve", (Chosen(("a",), ("\udcff.jpg",)),))


@pytest.mark.parametrize("name", ["nowhere.json", "folder", "a\0b"])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SelectionError, match="cannot be read"):
        selection.read(str(tmp_path / name))


def test_what_is_chosen_goes_with_its_kind(shelf: Shelf) -> None:
    found = chosen(
        shelf,
        (["photos/a.jpg"], ["photos/b.jpg"]),
        (["photos/c.jpg"], ["photos/d.jpg"]),
    )
    assert [(s.file.name, s.keeper.name, s.kind) for s in found.steps] == [
        ("photos/b.jpg", "photos/a.jpg", BYTES),
        ("photos/d.jpg", "photos/c.jpg", CHOSEN),
    ]
    assert found.steps[1].warning == "no rule says that the two are related"


@pytest.mark.parametrize("kind", [NEAR, ANOTHER_SHOT])
def test_any_kind_may_be_chosen(shelf: Shelf, kind: str) -> None:
    known = group(shelf, "photos/d.jpg", ("photos/c.jpg", kind))
    found = chosen(shelf, (["photos/d.jpg"], ["photos/c.jpg"]), known=(known,))
    assert [(step.kind, step.warning) for step in found.steps] == [(kind, "")]


def test_the_nearest_of_the_kept_pictures_justifies_a_removal(shelf: Shelf) -> None:
    found = chosen(shelf, (["photos/c.jpg", "photos/a.jpg"], ["photos/b.jpg"]))
    assert found.steps[0].keeper.name == "photos/a.jpg"


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ([(["photos/a.jpg"], ["photos/a.jpg"])], "both keeps photos/a.jpg and sets it aside"),
        (
            [(["photos/a.jpg"], ["photos/b.jpg"]), (["photos/b.jpg"], ["photos/c.jpg"])],
            "both keeps photos/b.jpg",
        ),
        (
            [(["photos/a.jpg"], ["photos/b.jpg"]), (["photos/c.jpg"], ["photos/b.jpg"])],
            "sets photos/b.jpg aside twice",
        ),
        ([(["photos/a.jpg"], ["photos/b.jpg"] * 2)], "sets photos/b.jpg aside twice"),
        ([(["photos/a.jpg"] * 2, ["photos/b.jpg"])], "keeps photos/a.jpg twice in one group"),
        (
            [(["photos/d.jpg"], ["photos/a.jpg", "photos/b.jpg"])],
            "sets aside every copy of photos/a.jpg",
        ),
        (
            [(["photos/d.jpg"], ["photos/hard.jpg", "photos/b.jpg"])],
            "sets aside every copy of photos/a.jpg",
        ),
    ],
)
def test_a_selection_that_cannot_be_followed_is_one_sentence(
    shelf: Shelf, groups: list[tuple[list[str], list[str]]], sentence: str
) -> None:
    known = group(shelf, "photos/a.jpg", ("photos/b.jpg", BYTES))
    with pytest.raises(SelectionError, match=sentence):
        chosen(shelf, *groups, known=(known,))


@pytest.mark.parametrize("missing", ["photos/x.jpg", "../a.jpg", "/etc/passwd"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_group_with_a_picture_that_has_left_the_shelf_is_left_alone(
    shelf: Shelf, missing: str, kept: bool
) -> None:
    gone = ([missing], ["photos/b.jpg"]) if kept else (["photos/a.jpg"], [missing, "photos/b.jpg"])
    found = chosen(shelf, gone, (["photos/d.jpg"], ["photos/c.jpg"]))
    assert [step.file.name for step in found.steps] == ["photos/c.jpg"]
    (left,) = [left for g in found.groups for left in g.left if left.path.endswith("b.jpg")]
    assert left.reason == f"stays: {missing}, of the same group, is not on the shelf"


def test_a_selection_for_another_shelf_is_refused(shelf: Shelf) -> None:
    with pytest.raises(SelectionError, match=r"is for the shelf /me/other.shelve, not for"):
        selection.plan(shelf, Selection("/me/other.shelve", ()), (), Rules())


def test_a_shelf_that_was_moved_is_the_same_shelf(shelf: Shelf) -> None:
    assert not selection.plan(shelf, Selection("C:\\me\\db.shelve", ()), (), Rules()).steps


def test_another_name_of_a_kept_file_is_left_alone(shelf: Shelf) -> None:
    found = chosen(shelf, (["photos/a.jpg"], ["photos/hard.jpg"]))
    assert not found.steps
    assert found.groups[0].left[0].reason == "is another name of the file that is kept"


def test_protection_holds_for_what_is_chosen(shelf: Shelf, tmp_path: Path) -> None:
    every = (Chosen(("photos/a.jpg",), ("photos/b.jpg",)),)
    rules = Rules(planning.SET_ASIDE, references=(str(tmp_path / "photos"),))
    found = selection.plan(shelf, Selection(shelf.path, every), (), rules)
    assert "reference folder" in found.groups[0].left[0].reason


def test_the_selection_that_the_documentation_shows_can_be_read() -> None:
    told = (ROOT / "docs" / "cleaning.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```json\n(.*?)^```$", told, re.DOTALL | re.MULTILINE)
    chosen = Chosen(("trip/a.jpg",), ("backup/a.jpg", "/mnt/stick/a (1).jpg"))
    assert parse(shown.encode()) == Selection("/home/me/db.shelve", (chosen,))
