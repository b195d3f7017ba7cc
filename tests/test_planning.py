from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from imageshelf.cleanup import planning
from imageshelf.cleanup.planning import Plan, Rules, plan
from imageshelf.copies.protected_folders import NoFolderError, ProtectedFolders, managed_library
from imageshelf.report.plan import plan_csv, plan_json, plan_null, plan_text
from imageshelf.searching.kinds import ANOTHER_SHOT, BY_RULE, BYTES, NEAR, PIXELS, SIMILAR, TURNED
from imageshelf.shelf.records import PictureRow
from tests.cleaning import Group, Member, member_of

HOME = "/home/me"


Facts = Mapping[str, int]


def row(number: int, name: str, **facts: int) -> PictureRow:
    inode = facts.pop("inode", 1000 + number)
    known = PictureRow(
        number, name.encode(), f"{number:016x}", None, 5000, 10**18, 7, inode, 1, "JPEG",
        4000, 3000, 1, 8, 1, False, False, False, None, None, 0, 90, bytes(256),
    )  # fmt: skip
    return known._replace(**facts)  # type: ignore[arg-type]


def shelf(*names: str, **facts: Facts) -> dict[str, PictureRow]:
    return {
        name: row(number, name, **facts.get(Path(name).stem, {}))
        for number, name in enumerate(names, 1)
    }


def group(
    rows: dict[str, PictureRow], keep: str, *others: tuple[str, str], **fields: object
) -> Group:
    def member(name: str, kind: str) -> Member:
        known = member_of(f"{HOME}/{name}", name, rows[name].id, kind)
        return known._replace(**fields) if kind else known  # type: ignore[arg-type]

    return Group(member(keep, ""), tuple(member(*other) for other in others))


def planned(rows: dict[str, PictureRow], *groups: Group, **rules: object) -> Plan:
    by_id = {row.id: row for row in rows.values()}
    return plan(groups, by_id, Rules(**rules))  # type: ignore[arg-type]


def going(found: Plan) -> list[str]:
    return [step.file.name for step in found.steps]


def left(found: Plan) -> dict[str, str]:
    return {
        one.path.removeprefix(f"{HOME}/"): one.reason
        for group in found.groups
        for one in group.left
    }


@pytest.mark.parametrize(
    ("action", "take_over", "goes"),
    [
        (planning.SET_ASIDE, False, True),
        (planning.TRASH, False, True),
        (planning.DELETE, False, False),
        (planning.DELETE, True, True),
    ],
)
def test_a_date_that_the_keeper_lacks_is_not_deleted(
    action: str, take_over: bool, goes: bool
) -> None:
    rows = shelf("a.jpg", "b.jpg")
    lacks = "has a capture date that the one to keep lacks"
    found = planned(rows, group(rows, "a.jpg", ("b.jpg", BYTES), warning=lacks),
                    action=action, take_over=take_over)  # fmt: skip
    assert going(found) == ["b.jpg"] * goes
    assert left(found) == ({} if goes else {"b.jpg": f"{lacks}; --take-over would keep that"})


@pytest.mark.parametrize(
    ("kind", "kinds", "goes"),
    [
        (BYTES, BY_RULE, True),
        (PIXELS, BY_RULE, True),
        (NEAR, BY_RULE, False),
        (TURNED, BY_RULE, False),
        (NEAR, frozenset({NEAR}), True),
        (TURNED, frozenset({TURNED}), True),
        (BYTES, frozenset({NEAR}), False),
        (ANOTHER_SHOT, frozenset({ANOTHER_SHOT}), False),
        (SIMILAR, frozenset({SIMILAR}), False),
    ],
)
def test_a_kind_goes_by_rule_or_when_named_or_never(
    kind: str, kinds: frozenset[str], goes: bool
) -> None:
    rows = shelf("a.jpg", "b.jpg")
    found = planned(rows, group(rows, "a.jpg", ("b.jpg", kind)), kinds=kinds)
    assert (going(found) == ["b.jpg"]) == goes
    assert (list(left(found)) == ["b.jpg"]) != goes


@pytest.mark.parametrize(("kind", "goes"), [(NEAR, False), (BYTES, True)])
@pytest.mark.parametrize("which", ["a", "b"])
def test_low_information_never_goes_by_likeness(kind: str, goes: bool, which: str) -> None:
    rows = shelf("a.jpg", "b.jpg", **{which: {"low_information": True}})
    found = planned(rows, group(rows, "a.jpg", ("b.jpg", kind)), kinds=planning.BY_NAME)
    assert bool(going(found)) == goes


def test_another_name_of_the_keeper_stays() -> None:
    rows = shelf("a.jpg", "b.jpg", b={"inode": 1001})
    found = planned(rows, group(rows, "a.jpg", ("b.jpg", BYTES)))
    assert left(found) == {"b.jpg": "is another name of the file that is kept"}


def test_the_keeper_of_one_group_never_goes_on_account_of_another() -> None:
    rows = shelf("a.jpg", "b.jpg", "c.jpg")
    chain = [group(rows, "a.jpg", ("b.jpg", NEAR)), group(rows, "b.jpg", ("c.jpg", NEAR))]
    circle = [*chain, group(rows, "c.jpg", ("a.jpg", NEAR))]
    for groups, expected in ((chain, ["c.jpg"]), (chain[::-1], ["c.jpg"]), (circle, [])):
        assert going(planned(rows, *groups, kinds=planning.BY_NAME)) == expected


def test_another_name_of_a_keeper_stays_in_every_group() -> None:
    rows = shelf("a.jpg", "b.jpg", "link-to-b.jpg", "c.jpg", **{"link-to-b": {"inode": 1002}})
    found = planned(
        rows,
        group(rows, "a.jpg", ("link-to-b.jpg", BYTES)),
        group(rows, "b.jpg", ("c.jpg", BYTES)),
    )
    assert going(found) == ["c.jpg"]


def test_a_picture_in_two_groups_goes_once() -> None:
    rows = shelf("a.jpg", "b.jpg", "c.jpg")
    found = planned(
        rows, group(rows, "a.jpg", ("c.jpg", BYTES)), group(rows, "b.jpg", ("c.jpg", BYTES))
    )
    assert going(found) == ["c.jpg"]


def test_what_has_left_the_shelf_is_left_alone() -> None:
    rows = shelf("a.jpg", "b.jpg")
    one = group(rows, "a.jpg", ("b.jpg", BYTES))
    del rows["b.jpg"]
    assert left(planned(rows, one)) == {"b.jpg": "has left the shelf"}
    rows = shelf("a.jpg", "b.jpg")
    del rows["a.jpg"]
    assert going(planned(rows, one)) == []


def test_freed_bytes_do_not_count_files_with_other_names() -> None:
    rows = shelf("a.jpg", "b.jpg", "c.jpg", b={"nlink": 2})
    found = planned(rows, group(rows, "a.jpg", ("b.jpg", BYTES), ("c.jpg", BYTES)))
    assert found.freed_bytes == 5000


# -- protection -----------------------------------------------------------------------------------


def test_a_reference_folder_is_never_touched_however_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "reference/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "reference")
    protected = ProtectedFolders([str(tmp_path / "reference")])
    for inside in ("reference/a.jpg", "reference/deep/a.jpg", "link/deep/a.jpg"):
        assert protected.why(str(tmp_path / inside)).startswith("is in the reference folder"), (
            inside
        )
    for outside in ("a.jpg", "reference-2/a.jpg"):
        assert not protected.why(str(tmp_path / outside))
    assert ProtectedFolders([str(tmp_path / "link")]).why(str(tmp_path / "reference/a.jpg"))


def test_a_reference_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoFolderError, match="is not a folder"):
        ProtectedFolders([str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    ("path", "library"),
    [
        ("/me/Photos Library.photoslibrary/originals/1/a.jpg", "Photos Library.photoslibrary"),
        ("/me/OLD.PhotoLibrary/a.jpg", "OLD.PhotoLibrary"),
        ("/me/x.lrdata/a.jpg", "x.lrdata"),
        ("/me/photoslibrary/a.jpg", ""),
        ("/me/a.photoslibrary", ""),
    ],
)
def test_managed_libraries_are_recognised(path: str, library: str) -> None:
    assert managed_library(path) == library


def test_a_managed_library_is_not_touched_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "A.photoslibrary/originals").mkdir(parents=True)
    (tmp_path / "photos").symlink_to(tmp_path / "A.photoslibrary/originals")
    assert (
        ProtectedFolders().why(str(tmp_path / "photos/a.jpg")).startswith("is inside the managed")
    )


def test_only_identical_bytes_become_hard_links_and_none_to_a_reference(tmp_path: Path) -> None:
    rows = shelf("a.jpg", "b.jpg", "c.jpg")
    one = group(rows, "a.jpg", ("b.jpg", PIXELS), ("c.jpg", BYTES))
    assert going(planned(rows, one, action=planning.HARD_LINK)) == ["c.jpg"]
    assert "only identical bytes" in left(planned(rows, one, action=planning.HARD_LINK))["b.jpg"]
    kept = one.keeper._replace(path=str(tmp_path / "a.jpg"))
    found = planned(
        rows,
        one._replace(keeper=kept),
        action=planning.HARD_LINK,
        references=(str(tmp_path),),
    )
    assert going(found) == []


@pytest.mark.parametrize("name", ["b.mov", "b.cr2", "b.jpg.xmp", "b.jpg.pp3", "b.jpg.json"])
def test_delete_leaves_a_picture_whose_companion_would_be_lost(tmp_path: Path, name: str) -> None:
    rows = shelf("a.jpg", "b.jpg")
    (tmp_path / name).write_text("12345")
    one = group(rows, "a.jpg", ("b.jpg", BYTES))
    here = [
        member._replace(path=str(tmp_path / member.name)) for member in (one.keeper, *one.members)
    ]
    there = Group(here[0], tuple(here[1:]))
    assert going(planned(rows, there, action=planning.DELETE)) == []
    found = planned(rows, there)
    assert going(found) == ["b.jpg"]
    assert found.steps[0].warning.endswith(" goes with it")
    assert found.freed_bytes == 5005
    (tmp_path / name.replace("b", "a", 1)).write_text("12345")  # now it is no only copy
    assert going(planned(rows, there, action=planning.DELETE)) == ["b.jpg"]
    assert planned(rows, there).steps[0].warning == ""


# -- to read --------------------------------------------------------------------------------------


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.xmp").touch()
    rows = shelf("a.jpg", "b.jpg", "c.jpg")
    one = group(rows, "a.jpg", ("b.jpg", BYTES), ("c.jpg", NEAR), warning="it has GPS data")
    here = [
        member._replace(path=str(tmp_path / member.name)) for member in (one.keeper, *one.members)
    ]
    return planned(rows, Group(here[0], tuple(here[1:])))


def test_a_plan_reads_with_its_reasons(found: Plan) -> None:
    assert plan_text(found) == (
        "keep a.jpg  (4000x3000, 5.0 kB)\n"
        "  set aside b.jpg  (identical bytes, 5.0 kB); "
        "the first is kept: the other has a shorter path\n"
        "    with it b.xmp  (xmp sidecar)\n"
        "    warning: it has GPS data; its xmp sidecar goes with it\n"
        "\n"
        "Left alone: 1 picture\n"
        "  1: is near; add --kind near to let it go\n"
        "\n"
        "1 picture to set aside, of 1 group: 5.0 kB\n"
    )
    assert "  c.jpg is near" in plan_text(found, show_left=True)


def test_a_reason_that_several_share_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = shelf("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    told = plan_text(planned(rows, group(rows, "a.jpg", *((f"{x}.jpg", BYTES) for x in "bcd"))))
    assert told.count("set aside ") == 3
    assert told.count("the first is kept: ") == 1


def test_a_plan_as_json_csv_and_paths(found: Plan, tmp_path: Path) -> None:
    told = json.loads(plan_json(found))
    assert [action["path"] for action in told["actions"]] == [str(tmp_path / "b.jpg")]
    assert told["actions"][0]["companions"] == [str(tmp_path / "b.xmp")]
    assert told["left"][0]["kind"] == NEAR
    rows = list(csv.DictReader(io.StringIO(plan_csv(found).decode())))
    assert rows[0]["keeper"] == str(tmp_path / "a.jpg")
    paths = plan_null(found).split(b"\0")
    assert paths == [os.fsencode(tmp_path / "b.jpg"), os.fsencode(tmp_path / "b.xmp"), b""]


def test_an_empty_plan_says_so() -> None:
    assert plan_text(Plan(planning.SET_ASIDE, ())) == "Nothing to clean up.\n"
