"""Other shots and similar pictures, against the slow twins that define them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imageshelf import duplicates, search
from imageshelf import index as index_folder
from imageshelf.copies import related
from imageshelf.copies.groups import GroupOptions
from imageshelf.copies.luma import load_luma
from imageshelf.hashing.joins import Effort
from imageshelf.searching import kinds
from imageshelf.searching.kinds import ANOTHER_SHOT, SIMILAR
from imageshelf.searching.search import SearchOptions
from imageshelf.shelf.chunks import PictureHashes
from tests.conftest import drawn
from tests.exhaustive import shot_pairs_exhaustive, similar_pairs_exhaustive

Hashes = npt.NDArray[np.uint64]


class Drawn:
    """Pictures of few scenes: their thumbnails differ by about 7.5 %, some have none."""

    def __init__(self, seed: int, count: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.ids = np.sort(self.rng.choice(10 * count, count, replace=False)).astype(np.int64)
        scenes = self.rng.integers(20, 220, (3, 256))
        noise = self.rng.integers(0, 60)
        self.luma = {
            int(number): self.thumbnail(scenes[self.rng.integers(0, 3)], noise)
            for number in self.ids
        }

    def thumbnail(self, scene: npt.NDArray[np.int64], noise: int | np.int64) -> bytes:
        if self.rng.random() < 0.05:
            return b""
        grey = scene + self.rng.integers(-noise, noise + 1, 256)
        return bytes(np.clip(grey, 0, 255).astype(np.uint8))

    def __call__(self, wanted: Sequence[int]) -> Mapping[int, bytes]:
        return {number: self.luma[number] for number in wanted}


def pairs(some: related.IdPairs) -> list[tuple[int, int]]:
    return list(zip(some.first.tolist(), some.second.tolist(), strict=True))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.sampled_from([1, 7, 500, 1000]))
def test_shots_are_those_of_the_definition(seed: int, count: int, unit: int) -> None:
    """Times are around 1970 on both sides, in whole seconds, with fractions, and mixed."""
    shelf = Drawn(seed, count)
    taken = shelf.rng.integers(-15_000 // unit, 15_000 // unit + 1, count) * unit
    order = np.argsort(taken, kind="stable")
    found = related.shot_pairs(shelf.ids[order], taken[order], shelf)
    by_id = dict(zip(shelf.ids.tolist(), taken.tolist(), strict=True))
    assert pairs(found) == shot_pairs_exhaustive(by_id, shelf)


def test_shots_found_in_small_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, taken = Drawn(5, 60), np.arange(60) * 700
    once = pairs(related.shot_pairs(shelf.ids, taken, shelf))
    monkeypatch.setattr(related, "PAIRS_PER_BATCH", 10)
    assert pairs(related.shot_pairs(shelf.ids, taken, shelf)) == once
    assert once


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.booleans())
def test_similar_pairs_are_those_of_the_definition(seed: int, count: int, many: bool) -> None:
    shelf = Drawn(seed, count)
    row, column = shelf.rng.integers(0, 2**64, (2, count), np.uint64) >> np.uint64(20)
    whole = PictureHashes(shelf.ids, row, column, row, np.zeros(count, np.bool_))
    bits = kinds.SIMILAR_BITS if many else 64
    found = related.similar_pairs(whole, shelf, Effort(2), exhaustive=0 if many else count)
    assert pairs(found) == similar_pairs_exhaustive(whole, shelf, bits)


def test_the_share_of_the_work_rises_to_one() -> None:
    shelf, told = Drawn(3, 40), list[float]()
    row = shelf.rng.integers(0, 2**64, 40, np.uint64)
    whole = PictureHashes(shelf.ids, row, row, row, np.zeros(40, np.bool_))
    related.similar_pairs(whole, shelf, Effort(1, told.append), exhaustive=0)
    assert told == sorted(told)
    assert told[-1] == 1


def test_unknown_thumbnails_are_never_alike() -> None:
    some = load_luma(lambda _: {1: bytes(256), 2: bytes(256), 3: b"", 4: bytes(9)}, np.arange(1, 6))
    assert some.known.tolist() == [True, True, False, False, False]
    first, second = np.array([0, 0, 2, 3]), np.array([1, 2, 4, 4])
    assert some.within(first, second, 255).tolist() == [True, False, False, False]


# -- on a shelf -----------------------------------------------------------------------------------


def taken(second: int) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 10:00:{second:02d}"
    return exif


def faint(seed: int, grey: int) -> Image.Image:
    """A picture of low contrast: similar to all others of its grey, and no match of any."""
    return Image.blend(Image.new("RGB", (160, 120), (grey,) * 3), drawn(seed), 0.25)


@pytest.fixture
def shelf(tmp_path: Path) -> str:
    """Four shots, the last much later, two undated pictures of another grey, and a stranger."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, second in enumerate((0, 4, 8, 40)):
        faint(number, 90).save(photos / f"burst {number}.jpg", exif=taken(second))
    for number in (1, 2):
        faint(number + 10, 220).save(photos / f"undated {number}.jpg")
    drawn(30).save(photos / "stranger.jpg", exif=taken(4))
    index_folder(photos, tmp_path / "db.shelve")
    return str(tmp_path / "db.shelve")


def groups(shelve: str, *wanted: str) -> list[tuple[str, list[tuple[str, str]]]]:
    options = GroupOptions(kinds=frozenset(wanted) if wanted else None)
    return [
        (
            Path(group.keeper.path).stem,
            sorted((Path(one.path).stem, one.kind) for one in (*group.members, *group.beside)),
        )
        for group in duplicates(shelve, options).groups
    ]


def test_shots_that_do_not_match_form_groups_of_their_own(shelf: str) -> None:
    assert groups(shelf) == [
        ("burst 0", [("burst 1", ANOTHER_SHOT), ("burst 2", ANOTHER_SHOT)]),
    ]
    for group in duplicates(shelf).groups:
        assert all(one.keep for one in group.members)
        assert all(one.score > 60 for one in group.members)  # what the policy asks for


def test_similar_pictures_come_when_requested(shelf: str) -> None:
    both = groups(shelf, SIMILAR, ANOTHER_SHOT)
    assert ("undated 1", [("undated 2", SIMILAR)]) in both
    burst = dict(next(members for keeper, members in both if keeper == "burst 0"))
    assert burst == {"burst 1": ANOTHER_SHOT, "burst 2": ANOTHER_SHOT, "burst 3": SIMILAR}
    alone = dict(groups(shelf, SIMILAR))
    assert {kind for _, kind in alone["burst 0"]} == {SIMILAR}


@pytest.mark.parametrize("wanted", [{ANOTHER_SHOT}, {SIMILAR}, {ANOTHER_SHOT, SIMILAR}])
def test_a_query_finds_the_same(shelf: str, wanted: set[str]) -> None:
    photos = Path(shelf).parent / "photos"
    asked = set()
    for path in sorted(photos.iterdir()):
        for match in search(path, shelf, SearchOptions(kinds=frozenset(wanted))):
            ends = sorted((path.stem, Path(match.path).stem))
            asked.add((*ends, match.kind, match.row, match.column, match.phash))
    found = set()
    for group in duplicates(shelf, GroupOptions(kinds=frozenset(wanted))).groups:
        for one in (*group.members, *group.beside):
            nearest = one.reason.removeprefix("is nearest to ") if one in group.beside else None
            ends = sorted((Path(nearest or group.keeper.path).stem, Path(one.path).stem))
            found.add((*ends, one.kind, one.row, one.column, one.phash))
    assert found
    assert found <= asked
    assert {stem for pair in asked for stem in pair[:2]} == {s for pair in found for s in pair[:2]}
