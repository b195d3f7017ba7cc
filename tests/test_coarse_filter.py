"""Crowds of look-alikes: pairs that cannot be near are thrown out before they are looked at."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from imageshelf.copies import coarse_filter, grouping
from imageshelf.copies.coarse_filter import Crowd
from imageshelf.copies.groups import Duplicates
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.overlay import coarse
from imageshelf.overlay.coarse import Coarse
from imageshelf.overlay.sheets import PictureSheet
from imageshelf.searching.kinds import NEAR
from imageshelf.searching.second_look import Pair, SecondLook
from imageshelf.shelf import open_shelf


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
    monkeypatch.setattr(coarse_filter, "PICTURES_PER_BLOCK", block)
    every = pictures()
    ids = [7 * n + 3 for n in range(len(every))]
    crowd = Crowd(ids, every)
    for a, b in combinations(range(len(every)), 2):
        possible = coarse.possible_pair(every[a], every[b])
        assert crowd.excludes(ids[a], ids[b]) is crowd.excludes(ids[b], ids[a]) is not possible
    assert not crowd.excludes(ids[0], 5)  # nothing is known of others


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


def answer(shelve: Path) -> Duplicates:
    with open_shelf(shelve) as shelf:
        return grouping.find_groups(shelf)


def test_forms_are_no_copies_of_each_other_and_few_are_looked_at(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs: list[Pair] = []
    look = SecondLook.at

    def noted(self: SecondLook, wanted: list[Pair], *rest: object) -> object:
        pairs.extend(wanted)
        return look(self, wanted, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SecondLook, "at", noted)
    groups = answer(shelve).groups
    copies = [(Path(m.path).name, m.kind) for g in groups for m in g.members if m.match]
    assert copies == [("copy.jpg", NEAR)]
    named = {Path(m.path).name for g in groups for m in (*g.members, *g.beside) if not m.match}
    assert len(named) > 30  # each names the one that it is nearest to
    assert len(pairs) < 40 * 39 / 2 / 2


def test_the_copies_are_the_same_without_the_sieve(
    shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copies() -> set[tuple[str, str]]:
        return {
            (g.keeper.path, m.path) for g in answer(shelve).groups for m in g.members if m.match
        }

    sieved = copies()
    monkeypatch.setattr(coarse_filter, "CROWD_CANDIDATES", 10**9)
    assert copies() == sieved
