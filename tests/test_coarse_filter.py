"""Crowds of look-alikes: pairs that cannot be near are thrown out before they are looked at."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from imageshelf.copies import grouping, pair_log, possible_bits
from imageshelf.copies.byte_digests import DecodeOptions
from imageshelf.copies.groups import Duplicates, GroupOptions
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.overlay import coarse
from imageshelf.overlay.coarse import Coarse
from imageshelf.overlay.sheets import PictureSheet
from imageshelf.searching.kinds import BYTES, NEAR, PIXELS, SAME_FILE
from imageshelf.searching.second_look import Pair
from imageshelf.shelf import open_shelf
from imageshelf.workers import work_overlay
from tests.coarse_pairs import possible_pair


def form(seed: int) -> Image.Image:
    """Return a form, filled in differently for every seed."""
    page, rnd = Image.new("RGB", (496, 700), "white"), random.Random(seed)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
    draw.rectangle((0, 0, 496, 70), fill=(30, 60, 140))
    for row in range(12):
        top = 110 + row * 46
        draw.rectangle((30, top, 466, top + 34), outline="black")
        words = " ".join(rnd.choice(("lorem", "ipsum", "dolor", "sit", "amet")) for _ in range(5))
        draw.text((40, top + 8), words, "black", font)
        draw.text((410, top + 8), str(rnd.randrange(10, 999)), "black", font)
    return page


def pictures() -> list[Coarse]:
    sizes = [(181, 256)] * 3 + [(120, 170)]
    images = [form(seed % 5).resize(sizes[seed % 4]) for seed in range(21)]
    return [coarse.coarse(PictureSheet(np.asarray(image))) for image in images]


@pytest.mark.parametrize("block", [8, 16, 256])
def test_a_crowd_excludes_what_one_pair_alone_would(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(possible_bits, "PICTURES_PER_BLOCK", block)
    every = pictures()
    bits = np.unpackbits(possible_bits.of_pictures(every), axis=1, count=len(every))
    for a, b in combinations(range(len(every)), 2):
        assert bits[a, b] == bits[b, a] == possible_pair(every[a], every[b])


@pytest.fixture
def shelve(tmp_path: Path) -> Path:
    """Forty filled forms, and a copy of one."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(40):
        form(seed).save(photos / f"{seed:02}.png")
    form(7).resize((400, 565)).save(photos / "copy.jpg", quality=80)
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path / "db.shelve"


def answer(shelve: Path, *, keep: bool = False) -> Duplicates:
    with open_shelf(shelve) as shelf:
        return grouping.find_groups(shelf, decoding=DecodeOptions(0, keep=keep))


def test_forms_are_no_copies_of_each_other_and_few_are_looked_at(
    shelve: Path, looks: list[Pair]
) -> None:
    groups = answer(shelve).groups
    copies = [(Path(m.path).name, m.kind) for g in groups for m in g.members if m.match]
    assert copies == [("copy.jpg", NEAR)]
    related = [g for g in groups if not g.has_copies]
    told = {Path(m.path).name for g in related for m in (g.keeper, *g.members, *g.beside)}
    assert len(told) == 40  # each names the one that it is nearest to, or is named
    assert len(looks) < 40 * 39 / 2 / 2


def test_the_copies_are_the_same_without_the_sieve(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copies() -> set[tuple[str, str]]:
        return {
            (g.keeper.path, m.path) for g in answer(shelve).groups for m in g.members if m.match
        }

    sieved = copies()
    monkeypatch.setattr(pair_log, "CROWD_CANDIDATES", 10**9)
    assert copies() == sieved


def test_pairs_thrown_out_while_they_are_found_are_those_thrown_out_at_the_end(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answer(shelve).groups
    monkeypatch.setattr(pair_log, "PAIRS_BEFORE_COMPACTING", 50)
    assert answer(shelve).groups == whole


@pytest.mark.parametrize("kinds", [{PIXELS}, {SAME_FILE, BYTES}, {SAME_FILE, BYTES, PIXELS}])
@pytest.mark.parametrize("pairs_before", [10, 10**6])
def test_identical_ones_are_found_in_a_crowd(
    kinds: set[str],
    pairs_before: int,
    shelve: Path,
    looks: list[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pages of one size in bytes, a copy of one, and the same pixels in another format."""
    photos = shelve.parent / "photos"
    largest = max(path.stat().st_size for path in photos.iterdir())
    for path in photos.glob("*.png"):
        path.write_bytes(path.read_bytes() + bytes(largest - path.stat().st_size))
    shutil.copy(photos / "11.png", photos / "same.png")
    Image.open(photos / "12.png").save(photos / "pixels.bmp")
    index(photos, shelve, Settings(jobs=0))
    monkeypatch.setattr(pair_log, "PAIRS_BEFORE_COMPACTING", pairs_before)
    with open_shelf(shelve) as shelf:
        found = grouping.find_groups(shelf, GroupOptions(kinds=frozenset(kinds)))
    members = {(Path(m.path).name, m.kind) for group in found.groups for m in group.members}
    names = {Path(group.keeper.path).name for group in found.groups}
    assert {kind for _, kind in members} == kinds - {SAME_FILE}
    assert len(members) == len(names) == len(kinds - {SAME_FILE})
    assert len(looks) < 42 * 41 / 2 / 20


def test_a_second_answer_is_the_same_and_reads_no_crowd(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answer(shelve, keep=True).groups
    with monkeypatch.context() as patched:
        patched.setattr(work_overlay, "work", lambda _: pytest.fail("read again"))
        assert answer(shelve).groups == first
    form(99).save(shelve.parent / "photos/new.png")
    index(shelve.parent / "photos", shelve, Settings(jobs=0))
    told = answer(shelve, keep=True).groups
    assert [g for g in told if g.has_copies] == [g for g in first if g.has_copies]
    with monkeypatch.context() as patched:
        patched.setattr(work_overlay, "work", lambda _: pytest.fail("read again"))
        assert answer(shelve).groups == told


def test_forms_with_equal_hashes_are_one_print_and_still_told_apart(shelve: Path) -> None:
    """A print with several pictures stays as long as any of them may be near."""
    expected = {
        (g.keeper.path, m.path) for g in answer(shelve).groups for m in g.members if m.match
    }
    for name in ("03", "05"):
        shutil.copy(shelve.parent / f"photos/{name}.png", shelve.parent / f"photos/{name} too.png")
    index(shelve.parent / "photos", shelve, Settings(jobs=0))
    groups = answer(shelve).groups
    found = {(g.keeper.path, m.path) for g in groups for m in g.members if m.match}
    assert {Path(path).name for _, path in found - expected} == {"03 too.png", "05 too.png"}
    assert expected <= found


def test_a_picture_that_cannot_be_read_keeps_its_pairs(shelve: Path) -> None:
    broken = shelve.parent / "photos/04.png"
    state = broken.stat()
    broken.write_bytes(b"\x89PNG" + bytes(state.st_size - 4))
    os.utime(broken, ns=(state.st_atime_ns, state.st_mtime_ns))
    members = [m for g in answer(shelve).groups for m in g.members]
    assert [Path(m.path).name for m in members if m.match] == ["copy.jpg"]
    assert all(not m.match for m in members if not m.compared)


@pytest.mark.parametrize("kinds", [None, {SAME_FILE, BYTES}, {SAME_FILE, BYTES, PIXELS}])
def test_a_crowd_whose_files_are_away_is_not_compared(kinds: set[str] | None, shelve: Path) -> None:
    """The drive is not plugged in, or the shelf was moved."""
    shutil.rmtree(shelve.parent / "photos")
    with open_shelf(shelve) as shelf:
        options = GroupOptions(kinds=None if kinds is None else frozenset(kinds))
        found = grouping.find_groups(shelf, options)
    assert all(not member.compared for group in found.groups for member in group.members)
    assert bool(found.groups) == (kinds is None)


@pytest.mark.parametrize("kinds", [None, {SAME_FILE, BYTES}])
def test_hashes_without_a_picture_are_passed_over(kinds: set[str] | None, shelve: Path) -> None:
    """A damaged shelf, or one made to do harm."""
    answer(shelve, keep=True)
    connection = sqlite3.connect(shelve)
    connection.execute("DELETE FROM picture WHERE id IN (3, 5)")
    connection.commit()
    connection.close()
    with open_shelf(shelve) as shelf:
        options = GroupOptions(kinds=None if kinds is None else frozenset(kinds))
        found = grouping.find_groups(shelf, options)
    names = {Path(m.path).name for g in found.groups for m in (g.keeper, *g.members, *g.beside)}
    assert not {"03.png", "05.png"} & names


def test_a_part_that_differs_is_seen_between_pictures_that_lie_on_each_other() -> None:
    one, other = form(1), form(1)
    ImageDraw.Draw(other).text((300, 118), "9,999", "black", ImageFont.load_default(16))
    copy = one.resize((248, 350)).resize((496, 700))
    moved = form(1).transform((496, 700), Image.Transform.AFFINE, (1, 0, 6, 0, 1, 0))
    every = [coarse.coarse(PictureSheet(np.asarray(each))) for each in (one, other, copy, moved)]
    assert coarse.differing(every[0], every[1:]).tolist() == [True, False, False]
