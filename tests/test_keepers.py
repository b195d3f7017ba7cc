"""The copy that stays is the right one: pairs of files, and what no clean-up by rule may do."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.cleanup import planning
from imageshelf.cleanup.planning import Plan, Rules
from imageshelf.copies import grouping
from imageshelf.copies.groups import Group, GroupOptions
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import Shelf, open_shelf
from imageshelf.system import discarded
from tests import keepers
from tests.keepers import GOES, PAIRS


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A shelf of all pairs, each in a folder of its own."""
    home = tmp_path_factory.mktemp("keepers")
    for number, pair in enumerate(PAIRS.values()):
        folder = home / "pairs" / str(number)
        folder.mkdir(parents=True)
        pair.draw(folder, keepers.photo(1000 + number))
    with pytest.MonkeyPatch.context() as patch:  # bins are indexed, as by an earlier version
        patch.setattr(discarded, "kind_of", lambda _: "")
        index(home / "pairs", home / "db.shelve", Settings(jobs=0))
    with open_shelf(home / "db.shelve") as opened:
        yield opened


@pytest.fixture(scope="module")
def groups(shelf: Shelf) -> dict[str, Group]:
    """All groups, by the name of their pair."""
    found = grouping.find_groups(shelf).groups
    root = os.path.join(os.path.dirname(shelf.path), "pairs", "")
    names = list(PAIRS)
    by_name: dict[str, Group] = {}
    for group in found:
        name = names[int(group.keeper.path.removeprefix(root).split(os.sep)[0])]
        if group.has_copies:
            assert name not in by_name
            by_name[name] = group
    return by_name


def test_there_are_sixty_pairs_and_more() -> None:
    assert len(PAIRS) >= 60


@pytest.mark.parametrize("name", PAIRS)
def test_the_right_copy_is_kept_and_says_why(name: str, groups: dict[str, Group]) -> None:
    pair, group = PAIRS[name], groups[name]
    assert group.keeper.path.endswith(os.sep + pair.keeps.replace("/", os.sep))
    (other,) = group.members
    assert group.keeper.reason == pair.reason
    if pair.other == GOES:
        assert not other.keep
        assert other.reason == pair.reason
    else:
        assert other.keep
        assert other.reason.startswith(pair.other)


def plan_of(shelf: Shelf) -> Plan:
    found = grouping.find_groups(shelf, GroupOptions(kinds=planning.BY_NAME))
    return planning.plan(found.groups, found.rows, Rules(kinds=planning.BY_NAME))


def facts(path: str) -> dict[str, Any]:
    """Return what a file has, seen without this package."""
    stem = os.path.splitext(path)[0]
    folder = os.path.dirname(path)
    own = {os.path.join(folder, name) for name in os.listdir(folder)}
    hanging = {
        Path(other).read_bytes()
        for other in own
        if other != path and (other.startswith((path + ".", stem + ".")))
    }
    with Image.open(path) as image:
        words = image.getexif().get(0x9C9E)
        return {
            "pixels": image.width * image.height,
            "frames": getattr(image, "n_frames", 1),
            "colour": image.mode != "L",
            "words": set(bytes(words or ()).decode("utf-16-le").split(";")) - {""},
            "companions": hanging,
        }


@pytest.mark.parametrize("seed", range(6))
def test_nothing_goes_that_has_more_than_what_stays(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(4):
        picture = keepers.photo(100 * seed + number)
        for copy in range(4):
            save_somehow(tmp_path / f"pictures/{number}/{copy}", picture, rng)
    index(tmp_path / "pictures", tmp_path / "db.shelve", Settings(jobs=0))
    with open_shelf(tmp_path / "db.shelve") as shelf:
        steps = plan_of(shelf).steps
    for step in steps:
        goes, stays = facts(step.file.path), facts(step.keeper.path)
        for name, has in goes.items():
            there = stays[name]
            assert has <= there, (name, step.file.path, step.keeper.path, step.reason)


def save_somehow(folder: Path, picture: Image.Image, rng: random.Random) -> None:
    size = rng.choice([picture.size, picture.size, (240, 180)])
    shown = picture.resize(size, Image.Resampling.LANCZOS)
    if rng.random() < 0.2:
        shown = shown.convert("L")
    options: dict[str, Any] = {"quality": rng.choice([80, 92])}
    if words := rng.choice(["", "", "sea", "sea;sun"]):
        block = Image.Exif()
        block[0x9C9E] = words.encode("utf-16-le")
        options["exif"] = block
    path = keepers.save(folder / f"x.{rng.choice(['jpg', 'jpg', 'png', 'tif'])}", shown, **options)
    if path.suffix == ".tif" and rng.random() < 0.5:
        keepers.save(path, shown, save_all=True, append_images=[shown.rotate(180)])
    if rng.random() < 0.3:
        (folder / rng.choice(["x.xmp", f"{path.name}.pp3"])).write_text(rng.choice("ab"))
