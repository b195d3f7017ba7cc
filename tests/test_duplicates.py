"""Duplicates on real shelves of drawn pictures and copies of them."""

import os
from pathlib import Path

import pytest
from PIL import Image

from imageshelf.copies import grouping, groups
from imageshelf.copies.groups import Duplicates, Group, GroupOptions, PairRules
from imageshelf.copies.keep_rule import KeepRule
from imageshelf.copies.protected_folders import NoFolderError
from imageshelf.hashing.joins import Effort
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.searching.kinds import ANOTHER_SHOT, BYTES, NEAR, PIXELS, SAME_FILE, TURNED, VARIANT
from imageshelf.shelf import open_shelf
from tests.conftest import drawn


def save(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **{"quality": 90, **options})  # type: ignore[arg-type]
    os.utime(path, ns=(10**18, 10**18))  # one age for all
    return path


def taken(moment: str) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = moment
    return exif


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures 1 to 4 with copies of some in two folders."""
    photos = tmp_path / "photos"
    for seed in range(1, 5):
        save(photos, f"a/{seed}.png", drawn(seed, (200, 150)))
    first = drawn(1, (200, 150))
    save(photos, "b/1 small.png", first.resize((120, 90)))
    save(photos, "b/2 turned.png", drawn(2, (200, 150)).transpose(Image.Transpose.ROTATE_270))
    (photos / "b/3.png").write_bytes((photos / "a/3.png").read_bytes())
    os.utime(photos / "b/3.png", ns=(10**18, 10**18))
    return photos


def found(
    photos: Path, options: GroupOptions | None = None, rules: PairRules | None = None
) -> Duplicates:
    shelf = photos.parent / "db.shelve"
    index([photos], shelf, Settings(jobs=0))
    with open_shelf(shelf) as opened:
        return grouping.find_groups(opened, options, rules)


def told(group: Group) -> tuple[str, list[tuple[str, str]]]:
    members = [(short(member.path), member.kind) for member in group.members]
    return short(group.keeper.path), members


def short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


def test_each_copy_is_in_a_group_with_its_kind(folder: Path) -> None:
    result = found(folder)
    assert [told(group) for group in result.groups] == [
        ("a/1.png", [("b/1 small.png", NEAR)]),
        ("a/2.png", [("b/2 turned.png", TURNED)]),
        ("a/3.png", [("b/3.png", BYTES)]),
    ]
    assert result.pictures == 7
    assert result.crowded == 0


def test_members_say_why_they_are_not_the_keeper(folder: Path) -> None:
    near, turned, same = (group.members[0] for group in found(folder).groups)
    assert near.reason == "more pixels: 200x150 against 120x90"
    assert (near.keep, near.width, near.height, near.turn) == (False, 120, 90, "")
    assert turned.turn == "turned 90 degrees right"
    assert same.reason == "equal, and its path sorts first"
    assert same.row == same.score == 0
    keeper = found(folder).groups[0].keeper
    assert (keeper.keep, keeper.kind, keeper.reason) == (True, "", near.reason)


def test_the_same_files_indexed_in_any_order_give_the_same_groups(folder: Path) -> None:
    once = [told(group) for group in found(folder).groups]
    shelf = folder.parent / "other.shelve"
    for part in ("b", "a"):
        index([folder / part], shelf, Settings(jobs=0))
    with open_shelf(shelf) as opened:
        again = grouping.find_groups(opened, work=Effort(2)).groups
    assert [told(group) for group in again] == once


@pytest.mark.parametrize(
    ("options", "keepers"),
    [
        (GroupOptions(across=True), ["a/1.png", "a/2.png", "a/3.png"]),
        (GroupOptions(within=True), []),
        (GroupOptions(kinds=frozenset({BYTES})), ["a/3.png"]),
        (GroupOptions(kinds=frozenset({TURNED, NEAR})), ["a/1.png", "a/2.png"]),
        (GroupOptions(min_size_bytes=10**9), []),
        (GroupOptions(keep=KeepRule(["short-path"]), kinds=frozenset({NEAR})), ["a/1.png"]),
    ],
)
def test_options_leave_out_what_was_not_requested(
    folder: Path, options: GroupOptions, keepers: list[str]
) -> None:
    assert [short(group.keeper.path) for group in found(folder, options).groups] == keepers


def test_only_pictures_below_the_requested_folders_take_part(folder: Path) -> None:
    assert not found(folder, GroupOptions(below=(str(folder / "b"),))).groups
    both = GroupOptions(below=(str(folder / "a"), str(folder / "b")), across=True)
    assert len(found(folder, both).groups) == 3


def test_across_compares_the_given_folders_and_not_those_inside(folder: Path) -> None:
    (folder / "a/deep").mkdir()
    (folder / "a/3.png").rename(folder / "a/deep/3.png")
    (folder / "b/3.png").rename(folder / "a/3.png")
    places = (str(folder / "a"), str(folder / "b"))
    across = found(folder, GroupOptions(below=places, across=True, kinds=frozenset({BYTES})))
    assert not across.groups
    within = found(folder, GroupOptions(below=places, within=True, kinds=frozenset({BYTES})))
    assert [short(group.keeper.path) for group in within.groups] == ["a/3.png"]


def test_another_name_of_one_file_is_no_duplicate(folder: Path) -> None:
    os.link(folder / "a/4.png", folder / "a/4 again.png")
    os.link(folder / "a/3.png", folder / "a/3 again.png")
    groups = {short(group.keeper.path): group for group in found(folder).groups}
    assert "a/4.png" not in groups
    assert "a/4 again.png" not in groups
    members = {short(one.path): one for one in groups["a/3.png"].members}
    assert members["a/3 again.png"].kind == SAME_FILE
    assert members["a/3 again.png"].keep
    assert members["b/3.png"].kind == BYTES
    asked_for = found(folder, GroupOptions(kinds=frozenset({SAME_FILE})))
    assert {short(group.keeper.path) for group in asked_for.groups} == {"a/3.png", "a/4.png"}


def test_a_folder_and_a_link_to_it_are_no_duplicates_of_each_other(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder, target_is_directory=True)
    shelf = folder.parent / "db.shelve"
    index([folder, folder.parent / "link"], shelf, Settings(jobs=0))
    with open_shelf(shelf) as opened:
        for wanted in (None, frozenset({BYTES})):
            for group in grouping.find_groups(opened, GroupOptions(kinds=wanted)).groups:
                files = {os.stat(one.path).st_ino for one in (group.keeper, *group.members)}
                spare = [one for one in group.members if not one.keep]
                assert len(files) > 1
                assert not any(os.path.samefile(one.path, group.keeper.path) for one in spare)


def test_pairs_that_are_no_duplicates_are_not_shown_again(folder: Path) -> None:
    def said(a: object, b: object) -> bool:
        names = sorted(os.path.basename(getattr(one, "name", b"")) for one in (a, b))
        return names == [b"3.png", b"3.png"]

    keepers = [
        short(group.keeper.path)
        for group in found(folder, None, PairRules(not_duplicate=said)).groups
    ]
    assert keepers == ["a/1.png", "a/2.png"]


def test_the_kind_is_what_the_caller_says(folder: Path) -> None:
    result = found(folder, None, PairRules(kind=lambda *_: PIXELS))
    assert {member.kind for group in result.groups for member in group.members} == {PIXELS}


def test_a_picture_in_a_reference_folder_stays_and_is_the_keeper(folder: Path) -> None:
    group = found(folder, GroupOptions(references=(str(folder / "b"),))).groups[0]
    assert told(group) == ("b/1 small.png", [("a/1.png", NEAR)])
    assert group.keeper.reason == f"is in the reference folder {folder / 'b'}"
    assert group.members[0].reason == "stays: it has 200x150"
    both = found(folder, GroupOptions(references=(str(folder),))).groups[0]
    assert both.members[0].keep


def test_a_reference_that_is_no_folder_is_refused(folder: Path) -> None:
    with pytest.raises(NoFolderError):
        found(folder, GroupOptions(references=(str(folder / "nowhere"),)))


def test_other_shots_come_last_and_stay(folder: Path) -> None:
    shot = drawn(9, (200, 150))
    save(folder, "c/burst 1.jpg", shot, exif=taken("2024:05:01 10:00:00"))
    shot.paste("white", (120, 60, 150, 90))  # what moved; where all agrees it is a copy
    save(folder, "c/burst 2.jpg", shot, quality=80, exif=taken("2024:05:01 10:00:07"))
    last = found(folder).groups[-1]
    assert told(last) == ("c/burst 1.jpg", [("c/burst 2.jpg", ANOTHER_SHOT)])
    assert last.members[0].keep
    assert last.members[0].reason == "is another shot, not a copy"


def test_a_variant_is_a_keeper_of_its_own_and_names_what_it_is_nearest_to(folder: Path) -> None:
    changed = drawn(1, (200, 150))
    changed.paste("white", (120, 60, 150, 90))
    save(folder, "c/variant.png", changed)
    save(folder, "c/variant small.png", changed.resize((150, 112)))
    *groups, last = found(folder).groups
    assert ("c/variant.png", [("c/variant small.png", NEAR)]) in map(told, groups)
    assert told(last) == ("a/1.png", [("c/variant.png", VARIANT)])
    assert not last.has_copies
    (member,) = last.members
    assert member.keep
    assert not member.match
    assert member.reason == "differs in part, and is no copy"
    x, y, width, height = member.regions[0]
    assert (x, y) <= (120, 60)
    assert x + width >= 150
    assert y + height >= 90


def test_a_copy_joins_the_original_that_it_is_a_copy_of(folder: Path) -> None:
    original = drawn(5, (640, 480))
    changed = original.copy()
    changed.paste("white", (400, 300, 480, 380))
    save(folder, "d/1 original.png", original)
    save(folder, "d/2 changed.png", changed.resize((600, 450)))
    save(folder, "d/3 copy of changed.jpg", changed.resize((320, 240)))
    groups = found(folder, GroupOptions(below=(str(folder / "d"),))).groups
    assert told(groups[0]) == ("d/2 changed.png", [("d/3 copy of changed.jpg", NEAR)])
    assert told(groups[1]) == ("d/1 original.png", [("d/2 changed.png", VARIANT)])


def test_what_cannot_be_compared_is_no_copy(folder: Path) -> None:
    shelf = folder.parent / "db.shelve"
    index([folder], shelf, Settings(jobs=0))
    (folder / "b/1 small.png").unlink()
    with open_shelf(shelf) as opened:
        groups = grouping.find_groups(opened).groups
    assert [told(group)[0] for group in groups] == ["a/2.png", "a/3.png", "a/1.png"]
    (member,) = groups[-1].members
    assert (member.kind, member.match, member.compared, member.keep) == (NEAR, False, False, True)
    assert member.reason.startswith("is not there any more")


def test_the_hashes_word_is_taken_where_nobody_looks(folder: Path) -> None:
    changed = drawn(1, (200, 150))
    changed.paste("white", (120, 60, 150, 90))
    save(folder, "c/variant.png", changed)
    first = found(folder, GroupOptions(hashes_only=True)).groups[0]
    assert [kind for _, kind in told(first)[1]] == [NEAR, NEAR]
    assert all(one.match and not one.compared for one in first.members)


def test_a_warning_names_metadata_that_only_the_lesser_copy_has(folder: Path) -> None:
    image = drawn(8, (200, 150))
    save(folder, "c/preferred.jpg", image)
    save(folder, "c/other.jpg", image, exif=taken("2024:05:01 10:00:00"))
    by_path = KeepRule(["short-path"])
    os.rename(folder / "c/preferred.jpg", folder / "c/p.jpg")
    group = found(folder, GroupOptions(below=(str(folder / "c"),), keep=by_path)).groups[0]
    assert short(group.keeper.path) == "c/p.jpg"
    assert group.members[0].warning == "has a capture date that the one to keep lacks"


def test_a_damaged_picture_is_not_kept_while_a_sound_one_is_there(folder: Path) -> None:
    index([folder], folder.parent / "db.shelve", Settings(jobs=0))
    with open_shelf(folder.parent / "db.shelve", "w") as shelf:
        catalogue = shelf.whole_catalogue()
        row = catalogue.row_of(b"photos/a/1.png")
        assert row is not None
        catalogue.set_digests([(row.id, None, None, False)])
        group = grouping.find_groups(shelf).groups[-1]
    assert told(group) == ("b/1 small.png", [("a/1.png", NEAR)])
    assert group.keeper.reason == "the other is damaged"
    assert group.members[0].reason == "stays: it has 200x150"


def test_a_picture_that_left_the_shelf_by_hand_takes_no_part(folder: Path) -> None:
    index([folder], folder.parent / "db.shelve", Settings(jobs=0))
    with open_shelf(folder.parent / "db.shelve", "w") as shelf:
        for key, listed in list(shelf.items()):
            if "photos/b/1 small.png" in listed:
                del shelf[key]
        groups = grouping.find_groups(shelf).groups
    assert "b/1 small.png" not in {short(one.path) for group in groups for one in group.members}


def test_an_empty_shelf_has_no_groups(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    save(tmp_path / "photos", "1.png", drawn(1))
    assert found(tmp_path / "photos").groups == ()


@pytest.mark.parametrize(
    ("pictures", "expected"), [(0, (0, 0)), (1, (0, 0)), (1_000_000, (30_000, 60_000))]
)
def test_false_pairs_grow_with_the_square(pictures: int, expected: tuple[int, int]) -> None:
    assert groups.expected_false_pairs(pictures) == expected
